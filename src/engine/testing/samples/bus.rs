//! Samples of the events of the message bus: requests, handoffs, locks, queues, cadences.

use crate::engine::event::Event;

/// One of each.
pub fn events() -> Vec<Event> {
    Vec::new()
}
