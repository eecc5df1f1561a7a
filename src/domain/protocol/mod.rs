//! The protocol: message types whose bodies have a fixed shape, and what stands in each.
//!
//! A body is an object; fields that are not known are kept in `extra` and passed on, `null` counts as absent.
//! Times that are not RFC 3339 and numbers out of their range are refused. The shapes are the Rust types; their
//! JSON Schemas are made from them ([`schema`]), and a body is held against its schema before it is read, so that
//! both say the same and a refusal names the field. What follows from a message is the engine's to decide.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::domain::message::Message;

pub mod agreements;

pub mod document;

pub mod locking;

pub mod reports;

pub mod schema;

pub mod shape;
pub mod words;

pub use agreements::{
    Acceptance, Alert, CoordinationRequest, Decline, Handoff, Results, TaskAssignment, Verdict,
};
pub use locking::{CurrentLock, LockDenied, LockGranted, LockKind, LockRelease, LockRequest};
pub use reports::{Blocker, Percent, Severity, StatusUpdate, TaskComplete, TestResults};

pub use shape::{Fault, Part, ShapeError};

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
    pub fn of(message: &Message) -> Option<Result<Self, ShapeError>> {
        Self::of_kind(message.kind.as_str(), &message.body)
    }

    /// What a body of this type says; as [`Self::of`].
    ///
    /// # Errors
    /// As those of [`Self::of`].
    pub fn of_kind(kind: &str, body: &Value) -> Option<Result<Self, ShapeError>> {
        let is_known = Self::TYPES.contains(&kind);
        (is_known && body.is_object()).then(|| Self::read(kind, body))
    }

    /// Reads a body as what its type says it is. The type is one of [`Self::TYPES`].
    ///
    /// # Errors
    /// It does not have that shape; each fault names its field.
    pub fn read(kind: &str, body: &Value) -> Result<Self, ShapeError> {
        let wrong = |faults| ShapeError { kind: kind.to_owned(), faults };
        let Some(schema) = schema::body(kind) else {
            return Err(wrong(vec![whole(format!("`{kind}` has no fixed shape"))]));
        };
        let faults = shape::faults(schema, body);
        if !faults.is_empty() {
            return Err(wrong(faults));
        }
        Self::from_sound(kind, one_name_each(kind, body))
            .map_err(|error| wrong(vec![whole(format!("the body is no `{kind}`: {error}"))]))
    }

    fn from_sound(kind: &str, body: Value) -> Result<Self, serde_json::Error> {
        fn of<T: DeserializeOwned>(body: Value) -> Result<T, serde_json::Error> {
            serde_json::from_value(body)
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

/// A fault of the whole body.
fn whole(message: String) -> Fault {
    Fault { path: Vec::new(), is_missing: false, message }
}

/// The body without what is `null`, and with the second name of a field put as its first, unless that is
/// there too: then the second is a field like any other that nobody knows.
fn one_name_each(kind: &str, body: &Value) -> Value {
    let mut object: Map<String, Value> = body
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for (name, other) in schema::aliases(kind) {
        if !object.contains_key(*name)
            && let Some(value) = object.remove(*other)
        {
            object.insert((*name).to_owned(), value);
        }
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests;
