//! Explain: why is this agent not running, this message not delivered, this task not assigned, this
//! merge not done? Answered from the state alone.

use crate::domain::approval::ApprovalState;
use crate::domain::id::{ApprovalId, MessageId, TaskId};
use crate::domain::message::MessageState;
use crate::domain::name::{Address, AgentAddress};
use crate::domain::task::TaskState;
use crate::engine::sessions::{Wanted, runtime_of};
use crate::engine::state::State;

/// Sentences about a subject: an agent, a message id, a task id or an approval id. None if there is no such thing.
pub fn explain(state: &State, subject: &str) -> Option<Vec<String>> {
    if let Ok(id) = subject.parse::<MessageId>() {
        return message(state, id);
    }
    if subject.starts_with("TASK-") {
        return task(state, subject.parse().ok()?);
    }
    if subject.starts_with("AP-") {
        return approval(state, subject.parse().ok()?);
    }
    match Address::parse(subject).ok()? {
        Address::Agent(address) => agent(state, &address),
        Address::Agency(agency) => {
            let coordinator = state.sessions.agency(&agency)?.definition.coordinator_address();
            agent(state, &coordinator)
        }
        Address::Operator | Address::Workbench | Address::Everyone => None,
    }
}

fn agent(state: &State, address: &AgentAddress) -> Option<Vec<String>> {
    let agency = state.sessions.agency(&address.agency)?;
    let record = state.sessions.agent(address)?;
    let mut lines = vec![format!(
        "{address} is {}, known from the {}",
        record.state.as_str(),
        record.source.as_str()
    )];
    lines.extend(record.reason.clone());
    if agency.wanted != Wanted::Running {
        lines.push(format!(
            "its agency is not meant to run; start it: agency start {}",
            address.agency
        ));
    }
    if let Some(trouble) = &agency.trouble {
        lines.push(format!("its session cannot be made: {}", trouble.problem));
    }
    if record.short_lives > 0 && record.spawn.is_none() {
        lines.push(format!(
            "{} lives in a row were short, the next start waits",
            record.short_lives
        ));
    }
    let runtime = runtime_of(state, address);
    if runtime.is_none() {
        lines.push("its runtime is not known; see `agency runtime list`".to_owned());
    }
    if runtime.is_some_and(|runtime| runtime.input_line.is_none()) {
        lines.push("nothing is typed into its pane: its runtime describes no input line; it fetches its messages".to_owned());
    }
    let unread = state.mail.unread(address);
    if unread > 0 {
        let wait = if unread == 1 { "message waits" } else { "messages wait" };
        lines.push(format!("{unread} {wait} in its mailbox"));
    }
    Some(lines)
}

fn message(state: &State, id: MessageId) -> Option<Vec<String>> {
    let record = state.mail.messages.get(&id)?;
    let mut lines = vec![format!("message {id} is {}", record.state.as_str())];
    lines.extend(record.reason.clone());
    let Some(to) = &record.to else {
        lines.push("it is for the operator".to_owned());
        return Some(lines);
    };
    if record.state == MessageState::Routed {
        if record.attempt.is_some() {
            lines.push("it is being typed now".to_owned());
        }
        if let Some(at) = record.not_before {
            lines.push(format!("it is tried again at {at}, or when {to} changes its state"));
        }
        let ahead = state.mail.next_for(to).filter(|next| next.message.id != id);
        if let Some(next) = ahead {
            lines.push(format!("{} comes before it", next.message.id));
        }
        lines.extend(agent(state, to).unwrap_or_default());
    }
    Some(lines)
}

fn task(state: &State, id: TaskId) -> Option<Vec<String>> {
    let record = state.tasks.tasks.get(&id)?;
    let mut lines = vec![format!("{id} is {}", record.state.as_str())];
    lines.extend(record.note.clone());
    let missing = state.tasks.missing_for(&record.contract);
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(ToString::to_string).collect();
        lines.push(format!("it waits for {}", names.join(", ")));
    }
    if record.state == TaskState::Ready {
        lines.push(format!(
            "nobody has it: agency task assign {id} {}/AGENT",
            record.contract.agency
        ));
    }
    if record.integrating {
        lines.push("its work is being merged into its feature's branch".to_owned());
    }
    if let Some(address) = record.agent.as_ref().filter(|_| record.state.is_open()) {
        lines.extend(agent(state, address).unwrap_or_default());
    }
    Some(lines)
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
