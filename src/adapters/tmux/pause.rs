//! Waiting for a condition: short pauses that grow, up to a deadline.
//!
//! The first pauses are shorter than a program needs to draw, so that the usual wait costs next to
//! nothing; the longest keeps a slow program from being asked more than fifty times a second.

use std::sync::mpsc;
use std::time::{Duration, Instant};

/// One wait with its deadline.
pub(super) struct Pause {
    until: Instant,
    next: Duration,
}

/// First pause: about what one question to the server costs, several times over.
const FIRST: Duration = Duration::from_millis(1);
/// Longest pause: a person does not see 20 ms.
const LONGEST: Duration = Duration::from_millis(20);

impl Pause {
    /// A wait that ends after `limit`.
    pub(super) fn up_to(limit: Duration) -> Self {
        Self { until: Instant::now() + limit, next: FIRST }
    }

    /// Waits a little; false when the deadline has passed.
    pub(super) fn again(&mut self) -> bool {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        rest(self.next.min(left));
        self.next = (self.next * 3 / 2).min(LONGEST);
        true
    }
}

/// Waits for a time that a program is known to need.
pub(super) fn rest(time: Duration) {
    let (_open, never) = mpsc::channel::<()>();
    let _ = never.recv_timeout(time);
}
