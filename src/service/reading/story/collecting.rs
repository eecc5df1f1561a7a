//! Collects what belongs to one request from its events, and says what led to what.
//!
//! What led to a message or a task is known from its trace: its step is the child of exactly one other step.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::id::{ApprovalId, SubmissionId};
use crate::domain::message::{Message, MessageState};
use crate::domain::name::{Address, AgentAddress};
use crate::domain::submission::ProofOutcome;
use crate::domain::task::TaskState;
use crate::domain::text::to_line;
use crate::domain::trace::Trace;
use crate::engine::event::Event;
use crate::engine::{tracing, wording};
use crate::ports::ledger::Record;
use crate::service::views::{StoryEntry, StoryState};

/// Longest text of a message in a story, in characters.
const TEXT: usize = 200;

/// What belongs to a request so far.
pub struct Collection {
    request: String,
    entries: Vec<StoryEntry>,
    /// Of each entry that has one: its step's seed and its trace.
    steps: Vec<Option<(Uuid, Trace)>>,
    /// Which entry an id is.
    places: BTreeMap<String, usize>,
}

impl Collection {
    /// Nothing yet.
    pub fn of(request: &str) -> Self {
        Self {
            request: request.to_owned(),
            entries: Vec::new(),
            steps: Vec::new(),
            places: BTreeMap::new(),
        }
    }

    /// Takes an event in, if it belongs to the request.
    pub fn take(&mut self, record: &Record, event: &Event) {
        let at = record.at;
        match event {
            Event::MessageAccepted { message, to, .. } => self.message(message, to.as_ref(), at),
            Event::TaskAdded { id, contract, ready, trace, .. } => {
                let Some(trace) = trace.filter(|trace| trace.request() == self.request) else {
                    return;
                };
                let mut entry = entry("task", id.to_string(), contract.title.clone(), at);
                entry.from = Some(contract.agency.to_string());
                let state = if *ready { TaskState::Ready } else { TaskState::Draft };
                self.add(entry, Some((tracing::step_of(*id), trace)), state.as_str());
            }
            Event::TaskAssigned { task, agent, .. } => {
                self.turn(&task.to_string(), TaskState::Assigned.as_str(), at);
                if let Some(entry) = self.entry(&task.to_string()) {
                    entry.from = Some(agent.to_string());
                }
            }
            Event::WorkSubmitted { submission } => {
                let mut entry =
                    entry("submission", submission.id.to_string(), submission.title.clone(), at);
                entry.parent = Some(submission.task.to_string());
                entry.from = Some(submission.agent.to_string());
                let tasks = std::iter::once(&submission.task).chain(&submission.tasks);
                let known = tasks.map(ToString::to_string).find(|id| self.places.contains_key(id));
                if known.is_some() {
                    entry.parent = known;
                    self.add(entry, None, "submitted");
                }
            }
            Event::ApprovalOpened { id, submission, .. } => self.approval(*id, *submission, at),
            other => {
                if let Some((id, state)) = turned(other) {
                    self.turn(&id, state, at);
                }
            }
        }
    }

    fn message(&mut self, message: &Message, to: Option<&AgentAddress>, at: Timestamp) {
        let trace = message.trace.as_ref().and_then(|text| text.parse::<Trace>().ok());
        let Some(trace) = trace.filter(|trace| trace.request() == self.request) else { return };
        let text = to_line(&wording::body_line(&message.body), TEXT);
        let title = format!("{}: {text}", message.kind);
        let mut entry = entry("message", message.id.to_string(), title, at);
        entry.from = Some(message.from.to_string());
        let to = to.map_or_else(|| Address::Operator.to_string(), ToString::to_string);
        entry.to = Some(to);
        entry.verified = message.verified;
        entry.parent = message
            .in_reply_to
            .map(|id| id.to_string())
            .or_else(|| tracing::named_task(message).map(|task| task.to_string()));
        self.add(entry, Some((message.id, trace)), MessageState::Accepted.as_str());
    }

    fn approval(&mut self, id: ApprovalId, submission: SubmissionId, at: Timestamp) {
        let parent = submission.to_string();
        let Some(title) = self.entry(&parent).map(|entry| entry.title.clone()) else { return };
        let mut entry = entry("approval", id.to_string(), title, at);
        entry.parent = Some(parent);
        self.add(entry, None, "waiting");
    }

    fn add(&mut self, mut entry: StoryEntry, step: Option<(Uuid, Trace)>, state: &str) {
        if self.places.contains_key(&entry.id) {
            return;
        }
        entry.traceparent = step.map(|(_, trace)| trace.to_string());
        entry.state = state.to_owned();
        entry.states.push(StoryState { at: entry.at, state: state.to_owned() });
        let parent = self.parent_of(&entry, step);
        entry.depth = parent.map_or(0, |(_, depth)| depth + 1);
        entry.parent = parent.and_then(|(place, _)| Some(self.entries.get(place)?.id.clone()));
        self.places.insert(entry.id.clone(), self.entries.len());
        self.entries.push(entry);
        self.steps.push(step);
    }

