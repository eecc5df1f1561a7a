//! Requests: what somebody must answer, how far up it has gone, and how long each step may take.
//!
//! ```text
//! agent ──► coordinator ──► lead ──► operator
//! ```
//!
//! A request begins where it is addressed and only ever climbs. The words are a promise to scripts.

use serde::{Deserialize, Serialize};

use crate::domain::message::Priority;

/// What kind of answer is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// A question: a reply answers it.
    Question,
    /// A `coordination_request`: a reply answers it.
    Coordination,
    /// A handoff: accepting or declining answers it.
    Handoff,
    /// A blocker: a reply answers it, so does the task that goes on.
    Blocker,
    /// A broadcast that has to be acknowledged: by `agency ack`, or a reply. It does not climb.
    Acknowledgement,
}

impl RequestKind {
    /// The word, as scripts see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Coordination => "coordination",
            Self::Handoff => "handoff",
            Self::Blocker => "blocker",
            Self::Acknowledgement => "acknowledgement",
        }
    }
}

/// How far up a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The agent that was asked.
    Agent,
    /// The coordinator of its agency.
    Coordinator,
    /// The coordinator that steers the coordinators.
    Lead,
    /// The human: the end.
    Operator,
}

impl Level {
    /// How many there are.
    pub const COUNT: u8 = 4;

    /// The word, as scripts see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Coordinator => "coordinator",
            Self::Lead => "lead",
            Self::Operator => "operator",
        }
    }

    /// Its place, from 1 to 4.
    pub fn number(self) -> u8 {
        match self {
            Self::Agent => 1,
            Self::Coordinator => 2,
            Self::Lead => 3,
            Self::Operator => Self::COUNT,
        }
    }

    /// The next one up.
    pub fn above(self) -> Option<Self> {
        match self {
            Self::Agent => Some(Self::Coordinator),
            Self::Coordinator => Some(Self::Lead),
            Self::Lead => Some(Self::Operator),
            Self::Operator => None,
        }
    }
}

/// A time for each priority, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// Of what can wait.
    pub low: u64,
    /// Of everything else.
    pub normal: u64,
    /// Of what comes before the rest.
    pub high: u64,
    /// Of what is needed at once.
    pub critical: u64,
}

impl Pace {
    /// The time of one priority, in seconds.
    pub fn of(&self, priority: Priority) -> u64 {
        match priority {
            Priority::Low => self.low,
            Priority::Normal => self.normal,
            Priority::High => self.high,
            Priority::Critical => self.critical,
        }
    }
}

/// `[escalation]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscalationConfig {
    /// From a request's arrival at a level until whoever holds it there is reminded.
    pub chase_s: Pace,
    /// From its arrival at a level until it goes to the next.
    pub next_s: Pace,
    /// How long a broadcast may go without being acknowledged when it names no time.
    pub acknowledge_s: u64,
}

impl Default for EscalationConfig {
    fn default() -> Self {
        // Critical: a pause in the work of one; low: within a working day all levels are through. Who is
        // reminded has as long again before it goes up.
        Self {
            chase_s: Pace { low: 7_200, normal: 1_800, high: 450, critical: 150 },
            next_s: Pace { low: 14_400, normal: 3_600, high: 900, critical: 300 },
            acknowledge_s: 14_400,
        }
    }
}
