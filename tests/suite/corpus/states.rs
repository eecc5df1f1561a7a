//! What state an agent is in, for each change of it: from its hooks, from its screen, and how fast.
//!
//! | what goes wrong elsewhere                                      | test                                     |
//! |----------------------------------------------------------------|------------------------------------------|
//! | idle for hours while every surface says busy                   | `every_change_is_known_…` (Esc)          |
//! | one turn of a program inside the agent counts as the agent's   | `a_program_that_runs_inside_…`           |
//! | a stale word of an earlier life counts                         | `what_an_ended_life_tells_is_not_heard`  |
//! | a screen that nobody reads any more decides                    | `hooks_lead_…`                           |

use serde_json::Value;

use super::stage::{ACTOR, Stage, Way};

/// Every change of state is known; how long each took is told when the test is run with its output shown.
fn follows_every_change(way: Way) {
    let stage = Stage::new(way);
    let mut took = Vec::new();
    let mut see = |order: &str, state: &str| {
        stage.order(order);
        took.push(format!("{order}: {state} after {:?}", stage.measure_state(state)));
    };
    see("work", "working");
    see("ask rm -rf build", "permission");
    see("close", "working");
    see("done", "idle");
    see("limit 90", "limited");
    see("limit 0", "idle");
    see("mystery Continue", "unknown");
    see("close", "idle");
    stage.order("work");
    took.push(format!("a turn: {:?}", stage.measure_state("working")));
    stage.world.press(ACTOR, &["Escape"]);
    took.push(format!("Esc: idle after {:?}", stage.measure_state("idle")));
    stage.tell(&took);
    let id = stage.send("go on");
    stage.assert_arrived(&id, &["go on"]);
}

#[test]
fn every_change_is_known_where_hooks_tell() {
    follows_every_change(Way::Reporting);
}

#[test]
fn every_change_is_known_where_only_the_screen_tells() {
    follows_every_change(Way::Silent);
}

#[test]
fn hooks_lead_and_the_settled_screen_corrects_them() {
    let stage = Stage::new(Way::Reporting);
    // Its screen stays that of an idle agent.
    stage.order("report UserPromptSubmit");
    stage.measure_state("working");
    let why = stage.explained();
    assert!(why.contains("known from the hook"), "{why}");
    stage.measure_state("idle");
    let why = stage.explained();
    assert!(why.contains("known from the screen") && why.contains("has settled"), "{why}");
}

#[test]
fn a_program_that_runs_inside_another_disturbs_nothing() {
    let stage = Stage::new(Way::Reporting);
    stage.order("work");
    stage.measure_state("working");
    let nested = r#"{"conversation":"another-one"}"#;
    for event in ["SessionStart", "Stop", "PermissionRequest", "Stop"] {
        stage.order(&format!("report {event} {nested}"));
        assert_eq!(stage.world.state_of(ACTOR).as_deref(), Some("working"), "{event}");
    }
    stage.order("done");
    stage.measure_state("idle");
    let explained = stage.explained();
    assert!(explained.contains("its conversation is "), "{explained}");
    assert!(!explained.contains("another-one"), "{explained}");
}

#[test]
fn what_an_ended_life_tells_is_not_heard() {
    let stage = Stage::new(Way::Reporting);
    let old = std::fs::read_to_string(stage.path("life.json")).expect("a life");
    let old: Value = serde_json::from_str(&old).expect("JSON");
    stage.world.must(&["restart", "Team"]);
    stage
        .world
        .wait_until("another life", crate::world::PATIENCE, || stage.texts("ready").len() == 2);
    stage.measure_state("idle");
    let of = |key: &str| old[key].as_str().expect("a variable").to_owned();
    let (agent, spawn, token) = (of("AGENCY_AGENT"), of("AGENCY_SPAWN"), of("AGENCY_TOKEN"));
    let env = [
        ("AGENCY_AGENT", agent.as_str()),
        ("AGENCY_SPAWN", spawn.as_str()),
        ("AGENCY_TOKEN", token.as_str()),
    ];
    let told = stage.world.agency_with(&["hook", "Stuck"], &env);
    assert_eq!((told.status, told.stdout + &told.stderr), (Some(0), String::new()));
    stage.order("report Nothing");
    assert_eq!(stage.world.state_of(ACTOR).as_deref(), Some("idle"));
    assert!(!stage.explained().contains("Stuck"));
}
