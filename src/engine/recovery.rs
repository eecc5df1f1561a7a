//! Recovery: a supervisor comes up and takes up everything that was under way.
//!
//! Every effect whose event stands without its outcome is asked for again; each can be repeated with no
//! second effect. The one thing that cannot be repeated is typing: see [`crate::engine::delivery`].

use jiff::SignedDuration;
use std::collections::BTreeSet;

use crate::domain::id::MessageId;
use crate::domain::name::{AgentAddress, Name};
use crate::engine::approvals;
use crate::engine::cadence;
use crate::engine::crew;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::{LeftUndone, Timer};
use crate::engine::keeping;
use crate::engine::locks;
use crate::engine::mail;
use crate::engine::sessions::{Wanted, deciding};
use crate::engine::step::Step;
use crate::engine::submissions;
use crate::engine::traffic;
use crate::engine::undoing;

/// Takes everything up.
pub fn woke(step: &mut Step<'_>, pid: u32, version: String) {
    step.record(Event::SupervisorStarted { pid, version });
    doubt_deliveries(step);
    refill_mailboxes(step);
    settle_delivered(step);
    resume_sessions(step);
    resume_worktrees(step);
    // Before anything new is put onto a branch of the same name.
    approvals::retire_branches(step);
    submissions::resume(step);
    approvals::resume(step);
    mail::expire(step);
    locks::rang(step);
    mail::door::resume(step);
    traffic::deciding::lift(step);
    keeping::deciding::resume(step);
    undoing::advance_all(step);
    cadence::resume(step);
}

/// Pause before what could not be written is written again: nobody waits longer for a disk that has room again.
const MAILBOX_PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// The same for what costs programs to try, and may be refused for as long as a person leaves it so.
const WORK_PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// Something stays undone for now.
pub fn left_undone(step: &mut Step<'_>, what: LeftUndone) {
    let pause = match what {
        LeftUndone::Mailbox => MAILBOX_PAUSE,
        LeftUndone::Work => WORK_PAUSE,
    };
    let at = step.now.at.saturating_add(pause).unwrap_or(step.now.at);
    step.perform(Effect::WakeAt { at, timer: Timer::TakeUp });
}

/// Asks again for everything that stands without its outcome and that nobody else asks for.
pub fn take_up(step: &mut Step<'_>) {
    refill_mailboxes(step);
    approvals::retire_branches(step);
    approvals::take_up(step);
}

/// What was being typed when the last supervisor died may or may not have arrived.
fn doubt_deliveries(step: &mut Step<'_>) {
    let waiting = step.state().mail.waiting.values().flatten();
    let typing: Vec<MessageId> = waiting
        .filter(|id| {
            let record = step.state().mail.messages.get(id);
            // What the program has got is not in doubt yet: its turn may begin.
            record.is_some_and(|record| record.attempt.is_some() && record.submitted.is_none())
        })
        .copied()
        .collect();
    for id in typing {
        let reason = "the supervisor ended while typing it".to_owned();
        step.record(Event::DeliveryUncertain { id, reason });
    }
    let nudging: Vec<(AgentAddress, uuid::Uuid)> = step
        .state()
        .mail
        .nudges
        .iter()
        .filter_map(|(agent, nudge)| Some((agent.clone(), nudge.attempt?)))
        .collect();
    for (agent, spawn) in nudging {
        // It may have been typed: then it counts.
        step.record(Event::NudgeEnded { agent, spawn, problem: None });
    }
}

fn refill_mailboxes(step: &mut Step<'_>) {
    // What is on its way was in its mailbox, but a power cut may have taken the file or a part of it.
    let mail = &step.state().mail;
    let mut missing: BTreeSet<MessageId> = mail.unrouted.iter().copied().collect();
    missing.extend(mail.waiting.values().flatten());
    for id in missing {
        let Some(record) = step.state().mail.messages.get(&id) else { continue };
        let (to, file) = (record.to.clone(), record.file.clone());
        step.perform(Effect::FillMailbox { to, id, file });
    }
}

/// What was recorded as delivered last may still lie among the new ones of its mailbox. One group of inputs
/// is performed before the next is recorded, and takes milliseconds: a minute is more than enough.
fn settle_delivered(step: &mut Step<'_>) {
    let messages = step.state().mail.messages.values();
    let Some(last) = messages.clone().filter_map(|record| record.delivered_at).max() else {
        return;
    };
    let since = last.saturating_sub(jiff::SignedDuration::from_mins(1)).unwrap_or(last);
    let delivered: Vec<(AgentAddress, MessageId)> = messages
        .filter(|record| record.delivered_at.is_some_and(|at| at >= since))
        .filter_map(|record| Some((record.to.clone()?, record.message.id)))
        .filter(|(to, _)| step.state().sessions.agent(to).is_some())
        .collect();
    for (to, id) in delivered {
        step.perform(Effect::MarkDelivered { to, id });
    }
}

fn resume_sessions(step: &mut Step<'_>) {
    let agencies: Vec<(Name, Wanted)> = step
        .state()
        .sessions
        .agencies
        .iter()
        .map(|(name, record)| (name.clone(), record.wanted))
        .collect();
    for (agency, wanted) in agencies {
        // Before its session: an agent's role file stands before its program reads it.
        crew::resume(step, &agency);
        match wanted {
            Wanted::Running => {
                if !deciding::spawn_missing(step, &agency, deciding::Revive::Crashed) {
                    step.perform(Effect::EnsureSession { agency });
                }
            }
            Wanted::Removing => deciding::perform_removal(step, agency),
            Wanted::Stopped | Wanted::Archived => {}
        }
    }
    step.perform(Effect::Look);
}

fn resume_worktrees(step: &mut Step<'_>) {
    let missing: Vec<_> = step
        .state()
        .tasks
        .tasks
        .values()
        .filter(|task| task.state.is_open() && task.agent.is_some() && task.base.is_none())
        .map(|task| task.id)
        .collect();
    for task in missing {
        step.perform(Effect::PrepareWorktree { task });
    }
    for task in step.state().tasks.in_worktrees(None) {
        step.perform(Effect::MendWorktree { task });
    }
}
