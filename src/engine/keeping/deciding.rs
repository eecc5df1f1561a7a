//! What is decided about checkpoints: who may make one, who may go back to one, and which are forgotten.
//!
//! Of a task that is not merged the newest twenty that were made by themselves stay, and every one that somebody asked
//! for or that can be gone back to with `agency undo`; all of them until two weeks after its merge. Those of a task
//! that was given up stay for good: nothing else may have that work.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use crate::domain::agency::AgentState;
use crate::domain::checkpoint::{Care, CheckpointId, CheckpointReason, Manner};
use crate::domain::command::{Actor, Answer, Command};
use crate::domain::id::{ActId, TaskId};
use crate::domain::message::OwnType;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::task::TaskState;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::{Saving, Ticket};
use crate::engine::keeping::{Restoring, reminding};
use crate::engine::step::Step;
use crate::engine::tasks::deciding::{require_own_task, require_worktree, tell};
use crate::engine::undoing;
use crate::ports::repositories::{Checkpoint, Restored};

/// Checkpoints of one open task that were made by themselves.
const KEPT: usize = 20;

/// How long those of a merged task stay.
const KEPT_AFTER_MERGE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Carries out a command about checkpoints; no answer means that it comes later.
pub fn asked(
    step: &mut Step<'_>,
    ticket: Ticket,
    command: Command,
) -> Result<Option<Answer>, Refusal> {
    match command {
        Command::TakeCheckpoint { task, note } => take(step, ticket, task, note),
        Command::RestoreCheckpoint { checkpoint, paths, manner, care } => {
            require_restorable(step, checkpoint, care)?;
            begin_restore(step, Some(ticket), checkpoint, (paths, manner), None);
            Ok(None)
        }
        _ => Ok(Some(Answer::Done)),
    }
}

fn take(
    step: &mut Step<'_>,
    ticket: Ticket,
    task: Option<TaskId>,
    note: Option<String>,
) -> Result<Option<Answer>, Refusal> {
    let own = match &step.actor {
        Actor::Agent(agent) => step.state().tasks.current_of(agent).map(|task| task.id),
        Actor::Operator | Actor::Supervisor | Actor::Outside(_) => None,
    };
    let Some(task) = task.or(own) else {
        return Err(Refusal::new(RefusalKind::Usage, "no_task", "no task is named")
            .with_hint("name one: agency branch checkpoint TASK-001"));
    };
    require_own_task(step, task)?;
    require_standing(step, task)?;
    let (reason, by) = (CheckpointReason::Asked, step.actor.clone());
    let ticket = Some(ticket);
    step.perform(Effect::TakeCheckpoint { ticket, task, reason, note, by });
    Ok(None)
}

/// Refuses a task whose worktree does not stand, or not any more.
fn require_standing(step: &Step<'_>, task: TaskId) -> Result<(), Refusal> {
    require_worktree(step, task)?;
    if step.state().keeping.works.contains_key(&task) {
        return Ok(());
    }
    let message = format!("the worktree of `{task}` is gone, its work is kept");
    Err(Refusal::new(RefusalKind::Conflict, "worktree_gone", message)
        .with_hint("see what can be taken back with `agency undo --list`"))
}

/// Refuses what cannot be gone back to now.
pub fn require_restorable(step: &Step<'_>, id: CheckpointId, care: Care) -> Result<(), Refusal> {
    require_own_task(step, id.task)?;
    if !step.state().keeping.checkpoints.contains_key(&id) {
        let message = format!("there is no checkpoint `{id}`");
        return Err(Refusal::new(RefusalKind::NotFound, "checkpoint_not_found", message)
            .with_hint(format!("list them with `agency branch checkpoints {}`", id.task)));
    }
    require_standing(step, id.task)?;
    if step.state().keeping.restoring.contains_key(&id.task) {
        let message = format!("the worktree of `{}` is being restored already", id.task);
        return Err(Refusal::new(RefusalKind::Conflict, "restoring", message));
    }
    require_rest(step, id.task, care)
}

