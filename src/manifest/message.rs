//! Messages as people and programs write them: the envelope, the flat form, plain text.
//!
//! An object with a `body` is an envelope: its fields are checked, unknown ones are kept in `extra`.
//! One without is *flat*: `type` and its own fields on one level; it becomes an envelope whose body
//! holds them, and words in it that mean something else there (`priority`, `expires_at`) stay
//! in the body only. A type with a fixed shape has it, or the message is refused, naming field, line and
//! column. Whether the sender is who it says is not decided here.
//!
//! A message may say for which version of the protocol it was written (`"version": 1`; in an envelope also
//! as text, `"1.2"`): an older one is taken, one with a newer major number is refused. In a flat message a
//! text under that name is a field like any other, and so is a number in one of a type that has no fixed shape.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::domain::id::TaskId;
use crate::domain::message::{Draft, Message, MessageType, Priority};
use crate::domain::name::{Address, AgentAddress, Name};
use crate::domain::nearest::choices;
use crate::domain::protocol::{Part, Protocol, schema};
use crate::domain::trace::Trace;

mod problem;
mod strict;

pub use problem::MessageProblem;
use problem::Wrong;
pub use strict::MAX_DEPTH;

/// The proof of who wrote a message, unchecked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// The key's id.
    pub key: String,
    /// HMAC-SHA-256 of the canonical message, hexadecimal.
    pub mac: String,
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
const ENVELOPE: [&str; 14] = [
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
    "version",
];

/// Reads what lies at the door. Also gives its `auth` and the message without it, whose
/// canonical text the `mac` covers. The credential's key, if it is an address, is the sender.
pub fn parse_message(text: &str) -> Result<(Draft, Option<Auth>, Value), MessageProblem> {
    let text = without_mark(text);
    let mut object = object_of(text)?;
    let taken = auth(object.remove("auth")).and_then(|auth| {
        let sender = auth.as_ref().and_then(|auth| auth.key.split('#').next()?.parse().ok());
        Ok((draft(&object, &Circumstances { to: None, sender })?, auth))
    });
    let (draft, auth) = taken.map_err(|wrong| wrong.in_text(text))?;
    Ok((draft, auth, Value::Object(object)))
}

/// Reads a message whose circumstances are known; an `auth` in it means nothing here.
pub fn parse_body(text: &str, circumstances: &Circumstances) -> Result<Draft, MessageProblem> {
    let text = without_mark(text);
    let mut object = object_of(text)?;
    object.remove("auth");
    draft(&object, circumstances).map_err(|wrong| wrong.in_text(text))
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
        Err(Wrong::missing("body", "the message is empty").in_text(text))
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

/// Some programs begin a text with a byte order mark.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn object_of(text: &str) -> Result<Map<String, Value>, MessageProblem> {
    let problem =
        |code, message, place| MessageProblem { code, message, field: None, place, kind: None };
    match strict::read(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => {
            let message = "a message is a JSON object, say `{\"type\": \"status\", …}`".to_owned();
            Err(problem("not_an_object", message, None))
        }
        Err(error) => Err(problem(error.code, error.message, Some(error.place))),
    }
}

fn auth(value: Option<Value>) -> Result<Option<Auth>, Wrong> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match (text(&value, "key"), text(&value, "mac")) {
            (Some(key), Some(mac)) => Ok(Some(Auth { key, mac })),
            _ => {
                Err(Wrong::invalid("auth", "`auth` must be `{\"key\": …, \"mac\": …}`, both texts"))
            }
        },
    }
}

fn draft(object: &Map<String, Value>, circumstances: &Circumstances) -> Result<Draft, Wrong> {
    let kind = kind(object)?;
    let has = |key: &str| object.get(key).is_some_and(|value| !value.is_null());
    let is_envelope = has("body");
    if is_envelope || Protocol::TYPES.contains(&kind.as_str()) {
        require_version(object.get("version"), is_envelope)?;
    }
    if !is_envelope && object.keys().all(|key| ENVELOPE.contains(&key.as_str())) {
        return Err(Wrong::missing("body", "`body` is missing; write a text or an object"));
    }
    let draft = if is_envelope {
        envelope(object, kind, circumstances)?
    } else {
        flat(object, kind, circumstances)?
    };
    let within = if is_envelope { vec![Part::Key("body".to_owned())] } else { Vec::new() };
    match Protocol::of_kind(draft.kind.as_str(), &draft.body) {
        Some(Err(error)) => Err(Wrong::shape(error, within)),
        Some(Ok(_)) | None => Ok(draft),
    }
}

/// A newer major version may mean something that is not known here.
fn require_version(version: Option<&Value>, is_envelope: bool) -> Result<(), Wrong> {
    let words = "`version` must be a whole number, or a text like `1.2`";
    let (major, shown) = match version {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Number(number)) => (number.as_f64().map(f64::floor), number.to_string()),
        Some(Value::String(text)) if is_envelope => {
            let is_version = text.split('.').all(|part| part.parse::<u32>().is_ok());
            let major = text.split('.').next().filter(|_| is_version).and_then(|m| m.parse().ok());
            (major, text.clone())
        }
        Some(_) if is_envelope => return Err(Wrong::invalid("version", words)),
        Some(_) => return Ok(()),
    };
    match major {
        Some(major) if major > f64::from(schema::VERSION) => Err(Wrong::too_new(format!(
            "version {shown} of the protocol is newer than this program, which knows {}",
            schema::VERSION
        ))),
        Some(major) if major >= 0.0 => Ok(()),
        Some(_) | None => Err(Wrong::invalid("version", words)),
    }
}

