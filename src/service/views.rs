//! What every face shows, in the shapes that scripts rely on.
//!
//! Times are RFC 3339 UTC, durations seconds, counts integers; a field without a value is
//! `null`, never missing. More fields may be added, none is renamed.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::agency::{AgencyState, AgentState, StateSource};
use crate::domain::approval::ApprovalState;
use crate::domain::checkpoint::CheckpointId;
use crate::domain::id::{ApprovalId, TaskId};
use crate::domain::message::Priority;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::submission::{CheckRun, DiffStat};
use crate::domain::task::{DependencyKind, TaskContract, TaskState};

mod bringing;
mod cadence;
mod handoffs;
mod locks;
pub mod queues;
mod requests;
mod saved;
mod story;
mod talk;

pub use bringing::{AgentBackView, BackView, UpView, WorktreeBackView};
pub use cadence::{BeatView, CadenceView, CollectingView, MeetingView};
pub use handoffs::HandoffView;
pub use locks::LockView;
pub use requests::{BroadcastView, NextView, RecipientView, RequestView, StepView};
pub use saved::{ActView, CheckpointView};
pub use story::{StoryEntry, StoryState, StoryView};
pub use talk::{
    MailboxView, MessageChangeView, MessageStepView, MessageView, MessageWholeView, QueueView,
    RepliesView, Talk, TalkPageView,
};

/// The reason of an agency whose session has another name, because somebody else's session has its own.
pub const NAME_TAKEN: &str = "name_taken";

/// The stable word for an agency that is on its way into the archive.
pub const REMOVING: &str = "removing";

/// One agency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgencyView {
    /// Its name.
    pub name: Name,
    /// Its tmux session.
    pub session: String,
    /// Its state.
    pub state: AgencyState,
    /// Why it is in that state, when that needs words.
    pub reason: Option<String>,
    /// A stable word for that reason: `name_taken`, `tmux_missing`, …; `removing`, whatever the reason.
    pub reason_code: Option<String>,
    /// The coordinator's name.
    pub coordinator: Name,
    /// One line.
    pub description: String,
    /// The template that it was made of, where that was written down.
    pub template: Option<String>,
    /// What it can do.
    pub capabilities: Vec<String>,
    /// Its project's folder.
    pub project: Option<PathBuf>,
    /// Its agents, the coordinator first.
    pub agents: Vec<AgentView>,
}

/// One agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentView {
    /// `Agency/agent`.
    pub address: AgentAddress,
    /// Its name.
    pub name: Name,
    /// One line.
    pub role: String,
    /// The program it is.
    pub runtime: Name,
    /// Its state.
    pub state: AgentState,
    /// Where that is known from.
    pub state_source: StateSource,
    /// Since when.
    pub state_since: Option<Timestamp>,
    /// Why, or what it waits for.
    pub state_reason: Option<String>,
    /// The rule that told the state.
    pub state_rule: Option<String>,
    /// What that rule met.
    pub state_evidence: Option<String>,
    /// When its limit is over.
    pub limited_until: Option<Timestamp>,
    /// Its conversation's id, as its program knows it.
    pub conversation: Option<String>,
    /// The task it has open.
    pub task: Option<TaskId>,
    /// That task's branch.
    pub branch: Option<String>,
    /// That task's worktree.
    pub worktree: Option<PathBuf>,
    /// Its tmux pane, `%7`.
    pub pane: Option<String>,
    /// Its skills.
    pub skills: Vec<String>,
    /// Whether it leaves by itself when its last task is merged or cancelled.
    #[serde(default)]
    pub temporary: bool,
    /// Messages in its mailbox that it has not got.
    pub unread: u32,
    /// Since when the oldest of these waits.
    #[serde(default)]
    pub unread_since: Option<Timestamp>,
}

/// One task before which another comes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DependencyView {
    /// The one that comes before.
    pub task: TaskId,
    /// How strictly.
    pub kind: DependencyKind,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskView {
    /// Its id.
    pub id: TaskId,
    /// One line.
    pub title: String,
    /// Its feature.
    pub feature: Name,
    /// Its state.
    pub state: TaskState,
    /// Its agency.
    pub agency: Name,
    /// Its agent.
    pub agent: Option<AgentAddress>,
    /// What comes before it.
    pub depends_on: Vec<DependencyView>,
    /// How urgent.
    pub priority: Priority,
    /// Estimated hours.
    pub estimate_h: Option<f64>,
    /// Its branch.
    pub branch: Option<String>,
    /// Where the branch started.
    pub base: Option<String>,
    /// The finished commit.
    pub head: Option<String>,
    /// Its worktree.
    pub worktree: Option<PathBuf>,
    /// When it was written down.
    pub opened_at: Timestamp,
    /// When it was merged or given up.
    pub closed_at: Option<Timestamp>,
    /// 0 to 100, as reported.
    pub progress: u8,
    /// The last words about it: a note, why it is blocked, what the operator said.
    pub note: Option<String>,
    /// The whole contract.
    pub contract: TaskContract,
}

/// Test counts of a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestsView {
    /// Passed.
    pub passed: u32,
    /// Failed.
    pub failed: u32,
    /// Skipped.
    pub skipped: u32,
    /// The commands that ran, joined by ` && `.
    pub command: String,
}

