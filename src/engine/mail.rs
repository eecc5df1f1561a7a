//! Mail: every message and where it is on its way.
//!
//! ```text
//! accepted ─► routed ─► (delivery started ─► deferred ─┐) ─► delivered ─► acknowledged
//!                 ▲──────────────────────────────────────┘
//!                 └─► uncertain: hinted at, fetched by the agent, never typed again by itself
//! ```
//!
//! Who gets what when is decided in [`crate::engine::delivery`]. What is closed (given to its agent, acknowledged,
//! expired or dead) leaves after a while: the newest stay, of the others only the ledger knows ([`gone`]).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::id::MessageId;
use crate::domain::message::{Message, MessageState};
use crate::domain::name::AgentAddress;
use crate::domain::workbench::QueueConfig;
use crate::engine::event::Event;
use crate::engine::mail::door::Door;
use crate::engine::mail::gone::Gone;
use crate::engine::mail::queue::{Queue, Sender, Stand};
use crate::engine::pacing::{Class, class_of};

pub mod accepting;
pub mod digests;
pub mod ending;

pub use digests::Digest;

pub mod rights;

pub mod record;

pub use record::{MessageRecord, Nudge, Submitted};

pub mod queue;

pub mod gone;

pub mod door;

pub mod room;

pub mod dead;

pub use accepting::{asked, mailbox_filled, message_at_door, notice, send};
pub use ending::{bury_orphans, expire};

/// Closed messages that stay: enough for a screen, and for what is asked about the last hour.
const KEPT: usize = 500;

/// What closed within this time stays, for its file may be on its way still.
const SETTLING: SignedDuration = SignedDuration::from_mins(1);

/// But never more closed ones than these: several groups of inputs.
const MOST_KEPT: usize = 5_000;

