//! `agency start`, `stop`, `restart`: the sessions of agencies that exist.
//!
//! Stopping keeps worktrees, branches and messages; starting goes on from there.

use clap::Args;

use crate::cli::desk::{Desk, Ending};
use crate::cli::{down, list};
use crate::domain::command::Command;
use crate::domain::name::Name;
use crate::domain::refusal::Refusal;
use crate::service::query::Query;
use crate::service::views::AgencyView;
use crate::service::workbench::Workbench;

/// What `agency start` takes.
#[derive(Debug, Args)]
pub struct StartArgs {
    /// Which agencies
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<Name>,
}

/// What `agency stop` takes.
#[derive(Debug, Args)]
pub struct StopArgs {
    /// Which agencies
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<Name>,
}

/// What `agency restart` takes.
#[derive(Debug, Args)]
pub struct RestartArgs {
    /// Which agency
    #[arg(value_name = "NAME")]
    pub name: Name,
}

/// Starts agencies.
pub fn start(args: &StartArgs, desk: &mut Desk<'_>) -> Ending {
    carry_out(Command::StartAgencies { names: args.names.clone() }, &args.names, desk)
}

/// Stops agencies and returns when their sessions are closed.
pub fn stop(args: &StopArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    workbench.ask(Command::StopAgencies { names: args.names.clone() })?;
    down::wait_for_sessions(&workbench, &args.names)?;
    answer(&workbench, &args.names, desk)
}

/// Stops an agency and starts it again.
pub fn restart(args: &RestartArgs, desk: &mut Desk<'_>) -> Ending {
    let command = Command::RestartAgency { name: args.name.clone() };
    carry_out(command, std::slice::from_ref(&args.name), desk)
}

fn carry_out(command: Command, names: &[Name], desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    workbench.ask(command)?;
    answer(&workbench, names, desk)
}

/// One agency is an object, several are an array.
fn answer(workbench: &Workbench, names: &[Name], desk: &mut Desk<'_>) -> Ending {
    let views = views(workbench, names)?;
    match views.as_slice() {
        [one] => desk.answer(one, |view, scene| list::render(std::slice::from_ref(view), scene)),
        several => desk.answer(several, list::render),
    }
}

fn views(workbench: &Workbench, names: &[Name]) -> Result<Vec<AgencyView>, Refusal> {
    names.iter().map(|name| workbench.fetch(&Query::Agency { name: name.clone() })).collect()
}
