//! The choice of messages, and the words that are looked for: both leave the list in sight.
//!
//! What they change shows behind them at once; they decide nothing themselves.

use ratatui::layout::{Position, Rect};

use crate::tui::model::{Entry, Model, Sieve};
use crate::tui::screens::messages::sieving::ROWS;
use crate::tui::screens::offers;
use crate::tui::theme::Tone;
use crate::tui::views::frame::draw_key_bar;
use crate::tui::views::overlays::{centered, draw_keys};
use crate::tui::views::row_of;
use crate::tui::widgets::paint::{Cursor, Paint};
use crate::tui::widgets::text::{cut_front, line, width};

/// Columns of the longest label.
const LABEL: u16 = 8;
/// Columns that the keys of the search need at the right.
const KEYS: u16 = 30;

/// Draws the choice.
pub fn draw(model: &Model, sieve: &Sieve, paint: &mut Paint<'_>, area: Rect) {
    let height = u16::try_from(ROWS.len() + 4).unwrap_or(u16::MAX);
    let count = format!("{} of {}", model.talk.count(), model.talk.store().len());
    let title = format!("Which messages? {count}");
    let inner = paint.boxed(centered(area, 64.min(area.width), height), &title, Tone::Accent);
    let filter = model.talk.filter();
    let values = [
        filter.agency.as_ref().map(ToString::to_string),
        filter.kind.clone(),
        filter.task.clone(),
        filter.state.map(|state| state.as_str().to_owned()),
        filter.unverified.then(|| "unverified".to_owned()),
    ];
    for (index, (label, value)) in ROWS.into_iter().zip(values).enumerate() {
        let mut row = paint.row(row_of(inner, index));
        let is_here = index == sieve.row;
        row.marker(Cursor::on(is_here)).gap(1).cell(LABEL, label, Tone::Muted);
        let shown = value.as_deref().map_or_else(|| "all".to_owned(), line);
        let tone = if value.is_some() { Tone::Accent } else { Tone::Plain };
        row.words(if is_here { "‹ " } else { "  " }, Tone::Focus).words(&shown, tone);
        row.words(if is_here { " ›" } else { "" }, Tone::Focus);
    }
    draw_keys(&offers(model), paint, inner);
}

/// Draws the words that are looked for, in the place of the key bar; returns where the cursor stands.
pub fn draw_search(
    model: &Model,
    entry: &Entry,
    paint: &mut Paint<'_>,
    area: Rect,
) -> Option<Position> {
    let last = Rect { y: area.bottom().saturating_sub(1), height: 1.min(area.height), ..area };
    paint.clear(last);
    let keys = if area.width >= 2 * KEYS { KEYS } else { 0 };
    let field = Rect { width: last.width - keys, ..last };
    let mut row = paint.row(field);
    row.gap(1).words("/ ", Tone::Focus);
    let room = usize::from(row.left()).saturating_sub(1);
    let before = cut_front(entry.editor.before_cursor(), room).into_owned();
    let after = entry.editor.text().get(entry.editor.before_cursor().len()..).unwrap_or_default();
    row.words(&before, Tone::Plain).words(after, Tone::Plain);
    let right = Rect { x: field.right(), width: keys, ..last };
    draw_key_bar(&offers(model), paint, right);
    let x = field.x + 3 + u16::try_from(width(&before)).ok()?;
    (x < field.right()).then_some(Position { x, y: last.y })
}
