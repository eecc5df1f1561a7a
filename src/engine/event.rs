//! Events: everything that can be true of a workbench's past, one closed enum, sorted by subject.
//!
//! An event is a fact in the ledger for ever: fields may be added with a default, never renamed or
//! given another meaning. What only matters now is not an event.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::agency::{AgencyDefinition, AgentDefinition, AgentState, StateSource};
use crate::domain::approval::SignedStatement;
use crate::domain::cadence::Beat;
use crate::domain::checkpoint::{CheckpointId, CheckpointReason};
use crate::domain::command::{Actor, Answer};
use crate::domain::id::{
    ActId, ApprovalId, HandoffId, LockId, MessageId, SpawnId, SubmissionId, TaskId,
};
use crate::domain::message::{DeadReason, Message, MessageState, Priority};
use crate::domain::name::{Address, AgentAddress, Name};
use crate::domain::protocol::Results;
use crate::domain::recipe::Recipe;
use crate::domain::request::{Level, RequestKind};
use crate::domain::submission::{Evidence, MergePreview, ProofOutcome, Submission};
use crate::domain::task::{TaskContract, TaskState};
use crate::domain::trace::Trace;
use crate::domain::workbench::WorkbenchConfig;
use crate::engine::handoffs::Offer;
use crate::engine::keeping::Restoring;
use crate::engine::locks::Wish;
use crate::engine::mail::door::Hold;
use crate::engine::meaning::finishing::Finishing;
use crate::engine::requests::broadcasts::Copied;
use crate::engine::sessions::signal::Signal;
use crate::engine::traffic::Pair;
use crate::ports::repositories::{Checkpoint, Kept};
use crate::ports::terminals::{Arrangement, PaneId};

mod subject;

/// A fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "each field is named for what it is, each variant says what happened"
)]
pub enum Event {
    // workbench
    /// The key whose signature counts as the operator's, once and for all.
    OperatorKeyRegistered { key: String },
    /// `agency.toml` says something new.
    WorkbenchConfigured { config: Box<WorkbenchConfig> },
    /// A supervisor came up.
    SupervisorStarted { pid: u32, version: String },
    /// It ended in order.
    SupervisorStopped,
    /// A command was carried out and answered so; whoever asks it again under the same number gets this answer.
    CommandAnswered { request: Uuid, answer: Answer },

    // sessions
    /// `agency.json` says something new.
    AgencyDefined { definition: Box<AgencyDefinition> },
    /// What its `sandbox.toml` adds to the proof of its work, as the operator knows it from now on.
    RecipeRecorded { agency: Name, recipe: Option<Box<Recipe>> },
    /// The agency's project and target branch are known.
    ProjectBound { agency: Name, project: PathBuf, target: String },
    /// It is meant to run from now on.
    AgencyStarted { agency: Name },
    /// It is not meant to run any more.
    AgencyStopped { agency: Name },
    /// It is being archived.
    AgencyRemoving {
        agency: Name,
        /// The number of the act that this is; so of every event below that has one. None: it is none by itself.
        #[serde(default)]
        act: Option<ActId>,
    },
    /// It is in the archive.
    AgencyArchived { agency: Name, folder: PathBuf },
    /// An agent belongs to it from now on.
    AgentHired { agency: Name, definition: Box<AgentDefinition> },
    /// An agent left: sent away, or by itself for this reason.
    AgentDismissed {
        agency: Name,
        definition: Box<AgentDefinition>,
        reason: Option<String>,
        #[serde(default)]
        act: Option<ActId>,
    },
    /// Every change of its crew up to this number stands in `agency.json`.
    CrewWritten { agency: Name, change: u64 },
    /// What is pending of its crew could not be done, for another reason than the last time.
    CrewUnwritten { agency: Name, problem: String },
    /// Its session could not be made as it should be.
    SessionFailed { agency: Name, code: String, problem: String, failures: u32 },
    /// Its panes can be seen again.
    SessionSeen { agency: Name },
    /// Its session is called so: like the agency, unless somebody else's session has that name.
    SessionNamed { agency: Name, session: String },
    /// A person has arranged the panes of one of its windows.
    SessionArranged { agency: Name, arrangement: Arrangement },
    /// A new life of an agent is about to begin.
    AgentSpawned { agent: AgentAddress, spawn: SpawnId },
    /// Its pane stands.
    AgentPaneOpened {
        agent: AgentAddress,
        spawn: SpawnId,
        pane: PaneId,
        pid: u32,
        #[serde(default)]
        born: Option<String>,
    },
    /// Its program ended or its pane is gone.
    AgentPaneLost { agent: AgentAddress, spawn: SpawnId, state: AgentState, reason: String },
    /// Its state is another one.
    AgentStateChanged {
        agent: AgentAddress,
        state: AgentState,
        source: StateSource,
        reason: Option<String>,
    },
    /// Its program or its screen says something new of its state; what counts follows from both.
    AgentSignalled { agent: AgentAddress, spawn: SpawnId, source: StateSource, signal: Signal },
    /// The conversation of this life is known; `begun` once something was said in it.
    ConversationSeen {
        agent: AgentAddress,
        spawn: SpawnId,
        runtime: Name,
        id: String,
        #[serde(default)]
        begun: bool,
    },

