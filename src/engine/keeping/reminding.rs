//! Reminding: an agent whose work lies uncommitted for long hears of it, at most once in that time.
//!
//! The age of uncommitted work is that of the file in it that was written longest ago, but it never begins before the
//! last commit, before the worktree stood, or before it was last seen clean; it ends with a commit. The first
//! two reminders go to the agent, the third to its coordinator and to the operator's list; then it is quiet
//! until something is committed.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::domain::checkpoint::CheckpointReason;
use crate::domain::command::Actor;
use crate::domain::id::TaskId;
use crate::domain::message::{Draft, MessageType, OwnType};
use crate::domain::name::{Address, AgentAddress};
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::Timer;
use crate::engine::keeping::{IGNORED, WorkRecord};
use crate::engine::mail;
use crate::engine::state::State;
use crate::engine::step::Step;
use crate::ports::repositories::Uncommitted;

/// Longest time between what an agent does and the look at its worktree.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// The pause is this part of the time after which is reminded, so that a short one is met.
const PAUSE_PART: i32 = 10;

/// Names of files in a reminder.
const NAMED: usize = 8;

fn remind_after(state: &State) -> Option<SignedDuration> {
    let seconds = state.config.git.remind_after_s?;
    Some(SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)))
}

fn pause(state: &State) -> Option<SignedDuration> {
    match remind_after(state) {
        Some(after) => Some((after / PAUSE_PART).min(LONGEST_PAUSE)),
        None => state.config.git.checkpoints.then_some(LONGEST_PAUSE),
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

/// Sees what agents did in this step: their worktrees are looked at soon, and those of agents that ended are saved.
pub fn follow(step: &mut Step<'_>) {
    let mut touched: BTreeSet<TaskId> = BTreeSet::new();
    let mut ended: BTreeSet<TaskId> = BTreeSet::new();
    let mut mended: BTreeSet<TaskId> = BTreeSet::new();
    let works = &step.state().keeping.works;
    let of_agent = |agent: &AgentAddress| -> Vec<TaskId> {
        works.iter().filter(|(_, work)| work.agent == *agent).map(|(task, _)| *task).collect()
    };
    for (_, event) in &step.events {
        match event {
            Event::AgentSignalled { agent, .. } | Event::AgentStateChanged { agent, .. } => {
                touched.extend(of_agent(agent));
            }
            Event::AgentPaneLost { agent, .. } => ended.extend(of_agent(agent)),
            Event::AgencyStopped { agency } => {
                let own = works.iter().filter(|(_, work)| work.agent.agency == *agency);
                ended.extend(own.map(|(task, _)| *task));
            }
            Event::WorktreeReady { task, .. } | Event::TaskRevived { task, .. } => {
                touched.insert(*task);
            }
            // What lay there uncommitted is not there any more: nobody is to be told that it is.
            Event::WorktreeMended { task } => {
                mended.insert(*task);
            }
            _ => {}
        }
    }
    if step.state().config.git.checkpoints {
        // Looked at first: most have committed everything, and a look costs little.
        ended.into_iter().for_each(|task| look(step, task));
    }
    mended.into_iter().for_each(|task| look(step, task));
    for task in touched {
        look_soon(step, task);
    }
}

/// The worktrees that were known when the last supervisor ended are looked at once.
pub fn resume(step: &mut Step<'_>) {
    let tasks: Vec<TaskId> = step.state().keeping.works.keys().copied().collect();
    tasks.into_iter().for_each(|task| look_soon(step, task));
}

fn look_soon(step: &mut Step<'_>, task: TaskId) {
    if let Some(pause) = pause(step.state()).filter(|_| is_worth_a_look(step.state(), task)) {
        let at = later(step.now.at, pause);
        step.perform(Effect::WakeAt { at, timer: Timer::Work { task } });
    }
}

/// Whether there is a worktree in which work is under way.
pub fn is_worth_a_look(state: &State, task: TaskId) -> bool {
    let stands = state.keeping.works.get(&task).is_some_and(|work| work.stands.is_some());
    stands && state.tasks.tasks.get(&task).is_some_and(|record| record.state.is_open())
}

/// It is time to look.
pub fn look(step: &mut Step<'_>, task: TaskId) {
    if is_worth_a_look(step.state(), task) {
        step.perform(Effect::LookAtWork { task });
    }
}

fn save_ended(step: &mut Step<'_>, task: TaskId) {
    let state = step.state();
    let reason = state.keeping.works.get(&task).and_then(|work| work.unsaved);
    let Some(reason) = reason.filter(|_| state.config.git.checkpoints) else { return };
    if is_worth_a_look(state, task) {
        save(step, task, reason);
    }
}

fn save(step: &mut Step<'_>, task: TaskId, reason: CheckpointReason) {
    let by = Actor::Supervisor;
    step.perform(Effect::TakeCheckpoint { ticket: None, task, reason, note: None, by });
}

/// A worktree was looked at. One that cannot be read tells nothing.
pub fn work_seen(step: &mut Step<'_>, task: TaskId, result: Result<Uncommitted, String>) {
    let Ok(seen) = result else { return };
    let Some(work) = step.state().keeping.works.get(&task).cloned() else { return };
    if !is_worth_a_look(step.state(), task) {
        return;
    }
    if seen.count == 0 {
        if work.since.is_some() || work.seen.is_none() {
            let (head, files) = (seen.head, Vec::new());
            step.record(Event::WorkChanged { task, head, files, since: None });
        }
        if work.unsaved.is_some() {
            step.record(Event::WorkFoundSafe { task });
        }
        return;
    }
    if work.since.is_none() || work.head.as_ref() != Some(&seen.head) {
        let since = Some(age_of(&work, &seen, step.now.at));
        let (head, files) = (seen.head.clone(), seen.files.clone());
        step.record(Event::WorkChanged { task, head, files, since });
    }
    save_ended(step, task);
    remind_if_due(step, task, &seen);
}

/// Since when work is not committed; see the head of the file.
fn age_of(work: &WorkRecord, seen: &Uncommitted, now: Timestamp) -> Timestamp {
    let clean = work.seen.filter(|_| work.since.is_none());
    let bounds = [seen.head_at, work.stands, clean];
    let oldest = seen.oldest.unwrap_or(now);
    bounds.into_iter().flatten().fold(oldest, Timestamp::max).min(now)
}

fn remind_if_due(step: &mut Step<'_>, task: TaskId, seen: &Uncommitted) {
    let Some(after) = remind_after(step.state()) else { return };
    let Some(work) = step.state().keeping.works.get(&task).cloned() else { return };
    let Some(since) = work.since.filter(|_| work.reminders < IGNORED) else { return };
    let due = later(work.reminded_at.unwrap_or(since), after);
    if step.now.at < due {
        step.perform(Effect::WakeAt { at: due, timer: Timer::Work { task } });
        return;
    }
    let number = work.reminders + 1;
    let text = words(task, seen, since, step.now.at);
    if number < IGNORED {
        tell(step, Address::Agent(work.agent), task, text);
    } else if !step.state().sessions.is_coordinator(&work.agent) {
        let text = format!("{} has been reminded twice. {text}", work.agent);
        tell(step, Address::Agency(work.agent.agency), task, text);
    }
    step.record(Event::WorkReminded { task, number });
    if step.state().config.git.checkpoints {
        save(step, task, CheckpointReason::Reminder);
    }
    if number < IGNORED {
        let at = later(step.now.at, after);
        step.perform(Effect::WakeAt { at, timer: Timer::Work { task } });
    }
}

fn tell(step: &mut Step<'_>, to: Address, task: TaskId, text: String) {
    let mut draft = Draft::new(MessageType::own(OwnType::Alert), to, Value::String(text));
    draft.task = Some(task.to_string());
    let actor = std::mem::replace(&mut step.actor, Actor::Supervisor);
    // It can only fail when there is nobody left to tell.
    let _ = mail::send(step, draft);
    step.actor = actor;
}

fn words(task: TaskId, seen: &Uncommitted, since: Timestamp, now: Timestamp) -> String {
    let named: Vec<&str> = seen.files.iter().take(NAMED).map(String::as_str).collect();
    let count = usize::try_from(seen.count).unwrap_or(usize::MAX);
    let more = match count.saturating_sub(named.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "Work on {task} is not committed since {}: {}{more}. Commit what holds together \
         (git add -A && git commit), or save it with: agency branch checkpoint {task}",
        age(since, now),
        named.join(", ")
    )
}

/// An age in words.
pub fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(since).as_secs().max(0);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}
