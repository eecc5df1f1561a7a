//! Reading handoffs: from the state alone, in the shapes of [`crate::service::views`].
//!
//! Nothing is changed, and no file is opened.

use crate::domain::id::HandoffId;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::handoffs::{HandoffRecord, contract};
use crate::engine::state::State;
use crate::service::query::HandoffFilter;
use crate::service::views::HandoffView;

/// Handoffs, oldest first.
pub(super) fn list(state: &State, filter: &HandoffFilter) -> Vec<HandoffView> {
    let is_of = |record: &&HandoffRecord| {
        let offer = &record.offer;
        filter
            .agency
            .as_ref()
            .is_none_or(|agency| offer.to == *agency || offer.from.agency() == Some(agency))
    };
    let records = state.handoffs.handoffs.values().filter(is_of);
    records.filter(|record| filter.all || record.state.is_open()).map(view).collect()
}

/// The handoff of a name: its id, the message that offered it, or one of its tasks (then the newest, an open one
/// first).
pub(super) fn one(state: &State, name: &str) -> Result<HandoffView, Refusal> {
    found(state, name).map(view).ok_or_else(|| {
        let message = format!("there is no handoff `{name}`");
        Refusal::new(RefusalKind::NotFound, "handoff_not_found", message)
            .with_hint("list them with `agency handoff list --all`")
    })
}

fn found<'s>(state: &'s State, name: &str) -> Option<&'s HandoffRecord> {
    let handoffs = &state.handoffs;
    if let Ok(message) = name.parse() {
        return handoffs.messages.get(&message).and_then(|id| handoffs.handoffs.get(id));
    }
    if !name.starts_with("TASK-") {
        let id: HandoffId = name.parse().ok()?;
        return handoffs.handoffs.get(&id);
    }
    let is_its = |record: &&HandoffRecord| {
        record.offer.is_called(name) || record.fix.is_some_and(|fix| fix.to_string() == name)
    };
    let its = || handoffs.handoffs.values().rev().filter(is_its);
    its().find(|record| record.state.is_open()).or_else(|| its().next())
}

fn view(record: &HandoffRecord) -> HandoffView {
    let (offer, terms) = (&record.offer, &record.offer.terms);
    let results = record.results.as_ref();
    HandoffView {
        id: offer.id,
        state: record.state,
        round: offer.round,
        from: offer.from.to_string(),
        to: offer.to.clone(),
        title: offer.title.clone(),
        task: offer.task,
        origin: offer.origin,
        fix: record.fix,
        message: offer.message,
        replaces: offer.replaces,
        deliverable: terms.deliverable.clone(),
        place: terms.place.clone(),
        branch: terms.branch.clone(),
        is_branch_missing: record.missing_branch.is_some(),
        artifacts: terms.artifacts.clone(),
        acceptance_criteria: terms.acceptance_criteria.clone(),
        next_steps: terms.next_steps.clone(),
        notes: terms.notes.clone(),
        not_said: contract::not_said(terms).into_iter().map(str::to_owned).collect(),
        offered_at: record.offered_at,
        answer_by: offer.answer_by,
        taken_at: record.taken_at,
        estimated_completion: record.estimated_completion,
        reason: record.words.clone(),
        verdict: results.map(|it| it.status),
        bugs: results.and_then(|it| it.bugs),
        severity: results.and_then(|it| it.severity),
        report: results.and_then(|it| it.report.clone()),
        remarks: results.and_then(|it| it.notes.clone()),
        answered_at: record.answered_at,
    }
}
