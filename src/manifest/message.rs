//! Messages as people and programs write them: the envelope, the flat form, plain text.
//!
//! An object with a `body` is an envelope: its fields are checked, unknown ones are kept in `extra`.
//! One without is *flat*: `type` and its own fields on one level; it becomes an envelope whose body
//! holds them, and words in it that mean something else there (`priority`, `expires_at`) stay
//! in the body only. Whether the sender is who it says is not decided here.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::domain::id::TaskId;
use crate::domain::message::{Draft, Message, MessageType, Priority};
use crate::domain::name::{Address, AgentAddress, Name};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::manifest::fields::choices;
use crate::manifest::tree::without_place;

/// The proof of who wrote a message, unchecked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// The key's id.
    pub key: String,
    /// HMAC-SHA-256 of the canonical message, hexadecimal.
    pub mac: String,
}

/// Why a text is not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MessageProblem {
    /// `not_json`, `not_an_object`, `missing_field` or `invalid`.
    pub code: &'static str,
    /// One fragment.
    pub message: String,
    /// The field that is wrong, if one is.
    pub field: Option<String>,
}

impl From<MessageProblem> for Refusal {
    fn from(problem: MessageProblem) -> Self {
        Self::new(RefusalKind::Usage, problem.code, problem.message).with_hint(
            "send plain text, or an object like `{\"type\": \"status\", \"body\": \"…\"}`",
        )
    }
}

/// What is known about a message from where it was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// Whom it is for, if that was said beside it; wins over what it says itself.
    pub to: Option<Address>,
    /// Who brought it, if known: fixes the agency in which a bare `agent_id` is looked for.
    pub sender: Option<AgentAddress>,
}

/// Fields of the envelope; everything else is unknown to us.
const ENVELOPE: [&str; 13] = [
    "id",
    "type",
    "from",
    "to",
    "body",
    "priority",
    "task",
    "in_reply_to",
    "sent_at",
    "expires_at",
    "trace",
    "auth",
    "verified",
];

/// Reads what lies at the door. Also gives its `auth` and the message without it, whose
/// canonical text the `mac` covers. The credential's key, if it is an address, is the sender.
pub fn parse_message(text: &str) -> Result<(Draft, Option<Auth>, Value), MessageProblem> {
    let mut object = object_of(text)?;
    let auth = auth(object.remove("auth"))?;
    let sender = auth.as_ref().and_then(|auth| auth.key.parse().ok());
    let draft = draft(&object, &Circumstances { to: None, sender })?;
    Ok((draft, auth, Value::Object(object)))
}

/// Reads a message whose circumstances are known; an `auth` in it means nothing here.
pub fn parse_body(text: &str, circumstances: &Circumstances) -> Result<Draft, MessageProblem> {
    let mut object = object_of(text)?;
    object.remove("auth");
    draft(&object, circumstances)
}

/// Reads what a person gives `agency send TO …`: an object if it begins with `{`, else text.
pub fn parse_input(
    text: &str,
    to: &Address,
    sender: Option<&AgentAddress>,
) -> Result<Draft, MessageProblem> {
    if text.trim_start().starts_with('{') {
        parse_body(text, &Circumstances { to: Some(to.clone()), sender: sender.cloned() })
    } else if text.trim().is_empty() {
        Err(missing("body", "the message is empty"))
    } else {
        Ok(draft_of_text(to.clone(), text))
    }
}

/// A message of plain text: its leading word decides the type, `TASK-042` among the first two words
/// (`TASK-042: …`, `BLOCKED TASK-042: …`) the task.
pub fn draft_of_text(to: Address, text: &str) -> Draft {
    let kind = MessageType::of_text(text);
    let words = text.split(|c: char| c.is_whitespace() || c == ':').filter(|word| !word.is_empty());
    let is_task = |word: &&str| word.starts_with("TASK-") && word.parse::<TaskId>().is_ok();
    let task = words.take(2).find(is_task).filter(|_| kind.as_str() != "note");
    let mut draft = Draft::new(kind, to, Value::String(text.to_owned()));
    draft.task = task.map(str::to_owned);
    draft
}

