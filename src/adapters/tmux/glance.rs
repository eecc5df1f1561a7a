//! A cheap look: whether anything has changed since the last whole one.
//!
//! Where the kernel does not tell of deaths (`vigil`), the server is asked once to tell when a short field of any
//! pane changes ([`subscribe`]): it compares them itself, once a second, and is silent as long as nothing happens.
//! Looks that come all the same mostly find nothing new. Those fields of each pane tell that for a fraction of
//! what the marks cost the server; only when they read differently, and now and then all the same,
//! everything is asked for.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::command::Cmd;
use super::link::lock;
use super::server::Server;
use crate::ports::terminals::{Sighting, TerminalError};

/// A respawned pane keeps its id and changes its process; a shell changes what is in front; a person moves borders and
/// renames sessions.
const PANE: &str = "#{session_name} #{pane_id} #{pane_pid} #{pane_dead} #{pane_width}x#{pane_height}#{?@agency_shell, #{pane_current_command},}";

/// How long looks may be cheap: a mark that somebody changed by hand is seen after this.
const CHEAP: Duration = Duration::from_secs(29);

/// What the server compares once a second, all the time: each field costs it some microseconds a pane.
/// Panes that come, go or are moved are told without it.
const COMPARED: &str = "#{pane_dead}#{?@agency_shell,#{pane_current_command},}";

/// The one line that asks to be told, whatever changes in any session.
pub(super) fn subscribe() -> Cmd {
    let all = format!("agency::#{{S:#{{W:#{{P:{COMPARED}}}}}}}");
    Cmd::new("refresh-client").option("-B", all)
}

/// The one line that ends it.
pub(super) fn unsubscribe() -> Cmd {
    Cmd::new("refresh-client").option("-B", "agency")
}

/// What the last looks saw.
#[derive(Default)]
pub(super) struct Glance {
    last: Mutex<Option<Last>>,
}

struct Last {
    text: String,
    sighting: Sighting,
    at: Instant,
}

impl Glance {
    /// The next look is a whole one.
    pub(super) fn forget(&self) {
        *lock(&self.last) = None;
    }

    /// What was seen last, if it is still so; else what the whole look sees, kept for the next time.
    pub(super) fn or_look(
        &self,
        server: &Server,
        look: impl FnOnce() -> Result<Sighting, TerminalError>,
    ) -> Result<Sighting, TerminalError> {
        let glance = [Cmd::new("list-panes").flag("-a").option("-F", PANE)];
        let text = match server.read(&glance) {
            Ok(text) => Some(text),
            Err(error @ TerminalError::Hung { .. }) => return Err(error),
            // What else can be wrong is the whole look's to judge.
            Err(_) => None,
        };
        let mut last = lock(&self.last);
        if let (Some(text), Some(known)) = (&text, last.as_ref())
            && *text == known.text
            && known.at.elapsed() < CHEAP
        {
            return Ok(known.sighting.clone());
        }
        *last = None;
        let sighting = look()?;
        // Asked before the whole look: what changes in between reads differently the next time.
        *last = text.map(|text| Last { text, sighting: sighting.clone(), at: Instant::now() });
        Ok(sighting)
    }
}
