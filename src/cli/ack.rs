//! `agency ack`: the agent has dealt with these messages.
//!
//! Whether they are the asker's own is for the service to say.

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
