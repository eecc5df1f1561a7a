//! The watchdog: a process between the supervisor and a check, so that no check outlives the supervisor.
//!
//! Its standard input is a pipe that the supervisor holds: when that closes, by intent or
//! because the supervisor died, the check's process group is killed. Its standard error is the log,
//! which the check gets as both of its outputs. Its standard output takes one line about the end:
//! `exited STATUS`, `killed SIGNAL` or `not-started REASON`.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::Stdio;

use super::guard::{Ended, guard};
use crate::adapters::process::Invocation;

/// Runs a program under this process's guard; a first `--` is skipped. Returns this process's exit status.
pub fn watchdog(args: &[OsString]) -> u8 {
    let words = match args {
        [first, rest @ ..] if first == "--" => rest,
        all => all,
    };
    let ended = match words {
        [program, args @ ..] => {
            let mut command = Invocation::new(program, ".").args(args).to_command();
            command.stdout(Stdio::from(std::io::stderr())).stderr(Stdio::inherit());
            guard(command, std::io::stdin())
        }
        [] => Ended::NotStarted("there is no program to run".to_owned()),
    };
    let told = writeln!(std::io::stdout(), "{}", line(&ended));
    // Nobody listens any more when the supervisor has died: that is what the watchdog is for.
    u8::from(told.is_err())
}

fn line(ended: &Ended) -> String {
    match ended {
        Ended::Exited(status) => format!("exited {status}"),
        Ended::Killed(signal) => format!("killed {signal}"),
        Ended::NotStarted(reason) => format!("not-started {reason}"),
    }
}

/// Finds the line about the end in what a watchdog wrote.
pub(super) fn parse(text: &str) -> Ended {
    let found = text.lines().rev().find_map(|line| match line.split_once(' ')? {
        ("exited", status) => status.parse().ok().map(Ended::Exited),
        ("killed", signal) => signal.parse().ok().map(Ended::Killed),
        ("not-started", reason) => Some(Ended::NotStarted(reason.to_owned())),
        _ => None,
    });
    found.unwrap_or_else(|| Ended::NotStarted("its watchdog gave no answer".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_about_the_end_is_read_as_it_was_written() {
        for ended in [Ended::Exited(3), Ended::Killed(9), Ended::NotStarted("no such file".into())]
        {
            assert_eq!(parse(&format!("{}\n", line(&ended))), ended);
        }
        assert!(matches!(parse(""), Ended::NotStarted(_)));
        assert!(matches!(parse("exited well"), Ended::NotStarted(_)));
    }
}
