//! Messages that have left the state, read back from the ledger and put beside those that it has.
//!
//! The state keeps what is open and the newest of the rest. What is asked for beyond that is looked for by its kind,
//! newest first, and each one's end is the fold of what the ledger says about it. This runs in the asker's thread.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::command::{Command, Recalled};
use crate::domain::id::MessageId;
use crate::domain::message::MessageState;
use crate::domain::name::AgentAddress;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::event::Event;
use crate::engine::mail::{Mail, MessageRecord};
use crate::engine::state::State;
use crate::ports::ledger::{LedgerReader, Record};
use crate::service::outside::Outside;
use crate::service::query::MessageFilter;
use crate::service::reading::{Partial, answering, ledger_refusal, talk};
use crate::service::{board, record};

/// Records read at once.
const PAGE: usize = 1_024;

/// Events about one message that are folded: one that is tried for weeks has more.
const STEPS: usize = 10_000;

/// What is asked of all messages there ever were.
pub enum Recall {
    /// A list.
    List(Box<MessageFilter>),
    /// What answers a question; with what its request was answered.
    Replies(MessageId, Option<MessageId>),
    /// An agent's mail; whether what it has acknowledged, too.
    Inbox(AgentAddress, bool),
}

/// Answers from the state if nothing has left it; else leaves the rest to the ledger.
pub fn ask(state: &State, what: Recall) -> Partial {
    match state.mail.gone.count {
        0 => Partial::Answer(answer(&state.mail, &what)),
        _ => Partial::Recalled { mail: Box::new(state.mail.clone()), what },
    }
}

/// Looks for what has left, and answers.
pub fn finish(outside: &Outside, mut mail: Mail, what: &Recall) -> Result<Value, Refusal> {
    let ledger = (outside.open_reader)().map_err(|error| ledger_refusal(&error))?;
    let ledger = ledger.as_ref();
    match what {
        Recall::List(filter) if filter.thread.is_some() => {
            recall_thread(ledger, &mut mail, filter)?
        }
        Recall::List(filter) => {
            let limit = filter.limit.unwrap_or(usize::MAX);
            let since = filter.since.unwrap_or(Timestamp::MIN);
            let is_meant = |record: &MessageRecord| filter.admits(&board::message(record));
            let is_over = |record: &Record| record.at < since;
            recall(ledger, &mut mail, &is_over, &|_| true, &is_meant, limit)?;
        }
        Recall::Replies(question, taken) => recall_replies(ledger, &mut mail, *question, *taken)?,
        Recall::Inbox(agent, true) => {
            let is_its = |event: &Event| match event {
                Event::MessageAccepted { to, .. } => to.as_ref() == Some(agent),
                _ => false,
            };
            recall(ledger, &mut mail, &|_| false, &is_its, &|_| true, usize::MAX)?;
        }
        Recall::Inbox(agent, false) => {
            let unread = mail.gone.unread.iter().filter(|(_, whose)| *whose == agent);
            for id in unread.map(|(id, _)| *id).collect::<Vec<_>>() {
                recall_one(ledger, &mut mail, id)?;
            }
        }
    }
    Ok(answer(&mail, what))
}

fn answer(mail: &Mail, what: &Recall) -> Value {
    match what {
        Recall::List(filter) => json!(talk::messages(mail, filter)),
        Recall::Replies(question, taken) => json!(answering::replies(mail, *question, *taken)),
        Recall::Inbox(agent, all) => {
            let is_open = |record: &MessageRecord| {
                matches!(record.state, MessageState::Routed | MessageState::Delivered)
            };
            let own = mail.messages.values().filter(|record| record.to.as_ref() == Some(agent));
            let shown = own.filter(|record| *all || is_open(record));
            json!(shown.map(board::message).collect::<Vec<_>>())
        }
    }
}

/// What became of a message that the state has not: the fold of everything about it.
pub fn folded(ledger: &dyn LedgerReader, id: MessageId) -> Result<Option<MessageRecord>, Refusal> {
    let records = ledger.read_about(&id.to_string(), 0, STEPS);
    let mut mail = Mail::default();
    for record in records.map_err(|error| ledger_refusal(&error))? {
        if let Some(event) = record::event_of(&record) {
            mail.apply(&event, record.at);
        }
    }
    Ok(mail.messages.remove(&id))
}

fn recall_one(ledger: &dyn LedgerReader, mail: &mut Mail, id: MessageId) -> Result<(), Refusal> {
    if !mail.messages.contains_key(&id)
        && let Some(record) = folded(ledger, id)?
    {
        mail.messages.insert(id, record);
    }
    Ok(())
}

