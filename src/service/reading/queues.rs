//! Queues, read: depths and limits from the state, the door from its folders, dead letters from both and the ledger.
//!
//! The door is looked at in the asker's thread; nothing here changes anything.

use jiff::Timestamp;

use crate::domain::message::MessageState;
use crate::domain::name::Address;
use crate::domain::refusal::Refusal;
use crate::engine::event::Event;
use crate::engine::mail::MessageRecord;
use crate::engine::mail::door::Hold;
use crate::engine::mail::room;
use crate::engine::state::State;
use crate::ports::ledger::{LedgerError, LedgerReader, Record};
use crate::service::outside::Outside;
use crate::service::reading::{history, ledger_refusal};
use crate::service::record;
use crate::service::views::queues::{
    DeadView, DepthView, HeldView, LimitsView, QueuesView, SenderView, StoppedView,
};

/// Dead letters that are listed at most, of each kind: more are retried by their code.
pub const MOST_DEAD: usize = 1_000;

/// What the state knows.
pub fn queues(state: &State, now: Timestamp) -> QueuesView {
    let config = &state.config.queue;
    let limits = LimitsView {
        mailbox_limit: config.mailbox_limit,
        reserve: config.reserve(),
        rate: config.rate,
        burst: config.burst,
        loop_limit: config.loop_limit,
    };
    let stopped = state.traffic.muted.iter().map(|(pair, mute)| StoppedView {
        agents: pair.both().into_iter().cloned().collect(),
        turns: mute.turns,
        since: mute.since,
        until: mute.until,
    });
    let senders = state.traffic.buckets.iter().filter(|(_, bucket)| !bucket.is_full(now, config));
    let senders = senders.map(|(agent, bucket)| {
        let left = bucket.left(now, config);
        let wait = bucket.wait(now, config).as_secs().max(0);
        let wait_s = if left == 0 { u64::try_from(wait).unwrap_or(0) + 1 } else { 0 };
        SenderView { agent: agent.clone(), left, wait_s }
    });
    QueuesView {
        mailboxes: depths(state),
        senders: senders.collect(),
        stopped: stopped.collect(),
        dead: state.mail.dead,
        limits,
        ..QueuesView::default()
    }
}

fn depths(state: &State) -> Vec<DepthView> {
    let limit = state.config.queue.mailbox_limit;
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let mut views: Vec<DepthView> = state
        .mail
        .queues
        .iter()
        .filter(|(_, queue)| !queue.is_empty())
        .map(|(agent, queue)| DepthView {
            address: agent.to_string(),
            waiting: count(queue.len()),
            limit,
            oldest_at: room::oldest_for(state, agent),
        })
        .collect();
    let for_operator = room::waiting_for_operator(state);
    if for_operator > 0 {
        views.push(DepthView {
            address: Address::OPERATOR.to_owned(),
            waiting: count(for_operator),
            limit,
            oldest_at: room::oldest_for_operator(state),
        });
    }
    views.sort_by_key(|view| std::cmp::Reverse(view.waiting));
    views
}

/// Adds what lies at the door.
pub fn finish(
    outside: &Outside,
    state: Vec<(Hold, crate::engine::mail::door::Held)>,
    mut view: QueuesView,
) -> QueuesView {
    if let Ok((new, dead)) = outside.mailboxes.door_counts() {
        (view.door.new, view.door.dead) = (new, dead);
    }
    let counts = outside.mailboxes.held_at_door().unwrap_or_default();
    view.door.waiting = counts.values().sum();
    view.door.held = state
        .into_iter()
        .map(|(hold, held)| HeldView {
            files: counts.get(&hold.folder()).copied().unwrap_or(0),
            hold: hold.to_string(),
            since: held.since,
            code: held.code,
            reason: held.message,
        })
        .collect();
    view
}

/// Every dead letter, newest first.
pub fn dead(outside: &Outside) -> Result<Vec<DeadView>, Refusal> {
    let mut views = dead_files(outside)?;
    let ledger = match (outside.open_reader)() {
        Ok(ledger) => ledger,
        // Nothing has happened yet: what lies at the door is all there is.
        Err(LedgerError::Absent { .. }) => return Ok(views),
        Err(error) => return Err(ledger_refusal(&error)),
    };
    for kind in ["message_died", "message_expired"] {
        let page = ledger.read_kind(kind, u64::MAX, MOST_DEAD);
        for end in page.map_err(|error| ledger_refusal(&error))? {
            if let Some(view) = dead_message(outside, ledger.as_ref(), &end)?
                && views.iter().all(|known| known.what != view.what)
            {
                views.push(view);
            }
        }
    }
    views.sort_by_key(|view| std::cmp::Reverse(view.at));
    Ok(views)
}

fn dead_files(outside: &Outside) -> Result<Vec<DeadView>, Refusal> {
    let files = outside.mailboxes.dead_at_door(MOST_DEAD).map_err(|error| {
        Refusal::new(crate::domain::refusal::RefusalKind::Failed, "door", error.to_string())
    })?;
    let view = |file: crate::ports::mailboxes::DeadFile| {
        let reason = file.reason;
        DeadView {
            what: file.file.clone(),
            id: None,
            file: Some(file.file),
            path: Some(file.path),
            from: None,
            to: None,
            code: reason.as_ref().map_or_else(|| "unknown".to_owned(), |r| r.code.clone()),
            reason: reason
                .as_ref()
                .map_or_else(|| "its reason cannot be read".to_owned(), |r| r.message.clone()),
            field: reason.as_ref().and_then(|r| r.field.clone()),
            at: reason.map_or(Timestamp::UNIX_EPOCH, |r| r.at),
        }
    };
    Ok(files.into_iter().map(view).collect())
}

/// One whose end still stands: it was not taken once more since.
fn dead_message(
    outside: &Outside,
    ledger: &dyn LedgerReader,
    end: &Record,
) -> Result<Option<DeadView>, Refusal> {
    let Ok(id) = end.subject.parse() else { return Ok(None) };
    let known = history::folded(ledger, id)?.filter(MessageRecord::is_dead);
    let Some(MessageRecord { message, to, state, .. }) = known else { return Ok(None) };
    let (code, reason, field) = match record::event_of(end) {
        Some(Event::MessageDied { reason, .. }) if state == MessageState::Dead => {
            (reason.code, reason.message, reason.field)
        }
        Some(Event::MessageExpired { .. }) if state == MessageState::Expired => {
            let at = message.expires_at.map(|at| format!(" at {at:.0}")).unwrap_or_default();
            ("expired".to_owned(), format!("its time ran out{at}"), Some("expires_at".to_owned()))
        }
        _ => return Ok(None),
    };
    let path = to.as_ref().map(|to| outside.mailboxes.path_of(to, id)).filter(|path| path.exists());
    Ok(Some(DeadView {
        what: id.to_string(),
        id: Some(id),
        file: None,
        path,
        from: Some(message.from.to_string()),
        to: Some(to.map_or_else(|| Address::OPERATOR.to_owned(), |to| to.to_string())),
        code,
        reason,
        field,
        at: end.at,
    }))
}
