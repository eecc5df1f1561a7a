//! `agency up`: makes the supervisor and the sessions run; what runs already is left alone.
//!
//! It can be said at any time and any number of times.

use clap::Args;

use crate::cli::desk::{Desk, Ending};
use crate::cli::status;
use crate::domain::command::Command;
use crate::domain::name::Name;

/// What `agency up` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  agency up               everything\n  agency up CodeAgency    one agency"
)]
pub struct UpArgs {
    /// Agencies [default: every one]
    #[arg(value_name = "NAME")]
    pub names: Vec<Name>,
}

/// Makes the supervisor and the sessions run, then shows the status.
pub fn run(args: &UpArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let pid = workbench.require_supervisor()?;
    desk.output.detail(&format!("supervisor {pid}"));
    workbench.ask(Command::StartAgencies { names: args.names.clone() })?;
    desk.answer(&workbench.status()?, status::render)
}
