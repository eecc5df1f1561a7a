//! The registry's views: JSON files for people and scripts that like files.
//!
//! Written whole and atomically shortly after a change, never read back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::domain::message::MessageState;
use crate::engine::state::State;
use crate::service::board;
use crate::service::lanes::Lanes;
use crate::service::outside::Outside;
use crate::service::views::MessageView;

/// A change is in the files within this time; a burst of changes costs one write.
const DELAY: Duration = Duration::from_millis(100);

/// Messages listed: those on their way, and the newest of the others.
const SETTLED_MESSAGES: usize = 100;

/// What was written last, and whether it is still true.
#[derive(Default)]
pub struct Views {
    due: Option<Instant>,
    written: Arc<Mutex<HashMap<&'static str, String>>>,
}

impl Views {
    /// Something changed.
    pub fn touch(&mut self) {
        self.due.get_or_insert_with(|| Instant::now() + DELAY);
    }

    /// How long until something is to be written.
    pub fn pause(&self) -> Duration {
        self.due
            .map_or(Duration::from_secs(3600), |due| due.saturating_duration_since(Instant::now()))
    }

    /// Writes what has changed, if it is time.
    pub fn write_if_due(&mut self, state: &State, outside: &Outside, lanes: &Lanes) {
        if self.due.is_none_or(|due| due > Instant::now()) {
            return;
        }
        self.due = None;
        for (file, text) in render(state, outside) {
            if locked(&self.written).insert(file, text.clone()).as_ref() == Some(&text) {
                continue;
            }
            let (outside, written) = (outside.clone(), Arc::clone(&self.written));
            lanes.push(
                "views",
                Box::new(move || {
                    if let Err(error) = outside.folder.write_view(file, &text) {
                        tracing::warn!(%error, "a view could not be written");
                        // The next change writes it again, even if it says the same.
                        locked(&written).remove(file);
                    }
                }),
            );
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn render(state: &State, outside: &Outside) -> Vec<(&'static str, String)> {
    let agencies = board::agencies(state, &outside.home);
    let approvals: Vec<_> = board::approvals(state, outside.clock.now())
        .into_iter()
        .map(|mut approval| {
            // A duration would make the file change for ever.
            approval.waiting_s = 0;
            approval
        })
        .filter(|approval| approval.state.is_waiting())
        .collect();
    let tasks: Vec<_> =
        state.tasks.tasks.values().map(|task| board::task(task, &outside.home)).collect();
    [
        ("active_agencies.json", json!(agencies)),
        ("message_queue.json", json!(messages(state))),
        ("approval_queue.json", json!(approvals)),
        ("task_graph.json", json!(tasks)),
    ]
    .into_iter()
    .map(|(file, value)| (file, format!("{value:#}\n")))
    .collect()
}

fn messages(state: &State) -> Vec<MessageView> {
    let mut settled = 0;
    let mut views: Vec<MessageView> = state
        .mail
        .messages
        .values()
        .rev()
        .take(10 * SETTLED_MESSAGES)
        .filter(|record| {
            let is_settled = !matches!(record.state, MessageState::Accepted | MessageState::Routed);
            settled += usize::from(is_settled);
            !is_settled || settled <= SETTLED_MESSAGES
        })
        .map(board::message)
        .collect();
    views.reverse();
    views
}
