//! What is decided about taking acts back: whether one can be, and its steps, each repeatable.
//!
//! An undo is begun once and goes on with every outcome until all of it is back; one that fails says why, keeps
//! what is back already, and can be asked for again.

use std::collections::BTreeMap;

use crate::domain::agency::{AgencyDefinition, AgentDefinition};
use crate::domain::checkpoint::{Care, Manner};
use crate::domain::command::{Answer, Command};
use crate::domain::id::{ActId, TaskId};
use crate::domain::message::OwnType;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::task::TaskState;
use crate::engine::crew;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::keeping::deciding::{begin_restore, require_restorable};
use crate::engine::require_operator;
use crate::engine::sessions::Wanted;
use crate::engine::sessions::deciding::require_agency;
use crate::engine::state::State;
use crate::engine::step::Step;
use crate::engine::tasks::deciding::tell;
use crate::engine::undoing::{Act, ActRecord};

/// Carries out a command about acts.
pub fn asked(step: &mut Step<'_>, command: Command) -> Result<Answer, Refusal> {
    let Command::Undo { act, care } = command else { return Ok(Answer::Done) };
    require_operator(step, "take something back")?;
    let id = match act {
        Some(id) => id,
        None => newest(step.state()).ok_or_else(|| {
            Refusal::new(RefusalKind::NotFound, "nothing_to_undo", "there is nothing to take back")
                .with_hint("what was done is listed with `agency undo --list`")
        })?,
    };
    let Some(record) = step.state().acts.acts.get(&id).cloned() else {
        let message = format!("there is no act `{id}`");
        return Err(Refusal::new(RefusalKind::NotFound, "act_not_found", message)
            .with_hint("list them with `agency undo --list`"));
    };
    if record.is_undoing {
        return Ok(Answer::Id(id.to_string()));
    }
    require_undoable(step, id, &record, care)?;
    step.record(Event::UndoBegun { act: id });
    if let Act::WorkRestored { before, paths, manner, .. } = record.act {
        // What was laid into a worktree that was made again goes, too; only what it touched is touched.
        let manner = if manner == Manner::Fill { Manner::Exact } else { manner };
        begin_restore(step, None, before, (paths, manner), Some(id));
    } else {
        advance(step, id);
    }
    Ok(Answer::Id(id.to_string()))
}

fn newest(state: &State) -> Option<ActId> {
    let mut newest = state.acts.acts.iter().rev();
    let is_open = |record: &ActRecord| record.undone_at.is_none() && !record.is_passed_by();
    newest.find(|(_, record)| is_open(record)).map(|(id, _)| *id)
}

/// What taking an act back would do, in one line; a refusal in its own words where it cannot be.
pub fn plan(record: &ActRecord) -> String {
    let short = |commit: &str| commit.chars().take(10).collect::<String>();
    match &record.act {
        Act::AgencyRemoved { agency, tasks, .. } if tasks.is_empty() => {
            format!("brings `{agency}` back from the archive, stopped")
        }
        Act::AgencyRemoved { agency, tasks, .. } => format!(
            "brings `{agency}` back from the archive, stopped, with {} open tasks, their worktrees and \
             what was not committed in them",
            tasks.len()
        ),
        Act::AgentDismissed { agency, definition } => format!(
            "hires `{agency}/{}` again as it was, its worktrees and the messages that waited for it stay as they \
             are",
            definition.name
        ),
        Act::TaskCancelled { task, state } => format!(
            "opens `{task}` again ({}), with its worktree and what was not committed in it",
            back_to(*state).as_str()
        ),
        Act::WorkRestored { task, from, before, .. } => {
            format!("gives files of `{task}` that {from} replaced the content of {before} again")
        }
        Act::WorkMerged { commit, old_head, .. } => format!(
            "is not done: a merge is never rewritten. Take it back with a commit of its own: git revert -m 1 {}; \
             the branch stood on {} before",
            short(commit),
            old_head.as_deref().map_or_else(|| format!("{}^1", short(commit)), short)
        ),
    }
}

