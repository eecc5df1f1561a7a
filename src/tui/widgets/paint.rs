//! The brush: rows of columns put straight into the buffer.
//!
//! Only visible rows are ever handed to it, and nothing is copied that fits. It remembers when the
//! first age on the screen will read differently, which is when the next drawing is due.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::tui::theme::{Badge, Theme, Tone};
use crate::tui::widgets::{age, text};

/// What is painted on, in which colours, at what time.
pub struct Paint<'a> {
    /// The screen.
    pub buffer: &'a mut Buffer,
    /// The colours.
    pub theme: Theme,
    /// Ages are counted from here.
    pub now: Timestamp,
    /// When the first visible age changes.
    pub next_change: Option<Timestamp>,
}

impl Paint<'_> {
    /// Writes a text at the left of an area's first row; returns its columns.
    pub fn text(&mut self, area: Rect, words: &str, tone: Tone) -> u16 {
        let mut row = self.row(area);
        row.rest(words, tone);
        area.width.saturating_sub(row.left())
    }

    /// Starts a row at the top of an area.
    pub fn row(&mut self, area: Rect) -> Row<'_> {
        let area = area.intersection(self.buffer.area);
        Row {
            buffer: self.buffer,
            theme: self.theme,
            now: self.now,
            next_change: &mut self.next_change,
            x: area.x,
            end: if area.height == 0 { area.x } else { area.right() },
            y: area.y,
            extra: Modifier::empty(),
        }
    }

    /// A quiet heading: words, a thin rule, and what is counted at its end.
    pub fn heading(&mut self, area: Rect, words: &str, count: &str) {
        let mut row = self.row(area);
        row.gap(1);
        let count_columns = u16::try_from(text::width(count)).unwrap_or(0);
        let tail = if count.is_empty() { 1 } else { count_columns + 2 };
        let room = usize::from(row.left().saturating_sub(tail + 1));
        row.words(&text::cut(words, room), Tone::Plain);
        row.gap(1);
        let rule = row.left().saturating_sub(tail);
        row.cell(rule, &"─".repeat(usize::from(rule)), Tone::Muted);
        row.gap(1);
        row.words(count, Tone::Muted);
    }

    /// A thin vertical line.
    pub fn vertical_rule(&mut self, area: Rect) {
        for y in area.rows() {
            self.text(Rect { width: 1, ..y }, "│", Tone::Muted);
        }
    }

    /// Makes everything step back that is there already.
    pub fn dim(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        self.buffer.set_style(area, Style::new().add_modifier(Modifier::DIM));
    }

    /// Empties an area.
    pub fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        for position in area.positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.reset();
            }
        }
    }

    /// An emptied box with a title; returns what is inside its frame.
    pub fn boxed(&mut self, area: Rect, title: &str, tone: Tone) -> Rect {
        self.clear(area);
        let across = usize::from(area.width.saturating_sub(2));
        let title = text::cut(title, across.saturating_sub(4));
        let rule = "─".repeat(across.saturating_sub(text::width(&title) + 3));
        let mut row = self.row(area);
        row.words("╭─ ", tone);
        row.bold().words(&title, tone);
        row.quiet().words(" ", tone);
        row.words(&rule, tone);
        row.words("╮", tone);
        for y in area.y + 1..area.bottom().saturating_sub(1) {
            self.text(Rect { y, height: 1, width: 1, ..area }, "│", tone);
            let x = area.right().saturating_sub(1);
            self.text(Rect { x, y, height: 1, width: 1 }, "│", tone);
        }
        let bottom = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
        self.text(bottom, &format!("╰{}╯", "─".repeat(across)), tone);
        Rect {
            x: area.x + 2,
            y: area.y + 1,
            width: area.width.saturating_sub(4),
            height: area.height.saturating_sub(2),
        }
    }
}

/// One row, painted from left to right.
pub struct Row<'a> {
    buffer: &'a mut Buffer,
    theme: Theme,
    now: Timestamp,
    next_change: &'a mut Option<Timestamp>,
    x: u16,
    end: u16,
    y: u16,
    extra: Modifier,
}

