//! The input line: how a program's focused, empty input is told from everything else.
//!
//! One predicate for everybody who asks: typing, and the rules that read a state from a screen. What is
//! not exactly the empty input line is not empty.

use serde::{Deserialize, Serialize};
use unicode_width::UnicodeWidthChar;

use crate::domain::runtime::pattern::Pattern;

/// How an empty, focused input line is told from everything else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputLine {
    /// What the cursor's line begins with, after the frame.
    pub prompt: String,
    /// The cursor's column when nothing is typed, counted from 0.
    pub home_column: u16,
    /// Pause between the seen text and Enter, in milliseconds; some programs need 150.
    pub enter_delay_ms: u32,
    /// Whether it takes a pasted text of several lines as one (bracketed paste). To any other program a
    /// line's end is an Enter, so it gets one line.
    #[serde(default)]
    pub multiline: bool,
    /// Characters that are drawn around the input, ignored with blanks at both ends of each of its lines.
    #[serde(default)]
    pub frame: String,
    /// Whether it may stand anywhere from left to right: columns then count from its first character.
    #[serde(default)]
    pub floating: bool,
    /// What may stand in the empty line behind the cursor: hints of the program.
    #[serde(default)]
    pub placeholder: Vec<Pattern>,
    /// Whether dim text behind the cursor is a suggestion of the program and not typed.
    #[serde(default)]
    pub ghost: bool,
    /// What the program shows in place of a pasted text that it folds.
    #[serde(default)]
    pub pasted: Vec<Pattern>,
    /// Characters that the program writes with a backslash before them where they are pasted.
    #[serde(default)]
    pub escaped: String,
    /// What each further row of the input begins with: the program writes it, nobody has typed it.
    #[serde(default)]
    pub continuation: String,
    /// How a tab is shown; nothing: as blanks.
    #[serde(default)]
    pub tab: String,
    /// What the row above the input must look like; none: anything.
    #[serde(default)]
    pub above: Option<Pattern>,
    /// What the row below the input must look like: a draft may have an empty line, and another one below.
    #[serde(default)]
    pub below: Option<Pattern>,
    /// Texts longer than this stay in the mailbox, in bytes; none: the protocol's own limit.
    #[serde(default)]
    pub max_bytes: Option<u32>,
}

/// A screen as far as the input line is concerned.
#[derive(Debug, Clone, Copy)]
pub struct Place<'s> {
    /// The visible rows, top to bottom.
    pub rows: &'s [String],
    /// The cursor's column and row, from 0.
    pub cursor: (u16, u16),
    /// For each character of the cursor's row whether it is dim; empty: nothing is.
    pub ghost: &'s [bool],
}

impl<'s> Place<'s> {
    /// The cursor's row.
    pub fn row(&self) -> &'s str {
        self.rows.get(usize::from(self.cursor.1)).map(String::as_str).unwrap_or_default()
    }
}

impl InputLine {
    /// Whether the cursor stands in the input line, empty or not: its row begins with the prompt.
    pub fn is_at(&self, place: Place<'_>) -> bool {
        self.begins(place.row())
    }

    /// Whether a row begins with the prompt.
    pub fn begins(&self, row: &str) -> bool {
        // A terminal drops blanks at the end of a line, and a prompt mostly ends with one. A prompt of
        // nothing would be seen on an empty screen too.
        let prompt = self.prompt.trim_end();
        !prompt.is_empty() && self.inner(row).starts_with(prompt)
    }

    /// Whether the input line is focused and empty: the cursor stands at its home, and behind it nothing
    /// but what the program itself shows there.
    pub fn is_empty_at(&self, place: Place<'_>) -> bool {
        self.is_at(place)
            && usize::from(place.cursor.0) == self.home(place.row())
            && self.is_nothing(place)
            && self.is_between(place)
    }

    /// Whether the rows above and below are what they are around an empty input line.
    fn is_between(&self, place: Place<'_>) -> bool {
        let at = |row: Option<usize>| row.and_then(|row| place.rows.get(row)).map(String::as_str);
        let agrees = |wanted: &Option<Pattern>, row: Option<usize>| {
            wanted.as_ref().is_none_or(|pattern| pattern.is_in(at(row).unwrap_or_default()))
        };
        let row = usize::from(place.cursor.1);
        agrees(&self.above, row.checked_sub(1)) && agrees(&self.below, row.checked_add(1))
    }

    /// The column of the cursor when nothing is typed, on a row of the input line.
    pub fn home(&self, row: &str) -> usize {
        let indent = if self.floating { width(row) - width(row.trim_start()) } else { 0 };
        indent + usize::from(self.home_column)
    }

    fn is_nothing(&self, place: Place<'_>) -> bool {
        let behind = from_column(place.row(), usize::from(place.cursor.0));
        let text = behind.trim_end_matches(|c: char| c.is_whitespace() || self.frame.contains(c));
        if text.trim().is_empty() {
            return true;
        }
        let is_dim = is_dim(place, behind, text);
        let is_known = self.placeholder.iter().any(|pattern| pattern.begins(text.trim_start()));
        (self.ghost && is_dim) || (is_known && (place.ghost.is_empty() || is_dim))
    }

    /// A text as it stands in the input line once it is pasted.
    pub fn as_pasted(&self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        for c in text.chars() {
            if self.escaped.contains(c) && !shown.ends_with('\\') {
                shown.push('\\');
            }
            match c {
                '\t' if !self.tab.is_empty() => shown.push_str(&self.tab),
                c => shown.push(c),
            }
        }
        shown
    }

