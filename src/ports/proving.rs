//! The proving ground: an isolated checkout in which checks run under a time limit.
//!
//! It says what the checks did; what that means for a submission is the engine's.

#[cfg(test)]
pub mod fake;

use std::path::PathBuf;

use crate::domain::checks::{CheckCommand, ChecksConfig};
use crate::domain::submission::CheckRun;

/// What is to be proven.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckOrder {
    /// The checked-out tree.
    pub folder: PathBuf,
    /// File that gets all output.
    pub log: PathBuf,
    /// The commands, in order.
    pub commands: Vec<CheckCommand>,
    /// What commands of a recipe name: copies of these are run, alone in a folder.
    pub recorded: Vec<RecordedFile>,
    /// Where that folder is made for the time of a command; nobody works there.
    pub private: PathBuf,
    /// Time limit and JUnit files.
    pub config: ChecksConfig,
}

/// A file that is run as it was recorded, whatever lies in its place by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedFile {
    /// The word that stands for it in a command: its absolute path.
    pub named: PathBuf,
    /// Its path in the folder that it was recorded from.
    pub path: PathBuf,
    /// Exactly what was recorded.
    pub text: String,
}

/// How the commands ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// Each command that was begun.
    pub runs: Vec<CheckRun>,
    /// SHA-256 of the log, hexadecimal.
    pub log_sha256: String,
    /// Whether the time limit ended it.
    pub timed_out: bool,
}

/// Finds and runs checks.
pub trait ProvingGround: Send + Sync {
    /// The configured commands, or those that well-known files of the tree call for.
    fn find_checks(
        &self,
        folder: &std::path::Path,
        config: &ChecksConfig,
    ) -> Result<Vec<CheckCommand>, ProvingError>;
    /// Makes an empty folder for a proof, throwing away what an earlier, interrupted one left there.
    fn clear(&self, folder: &std::path::Path) -> Result<(), ProvingError>;
    /// Runs them; none of them outlives this process.
    fn run(&self, order: &CheckOrder) -> Result<CheckReport, ProvingError>;
}

/// What can go wrong while proving, apart from the checks themselves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProvingError {
    /// A program is not there.
    #[error("the check `{command}` cannot be started: {problem}")]
    CannotStart {
        /// The command.
        command: String,
        /// What the system said.
        problem: String,
    },
    /// The system refused.
    #[error("`{path}`: {problem}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        problem: String,
    },
}
