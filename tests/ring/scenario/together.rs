//! Two agents of the same program in one folder: whatever dies, each goes on with its own conversation.
//!
//! Programs find "the last conversation of this folder" easily, and that is the other agent's half of the time. So
//! everything is killed at once, twice: the second time what the first morning brought back must be
//! known too. What `agency up` says of each agent is held against what the model then hears.

use std::time::Instant;

use serde_json::Value;

use super::crash::HINT;
use super::letter::Letter;
use super::{QUIET, START, Scene};
use crate::model::ask::{Ask, Role};
use crate::model::log::{count, holds};
use crate::place::{AGENCY, AGENT, Victims};
use crate::report::{Shortfall, Verdict};

/// The other agent: same agency, same program, same folder.
const TWIN: &str = "Ring/twin";

/// Both.
const AGENTS: [&str; 2] = [AGENT, TWIN];

/// What one of them and its model said to each other before the first crash.
struct Talk {
    agent: &'static str,
    letter: Letter,
    answer: String,
}

/// Each is on its own conversation, or says that it began anew; a message that came while nothing ran arrives once.
pub fn together(scene: &Scene<'_>) -> Verdict {
    scene.settle()?;
    let name = TWIN.trim_start_matches(AGENCY).trim_start_matches('/');
    scene.place.agency(&["hire", AGENCY, name])?;
    are_idle(scene)?;
    let talks = [Talk::begin(scene, AGENT)?, Talk::begin(scene, TWIN)?];
    for talk in &talks {
        talk.letter.arrives(scene, START)?;
    }
    are_idle(scene)?;
    // Once the supervisor may still see the server die and begin with something, once it cannot.
    let mornings = [Victims::ServerFirst, Victims::SupervisorFirst];
    let mornings = mornings.map(|victims| morning(scene, &talks, victims));
    let is_failed = |verdict: &Verdict| matches!(verdict, Err(Shortfall::Failed(_)));
    let worst = mornings.iter().find(|verdict| is_failed(verdict));
    worst.or(mornings.iter().find(|verdict| verdict.is_err())).cloned().unwrap_or(Ok(()))
}

/// Waits until both have been idle for a while: before their turns are seen to begin they are idle too.
fn are_idle(scene: &Scene<'_>) -> Verdict {
    let mut since = Instant::now();
    scene.place.wait("both agents to be idle for a while", START, || {
        if AGENTS.iter().any(|agent| scene.place.state_of(agent) != "idle") {
            since = Instant::now();
        }
        since.elapsed() >= QUIET / 2
    })
}

/// Everything is killed, each gets a message meanwhile, and everything comes up again.
fn morning(scene: &Scene<'_>, talks: &[Talk; 2], victims: Victims) -> Verdict {
    scene.place.kill_everything(victims)?;
    let before = scene.place.model().log().turns().len();
    let letters = [(); 2].map(|()| Letter::new("it waited for the morning"));
    for (talk, letter) in talks.iter().zip(&letters) {
        letter.send_to(scene, talk.agent)?;
    }
    if scene.place.has_supervisor() {
        return Err("a message has woken the supervisor before `up`".into());
    }
    let began = Instant::now();
    let view = scene.place.agency(&["up", "--json"])?;
    let up = began.elapsed();
    let view: Value = serde_json::from_str(&view).map_err(|error| error.to_string())?;
    let first = |own: usize| first_words(scene, before, &talks[own], &letters[own]);
    let mut after = [None; 2];
    scene.place.wait("both messages that waited", START, || {
        for own in [0, 1] {
            after[own] = after[own].or_else(|| first(own).map(|_| began.elapsed()));
        }
        after.iter().all(Option::is_some)
    })?;
    let after = after.map(|time| time.unwrap_or_default().as_secs_f64());
    println!(
        "{} together: `up` took {:.1} s; lead heard of its message after {:.1} s, twin after {:.1} s",
        scene.program.name,
        up.as_secs_f64(),
        after[0],
        after[1],
    );
    are_idle(scene)?;
    let judge = |own: usize| {
        let heard = first(own).ok_or("the log lost an entry")?;
        talks[own].judge(&talks[1 - own], &heard, &back(&view, AGENTS[own]))?;
        arrived(scene, &letters[own], &heard)
    };
    let verdicts = [0, 1].map(judge);
    no_request_holds_both(scene, talks)?;
    if conversation(&view, AGENT) == conversation(&view, TWIN) {
        return Err("both are said to be on the same conversation".into());
    }
    verdicts.into_iter().collect()
}

