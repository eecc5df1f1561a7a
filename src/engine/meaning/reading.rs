//! What a message is taken to say: its body by its type, or the leading words of a text.
//!
//! A text says something of the sender's own task only: others write `COMPLETE TASK-001 first` too. A task that is
//! named by a title of nobody's task says nothing. Here nothing is decided.

use jiff::Timestamp;

use crate::domain::command::Actor;
use crate::domain::id::TaskId;
use crate::domain::message::{Message, Priority};
use crate::domain::name::{Address, AgentAddress, Name};
use crate::domain::protocol::{
    Acceptance, Blocker, CoordinationRequest, Decline, Handoff, LockRelease, LockRequest, Protocol,
    Results, StatusUpdate, TaskAssignment, TaskComplete,
};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::task::TaskState;
use crate::domain::text::to_line;
use crate::engine::meaning::finishing::End;
use crate::engine::step::Step;
use crate::engine::tasks::TaskRecord;

/// Longest note on a task, in characters: it stands in lists.
const NOTE: usize = 200;

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Meaning {
    /// How far a task is.
    Progressed(Progress),
    /// A word on a task, no more.
    Noted {
        /// Which.
        task: TaskId,
        /// The word.
        note: String,
    },
    /// A task cannot go on, or somebody should see to something while it does.
    Blocked(Blocking),
    /// A task is finished.
    Finished {
        /// Which.
        task: TaskId,
        /// How far it is to go.
        end: End,
        /// In the sender's words.
        words: Option<String>,
    },
    /// An agent is to do a task.
    Assigned {
        /// Which.
        task: TaskId,
        /// Who.
        agent: AgentAddress,
    },
    /// Somebody is to agree to something.
    Asked(CoordinationRequest),
    /// Work is handed over.
    Offered(Handoff),
    /// It is taken.
    Accepted(Acceptance),
    /// It is not.
    Declined(Decline),
    /// What came of it.
    Judged(Results),
    /// Paths are claimed.
    LockAsked(LockRequest),
    /// They are given back.
    LockReleased(LockRelease),
}

/// How far a task is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Progress {
    /// Which.
    pub(super) task: TaskId,
    /// 0 to 100; none: it is worked on.
    pub(super) percent: Option<u8>,
    /// What is being done.
    pub(super) note: Option<String>,
    /// Whether nothing is in the way: then a blocked task goes on.
    pub(super) is_clear: bool,
}

/// What is in the way of a task.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Blocking {
    /// Which.
    pub(super) task: TaskId,
    /// What is in the way.
    pub(super) reason: String,
    /// Whether work goes on meanwhile.
    pub(super) goes_on: bool,
    /// Whose work is in the way.
    pub(super) in_the_way: Option<AgentAddress>,
    /// How urgent.
    pub(super) priority: Priority,
    /// By when it must be gone.
    pub(super) due: Option<Timestamp>,
}

impl Blocking {
    /// A blocker of which nothing but the reason is known.
    pub(super) fn plain(task: TaskId, reason: String) -> Self {
        let priority = Priority::default();
        Self { task, reason, goes_on: false, in_the_way: None, priority, due: None }
    }
}

/// The first time that a text names: of `Need by 2025-11-20T17:00:00Z` the deadline.
pub(super) fn time_in(text: &str) -> Option<Timestamp> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')'));
    words.filter_map(|word| word.trim_end_matches('.').parse().ok()).next()
}

/// Reads a message in the actor's name. None: it says nothing that follows anything.
///
/// # Errors
/// Its body does not have the shape of its type, or it names what is not there.
pub(super) fn read(step: &Step<'_>, message: &Message) -> Result<Option<Meaning>, Refusal> {
    match Protocol::of(message) {
        Some(Ok(protocol)) => said(step, message, protocol),
        Some(Err(error)) => {
            let text = format!("this is no `{}`: {error}", message.kind);
            Err(Refusal::new(RefusalKind::Usage, "invalid", text)
                .with_hint(format!("see its fields: agency schema message {}", message.kind)))
        }
        None => Ok(message.body.as_str().and_then(|text| of_text(step, message, text))),
    }
}

