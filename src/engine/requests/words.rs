//! What the workbench says about requests: short, with what to run; what somebody asked is quoted.
//!
//! Nothing in it can pass for a header of ours.

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::id::MessageId;
use crate::engine::keeping::reminding::age;
use crate::engine::requests::broadcasts::Broadcast;
use crate::engine::requests::ladder::{self, Move};
use crate::engine::requests::{End, Level, Request, RequestKind};
use crate::engine::state::State;

/// Requests that one message names: more would not be read, and a pane takes twenty lines.
const NAMED: usize = 6;

/// A text as one JSON string: its quotes are escaped, so that it cannot end and pass for ours.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// What to run to answer.
pub fn answer_with(request: &Request) -> String {
    let id = request.id;
    match request.kind {
        RequestKind::Question | RequestKind::Coordination | RequestKind::Blocker => {
            format!("agency send {} \"…\" --in-reply-to {id}", request.asker)
        }
        RequestKind::Handoff => taking(request),
        RequestKind::Acknowledgement => format!("agency ack {id}"),
    }
}

/// Only the receiver takes or declines work, and the operator in its place; whoever leads can press for it.
fn taking(request: &Request) -> String {
    let (id, asked) = (request.id, &request.asked);
    match request.level {
        _ if request.holder == *asked => format!("agency handoff accept {id}"),
        Level::Agent | Level::Coordinator => format!("agency handoff accept {id}"),
        Level::Lead => {
            format!(
                "agency send {asked} \"…\" (it has to run agency handoff accept {id}, or decline)"
            )
        }
        Level::Operator => format!(
            "agency handoff accept {id}, or agency handoff decline {id} --reason \"…\" (in the name of {asked})"
        ),
    }
}

/// What is owed, in a word.
fn owed(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Question | RequestKind::Coordination => "an answer",
        RequestKind::Handoff => "a yes or no to what is handed over",
        RequestKind::Blocker => "a way on",
        RequestKind::Acknowledgement => "an acknowledgement",
    }
}

fn list(lines: Vec<String>) -> String {
    let more = lines.len().saturating_sub(NAMED);
    let mut named: Vec<String> = lines.into_iter().take(NAMED).collect();
    if more > 0 {
        named.push(format!("and {more} more: agency requests list"));
    }
    named.join("\n")
}

/// To an agent that owes answers.
pub fn chase(requests: &[Request], now: Timestamp) -> String {
    let line = |request: &Request| {
        let Request { asker, kind, text, opened_at, .. } = request;
        let (owed, since) = (owed(*kind), age(*opened_at, now));
        format!(
            "{asker} waits for {owed} from you since {since}: {}\n  {}",
            quoted(text),
            answer_with(request)
        )
    };
    list(requests.iter().map(line).collect())
}

/// To an agent of the next level; `why` says for each request why it comes.
pub fn escalation(requests: &[Request], why: &[String], now: Timestamp) -> String {
    let line = |(request, why): (&Request, &String)| {
        let Request { asker, asked, kind, text, opened_at, .. } = request;
        let (owed, since) = (owed(*kind), age(*opened_at, now));
        format!(
            "{asker} waits for {owed} from {asked} since {since}: {}\n  It comes to you because {why}. Answer it: {}",
            quoted(text),
            answer_with(request)
        )
    };
    list(requests.iter().zip(why).map(line).collect())
}

/// To an agent that has not acknowledged a broadcast in time.
pub fn lapse(requests: &[Request]) -> String {
    let line = |request: &Request| {
        format!(
            "The time to acknowledge this is over, {} is told that you have not: {}\n  {}",
            request.asker,
            quoted(&request.text),
            answer_with(request)
        )
    };
    list(requests.iter().map(line).collect())
}

/// To whoever sent a broadcast, when nothing is open any more.
pub fn report(broadcast: &Broadcast, now: Timestamp) -> String {
    let (acknowledged, missing) = broadcast.sides();
    let (all, took) = (broadcast.recipients.len(), age(broadcast.sent_at, now));
    let mut text = format!(
        "Broadcast {}: {} of {all} acknowledged it in {took}.",
        quoted(&broadcast.text),
        acknowledged.len()
    );
    if !acknowledged.is_empty() {
        let own = acknowledged.iter().map(|recipient| {
            let at = recipient.acknowledged_at.unwrap_or(now);
            format!("{} after {}", recipient.agent, age(broadcast.sent_at, at))
        });
        text.push_str(&format!("\nAcknowledged: {}", joined(own)));
    }
    if !missing.is_empty() {
        let own = missing.iter().map(|recipient| match &recipient.reason {
            Some(reason) => format!("{} ({reason})", recipient.agent),
            None => recipient.agent.to_string(),
        });
        text.push_str(&format!("\nNot acknowledged: {}", joined(own)));
    }
    text.push_str(&format!("\nagency broadcast show {}", broadcast.id));
    text
}

/// Names in a list, at most twenty of them.
fn joined(names: impl ExactSizeIterator<Item = String>) -> String {
    const MOST: usize = 20;
    let more = names.len().saturating_sub(MOST);
    let mut list = names.take(MOST).collect::<Vec<_>>().join(", ");
    if more > 0 {
        list.push_str(&format!(" and {more} more"));
    }
    list
}

/// What `agency explain` says about a message that must be answered, or about one of ours about such a message.
pub fn of_message(state: &State, id: MessageId, now: Timestamp) -> Vec<String> {
    let about = state.requests.told.get(&id).into_iter().flatten();
    let own = state.requests.find(id).into_iter();
    let requests = own.chain(about.filter_map(|id| state.requests.open.get(id)));
    requests.flat_map(|request| of_request(state, request, now)).collect()
}

fn of_request(state: &State, request: &Request, now: Timestamp) -> Vec<String> {
    let Request { id, asker, asked, kind, .. } = request;
    let mut lines = vec![format!(
        "{asker} waits for {} from {asked} since {} ({} {id})",
        owed(*kind),
        age(request.opened_at, now),
        kind.as_str()
    )];
    if let Some(end) = &request.end {
        lines.push(format!("{}, {} ago", ended(end), age(end.at, now)));
        return lines;
    }
    lines.push(format!(
        "it is at level {} of {} ({}), with {} since {}",
        request.level.number(),
        Level::COUNT,
        request.level.as_str(),
        request.holder,
        age(request.since, now)
    ));
    lines.extend(request.steps.iter().filter_map(|step| step.reason.clone()));
    lines.push(coming(state, request, now));
    lines.push(format!("to answer it: {}", answer_with(request)));
    lines
}

fn ended(end: &End) -> String {
    match (&end.by, end.with, &end.reason) {
        (Some(by), Some(with), _) => format!("{by} answered it with message {with}"),
        (Some(by), None, _) => format!("{by} answered it"),
        (None, _, Some(reason)) => format!("it is closed: {reason}"),
        (None, _, None) => "it is closed".to_owned(),
    }
}

/// What is done next, and when.
fn coming(state: &State, request: &Request, now: Timestamp) -> String {
    let holder = &request.holder;
    let Some(next) = ladder::next(state, request, now) else {
        return "it stays on the operator's list until it is answered".to_owned();
    };
    let at = format!("at {:.0}, in {}", next.at, age(now, next.at));
    match next.what {
        Move::Chase => format!("{holder} is reminded {at}"),
        Move::Climb { .. } => {
            let above = ladder::above(state, request, now);
            format!("it goes up to {} ({}) {at}", above.holder, above.level.as_str())
        }
        Move::Lapse => format!("its time is over {at}"),
        Move::Close { reason } => format!("it is closed: {reason}"),
    }
}
