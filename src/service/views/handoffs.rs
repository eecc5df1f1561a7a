//! What is shown of handoffs.
//!
//! As all views: a field with no value is null, never missing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::handoff::HandoffState;
use crate::domain::id::{HandoffId, MessageId, TaskId};
use crate::domain::name::Name;
use crate::domain::protocol::{Severity, Verdict};

/// One handoff.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandoffView {
    /// Its id: `HO-001`.
    pub id: HandoffId,
    /// How far it is.
    pub state: HandoffState,
    /// Which time this work is handed over, from 1.
    pub round: u32,
    /// Who offers it: an agency, or `operator`.
    pub from: String,
    /// Whom it is for.
    pub to: Name,
    /// What it is about.
    pub title: String,
    /// The receiver's task.
    pub task: TaskId,
    /// The sender's task, if it is one of this workbench.
    pub origin: Option<TaskId>,
    /// The task that mends what was found.
    pub fix: Option<TaskId>,
    /// The message that offers it.
    pub message: MessageId,
    /// The open one that it replaced.
    pub replaces: Option<HandoffId>,
    /// What was made.
    pub deliverable: Option<String>,
    /// Where it is.
    pub place: Option<String>,
    /// The branch it is on.
    pub branch: Option<String>,
    /// Whether that branch was looked for and is not in the receiver's project.
    pub is_branch_missing: bool,
    /// Files that belong to it.
    pub artifacts: Vec<String>,
    /// When the receiver may call it good.
    pub acceptance_criteria: Vec<String>,
    /// What is to be done with it.
    pub next_steps: Vec<String>,
    /// Remarks of the sender.
    pub notes: Option<String>,
    /// What the sender did not say: fields by their names.
    pub not_said: Vec<String>,
    /// When it was offered.
    pub offered_at: Timestamp,
    /// By when it has to be accepted or declined.
    pub answer_by: Timestamp,
    /// When it was.
    pub taken_at: Option<Timestamp>,
    /// When the receiver means to have looked at it.
    pub estimated_completion: Option<Timestamp>,
    /// Why it was declined or withdrawn, or a remark with which it was accepted.
    pub reason: Option<String>,
    /// What the receiver thinks of it.
    pub verdict: Option<Verdict>,
    /// Bugs found.
    pub bugs: Option<u32>,
    /// The worst of them.
    pub severity: Option<Severity>,
    /// Where they are described.
    pub report: Option<String>,
    /// Remarks of the receiver with its results.
    pub remarks: Option<String>,
    /// When the results came.
    pub answered_at: Option<Timestamp>,
}
