//! Commands that the workbench runs itself: being the supervisor, a rehearsal agent, a check, and
//! what happens inside an agent's pane. Hidden from people; their forms are not a promise.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;

use crate::cli::brief::with_end;
use crate::cli::desk::{DONE, Desk, Ending, agent_meant};
use crate::cli::follow::{Waited, wait_until};
use crate::domain::agency::AgentState;
use crate::domain::command::Command;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::query::Query;
use crate::service::workbench::Identity;

/// A report that is lost leaves the agent in a state that it is not in, and nobody gives it messages: the
/// same report can be made twice, so it is tried until a killed supervisor is long back.
const LIMIT: Duration = Duration::from_secs(10);

/// What `agency supervise` takes.
#[derive(Debug, Args)]
pub struct SuperviseArgs {}

/// What `agency rehearse` takes.
#[derive(Debug, Args)]
pub struct RehearseArgs {}

/// What `agency hook` takes.
#[derive(Debug, Args)]
pub struct HookArgs {
    /// The state this agent is in
    #[arg(long, value_name = "S", value_parser = parse_state)]
    pub state: AgentState,
    /// Why, or what it waits for
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// What `agency enter` takes.
#[derive(Debug, Args)]
pub struct EnterArgs {
    /// The program to become; none: the user's own shell
    #[arg(last = true, value_name = "PROGRAM")]
    pub argv: Vec<OsString>,
}

/// What `agency check-run` takes.
#[derive(Debug, Args)]
pub struct CheckRunArgs {
    /// For the sandbox to say
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARG")]
    pub arguments: Vec<OsString>,
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

/// Is the supervisor.
pub fn supervise(_: &SuperviseArgs, desk: &mut Desk<'_>) -> Ending {
    let home = desk.globals.home.as_deref().or(desk.house.surroundings().home.as_deref());
    desk.house.supervise(home)?;
    Ok(DONE)
}

/// Is a rehearsal agent.
pub fn rehearse(_: &RehearseArgs, desk: &mut Desk<'_>) -> Ending {
    desk.house.rehearse()
}

/// Runs one check.
pub fn check_run(args: &CheckRunArgs, desk: &mut Desk<'_>) -> Ending {
    desk.house.check_run(&args.arguments)
}

/// Reports this agent's own state.
pub fn hook(args: &HookArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let report = report(workbench.identity(), args)?;
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
    ["link", "no_supervisor", "supervisor_ended"].contains(&refusal.code.as_str())
}

fn report(identity: &Identity, args: &HookArgs) -> Result<Command, Refusal> {
    match identity {
        Identity::Agent { spawn, .. } => Ok(Command::ReportState {
            spawn: *spawn,
            state: args.state,
            reason: args.reason.clone(),
        }),
        Identity::Operator => Err(Refusal::new(
            RefusalKind::NotAllowed,
            "not_an_agent",
            "only an agent reports its state, and this is not an agent's pane",
        )),
    }
}

/// Prints the briefing and becomes the program. A briefing that cannot be had keeps no agent from
/// starting: it says so and goes on.
pub fn enter(args: &EnterArgs, desk: &mut Desk<'_>) -> Ending {
    match briefing(desk) {
        Ok(briefing) => desk.output.text(&with_end(&briefing)),
        Err(refusal) => desk.output.refuse(&refusal),
    }
    desk.house.exec(&args.argv)
}

fn briefing(desk: &mut Desk<'_>) -> Result<String, Refusal> {
    let workbench = desk.open()?;
    let agent = agent_meant(&workbench, None, "agency brief Agency/agent")?;
    workbench.fetch(&Query::Briefing { agent })
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
        let args = HookArgs { state: AgentState::Idle, reason: None };
        let refused = report(&Identity::Operator, &args);
        assert_eq!(refused.map_err(|refusal| refusal.kind), Err(RefusalKind::NotAllowed));
        let reported = report(&testing::agent_identity("Code/dev"), &args);
        assert!(matches!(reported, Ok(Command::ReportState { state: AgentState::Idle, .. })));
    }
}
