//! The ledger: events in groups, and one event that has to be on the disk.
//!
//! The floors are the same bytes written to a plain file, and the same bytes appended and synced.

use std::fs::File;
use std::io::Write as _;
use std::time::Instant;

use agency::adapters::clock::SystemClock;
use agency::adapters::sqlite::SqliteLedger;
use agency::domain::agency::{AgentState, StateSource};
use agency::domain::command::Actor;
use agency::engine::event::Event;
use agency::ports::clock::Clock as _;
use agency::ports::ledger::{Durability, Entry, LedgerWriter as _};
use agency::service::record;

use crate::figures::{Goal, Row, Samples};

/// As many inputs as share a transaction at most.
const GROUP: usize = 1024;
const GROUPS: usize = 40;
const SYNCS: usize = 150;
/// Events a second that groups have to reach.
const PACE: f64 = 20_000.0;
/// "The price of one fsync": the median may lie this far above a bare one.
const SYNC_PRICE: f64 = 1.5;

/// Measures both.
pub fn measure() -> Vec<Row> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.db");
    let mut ledger = SqliteLedger::open_writer(&path).expect("a ledger");
    let mut groups = Samples::default();
    let mut plain = Samples::default();
    let mut file = File::create(folder.path().join("plain")).expect("a file");
    for _ in 0..GROUPS {
        let began = Instant::now();
        let entries: Vec<Entry> = (0..GROUP).map(entry).collect();
        ledger.append(&entries, Durability::Process).expect("appended");
        groups.add(began.elapsed());
        let began = Instant::now();
        let bytes: String = entries.iter().map(|entry| format!("{entry:?}\n")).collect();
        file.write_all(bytes.as_bytes()).expect("written");
        plain.add(began.elapsed());
    }
    let pace = |time: f64| GROUP as f64 / time * 1000.0;
    let (rate, slow) = (pace(groups.median()), pace(groups.quantile(0.99)));
    let grouped = Row::figure(
        "ledger, events made and appended in groups of 1024",
        format!("{rate:.0}/s (slowest group {slow:.0}/s, {GROUPS} groups)"),
        format!("plain file {:.0}/s", pace(plain.median())),
        "> 20,000/s",
        rate > PACE,
    );
    vec![grouped, durable(&mut ledger, file)]
}

fn durable(ledger: &mut SqliteLedger, mut file: File) -> Row {
    let (mut samples, mut floor) = (Samples::default(), Samples::default());
    for number in 0..SYNCS {
        let entries = [entry(number)];
        let bytes = format!("{entries:?}\n");
        let began = Instant::now();
        ledger.append(&entries, Durability::Disk).expect("appended");
        samples.add(began.elapsed());
        // In turns, so that both meet the same disk.
        let began = Instant::now();
        file.write_all(bytes.as_bytes()).expect("written");
        file.sync_data().expect("synced");
        floor.add(began.elapsed());
    }
    let limit = (floor.median() * SYNC_PRICE * 1000.0).round() / 1000.0;
    let what = "ledger, one durable event";
    Row::times(what, &samples, Some(("append + fsync", &floor)), Goal::Median(limit))
}

fn entry(number: usize) -> Entry {
    let event = Event::AgentStateChanged {
        agent: format!("Agency{}/agent{}", number % 100, number % 10).parse().expect("a name"),
        state: if number.is_multiple_of(2) { AgentState::Working } else { AgentState::Idle },
        source: StateSource::Hook,
        reason: Some("a reason of the usual length, as people write them".to_owned()),
    };
    record::entry_of(&event, &Actor::Supervisor, SystemClock.now(), SystemClock.new_id())
}
