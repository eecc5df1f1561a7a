//! What is due by the clock, and what is done about it.
//!
//! A beat that was due while nobody ran, in quiet hours, or more than once, comes once, for its newest period. One
//! timer wakes for whatever comes next; there is none while nothing can be due.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::checkin;
use super::weekly;
use crate::domain::agency::AgentState;
use crate::domain::cadence::Beat;
use crate::domain::command::{Actor, Answer, Command};
use crate::domain::id::MessageId;
use crate::domain::message::{DeadReason, Draft, MessageState, MessageType, OwnType, Priority};
use crate::domain::name::{Address, AgentAddress, Name};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::task::TaskState;
use crate::domain::text::to_line;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::Timer;
use crate::engine::pacing::is_quiet;
use crate::engine::requests::{Request, RequestKind};
use crate::engine::sessions::Wanted;
use crate::engine::state::State;
use crate::engine::step::Step;
use crate::engine::wording::quoted;
use crate::engine::{attention, mail, require_operator};

/// Before a meeting that could not be written is written again: nobody waits longer for a disk that has room again.
const WRITE_PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// Most lines of what is stuck in one digest.
const STUCK: usize = 8;

/// Agencies that are meant to run.
pub fn running(state: &State) -> Vec<Name> {
    let live = state.sessions.live().filter(|(_, agency)| agency.wanted == Wanted::Running);
    live.map(|(name, _)| name.clone()).collect()
}

/// Sends something in the workbench's own name.
pub(super) fn send(step: &mut Step<'_>, draft: Draft) -> Result<MessageId, Refusal> {
    let actor = std::mem::replace(&mut step.actor, Actor::Supervisor);
    let sent = mail::send(step, draft);
    step.actor = actor;
    sent
}

/// Carries out a command about the cadence.
pub fn asked(step: &mut Step<'_>, command: Command) -> Result<Answer, Refusal> {
    let Command::RunCadence { beat } = command else { return Ok(Answer::Done) };
    require_operator(step, "have something done before its time")?;
    if running(step.state()).is_empty() {
        return Err(Refusal::new(RefusalKind::Conflict, "nobody_runs", "no agency is running")
            .with_hint("start them with `agency up`"));
    }
    let done = match beat {
        Beat::Hourly => ask_silent(step, true) + tell_stuck(step, step.now.at),
        Beat::Daily => checkin::open_all(step),
        Beat::Agenda | Beat::Weekly => {
            // Whoever asks again because a supervisor died is not given a second one.
            let is_asked_again =
                step.state().cadence.meetings.values().any(|m| m.beat == beat && m.text.is_some());
            if !is_asked_again {
                hold_week(step, beat, step.now.at);
            }
            1
        }
    };
    schedule(step);
    if done == 0 {
        let message = match beat {
            Beat::Daily => "nobody who is not asked already has open work",
            Beat::Hourly | Beat::Agenda | Beat::Weekly => {
                "nobody who is not asked already has open work, and nothing is stuck"
            }
        };
        return Err(Refusal::new(RefusalKind::Conflict, "nothing_to_ask", message)
            .with_hint("see what was asked and until when with `agency cadence`"));
    }
    Ok(Answer::Done)
}

/// Sees whether what happened in this step brings something nearer, or makes a status request needless.
pub fn follow(step: &mut Step<'_>) {
    let mut is_nearer = false;
    let mut heard: BTreeSet<AgentAddress> = BTreeSet::new();
    let cadence = &step.state().cadence;
    for (_, event) in &step.events {
        match event {
            Event::WorkbenchConfigured { .. }
            | Event::AgencyStarted { .. }
            | Event::TaskAssigned { .. }
            | Event::CheckInOpened { .. } => is_nearer = true,
            Event::TaskProgressed { task, .. }
            | Event::TaskStarted { task }
            | Event::TaskBlocked { task, .. }
            | Event::TaskUnblocked { task }
            | Event::TaskCompleted { task, .. } => heard.extend(cadence.work.get(task).cloned()),
            Event::MessageAccepted { message, .. } => {
                if let Address::Agent(from) = &message.from {
                    heard.extend(cadence.asked.contains_key(from).then(|| from.clone()));
                }
            }
            // It was answered before it came into the mailbox.
            Event::MessageRouted { id } => heard.extend(asked_by(step.state(), *id)),
            _ => {}
        }
    }
    if !heard.is_empty() {
        withdraw_answered(step, &heard);
    }
    if is_nearer {
        schedule(step);
    }
}

