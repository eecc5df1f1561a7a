//! Why a text is not a message: every field that is wrong, each with its place in the text.
//!
//! The checks know ways (`body`, `test_results`, `passed`); the place of a way is looked up only when
//! something is wrong, so that a good message is read once.

use crate::domain::message::Place;
use crate::domain::protocol::{Fault, Part, ShapeError};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::text::to_line;
use crate::manifest::tree::{self, Node, NodeValue};

/// Longest refusal of one field, in characters: whatever was sent, it is shown in a line.
const MAX_REFUSAL: usize = 240;

/// Fields that are named at once: whoever wrote that many wrong looks at the schema.
const MAX_SHOWN: usize = 4;

/// Why a text is not a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageProblem {
    /// `not_json`, `too_deep`, `not_an_object`, `missing_field`, `invalid` or `unsupported_version`.
    pub code: &'static str,
    /// One fragment, without the place.
    pub message: String,
    /// The field that is wrong, if one is; of several the first: `test_results.passed`.
    pub field: Option<String>,
    /// Where it stands; none: nowhere, it is missing, or it is the whole text.
    pub place: Option<Place>,
    /// The type, where it is the shape of it that the message does not have.
    pub kind: Option<String>,
}

impl std::error::Error for MessageProblem {}

impl std::fmt::Display for MessageProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&placed(self.place, &self.message))
    }
}

fn placed(place: Option<Place>, message: &str) -> String {
    match place {
        Some(Place { line, column }) => format!("line {line}, column {column}: {message}"),
        None => message.to_owned(),
    }
}

impl From<MessageProblem> for Refusal {
    fn from(problem: MessageProblem) -> Self {
        let hint = match &problem.kind {
            Some(kind) => format!("see what it takes: agency schema message {kind}"),
            None => "send plain text, or an object like `{\"type\": \"status\", \"body\": \"…\"}`"
                .to_owned(),
        };
        Self::new(RefusalKind::Usage, problem.code, problem.to_string()).with_hint(hint)
    }
}

/// What is wrong, before it is known where that stands: at least one fault.
#[derive(Debug)]
pub struct Wrong {
    code: &'static str,
    faults: Vec<Fault>,
    /// The way from the message to what the faults begin at.
    within: Vec<Part>,
    kind: Option<String>,
}

impl Wrong {
    /// A field that should be there.
    pub fn missing(field: &str, message: impl Into<String>) -> Self {
        Self::one("invalid", field, true, message.into())
    }

    /// A field that is not as it should be.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::one("invalid", field, false, message.into())
    }

    /// A message of a later version of the protocol.
    pub fn too_new(message: impl Into<String>) -> Self {
        Self::one("unsupported_version", "version", false, message.into())
    }

    fn one(code: &'static str, field: &str, is_missing: bool, message: String) -> Self {
        let path = vec![Part::Key(field.to_owned())];
        let message = to_line(&message, MAX_REFUSAL);
        Self {
            code,
            faults: vec![Fault { path, is_missing, message }],
            within: Vec::new(),
            kind: None,
        }
    }

    /// Fields that do not have the shape of their type.
    pub fn shape(error: ShapeError, within: Vec<Part>) -> Self {
        Self { code: "invalid", faults: error.faults, within, kind: Some(error.kind) }
    }

    /// With the places, in the order of the text.
    pub fn in_text(self, text: &str) -> MessageProblem {
        let tree = tree::from_json("", text).ok();
        let place = |fault: &Fault| {
            let way: Vec<&Part> = self.within.iter().chain(&fault.path).collect();
            place_of(text, tree.as_ref()?, &way, fault.is_missing)
        };
        let mut faults: Vec<(Option<Place>, &Fault)> =
            self.faults.iter().map(|fault| (place(fault), fault)).collect();
        faults.sort_by_key(|(place, _)| *place);
        let (place, field) = match faults.first() {
            Some((place, fault)) => (*place, Some(fault.field()).filter(|field| !field.is_empty())),
            None => (None, None),
        };
        let rest = faults.iter().skip(1).map(|(place, fault)| placed(*place, &fault.message));
        let first = faults.first().map(|(_, fault)| fault.message.clone());
        let message: Vec<String> = first.into_iter().chain(rest).take(MAX_SHOWN).collect();
        let message = to_line(&message.join("; "), MAX_REFUSAL * MAX_SHOWN);
        let is_missing = faults.first().is_some_and(|(_, fault)| fault.is_missing);
        let code = if is_missing { "missing_field" } else { self.code };
        MessageProblem { code, message, field, place, kind: self.kind }
    }
}

/// Where a way ends; what is missing stands where the object begins that lacks it, and nowhere if
/// that is the whole message.
fn place_of(text: &str, tree: &Node, way: &[&Part], is_missing: bool) -> Option<Place> {
    let way = if is_missing { way.split_last().map_or(way, |(_, parent)| parent) } else { way };
    if is_missing && way.is_empty() {
        return None;
    }
    let node = way.iter().try_fold(tree, |node, part| step(node, part))?;
    let (line, column) = tree::place(text, node.at);
    Some(Place { line, column })
}

fn step<'n>(node: &'n Node, part: &Part) -> Option<&'n Node> {
    match (&node.value, part) {
        (NodeValue::Table(entries), Part::Key(key)) => {
            entries.iter().find(|entry| entry.key == *key).map(|entry| &entry.node)
        }
        (NodeValue::List(items), Part::Index(number)) => items.get(*number),
        _ => None,
    }
}
