//! The approval queue: the list, and what proves the one under the cursor.
//!
//! Side by side on a wide screen, one above the other on a narrow one, and one at a time on a tiny
//! one. The way an act went stands in the detail that it was about.

use ratatui::layout::Rect;

use crate::domain::approval::ApprovalState;
use crate::service::views::{ApprovalView, Board};
use crate::tui::model::{DeskFocus, DetailTab, Model};
use crate::tui::screens::approvals::{position, why_not_approve};
use crate::tui::theme::{Tone, approval_badge};
use crate::tui::views::frame::{draw_notice, indented};
use crate::tui::views::{Viewport, below, papers, row_of, summary};
use crate::tui::widgets::list::identity;
use crate::tui::widgets::paint::{Cursor, Paint};
use crate::tui::widgets::text::{line, width};

/// From this width on list and detail stand side by side.
const SIDE_BY_SIDE: u16 = 110;
/// Under this height only one of the two is shown.
const ONE_AT_A_TIME: u16 = 16;

/// Draws the screen.
pub fn draw(
    model: &Model,
    board: &Board,
    viewport: &mut Viewport,
    paint: &mut Paint<'_>,
    area: Rect,
) {
    if board.approvals.is_empty() {
        draw_empty(paint, area);
        return;
    }
    if area.width >= SIDE_BY_SIDE {
        let left = Rect { width: (area.width * 2 / 5).min(72), ..area };
        let right = Rect { x: left.right() + 1, width: area.width - left.width - 1, ..area };
        draw_list(model, board, viewport, paint, left);
        paint.vertical_rule(Rect { x: left.right(), width: 1, ..area });
        draw_detail(model, viewport, paint, right);
    } else if area.height >= ONE_AT_A_TIME {
        let rows = u16::try_from(board.approvals.len() * 2).unwrap_or(u16::MAX);
        let height = rows.min(area.height / 3).max(2) + 1;
        draw_list(model, board, viewport, paint, Rect { height, ..area });
        draw_detail(model, viewport, paint, below(area, height));
    } else if model.approvals.focus == DeskFocus::Detail {
        draw_detail(model, viewport, paint, area);
    } else {
        draw_list(model, board, viewport, paint, area);
    }
}

fn draw_empty(paint: &mut Paint<'_>, area: Rect) {
    paint.heading(row_of(area, 0), "Approvals", "");
    let lines = [
        ("Nothing waits for your approval.", Tone::Plain),
        ("An agent hands finished work in with", Tone::Muted),
        ("  agency submit TASK-001", Tone::Accent),
        ("and it comes here when its checks have run.", Tone::Muted),
    ];
    for (index, (words, tone)) in lines.into_iter().enumerate() {
        paint.text(indented(row_of(area, index + 1)), words, tone);
    }
}

fn draw_list(
    model: &Model,
    board: &Board,
    viewport: &mut Viewport,
    paint: &mut Paint<'_>,
    area: Rect,
) {
    let waiting = board.approvals.iter().filter(|approval| approval.state.is_waiting()).count();
    paint.heading(row_of(area, 0), "Approvals", &format!("{waiting} waiting"));
    let area = below(area, 1);
    // Agency and branch want a line of their own where the second is too narrow for them.
    let lines = if area.width >= 76 || area.height < 9 { 2 } else { 3 };
    // An empty row between two of them when all fit with it.
    let count = board.approvals.len();
    let stride = if (lines + 1) * count <= usize::from(area.height) { lines + 1 } else { lines };
    let rows = (usize::from(area.height) / stride).max(1);
    viewport.room.list_rows = rows;
    let index = position(model);
    let selected = index.zip(model.approvals.selected.map(identity));
    let shown = viewport.queue.place(count, rows, selected);
    let (first, count) = (shown.start, shown.len());
    for (at, approval) in board.approvals.iter().skip(first).take(count).enumerate() {
        let cursor = Cursor::on(index == Some(first + at));
        let item = below(area, u16::try_from(at * stride).unwrap_or(u16::MAX));
        let height = u16::try_from(lines).unwrap_or(1).min(item.height);
        draw_item(approval, cursor, paint, Rect { height, ..item });
    }
}

