//! By a command of the program: status 0 means that its queue has the text.
//!
//! It is run as it is, without a shell. One that does not end in time may have done it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::{not_taken, unknown};
use crate::adapters::process::{Invocation, RunError};
use crate::ports::channels::Handed;

/// Runs it.
pub(super) fn run(
    argv: &[String],
    env: &BTreeMap<String, String>,
    folder: &Path,
    deadline: Duration,
) -> Handed {
    let Some((program, args)) = argv.split_first() else { return not_taken("no command") };
    let invocation = Invocation::new(program, folder).args(args);
    let invocation = env.iter().fold(invocation, |run, (key, value)| run.env(key, value));
    match invocation.run(deadline) {
        Ok(outcome) if outcome.status.success() => Handed::Taken,
        // Ended by a signal in the middle of it.
        Ok(outcome) if outcome.status.code().is_none() => {
            unknown(format!("`{program}`: {}", outcome.status))
        }
        Ok(outcome) => not_taken(format!("`{program}`: {}: {}", outcome.status, outcome.problem())),
        Err(error @ RunError::TimedOut { .. }) => unknown(error.to_string()),
        Err(error) => not_taken(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, deadline: Duration) -> Handed {
        let argv = ["/bin/sh", "-c", script].map(str::to_owned);
        run(&argv, &BTreeMap::new(), Path::new("/"), deadline)
    }

    #[test]
    fn only_success_is_taken_and_only_a_timeout_is_not_known() {
        let long = Duration::from_secs(10);
        assert_eq!(sh("exit 0", long), Handed::Taken);
        let refused = sh("echo no such thread >&2; exit 3", long);
        assert!(
            matches!(&refused, Handed::NotTaken { reason } if reason.contains("no such thread"))
        );
        assert!(matches!(sh("exec sleep 60", Duration::from_millis(50)), Handed::Unknown { .. }));
        let missing = run(&["/no/such".to_owned()], &BTreeMap::new(), Path::new("/"), long);
        assert!(matches!(missing, Handed::NotTaken { .. }));
    }
}
