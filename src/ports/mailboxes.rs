//! Mailboxes: folders of messages by Maildir rules, and the door where any program may drop one.
//!
//! Written into `tmp/`, then renamed into `new/`; nothing is read outside `new/` and `cur/`; nothing is deleted
//! unread. A watcher's event is a hint to look, never information.

#[cfg(test)]
pub mod contract;
#[cfg(test)]
pub mod fake;

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::domain::id::MessageId;
use crate::domain::message::DeadReason;
use crate::domain::name::AgentAddress;

/// One file at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorItem {
    /// Its file name.
    pub file: String,
    /// Tells this file from a later one of the same name: its time in milliseconds since 1970, a dash, and
    /// whatever else the file system knows.
    pub stamp: String,
    /// When it was written last. None: not known.
    pub written_at: Option<Timestamp>,
    /// What is in it.
    pub content: DoorContent,
}

/// A file that is dead at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadFile {
    /// Its name among the dead ones.
    pub file: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Why; none if nobody can read that.
    pub reason: Option<DeadReason>,
}

/// What a file at the door holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DoorContent {
    /// Its bytes.
    Bytes(Vec<u8>),
    /// Over the size limit; not read.
    TooLarge {
        /// Its size in bytes.
        bytes: u64,
    },
    /// Cannot be read: a folder, a link, no permission.
    Unreadable {
        /// What the system said.
        problem: String,
    },
}

/// The part of a queue a message lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tray {
    /// Not yet seen.
    New,
    /// Delivered.
    Cur,
    /// Undeliverable.
    Dead,
}

/// Queues of files.
pub trait Mailboxes: Send + Sync {
    /// The next files in the door's `new/`, at most `limit`: what has just arrived and what lies there longer take
    /// turns, the latter by name. Who watches the door gets a file that stays again only after a while.
    fn look_at_door(&self, limit: usize) -> Result<Vec<DoorItem>, MailboxError>;
    /// Whether more is known to lie there.
    fn has_more_at_door(&self) -> bool;
    /// Drops a message at the door, as any program would. Returns the file name.
    fn drop_at_door(&self, id: MessageId, text: &str) -> Result<String, MailboxError>;
    /// Removes a file from the door that the last look gave and whose message is recorded; done if it is gone. One
    /// that has taken its name since then stays.
    fn clear_from_door(&self, file: &str) -> Result<(), MailboxError>;
    /// Moves a file from the door to `dead/` with its reason beside it; done if it is gone.
    fn bury_from_door(&self, file: &str, reason: &DeadReason) -> Result<(), MailboxError>;
    /// Puts a file at the door aside, where it is not looked at, under what it waits for (a folder's name); done if it
    /// is gone.
    fn hold_at_door(&self, file: &str, hold: &str) -> Result<(), MailboxError>;
    /// Puts up to `limit` of those that wait for this back to the door, first names first; returns how many are left.
    fn release_held(&self, hold: &str, limit: u32) -> Result<u32, MailboxError>;
    /// How many are put aside, by what they wait for.
    fn held_at_door(&self) -> Result<BTreeMap<String, u32>, MailboxError>;
    /// Everything that is dead at the door, newest first, at most `limit`.
    fn dead_at_door(&self, limit: usize) -> Result<Vec<DeadFile>, MailboxError>;
    /// Puts a dead file back to the door and takes its reason away; done if it is not among the dead.
    fn retry_at_door(&self, file: &str) -> Result<(), MailboxError>;
    /// Puts a message into a mailbox's `new/`; done if it is there or in `cur/` already, and whole. One that is dead
    /// comes back from there.
    fn put(&self, to: &AgentAddress, id: MessageId, text: &str) -> Result<(), MailboxError>;
    /// Moves it from `new/` to `cur/`; done if it is there.
    fn mark_delivered(&self, to: &AgentAddress, id: MessageId) -> Result<(), MailboxError>;
    /// Moves it to `dead/` with the reason.
    fn bury(
        &self,
        to: &AgentAddress,
        id: MessageId,
        reason: &DeadReason,
    ) -> Result<(), MailboxError>;
    /// Where a message lies, for people.
    fn path_of(&self, to: &AgentAddress, id: MessageId) -> PathBuf;
    /// How many lie at the door: `(new, dead)`.
    fn door_counts(&self) -> Result<(u32, u32), MailboxError>;
    /// Calls `hint` from another thread whenever something was put at the door; with a slow rescan beside it.
    fn watch_door(&self, hint: Box<dyn Fn() + Send>) -> Result<(), MailboxError>;
}

/// What can go wrong with a queue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailboxError {
    /// The system refused.
    #[error("`{path}`: {problem}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        problem: String,
    },
    /// It cannot be watched; polling has to do.
    #[error("`{path}` cannot be watched: {problem}", path = path.display())]
    CannotWatch {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        problem: String,
    },
}
