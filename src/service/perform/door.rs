//! What lies at the door becomes inputs: read, judged, and either a message with its sender or a reason to be dead.
//!
//! A signed message counts once and for a while: it says when it was sent, and one without an id gets one that follows
//! from its signature, so that a copy of it is the same message. Nothing is decided here that the ledger has to know.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::domain::authentication::verify_mac;
use crate::domain::id::{SpawnId, derived_id};
use crate::domain::message::{DeadReason, Draft, Message, Place};
use crate::domain::name::{Address, AgentAddress};
use crate::engine::input::Input;
use crate::engine::state::State;
use crate::manifest::message::{Auth, parse_message};
use crate::ports::keyring::KeyringError;
use crate::ports::mailboxes::{DoorContent, DoorItem};
use crate::service::outside::Outside;

/// Files taken from the door at once: some 15 ms of work, so that whoever asks meanwhile does not wait longer.
const DOOR_LIMIT: usize = 256;

/// Clocks of containers and other machines that share the folder differ by less than this.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// A file that is cut short and this young is still being written.
const WRITING: SignedDuration = SignedDuration::from_secs(2);

/// The next files at the door, as inputs.
pub fn read_door(state: &State, outside: &Outside) -> Vec<Input> {
    let items = match outside.mailboxes.look_at_door(DOOR_LIMIT) {
        Ok(items) => items,
        Err(error) => {
            // The door's own thread has warned, once.
            tracing::debug!(%error, "the door could not be read");
            return Vec::new();
        }
    };
    let mut desk = Desk { state, outside, now: outside.clock.now(), open_from: None };
    items.into_iter().filter_map(|item| desk.judge(item)).collect()
}

/// Why a message is dead: a code, a sentence, the field, its place in the text.
struct Fault(&'static str, String, Option<String>, Option<Place>);

struct Sender {
    from: Address,
    is_verified: bool,
}

/// Where a look's files are judged.
struct Desk<'a> {
    state: &'a State,
    outside: &'a Outside,
    now: Timestamp,
    /// Read when the first unsigned message comes.
    open_from: Option<Vec<String>>,
}

