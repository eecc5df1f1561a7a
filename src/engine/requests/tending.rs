//! Tending: the steps that are due are taken, one for each request, and the clock is set for the next.
//!
//! What is due for the same agent goes into one message, so that nobody is flooded. A message of ours that
//! cannot be sent keeps no request from going on: the step is recorded without one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::domain::command::Actor;
use crate::domain::id::MessageId;
use crate::domain::message::{DeadReason, Draft, MessageState, MessageType, OwnType, Priority};
use crate::domain::name::{Address, AgentAddress};
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::Timer;
use crate::engine::mail;
use crate::engine::requests::ladder::{self, Move, Rung};
use crate::engine::requests::{Request, withdrawn, words};
use crate::engine::step::Step;

/// What is due, by what is done.
#[derive(Debug, Default)]
struct Due {
    close: Vec<(MessageId, String)>,
    climb: Vec<(MessageId, String)>,
    lapse: BTreeMap<AgentAddress, Vec<MessageId>>,
    chase: BTreeSet<AgentAddress>,
}

/// Takes the steps of these requests that are due, and asks to be woken for the next ones.
pub fn tend(step: &mut Step<'_>, ids: &BTreeSet<MessageId>) {
    let due = due(step, ids);
    for (id, reason) in due.close {
        withdrawn(step, id, &reason);
    }
    climb(step, due.climb);
    for (agent, ids) in due.lapse {
        lapse(step, &agent, &ids);
    }
    for agent in due.chase {
        chase(step, &agent);
    }
    let requests = &step.state().requests;
    let open = ids.iter().filter_map(|id| requests.open.get(id));
    let next = open.filter_map(|request| ladder::next(step.state(), request, step.now.at));
    if let Some(at) = next.map(|next| next.at).min() {
        step.perform(Effect::WakeAt { at, timer: Timer::Requests });
    }
}

fn due(step: &Step<'_>, ids: &BTreeSet<MessageId>) -> Due {
    let mut due = Due::default();
    for id in ids {
        let Some(request) = step.state().requests.open.get(id) else { continue };
        let next = ladder::next(step.state(), request, step.now.at);
        let Some(next) = next.filter(|next| next.at <= step.now.at) else { continue };
        match (next.what, &request.holder) {
            (Move::Close { reason }, _) => due.close.push((*id, reason)),
            (Move::Climb { reason }, _) => due.climb.push((*id, reason)),
            (Move::Lapse, Address::Agent(agent)) => {
                due.lapse.entry(agent.clone()).or_default().push(*id);
            }
            (Move::Chase, Address::Agent(agent)) => {
                due.chase.insert(agent.clone());
            }
            (Move::Lapse | Move::Chase, _) => {}
        }
    }
    due
}

/// Requests go up; whoever gets several of them gets one message.
fn climb(step: &mut Step<'_>, due: Vec<(MessageId, String)>) {
    let mut rungs: BTreeMap<Address, Vec<(MessageId, String, Rung)>> = BTreeMap::new();
    for (id, reason) in due {
        let Some(request) = step.state().requests.open.get(&id) else { continue };
        let rung = ladder::above(step.state(), request, step.now.at);
        rungs.entry(rung.holder.clone()).or_default().push((id, reason, rung));
    }
    for (to, climbing) in rungs {
        let ids: Vec<MessageId> = climbing.iter().map(|(id, ..)| *id).collect();
        let message = match to {
            // What is with the operator is on the operator's list.
            Address::Operator => None,
            _ => {
                let mut requests = found(step, &ids);
                // What can be done about it is said for whoever gets it.
                for (request, (.., rung)) in requests.iter_mut().zip(&climbing) {
                    (request.level, request.holder) = (rung.level, rung.holder.clone());
                }
                let why: Vec<String> = climbing.iter().map(|(_, why, _)| why.clone()).collect();
                let text = words::escalation(&requests, &why, step.now.at);
                tell(step, OwnType::Escalation, &to, &requests, text)
            }
        };
        for (id, reason, Rung { level, holder, skipped }) in climbing {
            step.record(Event::RequestEscalated {
                id,
                level,
                to: holder,
                reason,
                skipped,
                message,
            });
        }
    }
}

