//! From a change of an agent's state to the changed cell on the screen: told by a hook, and read from its screen.
//!
//! Told: the clock starts before the agent's program starts `agency hook`. Read: before its program is asked to
//! draw, some 20 µs before it does. What is waited for stands in the agent's own row.

use std::time::{Duration, Instant};

use agency::domain::name::AgentAddress;

use crate::crew::Crew;
use crate::delivery::until_seen;
use crate::figures::{Goal, Row, Samples};
use crate::place::rest;
use crate::watched::Watched;

const CHANGES: usize = 100;
/// The status line and the board come to rest in this time.
const REST: Duration = Duration::from_millis(260);
/// The pauses differ by up to this, so that no clock of ours or of the program's is met in step.
const JITTER_MS: usize = 150;

/// Measures both ways.
pub fn measure(crew: &Crew) -> Vec<Row> {
    let screen = Watched::start(&crew.place, "Crew00");
    let looks = screen.floor();
    let row = |what: &str, samples: &Samples| {
        let floor = Some(("one look at the screen", &looks));
        Row::times(what, samples, floor, Goal::Both(40.0, 250.0))
    };
    vec![
        row("state told by a hook → screen, 50 agents", &told(crew, &screen)),
        row("state read from a screen → screen, 50 agents", &read(crew, &screen)),
        row("the same, out of a spinner that turns every 100 ms", &out_of_a_spinner(crew, &screen)),
    ]
}

fn told(crew: &Crew, screen: &Watched) -> Samples {
    let agents = crew.agents_of(0);
    let agent = &agents.first().expect("an agent").address;
    let name = agent.to_string();
    let mut samples = Samples::default();
    for number in 0..CHANGES {
        let word = format!("probe-{number:03}");
        let began = Instant::now();
        crew.tell(&name, &format!("hook Ask {{\"what\":\"{word}\"}}"));
        samples.add(until_in_row(screen, agent, &word).duration_since(began));
        crew.hear(&name, "ran");
        pause(number);
    }
    crew.tell(&name, "hook Stop {}");
    crew.hear(&name, "ran");
    samples
}

fn read(crew: &Crew, screen: &Watched) -> Samples {
    let agents = crew.agents_of(2);
    let agent = &agents.first().expect("an agent").address;
    let mut samples = Samples::default();
    let steps = [("working", "working"), ("dialog", "permission"), ("idle", "idle")];
    for (number, (order, word)) in steps.iter().cycle().take(CHANGES).enumerate() {
        samples.add(changed(crew, screen, agent, order, word));
        pause(number);
    }
    samples
}

fn out_of_a_spinner(crew: &Crew, screen: &Watched) -> Samples {
    let agents = crew.agents_of(2);
    let agent = &agents.first().expect("an agent").address;
    let mut samples = Samples::default();
    for number in 0..CHANGES {
        changed(crew, screen, agent, "spinning", "working");
        pause(number);
        let (order, word) = [("dialog", "permission"), ("idle", "idle")][number % 2];
        samples.add(changed(crew, screen, agent, order, word));
        pause(number / 3);
    }
    samples
}

fn changed(
    crew: &Crew,
    screen: &Watched,
    agent: &AgentAddress,
    order: &str,
    word: &str,
) -> Duration {
    let began = Instant::now();
    crew.tell(&agent.to_string(), order);
    until_in_row(screen, agent, word).duration_since(began)
}

fn pause(number: usize) {
    let jitter = u64::try_from(number * 61 % JITTER_MS).unwrap_or(0);
    rest(REST + Duration::from_millis(jitter));
}

/// When an agent's row came to show a word.
fn until_in_row(screen: &Watched, agent: &AgentAddress, word: &str) -> Instant {
    let is_shown = |text: &str| row_of(text, agent).is_some_and(|row| row.contains(word));
    until_seen(word, || screen.look(), is_shown)
}

/// An agent's row: the first with its name below the row of its agency.
fn row_of<'s>(screen: &'s str, agent: &AgentAddress) -> Option<&'s str> {
    let mut rows = screen.lines();
    rows.find(|row| first(row) == Some(agent.agency.as_str()))?;
    rows.find(|row| first(row) == Some(agent.agent.as_str()))
}

/// The first word of a row that is a name; a mark of the cursor may stand before it.
fn first(row: &str) -> Option<&str> {
    let name = row.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    name.split_whitespace().next()
}
