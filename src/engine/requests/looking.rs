//! Looking: which requests a decision touches, and which of them it settles.
//!
//! Every request whose holder, agency, task or message changed gets its next step, at once or by the clock.
//! A request that is opened in a decision is not settled by what happened in the same one.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::{MessageId, TaskId};
use crate::domain::name::{Address, AgentAddress, Name};
use crate::engine::event::Event;
use crate::engine::requests::{Request, RequestKind, announcing, answered, tending, withdrawn};
use crate::engine::state::State;
use crate::engine::step::Step;

/// What a decision changed.
#[derive(Debug, Default)]
struct Touched {
    /// Requests that were opened.
    opened: BTreeSet<MessageId>,
    /// Messages that were acknowledged.
    read: BTreeSet<MessageId>,
    /// Messages whose time ran out, and those that died.
    lost: BTreeSet<MessageId>,
    /// Agents whose state is another one.
    agents: BTreeSet<AgentAddress>,
    /// Agencies that stopped, went, or have another crew.
    agencies: BTreeSet<Name>,
    /// Tasks in whose way nothing is any more, and what became of them.
    cleared: BTreeMap<TaskId, &'static str>,
    /// Tasks that were given up.
    given_up: BTreeSet<TaskId>,
    /// Settings, or the start of a supervisor: everything.
    is_everything: bool,
}

/// Looks at what this decision changed.
pub fn look(step: &mut Step<'_>) {
    let mut touched = Touched::default();
    step.events.iter().for_each(|(_, event)| touched.see(event));
    if !step.state().requests.open.is_empty() {
        settle(step, &touched);
        let ids = touched.ids(step.state());
        if !ids.is_empty() {
            tending::tend(step, &ids);
        }
    }
    announcing::report_ended(step);
}

/// The clock: everything that is open is looked at.
pub fn rang(step: &mut Step<'_>) {
    let ids = step.state().requests.open.keys().copied().collect();
    tending::tend(step, &ids);
    announcing::report_ended(step);
}

impl Touched {
    fn see(&mut self, event: &Event) {
        match event {
            Event::RequestOpened { id, .. } => {
                self.opened.insert(*id);
            }
            Event::MessageAcknowledged { id } => {
                self.read.insert(*id);
            }
            Event::MessageExpired { id } | Event::MessageDied { id, .. } => {
                self.lost.insert(*id);
            }
            Event::AgentStateChanged { agent, .. }
            | Event::AgentSignalled { agent, .. }
            | Event::AgentPaneLost { agent, .. } => {
                self.agents.insert(agent.clone());
            }
            Event::AgencyStopped { agency }
            | Event::AgencyRemoving { agency, .. }
            | Event::AgencyArchived { agency, .. }
            | Event::AgentDismissed { agency, .. } => {
                self.agencies.insert(agency.clone());
            }
            Event::AgencyDefined { definition } => {
                self.agencies.insert(definition.name.clone());
            }
            Event::TaskUnblocked { task } => {
                self.cleared.insert(*task, "goes on");
            }
            Event::TaskCompleted { task, .. } => {
                self.cleared.insert(*task, "is complete");
            }
            Event::TaskCancelled { task, .. } => {
                self.given_up.insert(*task);
            }
            Event::WorkbenchConfigured { .. } | Event::SupervisorStarted { .. } => {
                self.is_everything = true;
            }
            _ => {}
        }
    }

    fn ids(&self, state: &State) -> BTreeSet<MessageId> {
        let requests = &state.requests;
        if self.is_everything {
            return requests.open.keys().copied().collect();
        }
        let mut ids: BTreeSet<MessageId> = self.opened.union(&self.lost).copied().collect();
        for agent in &self.agents {
            ids.extend(requests.held.get(agent).into_iter().flatten());
        }
        if !self.agencies.is_empty() {
            let own = requests.open.values().filter(|request| self.is_of_agencies(request));
            ids.extend(own.map(|request| request.id));
        }
        ids.retain(|id| requests.open.contains_key(id));
        ids
    }

    fn is_of_agencies(&self, request: &Request) -> bool {
        let is_theirs = |address: &Address| {
            address.agency().is_some_and(|agency| self.agencies.contains(agency))
        };
        is_theirs(&request.holder) || is_theirs(&request.asker)
    }
}

/// Closes what needs no answer any more, and notes what was acknowledged.
fn settle(step: &mut Step<'_>, touched: &Touched) {
    for id in &touched.read {
        let request = step.state().requests.open.get(id);
        let holder = request.filter(|request| request.kind == RequestKind::Acknowledgement);
        if let Some(by) = holder.map(|request| request.holder.clone()) {
            answered(step, *id, &by, None);
        }
    }
    for id in &touched.lost {
        let record = step.state().mail.messages.get(id);
        let has_expired = record
            .is_some_and(|record| record.state == crate::domain::message::MessageState::Expired);
        if has_expired && step.state().requests.open.contains_key(id) {
            withdrawn(step, *id, "its time ran out before it could be delivered");
        }
    }
    if touched.cleared.is_empty() && touched.given_up.is_empty() {
        return;
    }
    let open = step.state().requests.open.values();
    let older = open.filter(|request| !touched.opened.contains(&request.id));
    let settled: Vec<(MessageId, String)> =
        older.filter_map(|request| Some((request.id, touched.settles(request)?))).collect();
    for (id, reason) in settled {
        withdrawn(step, id, &reason);
    }
}

impl Touched {
    /// Why a request about a task needs no answer any more.
    fn settles(&self, request: &Request) -> Option<String> {
        let task = request.task?;
        if self.given_up.contains(&task) {
            return Some(format!("`{task}` was given up"));
        }
        let cleared = self.cleared.get(&task).filter(|_| request.kind == RequestKind::Blocker);
        cleared.map(|what| format!("`{task}` {what}"))
    }
}
