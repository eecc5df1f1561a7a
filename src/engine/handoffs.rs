//! Handoffs: finished work that one agency gives to another, and what that one says of it.
//!
//! ```text
//! offered ─► accepted ─► approved │ issues_found (a task to mend it) │ blocked │ rejected
//!     └────► declined (its task is given up)      └─► offered again: the next round
//! ```
//!
//! A handoff is a message; here is what follows from it. Its task waits as a draft until it is accepted,
//! and nothing of a handoff depends on the message still being known.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::handoff::HandoffState;
use crate::domain::id::{HandoffId, MessageId, TaskId};
use crate::domain::name::{Address, Name};
use crate::domain::protocol::{Handoff, Results};
use crate::engine::event::Event;

pub mod contract;

pub mod deciding;

pub mod finding;

mod following;

mod limits;

pub use deciding::{
    answered, branch_missed, check_answer, check_offer, check_results, offered, results,
};
pub use following::follow;

/// Every handoff.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Handoffs {
    /// By id.
    pub handoffs: BTreeMap<HandoffId, HandoffRecord>,
    /// Which one a task was written down for.
    pub tasks: BTreeMap<TaskId, HandoffId>,
    /// Which one a message offered.
    pub messages: BTreeMap<MessageId, HandoffId>,
}

/// Work as it is offered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// Its id.
    pub id: HandoffId,
    /// The message that offers it.
    pub message: MessageId,
    /// Who offers it: an agency, or the operator.
    pub from: Address,
    /// Whom it is for.
    pub to: Name,
    /// The task that was written down for it there.
    pub task: TaskId,
    /// The sender's task, if it is one of this workbench.
    pub origin: Option<TaskId>,
    /// What it is about.
    pub title: String,
    /// What was said of it.
    pub terms: Handoff,
    /// The first handoff of this work; itself, if it is that.
    pub first: HandoffId,
    /// 1 for the first time; one more after each answer.
    pub round: u32,
    /// By when it has to be accepted or declined.
    pub answer_by: Timestamp,
    /// The open handoff of the same work that this one replaces.
    pub replaces: Option<HandoffId>,
}

/// One handoff.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandoffRecord {
    /// What was offered.
    pub offer: Offer,
    /// How far it is.
    pub state: HandoffState,
    /// When it was offered.
    pub offered_at: Timestamp,
    /// When it was accepted or declined.
    pub taken_at: Option<Timestamp>,
    /// When the receiver means to have looked at it.
    pub estimated_completion: Option<Timestamp>,
    /// Why it was declined or withdrawn, or what the receiver remarked when it took it.
    pub words: Option<String>,
    /// What the receiver thinks of it, at last.
    pub results: Option<Results>,
    /// When it said so.
    pub answered_at: Option<Timestamp>,
    /// The task that follows from that.
    pub fix: Option<TaskId>,
    /// The handed branch, if it is not in the receiver's project.
    pub missing_branch: Option<String>,
}

impl Handoffs {
    /// The next handoff's id.
    pub fn next_id(&self) -> HandoffId {
        HandoffId(self.handoffs.last_key_value().map_or(1, |(id, _)| id.0 + 1))
    }

    /// The handoff that a task was written down for.
    pub fn of_task(&self, task: TaskId) -> Option<&HandoffRecord> {
        self.handoffs.get(self.tasks.get(&task)?)
    }

    /// The handoff for which a task waits: nobody has accepted it yet.
    pub fn holding(&self, task: TaskId) -> Option<&HandoffRecord> {
        self.of_task(task).filter(|it| it.offer.task == task && it.state == HandoffState::Offered)
    }

    /// The branch that was handed over for a task, or for the one that it mends.
    pub fn branch_for(&self, task: TaskId) -> Option<&str> {
        self.of_task(task)?.offer.terms.branch.as_deref().map(str::trim).filter(|it| !it.is_empty())
    }

    /// Takes an event in.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::HandoffOffered { offer } => self.offer(offer, at),
            Event::HandoffAccepted { id, estimated_completion, notes, .. } => {
                self.change(*id, |record| {
                    record.state = HandoffState::Accepted;
                    record.taken_at = Some(at);
                    record.estimated_completion = *estimated_completion;
                    record.words.clone_from(notes);
                });
            }
            Event::HandoffDeclined { id, reason, .. } => self.change(*id, |record| {
                record.state = HandoffState::Declined;
                record.taken_at = Some(at);
                record.words = Some(reason.clone());
            }),
            Event::HandoffAnswered { id, results, fix, .. } => {
                self.tasks.extend(fix.map(|fix| (fix, *id)));
                self.change(*id, |record| {
                    record.state = results.status.into();
                    record.results = Some((**results).clone());
                    record.answered_at = Some(at);
                    record.fix = fix.or(record.fix);
                });
            }
            Event::HandoffWithdrawn { id, reason } => self.change(*id, |record| {
                record.state = HandoffState::Withdrawn;
                record.words = Some(reason.clone());
            }),
            Event::HandedBranchMissed { id, branch, .. } => {
                self.change(*id, |record| record.missing_branch = Some(branch.clone()));
            }
            _ => {}
        }
    }

    fn offer(&mut self, offer: &Offer, at: Timestamp) {
        self.tasks.insert(offer.task, offer.id);
        self.messages.insert(offer.message, offer.id);
        let record = HandoffRecord {
            offer: offer.clone(),
            state: HandoffState::Offered,
            offered_at: at,
            taken_at: None,
            estimated_completion: None,
            words: None,
            results: None,
            answered_at: None,
            fix: None,
            missing_branch: None,
        };
        self.handoffs.insert(offer.id, record);
    }

    fn change(&mut self, id: HandoffId, change: impl FnOnce(&mut HandoffRecord)) {
        if let Some(record) = self.handoffs.get_mut(&id) {
            change(record);
        }
        self.forget();
    }
}

#[cfg(test)]
mod tests;
