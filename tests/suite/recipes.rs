//! Recipes of agencies with the real program: they add to the operator's checks, they are what was recorded when
//! the operator named the agency, and a script that was changed since proves nothing.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::world::{PATIENCE, World};

const LEAD: &str = "Team/lead";
const WORKER: &str = "Team/worker";
const SCRIPT: &str = "agencies/Team/scripts/new_file.sh";
/// Looks for the file that the worker writes.
const LOOKS: &str =
    "#!/bin/sh\n# usage: new_file.sh FILE (--help)\necho \"looked at $1\"\ntest -f \"$1\"\n";
const RECIPE: &str = "[checks]\ncommands = [[\"{agency}/scripts/new_file.sh\", \"NEW\"]]\n";

/// Puts a script where an agency finds it.
fn write_script(world: &World, path: &str, text: &str) {
    world.write(path, text);
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(world.home().join(path), mode).expect("set");
}

/// A world with an agency whose recipe looks for the file that its worker writes; not started.
fn made(recipe: &str) -> World {
    let world = World::new();
    let who = ["--coordinator", "lead", "--agents", "worker", "--runtime", "rehearsal"];
    world.must(&[&["create", "Team", "--no-start"][..], &who].concat());
    world.write("agencies/Team/sandbox.toml", recipe);
    write_script(&world, SCRIPT, LOOKS);
    let lead =
        "[[on]]\ntype = \"complete\"\nsteps = [{ submit = \"{task}\", rationale = \"done\" }]\n";
    world.give_script("Team", "lead", lead);
    let work = "[[on]]\ntype = \"task\"\nsteps = [{ start = \"{task}\" }, \
        { write = \"NEW\", text = \"new\\n\" }, { commit = \"work\" }, { complete = \"{task}\" }]\n";
    world.give_script("Team", "worker", work);
    world
}

/// Starts it and gives its worker a task.
fn work(world: &World) {
    world.must(&["start", "Team"]);
    for agent in [LEAD, WORKER] {
        world.wait_for_state(agent, "idle");
    }
    give_task(world);
}

fn give_task(world: &World) {
    let what = ["task", "add", "Write it", "--agency", "Team", "--feature", "feature"];
    let how = ["--scope", "s", "--done", "d", "--rollback", "revert"];
    let id = world.must(&[&what[..], &how].concat());
    world.must(&["task", "assign", id.trim(), WORKER]);
}

fn approval(world: &World, id: &str) -> Value {
    let shown = world.agency(&["approvals", "show", id, "--json"]);
    serde_json::from_str(&shown.stdout).unwrap_or(Value::Null)
}

fn wait_for(world: &World, state: &str) -> Value {
    wait_for_one(world, "AP-001", state)
}

fn wait_for_one(world: &World, id: &str, state: &str) -> Value {
    let is_there = || approval(world, id)["state"] == state;
    world.wait_until(&format!("{id} to be {state}"), PATIENCE, is_there);
    approval(world, id)
}

#[test]
fn a_recipe_adds_its_commands_to_the_operators_and_the_evidence_says_so() {
    let world = made(RECIPE);
    work(&world);
    let shown = wait_for(&world, "waiting");
    let checks = shown["checks"].as_array().expect("a list");
    assert_eq!(checks.len(), 2, "{shown:#}");
    assert_eq!(checks[0]["command"]["found_by"], "agency.toml", "the operator's come first");
    let script = world.home().canonicalize().expect("there").join(SCRIPT);
    assert_eq!(checks[1]["command"]["argv"][0], script.to_str().expect("text"));
    assert_eq!(checks[1]["exit_status"], 0);
    let found_by = checks[1]["command"]["found_by"].as_str().expect("words");
    assert!(found_by.starts_with("sandbox.toml of Team, recipe "), "{found_by}");
    assert!(found_by.ends_with(", not as shipped: `scripts/new_file.sh`"), "{found_by}");
    let words = world.must(&["approvals", "show", "AP-001"]);
    assert!(words.contains(found_by), "{words}");
    let log = world.home().join("sandbox/testing/SUB-001.log");
    let log = std::fs::read_to_string(log).expect("a log");
    assert!(log.contains("looked at NEW"), "{log}");
    assert_eq!(world.count("recipe_recorded"), 1);
}

#[test]
fn a_failing_recipe_sends_the_work_back() {
    let world = made(&RECIPE.replace("NEW", "OTHER"));
    work(&world);
    world.wait_for_verdict(WORKER, "was sent back");
    assert_eq!(world.count("approval_opened"), 0);
}

#[test]
fn a_script_that_was_changed_since_it_was_recorded_proves_nothing() {
    let world = made(RECIPE);
    world.must(&["start", "Team"]);
    for agent in [LEAD, WORKER] {
        world.wait_for_state(agent, "idle");
    }
    write_script(&world, SCRIPT, "#!/bin/sh\nexit 0\n");
    // Starting everything is no word about this agency.
    world.must(&["up"]);
    give_task(&world);
    let shown = wait_for(&world, "not_proven");
    let reason = shown["reason"].as_str().expect("words");
    for words in ["`scripts/new_file.sh` of Team is not the script", "agency start Team"] {
        assert!(reason.contains(words), "{reason}");
    }
    assert_eq!(world.agency(&["approvals", "approve", "AP-001", "--yes"]).status, Some(5));
    world.must(&["start", "Team"]);
    world.must(&["approvals", "prove", "AP-001"]);
    wait_for_one(&world, "AP-002", "waiting");
    assert_eq!(world.count("recipe_recorded"), 2);
}

