//! What is decided about traffic: who is too fast, who goes in circles, and when that ends.
//!
//! A refusal says when to come again. What is urgent for the operator has a bucket of its own.

use jiff::SignedDuration;
use serde_json::Value;

use crate::domain::command::{Actor, Answer};
use crate::domain::message::{Draft, Message, MessageType, OwnType, Priority};
use crate::domain::name::{Address, AgentAddress};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::Timer;
use crate::engine::mail::{self, room};
use crate::engine::requests;
use crate::engine::step::Step;
use crate::engine::traffic::{Bucket, Pair};

/// The code of the refusal of whoever writes too much.
pub const TOO_FAST: &str = "too_fast";

/// The code of the refusal of whoever goes in circles.
pub const LOOP_STOPPED: &str = "loop_stopped";

/// The agent whose traffic a message is; none: the operator's and the workbench's own is free.
fn agent_of<'m>(step: &Step<'_>, message: &'m Message) -> Option<&'m AgentAddress> {
    match &message.from {
        // Whoever speaks for an agent on the operator's word is the operator.
        Address::Agent(agent) if message.verified && step.actor != Actor::Operator => Some(agent),
        _ => None,
    }
}

/// Whether an agent may send one more message now.
///
/// # Errors
/// `too_fast`, with when to come again.
pub fn require_pace(step: &Step<'_>, message: &Message) -> Result<(), Refusal> {
    let traffic = &step.state().traffic;
    match agent_of(step, message) {
        Some(agent) if room::is_urgent_for_operator(message) => {
            paced(step, &format!("`{agent}`"), traffic.urgent.get(agent))
        }
        Some(agent) => paced(step, &format!("`{agent}`"), traffic.buckets.get(agent)),
        None if !message.verified && message.from != Address::Workbench => {
            paced(step, "whoever does not prove who it is", traffic.strangers.as_ref())
        }
        None => Ok(()),
    }
}

/// Whether the actor may have the workbench tell others something now: that counts like a message.
///
/// # Errors
/// `too_fast`, with when to come again.
pub fn require_pace_to_have_told(step: &Step<'_>) -> Result<(), Refusal> {
    match &step.actor {
        Actor::Agent(agent) => {
            paced(step, &format!("`{agent}`"), step.state().traffic.buckets.get(agent))
        }
        Actor::Operator | Actor::Supervisor | Actor::Outside(_) => Ok(()),
    }
}

fn paced(step: &Step<'_>, who: &str, bucket: Option<&Bucket>) -> Result<(), Refusal> {
    let config = &step.state().config.queue;
    if config.rate == 0 {
        return Ok(());
    }
    let Some(bucket) = bucket.filter(|bucket| bucket.left(step.now.at, config) == 0) else {
        return Ok(());
    };
    let wait = bucket.wait(step.now.at, config).as_secs() + 1;
    let text = format!(
        "{who} writes too fast: at most {} messages at once and {} in a minute are taken",
        config.burst, config.rate
    );
    let hint = format!("send it again in {wait} s, and say more in one message");
    Err(Refusal::new(RefusalKind::Conflict, TOO_FAST, text).with_hint(hint))
}

/// How many messages may be sent now of what waits for one of these buckets.
pub fn left(step: &Step<'_>, bucket: Option<&Bucket>) -> u32 {
    let config = &step.state().config.queue;
    let full = || Bucket::full(step.now.at, config).left(step.now.at, config);
    match config.rate {
        0 => u32::MAX,
        _ => bucket.map_or_else(full, |bucket| bucket.left(step.now.at, config)),
    }
}

/// Whether a message is for its recipient even while the two are kept apart: it cannot wait, or it is owed.
fn goes_through(step: &Step<'_>, message: &Message) -> bool {
    let state = step.state();
    let kind = message.kind.as_str();
    if message.priority == Priority::Critical || room::ALWAYS.contains(&kind) {
        return true;
    }
    // A question in answer to a question would let both go on for ever.
    let asks = ["question", "coordination_request", "handoff"].contains(&kind);
    let asked = message.in_reply_to.map(|id| requests::request_of(state, id).unwrap_or(id));
    let request = asked.and_then(|id| state.requests.open.get(&id));
    let is_owed = !asks && request.is_some_and(|request| request.was_put_to(&message.from));
    let judges = ["accept", "decline", "results"].contains(&kind);
    is_owed || (judges && state.handoffs.answered_by(message, asked, None).is_some())
}

