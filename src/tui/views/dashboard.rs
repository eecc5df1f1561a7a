//! The dashboard: what needs me, what is stuck and why, what is moving, from top to bottom.
//!
//! What waits spans the top. Below it, on a wide screen, agencies stand at the left and what moves at
//! the right; on a narrow one everything is one column. Every section gets its least room first.

use ratatui::layout::Rect;

use crate::service::views::{Board, WaitingView};
use crate::tui::model::{Model, Spot};
use crate::tui::screens::dashboard::{RowRef, crew, tasks, waiting};
use crate::tui::theme::{Badge, Tone};
use crate::tui::views::frame::indented;
use crate::tui::views::{Viewport, activity, below, crew as crew_view, row_of};
use crate::tui::widgets::list::{Window, identity};
use crate::tui::widgets::paint::{Cursor, Paint, Row};
use crate::tui::widgets::text::line;

/// From this width on there are two columns: each still holds a message with both its addresses.
const TWO_COLUMNS: u16 = 140;

/// How many rows a section must and would like to have, its heading included.
#[derive(Debug, Clone, Copy)]
struct Wish {
    least: u16,
    most: u16,
    weight: u16,
}

impl Wish {
    /// Room for `rows` rows under a heading, at least `least` of them.
    fn rows(rows: usize, least: u16, weight: u16) -> Self {
        let rows = u16::try_from(rows).unwrap_or(u16::MAX).max(1);
        Self { least: 1 + rows.min(least), most: rows.saturating_add(1), weight }
    }
}

/// Shares `room` rows: least wishes first, in order, then by weight until all are content.
fn share<const N: usize>(room: u16, wishes: [Wish; N]) -> [u16; N] {
    let mut left = room;
    let mut given = wishes.map(|wish| {
        // A heading without a row says nothing.
        let rows = if left >= 2 { wish.least.min(left) } else { 0 };
        left -= rows;
        rows
    });
    loop {
        let before = left;
        for (rows, wish) in given.iter_mut().zip(wishes) {
            if *rows > 0 {
                let more = wish.weight.min(left).min(wish.most.saturating_sub(*rows));
                *rows += more;
                left -= more;
            }
        }
        if left == before {
            return given;
        }
    }
}

/// Draws the dashboard.
pub fn draw(
    model: &Model,
    board: &Board,
    viewport: &mut Viewport,
    paint: &mut Paint<'_>,
    area: Rect,
) {
    let waits = Wish::rows(board.status.waiting_for.len(), 4, 1);
    let agencies = Wish::rows(crew(board).count().max(4), 7, 3);
    let work = Wish::rows(tasks(board).count(), 3, 1);
    let messages = Wish::rows(board.messages.len(), 2, 1);
    let branches = Wish::rows(board.branches.len(), 1, 1);
    if area.width < TWO_COLUMNS {
        let wishes = [waits, agencies, work, messages, branches];
        // Empty rows between the sections only when nothing has to be left out for them.
        let content: u16 = wishes.iter().map(|wish| wish.most).fold(4, u16::saturating_add);
        let roomy = content <= area.height;
        let all = share(if roomy { area.height - 4 } else { area.height }, wishes);
        let parts = if roomy { stack_apart(area, all) } else { stack(area, all) };
        let [top, agencies, work, messages, branches] = parts;
        draw_waiting(model, board, viewport, paint, top);
        crew_view::draw(model, board, viewport, paint, agencies);
        activity::draw(model, board, viewport, paint, [work, messages, branches]);
        return;
    }
    // At most a third of the screen, so that the rest stays in sight.
    let top_rows = waits.most.min(area.height / 3).max(waits.least);
    draw_waiting(model, board, viewport, paint, Rect { height: top_rows.min(area.height), ..area });
    let rest = below(area, top_rows + 1);
    // Agents have more to say than messages.
    let middle = rest.width / 20 * 11;
    let left = Rect { width: middle - 1, ..rest };
    let right = Rect { x: rest.x + middle + 1, width: rest.width - middle - 1, ..rest };
    crew_view::draw(model, board, viewport, paint, left);
    let parts = share(right.height.saturating_sub(2), [work, messages, branches]);
    activity::draw(model, board, viewport, paint, stack_apart(right, parts));
}

fn stack<const N: usize>(area: Rect, heights: [u16; N]) -> [Rect; N] {
    let mut rest = area;
    heights.map(|height| {
        let part = Rect { height: height.min(rest.height), ..rest };
        rest = below(rest, height);
        part
    })
}

