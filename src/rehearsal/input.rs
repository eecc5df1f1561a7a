//! The input line: what is typed and not yet submitted, and how it is laid out on the screen.
//!
//! The first row begins with the prompt, all others with as many blanks: only an empty, focused
//! input line has the cursor right behind the prompt, which is how a delivery proves it.

use unicode_width::UnicodeWidthChar;

use super::keys::Key;
use crate::domain::runtime::Runtime;

/// Columns of the prompt.
const INDENT: usize = 2;

/// What is typed.
#[derive(Debug, Default, Clone)]
pub(super) struct Input {
    text: String,
}

impl Input {
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
    }

    /// Takes what was typed.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// Changes the text by a key; keys that do not edit change nothing.
    pub(super) fn edit(&mut self, key: &Key) {
        match key {
            Key::Char(c) => self.text.push(*c),
            Key::Pasted(text) => self.text.push_str(text),
            Key::Backspace => {
                self.text.pop();
            }
            Key::RemoveWord => {
                let kept = self.text.trim_end().trim_end_matches(|c: char| !c.is_whitespace());
                self.text.truncate(kept.len());
            }
            Key::RemoveAll => self.text.clear(),
            Key::Enter | Key::Up | Key::Down | Key::Escape | Key::Cancel | Key::EndOfInput => {}
        }
    }

    /// Its rows and the cursor's column in the last of them. At most `most` rows: what is too much
    /// is left out of the middle, since both the beginning and the end tell what is there.
    pub(super) fn rows(&self, width: usize, most: usize) -> (Vec<String>, usize) {
        let mut rows: Vec<String> = Vec::new();
        for line in self.text.split('\n') {
            for piece in wrap(line, width.saturating_sub(INDENT)) {
                let lead = if rows.is_empty() { Runtime::REHEARSAL_PROMPT } else { "  " };
                rows.push(format!("{lead}{piece}"));
            }
        }
        let mut column = rows.last().map_or(INDENT, |row| width_of(row));
        // A full last row has no room for the cursor: it stands on a row of its own.
        if column >= width && !self.text.is_empty() {
            rows.push("  ".to_owned());
            column = INDENT;
        }
        (elide(rows, most.max(3)), column)
    }
}

fn elide(rows: Vec<String>, most: usize) -> Vec<String> {
    if rows.len() <= most {
        return rows;
    }
    let left_out = rows.len() - (most - 1);
    let head = most / 2;
    let tail = most - 1 - head;
    let note = format!("  … {left_out} more lines …");
    let last = rows.len() - tail;
    rows.iter()
        .take(head)
        .cloned()
        .chain(std::iter::once(note))
        .chain(rows.iter().skip(last).cloned())
        .collect()
}

/// Columns that a text takes.
pub(super) fn width_of(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// Cuts a line into pieces of at most `width` columns; an empty line is one empty piece. A word that
/// fits into a piece is never cut: whoever looks for an id on the screen finds it whole.
pub(super) fn wrap(line: &str, width: usize) -> Vec<String> {
    // A wide character needs two columns, whatever the terminal says.
    let width = width.max(2);
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for c in line.chars() {
        // A tab would move the cursor by an amount that depends on where it is.
        let (c, columns) = if c == '\t' { (' ', 1) } else { (c, c.width().unwrap_or(0)) };
        while used + columns > width && used > 0 {
            let blank = pieces.last().and_then(|piece| piece.rfind(' ')).filter(|_| c != ' ');
            let begun = match (blank, pieces.last_mut()) {
                (Some(at), Some(piece)) => piece.split_off(at + 1),
                (_, _) => String::new(),
            };
            used = width_of(&begun);
            pieces.push(begun);
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
        used += columns;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Input {
        Input { text: text.to_owned() }
    }

    #[test]
    fn an_empty_input_line_has_the_cursor_right_behind_the_prompt() {
        assert_eq!(typed("").rows(80, 10), (vec!["\u{203a} ".to_owned()], 2));
    }

    #[test]
    fn further_lines_are_indented_and_never_look_like_an_empty_prompt() {
        let (rows, column) = typed("one\n\u{203a} two\n").rows(80, 10);
        assert_eq!(rows, ["\u{203a} one", "  \u{203a} two", "  "]);
        assert_eq!(column, 2);
    }

    #[test]
    fn wide_characters_are_wrapped_by_their_columns() {
        let (rows, column) = typed("世界世界").rows(7, 10);
        assert_eq!(rows, ["\u{203a} 世界", "  世界"]);
        assert_eq!(column, 6);
    }

    #[test]
    fn an_id_is_never_cut_when_it_fits_into_a_row() {
        let id = "01900000-0000-7000-8000-000000000002";
        let text = format!("[agency] task from CodeAgency/coordinator, message {id}, TASK-001");
        for width in 40..100 {
            let (rows, _) = typed(&text).rows(width, 20);
            assert!(rows.iter().any(|row| row.contains(id)), "{width}: {rows:?}");
            assert!(rows.iter().all(|row| width_of(row) <= width), "{width}: {rows:?}");
        }
    }

    #[test]
    fn a_full_row_puts_the_cursor_on_the_next_one() {
        assert_eq!(typed("abcd").rows(6, 10), (vec!["\u{203a} abcd".into(), "  ".into()], 2));
    }

    #[test]
    fn what_does_not_fit_is_left_out_of_the_middle() {
        let text = (1..=20).map(|n| n.to_string()).collect::<Vec<_>>().join("\n");
        let (rows, _) = typed(&text).rows(80, 5);
        assert_eq!(rows, ["\u{203a} 1", "  2", "  … 16 more lines …", "  19", "  20"]);
    }

    #[test]
    fn a_word_is_removed_with_the_blanks_behind_it() {
        let mut input = typed("one two  ");
        input.edit(&Key::RemoveWord);
        assert_eq!(input.text, "one ");
    }
}
