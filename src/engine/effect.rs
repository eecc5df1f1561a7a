//! Effects: everything the engine can want done in the world, one closed enum, sorted by subject.
//!
//! Each can be repeated with no second effect; the outcome comes back as an input. An effect is
//! performed only after the events that caused it are in the ledger.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::domain::approval::SignedStatement;
use crate::domain::checkpoint::{CheckpointId, CheckpointReason};
use crate::domain::command::Actor;
use crate::domain::id::{ActId, ApprovalId, MessageId, SpawnId, SubmissionId, TaskId};
use crate::domain::message::DeadReason;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::runtime::InputLine;
use crate::engine::input::{Purpose, Ticket, Timer};
use crate::engine::mail::door::Hold;
use crate::ports::terminals::PaneId;

/// Something to be done.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    missing_docs,
    reason = "each field is named for what it is, each variant says what is done"
)]
pub enum Effect {
    // sessions
    /// Make a session as its agency's record wants it.
    EnsureSession { agency: Name },
    /// Close a session.
    CloseSession { agency: Name },
    /// Close the pane of one life of an agent, and no other.
    CloseLife { agent: AgentAddress, spawn: SpawnId },
    /// Put the changes of a crew into its agency's files, and close the panes of those who left.
    WriteCrew { agency: Name },
    /// Close the session, keep and retire the worktrees, move the folder.
    ArchiveAgency { agency: Name, worktrees: Vec<Retirement>, stamp: String },
    /// Look at all panes now.
    Look,

    // messages
    /// Put a message into its mailbox, then clear its file from the door.
    FillMailbox { to: Option<AgentAddress>, id: MessageId, file: Option<String> },
    /// Clear a file from the door whose message is known already.
    ClearDoor { file: String },
    /// Move a file from the door to the dead ones.
    BuryAtDoor { file: String, reason: DeadReason },
    /// Put a file at the door aside until there is room for it.
    HoldAtDoor { file: String, hold: Hold },
    /// See what is put aside at the door.
    SeeHeld,
    /// Let so many of those that wait for this come back to the door.
    ReleaseHeld { hold: Hold, limit: u32 },
    /// Move a dead file back to the door.
    RetryAtDoor { file: String },
    /// Move a message to the delivered ones of its mailbox.
    MarkDelivered { to: AgentAddress, id: MessageId },
    /// Move a message to the dead ones of its mailbox.
    Bury { to: AgentAddress, id: MessageId, reason: DeadReason },
    /// Type a message into a pane.
    TypeMessage { id: MessageId, target: Target, text: String, short: String, token: String },
    /// Hand a message to the program through a channel of its own, without a keystroke.
    HandOver { id: MessageId, target: Target, text: String, token: String },
    /// Type a hint about unread messages.
    TypeNudge { target: Target, text: String, token: String, left_over: Vec<String> },
    /// Write a line into an agency's activity log.
    LogActivity { agency: Name, line: String },

    // work
    /// Make a task's worktree.
    PrepareWorktree { task: TaskId },
    /// Make a task's worktree stand again, if it does not.
    MendWorktree { task: TaskId },
    /// Look into a task's worktree.
    InspectWork { ticket: Option<Ticket>, task: TaskId, purpose: Purpose },
    /// Merge a task's work into its feature's branch.
    IntegrateWork { ticket: Option<Ticket>, task: TaskId, purpose: Purpose, at: Timestamp },
    /// Keep and remove a task's worktree and branch.
    RetireWorktree { retirement: Retirement },
    /// Keep and remove a branch that has no worktree.
    RetireBranch { feature: Name, project: PathBuf, branch: String, keep_as: String },
    /// See what is not committed in a task's worktree.
    LookAtWork { task: TaskId },
    /// Save a task's worktree.
    TakeCheckpoint {
        ticket: Option<Ticket>,
        task: TaskId,
        reason: CheckpointReason,
        note: Option<String>,
        by: Actor,
    },
    /// Give a task's worktree the files that were asked for.
    RestoreWork { ticket: Option<Ticket>, task: TaskId },
    /// Forget checkpoints.
    DropCheckpoints { task: TaskId, ids: Vec<CheckpointId> },
    /// Move an agency's folder out of the archive.
    ReturnAgency { act: ActId, agency: Name, folder: PathBuf },
    /// Make a retired worktree again.
    ReviveWorktree { act: ActId, task: TaskId },
    /// Make the merge in memory, check it out, run the checks.
    Prove { submission: SubmissionId },
    /// Move the project's branch to the proven merge.
    Merge { approval: ApprovalId, signed: Box<SignedStatement> },
    /// Write the decision record and the change log entry.
    Document { approval: ApprovalId },

    // by the clock
    /// Write what a meeting left below `registry/meetings`, under this name.
    WriteMeeting { meeting: String, text: String },

    // supervisor
    /// Give this timer's input at that time; of several for the same timer the earliest counts.
    WakeAt { at: Timestamp, timer: Timer },
    /// End the supervisor.
    Quit,
}

impl Effect {
    /// The caller who waits for what follows from it.
    pub fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::InspectWork { ticket, .. }
            | Self::IntegrateWork { ticket, .. }
            | Self::TakeCheckpoint { ticket, .. }
            | Self::RestoreWork { ticket, .. } => *ticket,
            _ => None,
        }
    }
}

/// A pane to type into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Whose.
    pub agent: AgentAddress,
    /// Which life.
    pub spawn: SpawnId,
    /// The pane.
    pub pane: PaneId,
    /// How its empty input line is told.
    pub input_line: InputLine,
}

/// A worktree to keep and remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retirement {
    /// Of which task.
    pub task: TaskId,
    /// The project.
    pub project: PathBuf,
    /// The worktree, relative to the workbench.
    pub worktree: PathBuf,
    /// Its branch.
    pub branch: String,
    /// Name under `refs/agency/kept/`.
    pub keep_as: String,
}
