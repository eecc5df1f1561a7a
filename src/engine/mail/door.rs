//! The door, as far as the engine decides about it: files that wait there, and files that are taken once more.
//!
//! A file for a full mailbox, or of a sender that is too fast, is neither taken nor dead: it is held until there is
//! room, out of the way of all others. That something is held for a reason is recorded once; which files these
//! are, the door itself says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::message::{DeadReason, Message, Priority};
use crate::domain::name::{Address, AddressError, AgentAddress};
use crate::domain::refusal::Refusal;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::Timer;
use crate::engine::mail::{
    accepting,
    room::{self, Berth},
};
use crate::engine::state::State;
use crate::engine::step::Step;
use crate::engine::traffic::deciding;

/// Pause between two looks whether there is room again.
const AGAIN: SignedDuration = SignedDuration::from_secs(1);

/// Files that are taken once more and did not come yet, at most: more than a folder is retried at once.
const RETRIED: usize = 100_000;

/// The words that the name of a folder of held files begins with.
const KINDS: [&str; 6] = ["room", "reserve", "strangers", "urgent", "pace", "haste"];

/// What a held file waits for; written `room:Agency/agent`, `room:operator` or `pace:Agency/agent`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Hold {
    /// Room in this agent's mailbox; none: on the operator's list.
    Room(Option<AgentAddress>),
    /// The same, for what is critical.
    Reserve(AgentAddress),
    /// The same as `Room`, for whoever did not prove who it is.
    Strangers(Option<AgentAddress>),
    /// The operator has read some of what this sender had urgently to say.
    Urgent(Address),
    /// Its sender may send again.
    Pace(AgentAddress),
    /// The same, for what is urgent for the operator.
    Haste(AgentAddress),
    /// Whoever did not prove who it is may send again.
    StrangersPace,
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Room(Some(agent)) => write!(f, "room:{agent}"),
            Self::Room(None) => write!(f, "room:{}", Address::OPERATOR),
            Self::Reserve(agent) => write!(f, "reserve:{agent}"),
            Self::Strangers(Some(agent)) => write!(f, "strangers:{agent}"),
            Self::Strangers(None) => write!(f, "strangers:{}", Address::OPERATOR),
            Self::Urgent(from) => write!(f, "urgent:{from}"),
            Self::Pace(agent) => write!(f, "pace:{agent}"),
            Self::Haste(agent) => write!(f, "haste:{agent}"),
            Self::StrangersPace => f.write_str("pace:strangers"),
        }
    }
}

impl TryFrom<String> for Hold {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        let (kind, whose) = text.split_once(':').unwrap_or(("", &text));
        match (kind, whose) {
            ("room", Address::OPERATOR) => Ok(Self::Room(None)),
            ("room", agent) => Ok(Self::Room(Some(agent.parse()?))),
            ("reserve", agent) => Ok(Self::Reserve(agent.parse()?)),
            ("strangers", Address::OPERATOR) => Ok(Self::Strangers(None)),
            ("strangers", agent) => Ok(Self::Strangers(Some(agent.parse()?))),
            ("urgent", from) => Ok(Self::Urgent(Address::parse(from)?)),
            ("haste", agent) => Ok(Self::Haste(agent.parse()?)),
            ("pace", "strangers") => Ok(Self::StrangersPace),
            (_, agent) => Ok(Self::Pace(agent.parse()?)),
        }
    }
}

impl From<Hold> for String {
    fn from(hold: Hold) -> Self {
        hold.to_string()
    }
}

impl Hold {
    /// What files in a folder of this name wait for.
    pub fn of_folder(name: &str) -> Option<Self> {
        let (kind, whose) = name.split_once('-')?;
        let text = format!("{kind}:{}", whose.replace('.', "/"));
        KINDS.contains(&kind).then(|| Self::try_from(text).ok()).flatten()
    }

    /// The same as the name of a folder: names hold no dots.
    pub fn folder(&self) -> String {
        self.to_string().replace(':', "-").replace('/', ".")
    }
}

/// What is known of the door.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Door {
    /// What files wait for.
    pub held: BTreeMap<Hold, Held>,
    /// Dead files that the operator wants taken once more, and that did not come yet.
    pub retried: BTreeSet<String>,
}

/// Since when files are held, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Since the first of them.
    pub since: Timestamp,
    /// A stable word.
    pub code: String,
    /// One sentence.
    pub message: String,
}

impl Door {
    /// Takes an event in.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::DoorHeld { hold, code, message, .. } => {
                let held = Held { since: at, code: code.clone(), message: message.clone() };
                self.held.insert(hold.clone(), held);
            }
            Event::DoorReleased { hold } => drop(self.held.remove(hold)),
            Event::DoorRetried { file } => {
                self.retried.insert(file.clone());
                if self.retried.len() > RETRIED {
                    self.retried.pop_first();
                }
            }
            Event::MessageAccepted { file: Some(file), .. }
            | Event::MessageRefused { file, .. } => {
                self.retried.remove(file);
            }
            _ => {}
        }
    }
}

