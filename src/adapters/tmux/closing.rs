//! The end of a session: closed by id if it is ours, and its programs seen to be gone.
//!
//! A closed pane sends its program a hangup, which some ignore and live on without a terminal. Those,
//! and only those, are then ended by process id, and only while the id still belongs to the process
//! that was in the pane: its start time, read before, must be the same. Where the system does not tell
//! start times (no `/proc`), nothing is signalled.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::command::Cmd;
use super::pause::Pause;
use super::server::Server;
use super::snapshot::Snapshot;
use crate::domain::name::Name;
use crate::ports::terminals::{StopPlan, StopSignal, TerminalError};

/// How long a program may take to put its things in order after each signal.
const GRACE: Duration = Duration::from_secs(1);

/// Closes the session of that name.
pub(super) fn close(server: &Server, agency: &Name) -> Result<(), TerminalError> {
    let snapshot = Snapshot::take(server)?;
    let Some(session) = snapshot.session(agency.as_str()) else { return Ok(()) };
    if !session.is_ours {
        return Err(TerminalError::ForeignSession { name: session.name.clone() });
    }
    let ours = snapshot.panes.iter().filter(|row| row.session == session.id);
    let programs: Vec<Program> =
        ours.filter(|row| !row.role.is_empty()).filter_map(|row| Program::find(row.pid)).collect();
    let asked = snapshot.panes.iter().filter(|row| row.session == session.id);
    ask_to_end(&asked.map(|row| (row.pid, row.stop.as_str())).collect::<Vec<_>>());
    // By a process: the persistent client may sit in this very session and would not get its answer.
    let kill = Cmd::new("kill-session").option("-t", session.id.as_str());
    match server.ask_by_process(&[kill]) {
        // With its last session a server may end before it answers.
        Ok(_) | Err(TerminalError::NoServer | TerminalError::Died { .. }) => {}
        Err(TerminalError::Refused { problem, .. }) if problem.contains("can't find") => {}
        Err(error) => return Err(error),
    }
    end_all(&programs);
    Ok(())
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
    all_gone_within(longest, &programs);
}

fn end_all(programs: &[Program]) {
    if all_gone(programs) {
        return;
    }
    for signal in [Signal::TERM, Signal::KILL] {
        programs.iter().for_each(|program| program.send(signal));
        if all_gone(programs) {
            return;
        }
    }
}

fn all_gone(programs: &[Program]) -> bool {
    all_gone_within(GRACE, programs)
}

fn all_gone_within(limit: Duration, programs: &[Program]) -> bool {
    let mut pause = Pause::up_to(limit);
    while programs.iter().any(Program::is_there) {
        if !pause.again() {
            return false;
        }
    }
    true
}

/// A process that cannot be mistaken for a later one with the same id.
struct Program {
    pid: u32,
    started: String,
}

impl Program {
    fn find(pid: u32) -> Option<Self> {
        Some(Self { pid, started: start_time(pid)? })
    }

    fn is_there(&self) -> bool {
        start_time(self.pid).is_some_and(|started| started == self.started)
    }

    fn send(&self, signal: Signal) {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| self.is_there()) {
            // It may end by itself in this moment, which is as good.
            let _ = kill_process(pid, signal);
        }
    }
}

/// Field 22 of `/proc/<pid>/stat`; none if there is no such process or it only waits to be reaped.
fn start_time(pid: u32) -> Option<String> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name is in brackets and may hold anything: fields are counted after the last one.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    (state != "Z").then(|| fields.nth(18).map(str::to_owned))?
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

    #[test]
    fn this_process_is_there_and_a_later_one_is_not_taken_for_it() {
        let here = Program::find(std::process::id()).expect("it runs");
        assert!(here.is_there());
        assert!(!Program { started: "0".to_owned(), ..here }.is_there());
    }
}
