//! The ledger on a real file: contract, damage, tampering, two processes' worth of connections.

use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::ports::ledger::contract::{self, entries};

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.db");
    (folder, path)
}

/// A closed ledger of `count` records and a connection on which nothing is refused.
fn tampered(count: usize) -> (TempDir, PathBuf, Connection) {
    let (folder, path) = folder();
    let mut ledger = SqliteLedger::open_writer(&path).unwrap();
    ledger.append(&entries(count), Durability::Process).unwrap();
    drop(ledger);
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch(
        "DROP TRIGGER events_are_not_changed; DROP TRIGGER events_are_not_removed;
         DROP TRIGGER events_have_no_gaps",
    )
    .unwrap();
    (folder, path, raw)
}

fn first_broken(path: &Path) -> Option<u64> {
    let verified = SqliteLedger::open_reader(path).unwrap().verify().unwrap();
    verified.broken.map(|broken| broken.seq)
}

#[test]
fn the_ledger_in_sqlite_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let made = AtomicU32::new(0);
    contract::holds(&|| {
        let number = made.fetch_add(1, Ordering::SeqCst);
        let path = folder.path().join(format!("ledger-{number}.db"));
        Box::new(SqliteLedger::open_writer(&path).unwrap())
    });
}

#[test]
fn a_reader_sees_what_the_running_writer_has_appended() {
    let (_folder, path) = folder();
    let mut writer = SqliteLedger::open_writer(&path).unwrap();
    let reader = SqliteLedger::open_reader(&path).unwrap();
    assert_eq!(reader.tip().unwrap().0, 0);
    writer.append(&entries(3), Durability::Process).unwrap();
    assert_eq!(reader.tip().unwrap(), writer.tip().unwrap());
    assert_eq!(reader.read(0, 10).unwrap(), writer.read(0, 10).unwrap());
}

#[test]
fn a_reader_works_without_a_writer_and_cannot_write() {
    let (_folder, path) = folder();
    SqliteLedger::open_writer(&path).unwrap().append(&entries(3), Durability::Disk).unwrap();
    let mut reader = SqliteLedger::open_reader(&path).unwrap();
    assert_eq!(reader.read(0, 10).unwrap().len(), 3);
    let refused = reader.append(&entries(1), Durability::Process);
    assert!(matches!(refused, Err(LedgerError::ReadOnly { .. })), "{refused:?}");
}

#[test]
fn a_reader_leaves_the_log_of_a_killed_writer_as_it_is() {
    let (folder, path) = folder();
    let mut writer = SqliteLedger::open_writer(&path).unwrap();
    writer.append(&entries(3), Durability::Process).unwrap();
    // What a killed writer leaves: the file and its log, copied while both are open.
    let copy = folder.path().join("copy.db");
    let log = folder.path().join("copy.db-wal");
    std::fs::copy(&path, &copy).unwrap();
    std::fs::copy(folder.path().join("ledger.db-wal"), &log).unwrap();
    let bytes = std::fs::metadata(&log).unwrap().len();
    assert!(bytes > 0);
    let reader = SqliteLedger::open_reader(&copy).unwrap();
    assert_eq!(reader.read(0, 10).unwrap().len(), 3);
    drop(reader);
    assert_eq!(std::fs::metadata(&log).unwrap().len(), bytes);
    assert_eq!(SqliteLedger::open_writer(&copy).unwrap().tip().unwrap().0, 3);
}

#[test]
fn a_ledger_that_is_not_there_or_not_finished_is_absent() {
    let (_folder, path) = folder();
    let absent =
        |path: &Path| matches!(SqliteLedger::open_reader(path), Err(LedgerError::Absent { .. }));
    assert!(absent(&path));
    assert!(!path.exists(), "reading made a file");
    std::fs::File::create(&path).unwrap();
    assert!(absent(&path));
    SqliteLedger::open_writer(&path).unwrap();
    assert!(!absent(&path));
}

#[test]
fn a_newer_schema_is_read_and_never_written() {
    let (_folder, path) = folder();
    SqliteLedger::open_writer(&path).unwrap().append(&entries(2), Durability::Process).unwrap();
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("ALTER TABLE events ADD COLUMN note TEXT; PRAGMA user_version = 9").unwrap();
    drop(raw);
    assert!(matches!(
        SqliteLedger::open_writer(&path),
        Err(LedgerError::NewerSchema { found: 9, known: 2 })
    ));
    assert_eq!(SqliteLedger::open_reader(&path).unwrap().read(0, 10).unwrap().len(), 2);
}

#[test]
fn events_cannot_be_changed_removed_or_replaced() {
    let (_folder, path) = folder();
    let mut ledger = SqliteLedger::open_writer(&path).unwrap();
    ledger.append(&entries(2), Durability::Process).unwrap();
    for sql in [
        "UPDATE events SET payload = 'x' WHERE seq = 1",
        "DELETE FROM events WHERE seq = 2",
        "INSERT OR REPLACE INTO events VALUES (2, '', '', '', '', '', '', '', '')",
        "INSERT INTO events VALUES (9, '', '', '', '', '', '', '', '')",
    ] {
        let problem = ledger.connection.execute(sql, []).unwrap_err().to_string();
        assert!(problem.contains("append-only"), "{sql}: {problem}");
    }
    assert_eq!(ledger.verify().unwrap().broken, None);
}

#[test]
fn another_database_and_a_text_file_are_damaged_ledgers() {
    let (folder, path) = folder();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE music (title TEXT)").unwrap();
    let text = folder.path().join("text.db");
    crate::adapters::files::replace(&text, &b"no database\n".repeat(99), 0o644, false).unwrap();
    for file in [&path, &text] {
        for opened in [SqliteLedger::open_writer(file), SqliteLedger::open_reader(file)] {
            assert!(matches!(opened, Err(LedgerError::Damaged { .. })), "{opened:?}");
        }
    }
}