fn said(
    step: &Step<'_>,
    message: &Message,
    protocol: Protocol,
) -> Result<Option<Meaning>, Refusal> {
    Ok(match protocol {
        Protocol::StatusUpdate(update) => of_update(step, message, update),
        Protocol::Blocker(blocker) => of_blocker(step, message, blocker),
        Protocol::TaskComplete(complete) => of_complete(step, message, complete),
        Protocol::TaskAssignment(assignment) => of_assignment(step, message, &assignment)?,
        Protocol::CoordinationRequest(request) => Some(Meaning::Asked(request)),
        Protocol::Handoff(terms) => Some(Meaning::Offered(terms)),
        Protocol::Acceptance(answer) => Some(Meaning::Accepted(answer)),
        Protocol::Decline(answer) => Some(Meaning::Declined(answer)),
        Protocol::Results(results) => Some(Meaning::Judged(results)),
        // Whoever has to acknowledge one is written down where its copies are made.
        Protocol::Alert(_) => None,
        Protocol::LockRequest(request) => Some(Meaning::LockAsked(request)),
        Protocol::LockRelease(release) => Some(Meaning::LockReleased(release)),
        Protocol::LockGranted(_) | Protocol::LockDenied(_) => {
            require_its_word(step, message)?;
            None
        }
    })
}

/// The workbench grants and denies; the operator may say so in its place.
fn require_its_word(step: &Step<'_>, message: &Message) -> Result<(), Refusal> {
    if matches!(step.actor, Actor::Operator | Actor::Supervisor) {
        return Ok(());
    }
    let text = format!("`{}` is the workbench's to say, not `{}`'s", message.kind, step.actor);
    Err(Refusal::new(RefusalKind::NotAllowed, "not_yours_to_say", text)
        .with_hint("ask for a lock: agency lock request PATH --type exclusive"))
}

fn of_update(step: &Step<'_>, message: &Message, update: StatusUpdate) -> Option<Meaning> {
    let task = task_of(step, message, update.task_id.as_deref())?;
    let is_clear = update.blockers.is_empty() && update.status.as_deref() != Some("blocked");
    let mut note = update.current_item;
    if !update.blockers.is_empty() {
        let blockers = format!("in the way: {}", update.blockers.join(", "));
        note = Some(note.map_or_else(|| blockers.clone(), |note| format!("{note} ({blockers})")));
    }
    let note = note.map(|note| to_line(&note, NOTE));
    let percent = update.progress.map(|percent| percent.value());
    Some(Meaning::Progressed(Progress { task, percent, note, is_clear }))
}

fn of_blocker(step: &Step<'_>, message: &Message, blocker: Blocker) -> Option<Meaning> {
    let task = task_of(step, message, blocker.task_id.as_deref())?;
    let in_the_way = blocker.blocking_agent.as_deref().and_then(|who| agent_of(step, who));
    Some(Meaning::Blocked(Blocking {
        task,
        reason: to_line(&blocker.blocker_description, NOTE),
        goes_on: blocker.can_proceed_with_workaround,
        in_the_way,
        priority: blocker.severity.priority().max(message.priority),
        due: blocker.needs_resolution_by,
    }))
}

fn of_complete(step: &Step<'_>, message: &Message, complete: TaskComplete) -> Option<Meaning> {
    let task = task_of(step, message, complete.task_id.as_deref())?;
    let end = if complete.ready_for_merge { End::Submitted } else { End::Completed };
    let parts = [complete.summary, complete.notes];
    let words: Vec<String> = parts.into_iter().flatten().filter(|it| !it.is_empty()).collect();
    let words = (!words.is_empty()).then(|| words.join(". "));
    Some(Meaning::Finished { task, end, words })
}

