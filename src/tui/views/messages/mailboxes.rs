//! Who has how many messages waiting, and since when: the operator first, then whoever has waited longest.
//!
//! What does not fit is counted, so that nothing seems to be less than it is.

use ratatui::layout::Rect;

use crate::service::views::Board;
use crate::tui::theme::Tone;
use crate::tui::views::frame::indented;
use crate::tui::views::{below, row_of};
use crate::tui::widgets::paint::Paint;

/// Columns of the count.
const COUNT: u16 = 6;

/// Draws them.
pub fn draw(board: &Board, paint: &mut Paint<'_>, area: Rect) {
    let mailboxes = &board.status.mailboxes;
    let waiting: u32 = mailboxes.iter().map(|mailbox| mailbox.waiting).sum();
    paint.heading(row_of(area, 0), "Waiting messages", &waiting.to_string());
    let area = below(area, 1);
    if mailboxes.is_empty() {
        paint.text(indented(row_of(area, 0)), "nobody has a message waiting", Tone::Muted);
    }
    let rows = usize::from(area.height);
    // What does not fit is counted in the last row.
    let shown = if mailboxes.len() > rows { rows.saturating_sub(1) } else { mailboxes.len() };
    for (index, mailbox) in mailboxes.iter().take(shown).enumerate() {
        let mut row = paint.row(row_of(area, index));
        let is_own = mailbox.address == "operator";
        let tone = if is_own { Tone::Warn } else { Tone::Plain };
        row.gap(1);
        let name = row.left().saturating_sub(COUNT + 6);
        row.cell_end(name, if is_own { "you" } else { &mailbox.address }, tone);
        row.number(COUNT, &mailbox.waiting.to_string(), tone).gap(1);
        row.age(mailbox.oldest_at, Tone::Muted);
        if mailbox.uncertain > 0 {
            row.words("?", Tone::Danger);
        }
    }
    if shown < mailboxes.len() {
        let words = format!("and {} more", mailboxes.len() - shown);
        paint.text(indented(row_of(area, shown)), &words, Tone::Muted);
    }
}
