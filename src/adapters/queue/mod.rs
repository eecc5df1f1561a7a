//! Mailboxes as folders of files, by Maildir rules; the door is `registry/queue`.
//!
//! A file is written in `tmp/` and renamed into `new/`, so nobody ever reads half of one. What a
//! message says is not looked at here. Every step can be repeated: the file's place says how far
//! it got. Folders are made when the first file needs them, but never an agency's own.

mod door;
mod held;
mod names;
mod taking;
#[cfg(test)]
mod tests;
mod tray;
mod watch;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};

use crate::adapters::queue::taking::Door;
use crate::adapters::queue::tray::Lasting;
use crate::adapters::queue::watch::Signal;
use crate::domain::id::MessageId;
use crate::domain::message::DeadReason;
use crate::domain::name::AgentAddress;
use crate::ports::mailboxes::{DeadFile, DoorItem, MailboxError, Mailboxes, Tray};

/// The queues of one workbench.
#[derive(Debug)]
pub struct FileMailboxes {
    home: PathBuf,
    door: Arc<Door>,
    watchers: Mutex<Vec<SyncSender<Signal>>>,
}

impl FileMailboxes {
    /// The queues in a workbench's folder. Nothing is made yet.
    pub fn new(home: impl Into<PathBuf>) -> Self {
        let home = home.into();
        let door = Arc::new(Door::new(&home));
        Self { home, door, watchers: Mutex::new(Vec::new()) }
    }

    fn mailbox(&self, of: &AgentAddress) -> PathBuf {
        let agency = self.home.join("agencies").join(of.agency.as_str());
        agency.join("mail").join(of.agent.as_str())
    }
}

impl Drop for FileMailboxes {
    fn drop(&mut self) {
        let watchers = self.watchers.get_mut().unwrap_or_else(PoisonError::into_inner);
        for watcher in watchers {
            // A watcher that has ended already needs no signal.
            let _ = watcher.send(Signal::Stop);
        }
    }
}

impl Mailboxes for FileMailboxes {
    fn look_at_door(&self, limit: usize) -> Result<Vec<DoorItem>, MailboxError> {
        let items = self.door.look(limit)?;
        if self.door.is_listing_due() {
            let watchers = self.watchers.lock().unwrap_or_else(PoisonError::into_inner);
            // One that has a signal already looks anyway.
            for watcher in watchers.iter() {
                let _ = watcher.try_send(Signal::Look);
            }
        }
        Ok(items)
    }

    fn has_more_at_door(&self) -> bool {
        self.door.has_more()
    }

    fn drop_at_door(&self, id: MessageId, text: &str) -> Result<String, MailboxError> {
        let name = file_name(id);
        // Nobody else knows it until it is taken from there: a power cut must not take it.
        tray::drop_into(self.door.queue(), &self.home, &name, text, Lasting::OnDisk)?;
        Ok(name)
    }

    fn clear_from_door(&self, file: &str) -> Result<(), MailboxError> {
        self.door.clear(file)
    }

    fn bury_from_door(&self, file: &str, reason: &DeadReason) -> Result<(), MailboxError> {
        self.door.bury(file, reason)
    }

    fn hold_at_door(&self, file: &str, hold: &str) -> Result<(), MailboxError> {
        self.door.hold(file, hold)
    }

    fn release_held(&self, hold: &str, limit: u32) -> Result<u32, MailboxError> {
        held::release(self.door.queue(), hold, limit)
    }

    fn held_at_door(&self) -> Result<BTreeMap<String, u32>, MailboxError> {
        held::counts(self.door.queue())
    }

    fn dead_at_door(&self, limit: usize) -> Result<Vec<DeadFile>, MailboxError> {
        held::dead(self.door.queue(), limit)
    }

    fn retry_at_door(&self, file: &str) -> Result<(), MailboxError> {
        held::retry(self.door.queue(), file)
    }

