//! What lies in front of a screen: the help, a question, a text that is written.
//!
//! An entry is closed only when what it says was taken; when it was not, the text is still there
//! with the reason beside it.

use crossterm::event::KeyEvent;

use crate::tui::keymap::{Action, Context, edit};
use crate::tui::model::{Entry, EntryStage, Model, Overlay};
use crate::tui::msg::Cmd;
use crate::tui::screens::approvals::seen;
use crate::tui::screens::dashboard::Direction;
use crate::tui::screens::messages::{sieving, writing};
use crate::tui::screens::{Offer, Rank, offer, rows};
use crate::tui::widgets::editor::Edit;

/// What can be done in an overlay.
pub fn actions(overlay: &Overlay, model: &Model) -> Vec<Offer> {
    match overlay {
        Overlay::Help { .. } => {
            let mut offers = vec![offer(Context::Help, Action::Back, "close", Rank::Bar)];
            offers.extend(rows(Context::Help));
            offers
        }
        Overlay::Confirm { approval, seen: asked } => {
            let mut yes = offer(Context::Confirm, Action::Confirm, "yes, approve", Rank::Bar);
            yes.disabled = match model.approval(*approval) {
                None => Some(format!("`{approval}` is not there any more")),
                Some(view) if seen(view) != *asked => {
                    Some("it is another change now: go back and look again".to_owned())
                }
                Some(_) => None,
            };
            vec![yes, offer(Context::Confirm, Action::Back, "no", Rank::BarEnd)]
        }
        Overlay::Letter(letter) => writing::actions(letter),
        Overlay::Discard => writing::discard_actions(),
        Overlay::Search { .. } => sieving::search_actions(),
        Overlay::Sieve(_) => sieving::actions(),
        Overlay::Why { .. } => {
            let mut offers = vec![offer(Context::Why, Action::Back, "close", Rank::Bar)];
            offers.extend(rows(Context::Why));
            offers
        }
        Overlay::Compose { entry, .. } => {
            vec![send(Context::Compose, entry), cancel(Context::Compose)]
        }
        Overlay::Feedback { entry, .. } => {
            let line = offer(Context::Feedback, Action::NewLine, "new line", Rank::Bar);
            vec![send(Context::Feedback, entry), line, cancel(Context::Feedback)]
        }
    }
}

fn send(context: Context, entry: &Entry) -> Offer {
    let name = if context == Context::Feedback { "reject" } else { "send" };
    let mut send = offer(context, Action::Send, name, Rank::Bar);
    send.disabled = match entry.stage {
        EntryStage::Sending => Some("it is on its way".to_owned()),
        EntryStage::Writing | EntryStage::Refused(_) if entry.editor.is_blank() => {
            Some("nothing is written yet".to_owned())
        }
        EntryStage::Writing | EntryStage::Refused(_) => None,
    };
    send
}

fn cancel(context: Context) -> Offer {
    offer(context, Action::Back, "cancel", Rank::BarEnd)
}

/// The entry in front, if one is and it can be changed.
pub fn writable(model: &mut Model) -> Option<&mut Entry> {
    let (Overlay::Compose { entry, .. }
    | Overlay::Feedback { entry, .. }
    | Overlay::Search { entry, .. }) = model.overlays.last_mut()?
    else {
        return None;
    };
    (!matches!(entry.stage, EntryStage::Sending)).then_some(entry)
}

/// A key that is no action edits the text in front.
pub fn type_key(model: &mut Model, key: KeyEvent) {
    if let (Some(letter), Some(change)) = (writing::writable(model), edit(key)) {
        writing::edit(letter, change);
        return;
    }
    if let (Some(entry), Some(change)) = (writable(model), edit(key)) {
        entry.editor.apply(change);
        entry.stage = EntryStage::Writing;
    }
    sieving::search(model);
}

/// A pasted text goes into the entry in front; in one of a single line its lines become one.
pub fn paste(model: &mut Model, text: &str) {
    if let Some(letter) = writing::writable(model) {
        writing::paste(letter, text);
        return;
    }
    let single =
        matches!(model.overlays.last(), Some(Overlay::Compose { .. } | Overlay::Search { .. }));
    let text = if single { text.replace(['\n', '\r'], " ") } else { text.to_owned() };
    if let Some(entry) = writable(model) {
        entry.editor.paste(&text);
        entry.stage = EntryStage::Writing;
    }
    sieving::search(model);
}

/// Breaks the line.
pub fn new_line(model: &mut Model) {
    if let Some(letter) = writing::writable(model) {
        writing::enter(letter);
        return;
    }
    if let Some(entry) = writable(model) {
        entry.editor.apply(Edit::Insert('\n'));
    }
}

/// Hands over what is written.
pub fn hand_over(model: &mut Model) -> Vec<Cmd> {
    let cmd = match model.overlays.last_mut() {
        Some(Overlay::Compose { to, entry }) => {
            entry.stage = EntryStage::Sending;
            Cmd::Send { to: to.clone(), text: entry.editor.text().trim().to_owned() }
        }
        Some(Overlay::Feedback { approval, entry }) => {
            entry.stage = EntryStage::Sending;
            model.approvals.deciding = Some(*approval);
            let feedback = entry.editor.text().trim().to_owned();
            Cmd::Reject { approval: *approval, feedback }
        }
        Some(Overlay::Letter(letter)) => writing::hand_over(letter),
        _ => return Vec::new(),
    };
    vec![cmd]
}

/// One step back out of the overlay in front; whether there was one.
pub fn back(model: &mut Model) -> bool {
    if writing::leave(model) {
        return true;
    }
    match model.overlays.pop() {
        Some(Overlay::Search { before, .. }) => sieving::search_as_before(model, before),
        Some(_) => {}
        None => return false,
    }
    true
}

/// Moves in the overlay in front; whether there is one that can be moved in.
pub fn move_by(model: &mut Model, by: isize) -> bool {
    let lowest = model.room.detail_lines.saturating_sub(model.room.detail_rows);
    match model.overlays.last_mut() {
        Some(Overlay::Help { scroll } | Overlay::Why { scroll, .. }) => {
            *scroll = scroll.saturating_add_signed(by).min(lowest);
        }
        Some(Overlay::Sieve(sieve)) => sieving::move_row(sieve, by),
        _ => return false,
    }
    true
}

/// To the next value or field, or to the one before.
pub fn turn(model: &mut Model, direction: Direction) {
    match (writing::writable(model), direction) {
        (Some(letter), Direction::Forward) => letter.next(),
        (Some(letter), Direction::Back) => letter.previous(),
        (None, direction) => sieving::turn(model, direction),
    }
}

/// Does what the question in front is about.
pub fn confirm(model: &mut Model) -> Vec<Cmd> {
    match model.overlays.last() {
        Some(Overlay::Discard) => {
            writing::discard(model);
            return Vec::new();
        }
        Some(Overlay::Search { .. }) => {
            model.overlays.pop();
            return Vec::new();
        }
        _ => {}
    }
    let Some(Overlay::Confirm { approval, seen }) = model.overlays.pop() else {
        return Vec::new();
    };
    model.approvals.deciding = Some(approval);
    vec![Cmd::Approve { approval, seen }]
}
