//! Locks: who has claimed which paths of a project, and who waits for them.
//!
//! ```text
//! requested ─► granted ─► released │ expired
//!     └─► denied, waits ─► granted …
//! ```
//!
//! Agencies that work on one project share its table. A lock binds nobody who does not ask: it is a word between
//! agents. No two locks of different holders that are granted stand in each other's way.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::id::{LockId, MessageId, TaskId};
use crate::domain::lock::{Resource, go_together};
use crate::domain::message::Priority;
use crate::domain::name::Address;
use crate::domain::protocol::LockKind;
use crate::engine::event::Event;

pub mod deciding;

mod telling;

pub use deciding::{asked, check_release, check_request, follow, rang, released, requested};
pub use telling::alternatives;

/// Every lock and every request for one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Locks {
    /// How many numbers were given so far.
    pub numbered: u32,
    /// Those that hold.
    pub held: BTreeMap<LockId, Lock>,
    /// Those that wait. One that is held too is to become another kind.
    pub waiting: BTreeMap<LockId, Wish>,
}

/// A request for a lock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wish {
    /// The number of the lock that it becomes.
    pub id: LockId,
    /// Whose paths these are.
    pub project: PathBuf,
    /// The paths.
    pub resource: Resource,
    /// How.
    pub kind: LockKind,
    /// Who: an agent or the operator.
    pub holder: Address,
    /// The task it is for.
    pub task: Option<TaskId>,
    /// Why.
    pub reason: Option<String>,
    /// For how long, in seconds.
    pub length_s: i64,
    /// How urgent, among those who wait.
    pub priority: Priority,
    /// Since when.
    pub asked_at: Timestamp,
    /// The message that asked; none: a command did.
    pub message: Option<MessageId>,
}

/// A lock that holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lock {
    /// What was asked for.
    pub wish: Wish,
    /// Since when.
    pub granted_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

impl Wish {
    /// Whether one of these can only be granted without the other.
    pub fn hinders(&self, other: &Self) -> bool {
        self.holder != other.holder && !go_together(self.kind, other.kind) && self.meets(other)
    }

    /// Whether they are about the same paths of the same project.
    pub fn meets(&self, other: &Self) -> bool {
        self.project == other.project && self.resource.overlaps(&other.resource)
    }

    /// Its place among those who wait: the most urgent first, then by arrival.
    fn place(&self) -> (std::cmp::Reverse<Priority>, Timestamp, LockId) {
        (std::cmp::Reverse(self.priority), self.asked_at, self.id)
    }
}

impl Locks {
    /// The next lock's number.
    pub fn next_id(&self) -> LockId {
        LockId(self.numbered.saturating_add(1))
    }

    /// Locks that are in the way of a request.
    pub fn in_the_way(&self, wish: &Wish) -> Vec<&Lock> {
        self.held.values().filter(|lock| lock.wish.hinders(wish)).collect()
    }

    /// Requests that are before this one and want what it wants.
    pub fn ahead_of(&self, wish: &Wish) -> Vec<&Wish> {
        let before = |other: &&Wish| other.place() < wish.place() && other.hinders(wish);
        self.waiting.values().filter(before).collect()
    }

    /// Those that wait, in the order in which they are granted.
    pub fn queue(&self) -> Vec<&Wish> {
        let mut queue: Vec<&Wish> = self.waiting.values().collect();
        queue.sort_by_key(|wish| wish.place());
        queue
    }

    /// When a request may be granted, if nobody gives anything back before its time.
    pub fn expected_at(&self, wish: &Wish, now: Timestamp) -> Timestamp {
        let free = self.in_the_way(wish).into_iter().map(|lock| lock.expires_at).max();
        let ahead = self.ahead_of(wish).into_iter().map(|ahead| ahead.length_s);
        let waits = ahead.fold(0_i64, i64::saturating_add);
        let free = free.unwrap_or(now).max(now);
        free.saturating_add(jiff::SignedDuration::from_secs(waits)).unwrap_or(free)
    }

    /// Who has to give something back before this one is granted.
    pub fn awaited_by(&self, wish: &Wish) -> Vec<&Address> {
        let holders = self.in_the_way(wish).into_iter().map(|lock| &lock.wish.holder);
        holders.chain(self.ahead_of(wish).into_iter().map(|ahead| &ahead.holder)).collect()
    }

    /// Takes an event in.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::LockRequested { wish } => {
                self.numbered = self.numbered.max(wish.id.0);
                self.waiting.insert(wish.id, (**wish).clone());
            }
            Event::LockGranted { lock, expires_at } => {
                let Some(wish) = self.waiting.remove(lock) else { return };
                let (granted_at, expires_at) = (at, *expires_at);
                self.held.insert(*lock, Lock { wish, granted_at, expires_at });
            }
            Event::LockDenied { lock, waits: false, .. } => {
                self.waiting.remove(lock);
            }
            Event::LockReleased { lock, .. } => {
                self.held.remove(lock);
                self.waiting.remove(lock);
            }
            // Whoever waits to have it in another way goes on waiting.
            Event::LockExpired { lock } => {
                self.held.remove(lock);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
