//! Inputs: everything that can happen to the engine, one closed enum, sorted by subject.
//!
//! An input says what was seen, never what to do about it.

use std::path::PathBuf;

use crate::domain::agency::AgencyDefinition;
use crate::domain::checkpoint::{CheckpointId, CheckpointReason};
use crate::domain::command::{Actor, Command};
use crate::domain::id::{ActId, ApprovalId, MessageId, SpawnId, SubmissionId, TaskId};
use crate::domain::message::{DeadReason, Message};
use crate::domain::name::{AgentAddress, Name};
use crate::domain::recipe::Recipe;
use crate::domain::refusal::Refusal;
use crate::domain::runtime::report::Told;
use crate::domain::runtime::screen::Reading;
use crate::domain::submission::ProofOutcome;
use crate::domain::workbench::WorkbenchConfig;
use crate::engine::mail::door::Hold;
use crate::ports::repositories::{
    Checkpoint, Integrated, Kept, Mended, Merged, Restored, Uncommitted, WorkState,
};
use crate::ports::terminals::{PaneSeen, Sighting, Typed};

/// Names a caller that waits for an answer; lives only as long as the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What happened.
#[derive(Debug, Clone)]
pub enum Input {
    // workbench
    /// The supervisor has come up: everything that was under way is taken up again.
    Woke {
        /// Its process.
        pid: u32,
        /// Its version.
        version: String,
    },
    /// The operator's public key was read.
    OperatorKeySeen {
        /// The key.
        key: String,
    },
    /// `agency.toml` was read.
    ConfigSeen {
        /// What it says.
        config: Box<WorkbenchConfig>,
    },
    /// An `agency.json` was read.
    DefinitionSeen {
        /// What it says.
        definition: Box<AgencyDefinition>,
    },
    /// An agency's `sandbox.toml` was read on the operator's word, or because nobody knew the agency.
    RecipeSeen {
        /// Whose.
        agency: Name,
        /// What it says; none: there is none.
        recipe: Option<Box<Recipe>>,
    },
    /// An agency's project was looked at.
    ProjectSeen {
        /// Whose.
        agency: Name,
        /// Its root.
        project: PathBuf,
        /// The branch that approved work goes into.
        target: String,
    },
    /// Somebody asks for something.
    Asked {
        /// Who waits for the answer.
        ticket: Ticket,
        /// Who asks.
        actor: Actor,
        /// What is asked.
        command: Box<Command>,
    },

    // messages
    /// A good message lies at the door.
    MessageAtDoor {
        /// Its file.
        file: String,
        /// The message.
        message: Box<Message>,
    },
    /// A bad one lies there.
    RefusedAtDoor {
        /// Its file.
        file: String,
        /// What is wrong with it.
        reason: DeadReason,
    },
    /// Files are put aside at the door.
    FilesHeld {
        /// What they wait for.
        hold: Hold,
        /// One of them.
        file: String,
    },
    /// Files that were held are at the door again.
    HeldReleased {
        /// What they waited for.
        hold: Hold,
        /// How many still wait.
        left: u32,
    },
    /// A message is in its mailbox.
    MailboxFilled {
        /// Which.
        id: MessageId,
    },
    /// A message was typed, or not.
    MessageTyped {
        /// Into whose pane.
        agent: AgentAddress,
        /// Which life.
        spawn: SpawnId,
        /// Which message.
        id: MessageId,
        /// How it went; an error is a reason not to have been ready.
        outcome: Typed,
    },
    /// A hint about unread messages was typed, or not.
    NudgeTyped {
        /// Into whose pane.
        agent: AgentAddress,
        /// Which life.
        spawn: SpawnId,
        /// How it went.
        outcome: Typed,
    },

