//! Checks: the commands that prove a tree, and how they are found when none are configured.
//!
//! Only the operator's `agency.toml` or the presence of well-known files decides what is run;
//! nothing that a message says ever does.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::recipe::Recipe;

/// `[checks]` of `agency.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChecksConfig {
    /// Programs with their arguments, run in order in the root of the tree; empty: found.
    pub commands: Vec<Vec<String>>,
    /// Limit for all of them together, in seconds.
    pub time_limit_s: u64,
    /// JUnit files to read afterwards, relative to the tree; `*` within a file name is allowed.
    pub junit: Vec<PathBuf>,
}

impl Default for ChecksConfig {
    fn default() -> Self {
        // Half an hour: the test suites of large projects end within it, a hung one is noticed the same night.
        Self { commands: Vec::new(), time_limit_s: 1800, junit: Vec::new() }
    }
}

/// One command that is run as a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckCommand {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Why it is run: `agency.toml`, or the file that was found.
    pub found_by: String,
}

impl CheckCommand {
    /// Which recipe of an agency it comes from, in words; none: it is the operator's, or was found.
    pub fn recipe(&self) -> Option<&str> {
        self.found_by.starts_with(Recipe::FILE).then_some(self.found_by.as_str())
    }
}

/// What the tests of a proof said, added up over all its commands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestCounts {
    /// Tests that passed.
    pub passed: u32,
    /// Tests that failed, errors included.
    pub failed: u32,
    /// Tests that were skipped.
    pub skipped: u32,
    /// Names of the failed ones, at most 50.
    pub failures: Vec<String>,
}

impl TestCounts {
    /// Longest list of failed names kept: the log has them all.
    pub const MAX_FAILURES: usize = 50;

    /// Adds another command's counts.
    pub fn add(&mut self, other: &Self) {
        self.passed = self.passed.saturating_add(other.passed);
        self.failed = self.failed.saturating_add(other.failed);
        self.skipped = self.skipped.saturating_add(other.skipped);
        self.failures.extend(other.failures.iter().cloned());
        self.failures.truncate(Self::MAX_FAILURES);
    }

    /// Counts one failed test.
    pub fn add_failure(&mut self, name: impl Into<String>) {
        self.failed = self.failed.saturating_add(1);
        self.name_failure(name);
    }

    /// Notes the name of a failed test that is counted already, once.
    pub fn name_failure(&mut self, name: impl Into<String>) {
        let name = name.into();
        if self.failures.len() < Self::MAX_FAILURES && !self.failures.contains(&name) {
            self.failures.push(name);
        }
    }
}
