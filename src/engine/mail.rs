//! Mail: every message and where it is on its way.
//!
//! ```text
//! accepted ─► routed ─► (delivery started ─► deferred ─┐) ─► delivered ─► acknowledged
//!                 ▲──────────────────────────────────────┘
//!                 └─► uncertain: hinted at, fetched by the agent, never typed again by itself
//! ```
//!
//! Who gets what when is decided in [`crate::engine::delivery`].

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::id::{MessageId, SpawnId};
use crate::domain::message::{Message, MessageState, Priority};
use crate::domain::name::AgentAddress;
use crate::engine::event::{DeliveredBy, Event};

pub mod accepting;

pub use accepting::{asked, bury_orphans, expire, mailbox_filled, message_at_door, send};

/// Every message.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Mail {
    /// By id; ids sort by time.
    pub messages: BTreeMap<MessageId, MessageRecord>,
    /// In a mailbox and not delivered, per agent, in order of arrival.
    pub waiting: BTreeMap<AgentAddress, Vec<MessageId>>,
    /// For the operator and not acknowledged, in order of arrival.
    pub for_operator: Vec<MessageId>,
    /// Agents with uncertain deliveries, and what became of the hint about them.
    pub nudges: BTreeMap<AgentAddress, Nudge>,
    /// Not yet in its mailbox.
    pub unrouted: BTreeSet<MessageId>,
    /// Files refused at the door.
    pub refused: u32,
    /// Messages that died.
    pub dead: u32,
    /// Delivered to agents and not acknowledged.
    pub unacknowledged: u32,
}

/// One message on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageRecord {
    /// The message.
    pub message: Message,
    /// The agent it was resolved to; none: the operator.
    pub to: Option<AgentAddress>,
    /// Its state.
    pub state: MessageState,
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

/// Pause after so many deferrals in a row: 50 ms doubling to 15 s, and five minutes when it has been tried for some
/// four minutes; a change of the agent's state, or of the rule that reads its screen, cuts it short.
pub fn pause_ms(deferrals: u32) -> i64 {
    match deferrals {
        0..=25 => 50_i64.saturating_mul(1 << deferrals.min(9)).min(15_000),
        _ => 300_000,
    }
}

impl Mail {
    /// The next message to deliver to an agent: most urgent first, then in order of arrival.
    pub fn next_for(&self, agent: &AgentAddress) -> Option<&MessageRecord> {
        let waiting = self.waiting.get(agent)?;
        let records = waiting.iter().filter_map(|id| self.messages.get(id));
        let mut best: Option<&MessageRecord> = None;
        for record in records.filter(|record| !record.is_uncertain) {
            let is_better = best.is_none_or(|best| rank(record) > rank(best));
            if is_better {
                best = Some(record);
            }
        }
        best
    }

    /// Whether an agent is being given something, or has got something that it did not take yet.
    pub fn is_typing(&self, agent: &AgentAddress) -> bool {
        let nudging = self.nudges.get(agent).is_some_and(|nudge| nudge.attempt.is_some());
        let waiting = self.waiting.get(agent).map(Vec::as_slice).unwrap_or_default();
        let typing =
            |id: &MessageId| self.messages.get(id).is_some_and(|record| record.attempt.is_some());
        nudging || waiting.iter().any(typing)
    }

    /// Messages in an agent's mailbox that it has not got.
    pub fn unread(&self, agent: &AgentAddress) -> u32 {
        self.waiting.get(agent).map_or(0, |ids| u32::try_from(ids.len()).unwrap_or(u32::MAX))
    }

