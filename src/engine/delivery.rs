//! Delivery: which message is given to which agent, which way, and what is made of the outcome.
//!
//! A channel of the program's own comes before its pane. A message is offered only to an agent that can take
//! it, one at a time per agent, and *that it is about to be given is in the ledger before it is given*. A supervisor that dies in between finds that
//! event without an outcome: the delivery is uncertain, the agent gets a hint to look into its
//! mailbox, and the text is never typed a second time by itself.

use jiff::{SignedDuration, Timestamp};

use crate::domain::agency::AgentState;
use crate::domain::id::{MessageId, SpawnId};
use crate::domain::message::Message;
use crate::domain::name::AgentAddress;
use crate::engine::effect::{Effect, Target};
use crate::engine::event::{DeliveredBy, Event};
use crate::engine::input::Timer;
use crate::engine::pacing::{self, Class};
use crate::engine::sessions::runtime_of;
use crate::engine::state::State;
use crate::engine::step::Step;
use crate::engine::wording;
use crate::ports::terminals::Typed;

pub mod confirming;
pub mod digesting;
pub mod offering;

pub use confirming::turn_began;

/// Hints about the same unread messages before a person is asked: three, then it is the operator's.
pub const MAX_NUDGES: u32 = 3;

fn offer(step: &mut Step<'_>, agent: &AgentAddress) {
    confirming::watch(step, agent);
    if step.state().mail.is_typing(agent) {
        return;
    }
    wake_past_limit(step, agent);
    let pane = pane_of(step, agent);
    if let Some(target) = pane.clone().or_else(|| unread_pane(step.state(), agent))
        && offer_nudge(step, &target)
    {
        return;
    }
    let Some(record) = step.state().mail.next_for(agent) else {
        return digesting::offer(step, agent, pane);
    };
    let pane = match pacing::class_of(&record.message) {
        Class::Critical => pane.or_else(|| working_pane(step.state(), agent)),
        Class::Word | Class::Update => pane,
    };
    let Some((way, target)) = way_to(step, agent, record.is_channel_shut, pane) else { return };
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
    give(step, &message, way, target);
}

/// Gives one message as it is.
fn give(step: &mut Step<'_>, message: &Message, way: Way, target: Target) {
    let (id, token) = (message.id, wording::token(message.id));
    let text = match way {
        Way::Channel => wording::text_to_hand_over(message),
        Way::Pane => wording::text_for(&target.input_line, message),
    };
    let channel = way == Way::Channel;
    step.record(Event::DeliveryStarted { id, spawn: target.spawn, channel });
    step.perform(match way {
        Way::Channel => Effect::HandOver { id, target, text, token },
        Way::Pane => {
            let short = wording::short_for(message);
            Effect::TypeMessage { id, target, text, short, token }
        }
    });
}

/// How a message gets to its agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Through a channel of the program's own.
    Channel,
    /// Typed into its pane.
    Pane,
}

/// The way that a message takes now, if the agent can take one: the channel before the pane, but not a channel
/// that did not take this very message, unless there is no other way.
fn way_to(
    step: &Step<'_>,
    agent: &AgentAddress,
    is_channel_shut: bool,
    pane: Option<Target>,
) -> Option<(Way, Target)> {
    let has_input_line = runtime_of(step.state(), agent)?.input_line.is_some();
    let channel =
        if is_channel_shut && has_input_line { None } else { channel_of(step.state(), agent) };
    let channel = channel.map(|target| (Way::Channel, target));
    channel.or_else(|| pane.map(|target| (Way::Pane, target)))
}

/// The way that the next new message would take now.
pub fn way_now(state: &State, agent: &AgentAddress, now: Timestamp) -> Option<Way> {
    let channel = channel_of(state, agent).map(|_| Way::Channel);
    channel.or_else(|| pane_at(state, agent, now).map(|_| Way::Pane))
}

/// The program's own channel, if it takes text in this state and the conversation is known that it needs. One
/// of an earlier life is not: nobody may be in it any more, and a text would wait there for ever.
fn channel_of(state: &State, agent: &AgentAddress) -> Option<Target> {
    let record = state.sessions.agent(agent)?;
    let runtime = runtime_of(state, agent)?;
    let hand_over = runtime.hand_over?;
    let is_present = record.conversation.as_ref().is_some_and(|c| Some(c.spawn) == record.spawn);
    let is_known = !hand_over.needs_conversation || is_present;
    if !is_known || !hand_over.states.contains(&record.state) {
        return None;
    }
    Some(Target {
        agent: agent.clone(),
        spawn: record.spawn?,
        pane: record.pane.clone()?,
        input_line: runtime.input_line.unwrap_or_default(),
    })
}

fn pane_of(step: &Step<'_>, agent: &AgentAddress) -> Option<Target> {
    pane_at(step.state(), agent, step.now.at)
}

