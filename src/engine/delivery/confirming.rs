//! Confirming: a text that its program has got is delivered when a turn begins with it.
//!
//! A program that tells with which text its turns begin is believed and nothing else: what it took without a
//! word is uncertain after a while, and never given to it again by itself. Of a program that tells nothing
//! what its screen showed is all there is.

use jiff::{SignedDuration, Timestamp};

use crate::domain::agency::AgentState;
use crate::domain::id::{MessageId, SpawnId};
use crate::domain::name::AgentAddress;
use crate::engine::effect::Effect;
use crate::engine::event::{DeliveredBy, Event};
use crate::engine::input::Timer;
use crate::engine::mail::{MessageRecord, Submitted};
use crate::engine::sessions::runtime_of;
use crate::engine::state::State;
use crate::engine::step::Step;
use crate::engine::wording;

/// How long a typed text may take to begin a turn: measured are 60 to 300 ms, and machines are slow at times.
const TURN_WITHIN: SignedDuration = SignedDuration::from_secs(5);
/// How long an idle program may leave its own queue alone: one was measured to look every 10 s.
const QUEUE_WITHIN: SignedDuration = SignedDuration::from_secs(30);

/// A program has got a message.
pub fn submitted(
    step: &mut Step<'_>,
    agent: &AgentAddress,
    spawn: SpawnId,
    id: MessageId,
    by: DeliveredBy,
) {
    if tells_of_turns(step.state(), agent) {
        step.record(Event::DeliverySubmitted { id, spawn, by });
    } else {
        deliver(step, agent, id, by);
    }
}

/// Whether the silence of an agent's program means that no turn began: it has told something in this life.
pub fn tells_of_turns(state: &State, agent: &AgentAddress) -> bool {
    runtime_of(state, agent).is_some_and(|runtime| runtime.confirms)
        && state.sessions.agent(agent).is_some_and(|record| record.has_reported)
}

/// A turn began with this text: what is in it has arrived, whatever was known of it.
pub fn turn_began(step: &mut Step<'_>, agent: &AgentAddress, prompt: &str) {
    let is_in = |record: &MessageRecord| {
        let is_given = record.attempt.is_some() || record.is_uncertain;
        let is_named = |id| wording::is_named_in(prompt, id);
        is_given && (is_named(record.message.id) || record.digest.is_some_and(is_named))
    };
    for id in waiting(step.state(), agent, is_in) {
        deliver(step, agent, id, DeliveredBy::Turn);
    }
}

/// A text that had been left in the input line was submitted: a message with exactly this text is delivered, if
/// no turn will tell. True if one was.
pub fn left_over_submitted(step: &mut Step<'_>, agent: &AgentAddress, text: &str) -> bool {
    let line = runtime_of(step.state(), agent).and_then(|runtime| runtime.input_line);
    let Some(line) = line.filter(|_| !tells_of_turns(step.state(), agent)) else { return false };
    let is_it = |record: &MessageRecord| {
        let message = &record.message;
        let texts = [wording::text_for(&line, message), wording::short_for(message)];
        record.is_uncertain && texts.iter().any(|typed| typed == text)
    };
    let mut ids = waiting(step.state(), agent, is_it);
    ids.extend(waiting(step.state(), agent, |record| {
        let digest = record.digest.filter(|_| record.is_uncertain);
        digest.is_some_and(|digest| step.state().mail.is_text_of(digest, text))
    }));
    for id in &ids {
        deliver(step, agent, *id, DeliveredBy::Pane);
    }
    !ids.is_empty()
}

/// Looks after what an agent's program has got and did not begin a turn with.
pub fn watch(step: &mut Step<'_>, agent: &AgentAddress) {
    for id in waiting(step.state(), agent, |record| record.submitted.is_some()) {
        let Some(record) = step.state().mail.messages.get(&id) else { continue };
        match fate(step.state(), agent, record) {
            Fate::Lost => doubt(step, id, "its life ended before a turn began with it"),
            Fate::Due(at) if at <= step.now.at => {
                doubt(step, id, "it was submitted, and no turn began with it");
            }
            Fate::Due(at) => step.perform(Effect::WakeAt { at, timer: Timer::Confirm { id } }),
            Fate::Kept => {}
        }
    }
}

/// What is to become of a submitted message.
enum Fate {
    /// Whoever has got it is gone.
    Lost,
    /// Its turn must begin until then.
    Due(Timestamp),
    /// The program keeps it while it is busy.
    Kept,
}

fn fate(state: &State, agent: &AgentAddress, record: &MessageRecord) -> Fate {
    let known = state.sessions.agent(agent);
    let (Some(known), Some(given)) = (known, record.submitted) else { return Fate::Kept };
    if known.spawn != record.attempt {
        return Fate::Lost;
    }
    let from = heard_since(state, given);
    let due = |from: Timestamp, time| Fate::Due(from.saturating_add(time).unwrap_or(from));
    match (given.by, known.state) {
        (DeliveredBy::Channel | DeliveredBy::Queue, AgentState::Idle) => {
            due(known.since.map_or(from, |since| since.max(from)), QUEUE_WITHIN)
        }
        (DeliveredBy::Channel | DeliveredBy::Queue, _) => Fate::Kept,
        _ => due(from, TURN_WITHIN),
    }
}

/// Since when a confirmation would have been heard: nobody listened while no supervisor ran.
fn heard_since(state: &State, given: Submitted) -> Timestamp {
    state.supervisor.as_ref().map_or(given.at, |supervisor| supervisor.since.max(given.at))
}

fn doubt(step: &mut Step<'_>, id: MessageId, reason: &str) {
    step.record(Event::DeliveryUncertain { id, reason: reason.to_owned() });
}

fn deliver(step: &mut Step<'_>, agent: &AgentAddress, id: MessageId, by: DeliveredBy) {
    step.record(Event::MessageDelivered { id, by });
    step.perform(Effect::MarkDelivered { to: agent.clone(), id });
}

/// Messages in an agent's mailbox that are so.
fn waiting(
    state: &State,
    agent: &AgentAddress,
    is_so: impl Fn(&MessageRecord) -> bool,
) -> Vec<MessageId> {
    let ids = state.mail.waiting.get(agent).map(Vec::as_slice).unwrap_or_default();
    let records = ids.iter().filter_map(|id| state.mail.messages.get(id));
    records.filter(|record| is_so(record)).map(|record| record.message.id).collect()
}

#[cfg(test)]
mod tests;
