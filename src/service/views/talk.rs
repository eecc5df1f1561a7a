//! Messages as they are shown: one of them, one whole, who has how many waiting, what changed.
//!
//! Fields are a promise to scripts, like everywhere in these views.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::domain::message::{MessageState, Priority};
use crate::engine::event::Event;

/// What is said of a message whose time ran out.
const TIME_RAN_OUT: &str = "its time ran out before it could be delivered";

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageView {
    /// Its id.
    pub id: Uuid,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Sender.
    pub from: String,
    /// Recipient as resolved.
    pub to: String,
    /// Text or object.
    pub body: Value,
    /// How urgent.
    pub priority: Priority,
    /// Task id or title.
    pub task: Option<String>,
    /// The message it answers.
    pub in_reply_to: Option<Uuid>,
    /// Its state.
    pub state: MessageState,
    /// When it was written.
    pub sent_at: Timestamp,
    /// When it was delivered.
    pub delivered_at: Option<Timestamp>,
    /// When it was acknowledged.
    pub acknowledged_at: Option<Timestamp>,
    /// Why it is where it is: deferred, uncertain, dead.
    pub reason: Option<String>,
    /// Whether the sender proved who it is.
    pub verified: bool,
    /// When it was taken in.
    #[serde(default)]
    pub accepted_at: Option<Timestamp>,
    /// When it was in its mailbox.
    #[serde(default)]
    pub routed_at: Option<Timestamp>,
    /// After this it is not delivered any more.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// W3C `traceparent`.
    #[serde(default)]
    pub trace: Option<String>,
    /// The first message of its conversation that is known; null: it answers nothing.
    #[serde(default)]
    pub thread: Option<Uuid>,
    /// Something was given to the agent, and nobody knows whether it arrived.
    #[serde(default)]
    pub uncertain: bool,
    /// It is being given to the agent now.
    #[serde(default)]
    pub under_way: bool,
    /// How often in a row it could not be given.
    #[serde(default)]
    pub deferrals: u32,
}

impl MessageView {
    /// The body in one line, for lists.
    pub fn summary(&self) -> String {
        let text = match &self.body {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// When it came, as far as that is known: what lists are ordered by.
    pub fn arrived_at(&self) -> Timestamp {
        self.accepted_at.unwrap_or(self.sent_at)
    }

    /// Whether something is still to come: it is on its way, or was read and not answered for.
    pub fn is_open(&self) -> bool {
        matches!(
            self.state,
            MessageState::Accepted | MessageState::Routed | MessageState::Delivered
        )
    }

    /// Takes in a change of its state, for a message that the state itself has let go of.
    pub fn follow(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::MessageRouted { .. } => {
                (self.state, self.routed_at) = (MessageState::Routed, Some(at));
            }
            Event::MessageDelivered { .. } => {
                (self.state, self.delivered_at) = (MessageState::Delivered, Some(at));
                (self.uncertain, self.reason) = (false, None);
            }
            Event::MessageAcknowledged { .. } => {
                (self.state, self.acknowledged_at) = (MessageState::Acknowledged, Some(at));
                self.uncertain = false;
            }
            Event::MessageExpired { .. } => {
                (self.state, self.uncertain) = (MessageState::Expired, false);
                self.reason = Some(TIME_RAN_OUT.to_owned());
            }
            Event::MessageDied { reason, .. } => {
                (self.state, self.uncertain) = (MessageState::Dead, false);
                self.reason = Some(reason.message.clone());
            }
            Event::MessageRevived { .. } => {
                (self.state, self.uncertain) = (MessageState::Accepted, false);
                (self.reason, self.deferrals, self.routed_at) = (None, 0, None);
            }
            Event::DeliveryDeferred { reason, .. } => {
                self.reason = Some(reason.clone());
                self.deferrals += 1;
            }
            Event::DeliveryUncertain { reason, .. } => {
                self.uncertain = true;
                self.reason = Some(format!("uncertain: {reason}"));
            }
            Event::DeliveryRetried { .. } => {
                (self.uncertain, self.reason, self.deferrals) = (false, None, 0);
            }
            _ => {}
        }
        self.under_way = matches!(event, Event::DeliveryStarted { .. });
    }
}

/// What became of a question.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RepliesView {
    /// The question; none: no supervisor has taken it from the door yet.
    pub question: Option<MessageView>,
    /// What whoever was asked, or the operator, has answered to its asker, oldest first. Others may refer to a
    /// question as well; that is no answer.
    pub answers: Vec<MessageView>,
}

/// Messages on their way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueView {
    /// At the door or in a mailbox, not yet delivered.
    pub new: u32,
    /// Delivered, not acknowledged.
    pub cur: u32,
    /// Dead.
    pub dead: u32,
}

/// What waits for one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxView {
    /// `operator` or `Agency/agent`.
    pub address: String,
    /// Messages that wait for it.
    pub waiting: u32,
    /// Since when the oldest of them waits.
    pub oldest_at: Option<Timestamp>,
    /// Of how many of them nobody knows whether they arrived.
    pub uncertain: u32,
}

/// One step of a message on its way, from the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageStepView {
    /// Position in the ledger.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The event's kind.
    pub kind: String,
    /// The same in words.
    pub text: String,
}

/// One message with everything that is known about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageWholeView {
    /// The message.
    #[serde(flatten)]
    pub message: MessageView,
    /// Every step of its way, oldest first.
    pub history: Vec<MessageStepView>,
    /// Its conversation, oldest first, itself in it.
    pub conversation: Vec<MessageView>,
}

/// What has happened with messages, from the ledger.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TalkPageView {
    /// Up to this position in the ledger.
    pub upto: u64,
    /// Whether there is more behind it already.
    pub is_more: bool,
    /// What happened, oldest first.
    pub changes: Vec<MessageChangeView>,
}

/// A message, right after something happened with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageChangeView {
    /// What happened, and when.
    pub step: MessageStepView,
    /// The message as it was then.
    pub message: MessageView,
}

/// What a face that keeps messages itself has to take in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Talk {
    /// Whether these are all that are known, and not only what has changed.
    pub is_whole: bool,
    /// New ones and changed ones.
    pub messages: Vec<MessageView>,
}
