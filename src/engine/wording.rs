//! The words that agents get to see: fenced, named by their sender, never longer than a pane takes.
//!
//! What another agent said is data: each of its lines is marked, so that none can pass for a
//! header, and none begins with a character that an agent program takes for a command.

use serde_json::Value;
use uuid::Uuid;

use crate::domain::id::{MessageId, SpawnId};
use crate::domain::message::{MAX_PANE_BYTES, MAX_PANE_LINES, Message};
use crate::domain::runtime::InputLine;
use crate::domain::text::{to_line, to_plain};

/// What a header begins with.
pub const MARK: &str = "[agency]";

/// What is typed for a message: a header, then the body's lines marked with `| `, or where to read it.
pub fn pane_text(message: &Message) -> String {
    let mut text = format!("{MARK} {} from {}, message {}", message.kind, message.from, message.id);
    if let Some(task) = &message.task {
        text.push_str(&format!(", {}", to_line(task, 80)));
    }
    if !message.verified {
        text.push_str(" (unverified sender)");
    }
    let body = to_plain(&body_text(&message.body));
    let lines: Vec<&str> = body.lines().collect();
    if body.len() > MAX_PANE_BYTES || lines.len() > MAX_PANE_LINES {
        let size = format!("{} lines, {} bytes", lines.len(), body.len());
        text.push_str(&format!("\n| {size}: read it with: agency inbox"));
        return text;
    }
    for line in lines {
        text.push_str("\n| ");
        text.push_str(line);
    }
    text
}

/// What is typed into an input line: all of it where several lines are taken as one text, else in one line.
pub fn text_for(line: &InputLine, message: &Message) -> String {
    let text = pane_text(message);
    if line.multiline { text } else { to_line(&text, usize::MAX) }
}

/// The part of a message's text that is unique to it and short enough not to be cut on a screen.
pub fn token(id: MessageId) -> String {
    id.to_string()
}

/// The hint about messages that may not have arrived, and its token.
pub fn nudge(count: usize, spawn: SpawnId, shown: u32) -> (String, String) {
    let token = format!("{}-{shown}", short(spawn));
    let what = if count == 1 { "1 message".to_owned() } else { format!("{count} messages") };
    let text = format!("{MARK} {what} may not have reached you; read with: agency inbox ({token})");
    (text, token)
}

/// The first eight digits of an id's random part.
fn short(id: Uuid) -> String {
    id.simple().to_string().chars().skip(24).collect()
}

/// A body as text: a string as it is, an object as JSON.
pub fn body_text(body: &Value) -> String {
    match body {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            serde_json::to_string_pretty(body).unwrap_or_default()
        }
    }
}

/// A body in one line, for logs and lists.
pub fn body_line(body: &Value) -> String {
    match body {
        Value::String(text) => to_line(text, 200),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            to_line(&body.to_string(), 200)
        }
    }
}

/// A multi-line text of the workbench's own, each part on its line, empty ones left out.
pub fn paragraphs(parts: &[(&str, String)]) -> String {
    let filled = parts.iter().filter(|(_, text)| !text.trim().is_empty());
    let lines = filled.map(|(label, text)| match *label {
        "" => text.clone(),
        label => format!("{label}: {text}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}
