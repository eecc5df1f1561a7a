//! The door among strangers: whatever is put there ends in one place, and nothing else is touched.
//!
//! Each file ends in a mailbox, among the dead with its reason, or stays where it is; what it leads to stays as it was.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use agency::adapters::clock::SystemClock;
use agency::adapters::keyring::FileKeyring;
use agency::domain::authentication::mac;
use agency::ports::clock::Clock as _;
use agency::ports::keyring::Keyring as _;
use rustix::fs::{CWD, FileType, Mode};
use serde_json::{Value, json};

use crate::world::{PATIENCE, World};

/// A world with an agency whose mailboxes can be filled, and a supervisor that watches the door.
fn watched() -> World {
    let world = World::new();
    world.must(&["create", "Team", "--no-start", "--runtime", "shell", "--agents", "worker"]);
    world.start_supervisor(None);
    world
}

fn new(world: &World) -> PathBuf {
    world.home().join("registry/queue/new")
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever drops a file at the door writes as it likes"
)]
fn fs_write(path: impl AsRef<std::path::Path>, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
    std::fs::write(path, bytes)
}

/// A good message of the operator's.
fn letter(world: &World, body: &str) -> String {
    let token = FileKeyring::new(world.home(), world.keys()).operator_token().expect("a token");
    let sent_at = SystemClock.now().to_string();
    let mut message =
        json!({ "type": "note", "to": "Team/worker", "body": body, "sent_at": sent_at });
    message["auth"] = json!({ "key": "operator", "mac": mac(&token, &message) });
    message.to_string()
}

/// Puts a file at the door whole.
fn put(world: &World, name: impl AsRef<OsStr>, bytes: &[u8]) {
    let half = world.root().join("half");
    fs_write(&half, bytes).expect("written");
    std::fs::rename(half, new(world).join(name.as_ref())).expect("put");
}

fn code(world: &World, stem: &str) -> Option<String> {
    let reason = world.home().join(format!("registry/queue/dead/{stem}.reason.json"));
    let reason: Value = serde_json::from_str(&std::fs::read_to_string(reason).ok()?).ok()?;
    reason["code"].as_str().map(str::to_owned)
}

fn assert_dies(world: &World, stem: &str, wanted: &str) {
    world.wait_until(&format!("`{stem}` to die"), PATIENCE, || code(world, stem).is_some());
    assert_eq!(code(world, stem).as_deref(), Some(wanted), "{stem}");
}

fn bodies(world: &World) -> Vec<String> {
    let folder = world.home().join("agencies/Team/mail/worker/new");
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(path).expect("a message");
        let message: Value = serde_json::from_str(&text).expect("JSON");
        message["body"].as_str().unwrap_or_default().to_owned()
    };
    let mut bodies: Vec<String> = files.map(|file| read(file.path())).collect();
    bodies.sort();
    bodies
}

fn assert_arrives(world: &World, body: &str) {
    let has_come = || bodies(world).iter().any(|arrived| arrived == body);
    world.wait_until(&format!("`{body}` to arrive"), PATIENCE, has_come);
}

fn left(world: &World) -> Vec<String> {
    let files = std::fs::read_dir(new(world)).expect("the door").flatten();
    let mut names: Vec<String> =
        files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn whatever_lies_at_the_door_ends_in_one_place_and_leads_nowhere() {
    let world = watched();
    let secret = world.root().join("secret");
    fs_write(&secret, letter(&world, "not through a link")).expect("written");
    let at = |name: &str| new(&world).join(name);
    let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, at(name)).expect("a link");
    link(&secret, "link.json");
    link(Path::new("/etc/passwd"), "passwd.json");
    link(Path::new("nowhere"), "dangling.json");
    link(Path::new("loop.json"), "loop.json");
    std::fs::create_dir_all(world.root().join("half.d/inside")).expect("a folder");
    std::fs::rename(world.root().join("half.d"), at("folder.json")).expect("put");
    let mode = Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(CWD, at("pipe.json"), mode).expect("a pipe");
    let _socket = std::os::unix::net::UnixListener::bind(at("socket.json")).expect("a socket");
    // Only who may do everything can make one.
    let device = rustix::fs::mknodat(CWD, at("null.json"), FileType::CharacterDevice, mode, 0x103);
    fs_write(world.root().join("linked"), letter(&world, "with two names")).expect("written");
    std::fs::hard_link(world.root().join("linked"), at("hard.json")).expect("a name");
    put(&world, "large.json", &vec![b' '; 1024 * 1024 + 1]);
    put(&world, "deep.json", "[".repeat(100_000).as_bytes());
    let nested = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    put(&world, "nested.json", format!("{{\"type\":\"x\",\"a\":{nested}}}").as_bytes());
    put(&world, "bytes.json", b"{\"type\": \"\xff\xfe\"}");
    put(&world, "broken.json", b"{\"type\": note}");
    put(&world, "list.json", b"[1, 2]");
    put(&world, "empty.json", b"");
    put(&world, OsStr::from_bytes(b"\xff.json"), letter(&world, "from a strange name").as_bytes());
    put(&world, "two\nlines.json", letter(&world, "from two lines").as_bytes());
    put(&world, format!("{}.json", "n".repeat(250)), letter(&world, "from a long name").as_bytes());
    put(&world, ".hidden.json", letter(&world, "hidden").as_bytes());
    put(&world, "notes.txt", letter(&world, "no message").as_bytes());
    let dead = ["link", "passwd", "dangling", "loop", "folder", "pipe", "socket"];
    dead.iter().for_each(|stem| assert_dies(&world, stem, "unreadable"));
    if device.is_ok() {
        assert_dies(&world, "null", "unreadable");
    }
    assert_dies(&world, "large", "too_large");
    assert_dies(&world, "nested", "too_deep");
    assert_dies(&world, "list", "not_an_object");
    assert_dies(&world, "deep", "too_deep");
    for stem in ["bytes", "broken", "empty"] {
        assert_dies(&world, stem, "not_json");
    }
    let all = ["from a long name", "from a strange name", "from two lines", "with two names"];
    all.iter().for_each(|body| assert_arrives(&world, body));
    assert_eq!(bodies(&world), all, "each once");
    world
        .wait_until("the rest to stay", PATIENCE, || left(&world) == [".hidden.json", "notes.txt"]);
    assert!(secret.is_file() && Path::new("/etc/passwd").is_file());
    let queue = world.home().join("registry/queue");
    assert!(queue.join("dead/folder.json/inside").is_dir(), "nothing in it is lost");
    assert_eq!(world.count("message_refused"), 14 + usize::from(device.is_ok()), "each once");
}

