//! Work that nobody committed: saved when its agent dies, reminded of, brought back, and back again after a
//! removal, a task given up, or files that were replaced.

use std::path::PathBuf;

use agency::demo::content;
use rustix::process::Signal;
use serde_json::Value;

use crate::world::{PATIENCE, World, signal};

const WORKER: &str = "Team/worker";
const UNTRACKED: &str = "deep/new file.txt";

/// A team that runs, its worker with a task whose worktree stands; `settings` are added to `agency.toml`.
fn at_work(settings: &str) -> World {
    let world = World::new();
    let own = content::settings(&world.project(), &world.socket());
    world.write("agency.toml", &format!("{own}\n{settings}"));
    let who = ["--coordinator", "lead", "--agents", "worker", "--runtime", "rehearsal"];
    world.must(&[&["create", "Team"][..], &who].concat());
    world.wait_for_state("Team/lead", "idle");
    world.wait_for_state(WORKER, "idle");
    let what = ["task", "add", "A form", "--agency", "Team", "--feature", "login"];
    world.must(&[&what[..], &["--scope", "s", "--done", "d", "--rollback", "r"]].concat());
    world.must(&["task", "assign", "TASK-001", WORKER]);
    world.wait_until("the worktree", PATIENCE, || world.count("worktree_ready") > 0);
    world
}

fn worktree(world: &World) -> PathBuf {
    world.home().join("agencies/Team/worktrees/TASK-001")
}

/// Changes a file, makes one, stages one.
fn dirty(world: &World, words: &str) {
    let folder = "agencies/Team/worktrees/TASK-001";
    world.write(&format!("{folder}/README.md"), &format!("{words}\n"));
    world.write(&format!("{folder}/{UNTRACKED}"), words);
}

fn read(world: &World, path: &str) -> String {
    std::fs::read_to_string(worktree(world).join(path)).unwrap_or_default()
}

fn checkpoints(world: &World) -> Vec<Value> {
    world.json(&["branch", "checkpoints", "TASK-001"]).as_array().expect("a list").clone()
}

fn state_of_task(world: &World) -> String {
    world.json(&["task", "show", "TASK-001"])["state"].as_str().expect("a state").to_owned()
}

#[test]
fn an_agent_that_is_killed_has_its_untracked_files_saved() {
    let world = at_work("");
    dirty(&world, "nobody committed this");
    let pid = world.of_pane(WORKER, "#{pane_pid}").parse().expect("a process");
    signal(pid, Signal::KILL);
    let is_lost = |one: &Value| one["reason"] == "lost";
    world.wait_until("a checkpoint", PATIENCE, || checkpoints(&world).iter().any(is_lost));
    let name = format!("refs/agency/checkpoints/TASK-001/1:{UNTRACKED}");
    assert_eq!(world.git(&["show", &name]), "nobody committed this");
    assert_eq!(read(&world, UNTRACKED), "nobody committed this", "and it still lies there");
    world.wait_for_state(WORKER, "idle");
    let diff = world.must(&["branch", "show", "TASK-001/1"]);
    assert!(diff.contains("+nobody committed this"), "{diff}");
    let explained = world.must(&["explain", "TASK-001"]);
    assert!(explained.contains("its last checkpoint is TASK-001/1"), "{explained}");
}

