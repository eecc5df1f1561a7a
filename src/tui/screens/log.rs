//! The end of the ledger: newest first; without a chosen row the newest stays in front.
//!
//! The cursor is an event's number, so that it stays on its event while others arrive.

use crate::service::views::LogView;
use crate::tui::model::{Model, Reading};
use crate::tui::msg::Cmd;
use crate::tui::widgets::list::step;

/// Events as they are listed.
pub fn rows(model: &Model) -> impl Iterator<Item = &LogView> {
    model.log.events.iter().rev()
}

/// Where the cursor is.
pub fn position(model: &Model) -> Option<usize> {
    match model.log.selected {
        Some(selected) => rows(model).position(|event| event.seq == selected),
        None => (!model.log.events.is_empty()).then_some(0),
    }
}

/// Moves the cursor; at the top it follows the newest again.
pub fn move_by(model: &mut Model, by: isize) {
    let at = step(position(model), by, model.log.events.len());
    let seq = at.filter(|at| *at > 0).and_then(|at| rows(model).nth(at)).map(|event| event.seq);
    model.log.selected = seq;
}

/// Lets go of a row that is not listed any more.
pub fn settle(model: &mut Model) {
    if position(model).is_none() {
        model.log.selected = None;
    }
}

/// Asks for the newest events; while they are being read, once more afterwards.
pub fn read(model: &mut Model) -> Vec<Cmd> {
    let (next, cmds) = match model.log.reading {
        Reading::Idle => (Reading::Busy, vec![Cmd::LoadLog]),
        Reading::Busy | Reading::Stale => (Reading::Stale, Vec::new()),
    };
    model.log.reading = next;
    cmds
}

/// Takes in that reading ended; asks again if it is old already.
pub fn read_ended(model: &mut Model) -> Vec<Cmd> {
    let stale = std::mem::take(&mut model.log.reading) == Reading::Stale;
    if stale { read(model) } else { Vec::new() }
}
