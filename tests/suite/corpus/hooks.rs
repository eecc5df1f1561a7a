//! Hooks disturb nobody: they end well, say nothing and are fast, whether a supervisor listens or not; what was
//! told while none ran is taken in by the next one.

use super::stage::{Stage, Way};

/// Longest time of a hook in a debug build on a busy machine, in milliseconds: a program waits for it.
const SLOW_MS: u64 = 2_000;

/// Every hook of the stand-in ended with status 0, said nothing and took no time.
fn assert_hooks_disturb_nobody(stage: &Stage) -> Vec<String> {
    let hooks = stage.texts("hook");
    for hook in &hooks {
        let fields: Vec<&str> = hook.split(' ').collect();
        let [_, status, said, took] = fields.as_slice() else { panic!("{hook}") };
        assert_eq!((*status, *said), ("0", "0"), "{hook}");
        assert!(took.parse::<u64>().expect("milliseconds") < SLOW_MS, "{hook}");
    }
    hooks
}

#[test]
fn a_hook_without_a_supervisor_is_silent_and_its_report_is_taken_in_later() {
    let stage = Stage::new(Way::Reporting);
    stage.world.kill_supervisor();
    stage.order(r#"report Stuck {"why":"no tests to run"}"#);
    let hooks = assert_hooks_disturb_nobody(&stage);
    assert!(hooks.iter().any(|hook| hook.starts_with("Stuck ")), "{hooks:?}");
    stage.tell(&hooks);
    stage.world.must(&["up"]);
    stage.measure_state("blocked");
    assert!(stage.explained().contains("no tests to run"), "{}", stage.explained());
    stage.order("report Stop");
    stage.measure_state("idle");
    let user = std::fs::read_dir(stage.world.root().join("user")).expect("a home");
    assert_eq!(user.count(), 0, "something was written into the user's own folder");
}

#[test]
fn a_turn_that_began_while_no_supervisor_ran_confirms_its_message() {
    let stage = Stage::closed(Way::Reporting, &serde_json::Value::Null, |text| text);
    stage.world.start_supervisor(Some("delivery.entered"));
    stage.open();
    stage.wait_until_ready();
    let id = stage.send("confirmed later");
    stage.wait_for_fact("prompt");
    stage.world.wait_until("the end of the turn", crate::world::PATIENCE, || {
        stage.texts("hook").iter().any(|hook| hook.starts_with("Stop "))
    });
    stage.world.must(&["up"]);
    stage.assert_arrived(&id, &["confirmed later"]);
    assert_hooks_disturb_nobody(&stage);
    let hints = stage.texts("prompt").into_iter().filter(|text| text.contains("may not have"));
    assert!(hints.count() <= 1);
}

#[test]
fn where_hooks_are_described_and_never_told_the_screen_is_believed() {
    let off = |text: String| text.replace("\"hooks\": true", "\"hooks\": false");
    let stage = Stage::opening(Way::Reporting, &serde_json::Value::Null, off);
    stage.wait_until_ready();
    let why = stage.explained();
    assert!(why.contains("are its hooks in place?"), "{why}");
    let id = stage.send("without a word");
    stage.assert_arrived(&id, &["without a word"]);
    assert_eq!(stage.texts("hook"), [""; 0]);
}

#[test]
fn a_text_with_which_no_turn_began_is_not_said_to_be_delivered() {
    let plan = serde_json::json!({ "hides_prompts": true });
    let stage = Stage::opening(Way::Reporting, &plan, |text| text);
    stage.wait_until_ready();
    let id = stage.send("did you hear?");
    let reason = stage.wait_for_reason(&id, &["uncertain"]);
    assert!(reason.contains("no turn began with it"), "{reason}");
    assert_eq!(stage.prompts_with(&id).len(), 1, "it is not typed again");
    assert_eq!(stage.message(&id)["delivered_at"], serde_json::Value::Null);
}
