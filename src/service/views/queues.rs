//! Views of queues: what waits where and why, who is held back, and dead letters.
//!
//! Their fields are a promise to scripts: more may come, none is renamed.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::id::MessageId;
use crate::domain::name::AgentAddress;

/// All queues at a glance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuesView {
    /// The door.
    pub door: DoorView,
    /// Who has messages waiting, fullest first.
    pub mailboxes: Vec<DepthView>,
    /// Agents that have sent much lately.
    pub senders: Vec<SenderView>,
    /// Agents that are kept apart.
    pub stopped: Vec<StoppedView>,
    /// Messages that died or whose time ran out, so far.
    pub dead: u32,
    /// The limits.
    pub limits: LimitsView,
}

/// The door.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorView {
    /// Files that were not looked at yet.
    pub new: u32,
    /// Files that wait for something.
    pub waiting: u32,
    /// For what.
    pub held: Vec<HeldView>,
    /// Dead files.
    pub dead: u32,
}

/// Files that wait for the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldView {
    /// For what: `room:Agency/agent`, `room:operator` or `pace:Agency/agent`.
    pub hold: String,
    /// How many.
    pub files: u32,
    /// Since when the first.
    pub since: Timestamp,
    /// `mailbox_full` or `too_fast`.
    pub code: String,
    /// In words.
    pub reason: String,
}

/// A recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepthView {
    /// `Agency/agent` or `operator`.
    pub address: String,
    /// Messages that wait.
    pub waiting: u32,
    /// How many may.
    pub limit: u32,
    /// Since when the oldest waits.
    pub oldest_at: Option<Timestamp>,
}

/// A sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SenderView {
    /// Who.
    pub agent: AgentAddress,
    /// Messages that it may send at once now.
    pub left: u32,
    /// Seconds until it may send the next, if none is left.
    pub wait_s: u64,
}

/// Two agents who are kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoppedView {
    /// The two.
    pub agents: Vec<AgentAddress>,
    /// How often they had answered each other.
    pub turns: u32,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// The limits, from `[queue]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitsView {
    /// Messages that may wait for one recipient.
    pub mailbox_limit: u32,
    /// How many more may, if they are critical.
    pub reserve: u32,
    /// Messages in a minute; 0: any number.
    pub rate: u32,
    /// Messages at once.
    pub burst: u32,
    /// Turns without progress; 0: any number.
    pub loop_limit: u32,
}

/// A dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadView {
    /// What `agency queue retry` takes: a message's id, or a file's name.
    pub what: String,
    /// The message, if it was one.
    pub id: Option<MessageId>,
    /// The file at the door, if it was none.
    pub file: Option<String>,
    /// Where it lies, if anywhere but in the ledger.
    pub path: Option<PathBuf>,
    /// From whom.
    pub from: Option<String>,
    /// For whom.
    pub to: Option<String>,
    /// A stable word.
    pub code: String,
    /// In words.
    pub reason: String,
    /// The field that is wrong, if one is.
    pub field: Option<String>,
    /// When it was found out.
    pub at: Timestamp,
}
