//! Keeps what is in a worktree and on its branch under `refs/agency/kept/`, then removes both.
//!
//! The order is the promise: refs first, then the folder, then the branch; a repetition goes on
//! where the last try ended. The folder leaves its place by one rename, so it is there whole or not
//! at all. A ref that already keeps something else is never moved: the next one gets a number.

use std::path::{Path, PathBuf};

use super::checkouts::{self, Checkout};
use super::revision::{self, branch_ref};
use super::run::{in_the_way, io_problem};
use super::snapshot;
use super::worktree;
use crate::failpoint;
use crate::ports::repositories::{Kept, RepositoryError, RetireOrder};

/// Keeps and removes a worktree and its branch.
pub(super) fn retire(order: &RetireOrder) -> Result<Kept, RepositoryError> {
    let path = worktree::resolved(&order.path)?;
    let standing = checkouts::at(&order.project, &path)?;
    require_ours(&path, standing.as_ref())?;
    let branch = revision::branch_head(&order.project, &order.branch)?;
    let files = match standing.as_ref().filter(|standing| standing.is_there()) {
        Some(standing) => snapshot::take(standing, branch.as_deref())?,
        None => None,
    };
    let kept = Kept {
        branch_ref: keep(&order.project, &order.keep_as, branch.as_deref())?,
        uncommitted_ref: keep(
            &order.project,
            &format!("{}-uncommitted", order.keep_as),
            files.as_deref(),
        )?,
    };
    failpoint::hit("merge.worktree_kept");
    remove_folder(&order.project, &path, standing.as_ref())?;
    failpoint::hit("merge.worktree_retired");
    remove_branch(&order.project, &order.branch, branch.as_deref())?;
    Ok(kept)
}

/// Keeps and removes a branch that has no worktree.
pub(super) fn retire_branch(
    project: &Path,
    branch: &str,
    keep_as: &str,
) -> Result<Kept, RepositoryError> {
    let head = revision::branch_head(project, branch)?;
    require_free(project, branch)?;
    let branch_ref = keep(project, keep_as, head.as_deref())?;
    remove_branch(project, branch, head.as_deref())?;
    Ok(Kept { branch_ref, uncommitted_ref: None })
}

/// A folder that is no worktree of this project is not ours to remove.
fn require_ours(path: &Path, standing: Option<&Checkout>) -> Result<(), RepositoryError> {
    let is_empty = worktree::require_empty(path).is_ok();
    match standing {
        Some(standing) if standing.is_there() || is_empty => Ok(()),
        None if is_empty => Ok(()),
        _ => Err(in_the_way(path, "the folder is not a worktree of this project (any more)")),
    }
}

/// Points a ref under `refs/agency/kept/` at a commit; with none, tells what an earlier call has kept.
fn keep(
    project: &Path,
    name: &str,
    commit: Option<&str>,
) -> Result<Option<String>, RepositoryError> {
    let first = format!("refs/agency/kept/{name}");
    let Some(commit) = commit else {
        return Ok(revision::ref_target(project, &first)?.map(|_| first));
    };
    let mut wanted = first.clone();
    // Each number is taken by something else that was kept: the list ends.
    for number in 2_u32.. {
        match revision::ref_target(project, &wanted)? {
            Some(there) if there == commit => return Ok(Some(wanted)),
            Some(_) => wanted = format!("{first}-{number}"),
            None => {
                if revision::move_ref(project, &wanted, None, commit, "agency: keep")? {
                    return Ok(Some(wanted));
                }
            }
        }
    }
    Ok(None)
}

/// Where a folder is while it is deleted.
fn trash(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.retired"))
}

fn remove_folder(
    project: &Path,
    path: &Path,
    standing: Option<&Checkout>,
) -> Result<(), RepositoryError> {
    let trash = trash(path);
    delete(&trash)?;
    match std::fs::rename(path, &trash) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(io_problem(path, &error)),
    }
    if standing.is_some() {
        worktree::forget(project, path)?;
    }
    delete(&trash)
}

fn delete(folder: &Path) -> Result<(), RepositoryError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(io_problem(folder, &error))
        }
        _ => Ok(()),
    }
}

fn require_free(project: &Path, branch: &str) -> Result<(), RepositoryError> {
    match checkouts::of_branch(project, branch)?.first() {
        None => Ok(()),
        Some(other) => Err(in_the_way(&other.folder, format!("it has `{branch}` checked out"))),
    }
}

fn remove_branch(project: &Path, branch: &str, head: Option<&str>) -> Result<(), RepositoryError> {
    if let Some(head) = head {
        require_free(project, branch)?;
        if !revision::delete_ref(project, &branch_ref(branch), head)? {
            return Err(in_the_way(project, format!("branch `{branch}` has moved meanwhile")));
        }
    }
    let base = worktree::base_ref(branch);
    if let Some(noted) = revision::ref_target(project, &base)? {
        revision::delete_ref(project, &base, &noted)?;
    }
    Ok(())
}