/// Nobody's files change while it works with them, unless it wants that itself or somebody has said so.
fn require_rest(step: &Step<'_>, task: TaskId, care: Care) -> Result<(), Refusal> {
    let Some(work) = step.state().keeping.works.get(&task) else { return Ok(()) };
    let agent = &work.agent;
    let works = step
        .state()
        .sessions
        .agent(agent)
        .is_some_and(|record| record.state == AgentState::Working);
    let is_itself = step.actor == Actor::Agent(agent.clone());
    if !works || is_itself || care == Care::Confirmed {
        return Ok(());
    }
    let message = format!("`{agent}` works on `{task}` now");
    Err(Refusal::new(RefusalKind::Conflict, "agent_working", message)
        .with_hint("wait until it is idle, or add --even-if-working"))
}

/// A worktree is brought back to a checkpoint.
pub fn begin_restore(
    step: &mut Step<'_>,
    ticket: Option<Ticket>,
    from: CheckpointId,
    (paths, manner): (Vec<PathBuf>, Manner),
    act: Option<ActId>,
) {
    let (task, key, by) = (from.task, step.mint(), step.actor.clone());
    let restoring = Box::new(Restoring { from, paths, manner, key, act, by });
    step.record(Event::RestoreBegun { task, restoring });
    step.perform(Effect::RestoreWork { ticket, task });
}

/// A worktree was made again from its branch: what was saved of it last is laid back, unless it was seen clean since.
/// Its agent hears of that, or that nothing was saved.
pub fn lay_back(step: &mut Step<'_>, task: TaskId) {
    let keeping = &step.state().keeping;
    let Some(work) = keeping.works.get(&task) else { return };
    // One that was under way goes on by itself.
    if keeping.restoring.contains_key(&task) {
        return;
    }
    let clean_at = work.seen.filter(|_| work.since.is_none());
    let (agent, is_dirty) = (work.agent.clone(), work.since.is_some());
    match last_saved(step, task) {
        Some((id, at)) if clean_at.is_none_or(|seen| seen <= at) => {
            begin_restore(step, None, id, (Vec::new(), Manner::Fill), None);
        }
        None if is_dirty => {
            let text = format!(
                "{task}: its worktree was gone and was made again from its branch. What was not committed \
                 there was not saved and is lost."
            );
            tell(step, &agent, OwnType::Alert, task, text);
        }
        _ => {}
    }
}

/// The checkpoint that says best what lay in a worktree: the last; or where that was made before a restoration, the
/// one that was gone back to.
fn last_saved(step: &Step<'_>, task: TaskId) -> Option<(CheckpointId, Timestamp)> {
    let state = step.state();
    let (id, record) = state.keeping.of_task(task).next_back()?;
    let id = state.acts.restored_over(*id).unwrap_or(*id);
    state.keeping.checkpoints.contains_key(&id).then_some((id, record.at))
}

/// The agent of a worktree that was made again hears what became of its files.
fn tell_laid_back(step: &mut Step<'_>, task: TaskId, from: CheckpointId, what: &str) {
    let Some(agent) = step.state().keeping.works.get(&task).map(|work| work.agent.clone()) else {
        return;
    };
    let text = format!(
        "{task}: its worktree was gone and was made again from its branch. What was not committed was last \
         saved as {from}. {what}"
    );
    tell(step, &agent, OwnType::Alert, task, text);
}

/// A worktree was saved, or not.
pub fn work_saved(
    step: &mut Step<'_>,
    ticket: Option<Ticket>,
    saving: Saving,
    result: Result<Option<Checkpoint>, Refusal>,
) {
    let task = saving.task;
    let answer = result.map(|made| match made {
        Some(made) => {
            let id = CheckpointId { task, number: made.number };
            note(step, id, made, saving);
            Answer::Id(id.to_string())
        }
        None => Answer::Done,
    });
    let is_unsaved =
        step.state().keeping.works.get(&task).is_some_and(|work| work.unsaved.is_some());
    if answer.is_ok() && is_unsaved {
        step.record(Event::WorkFoundSafe { task });
    }
    if let Some(ticket) = ticket {
        step.reply(ticket, answer);
    }
}

/// Records a checkpoint that is not known yet.
fn note(step: &mut Step<'_>, id: CheckpointId, made: Checkpoint, saving: Saving) {
    if step.state().keeping.checkpoints.contains_key(&id) {
        return;
    }
    let Saving { reason, note, by, .. } = saving;
    step.record(Event::CheckpointTaken { id, made: Box::new(made), reason, note, by });
    drop_old(step);
}

