//! The script of a rehearsal agent: what it does when which message comes.
//!
//! The file lies in the agency's own folder, `agencies/A/rehearsal/<agent>.toml`; only the operator
//! writes it. Nothing of a message can get into a step but its task id, and that only where the
//! script says `{task}`. Every problem is reported at once. Start reading at [`RehearsalScript`].

mod fields;
mod read_step;
mod step;

use std::collections::BTreeSet;
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use crate::domain::message::MessageType;
use crate::manifest::problem::{Problem, Problems};

use fields::{Fields, Reading};
pub use step::{Expect, Misbehaviour, NewTask, Step, TaskRef};

/// A whole script, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct RehearsalScript {
    /// Pause between two steps, so that a person can follow; zero in tests.
    pub pace: Duration,
    /// In file order: the first that fits a message and is not used up is taken.
    pub entries: Vec<Entry>,
}

/// What is done about one kind of message.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The type of message it is for.
    pub kind: MessageType,
    /// Text that the body's JSON text holds; none: any body.
    pub contains: Option<String>,
    /// The sender, an agency or an address; none: anyone.
    pub from: Option<String>,
    /// The steps are taken when so many fitting messages have come, from 1.
    pub count: u32,
    /// How often the steps are taken; none: without end.
    pub times: Option<u32>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// An hour: a slower pace is a mistake in units.
const LONGEST_MS: u32 = 3_600_000;

impl RehearsalScript {
    /// Reads a script; `file` is only used in messages.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problems> {
        let (document, faults) = DeTable::parse_recoverable(text);
        let mut reading = Reading::new(text, names(document.get_ref()));
        for fault in &faults {
            reading.report(fault.span(), "", fault.message().to_owned());
        }
        let script = match faults.is_empty() {
            true => Some(read_script(&mut reading, document.get_ref())),
            false => None,
        };
        let problems = reading.into_problems();
        match script {
            Some(script) if problems.is_empty() => Ok(script),
            Some(_) | None => Err(Problems { file: file.to_owned(), problems }),
        }
    }
}

/// The names that the script gives to tasks with `as`.
fn names(document: &DeTable<'_>) -> BTreeSet<String> {
    let entries = document.get("on").and_then(|on| on.get_ref().as_array());
    let entries = entries.into_iter().flat_map(|entries| entries.iter());
    entries
        .filter_map(|entry| entry.get_ref().get("steps"))
        .filter_map(|steps| steps.get_ref().as_array())
        .flat_map(|steps| steps.iter())
        .filter_map(|step| step.get_ref().get("as"))
        .filter_map(|name| name.get_ref().as_str().map(str::to_owned))
        .collect()
}

fn read_script(reading: &mut Reading<'_>, document: &DeTable<'_>) -> RehearsalScript {
    let fields = Fields::root(reading, document, &["pace_ms", "on"]);
    let pace = fields.number(reading, "pace_ms", 0..=LONGEST_MS).unwrap_or(0);
    let entries = fields.list(reading, "on", entry);
    RehearsalScript { pace: Duration::from_millis(u64::from(pace)), entries }
}

fn entry(
    reading: &mut Reading<'_>,
    path: &str,
    value: &toml::Spanned<DeValue<'_>>,
) -> Option<Entry> {
    let accepted = ["type", "contains", "from", "count", "times", "steps"];
    let fields = Fields::open(reading, path, value, &accepted)?;
    let kind = fields.require_text(reading, "type").and_then(|word| {
        MessageType::parse(&word)
            .map_err(|error| fields.report(reading, "type", error.to_string()))
            .ok()
    });
    let steps = fields.list(reading, "steps", read_step::read);
    Some(Entry {
        contains: fields.text(reading, "contains"),
        from: fields.text(reading, "from"),
        count: fields.number(reading, "count", 1..=u32::MAX).unwrap_or(1),
        times: fields.number(reading, "times", 1..=u32::MAX),
        kind: kind?,
        steps,
    })
}

/// A problem at a byte range of the text.
fn problem_at(
    text: &str,
    span: Option<std::ops::Range<usize>>,
    field: &str,
    message: String,
) -> Problem {
    let before = span.and_then(|span| text.get(..span.start.min(text.len())));
    let line = before.map(|before| before.matches('\n').count() + 1);
    let column = before.map(|before| before.rsplit('\n').next().unwrap_or("").chars().count() + 1);
    Problem { line, column, field: field.to_owned(), message }
}

#[cfg(test)]
mod tests;
