//! Queues on real files: contract, strangers at the door, half states, names, latency of a hint.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::adapters::files;
use crate::domain::message::MAX_MESSAGE_BYTES;
use crate::ports::mailboxes::DoorContent;
use crate::ports::mailboxes::contract::{self, agent, reason};

/// Longest wait for a hint: far over any latency, so that only a lost one fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A workbench with the agency of the contract's agent, and a door.
fn workbench() -> (TempDir, FileMailboxes) {
    let home = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(home.path().join("agencies/Code")).unwrap();
    std::fs::create_dir_all(home.path().join("registry/queue/new")).unwrap();
    let queues = FileMailboxes::new(home.path());
    (home, queues)
}

fn write(path: &Path, bytes: &[u8]) {
    files::replace(path, bytes, 0o644, false).unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn queues_on_files_keep_the_contract() {
    let homes = Mutex::new(Vec::new());
    contract::holds(&|| {
        let (home, queues) = workbench();
        homes.lock().unwrap().push(home);
        Box::new(queues)
    });
}

#[test]
fn a_link_a_pipe_and_a_folder_are_reported_and_buried_unread() {
    let (home, queues) = workbench();
    let new = home.path().join("registry/queue/new");
    let secret = home.path().join("secret");
    write(&secret, b"secret");
    std::os::unix::fs::symlink(&secret, new.join("link.json")).unwrap();
    std::os::unix::fs::symlink("nowhere", new.join("lost.json")).unwrap();
    std::fs::create_dir(new.join("folder.json")).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, new.join("pipe.json"), mode).unwrap();
    let items = queues.look_at_door(10).unwrap();
    assert_eq!(items.len(), 4);
    for item in items {
        assert!(matches!(item.content, DoorContent::Unreadable { .. }), "{item:?}");
        queues.bury_from_door(&item.file, &reason()).unwrap();
    }
    assert_eq!(queues.door_counts().unwrap(), (0, 4));
    assert_eq!(std::fs::read(&secret).unwrap(), b"secret");
    assert!(home.path().join("registry/queue/dead/pipe.reason.json").is_file());
}

#[test]
fn hidden_and_other_files_are_left_alone() {
    let (home, queues) = workbench();
    let new = home.path().join("registry/queue/new");
    for name in [".hidden.json", "notes.txt", "half.json.tmp", ".new-x"] {
        write(&new.join(name), b"{}");
    }
    assert_eq!(queues.look_at_door(10).unwrap(), []);
    assert_eq!(queues.door_counts().unwrap(), (0, 0));
    assert_eq!(names(&new).len(), 4);
}

#[test]
fn a_file_over_the_limit_is_not_read_and_one_at_the_limit_is() {
    let (home, queues) = workbench();
    let new = home.path().join("registry/queue/new");
    let size = MAX_MESSAGE_BYTES as usize;
    write(&new.join("a.json"), &vec![b' '; size]);
    write(&new.join("b.json"), &vec![b' '; size + 1]);
    let items = queues.look_at_door(10).unwrap();
    assert!(matches!(&items[0].content, DoorContent::Bytes(bytes) if bytes.len() == size));
    assert_eq!(items[1].content, DoorContent::TooLarge { bytes: size as u64 + 1 });
}

#[test]
fn a_dead_file_of_the_same_name_is_never_overwritten() {
    let (home, queues) = workbench();
    let new = home.path().join("registry/queue/new");
    for text in ["one", "two", "three"] {
        write(&new.join("x.json"), text.as_bytes());
        queues.bury_from_door("x.json", &reason()).unwrap();
    }
    let dead = home.path().join("registry/queue/dead");
    assert_eq!(std::fs::read(dead.join("x.json")).unwrap(), b"one");
    assert_eq!(std::fs::read(dead.join("x-3.json")).unwrap(), b"three");
    // A message that calls itself a reason does not become one.
    write(&new.join("x.reason.json"), b"four");
    queues.bury_from_door("x.reason.json", &reason()).unwrap();
    assert_eq!(std::fs::read(dead.join("x-reason.json")).unwrap(), b"four");
    let text = std::fs::read_to_string(dead.join("x.reason.json")).unwrap();
    assert_eq!(serde_json::from_str::<DeadReason>(&text).unwrap(), reason());
    assert_eq!(queues.door_counts().unwrap(), (0, 4));
}

