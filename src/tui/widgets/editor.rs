//! A small text entry: typing, deleting, moving, pasting, one line or several.
//!
//! The cursor is a byte position that is always between two characters. What is typed is the operator's
//! own and is not cleaned here, except that a paste brings no control characters.

use crate::domain::text::to_plain;

/// A text and the cursor in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Editor {
    text: String,
    cursor: usize,
}

/// One change of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// A character at the cursor.
    Insert(char),
    /// The character before the cursor goes.
    DeleteBack,
    /// The character after the cursor goes.
    DeleteForward,
    /// The word before the cursor goes.
    DeleteWord,
    /// The line up to the cursor goes.
    DeleteToStart,
    /// One character to the left.
    Left,
    /// One character to the right.
    Right,
    /// To the start of the line.
    Home,
    /// To the end of the line.
    End,
    /// To the line before.
    Up,
    /// To the next line.
    Down,
}

impl Editor {
    /// A text that is there already, the cursor at its end.
    pub fn of(text: &str) -> Self {
        Self { text: text.to_owned(), cursor: text.len() }
    }

    /// What is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The part before the cursor.
    pub fn before_cursor(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    fn after_cursor(&self) -> &str {
        self.text.get(self.cursor..).unwrap_or_default()
    }

    /// Whether there is nothing but white space.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Puts a text in at the cursor.
    pub fn paste(&mut self, text: &str) {
        let plain = to_plain(text);
        self.text.insert_str(self.cursor, &plain);
        self.cursor += plain.len();
    }

    /// Changes it.
    pub fn apply(&mut self, edit: Edit) {
        match edit {
            Edit::Insert(c) => {
                self.text.insert(self.cursor, c);
                self.cursor += c.len_utf8();
            }
            Edit::DeleteBack => self.delete_from(self.previous()),
            Edit::DeleteForward => {
                let end = self.next();
                self.text.replace_range(self.cursor..end, "");
            }
            Edit::DeleteWord => self.delete_from(self.word_start()),
            Edit::DeleteToStart => self.delete_from(self.line_start()),
            Edit::Left => self.cursor = self.previous(),
            Edit::Right => self.cursor = self.next(),
            Edit::Home => self.cursor = self.line_start(),
            Edit::End => {
                let rest = self.after_cursor();
                self.cursor += rest.find('\n').unwrap_or(rest.len());
            }
            Edit::Up => {
                let start = self.line_start();
                if start > 0 {
                    let column = self.column(start);
                    self.cursor = start - 1;
                    self.go_to_column(column);
                }
            }
            Edit::Down => {
                let column = self.column(self.line_start());
                if let Some(end) = self.after_cursor().find('\n') {
                    self.cursor += end + 1;
                    self.go_to_column(column);
                }
            }
        }
    }

    /// Characters between the start of the line and the cursor.
    fn column(&self, start: usize) -> usize {
        self.text.get(start..self.cursor).unwrap_or_default().chars().count()
    }

    /// To so many characters after the start of the line, or to its end.
    fn go_to_column(&mut self, column: usize) {
        self.cursor = self.line_start();
        let line = self.after_cursor().split('\n').next().unwrap_or_default();
        self.cursor += line.chars().take(column).map(char::len_utf8).sum::<usize>();
    }

    fn delete_from(&mut self, start: usize) {
        self.text.replace_range(start..self.cursor, "");
        self.cursor = start;
    }

    fn previous(&self) -> usize {
        self.before_cursor().char_indices().next_back().map_or(0, |(at, _)| at)
    }

    fn next(&self) -> usize {
        self.cursor + self.after_cursor().chars().next().map_or(0, char::len_utf8)
    }

    fn word_start(&self) -> usize {
        let before = self.before_cursor().trim_end();
        before
            .char_indices()
            .rev()
            .find(|(_, c)| c.is_whitespace())
            .map_or(0, |(at, c)| at + c.len_utf8())
    }

    fn line_start(&self) -> usize {
        self.before_cursor().rfind('\n').map_or(0, |at| at + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Editor {
        let mut editor = Editor::default();
        text.chars().for_each(|c| editor.apply(Edit::Insert(c)));
        editor
    }

    #[test]
    fn characters_of_several_bytes_are_deleted_whole() {
        let mut editor = typed("añ漢");
        editor.apply(Edit::DeleteBack);
        editor.apply(Edit::Left);
        editor.apply(Edit::DeleteForward);
        assert_eq!((editor.text(), editor.before_cursor()), ("a", "a"));
    }

    #[test]
    fn a_word_and_a_line_are_deleted_back_to_their_start() {
        let mut editor = typed("one\ntwo three ");
        editor.apply(Edit::DeleteWord);
        assert_eq!(editor.text(), "one\ntwo ");
        editor.apply(Edit::DeleteToStart);
        assert_eq!(editor.text(), "one\n");
    }

    #[test]
    fn home_and_end_stay_within_the_line() {
        let mut editor = typed("one\ntwo");
        editor.apply(Edit::Home);
        assert_eq!(editor.before_cursor(), "one\n");
        editor.apply(Edit::Left);
        editor.apply(Edit::Home);
        editor.apply(Edit::End);
        assert_eq!(editor.before_cursor(), "one");
    }

    #[test]
    fn up_and_down_keep_the_column_as_far_as_the_line_goes() {
        let mut editor = typed("ab\n漢\nabcd");
        editor.apply(Edit::Left);
        editor.apply(Edit::Up);
        assert_eq!(editor.before_cursor(), "ab\n漢");
        editor.apply(Edit::Up);
        assert_eq!(editor.before_cursor(), "a");
        editor.apply(Edit::Up);
        assert_eq!(editor.before_cursor(), "a", "there is no line before");
        editor.apply(Edit::Down);
        editor.apply(Edit::Down);
        assert_eq!(editor.before_cursor(), "ab\n漢\na");
        editor.apply(Edit::Down);
        assert_eq!(editor.before_cursor(), "ab\n漢\na");
    }

    #[test]
    fn a_paste_brings_no_control_characters() {
        let mut editor = typed("ab");
        editor.apply(Edit::Left);
        editor.paste("x\u{1b}[2Jy\r\n");
        assert_eq!(editor.text(), "ax[2Jy\nb");
    }
}