impl Row<'_> {
    /// Columns that are left.
    pub fn left(&self) -> u16 {
        self.end.saturating_sub(self.x)
    }

    /// From here on in bold.
    pub fn bold(&mut self) -> &mut Self {
        self.extra |= Modifier::BOLD;
        self
    }

    /// From here on not in bold.
    pub fn quiet(&mut self) -> &mut Self {
        self.extra = Modifier::empty();
        self
    }

    /// Leaves columns empty.
    pub fn gap(&mut self, columns: u16) -> &mut Self {
        self.x = self.x.saturating_add(columns).min(self.end);
        self
    }

    /// The mark of the row that the cursor is on, or its empty place: two columns.
    pub fn marker(&mut self, cursor: Cursor) -> &mut Self {
        match cursor {
            Cursor::Here => {
                self.cell(1, "▌", Tone::Focus);
                self.bold()
            }
            Cursor::Elsewhere => self.gap(1),
        }
    }

    /// Exactly so many columns, cut or filled at the right.
    pub fn cell(&mut self, columns: u16, words: &str, tone: Tone) -> &mut Self {
        let columns = columns.min(self.left());
        let words = text::cut(words, usize::from(columns));
        self.put(&words, tone);
        self.gap(columns)
    }

    /// The same, but the beginning is cut: for branches and paths.
    pub fn cell_end(&mut self, columns: u16, words: &str, tone: Tone) -> &mut Self {
        let columns = columns.min(self.left());
        let words = text::cut_front(words, usize::from(columns));
        self.put(&words, tone);
        self.gap(columns)
    }

    /// The same, filled at the left: for numbers and ages.
    pub fn number(&mut self, columns: u16, words: &str, tone: Tone) -> &mut Self {
        let columns = columns.min(self.left());
        let words = text::cut(words, usize::from(columns));
        let used = u16::try_from(text::width(&words)).unwrap_or(columns);
        self.gap(columns.saturating_sub(used));
        self.put(&words, tone);
        self.gap(used)
    }

    /// As many columns as the words need, no more than are left.
    pub fn words(&mut self, words: &str, tone: Tone) -> &mut Self {
        let words = text::cut(words, usize::from(self.left()));
        let used = u16::try_from(text::width(&words)).unwrap_or(0);
        self.put(&words, tone);
        self.gap(used)
    }

    /// All that is left.
    pub fn rest(&mut self, words: &str, tone: Tone) -> &mut Self {
        self.words(words, tone)
    }

    /// A state: its symbol, a blank, its word.
    pub fn badge(&mut self, columns: u16, badge: Badge) -> &mut Self {
        self.cell(2.min(columns), badge.symbol, badge.tone);
        self.cell(columns.saturating_sub(2), badge.word, badge.tone)
    }

    /// How long ago something was, right-aligned.
    pub fn age(&mut self, since: Option<Timestamp>, tone: Tone) -> &mut Self {
        let Some(since) = since else { return self.gap(age::WIDTH) };
        let (words, next) = age::age(since, self.now);
        *self.next_change = Some(self.next_change.map_or(next, |earlier| earlier.min(next)));
        self.number(age::WIDTH, &words, tone)
    }

    /// How long ago something was, in a sentence: `3m ago`, `now`.
    pub fn ago(&mut self, since: Timestamp, tone: Tone) -> &mut Self {
        let (words, next) = age::age(since, self.now);
        *self.next_change = Some(self.next_change.map_or(next, |earlier| earlier.min(next)));
        let is_now = self.now.duration_since(since).as_secs() <= 0;
        self.words(&words, tone).words(if is_now { "" } else { " ago" }, tone)
    }

    /// How long it is until a moment: `4m`; `now` when it has passed.
    pub fn left_of(&mut self, until: Timestamp, tone: Tone) -> &mut Self {
        let (words, next) = age::left(until, self.now);
        *self.next_change = Some(self.next_change.map_or(next, |earlier| earlier.min(next)));
        self.words(&words, tone)
    }

    fn put(&mut self, words: &str, tone: Tone) {
        let style: Style = self.theme.style(tone).add_modifier(self.extra);
        if self.left() > 0 {
            self.buffer.set_stringn(self.x, self.y, words, usize::from(self.left()), style);
        }
    }
}

/// Whether the cursor is on a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor {
    /// It is.
    Here,
    /// It is not.
    Elsewhere,
}

impl Cursor {
    /// Here, if so.
    pub fn on(here: impl Into<bool>) -> Self {
        if here.into() { Self::Here } else { Self::Elsewhere }
    }
}
