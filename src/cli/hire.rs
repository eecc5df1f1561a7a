//! `agency hire`: takes an agent into an agency; a running one gets its pane at once. Prints its address.
//!
//! The others are not disturbed: nothing is restarted.

use clap::Args;

use crate::cli::desk::{Desk, Ending};
use crate::domain::name::Name;
use crate::service::workbench::NewAgent;

/// What `agency hire` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "What is not given comes from the agency's template if it knows an agent of that name: role, role \
    file and skills; else from a general specialist. The agent is written into the agency's `agency.json`.\n\n\
    Examples:\n  agency hire CodeAgency rust-agent --skills rust,tokio\n  \
    agency hire QAAgency tuner --role \"Finds slow paths\" --runtime claude\n  \
    agency hire CodeAgency helper --temporary"
)]
pub struct HireArgs {
    /// The agency
    #[arg(value_name = "NAME")]
    pub agency: Name,
    /// The new agent's name
    #[arg(value_name = "AGENT")]
    pub agent: Name,
    /// What it is there for, in one line
    #[arg(long, value_name = "TEXT")]
    pub role: Option<String>,
    /// What it can do
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub skills: Vec<String>,
    /// The program it is [default: that of the others]; see `agency runtime list`
    #[arg(long, value_name = "R")]
    pub runtime: Option<Name>,
    /// It leaves by itself when the last task that it was given is merged or cancelled
    #[arg(long)]
    pub temporary: bool,
}

/// Hires an agent.
pub fn run(args: &HireArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let skills = args.skills.iter().map(|word| word.trim().to_owned());
    let agent = workbench.hire(NewAgent {
        agency: args.agency.clone(),
        name: args.agent.clone(),
        role: args.role.clone(),
        skills: skills.filter(|word| !word.is_empty()).collect(),
        runtime: args.runtime.clone(),
        temporary: args.temporary,
    })?;
    desk.answer(&agent, |agent, _| format!("{}\n", agent.address))
}
