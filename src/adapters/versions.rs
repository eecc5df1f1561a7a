//! Asking a program for its version: run in an empty folder, with a limit, its words taken as data.
//!
//! An agent's credential is not handed on to it.

use std::path::Path;
use std::time::Duration;

use crate::adapters::process::Invocation;

/// Programs that run on a script engine take seconds to say it.
const LIMIT: Duration = Duration::from_secs(10);

/// What a program prints when asked for its version.
pub fn ask(program: &Path, arguments: &[String]) -> Result<String, String> {
    let folder = tempfile::Builder::new().prefix("agency-version-").tempdir();
    let folder = folder.map_err(|error| error.to_string())?;
    let mut invocation = Invocation::new(program, folder.path()).args(arguments);
    for name in ["AGENCY_AGENT", "AGENCY_SPAWN", "AGENCY_TOKEN", "AGENCY_HOME"] {
        invocation = invocation.unset(name);
    }
    let outcome = invocation.run(LIMIT).map_err(|error| error.to_string())?;
    match outcome.status.success() {
        true => Ok(outcome.text()),
        false => Err(format!("it ended with {}: {}", outcome.status, outcome.problem())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_says_its_version_or_why_not() {
        let sh = |script: &str| ask(Path::new("/bin/sh"), &["-c".to_owned(), script.to_owned()]);
        assert_eq!(sh("echo chat 1.2"), Ok("chat 1.2".to_owned()));
        let refused = sh("echo broken >&2; exit 3").expect_err("it failed");
        assert!(refused.contains("broken"), "{refused}");
    }
}
