//! Reading requests and broadcasts: from the state alone, in the shapes of [`crate::service::views`].
//!
//! Only the last closed ones are remembered; what is older stands in the ledger.

use jiff::Timestamp;

use crate::domain::id::MessageId;
use crate::domain::refusal::Refusal;
use crate::engine::requests::broadcasts::{Broadcast, Recipient};
use crate::engine::requests::ladder::{self, Move};
use crate::engine::requests::{Request, What, words};
use crate::engine::state::State;
use crate::service::reading::not_found;
use crate::service::views::{BroadcastView, NextView, RecipientView, RequestView, StepView};

/// Open requests, oldest first; with `all`, before them the last closed ones in the order in which they ended.
pub(super) fn requests(state: &State, all: bool, now: Timestamp) -> Vec<RequestView> {
    let closed = state.requests.closed.iter().filter(|_| all);
    let open = state.requests.open.values();
    closed.chain(open).map(|request| view(state, request, now)).collect()
}

/// The request that a message is, or that a message of ours is about.
pub(super) fn request(
    state: &State,
    id: MessageId,
    now: Timestamp,
) -> Result<RequestView, Refusal> {
    let meant = crate::engine::requests::request_of(state, id).unwrap_or(id);
    let request = state.requests.find(meant);
    let request = request.ok_or_else(|| not_found("request", &id, "agency requests list --all"))?;
    Ok(view(state, request, now))
}

fn view(state: &State, request: &Request, now: Timestamp) -> RequestView {
    let end = request.end.as_ref();
    let last = end.map_or(now, |end| end.at);
    RequestView {
        id: request.id,
        kind: request.kind,
        state: match end {
            None => "open",
            Some(end) if end.by.is_some() => "answered",
            Some(_) => "closed",
        }
        .to_owned(),
        asker: request.asker.to_string(),
        asked: request.asked.to_string(),
        task: request.task,
        priority: request.priority,
        text: request.text.clone(),
        level: request.level,
        level_number: request.level.number(),
        holder: request.holder.to_string(),
        opened_at: request.opened_at,
        since: request.since,
        due: request.due,
        age_s: u64::try_from(last.duration_since(request.opened_at).as_secs()).unwrap_or(0),
        next: next(state, request, now),
        steps: request.steps.iter().map(step).collect(),
        answer_with: words::answer_with(request),
        answered_by: end.and_then(|end| end.by.as_ref()).map(ToString::to_string),
        answer: end.and_then(|end| end.with),
        closed_at: end.map(|end| end.at),
        reason: end.and_then(|end| end.reason.clone()),
    }
}

fn next(state: &State, request: &Request, now: Timestamp) -> Option<NextView> {
    if request.end.is_some() {
        return None;
    }
    let next = ladder::next(state, request, now)?;
    let (step, to) = match next.what {
        Move::Chase => ("chase", request.holder.clone()),
        Move::Climb { .. } => ("escalate", ladder::above(state, request, now).holder),
        Move::Lapse => ("lapse", request.holder.clone()),
        Move::Close { .. } => ("close", request.asker.clone()),
    };
    Some(NextView { step: step.to_owned(), at: next.at, to: to.to_string() })
}

fn step(taken: &crate::engine::requests::Taken) -> StepView {
    StepView {
        at: taken.at,
        step: match taken.what {
            What::Chased => "chased",
            What::Escalated => "escalated",
        }
        .to_owned(),
        level: taken.level,
        to: taken.to.to_string(),
        message: taken.message,
        reason: taken.reason.clone(),
    }
}

/// Broadcasts, oldest first.
pub(super) fn broadcasts(state: &State) -> Vec<BroadcastView> {
    state.requests.broadcasts.all.values().map(broadcast_view).collect()
}

/// The broadcast of that id, or that has that message as a copy.
pub(super) fn broadcast(state: &State, id: MessageId) -> Result<BroadcastView, Refusal> {
    let all = &state.requests.broadcasts;
    let found = all.all.get(&id).or_else(|| all.of_copy(id));
    let found = found.ok_or_else(|| not_found("broadcast", &id, "agency broadcast list"))?;
    Ok(broadcast_view(found))
}

fn broadcast_view(broadcast: &Broadcast) -> BroadcastView {
    let (acknowledged, _) = broadcast.sides();
    BroadcastView {
        id: broadcast.id,
        from: broadcast.from.to_string(),
        text: broadcast.text.clone(),
        action_required: broadcast.action_required.clone(),
        state: if broadcast.ended_at.is_none() { "open" } else { "ended" }.to_owned(),
        sent_at: broadcast.sent_at,
        by: broadcast.by,
        acknowledged: u32::try_from(acknowledged.len()).unwrap_or(u32::MAX),
        recipients: broadcast.recipients.iter().map(|one| recipient(broadcast, one)).collect(),
        ended_at: broadcast.ended_at,
        report: broadcast.report,
    }
}

fn recipient(broadcast: &Broadcast, recipient: &Recipient) -> RecipientView {
    let limit = broadcast.by.into_iter().chain(broadcast.ended_at).min();
    let is_late = recipient.acknowledged_at.is_some_and(|at| limit.is_some_and(|limit| at > limit));
    RecipientView {
        agent: recipient.agent.clone(),
        message: recipient.message,
        delivered_at: recipient.delivered_at,
        acknowledged_at: recipient.acknowledged_at,
        is_late: is_late && broadcast.action_required.is_some(),
        chases: recipient.chases,
        reason: recipient.reason.clone(),
    }
}
