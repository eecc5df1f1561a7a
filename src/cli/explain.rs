//! `agency explain`: why an agent does not run, a message is not delivered, a task not assigned, a merge
//! not done; from the state alone.

use clap::Args;

use crate::cli::desk::{Desk, Ending, Scene};
use crate::domain::text::to_line;
use crate::service::query::Query;

/// What `agency explain` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  agency explain CodeAgency/python-agent\n  agency explain TASK-042\n  \
    agency explain AP-007"
)]
pub struct ExplainArgs {
    /// An agent, a message id, a task id or an approval id
    #[arg(value_name = "SUBJECT")]
    pub subject: String,
}

/// Says why.
pub fn run(args: &ExplainArgs, desk: &mut Desk<'_>) -> Ending {
    let query = Query::Explain { subject: args.subject.clone() };
    let reasons: Vec<String> = desk.open()?.fetch(&query)?;
    desk.answer(reasons.as_slice(), render)
}

fn render(reasons: &[String], _: &Scene) -> String {
    // A reason is one sentence; what is longer quotes somebody.
    reasons.iter().map(|reason| to_line(reason, 1000) + "\n").collect()
}
