//! The check of the whole chain: one record in memory at a time, from the texts as stored.
//!
//! A chain cannot show that its own end was cut off. A snapshot that covers more than there is
//! does show it, so that is looked at too; beyond that, compare the tip with one noted elsewhere.

use rusqlite::{Connection, Row};

use crate::adapters::sqlite::rows::position;
use crate::ports::ledger::chain::{GENESIS, Link};
use crate::ports::ledger::{BrokenLink, Verified};

pub(super) fn verify(connection: &Connection) -> rusqlite::Result<Verified> {
    // One transaction, so that a writer that goes on meanwhile is not taken for damage.
    let transaction = connection.unchecked_transaction()?;
    let mut verified = Verified { events: 0, tip: GENESIS.to_owned(), broken: None };
    let mut statement = transaction.prepare(
        "SELECT seq, id, at, actor, kind, subject, payload, prev_hash, hash
         FROM events ORDER BY seq",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        match check(row, verified.events, &verified.tip) {
            Ok(hash) => {
                verified.events += 1;
                verified.tip = hash;
            }
            Err(broken) => {
                verified.broken = Some(broken);
                return Ok(verified);
            }
        }
    }
    verified.broken = find_cut_end(&transaction, verified.events)?;
    Ok(verified)
}

fn check(row: &Row<'_>, seq: u64, tip: &str) -> Result<String, BrokenLink> {
    let text = |column: usize| {
        let value = row.get_ref(column).ok().and_then(|value| value.as_str().ok());
        value.ok_or_else(|| BrokenLink { seq: seq + 1, problem: "it holds no text".to_owned() })
    };
    // A position below 1 fits nowhere; 0 is as wrong as any and says so.
    let link = Link {
        seq: position(row).unwrap_or(0),
        id: text(1)?,
        at: text(2)?,
        actor: text(3)?,
        kind: text(4)?,
        subject: text(5)?,
        payload: text(6)?,
    };
    match link.misfit((seq, tip), text(7)?, text(8)?) {
        Some(broken) => Err(broken),
        None => text(8).map(str::to_owned),
    }
}

fn find_cut_end(connection: &Connection, events: u64) -> rusqlite::Result<Option<BrokenLink>> {
    let newest: u64 =
        connection.query_row("SELECT coalesce(max(seq), 0) FROM snapshots", [], position)?;
    Ok((newest > events).then(|| BrokenLink {
        seq: events + 1,
        problem: format!("the end is missing: a snapshot covers record {newest}"),
    }))
}
