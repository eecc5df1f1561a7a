//! What is shown of checkpoints, and of acts that can be taken back.
//!
//! As all views: a field with no value is null, never missing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::checkpoint::{CheckpointId, CheckpointReason};
use crate::domain::id::{ActId, TaskId};

/// One checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckpointView {
    /// Its name: `TASK-001/3`.
    pub id: CheckpointId,
    /// Its task.
    pub task: TaskId,
    /// When it was made.
    pub at: Timestamp,
    /// Why: `asked`, `reminder`, `lost`, `stopped`, `before_restore`.
    pub reason: CheckpointReason,
    /// In whose words, if somebody wrote any.
    pub note: Option<String>,
    /// Who wanted it.
    pub by: String,
    /// Files that differ from the commit that was checked out.
    pub files: u32,
    /// Lines added.
    pub insertions: u32,
    /// Lines removed.
    pub deletions: u32,
    /// What it lacks, with the reason.
    pub left_out: Vec<String>,
    /// Its commit.
    pub commit: String,
    /// The ref that holds it.
    #[serde(rename = "ref")]
    pub reference: String,
}

/// Something that was done and may be taken back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActView {
    /// Its id.
    pub id: ActId,
    /// `agency_removed`, `agent_dismissed`, `task_cancelled`, `work_restored` or `work_merged`.
    pub kind: String,
    /// Agency, task or approval.
    pub subject: String,
    /// When.
    pub at: Timestamp,
    /// Who did it, where that is known.
    pub by: Option<String>,
    /// What taking it back does.
    pub undo: String,
    /// `done`, `undoing`, `undone`, or `kept` for what is never taken back here.
    pub state: String,
    /// A bare `agency undo` passes it by: a merge, or the restoration that an undo was.
    pub only_by_name: bool,
    /// When it was taken back.
    pub undone_at: Option<Timestamp>,
    /// Why it could not be taken back the last time.
    pub problem: Option<String>,
}
