//! The week on one page: its agenda beforehand, its digest at the time.
//!
//! Everything in it is counted from the state and named by its id, in a fixed order, so that the same past gives
//! the same page. It judges nothing.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::deciding::{running, stuck};
use crate::domain::agency::AgentState;
use crate::domain::cadence::Beat;
use crate::domain::name::Name;
use crate::domain::task::TaskState;
use crate::domain::text::to_line;
use crate::engine::handoffs::HandoffRecord;
use crate::engine::keeping::reminding::{age, is_worth_a_look};
use crate::engine::state::State;
use crate::engine::tasks::TaskRecord;

/// Lines of one section; more are counted.
const LINES: usize = 30;

/// A week, before there was any digest.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Since when a page tells.
fn since(state: &State, due: Timestamp) -> Timestamp {
    let last = state.cadence.ran.get(&Beat::Weekly).map(|ran| ran.due).filter(|at| *at < due);
    last.unwrap_or_else(|| due.saturating_sub(WEEK).unwrap_or(due))
}

/// One line about a week.
pub(super) fn summary(state: &State, period: &str, due: Timestamp) -> String {
    let since = since(state, due);
    let count = |is_so: &dyn Fn(&TaskRecord) -> bool| {
        state.tasks.tasks.values().filter(|task| is_so(task)).count()
    };
    let is_merged = |task: &TaskRecord| ended(task, since, TaskState::Merged);
    let is_open = |task: &TaskRecord| !task.state.is_closed();
    let is_blocked = |task: &TaskRecord| task.state == TaskState::Blocked;
    format!(
        "Digest of week {period}: {} merged, {} open, {} blocked",
        count(&is_merged),
        count(&is_open),
        count(&is_blocked)
    )
}

fn ended(task: &TaskRecord, since: Timestamp, as_what: TaskState) -> bool {
    task.state == as_what && task.closed_at.is_some_and(|at| at > since)
}

/// The page.
pub(super) fn written(state: &State, beat: Beat, period: &str, due: Timestamp) -> String {
    let since = since(state, due);
    let zone = &state.config.cadence.zone;
    let time = |at: Timestamp| zone.local(at).strftime("%Y-%m-%d %H:%M").to_string();
    let what = if beat == Beat::Agenda { "Agenda" } else { "Digest" };
    let mut sections = vec![
        ("Milestones", milestones(state, since)),
        ("Dependencies and what is blocked", dependencies(state)),
        ("Open requests and escalations", requests(state, due)),
        ("Handoffs", handoffs(state, since)),
        ("What waits for a person", waiting(state, due)),
        ("Risks", risks(state, due)),
        ("Schedule", schedule(state, since, due)),
    ];
    if beat != Beat::Agenda {
        sections.insert(1, ("Opened and closed", moved(state, since)));
        sections.push(("Messages by type", messages(state)));
    }
    let mut page = format!(
        "# {what} of week {period}\n\nFrom {} to {}, {}.\n",
        time(since),
        time(due),
        agencies(state)
    );
    for (heading, lines) in sections {
        page.push_str(&format!("\n## {heading}\n\n{}", listed(&lines)));
    }
    page
}

fn agencies(state: &State) -> String {
    let names: Vec<String> = running(state).iter().map(ToString::to_string).collect();
    names.join(", ")
}

fn listed(lines: &[String]) -> String {
    if lines.is_empty() {
        return "- nothing\n".to_owned();
    }
    let mut text: String = lines.iter().take(LINES).map(|line| format!("- {line}\n")).collect();
    if lines.len() > LINES {
        text.push_str(&format!("- and {} more\n", lines.len() - LINES));
    }
    text
}

fn named(task: &TaskRecord) -> String {
    format!("{} {}", task.id, to_line(&task.contract.title, 80))
}

/// Each feature that is not closed, or was closed since: its tasks by state.
fn milestones(state: &State, since: Timestamp) -> Vec<String> {
    let mut features: BTreeMap<&Name, Vec<&TaskRecord>> = BTreeMap::new();
    for task in state.tasks.tasks.values() {
        features.entry(&task.contract.feature).or_default().push(task);
    }
    let is_of_now = |tasks: &Vec<&TaskRecord>| {
        tasks.iter().any(|task| task.closed_at.is_none_or(|at| at > since))
    };
    let of_now = features.into_iter().filter(|(_, tasks)| is_of_now(tasks));
    of_now
        .map(|(feature, tasks)| {
            let mut states: BTreeMap<&str, u32> = BTreeMap::new();
            for task in &tasks {
                *states.entry(task.state.as_str()).or_default() += 1;
            }
            let states: Vec<String> =
                states.iter().map(|(state, count)| format!("{count} {state}")).collect();
            format!("{feature}: {} of {} done; {}", done(&tasks), tasks.len(), states.join(", "))
        })
        .collect()
}

