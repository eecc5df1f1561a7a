//! The agents' own tools, called by the model through the program: what they do is in the ledger, what they
//! say reaches the model, and nobody is asked.

use serde_json::{Value, json};

use super::letter::Letter;
use super::{SOON, Scene};
use crate::model::ask::Part;
use crate::place::{AGENT, PEER};
use crate::report::Verdict;

/// `send` writes to another agent as this one, and `inbox` shows the model its own messages, also after the
/// supervisor was killed under the tools' server and another one has come.
pub fn tools(scene: &Scene<'_>) -> Verdict {
    scene.settle()?;
    let words = format!("by a tool {}", std::process::id());
    let arguments = json!({ "to": PEER, "text": words });
    let letter = Letter::new(&format!("RING:own send {arguments}"));
    letter.send(scene)?;
    letter.arrives(scene, SOON)?;
    scene.place.wait("the tool's message at the other agent", SOON, || has_come(scene, &words))?;
    // Some programs show the model the text of an answer, some its document: the address is in both.
    scene.place.wait("the tool's answer at the model", SOON, || answered(scene, PEER))?;
    shows_inbox(scene)?;
    scene.place.kill_supervisor()?;
    scene.place.agency(&["up"])?;
    shows_inbox(scene)
}

/// `inbox` shows the model the very message that asks for it.
fn shows_inbox(scene: &Scene<'_>) -> Verdict {
    scene.settle()?;
    let letter = Letter::new("RING:own inbox {}");
    letter.send(scene)?;
    letter.arrives(scene, SOON)?;
    scene.place.wait("the inbox at the model", SOON, || answered(scene, letter.mark()))?;
    scene.settle()
}

/// Whether the other agent has these words from this one, and it proved that it wrote them.
fn has_come(scene: &Scene<'_>, words: &str) -> bool {
    let list = scene.place.agency(&["messages", "--json"]).unwrap_or_default();
    let list: Vec<Value> = serde_json::from_str(&list).unwrap_or_default();
    list.iter().any(|message| {
        let ends = (&message["from"], &message["to"]);
        ends == (&json!(AGENT), &json!(PEER))
            && message["body"] == words
            && message["verified"] == true
    })
}

/// Whether a tool's result with these words reached the model.
fn answered(scene: &Scene<'_>, words: &str) -> bool {
    let is_it = |part: &Part| matches!(part, Part::Result(text) if text.contains(words));
    let turns = scene.place.model().log().turns();
    turns.iter().any(|entry| entry.ask.turns.iter().any(|(_, part)| is_it(part)))
}
