//! Reports: what a program tells through `agency hook EVENT`, and which state that is.
//!
//! The report is the program's own JSON: data, of which only the named fields are read. The first
//! rule whose name and fields match counts; a report without one is noted and changes no state.

use std::collections::BTreeMap;

use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::agency::AgentState;
use crate::domain::runtime::pattern::Pattern;
use crate::domain::runtime::until::until;
use crate::domain::text::to_line;

/// How a program's reports are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Dotted path of the field with the conversation's id.
    pub conversation: Option<String>,
    /// Dotted path of the field with the text a turn began with.
    pub prompt: Option<String>,
    /// Which report tells which state.
    pub events: Vec<EventRule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRule {
    /// The report's name.
    pub name: String,
    /// What fields must match, by dotted path.
    pub when: BTreeMap<String, Pattern>,
    /// The state it tells; none: it tells no state.
    pub state: Option<AgentState>,
    /// Dotted path of the field that says why.
    pub reason: Option<String>,
    /// Where a limit says when it is over: a field and a pattern.
    pub until: Option<(String, Pattern)>,
}

/// What a report tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Its name, with the fields that decided.
    pub rule: String,
    /// The state.
    pub state: Option<AgentState>,
    /// Why, in one line.
    pub reason: Option<String>,
    /// When a limit is over.
    pub until: Option<Timestamp>,
    /// The conversation it belongs to.
    pub conversation: Option<String>,
    /// The text with which a turn began.
    pub prompt: Option<String>,
}

/// Longest reason, in characters.
const REASON: usize = 200;
/// Longest id of a conversation, in bytes: it becomes an argument of a program.
const CONVERSATION: usize = 128;

impl Report {
    /// Whether it tells with which text a turn began.
    pub fn confirms(&self) -> bool {
        self.prompt.is_some()
    }

    /// Reads a report.
    pub fn read(&self, name: &str, body: &Value, now: &Zoned) -> Told {
        let rule = self.events.iter().find(|rule| rule.name == name && rule.matches(body));
        let field = |path: &Option<String>| path.as_deref().and_then(|path| text_at(body, path));
        let mut told = Told {
            rule: name.to_owned(),
            conversation: field(&self.conversation).filter(|id| is_plain_id(id)),
            prompt: field(&self.prompt),
            ..Told::default()
        };
        if let Some(rule) = rule {
            told.rule = rule.title(body);
            told.state = rule.state;
            told.reason = field(&rule.reason).map(|text| to_line(&text, REASON));
            told.until = rule
                .until
                .as_ref()
                .and_then(|(path, pattern)| until(pattern, &text_at(body, path)?, now));
        }
        told
    }
}

impl EventRule {
    fn matches(&self, body: &Value) -> bool {
        let is_so = |(path, pattern): (&String, &Pattern)| {
            text_at(body, path).is_some_and(|text| pattern.is_in(&text))
        };
        self.when.iter().all(is_so)
    }

    fn title(&self, body: &Value) -> String {
        let fields: Vec<String> = self
            .when
            .keys()
            .filter_map(|path| text_at(body, path))
            .map(|text| to_line(&text, 40))
            .collect();
        if fields.is_empty() {
            self.name.clone()
        } else {
            format!("{} ({})", self.name, fields.join(", "))
        }
    }
}

/// An id that can be an argument and a part of a path: no report can smuggle an option or a place in.
fn is_plain_id(id: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=CONVERSATION).contains(&id.len())
        && id.chars().all(is_plain)
        && id.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// The text, number or truth value at a dotted path.
fn text_at(body: &Value, path: &str) -> Option<String> {
    let mut value = body;
    for key in path.split('.') {
        value = value.get(key)?;
    }
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report() -> Report {
        let rule = |name: &str, when: &[(&str, &str)], state| EventRule {
            name: name.to_owned(),
            when: when
                .iter()
                .map(|(path, text)| ((*path).to_owned(), Pattern::parse(text).expect("a pattern")))
                .collect(),
            state,
            reason: Some("message".to_owned()),
            until: None,
        };
        Report {
            conversation: Some("session.id".to_owned()),
            prompt: Some("prompt".to_owned()),
            events: vec![
                rule("Notification", &[("kind", "^permission")], Some(AgentState::Permission)),
                rule("Notification", &[], None),
                rule("Stop", &[], Some(AgentState::Idle)),
            ],
        }
    }

    fn read(name: &str, body: &Value) -> Told {
        report().read(name, body, &"2026-03-04T13:00:00+00:00[UTC]".parse().expect("a time"))
    }

    #[test]
    fn the_first_rule_with_its_fields_counts() {
        let asks = json!({ "kind": "permission_prompt", "message": "may I\nrun it?", "session": { "id": "a-1" } });
        let told = read("Notification", &asks);
        assert_eq!(told.state, Some(AgentState::Permission));
        assert_eq!(told.rule, "Notification (permission_prompt)");
        assert_eq!(told.reason.as_deref(), Some("may I run it?"));
        assert_eq!(told.conversation.as_deref(), Some("a-1"));
        assert_eq!(read("Notification", &json!({ "kind": "idle" })).state, None);
        assert_eq!(read("Stop", &json!(null)).state, Some(AgentState::Idle));
        assert_eq!(read("Unheard", &json!({ "prompt": "do it" })).prompt.as_deref(), Some("do it"));
    }

    #[test]
    fn an_id_that_could_be_an_option_or_a_path_is_no_id() {
        for id in ["--resume", "../x", "a b", "", "a;b", "a\nb", &"x".repeat(200)] {
            assert_eq!(
                read("Stop", &json!({ "session": { "id": id } })).conversation,
                None,
                "{id}"
            );
        }
    }
}