/// Every message that is open, and the newest of the others.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Mail {
    /// By id; ids sort by time.
    pub messages: BTreeMap<MessageId, MessageRecord>,
    /// What was accepted for an agent and not given to it, in the order in which it is given.
    pub queues: BTreeMap<AgentAddress, Queue>,
    /// Those of `messages` that are closed, with when, longest ago first.
    pub closed: VecDeque<(MessageId, Timestamp)>,
    /// What has left.
    pub gone: Gone,
    /// What waits at the door, and why.
    pub door: Door,
    /// In a mailbox and not delivered, per agent, in order of arrival.
    pub waiting: BTreeMap<AgentAddress, Vec<MessageId>>,
    /// For the operator and not acknowledged, in order of arrival.
    pub for_operator: Vec<MessageId>,
    /// Agents with uncertain deliveries, and what became of the hint about them.
    pub nudges: BTreeMap<AgentAddress, Nudge>,
    /// What was given as one, as long as something of it has not arrived for certain.
    #[serde(default)]
    pub digests: BTreeMap<MessageId, Digest>,
    /// Not yet in its mailbox.
    pub unrouted: BTreeSet<MessageId>,
    /// Files refused at the door.
    pub refused: u32,
    /// Messages that died.
    pub dead: u32,
    /// Delivered to agents and not acknowledged.
    pub unacknowledged: u32,
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
    /// The next message to give to an agent by itself: the most urgent first; of equals senders take turns, and each
    /// sender's own come in order. Updates are given together, when there is none.
    pub fn next_for(&self, agent: &AgentAddress) -> Option<&MessageRecord> {
        self.next_where(agent, |record| class_of(&record.message) != Class::Update)
    }

    /// The same among those that are so; the others are passed over.
    pub fn next_where(
        &self,
        agent: &AgentAddress,
        is_so: impl Fn(&MessageRecord) -> bool,
    ) -> Option<&MessageRecord> {
        let stand = |id: MessageId| match self.messages.get(&id) {
            None => Stand::Passed,
            Some(record) if record.state == MessageState::Accepted => Stand::Underway,
            Some(record) if record.is_uncertain || !is_so(record) => Stand::Passed,
            Some(_) => Stand::Ready,
        };
        self.queues.get(agent)?.next(stand).and_then(|id| self.messages.get(&id))
    }

    /// How many were accepted for an agent and not given to it.
    pub fn depth(&self, agent: &AgentAddress) -> usize {
        self.queues.get(agent).map_or(0, Queue::len)
    }

    /// How many of this sender were accepted for an agent and not given to it.
    pub fn depth_of(&self, agent: &AgentAddress, sender: &Sender) -> usize {
        self.queues.get(agent).map_or(0, |queue| queue.len_of(sender))
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
        self.door.apply(event, at);
        match event {
            Event::MessageAccepted { message, to, file } => {
                self.accept(message, to.as_ref(), file, at);
            }
            Event::MessageRevived { message, to, was } => {
                self.dead -= u32::from(*was == MessageState::Dead).min(self.dead);
                self.revive(message, to.as_ref(), at);
            }
            Event::MessageRefused { .. } => self.refused += 1,
            Event::MessageRouted { id } => self.route(*id, at),
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
                let reason = "its time ran out before it could be delivered";
                self.end(*id, MessageState::Expired, reason, at);
            }
            Event::MessageDied { id, reason } => {
                self.dead += 1;
                self.end(*id, MessageState::Dead, &reason.message, at);
            }
            Event::NudgeStarted { agent, spawn } => {
                self.nudges.entry(agent.clone()).or_default().attempt = Some(*spawn);
            }
            Event::NudgeEnded { agent, problem, .. } => self.end_nudge(agent, problem.as_ref(), at),
            Event::AgentStateChanged { agent, .. } | Event::AgentSignalled { agent, .. } => {
                self.hurry(agent);
            }
            Event::AgencyArchived { agency, .. } => {
                self.queues.retain(|whose, queue| !queue.is_empty() || whose.agency != *agency);
            }
            Event::AgentPaneOpened { agent, .. } => {
                self.hurry(agent);
                self.reopen_channels(agent);
            }
            _ => {}
        }
        self.apply_digests(event);
    }

    fn accept(
        &mut self,
        message: &Message,
        to: Option<&AgentAddress>,
        file: &Option<String>,
        at: Timestamp,
    ) {
        let record = MessageRecord {
            message: message.clone(),
            to: to.cloned(),
            state: MessageState::Accepted,
            accepted_at: Some(at),
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
            waits_since: None,
            digest: None,
        };
        if let Some(agent) = to {
            self.queues.entry(agent.clone()).or_default().push(message);
        }
        self.messages.insert(message.id, record);
        self.unrouted.insert(message.id);
    }

    /// A dead message begins its way anew.
    fn revive(&mut self, message: &Message, to: Option<&AgentAddress>, at: Timestamp) {
        if self.messages.get(&message.id).is_some_and(|record| !record.is_dead()) {
            return;
        }
        self.closed.retain(|(id, _)| *id != message.id);
        self.accept(message, to, &None, at);
    }

    fn route(&mut self, id: MessageId, at: Timestamp) {
        self.unrouted.remove(&id);
        let Some(record) = self.messages.get_mut(&id) else { return };
        if record.state != MessageState::Accepted {
            return;
        }
        record.state = MessageState::Routed;
        record.waits_since = Some(at);
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
            // Whatever became of it, its sender had its turn.
            if let Some(queue) = self.queues.get_mut(&agent) {
                queue.took_turn(&record.message);
            }
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
        let Some(record) = self.messages.get(&id) else { return };
        let Some(agent) = record.to.clone() else {
            self.for_operator.retain(|waiting| *waiting != id);
            return;
        };
        if let Some(queue) = self.queues.get_mut(&agent) {
            queue.remove(&record.message);
            // An update is given with others, in nobody's turn.
            let is_update = class_of(&record.message) == Class::Update;
            if record.state == MessageState::Delivered && !is_update {
                queue.took_turn(&record.message);
            }
        }
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
            self.closed.push_back((id, at));
        }
    }

    fn acknowledge(&mut self, id: MessageId, at: Timestamp) {
        let Some(record) = self.messages.get_mut(&id) else {
            if self.gone.unread.remove(&id).is_some() {
                self.unacknowledged = self.unacknowledged.saturating_sub(1);
            }
            return;
        };
        let is_closed = record.is_closed();
        if record.state == MessageState::Delivered && record.to.is_some() {
            self.unacknowledged = self.unacknowledged.saturating_sub(1);
        }
        record.state = MessageState::Acknowledged;
        record.acknowledged_at = Some(at);
        record.is_uncertain = false;
        self.leave_waiting(id);
        if !is_closed {
            self.closed.push_back((id, at));
        }
    }

    fn end(&mut self, id: MessageId, state: MessageState, reason: &str, at: Timestamp) {
        let Some(record) = self.messages.get_mut(&id) else { return };
        let is_closed = record.is_closed();
        record.state = state;
        record.attempt = None;
        record.submitted = None;
        record.is_uncertain = false;
        record.reason = Some(reason.to_owned());
        self.unrouted.remove(&id);
        self.leave_waiting(id);
        if !is_closed {
            self.closed.push_back((id, at));
        }
    }

    /// Lets go of closed messages that are neither among the newest nor closed just now.
    pub fn forget(&mut self, config: &QueueConfig, now: Timestamp) {
        while self.closed.len() > KEPT {
            let Some((id, at)) = self.closed.front().copied() else { return };
            if now.duration_since(at) < SETTLING && self.closed.len() <= MOST_KEPT {
                return;
            }
            self.closed.pop_front();
            let Some(record) = self.messages.remove(&id) else { continue };
            self.gone.add(&record.message);
            if let (MessageState::Delivered, Some(agent)) = (record.state, record.to) {
                // Whose it was is not known any more: nobody can acknowledge it.
                let given_up = self.gone.add_unread(id, agent).is_some();
                self.unacknowledged = self.unacknowledged.saturating_sub(u32::from(given_up));
            }
            self.gone.shorten(now, config.replay_window_s);
        }
    }

    /// Whether a message of this id was taken before, as far as is remembered.
    pub fn knows(&self, id: MessageId) -> bool {
        self.messages.contains_key(&id) || self.gone.contains(id)
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

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
