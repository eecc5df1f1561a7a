//! One message's record: where it is on its way, and what became of the hints about it.
//!
//! It says how a record changes; which events change it is said by [`super::Mail`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::pause_ms;
use crate::domain::id::{MessageId, SpawnId};
use crate::domain::message::{Message, MessageState};
use crate::domain::name::AgentAddress;
use crate::engine::event::DeliveredBy;

/// One message on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageRecord {
    /// The message.
    pub message: Message,
    /// The agent it was resolved to; none: the operator.
    pub to: Option<AgentAddress>,
    /// Its state.
    pub state: MessageState,
    /// When it was accepted; none: by an older program.
    #[serde(default)]
    pub accepted_at: Option<Timestamp>,
    /// When it was delivered.
    pub delivered_at: Option<Timestamp>,
    /// When it was acknowledged.
    pub acknowledged_at: Option<Timestamp>,
    /// Why it is where it is.
    pub reason: Option<String>,
    /// The life that is being given it, or has been and did not say yet that it was taken.
    pub attempt: Option<SpawnId>,
    /// The life of the attempt has got it.
    pub submitted: Option<Submitted>,
    /// The last attempt went through the program's own channel.
    pub is_by_channel: bool,
    /// The program's own channel did not take it: the pane is tried.
    pub is_channel_shut: bool,
    /// Deliveries deferred in a row.
    pub deferrals: u32,
    /// Not before this time.
    pub not_before: Option<Timestamp>,
    /// Something was typed and what became of it is not known.
    pub is_uncertain: bool,
    /// Its file at the door, for the way back after a crash.
    pub file: Option<String>,
    /// In its mailbox since then.
    #[serde(default)]
    pub waits_since: Option<Timestamp>,
    /// It is being given, or was, as a part of this digest.
    #[serde(default)]
    pub digest: Option<MessageId>,
}

/// A message that its program has got: whether a turn begins with it is still to be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitted {
    /// Typed, or handed over.
    pub by: DeliveredBy,
    /// When.
    pub at: Timestamp,
}

/// What became of a hint about unread messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nudge {
    /// It is being typed into this life.
    pub attempt: Option<SpawnId>,
    /// How often it was typed.
    pub shown: u32,
    /// Not before this time.
    pub not_before: Option<Timestamp>,
    /// Why it was not typed.
    pub problem: Option<String>,
    /// How often in a row it was not typed.
    #[serde(default)]
    pub failures: u32,
    /// How often it had been typed when the last message was lost: those told nothing of that one.
    #[serde(default)]
    pub before: u32,
}

impl Nudge {
    /// How often it was typed since a message was lost last.
    pub fn told(&self) -> u32 {
        self.shown.saturating_sub(self.before)
    }
}

impl MessageRecord {
    /// Whether it was not delivered and will not be.
    pub fn is_dead(&self) -> bool {
        matches!(self.state, MessageState::Expired | MessageState::Dead)
    }

    /// Whether nothing happens to it any more by itself. What the operator got stays until it is acknowledged.
    pub fn is_closed(&self) -> bool {
        match self.state {
            MessageState::Accepted | MessageState::Routed => false,
            MessageState::Delivered => self.to.is_some(),
            MessageState::Acknowledged | MessageState::Expired | MessageState::Dead => true,
        }
    }

    pub(super) fn defer(&mut self, reason: &str, channel: bool, at: Timestamp) {
        self.attempt = None;
        self.submitted = None;
        self.is_channel_shut |= channel;
        self.reason = Some(reason.to_owned());
        let pause = jiff::SignedDuration::from_millis(pause_ms(self.deferrals));
        self.not_before = at.saturating_add(pause).ok();
        self.deferrals += 1;
    }

    pub(super) fn retry(&mut self) {
        self.is_uncertain = false;
        self.is_channel_shut = false;
        self.not_before = None;
        self.deferrals = 0;
        self.reason = None;
    }
}
