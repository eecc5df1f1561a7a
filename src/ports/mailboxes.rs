//! Mailboxes: folders of messages by Maildir rules, and the door where any program may drop one.
//!
//! Written into `tmp/`, then renamed into `new/`; nothing is read outside `new/` and `cur/`; nothing is deleted
//! unread. A watcher's event is a hint to look, never information.

#[cfg(test)]
pub mod contract;
#[cfg(test)]
pub mod fake;

use std::path::PathBuf;

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
    /// What is in it.
    pub content: DoorContent,
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
    /// Every file in the door's `new/`, oldest name first, at most `limit`.
    fn look_at_door(&self, limit: usize) -> Result<Vec<DoorItem>, MailboxError>;
    /// Drops a message at the door, as any program would. Returns the file name.
    fn drop_at_door(&self, id: MessageId, text: &str) -> Result<String, MailboxError>;
    /// Removes a file from the door whose message is recorded; done if it is gone.
    fn clear_from_door(&self, file: &str) -> Result<(), MailboxError>;
    /// Moves a file from the door to `dead/` with its reason beside it; done if it is gone.
    fn bury_from_door(&self, file: &str, reason: &DeadReason) -> Result<(), MailboxError>;
    /// Puts a message into a mailbox's `new/`; done if it is there or in `cur/` already, and whole.
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
