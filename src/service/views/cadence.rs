//! What is shown of the cadence: what comes when, what is collected now, and what was written down.
//!
//! As all views: a field with no value is null, never missing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::cadence::Beat;
use crate::domain::name::{AgentAddress, Name};

/// What comes by the clock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CadenceView {
    /// The zone of its times as it was written; none: the machine's.
    pub time_zone: Option<String>,
    /// Quiet hours.
    pub quiet: Vec<String>,
    /// Until when it is quiet now; none: it is not.
    pub quiet_until: Option<Timestamp>,
    /// Its beats.
    pub beats: Vec<BeatView>,
    /// Check-ins whose answers are collected now.
    pub collecting: Vec<CollectingView>,
    /// Agents that were asked for their status and have not told it.
    pub unanswered: Vec<AgentAddress>,
}

/// One beat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BeatView {
    /// Which.
    pub beat: Beat,
    /// What it does, in words.
    pub about: String,
    /// Whether it is switched on.
    pub is_on: bool,
    /// When it comes next; none: it is off, or nobody runs or has work.
    pub next: Option<Timestamp>,
    /// The same as the clocks of its zone show it, `2026-11-23 10:00`.
    pub next_local: Option<String>,
    /// The period it came for last, `2026-11-21` or `2026-W47`.
    pub last_period: Option<String>,
    /// When that was.
    pub last: Option<Timestamp>,
}

/// A check-in whose answers are collected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CollectingView {
    /// Whose.
    pub agency: Name,
    /// Until when.
    pub until: Timestamp,
    /// Who was asked.
    pub asked: u32,
    /// Who has answered.
    pub answered: u32,
}

/// What was written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeetingView {
    /// Its name: `daily/2026-11-21-Code`.
    pub name: String,
    /// Of which beat.
    pub beat: Beat,
    /// Of which agency; none: of all.
    pub agency: Option<Name>,
    /// When.
    pub at: Timestamp,
    /// One line about it.
    pub summary: String,
    /// Where it lies, relative to the workbench; none: it is not written yet.
    pub file: Option<String>,
}