fn kind(object: &Map<String, Value>) -> Result<MessageType, Wrong> {
    let word = text_at(object, "type")?.ok_or_else(|| {
        Wrong::missing("type", "`type` is missing; say `status`, `question`, `handoff`, …")
    })?;
    MessageType::parse(word).map_err(|error| {
        let lower = word.to_ascii_lowercase();
        let near = MessageType::parse(&lower).map(|_| format!("; did you mean `{lower}`?"));
        Wrong::invalid("type", format!("{error}{}", near.unwrap_or_default()))
    })
}

fn envelope(
    object: &Map<String, Value>,
    kind: MessageType,
    circumstances: &Circumstances,
) -> Result<Draft, Wrong> {
    let to = match &circumstances.to {
        Some(to) => to.clone(),
        None => address_at(object, "to")?.ok_or_else(|| {
            Wrong::missing("to", "`to` is missing; write `Agency/agent` or `Agency`")
        })?,
    };
    // The version is passed on like what is not known: whoever reads it may want it.
    let unknown =
        |(key, _): &(&String, &Value)| !ENVELOPE.contains(&key.as_str()) || *key == "version";
    Ok(Draft {
        id: parsed_at(object, "id", "a UUID")?,
        from: address_at(object, "from")?,
        body: body(object)?,
        priority: priority(object)?,
        task: text_at(object, "task")?.map(str::to_owned),
        in_reply_to: parsed_at(object, "in_reply_to", "a message id (UUID)")?,
        sent_at: parsed_at(object, "sent_at", "a time like `2025-11-20T14:30:00Z`")?,
        expires_at: parsed_at(object, "expires_at", "a time like `2025-11-20T14:30:00Z`")?,
        trace: trace(object)?,
        extra: object.iter().filter(unknown).map(|(k, v)| (k.clone(), v.clone())).collect(),
        kind,
        to,
    })
}

fn trace(object: &Map<String, Value>) -> Result<Option<String>, Wrong> {
    let Some(text) = text_at(object, "trace")? else { return Ok(None) };
    match text.parse::<Trace>() {
        Ok(trace) => Ok(Some(trace.to_string())),
        Err(error) => Err(Wrong::invalid("trace", format!("`trace`: {error}"))),
    }
}

fn body(object: &Map<String, Value>) -> Result<Value, Wrong> {
    match object.get("body") {
        Some(Value::String(text)) if text.trim().is_empty() => {
            Err(Wrong::missing("body", "`body` is empty"))
        }
        Some(body @ (Value::String(_) | Value::Object(_))) => Ok(body.clone()),
        _ => Err(Wrong::invalid("body", "`body` must be a text or an object")),
    }
}

fn priority(object: &Map<String, Value>) -> Result<Priority, Wrong> {
    let Some(word) = text_at(object, "priority")? else { return Ok(Priority::default()) };
    priority_of(word).ok_or_else(|| {
        let accepted = ["low", "normal", "high", "critical"];
        let message = format!("`priority` cannot be `{word}`; {}", choices(word, &accepted));
        Wrong::invalid("priority", message)
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
) -> Result<Draft, Wrong> {
    let from = flat_address(object, "from", &["from_agent", "agent_id"], circumstances)?;
    let named = flat_address(object, "to", &["to_agent", "assigned_to"], circumstances)?;
    let to = circumstances.to.clone().or(named).or_else(|| coordinator_of(&from, circumstances));
    let to = to.ok_or_else(|| {
        Wrong::missing(
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
        trace: text("trace").filter(|text| text.parse::<Trace>().is_ok()).map(str::to_owned),
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
) -> Result<Option<Address>, Wrong> {
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

fn text_at<'o>(object: &'o Map<String, Value>, key: &str) -> Result<Option<&'o str>, Wrong> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Wrong::invalid(key, format!("`{key}` must be a text"))),
    }
}

fn address_at(object: &Map<String, Value>, key: &str) -> Result<Option<Address>, Wrong> {
    let parse = |text: &str| {
        Address::parse(text).map_err(|error| Wrong::invalid(key, format!("`{key}`: {error}")))
    };
    text_at(object, key)?.map(parse).transpose()
}

fn parsed_at<T: std::str::FromStr>(
    object: &Map<String, Value>,
    key: &str,
    wanted: &str,
) -> Result<Option<T>, Wrong> {
    let parse = |text: &str| {
        text.parse()
            .map_err(|_| Wrong::invalid(key, format!("`{key}` must be {wanted}, not `{text}`")))
    };
    text_at(object, key)?.map(parse).transpose()
}

#[cfg(test)]
mod tests;
