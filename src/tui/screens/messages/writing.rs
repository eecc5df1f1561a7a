//! Writing a message: a letter with its fields, sent by the same rules as `agency send`.
//!
//! What is refused stays as it was written, with the reason beside it; what would be lost is asked about.

use crate::tui::keymap::{Action, Context};
use crate::tui::model::{EntryStage, Field, Letter, Model, Overlay};
use crate::tui::msg::{Cmd, Posting};
use crate::tui::screens::{Offer, Rank, offer};
use crate::tui::widgets::editor::Edit;

/// What can be done with a letter.
pub fn actions(letter: &Letter) -> Vec<Offer> {
    let mut send = offer(Context::Letter, Action::Send, "send", Rank::Bar);
    send.disabled = match letter.stage {
        EntryStage::Sending => Some("it is on its way".to_owned()),
        EntryStage::Writing | EntryStage::Refused(_) => missing(letter).map(str::to_owned),
    };
    let (enter, name) = match letter.field {
        Field::Body => (Action::NewLine, "new line"),
        Field::To | Field::Kind | Field::Priority | Field::Task => (Action::NewLine, "next"),
    };
    vec![
        send,
        offer(Context::Letter, Action::NextChoice, "next field", Rank::Bar),
        offer(Context::Letter, enter, name, Rank::Bar),
        offer(Context::Letter, Action::PreviousChoice, "field before", Rank::Help),
        offer(Context::Letter, Action::Back, "cancel", Rank::BarEnd),
    ]
}

/// Asked before something written is thrown away.
pub fn discard_actions() -> Vec<Offer> {
    vec![
        offer(Context::Confirm, Action::Confirm, "yes, throw it away", Rank::Bar),
        offer(Context::Confirm, Action::Back, "no, go on writing", Rank::BarEnd),
    ]
}

fn missing(letter: &Letter) -> Option<&'static str> {
    if letter.to.is_blank() {
        Some("it is for nobody yet")
    } else if letter.body.is_blank() {
        Some("nothing is written yet")
    } else {
        None
    }
}

/// Begins a letter.
pub fn compose(model: &mut Model) {
    let letter = Letter::to(None, model.board.as_deref());
    model.notice = None;
    model.overlays.push(Overlay::Letter(Box::new(letter)));
}

/// Begins an answer to the chosen message.
pub fn reply(model: &mut Model) {
    let Some(message) = model.talk.chosen() else { return };
    let letter = Letter::answering(message, model.board.as_deref());
    model.notice = None;
    model.overlays.push(Overlay::Letter(Box::new(letter)));
}

/// The letter in front, if one is and it can be changed.
pub fn writable(model: &mut Model) -> Option<&mut Letter> {
    match model.overlays.last_mut()? {
        Overlay::Letter(letter) if !matches!(letter.stage, EntryStage::Sending) => Some(letter),
        _ => None,
    }
}

/// A key that is no action changes the field.
pub fn edit(letter: &mut Letter, change: Edit) {
    letter.stage = EntryStage::Writing;
    match (letter.field, change) {
        (Field::Priority, Edit::Right | Edit::Up | Edit::Insert(' ')) => letter.turn_priority(true),
        (Field::Priority, Edit::Left | Edit::Down) => letter.turn_priority(false),
        // In a field of one line these lead out of it.
        (Field::To | Field::Kind | Field::Task, Edit::Down) => letter.next(),
        (Field::To | Field::Kind | Field::Task, Edit::Up) => letter.previous(),
        _ => {
            if let Some(editor) = letter.editor() {
                editor.apply(change);
            }
        }
    }
}

/// A pasted text goes into the field; in one of a single line its lines become one.
pub fn paste(letter: &mut Letter, text: &str) {
    let is_body = letter.field == Field::Body;
    let text = if is_body { text.to_owned() } else { text.replace(['\n', '\r'], " ") };
    if let Some(editor) = letter.editor() {
        editor.paste(&text);
        letter.stage = EntryStage::Writing;
    }
}

/// Enter: a new line in the text, elsewhere the next field.
pub fn enter(letter: &mut Letter) {
    match letter.field {
        Field::Body => edit(letter, Edit::Insert('\n')),
        Field::To | Field::Kind | Field::Priority | Field::Task => letter.next(),
    }
}

/// Hands a letter over.
pub fn hand_over(letter: &mut Letter) -> Cmd {
    letter.stage = EntryStage::Sending;
    let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    Cmd::Post(Box::new(Posting {
        to: letter.to.text().trim().to_owned(),
        kind: filled(letter.kind.text()),
        priority: letter.priority,
        task: filled(letter.task.text()),
        text: letter.body.text().trim().to_owned(),
        in_reply_to: letter.in_reply_to,
    }))
}

/// Leaves the letter in front, if there is one; asks first when something would be lost.
pub fn leave(model: &mut Model) -> bool {
    let Some(Overlay::Letter(letter)) = model.overlays.last() else { return false };
    if matches!(letter.stage, EntryStage::Sending) {
        // It may come back refused, and is to be there then.
        return true;
    }
    if letter.is_written() {
        model.overlays.push(Overlay::Discard);
    } else {
        model.overlays.pop();
    }
    true
}

/// Throws the letter away that was asked about.
pub fn discard(model: &mut Model) {
    model.overlays.pop();
    if let Some(Overlay::Letter(_)) = model.overlays.last() {
        model.overlays.pop();
    }
}
