//! The story of one request, as faces show it.
//!
//! Field names are a promise to scripts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Everything that belongs to one request, in the order of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoryView {
    /// The request: 32 hexadecimal digits.
    pub trace: String,
    /// What belongs to it.
    pub entries: Vec<StoryEntry>,
}

/// A message, a task, a submission or an approval in a story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoryEntry {
    /// `message`, `task`, `submission` or `approval`.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// What led to it directly, by its id; none: it began the request.
    pub parent: Option<String>,
    /// How many steps it is away from the beginning.
    pub depth: usize,
    /// Its `traceparent`; none: it has that of its parent.
    pub traceparent: Option<String>,
    /// When it came.
    pub at: Timestamp,
    /// What it is, in one line: type and text of a message, title of a task.
    pub title: String,
    /// Who it is from; of a task whose it is.
    pub from: Option<String>,
    /// Whom it is for.
    pub to: Option<String>,
    /// Its last state.
    pub state: String,
    /// Every state that it was in, oldest first.
    pub states: Vec<StoryState>,
    /// Whether its sender proved who it is.
    pub verified: bool,
}

/// A state, and since when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoryState {
    /// Since when.
    pub at: Timestamp,
    /// The word.
    pub state: String,
}
