//! Which sessions are listened to: those with a pane that is read, as long as they are there.
//!
//! One client can hear one session only, so each gets a listener of its own. A single client for all would
//! need every window linked into one more session, which people would see and which would keep closed
//! windows alive. Whoever has looked at the server says what is there; nothing is asked here.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::command::Cmd;
use super::hearing::Number;
use super::link::lock;
use super::listener::Listener;
use super::server::Server;
use super::snapshot::{PaneRow, Snapshot};
use crate::domain::id::SpawnId;
use crate::ports::terminals::{PaneId, PaneLife};

/// All listeners, by the id of their session.
#[derive(Default)]
pub(super) struct Ears {
    listeners: Mutex<BTreeMap<String, Listener>>,
    is_any_missing: AtomicBool,
}

impl Ears {
    /// Opens, ends and informs listeners, so that all panes that are read are heard; gives those that are not. A
    /// listener that cannot be opened now is tried again at the next look.
    pub(super) fn tend(&self, server: &Server, snapshot: &Snapshot) -> Vec<PaneId> {
        let mut listeners = lock(&self.listeners);
        let mut unheard = Vec::new();
        let wanted = wanted(snapshot);
        listeners.retain(|session, listener| listener.is_alive() && wanted.contains_key(session));
        for (session, panes) in wanted {
            if !listeners.contains_key(&session)
                && let Ok(listener) = server.listen(&session)
            {
                listeners.insert(session.clone(), listener);
            }
            match listeners.get(&session) {
                Some(listener) => listener.read_only(&panes),
                None => {
                    unheard.extend(panes.iter().map(|(number, _)| PaneId(format!("%{number}"))))
                }
            }
        }
        self.is_any_missing.store(!unheard.is_empty(), Ordering::SeqCst);
        unheard
    }

    /// Whether a session is not heard that should be: then a look is due soon.
    pub(super) fn is_any_missing(&self) -> bool {
        self.is_any_missing.load(Ordering::SeqCst)
    }

    /// These panes are about to be read: what must run first, so that what they print from then on is heard.
    pub(super) fn read_now(&self, panes: &[PaneId]) -> Vec<Cmd> {
        let listeners = lock(&self.listeners);
        let mut first = Vec::new();
        for number in panes.iter().filter_map(number) {
            for listener in listeners.values().filter(|listener| listener.is_read_now(number)) {
                let go_on = Cmd::new("refresh-client").option("-t", listener.name());
                first.push(go_on.option("-A", format!("%{number}:continue")));
            }
        }
        first
    }

    /// None of these panes could be read.
    pub(super) fn not_read(&self, panes: &[PaneId]) {
        let listeners = lock(&self.listeners);
        for number in panes.iter().filter_map(number) {
            listeners.values().for_each(|listener| listener.was_not_read(number));
        }
    }

    /// Whether a pane's program shows a progress; none if nobody heard of one.
    pub(super) fn progress(&self, pane: &PaneId) -> Option<bool> {
        let number = number(pane)?;
        lock(&self.listeners).values().find_map(|listener| listener.progress(number))
    }
}

fn number(pane: &PaneId) -> Option<Number> {
    pane.0.strip_prefix('%')?.parse().ok()
}

/// The panes that are read, by the session that shows them.
fn wanted(snapshot: &Snapshot) -> BTreeMap<String, Vec<(Number, SpawnId)>> {
    let is_read = |row: &&&PaneRow| row.is_read && row.life == PaneLife::Alive;
    let rows = snapshot.distinct_panes();
    let mut wanted: BTreeMap<String, Vec<(Number, SpawnId)>> = BTreeMap::new();
    for row in rows.iter().filter(is_read) {
        let spawn = row.owner.as_ref().map(|(_, spawn)| *spawn);
        if let Some(pane) = number(&PaneId(row.pane.clone())).zip(spawn) {
            wanted.entry(row.session.clone()).or_default().push(pane);
        }
    }
    wanted
}
