//! Why something that was asked for is not done, in words for the one who asked.
//!
//! A refusal is an answer, not a fault: it carries the kind (which fixes the exit status), one
//! sentence that names the thing, and where there is one, a hint that works when pasted.

use serde::{Deserialize, Serialize};

/// The kinds of refusal; each is one exit status of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// It was tried and did not work (status 1).
    Failed,
    /// The request itself is wrong (status 2).
    Usage,
    /// What it names does not exist (status 3).
    NotFound,
    /// Whoever asks may not (status 4).
    NotAllowed,
    /// It contradicts what stands: exists already, lock held, wrong state (status 5).
    Conflict,
    /// A program or a setting that is needed is missing (status 6).
    Missing,
}

impl RefusalKind {
    /// The exit status of the command line for this kind.
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::NotAllowed => 4,
            Self::Conflict => 5,
            Self::Missing => 6,
        }
    }
}

/// A refusal with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Which kind.
    pub kind: RefusalKind,
    /// A stable word for scripts: `agency_not_found`, `dirty_worktree`, …
    pub code: String,
    /// A lowercase fragment without a period that names the thing in backticks.
    pub message: String,
    /// One imperative that works when pasted.
    pub hint: Option<String>,
}

impl Refusal {
    /// A refusal without a hint.
    pub fn new(kind: RefusalKind, code: &str, message: impl Into<String>) -> Self {
        Self { kind, code: code.to_owned(), message: message.into(), hint: None }
    }

    /// The same with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
