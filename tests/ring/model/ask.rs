//! What a program asked, the same for every protocol: system texts, turns, tools.
//!
//! Texts are kept as they came, byte for byte; nothing is trimmed or joined.

use serde::Serialize;
use serde_json::Value;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person, or a tool's result.
    User,
    /// The model.
    Assistant,
    /// The program.
    System,
}

/// A piece of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "text")]
pub enum Part {
    /// Words.
    Text(String),
    /// A tool was called.
    Call(String),
    /// A tool's result.
    Result(String),
}

/// A tool that the program offers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// The JSON schema of its arguments.
    #[serde(skip)]
    pub schema: Value,
}

/// A request to the model.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Ask {
    /// The model's name.
    pub model: String,
    /// The conversation in order.
    pub turns: Vec<(Role, Part)>,
    /// What it may call.
    pub tools: Vec<Tool>,
    /// The answer is wanted as a stream.
    pub streamed: bool,
    /// The JSON schema that the answer must follow.
    #[serde(skip)]
    pub wanted: Option<Value>,
}

/// How the text of a program's own begins that it puts among the user's.
const REMINDERS: [&str; 2] = ["<system-reminder>", "<environment_context>"];

impl Ask {
    /// Adds a text, if there is one.
    pub fn text(&mut self, role: Role, text: &Value) {
        if let Some(text) = text.as_str() {
            self.turns.push((role, Part::Text(text.to_owned())));
        }
    }

    /// Texts of one role.
    pub fn texts(&self, role: Role) -> impl Iterator<Item = &str> {
        self.turns.iter().filter_map(move |(who, part)| match part {
            Part::Text(text) if *who == role => Some(text.as_str()),
            _ => None,
        })
    }

    /// What the person said last; none once a tool has answered to it.
    pub fn last_words(&self) -> Option<&str> {
        self.turns.iter().rev().find_map(|(role, part)| match part {
            Part::Result(_) => Some(None),
            Part::Text(text) if *role == Role::User && !is_reminder(text) => Some(Some(&**text)),
            _ => None,
        })?
    }

    /// Asked beside the conversation: a title, a summary, a choice. Those offer no tools, and either
    /// want a form or no stream, or say in their own words that a title or summary is wanted.
    pub fn is_aside(&self) -> bool {
        let says = |word: &str| self.texts(Role::System).any(|text| text.contains(word));
        self.tools.is_empty()
            && (self.wanted.is_some() || !self.streamed || says("title") || says("summar"))
    }
}

fn is_reminder(text: &str) -> bool {
    REMINDERS.iter().any(|begin| text.trim_start().starts_with(begin))
}
