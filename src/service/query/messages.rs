//! Which messages are meant: one filter for the command line, the screen and the supervisor.
//!
//! Everything that is set must hold. An agency stands for all of its agents.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::id::MessageId;
use crate::domain::message::MessageState;
use crate::domain::name::{Address, Name};
use crate::service::views::MessageView;

/// Which messages; all that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MessageFilter {
    /// From or to this agency.
    pub agency: Option<Name>,
    /// From this address; an agency: from any of its agents too.
    pub from: Option<Address>,
    /// To this address; an agency: to any of its agents.
    pub to: Option<Address>,
    /// Of this type.
    pub kind: Option<String>,
    /// About this task.
    pub task: Option<String>,
    /// Where they are on their way.
    pub state: Option<Standing>,
    /// Only those whose sender is not proven.
    pub unverified: bool,
    /// Of the conversation that this message belongs to.
    pub thread: Option<MessageId>,
    /// With these words in their text, addresses, type, task or id, in whatever case.
    pub search: Option<String>,
    /// Sent at or after.
    pub since: Option<Timestamp>,
    /// Sent before.
    pub before: Option<Timestamp>,
    /// Only the newest so many.
    pub limit: Option<usize>,
}

/// Where a message is on its way, as people ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Something is still to come: not acknowledged, not ended.
    Open,
    /// In the ledger.
    Accepted,
    /// In its mailbox.
    Routed,
    /// Nobody knows whether it arrived.
    Uncertain,
    /// The agent has got it.
    Delivered,
    /// The agent said so.
    Acknowledged,
    /// Its time ran out.
    Expired,
    /// It cannot be delivered.
    Dead,
}

impl Standing {
    /// All of them, in the order of a message's way.
    pub const ALL: [Self; 8] = [
        Self::Open,
        Self::Accepted,
        Self::Routed,
        Self::Uncertain,
        Self::Delivered,
        Self::Acknowledged,
        Self::Expired,
        Self::Dead,
    ];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Routed => "routed",
            Self::Uncertain => "uncertain",
            Self::Delivered => "delivered",
            Self::Acknowledged => "acknowledged",
            Self::Expired => "expired",
            Self::Dead => "dead",
        }
    }

    /// Reads a word.
    pub fn parse(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|standing| standing.as_str() == text);
        found.ok_or_else(|| format!("use {}", Self::ALL.map(Self::as_str).join(", ")))
    }

    /// Whether a message stands there.
    pub fn is_of(self, view: &MessageView) -> bool {
        let state = match self {
            Self::Open => return view.is_open(),
            Self::Uncertain => return view.uncertain,
            Self::Accepted => MessageState::Accepted,
            Self::Routed => MessageState::Routed,
            Self::Delivered => MessageState::Delivered,
            Self::Acknowledged => MessageState::Acknowledged,
            Self::Expired => MessageState::Expired,
            Self::Dead => MessageState::Dead,
        };
        view.state == state
    }
}

impl MessageFilter {
    /// Whether a message is meant. The conversation and the limit are not for one message to say.
    pub fn admits(&self, view: &MessageView) -> bool {
        self.agency
            .as_ref()
            .is_none_or(|agency| is_of_agency(&view.from, agency) || is_of_agency(&view.to, agency))
            && self.from.as_ref().is_none_or(|from| is_at(&view.from, from))
            && self.to.as_ref().is_none_or(|to| is_at(&view.to, to))
            && self.kind.as_ref().is_none_or(|kind| view.kind == *kind)
            && self.task.as_ref().is_none_or(|task| view.task.as_ref() == Some(task))
            && self.state.is_none_or(|state| state.is_of(view))
            && !(self.unverified && view.verified)
            && self.since.is_none_or(|since| view.sent_at >= since)
            && self.before.is_none_or(|before| view.sent_at < before)
            && self.search.as_deref().is_none_or(|words| holds(view, words))
    }
}

fn is_of_agency(address: &str, agency: &Name) -> bool {
    address.split('/').next() == Some(agency.as_str())
}

fn is_at(address: &str, wanted: &Address) -> bool {
    match wanted {
        Address::Everyone => true,
        Address::Agency(agency) => is_of_agency(address, agency),
        Address::Agent(_) | Address::Operator | Address::Workbench => address == wanted.to_string(),
    }
}

/// Whether a message holds every one of these words.
fn holds(view: &MessageView, words: &str) -> bool {
    let body = match &view.body {
        Value::String(text) => text.to_lowercase(),
        other => other.to_string().to_lowercase(),
    };
    let task = view.task.as_deref().unwrap_or_default();
    let rest = format!("{} {} {} {task} {}", view.from, view.to, view.kind, view.id);
    let rest = rest.to_lowercase();
    let words = words.to_lowercase();
    words.split_whitespace().all(|word| body.contains(word) || rest.contains(word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn view() -> MessageView {
        serde_json::from_value(json!({
            "id": "0195f000-0000-7000-8000-000000000001", "type": "note", "from": "Code/lead",
            "to": "QA/dev", "body": "Größe der Datei", "priority": "normal", "task": "TASK-007",
            "in_reply_to": null, "state": "routed", "sent_at": "2026-03-02T11:30:00Z",
            "delivered_at": null, "acknowledged_at": null, "reason": null, "verified": true,
        }))
        .expect("a message")
    }

    fn admits(filter: serde_json::Value) -> bool {
        serde_json::from_value::<MessageFilter>(filter).expect("a filter").admits(&view())
    }

    #[test]
    fn an_agency_stands_for_its_agents_and_for_nobody_whose_name_begins_alike() {
        assert!(admits(json!({"agency": "Code"})) && admits(json!({"agency": "QA"})));
        assert!(admits(json!({"from": "Code"})) && admits(json!({"from": "Code/lead"})));
        assert!(admits(json!({"to": "QA/dev"})) && !admits(json!({"to": "Code"})));
        assert!(!admits(json!({"agency": "Cod"})) && !admits(json!({"from": "Code/lea"})));
        assert!(!admits(json!({"to": "operator"})));
    }

    #[test]
    fn words_are_found_in_any_case_and_in_any_order() {
        assert!(
            admits(json!({"search": "datei GRÖSSE"})) || admits(json!({"search": "größe DATEI"}))
        );
        assert!(admits(json!({"search": "task-007 lead"})) && admits(json!({"search": ""})));
        assert!(!admits(json!({"search": "datei missing"})));
    }

    #[test]
    fn everything_that_is_set_must_hold() {
        assert!(admits(json!({"state": "open", "kind": "note", "task": "TASK-007"})));
        assert!(!admits(json!({"state": "open", "kind": "goal"})));
        assert!(!admits(json!({"unverified": true})) && !admits(json!({"state": "uncertain"})));
        assert!(admits(json!({"since": "2026-03-02T11:30:00Z"})));
        assert!(!admits(json!({"before": "2026-03-02T11:30:00Z"})));
        assert_eq!(Standing::parse("late").map_err(|problem| problem.contains("open")), Err(true));
    }
}