/// Whom a message asks how far it is.
fn asked_by(state: &State, id: MessageId) -> Option<AgentAddress> {
    let to = state.mail.messages.get(&id)?.to.as_ref()?;
    let asked = state.cadence.asked.get(to).filter(|asked| asked.message == id);
    asked.map(|_| to.clone())
}

/// A status request that waits still, though its agent has told how far it is, is not given any more.
fn withdraw_answered(step: &mut Step<'_>, heard: &BTreeSet<AgentAddress>) {
    let state = step.state();
    let waits = |id: &MessageId| {
        state.mail.messages.get(id).is_some_and(|record| {
            record.state == MessageState::Routed && record.attempt.is_none() && !record.is_uncertain
        })
    };
    let asked = heard.iter().filter_map(|agent| state.cadence.asked.get_key_value(agent));
    let answered = asked.filter(|(_, asked)| asked.is_answered);
    let needless = answered.filter(|(_, asked)| waits(&asked.message));
    let needless: Vec<(AgentAddress, MessageId)> =
        needless.map(|(agent, asked)| (agent.clone(), asked.message)).collect();
    for (to, id) in needless {
        step.record(Event::MessageExpired { id });
        let message = "its agent told how far it is before it was asked";
        let reason = DeadReason::new("answered", message, step.now.at);
        step.perform(Effect::Bury { to, id, reason });
    }
}

/// A supervisor came up: what was to be written is written, what was due comes.
pub fn resume(step: &mut Step<'_>) {
    write_all(step);
    schedule(step);
}

/// The timer rang: whatever is due comes.
pub fn rang(step: &mut Step<'_>) {
    write_all(step);
    checkin::close_due(step);
    if is_quiet(&step.state().config, step.now.at).is_none() {
        begin_due(step);
    }
    schedule(step);
}

fn begin_due(step: &mut Step<'_>) {
    for beat in [Beat::Daily, Beat::Agenda, Beat::Weekly] {
        let Some(due) = owed(step.state(), beat, step.now.at) else { continue };
        let period = step.state().config.cadence.period(beat, due);
        match beat {
            Beat::Daily => {
                checkin::open_all(step);
            }
            Beat::Agenda | Beat::Weekly | Beat::Hourly => hold_week(step, beat, due),
        }
        step.record(Event::CadenceRan { beat, period, due });
    }
    if step.state().config.cadence.hourly {
        ask_silent(step, false);
        let hour = hour_of(step.now.at);
        tell_stuck(step, hour);
    }
}

/// The time at which a beat was due and did not come, if there is one.
pub fn owed(state: &State, beat: Beat, now: Timestamp) -> Option<Timestamp> {
    if running(state).is_empty() {
        return None;
    }
    let config = &state.config.cadence;
    let due = config.last_due(beat, now)?;
    let done = state.cadence.ran.get(&beat).map(|ran| ran.due).max(state.cadence.since)?;
    // An agenda of a meeting that is over is of no use.
    let ahead = SignedDuration::from_secs(i64::try_from(config.agenda_before_s).unwrap_or(0));
    let is_over = beat == Beat::Agenda && due.saturating_add(ahead).is_ok_and(|at| at <= now);
    (due > done && !is_over).then_some(due)
}

/// When something comes next: now, if it is owed already.
pub fn next(state: &State, now: Timestamp) -> Option<Timestamp> {
    let config = &state.config.cadence;
    let ends = state.cadence.open.values().map(|open| open.until).min();
    let mut begins: Vec<Timestamp> = Vec::new();
    if !running(state).is_empty() {
        let beats = [Beat::Daily, Beat::Agenda, Beat::Weekly];
        begins.extend(beats.into_iter().filter_map(|beat| {
            owed(state, beat, now).map(|_| now).or_else(|| config.next_due(beat, now))
        }));
        begins.extend(next_hourly(state, now));
    }
    let begins = begins.into_iter().min().map(|at| {
        let at = at.max(now);
        config.is_quiet(at).unwrap_or(at)
    });
    [ends, begins].into_iter().flatten().min()
}

/// Sets the timer for it.
fn schedule(step: &mut Step<'_>) {
    if let Some(at) = next(step.state(), step.now.at) {
        step.perform(Effect::WakeAt { at, timer: Timer::Cadence });
    }
}

