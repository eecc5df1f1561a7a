//! Waits: which agent does nothing until another one has answered, so that none waits for itself.
//!
//! A wait is bounded: it ends with its question, with its time, when its agent says so, and with that
//! agent's life. Only agents count: a person who waits can do something else meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::id::{MessageId, SpawnId};
use crate::domain::name::AgentAddress;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::event::Event;
use crate::engine::state::State;

/// Who waits, by question.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Waits {
    /// By the question's id.
    pub open: BTreeMap<MessageId, Wait>,
}

/// One agent that waits for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// Who waits.
    pub agent: AgentAddress,
    /// For whom.
    pub on: AgentAddress,
    /// In which of its lives.
    pub spawn: Option<SpawnId>,
    /// Until then at the longest.
    pub until: Timestamp,
}

impl Waits {
    /// Takes an event in.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::WaitBegun { question, agent, on, spawn, until } => {
                // What is over by now is nobody's any more.
                self.open.retain(|_, wait| wait.until > at);
                let (agent, on, spawn, until) = (agent.clone(), on.clone(), *spawn, *until);
                self.open.insert(*question, Wait { agent, on, spawn, until });
            }
            Event::WaitEnded { question: id }
            | Event::RequestAnswered { id, .. }
            | Event::RequestClosed { id, .. } => {
                self.open.remove(id);
            }
            _ => {}
        }
    }
}

/// Whether that agent still sits there and waits.
fn is_waiting(state: &State, wait: &Wait, now: Timestamp) -> bool {
    let record = state.sessions.agent(&wait.agent);
    wait.until > now
        && record.is_some_and(|record| record.spawn == wait.spawn && record.state.is_alive())
}

/// Questions that agents wait for, first the one that `from` waits for, up to one that waits for `target`: the way
/// by which `from` waits for `target`. None: it does not.
fn way(
    state: &State,
    from: &AgentAddress,
    target: &AgentAddress,
    now: Timestamp,
) -> Option<Vec<(MessageId, Wait)>> {
    let mut seen: BTreeSet<&AgentAddress> = BTreeSet::from([from]);
    let mut ways: Vec<(&AgentAddress, Vec<(MessageId, &Wait)>)> = vec![(from, Vec::new())];
    while let Some((agent, way)) = ways.pop() {
        for (question, wait) in &state.requests.waits.open {
            if wait.agent != *agent || !is_waiting(state, wait, now) {
                continue;
            }
            let mut way = way.clone();
            way.push((*question, wait));
            if wait.on == *target {
                return Some(way.into_iter().map(|(id, wait)| (id, wait.clone())).collect());
            }
            if seen.insert(&wait.on) {
                ways.push((&wait.on, way));
            }
        }
    }
    None
}

/// Refuses a wait that would close a circle: `agent` would wait for `on`, who already waits for `agent`.
pub fn require_no_cycle(
    state: &State,
    agent: &AgentAddress,
    on: &AgentAddress,
    now: Timestamp,
) -> Result<(), Refusal> {
    let Some(way) = way(state, on, agent, now) else { return Ok(()) };
    let mut words = format!("`{agent}` would wait for `{on}`");
    for (_, wait) in &way {
        words.push_str(&format!(", who waits for `{}`", wait.on));
    }
    let refusal = Refusal::new(RefusalKind::Conflict, "waiting_cycle", words);
    let Some((owed, wait)) = way.last() else { return Err(refusal) };
    Err(refusal.with_hint(format!(
        "answer message {owed} first: agency send {} \"…\" --in-reply-to {owed}",
        wait.agent
    )))
}
