//! The ledger in SQLite: one file, write-ahead log, one writer, any number of readers.
//!
//! Records are only ever added; triggers refuse everything else, and the hash chain shows what
//! was done around them. This module does not decide what an event means: payloads are opaque.
//! Start reading at [`SqliteLedger::open_writer`].

mod problem;
mod rows;
mod schema;
#[cfg(test)]
mod tests;
mod verify;

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::adapters::sqlite::problem::to_ledger_error;
use crate::ports::ledger::chain::chain;
use crate::ports::ledger::{
    Durability, Entry, LedgerError, LedgerReader, LedgerWriter, Record, Snapshot, Verified,
};

/// How long a statement waits for another process's lock: far longer than any transaction of ours.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Different statements that stay prepared; there are fewer than this.
const STATEMENTS: usize = 16;
/// Snapshots kept: the newest for the next start, older ones so that a past moment is folded quickly.
const SNAPSHOTS_KEPT: u32 = 16;

/// An open ledger.
#[derive(Debug)]
pub struct SqliteLedger {
    connection: Connection,
    path: PathBuf,
}

impl SqliteLedger {
    /// Opens the ledger to append, making it if there is none.
    ///
    /// # Errors
    /// [`LedgerError::NewerSchema`] when a newer program wrote it, [`LedgerError::Damaged`] when it
    /// is something else.
    pub fn open_writer(path: &Path) -> Result<Self, LedgerError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut ledger = Self::connect(path, path, flags)?;
        // A file that may only be read is opened all the same, and would fail at the first append.
        if ledger.try_sql(|connection| connection.is_readonly("main"))? {
            return Err(LedgerError::ReadOnly { path: path.to_owned() });
        }
        schema::require_writable(&mut ledger.connection, path)?;
        Ok(ledger)
    }

    /// Opens the ledger to read, beside a running writer or without one. Writing fails.
    ///
    /// Closing leaves the write-ahead log as it is: folding it into the file takes 15 ms that a
    /// short command does not have.
    ///
    /// # Errors
    /// [`LedgerError::Absent`] when there is none, or one that no writer has finished making.
    pub fn open_reader(path: &Path) -> Result<Self, LedgerError> {
        if !path.exists() {
            return Err(LedgerError::Absent { path: path.to_owned() });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        match Self::open_to_read(path, path, flags) {
            // No log and no place to make one: the file is all there is, and nobody changes it.
            Err(LedgerError::Failed { .. }) if !has_log(path) => {
                let flags = flags | OpenFlags::SQLITE_OPEN_URI;
                Self::open_to_read(path, Path::new(&immutable_uri(path)), flags)
            }
            opened => opened,
        }
    }

    fn open_to_read(path: &Path, name: &Path, flags: OpenFlags) -> Result<Self, LedgerError> {
        let ledger = Self::connect(path, name, flags)?;
        ledger.try_sql(|connection| {
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        })?;
        schema::require_readable(&ledger.connection, path)?;
        Ok(ledger)
    }

    fn connect(path: &Path, name: &Path, flags: OpenFlags) -> Result<Self, LedgerError> {
        let connect = || {
            let connection = Connection::open_with_flags(name, flags)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            connection.set_prepared_statement_cache_capacity(STATEMENTS);
            Ok(connection)
        };
        let connection = connect().map_err(|error| to_ledger_error(path, &error))?;
        Ok(Self { connection, path: path.to_owned() })
    }

    fn try_sql<T>(
        &self,
        run: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LedgerError> {
        run(&self.connection).map_err(|error| to_ledger_error(&self.path, &error))
    }

    /// `FULL` syncs the log at each commit, `NORMAL` only when it is folded into the file.
    fn set_synchronous(&self, level: &str) -> Result<(), LedgerError> {
        self.try_sql(|connection| connection.pragma_update(None, "synchronous", level))
    }

    fn append_in_transaction(&mut self, entries: &[Entry]) -> Result<Vec<Record>, LedgerError> {
        let path = &self.path;
        let wrap = |error| to_ledger_error(path, &error);
        // Immediate: a read lock that is upgraded fails at once instead of waiting.
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(wrap)?;
        let (mut seq, mut tip) = rows::tip(&transaction).map_err(wrap)?;
        let mut records = Vec::with_capacity(entries.len());
        for entry in entries {
            seq += 1;
            let record = chain(entry, seq, &tip).map_err(|field| LedgerError::Failed {
                path: path.clone(),
                problem: format!("a line break in `{field}`"),
            })?;
            rows::insert(&transaction, &record).map_err(wrap)?;
            tip.clone_from(&record.hash);
            records.push(record);
        }
        transaction.commit().map_err(wrap)?;
        Ok(records)
    }
}

impl LedgerReader for SqliteLedger {
    fn read(&self, after: u64, limit: usize) -> Result<Vec<Record>, LedgerError> {
        self.try_sql(|connection| rows::read(connection, after, limit))
    }

    fn read_about(
        &self,
        subject: &str,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Record>, LedgerError> {
        self.try_sql(|connection| rows::read_about(connection, subject, after, limit))
    }

    fn read_kind(&self, kind: &str, before: u64, limit: usize) -> Result<Vec<Record>, LedgerError> {
        self.try_sql(|connection| rows::read_kind(connection, kind, before, limit))
    }

    fn tip(&self) -> Result<(u64, String), LedgerError> {
        self.try_sql(rows::tip)
    }

    fn verify(&self) -> Result<Verified, LedgerError> {
        self.try_sql(verify::verify)
    }

    fn snapshot(&self, version: u32, seq: u64) -> Result<Option<Snapshot>, LedgerError> {
        self.try_sql(|connection| rows::snapshot(connection, version, seq))
    }
}

impl LedgerWriter for SqliteLedger {
    fn append(
        &mut self,
        entries: &[Entry],
        durability: Durability,
    ) -> Result<Vec<Record>, LedgerError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        match durability {
            Durability::Process => self.append_in_transaction(entries),
            Durability::Disk => {
                self.set_synchronous("FULL")?;
                let records = self.append_in_transaction(entries);
                self.set_synchronous("NORMAL")?;
                records
            }
        }
    }

    fn save_snapshot(&mut self, snapshot: &Snapshot) -> Result<(), LedgerError> {
        let path = &self.path;
        let save = |connection: &mut Connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            rows::save_snapshot(&transaction, snapshot, SNAPSHOTS_KEPT)?;
            transaction.commit()
        };
        save(&mut self.connection).map_err(|error| to_ledger_error(path, &error))
    }

    fn drop_snapshots(&mut self) -> Result<(), LedgerError> {
        self.try_sql(|connection| connection.execute("DELETE FROM snapshots", []).map(drop))
    }
}

/// Whether a write-ahead log with something in it lies beside the file.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// The name under which SQLite reads a file without a lock, a log or shared memory.
fn immutable_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                uri.push(char::from(*byte));
            }
            _ => uri.push_str(&format!("%{byte:02x}")),
        }
    }
    uri.push_str("?immutable=1");
    uri
}
