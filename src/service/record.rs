//! Between the engine's events and the ledger's records.
//!
//! An event is JSON in a payload; one that this program does not know is kept and skipped.

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::command::Actor;
use crate::domain::text::to_line;
use crate::engine::event::Event;
use crate::engine::state::State;
use crate::ports::ledger::{
    Durability, Entry, LedgerError, LedgerReader, LedgerWriter, Record, Snapshot,
};

/// Longest subject, in characters: a file name at the door can have 255 bytes.
const MAX_SUBJECT: usize = 256;

/// Records read at once: enough to be fast, few enough to be small.
const PAGE: usize = 4096;

/// An event as it is recorded.
pub fn entry_of(event: &Event, actor: &Actor, at: Timestamp, id: Uuid) -> Entry {
    let payload = serde_json::to_string(event).unwrap_or_default();
    let kind = kind_of(&payload).to_owned();
    Entry {
        id,
        at,
        actor: actor.to_string(),
        kind,
        subject: to_line(&event.subject(), MAX_SUBJECT),
        payload,
    }
}

/// The name of an event stands first in its text: it is read from there instead of out of a tree made for it.
fn kind_of(payload: &str) -> &str {
    let named = payload.strip_prefix("{\"event\":\"").and_then(|rest| rest.split_once('"'));
    named.map_or("", |(kind, _)| kind)
}

/// A record's event; none if it was written by a newer program and means nothing to this one.
pub fn event_of(record: &Record) -> Option<Event> {
    serde_json::from_str(&record.payload).ok()
}

/// How surely events must survive.
pub fn durability_of<'e>(events: impl IntoIterator<Item = &'e Event>) -> Durability {
    let is_decision = events.into_iter().any(Event::is_decision);
    if is_decision { Durability::Disk } else { Durability::Process }
}

/// The fold of the ledger up to and with `upto`, from the nearest snapshot; returns the last position in it.
pub fn fold(ledger: &dyn LedgerReader, upto: u64) -> Result<(State, u64), LedgerError> {
    let saved = ledger.snapshot(State::VERSION, upto)?;
    let (mut state, mut seq) = saved
        .and_then(|snapshot| Some((serde_json::from_str(&snapshot.state).ok()?, snapshot.seq)))
        .unwrap_or_default();
    seq = fold_after(ledger, &mut state, seq, upto)?;
    Ok((state, seq))
}

/// The fold from the very first event up to and with `upto`, without any snapshot.
pub fn fold_upto(ledger: &dyn LedgerReader, upto: u64) -> Result<(State, u64), LedgerError> {
    let mut state = State::default();
    let seq = fold_after(ledger, &mut state, 0, upto)?;
    Ok((state, seq))
}

fn fold_after(
    ledger: &dyn LedgerReader,
    state: &mut State,
    after: u64,
    upto: u64,
) -> Result<u64, LedgerError> {
    let mut seq = after;
    loop {
        let page = ledger.read(seq, PAGE)?;
        let full = page.len() == PAGE;
        for record in page {
            if record.seq > upto {
                return Ok(seq);
            }
            seq = record.seq;
            if let Some(event) = event_of(&record) {
                state.apply(&event, record.at);
            }
        }
        if !full {
            return Ok(seq);
        }
    }
}

/// Saves the fold, so that the next start is short.
pub fn save_snapshot(
    ledger: &mut dyn LedgerWriter,
    state: &State,
    seq: u64,
) -> Result<(), LedgerError> {
    let Ok(state) = serde_json::to_string(state) else { return Ok(()) };
    ledger.save_snapshot(&Snapshot { seq, version: State::VERSION, state })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::samples;

    #[test]
    fn the_kind_of_every_event_is_read_from_its_text() {
        for event in samples::events() {
            let entry = entry_of(&event, &Actor::Supervisor, Timestamp::UNIX_EPOCH, Uuid::nil());
            let value: serde_json::Value = serde_json::from_str(&entry.payload).expect("JSON");
            assert_eq!(value["event"], entry.kind.as_str());
            assert!(!entry.kind.is_empty());
        }
    }
}
