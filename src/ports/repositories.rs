//! Repositories: worktrees, merges made in memory, and branches moved by compare-and-swap.
//!
//! Nothing a person or an agent made is destroyed: before a worktree or a branch goes, all of it,
//! untracked files too, is kept under `refs/agency/kept/`. Every call can be repeated.

#[cfg(test)]
pub mod fake;

pub mod saved;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::submission::MergePreview;

pub use saved::{
    Checkpoint, CheckpointOrder, Holding, Manner, RestoreOrder, Restored, ReviveOrder, Uncommitted,
};

/// What kind of repository a project is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectFacts {
    /// Its root, absolute.
    pub root: PathBuf,
    /// The branch that is checked out.
    pub branch: String,
    /// Its commit.
    pub head: String,
}

/// A task's worktree as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorktreeOrder {
    /// The project.
    pub project: PathBuf,
    /// Where the worktree goes.
    pub path: PathBuf,
    /// Its branch; made if missing, taken as it is if there.
    pub branch: String,
    /// What a new branch starts from: the first of these branches that exists.
    pub start_from: Vec<String>,
}

/// A worktree that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorktreeMade {
    /// Where it is.
    pub path: PathBuf,
    /// Its branch.
    pub branch: String,
    /// The commit the branch started from.
    pub base: String,
}

/// What is in a worktree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkState {
    /// The branch's commit.
    pub head: String,
    /// Commits on it since `base`.
    pub ahead: u32,
    /// Changed and untracked files that are not committed, at most 20 named.
    pub dirty: Vec<String>,
}

/// One branch to be merged into another that only we move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrationOrder {
    /// The project.
    pub project: PathBuf,
    /// The branch to move; made at `start_from` if missing.
    pub into: String,
    /// Where a new one starts.
    pub start_from: String,
    /// The commit to merge.
    pub head: String,
    /// First line of the merge commit.
    pub message: String,
    /// Author and committer time, so that a repetition makes the same commit.
    pub at: Timestamp,
}

/// How an integration went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Integrated {
    /// The branch contains the commit now.
    Merged {
        /// The branch's commit.
        commit: String,
    },
    /// They do not merge.
    Conflict {
        /// Paths in conflict.
        paths: Vec<String>,
    },
}

/// A merge as it would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Previewed {
    /// It merges.
    Clean(MergePreview),
    /// It does not.
    Conflict {
        /// The target's commit.
        base: String,
        /// Paths in conflict.
        paths: Vec<String>,
    },
}

/// An approved merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeOrder {
    /// The project.
    pub project: PathBuf,
    /// The branch that is moved.
    pub target: String,
    /// Where it must stand: compare-and-swap.
    pub base: String,
    /// The commit that is merged.
    pub head: String,
    /// The tree that was proven; the merge commit has exactly this one.
    pub tree: String,
    /// The whole commit message.
    pub message: String,
    /// Author and committer time, so that a repetition makes the same commit.
    pub at: Timestamp,
}

/// How a merge went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// The branch stands on the merge commit, now or since an earlier call.
    Done {
        /// The merge commit.
        commit: String,
    },
    /// The branch has moved: prove again.
    BaseMoved {
        /// Where it stands.
        now: String,
    },
    /// The branch is checked out and something there must be done by its owner first.
    Held {
        /// What, for people, with the folder.
        reason: String,
    },
}

/// A worktree or branch that is not needed any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetireOrder {
    /// The project.
    pub project: PathBuf,
    /// The worktree; need not exist any more.
    pub path: PathBuf,
    /// Its branch.
    pub branch: String,
    /// Name under `refs/agency/kept/`.
    pub keep_as: String,
}

/// What was kept of a retired worktree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The ref that holds the branch's commit, none if there was no branch.
    pub branch_ref: Option<String>,
    /// The ref that holds what was not committed, none if there was nothing.
    pub uncommitted_ref: Option<String>,
}

/// A branch for the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchSeen {
    /// Its name.
    pub branch: String,
    /// Commits that the target lacks.
    pub ahead: u32,
    /// Commits that it lacks.
    pub behind: u32,
    /// Files not committed in its worktree, if it has one.
    pub dirty: u32,
    /// Lines added against the merge base.
    pub insertions: u32,
    /// Lines removed.
    pub deletions: u32,
    /// Time of its last commit.
    pub last_commit_at: Option<Timestamp>,
}

/// Whether a worktree had to be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mended {
    /// It stands as it was.
    Standing,
    /// Git did not know it any more, or it lacked what ties it to git; its files are as they were.
    TiedAgain,
    /// Its files were gone: it stands as its branch has it, and what was not committed is lost here.
    MadeAgain,
}

