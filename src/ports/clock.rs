//! The time, so that tests can step it.
//!
//! Ids come from it as well, because they carry the time.

use jiff::Timestamp;
use uuid::Uuid;

/// Tells the time and draws ids.
pub trait Clock: Send + Sync {
    /// Now, UTC.
    fn now(&self) -> Timestamp;
    /// A new UUIDv7.
    fn new_id(&self) -> Uuid;
}