    /// Takes an event in.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::MessageAccepted { message, to, file } => self.accept(message, to.as_ref(), file),
            Event::MessageRefused { .. } => self.refused += 1,
            Event::MessageRouted { id } => self.route(*id),
            Event::DeliveryStarted { id, spawn, channel } => self.change(*id, |record| {
                record.attempt = Some(*spawn);
                record.is_by_channel = *channel;
            }),
            Event::DeliveryDeferred { id, reason, channel } => {
                self.change(*id, |record| record.defer(reason, *channel, at));
            }
            Event::DeliverySubmitted { id, by, .. } => {
                self.change(*id, |record| record.submitted = Some(Submitted { by: *by, at }));
            }
            Event::DeliveryUncertain { id, reason } => self.doubt(*id, reason),
            Event::DeliveryRetried { id } => self.retry(*id),
            Event::MessageDelivered { id, .. } => self.deliver(*id, at),
            Event::MessageAcknowledged { id } => self.acknowledge(*id, at),
            Event::MessageExpired { id } => {
                self.end(
                    *id,
                    MessageState::Expired,
                    "its time ran out before it could be delivered",
                );
            }
            Event::MessageDied { id, reason } => {
                self.dead += 1;
                self.end(*id, MessageState::Dead, &reason.message);
            }
            Event::NudgeStarted { agent, spawn } => {
                self.nudges.entry(agent.clone()).or_default().attempt = Some(*spawn);
            }
            Event::NudgeEnded { agent, problem, .. } => self.end_nudge(agent, problem.as_ref(), at),
            Event::AgentStateChanged { agent, .. } | Event::AgentSignalled { agent, .. } => {
                self.hurry(agent);
            }
            Event::AgentPaneOpened { agent, .. } => {
                self.hurry(agent);
                self.reopen_channels(agent);
            }
            _ => {}
        }
    }

    fn accept(&mut self, message: &Message, to: Option<&AgentAddress>, file: &Option<String>) {
        let record = MessageRecord {
            message: message.clone(),
            to: to.cloned(),
            state: MessageState::Accepted,
            delivered_at: None,
            acknowledged_at: None,
            reason: None,
            attempt: None,
            submitted: None,
            is_by_channel: false,
            is_channel_shut: false,
            deferrals: 0,
            not_before: None,
            is_uncertain: false,
            file: file.clone(),
        };
        self.messages.insert(message.id, record);
        self.unrouted.insert(message.id);
    }

    fn route(&mut self, id: MessageId) {
        self.unrouted.remove(&id);
        let Some(record) = self.messages.get_mut(&id) else { return };
        if record.state != MessageState::Accepted {
            return;
        }
        record.state = MessageState::Routed;
        match record.to.clone() {
            Some(agent) => self.waiting.entry(agent).or_default().push(id),
            None => self.for_operator.push(id),
        }
    }

    fn change(&mut self, id: MessageId, change: impl FnOnce(&mut MessageRecord)) {
        if let Some(record) = self.messages.get_mut(&id) {
            change(record);
        }
    }

    fn doubt(&mut self, id: MessageId, reason: &str) {
        let Some(record) = self.messages.get_mut(&id) else { return };
        record.attempt = None;
        record.submitted = None;
        record.is_uncertain = true;
        record.reason = Some(format!("uncertain: {reason}"));
        if let Some(agent) = record.to.clone() {
            let nudge = self.nudges.entry(agent).or_default();
            nudge.before = nudge.shown;
        }
    }

    fn retry(&mut self, id: MessageId) {
        let Some(record) = self.messages.get_mut(&id) else { return };
        record.retry();
        if let Some(agent) = record.to.clone() {
            self.forget_nudge(&agent);
        }
    }

    /// Whether an agent has a message of which nobody knows whether it arrived.
    pub fn is_any_doubtful(&self, agent: &AgentAddress) -> bool {
        let is_doubtful =
            |id: &MessageId| self.messages.get(id).is_some_and(|record| record.is_uncertain);
        self.waiting.get(agent).is_some_and(|ids| ids.iter().any(is_doubtful))
    }

    /// Nothing is left to hint at, and no hint is on its way.
    fn forget_nudge(&mut self, agent: &AgentAddress) {
        let is_idle = self.nudges.get(agent).is_some_and(|nudge| nudge.attempt.is_none());
        if is_idle && !self.is_any_doubtful(agent) {
            self.nudges.remove(agent);
        }
    }

    fn leave_waiting(&mut self, id: MessageId) {
        let Some(agent) = self.messages.get(&id).and_then(|record| record.to.clone()) else {
            self.for_operator.retain(|waiting| *waiting != id);
            return;
        };
        if let Some(waiting) = self.waiting.get_mut(&agent) {
            waiting.retain(|waiting| *waiting != id);
            if waiting.is_empty() {
                self.waiting.remove(&agent);
            }
        }
        self.forget_nudge(&agent);
    }

    fn deliver(&mut self, id: MessageId, at: Timestamp) {
        let Some(record) = self.messages.get_mut(&id) else { return };
        let is_for_agent = record.to.is_some();
        record.state = MessageState::Delivered;
        record.delivered_at = Some(at);
        record.attempt = None;
        record.submitted = None;
        record.is_uncertain = false;
        record.reason = None;
        if is_for_agent {
            self.unacknowledged += 1;
            self.leave_waiting(id);
        }
    }

    fn acknowledge(&mut self, id: MessageId, at: Timestamp) {
        let Some(record) = self.messages.get_mut(&id) else { return };
        if record.state == MessageState::Delivered && record.to.is_some() {
            self.unacknowledged = self.unacknowledged.saturating_sub(1);
        }
        record.state = MessageState::Acknowledged;
        record.acknowledged_at = Some(at);
        record.is_uncertain = false;
        self.leave_waiting(id);
    }

    fn end(&mut self, id: MessageId, state: MessageState, reason: &str) {
        let Some(record) = self.messages.get_mut(&id) else { return };
        record.state = state;
        record.attempt = None;
        record.submitted = None;
        record.is_uncertain = false;
        record.reason = Some(reason.to_owned());
        self.unrouted.remove(&id);
        self.leave_waiting(id);
    }

    fn end_nudge(&mut self, agent: &AgentAddress, problem: Option<&String>, at: Timestamp) {
        let nudge = self.nudges.entry(agent.clone()).or_default();
        nudge.attempt = None;
        nudge.problem = problem.cloned();
        // A shown hint has a minute to work; one that found no free input line is tried again soon.
        let pause = if problem.is_none() { 60_000 } else { pause_ms(nudge.failures) };
        nudge.not_before = at.saturating_add(jiff::SignedDuration::from_millis(pause)).ok();
        nudge.failures = if problem.is_none() { 0 } else { nudge.failures + 1 };
        if problem.is_none() {
            nudge.shown += 1;
        }
        self.forget_nudge(agent);
    }

    /// An agent's state changed: what was deferred may be tried at once.
    fn hurry(&mut self, agent: &AgentAddress) {
        if let Some(nudge) = self.nudges.get_mut(agent).filter(|nudge| nudge.failures > 0) {
            nudge.not_before = None;
            nudge.failures = 0;
        }
        let Some(waiting) = self.waiting.get(agent) else { return };
        for id in waiting {
            if let Some(record) = self.messages.get_mut(id) {
                record.not_before = None;
                record.deferrals = 0;
            }
        }
    }
}

impl Mail {
    /// A new pane: its program's channel may be open.
    fn reopen_channels(&mut self, agent: &AgentAddress) {
        let waiting = self.waiting.get(agent).map(Vec::as_slice).unwrap_or_default();
        for id in waiting {
            if let Some(record) = self.messages.get_mut(id) {
                record.is_channel_shut = false;
            }
        }
    }
}

impl MessageRecord {
    fn defer(&mut self, reason: &str, channel: bool, at: Timestamp) {
        self.attempt = None;
        self.submitted = None;
        self.is_channel_shut |= channel;
        self.reason = Some(reason.to_owned());
        let pause = jiff::SignedDuration::from_millis(pause_ms(self.deferrals));
        self.not_before = at.saturating_add(pause).ok();
        self.deferrals += 1;
    }

    fn retry(&mut self) {
        self.is_uncertain = false;
        self.is_channel_shut = false;
        self.not_before = None;
        self.deferrals = 0;
        self.reason = None;
    }
}

/// What comes first: urgency alone; equals keep their order of arrival.
fn rank(record: &MessageRecord) -> Priority {
    record.message.priority
}

#[cfg(test)]
mod tests;
