//! `[messages]`: how mail is paced.
//!
//! It says when what may wait is given, not what may wait: see [`crate::engine::pacing`].

use serde::{Deserialize, Serialize};

/// `[messages]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagesConfig {
    /// Updates for a busy agent wait so long for others, in seconds; 0: each is given as soon as it can be.
    #[serde(default = "batch_every_s")]
    pub batch_every_s: u64,
}

/// Five minutes: what the source documents ask for.
fn batch_every_s() -> u64 {
    300
}

impl Default for MessagesConfig {
    fn default() -> Self {
        Self { batch_every_s: batch_every_s() }
    }
}
