//! The message list, and the whole of the one under the cursor below it.
//!
//! A body is data: it is shown without control characters and never read as markup.

use ratatui::layout::Rect;
use serde_json::Value;

use crate::service::views::{Board, MessageView};
use crate::tui::model::Model;
use crate::tui::screens::messages::{position, rows};
use crate::tui::theme::Tone;
use crate::tui::views::frame::indented;
use crate::tui::views::{Viewport, activity, below, row_of};
use crate::tui::widgets::list::identity;
use crate::tui::widgets::paint::{Cursor, Paint};
use crate::tui::widgets::text::{line, wrap};

/// Draws the screen.
pub fn draw(
    model: &Model,
    board: &Board,
    viewport: &mut Viewport,
    paint: &mut Paint<'_>,
    area: Rect,
) {
    let queue = board.status.queue;
    let count = format!(
        "{} on their way · {} not acknowledged · {} dead",
        queue.new, queue.cur, queue.dead
    );
    paint.heading(row_of(area, 0), "Messages", &count);
    let list = below(area, 1);
    if board.messages.is_empty() {
        paint.text(
            indented(row_of(list, 0)),
            "No message has been sent. Say something:",
            Tone::Plain,
        );
        let name =
            board.status.agencies.first().map_or("CodeAgency", |agency| agency.name.as_str());
        let words = format!("  agency send {name} \"how far are you?\"");
        paint.text(indented(row_of(list, 1)), &words, Tone::Accent);
        return;
    }
    let index = position(model);
    // A third for the message itself, when there is room for both.
    let detail_rows = if list.height >= 12 { list.height / 3 } else { 0 };
    let list = Rect { height: list.height - detail_rows, ..list };
    viewport.room.list_rows = usize::from(list.height);
    let selected = index.zip(Some(model.message.map_or(0, identity)));
    let shown = viewport.messages.place(board.messages.len(), usize::from(list.height), selected);
    for (at, message) in rows(board).enumerate().skip(shown.start).take(shown.len()) {
        let mut row = paint.row(row_of(list, at - shown.start));
        row.marker(Cursor::on(index == Some(at)));
        activity::draw_message(message, &mut row);
    }
    if let Some(message) = index.and_then(|at| rows(board).nth(at)) {
        draw_detail(message, paint, Rect { y: list.bottom(), height: detail_rows, ..list });
    }
}

fn draw_detail(message: &MessageView, paint: &mut Paint<'_>, area: Rect) {
    if area.height == 0 {
        return;
    }
    let title = format!("{} from {} to {}", message.kind, line(&message.from), line(&message.to));
    paint.heading(row_of(area, 0), &title, message.state.as_str());
    let area = indented(below(area, 1));
    let width = usize::from(area.width.saturating_sub(2));
    let body = match &message.body {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    };
    let why = message.reason.iter().map(|reason| (line(reason), Tone::Warn));
    let lines = body.lines().take(usize::from(area.height)).flat_map(|text| {
        let blanks = text.len() - text.trim_start().len();
        let indent = " ".repeat(blanks.min(width / 2));
        wrap(text, width - indent.len())
            .into_iter()
            .map(move |row| (format!("{indent}{row}"), Tone::Plain))
    });
    for (index, (words, tone)) in why.chain(lines).take(usize::from(area.height)).enumerate() {
        paint.text(row_of(area, index), &words, tone);
    }
}
