//! What is decided about tasks: adding, working on them, finishing them.
//!
//! A command that does not fit the task's state is refused before anything is recorded.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::command::{Actor, Answer, Command};
use crate::domain::id::{MessageId, TaskId};
use crate::domain::message::{Draft, MessageType, OwnType, Priority};
use crate::domain::name::{Address, AgentAddress, Name};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::task::{TaskContract, TaskState};
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::{Purpose, Ticket};
use crate::engine::mail;
use crate::engine::meaning::{finishing, reporting};
use crate::engine::sessions::deciding::require_agency;
use crate::engine::step::Step;
use crate::engine::submissions::{hand_in, require_integration};
use crate::engine::tasks::TaskRecord;
use crate::engine::tracing;
use crate::engine::undoing;
use crate::ports::repositories::{Kept, WorkState};

/// A worktree is gone. A removal that is asked for twice retires twice, and finds nothing the second time.
pub fn worktree_retired(step: &mut Step<'_>, task: TaskId, kept: Kept) {
    if step.state().tasks.tasks.get(&task).is_some_and(|record| !record.is_retired) {
        step.record(Event::WorktreeRetired { task, kept });
        undoing::advance_all(step);
    }
}

/// Carries out a command about tasks; no answer means that it comes later.
pub fn asked(
    step: &mut Step<'_>,
    ticket: Ticket,
    command: Command,
) -> Result<Option<Answer>, Refusal> {
    match command {
        Command::SetGoal { agency, text } => set_goal(step, agency, text).map(Some),
        Command::AddTask { contract } => add_task(step, contract).map(Some),
        Command::StartTask { task } => start_task(step, task).map(Some),
        Command::ReportProgress { task, percent, note } => {
            report_progress(step, task, percent, note).map(Some)
        }
        Command::BlockTask { task, reason } => {
            reporting::block_by_command(step, task, reason).map(Some)
        }
        Command::UnblockTask { task } => unblock_task(step, task).map(Some),
        Command::CompleteTask { task, summary } => complete_task(step, Some(ticket), task, summary),
        Command::CancelTask { task, reason } => cancel_task(step, task, reason).map(Some),
        _ => Ok(Some(Answer::Done)),
    }
}

fn set_goal(step: &mut Step<'_>, agency: Name, text: String) -> Result<Answer, Refusal> {
    require_agency(step, &agency)?;
    if let Actor::Agent(agent) = &step.actor {
        let message = format!("`{agent}` cannot set a goal; goals are the operator's");
        return Err(Refusal::new(RefusalKind::NotAllowed, "operator_only", message));
    }
    if text.trim().is_empty() {
        return Err(Refusal::new(RefusalKind::Usage, "empty_goal", "the goal is empty")
            .with_hint(format!("say what you want: agency goal {agency} \"…\"")));
    }
    let draft = Draft::new(
        MessageType::own(OwnType::Goal),
        Address::Agency(agency.clone()),
        Value::String(text.clone()),
    );
    let message = mail::send(step, draft)?;
    step.record(Event::GoalSet { agency, text, message });
    Ok(Answer::Id(message.to_string()))
}

/// Whether the actor may plan for an agency: the operator, or its own coordinator.
pub fn require_planner(step: &Step<'_>, agency: &Name) -> Result<(), Refusal> {
    match &step.actor {
        Actor::Operator | Actor::Supervisor => Ok(()),
        Actor::Agent(agent)
            if agent.agency == *agency && step.state().sessions.is_coordinator(agent) =>
        {
            Ok(())
        }
        actor @ (Actor::Agent(_) | Actor::Outside(_)) => Err(Refusal::new(
            RefusalKind::NotAllowed,
            "coordinator_only",
            format!(
                "only the operator or the coordinator of `{agency}` may do this, not `{actor}`"
            ),
        )
        .with_hint(format!("ask for it: agency send {agency} \"QUESTION …\""))),
    }
}

fn add_task(step: &mut Step<'_>, contract: TaskContract) -> Result<Answer, Refusal> {
    require_agency(step, &contract.agency)?;
    require_planner(step, &contract.agency)?;
    let missing = contract.missing_parts();
    if !missing.is_empty() {
        let message = format!("the contract lacks {}", missing.join(", "));
        return Err(Refusal::new(RefusalKind::Usage, "incomplete_contract", message)
            .with_hint("say what is done, when it counts as done and how it is taken back"));
    }
    for dependency in &contract.depends_on {
        require_task(step, dependency.task)?;
    }
    require_same_project(step, &contract.agency, &contract.feature)?;
    let id = step.state().tasks.next_id();
    let ready = step.state().tasks.missing_for(&contract).is_empty();
    let by = step.actor.clone();
    let trace = Some(tracing::of_new_task(step, id));
    step.record(Event::TaskAdded { id, contract: Box::new(contract), by, ready, trace });
    Ok(Answer::Id(id.to_string()))
}