    // messages
    /// A message is on its way; `to` is the agent it was resolved to, none for the operator.
    MessageAccepted { message: Box<Message>, to: Option<AgentAddress>, file: Option<String> },
    /// A file at the door was refused.
    MessageRefused { file: String, reason: DeadReason },
    /// It is in its mailbox, or on the operator's list.
    MessageRouted { id: MessageId },
    /// It is about to be typed, or handed over through the program's own channel.
    DeliveryStarted {
        id: MessageId,
        spawn: SpawnId,
        #[serde(default)]
        channel: bool,
    },
    /// These updates are about to be given together, as this text; what comes of it is told of each by itself.
    DigestStarted {
        id: MessageId,
        agent: AgentAddress,
        spawn: SpawnId,
        channel: bool,
        ids: Vec<MessageId>,
        text: String,
    },
    /// Nothing was given to the agent; it is tried again, after `channel` through the pane.
    DeliveryDeferred {
        id: MessageId,
        reason: String,
        #[serde(default)]
        channel: bool,
    },
    /// The program has got it; the turn that begins with it will tell that it was taken.
    DeliverySubmitted { id: MessageId, spawn: SpawnId, by: DeliveredBy },
    /// Something was typed, what became of it is not known; it is never typed again by itself.
    DeliveryUncertain { id: MessageId, reason: String },
    /// It was seen in the pane, or fetched.
    MessageDelivered { id: MessageId, by: DeliveredBy },
    /// The agent said that it read it.
    MessageAcknowledged { id: MessageId },
    /// The operator wants it tried again.
    DeliveryRetried { id: MessageId },
    /// Its time ran out.
    MessageExpired { id: MessageId },
    /// It cannot be delivered.
    MessageDied { id: MessageId, reason: DeadReason },
    /// A dead or expired message is on its way once more, under its id.
    MessageRevived { message: Box<Message>, to: Option<AgentAddress>, was: MessageState },
    /// Files wait at the door for this from now on; `file` is the first.
    DoorHeld { hold: Hold, file: String, code: String, message: String },
    /// None does any more.
    DoorReleased { hold: Hold },
    /// A dead file goes back to the door.
    DoorRetried { file: String },
    /// Two agents who answered each other without progress are kept apart.
    LoopStopped { pair: Pair, turns: u32, until: Timestamp },
    /// They may write to each other again.
    LoopReleased { pair: Pair },
    /// A hint about unread messages is about to be typed.
    NudgeStarted { agent: AgentAddress, spawn: SpawnId },
    /// It was typed, or why not.
    NudgeEnded { agent: AgentAddress, spawn: SpawnId, problem: Option<String> },

    // by the clock
    /// A beat of the cadence had its turn.
    CadenceRan { beat: Beat, period: String, due: Timestamp },
    /// An agent that was silent about its task was asked how far it is.
    StatusAsked { agent: AgentAddress, message: MessageId },
    /// A coordinator was told what is stuck.
    StuckTold { agency: Name, count: u32 },
    /// The check-in of a day: who was asked, by which message, and until when answers count.
    CheckInOpened {
        agency: Name,
        day: String,
        until: Timestamp,
        asked: Vec<(AgentAddress, MessageId)>,
    },
    /// What is to be written below `registry/meetings` under this name.
    MeetingHeld { meeting: String, beat: Beat, agency: Option<Name>, summary: String, text: String },
    /// It is written there.
    MeetingWritten { meeting: String, file: PathBuf },