#[test]
fn work_that_lies_uncommitted_is_reminded_of_saved_and_then_shown_to_the_operator() {
    let world = at_work("[git]\nremind_after = \"2s\"\n");
    dirty(&world, "too long");
    world.must(&["send", WORKER, "go on"]);
    let is_told = |message: &Value| {
        message["to"] == WORKER && message["body"].to_string().contains("README.md")
    };
    world.wait_until("a reminder", PATIENCE, || {
        let messages = world.json(&["messages", "--type", "alert"]);
        messages.as_array().expect("a list").iter().any(is_told)
    });
    world.wait_until("a checkpoint", PATIENCE, || {
        checkpoints(&world).iter().any(|one| one["reason"] == "reminder")
    });
    let branches = world.json(&["branch", "list"]);
    let branch = branches.as_array().expect("a list").iter().find(|b| b["task"] == "TASK-001");
    let branch = branch.expect("its branch");
    assert!(branch["uncommitted_since"].is_string(), "{branch}");
    assert_eq!(branch["checkpoint"], "TASK-001/1");
    world.wait_until("the operator to hear of it", PATIENCE, || {
        let status = world.json(&["status"]);
        let waiting = status["waiting_for"].as_array().expect("a list").clone();
        waiting.iter().any(|one| one["kind"] == "uncommitted" && one["subject"] == "TASK-001")
    });
    let alerts = world.json(&["messages", "--type", "alert"]);
    let own = alerts.as_array().expect("a list").iter().filter(|message| is_told(message)).count();
    assert_eq!(own, 2, "then it is quiet: {alerts}");
    assert_eq!(checkpoints(&world).len(), 1, "the same files are saved once");
}

#[test]
fn a_removed_agency_comes_back_with_what_nobody_committed() {
    let world = at_work("");
    let folder = worktree(&world);
    world.write("agencies/Team/worktrees/TASK-001/done", "committed\n");
    let at = folder.to_str().expect("text").to_owned();
    world.git(&["-C", &at, "add", "done"]);
    world.git(&["-C", &at, "commit", "--quiet", "-m", "done"]);
    let head = world.git(&["-C", &at, "rev-parse", "HEAD"]);
    dirty(&world, "not committed");
    world.must(&["remove", "Team", "--yes"]);
    assert!(!folder.exists());
    let shown = world.must(&["undo", "--list"]);
    assert!(shown.contains("brings `Team` back"), "{shown}");
    let asked = world.agency(&["undo"]);
    assert_eq!(asked.status, Some(2), "it wants a confirmation: {asked:?}");
    world.must(&["undo", "--yes"]);
    assert_eq!(read(&world, "README.md"), "not committed\n");
    assert_eq!(read(&world, UNTRACKED), "not committed");
    assert_eq!(world.git(&["-C", &at, "rev-parse", "HEAD"]), head);
    assert_eq!(
        world.git(&["-C", &at, "symbolic-ref", "HEAD"]),
        "refs/heads/login/agent/worker/TASK-001"
    );
    assert_eq!(state_of_task(&world), "assigned");
    assert_eq!(world.json(&["show", "Team"])["state"], "stopped");
    world.must(&["start", "Team"]);
    world.wait_for_state(WORKER, "idle");
    let again = world.agency(&["undo", "UNDO-001", "--yes"]);
    assert_eq!(again.status, Some(5), "{again:?}");
}

#[test]
fn a_name_that_is_taken_by_now_is_not_given_back() {
    let world = at_work("");
    world.must(&["remove", "Team", "--yes"]);
    world.must(&["create", "Team", "--coordinator", "boss", "--runtime", "rehearsal"]);
    let taken = world.agency(&["undo", "UNDO-001", "--yes"]);
    assert_eq!(taken.status, Some(5), "{taken:?}");
    assert_eq!(world.json(&["show", "Team"])["coordinator"], "boss");
}

#[test]
fn a_task_that_was_given_up_comes_back() {
    let world = at_work("");
    dirty(&world, "given up");
    world.must(&["task", "cancel", "TASK-001"]);
    world.must(&["undo", "--yes"]);
    assert_eq!(read(&world, UNTRACKED), "given up");
    assert_eq!(state_of_task(&world), "assigned");
    world.wait_for_text(WORKER, "TASK-001 is yours again");
}