    /// A row without frame and blanks before it; of a program without a frame the row as it is.
    pub fn inner<'r>(&self, row: &'r str) -> &'r str {
        if self.frame.is_empty() && !self.floating {
            return row;
        }
        row.trim_start_matches(|c: char| c.is_whitespace() || self.frame.contains(c))
    }

    /// A further row of the input without what the program begins such rows with.
    pub fn continued<'r>(&self, row: &'r str) -> &'r str {
        // A terminal drops blanks at the end of a row.
        row.strip_prefix(self.continuation.trim_end()).unwrap_or(row)
    }

    /// A row without frame and blanks at both ends.
    pub fn bare<'r>(&self, row: &'r str) -> &'r str {
        row.trim_matches(|c: char| c.is_whitespace() || self.frame.contains(c))
    }
}

/// Whether everything that is not blank in `text`, the beginning of `behind`, the end of the row, is dim. The
/// first character may be drawn as a block under the cursor and not be dim.
fn is_dim(place: Place<'_>, behind: &str, text: &str) -> bool {
    let first = place.row().chars().count().saturating_sub(behind.chars().count());
    let shown = text.chars().enumerate().skip(1).filter(|(_, c)| !c.is_whitespace());
    let mut flags =
        shown.map(|(at, _)| place.ghost.get(first + at).copied().unwrap_or(false)).peekable();
    flags.peek().is_some() && flags.all(|is_dim| is_dim)
}

fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// What of a line lies at or right of a column.
pub fn from_column(line: &str, column: usize) -> &str {
    let mut at = 0;
    for (index, c) in line.char_indices() {
        if at >= column {
            return line.get(index..).unwrap_or_default();
        }
        at += c.width().unwrap_or(0);
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> InputLine {
        InputLine {
            prompt: "> ".to_owned(),
            home_column: 4,
            frame: "│".to_owned(),
            placeholder: vec![Pattern::from("Type your".to_owned())],
            ..InputLine::default()
        }
    }

    fn is_empty(line: &InputLine, row: &str, column: u16, ghost: &[bool]) -> bool {
        let rows = ["above".to_owned(), row.to_owned()];
        line.is_empty_at(Place { rows: &rows, cursor: (column, 1), ghost })
    }

    #[test]
    fn a_framed_line_is_empty_with_nothing_or_the_known_hint_in_it() {
        let line = line();
        assert!(is_empty(&line, "│ >                │", 4, &[]));
        assert!(is_empty(&line, "│ > Type your message │", 4, &[]));
        assert!(!is_empty(&line, "│ > Type your message │", 5, &[]), "the cursor is elsewhere");
        assert!(!is_empty(&line, "│ > rm -rf │", 4, &[]), "somebody typed and went home");
        assert!(!is_empty(&line, "│ Allow? │", 4, &[]));
        assert!(!is_empty(&line, "", 4, &[]));
    }

    #[test]
    fn only_dim_text_is_taken_for_a_suggestion() {
        let line = InputLine { ghost: true, ..line() };
        let row = "│ > run it │";
        let dim: Vec<bool> = row.chars().enumerate().map(|(at, _)| (4..10).contains(&at)).collect();
        assert!(is_empty(&line, row, 4, &dim));
        assert!(!is_empty(&line, row, 4, &[]));
        let half: Vec<bool> = dim.iter().enumerate().map(|(at, dim)| *dim && at < 8).collect();
        assert!(!is_empty(&line, row, 4, &half));
        let hint = InputLine { ghost: false, ..line };
        let typed: Vec<bool> = vec![false; 20];
        assert!(!is_empty(&hint, "│ > Type your name │", 4, &typed), "typed, not shown");
    }

    #[test]
    fn a_floating_line_counts_from_where_it_begins() {
        let line = InputLine {
            prompt: "┃".to_owned(),
            home_column: 3,
            floating: true,
            ..Default::default()
        };
        assert!(is_empty(&line, "          ┃", 13, &[]));
        assert!(is_empty(&line, "┃", 3, &[]));
        assert!(!is_empty(&line, "          ┃", 3, &[]));
    }

    #[test]
    fn what_must_stand_around_the_line_is_looked_for() {
        let line = InputLine { below: Some(Pattern::from("^╰".to_owned())), ..line() };
        let place = |rows| Place { rows, cursor: (4, 0), ghost: &[] };
        let alone = ["│ >   │".to_owned(), "╰─────╯".to_owned()];
        let draft = ["│ >   │".to_owned(), "│   x │".to_owned(), "╰─────╯".to_owned()];
        assert!(line.is_empty_at(place(&alone)) && !line.is_empty_at(place(&draft)));
        assert!(!line.is_empty_at(place(&alone[..1])));
    }

    #[test]
    fn what_a_program_escapes_is_expected_escaped_once() {
        let escaping = InputLine { escaped: "@".to_owned(), ..line() };
        assert_eq!(escaping.as_pasted("@a b@c \\@d"), "\\@a b\\@c \\@d");
        assert_eq!(line().as_pasted("@a"), "@a");
    }

    #[test]
    fn wide_letters_count_twice() {
        assert_eq!(from_column("世界ab", 4), "ab");
        assert_eq!(from_column("ab", 9), "");
    }
}
