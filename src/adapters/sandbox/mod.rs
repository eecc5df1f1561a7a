//! The proving ground on this machine: finds a project's checks and runs them in a checked-out tree.
//!
//! Each command has a process group of its own under a watchdog, a cleaned environment, and ends
//! with the time limit or with this process, whichever comes first. It is isolated from the
//! project's repository and from this workbench, but not from the machine: a process that
//! starts a session of its own escapes.

mod environment;
mod found;
mod guard;
mod laid;
mod reports;
mod run;
#[cfg(test)]
mod tests;
pub mod watchdog;

use std::ffi::OsString;
use std::path::Path;

use crate::domain::checks::{CheckCommand, ChecksConfig};
use crate::ports::proving::{CheckOrder, CheckReport, ProvingError, ProvingGround};

/// Runs checks on this machine.
#[derive(Debug, Clone)]
pub struct LocalSandbox {
    launcher: Vec<OsString>,
}

impl LocalSandbox {
    /// With the words that start [`watchdog::watchdog`] in front of each command: `agency check-run --`.
    ///
    /// Without any, this process guards the commands itself, and they outlive it when it is killed.
    pub fn new<I, S>(launcher: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<OsString>,
    {
        Self { launcher: launcher.into_iter().map(Into::into).collect() }
    }
}

impl ProvingGround for LocalSandbox {
    fn find_checks(
        &self,
        folder: &Path,
        config: &ChecksConfig,
    ) -> Result<Vec<CheckCommand>, ProvingError> {
        found::find(folder, config)
    }

    fn clear(&self, folder: &Path) -> Result<(), ProvingError> {
        let kind = match folder.symlink_metadata() {
            Ok(found) => Some(found.is_dir()),
            Err(_) => None,
        };
        let cleared = match kind {
            None => Ok(()),
            Some(true) => std::fs::remove_dir_all(folder),
            // Never what a link points to.
            Some(false) => std::fs::remove_file(folder),
        };
        cleared
            .and_then(|()| std::fs::create_dir_all(folder))
            .map_err(|error| io_problem(folder, &error))
    }

    fn run(&self, order: &CheckOrder) -> Result<CheckReport, ProvingError> {
        run::run(&self.launcher, order)
    }
}

/// What the system said about a path.
fn io_problem(path: &Path, error: &std::io::Error) -> ProvingError {
    ProvingError::Io { path: path.to_owned(), problem: error.to_string() }
}
