//! How approvals look: the plain list, one with its evidence, and the box of the interactive
//! screen.

use serde::Serialize;

use crate::cli::brief::with_end;
use crate::cli::desk::Scene;
use crate::cli::style::{Tone, approval_tone};
use crate::cli::table::{Cell, Table, cut};
use crate::cli::when::span;
use crate::domain::approval::ApprovalState;
use crate::domain::text::to_line;
use crate::service::views::{ApprovalView, TestsView};
use unicode_width::UnicodeWidthStr;

/// Columns inside the box: with its frame it fits on 80.
const BOX_WIDTH: usize = 66;
/// Digits of a commit id that people read.
const SHORT_COMMIT: usize = 10;
/// Longest line of words from outside, in characters.
const MAX_LINE: usize = 400;

/// One approval with what was asked for beside it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShownApproval {
    /// The approval.
    #[serde(flatten)]
    pub view: ApprovalView,
    /// Its diff, if asked for.
    pub diff_text: Option<String>,
    /// The end of its checks' output, if asked for.
    pub log_text: Option<String>,
}

/// Approvals as a table.
pub fn list(views: &[ApprovalView], scene: &Scene) -> String {
    if views.is_empty() {
        return "nothing waits for approval\n".to_owned();
    }
    let mut table = Table::new(&["ID", "STATE", "WAITS", "AGENCY", "TESTS", "CHANGE", "TITLE"]);
    for view in views {
        table.row(vec![
            Cell::text(view.id.to_string()),
            Cell::toned(approval_tone(view.state), words(view.state.as_str())),
            Cell::number(span(view.waiting_s)),
            Cell::text(view.agency.as_str()),
            tests_cell(view),
            Cell::text(size(view)),
            Cell::text(&view.title),
        ]);
    }
    table.render(scene.paint, scene.width)
}

fn words(state: &str) -> String {
    state.replace('_', " ")
}

fn tests_cell(view: &ApprovalView) -> Cell {
    match &view.tests {
        None if is_checked(view) => Cell::toned(Tone::Warn, "not counted"),
        None => Cell::toned(Tone::Danger, "none"),
        Some(tests) if tests.failed > 0 => {
            Cell::toned(Tone::Danger, format!("{} of {} failed", tests.failed, total(tests)))
        }
        Some(tests) => Cell::toned(Tone::Good, format!("{} passed", tests.passed)),
    }
}

/// A check that counts nothing is a check all the same.
fn is_checked(view: &ApprovalView) -> bool {
    !view.checks.is_empty() && view.state != ApprovalState::NotProven
}

fn total(tests: &TestsView) -> u32 {
    tests.passed + tests.failed
}

fn size(view: &ApprovalView) -> String {
    let diff = view.diff;
    let files = if diff.files == 1 { "file" } else { "files" };
    format!("{} {files} +{} -{}", diff.files, diff.insertions, diff.deletions)
}

/// One approval with its evidence, then diff and log where they were asked for.
pub fn shown(document: &ShownApproval, scene: &Scene) -> String {
    let mut text = one(&document.view, scene);
    for (heading, part) in [("DIFF", &document.diff_text), ("CHECKS", &document.log_text)] {
        if let Some(part) = part {
            let heading = scene.paint.tone(Tone::Heading, heading);
            text.push_str(&format!("\n{heading}\n{}", with_end(part)));
        }
    }
    text
}

/// One approval with its evidence.
pub fn one(view: &ApprovalView, scene: &Scene) -> String {
    let mut facts = Table::bare(0);
    let mut fact = |word: &str, cell: Cell| facts.row(vec![Cell::toned(Tone::Muted, word), cell]);
    fact("approval", Cell::toned(Tone::Heading, format!("{}  {}", view.id, view.title)));
    let state = match &view.reason {
        Some(reason) => format!("{}: {reason}", words(view.state.as_str())),
        None => words(view.state.as_str()),
    };
    fact("state", Cell::toned(approval_tone(view.state), state));
    fact("from", Cell::text(view.agent.to_string()));
    fact("tasks", Cell::text(ids(&view.tasks)));
    fact("merge", Cell::text(format!("{} into {}", view.branch, view.target)));
    fact("commits", Cell::text(format!("{} onto {}", short(&view.head), short(&view.base))));
    fact("tree", Cell::text(short(&view.tree)));
    fact("change", Cell::text(format!("{}, risk {}", size(view), view.risk)));
    fact("tests", tests_line(view));
    for run in &view.checks {
        let (tone, how) = match run.exit_status {
            Some(0) => (Tone::Good, "passed".to_owned()),
            Some(status) => (Tone::Danger, format!("exit status {status}")),
            None => (Tone::Danger, "killed".to_owned()),
        };
        let seconds = run.duration_ms / 1000;
        let command = run.command.argv.join(" ");
        let recipe = run.command.recipe().map(|recipe| format!("  ({recipe})"));
        let recipe = recipe.unwrap_or_default();
        fact("", Cell::toned(tone, format!("{how}, {}: {command}{recipe}", span(seconds))));
    }
    for (word, text) in [
        ("demo", &view.demo),
        ("why", &view.rationale),
        ("rollback", &view.rollback),
        ("merged as", &view.commit),
    ] {
        if let Some(text) = text {
            fact(word, Cell::text(to_line(text, MAX_LINE)));
        }
    }
    if !view.blocks.is_empty() {
        fact("blocks", Cell::text(ids(&view.blocks)));
    }
    fact("waits", Cell::text(span(view.waiting_s)));
    facts.render(scene.paint, None)
}

