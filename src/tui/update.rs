//! The one place where the screen's state changes: `update(&mut Model, Msg) -> Vec<Cmd>`.
//!
//! No I/O and no clock: the time comes in with [`Msg::Tick`], results come in as messages, and what is to
//! be done goes out as [`Cmd`]s. A key becomes an action, an action that is disabled says why.

use crossterm::event::KeyEvent;

use crate::domain::agency::AgentState;
use crate::domain::id::ApprovalId;
use crate::domain::refusal::Refusal;
use crate::service::views::{Board, LogView};
use crate::tui::keymap::{self, Action};
use crate::tui::model::{
    DeskFocus, DetailTab, EntryStage, Loaded, Model, Notice, Outcome, Overlay,
};
use crate::tui::msg::{Cmd, Msg, Paper};
use crate::tui::screens::dashboard::Direction;
use crate::tui::screens::messages::{sieving, writing};
use crate::tui::screens::{self, Screen, approvals, dashboard, log, messages, overlays, pane};
use crate::tui::widgets::diff::DiffText;
use crate::tui::widgets::text::line;

/// Takes in what arrived; returns what is to be done.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Cmd> {
    let mut cmds = match msg {
        Msg::Tick(now) => {
            model.now = now;
            return Vec::new();
        }
        Msg::Drawn(room) => {
            model.room = room;
            return Vec::new();
        }
        Msg::Key(key) => press(model, key),
        Msg::Paste(text) if screens::is_typing(model) => pane::paste(model, text),
        Msg::Paste(text) => {
            overlays::paste(model, &text);
            Vec::new()
        }
        Msg::Resized => Vec::new(),
        Msg::LogLoaded(result) => take_log(model, result),
        Msg::Board(board) => take_board(model, board),
        Msg::Talk(talk) => {
            model.talk.take(talk.messages);
            messages::settle(model);
            Vec::new()
        }
        Msg::Lost { reason } => {
            lose(model, reason);
            Vec::new()
        }
        Msg::End => vec![Cmd::Quit],
        other => {
            take_result(model, other);
            Vec::new()
        }
    };
    cmds.extend(approvals::want_paper(model));
    cmds.extend(pane::want_picture(model));
    cmds
}

fn take_result(model: &mut Model, msg: Msg) {
    match msg {
        Msg::PaperLoaded { approval, paper, result } => take_paper(model, approval, paper, result),
        Msg::Approved { approval, result } => {
            model.approvals.deciding = None;
            let result = result.map(|_| String::new());
            model.notice = Some(notice(Some(approval), &format!("{approval} approved"), result));
        }
        Msg::Rejected { approval, result } => {
            model.approvals.deciding = None;
            let words = format!("{approval} rejected, its agent gets your words");
            close_entry(model, Some(approval), &words, result.map(|_| String::new()));
        }
        Msg::Sent { to, result } => {
            let words = format!("message to {to} is on its way");
            close_entry(model, None, &words, result.map(|_| String::new()));
        }
        Msg::Posted { to, result } => {
            let words = format!("message to {} is on its way", line(&to));
            close_entry(model, None, &words, result.map(|_| String::new()));
        }
        Msg::Handled { done, result } => {
            model.notice = Some(notice(None, done, result.map(|_| String::new())));
        }
        Msg::Explained { id, result } => messages::take_why(model, id, result),
        Msg::PastLoaded(result) => messages::take_past(model, result),
        Msg::Pictured { target, result } => pane::take_picture(model, &target, result),
        Msg::KeysRefused { typing, refusal } => pane::take_refusal(model, typing, &refusal),
        Msg::Returned(Ok(())) => {}
        Msg::Returned(Err(refusal)) => {
            model.notice = Some(notice(None, "", Err(refusal)));
        }
        Msg::Tick(_)
        | Msg::Drawn(_)
        | Msg::Key(_)
        | Msg::Paste(_)
        | Msg::Resized
        | Msg::LogLoaded(_)
        | Msg::Board(_)
        | Msg::Talk(_)
        | Msg::Lost { .. }
        | Msg::End => {}
    }
}

fn notice(about: Option<ApprovalId>, done: &str, result: Result<String, Refusal>) -> Notice {
    match result {
        Ok(answer) if answer.is_empty() => {
            Notice { about, text: done.to_owned(), hint: None, outcome: Outcome::Done }
        }
        Ok(answer) => {
            let text = format!("{done}: {}", line(&answer));
            Notice { about, text, hint: None, outcome: Outcome::Done }
        }
        Err(refusal) => Notice {
            about,
            text: line(&refusal.message),
            hint: refusal.hint.as_deref().map(line),
            outcome: Outcome::Refused,
        },
    }
}

