//! The same story for every program: it starts, hears, works, asks, is interrupted, limited, killed and
//! comes back, also beside a second agent.
//!
//! The checks are in an order in which each leaves an idle agent for the next; one that fails gets the
//! agent restarted behind it, so that the next can still say something. What a screen showed when a check
//! failed is kept in the place's folder.

mod crash;
mod dialog;
mod hearing;
mod letter;
mod life;
mod together;
mod tools;

use std::time::Duration;

use crate::place::{AGENCY, AGENT, Place, Surroundings};
use crate::programs::Program;
use crate::report::{Row, Shortfall, Verdict, reason, word};

/// A first start compiles caches and looks for the network in vain, on a busy machine.
const START: Duration = Duration::from_secs(150);
/// Until something small has happened: a message typed, a turn begun or ended.
const SOON: Duration = Duration::from_secs(45);
/// How long nothing may happen for it to count as not happening.
const QUIET: Duration = Duration::from_secs(4);

/// One program in its place.
pub struct Scene<'a> {
    /// The program.
    pub program: &'a Program,
    /// Its place.
    pub place: Place,
}

type Check = fn(&Scene<'_>) -> Verdict;

/// Without this one there is no other.
const FIRST: &str = "start";

/// The checks in order. A message comes first: the briefing and the resume are seen by it.
const CHECKS: [(&str, Check); 12] = [
    (FIRST, life::start),
    ("message", hearing::message),
    ("briefing", hearing::briefing),
    ("turn", hearing::turn),
    ("tools", tools::tools),
    ("typing", hearing::typing),
    ("permission", dialog::permission),
    ("interrupt", life::interrupt),
    ("limit", life::limit),
    ("crash", crash::crash),
    ("resume", crash::resume),
    ("together", together::together),
];

/// The names of the checks in order.
pub fn names() -> Vec<&'static str> {
    CHECKS.iter().map(|(name, _)| *name).collect()
}

/// Plays the story with one program; no names mean all of it.
pub fn play(program: &Program, version: &str, around: &Surroundings, names: &[&str]) -> Row {
    let checks = match Place::make(program, around) {
        Ok(place) => Scene { program, place }.play(names),
        Err(problem) => vec![(FIRST, Err(Shortfall::Failed(problem)))],
    };
    Row { program: program.name.to_owned(), version: Some(version.to_owned()), checks }
}

impl Scene<'_> {
    fn play(&self, names: &[&str]) -> Vec<(&'static str, Verdict)> {
        let is_meant = |name| names.is_empty() || name == FIRST || names.contains(&name);
        let mut verdicts = Vec::new();
        for (name, check) in CHECKS.into_iter().filter(|(name, _)| is_meant(name)) {
            let verdict = self.judge(name, check);
            let why = reason(&verdict).map(|why| format!(": {why}")).unwrap_or_default();
            println!("{} {name}: {}{why}", self.program.name, word(&verdict));
            let has_failed = matches!(verdict, Err(Shortfall::Failed(_)));
            verdicts.push((name, verdict));
            if has_failed {
                self.keep(name);
                if name == FIRST {
                    break;
                }
                self.start_again();
            }
        }
        verdicts
    }

    fn judge(&self, name: &str, check: Check) -> Verdict {
        let without = self.program.without.iter().find(|(check, _)| *check == name);
        if let Some((_, why)) = without {
            return Err(Shortfall::Impossible((*why).to_owned()));
        }
        check(self)
    }

    /// Keeps what can be known of a failure.
    fn keep(&self, name: &str) {
        let place = &self.place;
        let ask = |args: &[&str]| place.agency(args).unwrap_or_else(|problem| problem);
        let model = format!("{:#?}", place.model().log().last_words());
        let parts =
            [place.screen(), model, ask(&["explain", AGENT]), ask(&["messages"]), ask(&["log"])];
        let path = place.root().join("failures").join(format!("{name}.txt"));
        let _ = std::fs::write(path, parts.join("\n-----\n"));
    }

    fn start_again(&self) {
        let _ = self.place.agency(&["restart", AGENCY]);
        let _ = self.place.wait_for_state(&["idle"], START);
    }

    /// Waits until the agent can take something.
    pub fn settle(&self) -> Verdict {
        self.place.wait_for_state(&["idle"], SOON)?;
        Ok(())
    }
}
