//! The message screen: the list, a conversation, who has how many waiting, and what can be done with a message.
//!
//! The list has the newest first; without a chosen row the newest stays in front. The cursor is a message's id, so
//! that it stays on its message while others arrive.

use uuid::Uuid;

use crate::domain::message::MessageState;
use crate::domain::refusal::Refusal;
use crate::service::views::{Board, MessageView};
use crate::tui::keymap::{Action, Context};
use crate::tui::model::{Loaded, Model, Overlay, Past, TalkPage};
use crate::tui::msg::Cmd;
use crate::tui::screens::{Offer, Rank, Screen, offer};
use crate::tui::widgets::list::step;

pub mod sieving;

pub mod writing;

/// Messages before those that are known that are read at once.
pub const PAST: usize = 500;

/// The newest messages, newest first: what the dashboard shows.
pub fn rows(board: &Board) -> impl DoubleEndedIterator<Item = &MessageView> {
    board.messages.iter().rev()
}

/// What can be done on the screen.
pub fn actions(model: &Model) -> Vec<Offer> {
    let context = Context::Screen(Screen::Messages);
    let chosen = model.talk.chosen();
    let with = |action, name, rank, why: Result<(), String>| {
        let mut offer = offer(context, action, name, rank);
        offer.disabled = why.err();
        offer
    };
    let is_list = matches!(model.talk.page, TalkPage::List);
    let on_list = || match is_list {
        true => Ok(()),
        false => Err("the list is not in front: Esc".to_owned()),
    };
    let mailboxes = if model.talk.page == TalkPage::Mailboxes { "list" } else { "mailboxes" };
    vec![
        with(Action::Open, "thread", Rank::Bar, on_list().and(require(chosen).map(drop))),
        with(Action::Reply, "reply", Rank::Bar, why_not_reply(chosen)),
        with(Action::Compose, "write", Rank::Bar, Ok(())),
        with(Action::Search, "search", Rank::Bar, on_list()),
        with(Action::Sieve, "filter", Rank::Bar, on_list()),
        with(Action::OnlyOpen, "only open", Rank::Help, on_list()),
        with(Action::ClearSieve, "list all again", Rank::Help, on_list()),
        with(Action::Explain, "why", Rank::Bar, require(chosen).map(drop)),
        with(Action::Retry, "try again", Rank::Help, why_not_retry(chosen)),
        with(Action::Acknowledge, "acknowledge", Rank::Help, why_not_acknowledge(chosen)),
        with(Action::Mailboxes, mailboxes, Rank::Help, Ok(())),
    ]
}

fn require(chosen: Option<&MessageView>) -> Result<&MessageView, String> {
    chosen.ok_or_else(|| "no message is chosen".to_owned())
}

fn why_not_reply(chosen: Option<&MessageView>) -> Result<(), String> {
    match require(chosen)?.from.as_str() {
        "workbench" => Err("`workbench` takes no messages".to_owned()),
        "operator" => Err("it is your own".to_owned()),
        _ => Ok(()),
    }
}

fn why_not_retry(chosen: Option<&MessageView>) -> Result<(), String> {
    let message = require(chosen)?;
    match message.state {
        MessageState::Routed if message.to == OPERATOR => {
            Err("it is for you: a acknowledges it".to_owned())
        }
        MessageState::Routed | MessageState::Dead | MessageState::Expired => Ok(()),
        other => Err(format!("it is {}, there is nothing to try again", other.as_str())),
    }
}

/// As it stands in a message.
const OPERATOR: &str = "operator";

fn why_not_acknowledge(chosen: Option<&MessageView>) -> Result<(), String> {
    let message = require(chosen)?;
    match message.state {
        _ if message.to != OPERATOR => Err("it is not for you".to_owned()),
        MessageState::Routed | MessageState::Delivered => Ok(()),
        other => Err(format!("it is {} already", other.as_str())),
    }
}

/// Moves the cursor; at the top it follows the newest again, at the bottom the past is read on.
pub fn move_by(model: &mut Model, by: isize) -> Vec<Cmd> {
    match model.talk.page {
        TalkPage::List => {}
        TalkPage::Thread { of, at } => {
            move_in_thread(model, of, at, by);
            return Vec::new();
        }
        TalkPage::Mailboxes => return Vec::new(),
    }
    let talk = &mut model.talk;
    let at = step(talk.position(), by, talk.count());
    let chosen = at.filter(|at| *at > 0).and_then(|at| talk.row(at));
    talk.selected = chosen.map(|message| message.id);
    let is_end = at.is_some_and(|at| at + 1 == talk.count());
    if is_end && by > 0 { read_past(model) } else { Vec::new() }
}

