//! Digesting: the updates that wait for an agent are given as one text.
//!
//! An idle agent gets them at once, all that wait; one that is busy and can still take a text gets them
//! when the first has waited for `batch_every`; in quiet hours nobody gets any. One that waits alone is given as it
//! is. *That all of them are about to be given is one event*, in the ledger before anything is given.

use jiff::{SignedDuration, Timestamp};

use super::{Way, way_to};
use crate::domain::agency::AgentState;
use crate::domain::id::MessageId;
use crate::domain::message::Message;
use crate::domain::name::AgentAddress;
use crate::engine::effect::{Effect, Target};
use crate::engine::event::Event;
use crate::engine::input::Timer;
use crate::engine::mail::MessageRecord;
use crate::engine::pacing::{Class, class_of, is_quiet};
use crate::engine::state::State;
use crate::engine::step::Step;
use crate::engine::wording;

/// Most parts of one digest: its event stays small, and what is left makes the next one.
pub const MOST: usize = 256;

/// Offers an agent the updates that wait for it, if it is time.
pub(super) fn offer(step: &mut Step<'_>, agent: &AgentAddress, pane: Option<Target>) {
    let parts = waiting(step.state(), agent);
    let Some(first) = parts.iter().filter_map(|record| record.waits_since).min() else { return };
    let is_shut = parts.iter().any(|record| record.is_channel_shut);
    let Some((way, target)) = way_to(step, agent, is_shut, pane) else { return };
    let deferred = parts.iter().filter_map(|record| record.not_before).max();
    let due = due(step.state(), agent, first, step.now.at).max(deferred.unwrap_or(first));
    let is_over =
        |record: &&MessageRecord| record.message.expires_at.is_some_and(|at| at <= step.now.at);
    if parts.iter().any(is_over) {
        crate::engine::mail::expire(step);
        return super::offer(step, agent);
    }
    if due > step.now.at {
        step.perform(Effect::WakeAt { at: due, timer: Timer::Offer });
        return;
    }
    let messages: Vec<Message> = parts.iter().map(|record| record.message.clone()).collect();
    match messages.as_slice() {
        [message] => super::give(step, message, way, target),
        _ => give(step, &messages, way, target),
    }
}

/// Updates that can be given, in the order of their arrival.
fn waiting<'s>(state: &'s State, agent: &AgentAddress) -> Vec<&'s MessageRecord> {
    let ids = state.mail.waiting.get(agent).map(Vec::as_slice).unwrap_or_default();
    let records = ids.iter().filter_map(|id| state.mail.messages.get(id));
    let is_free = |record: &&MessageRecord| {
        !record.is_uncertain && class_of(&record.message) == Class::Update
    };
    records.filter(is_free).take(MOST).collect()
}

/// When they may be given at the earliest.
pub fn due(state: &State, agent: &AgentAddress, first: Timestamp, now: Timestamp) -> Timestamp {
    let is_idle =
        state.sessions.agent(agent).is_some_and(|record| record.state == AgentState::Idle);
    let batch = i64::try_from(state.config.messages.batch_every_s).unwrap_or(i64::MAX);
    let due = match is_idle {
        true => first,
        false => first.saturating_add(SignedDuration::from_secs(batch)).unwrap_or(first),
    };
    is_quiet(&state.config, now).map_or(due, |until| until.max(due))
}

fn give(step: &mut Step<'_>, messages: &[Message], way: Way, target: Target) {
    let id = step.mint();
    let parts: Vec<&Message> = messages.iter().collect();
    let text = match way {
        Way::Channel => wording::digest::text_to_hand_over(id, &parts),
        Way::Pane => wording::digest::text_for(&target.input_line, id, &parts),
    };
    step.record(Event::DigestStarted {
        id,
        agent: target.agent.clone(),
        spawn: target.spawn,
        channel: way == Way::Channel,
        ids: parts.iter().map(|message| message.id).collect(),
        text: text.clone(),
    });
    let token = wording::token(id);
    step.perform(match way {
        Way::Channel => Effect::HandOver { id, target, text, token },
        Way::Pane => {
            let short = wording::digest::short_for(id, parts.len());
            Effect::TypeMessage { id, target, text, short, token }
        }
    });
}

/// What may stand in an agent's input line of digests whose arrival is in doubt.
pub(super) fn left_over(state: &State, agent: &AgentAddress) -> Vec<String> {
    let is_doubtful =
        |id: &MessageId| state.mail.messages.get(id).is_some_and(|record| record.is_uncertain);
    let digests = state.mail.digests.iter();
    let own = digests.filter(|(_, digest)| digest.agent == *agent);
    let doubtful = own.filter(|(_, digest)| digest.ids.iter().any(is_doubtful));
    doubtful
        .flat_map(|(id, digest)| {
            [digest.text.clone(), wording::digest::short_for(*id, digest.ids.len())]
        })
        .collect()
}

#[cfg(test)]
mod tests;
