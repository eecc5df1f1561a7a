//! From a message to an idle agent that has begun a turn with it.
//!
//! Accepted is a message when its program has read the text and the hook by which it tells so has been answered:
//! what it told is in the ledger then. The message must be delivered after that, or the bench fails.

use std::time::{Duration, Instant};

use agency::domain::message::{Draft, MessageState, MessageType};
use agency::domain::name::Address;
use agency::service::query::Query;
use agency::service::views::MessageView;
use serde_json::json;

use crate::commands::come_to_rest;
use crate::crew::Crew;
use crate::figures::{Goal, Row, Samples};
use crate::place::{Agent, rest};

/// Messages for each of ten agents.
const ROUNDS: usize = 5;
const BODY: &str = "the build is green again";
/// Screens are settled, and the hook that waits for the next text is there.
const REST: Duration = Duration::from_millis(300);

/// Measures it through the pane and through a hook that waits.
pub fn measure(crew: &Crew) -> Vec<Row> {
    let floor = bare_process(crew);
    let (pane_read, pane) = through(crew, 0);
    let (_, hook) = through(crew, 1);
    let floor = Some(("an empty process", &floor));
    vec![
        Row::times(
            "message → text read, through the pane, 150 ms before Enter",
            &pane_read,
            floor,
            Goal::None,
        ),
        Row::times(
            "message → accepted, through the pane, 150 ms before Enter",
            &pane,
            floor,
            Goal::Median(250.0),
        ),
        Row::times("message → accepted, through a waiting hook", &hook, floor, Goal::None),
    ]
}

fn bare_process(crew: &Crew) -> Samples {
    let agents = crew.agents_of(0);
    let agent = agents.first().expect("an agent").address.to_string();
    let mut samples = Samples::default();
    for _ in 0..100 {
        crew.tell(&agent, "true");
        let said = crew.hear(&agent, "ran ").word;
        let nanoseconds = said.split(' ').nth(1).and_then(|word| word.parse().ok());
        samples.add(Duration::from_nanos(nanoseconds.expect("a time")));
    }
    samples
}

/// Until the text was read, and until it was accepted, for the agents of one agency.
fn through(crew: &Crew, agency: usize) -> (Samples, Samples) {
    let (mut read, mut accepted) = (Samples::default(), Samples::default());
    let agents = crew.agents_of(agency);
    for agent in std::iter::repeat_n(&agents, ROUNDS).flatten() {
        rest(REST);
        let (reading, accepting) = give(crew, agent);
        read.add(reading);
        accepted.add(accepting);
        come_to_rest(&crew.place);
    }
    (read, accepted)
}

fn give(crew: &Crew, agent: &Agent) -> (Duration, Duration) {
    let name = agent.address.to_string();
    let to = Address::Agent(agent.address.clone());
    let draft = Draft::new(MessageType::of_text(BODY), to, json!(BODY));
    let workbench = &crew.place.workbench;
    let began = Instant::now();
    let id = workbench.send(draft).expect("sent");
    let read = crew.hear(&name, "read").at;
    let turned = crew.hear(&name, "turned").at;
    let message: MessageView = workbench.fetch(&Query::Message { id }).expect("the message");
    assert_eq!(message.state, MessageState::Delivered, "a turn began with it");
    (read.duration_since(began), turned.duration_since(began))
}
