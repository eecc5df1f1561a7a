//! A power cut in the middle of a write: any file may be missing, empty, half or full of zeroes afterwards. What the
//! ledger knows is not lost, and what cannot go on says why.

use std::path::{Path, PathBuf};

use super::*;

/// What is left of a file.
#[derive(Debug, Clone, Copy)]
enum Left {
    Nothing,
    Empty,
    Half,
    Zeroes,
}

fn damage(path: &Path, left: Left) {
    let bytes = std::fs::read(path).expect("read");
    let left = match left {
        Left::Nothing => return std::fs::remove_file(path).expect("removed"),
        Left::Empty => Vec::new(),
        Left::Half => bytes[..bytes.len() / 2].to_vec(),
        Left::Zeroes => vec![0; bytes.len()],
    };
    put(path, &left);
}

/// Writes in place, as a disk does, and keeps the rights.
fn put(path: &Path, bytes: &[u8]) {
    use std::io::Write as _;
    let file = std::fs::OpenOptions::new().write(true).truncate(true).open(path);
    file.expect("opened").write_all(bytes).expect("written");
}

/// Every plain file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        match entry.file_type().expect("a type") {
            kind if kind.is_dir() => found.extend(files(&entry.path())),
            kind if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found.sort();
    found
}

/// A workbench in the middle of things, its machine without power, and the message that waits in it.
fn without_power() -> (World, String) {
    let world = World::new();
    make_desk(&world);
    let id = send(&world, "Desk/clerk", "still to be read");
    world.wait_until("it is in the mailbox", PATIENCE, || {
        mailed(&world, "Desk/clerk", &id).exists()
    });
    reboot(&world);
    (world, id)
}

/// Without these nothing can go on: they are refused by name, and nothing is begun anew in their place.
const INDISPENSABLE: [&str; 3] = ["agency.toml", "registry/ledger.db", "registry/secret.key"];

fn every_file_may_be(left: Left) {
    let (world, id) = without_power();
    let copy = world.root().join("copy");
    let home = world.home();
    world.run("cp", &["-a", &text(&home), &text(&copy)], &[]);
    let ours = |path: &PathBuf| !path.starts_with(home.join("registry/lives"));
    for path in files(&home).into_iter().filter(ours) {
        let name = path.strip_prefix(&home).expect("inside").display().to_string();
        damage(&path, left);
        let outcome = world.agency(&["up"]);
        let said = format!("{name} {left:?}: {outcome:?}");
        assert!(!outcome.stderr.contains("panicked"), "{said}");
        if INDISPENSABLE.contains(&name.as_str()) && outcome.status != Some(0) {
            let word = name.rsplit('/').next().expect("a name");
            let is_named = outcome.stderr.contains(word) || outcome.stderr.contains("workbench");
            assert!(is_named, "{said}");
        } else if name == "registry/ledger.db-wal" {
            // What was not on the disk yet is lost with it; nothing else is.
            assert_eq!(outcome.status, Some(0), "{said}");
            assert!(world.must(&["ledger", "verify"]).contains("the chain is whole"), "{said}");
        } else {
            assert_eq!(outcome.status, Some(0), "{said}");
            assert_eq!(message(&world, &id)["state"], "routed", "{said}");
            let file =
                std::fs::read_to_string(mailed(&world, "Desk/clerk", &id)).unwrap_or_default();
            assert!(file.contains("still to be read"), "{said}: {file}");
            assert_eq!(world.state_of("Desk/clerk").as_deref(), Some("idle"), "{said}");
            assert!(world.must(&["ledger", "verify"]).contains("the chain is whole"), "{said}");
        }
        assert!(world.agency(&["status"]).status.is_some_and(|status| status < 100), "{said}");
        for (pid, _) in world.processes() {
            signal(pid, Signal::KILL);
        }
        world.wait_until("every process to be dead", PATIENCE, || world.processes().is_empty());
        let _ = std::fs::remove_file(world.socket());
        std::fs::remove_dir_all(&home).expect("removed");
        world.run("cp", &["-a", &text(&copy), &text(&home)], &[]);
    }
}

#[test]
fn every_file_may_be_missing() {
    every_file_may_be(Left::Nothing);
}

#[test]
fn every_file_may_be_empty() {
    every_file_may_be(Left::Empty);
}

#[test]
fn every_file_may_be_half() {
    every_file_may_be(Left::Half);
}

#[test]
fn every_file_may_be_full_of_zeroes() {
    every_file_may_be(Left::Zeroes);
}

#[test]
fn a_log_that_was_cut_anywhere_gives_a_whole_chain_up_to_there() {
    use agency::adapters::sqlite::SqliteLedger;
    use agency::ports::ledger::LedgerReader as _;
    let (world, _) = without_power();
    let (db, wal) =
        (world.home().join("registry/ledger.db"), world.home().join("registry/ledger.db-wal"));
    let bytes = std::fs::read(&wal).expect("a log");
    let all = world.events().len();
    let folder = world.root().join("cut");
    std::fs::create_dir_all(&folder).expect("made");
    let mut last = 0;
    // A prime step meets every place in a frame.
    for length in (0..=bytes.len()).step_by(1_009) {
        for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
            let _ = std::fs::remove_file(folder.join(name));
        }
        std::fs::copy(&db, folder.join("ledger.db")).expect("copied");
        std::fs::copy(&wal, folder.join("ledger.db-wal")).expect("copied");
        put(&folder.join("ledger.db-wal"), &bytes[..length]);
        let Ok(ledger) = SqliteLedger::open_writer(&folder.join("ledger.db")) else {
            panic!("a log of {length} bytes cannot be opened");
        };
        let verified = ledger.verify().expect("read");
        assert!(verified.broken.is_none(), "{length}: {verified:?}");
        let events = usize::try_from(verified.events).expect("few");
        assert!(events >= last && events <= all, "{length}: {events} after {last} of {all}");
        last = events;
    }
    assert!(last > all / 2, "{last} of {all}");
}

#[test]
fn a_halved_definition_keeps_no_agency_down() {
    let world = World::new();
    make_team(&world, "panes");
    make_desk(&world);
    reboot(&world);
    damage(&world.home().join("agencies/Team/agency.json"), Left::Half);
    let outcome = world.agency(&["up"]);
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    assert!(outcome.stderr.contains("agencies/Team/agency.json:"), "{outcome:?}");
    wait_for_team(&world);
    world.wait_for_state("Desk/clerk", "idle");
    let problems = world.json(&["up"])["problems"].clone();
    assert_eq!(problems.as_array().map(Vec::len), Some(1), "{problems}");
    assert_eq!(world.agency(&["start", "Team"]).status, Some(2), "who names it is told");
}
