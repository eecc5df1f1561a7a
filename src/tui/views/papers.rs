//! The pages that are fetched: an approval's diff, and the end of the output of its checks.
//!
//! While one is fetched the page says so; a page that failed says why.

use ratatui::layout::Rect;

use crate::domain::refusal::Refusal;
use crate::tui::model::{DetailTab, Loaded, Model, Papers};
use crate::tui::theme::Tone;
use crate::tui::views::{Viewport, row_of};
use crate::tui::widgets::diff::{DiffKind, DiffLine, DiffText};
use crate::tui::widgets::paint::{Paint, Row};
use crate::tui::widgets::text::line;

fn papers(model: &Model) -> Option<&Papers> {
    model.approvals.papers.get(&model.approvals.selected?)
}

/// Where the page is scrolled to, in words; empty when there is nothing to say.
pub fn place(model: &Model) -> String {
    let scroll = model.approvals.scroll;
    match (model.approvals.tab, papers(model)) {
        (DetailTab::Diff, Some(Papers { diff: Loaded::Here(diff), .. })) => {
            format!("file {} of {}", diff.file_at(scroll), diff.files.len())
        }
        (DetailTab::Log, Some(Papers { log: Loaded::Here(log), .. })) => {
            format!("{} lines", log.len())
        }
        (DetailTab::Summary | DetailTab::Diff | DetailTab::Log, _) => String::new(),
    }
}

/// Draws the page that is in front.
pub fn draw(model: &Model, viewport: &mut Viewport, paint: &mut Paint<'_>, area: Rect) {
    viewport.room.detail_rows = usize::from(area.height);
    let Some(papers) = papers(model) else { return };
    let top = model.approvals.scroll;
    let lines = match model.approvals.tab {
        DetailTab::Summary => 0,
        DetailTab::Diff => {
            draw_loaded(&papers.diff, paint, area, |diff, paint| draw_diff(diff, top, paint, area))
        }
        DetailTab::Log => {
            draw_loaded(&papers.log, paint, area, |log, paint| draw_log(log, top, paint, area))
        }
    };
    viewport.room.detail_lines = lines;
}

fn draw_loaded<T>(
    slot: &Loaded<T>,
    paint: &mut Paint<'_>,
    area: Rect,
    here: impl FnOnce(&T, &mut Paint<'_>) -> usize,
) -> usize {
    match slot {
        Loaded::Here(content) => here(content, paint),
        Loaded::Not | Loaded::Loading => {
            paint.row(row_of(area, 0)).gap(2).rest("reading …", Tone::Muted);
            0
        }
        Loaded::Failed(refusal) => {
            draw_failure(refusal, paint, area);
            0
        }
    }
}

fn draw_failure(refusal: &Refusal, paint: &mut Paint<'_>, area: Rect) {
    let mut row = paint.row(row_of(area, 0));
    row.gap(2).rest(&line(&refusal.message), Tone::Danger);
    if let Some(hint) = &refusal.hint {
        let mut row = paint.row(row_of(area, 1));
        row.gap(2).words("hint: ", Tone::Muted).rest(&line(hint), Tone::Plain);
    }
}

fn draw_diff(diff: &DiffText, scroll: usize, paint: &mut Paint<'_>, area: Rect) -> usize {
    let rows = usize::from(area.height);
    if diff.lines.is_empty() {
        paint.row(row_of(area, 0)).gap(2).rest("the change is empty", Tone::Muted);
    }
    for (index, line) in diff
        .lines
        .iter()
        .skip(scroll.min(diff.lines.len().saturating_sub(1)))
        .take(rows)
        .enumerate()
    {
        let mut row = paint.row(row_of(area, index));
        row.gap(2);
        draw_diff_line(line, &mut row);
    }
    diff.lines.len()
}

fn draw_diff_line(line: &DiffLine, row: &mut Row<'_>) {
    match line.kind {
        DiffKind::File => {
            row.bold().words(&line.text, Tone::Focus).quiet().gap(1);
            let rule = usize::from(row.left().saturating_sub(1));
            row.words(&"─".repeat(rule), Tone::Muted)
        }
        DiffKind::Meta => row.rest(&line.text, Tone::Muted),
        DiffKind::Hunk => row.rest(&line.text, Tone::Accent),
        DiffKind::Added => row.rest(&line.text, Tone::Ok),
        DiffKind::Removed => row.rest(&line.text, Tone::Danger),
        DiffKind::Context => row.rest(&line.text, Tone::Plain),
    };
}

fn draw_log(log: &[String], scroll: usize, paint: &mut Paint<'_>, area: Rect) -> usize {
    let rows = usize::from(area.height);
    if log.is_empty() {
        paint.row(row_of(area, 0)).gap(2).rest("the checks printed nothing", Tone::Muted);
    }
    for (index, line) in
        log.iter().skip(scroll.min(log.len().saturating_sub(1))).take(rows).enumerate()
    {
        let mut row = paint.row(row_of(area, index));
        row.gap(2).rest(line, Tone::Plain);
    }
    log.len()
}
