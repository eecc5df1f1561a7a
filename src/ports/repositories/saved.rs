//! Saved states of worktrees: taking one, going back to one, and making again what was retired.
//!
//! A checkpoint is a commit outside any branch that holds each file of a worktree as it lies there, the
//! ignored ones excepted. Plain data; the contract of the calls stands at [`super::Repositories`].

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Kept;
pub use crate::domain::checkpoint::Manner;
use crate::domain::id::TaskId;

/// What is not committed in a worktree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncommitted {
    /// The commit that is checked out.
    pub head: String,
    /// When that was made.
    pub head_at: Option<Timestamp>,
    /// Changed and untracked files, at most 20 named.
    pub files: Vec<String>,
    /// How many there are.
    pub count: u32,
    /// When the one that has lain longest was last written.
    pub oldest: Option<Timestamp>,
}

/// Whether a state is saved in which everything is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// Only with something that is not committed.
    Uncommitted,
    /// In any case.
    Anything,
}

/// A worktree to be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointOrder {
    /// The project.
    pub project: PathBuf,
    /// The worktree.
    pub path: PathBuf,
    /// Of which task.
    pub task: TaskId,
    /// What is saved.
    pub holding: Holding,
    /// Why: the first line of the commit.
    pub message: String,
    /// Names this very order: one with the same key is made once. None: the files decide.
    pub key: Option<String>,
    /// Larger files are named and left out.
    pub largest_bytes: u64,
    /// When.
    pub at: Timestamp,
}

/// A saved state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Its number among those of its task, from 1.
    pub number: u32,
    /// Its commit.
    pub commit: String,
    /// Files that differ from the commit that was checked out.
    pub files: u32,
    /// Lines added against that commit.
    pub insertions: u32,
    /// Lines removed.
    pub deletions: u32,
    /// What it lacks, each with the reason, at most 20.
    pub left_out: Vec<String>,
}

/// A worktree to be brought back to a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreOrder {
    /// How what lies there is saved before.
    pub before: CheckpointOrder,
    /// The checkpoint's commit.
    pub commit: String,
    /// Only these files and folders, relative to the worktree; none: all.
    pub paths: Vec<PathBuf>,
    /// What becomes of other files.
    pub manner: Manner,
    /// The commit of the checkpoint whose restoration this takes back: only files that it changed are laid or removed,
    /// `paths` and `manner` are its own.
    pub taking_back: Option<String>,
}

/// How a restoration went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What lay there before.
    pub before: Checkpoint,
    /// What lay there each time that a restoration cut off was gone on with, where that was something else.
    pub meanwhile: Vec<Checkpoint>,
    /// Files that were written.
    pub written: u32,
    /// Files that were removed.
    pub removed: u32,
    /// What was left as it is, each with the reason, at most 20: nothing else has it.
    pub in_the_way: Vec<String>,
}

/// A retired worktree to be made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviveOrder {
    /// The project.
    pub project: PathBuf,
    /// Where it was.
    pub path: PathBuf,
    /// Its branch.
    pub branch: String,
    /// Where the branch had started.
    pub base: String,
    /// What was kept of it.
    pub kept: Kept,
}
