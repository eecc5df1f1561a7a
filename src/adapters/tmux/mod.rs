//! Sessions and panes on a real tmux, 3.2 or newer.
//!
//! Start at [`Tmux`]. `server` reaches tmux (`link` is the persistent client, `protocol` its language,
//! `handshake` how it comes in without harm, `command` the quoting), `snapshot` says what is there, `reconcile` makes what is missing (`wanted`,
//! `layout`, `naming`, how people `arranged` it, what is `handmade`, how it grows back: `leaving`, `settling`), `typing` brings text into an input line (`probe`, `standing`), `picture`, `keys` and `sight` are for whoever looks at one pane, `closing` ends a session and what its programs leave behind (`family`), `vigil` and `hooks` have deaths told.
//! Objects are
//! addressed by id; nothing without this workbench's mark is touched.

mod arranged;
mod attach;
mod client;
mod closing;
mod command;
mod customs;
mod ears;
mod family;
pub mod ghost;
mod glance;
mod graphemes;
mod handmade;
mod handshake;
mod hearing;
mod hooks;
mod keys;
mod layout;
mod leaving;
mod link;
mod listener;
mod naming;
mod pause;
mod picture;
mod probe;
mod protocol;
mod reconcile;
mod screens;
mod server;
mod settling;
mod sight;
mod snapshot;
mod standing;
mod tty;
mod typing;
mod version;
mod vigil;
mod wanted;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crate::domain::id::SpawnId;
use crate::domain::name::{AgentAddress, Name};
use crate::ports::terminals::{
    Arrangement, AttachPlan, AttachWish, KeysOrder, Observation, PaneId, PaneSeen, Picture,
    Pressed, ScreenSeen, SessionPlan, SessionSeen, Sighting, TerminalError, TerminalHint,
    Terminals, Typed, TypingOrder,
};
use arranged::Arranged;
use command::Cmd;
use ears::Ears;
use glance::Glance;
use server::Server;
pub use server::Settings;
use sight::Sights;
use snapshot::{PaneRow, SessionRow, Snapshot};
use vigil::Vigil;

/// As the port shows it.
fn to_session(row: &SessionRow) -> Option<SessionSeen> {
    let agency = Name::parse(&row.agency).ok()?;
    Some(SessionSeen { agency, name: row.name.clone() })
}

/// How far back a text is looked for, in lines.
const SCROLLBACK: &str = "-200";

/// Between two looks when all changes are told: what nobody told, as a dead pane that a person respawned, is seen
/// after this. A look at two hundred panes costs the server some 10 ms.
const LOOK_FOR_SAFETY: Duration = Duration::from_secs(30);

/// Between two looks when it does not.
const LOOK_FOR_ALL: Duration = Duration::from_secs(1);

/// A tmux server, the user's or a private one.
pub struct Tmux {
    server: Server,
    glance: Glance,
    ears: Ears,
    sights: Sights,
    vigil: Vigil,
    arranged: Arranged,
}

impl Tmux {
    /// Knows how to reach the server; connects when first asked.
    pub fn new(settings: &Settings) -> Self {
        let server = Server::new(settings);
        let vigil = Vigil::new(Arc::clone(&server.hint), vigil::hold);
        Self {
            server,
            glance: Glance::default(),
            ears: Ears::default(),
            sights: Sights::default(),
            vigil,
            arranged: Arranged::default(),
        }
    }

    /// Sees to it that what happens in these panes is told.
    fn tend(&self, snapshot: &Snapshot) {
        let unheard = self.ears.tend(&self.server, snapshot);
        if !unheard.is_empty()
            && let Some(callback) = link::lock(&self.server.hint).as_ref()
        {
            // Nobody tells when they print, so they may have.
            callback(TerminalHint::Printed(unheard));
        }
        self.server.compare_unless(self.vigil.tend(snapshot));
    }
}

impl Terminals for Tmux {
    fn version(&self) -> Result<String, TerminalError> {
        version::ask(&self.server)
    }

    fn examine(&self) -> Result<(), TerminalError> {
        customs::examine(&self.server)
    }

