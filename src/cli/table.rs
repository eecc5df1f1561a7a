//! Aligned columns without boxes, as wide as the terminal and no wider.
//!
//! Cells are one line each, made safe here; the last column is cut with `…` where a terminal
//! ends and never cut in a pipe.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::cli::style::{Paint, Tone};
use crate::domain::text::to_line;

/// Longest cell, in characters: more is noise in any list.
const MAX_CELL: usize = 1000;
/// Spaces between columns.
const GAP: usize = 2;
/// Least width that is left to the last column: below it a cut text says nothing.
const LEAST_LAST: usize = 12;

/// One piece of text in a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    text: String,
    tone: Tone,
    side: Side,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

impl Cell {
    /// A text.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::toned(Tone::Plain, text)
    }

    /// A text with a meaning.
    pub fn toned(tone: Tone, text: impl AsRef<str>) -> Self {
        Self { text: to_line(text.as_ref(), MAX_CELL), tone, side: Side::Left }
    }

    /// A number, aligned to the right.
    pub fn number(number: impl std::fmt::Display) -> Self {
        Self { text: number.to_string(), tone: Tone::Plain, side: Side::Right }
    }

    fn width(&self) -> usize {
        self.text.width()
    }
}

/// Rows under a heading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    heading: Vec<String>,
    rows: Vec<Vec<Cell>>,
    indent: usize,
}

impl Table {
    /// A table with a heading.
    pub fn new(heading: &[&str]) -> Self {
        Self {
            heading: heading.iter().map(|word| (*word).to_owned()).collect(),
            rows: Vec::new(),
            indent: 0,
        }
    }

    /// A table without one, set off by some spaces.
    pub fn bare(indent: usize) -> Self {
        Self { heading: Vec::new(), rows: Vec::new(), indent }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// Its lines, each with an end.
    pub fn render(&self, paint: Paint, width: Option<usize>) -> String {
        let heading: Vec<Cell> =
            self.heading.iter().map(|word| Cell::toned(Tone::Muted, word)).collect();
        let mut lines: Vec<&Vec<Cell>> = Vec::with_capacity(self.rows.len() + 1);
        lines.extend((!heading.is_empty()).then_some(&heading));
        lines.extend(&self.rows);
        let widths = column_widths(&lines);
        lines.iter().fold(String::new(), |mut out, cells| {
            out.push_str(&self.line(cells, &widths, paint, width));
            out.push('\n');
            out
        })
    }

    fn line(&self, cells: &[Cell], widths: &[usize], paint: Paint, width: Option<usize>) -> String {
        let mut line = " ".repeat(self.indent);
        let mut used = self.indent;
        let last = cells.iter().rposition(|cell| !cell.text.is_empty());
        for (column, (cell, wanted)) in cells.iter().zip(widths).enumerate() {
            if last.is_none_or(|last| column > last) {
                break;
            }
            if column > 0 {
                line.push_str(&" ".repeat(GAP));
                used += GAP;
            }
            let is_last = last == Some(column);
            let room = width.filter(|_| is_last).map(|w| w.saturating_sub(used).max(LEAST_LAST));
            let text = room.map_or_else(|| cell.text.clone(), |room| cut(&cell.text, room));
            let padding = " ".repeat(wanted.saturating_sub(text.width()));
            if cell.side == Side::Right {
                line.push_str(&padding);
            }
            line.push_str(&paint.tone(cell.tone, &text));
            if cell.side == Side::Left && !is_last {
                line.push_str(&padding);
            }
            used += wanted;
        }
        line
    }
}

fn column_widths(lines: &[&Vec<Cell>]) -> Vec<usize> {
    let columns = lines.iter().map(|cells| cells.len()).max().unwrap_or(0);
    (0..columns)
        .map(|column| {
            lines.iter().filter_map(|cells| cells.get(column)).map(Cell::width).max().unwrap_or(0)
        })
        .collect()
}

/// The text, at most `room` columns wide, with `…` for what is cut.
pub fn cut(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut used = 1;
    let mut out: String = text
        .chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= room
        })
        .collect();
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["NAME", "N", "TEXT"]);
        table.row(vec![Cell::text("a"), Cell::number(5), Cell::text("short")]);
        table.row(vec![
            Cell::text("日本"),
            Cell::number(120),
            Cell::text("a text that is rather long\u{1b}[31m"),
        ]);
        table
    }

    #[test]
    fn columns_are_aligned_by_what_is_seen() {
        assert_eq!(
            table().render(Paint::Plain, None),
            "NAME  N    TEXT\na       5  short\n日本  120  a text that is rather long[31m\n"
        );
    }

    #[test]
    fn the_last_column_ends_where_the_terminal_does() {
        let text = table().render(Paint::Plain, Some(30));
        assert!(text.lines().all(|line| line.width() <= 30), "{text}");
        assert!(text.contains('…'));
    }

    #[test]
    fn empty_cells_at_the_end_leave_no_spaces() {
        let mut table = Table::bare(2);
        table.row(vec![Cell::text("one"), Cell::text("")]);
        assert_eq!(table.render(Paint::Plain, None), "  one\n");
    }
}
