//! `[queue]`: how much mail may wait, how fast it may come, and who is let in without a credential.
//!
//! Values only; what follows from them is decided in the engine.

use serde::{Deserialize, Serialize};

/// `[queue]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueConfig {
    /// Senders whose unsigned messages are let in at the door, marked `unverified`.
    pub open_from: Vec<String>,
    /// Messages that may wait for one recipient; what is critical has a tenth more.
    pub mailbox_limit: u32,
    /// Messages that an agent may send in a minute, sustained; 0: any number.
    pub rate: u32,
    /// Messages that it may send at once.
    pub burst: u32,
    /// How long ids are remembered, in seconds: a message that was taken comes no second time, and a signed one that
    /// is older than what is remembered is refused.
    pub replay_window_s: u64,
    /// Turns that two agents may answer each other without any progress; 0: any number.
    pub loop_limit: u32,
    /// In this time, in seconds.
    pub loop_window_s: u64,
    /// How long they are kept apart then, in seconds; each further time twice as long.
    pub loop_pause_s: u64,
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self {
            open_from: Vec::new(),
            // A person reads ten a minute: what is a hundred minutes behind is not read any more.
            mailbox_limit: 1_000,
            // A turn of a model takes longer than two seconds; who starts work for many agents needs the burst.
            rate: 30,
            burst: 60,
            // A day: whoever was switched off over night is heard in the morning.
            replay_window_s: 86_400,
            // Twelve turns settle every question that was seen in practice; thanks and thanks again go on.
            loop_limit: 12,
            loop_window_s: 1_800,
            loop_pause_s: 900,
        }
    }
}

impl QueueConfig {
    /// What is kept free for critical messages: a tenth of the limit, and at least ten.
    pub fn reserve(&self) -> u32 {
        (self.mailbox_limit / 10).max(10)
    }
}