/// The same with an empty row between two parts.
fn stack_apart<const N: usize>(area: Rect, heights: [u16; N]) -> [Rect; N] {
    let mut rest = area;
    heights.map(|height| {
        let part = Rect { height: height.min(rest.height), ..rest };
        rest = below(rest, if height > 0 { height + 1 } else { 0 });
        part
    })
}

fn draw_waiting(
    model: &Model,
    board: &Board,
    viewport: &mut Viewport,
    paint: &mut Paint<'_>,
    area: Rect,
) {
    let entries = &board.status.waiting_for;
    if entries.is_empty() {
        paint.heading(row_of(area, 0), "Waiting for you", "");
        paint.text(indented(row_of(area, 1)), "nothing", Tone::Muted);
        return;
    }
    paint.heading(row_of(area, 0), "Waiting for you", &entries.len().to_string());
    let widest = entries.iter().map(|entry| entry.subject.len()).max().unwrap_or(0);
    let subject = u16::try_from(widest).unwrap_or(u16::MAX).min(area.width / 3).max(8);
    draw_list(
        model,
        waiting(board),
        entries.len(),
        &mut viewport.waiting,
        paint,
        below(area, 1),
        |row, at| {
            if let RowRef::Waiting(entry) = at {
                draw_waiting_row(entry, subject, row);
            }
        },
    );
}

fn draw_waiting_row(entry: &WaitingView, subject: u16, row: &mut Row<'_>) {
    let badge = waiting_badge(&entry.kind);
    // Under this width only the symbol tells the kind; the text says it again in words.
    let kind = if row.left() >= 60 { 15 } else { 2 };
    row.age(Some(entry.since), Tone::Muted).gap(2);
    row.badge(kind, badge);
    row.cell(subject, &entry.subject, Tone::Accent).gap(2);
    let blocks = match entry.blocks.as_slice() {
        [] => String::new(),
        [one] => format!("  blocks {one}"),
        many => format!("  blocks {}", many.len()),
    };
    let text = line(&entry.text);
    row.words(&text, Tone::Plain).words(&blocks, Tone::Muted);
}

fn waiting_badge(kind: &str) -> Badge {
    let (symbol, word, tone) = match kind {
        "approval" => ("!", "approval", Tone::Warn),
        "permission" => ("!", "permission", Tone::Warn),
        "dialog" => ("!", "dialog", Tone::Warn),
        "escalation" => ("↑", "unanswered", Tone::Danger),
        "question" => ("?", "question", Tone::Warn),
        "dead_agent" => ("✗", "dead agent", Tone::Danger),
        "blocked_task" => ("■", "blocked task", Tone::Danger),
        "uncertain_delivery" => ("~", "uncertain", Tone::Warn),
        "session" => ("■", "session", Tone::Danger),
        "crew" => ("■", "crew", Tone::Danger),
        "unknown" => ("~", "unknown", Tone::Warn),
        "limited" => ("◔", "limited", Tone::Warn),
        _ => ("!", "other", Tone::Warn),
    };
    Badge { symbol, word, tone }
}

/// Draws the visible rows of a section, with the cursor's mark.
pub fn draw_list<'a>(
    model: &Model,
    rows: impl Iterator<Item = RowRef<'a>> + Clone,
    count: usize,
    window: &mut Window,
    paint: &mut Paint<'_>,
    area: Rect,
    mut draw_row: impl FnMut(&mut Row<'_>, RowRef<'a>),
) {
    let spot = model.spot.as_ref();
    let index = spot.and_then(|spot| rows.clone().position(|row| row.is(spot)));
    let selected = index.zip(spot.map(spot_identity));
    let shown = window.place(count, usize::from(area.height), selected);
    let start = shown.start;
    for (line, at) in rows.skip(start).take(shown.len()).enumerate() {
        let mut row = paint.row(row_of(area, line));
        row.marker(Cursor::on(index == Some(start + line)));
        draw_row(&mut row, at);
    }
}

fn spot_identity(spot: &Spot) -> u64 {
    match spot {
        Spot::Waiting(kind, subject) => identity(("waiting", kind, subject)),
        Spot::Agency(name) => identity(("agency", name)),
        Spot::Agent(address) => identity(("agent", address)),
        Spot::Task(id) => identity(("task", id)),
    }
}
