//! `agency hook`: what happens in an agent's program, told by the program itself.
//!
//! `agency hook EVENT` is run by the program at every turn: it is answered before anything of the command line
//! is built, says nothing and always ends well. `agency hook --state` is for agents that know their
//! own state; there a refusal is told.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;

use crate::cli::desk::{DONE, Desk, Ending};
use crate::cli::house::House;
use crate::cli::output::Output;
use crate::domain::agency::AgentState;
use crate::domain::command::Command;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::waiting::{Waited, wait_until};
use crate::service::workbench::Identity;

/// The status with which a hook hands its text to the program that waits for it.
const LETTER_CAME: u8 = 2;

/// The event that means waiting.
const WAIT: &str = "wait";

/// A report that is lost leaves the agent in a state that it is not in, and nobody gives it messages: the
/// same report can be made twice, so it is tried until a killed supervisor is long back.
const LIMIT: Duration = Duration::from_secs(10);

/// What `agency hook` takes.
#[derive(Debug, Args)]
pub struct HookArgs {
    /// What happened; `wait` waits for a letter
    #[arg(value_name = "EVENT", conflicts_with = "state")]
    pub event: Option<String>,
    /// The state this agent is in
    #[arg(long, value_name = "S", value_parser = parse_state, required_unless_present = "event")]
    pub state: Option<AgentState>,
    /// Why, or what it waits for
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// The states that an agent can report of itself; the rest is for the supervisor to see.
const REPORTED: [AgentState; 6] = [
    AgentState::Working,
    AgentState::Idle,
    AgentState::Waiting,
    AgentState::Permission,
    AgentState::Blocked,
    AgentState::Limited,
];

fn parse_state(text: &str) -> Result<AgentState, String> {
    REPORTED.into_iter().find(|state| state.as_str() == text).ok_or_else(|| {
        let words: Vec<&str> = REPORTED.iter().map(|state| state.as_str()).collect();
        format!("use one of: {}", words.join(", "))
    })
}

/// The event, if a command line is a report of one. Whatever follows it is not looked at.
pub fn event(argv: &[OsString]) -> Option<&str> {
    match argv {
        [_, verb, event, ..] if verb == "hook" => {
            event.to_str().filter(|event| !event.is_empty() && !event.starts_with('-'))
        }
        _ => None,
    }
}

/// Reports an event, or waits for a letter.
pub fn run(event: &str, house: &dyn House, output: &mut Output) -> u8 {
    if event != WAIT {
        house.report(event);
        return DONE;
    }
    match house.wait_for_letter() {
        Some(letter) => {
            output.prompt(&letter);
            LETTER_CAME
        }
        None => DONE,
    }
}

/// Reports this agent's own state.
pub fn report_state(args: &HookArgs, desk: &mut Desk<'_>) -> Ending {
    let Some(state) = args.state else { return Ok(DONE) };
    let workbench = desk.open()?;
    let report = report(workbench.identity(), state, args.reason.clone())?;
    let mut refused = None;
    let reported = wait_until(&workbench, Some(LIMIT), || match workbench.ask(report.clone()) {
        Ok(_) => Ok(Some(())),
        Err(refusal) if is_passing(&refusal) => {
            refused = Some(refusal);
            Ok(None)
        }
        Err(refusal) => Err(refusal),
    })?;
    match (reported, refused) {
        (Waited::TimedOut, Some(refusal)) => Err(refusal),
        (Waited::Seen(()) | Waited::TimedOut, _) => Ok(DONE),
    }
}

/// Whether the supervisor was only away: it may be being started again.
fn is_passing(refusal: &Refusal) -> bool {
    ["link", "no_supervisor", "supervisor_ended", "unheard"].contains(&refusal.code.as_str())
}

fn report(
    identity: &Identity,
    state: AgentState,
    reason: Option<String>,
) -> Result<Command, Refusal> {
    match identity {
        Identity::Agent { spawn, .. } => Ok(Command::ReportState { spawn: *spawn, state, reason }),
        Identity::Operator => Err(Refusal::new(
            RefusalKind::NotAllowed,
            "not_an_agent",
            "only an agent reports its state, and this is not an agent's pane",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn an_agent_reports_what_it_can_know_of_itself() {
        assert_eq!(parse_state("permission"), Ok(AgentState::Permission));
        for text in ["crashed", "stopped", "unknown", "busy", ""] {
            assert!(parse_state(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn only_an_agent_reports_a_state() {
        let refused = report(&Identity::Operator, AgentState::Idle, None);
        assert_eq!(refused.map_err(|refusal| refusal.kind), Err(RefusalKind::NotAllowed));
        let reported = report(&testing::agent_identity("Code/dev"), AgentState::Idle, None);
        assert!(matches!(reported, Ok(Command::ReportState { state: AgentState::Idle, .. })));
    }

    #[test]
    fn a_report_of_a_program_never_fails_and_says_nothing() {
        let house = testing::FakeHouse::in_a_pipe();
        for line in [&["agency", "hook", "Stop"][..], &["agency", "hook", "Stop", "--no-such"]] {
            let argv: Vec<OsString> = line.iter().map(OsString::from).collect();
            let (mut output, streams) = testing::output();
            assert_eq!(crate::cli::run_on(&argv, &house, &mut output), 0);
            assert_eq!(streams.both(), "-- stdout\n\n-- stderr\n");
        }
        assert_eq!(*house.asked.borrow(), ["report Stop", "report Stop"]);
    }

    #[test]
    fn a_letter_is_told_with_the_status_that_wakes_the_program() {
        let argv: Vec<OsString> = ["agency", "hook", "wait"].map(OsString::from).into();
        for (lines, status, told) in [(&["hello"][..], 2, "hello"), (&[], 0, "")] {
            let house = testing::FakeHouse::on_a_terminal(lines);
            let (mut output, streams) = testing::output();
            assert_eq!(crate::cli::run_on(&argv, &house, &mut output), status);
            assert_eq!((streams.out.text(), streams.err.text()), (String::new(), told.to_owned()));
        }
    }
}