#[test]
fn a_page_of_rubbish_is_damage_and_no_crash() {
    let (_folder, path) = folder();
    let mut ledger = SqliteLedger::open_writer(&path).unwrap();
    ledger.append(&entries(500), Durability::Process).unwrap();
    drop(ledger);
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let bytes = file.metadata().unwrap().len();
    file.write_all_at(&vec![0xa5; bytes as usize - 8192], 8192).unwrap();
    let reader = SqliteLedger::open_reader(&path).unwrap();
    let read = reader.read(0, 1000);
    assert!(matches!(read, Err(LedgerError::Damaged { .. })), "{read:?}");
}

#[test]
fn a_full_disk_refuses_the_group_and_keeps_what_was_there() {
    let (_folder, path) = folder();
    let mut ledger = SqliteLedger::open_writer(&path).unwrap();
    let kept = ledger.append(&entries(1), Durability::Process).unwrap();
    let pages: u32 =
        ledger.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    ledger.connection.pragma_update(None, "max_page_count", pages).unwrap();
    let refused = ledger.append(&entries(500), Durability::Process);
    assert!(matches!(refused, Err(LedgerError::Full { .. })), "{refused:?}");
    assert_eq!(ledger.read(0, 1000).unwrap(), kept);
    ledger.connection.pragma_update(None, "max_page_count", 100_000).unwrap();
    assert_eq!(ledger.append(&entries(500), Durability::Process).unwrap()[0].seq, 2);
}

#[test]
fn a_folder_that_is_a_file_is_an_error_with_the_path() {
    let (_folder, path) = folder();
    std::fs::File::create(&path).unwrap();
    let below = path.join("ledger.db");
    let problem = SqliteLedger::open_writer(&below).unwrap_err().to_string();
    assert!(problem.contains("ledger.db"), "{problem}");
}

#[test]
fn where_nothing_can_be_made_beside_it_the_ledger_is_still_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd #1?%41.db");
    SqliteLedger::open_writer(&path).unwrap().append(&entries(3), Durability::Process).unwrap();
    // A folder in its place stops SQLite from making its shared memory, also for root.
    let shared = folder.path().join("odd #1?%41.db-shm");
    std::fs::create_dir(&shared).unwrap();
    let reader = SqliteLedger::open_reader(&path).unwrap();
    assert_eq!(reader.verify().unwrap().events, 3);
    assert!(SqliteLedger::open_writer(&path).is_err());
}

#[test]
fn a_file_that_may_not_be_written_is_read_only_from_the_start() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = folder();
    SqliteLedger::open_writer(&path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    // Rights do not bind root: for it the ledger has to open.
    match (rustix::process::geteuid().is_root(), SqliteLedger::open_writer(&path)) {
        (true, Ok(_)) | (false, Err(LedgerError::ReadOnly { .. })) => {}
        (root, opened) => panic!("as root: {root}: {opened:?}"),
    }
}

#[test]
fn a_removed_record_is_named() {
    let (_folder, path, raw) = tampered(5);
    raw.execute("DELETE FROM events WHERE seq = 3", []).unwrap();
    assert_eq!(first_broken(&path), Some(3));
}

#[test]
fn a_cut_end_is_found_by_a_snapshot_that_covers_it() {
    let (_folder, path, raw) = tampered(5);
    raw.execute("INSERT INTO snapshots VALUES (5, 1, '{}')", []).unwrap();
    assert_eq!(first_broken(&path), None);
    raw.execute("DELETE FROM events WHERE seq > 3", []).unwrap();
    assert_eq!(first_broken(&path), Some(4));
}

#[test]
fn reordered_records_are_found() {
    let (_folder, path, raw) = tampered(5);
    raw.execute_batch(
        "UPDATE events SET seq = 99 WHERE seq = 2; UPDATE events SET seq = 2 WHERE seq = 3;
         UPDATE events SET seq = 3 WHERE seq = 99",
    )
    .unwrap();
    assert_eq!(first_broken(&path), Some(2));
}

#[test]
fn only_the_newest_snapshots_are_kept() {
    let (_folder, path) = folder();
    let mut ledger = SqliteLedger::open_writer(&path).unwrap();
    for seq in 1..=40 {
        let snapshot = Snapshot { seq, version: 1, state: String::new() };
        ledger.save_snapshot(&snapshot).unwrap();
    }
    assert_eq!(ledger.snapshot(1, 25).unwrap().unwrap().seq, 25);
    assert_eq!(ledger.snapshot(1, 24).unwrap(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_change_of_one_field_of_one_record_is_found(
        seq in 1_u32..=6,
        field in prop::sample::select(vec![
            "id", "at", "actor", "kind", "subject", "payload", "prev_hash", "hash",
        ]),
        value in "\\PC{0,12}|\n|[0-9a-f]{64}",
    ) {
        let (_folder, path, raw) = tampered(6);
        let sql = format!("SELECT {field} FROM events WHERE seq = ?1");
        let before: String = raw.query_row(&sql, [seq], |row| row.get(0)).unwrap();
        prop_assume!(before != value);
        let sql = format!("UPDATE events SET {field} = ?1 WHERE seq = ?2");
        raw.execute(&sql, rusqlite::params![value, seq]).unwrap();
        let verified = SqliteLedger::open_reader(&path).unwrap().verify().unwrap();
        prop_assert_eq!(verified.broken.map(|broken| broken.seq), Some(u64::from(seq)));
        prop_assert_eq!(verified.events, u64::from(seq) - 1);
    }
}
