//! The help: every action of the screen below it with all its keys, and the reason when it cannot be
//! done now. Nothing here is written by hand but the headings.

use ratatui::layout::Rect;

use crate::tui::model::Model;
use crate::tui::screens::Offer;
use crate::tui::theme::Tone;
use crate::tui::views::overlays::{centered, draw_keys};
use crate::tui::views::{Viewport, row_of};
use crate::tui::widgets::paint::Paint;
use crate::tui::widgets::text::line;

/// Columns of the keys: `Shift-Tab` and the longest pair fit.
const KEYS: u16 = 16;

/// Draws the help of the screen in front.
pub fn draw(
    model: &Model,
    scroll: usize,
    viewport: &mut Viewport,
    paint: &mut Paint<'_>,
    area: Rect,
) {
    let offers = model.screen.actions(model);
    let height = u16::try_from(offers.len() + 4).unwrap_or(u16::MAX);
    let height = height.min(area.height.saturating_sub(2));
    let title = format!("{}: what the keys do", model.screen.title());
    let inner = paint.boxed(
        centered(area, area.width.saturating_sub(4).min(76), height),
        &title,
        Tone::Accent,
    );
    let rows = usize::from(inner.height.saturating_sub(2));
    viewport.room.detail_rows = rows;
    viewport.room.detail_lines = offers.len();
    for (index, offer) in offers.iter().skip(scroll).take(rows).enumerate() {
        draw_offer(offer, paint, row_of(inner, index));
    }
    if scroll + rows < offers.len() {
        paint.text(row_of(inner, rows), "more below: j", Tone::Muted);
    }
    draw_keys(&crate::tui::screens::offers(model), paint, inner);
}

fn draw_offer(offer: &Offer, paint: &mut Paint<'_>, area: Rect) {
    let mut row = paint.row(area);
    let tone = if offer.disabled.is_none() { Tone::Plain } else { Tone::Muted };
    row.cell(KEYS, &offer.keys.join("  "), Tone::Accent);
    row.words(offer.name, tone);
    if let Some(reason) = &offer.disabled {
        row.gap(2).rest(&format!("not now: {}", line(reason)), Tone::Warn);
    }
}