    // sessions
    /// An agent's program told something through its hooks.
    Told {
        /// Who waits for the answer.
        ticket: Ticket,
        /// Who tells.
        actor: Actor,
        /// Which life.
        spawn: SpawnId,
        /// What.
        told: Told,
    },
    /// An agent's screen was read and says something else than before.
    ScreenRead {
        /// Whose.
        agent: AgentAddress,
        /// Which life.
        spawn: SpawnId,
        /// What it says; none: no rule knows it.
        reading: Option<Reading>,
        /// Whether the screen has looked the same for a while.
        is_settled: bool,
    },
    /// Everything of ours on the server, seen just now.
    Sighted {
        /// What was seen.
        sighting: Sighting,
    },
    /// The panes could not be seen.
    Unseen {
        /// Why.
        problem: String,
    },
    /// A session is as it should be.
    SessionEnsured {
        /// Which.
        agency: Name,
        /// Its agents' panes.
        panes: Vec<PaneSeen>,
    },
    /// It could not be made so.
    SessionFailed {
        /// Which.
        agency: Name,
        /// A stable word.
        code: String,
        /// What went wrong.
        problem: String,
    },
    /// An agency's files hold its crew, and the panes of those who left are closed.
    CrewWritten {
        /// Which agency.
        agency: Name,
        /// Every change up to this number is done.
        change: u64,
    },
    /// They could not be written.
    CrewUnwritten {
        /// Which agency.
        agency: Name,
        /// Why.
        problem: String,
    },
    /// A removed agency is in the archive.
    AgencyArchived {
        /// Which.
        agency: Name,
        /// Where.
        folder: PathBuf,
    },

    // work
    /// A worktree stands, or not.
    WorktreePrepared {
        /// For which task.
        task: TaskId,
        /// The commit its branch started from, or what went wrong.
        result: Result<String, String>,
    },
    /// The branch that was handed over with a task is not in the project; comes before its worktree stands.
    HandedBranchMissing {
        /// Which task.
        task: TaskId,
        /// The branch.
        branch: String,
    },
    /// A worktree that did not stand was made again, or cannot be.
    WorktreeMended {
        /// Of which task.
        task: TaskId,
        /// Whether its files were gone, or what is in the way.
        result: Result<Mended, String>,
    },
    /// A worktree was looked into.
    WorkInspected {
        /// Who waits.
        ticket: Option<Ticket>,
        /// For which task.
        task: TaskId,
        /// Why.
        purpose: Purpose,
        /// What is there, or what went wrong.
        result: Result<WorkState, String>,
    },
    /// A task's work was merged into its feature's branch, or not.
    WorkIntegrated {
        /// Who waits.
        ticket: Option<Ticket>,
        /// Which task.
        task: TaskId,
        /// Why.
        purpose: Purpose,
        /// How it went, or what went wrong.
        result: Result<Integrated, String>,
    },
    /// A worktree is gone, its work kept.
    WorktreeRetired {
        /// Of which task.
        task: TaskId,
        /// Where its work is.
        kept: Kept,
    },
    /// A merged feature's branch was kept and removed.
    BranchRetired {
        /// Which feature.
        feature: Name,
        /// Where its commits are.
        kept: Kept,
    },
    /// It was seen what is not committed in a worktree.
    WorkSeen {
        /// For which task.
        task: TaskId,
        /// What is not, or why it could not be seen.
        result: Result<Uncommitted, String>,
    },
    /// A worktree was saved, or not.
    WorkSaved {
        /// Who waits.
        ticket: Option<Ticket>,
        /// Which, and why.
        saving: Saving,
        /// The checkpoint, none if there was nothing to save, or what went wrong.
        result: Result<Option<Checkpoint>, Refusal>,
    },
    /// A worktree got the files of a checkpoint, or not.
    WorkRestored {
        /// Who waits.
        ticket: Option<Ticket>,
        /// Of which task.
        task: TaskId,
        /// How it went.
        result: Result<Restored, Refusal>,
    },
    /// Checkpoints are forgotten.
    CheckpointsDropped {
        /// Which.
        ids: Vec<CheckpointId>,
    },
    /// An agency's folder is out of the archive, or not.
    AgencyReturned {
        /// The act that is taken back.
        act: ActId,
        /// What its file says, or what went wrong.
        result: Result<Box<AgencyDefinition>, String>,
    },
    /// A retired worktree stands again, or not.
    WorktreeRevived {
        /// The act that is taken back.
        act: ActId,
        /// Of which task.
        task: TaskId,
        /// Where its branch started, or what went wrong.
        result: Result<String, String>,
    },
    /// A submission was proven, or not.
    ProofFinished {
        /// Which.
        submission: SubmissionId,
        /// How it went.
        outcome: Box<ProofOutcome>,
    },
    /// An approved merge was made, or not.
    MergeFinished {
        /// Which.
        approval: ApprovalId,
        /// How it went, or what went wrong.
        result: Result<Merged, String>,
    },
    /// The decision record and the change log entry stand.
    Documented {
        /// Of which approval.
        approval: ApprovalId,
    },

