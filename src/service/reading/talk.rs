//! Messages, read: lists from the state, the way of one and what has happened since from the ledger.
//!
//! What is asked for again and again (`agency messages --follow`) costs what is new, not what there is.

use jiff::Timestamp;
use serde_json::json;

use crate::domain::id::MessageId;
use crate::domain::refusal::Refusal;
use crate::engine::event::Event;
use crate::engine::mail::Mail;
use crate::engine::state::State;
use crate::ports::ledger::{LedgerReader, Record};
use crate::service::outside::Outside;
use crate::service::query::MessageFilter;
use crate::service::reading::history::{self, Recall};
use crate::service::reading::{Partial, ledger_refusal, not_found};
use crate::service::views::{
    MessageChangeView, MessageStepView, MessageView, MessageWholeView, TalkPageView,
};
use crate::service::{board, describing, record};

/// Records looked through for one answer to a follower: a second of a flood.
const PAGE: usize = 4096;

/// Steps of one message that are shown: one that is tried for weeks has more.
const STEPS: usize = 1000;

/// Messages, oldest first.
pub fn messages(mail: &Mail, filter: &MessageFilter) -> Vec<MessageView> {
    let limit = filter.limit.unwrap_or(usize::MAX);
    let mut views: Vec<MessageView> = match filter.thread {
        Some(id) => {
            let mut all = board::conversation(mail, id);
            all.retain(|view| filter.admits(view));
            all.split_off(all.len().saturating_sub(limit))
        }
        None => {
            let newest = mail.messages.values().rev();
            let newest = newest.map(|record| board::message_in(mail, record));
            newest.filter(|view| filter.admits(view)).take(limit).collect()
        }
    };
    if filter.thread.is_none() {
        views.reverse();
    }
    views
}

/// One message.
pub fn message(state: &State, id: MessageId) -> Partial {
    match state.mail.messages.get(&id) {
        Some(record) => Partial::Answer(json!(board::message_in(&state.mail, record))),
        None => Partial::OldMessage { id },
    }
}

/// What the state knows of one message.
pub fn whole(state: &State, id: MessageId) -> Partial {
    let record = state.mail.messages.get(&id);
    let view = record.map(|record| Box::new(board::message_in(&state.mail, record)));
    // What has left the state is looked for by whoever asks.
    let (conversation, mail) = match state.mail.gone.count {
        0 => (board::conversation(&state.mail, id), None),
        _ => (Vec::new(), Some(Box::new(state.mail.clone()))),
    };
    Partial::MessageWhole { id, view, conversation, mail }
}

/// One message that only the ledger has.
pub fn old(outside: &Outside, id: MessageId) -> Result<MessageView, Refusal> {
    let records = about(open(outside)?.as_ref(), id)?;
    folded(&records, u64::MAX).ok_or_else(|| no_message(id))
}

/// Adds what the ledger knows of one message.
pub fn finish_whole(
    outside: &Outside,
    id: MessageId,
    view: Option<Box<MessageView>>,
    mut conversation: Vec<MessageView>,
    mail: Option<Box<Mail>>,
) -> Result<MessageWholeView, Refusal> {
    if let Some(mail) = mail {
        let filter = MessageFilter { thread: Some(id), ..MessageFilter::default() };
        let found = history::finish(outside, *mail, &Recall::List(Box::new(filter)))?;
        conversation = serde_json::from_value(found).unwrap_or_default();
    }
    let records = about(open(outside)?.as_ref(), id)?;
    let view = view.map(|view| *view).or_else(|| folded(&records, u64::MAX));
    let message = view.ok_or_else(|| no_message(id))?;
    if conversation.iter().all(|view| view.id != id) {
        conversation.push(message.clone());
        conversation.sort_by_key(|view| (view.arrived_at(), view.id));
    }
    let history = records.iter().map(step).collect();
    Ok(MessageWholeView { message, history, conversation })
}

/// What has happened with messages after a position.
pub fn page(outside: &Outside, after: Option<u64>, changes: bool) -> Result<TalkPageView, Refusal> {
    let ledger = open(outside)?;
    let Some(after) = after else {
        let (upto, _) = ledger.tip().map_err(|error| ledger_refusal(&error))?;
        return Ok(TalkPageView { upto, ..TalkPageView::default() });
    };
    let records = ledger.read(after, PAGE).map_err(|error| ledger_refusal(&error))?;
    let upto = records.last().map_or(after, |last| last.seq);
    let mut page = TalkPageView { upto, is_more: records.len() == PAGE, changes: Vec::new() };
    for record in &records {
        let is_new = record.kind == "message_accepted";
        let Ok(id) = record.subject.parse::<MessageId>() else { continue };
        let is_wanted = is_new || (changes && is_change(&record.kind));
        if !is_wanted {
            continue;
        }
        let message = match is_new {
            true => folded(std::slice::from_ref(record), record.seq),
            false => folded(&about(ledger.as_ref(), id)?, record.seq),
        };
        page.changes
            .extend(message.map(|message| MessageChangeView { step: step(record), message }));
    }
    Ok(page)
}

/// Changes that say where a message is. That it is tried once more says nothing to whoever follows.
fn is_change(kind: &str) -> bool {
    !matches!(kind, "delivery_started" | "delivery_deferred" | "delivery_submitted")
}

fn open(outside: &Outside) -> Result<Box<dyn LedgerReader>, Refusal> {
    (outside.open_reader)().map_err(|error| ledger_refusal(&error))
}

fn no_message(id: MessageId) -> Refusal {
    not_found("message", &id, "agency messages")
}

fn about(ledger: &dyn LedgerReader, id: MessageId) -> Result<Vec<Record>, Refusal> {
    let records = ledger.read_about(&id.to_string(), 0, STEPS);
    records.map_err(|error| ledger_refusal(&error))
}

fn step(record: &Record) -> MessageStepView {
    let event = record::event_of(record);
    let text = event.and_then(|event| describing::sentence(&event));
    MessageStepView {
        seq: record.seq,
        at: record.at,
        kind: record.kind.clone(),
        text: text.unwrap_or_else(|| record.kind.replace('_', " ")),
    }
}

/// A message as it was at a position, from the records about it.
fn folded(records: &[Record], upto: u64) -> Option<MessageView> {
    let mut view: Option<MessageView> = None;
    for record in records.iter().take_while(|record| record.seq <= upto) {
        let Some(event) = record::event_of(record) else { continue };
        match (&event, &mut view) {
            (Event::MessageAccepted { .. } | Event::MessageRevived { .. }, _) => {
                view = accepted(&event, record.at)
            }
            (_, Some(view)) => view.follow(&event, record.at),
            (_, None) => {}
        }
    }
    view
}

fn accepted(event: &Event, at: Timestamp) -> Option<MessageView> {
    let mut mail = Mail::default();
    mail.apply(event, at);
    mail.messages.values().next().map(board::message)
}
