//! Explain: why is this agent not running, this message not delivered, this task not assigned, this
//! merge not done? Answered from the state alone.

use jiff::Timestamp;

use crate::domain::approval::ApprovalState;
use crate::domain::handoff::HandoffState;
use crate::domain::id::{ApprovalId, MessageId, TaskId};
use crate::domain::message::MessageState;
use crate::domain::name::Address;
use crate::domain::task::TaskState;
use crate::engine::handoffs::HandoffRecord;
use crate::engine::keeping::reminding::age;
use crate::engine::mail::MessageRecord;
use crate::engine::requests::words;
use crate::engine::state::State;

mod agent;

use agent::agent;

/// Sentences about a subject: an agent, a message id, a task, a handoff or an approval id. None if there is no such thing.
pub fn explain(state: &State, subject: &str, now: Timestamp) -> Option<Vec<String>> {
    if let Ok(id) = subject.parse::<MessageId>() {
        return message(state, id, now);
    }
    if subject.starts_with("TASK-") {
        return task(state, subject.parse().ok()?, now);
    }
    if subject.starts_with("HO-") {
        let found = state.handoffs.handoffs.get(&subject.parse().ok()?)?;
        let mut lines = vec![handed(found, now)];
        lines.extend(task(state, found.offer.task, now).unwrap_or_default());
        return Some(lines);
    }
    if subject.starts_with("AP-") {
        return approval(state, subject.parse().ok()?);
    }
    match Address::parse(subject).ok()? {
        Address::Agent(address) => agent(state, &address, now),
        Address::Agency(agency) => {
            let record = state.sessions.agency(&agency)?;
            let mut lines = vec![format!("{agency} is {}", record.state().as_str())];
            lines.extend(record.trouble.as_ref().map(|trouble| trouble.problem.clone()));
            lines.extend(agent(state, &record.definition.coordinator_address(), now)?);
            Some(lines)
        }
        Address::Operator | Address::Workbench | Address::Everyone => None,
    }
}

fn message(state: &State, id: MessageId, now: Timestamp) -> Option<Vec<String>> {
    let asked = words::of_message(state, id, now);
    let Some(record) = state.mail.messages.get(&id) else {
        return (!asked.is_empty()).then_some(asked);
    };
    let mut lines = vec![format!("message {id} is {}", record.state.as_str())];
    lines.extend(record.reason.clone());
    lines.extend(asked);
    let Some(to) = &record.to else {
        lines.push("it is for the operator".to_owned());
        return Some(lines);
    };
    if record.state == MessageState::Routed {
        lines.extend(underway(record).map(ToOwned::to_owned));
        if let Some(at) = record.not_before {
            lines.push(format!("it is tried again at {at}, or when {to} changes its state"));
        }
        let ahead = state.mail.next_for(to).filter(|next| next.message.id != id);
        if let Some(next) = ahead {
            lines.push(format!("{} comes before it", next.message.id));
        }
        lines.extend(agent(state, to, now).unwrap_or_default());
    }
    Some(lines)
}

/// How far an attempt to give it has come.
fn underway(record: &MessageRecord) -> Option<&'static str> {
    match (record.attempt, record.submitted) {
        (None, _) => None,
        (Some(_), Some(_)) => Some("its program has got it; no turn has begun with it yet"),
        (Some(_), None) if record.is_by_channel => {
            Some("it is being handed over to its program now")
        }
        (Some(_), None) => Some("it is being typed now"),
    }
}

fn task(state: &State, id: TaskId, now: Timestamp) -> Option<Vec<String>> {
    let record = state.tasks.tasks.get(&id)?;
    let mut lines = vec![format!("{id} is {}", record.state.as_str())];
    lines.extend(record.note.clone());
    let missing = state.tasks.missing_for(&record.contract);
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(ToString::to_string).collect();
        lines.push(format!("it waits for {}", names.join(", ")));
    }
    lines.extend(handoff(state, id, now));
    if record.state == TaskState::Ready {
        lines.push(format!(
            "nobody has it: agency task assign {id} {}/AGENT",
            record.contract.agency
        ));
    }
    lines.extend(work(state, id, now));
    if record.integrating {
        lines.push("its work is being merged into its feature's branch".to_owned());
    }
    if let Some(address) = record.agent.as_ref().filter(|_| record.state.is_open()) {
        lines.extend(agent(state, address, now).unwrap_or_default());
    }
    Some(lines)
}

/// The handoff that a task was written down for.
fn handoff(state: &State, id: TaskId, now: Timestamp) -> Option<String> {
    let record = state.handoffs.of_task(id)?;
    let of_fix = format!("it mends what was found in {}", record.offer.id);
    Some(if record.offer.task == id { handed(record, now) } else { of_fix })
}

fn handed(record: &HandoffRecord, now: Timestamp) -> String {
    let offer = &record.offer;
    let (id, from, to) = (offer.id, &offer.from, &offer.to);
    match record.state {
        HandoffState::Offered => format!(
            "{id} of {from} waits {} for {to}, until {}: agency handoff accept {id}",
            age(record.offered_at, now),
            offer.answer_by
        ),
        HandoffState::Accepted => {
            format!("{from} waits for the results of {id}: agency handoff results {id}")
        }
        state => {
            let words =
                record.words.as_deref().map(|words| format!(": {words}")).unwrap_or_default();
            format!("{id} of {from} is {}{words}", state.as_str())
        }
    }
}

/// What is not committed in a task's worktree, and what was saved of it.
pub(crate) fn work(state: &State, id: TaskId, now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    let Some(work) = state.keeping.works.get(&id).filter(|work| work.stands.is_some()) else {
        return lines;
    };
    if let Some(since) = work.since {
        let mut line = format!("work on {id} is not committed since {}", age(since, now));
        if work.reminders > 0 {
            line.push_str(&format!(", reminded {} times", work.reminders));
        }
        lines.push(format!("{line}: {}", work.files.join(", ")));
    }
    if let Some((checkpoint, record)) = state.keeping.of_task(id).next_back() {
        let made = age(record.at, now);
        lines.push(format!(
            "its last checkpoint is {checkpoint}, {made} old: agency branch restore {checkpoint}"
        ));
    }
    if let Some(mended) = &work.mended {
        let made = age(mended.at, now);
        let line = match (&mended.from, &mended.problem) {
            (Some(from), _) => format!("what was not committed was laid back from {from}"),
            (None, Some(problem)) => format!("what was saved could not be laid back: {problem}"),
            (None, None) => "nothing was laid back into it".to_owned(),
        };
        lines.push(format!("its worktree was made to stand again {made} ago; {line}"));
    }
    if state.keeping.restoring.contains_key(&id) {
        lines.push("its worktree is being brought back to a checkpoint".to_owned());
    }
    lines
}

fn approval(state: &State, id: ApprovalId) -> Option<Vec<String>> {
    let record = state.approvals.approvals.get(&id)?;
    let mut lines = vec![format!("{id} is {}", record.state.as_str())];
    lines.extend(record.reason.clone());
    match record.state {
        ApprovalState::Waiting => {
            lines.push(format!("it waits for you: agency approvals show {id}"))
        }
        ApprovalState::NotProven => {
            lines.push(format!("then prove it: agency approvals prove {id}"))
        }
        ApprovalState::Held => lines.push("it is tried again every few seconds".to_owned()),
        ApprovalState::Approved
        | ApprovalState::Merged
        | ApprovalState::Rejected
        | ApprovalState::Void => {}
    }
    Some(lines)
}

#[cfg(test)]
mod tests;
