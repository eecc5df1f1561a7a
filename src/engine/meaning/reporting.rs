//! What reports do: progress, notes, and blockers with the clock that they start.
//!
//! A blocker blocks its task unless work goes on around it; either way somebody must answer it. What stops the clock of
//! that is seen where all requests are looked at, in [`crate::engine::requests::looking`].

use crate::domain::command::Answer;
use crate::domain::id::{MessageId, TaskId};
use crate::domain::message::Message;
use crate::domain::name::{Address, AgentAddress, Name};
use crate::domain::protocol::CoordinationRequest;
use crate::domain::refusal::Refusal;
use crate::domain::request::RequestKind;
use crate::domain::task::TaskState;
use crate::engine::event::Event;
use crate::engine::meaning::reading::{Blocking, Progress, time_in};
use crate::engine::requests::ladder::LEAD;
use crate::engine::requests::{self, Opening};
use crate::engine::state::State;
use crate::engine::step::Step;
use crate::engine::tasks::deciding::{
    Herald, block_task, report_progress, require_task, start_task, unblock_task,
};
use crate::engine::traffic::deciding::require_pace_to_have_told;

/// Moves a task's progress.
pub(super) fn progress(step: &mut Step<'_>, progress: Progress) -> Result<(), Refusal> {
    let Progress { task, percent, note, is_clear } = progress;
    let state = require_task(step, task)?.state;
    if state == TaskState::Blocked && is_clear && percent.is_some() {
        unblock_task(step, task)?;
    }
    if matches!(state, TaskState::Assigned | TaskState::Rejected) {
        start_task(step, task)?;
    }
    match (percent, note) {
        (Some(percent), note) => {
            report_progress(step, task, percent, note)?;
        }
        (None, Some(text)) => self::note(step, task, text),
        (None, None) => {}
    }
    Ok(())
}

/// Puts a word on a task.
pub(super) fn note(step: &mut Step<'_>, task: TaskId, note: String) {
    if !note.is_empty() {
        step.record(Event::TaskNoted { task, note });
    }
}

/// Blocks a task because a command says so.
pub fn block_by_command(
    step: &mut Step<'_>,
    task: TaskId,
    reason: String,
) -> Result<Answer, Refusal> {
    require_pace_to_have_told(step)?;
    let told = block_task(step, task, reason.clone(), Herald::Workbench)?;
    if let Some(message) = told {
        start_clock(step, message, &Blocking::plain(task, reason));
    }
    Ok(Answer::Done)
}

/// Blocks a task because a message says so, unless work goes on.
pub(super) fn block(
    step: &mut Step<'_>,
    message: &Message,
    blocking: Blocking,
    herald: Herald,
) -> Result<(), Refusal> {
    let (task, reason) = (blocking.task, blocking.reason.clone());
    if blocking.goes_on {
        note(step, task, format!("goes on around: {reason}"));
    } else {
        block_task(step, task, reason, herald)?;
    }
    start_clock(step, message.id, &blocking);
    Ok(())
}

/// From now on somebody must see to what is in the way: whose work it is, if that was said, else whoever leads. The
/// last word about a task counts, but who says it again does not begin at the foot of the ladder again.
fn start_clock(step: &mut Step<'_>, message: MessageId, blocking: &Blocking) {
    let Ok(record) = require_task(step, blocking.task) else { return };
    let Some(agent) = record.agent.clone() else { return };
    let asked = blocking.in_the_way.clone().map(Address::Agent);
    let asked = asked.unwrap_or_else(|| leader_of(step.state(), &agent));
    let opening = Opening {
        message,
        kind: RequestKind::Blocker,
        asker: Address::Agent(agent),
        asked,
        task: Some(blocking.task),
        priority: blocking.priority,
        due: blocking.due,
        text: format!("{} is blocked: {}", blocking.task, blocking.reason),
    };
    match blocker_of(step.state(), blocking.task) {
        Some(open) => requests::renewed(step, open, opening),
        None => requests::open(step, opening),
    }
}

/// Somebody is asked to agree to something, and is reminded until it is answered.
pub(super) fn ask(step: &mut Step<'_>, message: &Message, request: &CoordinationRequest) {
    if message.to == Address::Everyone {
        return;
    }
    let task = request.task_id.as_deref().or(message.task.as_deref());
    let opening = Opening {
        message: message.id,
        kind: RequestKind::Coordination,
        asker: message.from.clone(),
        asked: message.to.clone(),
        task: task.and_then(|task| task.parse().ok()),
        priority: request.urgency.priority().max(message.priority),
        due: request.timeline.as_deref().and_then(time_in),
        text: format!("{}: {}", request.regarding, request.request),
    };
    requests::open(step, opening);
}

/// Whoever leads an agent: its coordinator; of a coordinator the lead, else the operator.
fn leader_of(state: &State, agent: &AgentAddress) -> Address {
    if !state.sessions.is_coordinator(agent) {
        return Address::Agency(agent.agency.clone());
    }
    let lead = Name::parse(LEAD).ok().and_then(|lead| state.sessions.agency(&lead));
    let lead = lead.map(|record| record.definition.coordinator_address());
    lead.filter(|lead| lead != agent).map_or(Address::Operator, Address::Agent)
}

fn blocker_of(state: &State, task: TaskId) -> Option<MessageId> {
    let mut open = state.requests.open.values();
    let blocker = open.find(|it| it.kind == RequestKind::Blocker && it.task == Some(task));
    blocker.map(|request| request.id)
}
