//! The gate: who is at the other end of a connection.
//!
//! A credential alone is not enough for the operator: whoever calls from inside an agent's pane is that
//! agent, whatever it claims. The kernel tells the caller's process; its ancestors are compared
//! with the programs of our panes.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::domain::approval::verify_signature;
use crate::domain::command::Actor;
use crate::domain::id::SpawnId;
use crate::domain::name::AgentAddress;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::ports::keyring::Keyring;
use crate::ports::terminals::birth_mark;
use crate::service::wire::{Body, Credential, Request};

/// A signed request is good for this long: clocks are the same, only the scheduler is in between.
const FRESH_S: i64 = 60;

/// Ancestors looked at; a deeper tree of processes is not believed to be an agent's or anybody's.
const MAX_ANCESTORS: usize = 64;

/// The program of a pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resident {
    /// Whose it is.
    pub agent: AgentAddress,
    /// What tells it from a later process with the same id, say after a reboot; none: not known.
    pub born: Option<String>,
}

/// What the gate knows; kept up to date by the loop.
pub struct Gate {
    home: PathBuf,
    operator_key: RwLock<Option<String>>,
    panes: RwLock<BTreeMap<u32, Resident>>,
    lives: RwLock<BTreeMap<AgentAddress, SpawnId>>,
    nonces: Mutex<HashMap<Uuid, Timestamp>>,
}

impl Gate {
    /// The gate of the workbench in this folder; it knows nobody yet.
    pub fn new(home: &Path) -> Arc<Self> {
        Arc::new(Self {
            home: home.to_owned(),
            operator_key: RwLock::default(),
            panes: RwLock::default(),
            lives: RwLock::default(),
            nonces: Mutex::default(),
        })
    }

    /// Tells it the operator's key and the programs of all panes.
    pub fn update(&self, operator_key: Option<String>, panes: BTreeMap<u32, Resident>) {
        *self.operator_key.write().unwrap_or_else(PoisonError::into_inner) = operator_key;
        *self.panes.write().unwrap_or_else(PoisonError::into_inner) = panes;
    }

    /// Tells it the present life of every agent: the token of another one is worth nothing.
    pub fn update_lives(&self, lives: BTreeMap<AgentAddress, SpawnId>) {
        *self.lives.write().unwrap_or_else(PoisonError::into_inner) = lives;
    }

    /// Reads a request's body and tells who asks. `pid` is the caller's process, if the system tells.
    pub fn admit(
        &self,
        request: &Request,
        pid: Option<u32>,
        keyring: &dyn Keyring,
        now: Timestamp,
    ) -> Result<(Actor, Body), Refusal> {
        let body: Body = serde_json::from_str(&request.body).map_err(|error| {
            Refusal::new(
                RefusalKind::Usage,
                "bad_request",
                format!("the request is malformed: {error}"),
            )
        })?;
        if body.workbench != self.home {
            return Err(not_allowed("the request is meant for another workbench".to_owned()));
        }
        let claimed = match &request.credential {
            Credential::Agent { address, spawn, token } => {
                let expected = keyring.agent_token(address, *spawn).map_err(|error| {
                    Refusal::new(RefusalKind::Failed, "keyring", error.to_string())
                })?;
                if !bool::from(expected.as_bytes().ct_eq(token.as_bytes())) {
                    return Err(not_allowed(format!("the credential of `{address}` is not valid")));
                }
                let lives = self.lives.read().unwrap_or_else(PoisonError::into_inner);
                if lives.get(address) != Some(spawn) {
                    return Err(not_allowed(format!(
                        "the credential of `{address}` is of an ended life"
                    )));
                }
                Actor::Agent(address.clone())
            }
            Credential::Operator { signature } => {
                self.require_fresh(&body, now)?;
                self.require_signature(&request.body, signature)?;
                Actor::Operator
            }
        };
        let actor = match (claimed, pid) {
            (Actor::Operator, Some(pid)) => self.operator_or_agent(pid)?,
            (claimed, _) => claimed,
        };
        Ok((actor, body))
    }

    fn require_signature(&self, body: &str, signature: &str) -> Result<(), Refusal> {
        let key = self.operator_key.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(key) = key else {
            return Err(not_allowed("this workbench knows no operator's key yet".to_owned()));
        };
        verify_signature(&key, body.as_bytes(), signature)
            .map_err(|error| not_allowed(format!("you are not this workbench's operator: {error}")))
    }

    fn require_fresh(&self, body: &Body, now: Timestamp) -> Result<(), Refusal> {
        let age_s = (now.as_second() - body.at.as_second()).abs();
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        let horizon = now.saturating_sub(SignedDuration::from_secs(2 * FRESH_S)).unwrap_or(now);
        nonces.retain(|_, at| *at > horizon);
        if age_s > FRESH_S || nonces.insert(body.nonce, now).is_some() {
            return Err(not_allowed("the request is old or repeated".to_owned()));
        }
        Ok(())
    }

    /// Who a process with the operator's signature is: an agent inside of its pane, and nobody if this
    /// supervisor started it, as it does with checks and whatever git runs. Where the ancestors
    /// cannot be followed to their end, nobody either.
    fn operator_or_agent(&self, caller: u32) -> Result<Actor, Refusal> {
        if Process::of(std::process::id()).is_none() {
            // A system that does not tell.
            return Ok(Actor::Operator);
        }
        let panes = self.panes.read().unwrap_or_else(PoisonError::into_inner);
        let mut pid = caller;
        for _ in 0..MAX_ANCESTORS {
            let process = Process::of(pid);
            if let Some(resident) = panes.get(&pid)
                && process.as_ref().is_none_or(|process| process.is(resident))
            {
                return Ok(Actor::Agent(resident.agent.clone()));
            }
            if pid == std::process::id() && pid != caller {
                return Err(not_allowed(
                    "a program that the supervisor started is not the operator".to_owned(),
                ));
            }
            match process.map(|process| process.parent) {
                Some(0 | 1) => return Ok(Actor::Operator),
                Some(parent) => pid = parent,
                None => return Err(not_allowed("the caller ended before it was known".to_owned())),
            }
        }
        Err(not_allowed(format!("the caller has more than {MAX_ANCESTORS} ancestors")))
    }
}

/// A process, where the system has `/proc`.
struct Process {
    parent: u32,
    stat: String,
}

impl Process {
    fn of(pid: u32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The program's name is in parentheses and may hold anything: the fields begin after the last one.
        let (_, fields) = stat.rsplit_once(')')?;
        let parent = fields.split_whitespace().nth(1)?.parse().ok()?;
        Some(Self { parent, stat })
    }

    /// Whether it is the one that was seen in a pane, and not a later one with its id.
    fn is(&self, resident: &Resident) -> bool {
        let Some(born) = &resident.born else { return true };
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        birth_mark(&boot, &self.stat).is_none_or(|mark| mark == *born)
    }
}

fn not_allowed(message: String) -> Refusal {
    Refusal::new(RefusalKind::NotAllowed, "not_allowed", message).with_hint(
        "use the account, and the terminal outside of any agent's pane, that made the workbench",
    )
}

#[cfg(test)]
mod tests;
