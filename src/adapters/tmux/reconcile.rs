//! A session as it should be: what is missing is made, what lives is left alone.
//!
//! A pane is made and marked by one chain of commands. tmux reads a whole line or argument list
//! before it runs it, and runs such a chain without going back to its clients in between: when
//! this process is killed, the whole chain has run or none of it, so no pane is ever without its mark.
//! A new pane becomes the current target of the rest of its chain, which is why it is made in front;
//! the chain's last words (`last-pane`, `last-window`) give the place back before anything is drawn.

use super::arranged;
use super::closing;
use super::command::{Cmd, Scope, literal, set};
use super::customs;
use super::handmade;
use super::hooks;
use super::layout::Room;
use super::leaving;
use super::naming;
use super::server::Server;
use super::settling;
use super::snapshot::{self, PaneRow, Snapshot};
use super::wanted::{Owner, Wanted, launch, pane_marks, wanted, window_marks, window_size};
use crate::failpoint;
use crate::ports::terminals::{Launch, PaneLife, SessionPlan, TerminalError};

/// Makes what is missing; gives what is there then.
pub(super) fn ensure(server: &Server, plan: &SessionPlan) -> Result<Snapshot, TerminalError> {
    let wanted = wanted(plan);
    let room = Room::new(plan.size);
    let mut snapshot = Snapshot::take(server)?;
    if !snapshot.sessions.is_empty() && is_window_missing(plan, &wanted, &snapshot) {
        customs::require_safe(server)?;
    }
    if open_session(server, plan, &wanted, &snapshot)? {
        failpoint::hit("start.session_made");
        snapshot = Snapshot::take(server)?;
    }
    let mut work = Work { server, plan, room, session: own(&snapshot, plan)?, snapshot };
    for want in &wanted {
        if work.make_missing(want)? {
            failpoint::hit("start.pane_made");
            server.want_hooks();
        }
    }
    failpoint::hit("start.panes_made");
    // What was made is known from what each chain said last; what else happened meanwhile is seen here.
    let mut snapshot = Snapshot::take(server)?;
    put_back(server, plan, &snapshot);
    naming::take_back(server, &mut snapshot);
    hooks::refresh(server, &snapshot);
    Ok(snapshot)
}