    fn ensure(&self, plan: &SessionPlan) -> Result<Vec<PaneSeen>, TerminalError> {
        version::require(&self.server)?;
        let snapshot = match reconcile::ensure(&self.server, plan) {
            // The last session may have gone in this moment, and the server with it. What is there
            // is looked at again, so to begin anew makes nothing twice.
            Err(TerminalError::Died { .. } | TerminalError::NoServer) => {
                reconcile::ensure(&self.server, plan)
            }
            other => other,
        }
        .map_err(|error| customs::explained(&self.server, error))?;
        self.tend(&snapshot);
        let is_planned = |seen: &PaneSeen| plan.panes.iter().any(|pane| pane.agent == seen.agent);
        let seen = snapshot.distinct_panes().into_iter().filter_map(PaneRow::to_seen);
        Ok(seen.filter(is_planned).collect())
    }

    fn look(&self) -> Result<Sighting, TerminalError> {
        if self.vigil.take_news() || self.ears.is_any_missing() {
            self.glance.forget();
        }
        self.glance.or_look(&self.server, || {
            let mut snapshot = Snapshot::take(&self.server)?;
            naming::take_back(&self.server, &mut snapshot);
            hooks::refresh(&self.server, &snapshot);
            self.tend(&snapshot);
            let ours = snapshot.sessions.iter().filter(|session| session.is_ours);
            Ok(Sighting {
                sessions: ours.filter_map(to_session).collect(),
                arranged: self.arranged.take_in(&snapshot),
                panes: snapshot.distinct_panes().into_iter().filter_map(PaneRow::to_seen).collect(),
            })
        })
    }

    fn is_arranged(&self, agency: &Name, arrangement: &Arrangement) -> Result<bool, TerminalError> {
        let snapshot = Snapshot::take(&self.server)?;
        Ok(arranged::stands(&snapshot, agency, arrangement))
    }

    fn look_every(&self) -> Duration {
        match self.server.is_told() && !self.ears.is_any_missing() {
            true => LOOK_FOR_SAFETY,
            false => LOOK_FOR_ALL,
        }
    }

    fn close_session(&self, agency: &Name) -> Result<(), TerminalError> {
        closing::close(&self.server, agency)
    }

    fn close_agent(
        &self,
        agent: &AgentAddress,
        life: Option<SpawnId>,
    ) -> Result<(), TerminalError> {
        closing::close_agent(&self.server, agent, life)
    }

    fn type_text(&self, order: &TypingOrder) -> Result<Typed, TerminalError> {
        typing::type_text(&self.server, order)
    }

    fn is_on_screen(&self, pane: &PaneId, token: &str) -> Result<bool, TerminalError> {
        let capture = Cmd::new("capture-pane").flag("-p").flag("-J");
        let capture = capture.option("-S", SCROLLBACK).option("-t", pane.0.as_str());
        Ok(probe::is_token_in(&self.server.read(&[capture])?, token))
    }

    fn screen(&self, pane: &PaneId) -> Result<String, TerminalError> {
        self.server.read(&[Cmd::new("capture-pane").flag("-p").option("-t", pane.0.as_str())])
    }

    fn screens(&self, panes: &[PaneId]) -> Result<Vec<ScreenSeen>, TerminalError> {
        let taken = screens::take(&self.server, panes, self.ears.read_now(panes));
        let is_any_read = taken.as_ref().is_ok_and(|screens| !screens.is_empty());
        if !is_any_read {
            self.ears.not_read(panes);
        }
        let mut screens = taken?;
        for screen in &mut screens {
            screen.progress = self.ears.progress(&screen.pane);
        }
        Ok(screens)
    }

    fn watch(&self, hint: Box<dyn Fn(TerminalHint) + Send>) {
        *link::lock(&self.server.hint) = Some(hint);
        self.server.begin_to_compare();
        // Without a connection nothing is pushed; that none can be made now is seen at the next look.
        let _ = self.look();
    }

    fn picture(&self, pane: &PaneId, above: usize) -> Result<Option<Picture>, TerminalError> {
        let taken = picture::take(&self.server, pane, above, &self.sights.read_now(pane));
        if !matches!(taken, Ok(Some(_))) {
            self.sights.not_read(pane);
        }
        taken
    }

    fn press(&self, order: &KeysOrder) -> Result<Pressed, TerminalError> {
        keys::press(&self.server, order)
    }

    fn observe(
        &self,
        pane: &PaneId,
        hint: Box<dyn Fn() + Send>,
    ) -> Result<Box<dyn Observation>, TerminalError> {
        self.sights.open(&self.server, pane, hint)
    }

    fn attach_plan(
        &self,
        agency: &Name,
        wish: &AttachWish<'_>,
    ) -> Result<AttachPlan, TerminalError> {
        attach::plan(&self.server, agency, wish)
    }
}
