//! The ledger: events appended in order, each chained to the one before by its hash.
//!
//! A payload is opaque here. `hash = SHA-256(prev_hash ‖ "\n" ‖ seq ‖ "\n" ‖ id ‖ "\n" ‖ at ‖ "\n" ‖ actor ‖ "\n" ‖ kind ‖ "\n" ‖
//! subject ‖ "\n" ‖ payload)`, all as text; the first event's `prev_hash` is 64 zeros.

pub mod chain;
#[cfg(test)]
pub mod contract;
#[cfg(test)]
pub mod fake;

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An event before it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// When it happened.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: String,
    /// Which kind.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// The rest, opaque.
    pub payload: String,
}

/// A recorded event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Position, from 1, without gaps.
    pub seq: u64,
    /// Its id.
    pub id: Uuid,
    /// When it happened.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: String,
    /// Which kind.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// The rest, opaque.
    pub payload: String,
    /// Hash of the record before, 64 hexadecimal digits.
    pub prev_hash: String,
    /// This record's hash.
    pub hash: String,
}

/// How surely an append must survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// Survives the death of any process; the last moments may be lost with the power.
    Process,
    /// On the disk when the call returns: decisions of a person.
    Disk,
}

/// A saved fold of the ledger; derived, can be thrown away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The last event in it.
    pub seq: u64,
    /// Version of the state's shape; another one is not read.
    pub version: u32,
    /// The state, opaque.
    pub state: String,
}

/// Reads the ledger; any process may.
pub trait LedgerReader: Send {
    /// Records after `after`, oldest first, at most `limit`.
    fn read(&self, after: u64, limit: usize) -> Result<Vec<Record>, LedgerError>;
    /// Records about exactly this subject after `after`, oldest first, at most `limit`.
    fn read_about(
        &self,
        subject: &str,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Record>, LedgerError>;
    /// Records of this kind before `before`, newest first, at most `limit`.
    fn read_kind(&self, kind: &str, before: u64, limit: usize) -> Result<Vec<Record>, LedgerError>;
    /// Position and hash of the last record; `(0, zeros)` when empty.
    fn tip(&self) -> Result<(u64, String), LedgerError>;
    /// Recomputes the whole chain; the first record that does not fit is named.
    fn verify(&self) -> Result<Verified, LedgerError>;
    /// The newest snapshot of that version at or before `seq`.
    fn snapshot(&self, version: u32, seq: u64) -> Result<Option<Snapshot>, LedgerError>;
}

/// The one writer.
pub trait LedgerWriter: LedgerReader {
    /// Appends all entries in one transaction.
    fn append(
        &mut self,
        entries: &[Entry],
        durability: Durability,
    ) -> Result<Vec<Record>, LedgerError>;
    /// Saves a fold; older ones may be thrown away.
    fn save_snapshot(&mut self, snapshot: &Snapshot) -> Result<(), LedgerError>;
    /// Throws all snapshots away.
    fn drop_snapshots(&mut self) -> Result<(), LedgerError>;
}

/// Result of a check of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// Records read.
    pub events: u64,
    /// Hash of the last good one.
    pub tip: String,
    /// The first bad one.
    pub broken: Option<BrokenLink>,
}

/// Where the chain breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokenLink {
    /// Position of the record.
    pub seq: u64,
    /// What does not fit.
    pub problem: String,
}

/// What can go wrong with the ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// There is none.
    #[error("no ledger at `{path}`", path = path.display())]
    Absent {
        /// Where it should be.
        path: PathBuf,
    },
    /// Written by a newer program: may be read, not written.
    #[error("the ledger has schema {found}, this program writes {known}")]
    NewerSchema {
        /// Schema found.
        found: u32,
        /// Newest schema known.
        known: u32,
    },
    /// The disk is full.
    #[error("the disk that holds `{path}` is full", path = path.display())]
    Full {
        /// The ledger.
        path: PathBuf,
    },
    /// It may not be written.
    #[error("`{path}` cannot be written: read-only", path = path.display())]
    ReadOnly {
        /// The ledger.
        path: PathBuf,
    },
    /// It is damaged.
    #[error("`{path}` is not a ledger or is damaged: {problem}", path = path.display())]
    Damaged {
        /// The ledger.
        path: PathBuf,
        /// What the database says.
        problem: String,
    },
    /// Anything else.
    #[error("`{path}`: {problem}", path = path.display())]
    Failed {
        /// The ledger.
        path: PathBuf,
        /// What the database says.
        problem: String,
    },
}
