//! Queries: everything that can be read, by any face, with or without a running supervisor.
//!
//! A query changes nothing; what it returns is a view.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::checkpoint::CheckpointId;
use crate::domain::id::{ApprovalId, MessageId, TaskId};
use crate::domain::name::{AgentAddress, Name};
use crate::domain::task::TaskState;

mod messages;

pub use messages::{MessageFilter, Standing};

/// What is asked. The answer's shape is named in each arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "query", rename_all = "snake_case")]
pub enum Query {
    /// [`crate::service::views::StatusView`].
    Status,
    /// A list of [`crate::service::views::AgencyView`].
    Agencies,
    /// One [`crate::service::views::AgencyView`].
    Agency {
        /// Which.
        name: Name,
    },
    /// A list of [`crate::service::views::MessageView`], oldest first.
    Messages(Box<MessageFilter>),
    /// One [`crate::service::views::MessageView`].
    Message {
        /// Which.
        id: MessageId,
    },
    /// One message with its way and its conversation: [`crate::service::views::MessageWholeView`].
    MessageWhole {
        /// Which.
        id: MessageId,
    },
    /// What has happened with messages since: [`crate::service::views::TalkPageView`].
    Talk {
        /// After this position in the ledger; none: nothing, only the position as it is now.
        after: Option<u64>,
        /// Changes of state too, and not only new messages.
        changes: bool,
    },
    /// What became of a question: [`crate::service::views::RepliesView`].
    Replies {
        /// The message that was sent.
        question: MessageId,
    },
    /// Everything that belongs to one request: [`crate::service::views::StoryView`].
    Story {
        /// A trace, a message id or a task id.
        id: String,
    },
    /// A list of [`crate::service::views::RequestView`], oldest first.
    Requests {
        /// The last closed ones too.
        all: bool,
    },
    /// One [`crate::service::views::RequestView`].
    Request {
        /// The message that must be answered, or one of the workbench's about it.
        id: MessageId,
    },
    /// A list of [`crate::service::views::BroadcastView`], oldest first.
    Broadcasts,
    /// One [`crate::service::views::BroadcastView`].
    Broadcast {
        /// Which; a copy's id will do.
        id: MessageId,
    },
    /// An agent's messages that it has not acknowledged, oldest first; with `all`, the others too.
    Inbox {
        /// Whose.
        agent: AgentAddress,
        /// Acknowledged ones too.
        all: bool,
    },
    /// What waits where, and why: [`crate::service::views::queues::QueuesView`].
    Queues,
    /// A list of [`crate::service::views::queues::DeadView`], newest first.
    Dead,
    /// A list of [`crate::service::views::TaskView`].
    Tasks(TaskFilter),
    /// One [`crate::service::views::TaskView`].
    Task {
        /// Which.
        id: TaskId,
    },
    /// A list of [`crate::service::views::HandoffView`], oldest first.
    Handoffs(HandoffFilter),
    /// One [`crate::service::views::HandoffView`].
    Handoff {
        /// Its id, the message that offered it, or a task that belongs to it.
        name: String,
    },
    /// A list of [`crate::service::views::ApprovalView`], those that wait first, longest first.
    Approvals {
        /// Decided ones too.
        all: bool,
    },
    /// One [`crate::service::views::ApprovalView`].
    Approval {
        /// Which.
        id: ApprovalId,
    },
    /// The unified diff of an approval's change, as a string.
    Diff {
        /// Which.
        id: ApprovalId,
    },
    /// The end of the output of an approval's checks, as a string.
    ProofLog {
        /// Which.
        id: ApprovalId,
    },
    /// A list of [`crate::service::views::BranchView`].
    Branches,
    /// A list of [`crate::service::views::CheckpointView`], oldest first.
    Checkpoints {
        /// Of this task; none: all.
        task: Option<TaskId>,
    },
    /// What a checkpoint holds beyond the branch of its task, as a unified diff.
    CheckpointDiff {
        /// Which.
        id: CheckpointId,
    },
    /// A list of [`crate::service::views::ActView`], newest first.
    Acts,
    /// A list of [`crate::service::views::LockView`]: those that hold, then those that wait.
    Locks,
    /// What comes by the clock: [`crate::service::views::CadenceView`].
    Cadence,
    /// A list of [`crate::service::views::MeetingView`], newest first.
    Meetings,
    /// The text of one of them, as a string.
    Meeting {
        /// Its name: `daily/2026-11-21-Code`.
        name: String,
    },
    /// A list of [`crate::service::views::LogView`], oldest first.
    Log(LogFilter),
    /// An agent's briefing, as a string.
    Briefing {
        /// Whose.
        agent: AgentAddress,
    },
    /// What an agent's program is started with: [`crate::service::launching::Order`].
    Launch {
        /// Whose.
        agent: AgentAddress,
    },
    /// The folders in which whoever answers looks for programs, as a list of paths.
    ProgramFolders,
    /// Why something does not move, as a list of strings, from the state alone.
    Explain {
        /// An agent, a message id, a task id or an approval id.
        subject: String,
    },
}

/// Which tasks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskFilter {
    /// Of this feature.
    pub feature: Option<Name>,
    /// In this state.
    pub state: Option<TaskState>,
    /// Of this agency.
    pub agency: Option<Name>,
}

/// Which handoffs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HandoffFilter {
    /// From or to this agency.
    pub agency: Option<Name>,
    /// Those too that nothing is still to come of.
    pub all: bool,
}

/// Which events.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LogFilter {
    /// After this position.
    pub after: u64,
    /// At or after.
    pub since: Option<Timestamp>,
    /// Whose subject is this, or begins with this and a `/`.
    pub subject: Option<String>,
    /// Only the newest so many.
    pub limit: Option<usize>,
}
