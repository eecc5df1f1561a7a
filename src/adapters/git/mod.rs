//! Repositories by git: libgit2 reads, the `git` program writes.
//!
//! The program honours what libgit2 does not (filters, sparse checkouts, hooks, signing), so every
//! change goes through it. Nothing here touches a user's configuration, stash or checked-out files,
//! but for one act: the fast-forward of a clean checkout of the target branch.
//! Start at `land` for merges, `retire` and `checkpoint` for the promise that nothing is lost.

mod capture;
mod checkouts;
mod checkpoint;
mod combine;
mod export;
mod inspect;
mod land;
mod laying;
mod mend;
mod project;
mod restore;
mod retire;
mod revision;
mod revive;
mod run;
mod seen;
mod snapshot;
#[cfg(test)]
mod tests;
mod unchanged;
mod worktree;

use std::path::{Path, PathBuf};

pub use project::make_project;

use crate::ports::repositories::{
    BranchSeen, Checkpoint, CheckpointOrder, Integrated, IntegrationOrder, Kept, Mended,
    MergeOrder, Merged, Previewed, ProjectFacts, Repositories, RepositoryError, RestoreOrder,
    Restored, RetireOrder, ReviveOrder, Uncommitted, WorkState, WorktreeMade, WorktreeOrder,
};

/// Git repositories on this machine; it holds nothing, each call opens what it needs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Git;

impl Repositories for Git {
    fn inspect(&self, project: &Path) -> Result<ProjectFacts, RepositoryError> {
        inspect::inspect(project)
    }

    fn prepare_worktree(&self, order: &WorktreeOrder) -> Result<WorktreeMade, RepositoryError> {
        worktree::prepare(order)
    }

    fn mend_worktree(&self, order: &WorktreeOrder) -> Result<Mended, RepositoryError> {
        mend::mend(order)
    }

    fn work_state(&self, worktree: &Path, base: &str) -> Result<WorkState, RepositoryError> {
        seen::work_state(worktree, base)
    }

    fn integrate(&self, order: &IntegrationOrder) -> Result<Integrated, RepositoryError> {
        combine::integrate(order)
    }

    fn branch_head(&self, project: &Path, branch: &str) -> Result<Option<String>, RepositoryError> {
        revision::branch_head(project, branch)
    }

    fn preview_merge(
        &self,
        project: &Path,
        target: &str,
        head: &str,
    ) -> Result<Previewed, RepositoryError> {
        combine::preview(project, target, head)
    }

    fn export_tree(
        &self,
        project: &Path,
        tree: &str,
        folder: &Path,
    ) -> Result<(), RepositoryError> {
        export::export(project, tree, folder)
    }

    fn merge(&self, order: &MergeOrder) -> Result<Merged, RepositoryError> {
        land::merge(order)
    }

    fn diff(&self, project: &Path, from: &str, to: &str) -> Result<String, RepositoryError> {
        export::diff(project, from, to)
    }

    fn retire(&self, order: &RetireOrder) -> Result<Kept, RepositoryError> {
        retire::retire(order)
    }

    fn retire_branch(
        &self,
        project: &Path,
        branch: &str,
        keep_as: &str,
    ) -> Result<Kept, RepositoryError> {
        retire::retire_branch(project, branch, keep_as)
    }

    fn branches(
        &self,
        project: &Path,
        target: &str,
        wanted: &[(String, Option<PathBuf>)],
    ) -> Result<Vec<BranchSeen>, RepositoryError> {
        seen::branches(project, target, wanted)
    }

    fn uncommitted(&self, worktree: &Path) -> Result<Uncommitted, RepositoryError> {
        seen::uncommitted(worktree)
    }

    fn checkpoint(&self, order: &CheckpointOrder) -> Result<Option<Checkpoint>, RepositoryError> {
        checkpoint::take(order)
    }

    fn restore(&self, order: &RestoreOrder) -> Result<Restored, RepositoryError> {
        restore::restore(order)
    }

    fn drop_checkpoints(
        &self,
        project: &Path,
        checkpoints: &[(String, String)],
    ) -> Result<(), RepositoryError> {
        checkpoint::drop_all(project, checkpoints)
    }

    fn revive(&self, order: &ReviveOrder) -> Result<WorktreeMade, RepositoryError> {
        revive::revive(order)
    }
}
