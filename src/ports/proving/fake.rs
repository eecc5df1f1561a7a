//! A proving ground in which every check passes, for tests of what stands above it.

use std::path::Path;

use super::{CheckOrder, CheckReport, ProvingError, ProvingGround};
use crate::domain::checks::{CheckCommand, ChecksConfig, TestCounts};
use crate::domain::submission::CheckRun;

/// See the module.
#[derive(Debug, Clone, Copy, Default)]
pub struct FakeProving;

impl ProvingGround for FakeProving {
    fn find_checks(&self, _: &Path, _: &ChecksConfig) -> Result<Vec<CheckCommand>, ProvingError> {
        Ok(vec![CheckCommand { argv: vec!["check".to_owned()], found_by: "a test".to_owned() }])
    }

    fn clear(&self, _: &Path) -> Result<(), ProvingError> {
        Ok(())
    }

    fn run(&self, order: &CheckOrder) -> Result<CheckReport, ProvingError> {
        let passed = |command: &CheckCommand| CheckRun {
            command: command.clone(),
            exit_status: Some(0),
            duration_ms: 1,
            tests: Some(TestCounts { passed: 3, ..TestCounts::default() }),
        };
        let runs = order.commands.iter().map(passed).collect();
        Ok(CheckReport { runs, log_sha256: "00".repeat(32), timed_out: false })
    }
}
