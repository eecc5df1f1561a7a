//! `agency mcp`: an agent's tools, for its program.
//!
//! It hands over at once. Standard output is the protocol's from then on, so nothing is printed here.

use clap::Args;

use crate::cli::desk::{DONE, Desk, Ending};

/// What `agency mcp` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "An agent's program starts it: the shipped runtimes say so to each program that can. It speaks the Model \
    Context Protocol on standard input and output, as the agent in whose pane it runs, and refuses everybody else.\n\n\
    Example, for a program of your own:\n  \
    { \"mcpServers\": { \"agency\": { \"command\": \"agency\", \"args\": [\"mcp\"] } } }"
)]
pub struct McpArgs {}

/// Serves the tools.
pub fn run(_: &McpArgs, desk: &mut Desk<'_>) -> Ending {
    let home = desk.globals.home.as_deref().or(desk.house.surroundings().home.as_deref());
    desk.house.serve_tools(home)?;
    Ok(DONE)
}
