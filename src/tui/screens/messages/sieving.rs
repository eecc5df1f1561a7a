//! Which messages are listed: words that are looked for, and the choice by agency, type, task, state and sender.
//!
//! Both count at once, while they are still being written, and stay until they are cleared, whatever arrives.

use std::collections::BTreeSet;

use crate::domain::name::Name;
use crate::service::query::{MessageFilter, Standing};
use crate::tui::keymap::{Action, Context};
use crate::tui::model::{Entry, Model, Overlay, Sieve};
use crate::tui::screens::dashboard::Direction;
use crate::tui::screens::{Offer, Rank, offer, rows};
use crate::tui::widgets::editor::Editor;

/// The rows of the choice, in their order.
pub const ROWS: [&str; 5] = ["agency", "type", "task", "state", "sender"];

/// What can be done while words are looked for.
pub fn search_actions() -> Vec<Offer> {
    vec![
        offer(Context::Search, Action::Confirm, "keep", Rank::Bar),
        offer(Context::Search, Action::Back, "as before", Rank::BarEnd),
    ]
}

/// What can be done in the choice.
pub fn actions() -> Vec<Offer> {
    let mut offers = vec![
        offer(Context::Sieve, Action::NextChoice, "next", Rank::Bar),
        offer(Context::Sieve, Action::PreviousChoice, "before", Rank::Bar),
        offer(Context::Sieve, Action::ClearSieve, "all", Rank::Bar),
        offer(Context::Sieve, Action::Back, "done", Rank::BarEnd),
    ];
    offers.extend(rows(Context::Sieve));
    offers
}

/// Asks for words to look for.
pub fn ask_search(model: &mut Model) {
    let before = model.talk.filter().search.clone();
    let editor = Editor::of(before.as_deref().unwrap_or_default());
    model.overlays.push(Overlay::Search { entry: Entry { editor, ..Entry::default() }, before });
}

/// Looks for what is written now.
pub fn search(model: &mut Model) {
    let Some(Overlay::Search { entry, .. }) = model.overlays.last() else { return };
    let words = entry.editor.text().trim().to_owned();
    look_for(model, (!words.is_empty()).then_some(words));
}

/// Looks for what was looked for before.
pub fn search_as_before(model: &mut Model, before: Option<String>) {
    look_for(model, before);
}

fn look_for(model: &mut Model, search: Option<String>) {
    change(model, |filter| filter.search = search);
}

fn change(model: &mut Model, change: impl FnOnce(&mut MessageFilter)) {
    let mut filter = model.talk.filter().clone();
    change(&mut filter);
    model.talk.set_filter(filter);
    super::settle(model);
}

/// Lists all messages.
pub fn clear(model: &mut Model) {
    change(model, |filter| *filter = MessageFilter::default());
}

/// Only what is open, or all states again.
pub fn turn_open(model: &mut Model) {
    change(model, |filter| {
        let is_open = filter.state == Some(Standing::Open);
        filter.state = (!is_open).then_some(Standing::Open);
    });
}

/// Asks which messages are to be listed.
pub fn ask(model: &mut Model) {
    let mut agencies: BTreeSet<Name> = BTreeSet::new();
    let (mut kinds, mut tasks) = (BTreeSet::new(), BTreeSet::new());
    for message in model.talk.store().iter() {
        let ends = [&message.from, &message.to];
        // Whoever has a name without an agency is no agency.
        let of = ends.iter().filter_map(|end| Name::parse(end.split_once('/')?.0).ok());
        agencies.extend(of);
        kinds.insert(message.kind.clone());
        tasks.extend(message.task.clone());
    }
    let board = model.board.as_deref();
    let known = board.into_iter().flat_map(|board| &board.status.agencies);
    agencies.extend(known.map(|agency| agency.name.clone()));
    model.overlays.push(Overlay::Sieve(Box::new(Sieve {
        row: 0,
        agencies: agencies.into_iter().collect(),
        kinds: kinds.into_iter().collect(),
        tasks: tasks.into_iter().collect(),
    })));
}

/// Moves between the rows of the choice.
pub fn move_row(sieve: &mut Sieve, by: isize) {
    sieve.row = sieve.row.saturating_add_signed(by).min(ROWS.len() - 1);
}

/// Chooses another value in the row.
pub fn turn(model: &mut Model, direction: Direction) {
    let Some(Overlay::Sieve(sieve)) = model.overlays.last() else { return };
    let mut filter = model.talk.filter().clone();
    match sieve.row {
        0 => filter.agency = beside(&sieve.agencies, filter.agency.as_ref(), direction),
        1 => filter.kind = beside(&sieve.kinds, filter.kind.as_ref(), direction),
        2 => filter.task = beside(&sieve.tasks, filter.task.as_ref(), direction),
        3 => filter.state = beside(&Standing::ALL, filter.state.as_ref(), direction),
        _ => filter.unverified = !filter.unverified,
    }
    change(model, |now| *now = filter);
}

/// The value after one, or before it; between the last and the first stands none.
fn beside<T: PartialEq + Clone>(all: &[T], now: Option<&T>, direction: Direction) -> Option<T> {
    let here = now.and_then(|now| all.iter().position(|value| value == now));
    let place = match (here, direction) {
        (None, Direction::Forward) => Some(0),
        (None, Direction::Back) => all.len().checked_sub(1),
        (Some(here), Direction::Forward) => here.checked_add(1),
        (Some(here), Direction::Back) => here.checked_sub(1),
    };
    place.and_then(|place| all.get(place)).cloned()
}

/// What is looked for, in words; none: everything is listed.
pub fn in_words(filter: &MessageFilter) -> Option<String> {
    let parts = [
        filter.agency.as_ref().map(ToString::to_string),
        filter.kind.clone(),
        filter.task.clone(),
        filter.state.map(|state| state.as_str().to_owned()),
        filter.unverified.then(|| "unverified".to_owned()),
        filter.search.as_ref().map(|words| format!("\u{201c}{words}\u{201d}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_a_row_go_round_with_none_between_last_and_first() {
        let all = ["a", "b"];
        let next = |now: Option<&'static str>| beside(&all, now.as_ref(), Direction::Forward);
        assert_eq!((next(None), next(Some("a")), next(Some("b"))), (Some("a"), Some("b"), None));
        let before = |now: Option<&'static str>| beside(&all, now.as_ref(), Direction::Back);
        assert_eq!((before(None), before(Some("a"))), (Some("b"), None));
        assert_eq!(beside(&all, Some(&"gone"), Direction::Forward), Some("a"));
        assert_eq!(beside::<&str>(&[], None, Direction::Back), None);
    }
}
