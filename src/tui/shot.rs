//! A picture of a pane, developed: its rows read by a terminal emulator, and nothing left but cells.
//!
//! What programs print is foreign. Sequences that are no style (titles, links, clipboards) do nothing here, and
//! what stands in a cell is a character that can be seen, as wide as its cells, or a blank. The emulator is
//! made anew for each row, so nothing that was printed once stays; a row that was read before, in the same style, is
//! not read again: a spinner changes one of fifty.

use std::borrow::Cow;
use std::sync::Arc;

use unicode_width::UnicodeWidthStr as _;

use crate::domain::id::SpawnId;
use crate::domain::name::AgentAddress;
use crate::domain::text::to_plain;
use crate::service::workbench::viewing::{PaneId, PaneLife, Picture};

/// Columns beside the pane's own, so that a row which is a little wider here than in tmux loses nothing.
const SPILL: u16 = 16;

/// Rows of a row's emulator: even one that is twice as wide here does not move its beginning off the top.
const ROWS: u16 = 3;

/// A pane at one moment, cell by cell.
#[derive(Debug, Clone)]
pub struct Shot {
    /// Whose it is.
    pub agent: AgentAddress,
    /// The pane.
    pub pane: PaneId,
    /// The life in it.
    pub spawn: SpawnId,
    /// Whether its program lives.
    pub life: PaneLife,
    /// Columns and rows of the pane.
    pub size: (u16, u16),
    /// Column and row of the cursor; none: it is hidden.
    pub cursor: Option<(u16, u16)>,
    /// Whether somebody looks back in it.
    pub in_mode: bool,
    /// Rows above the screen that can be looked at.
    pub history: usize,
    /// How many of them are in the picture.
    pub above: usize,
    rows: Vec<Arc<Row>>,
}

/// A row as it was read.
#[derive(Debug)]
struct Row {
    text: String,
    columns: u16,
    /// The style in which it begins, and that in which it ends, as sequences.
    begins: Vec<u8>,
    ends: Vec<u8>,
    cells: Vec<vt100::Cell>,
}

impl Row {
    fn read(text: String, columns: u16, begins: Vec<u8>) -> Self {
        let mut parser = vt100::Parser::new(ROWS, columns.saturating_add(SPILL), 0);
        parser.process(&begins);
        parser.process(only_styles(&text).as_bytes());
        let screen = parser.screen();
        let cells = (0..columns).filter_map(|column| screen.cell(0, column).cloned()).collect();
        Self { ends: screen.attributes_formatted(), text, columns, begins, cells }
    }

    fn is(&self, text: &str, columns: u16, begins: &[u8]) -> bool {
        self.text == text && self.columns == columns && self.begins == begins
    }
}

impl Shot {
    /// Reads a picture; what it shares with the shot before it is taken from there.
    pub fn develop(picture: Picture, before: Option<&Self>) -> Self {
        let columns = picture.size.0.max(1);
        let known = before.map_or(&[][..], |before| before.rows.as_slice());
        let mut style = Vec::new();
        let mut rows: Vec<Arc<Row>> = Vec::with_capacity(usize::from(picture.size.1));
        let texts = picture.rows.into_iter().chain(std::iter::repeat(String::new()));
        for (at, text) in (0..usize::from(picture.size.1)).zip(texts) {
            // Where it was, else anywhere: what scrolls moves.
            let is_it = |row: &&Arc<Row>| row.is(&text, columns, &style);
            let found = known.get(at).filter(is_it).or_else(|| known.iter().find(is_it)).cloned();
            let row = found.unwrap_or_else(|| Arc::new(Row::read(text, columns, style)));
            style = row.ends.clone();
            rows.push(row);
        }
        Self {
            agent: picture.agent,
            pane: picture.pane,
            spawn: picture.spawn,
            life: picture.life,
            size: picture.size,
            cursor: picture.cursor,
            in_mode: picture.in_mode,
            history: picture.history,
            above: picture.above,
            rows,
        }
    }

    /// A cell of the pane.
    pub fn cell(&self, column: u16, row: u16) -> Option<&vt100::Cell> {
        self.rows.get(usize::from(row))?.cells.get(usize::from(column))
    }

    /// The last row with anything in it, from 0.
    pub fn last_row(&self) -> u16 {
        let has_text = |row: &u16| {
            (0..self.size.0).any(|column| {
                self.cell(column, *row).is_some_and(|cell| !cell.contents().trim().is_empty())
            })
        };
        (0..self.size.1).rev().find(has_text).unwrap_or(0)
    }
}

/// What is shown of a cell that has `columns` columns.
pub fn symbol(cell: &vt100::Cell, columns: usize) -> Cow<'_, str> {
    let text = cell.contents();
    if text.is_empty() {
        return Cow::Borrowed(" ");
    }
    // Nearly all cells: a screen has ten thousand, and is drawn ten times a second.
    if let ([b' '..=b'~'], 1) = (text.as_bytes(), columns) {
        return Cow::Borrowed(text);
    }
    let is_seen = |text: &str| text.width() == columns && to_plain(text) == text;
    if is_seen(text) {
        return Cow::Borrowed(text);
    }
    // What joins itself to a character may make it wider than it is in its pane.
    let first = text.chars().next().map(String::from).unwrap_or_default();
    if is_seen(&first) { Cow::Owned(first) } else { Cow::Owned(" ".repeat(columns)) }
}