fn done(tasks: &[&TaskRecord]) -> usize {
    tasks.iter().filter(|task| task.state.is_finished()).count()
}

fn moved(state: &State, since: Timestamp) -> Vec<String> {
    let tasks = || state.tasks.tasks.values();
    let opened = tasks().filter(|task| task.opened_at > since);
    let merged = tasks().filter(|task| ended(task, since, TaskState::Merged));
    let given_up = tasks().filter(|task| ended(task, since, TaskState::Cancelled));
    let line = |word: &str, task: &TaskRecord| format!("{word}: {}", named(task));
    let opened = opened.map(|task| line("opened", task));
    let merged = merged.map(|task| line("merged", task));
    opened.chain(merged).chain(given_up.map(|task| line("given up", task))).collect()
}

fn dependencies(state: &State) -> Vec<String> {
    let mut lines = Vec::new();
    for task in state.tasks.tasks.values().filter(|task| !task.state.is_closed()) {
        if task.state == TaskState::Blocked {
            let why = to_line(task.note.as_deref().unwrap_or_default(), 120);
            lines.push(format!("{} is blocked: {why}", named(task)));
        }
        for missing in state.tasks.missing_for(&task.contract) {
            lines.push(format!("{} waits for {missing}", named(task)));
        }
    }
    lines
}

fn waiting(state: &State, due: Timestamp) -> Vec<String> {
    let lines = running(state).into_iter().flat_map(|agency| stuck(state, &agency, due));
    let approvals = state.approvals.approvals.values().filter(|record| record.state.is_waiting());
    let approvals = approvals.map(|record| format!("{} waits for a decision", record.id));
    lines.chain(approvals).collect()
}

/// What somebody owes an answer to, and how far up it is.
fn requests(state: &State, due: Timestamp) -> Vec<String> {
    let open = state.requests.open.values().map(|request| {
        let level = request.level.as_str();
        let age = age(request.opened_at, due);
        let text = to_line(&request.text, 80);
        let kind = request.kind.as_str();
        format!("{kind} of {} with {} ({level}) since {age}: {text}", request.asker, request.holder)
    });
    open.collect()
}

/// Those that are open, and those that were answered since.
fn handoffs(state: &State, since: Timestamp) -> Vec<String> {
    let is_of_now = |at: Option<Timestamp>| at.is_none_or(|at| at > since);
    let records = state.handoffs.handoffs.values().filter(|record| is_of_now(record.answered_at));
    let line = |record: &HandoffRecord| {
        let (offer, state) = (&record.offer, record.state.as_str());
        let title = to_line(&offer.title, 80);
        format!("{} {title}: {} to {}, {state}", offer.id, offer.from, offer.to)
    };
    records.map(line).collect()
}

fn risks(state: &State, due: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    for (task, work) in
        state.keeping.works.iter().filter(|(task, _)| is_worth_a_look(state, **task))
    {
        if let Some(since) = work.since {
            let age = age(since, due);
            lines.push(format!("{task}: {} has not committed since {age}", work.agent));
        }
    }
    for agency in running(state) {
        let Some(record) = state.sessions.agency(&agency) else { continue };
        for (agent, known) in &record.agents {
            if matches!(known.state, AgentState::Crashed | AgentState::Exited) {
                lines.push(format!("{agency}/{agent} does not live: {}", known.state.as_str()));
            }
        }
    }
    lines
}

/// Estimates against the time since it was written down: until it was closed, or now.
fn schedule(state: &State, since: Timestamp, due: Timestamp) -> Vec<String> {
    let is_recent = |task: &&TaskRecord| task.closed_at.is_none_or(|at| at > since);
    let estimated = state.tasks.tasks.values().filter(is_recent);
    estimated
        .filter_map(|task| {
            let hours = task.contract.estimate_h?;
            let end = task.closed_at.unwrap_or(due);
            let took = age(task.opened_at, end);
            let state = task.state.as_str();
            (task.state != TaskState::Cancelled)
                .then(|| format!("{}: estimated {hours} h, {state} after {took}", named(task)))
        })
        .collect()
}

fn messages(state: &State) -> Vec<String> {
    state.cadence.messages.iter().map(|(kind, count)| format!("{kind}: {count}")).collect()
}
