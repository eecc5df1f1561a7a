//! Locks as messages: asked for, granted, denied, released.
//!
//! Field names are those of the protocol; a promise to every program that writes them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::protocol::Extra;

/// How a path is claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LockKind {
    /// Nobody else may change it.
    Exclusive,
    /// Many read it, nobody changes it.
    Shared,
    /// Somebody plans to change it; hinders nobody.
    Intent,
    /// Free; said for the record.
    None,
}

impl LockKind {
    /// The word, as scripts see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exclusive => "exclusive",
            Self::Shared => "shared",
            Self::Intent => "intent",
            Self::None => "none",
        }
    }
}

/// `lock_request`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LockRequest {
    /// A path of the project, or a glob of paths.
    pub resource: String,
    /// How.
    pub lock_type: LockKind,
    /// The task it is for.
    #[serde(default, alias = "task")]
    pub task_id: Option<String>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// How long, as `4 hours`, `30 minutes` or `2h`.
    #[serde(default)]
    pub estimated_duration: Option<String>,
    /// Any word: `low`, `normal`, `medium`, `high` and `critical` count.
    #[serde(default)]
    pub priority: Option<String>,
    /// Other fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `lock_granted`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LockGranted {
    /// The path.
    pub resource: String,
    /// How.
    pub lock_type: LockKind,
    /// What to release it by.
    pub lock_id: String,
    /// When it was granted.
    #[serde(default)]
    pub granted_at: Option<Timestamp>,
    /// When it ends by itself.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// Other fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `lock_denied`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LockDenied {
    /// The path.
    pub resource: String,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// Who has it.
    #[serde(default)]
    pub current_lock: Option<CurrentLock>,
    /// What could be done instead.
    #[serde(default)]
    pub alternatives: Vec<String>,
    /// Other fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The lock that is in the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CurrentLock {
    /// Who holds it.
    pub owner: String,
    /// How.
    pub lock_type: LockKind,
    /// When it is expected to be free.
    #[serde(default)]
    pub estimated_release: Option<Timestamp>,
    /// Other fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `lock_release`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LockRelease {
    /// Which; none: the sender's lock on `resource`.
    #[serde(default)]
    pub lock_id: Option<String>,
    /// The path; none: that of `lock_id`.
    #[serde(default)]
    pub resource: Option<String>,
    /// Whether something was changed.
    #[serde(default)]
    pub changes_made: bool,
    /// Other fields.
    #[serde(flatten)]
    pub extra: Extra,
}