impl Desk<'_> {
    /// What a file is; none while it is still being written.
    fn judge(&mut self, item: DoorItem) -> Option<Input> {
        match self.message(&item) {
            Ok(message) => {
                Some(Input::MessageAtDoor { file: item.file, message: Box::new(message?) })
            }
            Err(Fault(code, message, field, place)) => {
                let reason =
                    DeadReason { field, place, ..DeadReason::new(code, message, self.now) };
                Some(Input::RefusedAtDoor { file: item.file, reason })
            }
        }
    }

    fn message(&mut self, item: &DoorItem) -> Result<Option<Message>, Fault> {
        let bytes = match &item.content {
            DoorContent::Bytes(bytes) => bytes,
            DoorContent::TooLarge { bytes } => {
                let message = format!("{bytes} bytes, at most 1 MiB is taken");
                return Err(Fault("too_large", message, None, None));
            }
            DoorContent::Unreadable { problem } => {
                return Err(Fault("unreadable", problem.clone(), None, None));
            }
        };
        let is_being_written = || is_cut_short(bytes) && self.is_young(&item.stamp);
        let Ok(text) = std::str::from_utf8(bytes) else {
            let fault = Fault("not_json", "it is not text (UTF-8)".to_owned(), None, None);
            return if is_being_written() { Ok(None) } else { Err(fault) };
        };
        let (draft, auth, value) = match parse_message(text) {
            Ok(read) => read,
            Err(problem) if problem.code == "not_json" && is_being_written() => return Ok(None),
            Err(problem) => {
                let message = problem.to_string();
                return Err(Fault(problem.code, message, problem.field, problem.place));
            }
        };
        let sender = self.authenticate(&draft, auth.as_ref(), &value, item.written_at)?;
        Ok(Some(self.settle(draft, auth.as_ref(), sender, item)))
    }

    fn is_young(&self, stamp: &str) -> bool {
        let written = i64::try_from(stamp_ms(stamp)).unwrap_or(0);
        let age = self.now.as_millisecond().saturating_sub(written);
        age < i64::try_from(WRITING.as_millis()).unwrap_or(0)
    }

    /// The sender is who signed; an unsigned message is let in only from those the operator lists.
    fn authenticate(
        &mut self,
        draft: &Draft,
        auth: Option<&Auth>,
        value: &Value,
        written_at: Option<Timestamp>,
    ) -> Result<Sender, Fault> {
        let Some(auth) = auth else { return self.open_sender(draft) };
        let from = match auth.key.as_str() {
            Address::OPERATOR => self.operators_sender(draft, auth, value)?,
            _ => self.agents_sender(draft, auth, value, written_at)?,
        };
        self.require_fresh(draft, written_at)?;
        Ok(Sender { from, is_verified: true })
    }

    /// The operator may speak for anybody but the workbench itself.
    fn operators_sender(
        &self,
        draft: &Draft,
        auth: &Auth,
        value: &Value,
    ) -> Result<Address, Fault> {
        let token = self.outside.keyring.operator_token().map_err(unread)?;
        if !verify_mac(&token, value, &auth.mac) {
            return Err(unauthenticated("the signature is not the operator's".to_owned()));
        }
        match &draft.from {
            None => Ok(Address::Operator),
            Some(from @ (Address::Workbench | Address::Everyone)) => {
                Err(forged(format!("nobody may say that a message is from `{from}`")))
            }
            Some(from) => Ok(from.clone()),
        }
    }

    fn agents_sender(
        &self,
        draft: &Draft,
        auth: &Auth,
        value: &Value,
        written_at: Option<Timestamp>,
    ) -> Result<Address, Fault> {
        let (address, spawn) = key_of(&auth.key)?;
        let token = self.outside.keyring.agent_token(&address, spawn).map_err(unread)?;
        if !verify_mac(&token, value, &auth.mac) {
            return Err(unauthenticated(format!("the signature is not that of `{address}`")));
        }
        if !self.is_of_its_life(&address, spawn, written_at) {
            return Err(unauthenticated(format!("`{address}` signed it in a life that has ended")));
        }
        let own = Address::Agent(address.clone());
        match &draft.from {
            None => Ok(own),
            Some(from) if *from == own => Ok(own),
            Some(Address::Agency(agency)) if self.is_coordinator(&address) => {
                match *agency == address.agency {
                    true => Ok(Address::Agency(agency.clone())),
                    false => Err(forged(format!("`{address}` cannot speak for `{agency}`"))),
                }
            }
            Some(from) => Err(forged(format!("it is signed by `{address}` and not by `{from}`"))),
        }
    }

    /// Whether a life was not over yet when the file was written: what an agent said before it ended counts, however
    /// long it waits for a supervisor or for room, and a program that outlives its agent is not heard any more.
    fn is_of_its_life(
        &self,
        address: &AgentAddress,
        spawn: SpawnId,
        written_at: Option<Timestamp>,
    ) -> bool {
        let Some(record) = self.state.sessions.agent(address) else { return false };
        let ended = match record.spawn {
            Some(present) if present == spawn => return true,
            Some(_) => record.spawned_at,
            None => record.since,
        };
        written_at.zip(ended).is_some_and(|(written_at, ended)| written_at <= ended)
    }

    fn is_coordinator(&self, address: &AgentAddress) -> bool {
        let agency = self.state.sessions.agency(&address.agency);
        agency.is_some_and(|agency| agency.definition.coordinator_address() == *address)
    }

    /// A signed message says when it was sent, and is written to the door while that is not long ago. How long it
    /// waits there for a supervisor or for room does not count.
    fn require_fresh(&self, draft: &Draft, written_at: Option<Timestamp>) -> Result<(), Fault> {
        let Some(sent_at) = draft.sent_at else {
            let message = "`sent_at` is missing; a signed message says when it was sent".to_owned();
            return Err(Fault("missing_field", message, Some("sent_at".to_owned()), None));
        };
        let arrived = written_at.map_or(self.now, |written_at| written_at.min(self.now));
        let window = self.state.config.queue.replay_window_s;
        let window = SignedDuration::from_secs(i64::try_from(window).unwrap_or(i64::MAX));
        if arrived.duration_since(sent_at) > window {
            let message =
                format!("it was signed at {sent_at}, longer ago than `[queue] replay_window`");
            return Err(Fault("stale", message, Some("sent_at".to_owned()), None));
        }
        if sent_at.duration_since(self.now) > SKEW {
            let message = format!("it was signed at {sent_at}, which is still to come");
            return Err(Fault("from_the_future", message, Some("sent_at".to_owned()), None));
        }
        Ok(())
    }

    fn open_sender(&mut self, draft: &Draft) -> Result<Sender, Fault> {
        let Some(claimed) = &draft.from else {
            return Err(unauthenticated("it is not signed and names no sender".to_owned()));
        };
        let outside = self.outside;
        let open_from = self.open_from.get_or_insert_with(|| open_from(outside));
        if open_from.iter().any(|entry| admits(entry, claimed)) {
            return Ok(Sender { from: claimed.clone(), is_verified: false });
        }
        Err(unauthenticated(format!(
            "it is not signed, and `{claimed}` is not listed under `[queue] open_from` in agency.toml"
        )))
    }

    /// An id made on arrival follows from the signature, so that a copy under another name is the same message. An
    /// unsigned one's follows from the file, so that reading it a second time after a crash names the same message,
    /// while the same text dropped twice is two messages.
    fn settle(
        &self,
        draft: Draft,
        auth: Option<&Auth>,
        sender: Sender,
        item: &DoorItem,
    ) -> Message {
        let (at_ms, seed) = match (auth, draft.sent_at) {
            (Some(auth), Some(sent_at)) => {
                let mac = auth.mac.to_ascii_lowercase();
                let at_ms = u64::try_from(sent_at.as_millisecond()).unwrap_or(0);
                (at_ms, format!("{}\n{mac}", auth.key))
            }
            _ => (stamp_ms(&item.stamp), format!("{}\n{}", item.file, item.stamp)),
        };
        let id = derived_id(at_ms, seed_of(&seed), 0);
        draft.settle(id, sender.from, self.now, sender.is_verified)
    }
}

