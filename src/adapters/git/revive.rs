//! Makes a retired worktree again: its branch at the kept commit, its folder, and over that the files that
//! were not committed.
//!
//! What was kept stays kept. A branch that stands elsewhere by now is somebody else's work and is refused.
//! A repetition ends the same.

use super::checkpoint::{self, Difference, differences};
use super::laying::Laying;
use super::revision::{self, branch_ref};
use super::run::in_the_way;
use super::worktree;
use crate::failpoint;
use crate::ports::repositories::{RepositoryError, ReviveOrder, WorktreeMade, WorktreeOrder};

/// Makes it again.
pub(super) fn revive(order: &ReviveOrder) -> Result<WorktreeMade, RepositoryError> {
    raise_branch(order)?;
    let made = worktree::prepare(&WorktreeOrder {
        project: order.project.clone(),
        path: order.path.clone(),
        branch: order.branch.clone(),
        start_from: vec![order.branch.clone()],
    })?;
    failpoint::hit("undo.worktree_made");
    if let Some(kept) = &order.kept.uncommitted_ref {
        let commit = revision::ref_target(&order.project, kept)?
            .ok_or_else(|| revision::no_such(&order.project, kept))?;
        lay_over(order, &commit)?;
    }
    Ok(made)
}

/// The branch stands on the kept commit, and where it started is known.
fn raise_branch(order: &ReviveOrder) -> Result<(), RepositoryError> {
    let Some(kept) = &order.kept.branch_ref else {
        return Err(revision::no_such(&order.project, &order.branch));
    };
    let commit = revision::ref_target(&order.project, kept)?
        .ok_or_else(|| revision::no_such(&order.project, kept))?;
    match revision::branch_head(&order.project, &order.branch)? {
        Some(there) if there == commit => {}
        Some(_) => {
            let problem = format!("there is another branch `{}` by now", order.branch);
            return Err(in_the_way(&order.project, problem));
        }
        None => {
            let branch = branch_ref(&order.branch);
            revision::move_ref(&order.project, &branch, None, &commit, "agency: undo")?;
        }
    }
    let noted = worktree::base_ref(&order.branch);
    if revision::ref_target(&order.project, &noted)?.is_none() {
        revision::move_ref(&order.project, &noted, None, &order.base, "agency: base")?;
    }
    Ok(())
}

/// Gives a fresh worktree the files of a snapshot, as git checks them out.
fn lay_over(order: &ReviveOrder, commit: &str) -> Result<(), RepositoryError> {
    let checkout = checkpoint::standing(&order.project, &order.path)?;
    let changes = differences(&order.project, &format!("refs/heads/{}", order.branch), commit)?;
    let mut laid = Laying::begin(&order.project, &checkout.folder)?;
    changes.iter().filter(|change| change.status == b'D').for_each(|gone| laid.remove(gone));
    let written: Vec<&Difference> = changes.iter().filter(|change| change.status != b'D').collect();
    laid.write(commit, &written, |_| false)?;
    match laid.in_the_way.first() {
        None => Ok(()),
        Some(first) => {
            let problem = format!("not everything could be put back: {first}");
            Err(in_the_way(&checkout.folder, problem))
        }
    }
}
