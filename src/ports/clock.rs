//! The time, so that tests can step it.

use jiff::Timestamp;
use uuid::Uuid;

/// Tells the time and draws ids.
pub trait Clock: Send + Sync {
    /// Now, UTC.
    fn now(&self) -> Timestamp;
    /// A new UUIDv7.
    fn new_id(&self) -> Uuid;
}