/// What a message waits for that was refused at the door: by its sender, its recipient and the room it takes; none:
/// it is dead.
pub fn hold_of(
    step: &Step<'_>,
    (from, to, berth): (&Address, &Address, Berth),
    refusal: &Refusal,
) -> Option<Hold> {
    match (refusal.code.as_str(), berth, from) {
        (deciding::TOO_FAST, Berth::Stranger, _) => Some(Hold::StrangersPace),
        (deciding::TOO_FAST, Berth::Urgent, Address::Agent(agent)) if *to == Address::Operator => {
            Some(Hold::Haste(agent.clone()))
        }
        (deciding::TOO_FAST, _, Address::Agent(agent)) => Some(Hold::Pace(agent.clone())),
        (room::MAILBOX_FULL, Berth::Urgent, _) if *to == Address::Operator => {
            Some(Hold::Urgent(from.clone()))
        }
        (room::MAILBOX_FULL, _, _) => {
            let agent = match to {
                Address::Operator => None,
                Address::Agent(agent) => Some(accepting::resolve_agent(step, agent).ok()?),
                Address::Agency(agency) => {
                    let record = step.state().sessions.agency(agency)?;
                    Some(record.definition.coordinator_address())
                }
                Address::Workbench | Address::Everyone => return None,
            };
            Some(match (berth, agent) {
                (Berth::Stranger, agent) => Hold::Strangers(agent),
                (Berth::Urgent, Some(agent)) => Hold::Reserve(agent),
                (Berth::Usual | Berth::Urgent, agent) => Hold::Room(agent),
            })
        }
        _ => None,
    }
}

/// How many files there is room for by now of those that wait for this.
fn left(step: &Step<'_>, hold: &Hold) -> u32 {
    let state = step.state();
    match hold {
        Hold::Room(Some(agent)) => room::left_for(state, agent, Priority::Normal),
        Hold::Room(None) => room::left_for_operator(state),
        Hold::Reserve(agent) => room::left_for(state, agent, Priority::Critical),
        Hold::Strangers(agent) => room::left_for_strangers(state, agent.as_ref()),
        Hold::Urgent(from) => room::left_for_urgent(state, from),
        Hold::Pace(agent) => deciding::left(step, state.traffic.buckets.get(agent)),
        Hold::Haste(agent) => deciding::left(step, state.traffic.urgent.get(agent)),
        Hold::StrangersPace => deciding::left(step, state.traffic.strangers.as_ref()),
    }
}

/// Lets a file wait.
pub fn hold(step: &mut Step<'_>, file: String, hold: Hold, refusal: Refusal) {
    if !step.state().mail.door.held.contains_key(&hold) {
        let (code, message) = (refusal.code, refusal.message);
        step.record(Event::DoorHeld { hold: hold.clone(), file: file.clone(), code, message });
    }
    step.perform(Effect::HoldAtDoor { file, hold });
    look_again(step);
}

fn look_again(step: &mut Step<'_>) {
    let at = step.now.at.saturating_add(AGAIN).unwrap_or(step.now.at);
    step.perform(Effect::WakeAt { at, timer: Timer::Door });
}

/// Lets in what there is room for by now, as many as there is room for.
pub fn look(step: &mut Step<'_>) {
    let holds: Vec<Hold> = step.state().mail.door.held.keys().cloned().collect();
    for hold in &holds {
        let limit = left(step, hold);
        if limit > 0 {
            step.perform(Effect::ReleaseHeld { hold: hold.clone(), limit });
        }
    }
    if !holds.is_empty() {
        look_again(step);
    }
}

/// Files are put aside, whatever was decided meanwhile: they are looked after.
pub fn held(step: &mut Step<'_>, hold: Hold, file: String) {
    if !step.state().mail.door.held.contains_key(&hold) {
        let (code, message) = match &hold {
            Hold::Room(_) | Hold::Reserve(_) | Hold::Strangers(_) | Hold::Urgent(_) => {
                (room::MAILBOX_FULL, "there was no room")
            }
            Hold::Pace(_) | Hold::Haste(_) | Hold::StrangersPace => {
                (deciding::TOO_FAST, "its sender wrote too fast")
            }
        };
        let (code, message) = (code.to_owned(), message.to_owned());
        step.record(Event::DoorHeld { hold, file, code, message });
    }
    look_again(step);
}

/// Held files went back to the door; so many are left.
pub fn released(step: &mut Step<'_>, hold: Hold, left: u32) {
    if left == 0 && step.state().mail.door.held.contains_key(&hold) {
        step.record(Event::DoorReleased { hold });
    }
}

/// A supervisor comes up: what was to be taken once more is, and what waits is looked after.
pub fn resume(step: &mut Step<'_>) {
    for file in step.state().mail.door.retried.clone() {
        step.perform(Effect::RetryAtDoor { file });
    }
    step.perform(Effect::SeeHeld);
    look(step);
}

/// Why a message that may have been taken before is not taken.
pub fn stale(state: &State, file: &str, message: &Message, now: Timestamp) -> Option<DeadReason> {
    let is_wanted = state.mail.door.retried.contains(file);
    if is_wanted || !state.mail.gone.is_stale(message) {
        return None;
    }
    let message = "it is older than what is remembered: nobody knows whether it was taken before";
    Some(DeadReason::new("stale", message, now).about("id"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::agent;

    #[test]
    fn what_a_file_waits_for_is_the_name_of_a_folder_and_back() {
        for hold in [
            Hold::Room(Some(agent("Code-2/dev-1"))),
            Hold::Room(None),
            Hold::Pace(agent("QA/head")),
            Hold::Haste(agent("QA/head")),
            Hold::Reserve(agent("QA/head")),
            Hold::Strangers(None),
            Hold::Strangers(Some(agent("QA/head"))),
            Hold::Urgent(Address::Agent(agent("QA/head"))),
            Hold::StrangersPace,
        ] {
            assert_eq!(Hold::of_folder(&hold.folder()), Some(hold.clone()));
            assert_eq!(Hold::try_from(hold.to_string()), Ok(hold));
        }
        assert_eq!(Hold::of_folder("lost+found"), None);
        assert_eq!(Hold::of_folder("room-.."), None);
    }
}
