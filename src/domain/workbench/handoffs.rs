//! `[handoff]`: how long an agency may take to say whether it takes what another one hands over.
//!
//! A day at most, whatever is set.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::domain::message::Priority;

/// `[handoff]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoffConfig {
    /// So long for every handoff, at most [`HandoffConfig::LONGEST_S`]; none: by its priority.
    #[serde(default)]
    pub answer_within_s: Option<u64>,
}

impl HandoffConfig {
    /// The rules of work ask for an answer within 24 hours.
    pub const LONGEST_S: u64 = 86_400;

    /// How long the receiver may take. The more urgent the work, the sooner somebody has to know that nobody
    /// took it: an hour is what a critical one can wait, four a high one, a working day all others.
    pub fn answer_within(&self, priority: Priority) -> SignedDuration {
        let seconds = self.answer_within_s.unwrap_or(match priority {
            Priority::Critical => 3_600,
            Priority::High => 4 * 3_600,
            Priority::Normal => 8 * 3_600,
            Priority::Low => Self::LONGEST_S,
        });
        let seconds = seconds.min(Self::LONGEST_S);
        SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
    }

    /// The longest that a sender may give.
    pub fn longest() -> SignedDuration {
        SignedDuration::from_hours(24)
    }
}