    /// What led to an entry, and how deep that is: what it names, if that is so, else whatever its step follows from.
    fn parent_of(&self, entry: &StoryEntry, step: Option<(Uuid, Trace)>) -> Option<(usize, usize)> {
        let named = entry.parent.as_ref().and_then(|id| self.places.get(id)).copied();
        let leads = |place: &usize| match (self.steps.get(*place).copied().flatten(), step) {
            (Some((_, before)), Some((seed, trace))) => before.child(seed) == trace,
            // A submission has no step of its own.
            (_, None) => true,
            (None, Some(_)) => false,
        };
        let place = named
            .filter(leads)
            .or_else(|| (0..self.entries.len()).rev().find(leads).filter(|_| step.is_some()))
            .or(named)?;
        Some((place, self.entries.get(place)?.depth))
    }

    fn entry(&mut self, id: &str) -> Option<&mut StoryEntry> {
        self.places.get(id).and_then(|place| self.entries.get_mut(*place))
    }

    fn turn(&mut self, id: &str, state: &str, at: Timestamp) {
        let Some(entry) = self.entry(id) else { return };
        if entry.state != state {
            entry.state = state.to_owned();
            entry.states.push(StoryState { at, state: state.to_owned() });
        }
        if entry.kind == "approval" && state == TaskState::Merged.as_str() {
            self.merge(id, at);
        }
    }

    /// With an approval its submission is merged, and the tasks in it.
    fn merge(&mut self, approval: &str, at: Timestamp) {
        let mut id = approval.to_owned();
        while let Some(parent) = self.entry(&id).and_then(|entry| entry.parent.clone()) {
            let is_its = self.entry(&parent).is_some_and(|entry| entry.kind != "message");
            if !is_its {
                return;
            }
            self.turn(&parent, TaskState::Merged.as_str(), at);
            id = parent;
        }
    }

    /// All entries, in the order of time.
    pub fn told(self) -> Vec<StoryEntry> {
        self.entries
    }
}

fn entry(kind: &str, id: String, title: String, at: Timestamp) -> StoryEntry {
    StoryEntry {
        kind: kind.to_owned(),
        id,
        parent: None,
        depth: 0,
        traceparent: None,
        at,
        title: to_line(&title, TEXT),
        from: None,
        to: None,
        state: String::new(),
        states: Vec::new(),
        verified: true,
    }
}

/// The state into which an event brings what it is about.
fn turned(event: &Event) -> Option<(String, &'static str)> {
    let task = |id: &crate::domain::id::TaskId, state: TaskState| (id.to_string(), state.as_str());
    let message = |id: &Uuid, state: MessageState| (id.to_string(), state.as_str());
    Some(match event {
        Event::MessageRouted { id } => message(id, MessageState::Routed),
        Event::MessageDelivered { id, .. } => message(id, MessageState::Delivered),
        Event::MessageAcknowledged { id } => message(id, MessageState::Acknowledged),
        Event::MessageExpired { id } => message(id, MessageState::Expired),
        Event::MessageDied { id, .. } => message(id, MessageState::Dead),
        Event::TaskReadied { task: id } => task(id, TaskState::Ready),
        Event::TaskStarted { task: id } | Event::TaskUnblocked { task: id } => {
            task(id, TaskState::InProgress)
        }
        Event::TaskBlocked { task: id, .. } | Event::TaskConflicted { task: id, .. } => {
            task(id, TaskState::Blocked)
        }
        Event::TaskIntegrated { task: id, .. } => task(id, TaskState::Submitted),
        Event::TaskReopened { task: id, .. } => task(id, TaskState::Rejected),
        Event::TaskCancelled { task: id, .. } => task(id, TaskState::Cancelled),
        Event::TaskRevived { task: id, state, .. } => task(id, *state),
        Event::ProofStarted { submission } => (submission.to_string(), "proving"),
        Event::ProofFinished { submission, outcome } => {
            (submission.to_string(), if is_proven(outcome) { "proven" } else { "not proven" })
        }
        Event::ApprovalGiven { id, .. } => (id.to_string(), "approved"),
        Event::ApprovalRejected { id, .. } => (id.to_string(), "rejected"),
        Event::ApprovalVoided { id, .. } => (id.to_string(), "void"),
        Event::MergeHeld { id, .. } => (id.to_string(), "held"),
        Event::MergeLanded { id, .. } => (id.to_string(), TaskState::Merged.as_str()),
        _ => return None,
    })
}

fn is_proven(outcome: &ProofOutcome) -> bool {
    matches!(outcome, ProofOutcome::Checked { evidence, .. } if evidence.is_passed())
}