fn draw_item(approval: &ApprovalView, cursor: Cursor, paint: &mut Paint<'_>, area: Rect) {
    let mut row = paint.row(row_of(area, 0));
    row.marker(cursor).cell(7, &approval.id.to_string(), Tone::Accent);
    let title = row.left().saturating_sub(6);
    row.cell(title, &line(&approval.title), Tone::Plain).gap(1);
    let since = approval.state.is_waiting().then_some(approval.opened_at);
    row.age(since, Tone::Muted);
    let mut row = paint.row(row_of(area, 1));
    row.marker(cursor).quiet().gap(7).badge(14, approval_badge(approval.state));
    let (tests, tone) = tests(approval);
    row.words(&tests, tone).gap(2);
    if area.height == 2 {
        row.words(&size(approval), Tone::Muted).gap(2);
        row.rest(&format!("{} {}", approval.agency, line(&approval.branch)), Tone::Muted);
        return;
    }
    let mut row = paint.row(row_of(area, 2));
    row.marker(cursor).quiet().gap(7);
    let words = format!("{}  {}  {}", approval.agency, size(approval), line(&approval.branch));
    row.rest(&words, Tone::Muted);
}

/// What the tests said, in words.
pub fn tests(approval: &ApprovalView) -> (String, Tone) {
    match &approval.tests {
        None => ("no tests counted".to_owned(), Tone::Warn),
        Some(tests) => {
            let tone = if tests.failed == 0 { Tone::Ok } else { Tone::Danger };
            (format!("{} passed, {} failed", tests.passed, tests.failed), tone)
        }
    }
}

/// The size of the change, in words.
pub fn size(approval: &ApprovalView) -> String {
    let diff = approval.diff;
    let files = if diff.files == 1 { "file" } else { "files" };
    format!("{} {files} +{} −{}", diff.files, diff.insertions, diff.deletions)
}

fn draw_detail(model: &Model, viewport: &mut Viewport, paint: &mut Paint<'_>, area: Rect) {
    let Some(approval) = model.selected_approval() else { return };
    draw_tabs(model, approval, paint, row_of(area, 0));
    let mut rest = below(area, 1);
    let notice = model.notice.as_ref().filter(|notice| notice.about == Some(approval.id));
    if let Some(notice) = notice {
        let rows = 1 + u16::from(notice.hint.is_some());
        draw_notice(notice, paint, Rect { height: rows.min(rest.height), ..rest });
        rest = below(rest, rows);
    } else if let Some((words, tone)) = standing(model, approval) {
        let mut row = paint.row(row_of(rest, 0));
        row.gap(1).rest(&words, tone);
        rest = below(rest, 1);
    }
    match model.approvals.tab {
        DetailTab::Summary => summary::draw(model, approval, viewport, paint, rest),
        DetailTab::Diff | DetailTab::Log => papers::draw(model, viewport, paint, rest),
    }
}

/// Why it cannot be approved, or what is happening to it.
fn standing(model: &Model, approval: &ApprovalView) -> Option<(String, Tone)> {
    if model.approvals.deciding == Some(approval.id) {
        return Some(("◌ your decision is on its way …".to_owned(), Tone::Accent));
    }
    let why = why_not_approve(model)?;
    match approval.state {
        ApprovalState::Merged => {
            let commit = approval.commit.as_deref().map_or("", crate::tui::widgets::text::short_id);
            Some((format!("✓ merged into {} as {commit}", line(&approval.target)), Tone::Ok))
        }
        ApprovalState::Approved => Some((format!("● {}", line(&why)), Tone::Ok)),
        ApprovalState::Rejected | ApprovalState::Void => {
            Some((format!("· {}", line(&why)), Tone::Muted))
        }
        ApprovalState::Waiting | ApprovalState::NotProven | ApprovalState::Held => {
            Some((format!("■ cannot be approved: {}", line(&why)), Tone::Danger))
        }
    }
}

fn draw_tabs(model: &Model, approval: &ApprovalView, paint: &mut Paint<'_>, area: Rect) {
    let reading = model.approvals.focus == DeskFocus::Detail;
    let mut row = paint.row(area);
    let cursor = Cursor::on(reading);
    row.marker(cursor).quiet();
    row.words(&approval.id.to_string(), Tone::Accent).gap(3);
    for tab in DetailTab::ALL {
        row.quiet();
        if tab == model.approvals.tab {
            row.bold().words(&format!("[{}]", tab.title()), Tone::Focus);
        } else {
            row.words(&format!(" {} ", tab.title()), Tone::Muted);
        }
        row.gap(1);
    }
    row.quiet().gap(1);
    let place = papers::place(model);
    let wanted = u16::try_from(width(&place) + 2).unwrap_or(u16::MAX);
    let rule = row.left().saturating_sub(wanted);
    row.cell(rule, &"─".repeat(usize::from(rule)), Tone::Muted).gap(1);
    row.words(&place, Tone::Muted);
}