/// An assignment of a task that is not here is a message like any other, and so is that of one that the agent has.
fn of_assignment(
    step: &Step<'_>,
    message: &Message,
    assignment: &TaskAssignment,
) -> Result<Option<Meaning>, Refusal> {
    let Some(record) = task_id(&assignment.task_id).and_then(|id| known(step, id)) else {
        return Ok(None);
    };
    let agency = &record.contract.agency;
    let agent = match &assignment.assigned_to {
        None => match &message.to {
            Address::Agent(agent) => agent.clone(),
            _ => return Ok(None),
        },
        Some(text) => address_in(text, agency).ok_or_else(|| {
            let text = format!("`{text}` is not an agent");
            Refusal::new(RefusalKind::Usage, "bad_address", text)
                .with_hint(format!("write `{agency}/AGENT` into `assigned_to`"))
        })?,
    };
    let has_it = record.agent.as_ref() == Some(&agent) && record.state != TaskState::Ready;
    Ok((!has_it).then_some(Meaning::Assigned { task: record.id, agent }))
}

/// What the leading word of a text says.
fn of_text(step: &Step<'_>, message: &Message, text: &str) -> Option<Meaning> {
    let kind = message.kind.as_str();
    if kind == "task" {
        return of_task_text(step, message);
    }
    if !matches!(kind, "status" | "blocked" | "complete") {
        return None;
    }
    let Actor::Agent(sender) = &step.actor else { return None };
    let named = message.task.as_deref().and_then(task_id);
    let record = match named {
        Some(id) => known(step, id)?,
        None => step.state().tasks.current_of(sender)?,
    };
    let (task, is_own) = (record.id, record.agent.as_ref() == Some(sender));
    let is_led = step.state().sessions.is_coordinator(sender);
    match kind {
        "status" if is_own && record.state.is_open() => Some(of_status_text(task, text)),
        // Whoever leads may tell others so; a specialist means itself, and is refused where it is not its task.
        "blocked" if is_own || !is_led => {
            let reason = to_line(words_after(text), NOTE);
            let blocking = Blocking::plain(task, reason);
            Some(Meaning::Blocked(Blocking { priority: message.priority, ..blocking }))
        }
        // What is complete must be named: a word about something else must not close a task.
        "complete" if named.is_some() && (is_own || !is_led) => {
            let words = Some(to_line(words_after(text), NOTE)).filter(|words| !words.is_empty());
            Some(Meaning::Finished { task, end: End::Completed, words })
        }
        _ => None,
    }
}

fn of_status_text(task: TaskId, text: &str) -> Meaning {
    let note = to_line(words_after(text), NOTE);
    match percent_in(text) {
        Some(percent) => Meaning::Progressed(Progress {
            task,
            percent: Some(percent),
            note: Some(note),
            is_clear: true,
        }),
        None => Meaning::Noted { task, note },
    }
}

/// `TASK-042: …` to an agent gives it that task, where it waits for somebody and the sender may give it away.
fn of_task_text(step: &Step<'_>, message: &Message) -> Option<Meaning> {
    let record = message.task.as_deref().and_then(task_id).and_then(|id| known(step, id))?;
    let Address::Agent(agent) = &message.to else { return None };
    let agency = &record.contract.agency;
    let may_plan = match &step.actor {
        Actor::Operator => true,
        Actor::Agent(sender) => {
            sender.agency == *agency && step.state().sessions.is_coordinator(sender)
        }
        Actor::Supervisor | Actor::Outside(_) => false,
    };
    let is_meant = record.state == TaskState::Ready && may_plan && agent.agency == *agency;
    is_meant.then(|| Meaning::Assigned { task: record.id, agent: agent.clone() })
}

