//! Delivery: which message is typed into which pane, and what is made of the outcome.
//!
//! A message is offered only to an agent that can take it, one at a time per agent, and *that it is
//! about to be typed is in the ledger before it is typed*. A supervisor that dies in between finds that
//! event without an outcome: the delivery is uncertain, the agent gets a hint to look into its
//! mailbox, and the text is never typed a second time by itself.

use jiff::SignedDuration;

use crate::domain::agency::AgentState;
use crate::domain::id::{MessageId, SpawnId};
use crate::domain::name::AgentAddress;
use crate::engine::effect::{Effect, Target};
use crate::engine::event::{DeliveredBy, Event};
use crate::engine::input::Timer;
use crate::engine::sessions::runtime_of;
use crate::engine::step::Step;
use crate::engine::wording;
use crate::ports::terminals::Typed;

/// Hints about the same unread messages before a person is asked: three, then it is the operator's.
pub const MAX_NUDGES: u32 = 3;

/// Offers every agent with waiting messages its next one.
pub fn offer_all(step: &mut Step<'_>) {
    if step.state().mail.waiting.is_empty() {
        return;
    }
    let agents: Vec<AgentAddress> = step.state().mail.waiting.keys().cloned().collect();
    for agent in agents {
        offer(step, &agent);
    }
}

fn offer(step: &mut Step<'_>, agent: &AgentAddress) {
    if step.state().mail.is_typing(agent) {
        return;
    }
    let Some(target) = target_of(step, agent) else { return };
    if offer_nudge(step, &target) {
        return;
    }
    let Some(record) = step.state().mail.next_for(agent) else { return };
    let message = record.message.clone();
    if let Some(at) = record.not_before.filter(|at| *at > step.now.at) {
        step.perform(Effect::WakeAt { at, timer: Timer::Offer });
        return;
    }
    if message.expires_at.is_some_and(|at| at <= step.now.at) {
        crate::engine::mail::expire(step);
        // It is gone now: the next one's turn.
        offer(step, agent);
        return;
    }
    let text = wording::text_for(&target.input_line, &message);
    step.record(Event::DeliveryStarted { id: message.id, spawn: target.spawn });
    step.perform(Effect::TypeMessage {
        id: message.id,
        target,
        text,
        token: wording::token(message.id),
    });
}

/// The pane to type into, if the agent can take text now.
fn target_of(step: &Step<'_>, agent: &AgentAddress) -> Option<Target> {
    let record = step.state().sessions.agent(agent)?;
    let runtime = runtime_of(step.state(), agent)?;
    let input_line = runtime.input_line?;
    let is_open = match record.state {
        // Who is blocked waits for a word; whether its input line can take one, its screen says.
        AgentState::Idle | AgentState::Waiting | AgentState::Blocked => true,
        // Its screen alone decides.
        AgentState::Unknown => !runtime.reports_state,
        AgentState::Starting
        | AgentState::Working
        | AgentState::Permission
        | AgentState::Limited
        | AgentState::Crashed
        | AgentState::Exited
        | AgentState::Stopped => false,
    };
    if !is_open {
        return None;
    }
    Some(Target {
        agent: agent.clone(),
        spawn: record.spawn?,
        pane: record.pane.clone()?,
        input_line,
    })
}

/// Hints at messages whose delivery is uncertain; true if that was done now.
fn offer_nudge(step: &mut Step<'_>, target: &Target) -> bool {
    let Some(nudge) = step.state().mail.nudges.get(&target.agent) else { return false };
    if nudge.shown >= MAX_NUDGES || !step.state().mail.is_any_doubtful(&target.agent) {
        return false;
    }
    if let Some(at) = nudge.not_before.filter(|at| *at > step.now.at) {
        step.perform(Effect::WakeAt { at, timer: Timer::Offer });
        return false;
    }
    let waiting =
        step.state().mail.waiting.get(&target.agent).map(Vec::as_slice).unwrap_or_default();
    let records = waiting.iter().filter_map(|id| step.state().mail.messages.get(id));
    let doubtful = records.filter(|record| record.is_uncertain);
    // Whoever pasted one of them, or the hint itself, may have died before Enter.
    let mut left_over: Vec<String> =
        doubtful.map(|record| wording::text_for(&target.input_line, &record.message)).collect();
    let (text, token) = wording::nudge(left_over.len(), target.spawn, nudge.shown);
    left_over.push(text.clone());
    step.record(Event::NudgeStarted { agent: target.agent.clone(), spawn: target.spawn });
    step.perform(Effect::TypeNudge { target: target.clone(), text, token, left_over });
    true
}

/// A message was typed, or not.
pub fn message_typed(
    step: &mut Step<'_>,
    agent: &AgentAddress,
    spawn: SpawnId,
    id: MessageId,
    outcome: Typed,
) {
    let Some(record) = step.state().mail.messages.get(&id) else { return };
    // The agent may have fetched it in the meantime.
    if record.attempt != Some(spawn) {
        return;
    }
    match outcome {
        Typed::Submitted => {
            step.record(Event::MessageDelivered { id, by: DeliveredBy::Pane });
            step.perform(Effect::MarkDelivered { to: agent.clone(), id });
        }
        Typed::NotReady { reason } => {
            let pause = crate::engine::mail::pause_ms(record.deferrals);
            step.record(Event::DeliveryDeferred { id, reason });
            let at = step
                .now
                .at
                .saturating_add(SignedDuration::from_millis(pause))
                .unwrap_or(step.now.at);
            step.perform(Effect::WakeAt { at, timer: Timer::Offer });
        }
        Typed::Uncertain { reason } => step.record(Event::DeliveryUncertain { id, reason }),
    }
}

/// A hint was typed, or not.
pub fn nudge_typed(step: &mut Step<'_>, agent: AgentAddress, spawn: SpawnId, outcome: Typed) {
    let attempt = step.state().mail.nudges.get(&agent).and_then(|nudge| nudge.attempt);
    if attempt != Some(spawn) {
        return;
    }
    let problem = match outcome {
        // What may stand there counts: a hint that never shows must not be typed for ever.
        Typed::Submitted | Typed::Uncertain { .. } => None,
        Typed::NotReady { reason } => Some(reason),
    };
    step.record(Event::NudgeEnded { agent, spawn, problem });
}

#[cfg(test)]
mod tests;