    fn put(&self, to: &AgentAddress, id: MessageId, text: &str) -> Result<(), MailboxError> {
        let mailbox = self.mailbox(to);
        let name = file_name(id);
        held::revive(&mailbox, &self.agency_root(to), &name)?;
        let there = [Tray::New, Tray::Cur].into_iter();
        let there = there.map(|tray| tray::path(&mailbox, tray, &name)).find(|it| tray::exists(it));
        match there {
            Some(path) => tray::mend(&path, text),
            None => {
                let root = self.agency_root(to);
                tray::drop_into(&mailbox, &root, &name, text, Lasting::InMemory)
            }
        }
    }

    fn mark_delivered(&self, to: &AgentAddress, id: MessageId) -> Result<(), MailboxError> {
        let mailbox = self.mailbox(to);
        let name = file_name(id);
        let cur = tray::path(&mailbox, Tray::Cur, &name);
        if tray::exists(&cur) {
            return Ok(());
        }
        tray::require_folder(&mailbox.join("cur"), &self.agency_root(to))?;
        let new = tray::path(&mailbox, Tray::New, &name);
        std::fs::rename(&new, &cur).map_err(|error| wrap(&new, &error))
    }

    fn bury(
        &self,
        to: &AgentAddress,
        id: MessageId,
        reason: &DeadReason,
    ) -> Result<(), MailboxError> {
        let mailbox = self.mailbox(to);
        let name = file_name(id);
        if tray::exists(&tray::path(&mailbox, Tray::Dead, &name)) {
            return Ok(());
        }
        let new = tray::path(&mailbox, Tray::New, &name);
        let cur = tray::path(&mailbox, Tray::Cur, &name);
        let from = [new, cur].into_iter().find(|path| tray::exists(path)).ok_or_else(|| {
            let problem = "the message is in none of its trays".to_owned();
            MailboxError::Io { path: mailbox.join(&name), problem }
        })?;
        tray::bury(&from, &mailbox, &self.agency_root(to), reason)
    }

    fn path_of(&self, to: &AgentAddress, id: MessageId) -> PathBuf {
        let mailbox = self.mailbox(to);
        let name = file_name(id);
        let mut later = [Tray::Cur, Tray::Dead].into_iter();
        let later = later.find(|tray| tray::exists(&tray::path(&mailbox, *tray, &name)));
        tray::path(&mailbox, later.unwrap_or(Tray::New), &name)
    }

    fn door_counts(&self) -> Result<(u32, u32), MailboxError> {
        let new = door::count(&self.door.new_folder(), door::is_message_name)?;
        let dead = door::count(&self.door.queue().join("dead"), |name| {
            let is_reason = name.as_encoded_bytes().ends_with(tray::REASON_ENDING.as_bytes());
            door::is_message_name(name) && !is_reason
        })?;
        Ok((new, dead))
    }

    fn watch_door(&self, hint: Box<dyn Fn() + Send>) -> Result<(), MailboxError> {
        tray::require_folder(&self.door.new_folder(), &self.home)?;
        let watcher = watch::start(Arc::clone(&self.door), hint)?;
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner).push(watcher);
        Ok(())
    }
}

impl FileMailboxes {
    /// The agency's own folder: a message never makes it, or a removed agency would come back.
    fn agency_root(&self, of: &AgentAddress) -> PathBuf {
        self.home.join("agencies").join(of.agency.as_str())
    }
}

fn file_name(id: MessageId) -> String {
    format!("{id}.json")
}

fn wrap(path: &Path, error: &std::io::Error) -> MailboxError {
    MailboxError::Io { path: path.to_owned(), problem: in_words(error) }
}

/// A full or read-only disk in words that a person can act on; else what the system said.
fn in_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            "the disk is full; make room and try again".to_owned()
        }
        std::io::ErrorKind::ReadOnlyFilesystem => "its file system is read-only".to_owned(),
        _ => error.to_string(),
    }
}
