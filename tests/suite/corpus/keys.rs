//! The Enter after the text, and programs that are busy or hide where their input line is.
//!
//! | what goes wrong elsewhere                                       | test                                     |
//! |-----------------------------------------------------------------|------------------------------------------|
//! | Enter swallowed after a paste: stalled, and nobody says so      | `a_swallowed_enter_is_noticed_…`         |
//! | a second task typed into an agent that works or is only silent  | `who_works_gets_nothing_typed`           |
//! | exit status 0, and nothing arrived                              | `waiting_for_a_delivery_…`               |
//! | pending for ever to an agent that is idle again                 | `who_works_gets_nothing_typed`           |
//! | only the tail of a text arrived, and that was submitted         | `a_text_whose_beginning_is_lost_…`       |

use serde_json::{Value, json};

use super::stage::{ACTOR, Stage, Way};

#[test]
fn a_swallowed_enter_is_noticed_and_the_text_is_submitted_once() {
    let stage = Stage::opening(Way::Silent, &json!({ "swallow_ms": 700 }), |text| text);
    stage.wait_until_ready();
    let id = stage.send("keep trying");
    stage.wait_for_fact("swallowed");
    let next = stage.send("and then this");
    stage.assert_arrived(&id, &["keep trying"]);
    stage.assert_arrived(&next, &["and then this"]);
    let pasted = stage.texts("pasted").iter().filter(|text| text.contains(&id)).count();
    assert_eq!(pasted, 1, "it is never typed twice");
    assert_eq!(stage.texts("prompt").len(), 2, "no hint was needed, and none is glued to another");
}

/// The program takes only a part of what is pasted.
fn a_part_is_never_submitted(taken: &Value) {
    let stage = Stage::opening(Way::Reporting, &json!({ "takes_of_paste": taken }), |text| text);
    stage.wait_until_ready();
    let id = stage.send("all of it or nothing");
    let reason = stage.wait_for_reason(&id, &["uncertain"]);
    assert!(reason.contains("did not show"), "{reason}");
    assert_eq!(stage.texts("prompt"), [""; 0]);
    assert_eq!(stage.texts("pasted").len(), 1);
}

#[test]
fn a_text_whose_end_is_lost_is_not_submitted() {
    a_part_is_never_submitted(&json!([0, 90]));
}

#[test]
fn a_text_whose_beginning_is_lost_is_not_submitted() {
    a_part_is_never_submitted(&json!([30, null]));
}

#[test]
fn who_works_gets_nothing_typed() {
    for way in [Way::Reporting, Way::Silent] {
        let stage = Stage::new(way);
        stage.order("work");
        stage.measure_state("working");
        let id = stage.send("when you are done");
        stage.wait_for_message(&id, "routed");
        // A person may queue something meanwhile.
        stage.world.type_text(ACTOR, "a person's");
        stage.world.press(ACTOR, &["Enter"]);
        stage.wait_for_fact("queued");
        assert_eq!(stage.texts("pasted"), [""; 0]);
        stage.order("done");
        stage.assert_arrived(&id, &["when you are done"]);
        assert_eq!(stage.texts("queued"), ["a person's"]);
    }
}

#[test]
fn a_hidden_cursor_elsewhere_proves_no_input_line() {
    let stage = Stage::new(Way::Reporting);
    stage.order("hide-cursor on");
    let id = stage.send("where are you?");
    stage.wait_for_reason(&id, &["not at its prompt"]);
    assert_eq!(stage.texts("pasted"), [""; 0]);
    stage.order("hide-cursor off");
    stage.assert_arrived(&id, &["where are you?"]);
}

#[test]
fn waiting_for_a_delivery_ends_well_only_when_it_arrived() {
    let stage = Stage::new(Way::Reporting);
    let sent = stage.world.agency(&["send", ACTOR, "--wait", "here"]);
    assert_eq!(sent.status, Some(0), "{sent:?}");
    assert_eq!(stage.texts("prompt").len(), 1);
    stage.order("ask rm -rf build");
    let sent = stage.world.agency(&["send", ACTOR, "--wait", "--timeout", "1", "not here"]);
    assert_ne!(sent.status, Some(0), "{sent:?}");
    assert_eq!(stage.texts("prompt").len(), 1);
}

#[test]
fn a_command_line_that_a_person_types_is_no_turn_of_ours() {
    let stage = Stage::opening(Way::Reporting, &Value::Null, |text| text);
    stage.wait_until_ready();
    stage.world.type_text(ACTOR, "/help");
    stage.world.press(ACTOR, &["Enter"]);
    stage.wait_for_fact("command");
    let id = stage.send("after it");
    stage.wait_for_message(&id, "delivered");
    assert_eq!(stage.texts("command"), ["/help"]);
    assert_eq!(stage.prompts_with(&id).len(), 1);
}
