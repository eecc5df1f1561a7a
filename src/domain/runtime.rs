//! Runtimes: which program an agent is, and what is known of its screen.
//!
//! Text is pasted only into a program whose empty input line can be *proven*; a runtime that
//! does not describe one is never typed into, its messages wait to be fetched.

use serde::{Deserialize, Serialize};

/// A program that an agent can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runtime {
    /// Program and arguments; an empty list means the user's own shell.
    pub command: Vec<String>,
    /// How the input line looks when it is focused and empty; none: never typed into.
    pub input_line: Option<InputLine>,
    /// Whether the program reports its own state through `agency hook`.
    pub reports_state: bool,
}

/// How an empty, focused input line is told from everything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputLine {
    /// What the cursor's line begins with.
    pub prompt: String,
    /// The cursor's column when nothing is typed, counted from 0.
    pub home_column: u16,
    /// Pause between the seen text and Enter, in milliseconds; some programs need 150.
    pub enter_delay_ms: u32,
    /// Whether it takes a pasted text of several lines as one (bracketed paste). To any other program a
    /// line's end is an Enter, so it gets one line.
    #[serde(default)]
    pub multiline: bool,
}

impl Runtime {
    /// The built-in runtimes by name: `shell` and `rehearsal`.
    pub fn built_in(name: &str) -> Option<Self> {
        match name {
            "shell" => Some(Self { command: Vec::new(), input_line: None, reports_state: false }),
            "rehearsal" => Some(Self {
                command: vec!["agency".to_owned(), "rehearse".to_owned()],
                input_line: Some(InputLine {
                    prompt: Self::REHEARSAL_PROMPT.to_owned(),
                    home_column: 2,
                    enter_delay_ms: 0,
                    multiline: true,
                }),
                reports_state: true,
            }),
            _ => None,
        }
    }

    /// What the rehearsal agent's input line begins with.
    pub const REHEARSAL_PROMPT: &'static str = "\u{203a} ";

    /// The names that need no entry in `agency.toml`.
    pub const BUILT_IN: [&'static str; 2] = ["rehearsal", "shell"];
}
