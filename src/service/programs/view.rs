//! A program as people see it: one line for the list, and everything in words.
//!
//! Nothing is looked for here; whether it is installed is told by whoever asks.

use crate::domain::runtime::Runtime;
use crate::domain::runtime::description::{
    ChannelKind, Conversation, Description, StopSignal, Verified,
};
use crate::manifest::runtime::CHECKS;
use crate::service::catalogue::{FactView, RuntimeView};
use crate::service::programs::Program;

/// The view of a program that was found at this path, if at all.
pub fn view(program: &Program, found: Option<String>) -> RuntimeView {
    let runtime = program.runtime().unwrap_or_default();
    let description = program.description.as_ref().ok();
    let channel = description.and_then(|description| description.channel.as_ref());
    let last = description.and_then(|description| description.verified.first());
    RuntimeView {
        name: program.name.clone(),
        command: runtime.command.clone(),
        source: program.source.to_string(),
        takes_typing: runtime.input_line.is_some(),
        reports_state: runtime.reports_state,
        found,
        title: description.map_or_else(|| program.name.clone(), |known| known.title.clone()),
        state: state(&runtime).to_owned(),
        messages: match (channel, &runtime.input_line) {
            (Some(_), _) => "channel",
            (None, Some(_)) => "typed",
            (None, None) => "fetched",
        }
        .to_owned(),
        verified: last.map(|verified| verified.version.clone()),
        problem: program.description.as_ref().err().map(|problem| problem.message.clone()),
        facts: description.map(facts).unwrap_or_default(),
    }
}

fn state(runtime: &Runtime) -> &'static str {
    match (runtime.reports_state, runtime.reads_screen) {
        (true, _) => "reports",
        (false, true) => "screen",
        (false, false) => "process",
    }
}

fn facts(description: &Description) -> Vec<FactView> {
    let mut facts = Vec::new();
    let mut add = |fact: &str, text: String| {
        facts.push(FactView { fact: fact.to_owned(), text });
    };
    add("start", words(&description.start));
    let resume = description.resume.as_ref();
    add("resume", resume.map_or_else(|| "it cannot".to_owned(), |resume| words(resume)));
    add("conversation", conversation(description.conversation).to_owned());
    add("tools", tools(description).to_owned());
    for (key, value) in &description.environment {
        add("variable", format!("{key}={value}"));
    }
    for name in description.files.keys() {
        add("file", name.clone());
    }
    for rule in &description.report.events {
        let state = rule.state.map_or("noted", |state| state.as_str());
        let when: Vec<String> =
            rule.when.iter().map(|(path, is)| format!(" {path}={}", is.as_str())).collect();
        add("report", format!("{}{}: {state}", rule.name, when.concat()));
    }
    for rule in &description.screens {
        add("screen rule", format!("{}: {}", rule.name, rule.state.as_str()));
    }
    if let Some(channel) = &description.channel {
        let states: Vec<&str> = channel.states.iter().map(|state| state.as_str()).collect();
        add("channel", format!("{}, while {}", kind(&channel.kind), states.join(", ")));
    }
    let critical = match (description.interrupts, &description.input_line) {
        (true, Some(_)) => "typed while it works too, it keeps it until it can take it",
        _ => "first in line, given when it can take a text",
    };
    add("critical message", critical.to_owned());
    let signal = match description.stop.signal {
        StopSignal::Hangup => "HUP",
        StopSignal::Interrupt => "INT",
        StopSignal::Terminate => "TERM",
    };
    add("stop", format!("SIG{signal}, closed after {} ms", description.stop.grace_ms));
    for verified in &description.verified {
        let Verified { version, on, what } = verified;
        add("verified", format!("{version} on {on}: {}", what.join(", ")));
    }
    add("not verified", not_verified(description));
    facts
}

fn not_verified(description: &Description) -> String {
    let seen = |check: &&&str| {
        description.verified.iter().any(|verified| verified.what.iter().any(|what| what == **check))
    };
    let open: Vec<&str> = CHECKS.iter().filter(|check| !seen(check)).copied().collect();
    if open.is_empty() { "nothing".to_owned() } else { open.join(", ") }
}

fn words(words: &[String]) -> String {
    if words.is_empty() { "with nothing more".to_owned() } else { words.join(" ") }
}

fn tools(description: &Description) -> &'static str {
    match description.has_tools {
        true => "its start gives it the agents' own tools (the MCP server `agency`)",
        false => "none at its start, it works with the commands of `agency`",
    }
}

fn conversation(conversation: Conversation) -> &'static str {
    match conversation {
        Conversation::None => "it has none that can be named",
        Conversation::Chosen => "named at its start",
        Conversation::Reported => "told by its reports",
    }
}

fn kind(kind: &ChannelKind) -> String {
    match kind {
        ChannelKind::Command(words) => format!("the command `{}`", words.join(" ")),
        ChannelKind::Http { path, .. } => format!("a request to its own server, {path}"),
        ChannelKind::File { name, .. } => format!("a line in the file `{name}`, which it watches"),
        ChannelKind::Hook => "a hook that waits".to_owned(),
    }
}