#[test]
fn the_longest_name_and_one_that_is_not_text_can_be_buried() {
    let (home, queues) = workbench();
    let new = home.path().join("registry/queue/new");
    let long = format!("{}.json", "ü".repeat(125));
    write(&new.join(&long), b"{}");
    write(&new.join(OsStr::from_bytes(b"\xff\xfe.json")), b"{}");
    let files: Vec<_> =
        queues.look_at_door(10).unwrap().into_iter().map(|item| item.file).collect();
    assert_eq!(files, [long, "__.json".to_owned()]);
    for file in files {
        queues.bury_from_door(&file, &reason()).unwrap();
    }
    assert_eq!(queues.door_counts().unwrap(), (0, 2));
    assert_eq!(names(&home.path().join("registry/queue/dead")).len(), 4);
    let name = "x".repeat(300);
    assert!(queues.bury_from_door(&name, &reason()).is_ok(), "a name that cannot be is gone");
}

#[test]
fn a_name_that_leaves_the_door_is_refused() {
    let (home, queues) = workbench();
    write(&home.path().join("registry/keep.json"), b"{}");
    for file in ["../../keep.json", "..", ".", "", "/etc/passwd", "a/b.json", "a.json/"] {
        assert!(queues.clear_from_door(file).is_err(), "{file:?} was cleared");
        assert!(queues.bury_from_door(file, &reason()).is_err(), "{file:?} was buried");
    }
    assert!(home.path().join("registry/keep.json").is_file());
}

#[test]
fn a_put_that_was_killed_half_way_is_repeated_whole() {
    let (home, queues) = workbench();
    let mailbox = home.path().join("agencies/Code/mail/dev-1");
    let id = Uuid::from_u128(5);
    std::fs::create_dir_all(mailbox.join("tmp")).unwrap();
    write(&mailbox.join(format!("tmp/{id}.json")), b"hal");
    queues.put(&agent(), id, "half").unwrap();
    assert_eq!(std::fs::read(queues.path_of(&agent(), id)).unwrap(), b"half");
    assert!(names(&mailbox.join("tmp")).is_empty());
}

#[test]
fn a_link_planted_in_tmp_is_not_written_through() {
    let (home, queues) = workbench();
    let target = home.path().join("target");
    write(&target, b"untouched");
    let tmp = home.path().join("registry/queue/tmp");
    std::fs::create_dir_all(&tmp).unwrap();
    let id = Uuid::from_u128(5);
    std::os::unix::fs::symlink(&target, tmp.join(format!("{id}.json"))).unwrap();
    queues.drop_at_door(id, "new").unwrap();
    assert_eq!(std::fs::read(&target).unwrap(), b"untouched");
}

#[test]
fn a_burial_killed_after_its_reason_is_repeated_into_the_same_place() {
    let (home, queues) = workbench();
    let door = home.path().join("registry/queue");
    std::fs::create_dir_all(door.join("dead")).unwrap();
    write(&door.join("new/x.json"), b"{");
    write(&door.join("dead/x.reason.json"), b"{}");
    queues.bury_from_door("x.json", &reason()).unwrap();
    assert_eq!(names(&door.join("dead")), ["x.json", "x.reason.json"]);
    let text = std::fs::read_to_string(door.join("dead/x.reason.json")).unwrap();
    assert!(text.contains("not_json"), "{text}");
}

