//! Rows in and out: one prepared statement for each question.
//!
//! Texts go in and out as they are: what was hashed is what is stored.

use jiff::Timestamp;
use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::ports::ledger::chain::GENESIS;
use crate::ports::ledger::{Record, Snapshot};

pub(super) fn insert(connection: &Connection, record: &Record) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO events (seq, id, at, actor, kind, subject, payload, prev_hash, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    statement.execute(params![
        to_sql(record.seq),
        record.id.to_string(),
        record.at.to_string(),
        record.actor,
        record.kind,
        record.subject,
        record.payload,
        record.prev_hash,
        record.hash,
    ])?;
    Ok(())
}

pub(super) fn tip(connection: &Connection) -> rusqlite::Result<(u64, String)> {
    let mut statement =
        connection.prepare_cached("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1")?;
    let last = statement.query_row([], |row| Ok((position(row)?, row.get(1)?))).optional()?;
    Ok(last.unwrap_or_else(|| (0, GENESIS.to_owned())))
}

pub(super) fn read(
    connection: &Connection,
    after: u64,
    limit: usize,
) -> rusqlite::Result<Vec<Record>> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, id, at, actor, kind, subject, payload, prev_hash, hash
         FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    )?;
    let records = statement.query_map(params![to_sql(after), to_sql(limit)], to_record)?;
    records.collect()
}

pub(super) fn read_about(
    connection: &Connection,
    subject: &str,
    after: u64,
    limit: usize,
) -> rusqlite::Result<Vec<Record>> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, id, at, actor, kind, subject, payload, prev_hash, hash
         FROM events WHERE subject = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let asked = params![subject, to_sql(after), to_sql(limit)];
    let records = statement.query_map(asked, to_record)?;
    records.collect()
}

pub(super) fn read_kind(
    connection: &Connection,
    kind: &str,
    before: u64,
    limit: usize,
) -> rusqlite::Result<Vec<Record>> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, id, at, actor, kind, subject, payload, prev_hash, hash
         FROM events WHERE kind = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
    )?;
    let asked = params![kind, to_sql(before), to_sql(limit)];
    let records = statement.query_map(asked, to_record)?;
    records.collect()
}

pub(super) fn snapshot(
    connection: &Connection,
    version: u32,
    seq: u64,
) -> rusqlite::Result<Option<Snapshot>> {
    let mut statement = connection.prepare_cached(
        "SELECT seq, version, state FROM snapshots WHERE version = ?1 AND seq <= ?2
         ORDER BY seq DESC LIMIT 1",
    )?;
    statement
        .query_row(params![version, to_sql(seq)], |row| {
            Ok(Snapshot { seq: position(row)?, version: row.get(1)?, state: row.get(2)? })
        })
        .optional()
}

pub(super) fn save_snapshot(
    connection: &Connection,
    snapshot: &Snapshot,
    keep: u32,
) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT OR REPLACE INTO snapshots (seq, version, state) VALUES (?1, ?2, ?3)",
        params![to_sql(snapshot.seq), snapshot.version, snapshot.state],
    )?;
    connection.execute(
        "DELETE FROM snapshots
         WHERE seq NOT IN (SELECT seq FROM snapshots ORDER BY seq DESC LIMIT ?1)",
        [keep],
    )?;
    Ok(())
}

/// SQLite's integers end at 2^63 - 1; everything above means "to the end" here.
fn to_sql(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// The first column, a position.
pub(super) fn position(row: &Row<'_>) -> rusqlite::Result<u64> {
    let number: i64 = row.get(0)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, number))
}

fn to_record(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record {
        seq: position(row)?,
        id: parse(row, 1, |text| uuid::Uuid::parse_str(text).ok())?,
        at: parse(row, 2, |text| text.parse::<Timestamp>().ok())?,
        actor: row.get(3)?,
        kind: row.get(4)?,
        subject: row.get(5)?,
        payload: row.get(6)?,
        prev_hash: row.get(7)?,
        hash: row.get(8)?,
    })
}

fn parse<T>(
    row: &Row<'_>,
    column: usize,
    read: impl FnOnce(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    read(text).ok_or_else(|| {
        let seq = position(row).unwrap_or(0);
        let problem = format!("record {seq} holds `{text}`, neither an id nor a time");
        let source = Box::new(FromSqlError::Other(problem.into()));
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, source)
    })
}
