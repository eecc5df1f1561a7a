//! The approval queue: which one is looked at, which page of it, and what may be decided.
//!
//! A decision is never one key: approving asks again and names what moves, rejecting wants
//! words. What is approved is what was shown: the command carries the tree and the evidence that
//! the person saw.

use crate::domain::approval::ApprovalState;
use crate::service::views::ApprovalView;
use crate::tui::keymap::{Action, Context};
use crate::tui::model::{DeskFocus, DetailTab, Entry, Loaded, Model, Overlay};
use crate::tui::msg::{Cmd, Paper, Seen};
use crate::tui::screens::dashboard::Direction;
use crate::tui::screens::{Offer, Rank, Screen, offer};
use crate::tui::widgets::list::step;

/// What can be done with the approval that the cursor is on.
pub fn actions(model: &Model) -> Vec<Offer> {
    let context = Context::Screen(Screen::Approvals);
    let mut approve = offer(context, Action::Approve, "approve", Rank::Bar);
    approve.disabled = why_not_approve(model);
    let mut reject = offer(context, Action::Reject, "reject", Rank::BarEnd);
    reject.disabled = why_not_reject(model);
    let mut open = offer(context, Action::Open, "read", Rank::Bar);
    open.disabled = match (model.selected_approval(), model.approvals.focus) {
        (None, _) => Some("the queue is empty".to_owned()),
        (Some(_), DeskFocus::List) => None,
        (Some(_), DeskFocus::Detail) => Some("the keys move the detail already".to_owned()),
    };
    let mut offers = vec![approve, open];
    let (next_page, _) = neighbours(model.approvals.tab);
    offers.push(offer(context, Action::NextTab, page_name(next_page), Rank::Bar));
    offers.push(offer(context, Action::PreviousTab, "previous page", Rank::Help));
    let rank = if model.approvals.tab == DetailTab::Diff { Rank::Bar } else { Rank::Help };
    let mut next = offer(context, Action::NextFile, "next file", rank);
    let mut previous = offer(context, Action::PreviousFile, "previous file", Rank::Help);
    if model.approvals.tab != DetailTab::Diff {
        next.disabled = Some("the diff is not in front".to_owned());
        previous.disabled.clone_from(&next.disabled);
    }
    offers.extend([next, previous, reject]);
    offers
}

/// Why the approval under the cursor cannot be approved now; none: it can.
pub fn why_not_approve(model: &Model) -> Option<String> {
    let Some(approval) = model.selected_approval() else {
        return Some("the queue is empty".to_owned());
    };
    if model.approvals.deciding.is_some() {
        return Some("a decision is on its way".to_owned());
    }
    why_not(approval)
}

fn why_not(approval: &ApprovalView) -> Option<String> {
    let said = |fallback: &str| approval.reason.clone().unwrap_or_else(|| fallback.to_owned());
    let failed = approval.tests.as_ref().map_or(0, |tests| tests.failed);
    match approval.state {
        ApprovalState::Waiting if failed > 0 => Some(format!("{failed} tests failed")),
        ApprovalState::Waiting if approval.checks.iter().any(|run| !run.is_passed()) => {
            Some("a check failed".to_owned())
        }
        ApprovalState::Waiting => None,
        ApprovalState::NotProven => Some(format!("not proven: {}", said("nothing proves it"))),
        ApprovalState::Held => Some(format!("approved, but held: {}", said("the merge waits"))),
        ApprovalState::Approved => Some("it is approved, the merge is being made".to_owned()),
        ApprovalState::Merged => Some("it is merged".to_owned()),
        ApprovalState::Rejected => Some("it was rejected".to_owned()),
        ApprovalState::Void => {
            Some(format!("it is void: {}", said("the change is another one now")))
        }
    }
}

fn why_not_reject(model: &Model) -> Option<String> {
    let Some(approval) = model.selected_approval() else {
        return Some("the queue is empty".to_owned());
    };
    if model.approvals.deciding.is_some() {
        return Some("a decision is on its way".to_owned());
    }
    (!approval.state.is_waiting()).then(|| format!("it is {} already", approval.state.as_str()))
}

/// Keeps the cursor on an approval that exists.
pub fn settle(model: &mut Model, was: Option<usize>) {
    let Some(board) = model.board.as_ref() else { return };
    let all = &board.approvals;
    if model.approvals.selected.is_some_and(|id| all.iter().any(|approval| approval.id == id)) {
        return;
    }
    let index = was.unwrap_or(0).min(all.len().saturating_sub(1));
    model.approvals.selected = all.get(index).map(|approval| approval.id);
    model.approvals.scroll = 0;
    model.approvals.focus = DeskFocus::List;
}

/// Where the cursor is in the queue.
pub fn position(model: &Model) -> Option<usize> {
    let selected = model.approvals.selected?;
    model.board.as_ref()?.approvals.iter().position(|approval| approval.id == selected)
}

