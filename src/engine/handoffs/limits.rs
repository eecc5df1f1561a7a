//! How much of handoffs is kept: the size of one, how many wait between two, how many that are over are remembered.
//!
//! Every handoff is in the state, and its words go into a task: both have to stay small. The ledger has all of them.

use crate::domain::name::{Address, Name};
use crate::domain::protocol::Handoff;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::handoffs::Handoffs;

/// Largest handoff, in bytes of its JSON: more than that belongs into a file that it names.
const BYTES: usize = 16 * 1024;

/// Most lines of a list of a handoff: nobody works by a longer one.
const ITEMS: usize = 50;

/// Most handoffs that one agency has not answered to another: more would not be read.
const WAITING: usize = 20;

/// Handoffs that are over and remembered: for the weekly report and for what mends them.
const KEPT: usize = 500;

/// Refuses a handoff that is too large, with the field that is to blame.
pub(super) fn require_bounds(terms: &Handoff) -> Result<(), Refusal> {
    let lists = [
        ("artifacts", &terms.artifacts),
        ("acceptance_criteria", &terms.acceptance_criteria),
        ("next_steps", &terms.next_steps),
    ];
    if let Some((field, list)) = lists.into_iter().find(|(_, list)| list.len() > ITEMS) {
        return Err(too_large(format!("`{field}` has {} items, {ITEMS} at most", list.len())));
    }
    let value = serde_json::to_value(terms).unwrap_or_default();
    let size = value.to_string().len();
    if size <= BYTES {
        return Ok(());
    }
    let fields = value.as_object().into_iter().flatten();
    let largest = fields.max_by_key(|(_, value)| value.to_string().len());
    let field = largest.map_or("task", |(field, _)| field.as_str());
    Err(too_large(format!(
        "the handoff has {size} bytes, {BYTES} at most; most of it is `{field}`"
    )))
}

fn too_large(text: String) -> Refusal {
    Refusal::new(RefusalKind::Usage, "too_large", text)
        .with_hint("put it into a file and name that in `artifacts`")
}

/// Refuses one more offer where many wait already.
pub(super) fn require_few(handoffs: &Handoffs, from: &Address, to: &Name) -> Result<(), Refusal> {
    let between = |offered: &Address, asked: &Name| offered == from && asked == to;
    let waiting = handoffs.waiting().filter(|it| between(&it.offer.from, &it.offer.to)).count();
    if waiting < WAITING {
        return Ok(());
    }
    let text = format!("`{to}` has {waiting} handoffs of `{from}` to answer, {WAITING} at most");
    Err(Refusal::new(RefusalKind::Conflict, "too_many_open", text)
        .with_hint("see them with `agency handoff list`, and wait for its answers"))
}

impl Handoffs {
    /// Forgets the oldest of those that are over.
    pub(super) fn forget(&mut self) {
        let over = self.handoffs.iter().filter(|(_, record)| !record.state.is_open());
        let over: Vec<_> = over.map(|(id, _)| *id).collect();
        let surplus = over.len().saturating_sub(KEPT);
        if surplus == 0 {
            return;
        }
        for id in over.into_iter().take(surplus) {
            self.handoffs.remove(&id);
        }
        let known = &self.handoffs;
        self.tasks.retain(|_, id| known.contains_key(id));
        self.messages.retain(|_, id| known.contains_key(id));
    }
}
