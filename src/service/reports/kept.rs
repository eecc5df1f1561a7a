//! Kept reports: what agents told while no supervisor ran, taken in when one comes up.
//!
//! Each goes through the same gate as on the socket: a good token of the present life. One that is older than
//! what is known of its agent by now tells nothing.

use jiff::Timestamp;

use crate::domain::command::{Actor, Command};
use crate::service::gate::Gate;
use crate::service::outside::Outside;
use crate::service::supervisor::{Handle, Wake};
use crate::service::wire::{Ask, Request};

/// Older reports are of no use: a day.
const MAX_AGE_S: i64 = 24 * 60 * 60;

/// Takes in everything that was kept.
pub fn take_in(outside: &Outside, handle: &Handle, gate: &Gate) {
    let admitted =
        outside.lives.take_reports().into_iter().filter_map(|line| admitted(outside, gate, &line));
    // All are compared with what was known before the first of them was taken in: that one is known as of now.
    let news: Vec<(Actor, Command)> = admitted
        .filter(|(actor, _, at)| is_news(handle, actor, *at))
        .map(|(actor, command, _)| (actor, command))
        .collect();
    for (actor, command) in news {
        // Nobody waits for the answer.
        let (answer, _) = std::sync::mpsc::channel();
        handle.wake(Wake::Ask { actor, command: Box::new(command), request: None, answer });
    }
}

/// Who reported what and when; none if the line is not a report that may be believed.
fn admitted(outside: &Outside, gate: &Gate, line: &str) -> Option<(Actor, Command, Timestamp)> {
    let request: Request = serde_json::from_str(line).ok()?;
    let now = outside.clock.now();
    let (actor, body) = gate.admit(&request, None, outside.keyring.as_ref(), now).ok()?;
    let age_s = now.as_second() - body.at.as_second();
    match (body.ask, &actor) {
        (Ask::Command(command), Actor::Agent(_)) if (0..=MAX_AGE_S).contains(&age_s) => {
            let is_report = matches!(*command, Command::ReportEvent { .. });
            is_report.then_some((actor, *command, body.at))
        }
        _ => None,
    }
}

/// Whether nothing later is known of the agent: what was taken by a supervisor that could not say so any
/// more is in the ledger already.
fn is_news(handle: &Handle, actor: &Actor, at: Timestamp) -> bool {
    let Actor::Agent(address) = actor.clone() else { return false };
    let since = handle.read(move |state, _| {
        let started = state.supervisor.as_ref().map(|supervisor| supervisor.since);
        let since = state.sessions.agent(&address).and_then(|agent| agent.since);
        // What this supervisor has seen of it on its own is later than what was kept, and makes none of it untrue: a
        // turn that began with a message is told by nothing else.
        since.filter(|since| started.is_none_or(|started| *since < started))
    });
    since.flatten().is_none_or(|since| since <= at)
}
