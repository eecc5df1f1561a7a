//! Broadcasts: one message to many, and what became of each copy.
//!
//! The first copy carries the broadcast's own id, all of them name it in their field `broadcast`. Where
//! something has to be done, each copy is a request of kind `acknowledgement`, and when nothing is open
//! any more whoever sent it gets one report.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::id::MessageId;
use crate::domain::name::{Address, AgentAddress};
use crate::engine::event::Event;

/// Broadcasts that are remembered beside the open ones; older ones are in the ledger.
const REMEMBERED: usize = 100;

/// Every broadcast.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Broadcasts {
    /// By id; ids sort by time.
    pub all: BTreeMap<MessageId, Broadcast>,
    /// Of which broadcast a message is a copy.
    pub copies: BTreeMap<MessageId, MessageId>,
}

/// One message to many.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Broadcast {
    /// Its id, which is that of the first copy.
    pub id: MessageId,
    /// Who sent it.
    pub from: Address,
    /// What it says, in one line.
    pub text: String,
    /// What everyone has to do; none: nothing, and nobody is asked to acknowledge it.
    pub action_required: Option<String>,
    /// When.
    pub sent_at: Timestamp,
    /// By when it has to be acknowledged.
    pub by: Option<Timestamp>,
    /// Its copies, in the order in which they were sent.
    pub recipients: Vec<Recipient>,
    /// When nothing was open any more.
    pub ended_at: Option<Timestamp>,
    /// What whoever sent it was told then.
    pub report: Option<MessageId>,
}

/// One who gets a broadcast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipient {
    /// Who.
    pub agent: AgentAddress,
    /// Its copy.
    pub message: MessageId,
    /// When it was delivered.
    pub delivered_at: Option<Timestamp>,
    /// When it was acknowledged; after the broadcast's time is too late, and noted.
    pub acknowledged_at: Option<Timestamp>,
    /// How often this one was reminded.
    pub chases: u32,
    /// Why nobody waits for this one any more.
    pub reason: Option<String>,
}

/// A copy of a broadcast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// The copy.
    pub message: MessageId,
    /// For whom.
    pub agent: AgentAddress,
}

impl Broadcast {
    /// Who has acknowledged it, and who has not.
    pub fn sides(&self) -> (Vec<&Recipient>, Vec<&Recipient>) {
        self.recipients.iter().partition(|recipient| recipient.acknowledged_at.is_some())
    }
}

impl Broadcasts {
    /// The broadcast that a message is a copy of.
    pub fn of_copy(&self, message: MessageId) -> Option<&Broadcast> {
        self.all.get(self.copies.get(&message)?)
    }

    /// Takes an event in.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::BroadcastSent { .. } => self.send(event, at),
            Event::MessageDelivered { id, .. } => self.change(*id, |recipient| {
                recipient.delivered_at.get_or_insert(at);
            }),
            Event::MessageAcknowledged { id } | Event::RequestAnswered { id, .. } => {
                self.change(*id, |recipient| {
                    recipient.acknowledged_at.get_or_insert(at);
                });
            }
            Event::RequestChased { id, .. } => {
                self.change(*id, |recipient| recipient.chases += 1);
            }
            Event::RequestClosed { id, reason } => {
                self.change(*id, |recipient| recipient.reason = Some(reason.clone()));
            }
            Event::BroadcastEnded { id, report, .. } => {
                if let Some(broadcast) = self.all.get_mut(id) {
                    (broadcast.ended_at, broadcast.report) = (Some(at), *report);
                }
                self.forget_old();
            }
            _ => {}
        }
    }

    fn send(&mut self, event: &Event, at: Timestamp) {
        let Event::BroadcastSent { id, from, text, action_required, by, copies } = event else {
            return;
        };
        let recipients = copies.iter().map(|copy| Recipient {
            agent: copy.agent.clone(),
            message: copy.message,
            delivered_at: None,
            acknowledged_at: None,
            chases: 0,
            reason: None,
        });
        let broadcast = Broadcast {
            id: *id,
            from: from.clone(),
            text: text.clone(),
            action_required: action_required.clone(),
            sent_at: at,
            by: *by,
            recipients: recipients.collect(),
            // Where nothing has to be done nothing is open.
            ended_at: action_required.is_none().then_some(at),
            report: None,
        };
        self.copies.extend(copies.iter().map(|copy| (copy.message, *id)));
        self.all.insert(*id, broadcast);
        self.forget_old();
    }

    fn change(&mut self, copy: MessageId, change: impl FnOnce(&mut Recipient)) {
        let Some(broadcast) = self.copies.get(&copy).and_then(|id| self.all.get_mut(id)) else {
            return;
        };
        let own = broadcast.recipients.iter_mut().find(|recipient| recipient.message == copy);
        if let Some(recipient) = own {
            change(recipient);
        }
    }

    fn forget_old(&mut self) {
        let ended = self.all.values().filter(|broadcast| broadcast.ended_at.is_some());
        let surplus = ended.clone().count().saturating_sub(REMEMBERED);
        let old: Vec<MessageId> = ended.map(|broadcast| broadcast.id).take(surplus).collect();
        for id in old {
            let Some(broadcast) = self.all.remove(&id) else { continue };
            for recipient in &broadcast.recipients {
                self.copies.remove(&recipient.message);
            }
        }
    }
}
