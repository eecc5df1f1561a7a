//! The machine's clock.
//!
//! The one place that asks the system for the time and for random ids.

use jiff::Timestamp;
use uuid::Uuid;

use crate::ports::clock::Clock;

/// Tells the machine's time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the Clock port")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the Clock port")]
    fn new_id(&self) -> Uuid {
        Uuid::now_v7()
    }
}
