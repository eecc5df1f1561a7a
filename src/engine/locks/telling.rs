//! What the workbench says about locks: granted, denied, expired, and who plans what.
//!
//! `lock_granted` and `lock_denied` have the fields of the protocol and no other. Nothing is decided here.

use serde_json::{Value, json};

use crate::domain::command::Actor;
use crate::domain::id::{LockId, MessageId};
use crate::domain::message::{Draft, MessageType, OwnType};
use crate::domain::name::Address;
use crate::domain::protocol::LockKind;
use crate::domain::text::to_line;
use crate::engine::locks::deciding::owner;
use crate::engine::locks::{Lock, Wish};
use crate::engine::mail::{self, room::has_room_to_be_told};
use crate::engine::state::State;
use crate::engine::step::Step;
use crate::engine::wording::quoted;

/// Other tasks that are named to whoever has to wait, at most.
const NAMED: usize = 3;

/// Somebody else's words in a message of ours, at most, in characters.
const WORDS: usize = 200;

/// Tells a holder that it has its lock.
pub(super) fn granted(step: &mut Step<'_>, lock: LockId) {
    let Some(lock) = step.state().locks.held.get(&lock).cloned() else { return };
    let body = json!({
        "agent_id": lock.wish.holder.to_string(),
        "resource": lock.wish.resource.as_str(),
        "lock_type": lock.wish.kind,
        "granted_at": lock.granted_at,
        "expires_at": lock.expires_at,
        "lock_id": lock.wish.id.to_string(),
    });
    answer(step, "lock_granted", &lock.wish, body);
}

/// Tells somebody that others have what it wants.
pub(super) fn denied(step: &mut Step<'_>, wish: &Wish, reason: String) {
    let locks = &step.state().locks;
    let lock = locks.in_the_way(wish).first().copied();
    // Where only somebody before it in the queue is in the way, that one's kind counts.
    let kind = lock.map(|lock| lock.wish.kind);
    let kind = kind.or_else(|| locks.ahead_of(wish).first().map(|ahead| ahead.kind));
    let body = json!({
        "agent_id": wish.holder.to_string(),
        "resource": wish.resource.as_str(),
        "reason": reason,
        "current_lock": {
            "owner": owner(locks, wish),
            "lock_type": kind.unwrap_or(LockKind::Exclusive),
            "estimated_release": locks.expected_at(wish, step.now.at),
        },
        "alternatives": alternatives(step.state(), wish),
    });
    answer(step, "lock_denied", wish, body);
}

/// What its holder could do instead: its other tasks with paths that are free, then what anybody can.
pub fn alternatives(state: &State, wish: &Wish) -> Vec<String> {
    let is_free = |path: &String| {
        let Ok(resource) = path.parse() else { return false };
        let other = Wish { resource, ..wish.clone() };
        !other.meets(wish) && state.locks.awaited_by(&other).is_empty()
    };
    let own = state.tasks.tasks.values().filter(|task| {
        task.state.is_open()
            && Some(task.id) != wish.task
            && task.agent.clone().map(Address::Agent).as_ref() == Some(&wish.holder)
    });
    let free = own.filter_map(|task| {
        let path = task.contract.paths.iter().find(|path| is_free(path))?;
        Some(format!("Work on {} ({path})", task.id))
    });
    let phrases = [
        "Wait for lock release",
        "Work on different file",
        "Coordinate with lock owner for batched changes",
    ];
    free.take(NAMED).chain(phrases.map(str::to_owned)).collect()
}

/// Tells a holder that its time is over.
pub(super) fn expired(step: &mut Step<'_>, lock: &Lock) {
    let Wish { id, resource, kind, .. } = &lock.wish;
    let text = format!(
        "your {} lock {id} on {resource} has expired. Ask again if you still need it: agency lock \
         request {resource} --type {}",
        kind.as_str(),
        kind.as_str()
    );
    let kind = MessageType::own(OwnType::Alert);
    tell(step, kind, lock.wish.holder.clone(), Value::String(text), None);
}

/// Whoever plans to change something tells those who work there, and its coordinator; whoever begins to, those
/// who plan.
pub(super) fn plans(step: &mut Step<'_>, wish: &Wish) {
    let is_plan = wish.kind == LockKind::Intent;
    if wish.kind == LockKind::None {
        return;
    }
    let others = step.state().locks.held.values().map(|lock| &lock.wish).filter(|other| {
        other.holder != wish.holder
            && other.kind != LockKind::None
            && (is_plan || other.kind == LockKind::Intent)
            && other.meets(wish)
    });
    let mut hearers: Vec<Address> = others.map(|other| other.holder.clone()).collect();
    if is_plan && let Address::Agent(agent) = &wish.holder {
        let record = step.state().sessions.agency(&agent.agency);
        let coordinator = record.map(|record| record.definition.coordinator_address());
        hearers.extend(coordinator.filter(|it| it != agent).map(Address::Agent));
    }
    hearers.sort();
    hearers.dedup();
    let does = match wish.kind {
        LockKind::Intent => "plans to change",
        LockKind::Shared => "reads",
        LockKind::Exclusive | LockKind::None => "changes",
    };
    let why =
        wish.reason.as_ref().map(|reason| format!(": {}", in_quotes(reason))).unwrap_or_default();
    let news = format!("{} {does} {} (", wish.holder, wish.resource);
    let text = format!("{news}{}){why}", wish.id);
    let Ok(kind) = MessageType::parse("note") else { return };
    for to in hearers {
        if waits_to_be_told(step.state(), &to, &news) || !has_room_to_be_told(step.state(), &to) {
            continue;
        }
        tell(step, kind.clone(), to, Value::String(text.clone()), None);
    }
}

/// Whether the same news waits for somebody already: once is enough, however often it begins.
fn waits_to_be_told(state: &State, to: &Address, news: &str) -> bool {
    let Address::Agent(agent) = to else { return false };
    let Some(queue) = state.mail.queues.get(agent) else { return false };
    let mut records = queue.ids().filter_map(|id| state.mail.messages.get(&id));
    records.any(|record| {
        record.message.from == Address::Workbench
            && record.message.body.as_str().is_some_and(|text| text.starts_with(news))
    })
}

/// Somebody else's words within the workbench's own: one line of at most so many characters, which cannot end the quotes.
fn in_quotes(words: &str) -> String {
    quoted(&to_line(words, WORDS))
}

fn answer(step: &mut Step<'_>, kind: &str, wish: &Wish, body: Value) {
    let Ok(kind) = MessageType::parse(kind) else { return };
    tell(step, kind, wish.holder.clone(), body, wish.message);
}

fn tell(
    step: &mut Step<'_>,
    kind: MessageType,
    to: Address,
    body: Value,
    in_reply_to: Option<MessageId>,
) {
    let mut draft = Draft::new(kind, to, body);
    draft.in_reply_to = in_reply_to;
    let actor = std::mem::replace(&mut step.actor, Actor::Supervisor);
    // It can only fail when there is nobody left to tell.
    let _ = mail::notice(step, draft);
    step.actor = actor;
}
