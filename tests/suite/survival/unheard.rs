//! A supervisor that is killed just when somebody speaks to it: it has taken the connection and reads nothing more. What
//! was said then is said again to the next one, or waits at the door, and never comes twice.

use std::os::unix::net::UnixListener;
use std::thread::JoinHandle;

use super::*;

/// Puts something in the supervisor's place that takes one connection and is gone.
fn die_when_spoken_to(world: &World) -> JoinHandle<()> {
    world.kill_supervisor();
    let socket = world.home().join("registry/supervisor.sock");
    let _ = std::fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).expect("bound");
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("somebody speaks");
        // Nobody can connect any more before the one who did is let down.
        drop(listener);
        drop(stream);
    })
}

#[test]
fn a_message_to_a_supervisor_that_dies_waits_at_the_door_and_comes_once() {
    let world = World::new();
    make_team(&world, "panes");
    let dying = die_when_spoken_to(&world);
    let id = send(&world, "Team/worker", "is anybody there?");
    dying.join().expect("it was spoken to");
    assert!(world.supervisor_pid().is_none(), "a message wakes nobody");
    world.must(&["up"]);
    world.wait_until("its delivery", PATIENCE, || message(&world, &id)["state"] == "delivered");
    let accepted = world.events().into_iter().filter(|event| event.kind == "message_accepted");
    assert_eq!(accepted.filter(|event| event.subject == id).count(), 1);
}

#[test]
fn a_question_and_a_command_find_the_next_supervisor() {
    let world = World::new();
    make_team(&world, "panes");
    let dying = die_when_spoken_to(&world);
    assert_eq!(world.json(&["list"])[0]["name"], "Team", "the ledger knows it");
    dying.join().expect("it was spoken to");
    let dying = die_when_spoken_to(&world);
    assert_eq!(up(&world, "Team")["outcome"], "was_running");
    dying.join().expect("it was spoken to");
    wait_for_team(&world);
}

#[test]
fn a_command_that_was_recorded_and_not_answered_is_answered_and_done_once() {
    let world = World::new();
    world.must(&["create", "Team", "--no-start", "--runtime", "shell", "--agents", "worker"]);
    world.start_supervisor(Some("ask.recorded"));
    let added = world.json(&[
        "task",
        "add",
        "Find out what became of it",
        "--agency",
        "Team",
        "--feature",
        "answers",
        "--scope",
        "s",
        "--done",
        "d",
        "--tests",
        "t",
        "--rollback",
        "r",
    ]);
    assert_eq!(world.ended_by(), Some(9), "it died before it could say so");
    assert_eq!(added["id"], "TASK-001", "{added}");
    assert_eq!(world.json(&["task", "list"]).as_array().map(Vec::len), Some(1));
}