/// When an agent has been silent for long enough, or an hour is full in which something is stuck.
pub fn next_hourly(state: &State, now: Timestamp) -> Option<Timestamp> {
    if !state.config.cadence.hourly {
        return None;
    }
    let silent = at_work(state).into_iter().map(|(_, due)| due).min();
    let is_stuck = state.tasks.tasks.values().any(|task| task.state.is_open());
    let hour = hour_of(now).saturating_add(SignedDuration::from_hours(1)).ok();
    [silent, hour.filter(|_| is_stuck)].into_iter().flatten().min()
}

/// The full hour before, or now.
fn hour_of(at: Timestamp) -> Timestamp {
    let seconds = at.as_second();
    Timestamp::from_second(seconds - seconds.rem_euclid(3_600)).unwrap_or(at)
}

/// Agents with work under way that can answer and have no request open, and when they are to be asked.
fn at_work(state: &State) -> Vec<(AgentAddress, Timestamp)> {
    let after = i64::try_from(state.config.cadence.ask_for_status_s).unwrap_or(i64::MAX);
    let mut due = Vec::new();
    for agency in running(state) {
        let Some(record) = state.sessions.agency(&agency) else { continue };
        for agent in record.agents.keys() {
            let address = AgentAddress::new(agency.clone(), agent.clone());
            let Some(since) = silent_since(state, &address) else { continue };
            let at = since.saturating_add(SignedDuration::from_secs(after)).unwrap_or(since);
            due.push((address, at));
        }
    }
    due
}

/// Since when an agent that has something to tell of has told nothing.
fn silent_since(state: &State, agent: &AgentAddress) -> Option<Timestamp> {
    let task = state.tasks.current_of(agent)?;
    let is_under_way = matches!(task.state, TaskState::Assigned | TaskState::InProgress);
    let known = state.sessions.agent(agent)?.state;
    // Who waits for a person, or does not live, has nothing to tell.
    let can_tell = matches!(known, AgentState::Idle | AgentState::Working | AgentState::Unknown);
    if !is_under_way || !can_tell || state.cadence.outstanding(agent).is_some() {
        return None;
    }
    let heard = state.cadence.heard.get(agent).copied();
    Some(heard.map_or(task.since, |heard| heard.max(task.since)))
}

/// Asks who has been silent for long enough, or everybody; returns how many.
fn ask_silent(step: &mut Step<'_>, everybody: bool) -> usize {
    let now = step.now.at;
    let due = at_work(step.state()).into_iter().filter(|(_, at)| everybody || *at <= now);
    let due: Vec<AgentAddress> = due.map(|(agent, _)| agent).collect();
    for agent in &due {
        let task = step.state().tasks.current_of(agent).map(|task| task.id.to_string());
        let id = task.clone().unwrap_or_default();
        let text = format!(
            "How far is {id}? Tell it with: agency task progress {id} PERCENT --note \"…\", or agency \
             task block {id} \"WHY\""
        );
        let mut draft = Draft::new(
            MessageType::own(OwnType::StatusRequest),
            Address::Agent(agent.clone()),
            Value::String(text),
        );
        draft.priority = Priority::Low;
        draft.task = task;
        if let Ok(message) = send(step, draft) {
            step.record(Event::StatusAsked { agent: agent.clone(), message });
        }
    }
    due.len()
}

/// Tells coordinators what has been stuck since their last digest, if that was before this hour; returns how many.
fn tell_stuck(step: &mut Step<'_>, hour: Timestamp) -> usize {
    let mut told = 0;
    for agency in running(step.state()) {
        if step.state().cadence.told.get(&agency).is_some_and(|at| *at >= hour) {
            continue;
        }
        let lines = stuck(step.state(), &agency, hour);
        if lines.is_empty() {
            continue;
        }
        let count = lines.len();
        let mut shown: Vec<String> = lines.into_iter().take(STUCK).collect();
        if count > shown.len() {
            shown.push(format!("and {} more: agency status", count - shown.len()));
        }
        let text = format!("{count} in {agency} wait: {}", shown.join("; "));
        let to = Address::Agency(agency.clone());
        let digest = Draft::new(MessageType::own(OwnType::Digest), to, Value::String(text));
        if send(step, digest).is_ok() {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            step.record(Event::StuckTold { agency, count });
            told += 1;
        }
    }
    told
}

