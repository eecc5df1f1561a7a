//! How a pane's terminal takes what is typed: line by line for its program, or key by key.
//!
//! A program with an input of its own reads key by key; one that only reads lines leaves the editing to the
//! terminal, which drops what is too long for it without a word. A shell does the first at its prompt and the second while
//! anything runs in it. It looks and changes nothing.

use rustix::fs::{Mode, OFlags, open};
use rustix::termios::{LocalModes, tcgetattr};

/// Longest line that the terminal keeps, in bytes, its end not counted: 4,096 with it on Linux; elsewhere what
/// POSIX promises, as systems differ.
const LONGEST_LINE: usize = if cfg!(target_os = "linux") { 4095 } else { 255 };

/// Whether the terminal collects lines; none if that cannot be told.
pub(super) fn is_by_lines(tty: &str) -> Option<bool> {
    // It must neither become ours nor wait for anybody.
    let flags = OFlags::RDONLY | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let terminal = open(tty, flags, Mode::empty()).ok()?;
    Some(tcgetattr(terminal).ok()?.local_modes.contains(LocalModes::ICANON))
}

/// Whether a text gets through a terminal that collects lines: as one line, and whole.
pub(super) fn fits_in_a_line(text: &str) -> bool {
    !text.trim_end_matches('\n').contains('\n') && text.len() <= LONGEST_LINE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_line_that_is_not_too_long_gets_through() {
        assert!(fits_in_a_line(&"a".repeat(LONGEST_LINE)) && fits_in_a_line("a\n"));
        assert!(!fits_in_a_line(&"a".repeat(LONGEST_LINE + 1)) && !fits_in_a_line("a\nb"));
    }

    #[test]
    fn what_is_no_terminal_tells_nothing() {
        assert_eq!((is_by_lines("/dev/null"), is_by_lines("")), (None, None));
    }
}
