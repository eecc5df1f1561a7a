//! The cadence: what is asked and written down by the clock, and what came of it.
//!
//! ```text
//! hourly   a silent agent ─► status request        what is stuck ─► digest for its coordinator
//! daily    check-in opened ─► answers collected ─► meeting held ─► written ─► told
//! weekly   agenda, then digest: meeting held ─► written ─► told
//! ```
//!
//! Here is what is known of it; [`deciding`] decides what is due, [`checkin`] collects, [`weekly`] tells of a week. It
//! keeps what it needs by itself: a message that has left the state is still counted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::cadence::Beat;
use crate::domain::id::{MessageId, TaskId};
use crate::domain::message::Message;
use crate::domain::name::{Address, AgentAddress, Name};
use crate::domain::text::to_line;
use crate::engine::event::Event;
use crate::engine::wording::digest::gist;

pub mod checkin;
pub mod deciding;
pub mod weekly;

pub use checkin::CheckIn;
pub use deciding::{asked, follow, meeting_written, rang, resume};

/// Meetings that are remembered; the files stay.
const REMEMBERED: usize = 200;
/// Types of messages that are counted by name: anybody may make up more.
const COUNTED: usize = 60;
/// The name of all others.
const OTHERS: &str = "others";

/// What is known of the cadence.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cadence {
    /// Since when it is counted: nothing was due before.
    pub since: Option<Timestamp>,
    /// When each beat was due the last time that it came.
    pub ran: BTreeMap<Beat, Ran>,
    /// Who has which task.
    pub work: BTreeMap<TaskId, AgentAddress>,
    /// When each agent last told how far it is.
    pub heard: BTreeMap<AgentAddress, Timestamp>,
    /// The last status request of each agent.
    pub asked: BTreeMap<AgentAddress, Asked>,
    /// When each agency's coordinator was last told what is stuck.
    pub told: BTreeMap<Name, Timestamp>,
    /// Check-ins that are collected now.
    pub open: BTreeMap<Name, CheckIn>,
    /// What was written down, by its place below `registry/meetings` without the ending.
    pub meetings: BTreeMap<String, Meeting>,
    /// Messages since the last week's digest, by type.
    pub messages: BTreeMap<String, u32>,
}

/// A beat's last turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    /// Its period, `2026-11-21` or `2026-W47`.
    pub period: String,
    /// When it was due.
    pub due: Timestamp,
    /// When it came.
    pub at: Timestamp,
}

/// A status request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The message.
    pub message: MessageId,
    /// When.
    pub at: Timestamp,
    /// The agent has told something since.
    pub is_answered: bool,
}

/// What was written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    /// Of which beat.
    pub beat: Beat,
    /// Of which agency; none: of all.
    pub agency: Option<Name>,
    /// When.
    pub at: Timestamp,
    /// One line about it.
    pub summary: String,
    /// What is to be written, until it is.
    pub text: Option<String>,
    /// Where it lies, relative to the workbench.
    pub file: Option<PathBuf>,
}

impl Cadence {
    /// The status request that an agent has not answered.
    pub fn outstanding(&self, agent: &AgentAddress) -> Option<&Asked> {
        self.asked.get(agent).filter(|asked| !asked.is_answered)
    }

