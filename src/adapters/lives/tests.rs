//! Lives on a disk: who may read them, what is removed, and a letter through its pipe.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;
use crate::adapters::process::Invocation;

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(home.path().join("registry")).expect("made");
    home
}

fn agent(text: &str) -> AgentAddress {
    text.parse().expect("an address")
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().expect("there").permissions().mode() & 0o777
}

#[test]
fn the_disk_keeps_the_contract() {
    let homes = std::cell::RefCell::new(Vec::new());
    crate::ports::lives::contract::holds(&|| {
        let home = home();
        let lives = DiskLives::new(home.path());
        homes.borrow_mut().push(home);
        Box::new(lives)
    });
}

#[test]
fn only_its_user_can_look_into_a_life() {
    let home = home();
    let lives = DiskLives::new(home.path());
    let spawn = Uuid::from_u128(1);
    lives.prepare(&agent("A/a"), spawn, &[("password".to_owned(), "x".to_owned())]).expect("made");
    let folder = lives.folder(spawn);
    assert_eq!((mode(&folder), mode(&folder.join("password"))), (0o700, 0o600));
    lives.keep_report(spawn, "one").expect("kept");
    assert_eq!(mode(&folder.join(REPORTS)), 0o600);
}

#[test]
fn an_ended_life_of_the_same_agent_is_removed_and_no_other() {
    let home = home();
    let lives = DiskLives::new(home.path());
    let mut ended = Invocation::new("true", home.path()).to_command().spawn().expect("started");
    ended.wait().expect("ended");
    let make = |number: u128, who: &str, process: u32| {
        let spawn = Uuid::from_u128(number);
        lives.prepare(&agent(who), spawn, &[]).expect("made");
        let path = lives.folder(spawn).join(PROCESS);
        files::replace(&path, process.to_string().as_bytes(), 0o600, false).expect("written");
        lives.folder(spawn)
    };
    let alive = make(2, "A/a", std::process::id());
    let others = make(3, "A/b", ended.id());
    let over = make(1, "A/a", ended.id());
    let foreign = home.path().join("registry/lives/notes");
    std::fs::create_dir(&foreign).expect("made");
    lives.prepare(&agent("A/a"), Uuid::from_u128(4), &[]).expect("made");
    assert!(!over.exists());
    assert!(alive.exists() && others.exists() && foreign.exists());
}

#[test]
fn a_link_is_never_followed() {
    let home = home();
    let lives = DiskLives::new(home.path());
    let spawn = Uuid::from_u128(1);
    lives.prepare(&agent("A/a"), spawn, &[]).expect("made");
    let secret = home.path().join("secret");
    files::replace(&secret, b"precious", 0o600, false).expect("written");
    symlink(&secret, lives.folder(spawn).join(REPORTS)).expect("linked");
    symlink(&secret, lives.folder(spawn).join("settings.json")).expect("linked");
    assert!(lives.keep_report(spawn, "one").is_err());
    assert_eq!(lives.take_reports(), Vec::<String>::new());
    let files = [("settings.json".to_owned(), "{}".to_owned())];
    lives.prepare(&agent("A/a"), spawn, &files).expect("replaced");
    assert_eq!(std::fs::read(&secret).expect("read"), b"precious");
    symlink(home.path(), lives.folder(Uuid::from_u128(2))).expect("linked");
    let refused = lives.prepare(&agent("A/a"), Uuid::from_u128(2), &[]);
    assert!(matches!(refused, Err(LivesError::NotAFolder { .. })), "{refused:?}");
}

#[test]
fn reports_that_overflow_leave_room_for_the_next_ones() {
    let home = home();
    let lives = DiskLives::new(home.path());
    let spawn = Uuid::from_u128(1);
    lives.prepare(&agent("A/a"), spawn, &[]).expect("made");
    let path = lives.folder(spawn).join(REPORTS);
    let size = || path.metadata().map_or(0, |metadata| metadata.len());
    let (mut last, mut number) = (0, 0);
    while size() >= last {
        last = size();
        lives.keep_report(spawn, &format!("{number:0500}")).expect("kept");
        number += 1;
    }
    assert!(size() <= MAX_KEPT_BYTES as u64 / 2, "{}", size());
    let kept = lives.take_reports();
    assert_eq!(kept.last(), Some(&format!("{:0500}", number - 1)));
    assert!(kept.len() > MAX_KEPT_BYTES / 2 / 501 - 2, "{}", kept.len());
}