#[test]
fn a_file_that_is_written_at_the_door_itself_is_taken_when_it_is_whole() {
    use std::io::Write as _;
    let world = watched();
    let text = letter(&world, "slowly written");
    let mut file = std::fs::File::create(new(&world).join("slow.json")).expect("made");
    for part in text.as_bytes().chunks(60) {
        file.write_all(part).expect("written");
        file.sync_all().expect("there");
    }
    drop(file);
    assert_arrives(&world, "slowly written");
    assert_eq!(world.count("message_refused"), 0);
}

#[test]
fn a_file_that_is_replaced_all_the_time_arrives_as_it_was_last() {
    let world = watched();
    for number in 0..200 {
        put(&world, "status.json", letter(&world, &format!("number {number:03}")).as_bytes());
    }
    assert_arrives(&world, "number 199");
    assert_eq!(world.count("message_refused"), 0, "none was read half");
    world.wait_until("the door to be empty", PATIENCE, || left(&world).is_empty());
    let mut bodies = bodies(&world);
    let count = bodies.len();
    bodies.dedup();
    assert_eq!(bodies.len(), count, "each once");
}

#[test]
fn a_door_that_is_removed_is_made_again_and_one_that_is_a_link_is_none() {
    let world = watched();
    std::fs::remove_dir_all(new(&world)).expect("removed");
    world.wait_until("a new door", PATIENCE, || new(&world).is_dir());
    put(&world, "after.json", letter(&world, "after it came back").as_bytes());
    assert_arrives(&world, "after it came back");
    let elsewhere = world.root().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("a folder");
    fs_write(elsewhere.join("mine.json"), "{\"a person's\": 1}").expect("written");
    std::fs::remove_dir(new(&world)).expect("removed");
    std::os::unix::fs::symlink(&elsewhere, new(&world)).expect("a link");
    let log = || std::fs::read_to_string(world.home().join("registry/supervisor.log"));
    let is_said = || log().is_ok_and(|log| log.contains("a link is no door"));
    world.wait_until("a warning", PATIENCE, is_said);
    assert!(elsewhere.join("mine.json").is_file(), "what is not at the door is nobody's mail");
    std::fs::remove_file(new(&world)).expect("removed");
    world.wait_until("a new door", PATIENCE, || new(&world).is_dir());
    put(&world, "again.json", letter(&world, "through a real door").as_bytes());
    assert_arrives(&world, "through a real door");
}

#[test]
fn many_files_that_wait_do_not_keep_a_new_one_waiting() {
    let world = World::new();
    world.must(&["create", "Team", "--no-start", "--runtime", "shell", "--agents", "worker"]);
    std::fs::create_dir_all(new(&world)).expect("the door");
    // Nobody lets them in: each is a burial, which is slower than a delivery.
    let refused = b"{\"type\":\"note\",\"from\":\"Nobody\",\"to\":\"Team\",\"body\":\"x\"}";
    (0..5_000).for_each(|number| put(&world, format!("a-{number:05}.json"), refused));
    world.start_supervisor(None);
    // By name it would be the very last.
    put(&world, "zz.json", letter(&world, "in a hurry").as_bytes());
    assert_arrives(&world, "in a hurry");
    world.wait_until("the door to be empty", PATIENCE * 4, || left(&world).is_empty());
    let events = world.events();
    let accepted = events.iter().position(|event| event.kind == "message_accepted");
    let later = events.iter().skip(accepted.expect("it was taken"));
    let refused = later.filter(|event| event.kind == "message_refused").count();
    assert!(refused > 200, "it overtook {refused} of what lay there");
    assert_eq!(world.count("message_refused"), 5_000, "each once");
}
