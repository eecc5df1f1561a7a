//! How a person gets to see a session, from outside tmux, from another server, or from the same one.
//!
//! It selects by ids and says what to run; it does not run it. A client inside the same server
//! switches, because tmux refuses to show a server within itself.

use super::command::Cmd;
use super::server::Server;
use super::snapshot::Snapshot;
use crate::domain::name::Name;
use crate::ports::terminals::{AttachPlan, PaneId, TerminalError};

/// Selects the pane, if one is given, and tells what to run.
pub(super) fn plan(
    server: &Server,
    agency: &Name,
    pane: Option<&PaneId>,
    inside: Option<&str>,
) -> Result<AttachPlan, TerminalError> {
    let session = match Snapshot::take(server)?.session(agency.as_str()) {
        Some(session) if session.is_ours => session.clone(),
        Some(session) => {
            return Err(TerminalError::ForeignSession { name: session.name.clone() });
        }
        None => {
            return Err(TerminalError::Refused {
                command: "attach-session".to_owned(),
                problem: format!("there is no session `{agency}`"),
            });
        }
    };
    if let Some(pane) = pane {
        let select = |name| Cmd::new(name).option("-t", pane.0.as_str());
        server.ask(&[select("select-window"), select("select-pane")])?;
    }
    let is_same = is_same_server(server, inside)?;
    let verb = if is_same { "switch-client" } else { "attach-session" };
    let mut argv = server.program();
    argv.extend([verb, "-t"].map(str::to_owned));
    argv.push(format!("={}", session.name));
    let unset = if is_same { Vec::new() } else { vec!["TMUX".to_owned(), "TMUX_PANE".to_owned()] };
    Ok(AttachPlan { argv, unset })
}

fn is_same_server(server: &Server, inside: Option<&str>) -> Result<bool, TerminalError> {
    let Some(inside) = inside else { return Ok(false) };
    let ours = server.read(&[Cmd::new("display-message").flag("-p").param("#{socket_path}")])?;
    // `$TMUX` is the path, the server's pid and a session number.
    let path = inside.split(',').next().unwrap_or(inside);
    Ok(path == ours.trim_end())
}
