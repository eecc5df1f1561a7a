//! A person at the same input line: what they typed stays theirs, whole, and is submitted by nobody else.
//!
//! | what goes wrong elsewhere                                     | test                                        |
//! |---------------------------------------------------------------|---------------------------------------------|
//! | an automated message joins a half-typed draft, both are sent  | `a_half_typed_line_…`, `a_draft_of_lines_…` |
//! | the same in the moment between text and Enter                 | `who_types_between_the_text_and_its_enter_…`|
//! | ghost text misread as a draft, or typed back as real input    | `a_suggestion_is_no_draft_and_no_input`     |
//! | text and Enter lost in copy mode                              | `in_copy_mode_nothing_is_typed_or_lost`     |

use serde_json::{Value, json};

use super::stage::{ACTOR, Stage, Way};

/// Why nothing is typed into a line in which something stands.
const DRAFT: [&str; 2] = ["not empty", "a person is typing"];

fn draft_stays(way: Way, keys: &[&[&str]], shown: &str, whole: &str) {
    let stage = Stage::new(way);
    keys.iter().for_each(|keys| stage.world.press(ACTOR, keys));
    stage.world.wait_for_text(ACTOR, shown);
    let id = stage.send("I must not end up in your line");
    // Where the cursor is not in a row of the prompt that is all there is to say.
    stage.wait_for_reason(&id, &[DRAFT[0], DRAFT[1], "not at its prompt"]);
    assert!(stage.world.screen(ACTOR).contains(shown), "{}", stage.world.screen(ACTOR));
    assert_eq!(stage.texts("prompt"), [""; 0]);
    stage.world.press(ACTOR, &["Enter"]);
    stage.assert_arrived(&id, &["I must not end up in your line"]);
    assert_eq!(stage.texts("prompt")[0], whole);
    assert_eq!(stage.texts("prompt").len(), 2);
}

#[test]
fn a_half_typed_line_stays_whole_and_the_message_comes_after_it() {
    draft_stays(Way::Reporting, &[&["-l", "half a line"]], "> half a line", "half a line");
}

#[test]
fn a_draft_of_lines_stays_whole_where_nothing_confirms() {
    let keys: [&[&str]; 3] = [&["-l", "first"], &["C-j"], &["-l", "second"]];
    draft_stays(Way::Silent, &keys, "second", "first\nsecond");
}

#[test]
fn a_draft_that_ends_with_an_empty_line_is_a_draft() {
    let keys: [&[&str]; 3] = [&["-l", "first"], &["C-j"], &["C-j"]];
    draft_stays(Way::Reporting, &keys, "> first", "first\n\n");
}

#[test]
fn a_persons_half_line_is_left_alone_by_a_letter() {
    let stage = Stage::new(Way::Letters);
    stage.world.type_text(ACTOR, "half a line");
    stage.world.wait_for_text(ACTOR, "> half a line");
    let id = stage.send("by another way");
    stage.wait_for_message(&id, "delivered");
    assert!(stage.prompts_with(&id)[0].contains("| by another way"));
    stage.world.press(ACTOR, &["Enter"]);
    stage.world.wait_until("the line to be submitted", crate::world::PATIENCE, || {
        stage.texts("prompt").last().is_some_and(|text| text == "half a line")
    });
    assert_eq!(stage.texts("pasted"), [""; 0]);
}

#[test]
fn who_types_between_the_text_and_its_enter_submits_it_alone_or_not_at_all() {
    let slow = |text: String| text.replace("enter_delay_ms = 150", "enter_delay_ms = 1500");
    let stage = Stage::opening(Way::Reporting, &Value::Null, slow);
    stage.wait_until_ready();
    let id = stage.send("in the middle");
    stage.wait_for_fact("pasted");
    stage.world.type_text(ACTOR, " and more");
    let reason = stage.wait_for_reason(&id, &["uncertain"]);
    assert!(reason.contains("before Enter") || reason.contains("changed"), "{reason}");
    assert_eq!(stage.texts("prompt"), [""; 0], "nobody pressed Enter");
    assert_eq!(stage.texts("pasted").len(), 1);
    assert!(stage.world.screen(ACTOR).contains("and more"));
    stage.assert_nothing_bad();
}

#[test]
fn a_suggestion_is_no_draft_and_no_input() {
    let plan = json!({ "ghost": "rm -rf build and try again" });
    let stage = Stage::opening(Way::Silent, &plan, |text| text);
    stage.wait_until_ready();
    let id = stage.send("hello");
    stage.assert_arrived(&id, &["hello"]);
    // The same words, typed, are a draft.
    stage.world.type_text(ACTOR, "rm -rf build and try again");
    stage.world.press(ACTOR, &["Home"]);
    let second = stage.send("later");
    stage.wait_for_reason(&second, &DRAFT);
}

#[test]
fn in_copy_mode_nothing_is_typed_or_lost() {
    let stage = Stage::new(Way::Silent);
    let pane = stage.world.pane(ACTOR).expect("a pane");
    stage.world.tmux(&["copy-mode", "-t", &pane]);
    let id = stage.send("while you read");
    stage.wait_for_reason(&id, &["copy mode"]);
    assert_eq!(stage.world.of_pane(ACTOR, "#{pane_in_mode}"), "1");
    stage.world.tmux(&["send-keys", "-t", &pane, "-X", "cancel"]);
    stage.assert_arrived(&id, &["while you read"]);
}
