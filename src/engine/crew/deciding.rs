//! What is decided about an agency's crew: hiring, dismissing, and letting go who was there for one task.
//!
//! Nothing that the leaver made is touched: its branches, its worktrees' kept work and its role file stay.

use serde_json::Value;

use crate::domain::agency::{AgentDefinition, COORDINATOR};
use crate::domain::command::{Actor, Answer, Command};
use crate::domain::id::TaskId;
use crate::domain::message::{Draft, MessageType, OwnType};
use crate::domain::name::{Address, AgentAddress, Name};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::task::TaskState;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::Timer;
use crate::engine::mail;
use crate::engine::mail::accepting::resolve_agent;
use crate::engine::sessions::deciding::{Revive, require_agency, spawn_missing};
use crate::engine::sessions::{AgencyRecord, Wanted};
use crate::engine::step::Step;
use crate::engine::undoing;

/// Pause before a change of a crew is written again that could not be: the user corrects the file meanwhile.
const REWRITE_PAUSE_S: i64 = 5;
/// Longest such pause: whoever has corrected the file sees the change within a minute.
const LONGEST_REWRITE_PAUSE_S: i64 = 60;

/// Carries out a command about crews.
pub fn asked(step: &mut Step<'_>, command: Command) -> Result<Answer, Refusal> {
    match command {
        Command::HireAgent { agency, definition } => {
            require_operator(step, "hire")?;
            rehire(step, &agency, *definition)
        }
        Command::DismissAgent { agency, agent } => {
            require_operator(step, "dismiss")?;
            dismiss(step, &agency, &agent)
        }
        _ => Ok(Answer::Done),
    }
}

/// An agent that wants another hand, or one less, asks for it.
fn require_operator(step: &Step<'_>, verb: &str) -> Result<(), Refusal> {
    if step.actor == Actor::Operator {
        return Ok(());
    }
    let message = format!("only the operator may {verb} agents, not `{}`", step.actor);
    Err(Refusal::new(RefusalKind::NotAllowed, "operator_only", message)
        .with_hint("ask the operator: agency send operator \"…\""))
}

/// Takes an agent into an agency, with everything that is known of it: a new one, or one that was dismissed.
/// In a running agency it gets its pane at once. Whoever calls sees to it that the actor may do this.
pub fn rehire(
    step: &mut Step<'_>,
    agency: &Name,
    definition: AgentDefinition,
) -> Result<Answer, Refusal> {
    require_agency(step, agency)?;
    require_free_name(step, agency, &definition.name)?;
    require_gone(step, agency, &definition.name)?;
    let address = AgentAddress::new(agency.clone(), definition.name.clone());
    step.record(Event::AgentHired { agency: agency.clone(), definition: Box::new(definition) });
    // Its role file stands before its program reads it: both are done in this order.
    step.perform(Effect::WriteCrew { agency: agency.clone() });
    spawn_missing(step, agency, Revive::Crashed);
    Ok(Answer::Id(address.to_string()))
}

/// Refuses a name that is reserved, or that another agent of the agency has.
pub fn require_free_name(step: &Step<'_>, agency: &Name, name: &Name) -> Result<(), Refusal> {
    let word = name.as_str();
    if [COORDINATOR, Address::OPERATOR, Address::WORKBENCH].contains(&word) {
        let message = format!("no agent can be named `{word}`, the word is reserved");
        return Err(Refusal::new(RefusalKind::Usage, "reserved_name", message)
            .with_hint("choose another name"));
    }
    let Some(record) = step.state().sessions.agency(agency) else { return Ok(()) };
    let taken =
        record.definition.agents.iter().find(|a| a.name.as_str().eq_ignore_ascii_case(word));
    if let Some(taken) = taken {
        let message = format!("`{agency}` has an agent `{}` already", taken.name);
        return Err(Refusal::new(RefusalKind::Conflict, "agent_exists", message)
            .with_hint(format!("see its agents with `agency show {agency}`")));
    }
    Ok(())
}

/// Refuses a name whose last bearer's pane may not be closed yet.
fn require_gone(step: &Step<'_>, agency: &Name, name: &Name) -> Result<(), Refusal> {
    if step.state().sessions.agency(agency).is_none_or(|record| !record.crew.is_leaving(name)) {
        return Ok(());
    }
    let message = format!("`{agency}/{name}` is still leaving");
    Err(Refusal::new(RefusalKind::Conflict, "agent_leaving", message)
        .with_hint("try again when its pane is closed"))
}

fn dismiss(step: &mut Step<'_>, agency: &Name, agent: &Name) -> Result<Answer, Refusal> {
    require_agency(step, agency)?;
    let address = resolve_agent(step, &AgentAddress::new(agency.clone(), agent.clone()))?;
    if step.state().sessions.is_coordinator(&address) {
        let message = format!("`{address}` leads its agency and cannot be dismissed");
        return Err(Refusal::new(RefusalKind::Conflict, "is_coordinator", message).with_hint(
            format!(
                "name another one under `coordinator` in agencies/{agency}/agency.json and run \
                 `agency restart {agency}`, or archive it all with `agency remove {agency}`"
            ),
        ));
    }
    require_nothing_open(step, &address)?;
    let_go(step, &address, None);
    Ok(Answer::Done)
}

