//! The first page of an approval: what it is, what it changes, what proves it.
//!
//! A column of quiet labels, a column of words. The lines are made anew for each drawing of the
//! one approval that is looked at.

use ratatui::layout::Rect;

use crate::domain::submission::CheckRun;
use crate::service::views::ApprovalView;
use crate::tui::model::Model;
use crate::tui::theme::Tone;
use crate::tui::views::approvals::{size, tests};
use crate::tui::views::{Viewport, row_of};
use crate::tui::widgets::age::run_time;
use crate::tui::widgets::paint::Paint;
use crate::tui::widgets::text::{line, short_id, wrap};

/// Columns of the labels.
const LABEL: u16 = 10;

/// One line of the page.
struct Fact {
    label: &'static str,
    words: String,
    tone: Tone,
}

/// The page while it is made.
struct Page {
    facts: Vec<Fact>,
    width: usize,
}

impl Page {
    fn add(&mut self, label: &'static str, text: &str, tone: Tone) {
        for (index, words) in wrap(text, self.width).into_iter().enumerate() {
            self.facts.push(Fact { label: if index == 0 { label } else { "" }, words, tone });
        }
    }

    fn gap(&mut self) {
        self.facts.push(Fact { label: "", words: String::new(), tone: Tone::Plain });
    }
}

/// Draws the page.
pub fn draw(
    model: &Model,
    approval: &ApprovalView,
    viewport: &mut Viewport,
    paint: &mut Paint<'_>,
    area: Rect,
) {
    let mut page =
        Page { facts: Vec::new(), width: usize::from(area.width.saturating_sub(LABEL + 4)).max(1) };
    head(&mut page, approval);
    proof(&mut page, approval);
    reasons(&mut page, model, approval);
    identity(&mut page, approval);
    let rows = usize::from(area.height);
    viewport.room.detail_rows = rows;
    viewport.room.detail_lines = page.facts.len();
    let top = model.approvals.scroll.min(page.facts.len().saturating_sub(rows));
    for (index, fact) in page.facts.iter().skip(top).take(rows).enumerate() {
        let mut row = paint.row(row_of(area, index));
        row.gap(2).cell(LABEL, fact.label, Tone::Muted).rest(&fact.words, fact.tone);
    }
}

fn head(page: &mut Page, approval: &ApprovalView) {
    page.add("", &line(&approval.title), Tone::Focus);
    let merge = format!("{} into {}", line(&approval.branch), line(&approval.target));
    page.add("merges", &merge, Tone::Plain);
    let tasks: Vec<String> = approval.tasks.iter().map(ToString::to_string).collect();
    page.add("by", &format!("{} for {}", approval.agent, tasks.join(", ")), Tone::Plain);
    let tone = if approval.risk == "high" { Tone::Danger } else { Tone::Plain };
    page.add("changes", &format!("{}, risk {}", size(approval), line(&approval.risk)), tone);
    if !approval.blocks.is_empty() {
        let blocked: Vec<String> = approval.blocks.iter().map(ToString::to_string).collect();
        page.add("blocks", &blocked.join(", "), Tone::Warn);
    }
    if let Some(demo) = &approval.demo {
        page.add("demo", &line(demo), Tone::Accent);
    }
    page.gap();
}

fn proof(page: &mut Page, approval: &ApprovalView) {
    let (mut words, tone) = tests(approval);
    if let Some(tests) = approval.tests.as_ref().filter(|tests| tests.skipped > 0) {
        words.push_str(&format!(", {} skipped", tests.skipped));
    }
    if let Some(coverage) = approval.coverage {
        words.push_str(&format!(", {coverage:.1} % of lines covered"));
    }
    page.add("tests", &words, tone);
    for (index, run) in approval.checks.iter().enumerate() {
        let (words, tone) = check(run);
        page.add(if index == 0 { "checks" } else { "" }, &words, tone);
        for failure in run.tests.iter().flat_map(|tests| &tests.failures) {
            page.add("", &format!("   ✗ {}", line(failure)), Tone::Danger);
        }
    }
    page.gap();
}

fn check(run: &CheckRun) -> (String, Tone) {
    let command = line(&run.command.argv.join(" "));
    let time = run_time(run.duration_ms);
    let (ended, tone) = match run.exit_status {
        Some(0) => ("✓ exit 0".to_owned(), Tone::Ok),
        Some(status) => (format!("✗ exit {status}"), Tone::Danger),
        None => ("✗ killed".to_owned(), Tone::Danger),
    };
    (format!("{ended} after {time}: {command} ({})", line(&run.command.found_by)), tone)
}

fn reasons(page: &mut Page, model: &Model, approval: &ApprovalView) {
    let before = page.facts.len();
    if let Some(rationale) = &approval.rationale {
        page.add("why", rationale, Tone::Plain);
    }
    if let Some(rollback) = &approval.rollback {
        page.add("rollback", rollback, Tone::Plain);
    }
    let task = model
        .board
        .as_ref()
        .and_then(|board| board.tasks.iter().find(|task| task.id == approval.task));
    if let Some(task) = task {
        page.add("asked", &task.contract.scope, Tone::Plain);
        for (index, done) in task.contract.done.iter().enumerate() {
            page.add(if index == 0 { "done when" } else { "" }, &format!("· {done}"), Tone::Plain);
        }
    }
    if page.facts.len() > before {
        page.gap();
    }
}

fn identity(page: &mut Page, approval: &ApprovalView) {
    let commits = format!(
        "tree {} of {} and {}",
        known(&approval.tree),
        known(&approval.head),
        known(&approval.base)
    );
    page.add("proven", &commits, Tone::Muted);
    let change = known(&approval.change);
    let evidence = approval.evidence.as_deref().map_or("none", short_id);
    let log = approval.log_sha256.as_deref().map_or("none", short_id);
    page.add("signed", &format!("change {change}, evidence {evidence}, log {log}"), Tone::Muted);
}

fn known(id: &str) -> &str {
    if id.is_empty() { "none" } else { short_id(id) }
}
