//! Tasks: a unit of work with a contract that says what is to be done and how it is proven.
//!
//! What may follow on which state is the engine's to decide; here are the states and the names they give.

use serde::{Deserialize, Serialize};

use crate::domain::id::TaskId;
use crate::domain::message::Priority;
use crate::domain::name::{AgentAddress, Name};

/// What is asked for, before the task has an id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskContract {
    /// One line.
    pub title: String,
    /// The agency whose task it is.
    pub agency: Name,
    /// The feature it is integrated with; owns the branch prefix.
    pub feature: Name,
    /// What is to be done; mandatory.
    pub scope: String,
    /// What is not to be done.
    pub non_goals: Option<String>,
    /// What it starts from.
    pub inputs: Vec<String>,
    /// What must come before it.
    pub depends_on: Vec<Dependency>,
    /// When it counts as done; at least one, mandatory.
    pub done: Vec<String>,
    /// Tests and evidence to hand in.
    pub tests: Option<String>,
    /// How it is taken back; mandatory.
    pub rollback: String,
    /// Globs of the paths it owns.
    pub paths: Vec<String>,
    /// Primary skill required.
    pub skill: Option<String>,
    /// Role required.
    pub role: Option<String>,
    /// How urgent.
    pub priority: Priority,
    /// Estimated hours.
    pub estimate_h: Option<f64>,
}

impl TaskContract {
    /// The mandatory parts that are missing, named as the command line names them.
    pub fn missing_parts(&self) -> Vec<&'static str> {
        let mut missing = Vec::new();
        if self.title.trim().is_empty() {
            missing.push("title");
        }
        if self.scope.trim().is_empty() {
            missing.push("--scope");
        }
        if self.done.iter().all(|item| item.trim().is_empty()) {
            missing.push("--done");
        }
        if self.rollback.trim().is_empty() {
            missing.push("--rollback");
        }
        missing
    }
}

/// One task that must come before another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// The one that comes before.
    pub task: TaskId,
    /// How strictly.
    pub kind: DependencyKind,
}

/// How strictly one task must come before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DependencyKind {
    /// It must be finished.
    Hard,
    /// Its API contract must be approved.
    Soft,
    /// Good to know; blocks nothing.
    Info,
}

/// The state of a task; the words are a promise to scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Written down, waits for a hard dependency.
    Draft,
    /// Can be assigned.
    Ready,
    /// Has an agent, which has not begun.
    Assigned,
    /// Its agent works on it.
    InProgress,
    /// Its agent cannot go on.
    Blocked,
    /// Finished and integrated into its feature's branch.
    Submitted,
    /// Its feature is being proven in the sandbox.
    Proving,
    /// Another agent reviews it.
    Reviewing,
    /// Waits for the operator.
    AwaitingApproval,
    /// Approved, not yet merged.
    Approved,
    /// In the project's branch.
    Merged,
    /// Sent back; shown until its agent goes on.
    Rejected,
    /// Given up.
    Cancelled,
}

impl TaskState {
    /// The word, as scripts see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Ready => "ready",
            Self::Assigned => "assigned",
            Self::InProgress => "in_progress",
            Self::Blocked => "blocked",
            Self::Submitted => "submitted",
            Self::Proving => "proving",
            Self::Reviewing => "reviewing",
            Self::AwaitingApproval => "awaiting_approval",
            Self::Approved => "approved",
            Self::Merged => "merged",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }

    /// Every state, in the order a task passes through them.
    pub const ALL: [Self; 13] = [
        Self::Draft,
        Self::Ready,
        Self::Assigned,
        Self::InProgress,
        Self::Blocked,
        Self::Submitted,
        Self::Proving,
        Self::Reviewing,
        Self::AwaitingApproval,
        Self::Approved,
        Self::Merged,
        Self::Rejected,
        Self::Cancelled,
    ];

    /// Whether its agent may still change its work.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Assigned | Self::InProgress | Self::Blocked | Self::Rejected)
    }

    /// Whether a hard dependant may start: the work is finished and integrated.
    pub fn is_finished(self) -> bool {
        matches!(
            self,
            Self::Submitted
                | Self::Proving
                | Self::Reviewing
                | Self::AwaitingApproval
                | Self::Approved
                | Self::Merged
        )
    }

    /// Whether nothing more will happen to it.
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Merged | Self::Cancelled)
    }
}

/// The branch of a task: `<feature>/agent/<role>/<task>`; the role is the agent's name.
pub fn task_branch(feature: &Name, agent: &AgentAddress, task: TaskId) -> String {
    format!("{feature}/agent/{}/{task}", agent.agent)
}

/// The branch on which a feature's tasks come together: `<feature>/integration`.
pub fn integration_branch(feature: &Name) -> String {
    format!("{feature}/integration")
}
