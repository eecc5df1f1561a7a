//! A description: all that is known of an agent program, as data.
//!
//! It comes from `templates/runtimes/NAME.toml` (`manifest::runtime` reads it). It says how the program is
//! started and goes on with its own conversation, what it is told to report, how its state is read and
//! how text gets into it. Nothing in it is a command line of a shell.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::agency::AgentState;
use crate::domain::runtime::report::Report;
use crate::domain::runtime::screen::ScreenRule;
use crate::domain::runtime::{HandOver, InputLine, Runtime, fill};

/// All that is known of a program.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// What people call it.
    pub title: String,
    /// The program and the arguments that are always there; empty: the user's shell.
    pub command: Vec<String>,
    /// Arguments with which it prints its version and ends; empty: it cannot be asked.
    pub version: Vec<String>,
    /// Arguments of a new conversation.
    pub start: Vec<String>,
    /// Arguments that give it a first prompt; empty: it takes none.
    pub first_prompt: Vec<String>,
    /// Arguments with which it goes on with a known conversation; none: it cannot.
    pub resume: Option<Vec<String>>,
    /// Who names the conversation.
    pub conversation: Conversation,
    /// Variables of its pane.
    pub environment: BTreeMap<String, String>,
    /// Files that are written for each of its lives, by name.
    pub files: BTreeMap<String, FileBody>,
    /// How its empty input line is told.
    pub input_line: Option<InputLine>,
    /// How its reports are read.
    pub report: Report,
    /// How its screen is read.
    pub screens: Vec<ScreenRule>,
    /// A way to hand a text over without a keystroke.
    pub channel: Option<Channel>,
    /// Whether its start gives it the agents' own tools, the MCP server `agency`.
    pub has_tools: bool,
    /// Whether it keeps what is typed into it while it works, and takes it when it can.
    pub interrupts: bool,
    /// How it is ended.
    pub stop: Stop,
    /// What was seen run, newest first.
    pub verified: Vec<Verified>,
}

/// Who names a conversation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Conversation {
    /// It has none that can be named.
    #[default]
    None,
    /// We do, at its start.
    Chosen,
    /// The program, in its reports.
    Reported,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub enum FileBody {
    /// A text with placeholders.
    Text(String),
    /// A document with placeholders in its strings.
    Json(Value),
}

/// A way to hand a text over without a keystroke.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// Which way.
    pub kind: ChannelKind,
    /// The states in which the program keeps the text until it can take it.
    pub states: Vec<AgentState>,
}

/// Which way a text is handed over.
#[derive(Debug, Clone, PartialEq)]
pub enum ChannelKind {
    /// A program is run with these arguments.
    Command(Vec<String>),
    /// A request is posted to the agent's own server on loopback, at `{port}`.
    Http {
        /// Path of the request.
        path: String,
        /// Its document.
        body: Value,
        /// User for basic authentication with `{password}`.
        user: Option<String>,
    },
    /// A line is added to a file of this life's own folder, which the program watches.
    File {
        /// Plain name of the file.
        name: String,
        /// The line's document.
        line: Value,
    },
    /// A hook of the program waits for it: `agency hook wait`.
    Hook,
}

/// How a program is ended in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// The signal.
    pub signal: StopSignal,
    /// How long it may take, in milliseconds, before its pane is closed.
    pub grace_ms: u32,
}

/// A signal that asks a program to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSignal {
    /// Its terminal is gone.
    Hangup,
    /// Ctrl-C.
    Interrupt,
    /// End.
    Terminate,
}

impl Default for Stop {
    /// A closed pane sends a hangup, and a second is what most programs need to put things in order.
    fn default() -> Self {
        Self { signal: StopSignal::Hangup, grace_ms: 1_000 }
    }
}

/// What was seen run with one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The version.
    pub version: String,
    /// The day, `2026-11-21`.
    pub on: String,
    /// What was seen: `start`, `briefing`, `message`, `turn`, `tools`, `permission`, `interrupt`, `limit`, `crash`,
    /// `resume`, `typing`.
    pub what: Vec<String>,
}

impl Description {
    /// What decisions need of it.
    pub fn runtime(&self) -> Runtime {
        let has_state = self.report.events.iter().any(|event| event.state.is_some());
        Runtime {
            command: self.command.clone(),
            input_line: self.input_line.clone(),
            reports_state: has_state,
            reads_screen: !self.screens.is_empty(),
            confirms: self.report.confirms(),
            has_tools: self.has_tools,
            interrupts: self.interrupts,
            hand_over: self.channel.as_ref().map(|channel| HandOver {
                states: channel.states.clone(),
                needs_conversation: channel.kind.needs_conversation(),
            }),
        }
    }

    /// Whether the program is told its briefing by an argument, a file or a variable; if not, it is
    /// printed into its pane.
    pub fn takes_briefing(&self) -> bool {
        self.mentions("briefing") || self.mentions("briefing_file")
    }

    /// Whether anything of its start mentions a placeholder.
    pub fn mentions(&self, word: &str) -> bool {
        let is_in = |text: &String| fill::mentions(text, word);
        let in_file = |body: &FileBody| match body {
            FileBody::Text(text) => fill::mentions(text, word),
            FileBody::Json(document) => fill::mentions(&document.to_string(), word),
        };
        self.start.iter().any(is_in)
            || self.resume.iter().flatten().any(is_in)
            || self.environment.values().any(is_in)
            || self.files.values().any(in_file)
    }
}

impl ChannelKind {
    fn needs_conversation(&self) -> bool {
        match self {
            Self::Command(words) => words.iter().any(|word| fill::mentions(word, "conversation")),
            Self::Http { path, .. } => fill::mentions(path, "conversation"),
            Self::File { line, .. } => fill::mentions(&line.to_string(), "conversation"),
            Self::Hook => false,
        }
    }
}
