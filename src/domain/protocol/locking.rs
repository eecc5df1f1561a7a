//! Locks as messages: asked for, granted, denied, released.
//!
//! Field names are those of the protocol; a promise to every program that writes them.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::protocol::{Extra, schema};

/// How a path is claimed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
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

/// `lock_request`: a path of the project is wanted for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LockRequest {
    /// A path of the project, or a glob of paths.
    #[schemars(schema_with = "schema::words")]
    pub resource: String,
    /// How.
    pub lock_type: LockKind,
    /// The task it is for.
    #[serde(default)]
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

/// `lock_granted`: the path is the asker's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LockGranted {
    /// The path.
    #[schemars(schema_with = "schema::words")]
    pub resource: String,
    /// How.
    pub lock_type: LockKind,
    /// What to release it by.
    #[schemars(schema_with = "schema::words")]
    pub lock_id: String,
    /// When it was granted.
    #[serde(default)]
    #[schemars(schema_with = "schema::time")]
    pub granted_at: Option<Timestamp>,
    /// When it ends by itself.
    #[serde(default)]
    #[schemars(schema_with = "schema::time")]
    pub expires_at: Option<Timestamp>,
    /// Other fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `lock_denied`: somebody else has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LockDenied {
    /// The path.
    #[schemars(schema_with = "schema::words")]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CurrentLock {
    /// Who holds it.
    #[schemars(schema_with = "schema::words")]
    pub owner: String,
    /// How.
    pub lock_type: LockKind,
    /// When it is expected to be free.
    #[serde(default)]
    #[schemars(schema_with = "schema::time")]
    pub estimated_release: Option<Timestamp>,
    /// Other fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// `lock_release`: a lock is given back, named by its id or its path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("anyOf" = [{ "required": ["lock_id"] }, { "required": ["resource"] }]))]
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
