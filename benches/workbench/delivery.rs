//! From a file at the door to its text in the agent's pane.
//!
//! The message is signed and written elsewhere; the clock starts at the rename that puts it at the
//! door. The pane is looked at through a control-mode client of our own; the moment is taken in the
//! middle between the last look without and the first look with the text.

use std::time::{Duration, Instant};

use agency::domain::authentication::mac;
use serde_json::json;

use crate::commands::come_to_rest;
use crate::figures::{Goal, Row, Samples};
use crate::place::{Agent, Place, new_id, rest};

/// Two messages for each agent.
const ROUNDS: usize = 2;
/// Between two looks: short against what is measured, long enough to leave the server its work.
const GLANCE: Duration = Duration::from_micros(300);
/// A text that has not shown by then never will.
const LIMIT: Duration = Duration::from_secs(10);

/// Measures it, beside the time one look takes and the time a bare paste takes to show.
pub fn measure(place: &Place) -> Vec<Row> {
    let agents = place.agents();
    let agent = agents.first().expect("an agent");
    let looks = Samples::take(200, || {
        place.outside.terminals.screen(&agent.pane).expect("a screen");
    });
    let mut samples = Samples::default();
    for agent in std::iter::repeat_n(&agents, ROUNDS).flatten() {
        samples.add(deliver(place, agent));
        come_to_rest(place);
    }
    let what = "file at the door → text in the pane, 50 panes";
    vec![Row::times(what, &samples, Some(("one look at a pane", &looks)), Goal::Both(8.0, 50.0))]
}

fn deliver(place: &Place, agent: &Agent) -> Duration {
    let id = new_id();
    let mut message = json!({
        "id": id.to_string(),
        "type": "note",
        "from": "operator",
        "to": agent.address.to_string(),
        "sent_at": jiff::Timestamp::now().to_string(),
        "body": "the build is green again",
    });
    let token = place.outside.keyring.operator_token().expect("a token");
    let auth = json!({ "key": "operator", "mac": mac(&token, &message) });
    message["auth"] = auth;
    let queue = place.home().join("registry").join("queue");
    let name = format!("{id}.json");
    std::fs::write(queue.join("tmp").join(&name), message.to_string()).expect("written");
    let began = Instant::now();
    std::fs::rename(queue.join("tmp").join(&name), queue.join("new").join(&name)).expect("renamed");
    let shown = until_shown(&id.to_string(), || {
        place.outside.terminals.screen(&agent.pane).expect("a screen")
    });
    shown.duration_since(began)
}

/// When a text came into view: between the last look without and the first look with it.
pub fn until_shown(text: &str, look: impl FnMut() -> String) -> Instant {
    // Borders wrap, so white space does not count.
    let strip = |screen: &str| screen.split_whitespace().collect::<String>();
    let wanted = strip(text);
    until_seen(text, look, |screen| strip(screen).contains(&wanted))
}

/// When a screen came to be so: between the last look at which it was not and the first at which it was.
pub fn until_seen(
    what: &str,
    mut look: impl FnMut() -> String,
    is_so: impl Fn(&str) -> bool,
) -> Instant {
    let deadline = Instant::now() + LIMIT;
    let mut before = Instant::now();
    loop {
        let screen = look();
        let now = Instant::now();
        if is_so(&screen) {
            return before + now.duration_since(before) / 2;
        }
        assert!(now < deadline, "`{what}` never came into view:\n{screen}");
        before = now;
        rest(GLANCE);
    }
}
