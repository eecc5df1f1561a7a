//! Performing what concerns worktrees and branches: in order per project.
//!
//! One lane per project, so that two merges never move the same branch at once.

use std::path::PathBuf;

use crate::domain::handoff::is_branch_name;
use crate::domain::id::TaskId;
use crate::domain::name::Name;
use crate::engine::effect::Retirement;
use crate::engine::input::{Input, LeftUndone, Purpose, Ticket};
use crate::engine::state::State;
use crate::failpoint;
use crate::ports::repositories::{Integrated, Kept, Mended, WorktreeOrder};
use crate::service::lanes::Lanes;
use crate::service::outside::Outside;
use crate::service::perform::session_lane;
use crate::service::plans;
use crate::service::supervisor::Handle;

/// How the names of these lanes begin.
pub const PROJECT_LANES: &str = "project:";

/// How the names of the lanes begin on which one task's worktree is looked at and saved.
pub const TASK_LANES: &str = "task:";

/// The lane of everything that writes to a project.
pub fn project_lane(project: &std::path::Path) -> String {
    format!("{PROJECT_LANES}{}", project.display())
}

/// Makes a task's worktree.
pub fn prepare(state: &State, outside: &Outside, handle: &Handle, lanes: &Lanes, task: TaskId) {
    let Some(order) = plans::worktree(state, outside, task) else { return };
    let handed = state.handoffs.branch_for(task).map(str::to_owned);
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.push(
        &project_lane(&order.project.clone()),
        Box::new(move || {
            // Its agent is told of it together with the task: so before the worktree stands.
            if let Some(branch) = handed.filter(|branch| is_missing(&outside, &order, branch)) {
                handle.input(Input::HandedBranchMissing { task, branch });
            }
            let made = outside.repositories.prepare_worktree(&order);
            let result = made.map(|made| made.base).map_err(|error| error.to_string());
            handle.input(Input::WorktreePrepared { task, result });
        }),
    );
}

fn is_missing(outside: &Outside, order: &WorktreeOrder, branch: &str) -> bool {
    !is_branch_name(branch)
        || matches!(outside.repositories.branch_head(&order.project, branch), Ok(None))
}

/// Makes a task's worktree stand again if it does not; that it stands is no news. What was saved of uncommitted
/// files is laid back after [`Input::WorktreeMended`].
pub fn mend(state: &State, outside: &Outside, handle: &Handle, lanes: &Lanes, task: TaskId) {
    let Some(order) = plans::worktree(state, outside, task) else { return };
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.push(
        &project_lane(&order.project.clone()),
        Box::new(move || {
            let result = match outside.repositories.mend_worktree(&order) {
                Ok(Mended::Standing) => return,
                Ok(mended) => Ok(mended),
                Err(error) => Err(error.to_string()),
            };
            handle.input(Input::WorktreeMended { task, result });
        }),
    );
}

/// Looks into a task's worktree.
pub fn inspect(
    state: &State,
    outside: &Outside,
    handle: &Handle,
    lanes: &Lanes,
    ticket: Option<Ticket>,
    task: TaskId,
    purpose: Purpose,
) {
    let Some(record) = state.tasks.tasks.get(&task) else { return };
    let (Some(worktree), Some(base)) = (record.worktree.clone(), record.base.clone()) else {
        return;
    };
    let path = outside.home.join(worktree);
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.push(
        &format!("{TASK_LANES}{task}"),
        Box::new(move || {
            let result =
                outside.repositories.work_state(&path, &base).map_err(|error| error.to_string());
            handle.input(Input::WorkInspected { ticket, task, purpose, result });
        }),
    );
}

