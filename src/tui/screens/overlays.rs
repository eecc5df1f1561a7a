//! What lies in front of a screen: the help, a question, a text that is written.
//!
//! An entry is closed only when what it says was taken; when it was not, the text is still there
//! with the reason beside it.

use crossterm::event::KeyEvent;

use crate::tui::keymap::{Action, Context, edit};
use crate::tui::model::{Entry, EntryStage, Model, Overlay};
use crate::tui::msg::Cmd;
use crate::tui::screens::approvals::seen;
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
    let (Overlay::Compose { entry, .. } | Overlay::Feedback { entry, .. }) =
        model.overlays.last_mut()?
    else {
        return None;
    };
    (!matches!(entry.stage, EntryStage::Sending)).then_some(entry)
}

/// A key that is no action edits the text in front.
pub fn type_key(model: &mut Model, key: KeyEvent) {
    if let (Some(entry), Some(change)) = (writable(model), edit(key)) {
        entry.editor.apply(change);
        entry.stage = EntryStage::Writing;
    }
}

/// A pasted text goes into the entry in front; in one of a single line its lines become one.
pub fn paste(model: &mut Model, text: &str) {
    let single = matches!(model.overlays.last(), Some(Overlay::Compose { .. }));
    let text = if single { text.replace(['\n', '\r'], " ") } else { text.to_owned() };
    if let Some(entry) = writable(model) {
        entry.editor.paste(&text);
        entry.stage = EntryStage::Writing;
    }
}

/// Breaks the line.
pub fn new_line(model: &mut Model) {
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
        Some(Overlay::Help { .. } | Overlay::Confirm { .. }) | None => return Vec::new(),
    };
    vec![cmd]
}

/// Approves what the question in front is about.
pub fn confirm(model: &mut Model) -> Vec<Cmd> {
    let Some(Overlay::Confirm { approval, seen }) = model.overlays.pop() else {
        return Vec::new();
    };
    model.approvals.deciding = Some(approval);
    vec![Cmd::Approve { approval, seen }]
}
