//! The supervisor is killed while it writes down what a week has left.
//!
//! The next one writes it: one file, whole, under the name that was decided, and it is told once.

use crate::world::{PATIENCE, World};

/// Dies at a fail point that only a meeting meets.
pub fn dies_at(point: &str) {
    let world = World::new();
    world.start_supervisor(Some(point));
    let who = ["--coordinator", "lead", "--agents", "worker", "--runtime", "rehearsal"];
    world.must(&[&["create", "Team"][..], &who].concat());
    world.wait_for_state("Team/lead", "idle");
    world.agency(&["cadence", "run", "weekly"]);
    world.wait_until("the supervisor to die", PATIENCE, || world.ended_by() == Some(9));
    world.must(&["up"]);
    world.wait_until("the week to be written down", PATIENCE, || {
        world.json(&["meetings"])[0]["file"].is_string()
    });
    let file = world.json(&["meetings"])[0]["file"].as_str().map(str::to_owned).expect("a file");
    let text = std::fs::read_to_string(world.home().join(&file)).expect("a page");
    assert!(text.starts_with("# Digest of week ") && text.ends_with('\n'), "{text}");
    let folder = world.home().join("registry/meetings/weekly");
    let files = std::fs::read_dir(folder).expect("a folder").count();
    assert_eq!((files, world.count("meeting_held"), world.count("meeting_written")), (1, 1, 1));
    let told = world.json(&["messages", "--type", "digest"]);
    let told = told.as_array().expect("a list").len();
    assert_eq!(told, 2, "the coordinator and the operator");
    world.must(&["down"]);
    world.must(&["ledger", "verify"]);
}
