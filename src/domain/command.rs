//! Commands: everything a person or an agent can ask the workbench to change.
//!
//! Every face makes the same commands; the engine has one arm for each. Reading is not here.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::agency::{AgentDefinition, AgentState};
use crate::domain::approval::SignedStatement;
use crate::domain::cadence::Beat;
use crate::domain::checkpoint::{Care, CheckpointId, Manner};
use crate::domain::id::{ActId, ApprovalId, LockId, MessageId, SpawnId, TaskId};
use crate::domain::lock::{IfHeld, LockClaim};
use crate::domain::message::{Draft, Message, MessageState};
use crate::domain::name::{AgentAddress, Name};
use crate::domain::task::TaskContract;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The human.
    Operator,
    /// An agent, by its credential or because it runs inside its pane.
    Agent(AgentAddress),
    /// The supervisor itself.
    Supervisor,
    /// A program outside that is listed under `[queue] open_from`.
    Outside(String),
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Operator => f.write_str("operator"),
            Self::Agent(agent) => agent.fmt(f),
            Self::Supervisor => f.write_str("supervisor"),
            Self::Outside(name) => write!(f, "{name} (unverified)"),
        }
    }
}

/// A message as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recalled {
    /// The message.
    pub message: Box<Message>,
    /// The agent it was resolved to; none: the operator.
    pub to: Option<AgentAddress>,
    /// What became of it.
    pub state: MessageState,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    // sessions
    /// Takes in the definition that lies in an agency's folder; starts nothing.
    DefineAgency {
        /// Which.
        name: Name,
    },
    /// Makes agencies run; none named: every one that is not archived.
    StartAgencies {
        /// Which.
        names: Vec<Name>,
    },
    /// Stops agencies; none named: all.
    StopAgencies {
        /// Which.
        names: Vec<Name>,
    },
    /// Stops and starts again, with role files read anew.
    RestartAgency {
        /// Which.
        name: Name,
    },
    /// Archives an agency: session closed, worktrees kept under refs, folder moved.
    RemoveAgency {
        /// Which.
        name: Name,
    },
    /// Takes an agent into an agency; a running one gets its pane at once.
    HireAgent {
        /// The agency.
        agency: Name,
        /// Everything that is known of the agent.
        definition: Box<AgentDefinition>,
    },
    /// Lets an agent go: its pane is closed, what it made stays.
    DismissAgent {
        /// The agency.
        agency: Name,
        /// The agent.
        agent: Name,
    },
    /// An agent's own report of its state.
    ReportState {
        /// Which life of the agent says so.
        spawn: SpawnId,
        /// The state.
        state: AgentState,
        /// Why, or what it waits for.
        reason: Option<String>,
    },
    /// A program's own report through its hooks. Whoever knows the program's description reads it before
    /// anything is decided.
    ReportEvent {
        /// Which life of the agent says so.
        spawn: SpawnId,
        /// The event's name.
        event: String,
        /// The report as JSON text.
        payload: String,
    },
    /// Ends the supervisor; sessions stay.
    StopSupervisor,

    // messages
    /// Sends a message.
    SendMessage {
        /// What was written.
        draft: Draft,
    },
    /// Tells that messages were read.
    AcknowledgeMessages {
        /// Which.
        ids: Vec<MessageId>,
    },
    /// The agent took these from its mailbox: delivered.
    FetchMessages {
        /// Which.
        ids: Vec<MessageId>,
    },
    /// Tries an uncertain or dead delivery again, on the operator's word.
    RetryDelivery {
        /// Which.
        id: MessageId,
    },

    /// Has a beat of the cadence come now.
    RunCadence {
        /// Which.
        beat: Beat,
    },
    /// Takes a dead or expired message once more.
    RetryMessage {
        /// Which.
        id: MessageId,
        /// Its new time to live, in seconds.
        ttl_s: Option<u64>,
        /// What the ledger knows of it; filled in by whoever decides, not by who asks.
        recalled: Option<Recalled>,
    },
    /// Takes a file once more that is dead at the door.
    RetryFile {
        /// Its name.
        file: String,
    },
    /// Lets two agents write to each other again who were kept apart.
    ReleaseLoop {
        /// One of them.
        one: AgentAddress,
        /// The other.
        other: AgentAddress,
    },

    // requests
    /// Sends a question; an agent says whether it does nothing else until it is answered.
    AskQuestion {
        /// What was written.
        draft: Draft,
        /// So many seconds at the longest; 0: it goes on with its work.
        wait_s: u32,
    },
    /// An agent waits for the answer to a question that it has asked before.
    AwaitAnswer {
        /// Which.
        question: MessageId,
        /// So many seconds at the longest.
        wait_s: u32,
    },
    /// It does not wait any more; the question stays.
    EndWait {
        /// Which.
        question: MessageId,
    },
    /// Nobody has to answer any more.
    CloseRequest {
        /// The message that was to be answered.
        id: MessageId,
        /// Why.
        reason: Option<String>,
    },

    // tasks
    /// Gives an agency a goal in prose; its coordinator gets it as a message.
    SetGoal {
        /// The agency.
        agency: Name,
        /// The goal.
        text: String,
    },
    /// Writes a task down.
    AddTask {
        /// Its contract.
        contract: TaskContract,
    },
    /// Gives a task to an agent; makes its worktree and branch.
    AssignTask {
        /// The task.
        task: TaskId,
        /// The agent.
        agent: AgentAddress,
    },
    /// The agent begins.
    StartTask {
        /// The task.
        task: TaskId,
    },
    /// The agent tells how far it is.
    ReportProgress {
        /// The task.
        task: TaskId,
        /// 0 to 100.
        percent: u8,
        /// One line.
        note: Option<String>,
    },
    /// The agent cannot go on.
    BlockTask {
        /// The task.
        task: TaskId,
        /// Why.
        reason: String,
    },
    /// It can go on again.
    UnblockTask {
        /// The task.
        task: TaskId,
    },
    /// The agent's work is finished: it is integrated into the feature's branch.
    CompleteTask {
        /// The task.
        task: TaskId,
        /// One line.
        summary: Option<String>,
    },
    /// Gives a task up; its work is kept.
    CancelTask {
        /// The task.
        task: TaskId,
        /// Why.
        reason: Option<String>,
    },

    // saving and taking back
    /// Saves a task's worktree as it lies there.
    TakeCheckpoint {
        /// The task; none: the one that the asking agent has open.
        task: Option<TaskId>,
        /// What it is worth keeping for.
        note: Option<String>,
    },
    /// Gives a task's worktree the files of a checkpoint.
    RestoreCheckpoint {
        /// Which.
        checkpoint: CheckpointId,
        /// Only these files and folders, relative to the worktree; none: all.
        paths: Vec<PathBuf>,
        /// What becomes of other files.
        manner: Manner,
        /// Whether the agent may be at work.
        care: Care,
    },
    /// Takes an act back.
    Undo {
        /// Which; none: the newest.
        act: Option<ActId>,
        /// Whether an agent may be at work in what changes.
        care: Care,
    },

    // locks
    /// Claims paths of the project.
    RequestLock {
        /// What is claimed, and how.
        claim: LockClaim,
        /// What becomes of it when somebody has them.
        if_held: IfHeld,
    },
    /// Gives a lock back, or takes a request for one back.
    ReleaseLock {
        /// Which.
        lock: LockId,
    },

    // approval
    /// Hands the feature in: completes the task if it is open, then proves the feature.
    SubmitTask {
        /// The task.
        task: TaskId,
        /// Why it is done this way.
        rationale: Option<String>,
        /// How it is taken back; none: the contract's.
        rollback: Option<String>,
        /// Where it can be seen running.
        demo: Option<String>,
    },
    /// Proves a waiting submission again, say after `[checks]` was added.
    ProveAgain {
        /// The approval.
        approval: ApprovalId,
    },
    /// The operator's signed decision.
    Decide {
        /// Decision and signature.
        signed: SignedStatement,
    },
}

impl Command {
    /// Whether it could be carried out twice, or be refused the second time because it is done: then it is asked
    /// under a number. Of all others a second time is as good as the first.
    pub fn is_once(&self) -> bool {
        !matches!(
            self,
            Self::StartAgencies { .. }
                | Self::StopAgencies { .. }
                | Self::ReportState { .. }
                | Self::ReportEvent { .. }
                | Self::StopSupervisor
                | Self::SendMessage { .. }
                | Self::AcknowledgeMessages { .. }
                | Self::FetchMessages { .. }
        )
    }
}

/// What a command gives back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", content = "value", rename_all = "snake_case")]
pub enum Answer {
    /// It is done; there is nothing to name.
    Done,
    /// The id of what was made: message, task, submission or approval.
    Id(String),
    /// One line for people.
    Text(String),
}