/// Whether the sender may write to this agent now.
///
/// # Errors
/// `loop_stopped` while the two are kept apart; never for what is critical, a blocker, or owed as an answer.
pub fn require_apart(step: &Step<'_>, message: &Message, to: &AgentAddress) -> Result<(), Refusal> {
    let Some(from) = agent_of(step, message) else { return Ok(()) };
    if goes_through(step, message) {
        return Ok(());
    }
    let pair = Pair::of(from, to);
    let Some(mute) = step.state().traffic.muted.get(&pair).filter(|m| m.until > step.now.at) else {
        return Ok(());
    };
    let text = format!(
        "`{from}` and `{to}` wrote to each other {} times without any progress: nothing goes between them until {:.0}",
        mute.turns, mute.until
    );
    let hint = format!(
        "go on with your task without an answer, or tell your coordinator; the operator ends it with: agency queue release {pair}"
    );
    Err(Refusal::new(RefusalKind::Conflict, LOOP_STOPPED, text).with_hint(hint))
}

/// Sees whether an accepted message was one too many between the two.
pub fn follow(step: &mut Step<'_>, message: &Message, to: Option<&AgentAddress>) {
    let (Some(from), Some(to)) = (agent_of(step, message).cloned(), to) else { return };
    let limit = step.state().config.queue.loop_limit;
    let pair = Pair::of(&from, to);
    let traffic = &step.state().traffic;
    let turns = traffic.turns(&pair, message.id);
    if limit == 0 || from == *to || turns <= limit || traffic.muted.contains_key(&pair) {
        return;
    }
    let pause = traffic.pause(&pair, &step.state().config.queue);
    let until = step.now.at.saturating_add(pause).unwrap_or(step.now.at);
    step.record(Event::LoopStopped { pair: pair.clone(), turns, until });
    step.perform(Effect::WakeAt { at: until, timer: Timer::Traffic });
    for (agent, other) in [(&from, to), (to, &from)] {
        tell(step, agent, &words(other, turns, pause));
    }
}

fn words(other: &AgentAddress, turns: u32, pause: SignedDuration) -> String {
    format!(
        "You and {other} have written to each other {turns} times without any progress on a task. For {} minutes nothing goes \
         between you two. Decide with what you know and go on; report progress when you have some. What only \
         somebody else can decide, ask your coordinator.",
        (pause.as_secs() + 59) / 60
    )
}

fn tell(step: &mut Step<'_>, agent: &AgentAddress, text: &str) {
    let to = Address::Agent(agent.clone());
    let draft = Draft::new(MessageType::own(OwnType::Alert), to, Value::from(text));
    let actor = std::mem::replace(&mut step.actor, Actor::Supervisor);
    // It can only fail when there is nobody left to tell.
    let _ = mail::notice(step, draft);
    step.actor = actor;
}

/// The operator lets two agents speak again.
pub fn release(
    step: &mut Step<'_>,
    one: &AgentAddress,
    other: &AgentAddress,
) -> Result<Answer, Refusal> {
    crate::engine::require_operator(step, "let agents speak again that went in circles")?;
    let pair = Pair::of(one, other);
    if !step.state().traffic.muted.contains_key(&pair) {
        let text = format!("`{one}` and `{other}` are not kept apart");
        return Err(Refusal::new(RefusalKind::Conflict, "not_stopped", text)
            .with_hint("see who is with `agency queue`"));
    }
    step.record(Event::LoopReleased { pair });
    Ok(Answer::Done)
}

/// Pauses that are over end, and the next is waited for.
pub fn lift(step: &mut Step<'_>) {
    let muted = step.state().traffic.muted.clone();
    for (pair, mute) in muted {
        if mute.until <= step.now.at {
            step.record(Event::LoopReleased { pair });
        } else {
            step.perform(Effect::WakeAt { at: mute.until, timer: Timer::Traffic });
        }
    }
}

#[cfg(test)]
mod tests;