/// A row without anything but characters and their styles; line drawing, which is letters between SO and SI
/// (DEC special graphics), made the characters that are meant.
fn only_styles(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let (mut kept, mut rest, mut is_drawing) = (String::new(), text, false);
    while let Some(c) = rest.chars().next() {
        let (sequence, after) = rest.split_at(sequence_length(rest));
        rest = after;
        match c {
            '\u{1b}' if sequence.starts_with("\u{1b}[") && sequence.ends_with('m') => {
                kept.push_str(sequence);
            }
            '\u{e}' => is_drawing = true,
            '\u{f}' => is_drawing = false,
            _ if c.is_control() => {}
            _ => kept.push(if is_drawing { graphic(c) } else { c }),
        }
    }
    Cow::Owned(kept)
}

/// Bytes of the control sequence that a text begins with, else of its first character (ECMA-48).
fn sequence_length(text: &str) -> usize {
    let all = text.len();
    let Some(after) = text.strip_prefix('\u{1b}') else {
        return text.chars().next().map_or(all, char::len_utf8);
    };
    match after.chars().next() {
        Some('[') => {
            let is_final = |c: char| ('@'..='~').contains(&c);
            after.get(1..).and_then(|rest| rest.find(is_final)).map_or(all, |at| at + 3)
        }
        // Strings end with BEL or ST.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            let bell = after.find('\u{7}').map(|at| at + 2);
            let string_end = after.find("\u{1b}\\").map(|at| at + 3);
            bell.into_iter().chain(string_end).min().unwrap_or(all)
        }
        Some(c) => 1 + c.len_utf8(),
        None => all,
    }
}

fn graphic(c: char) -> char {
    match c {
        'j' => '┘',
        'k' => '┐',
        'l' => '┌',
        'm' => '└',
        'n' => '┼',
        'q' => '─',
        't' => '├',
        'u' => '┤',
        'v' => '┴',
        'w' => '┬',
        'x' => '│',
        'a' => '▒',
        '`' => '◆',
        '~' => '·',
        '0' => '█',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::testing::picture;

    fn developed(rows: &[&str]) -> Shot {
        Shot::develop(picture("Code/dev", (20, 4), rows), None)
    }

    fn text(shot: &Shot, row: u16) -> String {
        let cells = (0..shot.size.0).filter_map(|column| shot.cell(column, row));
        let shown = cells.filter(|cell| !cell.is_wide_continuation());
        shown.map(|cell| symbol(cell, if cell.is_wide() { 2 } else { 1 })).collect()
    }

    #[test]
    fn styles_go_on_from_row_to_row_and_sequences_do_nothing_else() {
        let shot = developed(&[
            "\u{1b}[31;1mred",
            "too\u{1b}[0m \u{1b}]0;title\u{7}\u{1b}]8;;http://x\u{7}link\u{1b}]8;;\u{7}",
            "a\u{1b}[2Jb\u{7}\u{1b}[58;2;1;2;3mc\u{1b}]8;;y\u{1b}\\d\u{1b}(0e\u{1b}[",
        ]);
        assert_eq!(shot.cell(0, 0).map(vt100::Cell::fgcolor), Some(vt100::Color::Idx(1)));
        assert_eq!(shot.cell(1, 1).map(vt100::Cell::bold), Some(true));
        assert_eq!(text(&shot, 1).trim_end(), "too link");
        assert_eq!(text(&shot, 2).trim_end(), "abcd0e");
    }

    #[test]
    fn only_what_changed_is_read_again_and_looks_as_if_all_were() {
        let rows = ["\u{1b}[31mone", "two", "\u{1b}[0mthree", "four"];
        let first = developed(&rows);
        let next = |rows: &[&str]| Shot::develop(picture("Code/dev", (20, 4), rows), Some(&first));
        let is_shared =
            |shot: &Shot, row: usize, was: usize| Arc::ptr_eq(&shot.rows[row], &first.rows[was]);
        let spun = next(&["\u{1b}[31mone", "two", "\u{1b}[0m/hree", "four"]);
        assert_eq!([0, 1, 2, 3].map(|row| is_shared(&spun, row, row)), [true, true, false, true]);
        let scrolled = next(&["three", "four", "five"]);
        assert!(is_shared(&scrolled, 1, 3) && !is_shared(&scrolled, 0, 2), "in another style");
        assert_eq!(text(&scrolled, 0).trim_end(), "three");
        let green = next(&["\u{1b}[32mone", "two", "\u{1b}[0mthree", "four"]);
        assert_eq!(green.cell(0, 1).map(vt100::Cell::fgcolor), Some(vt100::Color::Idx(2)));
        let wider = Shot::develop(picture("Code/dev", (21, 4), &rows), Some(&first));
        assert!(wider.cell(20, 0).is_some());
    }

    #[test]
    fn a_row_that_is_wider_than_its_pane_does_not_move_the_others() {
        let shot =
            developed(&["x".repeat(30).as_str(), "second", "third", "y".repeat(36).as_str()]);
        assert_eq!(text(&shot, 0), "x".repeat(20));
        assert_eq!((text(&shot, 1).trim_end(), text(&shot, 2).trim_end()), ("second", "third"));
        assert_eq!(shot.last_row(), 3);
    }

    #[test]
    fn wide_and_joined_characters_keep_to_their_cells() {
        let shot = developed(&["漢e\u{301}x", "\u{26a0}\u{fe0f}y", "a\u{202e}b"]);
        assert!(text(&shot, 0).starts_with("漢e\u{301}x"));
        assert!(text(&shot, 1).starts_with("\u{26a0}y"), "{:?}", text(&shot, 1));
        assert!(!text(&shot, 2).contains('\u{202e}'));
    }

    #[test]
    fn line_drawing_is_drawn() {
        let shot = developed(&["\u{e}lq\u{1b}[1mqk\u{f} lq"]);
        assert_eq!(text(&shot, 0).trim_end(), "┌──┐ lq");
    }
}
