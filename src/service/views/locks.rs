//! What is shown of locks on the projects' paths.
//!
//! As all views: a field with no value is null, never missing.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::id::{LockId, TaskId};
use crate::domain::lock::Resource;
use crate::domain::name::Address;
use crate::domain::protocol::LockKind;

/// A lock, or a request that waits for one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LockView {
    /// Its id: `lock-007`.
    pub id: LockId,
    /// The paths.
    pub resource: Resource,
    /// `exclusive`, `shared`, `intent` or `none`.
    #[serde(rename = "type")]
    pub kind: LockKind,
    /// Who has it; nobody while it waits.
    pub holders: Vec<Address>,
    /// Who waits for it, the next one first; of a request that waits, who asked.
    pub waiting: Vec<Address>,
    /// Since when; none: it waits.
    pub granted_at: Option<Timestamp>,
    /// Until when; none: it waits.
    pub expires_at: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
    /// The task it is for.
    pub task: Option<TaskId>,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it is granted at the latest, if everybody before it takes all of their time; none: it is.
    pub expected_at: Option<Timestamp>,
    /// Whose paths these are.
    pub project: PathBuf,
}
