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
    #[arg(value_name = "ID", required = true, value_parser = parse_message_id)]
    pub ids: Vec<MessageId>,
}

/// Reads a message's id.
pub fn parse_message_id(text: &str) -> Result<MessageId, String> {
    text.parse().map_err(|_| {
        format!("`{text}` is no whole message id; `agency inbox` shows them, and `--json` of lists")
    })
}

/// Acknowledges messages.
pub fn run(args: &AckArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    workbench.ask(Command::AcknowledgeMessages { ids: args.ids.clone() })?;
    desk.answer(&json!({ "acknowledged": args.ids }), |_, _| String::new())
}
