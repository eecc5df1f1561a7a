//! Reading what was saved of worktrees, and what can be taken back: from the state alone, in the shapes of
//! [`crate::service::views`]. Only a diff is left to be read outside.

use crate::domain::checkpoint::CheckpointId;
use crate::domain::id::{ActId, TaskId};
use crate::domain::refusal::Refusal;
use crate::engine::keeping::CheckpointRecord;
use crate::engine::state::State;
use crate::engine::undoing::{self, Act, ActRecord};
use crate::service::outside::Outside;
use crate::service::plans;
use crate::service::reading::{Partial, not_found};
use crate::service::views::{ActView, BranchView, CheckpointView};

/// Checkpoints, oldest first.
pub(super) fn checkpoints(state: &State, task: Option<TaskId>) -> Vec<CheckpointView> {
    let all = state.keeping.checkpoints.iter();
    let wanted = all.filter(|(id, _)| task.is_none_or(|task| id.task == task));
    let mut views: Vec<CheckpointView> =
        wanted.map(|(id, record)| checkpoint(*id, record)).collect();
    views.sort_by_key(|view| (view.at, view.id));
    views
}

fn checkpoint(id: CheckpointId, record: &CheckpointRecord) -> CheckpointView {
    let made = &record.made;
    CheckpointView {
        id,
        task: id.task,
        at: record.at,
        reason: record.reason,
        note: record.note.clone(),
        by: record.by.to_string(),
        files: made.files,
        insertions: made.insertions,
        deletions: made.deletions,
        left_out: made.left_out.clone(),
        commit: made.commit.clone(),
        reference: id.reference(),
    }
}

/// What a checkpoint holds beyond its task's branch; beyond what it was made on, where that is gone.
pub(super) fn diff(state: &State, outside: &Outside, id: CheckpointId) -> Result<Partial, Refusal> {
    let missing = || not_found("checkpoint", &id, "agency branch checkpoints");
    let record = state.keeping.checkpoints.get(&id).ok_or_else(missing)?;
    let task = state.tasks.tasks.get(&id.task).ok_or_else(missing)?;
    let (project, _) = plans::project(state, outside, &task.contract.agency);
    let to = record.made.commit.clone();
    let stands = state.keeping.works.contains_key(&id.task);
    let from = match task.branch.as_ref().filter(|_| stands) {
        Some(branch) => format!("refs/heads/{branch}"),
        None => format!("{to}^1"),
    };
    Ok(Partial::Diff { project, from, to })
}

/// What was done, newest first.
pub(super) fn acts(state: &State) -> Vec<ActView> {
    state.acts.acts.iter().rev().map(|(id, record)| act(*id, record)).collect()
}

fn act(id: ActId, record: &ActRecord) -> ActView {
    let (kind, subject) = match &record.act {
        Act::AgencyRemoved { agency, .. } => ("agency_removed", agency.to_string()),
        Act::AgentDismissed { agency, definition } => {
            ("agent_dismissed", format!("{agency}/{}", definition.name))
        }
        Act::TaskCancelled { task, .. } => ("task_cancelled", task.to_string()),
        Act::WorkRestored { task, .. } => ("work_restored", task.to_string()),
        Act::WorkMerged { approval, .. } => ("work_merged", approval.to_string()),
    };
    let state = match record {
        ActRecord { undone_at: Some(_), .. } => "undone",
        ActRecord { is_undoing: true, .. } => "undoing",
        ActRecord { act: Act::WorkMerged { .. }, .. } => "kept",
        _ => "done",
    };
    ActView {
        id,
        kind: kind.to_owned(),
        subject,
        at: record.at,
        by: record.by.as_ref().map(ToString::to_string),
        undo: undoing::plan(record),
        state: state.to_owned(),
        only_by_name: record.is_passed_by(),
        undone_at: record.undone_at,
        problem: record.problem.clone(),
    }
}

/// What is known of a task's uncommitted work, for its branch.
pub(super) fn describe(state: &State, task: TaskId, view: &mut BranchView) {
    view.uncommitted_since = state.keeping.works.get(&task).and_then(|work| work.since);
    if let Some((id, record)) = state.keeping.of_task(task).next_back() {
        (view.checkpoint, view.checkpoint_at) = (Some(*id), Some(record.at));
    }
}