/// A message as it lies in a mailbox; [`parse_message`] reads it back. Absent fields are left out.
pub fn render(message: &Message) -> String {
    let mut object: Map<String, Value> =
        message.extra.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let mut put = |key: &str, value: Option<String>| {
        object.remove(key);
        object.extend(value.map(|value| (key.to_owned(), Value::String(value))));
    };
    put("id", Some(message.id.to_string()));
    put("type", Some(message.kind.to_string()));
    put("from", Some(message.from.to_string()));
    put("to", Some(message.to.to_string()));
    put("priority", Some(message.priority.as_str().to_owned()));
    put("task", message.task.clone());
    put("in_reply_to", message.in_reply_to.map(|id| id.to_string()));
    put("sent_at", Some(message.sent_at.to_string()));
    put("expires_at", message.expires_at.map(|at| at.to_string()));
    put("trace", message.trace.clone());
    put("auth", None);
    object.insert("body".to_owned(), message.body.clone());
    object.insert("verified".to_owned(), Value::Bool(message.verified));
    serde_json::to_string_pretty(&object).unwrap_or_default()
}

fn object_of(text: &str) -> Result<Map<String, Value>, MessageProblem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(MessageProblem {
            code: "not_an_object",
            message: "a message is a JSON object, say `{\"type\": \"status\", …}`".to_owned(),
            field: None,
        }),
        Err(error) => {
            let (line, column) = (error.line(), error.column().max(1));
            let message =
                format!("not JSON at line {line}, column {column}: {}", without_place(&error));
            Err(MessageProblem { code: "not_json", message, field: None })
        }
    }
}

fn auth(value: Option<Value>) -> Result<Option<Auth>, MessageProblem> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match (text(&value, "key"), text(&value, "mac")) {
            (Some(key), Some(mac)) => Ok(Some(Auth { key, mac })),
            _ => Err(invalid("auth", "`auth` must be `{\"key\": …, \"mac\": …}`, both texts")),
        },
    }
}

fn draft(
    object: &Map<String, Value>,
    circumstances: &Circumstances,
) -> Result<Draft, MessageProblem> {
    let kind = kind(object)?;
    let has = |key: &str| object.get(key).is_some_and(|value| !value.is_null());
    if has("body") {
        return envelope(object, kind, circumstances);
    }
    if object.keys().all(|key| ENVELOPE.contains(&key.as_str())) {
        return Err(missing("body", "`body` is missing; write a text or an object"));
    }
    flat(object, kind, circumstances)
}

fn kind(object: &Map<String, Value>) -> Result<MessageType, MessageProblem> {
    let word = text_at(object, "type")?.ok_or_else(|| {
        missing("type", "`type` is missing; say `status`, `question`, `handoff`, …")
    })?;
    MessageType::parse(word).map_err(|error| {
        let lower = word.to_ascii_lowercase();
        let near = MessageType::parse(&lower).map(|_| format!("; did you mean `{lower}`?"));
        invalid("type", format!("{error}{}", near.unwrap_or_default()))
    })
}

fn envelope(
    object: &Map<String, Value>,
    kind: MessageType,
    circumstances: &Circumstances,
) -> Result<Draft, MessageProblem> {
    let to = match &circumstances.to {
        Some(to) => to.clone(),
        None => address_at(object, "to")?
            .ok_or_else(|| missing("to", "`to` is missing; write `Agency/agent` or `Agency`"))?,
    };
    let unknown = |(key, _): &(&String, &Value)| !ENVELOPE.contains(&key.as_str());
    Ok(Draft {
        id: parsed_at(object, "id", "a UUID")?,
        from: address_at(object, "from")?,
        body: body(object)?,
        priority: priority(object)?,
        task: text_at(object, "task")?.map(str::to_owned),
        in_reply_to: parsed_at(object, "in_reply_to", "a message id (UUID)")?,
        sent_at: parsed_at(object, "sent_at", "a time like `2025-11-20T14:30:00Z`")?,
        expires_at: parsed_at(object, "expires_at", "a time like `2025-11-20T14:30:00Z`")?,
        trace: text_at(object, "trace")?.map(str::to_owned),
        extra: object.iter().filter(unknown).map(|(k, v)| (k.clone(), v.clone())).collect(),
        kind,
        to,
    })
}

fn body(object: &Map<String, Value>) -> Result<Value, MessageProblem> {
    match object.get("body") {
        Some(Value::String(text)) if text.trim().is_empty() => {
            Err(missing("body", "`body` is empty"))
        }
        Some(body @ (Value::String(_) | Value::Object(_))) => Ok(body.clone()),
        _ => Err(invalid("body", "`body` must be a text or an object")),
    }
}

fn priority(object: &Map<String, Value>) -> Result<Priority, MessageProblem> {
    let Some(word) = text_at(object, "priority")? else { return Ok(Priority::default()) };
    priority_of(word).ok_or_else(|| {
        let accepted = ["low", "normal", "high", "critical"];
        let message = format!("`priority` cannot be `{word}`; {}", choices(word, &accepted));
        invalid("priority", message)
    })
}

