//! The supervisor is killed with SIGKILL in the middle of a delivery: the text is submitted once or the loss is
//! said, never twice, never a part, and a draft that a person left is not touched.
//!
//! | what goes wrong elsewhere                        | test                      |
//! |--------------------------------------------------|---------------------------|
//! | delivered twice after a restart                  | all `killed_…`            |
//! | "sent" is said of what never arrived             | `…_when_it_was_recorded…` |
//! | text left without Enter, glued to the next one   | `a_text_that_was_left_…`  |

use serde_json::Value;

use super::stage::{ACTOR, Stage, Way};
use crate::world::PATIENCE;

/// What `SIGKILL` is on every system.
const SIGKILL: i32 = 9;

/// A message is on its way when the supervisor dies at a fail point; another one takes over.
fn killed_at(point: &str, way: Way) -> (Stage, String) {
    let stage = Stage::closed(way, &Value::Null, |text| text);
    stage.world.start_supervisor(Some(point));
    stage.open();
    stage.wait_until_ready();
    // Who sends may be told that the supervisor ended before it answered.
    stage.world.agency(&["send", ACTOR, "--type", "note", "only once\nand all of it"]);
    stage
        .world
        .wait_until("the supervisor to die", PATIENCE, || stage.world.ended_by() == Some(SIGKILL));
    let accepted = stage.world.events().into_iter().find(|event| event.kind == "message_accepted");
    let id = accepted.expect("the message is in the ledger").subject;
    stage.world.must(&["up"]);
    (stage, id)
}

/// The message has arrived, or it is said that this is not known.
fn assert_once_or_said(stage: &Stage, id: &str) {
    stage.world.wait_until("an end of the delivery", PATIENCE, || {
        let message = stage.message(id);
        let is_said = message["reason"].as_str().is_some_and(|why| why.contains("uncertain"));
        message["state"] == "delivered" || (is_said && is_hinted(stage))
    });
    let prompts = stage.prompts_with(id);
    let whole = format!("[agency] note from operator, message {id}\n| only once\n| and all of it");
    assert!(prompts.len() <= 1, "{prompts:#?}");
    assert!(prompts.iter().all(|text| text.contains(&whole)), "{prompts:#?}");
    if stage.message(id)["state"] == "delivered" {
        assert_eq!(prompts.len(), 1, "said to be delivered, and nothing came");
    }
    let pasted = stage.texts("pasted").iter().filter(|text| text.contains(id)).count();
    assert!(pasted <= 1, "typed {pasted} times");
    stage.assert_nothing_bad();
}

fn is_hinted(stage: &Stage) -> bool {
    stage.texts("prompt").iter().any(|text| text.contains("may not have reached you"))
}

macro_rules! killed {
    ($($name:ident: $point:literal, $way:expr;)+) => {
        $(
            #[test]
            fn $name() {
                let (stage, id) = killed_at($point, $way);
                assert_once_or_said(&stage, &id);
            }
        )+
    };
}

killed! {
    killed_when_it_was_recorded_and_turns_confirm: "delivery.recorded", Way::Reporting;
    killed_when_it_was_recorded_and_nothing_confirms: "delivery.recorded", Way::Silent;
    killed_when_it_was_entered_and_turns_confirm: "delivery.entered", Way::Reporting;
    killed_when_it_was_entered_and_nothing_confirms: "delivery.entered", Way::Silent;
    killed_when_it_was_seen_and_turns_confirm: "delivery.seen", Way::Reporting;
    killed_when_it_was_seen_and_nothing_confirms: "delivery.seen", Way::Silent;
    killed_when_a_letter_was_recorded: "delivery.recorded", Way::Letters;
    killed_when_a_letter_was_seen: "delivery.seen", Way::Letters;
}

#[test]
fn what_a_person_typed_after_a_left_over_text_is_never_submitted_with_it() {
    let stage = Stage::closed(Way::Silent, &Value::Null, |text| text);
    stage.world.start_supervisor(Some("delivery.pasted"));
    stage.open();
    stage.wait_until_ready();
    let id = stage.send("left over");
    stage.world.wait_until("the supervisor to die", PATIENCE, || stage.world.ended_by().is_some());
    stage.wait_for_fact("pasted");
    stage.world.type_text(ACTOR, " and a person's words");
    stage.world.wait_for_text(ACTOR, "and a person's words");
    stage.world.must(&["up"]);
    stage.wait_for_reason(&id, &["uncertain"]);
    stage.world.wait_until("a hint that was put off", PATIENCE, || {
        stage
            .world
            .events()
            .iter()
            .any(|event| event.kind == "nudge_ended" && event.payload.contains("not at its prompt"))
    });
    assert_eq!(stage.texts("prompt"), [""; 0]);
    assert!(stage.world.screen(ACTOR).contains("and a person's words"));
}

#[test]
fn a_text_that_was_left_without_its_enter_is_submitted_and_then_it_is_delivered() {
    for way in [Way::Silent, Way::Reporting] {
        let (stage, id) = killed_at("delivery.pasted", way);
        stage.assert_arrived(&id, &["only once", "and all of it"]);
        assert_eq!(stage.texts("prompt").len(), 1, "no hint was needed");
    }
}
