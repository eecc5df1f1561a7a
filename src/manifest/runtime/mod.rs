//! `templates/runtimes/NAME.toml`: an agent program, described.
//!
//! The file is data for [`crate::domain::runtime::description`]; whether the program is installed is not looked at
//! here. A pattern, a document or a placeholder that cannot be used is a problem with its line, and a
//! file with a problem is refused whole. `input` reads the input line, `rules` what tells a state, `own` the
//! runtimes of `agency.toml`.

use std::collections::BTreeMap;

use crate::domain::runtime::description::{
    Channel, ChannelKind, Conversation, Description, FileBody, Stop, StopSignal, Verified,
};
use crate::domain::runtime::fill;
use crate::domain::runtime::pattern::Pattern;
use crate::manifest::fields::{Fields, Notes, text_of};
use crate::manifest::problem::Problems;
use crate::manifest::tree::{self, Node, NodeValue};

pub mod input;
pub mod own;
mod rules;

/// Longest grace of a program that is asked to end, in milliseconds: who closes an agency waits for it.
const MAX_GRACE_MS: i64 = 60_000;

/// What can be verified of a runtime, in the order in which it is seen.
pub const CHECKS: [&str; 12] = [
    "start",
    "briefing",
    "message",
    "turn",
    "tools",
    "permission",
    "typing",
    "interrupt",
    "limit",
    "crash",
    "resume",
    "together",
];

/// Reads a description; `file` is its name for messages.
pub fn parse(file: &str, text: &str) -> Result<Description, Problems> {
    let root = tree::from_toml(file, text)?;
    let mut notes = Notes::new(file, text);
    let description = Fields::of(&root, "", &mut notes).map(|fields| described(fields, &mut notes));
    notes.finish(description)
}