    // requests
    /// Somebody owes an answer to this message.
    RequestOpened {
        id: MessageId,
        kind: RequestKind,
        asker: Address,
        asked: Address,
        task: Option<TaskId>,
        priority: Priority,
        due: Option<Timestamp>,
        text: String,
        level: Level,
    },
    /// It was asked again by `message`: what it says now. It stays where it is on its way up.
    RequestRenewed {
        id: MessageId,
        message: MessageId,
        priority: Priority,
        due: Option<Timestamp>,
        text: String,
    },
    /// Whoever holds it was reminded; `message` none: that could not be sent.
    RequestChased { id: MessageId, to: Address, message: Option<MessageId> },
    /// It went up; `skipped` are levels in between that could not take it, and why.
    RequestEscalated {
        id: MessageId,
        level: Level,
        to: Address,
        reason: String,
        #[serde(default)]
        skipped: Vec<String>,
        message: Option<MessageId>,
    },
    /// It was answered, with a message or by what was done.
    RequestAnswered { id: MessageId, by: Address, with: Option<MessageId> },
    /// Nobody has to answer it any more.
    RequestClosed { id: MessageId, reason: String },
    /// An agent waits for the answer of another and does nothing else, until then at the longest.
    WaitBegun {
        question: MessageId,
        agent: AgentAddress,
        on: AgentAddress,
        spawn: Option<SpawnId>,
        until: Timestamp,
    },
    /// It does not wait any more.
    WaitEnded { question: MessageId },
    /// The copies of a broadcast are on their way.
    BroadcastSent {
        id: MessageId,
        from: Address,
        text: String,
        action_required: Option<String>,
        by: Option<Timestamp>,
        copies: Vec<Copied>,
    },
    /// Everybody has acknowledged it, or its time is over; `report` was sent to whoever sent it.
    BroadcastEnded {
        id: MessageId,
        acknowledged: Vec<AgentAddress>,
        missing: Vec<AgentAddress>,
        report: Option<MessageId>,
    },

    // tasks
    /// An agency was asked for something.
    GoalSet { agency: Name, text: String, message: MessageId },
    /// A task was written down.
    TaskAdded {
        id: TaskId,
        contract: Box<TaskContract>,
        by: Actor,
        ready: bool,
        #[serde(default)]
        trace: Option<Trace>,
    },
    /// Everything it hard depends on is finished.
    TaskReadied { task: TaskId },
    /// It has an agent; branch and worktree (relative to the workbench) are named.
    TaskAssigned { task: TaskId, agent: AgentAddress, by: Actor, branch: String, worktree: PathBuf },
    /// Its worktree stands.
    WorktreeReady { task: TaskId, base: String },
    /// Its worktree could not be made.
    WorktreeFailed { task: TaskId, reason: String },
    /// Its worktree was gone and stands again.
    WorktreeMended { task: TaskId },
    /// Its worktree is gone, and why it does not stand again.
    WorktreeLost { task: TaskId, reason: String },
    /// Its agent began.
    TaskStarted { task: TaskId },
    /// Its agent told how far it is.
    TaskProgressed { task: TaskId, percent: u8, note: Option<String> },
    /// Its agent said something about it.
    TaskNoted { task: TaskId, note: String },
    /// Its agent cannot go on.
    TaskBlocked { task: TaskId, reason: String },
    /// It can go on.
    TaskUnblocked { task: TaskId },
    /// Its work is finished: `head` is to be integrated, none if there is nothing to.
    TaskCompleted { task: TaskId, head: Option<String>, summary: Option<String> },
    /// Its work is on the feature's branch.
    TaskIntegrated { task: TaskId, commit: Option<String> },
    /// Its work does not merge with the feature's branch.
    TaskConflicted { task: TaskId, paths: Vec<String> },
    /// A message said that it is finished; that is looked into.
    FinishAsked { task: TaskId, finishing: Box<Finishing> },
    /// It was looked into, and is not finished for this reason, or is.
    FinishEnded { task: TaskId, refused: Option<String> },
    /// It is given back to its agent.
    TaskReopened { task: TaskId, reason: String },
    /// It was given up.
    TaskCancelled {
        task: TaskId,
        reason: Option<String>,
        #[serde(default)]
        by: Option<Actor>,
        #[serde(default)]
        act: Option<ActId>,
    },
    /// Its worktree is gone, its work kept.
    WorktreeRetired { task: TaskId, kept: Kept },
    /// The branch of a feature that is merged whole was kept and removed.
    BranchRetired { feature: Name, kept: Kept },

    // handoffs
    /// Finished work is offered to an agency; its task is written down there and waits for the answer.
    HandoffOffered { offer: Box<Offer> },
    /// It is taken; the answer is that message, none if it followed from something else.
    HandoffAccepted {
        id: HandoffId,
        task: TaskId,
        by: Address,
        message: Option<MessageId>,
        estimated_completion: Option<Timestamp>,
        notes: Option<String>,
    },
    /// It is not taken.
    HandoffDeclined { id: HandoffId, by: Address, message: Option<MessageId>, reason: String },
    /// The receiver says what it thinks of it; `fix` is the task that follows from that.
    HandoffAnswered {
        id: HandoffId,
        by: Address,
        message: MessageId,
        results: Box<Results>,
        fix: Option<TaskId>,
    },
    /// Nobody waits for an answer any more.
    HandoffWithdrawn { id: HandoffId, reason: String },
    /// The branch that was handed over is not in the receiver's project.
    HandedBranchMissed { id: HandoffId, task: TaskId, branch: String },

