//! What is decided about messages that cannot arrive any more: their time ran out, or nobody is there.
//!
//! Each gets its reason; whose time ran out while it is being given is left to what comes of that.

use crate::domain::id::MessageId;
use crate::domain::message::DeadReason;
use crate::domain::name::{AgentAddress, Name};
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::Timer;
use crate::engine::step::Step;

/// Lets the mail die that waits for an agent of this agency that is not there any more.
pub fn bury_orphans(step: &mut Step<'_>, agency: &Name) {
    let state = step.state();
    let is_orphan =
        |to: &AgentAddress| to.agency == *agency && state.sessions.definition(to).is_none();
    let unrouted = state.mail.unrouted.iter().filter_map(|id| {
        let to = state.mail.messages.get(id)?.to.clone()?;
        is_orphan(&to).then_some((to, *id))
    });
    let waiting = state.mail.waiting.iter().filter(|(to, _)| is_orphan(to));
    let waiting = waiting.flat_map(|(to, ids)| ids.iter().map(|id| (to.clone(), *id)));
    let orphans: Vec<(AgentAddress, MessageId)> = waiting.chain(unrouted).collect();
    let is_archived = state.sessions.agency(agency).is_none();
    for (to, id) in orphans {
        let message = format!("`{to}` is not there any more");
        let reason = DeadReason::new("recipient_gone", message, step.now.at).about("to");
        step.record(Event::MessageDied { id, reason: reason.clone() });
        // With its agency the mailbox is in the archive, the message in it.
        if !is_archived {
            step.perform(Effect::Bury { to, id, reason });
        }
    }
}

/// Lets messages whose time has run out expire, and asks to be woken for the next.
pub fn expire(step: &mut Step<'_>) {
    let now = step.now.at;
    let mail = &step.state().mail;
    let waiting = mail.waiting.values().flatten().chain(&mail.for_operator);
    let timed: Vec<_> = waiting
        .filter_map(|id| mail.messages.get(id))
        .filter(|record| record.attempt.is_none())
        .filter_map(|record| {
            Some((record.message.id, record.to.clone(), record.message.expires_at?))
        })
        .collect();
    for (id, to, expires_at) in timed {
        if expires_at > now {
            step.perform(Effect::WakeAt { at: expires_at, timer: Timer::Expire });
            continue;
        }
        step.record(Event::MessageExpired { id });
        if let Some(to) = to {
            let message = format!("expired at {expires_at}");
            let reason = DeadReason::new("expired", message, now).about("expires_at");
            step.perform(Effect::Bury { to, id, reason });
        }
    }
}