/// `Agency/agent#spawn`.
fn key_of(key: &str) -> Result<(AgentAddress, SpawnId), Fault> {
    let parsed = key.split_once('#').and_then(|(address, spawn)| {
        Some((address.parse::<AgentAddress>().ok()?, spawn.parse::<SpawnId>().ok()?))
    });
    parsed.ok_or_else(|| {
        let key = crate::domain::text::to_line(key, 80);
        unauthenticated(format!("the key `{key}` is neither `operator` nor `Agency/agent#spawn`"))
    })
}

fn unread(error: KeyringError) -> Fault {
    unauthenticated(error.to_string())
}

fn unauthenticated(message: String) -> Fault {
    Fault("unauthenticated", message, Some("auth".to_owned()), None)
}

fn forged(message: String) -> Fault {
    Fault("forged_sender", message, Some("from".to_owned()), None)
}

/// Read anew for each look, so that whoever is added is let in without a restart.
fn open_from(outside: &Outside) -> Vec<String> {
    let config = outside.folder.load_config().ok().flatten();
    let config =
        config.and_then(|file| crate::manifest::workbench::parse("agency.toml", &file.text).ok());
    config.map(|config| config.queue.open_from).unwrap_or_default()
}

/// Whether an entry of `open_from` lets this sender in: itself, an agency with all of its agents, or whatever begins
/// as it does before a `*`. Who signs as a matter of course is never let in without.
fn admits(entry: &str, claimed: &Address) -> bool {
    let agency = match claimed {
        Address::Operator | Address::Workbench | Address::Everyone => return false,
        Address::Agency(agency) => agency,
        Address::Agent(agent) => &agent.agency,
    };
    match entry.strip_suffix('*') {
        Some(prefix) => !prefix.is_empty() && claimed.to_string().starts_with(prefix),
        None => entry == agency.as_str() || entry == claimed.to_string(),
    }
}

/// Whether a text ends in the middle of what it says.
fn is_cut_short(bytes: &[u8]) -> bool {
    match std::str::from_utf8(bytes) {
        Err(error) => error.error_len().is_none(),
        Ok(text) => {
            let read: Result<serde::de::IgnoredAny, _> = serde_json::from_str(text);
            read.is_err_and(|error| error.is_eof())
        }
    }
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

#[cfg(test)]
mod tests;