/// A feature has one branch in one project: agencies of other projects need a feature of their own.
pub fn require_same_project(step: &Step<'_>, agency: &Name, feature: &Name) -> Result<(), Refusal> {
    let project_of = |agency: &Name| {
        let record = step.state().sessions.agencies.get(agency)?;
        record.project.as_ref().map(|(project, _)| project.clone())
    };
    let Some(own) = project_of(agency) else { return Ok(()) };
    let open = step.state().tasks.of_feature(feature).filter(|task| !task.state.is_closed());
    let elsewhere = open
        .map(|task| &task.contract.agency)
        .find(|other| *other != agency && project_of(other).is_some_and(|it| it != own));
    let Some(other) = elsewhere else { return Ok(()) };
    let message = format!("the feature `{feature}` is built by `{other}` in another project");
    Err(Refusal::new(RefusalKind::Conflict, "other_project", message)
        .with_hint("give the task a feature of its own"))
}

/// The task of that id.
pub fn require_task<'s>(step: &'s Step<'_>, task: TaskId) -> Result<&'s TaskRecord, Refusal> {
    step.state().tasks.tasks.get(&task).ok_or_else(|| {
        Refusal::new(RefusalKind::NotFound, "task_not_found", format!("there is no task `{task}`"))
            .with_hint("list them with `agency task list`")
    })
}

/// The task, if the actor is the agent that has it, its coordinator, or the operator.
pub fn require_own_task<'s>(step: &'s Step<'_>, task: TaskId) -> Result<&'s TaskRecord, Refusal> {
    let record = require_task(step, task)?;
    let is_own = match &step.actor {
        Actor::Operator | Actor::Supervisor => true,
        Actor::Agent(agent) => {
            record.agent.as_ref() == Some(agent)
                || (agent.agency == record.contract.agency
                    && step.state().sessions.is_coordinator(agent))
        }
        Actor::Outside(_) => false,
    };
    if is_own {
        return Ok(record);
    }
    let message = format!("`{task}` is not a task of `{}`", step.actor);
    Err(Refusal::new(RefusalKind::NotAllowed, "not_yours", message))
}

/// The agent of a task that it works on; the actor is that agent, its coordinator or the operator.
pub fn require_open(step: &Step<'_>, task: TaskId) -> Result<AgentAddress, Refusal> {
    let record = require_own_task(step, task)?;
    if record.integrating {
        return Err(being_integrated(task));
    }
    match (&record.agent, record.state.is_open()) {
        (Some(agent), true) => Ok(agent.clone()),
        (None, _) if !record.state.is_closed() => {
            let message = format!("`{task}` has no agent yet, it is {}", record.state.as_str());
            let hint = format!("agency task assign {task} {}/AGENT", record.contract.agency);
            Err(Refusal::new(RefusalKind::Conflict, "not_assigned", message).with_hint(hint))
        }
        _ => {
            let message = format!("`{task}` is {}, not open", record.state.as_str());
            Err(Refusal::new(RefusalKind::Conflict, "not_open", message)
                .with_hint(format!("see where it is with `agency task show {task}`")))
        }
    }
}

fn being_integrated(task: TaskId) -> Refusal {
    let message = format!("`{task}` is being merged into its feature's branch");
    Refusal::new(RefusalKind::Conflict, "integrating", message)
        .with_hint(format!("see how it went with `agency task show {task}`"))
}

/// The agent begins.
pub fn start_task(step: &mut Step<'_>, task: TaskId) -> Result<Answer, Refusal> {
    require_open(step, task)?;
    match require_task(step, task)?.state {
        TaskState::InProgress => {}
        TaskState::Blocked => step.record(Event::TaskUnblocked { task }),
        _ => step.record(Event::TaskStarted { task }),
    }
    Ok(Answer::Done)
}

/// The agent tells how far it is, in percent.
pub fn report_progress(
    step: &mut Step<'_>,
    task: TaskId,
    percent: u8,
    note: Option<String>,
) -> Result<Answer, Refusal> {
    require_open(step, task)?;
    if percent > 100 {
        let message = format!("progress is 0 to 100, not {percent}");
        return Err(Refusal::new(RefusalKind::Usage, "bad_percent", message));
    }
    step.record(Event::TaskProgressed { task, percent, note });
    Ok(Answer::Done)
}

