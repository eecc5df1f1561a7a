//! Which tmux it is, and whether it is new enough.
//!
//! 3.2 is the first with session environments, client flags and filters, which all else relies on.
//! A development build (`next-3.6`, `master`) is taken at its word.

use super::command::Cmd;
use super::server::Server;
use crate::ports::terminals::TerminalError;

/// Oldest version, major and minor.
const OLDEST: (u32, u32) = (3, 2);

/// Asks the program, without a server.
pub(super) fn ask(server: &Server) -> Result<String, TerminalError> {
    check(&server.ask_by_process(&[Cmd::new("-V")])?)
}

/// Refuses a tmux that is missing or too old; one that was found good is not asked again.
pub(super) fn require(server: &Server) -> Result<(), TerminalError> {
    if server.version.get().is_none_or(String::is_empty) {
        let found = ask(server)?;
        let _ = server.version.set(found);
    }
    Ok(())
}

fn check(said: &str) -> Result<String, TerminalError> {
    let text = said.trim();
    let version = text.strip_prefix("tmux ").unwrap_or(text).to_owned();
    match is_at_least(&version, OLDEST) {
        true => Ok(version),
        false => Err(TerminalError::TooOld { found: version }),
    }
}

/// Whether a version is that or newer.
pub(super) fn is_at_least(version: &str, least: (u32, u32)) -> bool {
    let digits = version.trim_start_matches("next-").trim_start_matches("openbsd-");
    let (major, rest) = digits.split_once('.').unwrap_or((digits, "0"));
    let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
    match (major.parse::<u32>(), minor.parse::<u32>()) {
        (Ok(major), Ok(minor)) => (major, minor) >= least,
        _ => !version.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_from_3_2_on_are_taken() {
        for said in ["tmux 3.2\n", "tmux 3.3a", "tmux 3.4", "tmux next-3.6", "tmux master"] {
            assert!(check(said).is_ok(), "{said}");
        }
        assert_eq!(check("tmux 3.3a\n").as_deref(), Ok("3.3a"));
    }

    #[test]
    fn older_versions_are_refused_with_what_was_found() {
        assert!(!is_at_least("3.3a", (3, 4)) && is_at_least("next-3.6", (3, 4)));
        for said in ["tmux 3.1c", "tmux 2.9a", "tmux 1.8"] {
            assert!(matches!(check(said), Err(TerminalError::TooOld { .. })), "{said}");
        }
    }
}
