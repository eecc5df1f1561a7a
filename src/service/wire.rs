//! The socket's language: newline-delimited JSON, one request line, one or more reply lines.
//!
//! The body is a string within the request, so that what is signed is exactly what is read. An agent
//! sends its token; the operator signs the body (Ed25519), which carries the time and a nonce.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::domain::command::Command;
use crate::domain::id::SpawnId;
use crate::domain::name::AgentAddress;
use crate::domain::refusal::Refusal;
use crate::ports::ledger::Record;
use crate::service::query::Query;

/// A line from a face.
#[derive(Debug, Serialize, Deserialize)]
pub struct Request {
    /// [`Body`] as JSON.
    pub body: String,
    /// Who asks.
    pub credential: Credential,
}

/// Who asks.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credential {
    /// An agent, with its token.
    Agent {
        /// Which.
        address: AgentAddress,
        /// Which life of it.
        spawn: SpawnId,
        /// Its token.
        token: String,
    },
    /// The operator.
    Operator {
        /// Ed25519 signature of the body, hexadecimal.
        signature: String,
    },
}

/// What is signed.
#[derive(Debug, Serialize, Deserialize)]
pub struct Body {
    /// The workbench it is meant for; another one refuses it.
    pub workbench: PathBuf,
    /// When it was made; an old one is refused.
    pub at: Timestamp,
    /// Made anew for each; a repeated one is refused.
    pub nonce: Uuid,
    /// The number of a command that is to be carried out once however often it is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Uuid>,
    /// What is asked.
    pub ask: Ask,
}

/// What is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// To change something.
    Command(Box<Command>),
    /// To read something.
    Query(Query),
    /// To be told of everything from now on.
    Follow,
}

/// A line from the supervisor.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The answer.
    Answer(Value),
    /// Why not.
    Refused(Refusal),
    /// The state at a position: the first line for a follower.
    State {
        /// The last event in it.
        seq: u64,
        /// The state as JSON.
        state: Box<Value>,
    },
    /// Records that came after it.
    Records(Vec<Record>),
}

/// Longest request line, in bytes: a message may have 1 MiB, and JSON in JSON doubles its quotes.
pub const MAX_REQUEST_BYTES: u64 = 8 * 1024 * 1024;