fn priority_of(word: &str) -> Option<Priority> {
    [Priority::Low, Priority::Normal, Priority::High, Priority::Critical]
        .into_iter()
        .find(|priority| priority.as_str() == word)
}

/// The flat form. Only what cannot be mistaken is taken out of it; the body keeps all of its fields.
fn flat(
    object: &Map<String, Value>,
    kind: MessageType,
    circumstances: &Circumstances,
) -> Result<Draft, MessageProblem> {
    let from = flat_address(object, "from", &["from_agent", "agent_id"], circumstances)?;
    let named = flat_address(object, "to", &["to_agent", "assigned_to"], circumstances)?;
    let to = circumstances.to.clone().or(named).or_else(|| coordinator_of(&from, circumstances));
    let to = to.ok_or_else(|| {
        missing(
            "to",
            "nobody is named as receiver; add `to`, or write the sender as `Agency/agent`",
        )
    })?;
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    let own = |(key, _): &(&String, &Value)| !["type", "from", "to"].contains(&key.as_str());
    let fields: Map<String, Value> =
        object.iter().filter(own).map(|(key, value)| (key.clone(), value.clone())).collect();
    Ok(Draft {
        id: text("id").and_then(|id| id.parse().ok()),
        from,
        priority: text("priority").and_then(priority_of).unwrap_or_default(),
        task: text("task").or_else(|| text("task_id")).map(str::to_owned),
        in_reply_to: text("in_reply_to").and_then(|id| id.parse().ok()),
        sent_at: text("sent_at").or_else(|| text("timestamp")).and_then(|at| at.parse().ok()),
        expires_at: None,
        trace: text("trace").map(str::to_owned),
        extra: BTreeMap::new(),
        body: Value::Object(fields),
        kind,
        to,
    })
}

/// A flat message's party: an address in `key`, or an agent's id, which is looked for in the sender's
/// own agency when it names none.
fn flat_address(
    object: &Map<String, Value>,
    key: &'static str,
    agent_keys: &[&'static str],
    circumstances: &Circumstances,
) -> Result<Option<Address>, MessageProblem> {
    if let Some(address) = address_at(object, key)? {
        return Ok(Some(address));
    }
    let has = |key: &&&str| object.get(**key).is_some_and(|value| !value.is_null());
    let Some(key) = agent_keys.iter().find(has) else { return Ok(None) };
    let address = address_at(object, key)?;
    Ok(address.map(|address| match (address, &circumstances.sender) {
        (Address::Agency(agent), Some(sender)) => {
            Address::Agent(AgentAddress::new(sender.agency.clone(), agent))
        }
        (other, _) => other,
    }))
}

fn coordinator_of(from: &Option<Address>, circumstances: &Circumstances) -> Option<Address> {
    let sender: Option<&Name> = circumstances.sender.as_ref().map(|sender| &sender.agency);
    let from = match from {
        Some(Address::Agent(agent)) => Some(&agent.agency),
        Some(Address::Agency(_) | Address::Operator | Address::Workbench | Address::Everyone)
        | None => None,
    };
    sender.or(from).cloned().map(Address::Agency)
}

fn text_at<'o>(
    object: &'o Map<String, Value>,
    key: &str,
) -> Result<Option<&'o str>, MessageProblem> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(invalid(key, format!("`{key}` must be a text"))),
    }
}

fn address_at(object: &Map<String, Value>, key: &str) -> Result<Option<Address>, MessageProblem> {
    let parse = |text: &str| {
        Address::parse(text).map_err(|error| invalid(key, format!("`{key}`: {error}")))
    };
    text_at(object, key)?.map(parse).transpose()
}

fn parsed_at<T: std::str::FromStr>(
    object: &Map<String, Value>,
    key: &str,
    wanted: &str,
) -> Result<Option<T>, MessageProblem> {
    let parse = |text: &str| {
        text.parse().map_err(|_| invalid(key, format!("`{key}` must be {wanted}, not `{text}`")))
    };
    text_at(object, key)?.map(parse).transpose()
}

fn missing(field: &str, message: impl Into<String>) -> MessageProblem {
    MessageProblem { code: "missing_field", message: message.into(), field: Some(field.to_owned()) }
}

fn invalid(field: &str, message: impl Into<String>) -> MessageProblem {
    MessageProblem { code: "invalid", message: message.into(), field: Some(field.to_owned()) }
}

#[cfg(test)]
mod tests;
