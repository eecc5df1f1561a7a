//! The tables, and the check that a file is a ledger of a schema this program knows.
//!
//! The number in `user_version` grows with each change of the tables. A newer ledger may be read,
//! because columns are only ever added, and is never written.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::adapters::sqlite::problem::to_ledger_error;
use crate::ports::ledger::LedgerError;

/// The schema this program writes.
pub(super) const SCHEMA: u32 = 2;

const TABLES: &str = "
CREATE TABLE events (
    seq       INTEGER PRIMARY KEY,
    id        TEXT NOT NULL,
    at        TEXT NOT NULL,
    actor     TEXT NOT NULL,
    kind      TEXT NOT NULL,
    subject   TEXT NOT NULL,
    payload   TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash      TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_subject ON events (subject);
CREATE INDEX events_by_time ON events (at);
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER events_have_no_gaps BEFORE INSERT ON events
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM events)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TABLE snapshots (
    seq     INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    state   TEXT NOT NULL
) STRICT;
";

/// What each schema has beyond the one before it, from the second on.
const STEPS: [&str; 1] = [
    // What was said long ago is looked for by its kind.
    "CREATE INDEX events_by_kind ON events (kind);",
];

/// Sets the file up for the writer; makes the tables in an empty one, and in an older one what it lacks.
pub(super) fn require_writable(
    connection: &mut Connection,
    path: &Path,
) -> Result<(), LedgerError> {
    let wrap = |error| to_ledger_error(path, &error);
    let found = version(connection).map_err(wrap)?;
    if found > SCHEMA {
        return Err(LedgerError::NewerSchema { found, known: SCHEMA });
    }
    connection.pragma_update(None, "journal_mode", "WAL").map_err(wrap)?;
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(wrap)?;
    // In one transaction with its number, so that a half-made ledger is an empty file again.
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(wrap)?;
    let mut made = version(&transaction).map_err(wrap)?;
    if made == 0 {
        require_empty(&transaction, path)?;
        transaction.execute_batch(TABLES).map_err(wrap)?;
        made = 1;
    }
    require_tables(&transaction, path)?;
    if made < SCHEMA {
        let done = usize::try_from(made.saturating_sub(1)).unwrap_or(usize::MAX);
        for step in STEPS.iter().skip(done) {
            transaction.execute_batch(step).map_err(wrap)?;
        }
        transaction.pragma_update(None, "user_version", SCHEMA).map_err(wrap)?;
    }
    transaction.commit().map_err(wrap)
}

/// Checks that there is something to read.
pub(super) fn require_readable(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let wrap = |error| to_ledger_error(path, &error);
    if version(connection).map_err(wrap)? == 0 {
        require_empty(connection, path)?;
        return Err(LedgerError::Absent { path: path.to_owned() });
    }
    require_tables(connection, path)
}

fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn require_empty(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    match count(connection, "SELECT count(*) FROM sqlite_schema", path)? {
        0 => Ok(()),
        _ => Err(foreign(path)),
    }
}

fn require_tables(connection: &Connection, path: &Path) -> Result<(), LedgerError> {
    let sql = "SELECT count(*) FROM sqlite_schema
               WHERE type = 'table' AND name IN ('events', 'snapshots')";
    match count(connection, sql, path)? {
        2 => Ok(()),
        _ => Err(foreign(path)),
    }
}

fn count(connection: &Connection, sql: &str, path: &Path) -> Result<u32, LedgerError> {
    connection.query_row(sql, [], |row| row.get(0)).map_err(|error| to_ledger_error(path, &error))
}

fn foreign(path: &Path) -> LedgerError {
    let problem = "it is a database, but its tables are not those of a ledger".to_owned();
    LedgerError::Damaged { path: path.to_owned(), problem }
}
