//! What is on the branches and in the worktrees, for the screen and for the engine.
//!
//! Read often, so libgit2 does what it can do (a walk costs it a tenth of a process); the program
//! answers where it cannot open the repository, and always about changed files.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::checkouts::{self, Uncommitted};
use super::combine::diff_stat;
use super::revision::{self, branch_ref};
use super::run::git;
use crate::ports::repositories::{BranchSeen, RepositoryError, Uncommitted as Dirt, WorkState};

/// Longest list of file names: more says nothing more.
const NAMED_FILES: usize = 20;

/// What is in a worktree.
pub(super) fn work_state(worktree: &Path, base: &str) -> Result<WorkState, RepositoryError> {
    checkouts::require_own_git(worktree)?;
    let head = revision::checked_out(worktree)?
        .ok_or_else(|| RepositoryError::Empty { path: worktree.to_owned() })?;
    let ahead = revision::count(worktree, base, &head)?;
    let mut dirty = checkouts::uncommitted(worktree, Uncommitted::All)?;
    dirty.truncate(NAMED_FILES);
    Ok(WorkState { head, ahead, dirty })
}

/// What is not committed in a worktree, and since when at the latest: the oldest time at which one of
/// those files was written. One that was deleted has no time.
pub(super) fn uncommitted(worktree: &Path) -> Result<Dirt, RepositoryError> {
    checkouts::require_own_git(worktree)?;
    checkouts::require_checked_out(worktree)?;
    let (head, head_at) = head_of(worktree)?;
    let mut files = checkouts::uncommitted(worktree, Uncommitted::All)?;
    let count = count(files.len());
    let written = |file: &String| {
        let written = worktree.join(file).symlink_metadata().ok()?.modified().ok()?;
        Timestamp::try_from(written).ok()
    };
    let oldest = files.iter().filter_map(written).min();
    files.truncate(NAMED_FILES);
    Ok(Dirt { head, head_at, files, count, oldest })
}

/// The commit that is checked out, with its time.
fn head_of(worktree: &Path) -> Result<(String, Option<Timestamp>), RepositoryError> {
    let at = |seconds| Timestamp::from_second(seconds).ok();
    let read = |repository: git2::Repository| {
        let commit = repository.head().and_then(|head| head.peel_to_commit()).ok()?;
        Some((commit.id().to_string(), at(commit.time().seconds())))
    };
    if let Some(head) = revision::open(worktree).and_then(read) {
        return Ok(head);
    }
    let head = revision::checked_out(worktree)?
        .ok_or_else(|| RepositoryError::Empty { path: worktree.to_owned() })?;
    let time = git(worktree).args(["show", "--no-patch", "--format=%ct", &head]).text()?;
    Ok((head, time.parse().ok().and_then(at)))
}

/// The wanted branches that exist, against the target.
pub(super) fn branches(
    project: &Path,
    target: &str,
    wanted: &[(String, Option<PathBuf>)],
) -> Result<Vec<BranchSeen>, RepositoryError> {
    let target_head = revision::require_branch(project, target)?;
    let repository = revision::open(project);
    let mut found = Vec::new();
    for (branch, worktree) in wanted {
        let measured = repository.as_ref().map(|open| measure(open, &target_head, branch));
        let seen = match measured {
            Some(Ok(seen)) => Some(seen),
            Some(Err(error)) if error.code() == git2::ErrorCode::NotFound => None,
            Some(Err(_)) | None => ask(project, &target_head, branch)?,
        };
        if let Some(seen) = seen {
            found.push(BranchSeen { dirty: dirty_count(worktree.as_deref()), ..seen });
        }
    }
    Ok(found)
}

/// Files not committed; a worktree that is gone or broken shows none, the reconciler tells about it.
fn dirty_count(worktree: Option<&Path>) -> u32 {
    let Some(worktree) = worktree else { return 0 };
    let files = checkouts::require_own_git(worktree)
        .and_then(|()| checkouts::uncommitted(worktree, Uncommitted::All));
    files.map_or(0, |files| u32::try_from(files.len()).unwrap_or(u32::MAX))
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn measure(
    repository: &git2::Repository,
    target: &str,
    branch: &str,
) -> Result<BranchSeen, git2::Error> {
    let head = repository.find_reference(&branch_ref(branch))?.peel_to_commit()?;
    let target = git2::Oid::from_str(target)?;
    let (ahead, behind) = repository.graph_ahead_behind(head.id(), target)?;
    let (mut insertions, mut deletions) = (0, 0);
    if ahead > 0
        && let Ok(base) = repository.merge_base(head.id(), target)
    {
        let base = repository.find_commit(base)?.tree()?;
        let stats =
            repository.diff_tree_to_tree(Some(&base), Some(&head.tree()?), None)?.stats()?;
        (insertions, deletions) = (stats.insertions(), stats.deletions());
    }
    Ok(BranchSeen {
        branch: branch.to_owned(),
        ahead: count(ahead),
        behind: count(behind),
        dirty: 0,
        insertions: count(insertions),
        deletions: count(deletions),
        last_commit_at: Timestamp::from_second(head.time().seconds()).ok(),
    })
}

/// The same by the program.
fn ask(project: &Path, target: &str, branch: &str) -> Result<Option<BranchSeen>, RepositoryError> {
    let Some(head) = revision::branch_head(project, branch)? else { return Ok(None) };
    let (status, base) = git(project).args(["merge-base", target, &head]).expecting(&[0, 1])?;
    let change = match status {
        0 => diff_stat(project, &base.text(), &head)?,
        _ => crate::domain::submission::DiffStat::default(),
    };
    let time = git(project).args(["show", "--no-patch", "--format=%ct", &head]).text()?;
    let at = time.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    Ok(Some(BranchSeen {
        branch: branch.to_owned(),
        ahead: revision::count(project, target, &head)?,
        behind: revision::count(project, &head, target)?,
        dirty: 0,
        insertions: change.insertions,
        deletions: change.deletions,
        last_commit_at: at,
    }))
}
