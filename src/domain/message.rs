//! Messages: one envelope with one body, and the states it passes through on its way.
//!
//! ```text
//! accepted ──► routed ──► delivered ──► acknowledged
//!     │           │
//!     ▼           ▼
//!    dead      expired
//! ```
//!
//! Parsing of what people and programs write is in [`crate::manifest`]; here is what is left when it
//! has been checked.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::id::MessageId;
use crate::domain::name::Address;

/// What somebody wrote, before it has an id, a sender and a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// Its id, if the writer chose one.
    pub id: Option<MessageId>,
    /// The type.
    #[serde(rename = "type")]
    pub kind: MessageType,
    /// Who it says it is from; the credential decides.
    pub from: Option<Address>,
    /// Whom it is for.
    pub to: Address,
    /// Text or object.
    pub body: Value,
    /// How urgent.
    pub priority: Priority,
    /// Task id or title.
    pub task: Option<String>,
    /// The message it answers.
    pub in_reply_to: Option<MessageId>,
    /// When it was written; none: arrival.
    pub sent_at: Option<Timestamp>,
    /// After this it is not delivered any more.
    pub expires_at: Option<Timestamp>,
    /// W3C `traceparent`.
    pub trace: Option<String>,
    /// Fields that we do not know: kept and passed on.
    pub extra: BTreeMap<String, Value>,
}

impl Draft {
    /// A plain draft: everything optional left out.
    pub fn new(kind: MessageType, to: Address, body: Value) -> Self {
        Self {
            id: None,
            kind,
            from: None,
            to,
            body,
            priority: Priority::default(),
            task: None,
            in_reply_to: None,
            sent_at: None,
            expires_at: None,
            trace: None,
            extra: BTreeMap::new(),
        }
    }
}

impl Draft {
    /// The message it becomes: `id` and the time count where the writer chose none.
    pub fn settle(self, id: MessageId, from: Address, now: Timestamp, verified: bool) -> Message {
        Message {
            id: self.id.unwrap_or(id),
            kind: self.kind,
            from,
            to: self.to,
            body: self.body,
            priority: self.priority,
            task: self.task,
            in_reply_to: self.in_reply_to,
            sent_at: self.sent_at.unwrap_or(now),
            expires_at: self.expires_at,
            trace: self.trace,
            verified,
            extra: self.extra,
        }
    }
}

/// A message with everything settled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The type.
    #[serde(rename = "type")]
    pub kind: MessageType,
    /// Who it is from.
    pub from: Address,
    /// Whom it is for.
    pub to: Address,
    /// Text or object.
    pub body: Value,
    /// How urgent.
    pub priority: Priority,
    /// Task id or title.
    pub task: Option<String>,
    /// The message it answers.
    pub in_reply_to: Option<MessageId>,
    /// When it was written.
    pub sent_at: Timestamp,
    /// After this it is not delivered any more.
    pub expires_at: Option<Timestamp>,
    /// W3C `traceparent`.
    pub trace: Option<String>,
    /// Whether the sender proved who it is.
    pub verified: bool,
    /// Fields that we do not know.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, Value>,
}

/// A type word: lowercase letters, digits, `_` and `-`, at most 64 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageType(String);

/// Why a text is not a [`MessageType`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a message type; use lowercase letters, digits, `_` and `-`, at most 64")]
pub struct MessageTypeError {
    /// The text as given.
    pub text: String,
}

