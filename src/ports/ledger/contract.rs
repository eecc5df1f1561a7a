//! What every ledger must do; run on the fake and on the real one.

use uuid::Uuid;

use crate::ports::ledger::chain::GENESIS;
use crate::ports::ledger::{Durability, Entry, LedgerWriter, Snapshot};

/// `count` entries that differ from each other.
pub fn entries(count: usize) -> Vec<Entry> {
    let start: jiff::Timestamp = "2026-01-02T03:04:05.678Z".parse().expect("a time");
    (0..count)
        .map(|n| Entry {
            id: Uuid::from_u128(n as u128 + 1),
            at: start + jiff::SignedDuration::from_nanos(n as i64 * 1_000_001),
            actor: "operator".to_owned(),
            kind: "task_added".to_owned(),
            subject: format!("TASK-{n:03}"),
            payload: format!("{{\"title\":\"größe {n}\\n\"}}"),
        })
        .collect()
}

/// Runs every assertion on fresh, empty ledgers.
pub fn holds(make: &dyn Fn() -> Box<dyn LedgerWriter>) {
    an_empty_ledger_has_the_zero_tip(make().as_ref());
    what_is_appended_is_read_back_in_order(make().as_mut());
    what_is_about_a_subject_is_found(make().as_mut());
    a_group_with_one_bad_entry_is_refused_whole(make().as_mut());
    the_newest_snapshot_at_or_before_a_position_is_found(make().as_mut());
    records_of_a_kind_come_newest_first(make().as_mut());
}

fn an_empty_ledger_has_the_zero_tip(ledger: &dyn LedgerWriter) {
    assert_eq!(ledger.tip().unwrap(), (0, GENESIS.to_owned()));
    assert_eq!(ledger.read(0, 10).unwrap(), []);
    let verified = ledger.verify().unwrap();
    assert_eq!((verified.events, verified.broken), (0, None));
    assert_eq!(verified.tip, GENESIS);
    assert_eq!(ledger.snapshot(1, u64::MAX).unwrap(), None);
}

fn what_is_about_a_subject_is_found(ledger: &mut dyn LedgerWriter) {
    let mut all = entries(4);
    all[1].subject = "TASK-000/1".to_owned();
    all[2].subject = "TASK-000".to_owned();
    ledger.append(&all, Durability::Process).unwrap();
    let found = |after, limit| {
        let records = ledger.read_about("TASK-000", after, limit).unwrap();
        records.iter().map(|record| record.seq).collect::<Vec<_>>()
    };
    assert_eq!(found(0, 10), [1, 3], "and not what only begins so");
    assert_eq!((found(1, 10), found(0, 1)), (vec![3], vec![1]));
    assert_eq!(ledger.read_about("nobody", 0, 10).unwrap(), []);
}

fn what_is_appended_is_read_back_in_order(ledger: &mut dyn LedgerWriter) {
    let entries = entries(5);
    let mut records = ledger.append(&entries[..2], Durability::Process).unwrap();
    assert_eq!(ledger.append(&[], Durability::Process).unwrap(), []);
    records.extend(ledger.append(&entries[2..], Durability::Disk).unwrap());

    assert_eq!(ledger.read(0, usize::MAX).unwrap(), records);
    assert_eq!(ledger.read(2, 2).unwrap(), records[2..4]);
    assert_eq!(ledger.read(5, 2).unwrap(), []);
    assert_eq!(records.iter().map(|r| r.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(records[0].prev_hash, GENESIS);
    assert_eq!(records[4].prev_hash, records[3].hash);
    for (entry, record) in entries.iter().zip(&records) {
        assert_eq!((entry.id, entry.at), (record.id, record.at));
        assert_eq!((&entry.subject, &entry.payload), (&record.subject, &record.payload));
    }
    assert_eq!(ledger.tip().unwrap(), (5, records[4].hash.clone()));
    let verified = ledger.verify().unwrap();
    assert_eq!((verified.events, verified.tip), (5, records[4].hash.clone()));
    assert_eq!(verified.broken, None);
}

fn a_group_with_one_bad_entry_is_refused_whole(ledger: &mut dyn LedgerWriter) {
    let mut entries = entries(3);
    entries[2].subject = "two\nlines".to_owned();
    assert!(ledger.append(&entries, Durability::Process).is_err());
    assert_eq!(ledger.tip().unwrap().0, 0);
    entries[2].subject = "one line".to_owned();
    assert_eq!(ledger.append(&entries, Durability::Process).unwrap().len(), 3);
}

fn records_of_a_kind_come_newest_first(ledger: &mut dyn LedgerWriter) {
    let mut entries = entries(6);
    for entry in entries.iter_mut().step_by(2) {
        entry.kind = "message_accepted".to_owned();
    }
    ledger.append(&entries, Durability::Process).unwrap();
    let seqs = |before, limit| -> Vec<u64> {
        let records = ledger.read_kind("message_accepted", before, limit).unwrap();
        records.iter().map(|record| record.seq).collect()
    };
    assert_eq!(seqs(u64::MAX, 9), [5, 3, 1]);
    assert_eq!(seqs(5, 1), [3]);
    assert_eq!(seqs(1, 9), [0_u64; 0]);
}

fn the_newest_snapshot_at_or_before_a_position_is_found(ledger: &mut dyn LedgerWriter) {
    ledger.append(&entries(9), Durability::Process).unwrap();
    let saved = |seq, version| Snapshot { seq, version, state: format!("state {seq}") };
    for snapshot in [saved(3, 1), saved(6, 1), saved(8, 2)] {
        ledger.save_snapshot(&snapshot).unwrap();
    }
    assert_eq!(ledger.snapshot(1, u64::MAX).unwrap(), Some(saved(6, 1)));
    assert_eq!(ledger.snapshot(1, 5).unwrap(), Some(saved(3, 1)));
    assert_eq!(ledger.snapshot(1, 2).unwrap(), None);
    assert_eq!(ledger.snapshot(2, 9).unwrap(), Some(saved(8, 2)));
    let again = Snapshot { state: "again".to_owned(), ..saved(6, 1) };
    ledger.save_snapshot(&again).unwrap();
    assert_eq!(ledger.snapshot(1, 9).unwrap(), Some(again));
    ledger.drop_snapshots().unwrap();
    assert_eq!(ledger.snapshot(1, 9).unwrap(), None);
}
