//! Reading locks: who has which paths and who waits, from the state alone.
//!
//! Locks that hold come first, by number; then those that wait, in the order in which they are granted.

use jiff::Timestamp;

use crate::domain::name::Address;
use crate::engine::locks::{Lock, Locks, Wish};
use crate::engine::state::State;
use crate::service::views::LockView;

/// Every lock and every request for one.
pub(super) fn locks(state: &State, now: Timestamp) -> Vec<LockView> {
    let locks = &state.locks;
    let held = locks.held.values().map(|lock| held(locks, lock));
    // One that holds and is to become another kind is listed as what it is.
    let waiting = locks.queue().into_iter().filter(|wish| !locks.held.contains_key(&wish.id));
    held.chain(waiting.map(|wish| waits(locks, wish, now))).collect()
}

fn held(locks: &Locks, lock: &Lock) -> LockView {
    let waiting = locks.queue().into_iter().filter(|wish| lock.wish.hinders(wish));
    LockView {
        holders: vec![lock.wish.holder.clone()],
        waiting: waiting.map(|wish| wish.holder.clone()).collect(),
        granted_at: Some(lock.granted_at),
        expires_at: Some(lock.expires_at),
        ..plain(&lock.wish)
    }
}

fn waits(locks: &Locks, wish: &Wish, now: Timestamp) -> LockView {
    let waiting: Vec<Address> = vec![wish.holder.clone()];
    LockView { waiting, expected_at: Some(locks.expected_at(wish, now)), ..plain(wish) }
}

fn plain(wish: &Wish) -> LockView {
    LockView {
        id: wish.id,
        resource: wish.resource.clone(),
        kind: wish.kind,
        holders: Vec::new(),
        waiting: Vec::new(),
        granted_at: None,
        expires_at: None,
        reason: wish.reason.clone(),
        task: wish.task,
        asked_at: wish.asked_at,
        expected_at: None,
        project: wish.project.clone(),
    }
}
