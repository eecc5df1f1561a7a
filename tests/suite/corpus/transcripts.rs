//! Words in a transcript: what an agent says, or what it was told, changes no state.
//!
//! | what goes wrong elsewhere                                       | test                                    |
//! |-----------------------------------------------------------------|-----------------------------------------|
//! | prose "Would you like to… yes" read as a blocking dialog        | `prose_and_quoted_dialogs_…`            |
//! | a detector matched the echo of its own prompt                   | `the_echo_of_a_message_…`               |

use serde_json::json;

use super::stage::{ACTOR, Stage, Way};

/// Everything that a rule of this program could take for something else.
const QUOTES: [&str; 9] = [
    "Would you like to run the following command? yes",
    "╭──────────────────────────────╮",
    "│ Run this command?            │",
    "│ ❯ 1. Yes                     │",
    "│   2. No                      │",
    "╰──────────────────────────────╯",
    "  Rate limit reached · retrying in 90s",
    "✻ Working… (esc to interrupt)",
    "Allow? [y/N]",
];

/// The states that the ledger has seen since a number of records.
fn signalled(stage: &Stage, since: usize) -> Vec<String> {
    let events = stage.world.events().into_iter().skip(since);
    let told = events.filter(|event| event.kind == "agent_signalled");
    told.map(|event| event.payload).collect()
}

fn words_change_nothing(way: Way) {
    let stage = Stage::new(way);
    let before = stage.world.events().len();
    stage.order(&format!("say {}", json!(QUOTES)));
    stage.world.wait_for_text(ACTOR, "Allow? [y/N]");
    let id = stage.send("is it me?");
    stage.assert_arrived(&id, &["is it me?"]);
    stage.measure_state("idle");
    for payload in signalled(&stage, before) {
        let is_bad = ["permission", "limited", "waiting"].iter().any(|word| payload.contains(word));
        assert!(!is_bad, "{payload}");
    }
}

#[test]
fn prose_and_quoted_dialogs_change_no_state_where_hooks_tell() {
    words_change_nothing(Way::Reporting);
}

#[test]
fn prose_and_quoted_dialogs_change_no_state_where_only_the_screen_tells() {
    words_change_nothing(Way::Silent);
}

#[test]
fn the_echo_of_a_message_changes_no_state() {
    let stage = Stage::new(Way::Silent);
    let before = stage.world.events().len();
    let id = stage.send(&QUOTES.join("\n"));
    stage.assert_arrived(&id, &QUOTES);
    let next = stage.send("still there?");
    stage.assert_arrived(&next, &["still there?"]);
    for payload in signalled(&stage, before) {
        assert!(!payload.contains("permission") && !payload.contains("limited"), "{payload}");
    }
}