/// Closes the entry that was sent, or leaves it open with the reason it was not taken.
fn close_entry(
    model: &mut Model,
    about: Option<ApprovalId>,
    done: &str,
    result: Result<String, Refusal>,
) {
    let sent = |overlay: &Overlay| match overlay {
        Overlay::Compose { entry, .. } | Overlay::Feedback { entry, .. } => {
            matches!(entry.stage, EntryStage::Sending)
        }
        Overlay::Letter(letter) => matches!(letter.stage, EntryStage::Sending),
        Overlay::Help { .. }
        | Overlay::Confirm { .. }
        | Overlay::Discard
        | Overlay::Search { .. }
        | Overlay::Sieve(_)
        | Overlay::Why { .. } => false,
    };
    let open = model.overlays.iter().position(sent);
    match (result, open) {
        (Err(refusal), Some(at)) => match model.overlays.get_mut(at) {
            Some(Overlay::Compose { entry, .. } | Overlay::Feedback { entry, .. }) => {
                entry.stage = EntryStage::Refused(refusal);
            }
            Some(Overlay::Letter(letter)) => letter.stage = EntryStage::Refused(refusal),
            _ => {}
        },
        (result, open) => {
            if let Some(at) = open {
                model.overlays.remove(at);
            }
            model.notice = Some(notice(about, done, result));
        }
    }
}

fn take_paper(
    model: &mut Model,
    approval: ApprovalId,
    paper: Paper,
    result: Result<String, Refusal>,
) {
    let papers = model.approvals.papers.entry(approval).or_default();
    match (paper, result) {
        (Paper::Diff, Ok(text)) => papers.diff = Loaded::Here(DiffText::parse(&text)),
        (Paper::Diff, Err(refusal)) => papers.diff = Loaded::Failed(refusal),
        (Paper::Log, Ok(text)) => {
            let plain = crate::domain::text::to_plain(&text).replace('\t', "    ");
            papers.log = Loaded::Here(plain.lines().map(str::to_owned).collect());
            if (model.approvals.selected, model.approvals.tab) == (Some(approval), DetailTab::Log) {
                approvals::to_beginning(model);
            }
        }
        (Paper::Log, Err(refusal)) => papers.log = Loaded::Failed(refusal),
    }
}

fn take_log(model: &mut Model, result: Result<Vec<LogView>, Refusal>) -> Vec<Cmd> {
    match result {
        Ok(events) => {
            model.log.events = events;
            model.log.failure = None;
            log::settle(model);
        }
        Err(refusal) => model.log.failure = Some(refusal),
    }
    log::read_ended(model)
}

fn take_board(model: &mut Model, board: Box<Board>) -> Vec<Cmd> {
    let on_dashboard =
        model.board.as_ref().and_then(|old| dashboard::position(old, model.spot.as_ref()));
    let on_approvals = approvals::position(model);
    let moved = model.board.as_ref().is_none_or(|old| old.seq != board.seq);
    model.lost = None;
    model.board = Some(board);
    dashboard::settle(model, on_dashboard);
    approvals::settle(model, on_approvals);
    if moved && model.screen == Screen::Log { log::read(model) } else { Vec::new() }
}

/// Nobody tells of the agents any more: what they did last is not what they do now.
fn lose(model: &mut Model, reason: String) {
    let agencies = model.board.iter_mut().flat_map(|board| board.status.agencies.iter_mut());
    for agent in agencies.flat_map(|agency| agency.agents.iter_mut()) {
        if agent.state.is_alive() {
            agent.state = AgentState::Unknown;
            agent.state_reason = Some(reason.clone());
        }
    }
    model.lost = Some(reason);
}

fn press(model: &mut Model, key: KeyEvent) -> Vec<Cmd> {
    let Some(action) = keymap::action(screens::context(model), key) else {
        if screens::is_typing(model) {
            return pane::type_key(model, key);
        }
        overlays::type_key(model, key);
        return Vec::new();
    };
    let offers = screens::offers(model);
    let offer = offers.iter().find(|offer| offer.action == action);
    if let Some(reason) = offer.and_then(|offer| offer.disabled.as_ref()) {
        refuse(model, offer.map_or("", |offer| offer.name), reason);
        return Vec::new();
    }
    act(model, action)
}

/// A disabled action that is asked for says why, where it was asked for.
fn refuse(model: &mut Model, name: &str, reason: &str) {
    if !model.overlays.is_empty() {
        // An overlay shows its reasons all the time.
        return;
    }
    let about = model.approvals.selected.filter(|_| model.screen == Screen::Approvals);
    let text = format!("{name}: {}", line(reason));
    model.notice = Some(Notice { about, text, hint: None, outcome: Outcome::Refused });
}