fn require_undoable(
    step: &Step<'_>,
    id: ActId,
    record: &ActRecord,
    care: Care,
) -> Result<(), Refusal> {
    if record.undone_at.is_some() {
        let message = format!("`{id}` was taken back already");
        return Err(Refusal::new(RefusalKind::Conflict, "undone", message));
    }
    match &record.act {
        Act::AgencyRemoved { agency, folder, is_returned, .. } => {
            if folder.is_none() {
                let message = format!("`{agency}` is still being removed");
                return Err(Refusal::new(RefusalKind::Conflict, "agency_removing", message)
                    .with_hint(format!("see what it waits for with `agency explain {agency}`")));
            }
            if step.state().sessions.agency(agency).is_some() && !is_returned {
                let message = format!("there is another agency `{agency}` by now");
                return Err(Refusal::new(RefusalKind::Conflict, "name_taken", message)
                    .with_hint(format!("remove that one first: agency remove {agency}")));
            }
            Ok(())
        }
        Act::AgentDismissed { agency, definition } => {
            require_returned(step, agency)?;
            crew::require_free_name(step, agency, &definition.name)
        }
        Act::TaskCancelled { task, .. } => {
            let Some(record) = step.state().tasks.tasks.get(task) else { return Ok(()) };
            require_returned(step, &record.contract.agency)?;
            record.agent.as_ref().map_or(Ok(()), |agent| require_present(step, agent))
        }
        Act::WorkRestored { before, .. } => require_restorable(step, *before, care),
        Act::WorkMerged { approval, commit, .. } => {
            let message = format!("`{id}` is the merge of `{approval}`; a merge is not rewritten");
            Err(Refusal::new(RefusalKind::Conflict, "merged", message).with_hint(format!(
                "take it back with a commit of its own: git revert -m 1 {commit}{}",
                old_head(record)
            )))
        }
    }
}

fn require_returned(step: &Step<'_>, agency: &Name) -> Result<(), Refusal> {
    require_agency(step, agency).map_err(|refusal| {
        refusal.with_hint("take its removal back first; see `agency undo --list`")
    })
}

/// Refuses to give a task back to somebody who has left, as far as that can be taken back too.
fn require_present(step: &Step<'_>, agent: &AgentAddress) -> Result<(), Refusal> {
    let is_there = step.state().sessions.definition(agent).is_some();
    let Some(left) = step.state().acts.leaving_of(agent).filter(|_| !is_there) else {
        return Ok(());
    };
    let message = format!("`{agent}`, whose task it was, has left");
    Err(Refusal::new(RefusalKind::Conflict, "agent_left", message)
        .with_hint(format!("take that back first: agency undo {left}")))
}

fn old_head(record: &ActRecord) -> String {
    match &record.act {
        Act::WorkMerged { old_head: Some(head), .. } => format!("; the branch stood on {head}"),
        _ => String::new(),
    }
}

/// The state that a task comes back to: what waited for a decision must be handed in again.
fn back_to(state: TaskState) -> TaskState {
    match state {
        TaskState::Proving
        | TaskState::Reviewing
        | TaskState::AwaitingApproval
        | TaskState::Approved => TaskState::Submitted,
        other => other,
    }
}

/// Goes on with everything that is being taken back.
pub fn advance_all(step: &mut Step<'_>) {
    let acts = step.state().acts.acts.iter();
    let undoing: Vec<ActId> =
        acts.filter(|(_, record)| record.is_undoing).map(|(id, _)| *id).collect();
    undoing.into_iter().for_each(|id| advance(step, id));
}

fn advance(step: &mut Step<'_>, id: ActId) {
    let Some(record) = step.state().acts.undoing(id).cloned() else { return };
    match record.act {
        Act::AgencyRemoved { agency, folder: Some(folder), is_returned: false, .. } => {
            step.perform(Effect::ReturnAgency { act: id, agency, folder });
        }
        Act::AgencyRemoved { tasks, .. } => revive(step, id, &tasks),
        Act::AgentDismissed { agency, definition } => hire_back(step, id, &agency, *definition),
        Act::TaskCancelled { task, state } => revive(step, id, &BTreeMap::from([(task, state)])),
        // Its restoration stands by itself, and tells when it ended.
        Act::WorkRestored { .. } | Act::WorkMerged { .. } => {}
    }
}

