//! The program is gone, comes up slowly, or something else is in its pane: nothing is typed there, and what was
//! on its way is given to its next life or said to be lost.
//!
//! | what goes wrong elsewhere                                      | test                                     |
//! |----------------------------------------------------------------|------------------------------------------|
//! | typed before the program is ready, run by the shell or lost    | `while_it_starts_nothing_is_typed_…`     |
//! | stuck on booting; pending for ever to an agent that came up    | `while_it_starts_…`, `a_text_that_is_…`  |
//! | an empty shell that looks alive gets the text and runs it      | `a_shell_in_its_place_…`                 |
//! | typed into a dead pane with success                            | `a_crash_in_the_middle_…`                |
//! | hints at mail that was read long ago                           | `a_text_that_is_lost_…`                  |

use serde_json::json;

use super::stage::{ACTOR, Stage, Way};
use crate::world::PATIENCE;

#[test]
fn while_it_starts_nothing_is_typed_and_then_it_arrives() {
    for way in [Way::Reporting, Way::Silent] {
        let stage = Stage::opening(way, &json!({ "start_ms": 1200 }), |text| text);
        let id = stage.send("to somebody who is not there yet");
        stage.assert_arrived(&id, &["to somebody who is not there yet"]);
        assert_eq!(stage.texts("lost"), [""; 0]);
    }
}

#[test]
fn a_text_that_is_lost_while_it_starts_is_said_to_be_and_hinted_at() {
    // Its input line is drawn long before it reads: nobody outside can know that.
    let plan = json!({ "start_ms": 4000, "draws_early": true });
    let stage = Stage::opening(Way::Silent, &plan, |text| text);
    let id = stage.send("lost");
    let reason = stage.wait_for_reason(&id, &["uncertain"]);
    assert!(reason.contains("did not show"), "{reason}");
    stage.world.wait_until("a hint", PATIENCE, || {
        stage.texts("prompt").iter().any(|text| text.contains("may not have reached you"))
    });
    assert!(stage.prompts_with(&id).is_empty());
    stage.assert_nothing_bad();
    stage.order("inbox");
    assert!(stage.texts("read")[0].contains("lost"), "it is there to be fetched");
    stage.wait_for_message(&id, "delivered");
    assert_eq!(stage.message(&id)["reason"], json!(null), "nothing more will be hinted at");
}

fn shell_gets_nothing(way: Way, prompt: &str) {
    let stage = Stage::new(way);
    stage.order(&format!("end shell {prompt}"));
    let proof = stage.world.root().join("proof");
    let id = stage.send(&format!("x\n$(touch {0}); `touch {0}`; touch {0}", proof.display()));
    stage.wait_for_message(&id, "routed");
    // A person at that shell is served by it alone.
    stage.world.type_text(ACTOR, "echo on''ly this");
    stage.world.press(ACTOR, &["Enter"]);
    stage.world.wait_for_text(ACTOR, "only this");
    stage.measure_state("unknown");
    let screen = stage.world.screen(ACTOR);
    assert!(!screen.contains("[agency]") && !proof.exists(), "{screen}");
    assert_eq!(stage.message(&id)["delivered_at"], json!(null));
}

#[test]
fn a_shell_in_its_place_gets_nothing_whatever_its_hooks_last_told() {
    shell_gets_nothing(Way::Reporting, "$ ");
}

#[test]
fn a_shell_with_the_same_prompt_gets_nothing() {
    shell_gets_nothing(Way::Silent, "│ > ");
}

#[test]
fn a_crash_in_the_middle_of_a_turn_loses_no_message_that_waits() {
    let stage = Stage::new(Way::Reporting);
    stage.order("work");
    stage.measure_state("working");
    let id = stage.send("for whoever comes next");
    stage.wait_for_message(&id, "routed");
    let before = stage.world.of_pane(ACTOR, "#{pane_pid}");
    let pid = before.trim().parse().expect("a process");
    crate::world::signal(pid, rustix::process::Signal::KILL);
    stage.assert_arrived(&id, &["for whoever comes next"]);
    assert!(stage.world.count("agent_pane_lost") >= 1);
    assert_ne!(stage.world.of_pane(ACTOR, "#{pane_pid}"), before);
}

#[test]
fn a_crash_while_a_text_is_typed_is_said_and_nothing_is_typed_twice() {
    let plan = json!({ "dies_on_paste": true });
    let stage = Stage::opening(Way::Silent, &plan, |text| text);
    stage.wait_until_ready();
    let id = stage.send("into the void");
    stage.wait_for_reason(&id, &["uncertain"]);
    stage.world.wait_until("a hint in the next life", PATIENCE, || {
        stage.texts("prompt").iter().any(|text| text.contains("may not have reached you"))
    });
    assert!(stage.prompts_with(&id).is_empty());
    let pasted = stage.texts("pasted").iter().filter(|text| text.contains(&id)).count();
    assert_eq!(pasted, 1);
    stage.assert_nothing_bad();
}
