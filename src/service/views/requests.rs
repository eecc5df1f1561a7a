//! What is shown of requests and broadcasts.
//!
//! As all views: a field with no value is null, never missing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::id::{MessageId, TaskId};
use crate::domain::message::Priority;
use crate::domain::name::AgentAddress;
use crate::domain::request::{Level, RequestKind};

/// A message that somebody must answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestView {
    /// The message's id.
    pub id: MessageId,
    /// `question`, `coordination`, `handoff`, `blocker` or `acknowledgement`.
    pub kind: RequestKind,
    /// `open`, `answered` or `closed`.
    pub state: String,
    /// Who waits for the answer.
    pub asker: String,
    /// Who was asked.
    pub asked: String,
    /// The task it is about.
    pub task: Option<TaskId>,
    /// How urgent.
    pub priority: Priority,
    /// What is asked, in one line.
    pub text: String,
    /// `agent`, `coordinator`, `lead` or `operator`.
    pub level: Level,
    /// The same as a number, from 1 to 4.
    pub level_number: u8,
    /// Who must answer now.
    pub holder: String,
    /// Since when it is open.
    pub opened_at: Timestamp,
    /// Since when the holder has it.
    pub since: Timestamp,
    /// By when it was to be answered.
    pub due: Option<Timestamp>,
    /// How long it has been open, or was, in seconds.
    pub age_s: u64,
    /// What is done next, if nobody answers.
    pub next: Option<NextView>,
    /// What was done about it, oldest first.
    pub steps: Vec<StepView>,
    /// What to run to answer it.
    pub answer_with: String,
    /// Who answered it.
    pub answered_by: Option<String>,
    /// The answer.
    pub answer: Option<MessageId>,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// Why nobody has to answer it any more.
    pub reason: Option<String>,
}

/// The next step of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextView {
    /// `chase`, `escalate`, `lapse` or `close`.
    pub step: String,
    /// When.
    pub at: Timestamp,
    /// To whom it goes: who is reminded, or takes it.
    pub to: String,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepView {
    /// When.
    pub at: Timestamp,
    /// `chased` or `escalated`.
    pub step: String,
    /// At which level, or up to which.
    pub level: Level,
    /// To whom.
    pub to: String,
    /// The message about it.
    pub message: Option<MessageId>,
    /// Why it went up, and which levels were left out.
    pub reason: Option<String>,
}

/// A message to many.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BroadcastView {
    /// Its id, which is that of its first copy.
    pub id: MessageId,
    /// Who sent it.
    pub from: String,
    /// What it says, in one line.
    pub text: String,
    /// What everyone has to do.
    pub action_required: Option<String>,
    /// `open` while somebody has to acknowledge it, else `ended`.
    pub state: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// By when it has to be acknowledged.
    pub by: Option<Timestamp>,
    /// How many have acknowledged it.
    pub acknowledged: u32,
    /// Who gets it.
    pub recipients: Vec<RecipientView>,
    /// When nothing was open any more.
    pub ended_at: Option<Timestamp>,
    /// The message that told its sender so.
    pub report: Option<MessageId>,
}

/// One who gets a broadcast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecipientView {
    /// Who.
    pub agent: AgentAddress,
    /// Its copy.
    pub message: MessageId,
    /// When it was delivered.
    pub delivered_at: Option<Timestamp>,
    /// When it was acknowledged.
    pub acknowledged_at: Option<Timestamp>,
    /// Whether that was after its time.
    pub is_late: bool,
    /// How often this one was reminded.
    pub chases: u32,
    /// Why nobody waits for this one any more.
    pub reason: Option<String>,
}
