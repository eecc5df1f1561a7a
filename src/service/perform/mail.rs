//! Performing what concerns mailboxes and the door: quick, in order, on the loop.
//!
//! A failure is logged and the message stays where it was, to be tried again.

use serde_json::Value;

use crate::domain::authentication::verify_mac;
use crate::domain::id::{MessageId, SpawnId, derived_id};
use crate::domain::message::{DeadReason, Draft, Message};
use crate::domain::name::{Address, AgentAddress};
use crate::engine::input::{Input, LeftUndone};
use crate::engine::state::State;
use crate::failpoint;
use crate::manifest::message::{Auth, parse_message, render};
use crate::ports::mailboxes::{DoorContent, DoorItem, MailboxError};
use crate::service::outside::Outside;

/// Files taken from the door at once.
const DOOR_LIMIT: usize = 512;

/// Puts a message into its mailbox, then clears its file from the door.
pub fn fill(
    state: &State,
    outside: &Outside,
    to: Option<AgentAddress>,
    id: MessageId,
    file: Option<String>,
) -> Vec<Input> {
    let Some(record) = state.mail.messages.get(&id) else { return Vec::new() };
    if let Some(to) = to
        && let Err(error) = outside.mailboxes.put(&to, id, &render(&record.message))
    {
        // Accepted and not routed: it is shown as such until it can be written.
        tracing::error!(%id, %error, "the mailbox could not be written");
        return vec![Input::LeftUndone { what: LeftUndone::Mailbox }];
    }
    failpoint::hit("message.in_mailbox");
    if let Some(file) = file {
        clear_door(outside, &file);
    }
    vec![Input::MailboxFilled { id }]
}

/// Clears a file from the door.
pub fn clear_door(outside: &Outside, file: &str) {
    warn(outside.mailboxes.clear_from_door(file), "the door could not be cleared");
}

/// Moves a file from the door to the dead ones.
pub fn bury_at_door(outside: &Outside, file: &str, reason: &DeadReason) {
    warn(
        outside.mailboxes.bury_from_door(file, reason),
        "the message could not be moved to the dead ones",
    );
}

/// Moves a message to the delivered ones.
pub fn mark_delivered(outside: &Outside, to: &AgentAddress, id: MessageId) {
    warn(
        outside.mailboxes.mark_delivered(to, id),
        "the message could not be moved to the delivered ones",
    );
}

/// Moves a message to the dead ones.
pub fn bury(outside: &Outside, to: &AgentAddress, id: MessageId, reason: &DeadReason) {
    warn(outside.mailboxes.bury(to, id, reason), "the message could not be moved to the dead ones");
}

fn warn(result: Result<(), MailboxError>, what: &str) {
    if let Err(error) = result {
        tracing::warn!(%error, "{what}");
    }
}

/// Everything that lies at the door, as inputs.
pub fn read_door(outside: &Outside) -> Vec<Input> {
    match outside.mailboxes.look_at_door(DOOR_LIMIT) {
        Ok(items) => items.into_iter().map(|item| judge(outside, item)).collect(),
        Err(error) => {
            tracing::warn!(%error, "the door could not be read");
            Vec::new()
        }
    }
}

fn judge(outside: &Outside, item: DoorItem) -> Input {
    let DoorItem { file, stamp, content } = item;
    let refuse = |code: &str, message: String, field: Option<String>| Input::RefusedAtDoor {
        file: file.clone(),
        reason: DeadReason { code: code.to_owned(), message, field, at: outside.clock.now() },
    };
    let bytes = match content {
        DoorContent::Bytes(bytes) => bytes,
        DoorContent::TooLarge { bytes } => {
            return refuse("too_large", format!("{bytes} bytes, at most 1 MiB is taken"), None);
        }
        DoorContent::Unreadable { problem } => return refuse("unreadable", problem, None),
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return refuse("not_json", "it is not text (UTF-8)".to_owned(), None);
    };
    match parse_message(&text) {
        Err(problem) => refuse(problem.code, problem.message, problem.field),
        Ok((draft, auth, value)) => match authenticate(outside, &draft, auth.as_ref(), &value) {
            Err((code, message)) => refuse(code, message, Some("auth".to_owned())),
            Ok(Sender { from, is_verified }) => {
                let message = Box::new(settle(outside, draft, from, is_verified, &file, &stamp));
                Input::MessageAtDoor { file, message }
            }
        },
    }
}

