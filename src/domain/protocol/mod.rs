//! The protocol: message types whose bodies have a fixed shape, and what stands in each.
//!
//! A body is an object; fields that are not known are kept in `extra` and passed on. Times that are
//! not RFC 3339 and numbers out of their range are refused. What follows from a message is the engine's to decide.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::domain::message::Message;

pub mod agreements;

pub mod locking;

pub mod reports;

pub use agreements::{
    Acceptance, Alert, CoordinationRequest, Decline, Handoff, Results, TaskAssignment, Verdict,
};
pub use locking::{CurrentLock, LockDenied, LockGranted, LockKind, LockRelease, LockRequest};
pub use reports::{Blocker, Percent, Severity, StatusUpdate, TaskComplete, TestResults};

/// Fields that nobody here knows.
pub type Extra = BTreeMap<String, Value>;

/// A message's body, read by its type.
#[derive(Debug, Clone, PartialEq)]
pub enum Protocol {
    /// `status_update`.
    StatusUpdate(StatusUpdate),
    /// `blocker`.
    Blocker(Blocker),
    /// `task_complete`.
    TaskComplete(TaskComplete),
    /// `task_assignment`.
    TaskAssignment(TaskAssignment),
    /// `coordination_request`.
    CoordinationRequest(CoordinationRequest),
    /// `handoff`.
    Handoff(Handoff),
    /// `accept`: the answer that takes a handoff.
    Acceptance(Acceptance),
    /// `decline`: the answer that does not.
    Decline(Decline),
    /// `results`.
    Results(Results),
    /// `alert`.
    Alert(Alert),
    /// `lock_request`.
    LockRequest(LockRequest),
    /// `lock_granted`.
    LockGranted(LockGranted),
    /// `lock_denied`.
    LockDenied(LockDenied),
    /// `lock_release`.
    LockRelease(LockRelease),
}

impl Protocol {
    /// The types that have a fixed shape.
    pub const TYPES: [&'static str; 14] = [
        "task_assignment",
        "status_update",
        "blocker",
        "coordination_request",
        "task_complete",
        "handoff",
        "accept",
        "decline",
        "results",
        "alert",
        "lock_request",
        "lock_granted",
        "lock_denied",
        "lock_release",
    ];

    /// What a message says. None: its type has no fixed shape, or its body is plain text, which says
    /// nothing that a program could act on.
    ///
    /// # Errors
    /// The body is an object and does not have the shape of its type.
    pub fn of(message: &Message) -> Option<Result<Self, serde_json::Error>> {
        let is_known = Self::TYPES.contains(&message.kind.as_str());
        (is_known && message.body.is_object())
            .then(|| Self::read(message.kind.as_str(), &message.body))
    }

    /// Reads a body as what its type says it is. The type is one of [`Self::TYPES`].
    ///
    /// # Errors
    /// It does not have that shape.
    pub fn read(kind: &str, body: &Value) -> Result<Self, serde_json::Error> {
        fn of<T: DeserializeOwned>(body: &Value) -> Result<T, serde_json::Error> {
            T::deserialize(body)
        }
        match kind {
            "status_update" => of(body).map(Self::StatusUpdate),
            "blocker" => of(body).map(Self::Blocker),
            "task_complete" => of(body).map(Self::TaskComplete),
            "task_assignment" => of(body).map(Self::TaskAssignment),
            "coordination_request" => of(body).map(Self::CoordinationRequest),
            "handoff" => of(body).map(Self::Handoff),
            "accept" => of(body).map(Self::Acceptance),
            "decline" => of(body).map(Self::Decline),
            "results" => of(body).map(Self::Results),
            "alert" => of(body).map(Self::Alert),
            "lock_request" => of(body).map(Self::LockRequest),
            "lock_granted" => of(body).map(Self::LockGranted),
            "lock_denied" => of(body).map(Self::LockDenied),
            "lock_release" => of(body).map(Self::LockRelease),
            _ => Err(serde::de::Error::custom(format!("`{kind}` has no fixed shape"))),
        }
    }
}
