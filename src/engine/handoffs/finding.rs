//! Finding a handoff: which one a message means that answers one, and what was handed over before.
//!
//! A reply names its handoff by the message that it answers. Where it names none, the words that it has for the
//! task decide, between the same two agencies, the newest open one first.

use crate::domain::handoff::HandoffState;
use crate::domain::id::{HandoffId, MessageId, TaskId};
use crate::domain::message::Message;
use crate::domain::name::{Address, Name};
use crate::engine::handoffs::{HandoffRecord, Handoffs, Offer};

/// What is handed over, by whom and to whom: what makes two handoffs rounds of one work.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// Who offers it.
    pub from: &'a Address,
    /// Whom it is for.
    pub to: &'a Name,
    /// The sender's task, if it is one of this workbench.
    pub origin: Option<TaskId>,
    /// What it is about.
    pub title: &'a str,
}

/// Who stands behind an address: an agency's agents speak for it.
pub fn party(address: &Address) -> Address {
    match address {
        Address::Agent(agent) => Address::Agency(agent.agency.clone()),
        other => other.clone(),
    }
}

impl Handoffs {
    /// The handoff that a message answers, if it answers one: by `asked`, what it replies to, else by `task`, the words
    /// that it has for the work; none: the newest open one between the two.
    pub fn answered_by(
        &self,
        message: &Message,
        asked: Option<MessageId>,
        task: Option<&str>,
    ) -> Option<&HandoffRecord> {
        if let Some(id) = asked.and_then(|asked| self.messages.get(&asked)) {
            return self.handoffs.get(id);
        }
        let (from, to) = (party(&message.from), party(&message.to));
        let is_between = |record: &&HandoffRecord| {
            Address::Agency(record.offer.to.clone()) == from && record.offer.from == to
        };
        let is_meant = |record: &&HandoffRecord| match task {
            Some(words) => record.offer.is_called(words),
            None => record.state.is_open(),
        };
        let found = || self.handoffs.values().rev().filter(is_between).filter(is_meant);
        found().find(|record| record.state.is_open()).or_else(|| found().next())
    }

    /// Those that wait for an answer of this message's sender to whom it is for.
    pub fn open_between(&self, message: &Message) -> impl Iterator<Item = &HandoffRecord> {
        let (from, to) = (party(&message.from), party(&message.to));
        self.open().filter(move |record| {
            Address::Agency(record.offer.to.clone()) == from && record.offer.from == to
        })
    }

    /// The first handoff of the same work between the same two, if this is not it.
    pub fn first_of(&self, work: &Work<'_>) -> Option<HandoffId> {
        let is_between = |record: &&HandoffRecord| {
            record.offer.from == *work.from && record.offer.to == *work.to
        };
        let is_same = |record: &&HandoffRecord| {
            let mends = work.origin.is_some() && record.fix == work.origin;
            let is_its = work.origin.is_some() && record.offer.origin == work.origin;
            mends || is_its || is_alike(&record.offer.title, work.title)
        };
        let found = self.handoffs.values().rev().filter(is_between).find(is_same);
        found.map(|record| record.offer.first)
    }

    /// Every round of a piece of work, oldest first.
    pub fn rounds(&self, first: HandoffId) -> impl Iterator<Item = &HandoffRecord> {
        self.handoffs.range(first..).map(|(_, it)| it).filter(move |it| it.offer.first == first)
    }

    /// Which round the next handoff of this work is.
    pub fn next_round(&self, first: HandoffId) -> u32 {
        let answered = self.rounds(first).filter(|record| record.state.is_answered());
        answered.map(|record| record.offer.round).max().unwrap_or(0) + 1
    }

    /// Those whose answer is still to come.
    pub fn open(&self) -> impl Iterator<Item = &HandoffRecord> {
        self.handoffs.values().filter(|record| record.state.is_open())
    }

    /// Those that nobody has accepted or declined.
    pub fn waiting(&self) -> impl Iterator<Item = &HandoffRecord> {
        self.handoffs.values().filter(|record| record.state == HandoffState::Offered)
    }
}

impl Offer {
    /// Whether these words mean it: its id, one of its two tasks, or its title.
    pub fn is_called(&self, words: &str) -> bool {
        let words = words.trim();
        let ids = [Some(self.task), self.origin];
        words == self.id.to_string()
            || ids.into_iter().flatten().any(|id| id.to_string() == words)
            || is_alike(&self.title, words)
            || is_alike(&self.terms.task, words)
    }
}

fn is_alike(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}
