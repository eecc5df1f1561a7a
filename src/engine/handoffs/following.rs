//! What follows from a handoff's end and from what happens around it: a task that is given up, an agency that
//! is removed.
//!
//! A handoff never waits for somebody who is not there any more, and whoever offered it hears of its end.

use serde_json::Value;

use crate::domain::command::Actor;
use crate::domain::handoff::HandoffState;
use crate::domain::id::{HandoffId, MessageId, TaskId};
use crate::domain::message::{Draft, Message, MessageType, OwnType};
use crate::domain::name::{Address, Name};
use crate::domain::task::TaskState;
use crate::engine::event::Event;
use crate::engine::handoffs::contract;
use crate::engine::requests::ladder;
use crate::engine::step::Step;
use crate::engine::{mail, requests};

/// Sees what happened in this step to the tasks and agencies of open handoffs.
pub fn follow(step: &mut Step<'_>) {
    let mut given_up: Vec<(TaskId, Option<String>)> = Vec::new();
    let mut removed: Vec<Name> = Vec::new();
    for (_, event) in &step.events {
        match event {
            Event::TaskCancelled { task, reason, .. } => given_up.push((*task, reason.clone())),
            Event::AgencyRemoving { agency, .. } => removed.push(agency.clone()),
            _ => {}
        }
    }
    for (task, reason) in given_up {
        task_given_up(step, task, reason);
    }
    for agency in removed {
        sender_removed(step, &agency);
    }
}

/// Giving the task up that waits for an answer is an answer.
fn task_given_up(step: &mut Step<'_>, task: TaskId, reason: Option<String>) {
    let Some(record) = step.state().handoffs.of_task(task) else { return };
    if record.offer.task != task || !record.state.is_open() {
        return;
    }
    let (id, state) = (record.offer.id, record.state);
    let reason = reason.unwrap_or_else(|| "no reason was given".to_owned());
    if state == HandoffState::Offered {
        let by = Address::Agency(record.offer.to.clone());
        let request = record.offer.message;
        step.record(Event::HandoffDeclined {
            id,
            by: by.clone(),
            message: None,
            reason: reason.clone(),
        });
        requests::answered(step, request, &by, None);
        tell_offerer(step, id, &format!("declined: {}", contract::quoted(&reason)));
    } else {
        let reason = format!("{task} was given up: {}", contract::quoted(&reason));
        step.record(Event::HandoffWithdrawn { id, reason: reason.clone() });
        tell_offerer(step, id, &reason);
    }
}

/// Nobody waits any more for what a removed agency has handed over.
fn sender_removed(step: &mut Step<'_>, agency: &Name) {
    let from = Address::Agency(agency.clone());
    let open = step.state().handoffs.open().filter(|record| record.offer.from == from);
    let open: Vec<HandoffId> = open.map(|record| record.offer.id).collect();
    for id in open {
        withdraw(step, id, &format!("agency `{agency}` was removed"));
    }
}

/// Ends a handoff from the sender's side: its task is given up if nobody has taken it.
pub fn withdraw(step: &mut Step<'_>, id: HandoffId, reason: &str) {
    let Some(record) = step.state().handoffs.handoffs.get(&id) else { return };
    let (task, was, request) = (record.offer.task, record.state, record.offer.message);
    step.record(Event::HandoffWithdrawn { id, reason: reason.to_owned() });
    requests::withdrawn(step, request, reason);
    if was == HandoffState::Offered {
        give_up(step, task, format!("{id} was withdrawn: {reason}"));
    }
}

/// Ends a handoff from the receiver's side: its task is given up.
pub fn decline(
    step: &mut Step<'_>,
    id: HandoffId,
    by: Address,
    message: Option<MessageId>,
    reason: &str,
) {
    let Some(record) = step.state().handoffs.handoffs.get(&id) else { return };
    let (task, request) = (record.offer.task, record.offer.message);
    step.record(Event::HandoffDeclined { id, by: by.clone(), message, reason: reason.to_owned() });
    requests::answered(step, request, &by, message);
    give_up(step, task, format!("{by} declined {id}: {}", contract::quoted(reason)));
}

fn give_up(step: &mut Step<'_>, task: TaskId, reason: String) {
    let is_open =
        step.state().tasks.tasks.get(&task).is_some_and(|record| !record.state.is_closed());
    if is_open {
        let by = Some(step.actor.clone());
        step.record(Event::TaskCancelled { task, reason: Some(reason), by, act: None });
    }
}

/// The receiver's task is done when its results are there and nobody works on it: there is nothing to integrate.
pub fn close_task(step: &mut Step<'_>, id: HandoffId) {
    let Some(record) = step.state().handoffs.handoffs.get(&id) else { return };
    let task = record.offer.task;
    let summary = Some(format!("{id} was answered: {}", record.state.as_str()));
    let is_free = step.state().tasks.tasks.get(&task).is_some_and(|record| {
        record.agent.is_none() && matches!(record.state, TaskState::Ready | TaskState::Draft)
    });
    if is_free {
        step.record(Event::TaskCompleted { task, head: None, summary });
        step.record(Event::TaskIntegrated { task, commit: None });
        crate::engine::tasks::deciding::ready_dependants(step);
    }
}

/// Tells whoever offered it what the receiver said, where the receiver's own message goes to somebody else.
pub fn tell_of_answer(step: &mut Step<'_>, id: HandoffId, message: &Message) {
    let Some(record) = step.state().handoffs.handoffs.get(&id) else { return };
    let state = step.state();
    if ladder::resolved(state, &message.to) == ladder::resolved(state, &record.offer.from) {
        return;
    }
    let mut words = format!("{} by {}", record.state.as_str(), message.from);
    let reason = match &record.results {
        Some(results) => Some(contract::findings(results)),
        None => record.words.as_deref().map(contract::quoted),
    };
    words.extend(reason.map(|reason| format!(": {reason}")));
    tell_offerer(step, id, &words);
}

/// Tells whoever offered it which task mends what was found; whether there was something to tell.
pub fn tell_of_fix(step: &mut Step<'_>, id: HandoffId) -> bool {
    let Some(record) = step.state().handoffs.handoffs.get(&id) else { return false };
    let (Some(fix), Some(results)) = (record.fix, record.results.as_ref()) else { return false };
    if record.state != HandoffState::IssuesFound {
        return false;
    }
    let (to, round) = (record.offer.to.clone(), record.offer.round);
    let task = record.offer.origin.unwrap_or(fix);
    let words = format!(
        "issues found by {to} in round {round}: {}. {fix} is the task that mends it: agency task assign {fix} \
         AGENT; then hand over again: agency handoff offer {to} --task {task}",
        contract::findings(results)
    );
    tell_offerer(step, id, &words);
    true
}

/// A word of the workbench's own to whoever offered a handoff.
fn tell_offerer(step: &mut Step<'_>, id: HandoffId, words: &str) {
    let Some(record) = step.state().handoffs.handoffs.get(&id) else { return };
    let offer = &record.offer;
    let text = format!("{id} ({}): {words}", contract::quoted(&offer.title));
    let mut draft =
        Draft::new(MessageType::own(OwnType::Verdict), offer.from.clone(), Value::String(text));
    draft.task = Some(record.fix.or(offer.origin).unwrap_or(offer.task).to_string());
    draft.in_reply_to = Some(offer.message);
    let actor = std::mem::replace(&mut step.actor, Actor::Supervisor);
    // It can only fail when its agency is being removed: then there is nobody left to tell.
    let _ = mail::send(step, draft);
    step.actor = actor;
}
