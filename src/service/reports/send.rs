//! Giving a report to the supervisor, in the time that a hook of an agent's program has.
//!
//! Nothing is opened but the socket: a hook runs at every call of a tool, and the agent waits for it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::command::Command;
use crate::domain::id::SpawnId;
use crate::domain::name::AgentAddress;
use crate::service::wire::{Ask, Body, Credential, Reply, Request};

/// Who reports from where.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The workbench, as the supervisor knows it.
    pub home: PathBuf,
    /// The agent.
    pub address: AgentAddress,
    /// Its life.
    pub spawn: SpawnId,
    /// Its token.
    pub token: String,
}

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// The supervisor has it, or will not have it.
    Answered,
    /// There is none, or it did not answer in time.
    Unanswered,
}

impl Sender {
    /// A report as one line of the socket's language; none if it cannot be written down.
    pub fn line(&self, at: Timestamp, nonce: Uuid, event: &str, payload: &str) -> Option<String> {
        let command = Command::ReportEvent {
            spawn: self.spawn,
            event: event.to_owned(),
            payload: payload.to_owned(),
        };
        let ask = Ask::Command(Box::new(command));
        let body = Body { workbench: self.home.clone(), at, nonce, request: None, ask };
        let credential = Credential::Agent {
            address: self.address.clone(),
            spawn: self.spawn,
            token: self.token.clone(),
        };
        let body = serde_json::to_string(&body).ok()?;
        serde_json::to_string(&Request { body, credential }).ok()
    }
}

/// Sends a line and waits for the answer, both within a limit. A supervisor that hangs is left hanging.
pub fn send(socket: &Path, line: &str, limit: Duration) -> Sent {
    let (answered, waiting) = mpsc::channel();
    let (socket, line) = (socket.to_owned(), format!("{line}\n"));
    std::thread::spawn(move || {
        let _ = answered.send(converse(&socket, &line));
    });
    match waiting.recv_timeout(limit) {
        Ok(Some(_)) => Sent::Answered,
        Ok(None) | Err(_) => Sent::Unanswered,
    }
}

fn converse(socket: &Path, line: &str) -> Option<Reply> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.write_all(line.as_bytes()).ok()?;
    let mut answer = Vec::new();
    BufReader::new(stream).read_until(b'\n', &mut answer).ok()?;
    let reply: Reply = serde_json::from_slice(&answer).ok()?;
    match reply {
        // One that ends, or whose disk is full, has not taken it.
        Reply::Refused(refusal)
            if ["supervisor_ended", "ledger"].contains(&refusal.code.as_str()) =>
        {
            None
        }
        reply => Some(reply),
    }
}
