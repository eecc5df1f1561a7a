//! The message list: newest first; without a chosen row the newest stays in front.
//!
//! The cursor is a message's id, so that it stays on its message while others arrive.

use crate::service::views::{Board, MessageView};
use crate::tui::model::Model;
use crate::tui::widgets::list::step;

/// Messages as they are listed.
pub fn rows(board: &Board) -> impl DoubleEndedIterator<Item = &MessageView> {
    board.messages.iter().rev()
}

/// Where the cursor is.
pub fn position(model: &Model) -> Option<usize> {
    let board = model.board.as_ref()?;
    match model.message {
        Some(selected) => rows(board).position(|message| message.id == selected),
        None => (!board.messages.is_empty()).then_some(0),
    }
}

/// Moves the cursor; at the top it follows the newest again.
pub fn move_by(model: &mut Model, by: isize) {
    let Some(board) = model.board.as_ref() else { return };
    let at = step(position(model), by, board.messages.len());
    let chosen = at.filter(|at| *at > 0).and_then(|at| rows(board).nth(at));
    model.message = chosen.map(|message| message.id);
}

/// Lets go of a message that is not listed any more.
pub fn settle(model: &mut Model) {
    if position(model).is_none() {
        model.message = None;
    }
}