/// The task that is named, by id or by the title of one that the sender has; where none is, the sender's own.
fn task_of(step: &Step<'_>, message: &Message, named: Option<&str>) -> Option<TaskId> {
    let sender = match &step.actor {
        Actor::Agent(agent) => Some(agent),
        Actor::Operator | Actor::Supervisor | Actor::Outside(_) => None,
    };
    let Some(text) = named.or(message.task.as_deref()) else {
        return step.state().tasks.current_of(sender?).map(|record| record.id);
    };
    let is_titled = |record: &&TaskRecord| {
        record.agent.as_ref() == sender
            && record.state.is_open()
            && record.contract.title.eq_ignore_ascii_case(text)
    };
    let titled = || step.state().tasks.tasks.values().find(is_titled).map(|record| record.id);
    task_id(text).or_else(titled)
}

/// A whole id; a number alone may be anybody's number.
fn task_id(text: &str) -> Option<TaskId> {
    text.starts_with("TASK-").then(|| text.parse().ok()).flatten()
}

fn known<'s>(step: &'s Step<'_>, task: TaskId) -> Option<&'s TaskRecord> {
    step.state().tasks.tasks.get(&task)
}

/// An agent as it is written: `Agency/agent`, or a name in this agency.
fn address_in(text: &str, agency: &Name) -> Option<AgentAddress> {
    match Address::parse(text).ok()? {
        Address::Agent(agent) => Some(agent),
        Address::Agency(name) => Some(AgentAddress::new(agency.clone(), name)),
        Address::Operator | Address::Workbench | Address::Everyone => None,
    }
}

/// An agent of the sender's agency, if it is there.
fn agent_of(step: &Step<'_>, text: &str) -> Option<AgentAddress> {
    let Actor::Agent(sender) = &step.actor else { return None };
    let agent = address_in(text, &sender.agency)?;
    let is_peer = agent.agency == sender.agency && agent != *sender;
    (is_peer && step.state().sessions.definition(&agent).is_some()).then_some(agent)
}

/// What stands after the leading word, and after the task or the name that follows it.
fn words_after(text: &str) -> &str {
    let text = text.trim_start();
    let rest = text.split_once(|c: char| c.is_whitespace() || c == ':').map_or("", |(_, it)| it);
    let rest = rest.trim_start_matches([' ', ':']);
    let is_name = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_/".contains(&b))
    };
    match rest.split_once(':') {
        Some((word, after)) if is_name(word) => after.trim(),
        _ => match rest.split_once(' ') {
            Some((word, after)) if task_id(word).is_some() => after.trim(),
            _ if task_id(rest).is_some() => "",
            _ => rest.trim(),
        },
    }
}

/// The first `60%` of a text.
fn percent_in(text: &str) -> Option<u8> {
    text.match_indices('%').find_map(|(at, _)| {
        let before = text.get(..at)?.trim_end_matches(' ');
        let digits = before.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = before.get(digits.len()..)?;
        // `12.5%` is no whole number, and its end is none either.
        let is_part = digits.ends_with(['.', ',', '-']);
        number.parse::<u8>().ok().filter(|percent| *percent <= 100 && !is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_whole_percentage_of_a_text_counts() {
        for (text, percent) in [
            ("STATUS python-agent: Auth module 60% complete", Some(60)),
            ("STATUS: 100 % of it", Some(100)),
            ("STATUS 250% faster, 30% done", Some(30)),
            ("STATUS 12.5% done", None),
            ("STATUS done", None),
            ("%", None),
        ] {
            assert_eq!(percent_in(text), percent, "{text}");
        }
    }

    #[test]
    fn what_is_said_stands_after_the_word_and_the_name() {
        for (text, words) in [
            ("STATUS python-agent: Auth module 60% complete", "Auth module 60% complete"),
            ("BLOCKED TASK-001: no key", "no key"),
            ("BLOCKED TASK-001 no key", "no key"),
            ("BLOCKED: no key: ask", "no key: ask"),
            ("COMPLETE TASK-001", ""),
            ("COMPLETE", ""),
            ("COMPLETE all of it", "all of it"),
        ] {
            assert_eq!(words_after(text), words, "{text}");
        }
    }
}