/// The pane to type into, if the agent can take text now.
fn pane_at(state: &State, agent: &AgentAddress, now: Timestamp) -> Option<Target> {
    let record = state.sessions.agent(agent)?;
    let runtime = runtime_of(state, agent)?;
    let is_silent = !runtime.reports_state && !runtime.reads_screen;
    let input_line = runtime.input_line?;
    let is_open = match record.state {
        // Who is blocked waits for a word; whether its input line can take one, its screen says.
        AgentState::Idle | AgentState::Waiting | AgentState::Blocked => true,
        // Its screen alone decides.
        AgentState::Unknown => is_silent,
        // Nobody knows what it does now: its input line tells.
        AgentState::Limited => record.is_past_limit(now),
        AgentState::Starting
        | AgentState::Working
        | AgentState::Permission
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

/// The pane of an agent that works, if its program keeps what is typed meanwhile: for what is critical.
fn working_pane(state: &State, agent: &AgentAddress) -> Option<Target> {
    let record = state.sessions.agent(agent).filter(|known| known.state == AgentState::Working)?;
    let runtime = runtime_of(state, agent).filter(|runtime| runtime.interrupts)?;
    Some(Target {
        agent: agent.clone(),
        spawn: record.spawn?,
        pane: record.pane.clone()?,
        input_line: runtime.input_line?,
    })
}

/// The pane for a hint where no rule knows the screen: a text of ours that was left in the input line makes
/// it such a one, and whoever types sees what stands there.
fn unread_pane(state: &State, agent: &AgentAddress) -> Option<Target> {
    let record = state.sessions.agent(agent).filter(|known| known.state == AgentState::Unknown)?;
    Some(Target {
        agent: agent.clone(),
        spawn: record.spawn?,
        pane: record.pane.clone()?,
        input_line: runtime_of(state, agent)?.input_line?,
    })
}

/// A limit that ends is nobody's report: it is waited for.
fn wake_past_limit(step: &mut Step<'_>, agent: &AgentAddress) {
    let Some(record) = step.state().sessions.agent(agent) else { return };
    let is_limited = record.state == AgentState::Limited;
    if let Some(at) = record.until.filter(|until| is_limited && *until > step.now.at) {
        step.perform(Effect::WakeAt { at, timer: Timer::Offer });
    }
}

/// Hints at messages whose delivery is uncertain; true if that was done now.
fn offer_nudge(step: &mut Step<'_>, target: &Target) -> bool {
    let Some(nudge) = step.state().mail.nudges.get(&target.agent) else { return false };
    if nudge.told() >= MAX_NUDGES || !step.state().mail.is_any_doubtful(&target.agent) {
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
    let of =
        |message| [wording::text_for(&target.input_line, message), wording::short_for(message)];
    let doubtful: Vec<&Message> = doubtful.map(|record| &record.message).collect();
    let count = doubtful.len();
    let mut left_over: Vec<String> = doubtful.into_iter().flat_map(of).collect();
    left_over.extend(digesting::left_over(step.state(), &target.agent));
    let (text, token) = wording::nudge(count, target.spawn, nudge.shown);
    left_over.push(text.clone());
    let known = step.state().sessions.agent(&target.agent);
    if known.is_some_and(|record| record.state == AgentState::Waiting) {
        // It asks something: what looks like a text of ours may be an echo of it, and Enter is an answer.
        left_over.clear();
    }
    step.record(Event::NudgeStarted { agent: target.agent.clone(), spawn: target.spawn });
    step.perform(Effect::TypeNudge { target: target.clone(), text, token, left_over });
    true
}

/// A message or a digest was typed or handed over, or not: what came of a digest came of each of its parts.
pub fn message_typed(
    step: &mut Step<'_>,
    agent: &AgentAddress,
    spawn: SpawnId,
    id: MessageId,
    outcome: Typed,
) {
    for id in step.state().mail.given_as(id) {
        one_typed(step, agent, spawn, id, outcome.clone());
    }
}

fn one_typed(
    step: &mut Step<'_>,
    agent: &AgentAddress,
    spawn: SpawnId,
    id: MessageId,
    outcome: Typed,
) {
    let Some(record) = step.state().mail.messages.get(&id) else { return };
    // The agent may have fetched it in the meantime, or begun a turn with it.
    if record.attempt != Some(spawn) || record.submitted.is_some() {
        return;
    }
    match outcome {
        Typed::Submitted => {
            let by = if working_pane(step.state(), agent).is_some() {
                DeliveredBy::Queue
            } else {
                DeliveredBy::Pane
            };
            confirming::submitted(step, agent, spawn, id, by);
        }
        Typed::Queued => confirming::submitted(step, agent, spawn, id, DeliveredBy::Channel),
        // A message is given with no left-over texts.
        Typed::LeftOver { text } => {
            let reason = format!("another text was submitted: {text}");
            step.record(Event::DeliveryUncertain { id, reason });
        }
        Typed::NotReady { reason } => {
            let pause = crate::engine::mail::pause_ms(record.deferrals);
            let channel = record.is_by_channel;
            step.record(Event::DeliveryDeferred { id, reason, channel });
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
        Typed::Submitted | Typed::Queued | Typed::Uncertain { .. } => None,
        Typed::LeftOver { text } => confirming::left_over_submitted(step, &agent, &text)
            .then(|| "a message that was left in its place was submitted".to_owned()),
        Typed::NotReady { reason } => Some(reason),
    };
    step.record(Event::NudgeEnded { agent, spawn, problem });
}

#[cfg(test)]
mod tests;
