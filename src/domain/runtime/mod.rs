//! Runtimes: which program an agent is, and what is known of it.
//!
//! [`Runtime`] is the little that decisions need and that the ledger keeps. [`description::Description`] is all
//! that is known of a program: how it starts, goes on with its conversation, tells its state and takes
//! text. Text is pasted only into a program whose empty input line can be *proven*; a runtime that
//! does not describe one is never typed into.

use serde::{Deserialize, Serialize};

pub use input_line::InputLine;

pub mod description;
pub mod fill;
pub mod input_line;
pub mod pattern;
pub mod report;
pub mod screen;
pub mod until;

/// What decisions need to know of a program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runtime {
    /// Program and arguments; an empty list means the user's own shell.
    pub command: Vec<String>,
    /// How the input line looks when it is focused and empty; none: never typed into.
    pub input_line: Option<InputLine>,
    /// Whether the program reports its own state through `agency hook`.
    pub reports_state: bool,
    /// Whether rules tell its state from its screen.
    #[serde(default)]
    pub reads_screen: bool,
    /// Whether its reports name the text with which a turn began: then a delivery is believed only
    /// when its turn began.
    #[serde(default)]
    pub confirms: bool,
    /// How a text can be handed over without a keystroke, if at all.
    #[serde(default)]
    pub hand_over: Option<HandOver>,
    /// Whether the program is given the agents' own tools.
    #[serde(default)]
    pub has_tools: bool,
    /// Whether it keeps what is typed into it while it works, and takes it when it can.
    #[serde(default)]
    pub interrupts: bool,
}

/// When a program takes a text through a channel of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOver {
    /// The states in which it can be used: the program itself keeps the text until it can take it.
    pub states: Vec<crate::domain::agency::AgentState>,
    /// Whether its conversation must be known.
    pub needs_conversation: bool,
}

impl Runtime {
    /// The built-in runtimes by name: `shell` and `rehearsal`.
    pub fn built_in(name: &str) -> Option<Self> {
        match name {
            "shell" => Some(Self::default()),
            "rehearsal" => Some(Self {
                command: vec!["agency".to_owned(), "rehearse".to_owned()],
                input_line: Some(InputLine {
                    prompt: Self::REHEARSAL_PROMPT.to_owned(),
                    home_column: 2,
                    multiline: true,
                    ..InputLine::default()
                }),
                reports_state: true,
                ..Self::default()
            }),
            _ => None,
        }
    }

    /// What the rehearsal agent's input line begins with.
    pub const REHEARSAL_PROMPT: &'static str = "\u{203a} ";

    /// The names that need no entry in `agency.toml`.
    pub const BUILT_IN: [&'static str; 2] = ["rehearsal", "shell"];
}