/// Who tells the coordinator what was decided about a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Herald {
    /// The workbench, in the agent's name.
    Workbench,
    /// The agent itself: its own message is on its way there.
    Sender,
}

/// The agent cannot go on; gives the message that told its coordinator so.
pub fn block_task(
    step: &mut Step<'_>,
    task: TaskId,
    reason: String,
    herald: Herald,
) -> Result<Option<MessageId>, Refusal> {
    let agent = require_open(step, task)?;
    step.record(Event::TaskBlocked { task, reason: reason.clone() });
    Ok(match herald {
        // A coordinator with that much unread hears of it no sooner; the operator sees what is blocked.
        Herald::Workbench if !has_room_for_blocked(step, &agent) => None,
        Herald::Workbench => {
            let text = format!("BLOCKED {task}: {reason}");
            tell_coordinator(step, &agent, OwnType::Blocked, task, text)
        }
        Herald::Sender => None,
    })
}

fn has_room_for_blocked(step: &Step<'_>, agent: &AgentAddress) -> bool {
    let record = step.state().sessions.agency(&agent.agency);
    let coordinator = record.map(|record| record.definition.coordinator_address());
    let is_left = |to| mail::room::left_for(step.state(), &to, Priority::Critical) > 0;
    coordinator.is_none_or(is_left)
}

/// The agent can go on.
pub fn unblock_task(step: &mut Step<'_>, task: TaskId) -> Result<Answer, Refusal> {
    require_open(step, task)?;
    let is_blocked = require_task(step, task)?.state == TaskState::Blocked;
    if is_blocked {
        step.record(Event::TaskUnblocked { task });
    }
    Ok(Answer::Done)
}

/// The agent's work is finished; no answer means that it comes later.
pub fn complete_task(
    step: &mut Step<'_>,
    ticket: Option<Ticket>,
    task: TaskId,
    summary: Option<String>,
) -> Result<Option<Answer>, Refusal> {
    if is_handed_over(step, task)? {
        return Ok(Some(Answer::Done));
    }
    require_completable(step, task)?;
    step.perform(Effect::InspectWork { ticket, task, purpose: Purpose::Complete { summary } });
    Ok(None)
}

/// Whether an own task's work is finished already, or is being integrated.
pub fn is_handed_over(step: &Step<'_>, task: TaskId) -> Result<bool, Refusal> {
    let record = require_own_task(step, task)?;
    Ok(record.state.is_finished() || record.integrating)
}

/// Refuses a task that cannot be looked into as finished work.
pub fn require_completable(step: &Step<'_>, task: TaskId) -> Result<(), Refusal> {
    require_open(step, task)?;
    require_worktree(step, task)
}

/// Refuses a task whose worktree does not stand yet.
pub fn require_worktree(step: &Step<'_>, task: TaskId) -> Result<(), Refusal> {
    let record = require_task(step, task)?;
    if record.base.is_some() {
        return Ok(());
    }
    let note = record.note.clone().unwrap_or_else(|| "it is being made".to_owned());
    let message = format!("`{task}` has no worktree yet: {note}");
    Err(Refusal::new(RefusalKind::Conflict, "no_worktree", message))
}

/// A worktree was looked into: clean work is finished, other work is not.
pub fn work_inspected(
    step: &mut Step<'_>,
    ticket: Option<Ticket>,
    task: TaskId,
    purpose: Purpose,
    result: Result<WorkState, String>,
) {
    let is_handed_over = step.state().tasks.tasks.get(&task).is_some_and(|r| r.state.is_finished());
    if is_handed_over {
        // The same was asked twice, and the other one was quicker.
        let answer = match purpose {
            Purpose::Complete { .. } => Ok(Answer::Done),
            Purpose::Submit(offer) => hand_in(step, task, offer),
        };
        finishing::answer(step, ticket, task, answer);
        return;
    }
    let verdict = judge_work(step, task, result).and_then(|head| {
        if matches!(purpose, Purpose::Submit(_)) && head.is_none() {
            require_integration(step, task)?;
        }
        Ok(head)
    });
    match verdict {
        Ok(head) => {
            let summary = match &purpose {
                Purpose::Complete { summary } => summary.clone(),
                Purpose::Submit(offer) => offer.rationale.clone(),
            };
            step.record(Event::TaskCompleted { task, head, summary });
            integrate(step, ticket, task, purpose);
        }
        Err(refusal) => finishing::answer(step, ticket, task, Err(refusal)),
    }
}

