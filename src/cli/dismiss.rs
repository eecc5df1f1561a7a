//! `agency dismiss`: lets an agent go. Its pane is closed; its branches, its messages and its role file stay.
//!
//! Whoever has a task open is not dismissed.

use clap::Args;
use serde_json::json;

use crate::cli::desk::{Desk, Ending, Unattended};
use crate::domain::name::{AgentAddress, Name};

/// What `agency dismiss` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Its program is asked to end, its pane is closed, and it is taken out of the agency's `agency.json`; \
    its role file stays in the folder. Messages that it has not got go to the dead ones. \
    In a script, add `--yes`.\n\nExample:\n  agency dismiss CodeAgency go-agent"
)]
pub struct DismissArgs {
    /// The agency
    #[arg(value_name = "NAME")]
    pub agency: Name,
    /// The agent
    #[arg(value_name = "AGENT")]
    pub agent: Name,
}

/// Dismisses an agent.
pub fn run(args: &DismissArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    // A slip is told before anything is asked.
    let agent =
        workbench.agent(&AgentAddress::new(args.agency.clone(), args.agent.clone()))?.address;
    desk.confirm(
        &format!("dismiss `{agent}`, end its program and close its pane?"),
        Unattended::Refuse {
            hint: format!("run `agency dismiss {} {} --yes`", agent.agency, agent.agent),
        },
    )?;
    workbench.dismiss(&agent)?;
    desk.answer(&json!({ "address": agent, "state": "dismissed" }), |_, _| {
        format!("{agent} is dismissed\n")
    })
}
