//! Receiving: an agent looks into its own mailbox, and what it is shown is delivered thereby.
//!
//! Somebody else's look changes nothing. What is cut off after it was marked is shown again until it is
//! acknowledged, so nothing is lost between here and the reader.

use crate::domain::command::Command;
use crate::domain::id::MessageId;
use crate::domain::message::MessageState;
use crate::domain::name::AgentAddress;
use crate::domain::refusal::Refusal;
use crate::service::query::Query;
use crate::service::views::MessageView;
use crate::service::workbench::{Identity, Workbench};

impl Workbench {
    /// An agent's messages that it has not acknowledged, oldest first; with `query` for all, the others too.
    /// The agent's own look makes them delivered.
    pub fn receive(
        &self,
        agent: &AgentAddress,
        query: &Query,
    ) -> Result<Vec<MessageView>, Refusal> {
        let views: Vec<MessageView> = self.fetch(query)?;
        let ids = ids_to_fetch(self.identity(), agent, &views);
        if ids.is_empty() {
            return Ok(views);
        }
        self.ask(Command::FetchMessages { ids })?;
        self.fetch(query)
    }
}

/// What becomes delivered by this look: nothing if somebody else looks.
fn ids_to_fetch(
    identity: &Identity,
    agent: &AgentAddress,
    views: &[MessageView],
) -> Vec<MessageId> {
    match identity {
        Identity::Agent { address, .. } if address == agent => views
            .iter()
            .filter(|view| matches!(view.state, MessageState::Accepted | MessageState::Routed))
            .map(|view| view.id)
            .collect(),
        Identity::Agent { .. } | Identity::Operator => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(state: &str) -> MessageView {
        serde_json::from_value(json!({
            "id": "0195f000-0000-7000-8000-000000000001", "type": "note", "from": "Code/lead",
            "to": "Code/dev", "body": "hello", "priority": "normal", "task": null,
            "in_reply_to": null, "state": state, "sent_at": "2026-03-02T11:30:00Z",
            "delivered_at": null, "acknowledged_at": null, "reason": null, "verified": true,
        }))
        .expect("a message")
    }

    fn agent(address: &str) -> Identity {
        let address = address.parse().expect("an address");
        Identity::Agent { address, spawn: uuid::Uuid::nil(), token: String::new() }
    }

    #[test]
    fn only_the_agents_own_look_delivers() {
        let views = [message("routed"), message("delivered")];
        let own: AgentAddress = "Code/dev".parse().expect("an address");
        let routed: Vec<MessageId> = views.iter().take(1).map(|view| view.id).collect();
        assert_eq!(ids_to_fetch(&agent("Code/dev"), &own, &views), routed);
        assert!(ids_to_fetch(&Identity::Operator, &own, &views).is_empty());
        assert!(ids_to_fetch(&agent("Code/other"), &own, &views).is_empty());
    }
}
