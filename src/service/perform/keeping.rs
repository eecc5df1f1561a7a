//! Performing what saves worktrees and brings back what was put away.
//!
//! Looking and saving go beside everything else, each in order per task; whatever writes files or refs that others move too
//! goes in order with the project's merges.

use std::path::PathBuf;

use crate::domain::checkpoint::CheckpointId;
use crate::domain::id::{ActId, TaskId};
use crate::domain::name::Name;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::input::{Input, Saving, Ticket};
use crate::engine::state::State;
use crate::manifest;
use crate::ports::repositories::{CheckpointOrder, Holding, RestoreOrder, ReviveOrder};
use crate::service::lanes::Lanes;
use crate::service::outside::Outside;
use crate::service::perform::work::{TASK_LANES, project_lane};
use crate::service::plans;
use crate::service::preflight::repository_refusal;
use crate::service::supervisor::Handle;

/// Bytes of one MiB.
const MIB: u64 = 1024 * 1024;

fn no_worktree(task: TaskId) -> Refusal {
    let message = format!("`{task}` has no worktree any more");
    Refusal::new(RefusalKind::Conflict, "worktree_gone", message)
}

/// How a task's worktree is saved.
fn order(
    state: &State,
    outside: &Outside,
    task: TaskId,
    message: String,
) -> Option<CheckpointOrder> {
    let record = state.tasks.tasks.get(&task)?;
    let (project, _) = plans::project(state, outside, &record.contract.agency);
    Some(CheckpointOrder {
        project,
        path: outside.home.join(record.worktree.as_ref()?),
        task,
        holding: Holding::Uncommitted,
        message,
        key: None,
        largest_bytes: state.config.git.largest_file_mib.saturating_mul(MIB),
        at: outside.clock.now(),
    })
}

/// Sees what is not committed; one look that has not begun stands for all that are asked for until it does.
pub fn look(state: &State, outside: &Outside, handle: &Handle, lanes: &Lanes, task: TaskId) {
    let worktree = state.tasks.tasks.get(&task).and_then(|record| record.worktree.clone());
    let Some(path) = worktree.map(|worktree| outside.home.join(worktree)) else { return };
    let (outside, handle) = (outside.clone(), handle.clone());
    // A lane of its own: a checkpoint that waits is no look.
    lanes.refresh(
        &format!("{TASK_LANES}{task}:look"),
        Box::new(move || {
            let result = outside.repositories.uncommitted(&path).map_err(|error| error.to_string());
            handle.input(Input::WorkSeen { task, result });
        }),
    );
}

/// Saves a worktree.
pub fn save(
    state: &State,
    outside: &Outside,
    handle: &Handle,
    lanes: &Lanes,
    ticket: Option<Ticket>,
    saving: Saving,
) {
    let task = saving.task;
    let words = saving.note.clone().unwrap_or_else(|| saving.reason.as_str().replace('_', " "));
    let message = format!("checkpoint of {task}: {words}");
    let Some(order) = order(state, outside, task, message) else {
        handle.input(Input::WorkSaved { ticket, saving, result: Err(no_worktree(task)) });
        return;
    };
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.push(
        &format!("{TASK_LANES}{task}"),
        Box::new(move || {
            let result = outside.repositories.checkpoint(&order);
            if let Err(error) = &result {
                tracing::warn!(%task, %error, "the worktree could not be saved");
            }
            let result = result.map_err(|error| repository_refusal(&error));
            handle.input(Input::WorkSaved { ticket, saving, result });
        }),
    );
}

