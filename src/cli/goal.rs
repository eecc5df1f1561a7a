//! `agency goal`: what an agency is asked for, in prose; its coordinator gets it as a message.
//!
//! It makes no tasks: the coordinator does, and the operator can.

use clap::Args;

use crate::cli::desk::{Desk, Ending};
use crate::cli::send;
use crate::domain::command::Command;
use crate::domain::name::Name;

/// What `agency goal` takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  agency goal CodeAgency \"Add a login page with OAuth2\"\n  \
    agency goal CodeAgency - < goal.md")]
pub struct GoalArgs {
    /// The agency
    #[arg(value_name = "NAME")]
    pub agency: Name,
    /// The goal; `-` reads standard input
    #[arg(value_name = "TEXT")]
    pub text: String,
}

/// Gives an agency a goal; prints the message's id.
pub fn run(args: &GoalArgs, desk: &mut Desk<'_>) -> Ending {
    let text = desk.text_argument(&args.text)?;
    let workbench = desk.open()?;
    let answer = workbench.ask(Command::SetGoal { agency: args.agency.clone(), text })?;
    send::answer_with_message(&workbench, &answer, desk)
}