/// A worktree was brought back, or not.
pub fn work_restored(
    step: &mut Step<'_>,
    ticket: Option<Ticket>,
    task: TaskId,
    result: Result<Restored, Refusal>,
) {
    let Some(restoring) = step.state().keeping.restoring.get(&task).cloned() else {
        if let Some(ticket) = ticket {
            let message = format!("the worktree of `{task}` went meanwhile");
            step.reply(ticket, Err(Refusal::new(RefusalKind::Conflict, "worktree_gone", message)));
        }
        return;
    };
    let answer = match result {
        Ok(restored) => {
            let text = words(task, &restoring, &restored);
            let before = CheckpointId { task, number: restored.before.number };
            let (reason, by) = (CheckpointReason::BeforeRestore, restoring.by.clone());
            let saving = Saving { task, reason, note: None, by };
            for made in std::iter::once(restored.before).chain(restored.meanwhile) {
                let id = CheckpointId { task, number: made.number };
                note(step, id, made, saving.clone());
            }
            let (from, by) = (restoring.from, restoring.by);
            step.record(Event::WorkRestored { task, from, before, by, act: None });
            undoing::restored(step, restoring.act, None);
            reminding::look(step, task);
            if restoring.manner == Manner::Fill {
                tell_laid_back(step, task, from, &text);
            }
            Ok(Answer::Text(text))
        }
        Err(refusal) => {
            let reason = refusal.message.clone();
            step.record(Event::RestoreFailed { task, reason: reason.clone() });
            if restoring.manner == Manner::Fill {
                let what = format!("It could not be laid back: {reason}");
                tell_laid_back(step, task, restoring.from, &what);
            }
            undoing::restored(step, restoring.act, Some(reason));
            Err(refusal)
        }
    };
    if let Some(ticket) = ticket {
        step.reply(ticket, answer);
    }
}

fn words(task: TaskId, restoring: &Restoring, restored: &Restored) -> String {
    let mut text = format!(
        "{task} has the files of {}: {} written, {} removed; what lay there before is {task}/{}",
        restoring.from, restored.written, restored.removed, restored.before.number
    );
    for made in &restored.meanwhile {
        let number = made.number;
        text.push_str(&format!("\nwhat was written after that is in {task}/{number}"));
    }
    for file in &restored.in_the_way {
        text.push_str(&format!("\nleft as it is: {file}"));
    }
    text
}

/// Asks for those to be forgotten that are not needed any more.
pub fn drop_old(step: &mut Step<'_>) {
    let state = step.state();
    let needed = state.acts.needed();
    let tasks: BTreeSet<TaskId> = state.keeping.checkpoints.keys().map(|id| id.task).collect();
    let mut old: Vec<(TaskId, Vec<CheckpointId>)> = Vec::new();
    for task in tasks {
        let record = state.tasks.tasks.get(&task);
        let merged = record.filter(|record| record.state == TaskState::Merged);
        let merged_at = merged.and_then(|record| record.closed_at);
        let all = state.keeping.of_task(task);
        let ids: Vec<CheckpointId> = match merged_at {
            Some(at) if step.now.at.duration_since(at) > KEPT_AFTER_MERGE => {
                all.map(|(id, _)| *id).collect()
            }
            _ => all
                .rev()
                .filter(|(_, record)| record.reason != CheckpointReason::Asked)
                .skip(KEPT)
                .map(|(id, _)| *id)
                .filter(|id| !needed.contains(id))
                .collect(),
        };
        let is_given_up = record.is_none_or(|record| record.state == TaskState::Cancelled);
        if !ids.is_empty() && !is_given_up {
            old.push((task, ids));
        }
    }
    for (task, ids) in old {
        step.perform(Effect::DropCheckpoints { task, ids });
    }
}

/// Checkpoints are forgotten.
pub fn checkpoints_dropped(step: &mut Step<'_>, ids: Vec<CheckpointId>) {
    let known = &step.state().keeping.checkpoints;
    let ids: Vec<CheckpointId> = ids.into_iter().filter(|id| known.contains_key(id)).collect();
    if !ids.is_empty() {
        step.record(Event::CheckpointsDropped { ids });
    }
}

/// Takes up what a supervisor that died left half done.
pub fn resume(step: &mut Step<'_>) {
    let restoring: Vec<TaskId> = step.state().keeping.restoring.keys().copied().collect();
    for task in restoring {
        step.perform(Effect::RestoreWork { ticket: None, task });
    }
    reminding::resume(step);
    drop_old(step);
}