/// Merges a task's work into its feature's branch; a task without a commit is integrated as it is.
pub fn integrate(
    state: &State,
    outside: &Outside,
    handle: &Handle,
    lanes: &Lanes,
    whose: (Option<Ticket>, TaskId, Purpose),
    at: jiff::Timestamp,
) {
    let (ticket, task, purpose) = whose;
    let Some(order) = plans::integration(state, outside, task, at) else {
        let has_commit = state.tasks.tasks.get(&task).is_some_and(|record| record.head.is_some());
        let result = match has_commit {
            // Without a target branch there is nowhere to merge it: that must not pass for done.
            true => Err("the project was not looked at".to_owned()),
            false => Ok(Integrated::Merged { commit: String::new() }),
        };
        handle.input(Input::WorkIntegrated { ticket, task, purpose, result });
        return;
    };
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.push(
        &project_lane(&order.project.clone()),
        Box::new(move || {
            let result = outside.repositories.integrate(&order).map_err(|error| error.to_string());
            handle.input(Input::WorkIntegrated { ticket, task, purpose, result });
        }),
    );
}

/// Keeps and removes a task's worktree and branch.
pub fn retire(
    state: &State,
    outside: &Outside,
    handle: &Handle,
    lanes: &Lanes,
    retirement: Retirement,
) {
    let order = plans::retirement(state, outside, &retirement);
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.push(
        &project_lane(&order.project.clone()),
        Box::new(move || match outside.repositories.retire(&order) {
            Ok(kept) => handle.input(Input::WorktreeRetired { task: retirement.task, kept }),
            Err(error) => {
                tracing::warn!(task = %retirement.task, %error, "the worktree stays");
                handle.input(Input::LeftUndone { what: LeftUndone::Work });
            }
        }),
    );
}

/// Keeps and removes a branch that has no worktree.
pub fn retire_branch(
    outside: &Outside,
    handle: &Handle,
    lanes: &Lanes,
    feature: Name,
    project: PathBuf,
    (branch, keep_as): (String, String),
) {
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.push(
        &project_lane(&project.clone()),
        Box::new(move || match outside.repositories.retire_branch(&project, &branch, &keep_as) {
            Ok(kept) => handle.input(Input::BranchRetired { feature, kept }),
            Err(error) => {
                tracing::warn!(%branch, %error, "the branch stays");
                handle.input(Input::LeftUndone { what: LeftUndone::Work });
            }
        }),
    );
}

/// Archives an agency: session closed, work kept, folder moved; in this order, each step repeatable.
pub fn archive(
    state: &State,
    outside: &Outside,
    handle: &Handle,
    lanes: &Lanes,
    agency: Name,
    worktrees: Vec<Retirement>,
    stamp: String,
) {
    let orders: Vec<_> = worktrees
        .into_iter()
        .map(|retirement| (retirement.task, plans::retirement(state, outside, &retirement)))
        .collect();
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.push(
        &session_lane(&agency),
        Box::new(move || {
            if let Err(problem) = carry_out(&outside, &handle, &agency, orders, &stamp) {
                tracing::error!(%agency, %problem, "the agency could not be archived");
                handle.input(Input::SessionFailed { agency, code: "archive".to_owned(), problem });
            }
        }),
    );
}

fn carry_out(
    outside: &Outside,
    handle: &Handle,
    agency: &Name,
    orders: Vec<(TaskId, crate::ports::repositories::RetireOrder)>,
    stamp: &str,
) -> Result<(), String> {
    outside.terminals.close_session(agency).map_err(|error| error.to_string())?;
    failpoint::hit("remove.session_closed");
    let mut kept: Vec<(TaskId, Kept)> = Vec::new();
    for (task, order) in &orders {
        kept.push((*task, outside.repositories.retire(order).map_err(|error| error.to_string())?));
        failpoint::hit("remove.work_kept");
    }
    for (task, kept) in kept {
        handle.input(Input::WorktreeRetired { task, kept });
    }
    failpoint::hit("remove.worktree_retired");
    let folder = outside.folder.archive_agency(agency, stamp).map_err(|error| error.to_string())?;
    handle.input(Input::AgencyArchived { agency: agency.clone(), folder });
    Ok(())
}