/// Moves the cursor, or the detail when that has the keys.
pub fn move_by(model: &mut Model, by: isize) {
    if model.approvals.focus == DeskFocus::Detail {
        scroll_to(model, model.approvals.scroll.saturating_add_signed(by));
        return;
    }
    let Some(board) = model.board.as_ref() else { return };
    let at = step(position(model), by, board.approvals.len());
    let id = at.and_then(|at| board.approvals.get(at)).map(|approval| approval.id);
    if id != model.approvals.selected {
        model.approvals.selected = id;
        to_beginning(model);
    }
}

fn scroll_to(model: &mut Model, line: usize) {
    let lowest = model.room.detail_lines.saturating_sub(model.room.detail_rows);
    // A file that was jumped to may stand lower than scrolling leads: going on must not jump back.
    model.approvals.scroll = line.min(lowest.max(model.approvals.scroll));
}

/// Gives the keys to the detail.
pub fn open(model: &mut Model) {
    if model.selected_approval().is_some() {
        model.approvals.focus = DeskFocus::Detail;
    }
}

/// The pages after and before one, round and round.
fn neighbours(tab: DetailTab) -> (DetailTab, DetailTab) {
    match tab {
        DetailTab::Summary => (DetailTab::Diff, DetailTab::Log),
        DetailTab::Diff => (DetailTab::Log, DetailTab::Summary),
        DetailTab::Log => (DetailTab::Summary, DetailTab::Diff),
    }
}

fn page_name(tab: DetailTab) -> &'static str {
    match tab {
        DetailTab::Summary => "summary",
        DetailTab::Diff => "diff",
        DetailTab::Log => "log",
    }
}

/// Turns to another page of the detail.
pub fn turn(model: &mut Model, direction: Direction) {
    let (next, previous) = neighbours(model.approvals.tab);
    model.approvals.tab = match direction {
        Direction::Forward => next,
        Direction::Back => previous,
    };
    to_beginning(model);
}

/// Scrolls the detail to where reading begins: a log is read from its end.
pub fn to_beginning(model: &mut Model) {
    let papers = model.approvals.selected.and_then(|id| model.approvals.papers.get(&id));
    model.approvals.scroll = match (model.approvals.tab, papers.map(|papers| &papers.log)) {
        (DetailTab::Log, Some(Loaded::Here(log))) => {
            log.len().saturating_sub(model.room.detail_rows)
        }
        (DetailTab::Summary | DetailTab::Diff | DetailTab::Log, _) => 0,
    };
}

/// Scrolls the diff to another file, and gives it the keys.
pub fn turn_file(model: &mut Model, direction: Direction) {
    let papers = model.approvals.selected.and_then(|id| model.approvals.papers.get(&id));
    let Some(Loaded::Here(diff)) = papers.map(|papers| &papers.diff) else { return };
    let from = model.approvals.scroll;
    let found = match direction {
        Direction::Forward => diff.file_after(from),
        Direction::Back => diff.file_before(from),
    };
    if let Some(line) = found {
        // The file's name stays the first line even if what follows does not fill the page.
        model.approvals.scroll = line;
        model.approvals.focus = DeskFocus::Detail;
    }
}

/// Asks before approving.
pub fn ask_approve(model: &mut Model) {
    if let Some((approval, seen)) = model.selected_approval().map(|view| (view.id, seen(view))) {
        model.notice = None;
        model.overlays.push(Overlay::Confirm { approval, seen });
    }
}

/// Asks for the words of a rejection.
pub fn ask_reject(model: &mut Model) {
    if let Some(approval) = model.approvals.selected {
        model.notice = None;
        model.overlays.push(Overlay::Feedback { approval, entry: Entry::default() });
    }
}

/// What a person sees of an approval.
pub fn seen(approval: &ApprovalView) -> Seen {
    Seen {
        tree: approval.tree.clone(),
        change: approval.change.clone(),
        evidence: approval.evidence.clone(),
    }
}

/// Asks for the paper that is in front when it is not there; drops papers of another tree.
pub fn want_paper(model: &mut Model) -> Option<Cmd> {
    let approval = model.approvals.selected.filter(|_| model.screen == Screen::Approvals)?;
    let tree = model.approval(approval)?.tree.clone();
    let paper = model.approvals.tab.paper()?;
    let papers = model.approvals.papers.entry(approval).or_default();
    if papers.tree != tree {
        *papers = crate::tui::model::Papers { tree, ..Default::default() };
    }
    let missing = match paper {
        Paper::Diff => ask(&mut papers.diff),
        Paper::Log => ask(&mut papers.log),
    };
    missing.then_some(Cmd::LoadPaper { approval, paper })
}

fn ask<T>(slot: &mut Loaded<T>) -> bool {
    let missing = matches!(slot, Loaded::Not);
    if missing {
        *slot = Loaded::Loading;
    }
    missing
}
