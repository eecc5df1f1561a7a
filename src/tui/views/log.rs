//! The end of the ledger, newest first, and the payload of the row under the cursor.
//!
//! The payload is shown as recorded, wrapped to the width.

use ratatui::layout::Rect;

use crate::service::views::LogView;
use crate::tui::model::Model;
use crate::tui::screens::log::{position, rows};
use crate::tui::theme::Tone;
use crate::tui::views::frame::indented;
use crate::tui::views::{Viewport, below, row_of};
use crate::tui::widgets::list::identity;
use crate::tui::widgets::paint::{Cursor, Paint, Row};
use crate::tui::widgets::text::{line, short_id, wrap};

/// Draws the screen.
pub fn draw(model: &Model, viewport: &mut Viewport, paint: &mut Paint<'_>, area: Rect) {
    let events = &model.log.events;
    let newest = events.last().map(|event| event.seq.to_string()).unwrap_or_default();
    paint.heading(row_of(area, 0), "What happened", &newest);
    let mut list = below(area, 1);
    if let Some(refusal) = &model.log.failure {
        paint.text(indented(row_of(list, 0)), &line(&refusal.message), Tone::Danger);
        list = below(list, 1);
    }
    if events.is_empty() {
        paint.text(indented(row_of(list, 0)), "nothing yet", Tone::Muted);
        return;
    }
    let detail_rows = if list.height >= 12 { 4 } else { 0 };
    let detail = Rect { y: list.bottom() - detail_rows, height: detail_rows, ..list };
    let list = Rect { height: list.height - detail_rows, ..list };
    let index = position(model);
    viewport.room.list_rows = usize::from(list.height);
    let selected = index.zip(Some(model.log.selected.map_or(0, identity)));
    let shown = viewport.log.place(events.len(), usize::from(list.height), selected);
    for (at, event) in rows(model).enumerate().skip(shown.start).take(shown.len()) {
        let mut row = paint.row(row_of(list, at - shown.start));
        row.marker(Cursor::on(index == Some(at)));
        draw_event(event, &mut row);
    }
    if let Some(event) = index.and_then(|at| rows(model).nth(at)) {
        draw_detail(event, paint, detail);
    }
}

fn draw_event(event: &LogView, row: &mut Row<'_>) {
    let wide = row.left() >= 70;
    row.age(Some(event.at), Tone::Muted).gap(2);
    row.number(7, &event.seq.to_string(), Tone::Muted).gap(2);
    row.cell(if wide { 24 } else { 16 }, &line(&event.kind), Tone::Accent).gap(1);
    row.cell(if wide { 24 } else { 10 }, &line(&event.subject), Tone::Plain).gap(1);
    row.rest(&line(&event.actor), Tone::Muted);
}

fn draw_detail(event: &LogView, paint: &mut Paint<'_>, area: Rect) {
    if area.height == 0 {
        return;
    }
    paint.heading(row_of(area, 0), &line(&event.kind), short_id(&event.hash));
    let area = indented(below(area, 1));
    let payload = event.payload.to_string();
    let lines = wrap(&line(&payload), usize::from(area.width.saturating_sub(1)));
    for (index, words) in lines.iter().enumerate() {
        paint.text(row_of(area, index), words, Tone::Plain);
    }
}
