//! Programs that a rehearsal agent starts, behind a trait so that tests can answer for them.
//!
//! The environment is passed on as it is: what runs for an agent runs with its credential, and can
//! therefore never be taken for the operator.

use std::path::PathBuf;
use std::time::Duration;

use crate::adapters::process::Invocation;

/// A program to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    /// The program.
    pub(crate) program: String,
    /// Its arguments.
    pub(crate) args: Vec<String>,
    /// Where it runs.
    pub(crate) folder: PathBuf,
    /// Variables to set.
    pub(crate) env: Vec<(&'static str, String)>,
    /// How long it may take.
    pub(crate) limit: Duration,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ran {
    /// Exit status; none when a signal ended it.
    pub(crate) status: Option<i32>,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Ran {
    /// Whether it ended well.
    pub(crate) fn passed(&self) -> bool {
        self.status == Some(0)
    }

    /// What it said about its failure, in one line.
    pub(crate) fn problem(&self) -> String {
        let text = if self.stderr.trim().is_empty() { &self.stdout } else { &self.stderr };
        let text = text.trim();
        let text = text.strip_prefix("error: ").unwrap_or(text).replace("\nhint: ", "; hint: ");
        // As much as fits into a reason that people read in a list.
        crate::domain::text::to_line(&text, 300)
    }
}

/// Runs programs.
pub(crate) trait Runner {
    /// Runs one to its end; an error is one line for people.
    fn run(&mut self, call: &Call) -> Result<Ran, String>;
}

/// Real programs.
pub(crate) struct Programs;

impl Runner for Programs {
    fn run(&mut self, call: &Call) -> Result<Ran, String> {
        let mut invocation = Invocation::new(&call.program, &call.folder).args(&call.args);
        for (key, value) in &call.env {
            invocation = invocation.env(key, value);
        }
        let outcome = invocation.run(call.limit).map_err(|error| error.to_string())?;
        Ok(Ran {
            status: outcome.status.code(),
            stdout: String::from_utf8_lossy(&outcome.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&outcome.stderr).into_owned(),
        })
    }
}