#[test]
fn replaced_files_come_back_and_the_branch_never_moves() {
    let world = at_work("");
    let at = worktree(&world).to_str().expect("text").to_owned();
    dirty(&world, "first");
    let before = world.git(&["-C", &at, "status", "--porcelain=v2", "--branch"]);
    let made = world.json(&["branch", "checkpoint", "TASK-001", "--note", "the first"]);
    assert_eq!((&made["id"], &made["note"]), (&"TASK-001/1".into(), &"the first".into()));
    let same = world.json(&["branch", "checkpoint", "login/agent/worker/TASK-001"]);
    assert_eq!(same["id"], "TASK-001/1", "the same files are saved once");
    dirty(&world, "second");
    world.write("agencies/Team/worktrees/TASK-001/later", "l");
    let shown = world.must(&["branch", "restore", "1", "--task", "TASK-001", "--exact", "--yes"]);
    assert!(shown.contains("what lay there before is TASK-001/2"), "{shown}");
    assert_eq!((read(&world, UNTRACKED), read(&world, "later")), ("first".into(), String::new()));
    assert_eq!(world.git(&["-C", &at, "status", "--porcelain=v2", "--branch"]), before);
    world.must(&["undo", "--yes"]);
    assert_eq!((read(&world, UNTRACKED), read(&world, "later")), ("second".into(), "l".into()));
    world.must(&["branch", "restore", "TASK-001/1", "README.md", "--yes"]);
    assert_eq!(
        (read(&world, "README.md"), read(&world, UNTRACKED)),
        ("first\n".into(), "second".into())
    );
}

#[test]
fn what_is_not_there_is_said_and_an_agent_takes_nothing_back() {
    let world = at_work("");
    for (line, status) in [
        (&["branch", "restore", "TASK-001/7", "--yes"][..], 3),
        (&["branch", "show", "TASK-001/7"], 3),
        (&["branch", "show", "seven"], 2),
        (&["branch", "checkpoint", "no/such/branch"], 3),
        (&["undo", "UNDO-007", "--yes"], 3),
        (&["undo", "--yes"], 3),
    ] {
        let outcome = world.agency(line);
        assert_eq!(outcome.status, Some(status), "{line:?}: {outcome:?}");
    }
    assert!(world.must(&["branch", "checkpoint", "TASK-001"]).contains("nothing to save"));
    let pid = world.of_pane(WORKER, "#{pane_pid}");
    let environ = std::fs::read_to_string(format!("/proc/{pid}/environ")).expect("an environment");
    let pairs = environ.split('\0').filter_map(|pair| pair.split_once('='));
    let credential: Vec<(&str, &str)> =
        pairs.filter(|(key, _)| key.starts_with("AGENCY_")).collect();
    world.must(&["task", "cancel", "TASK-001"]);
    let outcome = world.agency_with(&["undo", "--yes"], &credential);
    assert_eq!(outcome.status, Some(4), "{outcome:?}");
    assert_eq!(world.count("undo_begun"), 0);
}

#[test]
fn who_was_dismissed_is_hired_again_as_it_was() {
    let world = at_work("");
    world.must(&["hire", "Team", "extra", "--runtime", "rehearsal"]);
    world.wait_for_state("Team/extra", "idle");
    let path = world.home().join("agencies/Team/agency.json");
    let before: Value =
        serde_json::from_str(&std::fs::read_to_string(&path).expect("read")).expect("a definition");
    let pane = world.of_pane("Team/extra", "#{pane_id}");
    world.must(&["dismiss", "Team", "extra", "--yes"]);
    let shown = world.must(&["undo", "--list"]);
    assert!(shown.contains("hires `Team/extra` again"), "{shown}");
    world.must(&["undo", "--yes"]);
    world.wait_for_state("Team/extra", "idle");
    assert_ne!(world.of_pane("Team/extra", "#{pane_id}"), pane, "a new life in a new pane");
    world.wait_until("the file", PATIENCE, || {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        serde_json::from_str::<Value>(&text).is_ok_and(|after| after == before)
    });
    world.must(&["send", "Team/extra", "welcome back"]);
    world.wait_for_text("Team/extra", "welcome back");
    let again = world.agency(&["undo", "UNDO-001", "--yes"]);
    assert_eq!(again.status, Some(5), "{again:?}");
}
