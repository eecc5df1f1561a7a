//! Which trace a message and a task get: one request is one trace, through replies, copies and tasks.
//!
//! ```text
//! goal ──► task ──► message about it ──► its answer
//!   └──► copy for the coordinator
//! ```
//!
//! A trace that a sender brings is kept if it has part in it. Else it is that of what led here directly: the message that is answered, the
//! task that is named, the task that its sender works on. What nothing is known to have led to begins a request.
//! A step's seed is its own id ([`step_of`]), so that anyone can see later which of two things led to the other.

use serde_json::Value;
use uuid::Uuid;

use crate::domain::command::Actor;
use crate::domain::id::{MessageId, SubmissionId, TaskId};
use crate::domain::message::Message;
use crate::domain::name::{Address, AgentAddress};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::trace::Trace;
use crate::engine::state::State;
use crate::engine::step::Step;

/// The seed of a task's step in its trace.
pub fn step_of(task: TaskId) -> Uuid {
    Uuid::from_u128(u128::from(task.0))
}

/// The trace of a message that is being accepted.
///
/// # Errors
/// It brings one that is none.
pub fn of_message(state: &State, message: &Message) -> Result<Trace, Refusal> {
    if let Some(text) = message.trace.as_ref().filter(|_| message.verified) {
        let brought: Trace = text.parse().map_err(|error| {
            Refusal::new(RefusalKind::Usage, "invalid", format!("`trace`: {error}"))
        })?;
        if is_theirs(state, &message.from, brought) {
            return Ok(brought);
        }
    }
    let answered = message.in_reply_to.and_then(|id| of_known(state, id));
    let led_here = answered
        .or_else(|| named_task(message).and_then(|task| of_task(state, task)))
        .or_else(|| of_sender(state, &message.from));
    Ok(led_here.map_or_else(|| Trace::mint(message.id), |trace| trace.child(message.id)))
}

/// Whether somebody may speak within a request: the operator in any, an agent in those that it has part in.
fn is_theirs(state: &State, from: &Address, brought: Trace) -> bool {
    let agent = match from {
        Address::Operator | Address::Workbench => return true,
        Address::Agent(agent) => agent,
        Address::Agency(_) | Address::Everyone => return false,
    };
    let request = brought.request();
    let is_same = |trace: Trace| trace.request() == request;
    let of_record = |text: &String| text.parse().is_ok_and(is_same);
    let mut tasks = state.tasks.tasks.values();
    let mut messages = state.mail.messages.values();
    tasks.any(|task| task.agent.as_ref() == Some(agent) && task.trace.is_some_and(is_same))
        || messages.any(|record| {
            let is_part = record.to.as_ref() == Some(agent) || record.message.from == *from;
            is_part && record.message.trace.as_ref().is_some_and(of_record)
        })
}

/// The trace of a copy of a message that has one.
pub fn of_copy(message: &Message, copy: Uuid) -> Option<String> {
    let trace: Trace = message.trace.as_ref()?.parse().ok()?;
    Some(trace.child(copy).to_string())
}

/// The trace of a task that is being written down: that of the request that its planner is at.
pub fn of_new_task(step: &Step<'_>, task: TaskId) -> Trace {
    let led_here = match &step.actor {
        Actor::Agent(agent) => of_work(step.state(), agent),
        Actor::Operator | Actor::Supervisor | Actor::Outside(_) => None,
    };
    match led_here {
        Some(trace) => trace.child(step_of(task)),
        // The number of a task is no seed of its own: every workbench has a first one.
        None => Trace::mint(step.now.seed),
    }
}

/// The trace of a task that a message led to; none: nothing is known of that message any more.
pub fn of_task_from(state: &State, task: TaskId, message: MessageId) -> Option<Trace> {
    of_known(state, message).map(|trace| trace.child(step_of(task)))
}

/// The trace of a task's submission; none: its task is older than traces.
pub fn of_submission(state: &State, task: TaskId, submission: SubmissionId) -> Option<Trace> {
    // No task has a number of this size.
    let step = Uuid::from_u128(u128::from(submission.0) << 64);
    of_task(state, task).map(|trace| trace.child(step))
}

/// What a message says that it is about: in its envelope or in its body.
pub fn named_task(message: &Message) -> Option<TaskId> {
    let in_body = ["task_id", "task"].into_iter().filter_map(|key| message.body.get(key));
    let texts = message.task.as_deref().into_iter().chain(in_body.filter_map(Value::as_str));
    texts.filter(|text| text.starts_with("TASK-")).find_map(|text| text.parse().ok())
}

fn of_known(state: &State, message: MessageId) -> Option<Trace> {
    state.mail.messages.get(&message)?.message.trace.as_ref()?.parse().ok()
}

fn of_task(state: &State, task: TaskId) -> Option<Trace> {
    state.tasks.tasks.get(&task)?.trace
}

