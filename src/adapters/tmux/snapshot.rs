//! What is on the server, in one question: sessions and panes that carry our mark.
//!
//! Only cheap formats are asked for; the name of the program in front costs a look into `/proc` each and
//! is asked only of panes marked as shells. Fields are separated by one space: none but the last can
//! hold one. The mark is compared here, not in a format, so no text of ours is ever expanded.

use super::command::Cmd;
use super::family;
use super::server::Server;
use super::tty;
use crate::domain::id::SpawnId;
use crate::domain::name::AgentAddress;
use crate::ports::terminals::{PaneId, PaneLife, PaneSeen, TerminalError};

const SESSION: &str = "#{session_id} #{@agency_home} #{@agency_name} #{session_name}";

const WINDOW: &str = "#{window_id} #{window_panes} #{==:#{window_width}x#{window_height},#{@agency_size}} #{?@agency_bent,1,0} #{window_layout} #{?@agency_layout,#{@agency_layout},-} #{@agency_put}";

pub(super) const PANE: &str = "#{session_id} #{window_id} #{pane_id} #{pane_pid} #{pane_dead} #{pane_dead_status} #{pane_dead_signal} #{window_zoomed_flag} #{@agency_window} #{@agency_role} #{@agency_agent} #{@agency_spawn} #{@agency_home} #{?@agency_read,1,0} #{@agency_stop} #{?@agency_shell,#{pane_tty},} #{?@agency_shell,#{pane_current_command},}";

/// A session on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SessionRow {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) is_ours: bool,
    /// Which agency's it is, if it is ours: it may be called otherwise, or have been renamed since.
    pub(super) agency: String,
}

/// One of our windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WindowRow {
    pub(super) id: String,
    pub(super) panes: usize,
    /// Whether it has the size of its plan.
    pub(super) is_full: bool,
    /// Whether it came from another size just now, and is still to be arranged as it was; or has another size.
    pub(super) is_bent: bool,
    /// Its layout as if no pane were zoomed.
    pub(super) layout: String,
    /// The layout that we gave it last; `-`: none.
    pub(super) made: String,
    /// Its layout after a person's arrangement was put back, and that arrangement; empty: none was.
    pub(super) put: String,
}

/// A pane that carries our mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PaneRow {
    pub(super) session: String,
    pub(super) window: String,
    pub(super) pane: String,
    pub(super) pid: u32,
    pub(super) life: PaneLife,
    pub(super) is_zoomed: bool,
    /// Which of our windows it is in: `agents:1`, `agent:NAME`, `tools`, ….
    pub(super) place: String,
    /// `agent`, `tools`, `sandbox`; empty for a pane that a person made in our session.
    pub(super) role: String,
    pub(super) owner: Option<(AgentAddress, SpawnId)>,
    /// How its program is ended in order, as it is marked.
    pub(super) stop: String,
    /// Whether what it prints is listened to.
    pub(super) is_read: bool,
    pub(super) foreground: Option<String>,
    /// The terminal of a shell.
    pub(super) tty: Option<String>,
}

impl PaneRow {
    /// As the port shows it; none if it is no agent's.
    pub(super) fn to_seen(&self) -> Option<PaneSeen> {
        let (agent, spawn) = self.owner.clone()?;
        Some(PaneSeen {
            agent,
            spawn,
            pane: PaneId(self.pane.clone()),
            pid: self.pid,
            life: self.life,
            foreground: self.foreground.clone(),
            reads_keys: self.tty.as_deref().and_then(tty::is_by_lines).map(|by_lines| !by_lines),
            born: (self.life == PaneLife::Alive).then(|| family::born(self.pid)).flatten(),
        })
    }
}

/// Everything of ours.
#[derive(Debug, Clone, Default)]
pub(super) struct Snapshot {
    /// All sessions, other people's too.
    pub(super) sessions: Vec<SessionRow>,
    /// Our panes; one that is linked into several sessions is there several times.
    pub(super) panes: Vec<PaneRow>,
    /// Windows of ours and of other workbenches.
    pub(super) windows: Vec<WindowRow>,
}

impl Snapshot {
    /// Asks the server; empty if there is none.
    pub(super) fn take(server: &Server) -> Result<Self, TerminalError> {
        let chain = [
            Cmd::new("list-sessions").option("-F", SESSION),
            Cmd::new("list-panes").flag("-a").option("-f", "#{@agency_home}").option("-F", PANE),
            Cmd::new("list-windows")
                .flag("-a")
                .option("-f", "#{@agency_window}")
                .option("-F", WINDOW),
        ];
        let answer = match server.read(&chain) {
            // A server ends when its last session does, maybe while it is asked.
            Err(TerminalError::Died { .. }) => server.read(&chain),
            other => other,
        };
        match answer {
            Ok(text) => Ok(Self::parse(&text, server.home())),
            Err(TerminalError::NoServer) => Ok(Self::default()),
            // What `list-panes` says where there is no session at all, as in a server that is ending.
            Err(TerminalError::Refused { problem, .. })
                if problem.contains("no current target") =>
            {
                Ok(Self::default())
            }
            Err(error) => Err(error),
        }
    }

