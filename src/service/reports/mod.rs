//! Reports: what an agent's program tells through `agency hook EVENT`, on its way to the engine.
//!
//! The program's JSON is data of others: it is pruned before it is sent and read with the rules of the
//! agent's runtime. `send` gives it to the supervisor in the time that a hook has, `kept` takes in what was
//! told while none ran.

pub mod kept;
pub mod send;

use jiff::Zoned;
use serde_json::{Map, Value};

use crate::domain::name::AgentAddress;
use crate::domain::runtime::report::Told;
use crate::engine::state::State;
use crate::service::programs::Programs;

/// How much of a report is sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Bytes of a text in it.
    pub text: usize,
    /// Bytes of all of it.
    pub whole: usize,
}

impl Measure {
    /// To a supervisor that listens.
    pub const SENT: Self = Self { text: 8 * 1024, whole: 64 * 1024 };
    /// For one that comes up later: several of them have to fit.
    pub const KEPT: Self = Self { text: 2 * 1024, whole: 8 * 1024 };
}

/// Objects and lists within each other that are sent on; rules name fields further up.
const DEPTH: usize = 4;

/// Shortest text that pruning leaves; what is then still too much is dropped.
const LEAST_TEXT: usize = 64;

/// What a report tells, read with the rules of the agent's runtime.
pub fn told(
    programs: &Programs,
    state: &State,
    agent: &AgentAddress,
    event: &str,
    payload: &str,
    now: &Zoned,
) -> Told {
    let runtime = state.sessions.definition(agent).map(|definition| definition.runtime.as_str());
    let described = runtime.and_then(|name| programs.require_described(name).ok());
    let body: Value = serde_json::from_str(payload).unwrap_or_default();
    match described {
        Some((_, description)) => description.report.read(event, &body, now),
        None => Told { rule: event.to_owned(), ..Told::default() },
    }
}

/// A report as it is sent: texts cut, what is too deep left out, and never more than `measure.whole` bytes.
/// What is not JSON is nothing.
pub fn prune(report: &[u8], measure: Measure) -> String {
    let report: Value = serde_json::from_slice(report).unwrap_or_default();
    let mut text = measure.text;
    loop {
        let pruned = pruned(&report, text, DEPTH).to_string();
        if pruned.len() <= measure.whole {
            return pruned;
        }
        if text <= LEAST_TEXT {
            return Value::Null.to_string();
        }
        text /= 2;
    }
}

fn pruned(value: &Value, text: usize, depth: usize) -> Value {
    match value {
        Value::String(whole) => Value::String(start_of(whole, text).to_owned()),
        Value::Array(_) | Value::Object(_) if depth == 0 => Value::Null,
        Value::Array(items) => items.iter().map(|item| pruned(item, text, depth - 1)).collect(),
        Value::Object(fields) => {
            let field = |(key, item): (&String, &Value)| {
                (start_of(key, text).to_owned(), pruned(item, text, depth - 1))
            };
            Value::Object(fields.iter().map(field).collect::<Map<_, _>>())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn start_of(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
