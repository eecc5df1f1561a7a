//! Digests: several updates given to an agent as one text.
//!
//! A digest is no message: each of its parts keeps its own state, and what comes of the text is told of
//! each part by itself. What was given is kept here, word for word, until every part has arrived, was
//! fetched, or is to be given anew: so that it is known again in an input line and in a turn.

use serde::{Deserialize, Serialize};

use super::{Mail, MessageRecord};
use crate::domain::id::MessageId;
use crate::domain::name::AgentAddress;
use crate::engine::event::Event;

/// Several updates that were given as one text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// To whom.
    pub agent: AgentAddress,
    /// Its parts, in the order of their arrival.
    pub ids: Vec<MessageId>,
    /// What was typed or handed over.
    pub text: String,
}

impl Mail {
    /// The messages that are given under this id: the parts of a digest, or the message itself.
    pub fn given_as(&self, id: MessageId) -> Vec<MessageId> {
        let is_part = |part: &MessageId| self.digest_of(*part) == Some(id);
        match self.digests.get(&id) {
            Some(digest) => digest.ids.iter().copied().filter(is_part).collect(),
            None => vec![id],
        }
    }

    /// Whether that is what a digest said.
    pub fn is_text_of(&self, digest: MessageId, text: &str) -> bool {
        self.digests.get(&digest).is_some_and(|digest| digest.text == text)
    }

    fn digest_of(&self, id: MessageId) -> Option<MessageId> {
        self.messages.get(&id).and_then(|record| record.digest)
    }

    /// Takes in what an event says about digests and their parts.
    pub(super) fn apply_digests(&mut self, event: &Event) {
        match event {
            Event::DigestStarted { id, agent, spawn, channel, ids, text } => {
                let begin = |record: &mut MessageRecord| {
                    record.attempt = Some(*spawn);
                    record.is_by_channel = *channel;
                    record.digest = Some(*id);
                };
                ids.iter().filter_map(|part| self.messages.get_mut(part).map(begin)).count();
                let digest = Digest { agent: agent.clone(), ids: ids.clone(), text: text.clone() };
                self.digests.insert(*id, digest);
            }
            Event::DeliveryDeferred { id, .. }
            | Event::DeliveryRetried { id }
            | Event::MessageDelivered { id, .. }
            | Event::MessageAcknowledged { id }
            | Event::MessageExpired { id }
            | Event::MessageDied { id, .. } => self.leave_digest(*id),
            _ => {}
        }
    }

    /// A part has arrived, or is to be given anew.
    fn leave_digest(&mut self, id: MessageId) {
        if self.digests.is_empty() {
            return;
        }
        if let Some(record) = self.messages.get_mut(&id) {
            record.digest = None;
        }
        let messages = &self.messages;
        self.digests.retain(|own, digest| {
            let is_open = |part: &MessageId| {
                messages.get(part).is_some_and(|record| record.digest == Some(*own))
            };
            digest.ids.iter().any(is_open)
        });
    }
}
