//! What `agency up` shows: the whole in one screen, what was brought back, and what could not be.
//!
//! As all views: a field with no value is null, never missing.

use serde::{Deserialize, Serialize};

use crate::domain::checkpoint::CheckpointId;
use crate::domain::id::TaskId;
use crate::domain::name::{AgentAddress, Name};
use crate::service::views::StatusView;

/// The status after `agency up`, and what that brought back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UpView {
    /// The status.
    #[serde(flatten)]
    pub status: StatusView,
    /// Each agency that was to be brought up.
    pub brought_back: Vec<BackView>,
    /// Whether no supervisor ran before.
    pub supervisor_started: bool,
    /// Worktrees that were gone.
    pub worktrees: Vec<WorktreeBackView>,
    /// Definitions that cannot be read; their agencies go on as they are known from before.
    pub problems: Vec<String>,
}

/// A worktree that was gone when `agency up` was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorktreeBackView {
    /// Its task.
    pub task: TaskId,
    /// Whose it is.
    pub agent: Option<AgentAddress>,
    /// `made_again`, `missing` or `being_made`.
    pub outcome: String,
    /// The checkpoint whose uncommitted files lie in it again; none: nothing was saved, or it was of no use.
    pub checkpoint: Option<CheckpointId>,
    /// Why it does not stand, or lacks what was saved.
    pub why: Option<String>,
}

/// What `agency up` found of one agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackView {
    /// The agency.
    pub agency: Name,
    /// Its tmux session.
    pub session: String,
    /// `was_running`, `brought_back`, or `started`: it was not meant to run before.
    pub outcome: String,
    /// Its agents, the coordinator first.
    pub agents: Vec<AgentBackView>,
    /// Messages that wait for its agents.
    pub waiting: u32,
    /// `restored`: as a person had arranged it, or `default`; none: it was running.
    pub layout: Option<String>,
}

/// What `agency up` found of one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentBackView {
    /// The agent.
    pub agent: AgentAddress,
    /// `was_running`, `resumed` (on its own conversation), `began_anew`, `started` (its first life) or `down`.
    pub outcome: String,
    /// The conversation that it goes on with.
    pub conversation: Option<String>,
    /// Why it began anew, or is down.
    pub why: Option<String>,
}