/// One approval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApprovalView {
    /// Its id.
    pub id: ApprovalId,
    /// What kind of decision: `merge`.
    pub kind: String,
    /// One line.
    pub title: String,
    /// Whose work.
    pub agency: Name,
    /// Who handed it in.
    pub agent: AgentAddress,
    /// For which task.
    pub task: TaskId,
    /// The branch to be merged.
    pub branch: String,
    /// The branch it goes into.
    pub target: String,
    /// The target's commit.
    pub base: String,
    /// The submitted commit.
    pub head: String,
    /// The tree that was proven.
    pub tree: String,
    /// Patch id of the change.
    pub change: String,
    /// Its state.
    pub state: ApprovalState,
    /// `low`, `medium` or `high`.
    pub risk: String,
    /// What the tests said.
    pub tests: Option<TestsView>,
    /// Lines covered, in percent.
    pub coverage: Option<f64>,
    /// Its size.
    pub diff: DiffStat,
    /// Where it can be seen running.
    pub demo: Option<String>,
    /// How long it has waited, in seconds.
    pub waiting_s: u64,
    /// Tasks that wait for it.
    pub blocks: Vec<TaskId>,
    /// Every task whose work is in it.
    pub tasks: Vec<TaskId>,
    /// Why it is done this way.
    pub rationale: Option<String>,
    /// How it is taken back.
    pub rollback: Option<String>,
    /// The check runs.
    pub checks: Vec<CheckRun>,
    /// SHA-256 of their output.
    pub log_sha256: Option<String>,
    /// Digest of the evidence: what a signature covers.
    pub evidence: Option<String>,
    /// Why it cannot be approved, is held, void or was rejected.
    pub reason: Option<String>,
    /// When it began to wait.
    pub opened_at: Timestamp,
    /// The merge commit.
    pub commit: Option<String>,
}

/// One branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BranchView {
    /// Its name.
    pub branch: String,
    /// Whose.
    pub agent: Option<AgentAddress>,
    /// For which task.
    pub task: Option<TaskId>,
    /// Commits the target lacks.
    pub ahead: u32,
    /// Commits it lacks.
    pub behind: u32,
    /// Files not committed.
    pub dirty: u32,
    /// Lines added.
    pub insertions: u32,
    /// Lines removed.
    pub deletions: u32,
    /// Its last commit.
    pub last_commit_at: Option<Timestamp>,
    /// Branches it does not merge with.
    pub conflicts_with: Vec<String>,
    /// Since when something in its worktree is not committed.
    #[serde(default)]
    pub uncommitted_since: Option<Timestamp>,
    /// The last checkpoint of its task.
    #[serde(default)]
    pub checkpoint: Option<CheckpointId>,
    /// When that was made.
    #[serde(default)]
    pub checkpoint_at: Option<Timestamp>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogView {
    /// Position.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// Which kind.
    pub kind: String,
    /// About what.
    pub subject: String,
    /// The rest.
    pub payload: Value,
    /// Its hash.
    pub hash: String,
}

/// The supervisor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupervisorView {
    /// Its process.
    pub pid: u32,
    /// Since when.
    pub since: Timestamp,
    /// Events in the ledger.
    pub events: u64,
}

/// Something that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingView {
    /// `approval`, `permission`, `unknown`, `escalation`, `question`, `dead_agent`, `blocked_task`, `uncertain_delivery`,
    /// `session`, `crew`, `uncommitted`, `limited`.
    pub kind: String,
    /// Approval id, agent, task id, message id or agency.
    pub subject: String,
    /// One line.
    pub text: String,
    /// Since when.
    pub since: Timestamp,
    /// What it blocks.
    pub blocks: Vec<String>,
}

/// The whole in one screen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusView {
    /// Every agency that is not archived.
    pub agencies: Vec<AgencyView>,
    /// How many things wait for a person.
    pub waiting: u32,
    /// What they are, most urgent first.
    pub waiting_for: Vec<WaitingView>,
    /// Messages on their way.
    pub queue: QueueView,
    /// Who has how many messages waiting: the operator first, then whoever has waited longest.
    #[serde(default)]
    pub mailboxes: Vec<MailboxView>,
    /// Messages that somebody must answer.
    #[serde(default)]
    pub requests: u32,
    /// Approvals that wait.
    pub approvals: u32,
    /// Open incidents.
    pub incidents: u32,
    /// The supervisor; null when none runs.
    pub supervisor: Option<SupervisorView>,
}

/// Everything the screen shows at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Board {
    /// The last event in it.
    pub seq: u64,
    /// When that event happened.
    pub at: Option<Timestamp>,
    /// Agencies, agents, what waits.
    pub status: StatusView,
    /// Every approval, those that wait first.
    pub approvals: Vec<ApprovalView>,
    /// Every task that is not closed, and the last closed ones.
    pub tasks: Vec<TaskView>,
    /// The newest messages, oldest first, at most [`Board::MESSAGES`].
    pub messages: Vec<MessageView>,
    /// Branches; refreshed apart from the rest.
    pub branches: Vec<BranchView>,
}

impl Board {
    /// Messages that a board holds: more than any screen shows.
    pub const MESSAGES: usize = 200;
}

/// A finding of `agency doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingView {
    /// What was looked at.
    pub check: String,
    /// `ok`, `warning` or `problem`.
    pub level: String,
    /// What was found.
    pub text: String,
    /// What to do.
    pub hint: Option<String>,
}
