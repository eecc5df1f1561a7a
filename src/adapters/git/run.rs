//! Runs the `git` program: explicit folder, a clean set of `GIT_*` variables, a deadline, typed errors.
//!
//! What the surrounding shell or hook has set (`GIT_DIR`, `GIT_INDEX_FILE`, …) never reaches git, so a call
//! means the folder it names and no other. git never asks for anything and never takes a lock that it
//! can do without. `plumbing` is for our own merges and snapshots, where the user's hooks must not run.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::adapters::process::{Invocation, Outcome, RunError};
use crate::ports::repositories::RepositoryError;

/// Checkouts and snapshots of large repositories end within it; a git that hangs on a dead network
/// file system is given up within the same coffee.
const DEADLINE: Duration = Duration::from_secs(300);

/// Variables that would make git look at another repository, index or configuration.
const FOREIGN: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_ATTR_SOURCE",
    "GIT_QUARANTINE_PATH",
    "GIT_EXTERNAL_DIFF",
    "GIT_DIFF_OPTS",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
];

/// Settings under which our own plumbing gives the same result whatever the user has configured.
const PLUMBING: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.splitIndex=false",
    "core.quotePath=false",
    // A snapshot must not be refused because a line ending would not survive a round trip.
    "core.safecrlf=false",
    "i18n.commitEncoding=UTF-8",
];

/// One call of git.
pub(super) struct Call {
    invocation: Invocation,
    folder: PathBuf,
    words: Vec<String>,
}

/// A call with the user's configuration and hooks.
pub(super) fn git(folder: &Path) -> Call {
    let mut invocation = Invocation::new("git", folder)
        .env("LC_ALL", "C")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0");
    for variable in FOREIGN {
        invocation = invocation.unset(variable);
    }
    Call { invocation, folder: folder.to_owned(), words: Vec::new() }
}

/// A call in which no hook runs and the result does not depend on what the user likes.
pub(super) fn plumbing(folder: &Path) -> Call {
    let mut call = git(folder);
    for setting in PLUMBING {
        call.invocation = call.invocation.args(["-c", setting]);
    }
    call
}

impl Call {
    /// Adds arguments.
    pub(super) fn args<I, S>(mut self, args: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let args: Vec<OsString> = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
        self.words.extend(args.iter().map(|arg| arg.to_string_lossy().into_owned()));
        self.invocation = self.invocation.args(args);
        self
    }

    /// Sets a variable.
    pub(super) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.invocation = self.invocation.env(key, value);
        self
    }

    /// What it reads from standard input.
    pub(super) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.invocation = self.invocation.stdin(bytes);
        self
    }

    /// Runs it and takes whatever exit status it has.
    pub(super) fn outcome(self) -> Result<Outcome, RepositoryError> {
        self.invocation.run(DEADLINE).map_err(|error| match error {
            RunError::NotFound { .. } => RepositoryError::NotInstalled,
            RunError::TimedOut { .. } => self.refused(error.to_string()),
            RunError::Io { source, .. } => io_problem(&self.folder, &source),
        })
    }

    /// Runs it and refuses every status but these.
    pub(super) fn expecting(self, statuses: &[i32]) -> Result<(i32, Outcome), RepositoryError> {
        let described = Self {
            invocation: self.invocation.clone(),
            folder: self.folder.clone(),
            words: self.words.clone(),
        };
        let outcome = self.outcome()?;
        match outcome.status.code() {
            Some(status) if statuses.contains(&status) => Ok((status, outcome)),
            _ => Err(described.refused(outcome.problem())),
        }
    }

    /// Runs it and refuses a failure.
    pub(super) fn run(self) -> Result<Outcome, RepositoryError> {
        Ok(self.expecting(&[0])?.1)
    }

    /// Its output as text.
    pub(super) fn text(self) -> Result<String, RepositoryError> {
        Ok(self.run()?.text())
    }

    /// Whether it says yes (status 0) or no (status 1).
    pub(super) fn answers_yes(self) -> Result<bool, RepositoryError> {
        Ok(self.expecting(&[0, 1])?.0 == 0)
    }

    fn refused(&self, problem: String) -> RepositoryError {
        // Long argument lists (a whole message, many paths) say nothing more about which step failed.
        let command = self.words.iter().take(6).cloned().collect::<Vec<_>>().join(" ");
        RepositoryError::Refused { command, problem }
    }
}

/// Output that is one path.
pub(super) fn as_path(outcome: &Outcome) -> PathBuf {
    let bytes = outcome.stdout.strip_suffix(b"\n").unwrap_or(&outcome.stdout);
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

/// The parts of a `-z` output, as text for people.
pub(super) fn parts(outcome: &Outcome) -> Vec<String> {
    outcome
        .stdout
        .split(|byte| *byte == 0)
        .filter(|part| !part.is_empty())
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .collect()
}

/// The parts of a `-z` output as they are: names of files need not be text.
pub(super) fn byte_parts(outcome: &Outcome) -> Vec<Vec<u8>> {
    let parts = outcome.stdout.split(|byte| *byte == 0).filter(|part| !part.is_empty());
    parts.map(<[u8]>::to_vec).collect()
}

/// What the system said about a path.
pub(super) fn io_problem(path: &Path, error: &std::io::Error) -> RepositoryError {
    RepositoryError::Io { path: path.to_owned(), problem: error.to_string() }
}

/// A folder or file that stands where we would work.
pub(super) fn in_the_way(path: &Path, problem: impl Into<String>) -> RepositoryError {
    RepositoryError::InTheWay { path: path.to_owned(), problem: problem.into() }
}