/// Asks for the integration of a completed task.
pub fn integrate(step: &mut Step<'_>, ticket: Option<Ticket>, task: TaskId, purpose: Purpose) {
    // The time goes into the merge commit: it must be the same when this is repeated after a crash.
    let at = step.state().tasks.tasks.get(&task).map_or(step.now.at, |record| record.since);
    step.perform(Effect::IntegrateWork { ticket, task, purpose, at });
}

/// The finished commit, none if nothing was committed; a refusal if the work is not finished.
fn judge_work(
    step: &Step<'_>,
    task: TaskId,
    result: Result<WorkState, String>,
) -> Result<Option<String>, Refusal> {
    let record = require_task(step, task)?;
    if !record.state.is_open() {
        let message = format!("`{task}` is {} by now", record.state.as_str());
        return Err(Refusal::new(RefusalKind::Conflict, "not_open", message));
    }
    let work = result.map_err(|problem| {
        Refusal::new(
            RefusalKind::Failed,
            "worktree_unreadable",
            format!("the worktree of `{task}`: {problem}"),
        )
    })?;
    if !work.dirty.is_empty() {
        let message = format!("`{task}` has work that is not committed: {}", work.dirty.join(", "));
        let folder =
            record.worktree.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        return Err(Refusal::new(RefusalKind::Conflict, "dirty_worktree", message)
            .with_hint(format!("commit it: git -C {folder} add -A && git -C {folder} commit")));
    }
    Ok((work.ahead > 0).then_some(work.head))
}

fn cancel_task(
    step: &mut Step<'_>,
    task: TaskId,
    reason: Option<String>,
) -> Result<Answer, Refusal> {
    let record = require_task(step, task)?;
    let (agency, state) = (record.contract.agency.clone(), record.state);
    require_planner(step, &agency)?;
    if record.integrating {
        return Err(being_integrated(task));
    }
    if state.is_closed()
        || matches!(state, TaskState::Approved | TaskState::AwaitingApproval | TaskState::Proving)
    {
        let message = format!("`{task}` is {} and cannot be given up now", state.as_str());
        return Err(Refusal::new(RefusalKind::Conflict, "not_open", message));
    }
    let agent = record.agent.clone();
    let retirement = record.retirement();
    let by = Some(step.actor.clone());
    step.record(Event::TaskCancelled { task, reason: reason.clone(), by, act: None });
    if let Some(retirement) = retirement {
        step.perform(Effect::RetireWorktree { retirement });
    }
    if let Some(agent) = agent {
        let reason = reason.unwrap_or_else(|| "no reason was given".to_owned());
        tell(
            step,
            &agent,
            OwnType::Verdict,
            task,
            format!("{task} was given up: {reason}. Your work is kept."),
        );
    }
    Ok(Answer::Done)
}

/// Sends an agent a message of the workbench's own about a task.
pub fn tell(step: &mut Step<'_>, agent: &AgentAddress, kind: OwnType, task: TaskId, text: String) {
    let mut draft =
        Draft::new(MessageType::own(kind), Address::Agent(agent.clone()), Value::String(text));
    draft.task = Some(task.to_string());
    let actor = std::mem::replace(&mut step.actor, Actor::Supervisor);
    // It can only fail when the agent was taken out of its agency: then there is nobody to tell.
    let _ = mail::send(step, draft);
    step.actor = actor;
}

/// Tells an agent's coordinator about a task, in the agent's name; gives the message.
pub fn tell_coordinator(
    step: &mut Step<'_>,
    agent: &AgentAddress,
    kind: OwnType,
    task: TaskId,
    text: String,
) -> Option<MessageId> {
    if step.state().sessions.is_coordinator(agent) {
        return None;
    }
    let mut draft = Draft::new(
        MessageType::own(kind),
        Address::Agency(agent.agency.clone()),
        Value::String(text),
    );
    draft.task = Some(task.to_string());
    let actor = std::mem::replace(&mut step.actor, Actor::Agent(agent.clone()));
    let told = mail::notice(step, draft).ok();
    step.actor = actor;
    told
}

/// Makes tasks ready whose last hard dependency is finished.
pub fn ready_dependants(step: &mut Step<'_>) {
    let tasks = &step.state().tasks;
    let waiting = tasks.tasks.values().filter(|task| task.state == TaskState::Draft);
    let ready: Vec<TaskId> = waiting
        .filter(|task| tasks.missing_for(&task.contract).is_empty())
        .filter(|task| step.state().handoffs.holding(task.id).is_none())
        .map(|task| task.id)
        .collect();
    for task in ready {
        step.record(Event::TaskReadied { task });
    }
}