fn ids(ids: &[crate::domain::id::TaskId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn short(commit: &str) -> String {
    commit.chars().take(SHORT_COMMIT).collect()
}

fn tests_line(view: &ApprovalView) -> Cell {
    let (tone, text) = tests_words(view);
    Cell::toned(tone, text)
}

fn tests_words(view: &ApprovalView) -> (Tone, String) {
    let Some(tests) = &view.tests else {
        return if is_checked(view) {
            (Tone::Warn, "no tests counted".to_owned())
        } else {
            (Tone::Danger, "none: nothing proves this change".to_owned())
        };
    };
    let skipped =
        if tests.skipped > 0 { format!(", {} skipped", tests.skipped) } else { String::new() };
    let coverage =
        view.coverage.map(|percent| format!(" ({percent:.0}% coverage)")).unwrap_or_default();
    let tone = if tests.failed > 0 { Tone::Danger } else { Tone::Good };
    (tone, format!("{} passed, {} failed{skipped}{coverage}", tests.passed, tests.failed))
}

/// What became of it, in one line.
pub fn outcome(view: &ApprovalView, scene: &Scene) -> String {
    let state = scene.paint.tone(approval_tone(view.state), &words(view.state.as_str()));
    let commit = view.commit.as_deref().map(|commit| format!(" as {}", short(commit)));
    let reason = view.reason.as_ref().map(|reason| format!(": {}", to_line(reason, MAX_LINE)));
    format!("{} is {state}{}{}\n", view.id, commit.unwrap_or_default(), reason.unwrap_or_default())
}

/// The box of the interactive screen: what waits, numbered from 1.
pub fn boxed(views: &[ApprovalView], scene: &Scene) -> String {
    let line = "═".repeat(BOX_WIDTH);
    let mut text = format!("╔{line}╗\n");
    let heading = format!("          PENDING APPROVALS ({})", views.len());
    text.push_str(&boxed_line(&heading, Tone::Heading, scene));
    text.push_str(&format!("╠{line}╣\n"));
    for (index, view) in views.iter().enumerate() {
        if index > 0 {
            text.push_str(&boxed_line("", Tone::Plain, scene));
        }
        for (tone, words) in boxed_entry(index + 1, view) {
            text.push_str(&boxed_line(&words, tone, scene));
        }
    }
    text.push_str(&format!("╚{line}╝\n"));
    text
}

fn boxed_entry(number: usize, view: &ApprovalView) -> Vec<(Tone, String)> {
    let (tests_tone, tests) = tests_words(view);
    let diff = view.diff;
    let mut lines = vec![
        (Tone::Heading, format!("[{number}] {}: {}", view.agency, view.title)),
        (Tone::Plain, format!("    Branch: {}", view.branch)),
        (tests_tone, format!("    Tests: {tests}")),
    ];
    if let Some(demo) = &view.demo {
        lines.push((Tone::Plain, format!("    Demo: {demo}")));
    }
    let files =
        format!("    Files: {} changed, +{} -{}", diff.files, diff.insertions, diff.deletions);
    lines.push((Tone::Plain, files));
    if let Some(reason) = &view.reason {
        lines.push((Tone::Warn, format!("    {}: {reason}", words(view.state.as_str()))));
    }
    lines
}

fn boxed_line(text: &str, tone: Tone, scene: &Scene) -> String {
    // to_line folds leading spaces, which the box needs.
    let indent: String = text.chars().take_while(|c| *c == ' ').collect();
    let text = cut(&format!("{indent}{}", to_line(text, MAX_LINE)), BOX_WIDTH - 2);
    let padding = " ".repeat((BOX_WIDTH - 2).saturating_sub(text.width()));
    format!("║ {}{padding} ║\n", scene.paint.tone(tone, &text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    fn three() -> Vec<ApprovalView> {
        let mut not_proven = testing::approval();
        not_proven.tests = None;
        not_proven.state = crate::domain::approval::ApprovalState::NotProven;
        not_proven.reason =
            Some("no check is found; add `commands = [[\"make\", \"test\"]]`".to_owned());
        let mut wide = testing::approval();
        wide.title = "日本語の長い題名".repeat(6) + "\u{1b}[2J";
        wide.demo = None;
        vec![testing::approval(), not_proven, wide]
    }

    #[test]
    fn approvals_are_listed() {
        insta::assert_snapshot!(list(&three(), &testing::scene()));
    }

    #[test]
    fn the_box_keeps_its_right_edge_whatever_is_in_it() {
        let text = boxed(&three(), &testing::scene());
        assert!(text.lines().all(|line| line.width() == BOX_WIDTH + 2), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn one_is_shown_with_its_evidence() {
        let document = ShownApproval {
            view: testing::approval(),
            diff_text: Some("+fn login() {}\n".to_owned()),
            log_text: Some("ok 1 - login\u{1b}[0m".to_owned()),
        };
        insta::assert_snapshot!(shown(&document, &testing::scene()));
    }

    #[test]
    fn the_document_of_one_keeps_the_fields_of_the_list() {
        let document = ShownApproval { view: testing::approval(), diff_text: None, log_text: None };
        insta::assert_snapshot!(serde_json::to_string_pretty(&document).expect("json"));
    }
}