/// An agent is reminded of everything that is due, or will be before it could be reminded again.
fn chase(step: &mut Step<'_>, agent: &AgentAddress) {
    let (state, now) = (step.state(), step.now.at);
    let held = state.requests.held.get(agent).into_iter().flatten();
    let held = held.filter_map(|id| state.requests.open.get(id));
    let is_due = |request: &&Request| {
        let soon = now.saturating_add(ladder::quiet(state, request)).unwrap_or(now);
        ladder::next(state, request, now)
            .is_some_and(|next| next.what == Move::Chase && next.at <= soon)
    };
    let requests: Vec<Request> = held.filter(is_due).cloned().collect();
    let to = Address::Agent(agent.clone());
    let text = words::chase(&requests, now);
    let message = tell(step, OwnType::Alert, &to, &requests, text);
    for request in requests {
        step.record(Event::RequestChased { id: request.id, to: to.clone(), message });
    }
}

/// The time of a broadcast is over: who has not acknowledged it is told so once.
fn lapse(step: &mut Step<'_>, agent: &AgentAddress, ids: &[MessageId]) {
    let requests = found(step, ids);
    let to = Address::Agent(agent.clone());
    let is_there = ladder::obstacle(step.state(), agent, step.now.at).is_none();
    let text = words::lapse(&requests);
    let message = if is_there { tell(step, OwnType::Alert, &to, &requests, text) } else { None };
    for request in requests {
        let id = request.id;
        if message.is_some() {
            step.record(Event::RequestChased { id, to: to.clone(), message });
        }
        let reason = ladder::obstacle(step.state(), agent, step.now.at);
        let reason = reason.unwrap_or_else(|| "not acknowledged in time".to_owned());
        step.record(Event::RequestClosed { id, reason });
    }
}

fn found(step: &Step<'_>, ids: &[MessageId]) -> Vec<Request> {
    ids.iter().filter_map(|id| step.state().requests.open.get(id).cloned()).collect()
}

/// Sends a message of the workbench's own about these requests; none if that cannot be sent.
fn tell(
    step: &mut Step<'_>,
    kind: OwnType,
    to: &Address,
    about: &[Request],
    text: String,
) -> Option<MessageId> {
    let mut draft = Draft::new(MessageType::own(kind), to.clone(), Value::String(text));
    draft.priority = about.iter().map(|request| request.priority).max().unwrap_or(Priority::Normal);
    if let [one] = about {
        draft.in_reply_to = Some(one.id);
        draft.task = one.task.map(|task| task.to_string());
    }
    send(step, draft)
}

/// Sends as the workbench.
pub fn send(step: &mut Step<'_>, draft: Draft) -> Option<MessageId> {
    let actor = std::mem::replace(&mut step.actor, Actor::Supervisor);
    let sent = mail::send(step, draft).ok();
    step.actor = actor;
    sent
}

/// Takes back what of our own about a request still waits to be delivered: nobody is reminded of what is settled.
pub fn take_back(step: &mut Step<'_>, id: MessageId) {
    let state = step.state();
    let Some(request) = state.requests.open.get(&id) else { return };
    let is_only = |message: &MessageId| {
        state.requests.told.get(message).is_some_and(|about| about.len() == 1)
    };
    let waiting: Vec<(MessageId, AgentAddress)> = request
        .messages()
        .filter(is_only)
        .filter_map(|message| state.mail.messages.get(&message))
        .filter(|record| record.state == MessageState::Routed && record.attempt.is_none())
        // What may stand in an input line is still known by its text.
        .filter(|record| !record.is_uncertain)
        .filter_map(|record| Some((record.message.id, record.to.clone()?)))
        .collect();
    for (id, to) in waiting {
        step.record(Event::MessageExpired { id });
        let message = "what it is about is settled".to_owned();
        let reason = DeadReason::new("settled", message, step.now.at);
        step.perform(Effect::Bury { to, id, reason });
    }
}
