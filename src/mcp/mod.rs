//! The agents' own face: the same commands as tools of a server of the Model Context Protocol, on stdio.
//!
//! Thin: a tool reads its arguments, asks the workbench as the agent whose pane this is, and says what came
//! of it; every rule stays where it is for all faces. Standard output carries the protocol and
//! nothing else. There is no tool that approves. One file per noun is in [`tools`].

pub mod call;
pub mod pipes;
pub mod server;
pub mod tool;
pub mod tools;
pub mod words;

#[cfg(test)]
mod tests;

use rmcp::ServiceExt as _;
use rmcp::service::ServerInitializeError;
use rmcp::transport::io::stdio_pipes;
use tokio::sync::watch;

use crate::domain::name::AgentAddress;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::mcp::pipes::Noticing;
use crate::mcp::server::Server;
use crate::service::workbench::{Identity, Workbench};

/// Threads for calls at the same time: a program makes a handful, and each that waits holds one.
const MOST_CALLS: usize = 64;

/// The agent that this process is. The operator is refused: a program that speaks this protocol is no person.
pub fn require_agent(identity: &Identity) -> Result<&AgentAddress, Refusal> {
    match identity {
        Identity::Agent { address, .. } => Ok(address),
        Identity::Operator => Err(Refusal::new(
            RefusalKind::NotAllowed,
            "not_an_agent",
            "these tools are for agents, and this is no agent's pane",
        )
        .with_hint("give them to an agent's program; its runtime does that: agency runtime list")),
    }
}

/// Serves the tools to the program on the other end of standard input and output, until it goes away.
pub fn serve(workbench: Workbench) -> Result<(), Refusal> {
    require_agent(workbench.identity())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(MOST_CALLS)
        .build()
        .map_err(|error| failed(&error))?;
    let ended = runtime.block_on(converse(workbench));
    // A call that still waits has nobody to answer.
    runtime.shutdown_background();
    ended
}

async fn converse(workbench: Workbench) -> Result<(), Refusal> {
    let (gone, is_gone) = watch::channel(false);
    let (input, output) = stdio_pipes();
    let server = Server::new(workbench, is_gone)?;
    match server.serve((Noticing::new(input, gone), output)).await {
        Ok(running) => running.waiting().await.map(|_| ()).map_err(|error| failed(&error)),
        // It went away before it said anything.
        Err(ServerInitializeError::ConnectionClosed(_)) => Ok(()),
        Err(error) => Err(failed(&error)),
    }
}

fn failed(problem: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(RefusalKind::Failed, "mcp", format!("the tools cannot be served: {problem}"))
}
