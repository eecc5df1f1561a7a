//! The story of one request, read from the ledger: what is closed is in it as well.
//!
//! The ledger is read twice at most, page by page: once to find out which request is meant, once to collect what
//! belongs to it. Only events of messages, tasks, submissions and approvals are looked into.

mod collecting;

use uuid::Uuid;

use crate::domain::id::TaskId;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::trace::Trace;
use crate::engine::event::Event;
use crate::ports::ledger::{LedgerReader, Record};
use crate::service::reading::ledger_refusal;
use crate::service::record::event_of;
use crate::service::views::StoryView;

use collecting::Collection;

/// Records read at once: enough to be fast, few enough to be small.
const PAGE: usize = 4096;

/// The story that a trace, a message or a task belongs to.
pub fn story(ledger: &dyn LedgerReader, id: &str) -> Result<StoryView, Refusal> {
    let wanted = Wanted::read(id)?;
    let Some(request) = request_of(ledger, &wanted)? else { return Err(unknown(id)) };
    let mut collection = Collection::of(&request);
    each(ledger, |record, event| {
        collection.take(record, &event);
        Go::On
    })?;
    Ok(StoryView { trace: request, entries: collection.told() })
}

/// What somebody asks for.
struct Wanted {
    /// A request's 32 digits.
    request: Option<String>,
    /// A message; 32 digits may be one too.
    message: Option<Uuid>,
    task: Option<TaskId>,
}

impl Wanted {
    fn read(id: &str) -> Result<Self, Refusal> {
        let is_digits =
            id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let request = match id.parse::<Trace>() {
            Ok(trace) => Some(trace.request()),
            Err(_) => is_digits.then(|| id.to_owned()),
        };
        let task = id.strip_prefix("TASK-").and_then(|_| id.parse().ok());
        let wanted = Self { request, message: Uuid::parse_str(id).ok(), task };
        let is_any = wanted.request.is_some() || wanted.message.is_some() || wanted.task.is_some();
        let message = format!("`{id}` is no trace, no message id and no task id");
        is_any.then_some(wanted).ok_or_else(|| {
            Refusal::new(RefusalKind::Usage, "bad_trace", message)
                .with_hint("list messages with their ids: agency messages --json")
        })
    }

    /// The request, if this event is of what is meant.
    fn found_in(&self, event: &Event) -> Option<String> {
        let (trace, is_named) = match event {
            Event::MessageAccepted { message, .. } => {
                (message.trace.as_ref()?.parse::<Trace>().ok()?, self.message == Some(message.id))
            }
            Event::TaskAdded { id, trace, .. } => ((*trace)?, self.task == Some(*id)),
            _ => return None,
        };
        let is_meant = is_named || self.request.as_ref() == Some(&trace.request());
        is_meant.then(|| trace.request())
    }
}

fn unknown(id: &str) -> Refusal {
    let message = format!("nothing is known of the trace of `{id}`");
    Refusal::new(RefusalKind::NotFound, "trace_not_found", message)
        .with_hint("list messages with their ids: agency messages --json")
}

fn request_of(ledger: &dyn LedgerReader, wanted: &Wanted) -> Result<Option<String>, Refusal> {
    let mut request = None;
    each(ledger, |_, event| {
        request = wanted.found_in(&event);
        if request.is_some() { Go::Home } else { Go::On }
    })?;
    Ok(request)
}

/// Whether there is more to read.
#[derive(PartialEq, Eq)]
enum Go {
    On,
    Home,
}

fn each(
    ledger: &dyn LedgerReader,
    mut take: impl FnMut(&Record, Event) -> Go,
) -> Result<(), Refusal> {
    let mut after = 0;
    loop {
        let page = ledger.read(after, PAGE).map_err(|error| ledger_refusal(&error))?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.seq;
        for record in page.iter().filter(|record| is_told(&record.kind)) {
            let Some(event) = event_of(record) else { continue };
            if take(record, event) == Go::Home {
                return Ok(());
            }
        }
    }
}

/// Kinds of events that a story is made of.
fn is_told(kind: &str) -> bool {
    ["message_", "task_", "work_submitted", "proof_", "approval_", "merge_"]
        .iter()
        .any(|begin| kind.starts_with(begin))
}

#[cfg(test)]
mod tests;
