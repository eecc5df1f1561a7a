//! A box with a text that is being written; it grows with the text, then scrolls.
//!
//! The text itself is changed in `widgets::editor`; here it is only shown.

use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthChar;

use crate::tui::model::{Entry, EntryStage};
use crate::tui::screens::Offer;
use crate::tui::theme::Tone;
use crate::tui::views::overlays::{centered, draw_keys};
use crate::tui::views::row_of;
use crate::tui::widgets::paint::Paint;
use crate::tui::widgets::text::line;

/// Rows of text after which the box does not grow any more: what is below it stays in sight.
const MOST_ROWS: u16 = 8;

/// Draws the box with `rows` rows of text or more; returns where the cursor stands.
pub fn draw(
    title: &str,
    tone: Tone,
    entry: &Entry,
    rows: u16,
    offers: &[Offer],
    paint: &mut Paint<'_>,
    area: Rect,
) -> Option<Position> {
    let said = said(&entry.stage);
    let said_rows = u16::try_from(said.len()).unwrap_or(0);
    let width = area.width.saturating_sub(4).min(90);
    // Frame and margins take four columns; one more stays for the cursor behind the last character.
    let across = usize::from(width.saturating_sub(5)).max(1);
    let (lines, at) = lay_out(entry.editor.text(), entry.editor.before_cursor().len(), across);
    let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX).clamp(rows, MOST_ROWS);
    let inner = paint.boxed(centered(area, width, wanted + said_rows + 4), title, tone);
    let text_rows = inner.height.saturating_sub(said_rows + 2).max(1);
    let field = Rect { height: text_rows, ..inner };
    let top = (at.1 + 1).saturating_sub(usize::from(text_rows));
    for (index, words) in lines.iter().skip(top).take(usize::from(text_rows)).enumerate() {
        paint.text(row_of(field, index), words, Tone::Plain);
    }
    for (index, (words, tone)) in said.iter().enumerate() {
        let offset = usize::from(inner.height.saturating_sub(1 + said_rows)) + index;
        paint.text(row_of(inner, offset), words, *tone);
    }
    draw_keys(offers, paint, inner);
    let x = field.x + u16::try_from(at.0).ok()?;
    let y = field.y + u16::try_from(at.1 - top).ok()?;
    matches!(entry.stage, EntryStage::Writing | EntryStage::Refused(_)).then_some(Position { x, y })
}

/// How sending went, in words.
pub fn said(stage: &EntryStage) -> Vec<(String, Tone)> {
    match stage {
        EntryStage::Writing => Vec::new(),
        EntryStage::Sending => vec![("◌ on its way …".to_owned(), Tone::Accent)],
        EntryStage::Refused(refusal) => {
            let mut said = vec![(format!("✗ {}", line(&refusal.message)), Tone::Danger)];
            said.extend(
                refusal.hint.iter().map(|hint| (format!("  hint: {}", line(hint)), Tone::Plain)),
            );
            said
        }
    }
}

/// Breaks a text at the field's width; returns its lines and the cursor's column and line.
pub fn lay_out(text: &str, cursor: usize, across: usize) -> (Vec<String>, (usize, usize)) {
    let mut lines = Vec::new();
    let mut row = String::new();
    let mut used = 0;
    let mut at = (0, 0);
    for (byte, c) in text.char_indices() {
        let columns = c.width().unwrap_or(0);
        if c != '\n' && used + columns > across {
            lines.push(std::mem::take(&mut row));
            used = 0;
        }
        if byte == cursor {
            at = (used, lines.len());
        }
        if c == '\n' {
            lines.push(std::mem::take(&mut row));
            used = 0;
        } else {
            used += columns;
            row.push(c);
        }
    }
    if cursor >= text.len() {
        at = (used, lines.len());
    }
    lines.push(row);
    (lines, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_stands_where_the_next_character_will() {
        assert_eq!(lay_out("", 0, 5), (vec![String::new()], (0, 0)));
        assert_eq!(lay_out("ab\ncd", 5, 5).1, (2, 1));
        assert_eq!(lay_out("ab\ncd", 3, 5).1, (0, 1));
        let (lines, at) = lay_out("漢字漢字", 12, 5);
        assert_eq!((lines.len(), at), (2, (4, 1)));
    }
}
