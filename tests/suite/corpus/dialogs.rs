//! A dialog in the way: in one a paste is dropped and Enter says yes, so neither may ever come.
//!
//! | what goes wrong elsewhere                                         | test                                     |
//! |-------------------------------------------------------------------|------------------------------------------|
//! | a message to an agent that asks for permission approves it        | `a_message_approves_nothing…` (two ways) |
//! | a permission prompt shown as idle because no rule matched         | `a_dialog_that_nobody_described_…`       |
//! | a hook's word hides a dialog that blocks                          | `a_dialog_on_the_screen_overrides_…`     |
//! | approvals not counted as awaiting input                           | `a_message_approves_nothing…`            |

use serde_json::json;

use super::stage::{ACTOR, Stage, Way};

fn approves_nothing(way: Way) {
    let stage = Stage::new(way);
    stage.order("ask rm -rf build");
    stage.measure_state("permission");
    assert!(stage.world.must(&["status"]).contains("permission"), "the operator is told");
    let waiting = stage.send("press Enter");
    // It has been looked at: the same message is not typed while the dialog is there.
    stage.wait_for_message(&waiting, "routed");
    stage.order("report Nothing");
    stage.world.type_text(ACTOR, "x");
    stage.wait_for_fact("ignored");
    assert_eq!(stage.texts("pasted"), [""; 0]);
    stage.assert_nothing_bad();
    stage.world.press(ACTOR, &["2"]);
    stage.wait_for_fact("refused");
    if way != Way::Letters {
        return stage.assert_arrived(&waiting, &["press Enter"]);
    }
    stage.wait_for_message(&waiting, "delivered");
    stage.assert_nothing_bad();
}

#[test]
fn a_message_approves_nothing_where_hooks_tell() {
    approves_nothing(Way::Reporting);
}

#[test]
fn a_message_approves_nothing_where_only_the_screen_tells() {
    approves_nothing(Way::Silent);
}

#[test]
fn a_letter_approves_nothing() {
    approves_nothing(Way::Letters);
}

fn opens_after_the_text(milliseconds: u64, way: Way) {
    let plan = json!({ "asks_after_ms": milliseconds });
    let stage = Stage::opening(way, &plan, |text| text);
    stage.wait_until_ready();
    let id = stage.send("just before the question");
    let reason = stage.wait_for_reason(&id, &["uncertain"]);
    assert!(reason.contains("the text was pasted"), "{reason}");
    stage.measure_state("permission");
    stage.assert_nothing_bad();
    assert_eq!(stage.texts("prompt"), [""; 0]);
}

#[test]
fn a_dialog_that_opens_while_a_text_is_typed_is_not_answered() {
    opens_after_the_text(0, Way::Reporting);
}

#[test]
fn a_dialog_that_opens_between_a_text_and_its_enter_is_not_answered() {
    opens_after_the_text(120, Way::Silent);
}

#[test]
fn a_dialog_on_the_screen_overrides_a_report_of_idle_or_working() {
    let stage = Stage::new(Way::Reporting);
    stage.order("ask-silently rm -rf build");
    stage.measure_state("permission");
    stage.order("report UserPromptSubmit");
    stage.order("report Stop");
    assert_eq!(stage.world.state_of(ACTOR).as_deref(), Some("permission"));
    let why = stage.explained();
    assert!(why.contains("permission dialog") && why.contains("comes first"), "{why}");
    stage.order("close");
    stage.measure_state("idle");
}

fn undescribed_is_unknown(way: Way) {
    let stage = Stage::new(way);
    stage.order("mystery Continue");
    // The workbench may not know of the dialog yet: its input line cannot be proven all the same.
    let waiting = stage.send("press Enter");
    stage.wait_for_message(&waiting, "routed");
    stage.measure_state("unknown");
    stage.world.type_text(ACTOR, "x");
    stage.wait_for_fact("ignored");
    assert_eq!(stage.world.state_of(ACTOR).as_deref(), Some("unknown"));
    let states = stage.world.events().into_iter().filter(|event| event.kind == "message_delivered");
    assert_eq!(states.count(), 0);
    stage.assert_nothing_bad();
    stage.order("close");
    stage.assert_arrived(&waiting, &["press Enter"]);
}

#[test]
fn a_dialog_that_nobody_described_is_unknown_whatever_was_told() {
    undescribed_is_unknown(Way::Reporting);
}

#[test]
fn a_dialog_that_nobody_described_is_unknown_where_nothing_is_told() {
    undescribed_is_unknown(Way::Silent);
}
