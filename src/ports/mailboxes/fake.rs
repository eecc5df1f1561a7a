//! Queues in memory, for tests.
//!
//! Clones share one content. Hints are called at once by whoever drops something at the door.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::id::MessageId;
use crate::domain::message::DeadReason;
use crate::domain::name::AgentAddress;
use crate::ports::mailboxes::{DeadFile, DoorContent, DoorItem, MailboxError, Mailboxes, Tray};

type Hint = Box<dyn Fn() + Send>;

/// See the module.
#[derive(Clone, Default)]
pub struct FakeMailboxes {
    content: Arc<Mutex<Content>>,
    hints: Arc<Mutex<Vec<Hint>>>,
}

/// What is in it; open, so that a test can look at it and put strange things there.
#[derive(Debug, Default)]
pub struct Content {
    /// Files at the door.
    pub door: BTreeMap<String, DoorContent>,
    /// Files that were buried at the door, in that order.
    pub door_dead: Vec<(String, DeadReason)>,
    /// What these held.
    pub buried: BTreeMap<String, DoorContent>,
    /// Files that were put aside, by what they wait for.
    pub held: BTreeMap<(String, String), DoorContent>,
    /// Messages in mailboxes.
    pub mail: BTreeMap<(AgentAddress, MessageId), Letter>,
}

/// A message in a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Where it lies.
    pub tray: Tray,
    /// What it says.
    pub text: String,
    /// Why it is dead.
    pub reason: Option<DeadReason>,
}

impl FakeMailboxes {
    /// The content, locked.
    pub fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts any file at the door and gives the hint.
    pub fn drop_file(&self, file: &str, content: DoorContent) {
        self.content().door.insert(file.to_owned(), content);
        for hint in self.hints.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            hint();
        }
    }

    fn missing(to: &AgentAddress, id: MessageId) -> MailboxError {
        let path = PathBuf::from(format!("/fake/{to}/{id}.json"));
        MailboxError::Io { path, problem: "the message is in none of its trays".to_owned() }
    }
}

impl Mailboxes for FakeMailboxes {
    fn look_at_door(&self, limit: usize) -> Result<Vec<DoorItem>, MailboxError> {
        let content = self.content();
        let items = content.door.iter().take(limit);
        Ok(items
            .map(|(f, c)| DoorItem {
                file: f.clone(),
                stamp: "0-0-0".to_owned(),
                written_at: None,
                content: c.clone(),
            })
            .collect())
    }

    fn has_more_at_door(&self) -> bool {
        false
    }

    fn drop_at_door(&self, id: MessageId, text: &str) -> Result<String, MailboxError> {
        let file = format!("{id}.json");
        self.drop_file(&file, DoorContent::Bytes(text.as_bytes().to_vec()));
        Ok(file)
    }

    fn clear_from_door(&self, file: &str) -> Result<(), MailboxError> {
        self.content().door.remove(file);
        Ok(())
    }

    fn bury_from_door(&self, file: &str, reason: &DeadReason) -> Result<(), MailboxError> {
        let mut content = self.content();
        if let Some(buried) = content.door.remove(file) {
            content.buried.insert(file.to_owned(), buried);
            content.door_dead.push((file.to_owned(), reason.clone()));
        }
        Ok(())
    }

    fn hold_at_door(&self, file: &str, hold: &str) -> Result<(), MailboxError> {
        let mut content = self.content();
        if let Some(held) = content.door.remove(file) {
            content.held.insert((hold.to_owned(), file.to_owned()), held);
        }
        Ok(())
    }

    fn release_held(&self, hold: &str, limit: u32) -> Result<u32, MailboxError> {
        let mut content = self.content();
        let all = content.held.keys().filter(|(key, _)| key == hold);
        let all: Vec<(String, String)> = all.cloned().collect();
        let released = all.len().min(limit as usize);
        for key in &all[..released] {
            if let Some(back) = content.held.remove(key) {
                content.door.insert(key.1.clone(), back);
            }
        }
        drop(content);
        for hint in self.hints.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            hint();
        }
        Ok((all.len() - released) as u32)
    }

    fn held_at_door(&self) -> Result<BTreeMap<String, u32>, MailboxError> {
        let mut counts = BTreeMap::new();
        for (hold, _) in self.content().held.keys() {
            *counts.entry(hold.clone()).or_insert(0) += 1;
        }
        Ok(counts)
    }

    fn dead_at_door(&self, limit: usize) -> Result<Vec<DeadFile>, MailboxError> {
        let content = self.content();
        let dead = content.door_dead.iter().rev().take(limit);
        let file = |(file, reason): &(String, DeadReason)| DeadFile {
            file: file.clone(),
            path: PathBuf::from(format!("/fake/door/dead/{file}")),
            reason: Some(reason.clone()),
        };
        Ok(dead.map(file).collect())
    }

    fn retry_at_door(&self, file: &str) -> Result<(), MailboxError> {
        let mut content = self.content();
        if content.door_dead.iter().any(|(dead, _)| dead == file) {
            content.door_dead.retain(|(dead, _)| dead != file);
            let back = content.buried.remove(file).unwrap_or(DoorContent::Bytes(Vec::new()));
            content.door.insert(file.to_owned(), back);
        }
        Ok(())
    }

    fn put(&self, to: &AgentAddress, id: MessageId, text: &str) -> Result<(), MailboxError> {
        let letter = Letter { tray: Tray::New, text: text.to_owned(), reason: None };
        let mut content = self.content();
        let there = content.mail.entry((to.clone(), id)).or_insert_with(|| letter.clone());
        if there.tray == Tray::Dead {
            *there = letter;
        }
        Ok(())
    }

    fn mark_delivered(&self, to: &AgentAddress, id: MessageId) -> Result<(), MailboxError> {
        let mut content = self.content();
        match content.mail.get_mut(&(to.clone(), id)) {
            Some(letter) if letter.tray != Tray::Dead => {
                letter.tray = Tray::Cur;
                Ok(())
            }
            Some(_) | None => Err(Self::missing(to, id)),
        }
    }

    fn bury(
        &self,
        to: &AgentAddress,
        id: MessageId,
        reason: &DeadReason,
    ) -> Result<(), MailboxError> {
        let mut content = self.content();
        let letter =
            content.mail.get_mut(&(to.clone(), id)).ok_or_else(|| Self::missing(to, id))?;
        letter.tray = Tray::Dead;
        letter.reason.get_or_insert_with(|| reason.clone());
        Ok(())
    }

    fn path_of(&self, to: &AgentAddress, id: MessageId) -> PathBuf {
        let content = self.content();
        let tray = match content.mail.get(&(to.clone(), id)).map(|letter| letter.tray) {
            Some(Tray::Cur) => "cur",
            Some(Tray::Dead) => "dead",
            Some(Tray::New) | None => "new",
        };
        PathBuf::from(format!("/fake/{to}/{tray}/{id}.json"))
    }

    fn door_counts(&self) -> Result<(u32, u32), MailboxError> {
        let content = self.content();
        Ok((content.door.len() as u32, content.door_dead.len() as u32))
    }

    fn watch_door(&self, hint: Hint) -> Result<(), MailboxError> {
        self.hints.lock().unwrap_or_else(PoisonError::into_inner).push(hint);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::mailboxes::contract;

    #[test]
    fn the_fake_keeps_the_contract() {
        contract::holds(&|| Box::new(FakeMailboxes::default()));
    }
}