fn act(model: &mut Model, action: Action) -> Vec<Cmd> {
    match action {
        Action::Help => model.overlays.push(Overlay::Help { scroll: 0 }),
        Action::Quit => return vec![Cmd::Quit],
        Action::Suspend => return vec![Cmd::Suspend],
        Action::Redraw => return vec![Cmd::Redraw],
        Action::Back => back(model),
        Action::GoTo(screen) => return go_to(model, screen),
        Action::NextScreen => return go_to(model, model.screen.next()),
        Action::PreviousScreen => return go_to(model, model.screen.previous()),
        Action::Down => return move_by(model, 1),
        Action::Up => return move_by(model, -1),
        Action::PageDown => return move_by(model, page(model)),
        Action::PageUp => return move_by(model, -page(model)),
        Action::First => return move_by(model, isize::MIN),
        Action::Last => return move_by(model, isize::MAX),
        Action::NextGroup => dashboard::move_group(model, Direction::Forward),
        Action::PreviousGroup => dashboard::move_group(model, Direction::Back),
        Action::Open if model.screen == Screen::Dashboard => return dashboard::open(model),
        Action::Open if model.screen == Screen::Messages => messages::open(model),
        Action::Open => approvals::open(model),
        Action::Search => sieving::ask_search(model),
        Action::Sieve => sieving::ask(model),
        Action::OnlyOpen => sieving::turn_open(model),
        Action::ClearSieve => sieving::clear(model),
        Action::Reply => writing::reply(model),
        Action::Retry => return messages::retry(model),
        Action::Acknowledge => return messages::acknowledge(model),
        Action::Explain => return messages::explain(model),
        Action::Mailboxes => messages::turn_mailboxes(model),
        Action::NextChoice => overlays::turn(model, Direction::Forward),
        Action::PreviousChoice => overlays::turn(model, Direction::Back),
        Action::Look => pane::open(model),
        Action::Type => pane::begin_typing(model),
        Action::EndTyping => pane::end_typing(model, None),
        Action::Attach => {
            return model.pane.agent.as_ref().map(dashboard::attach_to).unwrap_or_default();
        }
        Action::NextAgent => pane::turn(model, Direction::Forward),
        Action::PreviousAgent => pane::turn(model, Direction::Back),
        Action::Compose => compose(model),
        Action::Approve => approvals::ask_approve(model),
        Action::Reject => approvals::ask_reject(model),
        Action::NextTab => approvals::turn(model, Direction::Forward),
        Action::PreviousTab => approvals::turn(model, Direction::Back),
        Action::NextFile => approvals::turn_file(model, Direction::Forward),
        Action::PreviousFile => approvals::turn_file(model, Direction::Back),
        Action::Confirm => return overlays::confirm(model),
        Action::Send => return overlays::hand_over(model),
        Action::NewLine => overlays::new_line(model),
    }
    Vec::new()
}

fn compose(model: &mut Model) {
    if model.screen == Screen::Messages {
        writing::compose(model);
        return;
    }
    let to = match model.screen {
        Screen::Pane => model.pane.agent.clone(),
        _ => dashboard::addressee(model),
    };
    if let Some(to) = to {
        model.notice = None;
        model.overlays.push(Overlay::Compose { to, entry: Default::default() });
    }
}

fn go_to(model: &mut Model, screen: Screen) -> Vec<Cmd> {
    model.screen = screen;
    if screen == Screen::Log { log::read(model) } else { Vec::new() }
}

/// One step back; a text that is on its way is not taken back.
fn back(model: &mut Model) {
    if overlays::back(model) || model.notice.take().is_some() {
        return;
    }
    if model.screen == Screen::Messages && messages::back(model) {
        return;
    }
    if model.screen == Screen::Approvals && model.approvals.focus == DeskFocus::Detail {
        model.approvals.focus = DeskFocus::List;
    } else if model.screen == Screen::Pane && model.pane.above > 0 {
        model.pane.above = 0;
    } else {
        model.screen = Screen::Dashboard;
    }
}

/// Rows of a page: one less than is visible, so that the eye finds its place.
fn page(model: &Model) -> isize {
    let reading = model.screen == Screen::Approvals && model.approvals.focus == DeskFocus::Detail;
    let rows = if reading { model.room.detail_rows } else { model.room.list_rows };
    isize::try_from(rows.saturating_sub(1)).unwrap_or(isize::MAX).max(1)
}

fn move_by(model: &mut Model, by: isize) -> Vec<Cmd> {
    if overlays::move_by(model, by) {
        return Vec::new();
    }
    match model.screen {
        Screen::Dashboard => dashboard::move_by(model, by),
        Screen::Approvals => approvals::move_by(model, by),
        Screen::Messages => return messages::move_by(model, by),
        Screen::Log => log::move_by(model, by),
        Screen::Pane => pane::move_by(model, by),
    }
    Vec::new()
}

#[cfg(test)]
pub mod tests;
