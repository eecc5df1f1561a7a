//! The end of a session: closed by id if it is ours, and its programs seen to be gone.
//!
//! A closed pane sends its programs a hangup, which some ignore and live on without a terminal. Those,
//! and only those, are then ended by process id (`family` says which they are), also what a
//! dead program has left behind before its pane is used again. Where the system does not tell start times
//! (no `/proc`), nothing is signalled.

use std::time::Duration;

use rustix::process::Signal;

use super::command::Cmd;
use super::family::{self, Program};
use super::server::Server;
use super::snapshot::{PaneRow, Snapshot};
use crate::domain::id::SpawnId;
use crate::domain::name::{AgentAddress, Name};
use crate::ports::terminals::{PaneLife, StopPlan, StopSignal, TerminalError};

/// Closes the session of that name.
pub(super) fn close(server: &Server, agency: &Name) -> Result<(), TerminalError> {
    let snapshot = Snapshot::take(server)?;
    let Some(session) = snapshot.session(agency.as_str()) else { return Ok(()) };
    let is_ours = |row: &&PaneRow| row.session == session.id && !row.role.is_empty();
    // By a process: the persistent client may sit in this very session and would not get its answer.
    let kill = Cmd::new("kill-session").option("-t", session.id.as_str());
    end_panes(snapshot.panes.iter().filter(is_ours), || server.ask_by_process(&[kill]).map(drop))
}

/// Closes the panes that carry this agent's mark, in whatever session a person has put them.
pub(super) fn close_agent(
    server: &Server,
    agent: &AgentAddress,
    life: Option<SpawnId>,
) -> Result<(), TerminalError> {
    let snapshot = Snapshot::take(server)?;
    let own = snapshot.distinct_panes().into_iter();
    let own = own.filter(|row| {
        row.owner
            .as_ref()
            .is_some_and(|(owner, spawn)| owner == agent && life.is_none_or(|life| life == *spawn))
    });
    for row in own {
        let kill = Cmd::new("kill-pane").option("-t", row.pane.as_str());
        end_panes(std::iter::once(row), || server.ask_by_process(&[kill]).map(drop))?;
    }
    Ok(())
}

/// Ends the programs of panes in order, takes their terminals away, and sees to it that nothing is left.
fn end_panes<'r>(
    rows: impl Iterator<Item = &'r PaneRow>,
    kill: impl FnOnce() -> Result<(), TerminalError>,
) -> Result<(), TerminalError> {
    // A dead pane's id may be a stranger's by now.
    let (live, dead): (Vec<_>, Vec<_>) = rows.partition(|row| row.life == PaneLife::Alive);
    let roots: Vec<u32> = live.iter().map(|row| row.pid).collect();
    // Before anything ends: afterwards nobody knows whose child it was.
    let mut programs = family::of(&roots);
    programs.extend(dead.into_iter().flat_map(left_behind));
    ask_to_end(&live.iter().map(|row| (row.pid, row.stop.as_str())).collect::<Vec<_>>());
    match kill() {
        // With its last session a server may end before it answers.
        Ok(()) | Err(TerminalError::NoServer | TerminalError::Died { .. }) => {}
        Err(TerminalError::Refused { problem, .. }) if problem.contains("can't find") => {}
        Err(error) => return Err(error),
    }
    if !family::have_ended(&programs) {
        family::end(&programs);
    }
    Ok(())
}

/// Ends what a pane's dead program has left behind.
pub(super) fn clear(row: &PaneRow) {
    family::end(&left_behind(row));
}

fn left_behind(row: &PaneRow) -> Vec<Program> {
    let spawn = row.owner.as_ref().map(|(_, spawn)| *spawn);
    spawn.map(|spawn| family::left_by(row.pid, spawn)).unwrap_or_default()
}

/// A stop plan as a pane carries it.
pub(super) fn to_mark(stop: StopPlan) -> String {
    let signal = match stop.signal {
        StopSignal::Hup => "HUP",
        StopSignal::Int => "INT",
        StopSignal::Term => "TERM",
    };
    format!("{signal}:{}", stop.grace_ms)
}

/// What a mark says; none for a hangup, which the closed terminal gives by itself.
fn from_mark(mark: &str) -> Option<(Signal, Duration)> {
    let (signal, grace) = mark.split_once(':')?;
    let signal = match signal {
        "INT" => Signal::INT,
        "TERM" => Signal::TERM,
        _ => return None,
    };
    Some((signal, Duration::from_millis(grace.parse().ok()?)))
}

/// Sends each program its own signal, and waits as long as the most patient of them may take.
fn ask_to_end(panes: &[(u32, &str)]) {
    let (mut programs, mut longest) = (Vec::new(), Duration::ZERO);
    for (pid, mark) in panes {
        if let Some((program, (signal, grace))) = Program::find(*pid).zip(from_mark(mark)) {
            program.send(signal);
            longest = longest.max(grace);
            programs.push(program);
        }
    }
    family::all_gone_within(longest, &programs);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_plan_is_read_back_from_its_mark() {
        let plan = StopPlan { signal: StopSignal::Term, grace_ms: 50 };
        assert_eq!(from_mark(&to_mark(plan)), Some((Signal::TERM, Duration::from_millis(50))));
        assert_eq!((from_mark(&to_mark(StopPlan::default())), from_mark("")), (None, None));
    }
}
