//! Requests: every message that somebody must answer, who holds it now, and how far up it has gone.
//!
//! ```text
//! opened ─► chased ─► escalated ─► chased ─► … ─► with the operator
//!    └────────┴───────────┴──────────┴── answered, or closed with a reason
//! ```
//!
//! A request keeps what it needs itself: it does not depend on its message being remembered. It only
//! climbs, one level at a time, and what is closed stays closed. Deciding is in [`deciding`], the
//! rules of the climb in [`ladder`]; [`looking`] and [`tending`] take the steps.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use crate::domain::request::{Level, RequestKind};

use crate::domain::id::{MessageId, TaskId};
use crate::domain::message::Priority;
use crate::domain::name::{Address, AgentAddress};
use crate::engine::event::Event;
use crate::engine::requests::broadcasts::Broadcasts;
use crate::engine::requests::waits::Waits;

pub mod announcing;

pub mod broadcasts;

pub mod deciding;

pub mod ladder;

pub mod looking;

pub mod tending;

pub mod waits;

pub mod words;

pub use deciding::{
    Opening, answered, asked, follow, open, redirect, renewed, request_of, withdrawn,
};
pub use looking::{look, rang};

/// Closed requests that are remembered; older ones are in the ledger.
const REMEMBERED: usize = 200;

/// Repetitions of a request that are remembered: who answers, answers one of the last.
const REPEATS: usize = 8;

/// Every request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Requests {
    /// Those that wait for an answer; ids sort by time.
    pub open: BTreeMap<MessageId, Request>,
    /// The last ones that do not, in the order in which they ended.
    pub closed: Vec<Request>,
    /// Open ones by the agent that holds them now.
    pub held: BTreeMap<AgentAddress, BTreeSet<MessageId>>,
    /// Our own messages about open ones: reminders, escalations.
    pub told: BTreeMap<MessageId, BTreeSet<MessageId>>,
    /// When an agent that holds something was reminded last.
    pub reminded: BTreeMap<AgentAddress, Timestamp>,
    /// Who waits for whom.
    pub waits: Waits,
    /// Messages to everyone.
    pub broadcasts: Broadcasts,
}

/// One message that somebody must answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The message's id.
    pub id: MessageId,
    /// What kind of answer is owed.
    pub kind: RequestKind,
    /// To whom.
    pub asker: Address,
    /// Who was asked: an agent or the operator.
    pub asked: Address,
    /// The task it is about.
    pub task: Option<TaskId>,
    /// How urgent.
    pub priority: Priority,
    /// What is asked, in one line.
    pub text: String,
    /// Since when.
    pub opened_at: Timestamp,
    /// By when it was to be answered.
    pub due: Option<Timestamp>,
    /// How far up it is.
    pub level: Level,
    /// Who must answer now: an agent or the operator.
    pub holder: Address,
    /// Since when that one.
    pub since: Timestamp,
    /// What was done about it, oldest first: at most a reminder and a climb for each level.
    pub steps: Vec<Taken>,
    /// The last messages that asked for the same again; a reply to one of them answers it.
    #[serde(default)]
    pub repeats: Vec<MessageId>,
    /// How it ended; none: it is open.
    pub end: Option<End>,
}

/// A reminder or a climb.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub what: What,
    /// At which level, or up to which.
    pub level: Level,
    /// To whom.
    pub to: Address,
    /// The message about it.
    pub message: Option<MessageId>,
    /// Why it went up, and which levels were left out.
    pub reason: Option<String>,
}

/// What was done about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Whoever holds it was reminded.
    Chased,
    /// It went up.
    Escalated,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// Who answered; none: nobody had to any more.
    pub by: Option<Address>,
    /// The answer.
    pub with: Option<MessageId>,
    /// Why nobody has to answer any more.
    pub reason: Option<String>,
}

impl Request {
    /// When whoever holds it now was reminded.
    pub fn chased_at(&self) -> Option<Timestamp> {
        let last = self.steps.last().filter(|step| step.what == What::Chased)?;
        Some(last.at)
    }

    /// Whether this one was ever asked for the answer: at first, or on the way up.
    pub fn was_put_to(&self, address: &Address) -> bool {
        self.asked == *address || self.holder == *address || self.was_passed_to(address)
    }

    fn was_passed_to(&self, address: &Address) -> bool {
        self.steps.iter().any(|step| step.what == What::Escalated && step.to == *address)
    }

    /// Our own messages about it.
    pub fn messages(&self) -> impl Iterator<Item = MessageId> {
        self.steps.iter().filter_map(|step| step.message)
    }

    fn held_by(&self) -> Option<&AgentAddress> {
        match &self.holder {
            Address::Agent(agent) => Some(agent),
            Address::Agency(_) | Address::Operator | Address::Workbench | Address::Everyone => None,
        }
    }
}

