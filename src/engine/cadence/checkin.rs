//! The daily check-in: who of an agency has work is asked, what they say is collected and written down.
//!
//! What an agent tells of its work in that time is its answer, whichever way it tells it. Of who says nothing
//! the file gives what the ledger knows, and says that it is that.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::cadence::Beat;
use crate::domain::id::MessageId;
use crate::domain::message::{Draft, MessageType, OwnType};
use crate::domain::name::{Address, AgentAddress, Name};
use crate::domain::task::TaskState;
use crate::domain::text::to_line;
use crate::engine::cadence::deciding::{hold, running, send};
use crate::engine::event::Event;
use crate::engine::state::State;
use crate::engine::step::Step;
use crate::engine::tasks::TaskRecord;

/// Words that are kept of one agent: the last ones.
const KEPT: usize = 8;

/// A check-in that is collected now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckIn {
    /// Its day, `2026-11-21`.
    pub day: String,
    /// Since when.
    pub at: Timestamp,
    /// Until when answers count.
    pub until: Timestamp,
    /// Who was asked, by which message, and what they have said.
    pub agents: BTreeMap<AgentAddress, Answer>,
}

/// What one agent was asked by and has said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The message.
    pub message: MessageId,
    /// Its words, each with its time, oldest first.
    pub words: Vec<(Timestamp, String)>,
}

impl CheckIn {
    /// Nobody has answered yet.
    pub fn new(
        day: String,
        at: Timestamp,
        until: Timestamp,
        asked: &[(AgentAddress, MessageId)],
    ) -> Self {
        let one = |(agent, message): &(AgentAddress, MessageId)| {
            (agent.clone(), Answer { message: *message, words: Vec::new() })
        };
        Self { day, at, until, agents: asked.iter().map(one).collect() }
    }

    /// The message by which an agent was asked.
    pub fn message_of(&self, agent: &AgentAddress) -> Option<MessageId> {
        self.agents.get(agent).map(|answer| answer.message)
    }

    /// An agent tells how things stand.
    pub fn answer(&mut self, agent: &AgentAddress, at: Timestamp, words: &str) {
        let Some(answer) = self.agents.get_mut(agent) else { return };
        if answer.words.len() >= KEPT {
            answer.words.remove(0);
        }
        answer.words.push((at, to_line(words, 200)));
    }

    /// Whoever is gone is not waited for.
    pub fn forget(&mut self, is_gone: &impl Fn(&AgentAddress) -> bool) {
        self.agents.retain(|agent, _| !is_gone(agent));
    }
}

/// Opens a check-in in every running agency that has somebody at work and none open; returns in how many.
pub(super) fn open_all(step: &mut Step<'_>) -> usize {
    let agencies = running(step.state());
    agencies.into_iter().filter(|agency| open(step, agency)).count()
}

fn open(step: &mut Step<'_>, agency: &Name) -> bool {
    let state = step.state();
    let working = at_work(state, agency);
    if working.is_empty() || state.cadence.open.contains_key(agency) {
        return false;
    }
    let config = state.config.cadence.clone();
    let day = config.period(Beat::Daily, step.now.at);
    let collect = SignedDuration::from_secs(i64::try_from(config.collect_s).unwrap_or(0));
    let until = step.now.at.saturating_add(collect).unwrap_or(step.now.at);
    let mut asked = Vec::new();
    for (agent, tasks) in working {
        let mut draft = Draft::new(
            MessageType::own(OwnType::CheckIn),
            Address::Agent(agent.clone()),
            Value::String(question(agency, &day, &tasks)),
        );
        draft.task = tasks.first().map(|task| task.id.to_string());
        // Later it would be about a day that is over.
        draft.expires_at = Some(until);
        if let Ok(message) = send(step, draft) {
            asked.push((agent, message));
        }
    }
    step.record(Event::CheckInOpened { agency: agency.clone(), day, until, asked });
    true
}

/// Each agent of an agency with what it has open.
fn at_work(state: &State, agency: &Name) -> Vec<(AgentAddress, Vec<TaskRecord>)> {
    let mut working: BTreeMap<AgentAddress, Vec<TaskRecord>> = BTreeMap::new();
    for task in state.tasks.tasks.values() {
        let is_its = task.contract.agency == *agency && task.state.is_open();
        if let Some(agent) = task.agent.as_ref().filter(|_| is_its)
            && state.sessions.definition(agent).is_some()
        {
            working.entry(agent.clone()).or_default().push(task.clone());
        }
    }
    working.into_iter().collect()
}