#[test]
fn a_message_does_not_bring_a_removed_agency_back() {
    let (home, queues) = workbench();
    std::fs::remove_dir(home.path().join("agencies/Code")).unwrap();
    let problem = queues.put(&agent(), Uuid::from_u128(5), "late").unwrap_err().to_string();
    assert!(problem.contains("agencies/Code"), "{problem}");
    assert!(!home.path().join("agencies/Code").exists());
}

#[test]
fn a_workbench_below_a_file_is_an_error_that_names_it() {
    let (home, _) = workbench();
    write(&home.path().join("file"), b"");
    let queues = FileMailboxes::new(home.path().join("file/below"));
    assert!(queues.look_at_door(1).is_err());
    let problem = queues.drop_at_door(Uuid::from_u128(5), "{}").unwrap_err().to_string();
    assert!(problem.contains("file/below"), "{problem}");
}

#[test]
fn reading_and_clearing_raise_no_hint_and_the_folder_may_be_made_anew() {
    let (home, queues) = workbench();
    let file = queues.drop_at_door(Uuid::from_u128(1), "{}").unwrap();
    let (sender, hints) = channel();
    queues.watch_door(Box::new(move || sender.send(()).unwrap_or(()))).unwrap();
    hints.recv_timeout(PATIENCE).expect("something lies there");
    assert_eq!(queues.look_at_door(10).unwrap().len(), 1);
    queues.clear_from_door(&file).unwrap();
    // Under the rescan's two seconds: whatever comes now was raised by the reading.
    let early = hints.recv_timeout(Duration::from_millis(300));
    assert!(early.is_err(), "reading raised a hint");
    std::fs::remove_dir_all(home.path().join("registry/queue")).unwrap();
    queues.drop_at_door(Uuid::from_u128(2), "{}").unwrap();
    hints.recv_timeout(PATIENCE).expect("the rescan's hint");
}

#[test]
fn a_folder_made_anew_is_watched_again_after_a_rescan() {
    let (home, queues) = workbench();
    let (sender, hints) = channel();
    let hint = move || sender.send(Instant::now()).unwrap_or(());
    queues.watch_door(Box::new(hint)).unwrap();
    std::fs::remove_dir_all(home.path().join("registry/queue")).unwrap();
    queues.drop_at_door(Uuid::from_u128(1), "{}").unwrap();
    hints.recv_timeout(PATIENCE).expect("the rescan's hint");
    // Faster than the rescan's two seconds; a late hint of the drop before may answer one or two.
    let fast = (2..12).filter(|number| {
        let dropped = Instant::now();
        queues.drop_at_door(Uuid::from_u128(*number), "{}").unwrap();
        let hinted = hints.recv_timeout(PATIENCE).expect("a hint");
        hinted.saturating_duration_since(dropped) < Duration::from_millis(500)
    });
    assert!(fast.count() >= 7, "only the rescan gives hints");
}

#[test]
fn a_burst_at_the_door_is_seen_whole_with_few_hints() {
    let (_home, queues) = workbench();
    let (sender, hints) = channel();
    queues.watch_door(Box::new(move || sender.send(()).unwrap_or(()))).unwrap();
    for number in 0..200 {
        queues.drop_at_door(Uuid::from_u128(number), "{}").unwrap();
    }
    let end = Instant::now() + PATIENCE;
    let mut count = 0;
    while queues.door_counts().unwrap().0 < 200 || count == 0 {
        assert!(Instant::now() < end, "{count} hints");
        hints.recv_timeout(PATIENCE).expect("a hint");
        count += 1;
    }
    // What stays there may be given a second time: the names count.
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < 200 {
        assert!(Instant::now() < end, "{} of 200 seen", seen.len());
        seen.extend(queues.look_at_door(1000).unwrap().into_iter().map(|item| item.file));
    }
    count += hints.try_iter().count();
    assert!(count <= 200, "{count} hints for 200 files");
}

