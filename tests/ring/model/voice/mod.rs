//! The protocols: how each is read, spoken and refused in.
//!
//! A voice makes the text of server-sent events; it never touches the network. What it said it also keeps,
//! for programs that want the answer in one piece.

mod anthropic;
mod chat;
mod gemini;
mod responses;

use serde_json::{Value, json};

use super::ask::Ask;
use super::http::Request;

/// What a program speaks to its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Anthropic Messages.
    Anthropic,
    /// OpenAI Responses.
    Responses,
    /// OpenAI Chat Completions.
    Chat,
    /// Gemini's generateContent.
    Gemini,
}

/// One answer being spoken.
pub trait Voice {
    /// Events that begin it.
    fn begin(&mut self) -> String;
    /// Events for more words.
    fn say(&mut self, words: &str) -> String;
    /// Events for a call of a tool.
    fn call(&mut self, tool: &str, arguments: &Value) -> String;
    /// Events that end it.
    fn end(&mut self) -> String;
    /// The answer in one piece.
    fn whole(&self) -> Value;
}

impl Protocol {
    /// The protocol of a request; none if it is not for a model.
    pub fn of(request: &Request) -> Option<Self> {
        let path = request.path.as_str();
        if request.method != "POST" {
            return None;
        }
        [
            ("/messages", Self::Anthropic),
            ("/responses", Self::Responses),
            ("/chat/completions", Self::Chat),
            (":generateContent", Self::Gemini),
            (":streamGenerateContent", Self::Gemini),
        ]
        .into_iter()
        .find_map(|(end, protocol)| path.ends_with(end).then_some(protocol))
    }

    /// What was asked.
    pub fn read(self, request: &Request, body: &Value) -> Ask {
        let mut ask = match self {
            Self::Anthropic => anthropic::read(body),
            Self::Responses => responses::read(body),
            Self::Chat => chat::read(body),
            Self::Gemini => gemini::read(body),
        };
        if self == Self::Gemini {
            let name = request.path.rsplit('/').next().and_then(|name| name.split(':').next());
            ask.model = name.unwrap_or_default().to_owned();
            ask.streamed = request.path.ends_with(":streamGenerateContent");
        } else {
            ask.model = body["model"].as_str().unwrap_or_default().to_owned();
            ask.streamed = body["stream"].as_bool().unwrap_or(false);
        }
        ask
    }

    /// A voice for one answer.
    pub fn voice(self, model: &str) -> Box<dyn Voice> {
        let model = model.to_owned();
        match self {
            Self::Anthropic => Box::new(anthropic::Anthropic::new(model)),
            Self::Responses => Box::new(responses::Responses::new(model)),
            Self::Chat => Box::new(chat::Chat::new(model)),
            Self::Gemini => Box::new(gemini::Gemini::new(model)),
        }
    }

    /// The body of a refusal.
    pub fn refusal(self, status: u16, message: &str, seconds: Option<u64>) -> Value {
        let limited = status == 429;
        match self {
            Self::Anthropic => {
                let kind = if limited { "rate_limit_error" } else { "invalid_request_error" };
                json!({ "type": "error", "error": { "type": kind, "message": message } })
            }
            Self::Gemini => gemini::refusal(status, message, seconds),
            Self::Responses | Self::Chat => {
                let kind = if limited { "rate_limit_exceeded" } else { "invalid_request_error" };
                json!({ "error": { "type": kind, "code": kind, "message": message, "param": null } })
            }
        }
    }
}

/// What was said so far.
#[derive(Default)]
struct Spoken {
    model: String,
    id: String,
    text: String,
    calls: Vec<Called>,
}

/// A tool that was called.
struct Called {
    id: String,
    tool: String,
    arguments: Value,
}

impl Spoken {
    fn new(model: String) -> Self {
        Self { model, id: unique(), ..Self::default() }
    }

    fn add_call(&mut self, tool: &str, arguments: &Value) -> &Called {
        let called = Called { id: unique(), tool: tool.to_owned(), arguments: arguments.clone() };
        self.calls.push(called);
        &self.calls[self.calls.len() - 1]
    }
}

/// A part of an identifier: programs take two calls with one identifier for one.
fn unique() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

/// An event with a name of its own.
fn named(name: &str, value: &Value) -> String {
    format!("event: {name}\ndata: {value}\n\n")
}

/// An event without a name.
fn plain(value: &Value) -> String {
    format!("data: {value}\n\n")
}
