//! A morning after any crash: a reboot, a killed server, a power cut in the middle of a write, deleted folders, and
//! sessions that somebody else restored. `agency up` brings everything back, and touches nothing that is not ours.

mod arranged;
mod kills;
mod power;
mod reboot;
mod restored;
mod unheard;
mod worktrees;

use rustix::process::Signal;
use serde_json::Value;

use crate::world::{PATIENCE, World, signal, text};

/// An agency of rehearsal agents, which take what is typed.
fn make_team(world: &World, layout: &str) {
    let who = ["--coordinator", "lead", "--agents", "worker,helper", "--runtime", "rehearsal"];
    world.must(&[&["create", "Team", "--layout", layout][..], &who].concat());
    wait_for_team(world);
}

fn wait_for_team(world: &World) {
    ["Team/lead", "Team/worker", "Team/helper"]
        .iter()
        .for_each(|agent| world.wait_for_state(agent, "idle"));
}

/// An agency of shells, whose messages wait in their mailboxes.
fn make_desk(world: &World) {
    world.must(&["create", "Desk", "--coordinator", "clerk", "--runtime", "shell"]);
    world.wait_for_state("Desk/clerk", "idle");
}

/// The machine goes down without a word and comes up again: no process is left, what lay in memory is gone, and
/// the ids of processes have new owners.
fn reboot(world: &World) {
    world.wait_until("every process to be dead", PATIENCE, || {
        let left = world.processes();
        left.iter().for_each(|(pid, _)| signal(*pid, Signal::KILL));
        left.is_empty()
    });
    let _ = std::fs::remove_file(world.socket());
    let _ = std::fs::remove_dir_all(world.home().join("registry/lives"));
    // The lock's file names a process that lives: this one.
    world.write("registry/supervisor.lock", &format!("{}\n", std::process::id()));
    assert!(world.home().join("registry/supervisor.sock").exists(), "it is left behind");
}

/// What `agency up --json` says of one agency.
fn up(world: &World, agency: &str) -> Value {
    let view = world.json(&["up"]);
    let all = view["brought_back"].as_array().expect("a list");
    let found = all.iter().find(|back| back["agency"] == agency);
    found.unwrap_or_else(|| panic!("nothing of {agency}: {view}")).clone()
}

/// A message as the workbench shows it.
fn message(world: &World, id: &str) -> Value {
    let messages = world.json(&["messages"]);
    let found = messages.as_array().expect("a list").iter().find(|found| found["id"] == id);
    found.cloned().unwrap_or(Value::Null)
}

/// The file of a message that waits.
fn mailed(world: &World, agent: &str, id: &str) -> std::path::PathBuf {
    let (agency, agent) = agent.split_once('/').expect("an address");
    world.home().join(format!("agencies/{agency}/mail/{agent}/new/{id}.json"))
}

fn send(world: &World, to: &str, body: &str) -> String {
    world.must(&["send", to, "--type", "note", "--", body]).trim().to_owned()
}

/// A task of the agency's worker, with its worktree.
fn assign(world: &World) -> std::path::PathBuf {
    let what = ["task", "add", "Work", "--agency", "Team", "--feature", "f"];
    world.must(&[&what[..], &["--scope", "s", "--done", "d", "--rollback", "r"]].concat());
    world.must(&["task", "assign", "TASK-001", "Team/worker"]);
    world.home().join("agencies/Team/worktrees/TASK-001")
}

fn git_in(world: &World, folder: &std::path::Path, args: &[&str]) -> String {
    world.git(&[&["-C", &text(folder)], args].concat())
}