    fn parse(text: &str, home: &str) -> Self {
        let mut snapshot = Self::default();
        for line in text.lines() {
            match line.split_once(' ') {
                Some((id, rest)) if id.starts_with('@') => {
                    let window = parse_window(id, rest);
                    // One that is linked into several sessions is there several times.
                    let is_known = |known: &WindowRow| known.id == id;
                    if !snapshot.windows.iter().any(is_known) {
                        snapshot.windows.extend(window);
                    }
                }
                Some((_, rest)) if rest.starts_with('@') => {
                    snapshot.panes.extend(parse_pane(line, home));
                }
                _ => snapshot.sessions.extend(parse_session(line, home)),
            }
        }
        snapshot
    }

    /// Our session of that agency, whatever it is called.
    pub(super) fn session(&self, agency: &str) -> Option<&SessionRow> {
        self.sessions.iter().find(|session| session.is_ours && session.agency == agency)
    }

    /// Whether a session of that name is there, anybody's.
    pub(super) fn is_taken(&self, name: &str) -> bool {
        self.sessions.iter().any(|session| session.name == name)
    }

    /// Our panes of one window, in their order.
    pub(super) fn panes_of(&self, window: &str) -> impl Iterator<Item = &PaneRow> {
        let rows = self.distinct_panes().into_iter();
        rows.filter(move |row| row.window == window)
    }

    /// Our panes, each once.
    pub(super) fn distinct_panes(&self) -> Vec<&PaneRow> {
        let mut seen = std::collections::BTreeSet::new();
        self.panes.iter().filter(|row| seen.insert(row.pane.as_str())).collect()
    }
}

fn parse_session(line: &str, home: &str) -> Option<SessionRow> {
    let mut fields = line.splitn(4, ' ');
    let (id, mark) = (fields.next()?.to_owned(), fields.next()?);
    let (agency, name) = (fields.next()?, fields.next()?.to_owned());
    // One that an earlier version made is called like its agency.
    let agency = if agency.is_empty() { name.clone() } else { agency.to_owned() };
    Some(SessionRow { id, name, is_ours: mark == home, agency })
}

fn parse_window(id: &str, rest: &str) -> Option<WindowRow> {
    let mut fields = rest.splitn(6, ' ');
    let panes = fields.next()?.parse().ok()?;
    let (is_full, is_bent) = (fields.next()? == "1", fields.next()? == "1");
    let (layout, made) = (fields.next()?.to_owned(), fields.next()?.to_owned());
    let put = fields.next().unwrap_or_default().to_owned();
    Some(WindowRow { id: id.to_owned(), panes, is_full, is_bent, layout, made, put })
}

pub(super) fn parse_pane(line: &str, home: &str) -> Option<PaneRow> {
    let mut fields = line.splitn(17, ' ');
    let mut next = || fields.next();
    let (session, window, pane) = (next()?.to_owned(), next()?.to_owned(), next()?.to_owned());
    let pid = next()?.parse().unwrap_or(0);
    let (is_dead, status, signal) = (next()? == "1", next()?.parse().ok(), next()?.parse().ok());
    let is_zoomed = next()? == "1";
    let (place, role) = (next()?.to_owned(), next()?.to_owned());
    let owner = next()?.parse().ok().zip(next()?.parse().ok());
    let mark = next()?;
    let (is_read, stop) = (next()? == "1", next()?.to_owned());
    let tty = next().filter(|tty| !tty.is_empty()).map(str::to_owned);
    let foreground = next().filter(|name| !name.is_empty()).map(str::to_owned);
    let life = match is_dead {
        true => PaneLife::Dead { status, signal },
        false => PaneLife::Alive,
    };
    let row = PaneRow {
        session,
        window,
        pane,
        pid,
        life,
        is_zoomed,
        place,
        role,
        owner,
        is_read,
        stop,
        foreground,
        tty,
    };
    (mark == home).then_some(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_panes_with_our_mark_are_seen() {
        let spawn = uuid::Uuid::from_u128(1);
        let text = format!(
            "$0 home A A-2\n$1   other name\n$0 @0 %0 12 1 3  0 agents:1 agent A/c {spawn} home 1 TERM:50 /dev/none sh\n$1 @1 %1 13 0   0   A/d {spawn} elsewhere 0   \n"
        );
        let snapshot = Snapshot::parse(&text, "home");
        assert!(snapshot.session("other name").is_none() && snapshot.is_taken("other name"));
        assert_eq!(snapshot.session("A").map(|row| row.name.as_str()), Some("A-2"));
        assert_eq!(snapshot.panes.len(), 1);
        assert_eq!(snapshot.panes[0].life, PaneLife::Dead { status: Some(3), signal: None });
        assert!(snapshot.panes[0].is_read);
        assert_eq!(snapshot.panes[0].foreground.as_deref(), Some("sh"));
    }
}