/// The first request of an agent's new life: with the message that waited, or with word of it.
fn first_words(scene: &Scene<'_>, before: usize, own: &Talk, letter: &Letter) -> Option<Ask> {
    let turns = scene.place.model().log().turns();
    let mut asks = turns.into_iter().skip(before).map(|entry| entry.ask);
    asks.find(|ask| {
        let is_told = ask.last_words().is_some_and(|words| words.contains(HINT));
        holds(ask, letter.mark()) || (is_told && holds(ask, own.letter.mark()))
    })
}

/// The message came, once and whole, or the agent knows that there is one.
fn arrived(scene: &Scene<'_>, letter: &Letter, heard: &Ask) -> Verdict {
    if holds(heard, letter.mark()) {
        return letter.is_whole(scene);
    }
    let why =
        "a message that waited was lost as a text; the agent was told to look into its mailbox";
    Err(Shortfall::Partly(why.to_owned()))
}

fn no_request_holds_both(scene: &Scene<'_>, talks: &[Talk; 2]) -> Verdict {
    let turns = scene.place.model().log().turns();
    let is_mixed = |ask: &Ask| talks.iter().all(|talk| holds(ask, talk.letter.mark()));
    match turns.iter().find(|entry| is_mixed(&entry.ask)) {
        Some(entry) => Err(format!("request {} holds what both were told", entry.number).into()),
        None => Ok(()),
    }
}

/// What `agency up` said of an agent.
fn back(view: &Value, agent: &str) -> Value {
    let agencies = view["brought_back"].as_array().into_iter().flatten();
    let mut agents = agencies.flat_map(|agency| agency["agents"].as_array()).flatten();
    agents.find(|found| found["agent"] == agent).cloned().unwrap_or_default()
}

/// The conversation that an agent is said to go on with; an agent that began anew has one of its own.
fn conversation(view: &Value, agent: &str) -> String {
    let back = back(view, agent);
    back["conversation"].as_str().unwrap_or(agent).to_owned()
}

impl Talk {
    /// Tells the agent something that nobody else is told, to which its model answers what no other model does.
    fn begin(scene: &Scene<'_>, agent: &'static str) -> Result<Self, String> {
        let answer = format!("understood by {agent} alone");
        let letter = Letter::new(&format!("RING:say {answer}"));
        letter.send_to(scene, agent)?;
        Ok(Self { agent, letter, answer })
    }

    /// Holds what `up` said of this agent against the first request of its new life.
    fn judge(&self, other: &Self, heard: &Ask, back: &Value) -> Verdict {
        if holds(heard, other.letter.mark()) {
            return Err(format!("{} goes on as {}", self.agent, other.agent).into());
        }
        let said = count(heard, Role::User, self.letter.mark());
        let is_known = said == 1 && count(heard, Role::Assistant, &self.answer) == 1;
        match (back["outcome"].as_str(), is_known) {
            (Some("resumed"), true) => Ok(()),
            (Some("began_anew"), false) if said == 0 => {
                Err(Shortfall::Partly(format!("{} began anew: {}", self.agent, back["why"])))
            }
            (_, _) => {
                let known = if is_known { "knows" } else { "does not know" };
                Err(format!("{} {known} its conversation, and `up` says {back}", self.agent).into())
            }
        }
    }
}