    /// Takes an event in.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::SupervisorStarted { .. } => {
                self.since.get_or_insert(at);
            }
            Event::CadenceRan { beat, period, due } => {
                self.ran.insert(*beat, Ran { period: period.clone(), due: *due, at });
                if *beat == Beat::Weekly {
                    self.messages.clear();
                }
            }
            Event::StatusAsked { agent, message } => {
                let asked = Asked { message: *message, at, is_answered: false };
                self.asked.insert(agent.clone(), asked);
            }
            Event::StuckTold { agency, .. } => {
                self.told.insert(agency.clone(), at);
            }
            Event::CheckInOpened { agency, day, until, asked } => {
                let open = CheckIn::new(day.clone(), at, *until, asked);
                self.open.insert(agency.clone(), open);
            }
            Event::MeetingHeld { meeting, beat, agency, summary, text } => {
                let held = Meeting {
                    beat: *beat,
                    agency: agency.clone(),
                    at,
                    summary: summary.clone(),
                    text: Some(text.clone()),
                    file: None,
                };
                self.hold(meeting, held);
            }
            Event::MeetingWritten { meeting, file } => {
                if let Some(held) = self.meetings.get_mut(meeting) {
                    held.text = None;
                    held.file = Some(file.clone());
                }
            }
            _ => self.hear(event, at),
        }
    }

    fn hold(&mut self, meeting: &str, held: Meeting) {
        if let (Beat::Daily, Some(agency)) = (held.beat, &held.agency) {
            self.open.remove(agency);
        }
        self.meetings.insert(meeting.to_owned(), held);
        while self.meetings.len() > REMEMBERED {
            let written = self.meetings.iter().filter(|(_, held)| held.text.is_none());
            let oldest = written.min_by_key(|(_, held)| held.at).map(|(name, _)| name.clone());
            let Some(oldest) = oldest else { return };
            self.meetings.remove(&oldest);
        }
    }

    /// Takes in what tells of an agent's work.
    fn hear(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::TaskAssigned { task, agent, .. } => {
                self.work.insert(*task, agent.clone());
            }
            Event::TaskProgressed { task, percent, note } => {
                let note = note.as_deref().map(|note| format!(": {note}")).unwrap_or_default();
                self.heard_about(*task, at, format!("{task} {percent} %{note}"));
            }
            Event::TaskStarted { task } => self.heard_about(*task, at, format!("began {task}")),
            Event::TaskBlocked { task, reason } => {
                self.heard_about(*task, at, format!("{task} is blocked: {reason}"));
            }
            Event::TaskUnblocked { task } => {
                self.heard_about(*task, at, format!("{task} goes on"));
            }
            Event::TaskCompleted { task, .. } => {
                self.heard_about(*task, at, format!("{task} is complete"));
            }
            Event::TaskCancelled { task, .. } => {
                self.work.remove(task);
            }
            Event::MessageAccepted { message, .. } => self.hear_message(message, at),
            Event::AgencyArchived { agency, .. } => self.forget(|who| who.agency == *agency),
            Event::AgentDismissed { agency, definition, .. } => {
                self.forget(|who| who.agency == *agency && who.agent == definition.name);
            }
            _ => {}
        }
    }

    fn heard_about(&mut self, task: TaskId, at: Timestamp, words: String) {
        if let Some(agent) = self.work.get(&task).cloned() {
            self.heard_of(&agent, at, words);
        }
    }

    fn heard_of(&mut self, agent: &AgentAddress, at: Timestamp, words: String) {
        self.heard.insert(agent.clone(), at);
        if let Some(asked) = self.asked.get_mut(agent) {
            asked.is_answered = true;
        }
        if let Some(open) = self.open.get_mut(&agent.agency) {
            open.answer(agent, at, &words);
        }
    }

    /// A message counts; one in which its sender tells how things stand is an answer.
    fn hear_message(&mut self, message: &Message, at: Timestamp) {
        let kind = message.kind.as_str();
        let is_known = self.messages.contains_key(kind) || self.messages.len() < COUNTED;
        let counted = if is_known { kind } else { OTHERS };
        *self.messages.entry(counted.to_owned()).or_default() += 1;
        let (Address::Agent(agent), true) = (&message.from, message.verified) else { return };
        let of_checkin = self.open.get(&agent.agency).and_then(|open| open.message_of(agent));
        let asked = self.asked.get(agent).map(|asked| asked.message);
        let is_reply = message.in_reply_to.is_some()
            && (message.in_reply_to == of_checkin || message.in_reply_to == asked);
        let tells = ["status", "status_update", "blocked", "blocker", "complete", "task_complete"];
        if is_reply || tells.contains(&kind) {
            self.heard_of(&agent.clone(), at, to_line(&gist(message), 200));
        }
    }

    fn forget(&mut self, is_gone: impl Fn(&AgentAddress) -> bool) {
        self.heard.retain(|agent, _| !is_gone(agent));
        self.asked.retain(|agent, _| !is_gone(agent));
        self.work.retain(|_, agent| !is_gone(agent));
        let agencies: BTreeSet<Name> = self.open.keys().cloned().collect();
        for agency in agencies {
            if let Some(open) = self.open.get_mut(&agency) {
                open.forget(&is_gone);
            }
        }
    }
}

#[cfg(test)]
mod tests;
