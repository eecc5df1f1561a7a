//! The registry's views: JSON files for people and scripts that like files.
//!
//! Written whole and atomically shortly after a change, never read back.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::domain::id::MessageId;
use crate::domain::message::MessageState;
use crate::engine::mail::MessageRecord;
use crate::engine::state::State;
use crate::service::board;
use crate::service::lanes::Lanes;
use crate::service::outside::Outside;
use crate::service::views::{AgencyView, ApprovalView, MailboxView, MessageView, TaskView};

/// A change is in the files within this time; a burst of changes costs one write.
const DELAY: Duration = Duration::from_millis(100);

/// A write takes this part of the time at most, however much there is to write.
const SHARE: u32 = 10;

/// Messages on their way that are listed: a file of more is read by nobody, and whoever counts asks the supervisor.
const LISTED: usize = 1_000;

/// Messages listed: those on their way, and the newest of the others.
const SETTLED_MESSAGES: usize = 100;

/// What was written last, by file.
type Written = Arc<Mutex<HashMap<&'static str, String>>>;

/// What was written last, and whether it is still true.
#[derive(Default)]
pub struct Views {
    due: Option<Instant>,
    /// Not before this time.
    earliest: Option<Instant>,
    written: Written,
}

impl Views {
    /// Something changed.
    pub fn touch(&mut self) {
        let earliest = self.earliest;
        self.due.get_or_insert_with(|| {
            let soon = Instant::now() + DELAY;
            earliest.map_or(soon, |earliest| earliest.max(soon))
        });
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
        self.write(state, outside, lanes);
    }

    /// Writes what has changed now: the last word of a supervisor that ends.
    pub fn write(&mut self, state: &State, outside: &Outside, lanes: &Lanes) {
        self.due = None;
        let began = Instant::now();
        let (views, written, outside) =
            (Sheet::of(state, outside), Arc::clone(&self.written), outside.clone());
        self.earliest = Some(Instant::now() + began.elapsed() * SHARE);
        lanes.push("views", Box::new(move || views.write(&written, &outside)));
    }
}

/// What the files say at one moment. Making their text takes 5 ms with a thousand agents, which
/// is why the loop does not do it.
struct Sheet {
    agencies: Vec<AgencyView>,
    messages: Vec<MessageView>,
    mailboxes: Vec<MailboxView>,
    approvals: Vec<ApprovalView>,
    tasks: Vec<TaskView>,
}

impl Sheet {
    fn of(state: &State, outside: &Outside) -> Self {
        let mut approvals = board::approvals(state, outside.clock.now());
        approvals.retain(|approval| approval.state.is_waiting());
        // A duration would make the file change for ever.
        approvals.iter_mut().for_each(|approval| approval.waiting_s = 0);
        let tasks = state.tasks.tasks.values();
        Self {
            agencies: board::agencies(state, &outside.home),
            messages: messages(state),
            mailboxes: board::mailboxes(state),
            approvals,
            tasks: tasks.map(|task| board::task(task, &outside.home)).collect(),
        }
    }

    /// Writes what has changed.
    fn write(&self, written: &Written, outside: &Outside) {
        let mut written = written.lock().unwrap_or_else(PoisonError::into_inner);
        let files = [
            ("active_agencies.json", json!(self.agencies)),
            ("message_queue.json", json!(self.messages)),
            ("mailboxes.json", json!(self.mailboxes)),
            ("approval_queue.json", json!(self.approvals)),
            ("task_graph.json", json!(self.tasks)),
        ];
        for (file, value) in files {
            let text = format!("{value:#}\n");
            if written.get(file) == Some(&text) {
                continue;
            }
            match outside.folder.write_view(file, &text) {
                Ok(()) => drop(written.insert(file, text)),
                Err(error) => {
                    tracing::warn!(%error, "a view could not be written");
                    // The next change writes it again, even if it says the same.
                    written.remove(file);
                }
            }
        }
    }
}

/// Every message on its way, and the newest of the others, oldest first.
fn messages(state: &State) -> Vec<MessageView> {
    let mail = &state.mail;
    let waiting = mail.waiting.values().flatten().chain(&mail.for_operator).chain(&mail.unrouted);
    let mut ids: BTreeSet<MessageId> = waiting.copied().take(LISTED).collect();
    let settled = |record: &&MessageRecord| {
        !matches!(record.state, MessageState::Accepted | MessageState::Routed)
    };
    let newest = mail.messages.values().rev().take(10 * SETTLED_MESSAGES).filter(settled);
    ids.extend(newest.take(SETTLED_MESSAGES).map(|record| record.message.id));
    ids.iter().filter_map(|id| mail.messages.get(id)).map(board::message).collect()
}