/// Whether a window may have to be made.
fn is_window_missing(plan: &SessionPlan, wanted: &[Wanted<'_>], snapshot: &Snapshot) -> bool {
    let session = own(snapshot, plan).unwrap_or_default();
    wanted.iter().any(|want| find(snapshot, want, &session).is_none())
}

/// Puts back how a person had arranged the windows, where they are as we have made them. What does not fit
/// stays so.
fn put_back(server: &Server, plan: &SessionPlan, snapshot: &Snapshot) {
    for arrangement in &plan.arranged {
        let is_its = |row: &&&PaneRow| {
            let owner = row.owner.as_ref().map(|(agent, _)| &agent.agency);
            row.place == arrangement.window && owner == Some(&plan.agency)
        };
        let panes = snapshot.distinct_panes();
        let first = panes.iter().find(is_its).map(|row| row.window.as_str());
        let window = snapshot.windows.iter().find(|row| Some(row.id.as_str()) == first);
        let Some(window) = window else { continue };
        let panes: Vec<&PaneRow> = snapshot.panes_of(&window.id).collect();
        if let Some(chain) = arranged::restore(arrangement, plan.size, window, &panes)
            && let Err(error) = server.ask(&chain)
        {
            tracing::warn!(agency = %plan.agency, %error, "an arrangement could not be put back");
        }
    }
}

/// The id of our session; it may have been closed.
fn own(snapshot: &Snapshot, plan: &SessionPlan) -> Result<String, TerminalError> {
    match snapshot.session(plan.agency.as_str()) {
        Some(session) => Ok(session.id.clone()),
        None => Err(TerminalError::Died { command: "new-session".to_owned() }),
    }
}

/// Makes the session with its first missing pane; false if it is there.
fn open_session(
    server: &Server,
    plan: &SessionPlan,
    wanted: &[Wanted<'_>],
    snapshot: &Snapshot,
) -> Result<bool, TerminalError> {
    if own(snapshot, plan).is_ok() {
        return Ok(false);
    }
    let is_missing = |want: &&Wanted<'_>| find(snapshot, want, "").is_none();
    let Some(first) = wanted.iter().find(is_missing) else { return Ok(false) };
    // A hook may have split the window or opened another one before this goes on: ours is the first one, and in
    // it what is upper left.
    let name = naming::free(snapshot, &plan.agency);
    let target = format!("={name}:");
    let (window, pane) = (format!("{target}^"), format!("{target}^.{{top-left}}"));
    let (columns, rows) = plan.size;
    let create = Cmd::new("new-session")
        .flag("-d")
        .option("-s", name.as_str())
        .option("-n", first.window_name(1))
        .option("-x", columns.to_string())
        .option("-y", rows.to_string());
    let is_first = snapshot.sessions.is_empty();
    let mut chain = if is_first { server.first_words() } else { Vec::new() };
    chain.push(launch(create, first.launch));
    chain.extend(unshared(&target, first.launch, &plan.tools));
    chain.extend(server.session_marks(&target, plan.agency.as_str()));
    chain.extend(leaving::marks(&target, server.home()));
    chain.extend(window_marks(Some(&window), &first.place(1)));
    chain.extend(settling::marks(Some(&window), plan.size));
    chain.extend(window_size(Some(&window), plan.size));
    chain.extend(pane_marks(Some(&pane), first, server.home()));
    match is_first {
        true => begin(server, chain, &pane)?,
        false => server.ask(&chain).map(drop)?,
    }
    Ok(true)
}

/// Starts the server with its first session. What is wrong with the user's configuration tmux shows in the first pane, over
/// the program, until somebody presses a key there: it is taken away, as nobody may ever look.
fn begin(server: &Server, mut chain: Vec<Cmd>, pane: &str) -> Result<(), TerminalError> {
    let mode = Cmd::new("display-message").flag("-p").option("-t", pane).param("#{pane_mode}");
    chain.extend([mode, Cmd::new("copy-mode").flag("-q").option("-t", pane)]);
    if !server.begin(&chain)?.trim().is_empty() {
        tracing::warn!(
            "tmux found errors in its configuration; `tmux source-file ~/.tmux.conf` shows them"
        );
    }
    // Only now its configuration is known.
    customs::require_safe(server)
}

/// Takes out of the session's environment what only its first program is to have: tmux would hand it
/// to every later window, and whoever opens one there would pass for that agent.
fn unshared(target: &str, first: &Launch, common: &Launch) -> Vec<Cmd> {
    let own = first.env.keys().filter(|key| !common.env.contains_key(*key));
    own.map(|key| {
        let unset = Cmd::new("set-environment").flag("-r").option("-t", target);
        unset.param(key.as_str())
    })
    .collect()
}

fn find<'s>(snapshot: &'s Snapshot, want: &Wanted<'_>, session: &str) -> Option<&'s PaneRow> {
    snapshot.panes.iter().find(|row| match want.owner {
        // A person may have moved an agent's pane to another session: it is still that agent's.
        Owner::Agent(pane) => row.owner.as_ref().is_some_and(|(agent, _)| *agent == pane.agent),
        Owner::Role(role) => row.session == session && row.role == role,
    })
}

struct Work<'w> {
    server: &'w Server,
    plan: &'w SessionPlan,
    room: Room,
    /// What is there, and what was made since.
    snapshot: Snapshot,
    session: String,
}

impl Work<'_> {
    /// Makes the pane if it is missing or dead; false if it lives.
    fn make_missing(&mut self, want: &Wanted<'_>) -> Result<bool, TerminalError> {
        match find(&self.snapshot, want, &self.session) {
            Some(row) if row.life == PaneLife::Alive => return Ok(false),
            Some(row) => self.respawn(want, row)?,
            None => self.make(want)?,
        }
        Ok(true)
    }

    fn respawn(&self, want: &Wanted<'_>, row: &PaneRow) -> Result<(), TerminalError> {
        closing::clear(row);
        let again = Cmd::new("respawn-pane").flag("-k").option("-t", row.pane.as_str());
        let mut chain = vec![launch(again, want.launch)];
        chain.extend(pane_marks(Some(&row.pane), want, self.server.home()));
        self.server.ask(&chain).map(drop)
    }

    fn make(&mut self, want: &Wanted<'_>) -> Result<(), TerminalError> {
        let mut number = 1;
        loop {
            let place = want.place(number);
            let there: Vec<&PaneRow> = self.rows_in(&place).collect();
            let (Some(first), Some(last)) = (there.first(), there.last()) else {
                let made = self.open_window(want, number)?;
                return self.note(&made, None);
            };
            if there.len() < self.room.capacity(number) || !want.is_shared() {
                let beside = if want.is_coordinator { first } else { last };
                let beside = (beside.pane.clone(), !want.is_coordinator);
                match self.split(want, number, first, last) {
                    Ok(made) => return self.note(&made, Some(beside)),
                    // A person's small screen has shrunk the window: the next one is as good.
                    Err(TerminalError::Refused { problem, .. })
                        if problem.contains("no space") && want.is_shared() => {}
                    Err(error) => return Err(error),
                }
            }
            number += 1;
        }
    }

    /// Takes in the pane that a chain has made, from what it said last, beside the one that was split.
    fn note(&mut self, said: &str, beside: Option<(String, bool)>) -> Result<(), TerminalError> {
        let row =
            said.lines().last().and_then(|line| snapshot::parse_pane(line, self.server.home()));
        let Some(row) = row else {
            self.snapshot = Snapshot::take(self.server)?;
            return Ok(());
        };
        let rows = &mut self.snapshot.panes;
        let found = beside.and_then(|(pane, is_after)| {
            let at = rows.iter().position(|row| row.pane == pane)?;
            Some(at + usize::from(is_after))
        });
        rows.insert(found.unwrap_or(rows.len()), row);
        Ok(())
    }

    fn rows_in(&self, place: &str) -> impl Iterator<Item = &PaneRow> {
        let place = place.to_owned();
        let is_there = move |row: &&PaneRow| row.session == self.session && row.place == place;
        self.snapshot.panes.iter().filter(is_there)
    }

    fn split(
        &self,
        want: &Wanted<'_>,
        number: usize,
        first: &PaneRow,
        last: &PaneRow,
    ) -> Result<String, TerminalError> {
        let is_theirs = want.is_shared() && handmade::is_a_persons(self.server, &first.window)?;
        // Arranging shows all panes again; where nothing is arranged, only what is large stays large.
        let zoomed = |cmd: Cmd| match is_theirs && !first.is_zoomed {
            true => cmd,
            false => cmd.flag("-Z"),
        };
        let cmd = zoomed(Cmd::new("split-window"));
        // The first pane of the window is the one that its layout shows large.
        let cmd = match want.is_coordinator {
            true => cmd.flag("-b").option("-t", first.pane.as_str()),
            false => cmd.option("-t", last.pane.as_str()),
        };
        let mut chain = vec![launch(cmd, want.launch)];
        chain.extend(pane_marks(None, want, self.server.home()));
        let said = Cmd::new("display-message").flag("-p").param(snapshot::PANE);
        chain.push(said);
        chain.push(zoomed(Cmd::new("last-pane")).option("-t", first.window.as_str()));
        if is_theirs {
            chain.push(handmade::leave(&first.window));
        } else if want.is_shared() {
            chain.extend(self.room.arrange(number, &first.window));
            chain.push(arranged::remember(&first.window));
        }
        if first.is_zoomed && want.is_shared() && !is_theirs {
            // Arranging shows all panes; a person who looked at one still does.
            chain.push(Cmd::new("resize-pane").flag("-Z").option("-t", first.window.as_str()));
        }
        self.server.ask(&chain)
    }

    fn open_window(&self, want: &Wanted<'_>, number: usize) -> Result<String, TerminalError> {
        let cmd = Cmd::new("new-window").option("-n", literal(&want.window_name(number)));
        let cmd = match self.neighbour(want, number) {
            Some((flag, window)) => cmd.flag(flag).option("-t", window),
            None => cmd.option("-t", format!("{}:", self.session)),
        };
        let mut chain = vec![launch(cmd, want.launch)];
        chain.extend(window_marks(None, &want.place(number)));
        chain.extend(settling::marks(None, self.plan.size));
        chain.extend(window_size(None, self.plan.size));
        chain.extend(pane_marks(None, want, self.server.home()));
        chain.push(Cmd::new("display-message").flag("-p").param(snapshot::PANE));
        chain.push(Cmd::new("last-window").option("-t", format!("{}:", self.session)));
        self.server.ask(&chain)
    }

    /// The window beside which a new one belongs: after the nearest one before it in the plan's order,
    /// or before the first one that is there.
    fn neighbour(&self, want: &Wanted<'_>, number: usize) -> Option<(&'static str, String)> {
        let order = wanted(self.plan);
        let mine = order.iter().position(|other| other.place(1) == want.place(1))?;
        let before = order.iter().take(mine).rev().flat_map(|other| {
            // Any number of shared windows may stand between; the last of them is the neighbour.
            let last = if other.is_shared() { order.len() } else { 1 };
            (1..=last).rev().map(|at| other.place(at))
        });
        let own = (1..number).rev().map(|at| want.place(at));
        let window = |place: String| self.rows_in(&place).next().map(|row| row.window.clone());
        if let Some(window) = own.chain(before).find_map(window) {
            return Some(("-a", window));
        }
        let after = order.iter().skip(mine + 1).map(|other| other.place(1));
        after.filter(|place| *place != want.place(1)).find_map(window).map(|found| ("-b", found))
    }
}

/// Sets a pane's title where programs and other tools look for it.
pub(super) fn titled(target: Option<&str>, title: &str) -> Vec<Cmd> {
    let select = Cmd::new("select-pane");
    let select = match target {
        Some(target) => select.option("-t", target),
        None => select,
    };
    vec![
        select.option("-T", literal(title)),
        set(Scope::Pane, target, "@agency_title", &literal(title)),
    ]
}