#[test]
fn a_file_that_took_the_name_of_one_that_was_read_is_neither_removed_nor_buried() {
    let (home, queues) = workbench();
    let new = home.path().join("registry/queue/new");
    for is_buried in [false, true] {
        let take = |file: &str| match is_buried {
            false => queues.clear_from_door(file),
            true => queues.bury_from_door(file, &reason()),
        };
        write(&new.join("x.json"), b"one");
        assert_eq!(queues.look_at_door(10).unwrap().len(), 1);
        write(&new.join("x.json"), b"two");
        take("x.json").unwrap();
        let items = queues.look_at_door(10).unwrap();
        assert_eq!(items[0].content, DoorContent::Bytes(b"two".to_vec()));
        take("x.json").unwrap();
        assert_eq!(queues.look_at_door(10).unwrap(), []);
        assert!(names(&home.path().join("registry/queue/tmp")).is_empty());
    }
}

#[test]
fn what_cannot_be_taken_away_is_given_out_once_and_goes_when_it_can() {
    let (home, queues) = workbench();
    let queue = home.path().join("registry/queue");
    queues.watch_door(Box::new(|| ())).unwrap();
    // A folder where it is moved to for the moment: a stand-in for a door that may only be read.
    std::fs::create_dir_all(queue.join("tmp/.taken/x")).unwrap();
    queues.drop_at_door(Uuid::from_u128(1), "{}").unwrap();
    let end = Instant::now() + PATIENCE;
    let mut given = Vec::new();
    while given.is_empty() {
        assert!(Instant::now() < end, "never given");
        given = queues.look_at_door(10).unwrap();
    }
    assert!(queues.clear_from_door(&given[0].file).is_err());
    write(&queue.join("new/other.json"), b"{}");
    let mut others = Vec::new();
    while others.is_empty() {
        assert!(Instant::now() < end, "the other one is not given");
        others = queues.look_at_door(10).unwrap();
    }
    assert_eq!(others[0].file, "other.json", "the first was given out before");
    std::fs::remove_dir_all(queue.join("tmp/.taken")).unwrap();
    queues.clear_from_door("other.json").unwrap();
    while queues.door_counts().unwrap().0 > 0 {
        assert!(Instant::now() < end, "it stays");
        assert_eq!(queues.look_at_door(10).unwrap(), [], "given a second time");
    }
}

#[test]
fn a_door_that_is_a_link_is_no_door() {
    let (home, queues) = workbench();
    let new = home.path().join("registry/queue/new");
    let mine = home.path().join("mine");
    std::fs::create_dir(&mine).unwrap();
    write(&mine.join("x.json"), b"{}");
    std::fs::remove_dir(&new).unwrap();
    std::os::unix::fs::symlink(&mine, &new).unwrap();
    let problem = queues.look_at_door(10).unwrap_err().to_string();
    assert!(problem.contains("a link is no door"), "{problem}");
    assert!(queues.bury_from_door("x.json", &reason()).is_err());
    assert_eq!(names(&mine), ["x.json"]);
}

#[test]
fn a_file_that_a_killed_process_had_moved_aside_lies_at_the_door_again() {
    let (home, queues) = workbench();
    let queue = home.path().join("registry/queue");
    std::fs::create_dir_all(queue.join("tmp")).unwrap();
    write(&queue.join("tmp/.taken"), b"{}");
    queues.watch_door(Box::new(|| ())).unwrap();
    assert_eq!(names(&queue.join("new")), ["again.json"]);
}

#[test]
fn the_watching_ends_with_the_queues() {
    let (_home, queues) = workbench();
    let (sender, hints) = channel::<()>();
    queues.watch_door(Box::new(move || sender.send(()).unwrap_or(()))).unwrap();
    drop(queues);
    let end = hints.recv_timeout(PATIENCE);
    assert_eq!(end, Err(std::sync::mpsc::RecvTimeoutError::Disconnected));
}