    /// What a meeting left is written down, or could not be.
    MeetingWritten {
        /// Its name.
        meeting: String,
        /// Where it lies, relative to the workbench; none: it could not be written.
        file: Option<PathBuf>,
    },

    /// Something could not be written or removed, and stays as it was.
    LeftUndone {
        /// What kind of thing.
        what: LeftUndone,
    },

    /// A timer rang.
    Rang {
        /// Which.
        timer: Timer,
    },
}

impl Input {
    /// Whether nobody would tell it a second time: the outcome of an effect, a timer, a start. What
    /// people ask and what is looked at again is told again by itself.
    pub fn is_told_once(&self) -> bool {
        match self {
            Self::Asked { .. }
            | Self::ConfigSeen { .. }
            | Self::DefinitionSeen { .. }
            | Self::RecipeSeen { .. }
            | Self::ProjectSeen { .. }
            | Self::MessageAtDoor { .. }
            | Self::RefusedAtDoor { .. }
            | Self::Sighted { .. }
            | Self::Unseen { .. } => false,
            Self::Woke { .. }
            | Self::OperatorKeySeen { .. }
            | Self::FilesHeld { .. }
            | Self::HeldReleased { .. }
            | Self::MailboxFilled { .. }
            | Self::MessageTyped { .. }
            | Self::NudgeTyped { .. }
            | Self::Told { .. }
            | Self::ScreenRead { .. }
            | Self::SessionEnsured { .. }
            | Self::SessionFailed { .. }
            | Self::CrewWritten { .. }
            | Self::CrewUnwritten { .. }
            | Self::AgencyArchived { .. }
            | Self::WorktreePrepared { .. }
            | Self::HandedBranchMissing { .. }
            | Self::WorktreeMended { .. }
            | Self::WorkInspected { .. }
            | Self::WorkIntegrated { .. }
            | Self::WorktreeRetired { .. }
            | Self::BranchRetired { .. }
            | Self::WorkSeen { .. }
            | Self::WorkSaved { .. }
            | Self::WorkRestored { .. }
            | Self::CheckpointsDropped { .. }
            | Self::AgencyReturned { .. }
            | Self::WorktreeRevived { .. }
            | Self::ProofFinished { .. }
            | Self::MergeFinished { .. }
            | Self::Documented { .. }
            | Self::MeetingWritten { .. }
            | Self::LeftUndone { .. }
            | Self::Rang { .. } => true,
        }
    }
}

/// Why a task's work is looked into and integrated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// The task is finished.
    Complete {
        /// The agent's words.
        summary: Option<String>,
    },
    /// The task is finished and its feature handed in.
    Submit(Offer),
}

/// A checkpoint that is being made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saving {
    /// Of which task.
    pub task: TaskId,
    /// Why.
    pub reason: CheckpointReason,
    /// In whose words, if somebody wrote any.
    pub note: Option<String>,
    /// Who wanted it.
    pub by: Actor,
}

/// The words that come with a submission.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    /// Why it is done this way.
    pub rationale: Option<String>,
    /// How it is taken back.
    pub rollback: Option<String>,
    /// Where it can be seen running.
    pub demo: Option<String>,
}

/// What a full disk or a folder without rights left undone; it is asked for again after a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftUndone {
    /// A message is not in its mailbox.
    Mailbox,
    /// A decision is not written down, or a worktree or branch of closed work still stands.
    Work,
}

/// What a timer is for. A timer that rings late or twice does no harm: whoever it wakes looks again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timer {
    /// Deferred deliveries may be tried again.
    Offer,
    /// A session may be tried again.
    Ensure {
        /// Whose.
        agency: Name,
    },
    /// A change of a crew may be written again.
    Crew {
        /// Whose.
        agency: Name,
    },
    /// A held merge may be tried again.
    Merge {
        /// Which.
        approval: ApprovalId,
    },
    /// A submitted message's turn may be overdue.
    Confirm {
        /// Which message.
        id: MessageId,
    },
    /// A worktree is worth a look.
    Work {
        /// Of which task.
        task: TaskId,
    },
    /// A lock's time may have run out.
    Locks,
    /// A message's time may have run out.
    Expire,
    /// Something comes by the clock.
    Cadence,
    /// There may be room for what waits at the door.
    Door,
    /// Agents who were kept apart may write to each other again.
    Traffic,
    /// Somebody who owes an answer may have to be reminded, or the request to go up.
    Requests,
    /// What was left undone may be done now.
    TakeUp,
}
