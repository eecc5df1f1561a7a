//! Signals: what one source last said of an agent's state, its program or its screen.
//!
//! A signal is kept as it was given; which of two counts is decided in [`crate::engine::sessions::authority`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::agency::AgentState;
use crate::domain::id::SpawnId;
use crate::domain::name::Name;
use crate::domain::runtime::report::Told;
use crate::domain::runtime::screen::Reading;

/// What one source says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// The state; none: no rule knows what is there.
    #[serde(default)]
    pub state: Option<AgentState>,
    /// The rule that told it; empty: none did.
    #[serde(default)]
    pub rule: String,
    /// What the rule met.
    #[serde(default)]
    pub evidence: Option<String>,
    /// Why, in one line.
    #[serde(default)]
    pub reason: Option<String>,
    /// When a limit is over.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// Whether it has been so for a while; of a report always.
    #[serde(default)]
    pub settled: bool,
}

/// A signal and when it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// What was said.
    pub signal: Signal,
    /// When.
    pub at: Timestamp,
}

impl Heard {
    /// Whether the time that this one named has come and the same words still stand there: a clock in them, read
    /// anew, would mean tomorrow.
    pub fn is_over_in(&self, now: &Signal, at: Timestamp) -> bool {
        let is_same = self.signal.state == now.state
            && self.signal.rule == now.rule
            && self.signal.evidence == now.evidence;
        is_same && self.signal.until.is_some_and(|until| until <= at)
    }
}

/// A conversation of an agent with its program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Of which runtime.
    pub runtime: Name,
    /// Its id, as the program knows it.
    pub id: String,
    /// The life that told of it last.
    pub spawn: SpawnId,
    /// Whether a turn began in it: programs keep no conversation in which nothing was said.
    #[serde(default)]
    pub begun: bool,
}

/// The rule of a state that an agent reported in its own words.
pub const OWN_WORD: &str = "its own word";

impl Signal {
    /// What a program's report says of its state; none: nothing.
    pub fn of_report(told: &Told) -> Option<Self> {
        let state = told.state.filter(|state| state.is_alive())?;
        Some(Self {
            state: Some(state),
            rule: told.rule.clone(),
            evidence: None,
            reason: told.reason.clone(),
            until: told.until,
            settled: true,
        })
    }

    /// What an agent says of itself.
    pub fn of_own_word(state: AgentState, reason: Option<String>) -> Self {
        let rule = OWN_WORD.to_owned();
        Self { state: Some(state), rule, reason, settled: true, ..Self::default() }
    }

    /// What a screen says.
    pub fn of_screen(reading: Option<Reading>, settled: bool) -> Self {
        match reading {
            Some(reading) => Self {
                state: Some(reading.state),
                rule: reading.rule,
                evidence: Some(reading.evidence),
                reason: None,
                until: reading.until,
                settled,
            },
            None => Self { settled, ..Self::default() },
        }
    }
}