/// What of an agency has waited since before `hour`: for a person, or for an answer.
pub(super) fn stuck(state: &State, agency: &Name, hour: Timestamp) -> Vec<String> {
    let prefix = format!("{agency}/");
    let of_task = |subject: &str| {
        let task = subject.parse().ok().and_then(|id| state.tasks.tasks.get(&id));
        task.is_some_and(|task| task.contract.agency == *agency)
    };
    let waiting = attention::waiting(state, hour).into_iter().filter(|waiting| {
        let subject = waiting.subject.as_str();
        let is_its = subject.starts_with(&prefix) || subject == agency.as_str() || of_task(subject);
        is_its && waiting.since <= hour
    });
    let mut lines: Vec<String> = waiting
        .map(|waiting| {
            let text = quoted(&to_line(&waiting.text, 100));
            format!("{} ({}): {text}", waiting.subject, waiting.kind.as_str())
        })
        .collect();
    // A task that is blocked is told of by itself.
    let is_told = |request: &Request| {
        let task = request.task.filter(|_| request.kind == RequestKind::Blocker);
        let task = task.and_then(|task| state.tasks.tasks.get(&task));
        task.is_some_and(|it| it.state == TaskState::Blocked && it.contract.agency == *agency)
    };
    let is_its = |request: &Request| match &request.holder {
        // It has come up from there.
        Address::Operator => request.asked.agency() == Some(agency),
        holder => holder.agency() == Some(agency) && !is_told(request),
    };
    let open = state.requests.open.values();
    let owed = open.filter(|request| request.opened_at <= hour && is_its(request));
    lines.extend(owed.map(|request| {
        let text = quoted(&to_line(&request.text, 80));
        let kind = request.kind.as_str();
        format!("{} owes {} an answer ({kind}): {text}", request.holder, request.asker)
    }));
    let asked =
        state.cadence.asked.iter().filter(|(agent, asked)| {
            agent.agency == *agency && !asked.is_answered && asked.at <= hour
        });
    lines.extend(asked.map(|(agent, _)| format!("{agent} was asked for its status and is silent")));
    lines
}

fn hold_week(step: &mut Step<'_>, beat: Beat, due: Timestamp) {
    let state = step.state();
    let period = state.config.cadence.period(beat, due);
    let (what, summary) = match beat {
        Beat::Agenda => ("agenda", format!("Agenda of week {period}")),
        Beat::Hourly | Beat::Daily | Beat::Weekly => {
            ("digest", weekly::summary(state, &period, due))
        }
    };
    let text = weekly::written(state, beat, &period, due);
    hold(step, &format!("weekly/{period}-{what}"), (beat, None), summary, text);
}

/// A meeting is held: what is to be written of it is in the ledger before it is written.
pub(super) fn hold(
    step: &mut Step<'_>,
    name: &str,
    (beat, agency): (Beat, Option<Name>),
    summary: String,
    text: String,
) {
    let known = &step.state().cadence.meetings;
    let names = std::iter::once(name.to_owned()).chain((2..).map(|n| format!("{name}-{n}")));
    let free = names.into_iter().find(|name| !known.contains_key(name));
    let meeting = free.unwrap_or_else(|| name.to_owned());
    let held = Event::MeetingHeld { meeting: meeting.clone(), beat, agency, summary, text };
    step.record(held);
    write(step, &meeting);
}

fn write(step: &mut Step<'_>, meeting: &str) {
    let text = step.state().cadence.meetings.get(meeting).and_then(|held| held.text.clone());
    if let Some(text) = text {
        step.perform(Effect::WriteMeeting { meeting: meeting.to_owned(), text });
    }
}

fn write_all(step: &mut Step<'_>) {
    let meetings: Vec<String> = step.state().cadence.meetings.keys().cloned().collect();
    meetings.iter().for_each(|meeting| write(step, meeting));
}

/// A meeting was written down, or could not be.
pub fn meeting_written(step: &mut Step<'_>, meeting: String, file: Option<PathBuf>) {
    let Some(held) = step.state().cadence.meetings.get(&meeting).cloned() else { return };
    if held.text.is_none() {
        return;
    }
    let Some(file) = file else {
        let at = step.now.at.saturating_add(WRITE_PAUSE).unwrap_or(step.now.at);
        return step.perform(Effect::WakeAt { at, timer: Timer::Cadence });
    };
    let text = format!("{}: {}", held.summary, file.display());
    step.record(Event::MeetingWritten { meeting, file });
    let mut told: Vec<Address> = match held.agency {
        Some(agency) => vec![Address::Agency(agency)],
        None => running(step.state()).into_iter().map(Address::Agency).collect(),
    };
    told.push(Address::Operator);
    for to in told {
        let digest = MessageType::own(OwnType::Digest);
        // It can only fail when there is nobody left to tell.
        let _ = send(step, Draft::new(digest, to, Value::String(text.clone())));
    }
}