/// Goes back through everything that was accepted, until that is enough or over.
fn recall(
    ledger: &dyn LedgerReader,
    mail: &mut Mail,
    is_over: &dyn Fn(&Record) -> bool,
    is_candidate: &dyn Fn(&Event) -> bool,
    is_meant: &dyn Fn(&MessageRecord) -> bool,
    enough: usize,
) -> Result<(), Refusal> {
    let (mut before, mut found) = (u64::MAX, 0);
    loop {
        let page = ledger.read_kind("message_accepted", before, PAGE);
        let page = page.map_err(|error| ledger_refusal(&error))?;
        let Some(last) = page.last() else { return Ok(()) };
        before = last.seq;
        for record in &page {
            if found >= enough || is_over(record) {
                return Ok(());
            }
            let id = record.subject.parse::<MessageId>();
            let Some(id) = id.ok().filter(|id| !mail.messages.contains_key(id)) else { continue };
            if !record::event_of(record).is_some_and(|event| is_candidate(&event)) {
                continue;
            }
            if let Some(recalled) = folded(ledger, id)?.filter(|recalled| is_meant(recalled)) {
                mail.messages.insert(id, recalled);
                found += 1;
            }
        }
    }
}

/// Where a message stands in the ledger.
fn position(ledger: &dyn LedgerReader, id: MessageId) -> Result<u64, Refusal> {
    let first = ledger.read_about(&id.to_string(), 0, 1);
    let first = first.map_err(|error| ledger_refusal(&error))?;
    Ok(first.first().map_or(u64::MAX, |record| record.seq))
}

/// Nothing answers a message before it was there. Who has an answer already is not made to look for older ones.
fn recall_replies(
    ledger: &dyn LedgerReader,
    mail: &mut Mail,
    question: MessageId,
    taken: Option<MessageId>,
) -> Result<(), Refusal> {
    recall_one(ledger, mail, question)?;
    if let Some(taken) = taken {
        recall_one(ledger, mail, taken)?;
    }
    if !answering::replies(mail, question, taken).answers.is_empty() {
        return Ok(());
    }
    let first = position(ledger, question)?;
    let is_reply = |event: &Event| match event {
        Event::MessageAccepted { message, .. } => message.in_reply_to == Some(question),
        _ => false,
    };
    recall(ledger, mail, &|record| record.seq <= first, &is_reply, &|_| true, usize::MAX)
}

/// A conversation: from the message back to what it answers, then every answer since.
fn recall_thread(
    ledger: &dyn LedgerReader,
    mail: &mut Mail,
    filter: &MessageFilter,
) -> Result<(), Refusal> {
    let Some(mut root) = filter.thread else { return Ok(()) };
    loop {
        recall_one(ledger, mail, root)?;
        let parent = mail.messages.get(&root).and_then(|record| record.message.in_reply_to);
        match parent.filter(|parent| *parent != root) {
            Some(parent) if position(ledger, parent)? < position(ledger, root)? => root = parent,
            _ => break,
        }
    }
    let first = position(ledger, root)?;
    let is_answer = |event: &Event| match event {
        Event::MessageAccepted { message, .. } => message.in_reply_to.is_some(),
        _ => false,
    };
    recall(ledger, mail, &|record| record.seq <= first, &is_answer, &|_| true, usize::MAX)
}

/// Sentences about a message that has left.
pub fn explain(outside: &Outside, id: MessageId) -> Result<Option<Vec<String>>, Refusal> {
    let ledger = (outside.open_reader)().map_err(|error| ledger_refusal(&error))?;
    let record = folded(ledger.as_ref(), id)?;
    Ok(record.map(|record| {
        let mut lines = vec![format!("message {id} is {}", record.state.as_str())];
        lines.extend(record.reason);
        lines.extend(record.delivered_at.map(|at| format!("it was delivered at {at:.0}")));
        lines.extend(record.acknowledged_at.map(|at| format!("it was acknowledged at {at:.0}")));
        lines.push("it was closed long ago: only the ledger has it".to_owned());
        lines
    }))
}

/// A command with what only the ledger knows filled in, whatever the asker put there.
pub fn completed(outside: &Outside, state_has: bool, command: Command) -> Result<Command, Refusal> {
    match command {
        Command::RetryMessage { id, ttl_s, .. } if !state_has => {
            let ledger = (outside.open_reader)().map_err(|error| ledger_refusal(&error))?;
            let recalled = folded(ledger.as_ref(), id)?.map(|record| Recalled {
                message: Box::new(record.message),
                to: record.to,
                state: record.state,
            });
            Ok(Command::RetryMessage { id, ttl_s, recalled })
        }
        Command::RetryMessage { id, ttl_s, .. } => {
            Ok(Command::RetryMessage { id, ttl_s, recalled: None })
        }
        Command::RetryFile { file } => {
            let dead = outside.mailboxes.dead_at_door(usize::MAX).unwrap_or_default();
            if dead.iter().any(|known| known.file == file) {
                return Ok(Command::RetryFile { file });
            }
            let text = format!("there is no dead file `{file}` at the door");
            Err(Refusal::new(RefusalKind::NotFound, "file_not_found", text)
                .with_hint("list dead letters with `agency queue dead`"))
        }
        other => Ok(other),
    }
}