#[test]
fn what_an_agency_writes_into_its_recipe_later_does_not_count() {
    let world = made(RECIPE);
    world.must(&["start", "Team"]);
    for agent in [LEAD, WORKER] {
        world.wait_for_state(agent, "idle");
    }
    world.write("agencies/Team/sandbox.toml", "[checks]\ncommands = []\n");
    give_task(&world);
    let shown = wait_for(&world, "waiting");
    assert_eq!(shown["checks"].as_array().map(Vec::len), Some(2), "{shown:#}");
}

#[test]
fn a_recipe_with_a_mistake_is_refused_with_its_place() {
    let world = made("[checks]\ncomands = []\n");
    let refused = world.agency(&["start", "Team"]);
    assert_eq!(refused.status, Some(2), "{refused:?}");
    let said =
        "agencies/Team/sandbox.toml:2:1: `checks.comands`: unknown field; did you mean `commands`?";
    assert!(refused.stderr.contains(said), "{}", refused.stderr);
    world.write(
        "agencies/Team/sandbox.toml",
        "[checks]\ncommands = [[\"{agency}/scripts/x.sh\"]]\n",
    );
    let refused = world.agency(&["start", "Team"]);
    assert!(
        refused.stderr.contains("names `scripts/x.sh`, which is not in that folder"),
        "{refused:?}"
    );
    world.write("agencies/Team/sandbox.toml", RECIPE);
    world.must(&["start", "Team"]);
    world.wait_for_state(WORKER, "idle");
}

#[test]
fn found_checks_are_added_where_the_recipe_asks_for_them() {
    let world = made("[checks]\nfound = true\n");
    world.write_project("Makefile", "test:\n\t@echo 1..1; echo 'ok 1 - made'\n");
    world.commit("a makefile");
    work(&world);
    let shown = wait_for(&world, "waiting");
    let found: Vec<&str> = shown["checks"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|run| run["command"]["found_by"].as_str())
        .collect();
    assert_eq!(found, ["agency.toml", "Makefile"]);
}

#[test]
fn what_is_planted_beside_a_script_is_not_run_with_it() {
    let recipe = "[checks]\ncommands = [[\"{agency}/scripts/look.py\", \"OTHER\"]]\n";
    let world = made(recipe);
    let looks = "#!/usr/bin/env python3\nimport json, os, sys\nprint(json.dumps(sys.path[0]))\n\
        print(sorted(os.listdir(sys.path[0])), oct(os.stat(os.path.dirname(sys.path[0])).st_mode))\n\
        sys.exit(not os.path.exists(sys.argv[1]))\n";
    write_script(&world, "agencies/Team/scripts/look.py", looks);
    world.must(&["start", "Team"]);
    for agent in [LEAD, WORKER] {
        world.wait_for_state(agent, "idle");
    }
    world.write("agencies/Team/scripts/json.py", "import os\nos._exit(0)\n");
    give_task(&world);
    world.wait_for_verdict(WORKER, "was sent back");
    assert_eq!(world.count("approval_opened"), 0);
    let log = world.home().join("sandbox/testing/SUB-001.log");
    let log = std::fs::read_to_string(log).expect("a log");
    assert!(log.contains("['look.py'] 0o40700"), "alone, in a private folder: {log}");
    assert_nothing_is_left(&world);
}

/// No copy of a script outlives its run.
fn assert_nothing_is_left(world: &World) {
    let left = std::fs::read_dir(world.home().join("registry")).expect("a folder").flatten();
    let left: Vec<_> = left.filter(|entry| entry.path().join("scripts").exists()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_script_that_is_changed_while_the_proof_runs_is_run_as_it_was_recorded() {
    let world = made(&RECIPE.replace("NEW", "OTHER"));
    let script = world.home().join(SCRIPT);
    let swaps = format!(
        "commands = [[\"sh\", \"-c\", \"printf '#!/bin/sh\\\\nexit 0\\\\n' > '{}'\"]]",
        script.display()
    );
    let path = world.home().join("agency.toml");
    let settings = std::fs::read_to_string(path).expect("settings");
    let kept = |line: &str| match line.starts_with("commands = ") {
        true => swaps.clone(),
        false => line.to_owned(),
    };
    let settings: Vec<String> = settings.lines().map(kept).collect();
    assert!(settings.contains(&swaps), "{settings:?}");
    world.write("agency.toml", &format!("{}\n", settings.join("\n")));
    work(&world);
    world.wait_for_verdict(WORKER, "was sent back");
    assert_eq!(world.count("approval_opened"), 0);
    let now = std::fs::read_to_string(script).expect("a script");
    assert_eq!(now, "#!/bin/sh\nexit 0\n", "it was swapped");
    assert_nothing_is_left(&world);
}

#[test]
fn a_recipe_that_an_agency_writes_where_none_was_is_not_recorded_by_starting_everything() {
    let world = made(RECIPE);
    std::fs::remove_file(world.home().join("agencies/Team/sandbox.toml")).expect("removed");
    world.must(&["start", "Team"]);
    for agent in [LEAD, WORKER] {
        world.wait_for_state(agent, "idle");
    }
    world.write("agencies/Team/sandbox.toml", RECIPE);
    world.must(&["up"]);
    assert_eq!(world.count("recipe_recorded"), 0);
    world.must(&["start", "Team"]);
    assert_eq!(world.count("recipe_recorded"), 1);
}

#[test]
fn starting_everything_records_the_recipe_of_an_agency_that_has_never_run() {
    let world = made(RECIPE);
    world.must(&["up"]);
    assert_eq!(world.count("recipe_recorded"), 1);
}
