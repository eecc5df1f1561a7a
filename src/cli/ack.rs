//! `agency ack`: the agent has dealt with these messages.
//!
//! Only the agent that got them can; for everybody else the service refuses.

use clap::Args;
use serde_json::json;

use crate::cli::desk::{Desk, Ending};
use crate::domain::command::Command;
use crate::domain::id::MessageId;

/// What `agency ack` takes.
#[derive(Debug, Args)]
pub struct AckArgs {
    /// Which messages
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<MessageId>,
}

/// Acknowledges messages.
pub fn run(args: &AckArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    workbench.ask(Command::AcknowledgeMessages { ids: args.ids.clone() })?;
    desk.answer(&json!({ "acknowledged": args.ids }), |_, _| String::new())
}