fn of_sender(state: &State, from: &Address) -> Option<Trace> {
    let Address::Agent(agent) = from else { return None };
    state.tasks.current_of(agent)?.trace
}

/// What an agent is at: its open task, else the newest request for work that it was given.
fn of_work(state: &State, agent: &AgentAddress) -> Option<Trace> {
    let asks = ["goal", "handoff", "results", "task_assignment"];
    let given = state.mail.messages.values().rev().filter(|record| {
        record.to.as_ref() == Some(agent)
            && record.delivered_at.is_some()
            && record.message.verified
            && asks.contains(&record.message.kind.as_str())
    });
    let newest = given.max_by_key(|record| record.delivered_at);
    let newest = newest.and_then(|record| record.message.trace.as_ref()?.parse().ok());
    newest.or_else(|| state.tasks.current_of(agent)?.trace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::command::Command;
    use crate::engine::testing::{World, code_of, contract, draft, id_of};

    fn trace(world: &World, id: MessageId) -> Trace {
        of_known(&world.state, id).expect("every accepted message has a trace")
    }

    #[test]
    fn a_reply_and_a_copy_belong_to_the_request_of_what_they_are_about() {
        let mut world = World::running();
        let question = world.send("Code/dev", "QUESTION which port?");
        let other = world.send("Code/dev", "QUESTION which host?");
        let mut reply = draft("Code/ops", "8080");
        reply.in_reply_to = Some(question);
        let reply = id_of(world.agent("Code/dev", Command::SendMessage { draft: reply }));
        assert_eq!(trace(&world, reply), trace(&world, question).child(reply));
        assert_ne!(trace(&world, other).request(), trace(&world, question).request());
        let copies = world.state.mail.messages.values();
        let copy = copies.map(|r| &r.message).find(|m| m.kind.as_str() == "copy").expect("a copy");
        assert_eq!(trace(&world, copy.id), trace(&world, reply).child(copy.id));
    }

    #[test]
    fn a_task_and_what_is_said_about_it_belong_to_the_goal_that_led_to_it() {
        let mut world = World::running();
        let goal = world.operator(Command::SetGoal {
            agency: crate::engine::testing::name("Code"),
            text: "Add a login page".to_owned(),
        });
        let goal = id_of(goal);
        world.agent("Code/lead", Command::FetchMessages { ids: vec![goal] }).expect("fetched");
        let add = Command::AddTask { contract: contract("Code", "login", "A form") };
        world.agent("Code/lead", add).expect("added");
        let task = of_task(&world.state, TaskId(1)).expect("a trace");
        assert_eq!(task, trace(&world, goal).child(step_of(TaskId(1))));
        let mut about = draft("Code/dev", "TASK-001: begin");
        about.task = Some("TASK-001".to_owned());
        let about = id_of(world.operator(Command::SendMessage { draft: about }));
        assert_eq!(trace(&world, about), task.child(about));
        let submission = of_submission(&world.state, TaskId(1), SubmissionId(1));
        let submission = submission.expect("a trace");
        assert_eq!(submission.request(), task.request());
        assert_ne!(submission, task);
        let own = world.add(contract("Code", "other", "Another"));
        let own = of_task(&world.state, own).expect("a trace");
        assert_ne!(own.request(), task.request(), "the operator's task is a request of its own");
    }

    #[test]
    fn a_trace_that_a_sender_brings_is_kept_or_refused() {
        let mut world = World::running();
        let mut own = draft("Code/dev", "hello");
        own.trace = Some(Trace::mint(Uuid::from_u128(7)).to_string());
        let id = id_of(world.operator(Command::SendMessage { draft: own.clone() }));
        assert_eq!(trace(&world, id), Trace::mint(Uuid::from_u128(7)));
        own.trace = Some("00-abc".to_owned());
        assert_eq!(code_of(world.operator(Command::SendMessage { draft: own })), "invalid");
    }

    #[test]
    fn nobody_speaks_within_a_request_that_is_not_theirs() {
        let mut world = World::running();
        let question = world.send("Code/dev", "QUESTION which port?");
        let brought = trace(&world, question);
        let mut claims = draft("Code/lead", "hello");
        claims.trace = Some(brought.to_string());
        let of = |world: &mut World, who: &str| {
            let draft = claims.clone();
            let id = id_of(world.agent(who, Command::SendMessage { draft }));
            trace(world, id).request()
        };
        assert_ne!(of(&mut world, "Code/ops"), brought.request());
        assert_eq!(of(&mut world, "Code/dev"), brought.request(), "it was asked");
        let record = &world.state.mail.messages[&question];
        let other = Uuid::from_u128(77);
        let unproven = Message { id: other, verified: false, ..record.message.clone() };
        let kept = of_message(&world.state, &unproven).expect("a trace of its own");
        assert_ne!(kept.request(), brought.request());
    }
}