/// Git repositories.
pub trait Repositories: Send + Sync {
    /// Looks at a project; refuses what cannot be worked on, each with its own error.
    fn inspect(&self, project: &Path) -> Result<ProjectFacts, RepositoryError>;
    /// Makes a worktree, or takes the one that stands.
    fn prepare_worktree(&self, order: &WorktreeOrder) -> Result<WorktreeMade, RepositoryError>;
    /// Makes a worktree stand that was made before, if it does not: from its branch, or from the files that are left.
    /// What is at its place and is not ours stays, and is an error.
    fn mend_worktree(&self, order: &WorktreeOrder) -> Result<Mended, RepositoryError>;
    /// What is in a worktree.
    fn work_state(&self, worktree: &Path, base: &str) -> Result<WorkState, RepositoryError>;
    /// Merges a commit into a branch of ours, without a work tree.
    fn integrate(&self, order: &IntegrationOrder) -> Result<Integrated, RepositoryError>;
    /// The commit a branch stands on, none if there is no such branch.
    fn branch_head(&self, project: &Path, branch: &str) -> Result<Option<String>, RepositoryError>;
    /// Makes the merge of `head` into branch `target` in memory.
    fn preview_merge(
        &self,
        project: &Path,
        target: &str,
        head: &str,
    ) -> Result<Previewed, RepositoryError>;
    /// Writes a tree's files into an empty folder; no `.git` there.
    fn export_tree(&self, project: &Path, tree: &str, folder: &Path)
    -> Result<(), RepositoryError>;
    /// Moves the target branch to the proven merge.
    fn merge(&self, order: &MergeOrder) -> Result<Merged, RepositoryError>;
    /// The change as a unified diff between two trees or commits.
    fn diff(&self, project: &Path, from: &str, to: &str) -> Result<String, RepositoryError>;
    /// Keeps what is in a worktree and on its branch under refs, then removes both.
    fn retire(&self, order: &RetireOrder) -> Result<Kept, RepositoryError>;
    /// Removes a branch that has no worktree, keeping its commit under a ref; done if there is none.
    fn retire_branch(
        &self,
        project: &Path,
        branch: &str,
        keep_as: &str,
    ) -> Result<Kept, RepositoryError>;
    /// Branches of ours (those named) against the target.
    fn branches(
        &self,
        project: &Path,
        target: &str,
        wanted: &[(String, Option<PathBuf>)],
    ) -> Result<Vec<BranchSeen>, RepositoryError>;
    /// What is not committed in a worktree, and since when at the latest.
    fn uncommitted(&self, worktree: &Path) -> Result<Uncommitted, RepositoryError>;
    /// Saves a worktree's files under a ref, touching neither its index nor any branch; none: there is
    /// nothing to save. What was saved last and is still so is given again.
    fn checkpoint(&self, order: &CheckpointOrder) -> Result<Option<Checkpoint>, RepositoryError>;
    /// Gives a worktree the files of a checkpoint; what lies there is saved first.
    fn restore(&self, order: &RestoreOrder) -> Result<Restored, RepositoryError>;
    /// Forgets checkpoints, each a ref and the commit it must stand on; those that are gone are done.
    fn drop_checkpoints(
        &self,
        project: &Path,
        checkpoints: &[(String, String)],
    ) -> Result<(), RepositoryError>;
    /// Makes a retired worktree again, from what was kept of it.
    fn revive(&self, order: &ReviveOrder) -> Result<WorktreeMade, RepositoryError>;
}

/// What can go wrong with a repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RepositoryError {
    /// The program is not there.
    #[error("git is not installed, or not in PATH")]
    NotInstalled,
    /// No repository there.
    #[error("`{path}` is not a git repository", path = path.display())]
    NotARepository {
        /// The folder.
        path: PathBuf,
    },
    /// A bare repository has no files to work on.
    #[error("`{path}` is a bare repository", path = path.display())]
    Bare {
        /// The folder.
        path: PathBuf,
    },
    /// No commit yet.
    #[error("`{path}` has no commit yet", path = path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// No branch is checked out.
    #[error("`{path}` has a detached head", path = path.display())]
    DetachedHead {
        /// The folder.
        path: PathBuf,
    },
    /// Submodules are not carried into worktrees and sandboxes.
    #[error("`{path}` has submodules, which are not supported yet", path = path.display())]
    Submodules {
        /// The folder.
        path: PathBuf,
    },
    /// No such branch or commit.
    #[error("there is no branch or commit `{name}` in `{path}`", path = path.display())]
    NoSuchRevision {
        /// What was asked for.
        name: String,
        /// The project.
        path: PathBuf,
    },
    /// No such file in a checkpoint.
    #[error("`{name}` is not in the checkpoint")]
    NoSuchFile {
        /// What was asked for.
        name: String,
    },
    /// Something stands in the way that we did not make.
    #[error("`{path}` is in the way: {problem}", path = path.display())]
    InTheWay {
        /// What.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// git refused.
    #[error("`git {command}` failed: {problem}")]
    Refused {
        /// What was run.
        command: String,
        /// What it said.
        problem: String,
    },
    /// The system refused.
    #[error("`{path}`: {problem}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        problem: String,
    },
}
