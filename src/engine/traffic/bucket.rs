//! A sender's bucket: it holds as many messages as may be sent at once, and fills at a steady rate.
//!
//! Counted in thousandths of a message, so that no rounding gives anything away.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::id::MessageId;
use crate::domain::message::Message;
use crate::domain::name::Address;
use crate::domain::workbench::QueueConfig;

/// One message.
const WHOLE: i64 = 1_000;

/// What a sender may still send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// In thousandths of a message.
    level: i64,
    /// When that was so.
    at: Timestamp,
    /// The message that was paid for last.
    last: Option<MessageId>,
}

fn capacity(config: &QueueConfig) -> i64 {
    i64::from(config.burst).saturating_mul(WHOLE)
}

impl Bucket {
    /// One of which nothing was taken for long.
    pub fn full(at: Timestamp, config: &QueueConfig) -> Self {
        Self { level: capacity(config), at, last: None }
    }

    fn level(&self, now: Timestamp, config: &QueueConfig) -> i64 {
        let ms = i64::try_from(now.duration_since(self.at).as_millis()).unwrap_or(i64::MAX).max(0);
        // So many in a minute are so many thousandths in sixty milliseconds.
        let filled = ms.saturating_mul(i64::from(config.rate)) / 60;
        self.level.saturating_add(filled).min(capacity(config))
    }

    /// Whether nothing would change if it were forgotten.
    pub fn is_full(&self, now: Timestamp, config: &QueueConfig) -> bool {
        self.level(now, config) >= capacity(config)
    }

    /// Whole messages that may be sent now.
    pub fn left(&self, now: Timestamp, config: &QueueConfig) -> u32 {
        u32::try_from(self.level(now, config).max(0) / WHOLE).unwrap_or(u32::MAX)
    }

    /// How long until one may be sent.
    pub fn wait(&self, now: Timestamp, config: &QueueConfig) -> SignedDuration {
        let missing = (WHOLE - self.level(now, config)).max(0);
        let rate = i64::from(config.rate.max(1));
        SignedDuration::from_millis((missing.saturating_mul(60) + rate - 1) / rate)
    }

    /// A message was taken: it is paid for, unless as a copy.
    pub fn charge(&mut self, message: &Message, now: Timestamp, config: &QueueConfig) {
        if !self.is_copy(message, now) {
            self.take(message.id, now, config);
        }
    }

    /// Takes one message out; what is owed is at most nothing.
    pub fn take(&mut self, id: MessageId, now: Timestamp, config: &QueueConfig) {
        self.pay(now, config);
        self.last = Some(id);
    }

    /// The same for a command that makes the workbench speak.
    pub fn pay(&mut self, now: Timestamp, config: &QueueConfig) {
        self.level = (self.level(now, config) - WHOLE).max(0);
        self.at = now;
        self.last = None;
    }

    /// Whether a message is a copy of the one that was paid for in this very moment: for a coordinator, or one of
    /// a broadcast.
    pub fn is_copy(&self, message: &Message, now: Timestamp) -> bool {
        let is_one_of_many = message.kind.as_str() == "copy" || message.to == Address::Everyone;
        self.at == now && self.last.is_some() && is_one_of_many
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::id;

    #[test]
    fn a_bucket_gives_its_burst_at_once_and_its_rate_afterwards() {
        let config = QueueConfig { rate: 30, burst: 3, ..QueueConfig::default() };
        let start = Timestamp::UNIX_EPOCH;
        let mut bucket = Bucket::full(start, &config);
        for _ in 0..3 {
            assert!(bucket.left(start, &config) > 0);
            bucket.take(id(1), start, &config);
        }
        assert_eq!(bucket.left(start, &config), 0);
        assert_eq!(bucket.wait(start, &config), SignedDuration::from_secs(2));
        let later = start + SignedDuration::from_secs(2);
        assert_eq!(bucket.left(later, &config), 1);
        assert!(!bucket.is_full(later, &config));
        assert!(bucket.is_full(start + SignedDuration::from_secs(6), &config));
    }
}