impl MessageType {
    /// Checks a type word.
    pub fn parse(text: &str) -> Result<Self, MessageTypeError> {
        let allowed =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
        let fits = (1..=64).contains(&text.len());
        if fits && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(MessageTypeError { text: text.chars().take(80).collect() })
        }
    }

    /// The type of a text: its leading word decides, a text with no known one is a `note`.
    ///
    /// `STATUS …`, `QUESTION …`, `COMPLETE …`, `BLOCKED …`, `TASK …` and `TASK-042: …`.
    pub fn of_text(text: &str) -> Self {
        let first: String = text
            .trim_start()
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect();
        let word = match first.split_once('-') {
            Some(("TASK", number))
                if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) =>
            {
                "TASK"
            }
            Some(_) => "",
            None => first.as_str(),
        };
        let known = ["STATUS", "TASK", "QUESTION", "COMPLETE", "BLOCKED"];
        Self(if known.contains(&word) { word.to_ascii_lowercase() } else { "note".to_owned() })
    }

    /// A type that this program itself sends.
    pub fn own(word: OwnType) -> Self {
        Self(word.as_str().to_owned())
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The types that this program itself sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnType {
    /// A goal, to a coordinator.
    Goal,
    /// A task, to its agent.
    Task,
    /// A finished task, to the coordinator.
    Complete,
    /// A blocked task, to the coordinator.
    Blocked,
    /// A progress report, to the coordinator.
    Status,
    /// A failed proof, a rejection or a merge, to the agent.
    Verdict,
    /// Something that should not stay as it is.
    Alert,
    /// How far is it?
    StatusRequest,
    /// The day's question.
    CheckIn,
    /// Several things in short.
    Digest,
    /// A question, from whoever asks one and waits.
    Question,
    /// A request that nobody has answered, to the next level.
    Escalation,
    /// What became of a broadcast, to whoever sent it.
    Report,
}

impl OwnType {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Goal => "goal",
            Self::Task => "task",
            Self::Complete => "complete",
            Self::Blocked => "blocked",
            Self::Status => "status",
            Self::Verdict => "verdict",
            Self::Alert => "alert",
            Self::StatusRequest => "status_request",
            Self::CheckIn => "check_in",
            Self::Digest => "digest",
            Self::Question => "question",
            Self::Escalation => "escalation",
            Self::Report => "report",
        }
    }
}

impl fmt::Display for MessageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for MessageType {
    type Error = MessageTypeError;
    fn try_from(text: String) -> Result<Self, MessageTypeError> {
        Self::parse(&text)
    }
}

impl From<MessageType> for String {
    fn from(kind: MessageType) -> Self {
        kind.0
    }
}

/// How urgent a message or a task is; `critical` overtakes.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Whenever there is nothing else.
    Low,
    /// As everything else.
    #[default]
    Normal,
    /// Before the rest.
    High,
    /// At once.
    Critical,
}

impl Priority {
    /// The word, as scripts see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// The state of a message; the words are a promise to scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageState {
    /// In the ledger.
    Accepted,
    /// In its mailbox.
    Routed,
    /// Seen in the agent's pane, or fetched by the agent.
    Delivered,
    /// The agent said so.
    Acknowledged,
    /// Its time ran out before it was delivered.
    Expired,
    /// It cannot be delivered; the reason is beside it.
    Dead,
}

impl MessageState {
    /// The word, as scripts see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Routed => "routed",
            Self::Delivered => "delivered",
            Self::Acknowledged => "acknowledged",
            Self::Expired => "expired",
            Self::Dead => "dead",
        }
    }
}

/// Why a message is dead; written beside it as `<name>.reason.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadReason {
    /// A stable word: `too_large`, `not_json`, `invalid`, `unauthenticated`, `unknown_recipient`, ….
    pub code: String,
    /// One sentence.
    pub message: String,
    /// The field that is wrong, if one is: `test_results.passed`.
    pub field: Option<String>,
    /// Where in the text it stands, if that is known; written as `line` and `column`.
    #[serde(default, flatten)]
    pub place: Option<Place>,
    /// When it was found out.
    pub at: Timestamp,
}

impl DeadReason {
    /// A reason that is about no field of the text.
    pub fn new(code: &str, message: impl Into<String>, at: Timestamp) -> Self {
        Self { code: code.to_owned(), message: message.into(), field: None, place: None, at }
    }

    /// The same about a field.
    pub fn about(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }
}

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Character in it, from 1.
    pub column: usize,
}

/// Largest message, in bytes: a mailbox is no file transfer.
pub const MAX_MESSAGE_BYTES: u64 = 1024 * 1024;
/// Bodies over this many bytes stay in the mailbox; the pane gets one line that says where.
pub const MAX_PANE_BYTES: usize = 2048;
/// Bodies over this many lines stay in the mailbox.
pub const MAX_PANE_LINES: usize = 20;
