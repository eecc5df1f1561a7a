//! Lives: a private folder for each life of an agent, `registry/lives/SPAWN/`.
//!
//! It holds what the agent's program is started with, and the reports that nobody could take when
//! they were made. Only this user can enter it; what is in it goes with the life.

#[cfg(test)]
pub mod contract;
#[cfg(test)]
pub mod fake;

use std::path::PathBuf;

use crate::domain::id::SpawnId;
use crate::domain::name::AgentAddress;

/// A file's name, one plain step, and its text.
pub type LifeFile = (String, String);

/// The folders of all lives of a workbench.
pub trait Lives: Send + Sync {
    /// Where a life's folder is, or would be.
    fn folder(&self, spawn: SpawnId) -> PathBuf;
    /// Makes a life's folder with these files, for this process and what it becomes. Folders of the same
    /// agent whose process has ended are removed.
    fn prepare(
        &self,
        agent: &AgentAddress,
        spawn: SpawnId,
        files: &[LifeFile],
    ) -> Result<(), LivesError>;
    /// The text of a file of a life, without the line's end; none if it is not there.
    fn read(&self, spawn: SpawnId, file: &str) -> Option<String>;
    /// Keeps one line of a report that nobody could take, if the life has a folder; of too many the
    /// oldest go.
    fn keep_report(&self, spawn: SpawnId, line: &str) -> Result<(), LivesError>;
    /// Takes all kept reports out, of each life in their order.
    fn take_reports(&self) -> Vec<String>;
}

/// Most bytes of kept reports of one life: some hundred reports, of which the last ones count.
pub const MAX_KEPT_BYTES: usize = 64 * 1024;

/// What can go wrong with a life's folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LivesError {
    /// A name that is not one plain step.
    #[error("`{name}` is not a plain file name")]
    BadName {
        /// The name.
        name: String,
    },
    /// Something is in its place that is not a folder of ours.
    #[error("`{path}` is not a folder", path = path.display())]
    NotAFolder {
        /// What is in the way.
        path: PathBuf,
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