/// Takes an agent in again; while its old pane is still being closed that waits, and its end tells.
fn hire_back(step: &mut Step<'_>, id: ActId, agency: &Name, definition: AgentDefinition) {
    let sessions = &step.state().sessions;
    let is_leaving = sessions.agency(agency).is_some_and(|record| {
        record.wanted != Wanted::Removing && record.crew.is_leaving(&definition.name)
    });
    if is_leaving {
        return;
    }
    match crew::rehire(step, agency, definition) {
        Ok(_) => step.record(Event::ActUndone { act: id }),
        Err(refusal) => step.record(Event::UndoFailed { act: id, reason: refusal.message }),
    }
}

/// Asks for the worktrees of tasks that are not back; a task without one is back at once.
fn revive(step: &mut Step<'_>, id: ActId, tasks: &BTreeMap<TaskId, TaskState>) {
    for task in tasks.keys() {
        let is_back =
            step.state().acts.acts.get(&id).is_none_or(|record| record.revived.contains(task));
        let Some(record) = step.state().tasks.tasks.get(task).filter(|_| !is_back) else {
            continue;
        };
        let kept = record.kept.as_ref().and_then(|kept| kept.branch_ref.as_ref());
        let had_worktree = record.base.is_some() && record.worktree.is_some();
        match (had_worktree, record.is_retired, kept) {
            // Its retirement is under way and tells when it ended.
            (true, false, _) => {}
            (true, true, Some(_)) => step.perform(Effect::ReviveWorktree { act: id, task: *task }),
            _ => task_back(step, id, *task, None),
        }
    }
    let is_whole = step
        .state()
        .acts
        .undoing(id)
        .is_some_and(|record| tasks.keys().all(|task| record.revived.contains(task)));
    if is_whole {
        step.record(Event::ActUndone { act: id });
    }
}

fn task_back(step: &mut Step<'_>, act: ActId, task: TaskId, base: Option<String>) {
    let Some(record) = step.state().acts.undoing(act) else { return };
    let state = match &record.act {
        Act::AgencyRemoved { tasks, .. } => tasks.get(&task).copied(),
        Act::TaskCancelled { state, .. } => Some(*state),
        Act::AgentDismissed { .. } | Act::WorkRestored { .. } | Act::WorkMerged { .. } => None,
    };
    let Some(state) = state.map(back_to) else { return };
    let agent = step.state().tasks.tasks.get(&task).and_then(|record| record.agent.clone());
    let has_worktree = base.is_some();
    step.record(Event::TaskRevived { act, task, state, agent: agent.clone(), base });
    let Some(agent) = agent else { return };
    if !has_worktree && state.is_open() {
        step.perform(Effect::PrepareWorktree { task });
    }
    let text =
        format!("{task} is yours again, it was given up by mistake. Its files are as they were.");
    tell(step, &agent, OwnType::Verdict, task, text);
}

/// An agency's folder is back, or not.
pub fn agency_returned(
    step: &mut Step<'_>,
    act: ActId,
    result: Result<Box<AgencyDefinition>, String>,
) {
    if step.state().acts.undoing(act).is_none() {
        return;
    }
    match result {
        Ok(definition) => {
            let agency = definition.name.clone();
            step.record(Event::AgencyReturned { act, agency: agency.clone() });
            let known = step.state().sessions.agency(&agency).map(|record| &record.definition);
            if known != Some(definition.as_ref()) {
                step.record(Event::AgencyDefined { definition });
            }
            advance(step, act);
        }
        Err(reason) => step.record(Event::UndoFailed { act, reason }),
    }
}

/// A worktree is back, or not.
pub fn worktree_revived(
    step: &mut Step<'_>,
    act: ActId,
    task: TaskId,
    result: Result<String, String>,
) {
    let Some(record) = step.state().acts.undoing(act) else { return };
    if record.revived.contains(&task) {
        return;
    }
    match result {
        Ok(base) => {
            task_back(step, act, task, Some(base));
            advance(step, act);
        }
        Err(reason) => {
            let reason = format!("the worktree of `{task}`: {reason}");
            step.record(Event::UndoFailed { act, reason });
        }
    }
}

/// A restoration ended that was begun to take an act back.
pub fn restored(step: &mut Step<'_>, act: Option<ActId>, problem: Option<String>) {
    let Some(act) = act.filter(|act| step.state().acts.undoing(*act).is_some()) else { return };
    match problem {
        None => step.record(Event::ActUndone { act }),
        Some(reason) => step.record(Event::UndoFailed { act, reason }),
    }
}