/// Gives a worktree the files that the state says it is to get.
pub fn restore(
    state: &State,
    outside: &Outside,
    handle: &Handle,
    lanes: &Lanes,
    ticket: Option<Ticket>,
    task: TaskId,
) {
    let plan = || {
        let restoring = state.keeping.restoring.get(&task)?;
        let from = state.keeping.checkpoints.get(&restoring.from)?;
        let message = format!("{task} before it got the files of {}", restoring.from);
        let before = CheckpointOrder {
            key: Some(restoring.key.to_string()),
            ..order(state, outside, task, message)?
        };
        let (commit, paths) = (from.made.commit.clone(), restoring.paths.clone());
        let taking_back = restoring.act.and_then(|act| state.acts.given_by(act));
        let given = taking_back.and_then(|id| state.keeping.checkpoints.get(&id));
        let taking_back = given.map(|given| given.made.commit.clone());
        Some(RestoreOrder { before, commit, paths, manner: restoring.manner, taking_back })
    };
    let Some(order) = plan() else {
        handle.input(Input::WorkRestored { ticket, task, result: Err(no_worktree(task)) });
        return;
    };
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.push(
        &project_lane(&order.before.project.clone()),
        Box::new(move || {
            let result = outside.repositories.restore(&order);
            let result = result.map_err(|error| repository_refusal(&error));
            handle.input(Input::WorkRestored { ticket, task, result });
        }),
    );
}

/// Forgets checkpoints.
pub fn drop_checkpoints(
    state: &State,
    outside: &Outside,
    handle: &Handle,
    lanes: &Lanes,
    task: TaskId,
    ids: Vec<CheckpointId>,
) {
    let Some(record) = state.tasks.tasks.get(&task) else { return };
    let (project, _) = plans::project(state, outside, &record.contract.agency);
    let known = &state.keeping.checkpoints;
    let refs: Vec<(String, String)> = ids
        .iter()
        .filter_map(|id| Some((id.reference(), known.get(id)?.made.commit.clone())))
        .collect();
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.push(
        &project_lane(&project.clone()),
        Box::new(move || match outside.repositories.drop_checkpoints(&project, &refs) {
            Ok(()) => handle.input(Input::CheckpointsDropped { ids }),
            Err(error) => tracing::warn!(%task, %error, "old checkpoints stay"),
        }),
    );
}

/// Moves an agency's folder out of the archive, and reads what it says.
pub fn return_agency(
    outside: &Outside,
    handle: &Handle,
    lanes: &Lanes,
    act: ActId,
    agency: Name,
    folder: PathBuf,
) {
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.push(
        &crate::service::perform::session_lane(&agency),
        Box::new(move || {
            let back = || {
                outside
                    .folder
                    .return_agency(&agency, &folder)
                    .map_err(|error| error.to_string())?;
                let file =
                    outside.folder.load_definition(&agency).map_err(|error| error.to_string())?;
                let file = file.ok_or_else(|| format!("`{agency}` has no agency.json"))?;
                let name = file.path.display().to_string();
                manifest::agency::parse(&name, &file.text)
                    .map(Box::new)
                    .map_err(|problems| problems.to_string())
            };
            handle.input(Input::AgencyReturned { act, result: back() });
        }),
    );
}

/// Makes a retired worktree again.
pub fn revive(
    state: &State,
    outside: &Outside,
    handle: &Handle,
    lanes: &Lanes,
    act: ActId,
    task: TaskId,
) {
    let plan = || {
        let record = state.tasks.tasks.get(&task)?;
        let (project, _) = plans::project(state, outside, &record.contract.agency);
        Some(ReviveOrder {
            project,
            path: outside.home.join(record.worktree.as_ref()?),
            branch: record.branch.clone()?,
            base: record.base.clone()?,
            kept: record.kept.clone()?,
        })
    };
    let Some(order) = plan() else {
        let result = Err("nothing was kept of it".to_owned());
        handle.input(Input::WorktreeRevived { act, task, result });
        return;
    };
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.push(
        &project_lane(&order.project.clone()),
        Box::new(move || {
            let made = outside.repositories.revive(&order);
            let result = made.map(|made| made.base).map_err(|error| error.to_string());
            handle.input(Input::WorktreeRevived { act, task, result });
        }),
    );
}