    // saving and taking back
    /// Whether something in a worktree is not committed is another answer now; `since` none: nothing is.
    WorkChanged { task: TaskId, head: String, files: Vec<String>, since: Option<Timestamp> },
    /// Its agent was reminded of it, or the third time its coordinator.
    WorkReminded { task: TaskId, number: u32 },
    /// What lay there when its agent ended is committed or saved.
    WorkFoundSafe { task: TaskId },
    /// A worktree was saved.
    CheckpointTaken {
        id: CheckpointId,
        made: Box<Checkpoint>,
        reason: CheckpointReason,
        note: Option<String>,
        by: Actor,
    },
    /// These were forgotten.
    CheckpointsDropped { ids: Vec<CheckpointId> },
    /// A worktree is to get the files of a checkpoint.
    RestoreBegun { task: TaskId, restoring: Box<Restoring> },
    /// It has them; `before` is what lay there.
    WorkRestored {
        task: TaskId,
        from: CheckpointId,
        before: CheckpointId,
        by: Actor,
        #[serde(default)]
        act: Option<ActId>,
    },
    /// It could not get them.
    RestoreFailed { task: TaskId, reason: String },
    /// An act is being taken back.
    UndoBegun { act: ActId },
    /// A removed agency is out of the archive, stopped.
    AgencyReturned { act: ActId, agency: Name },
    /// A task that was given up is open again; with a `base` its worktree stands.
    TaskRevived {
        act: ActId,
        task: TaskId,
        state: TaskState,
        agent: Option<AgentAddress>,
        base: Option<String>,
    },
    /// An act could not be taken back, or not all of it.
    UndoFailed { act: ActId, reason: String },
    /// It was taken back.
    ActUndone { act: ActId },

    // locks
    /// Somebody wants paths of a project; it waits until one of the next says more.
    LockRequested { wish: Box<Wish> },
    /// It has them.
    LockGranted { lock: LockId, expires_at: Timestamp },
    /// Others have them: it waits for its turn, or was turned away.
    LockDenied { lock: LockId, reason: String, waits: bool },
    /// They are given back, or not wanted any more; `reason` where nobody said so.
    LockReleased {
        lock: LockId,
        reason: Option<String>,
        #[serde(default)]
        changed: bool,
    },
    /// Its time ran out.
    LockExpired { lock: LockId },

    // submissions
    /// Finished work was handed in.
    WorkSubmitted { submission: Box<Submission> },
    /// It is being proven.
    ProofStarted { submission: SubmissionId },
    /// It was proven, or not.
    ProofFinished { submission: SubmissionId, outcome: Box<ProofOutcome> },

    // approvals
    /// Somebody must decide; `problem` says why it cannot be approved, if so.
    ApprovalOpened {
        id: ApprovalId,
        submission: SubmissionId,
        merge: Option<MergePreview>,
        evidence: Option<Box<Evidence>>,
        problem: Option<String>,
    },
    /// The operator approved.
    ApprovalGiven { id: ApprovalId, signed: Box<SignedStatement> },
    /// The operator sent it back.
    ApprovalRejected { id: ApprovalId, signed: Box<SignedStatement>, feedback: String },
    /// The base has moved; the merge is made and proven again.
    MergeDelayed { id: ApprovalId, base: String },
    /// The same change was proven on the new base: the approval stands.
    ApprovalCarried { id: ApprovalId, merge: MergePreview, evidence: Box<Evidence> },
    /// It is no longer about what would be merged.
    ApprovalVoided { id: ApprovalId, reason: String },
    /// The merge waits for something that the user must do.
    MergeHeld { id: ApprovalId, reason: String },
    /// The project's branch stands on it.
    MergeLanded {
        id: ApprovalId,
        commit: String,
        #[serde(default)]
        act: Option<ActId>,
    },
    /// Decision record and change log entry stand.
    ApprovalDocumented { approval: ApprovalId },
}

/// How a message got to its agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveredBy {
    /// Typed into the pane and seen there.
    Pane,
    /// Fetched by the agent.
    Inbox,
    /// Handed to the program through a channel of its own.
    Channel,
    /// A turn of the program began with it.
    Turn,
    /// Typed while the program worked, which keeps it until it can take it.
    Queue,
}
