//! What moves, on the dashboard: tasks, the last messages, branches.
//!
//! Only the rows that fit are looked at, and what does not fit is counted in its heading.

use ratatui::layout::Rect;

use crate::domain::message::MessageState;
use crate::domain::task::TaskState;
use crate::service::views::{Board, BranchView, MessageView, TaskView};
use crate::tui::model::Model;
use crate::tui::screens::dashboard::{RowRef, tasks};
use crate::tui::screens::messages;
use crate::tui::theme::{Tone, message_badge, task_badge};
use crate::tui::views::frame::indented;
use crate::tui::views::{Viewport, below, dashboard, row_of};
use crate::tui::widgets::paint::{Paint, Row};
use crate::tui::widgets::text::{body_line, line};

/// From this width on a row has room for every column.
const WIDE: u16 = 76;

/// Draws the three sections, each in its area.
pub fn draw(
    model: &Model,
    board: &Board,
    viewport: &mut Viewport,
    paint: &mut Paint<'_>,
    areas: [Rect; 3],
) {
    let [work, talk, code] = areas;
    draw_tasks(model, board, viewport, paint, work);
    draw_messages(board, paint, talk);
    draw_branches(board, paint, code);
}

fn heading(paint: &mut Paint<'_>, area: Rect, words: &str, count: usize, empty: &str) -> Rect {
    let shown = if count == 0 { String::new() } else { count.to_string() };
    if area.height > 0 {
        paint.heading(row_of(area, 0), words, &shown);
    }
    if count == 0 {
        paint.text(indented(row_of(area, 1)), empty, Tone::Muted);
    }
    below(area, 1)
}

fn draw_tasks(
    model: &Model,
    board: &Board,
    viewport: &mut Viewport,
    paint: &mut Paint<'_>,
    area: Rect,
) {
    let count = tasks(board).count();
    let empty = match board.status.agencies.first() {
        Some(agency) => format!("none: agency goal {} \"what you want\"", agency.name),
        None => "none".to_owned(),
    };
    let area = heading(paint, area, "Tasks in motion", count, &empty);
    dashboard::draw_list(
        model,
        tasks(board),
        count,
        &mut viewport.tasks,
        paint,
        area,
        |row, at| {
            if let RowRef::Task(task) = at {
                draw_task(task, row);
            }
        },
    );
}

fn draw_task(task: &TaskView, row: &mut Row<'_>) {
    let wide = row.left() + 1 >= WIDE;
    row.cell(9, &task.id.to_string(), Tone::Accent).gap(1);
    row.badge(15, task_badge(task.state)).gap(1);
    let progress = match task.state {
        TaskState::InProgress | TaskState::Blocked => format!("{}%", task.progress),
        _ => String::new(),
    };
    row.number(4, &progress, Tone::Plain).gap(2);
    if wide {
        let agent = task.agent.as_ref().map_or("", |agent| agent.agent.as_str());
        row.cell(14, agent, Tone::Muted).gap(2);
    }
    row.words(&line(&task.title), Tone::Plain);
    if let (TaskState::Blocked | TaskState::Rejected, Some(note)) = (task.state, &task.note) {
        row.gap(2).rest(&line(note), Tone::Warn);
    }
}

fn draw_messages(board: &Board, paint: &mut Paint<'_>, area: Rect) {
    let area = heading(paint, area, "Last messages", board.messages.len(), "none yet");
    for (index, message) in messages::rows(board).take(usize::from(area.height)).enumerate() {
        let mut row = paint.row(row_of(area, index));
        row.gap(1);
        draw_message(message, &mut row);
    }
}

/// Draws one message in a row: age, from, to, type, state, what it says or why it is stuck.
pub fn draw_message(message: &MessageView, row: &mut Row<'_>) {
    let width = row.left() + 1;
    let wide = width >= WIDE;
    // Two addresses take half of a row at most, and no more than they need as a rule.
    let part = if width >= 100 { width / 4 } else { width / 5 };
    let address = part.clamp(if width < 50 { 8 } else { 16 }, 30);
    row.age(Some(message.sent_at), Tone::Muted).gap(2);
    row.badge(if width >= 100 { 15 } else { 2 }, message_badge(message.state));
    row.cell_end(address, short(&message.from, address), Tone::Plain).words(" → ", Tone::Muted);
    row.cell_end(address, short(&message.to, address), Tone::Plain).gap(2);
    if wide {
        row.cell(10, &message.kind, Tone::Accent).gap(1);
    }
    if !message.verified {
        row.words("unverified ", Tone::Warn);
    }
    match (&message.reason, message.state) {
        (Some(reason), state) => {
            let tone = if state == MessageState::Dead { Tone::Danger } else { Tone::Warn };
            row.words(&format!("{}: {}", state.as_str(), line(reason)), tone).gap(2);
            row.rest(&body_line(&message.body), Tone::Muted);
        }
        (None, _) => {
            row.rest(&body_line(&message.body), Tone::Plain);
        }
    }
}

/// An address, without its agency where that would be cut anyway.
fn short(address: &str, columns: u16) -> &str {
    match address.split_once('/') {
        Some((_, agent)) if address.len() > usize::from(columns) => agent,
        _ => address,
    }
}

fn draw_branches(board: &Board, paint: &mut Paint<'_>, area: Rect) {
    let empty = "none: an assigned task gets one";
    let area = heading(paint, area, "Branches", board.branches.len(), empty);
    for (index, branch) in board.branches.iter().take(usize::from(area.height)).enumerate() {
        let mut row = paint.row(row_of(area, index));
        row.gap(1);
        draw_branch(branch, &mut row);
    }
}

fn draw_branch(branch: &BranchView, row: &mut Row<'_>) {
    let width = row.left() + 1;
    // Conflicts come before sizes where there is no room for both.
    let wide = width >= WIDE && (branch.conflicts_with.is_empty() || width >= 120);
    row.age(branch.last_commit_at, Tone::Muted).gap(2);
    let fixed = if width >= WIDE { 44 } else { 21 };
    let name = row.left().saturating_sub(fixed).min(48);
    row.cell_end(name, &line(&branch.branch), Tone::Plain).gap(1);
    row.number(6, &format!("↑{}", branch.ahead), Tone::Plain);
    row.number(5, &format!("↓{}", branch.behind), Tone::Muted).gap(1);
    let dirty = if branch.dirty == 0 { String::new() } else { format!("{} dirty", branch.dirty) };
    row.number(9, &dirty, Tone::Warn).gap(2);
    if wide {
        row.number(6, &format!("+{}", branch.insertions), Tone::Ok);
        row.number(8, &format!("−{}", branch.deletions), Tone::Muted).gap(2);
    }
    match branch.conflicts_with.as_slice() {
        [] => {}
        [one] => {
            row.rest(&format!("conflicts with {}", line(one)), Tone::Danger);
        }
        many => {
            row.rest(&format!("conflicts with {} others", many.len()), Tone::Danger);
        }
    }
}