impl Requests {
    /// A request that is open or was not long ago.
    pub fn find(&self, id: MessageId) -> Option<&Request> {
        self.open.get(&id).or_else(|| self.closed.iter().rev().find(|request| request.id == id))
    }

    /// Takes an event in.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::RequestOpened { .. } => self.open(event, at),
            Event::RequestRenewed { id, message, priority, due, text } => {
                let Some(request) = self.open.get_mut(id) else { return };
                (request.priority, request.due) = (*priority, *due);
                request.text.clone_from(text);
                self.repeat(*id, *message);
            }
            Event::RequestChased { id, to, message } => {
                if let Address::Agent(agent) = to {
                    self.reminded.insert(agent.clone(), at);
                }
                self.step(*id, *message, |request| Taken {
                    at,
                    what: What::Chased,
                    level: request.level,
                    to: to.clone(),
                    message: *message,
                    reason: None,
                });
            }
            Event::RequestEscalated { id, level, to, reason, skipped, message } => {
                self.let_go(*id);
                self.step(*id, *message, |request| {
                    (request.level, request.holder, request.since) = (*level, to.clone(), at);
                    let reasons = std::iter::once(reason).chain(skipped).map(String::as_str);
                    Taken {
                        at,
                        what: What::Escalated,
                        level: *level,
                        to: to.clone(),
                        message: *message,
                        reason: Some(reasons.collect::<Vec<_>>().join("; ")),
                    }
                });
                self.hold(*id);
            }
            Event::RequestAnswered { id, by, with } => {
                let end = End { at, by: Some(by.clone()), with: *with, reason: None };
                self.close(*id, end);
            }
            Event::RequestClosed { id, reason } => {
                let end = End { at, by: None, with: None, reason: Some(reason.clone()) };
                self.close(*id, end);
            }
            _ => {}
        }
        self.waits.apply(event, at);
        self.broadcasts.apply(event, at);
    }

    fn open(&mut self, event: &Event, at: Timestamp) {
        let Event::RequestOpened { id, kind, asker, asked, task, priority, due, text, level } =
            event
        else {
            return;
        };
        let request = Request {
            id: *id,
            kind: *kind,
            asker: asker.clone(),
            asked: asked.clone(),
            task: *task,
            priority: *priority,
            text: text.clone(),
            opened_at: at,
            due: *due,
            level: *level,
            holder: asked.clone(),
            since: at,
            steps: Vec::new(),
            repeats: Vec::new(),
            end: None,
        };
        self.open.insert(*id, request);
        self.hold(*id);
    }

    fn step(
        &mut self,
        id: MessageId,
        message: Option<MessageId>,
        taken: impl FnOnce(&mut Request) -> Taken,
    ) {
        let Some(request) = self.open.get_mut(&id) else { return };
        let taken = taken(request);
        request.steps.push(taken);
        if let Some(message) = message {
            self.told.entry(message).or_default().insert(id);
        }
    }

    fn repeat(&mut self, id: MessageId, message: MessageId) {
        let Some(request) = self.open.get_mut(&id) else { return };
        request.repeats.push(message);
        let surplus = request.repeats.len().saturating_sub(REPEATS);
        let forgotten: Vec<MessageId> = request.repeats.drain(..surplus).collect();
        self.told.entry(message).or_default().insert(id);
        self.forget(id, forgotten);
    }

    /// These messages are not about a request any more.
    fn forget(&mut self, id: MessageId, messages: Vec<MessageId>) {
        for message in messages {
            let Some(about) = self.told.get_mut(&message) else { continue };
            about.remove(&id);
            if about.is_empty() {
                self.told.remove(&message);
            }
        }
    }

    fn hold(&mut self, id: MessageId) {
        let holder = self.open.get(&id).and_then(Request::held_by).cloned();
        if let Some(holder) = holder {
            self.held.entry(holder).or_default().insert(id);
        }
    }

    fn let_go(&mut self, id: MessageId) {
        let Some(holder) = self.open.get(&id).and_then(Request::held_by).cloned() else { return };
        let Some(held) = self.held.get_mut(&holder) else { return };
        held.remove(&id);
        if held.is_empty() {
            self.held.remove(&holder);
            self.reminded.remove(&holder);
        }
    }

    fn close(&mut self, id: MessageId, end: End) {
        self.let_go(id);
        let Some(mut request) = self.open.remove(&id) else { return };
        let about = request.messages().chain(request.repeats.iter().copied()).collect();
        self.forget(id, about);
        request.end = Some(end);
        self.closed.push(request);
        let surplus = self.closed.len().saturating_sub(REMEMBERED);
        self.closed.drain(..surplus);
    }
}

#[cfg(test)]
mod tests;
