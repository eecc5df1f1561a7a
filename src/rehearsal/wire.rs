//! What the screen and the worker tell each other: orders one way, news the other.
//!
//! Two closed enums, so that neither side can ask for what the other does not know.

use serde::{Deserialize, Serialize};

/// What the person or a delivery wants of the worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    /// There may be messages.
    Look,
    /// A text that is no delivery.
    Note(String),
    /// The decision about a permission.
    Permission {
        /// Whether it is given.
        allowed: bool,
    },
    /// Stop after this step.
    Interrupt,
}

/// What the worker tells the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum News {
    /// A line for the log.
    Line(Kind, String),
    /// What it is doing now.
    Mode(Mode),
    /// The program is to end with this status.
    Ends(u8),
}

/// What kind of line it is; shown by its mark, never by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What the agent says or does.
    Doing,
    /// Output of a program.
    Output,
    /// Something that went wrong.
    Problem,
    /// A text that was submitted.
    Submitted,
    /// Plain.
    Plain,
}

/// What the screen looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    /// At its prompt.
    Idle,
    /// Busy.
    Working(String),
    /// At its prompt, with a question open.
    Waiting(String),
    /// Wants a permission.
    Permission(String),
    /// Held back.
    Limited(String),
    /// Takes no key any more.
    Hung(String),
}

/// The states that it reports about itself, in the words of `agency hook`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Report {
    /// At its prompt.
    Idle,
    /// Busy.
    Working,
    /// Has a question open.
    Waiting,
    /// Wants a permission.
    Permission,
    /// Held back.
    Limited,
    /// Cannot go on.
    Blocked,
}

impl Report {
    /// The word.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Working => "working",
            Self::Waiting => "waiting",
            Self::Permission => "permission",
            Self::Limited => "limited",
            Self::Blocked => "blocked",
        }
    }
}