/// Refuses while work is under way: a rejected submission goes back to its agent, too.
fn require_nothing_open(step: &Step<'_>, address: &AgentAddress) -> Result<(), Refusal> {
    let open = open_tasks(step, address);
    let Some((first, state)) = open.first() else { return Ok(()) };
    let names: Vec<String> =
        open.iter().map(|(task, state)| format!("{task} ({})", state.as_str())).collect();
    let message = format!("`{address}` still has {}", names.join(", "));
    let hint = if state.is_open() {
        format!(
            "let it end with `agency task complete {first}`, or give it up with `agency task cancel \
             {first}` and assign the rest anew"
        )
    } else {
        format!(
            "see what it waits for with `agency explain {first}`, or `agency task cancel {first}`"
        )
    };
    Err(Refusal::new(RefusalKind::Conflict, "task_open", message).with_hint(hint))
}

fn open_tasks(step: &Step<'_>, address: &AgentAddress) -> Vec<(TaskId, TaskState)> {
    let tasks = step.state().tasks.tasks.values();
    let own = tasks.filter(|task| task.agent.as_ref() == Some(address) && !task.state.is_closed());
    own.map(|task| (task.id, task.state)).collect()
}

/// An agent leaves; what lies in its mailbox is dead, and says why.
fn let_go(step: &mut Step<'_>, address: &AgentAddress, reason: Option<String>) {
    let Some(definition) = step.state().sessions.definition(address).cloned() else { return };
    let agency = address.agency.clone();
    let definition = Box::new(definition);
    step.record(Event::AgentDismissed { agency: agency.clone(), definition, reason, act: None });
    mail::bury_orphans(step, &agency);
    step.perform(Effect::WriteCrew { agency });
}

/// A temporary agent leaves when the last task that it was given is merged or cancelled.
pub fn part_with_temporaries(step: &mut Step<'_>) {
    for task in closed_now(step) {
        let Some(record) = step.state().tasks.tasks.get(&task) else { continue };
        let (Some(address), state) = (record.agent.clone(), record.state) else { continue };
        let sessions = &step.state().sessions;
        let is_temporary = sessions.definition(&address).is_some_and(|agent| agent.temporary);
        let is_staying = sessions.agency(&address.agency).is_some_and(AgencyRecord::is_staying);
        if !is_temporary
            || !is_staying
            || sessions.is_coordinator(&address)
            || !open_tasks(step, &address).is_empty()
        {
            continue;
        }
        let reason = format!("its last task `{task}` is {}", state.as_str());
        let actor = std::mem::replace(&mut step.actor, Actor::Supervisor);
        let_go(step, &address, Some(reason.clone()));
        tell_coordinator(step, &address, task, &reason);
        step.actor = actor;
    }
}

/// The tasks that this decision closed.
fn closed_now(step: &Step<'_>) -> Vec<TaskId> {
    let state = step.state();
    let of_merge = |id| {
        let submission = state.approvals.submission_of(id)?;
        Some(state.submissions.submissions.get(&submission)?.submission.tasks.clone())
    };
    let closed = step.events.iter().flat_map(|(_, event)| match event {
        Event::TaskCancelled { task, .. } => vec![*task],
        Event::MergeLanded { id, .. } => of_merge(*id).unwrap_or_default(),
        _ => Vec::new(),
    });
    closed.collect()
}

fn tell_coordinator(step: &mut Step<'_>, leaver: &AgentAddress, task: TaskId, reason: &str) {
    let text = format!("`{leaver}` was hired for a time and has left: {reason}");
    let to = Address::Agency(leaver.agency.clone());
    let mut draft = Draft::new(MessageType::own(OwnType::Status), to, Value::String(text));
    draft.task = Some(task.to_string());
    // It can only fail when the agency is gone: then there is nobody to tell.
    let _ = mail::send(step, draft);
}

/// Changes up to this number stand in the file, and the panes of the leavers are closed.
pub fn crew_written(step: &mut Step<'_>, agency: Name, change: u64) {
    let record = step.state().sessions.agencies.get(&agency);
    let is_news = record.is_some_and(|record| {
        record.crew.pending.first().is_some_and(|first| first.number <= change)
    });
    if is_news {
        step.record(Event::CrewWritten { agency, change });
        undoing::advance_all(step);
    }
}

/// They could not be written: the file is broken, say. It is tried again, after as long again as it has
/// failed already; only another reason is an event.
pub fn crew_unwritten(step: &mut Step<'_>, agency: Name, problem: String) {
    if !is_pending(step, &agency) {
        return;
    }
    let record = step.state().sessions.agency(&agency);
    let trouble = record.and_then(|record| record.crew.trouble.as_ref());
    let failing_s =
        trouble.map_or(0, |trouble| step.now.at.as_second() - trouble.since.as_second());
    if trouble.is_none_or(|trouble| trouble.problem != problem) {
        step.record(Event::CrewUnwritten { agency: agency.clone(), problem });
    }
    let pause = failing_s.clamp(REWRITE_PAUSE_S, LONGEST_REWRITE_PAUSE_S);
    let at = step.now.at.saturating_add(jiff::SignedDuration::from_secs(pause));
    let at = at.unwrap_or(step.now.at);
    step.perform(Effect::WakeAt { at, timer: Timer::Crew { agency } });
}

/// Asks again for what is pending.
pub fn resume(step: &mut Step<'_>, agency: &Name) {
    if is_pending(step, agency) {
        step.perform(Effect::WriteCrew { agency: agency.clone() });
    }
}

fn is_pending(step: &Step<'_>, agency: &Name) -> bool {
    let record = step.state().sessions.agency(agency);
    record.is_some_and(|record| record.is_staying() && !record.crew.pending.is_empty())
}

impl AgencyRecord {
    /// Whether it is not on its way into the archive.
    pub(crate) fn is_staying(&self) -> bool {
        matches!(self.wanted, Wanted::Running | Wanted::Stopped)
    }
}
