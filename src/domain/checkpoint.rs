//! Checkpoints: saved states of a worktree outside any branch, and why they were made.
//!
//! A checkpoint's name is `TASK-001/3`: the third one of that task. The same words are its ref's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::domain::id::TaskId;

/// A checkpoint: `TASK-001/3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CheckpointId {
    /// Of which task.
    pub task: TaskId,
    /// Its number among those of the task, from 1.
    pub number: u32,
}

impl CheckpointId {
    /// The ref that holds it.
    pub fn reference(self) -> String {
        format!("refs/agency/checkpoints/{self}")
    }
}

/// Why a text is not a [`CheckpointId`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a checkpoint; it looks like `TASK-001/3`")]
pub struct CheckpointIdError {
    text: String,
}

impl fmt::Display for CheckpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.task, self.number))
    }
}

impl FromStr for CheckpointId {
    type Err = CheckpointIdError;
    fn from_str(text: &str) -> Result<Self, CheckpointIdError> {
        let read = || {
            let (task, number) = text.split_once('/')?;
            let is_plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            let number = number.parse().ok().filter(|_| is_plain)?;
            Some(Self { task: task.parse().ok()?, number })
        };
        read().ok_or_else(|| CheckpointIdError { text: text.to_owned() })
    }
}

impl TryFrom<String> for CheckpointId {
    type Error = CheckpointIdError;
    fn try_from(text: String) -> Result<Self, CheckpointIdError> {
        text.parse()
    }
}

impl From<CheckpointId> for String {
    fn from(id: CheckpointId) -> Self {
        id.to_string()
    }
}

/// Why a checkpoint was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckpointReason {
    /// Somebody asked for it.
    Asked,
    /// The work was not committed for a long time.
    Reminder,
    /// The agent's program ended, or its pane was lost.
    Lost,
    /// The agent was stopped.
    Stopped,
    /// The worktree was about to get the files of another one.
    BeforeRestore,
}

impl CheckpointReason {
    /// The word, as scripts see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Reminder => "reminder",
            Self::Lost => "lost",
            Self::Stopped => "stopped",
            Self::BeforeRestore => "before_restore",
        }
    }
}

/// What becomes of files that a checkpoint lacks when it is restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Manner {
    /// They stay.
    Keep,
    /// They go; the checkpoint that is made before has them.
    Exact,
    /// They stay, and so does every file that does not lie there as the branch has it, or that the branch has
    /// changed since: only what was not committed then is laid, as after a worktree was made again.
    Fill,
}

/// Whether a worktree may change under an agent that works in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Care {
    /// Not while it works.
    Careful,
    /// Somebody has said that it may.
    Confirmed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_named_by_its_task_and_number() {
        let id: CheckpointId = "TASK-012/3".parse().expect("a checkpoint");
        assert_eq!((id.task, id.number), (TaskId(12), 3));
        assert_eq!(id.to_string(), "TASK-012/3");
        assert_eq!(id.reference(), "refs/agency/checkpoints/TASK-012/3");
        for text in ["TASK-012", "3", "TASK-012/", "TASK-012/+3", "TASK-012/3/4", "/3", "x/3"] {
            assert!(text.parse::<CheckpointId>().is_err(), "{text:?} was taken");
        }
    }
}