fn described(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> Description {
    let title = required(&mut fields, "title", notes);
    let (start, first_prompt, conversation) = start(&mut fields, notes);
    let stop = fields.table("stop", notes).map(|fields| stop(fields, notes));
    let description = Description {
        title,
        command: words(&mut fields, "command", notes),
        version: words(&mut fields, "version", notes),
        start,
        first_prompt,
        conversation,
        resume: fields.table("resume", notes).map(|mut fields| {
            let arguments = words(&mut fields, "arguments", notes);
            fields.finish(notes);
            arguments
        }),
        environment: environment(&mut fields, notes),
        files: files(&mut fields, notes),
        input_line: fields.table("input_line", notes).and_then(|f| input::read(f, notes)),
        report: fields.table("report", notes).map(|f| rules::report(f, notes)).unwrap_or_default(),
        screens: rules::screens(&mut fields, notes),
        channel: fields.table("channel", notes).and_then(|f| channel(f, notes)),
        has_tools: fields.flag("tools", notes).unwrap_or(false),
        interrupts: fields.flag("interrupts", notes).unwrap_or(false),
        stop: stop.unwrap_or_default(),
        verified: verified(&mut fields, notes),
    };
    fields.finish(notes);
    description
}

/// A text that must be there.
fn required(fields: &mut Fields<'_>, key: &'static str, notes: &mut Notes<'_>) -> String {
    let text = fields.text(key, notes).map(|(_, text)| text);
    if text.is_none() && fields.node(key).is_none() {
        let path = fields.path_of(key);
        notes.add(Some(fields.at()), &path, "is missing");
    }
    text.unwrap_or_default()
}

/// A list of words that may hold placeholders; a word may be empty.
fn words(fields: &mut Fields<'_>, key: &'static str, notes: &mut Notes<'_>) -> Vec<String> {
    let items = fields.list(key, notes);
    let word = |(path, node): (String, &Node)| match &node.value {
        NodeValue::Text(text) if text.is_empty() => Some(String::new()),
        _ => text_of(node, &path, notes).map(|text| filled(text, node.at, &path, notes)),
    };
    items.into_iter().filter_map(word).collect()
}

/// A text with placeholders, each of them known.
fn filled(text: &str, at: usize, path: &str, notes: &mut Notes<'_>) -> String {
    for word in fill::unknown(text) {
        let known = crate::manifest::fields::choices(&word, &fill::WORDS);
        notes.add(Some(at), path, format!("`{{{word}}}` cannot be filled in; {known}"));
    }
    text.to_owned()
}

/// A pattern; one that does not compile is a problem.
fn pattern(text: &str, at: usize, path: &str, notes: &mut Notes<'_>) -> Option<Pattern> {
    let parsed = Pattern::parse(text);
    if let Err(problem) = &parsed {
        notes.add(Some(at), path, format!("`{text}` is no pattern: {problem}"));
    }
    parsed.ok()
}

/// A list of patterns.
fn patterns(fields: &mut Fields<'_>, key: &'static str, notes: &mut Notes<'_>) -> Vec<Pattern> {
    let path = fields.path_of(key);
    let texts = fields.texts(key, notes);
    texts.into_iter().filter_map(|(at, text)| pattern(&text, at, &path, notes)).collect()
}

fn start(
    fields: &mut Fields<'_>,
    notes: &mut Notes<'_>,
) -> (Vec<String>, Vec<String>, Conversation) {
    let Some(mut start) = fields.table("start", notes) else {
        return (Vec::new(), Vec::new(), Conversation::None);
    };
    let arguments = words(&mut start, "arguments", notes);
    let first_prompt = words(&mut start, "first_prompt", notes);
    let conversation = match start.word("conversation", &["chosen", "reported", "none"], notes) {
        Some("chosen") => Conversation::Chosen,
        Some("reported") => Conversation::Reported,
        _ => Conversation::None,
    };
    start.finish(notes);
    (arguments, first_prompt, conversation)
}

fn environment(fields: &mut Fields<'_>, notes: &mut Notes<'_>) -> BTreeMap<String, String> {
    let path = fields.path_of("environment");
    let Some(node) = fields.node("environment") else { return BTreeMap::new() };
    let Some(table) = Fields::of(node, &path, notes) else { return BTreeMap::new() };
    let mut variables = BTreeMap::new();
    for entry in table.entries() {
        let path = table.path_of(&entry.key);
        if entry.key.contains('=') || entry.key.starts_with("AGENCY_") {
            notes.add(Some(entry.at), &path, "cannot be the name of a variable here");
        }
        let value = match &entry.node.value {
            NodeValue::Text(text) if text.is_empty() => Some(String::new()),
            _ => text_of(&entry.node, &path, notes)
                .map(|text| filled(text, entry.node.at, &path, notes)),
        };
        variables.extend(value.map(|value| (entry.key.clone(), value)));
    }
    variables
}

fn files(fields: &mut Fields<'_>, notes: &mut Notes<'_>) -> BTreeMap<String, FileBody> {
    let Some(node) = fields.node("files") else { return BTreeMap::new() };
    let Some(table) = Fields::of(node, "files", notes) else { return BTreeMap::new() };
    let mut files = BTreeMap::new();
    for entry in table.entries() {
        let path = table.path_of(&entry.key);
        if !is_plain_name(&entry.key) {
            let message = "is not a plain file name; use letters, digits, `-`, `_` and `.`";
            notes.add(Some(entry.at), &path, message);
        }
        let body = Fields::of(&entry.node, &path, notes).and_then(|f| file(f, notes));
        files.extend(body.map(|body| (entry.key.clone(), body)));
    }
    files
}

fn file(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> Option<FileBody> {
    let (json_path, text_path) = (fields.path_of("json"), fields.path_of("text"));
    let json = fields.text("json", notes);
    let text = fields.text("text", notes);
    let at = fields.at();
    fields.finish(notes);
    match (json, text) {
        (Some((at, json)), None) => {
            let json = filled(&json, at, &json_path, notes);
            document(&json, at, &json_path, notes).map(FileBody::Json)
        }
        (None, Some((at, text))) => Some(FileBody::Text(filled(&text, at, &text_path, notes))),
        _ => {
            notes.add(Some(at), &json_path, "write either `json` or `text`");
            None
        }
    }
}

fn document(text: &str, at: usize, path: &str, notes: &mut Notes<'_>) -> Option<serde_json::Value> {
    let parsed = serde_json::from_str(text);
    if let Err(error) = &parsed {
        let what = tree::without_place(error);
        let message = format!("is not JSON: {what} (its line {})", error.line());
        notes.add(Some(at), path, message);
    }
    parsed.ok()
}

fn channel(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> Option<Channel> {
    let kind = fields.word("kind", &["command", "http", "file", "hook"], notes);
    let command = words(&mut fields, "command", notes);
    let path = fields.text("path", notes);
    let body_path = fields.path_of("json");
    let body = fields.text("json", notes).and_then(|(at, text)| {
        let text = filled(&text, at, &body_path, notes);
        document(&text, at, &body_path, notes)
    });
    let user = fields.text("user", notes).map(|(_, user)| user);
    let states = rules::states(&mut fields, "states", notes);
    let at = fields.at();
    let kind = match (kind, path, body) {
        (Some("command"), _, _) if !command.is_empty() => ChannelKind::Command(command),
        (Some("http"), Some((_, path)), Some(body)) => ChannelKind::Http { path, body, user },
        (Some("file"), Some((at, path)), Some(line)) => {
            ChannelKind::File { name: own_file(&path, at, notes)?, line }
        }
        (Some("hook"), _, _) => ChannelKind::Hook,
        (Some(kind), _, _) => {
            let missing = if kind == "command" { "`command`" } else { "`path` and `json`" };
            notes.add(Some(at), "channel", format!("a channel by {kind} needs {missing}"));
            return None;
        }
        (None, _, _) => return None,
    };
    fields.finish(notes);
    Some(Channel { kind, states })
}

/// The name of a file of the life's own folder, from its path.
fn own_file(path: &str, at: usize, notes: &mut Notes<'_>) -> Option<String> {
    let name = path.strip_prefix("{files}/").filter(|name| is_plain_name(name));
    if name.is_none() {
        let message = format!("`{path}` is not accepted; write `{{files}}/` and a plain file name");
        notes.add(Some(at), "channel.path", message);
    }
    name.map(str::to_owned)
}

/// Whether a name is one plain step of a path.
fn is_plain_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.chars().all(is_plain) && !name.starts_with('.')
}

fn stop(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> Stop {
    let signal = match fields.word("signal", &["HUP", "INT", "TERM"], notes) {
        Some("INT") => StopSignal::Interrupt,
        Some("TERM") => StopSignal::Terminate,
        _ => StopSignal::Hangup,
    };
    let grace = fields.number("grace_ms", 0..=MAX_GRACE_MS, notes);
    fields.finish(notes);
    let grace_ms = grace.and_then(|grace| u32::try_from(grace).ok());
    Stop { signal, grace_ms: grace_ms.unwrap_or(Stop::default().grace_ms) }
}

fn verified(fields: &mut Fields<'_>, notes: &mut Notes<'_>) -> Vec<Verified> {
    let mut all = Vec::new();
    for (path, node) in fields.list("verified", notes) {
        let Some(mut entry) = Fields::of(node, &path, notes) else { continue };
        let version = required(&mut entry, "version", notes);
        let on = required(&mut entry, "on", notes);
        let what_path = entry.path_of("what");
        let mut what = Vec::new();
        for (at, word) in entry.texts("what", notes) {
            if !CHECKS.contains(&word.as_str()) {
                let known = crate::manifest::fields::choices(&word, &CHECKS);
                notes.add(Some(at), &what_path, format!("`{word}` is not accepted; {known}"));
            }
            what.push(word);
        }
        entry.finish(notes);
        all.push(Verified { version, on, what });
    }
    all
}

#[cfg(test)]
mod tests;
