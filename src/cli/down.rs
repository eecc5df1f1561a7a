//! `agency down`: stops sessions; with no name, the supervisor too.
//!
//! The supervisor is told to end only after the sessions are seen to be stopped, because it is the one
//! that stops them.

use std::time::Duration;

use clap::Args;

use crate::cli::desk::{Desk, Ending, Unattended};
use crate::cli::status;
use crate::domain::agency::AgencyState;
use crate::domain::command::Command;
use crate::domain::name::Name;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::views::StatusView;
use crate::service::waiting::{Waited, wait_until};
use crate::service::workbench::Workbench;

/// Closing a session takes tmux milliseconds; a hung server is given up after this.
const LIMIT: Duration = Duration::from_secs(20);

/// What `agency down` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Worktrees, branches and messages stay; `agency up` goes on from there.\n\n\
    Examples:\n  agency down               stop everything, the supervisor too\n  \
    agency down CodeAgency    stop one agency"
)]
pub struct DownArgs {
    /// Agencies [default: every one, and the supervisor]
    #[arg(value_name = "NAME")]
    pub names: Vec<Name>,
}

/// Stops sessions, then shows the status.
pub fn run(args: &DownArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    desk.confirm(&question(&args.names), Unattended::GoAhead)?;
    workbench.ask(Command::StopAgencies { names: args.names.clone() })?;
    wait_for_sessions(&workbench, &args.names)?;
    let mut view = workbench.status()?;
    if args.names.is_empty() {
        workbench.ask(Command::StopSupervisor)?;
        wait_for_supervisor(&workbench)?;
        view.supervisor = None;
    }
    desk.answer(&view, status::render)
}

fn question(names: &[Name]) -> String {
    if names.is_empty() {
        return "stop every agency and the supervisor?".to_owned();
    }
    let names: Vec<&str> = names.iter().map(Name::as_str).collect();
    format!("stop {}?", names.join(", "))
}

/// Waits until agencies are stopped; none named: all.
pub fn wait_for_sessions(workbench: &Workbench, names: &[Name]) -> Result<(), Refusal> {
    let waited = wait_until(workbench, Some(LIMIT), || {
        // Only a supervisor goes on with it: one that died meanwhile is started again.
        workbench.require_supervisor()?;
        Ok(are_stopped(&workbench.status()?, names).then_some(()))
    })?;
    match waited {
        Waited::Seen(()) => Ok(()),
        Waited::TimedOut => Err(Refusal::new(
            RefusalKind::Failed,
            "not_stopped",
            "the sessions are not stopped yet",
        )
        .with_hint("run `agency status`")),
    }
}

/// Its lock is free only when it is gone; an `agency up` right after this would find it held.
fn wait_for_supervisor(workbench: &Workbench) -> Result<(), Refusal> {
    let waited = wait_until(workbench, Some(LIMIT), || {
        Ok(workbench.supervisor_pid().is_none().then_some(()))
    })?;
    match waited {
        Waited::Seen(()) => Ok(()),
        Waited::TimedOut => Err(Refusal::new(
            RefusalKind::Failed,
            "not_stopped",
            "the sessions are stopped, the supervisor is not yet",
        )
        .with_hint("run `agency doctor`")),
    }
}

fn are_stopped(view: &StatusView, names: &[Name]) -> bool {
    let meant = |name: &Name| names.is_empty() || names.contains(name);
    view.agencies
        .iter()
        .filter(|agency| meant(&agency.name))
        .all(|agency| matches!(agency.state, AgencyState::Stopped | AgencyState::Archived))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn only_the_agencies_that_are_meant_are_waited_for() {
        let mut view = testing::status();
        assert!(!are_stopped(&view, &[]));
        let name = view.agencies[0].name.clone();
        view.agencies[0].state = AgencyState::Stopped;
        assert!(are_stopped(&view, &[name]));
        assert!(!are_stopped(&view, &[]));
    }
}
