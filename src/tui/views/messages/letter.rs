//! A letter while it is written: its fields, what can be filled in, and why it was not taken.
//!
//! What is written is changed in `screens/messages/writing.rs`; here it is only shown.

use ratatui::layout::{Position, Rect};

use crate::tui::model::{EntryStage, Field, Letter};
use crate::tui::screens::Offer;
use crate::tui::theme::Tone;
use crate::tui::views::entry::{lay_out, said};
use crate::tui::views::overlays::{centered, draw_keys};
use crate::tui::views::row_of;
use crate::tui::widgets::editor::Editor;
use crate::tui::widgets::paint::{Cursor, Paint};
use crate::tui::widgets::text::{line, width, wrap};

/// Columns of the labels.
const LABEL: u16 = 9;
/// Fields above the text.
const HEAD: usize = 4;
/// Rows of text at least and at most: what is below the letter stays in sight.
const TEXT_ROWS: (u16, u16) = (5, 14);

/// Draws the letter; returns where the cursor stands.
pub fn draw(
    letter: &Letter,
    offers: &[Offer],
    paint: &mut Paint<'_>,
    area: Rect,
) -> Option<Position> {
    let title = if letter.in_reply_to.is_some() { "Reply" } else { "Message" };
    let across = area.width.saturating_sub(4).min(96);
    let text_width = usize::from(across.saturating_sub(5)).max(1);
    let body = &letter.body;
    let (lines, at) = lay_out(body.text(), body.before_cursor().len(), text_width);
    let said = said_of(letter, text_width);
    let said_rows = u16::try_from(said.len()).unwrap_or(0);
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).clamp(TEXT_ROWS.0, TEXT_ROWS.1);
    // Fields, suggestions, a blank row before the keys, and the frame.
    let height = rows + said_rows + u16::try_from(HEAD).unwrap_or(0) + 5;
    let inner = paint.boxed(centered(area, across, height), title, Tone::Accent);
    let mut cursor = draw_head(letter, paint, inner);
    draw_suggestions(letter, paint, row_of(inner, HEAD));
    let top = u16::try_from(HEAD + 1).unwrap_or(0);
    let room = inner.height.saturating_sub(top + said_rows + 2).max(1);
    let field = Rect { y: inner.y + top, height: room, ..inner };
    let field = field.intersection(inner);
    let first = (at.1 + 1).saturating_sub(usize::from(field.height));
    for (index, words) in lines.iter().skip(first).take(usize::from(field.height)).enumerate() {
        paint.text(row_of(field, index), words, Tone::Plain);
    }
    if letter.field == Field::Body {
        let (x, y) = (u16::try_from(at.0).ok()?, u16::try_from(at.1.saturating_sub(first)).ok()?);
        cursor = Some(Position { x: field.x + x, y: field.y + y });
    }
    for (index, (words, tone)) in said.iter().enumerate() {
        let offset = usize::from(inner.height.saturating_sub(1 + said_rows)) + index;
        paint.text(row_of(inner, offset), words, *tone);
    }
    draw_keys(offers, paint, inner);
    cursor.filter(|_| !matches!(letter.stage, EntryStage::Sending))
}

fn said_of(letter: &Letter, across: usize) -> Vec<(String, Tone)> {
    let said = said(&letter.stage).into_iter();
    let wrapped = said.flat_map(|(words, tone)| {
        let rows = wrap(&words, across);
        rows.into_iter().map(move |row| (row, tone))
    });
    wrapped.collect()
}

fn draw_head(letter: &Letter, paint: &mut Paint<'_>, inner: Rect) -> Option<Position> {
    let mut cursor = None;
    for (index, field) in Field::ALL.into_iter().take(HEAD).enumerate() {
        let area = row_of(inner, index);
        let is_here = letter.field == field;
        let mut row = paint.row(area);
        row.marker(Cursor::on(is_here)).quiet().cell(LABEL, field.label(), Tone::Muted);
        let (text, before, empty) = match field {
            Field::To => shown(&letter.to, "Agency/agent, Agency, operator or *"),
            Field::Kind => shown(&letter.kind, "as the text begins: STATUS, TASK, QUESTION, …"),
            Field::Task => shown(&letter.task, "none"),
            Field::Priority | Field::Body => (letter.priority.as_str(), 0, ""),
        };
        match (text.is_empty(), field) {
            (true, _) => row.words(empty, Tone::Muted),
            (false, Field::Priority) if is_here => row.words(&format!("‹ {text} ›"), Tone::Accent),
            (false, _) => row.words(&line(text), Tone::Plain),
        };
        if is_here && field != Field::Priority && area.height > 0 {
            let x = area.x + 1 + LABEL + u16::try_from(before).ok()?;
            cursor = Some(Position { x: x.min(area.right().saturating_sub(1)), y: area.y });
        }
    }
    cursor
}

/// Its text, the columns before its cursor, and what stands there when it is empty.
fn shown<'a>(editor: &'a Editor, empty: &'a str) -> (&'a str, usize, &'a str) {
    (editor.text(), width(editor.before_cursor()), empty)
}

fn draw_suggestions(letter: &Letter, paint: &mut Paint<'_>, area: Rect) {
    let suggestions = letter.suggestions();
    let mut row = paint.row(area);
    row.gap(1 + LABEL);
    for (index, word) in suggestions.iter().enumerate() {
        let tone = if index == 0 { Tone::Accent } else { Tone::Muted };
        row.words(word, tone).gap(2);
    }
}