struct Sender {
    from: Address,
    is_verified: bool,
}

/// The sender is who signed; an unsigned message is let in only from those the operator lists.
fn authenticate(
    outside: &Outside,
    draft: &Draft,
    auth: Option<&Auth>,
    value: &Value,
) -> Result<Sender, (&'static str, String)> {
    let Some(auth) = auth else { return open_sender(outside, draft) };
    let unauthenticated = |message: String| ("unauthenticated", message);
    let keyring =
        |error: crate::ports::keyring::KeyringError| ("unauthenticated", error.to_string());
    if auth.key == Address::OPERATOR {
        let token = outside.keyring.operator_token().map_err(keyring)?;
        if !verify_mac(&token, value, &auth.mac) {
            return Err(unauthenticated("the signature is not the operator's".to_owned()));
        }
        let from = draft.from.clone().unwrap_or(Address::Operator);
        return Ok(Sender { from, is_verified: true });
    }
    let (address, spawn) = auth
        .key
        .split_once('#')
        .and_then(|(address, spawn)| {
            Some((address.parse::<AgentAddress>().ok()?, spawn.parse::<SpawnId>().ok()?))
        })
        .ok_or_else(|| {
            unauthenticated(format!(
                "the key `{}` is neither `operator` nor `Agency/agent#spawn`",
                auth.key
            ))
        })?;
    let token = outside.keyring.agent_token(&address, spawn).map_err(keyring)?;
    if !verify_mac(&token, value, &auth.mac) {
        return Err(unauthenticated(format!("the signature is not that of `{address}`")));
    }
    Ok(Sender { from: Address::Agent(address), is_verified: true })
}

fn open_sender(outside: &Outside, draft: &Draft) -> Result<Sender, (&'static str, String)> {
    let config = outside.folder.load_config().ok().flatten();
    let config =
        config.and_then(|file| crate::manifest::workbench::parse("agency.toml", &file.text).ok());
    let open_from = config.map(|config| config.queue.open_from).unwrap_or_default();
    let claimed = draft.from.as_ref().map(ToString::to_string).unwrap_or_default();
    if claimed != Address::OPERATOR && open_from.contains(&claimed) {
        let from = draft.from.clone().unwrap_or(Address::Operator);
        return Ok(Sender { from, is_verified: false });
    }
    let message = if claimed.is_empty() {
        "it is not signed and names no sender".to_owned()
    } else {
        format!(
            "it is not signed, and `{claimed}` is not listed under `[queue] open_from` in agency.toml"
        )
    };
    Err(("unauthenticated", message))
}

/// An id made on arrival follows from the file, so that reading it a second time after a crash names
/// the same message, while the same text dropped twice is two messages.
fn settle(
    outside: &Outside,
    draft: Draft,
    from: Address,
    verified: bool,
    file: &str,
    stamp: &str,
) -> Message {
    let now = outside.clock.now();
    let seed = seed_of(&format!("{file}\n{stamp}"));
    let id = derived_id(stamp_ms(stamp), seed, 0);
    draft.settle(id, from, now, verified)
}

fn seed_of(text: &str) -> uuid::Uuid {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(text.as_bytes());
    let bytes =
        digest.get(..16).and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()).unwrap_or_default();
    uuid::Uuid::from_bytes(bytes)
}

/// A stamp begins with the file's time in milliseconds.
fn stamp_ms(stamp: &str) -> u64 {
    stamp.split('-').next().and_then(|ms| ms.parse().ok()).unwrap_or(0)
}
