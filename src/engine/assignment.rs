//! Assignment: a task gets its agent, its branch and its worktree, then the agent is told.
//!
//! A task has at most one worktree, and an agent hears of it when it stands, not before.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::domain::command::{Actor, Answer};
use crate::domain::id::TaskId;
use crate::domain::message::{Draft, MessageType, OwnType};
use crate::domain::name::{Address, AgentAddress, Name};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::task::{TaskState, task_branch};
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::keeping;
use crate::engine::mail;
use crate::engine::mail::accepting::resolve_agent;
use crate::engine::step::Step;
use crate::engine::tasks::TaskRecord;
use crate::engine::tasks::deciding::{require_planner, require_task};
use crate::engine::wording;
use crate::ports::repositories::Mended;

/// Where a task's worktree lies, relative to the workbench.
pub fn worktree_path(agency: &Name, task: TaskId) -> PathBuf {
    Path::new("agencies").join(agency.as_str()).join("worktrees").join(task.to_string())
}

/// Gives a task to an agent.
pub fn assign_task(
    step: &mut Step<'_>,
    task: TaskId,
    agent: AgentAddress,
) -> Result<Answer, Refusal> {
    let agent = require_assignment(step, task, &agent)?;
    let record = require_task(step, task)?;
    if record.agent.as_ref() == Some(&agent) && record.base.is_some() {
        return Ok(Answer::Done);
    }
    let branch = task_branch(&record.contract.feature, &agent, task);
    let worktree = worktree_path(&agent.agency, task);
    let by = step.actor.clone();
    step.record(Event::TaskAssigned { task, agent, by, branch, worktree });
    step.perform(Effect::PrepareWorktree { task });
    Ok(Answer::Done)
}

/// The agent that is meant, if the actor may give it the task and the task can be given.
pub fn require_assignment(
    step: &Step<'_>,
    task: TaskId,
    agent: &AgentAddress,
) -> Result<AgentAddress, Refusal> {
    let record = require_task(step, task)?;
    require_planner(step, &record.contract.agency)?;
    let agent = resolve_agent(step, agent)?;
    if agent.agency != record.contract.agency {
        let message =
            format!("`{task}` is a task of `{}`, `{agent}` is not in it", record.contract.agency);
        return Err(Refusal::new(RefusalKind::Conflict, "other_agency", message));
    }
    require_assignable(step, record, &agent)?;
    Ok(agent)
}

fn require_assignable(
    step: &Step<'_>,
    record: &TaskRecord,
    agent: &AgentAddress,
) -> Result<(), Refusal> {
    let task = record.id;
    let missing = step.state().tasks.missing_for(&record.contract);
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(ToString::to_string).collect();
        let message = format!("`{task}` waits for {}", names.join(", "));
        return Err(Refusal::new(RefusalKind::Conflict, "dependency_open", message)
            .with_hint("assign it when they are finished"));
    }
    if let Some(held) = step.state().handoffs.holding(task) {
        let offer = &held.offer;
        let message = format!("`{task}` is offered by `{}` and not accepted", offer.from);
        return Err(Refusal::new(RefusalKind::Conflict, "not_accepted", message)
            .with_hint(format!("accept it first: agency handoff accept {}", offer.id)));
    }
    let is_same = record.agent.as_ref() == Some(agent);
    let is_free = matches!(record.state, TaskState::Ready | TaskState::Draft);
    let is_retry = is_same && record.state.is_open();
    if is_free || is_retry {
        return Ok(());
    }
    if record.state.is_closed() {
        let message = format!("`{task}` is {}", record.state.as_str());
        let hint = match record.state {
            TaskState::Cancelled => "take that back with `agency undo`, or write a new one down",
            _ => "write a new one down with `agency task add`",
        };
        return Err(
            Refusal::new(RefusalKind::Conflict, "already_assigned", message).with_hint(hint)
        );
    }
    let owner = record.agent.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
    let message = format!("`{task}` is {} with `{owner}`", record.state.as_str());
    Err(Refusal::new(RefusalKind::Conflict, "already_assigned", message)
        .with_hint(format!("give it up first: agency task cancel {task}")))
}

/// A worktree stands, or not.
pub fn prepared(step: &mut Step<'_>, task: TaskId, result: Result<String, String>) {
    let Some(record) = step.state().tasks.tasks.get(&task).cloned() else { return };
    if record.state.is_closed() || record.base.is_some() {
        return;
    }
    match result {
        Ok(base) => {
            step.record(Event::WorktreeReady { task, base });
            tell_agent(step, &record);
        }
        Err(reason) => {
            step.record(Event::WorktreeFailed { task, reason: reason.clone() });
            tell_planner(step, &record, reason);
        }
    }
}

/// A worktree that was gone stands again, or something is in its way.
pub fn mended(step: &mut Step<'_>, task: TaskId, result: Result<Mended, String>) {
    let Some(record) = step.state().tasks.tasks.get(&task) else { return };
    let is_empty = result == Ok(Mended::MadeAgain);
    let event = match result {
        Ok(_) => Event::WorktreeMended { task },
        Err(reason) => Event::WorktreeLost { task, reason },
    };
    let mut next = step.state().tasks.clone();
    next.apply(&event, step.now.at);
    // What is in the way is found at every start, and said once.
    if next.tasks.get(&task).map(|it| &it.note) != Some(&record.note)
        || matches!(event, Event::WorktreeMended { .. })
    {
        step.record(event);
    }
    if is_empty {
        keeping::deciding::lay_back(step, task);
    }
}

fn tell_agent(step: &mut Step<'_>, record: &TaskRecord) {
    let Some(agent) = &record.agent else { return };
    let contract = &record.contract;
    let folder =
        record.worktree.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let text = wording::paragraphs(&[
        ("", format!("{}: {}", record.id, contract.title)),
        ("Scope", contract.scope.clone()),
        ("Not part of it", contract.non_goals.clone().unwrap_or_default()),
        ("Inputs", contract.inputs.join("; ")),
        ("Done when", contract.done.join("; ")),
        ("Tests", contract.tests.clone().unwrap_or_default()),
        ("Rollback", contract.rollback.clone()),
        ("Your paths", contract.paths.join(" ")),
        ("Branch", record.branch.clone().unwrap_or_default()),
        ("Worktree", format!("{folder} (in the workbench)")),
    ]);
    let mut draft = Draft::new(
        MessageType::own(OwnType::Task),
        Address::Agent(agent.clone()),
        Value::String(text),
    );
    draft.task = Some(record.id.to_string());
    draft.priority = contract.priority;
    let by = record.assigned_by.clone().unwrap_or(Actor::Supervisor);
    let actor = std::mem::replace(&mut step.actor, by);
    // It can only fail when the agent was taken out of its agency: the task then shows that nobody has it.
    let _ = mail::notice(step, draft);
    step.actor = actor;
}

fn tell_planner(step: &mut Step<'_>, record: &TaskRecord, reason: String) {
    if let Some(Actor::Agent(planner)) = &record.assigned_by {
        let text = format!("BLOCKED {}: its worktree cannot be made: {reason}", record.id);
        crate::engine::tasks::deciding::tell(step, planner, OwnType::Blocked, record.id, text);
    }
}