fn move_in_thread(model: &mut Model, of: Uuid, at: Uuid, by: isize) {
    let turns = model.talk.store().conversation(of);
    let here = turns.iter().position(|turn| turn.id == at);
    if let Some(turn) = step(here, by, turns.len()).and_then(|there| turns.get(there)) {
        model.talk.page = TalkPage::Thread { of, at: turn.id };
    }
}

/// Asks for messages before those that are known, unless that is under way or there are none.
fn read_past(model: &mut Model) -> Vec<Cmd> {
    let oldest = model.talk.oldest().map(|message| message.sent_at);
    let (Past::Unread, Some(before)) = (model.talk.past, oldest) else { return Vec::new() };
    model.talk.past = Past::Reading;
    vec![Cmd::LoadPast { before }]
}

/// Takes in messages of the past.
pub fn take_past(model: &mut Model, result: Result<Vec<MessageView>, Refusal>) {
    // What could not be read is asked for again when somebody comes to the end again.
    let Ok(messages) = result else {
        model.talk.past = Past::Unread;
        return;
    };
    let new = model.talk.take(messages);
    model.talk.past = if new == 0 { Past::AtItsBeginning } else { Past::Unread };
}

/// Opens the conversation of the message under the cursor.
pub fn open(model: &mut Model) {
    if let Some(id) = model.talk.chosen().map(|message| message.id) {
        model.talk.page = TalkPage::Thread { of: id, at: id };
    }
}

/// Shows a message, whatever is listed.
pub fn show(model: &mut Model, id: Option<Uuid>) {
    model.screen = Screen::Messages;
    model.talk.page = TalkPage::List;
    model.talk.selected = id;
    if id.is_some() && model.talk.position().is_none() {
        sieving::clear(model);
    }
}

/// One step back within the screen; whether there was one.
pub fn back(model: &mut Model) -> bool {
    let is_list = model.talk.page == TalkPage::List;
    let is_all = *model.talk.filter() == Default::default();
    match (is_list, is_all) {
        (false, _) => model.talk.page = TalkPage::List,
        (true, false) => sieving::clear(model),
        (true, true) => return false,
    }
    true
}

/// Shows who has how many messages waiting, or the list again.
pub fn turn_mailboxes(model: &mut Model) {
    model.talk.page = match model.talk.page {
        TalkPage::Mailboxes => TalkPage::List,
        TalkPage::List | TalkPage::Thread { .. } => TalkPage::Mailboxes,
    };
}

/// Lets go of a message that is not listed any more.
pub fn settle(model: &mut Model) {
    if model.talk.position().is_none() {
        model.talk.selected = None;
    }
}

/// Has the delivery of the chosen message tried again.
pub fn retry(model: &Model) -> Vec<Cmd> {
    let chosen = model.talk.chosen().map(|message| match message.state {
        MessageState::Dead | MessageState::Expired => Cmd::Retake(message.id),
        _ => Cmd::Retry(message.id),
    });
    chosen.into_iter().collect()
}

/// Says that the chosen message was read.
pub fn acknowledge(model: &Model) -> Vec<Cmd> {
    model.talk.chosen().map(|message| Cmd::Acknowledge(message.id)).into_iter().collect()
}

/// Asks why the chosen message is where it is.
pub fn explain(model: &mut Model) -> Vec<Cmd> {
    let Some(id) = model.talk.chosen().map(|message| message.id) else { return Vec::new() };
    model.overlays.push(Overlay::Why { id, lines: Loaded::Loading, scroll: 0 });
    vec![Cmd::Explain(id)]
}

/// Takes in why a message is where it is.
pub fn take_why(model: &mut Model, about: Uuid, result: Result<Vec<String>, Refusal>) {
    for overlay in &mut model.overlays {
        if let Overlay::Why { id, lines, .. } = overlay
            && *id == about
        {
            *lines = match result {
                Ok(told) => Loaded::Here(told),
                Err(refusal) => Loaded::Failed(refusal),
            };
            return;
        }
    }
}