fn question(agency: &Name, day: &str, tasks: &[TaskRecord]) -> String {
    let ids: Vec<String> = tasks.iter().map(|task| task.id.to_string()).collect();
    let first = ids.first().cloned().unwrap_or_default();
    format!(
        "Check-in {day}, about {}: what is done, what blocks you, when will it be finished, what do others \
         need from you or you from them? Answer in a line: agency task progress {first} PERCENT \
         --note \"…\", or agency send {agency} \"STATUS …\"",
        ids.join(", ")
    )
}

/// Ends the check-ins whose time is over.
pub(super) fn close_due(step: &mut Step<'_>) {
    let now = step.now.at;
    let open = step.state().cadence.open.iter();
    let due = open.filter(|(_, open)| open.until <= now || open.agents.is_empty());
    let due: Vec<(Name, CheckIn)> =
        due.map(|(agency, open)| (agency.clone(), open.clone())).collect();
    for (agency, open) in due {
        let answered = open.agents.values().filter(|answer| !answer.words.is_empty()).count();
        let summary = format!(
            "Check-in of {agency}, {}: {answered} of {} answered",
            open.day,
            open.agents.len()
        );
        let text = written(step.state(), &agency, &open);
        let name = format!("daily/{}-{agency}", open.day);
        hold(step, &name, (Beat::Daily, Some(agency)), summary, text);
    }
}

fn written(state: &State, agency: &Name, open: &CheckIn) -> String {
    let zone = &state.config.cadence.zone;
    let clock = |at: Timestamp| zone.local(at).strftime("%H:%M").to_string();
    let mut text = format!(
        "# Check-in of {agency}, {}\n\nAsked at {}, collected until {}.\n",
        open.day,
        clock(open.at),
        clock(open.until)
    );
    for (agent, answer) in &open.agents {
        text.push_str(&format!("\n## {agent}\n\n"));
        let tasks = state.tasks.tasks.values().filter(|task| task.agent.as_ref() == Some(agent));
        let tasks: Vec<&TaskRecord> = tasks.filter(|task| !task.state.is_closed()).collect();
        for (at, words) in &answer.words {
            text.push_str(&format!("- {}: {words}\n", clock(*at)));
        }
        if answer.words.is_empty() {
            text.push_str("No answer. What the ledger knows:\n\n");
        } else {
            text.push_str("\nThe ledger:\n\n");
        }
        tasks.iter().for_each(|task| text.push_str(&fact(state, task)));
    }
    text.push_str(&integration(state, agency));
    text
}

/// What the ledger knows of a task, in one line.
fn fact(state: &State, task: &TaskRecord) -> String {
    let zone = &state.config.cadence.zone;
    let since = zone.local(task.since).strftime("%Y-%m-%d %H:%M");
    let mut line = format!(
        "- {} {}: {} since {since}, {} % reported",
        task.id,
        to_line(&task.contract.title, 80),
        task.state.as_str(),
        task.progress
    );
    if let Some(hours) = task.contract.estimate_h {
        line.push_str(&format!(", estimated {hours} h"));
    }
    if let Some(note) = task.note.as_ref().filter(|_| task.state == TaskState::Blocked) {
        line.push_str(&format!("; blocked: {}", to_line(note, 120)));
    }
    line.push('\n');
    line
}

/// Who waits for whose work.
fn integration(state: &State, agency: &Name) -> String {
    let mut lines = String::new();
    for task in state.tasks.tasks.values().filter(|task| !task.state.is_closed()) {
        for dependency in &task.contract.depends_on {
            let Some(other) = state.tasks.tasks.get(&dependency.task) else { continue };
            let is_its = [&task.contract.agency, &other.contract.agency].contains(&agency);
            if is_its && !other.state.is_finished() {
                let at = other.state.as_str();
                lines.push_str(&format!("- {} waits for {} ({at})\n", task.id, other.id));
            }
        }
    }
    if lines.is_empty() {
        lines.push_str("- nothing waits for another's work\n");
    }
    format!("\n## Integration points\n\n{lines}")
}
