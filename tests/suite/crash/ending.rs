//! The supervisor is killed after it recorded that lives end and before it closed a pane.
//!
//! Whoever looks after the session next finds the old programs alive in it. No old life goes on, none is left, and
//! nobody has two panes; a person's own session beside it stays.

use std::collections::BTreeMap;

use rustix::process::{Pid, test_kill_process};

use crate::world::{PATIENCE, World};

const AGENTS: [&str; 2] = ["Team/lead", "Team/worker"];

/// A team whose supervisor dies at a fail point that only the end of lives meets.
fn team(point: &str) -> World {
    let world = World::new();
    world.start_supervisor(Some(point));
    let who = ["--coordinator", "lead", "--agents", "worker", "--runtime", "rehearsal"];
    world.must(&[&["create", "Team"][..], &who].concat());
    AGENTS.iter().for_each(|agent| world.wait_for_state(agent, "idle"));
    world.must(&["ledger", "verify"]);
    world.tmux(&["new-session", "-d", "-s", "own", "cat"]);
    world
}

fn programs(world: &World) -> BTreeMap<&'static str, i32> {
    let pid = |agent| world.of_pane(agent, "#{pane_pid}").parse().expect("a process");
    AGENTS.iter().map(|agent| (*agent, pid(agent))).collect()
}

fn lives(pid: i32) -> bool {
    Pid::from_raw(pid).is_some_and(|pid| test_kill_process(pid).is_ok())
}

fn wait_for_death(world: &World) {
    world.wait_until("the supervisor to die", PATIENCE, || world.ended_by() == Some(9));
}

fn end(world: &World) {
    assert!(world.tmux(&["has-session", "-t", "=own"]).status == Some(0), "it is a person's");
    world.must(&["down"]);
    world.must(&["ledger", "verify"]);
}

/// A restart is cut off: every agent has a new life, and the old ones have ended.
pub fn dies_at(point: &str) {
    let world = team(point);
    let old = programs(&world);
    world.agency(&["restart", "Team"]);
    wait_for_death(&world);
    // Whoever asked for it asks the next supervisor, which may have ended them already.
    world.must(&["up"]);
    world.wait_until("the old lives to end", PATIENCE, || !old.values().any(|pid| lives(*pid)));
    for agent in AGENTS {
        world.wait_for_state(agent, "idle");
    }
    let new = programs(&world);
    assert!(AGENTS.iter().all(|agent| new[agent] != old[agent]), "{old:?} {new:?}");
    let marks = world.tmux(&["list-panes", "-a", "-F", "#{@agency_agent}"]).stdout;
    for agent in AGENTS {
        assert_eq!(marks.lines().filter(|mark| *mark == agent).count(), 1, "{marks}");
    }
    world.must(&["send", "Team/worker", "are you new?"]);
    world.wait_for_text("Team/worker", "are you new?");
    end(&world);
}

/// A stop is cut off: the agency is stopped, and started again it has new lives only.
pub fn stop_dies_at(point: &str) {
    for is_started_at_once in [false, true] {
        let world = team(point);
        let old = programs(&world);
        world.agency(&["stop", "Team"]);
        wait_for_death(&world);
        if is_started_at_once {
            world.must(&["start", "Team"]);
        } else {
            world.start_supervisor(None);
        }
        world.wait_until("the old lives to end", PATIENCE, || !old.values().any(|pid| lives(*pid)));
        if is_started_at_once {
            AGENTS.iter().for_each(|agent| world.wait_for_state(agent, "idle"));
        } else {
            assert_eq!(world.json(&["show", "Team"])["state"], "stopped");
        }
        end(&world);
    }
}
