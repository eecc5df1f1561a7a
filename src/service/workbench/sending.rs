//! Sending: what a person or an agent typed becomes a message, with or without a supervisor.
//!
//! Without one the message waits at the door, signed like any other.

use serde_json::{Value, json};

use crate::domain::authentication::mac;
use crate::domain::command::{Answer, Command};
use crate::domain::id::MessageId;
use crate::domain::message::{Draft, MessageType, Priority};
use crate::domain::name::Address;
use crate::domain::protocol::Protocol;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::manifest::message::{parse_input, render};
use crate::service::link::{ENDED, Link, UNHEARD};
use crate::service::wire::Ask;
use crate::service::workbench::{Identity, Workbench, read_as};

/// What `agency send` is given beside the text; what is set here wins over the text's own fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DraftOptions {
    /// Who it says it is from.
    pub from: Option<Address>,
    /// The type; none: the text's own.
    pub kind: Option<MessageType>,
    /// Task id or title.
    pub task: Option<String>,
    /// How urgent.
    pub priority: Option<Priority>,
    /// The message it answers.
    pub in_reply_to: Option<MessageId>,
}

impl Workbench {
    /// Reads what a person or an agent typed: a JSON object (an envelope or a flat one) or plain text
    /// whose leading word decides the type. A text that begins with `{` and is no JSON is refused
    /// with line and column. Asks nobody and sends nothing.
    pub fn draft(
        &self,
        to: &Address,
        text: &str,
        options: &DraftOptions,
    ) -> Result<Draft, Refusal> {
        let sender = match &self.identity {
            Identity::Agent { address, .. } => Some(address),
            Identity::Operator => None,
        };
        let mut draft = parse_input(text, to, sender)?;
        draft.to = to.clone();
        // The text's word about its sender counts for nothing: the credential and the flag do.
        draft.from.clone_from(&options.from);
        draft.kind = options.kind.clone().unwrap_or(draft.kind);
        draft.task = options.task.clone().or(draft.task);
        draft.priority = options.priority.unwrap_or(draft.priority);
        draft.in_reply_to = options.in_reply_to.or(draft.in_reply_to);
        match Protocol::of_kind(draft.kind.as_str(), &draft.body) {
            Some(Err(error)) if options.kind.is_some() => Err(error.into()),
            Some(_) | None => Ok(draft),
        }
    }

    /// Sends a message; when no supervisor runs it waits at the door. Returns its id.
    pub fn send(&self, mut draft: Draft) -> Result<MessageId, Refusal> {
        // Chosen here, so that whoever takes it a second time knows it.
        draft.id.get_or_insert_with(|| self.outside.clock.new_id());
        let command = Command::SendMessage { draft: draft.clone() };
        self.hand_in(draft, command)
    }

    /// Carries out a command that sends this draft, or leaves the draft at the door. Its id is chosen.
    pub(super) fn hand_in(&self, draft: Draft, command: Command) -> Result<MessageId, Refusal> {
        let Some(mut link) = Link::open(&self.outside.socket) else {
            return self.drop_at_door(draft);
        };
        let ask = Ask::Command(Box::new(command));
        let value = match link.ask(&self.outside, &self.identity, ask) {
            Err(refusal) if [UNHEARD, ENDED].contains(&refusal.code.as_str()) => {
                return self.drop_at_door(draft);
            }
            other => other?,
        };
        let odd =
            || Refusal::new(RefusalKind::Failed, "version", "the supervisor named no message id");
        match read_as(value)? {
            Answer::Id(id) => id.parse().map_err(|_| odd()),
            Answer::Done | Answer::Text(_) => Err(odd()),
        }
    }

    fn drop_at_door(&self, draft: Draft) -> Result<MessageId, Refusal> {
        let id = draft.id.unwrap_or_else(|| self.outside.clock.new_id());
        let failed = |problem: String| Refusal::new(RefusalKind::Failed, "door", problem);
        let (from, key, token) = match &self.identity {
            Identity::Operator => {
                let token = self
                    .outside
                    .keyring
                    .operator_token()
                    .map_err(|error| failed(error.to_string()))?;
                (
                    draft.from.clone().unwrap_or(Address::Operator),
                    Address::OPERATOR.to_owned(),
                    token,
                )
            }
            Identity::Agent { address, spawn, token } => {
                (Address::Agent(address.clone()), format!("{address}#{spawn}"), token.clone())
            }
        };
        let message = draft.settle(id, from, self.outside.clock.now(), true);
        let text = render(&message);
        let mut value: Value =
            serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
        let auth = json!({ "key": key, "mac": mac(&token, &value) });
        if let Value::Object(fields) = &mut value {
            fields.insert("auth".to_owned(), auth);
        }
        self.outside
            .mailboxes
            .drop_at_door(id, &value.to_string())
            .map_err(|error| failed(error.to_string()))?;
        Ok(id)
    }
}
