//! Who looks at single panes: a listener for each, for as long as somebody looks.
//!
//! The same client that hears a session for the supervisor hears one pane here, and has the same care for
//! panes that print too much. Nothing is asked and nothing runs while nobody looks.

use std::sync::{Arc, Mutex, Weak};

use super::command::Cmd;
use super::hearing::Number;
use super::link::{HintSlot, lock};
use super::listener::Listener;
use super::server::Server;
use crate::domain::id::SpawnId;
use crate::ports::terminals::{Observation, PaneId, TerminalError};

/// All panes that are looked at.
#[derive(Default)]
pub(super) struct Sights {
    open: Mutex<Vec<Weak<Sight>>>,
}

struct Sight {
    pane: Number,
    listener: Listener,
}

/// What the looker holds.
struct Held(Arc<Sight>);

impl Observation for Held {
    fn is_alive(&self) -> bool {
        self.0.listener.is_alive()
    }
}

impl Sights {
    /// Starts to hear a pane.
    pub(super) fn open(
        &self,
        server: &Server,
        pane: &PaneId,
        hint: Box<dyn Fn() + Send>,
    ) -> Result<Box<dyn Observation>, TerminalError> {
        let gone = || TerminalError::Refused {
            command: "attach-session".to_owned(),
            problem: format!("there is no pane `{}` of an agent", pane.0),
        };
        let whose = Cmd::new("display-message").flag("-p").option("-t", pane.0.as_str());
        let answer =
            server.read(&[whose.param("#{session_id} #{@agency_home} #{@agency_spawn}")])?;
        let mut words = answer.trim_end().split(' ');
        let (session, home) = (words.next().unwrap_or_default(), words.next());
        let spawn: Option<SpawnId> = words.next().and_then(|word| word.parse().ok());
        let number = number(pane).filter(|_| home == Some(server.home()));
        let (number, spawn) = number.zip(spawn).ok_or_else(gone)?;
        let slot: HintSlot = Arc::new(Mutex::new(Some(Box::new(move |_| hint()))));
        let listener = server.listen_for(session, slot)?;
        listener.read_only(&[(number, spawn)]);
        let sight = Arc::new(Sight { pane: number, listener });
        let mut open = lock(&self.open);
        open.retain(|sight| sight.strong_count() > 0);
        open.push(Arc::downgrade(&sight));
        Ok(Box::new(Held(sight)))
    }

    /// A pane is about to be read: what must run first, so that what it prints from then on is heard.
    pub(super) fn read_now(&self, pane: &PaneId) -> Vec<Cmd> {
        let mut first = Vec::new();
        for sight in self.of(pane) {
            if sight.listener.is_read_now(sight.pane) {
                let go_on = Cmd::new("refresh-client").option("-t", sight.listener.name());
                first.push(go_on.option("-A", format!("%{}:continue", sight.pane)));
            }
        }
        first
    }

    /// It could not be read.
    pub(super) fn not_read(&self, pane: &PaneId) {
        self.of(pane).iter().for_each(|sight| sight.listener.was_not_read(sight.pane));
    }

    fn of(&self, pane: &PaneId) -> Vec<Arc<Sight>> {
        let number = number(pane);
        let open = lock(&self.open);
        let alive = open.iter().filter_map(Weak::upgrade);
        alive.filter(|sight| Some(sight.pane) == number).collect()
    }
}

fn number(pane: &PaneId) -> Option<Number> {
    pane.0.strip_prefix('%')?.parse().ok()
}
