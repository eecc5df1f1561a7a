//! `agency brief`: what an agent is told at its start.
//!
//! Role files are read as they are now; an agent that runs was told what they said at its start.

use clap::Args;
use serde_json::json;

use crate::cli::desk::{Desk, Ending, agent_meant};
use crate::domain::name::AgentAddress;
use crate::domain::text::to_plain;
use crate::service::query::Query;

/// What `agency brief` takes.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  agency brief CodeAgency/python-agent")]
pub struct BriefArgs {
    /// The agent, `Agency/agent` [default: the agent that asks]
    #[arg(value_name = "AGENT")]
    pub agent: Option<AgentAddress>,
}

/// Prints a briefing.
pub fn run(args: &BriefArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let agent = agent_meant(&workbench, args.agent.as_ref(), "agency brief Agency/agent")?;
    let briefing: String = workbench.fetch(&Query::Briefing { agent: agent.clone() })?;
    desk.answer(&json!({ "agent": agent, "briefing": briefing }), |_, _| with_end(&briefing))
}

/// Text of others, safe and with a line end.
pub fn with_end(text: &str) -> String {
    format!("{}\n", to_plain(text).trim_end_matches('\n'))
}
