//! How a person gets to see a session, from outside tmux, from another server, or from the same one.
//!
//! It selects by ids and says what to run; it does not run it. A client inside the same server
//! switches, because tmux refuses to show a server within itself. Inside another server the outer one takes
//! the prefix key for itself: where the inner one has the same, the plan says so.

use std::path::Path;
use std::time::Duration;

use super::command::{Cmd, unaliased};
use super::leaving::ZOOMED;
use super::server::Server;
use super::snapshot::{SessionRow, Snapshot};
use crate::adapters::process::Invocation;
use crate::domain::name::Name;
use crate::ports::terminals::viewing::{Access, AttachWish, Extent};
use crate::ports::terminals::{AttachPlan, PaneId, TerminalError};

/// A server that somebody looks at answers at once; one that does not only costs a hint.
const PATIENCE: Duration = Duration::from_secs(2);

/// Brings into sight what is wished for, and tells what to run.
pub(super) fn plan(
    server: &Server,
    agency: &Name,
    wish: &AttachWish<'_>,
) -> Result<AttachPlan, TerminalError> {
    let snapshot = Snapshot::take(server)?;
    let session = own(&snapshot, agency)?;
    if let Some(pane) = wish.pane {
        select(server, &snapshot, pane)?;
    }
    let target = wish.pane.map_or_else(|| format!("{}:", session.id), |pane| pane.0.clone());
    zoom(server, &target, wish.extent)?;
    let is_same = is_same_server(server, wish.inside)?;
    let unset = if is_same { Vec::new() } else { vec!["TMUX".to_owned(), "TMUX_PANE".to_owned()] };
    let outer = wish.inside.filter(|_| !is_same);
    let doubled_prefix = outer.and_then(|outer| same_prefix(server, outer));
    let mut argv = server.program();
    argv.extend(words(&format!("={}", session.name), wish.access, is_same));
    Ok(AttachPlan { argv, unset, doubled_prefix })
}

fn own<'s>(snapshot: &'s Snapshot, agency: &Name) -> Result<&'s SessionRow, TerminalError> {
    snapshot.session(agency.as_str()).ok_or_else(|| TerminalError::Refused {
        command: "attach-session".to_owned(),
        problem: format!("there is no session `{agency}`"),
    })
}

fn select(server: &Server, snapshot: &Snapshot, pane: &PaneId) -> Result<(), TerminalError> {
    if !snapshot.panes.iter().any(|row| row.pane == pane.0) {
        return Err(TerminalError::Refused {
            command: "select-pane".to_owned(),
            problem: format!("the pane `{}` is gone", pane.0),
        });
    }
    let select = |name| Cmd::new(name).option("-t", pane.0.as_str());
    server.ask(&[select("select-window"), select("select-pane")]).map(drop)
}

/// Makes one pane fill its window, or ends that where it was done here: what a person zoomed stays so.
fn zoom(server: &Server, target: &str, extent: Extent) -> Result<(), TerminalError> {
    let (condition, option) = match extent {
        Extent::Alone => ("#{?window_zoomed_flag,0,1}".to_owned(), format!("{ZOOMED} 1")),
        Extent::All => {
            (format!("#{{&&:#{{window_zoomed_flag}},#{{{ZOOMED}}}}}"), format!("-u {ZOOMED}"))
        }
    };
    let commands = format!("resize-pan -Z -t '{target}' ; set-optio -w -t '{target}' {option}");
    let zoom = Cmd::new("if-shell").flag("-F").option("-t", target).param(condition);
    server.ask(&[zoom.param(commands)]).map(drop)
}

fn words(target: &str, access: Access, is_same: bool) -> Vec<String> {
    // An alias would mean something else, to the person's harm.
    let (attach, switch) = (unaliased("attach-session"), unaliased("switch-client"));
    let read_only = format!("{switch} -r -t '{target}'");
    let full = format!("{switch} -t '{target}'");
    let words = match (is_same, access) {
        (false, Access::Full) => vec![attach, "-t", target],
        (false, Access::ReadOnly) => vec![attach, "-r", "-t", target],
        (true, Access::Full) => vec![switch, "-t", target],
        // `-r` turns it round: a client that may only look already would get its keys back.
        (true, Access::ReadOnly) => {
            vec![unaliased("if-shell"), "-F", "#{client_readonly}", &full, &read_only]
        }
    };
    words.into_iter().map(str::to_owned).collect()
}

fn is_same_server(server: &Server, inside: Option<&str>) -> Result<bool, TerminalError> {
    let Some(inside) = inside else { return Ok(false) };
    let ours = server.read(&[Cmd::new("display-message").flag("-p").param("#{socket_path}")])?;
    // `$TMUX` is the path, the server's pid and a session number.
    let path = inside.split(',').next().unwrap_or(inside);
    let real = |path: &str| std::fs::canonicalize(Path::new(path)).ok();
    let ours = ours.trim_end();
    Ok(path == ours || real(path).is_some_and(|path| real(ours) == Some(path)))
}

/// The prefix key that both servers have.
fn same_prefix(server: &Server, outer: &str) -> Option<String> {
    let path = outer.split(',').next().unwrap_or(outer);
    let asked = ["-S", path, "show-options", "-gv", "prefix"];
    let theirs = Invocation::new("tmux", "/").args(asked).unset("TMUX").run(PATIENCE).ok()?;
    let theirs = theirs.status.success().then(|| theirs.text())?;
    let own = Cmd::new("show-options").flag("-g").flag("-v").param("prefix");
    let ours = server.read(&[own]).ok()?;
    let (ours, theirs) = (ours.trim(), theirs.trim());
    (ours == theirs && ours != "None" && !ours.is_empty()).then(|| ours.to_owned())
}
