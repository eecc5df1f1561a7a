//! `agency inbox`: an agent's messages. When the agent itself looks, they are delivered thereby.
//!
//! Bodies are fenced and named by their senders, because they are data and not orders.

use std::time::Duration;

use clap::Args;
use serde_json::Value;

use crate::cli::desk::{Desk, Ending, Scene, agent_meant};
use crate::cli::style::Tone;
use crate::cli::when::age;
use crate::domain::message::Priority;
use crate::domain::name::AgentAddress;
use crate::domain::protocol::words::block;
use crate::domain::text::{to_line, to_plain};
use crate::service::query::Query;
use crate::service::views::MessageView;
use crate::service::waiting::wait_until;

/// What `agency inbox` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Run by the agent itself, it makes the messages shown delivered. Acknowledge them with \
    `agency ack ID` when they are dealt with.\n\n\
    Examples:\n  agency inbox --wait\n  agency inbox --agent CodeAgency/python-agent --all"
)]
pub struct InboxArgs {
    /// Return when there is at least one message
    #[arg(long)]
    pub wait: bool,
    /// How long to wait, in seconds [default: for ever]
    #[arg(long, value_name = "SECONDS", requires = "wait")]
    pub timeout: Option<u64>,
    /// Acknowledged ones too
    #[arg(long)]
    pub all: bool,
    /// Whose [default: the agent that asks]
    #[arg(long, value_name = "AGENT")]
    pub agent: Option<AgentAddress>,
}

/// Longest name or type shown, in characters.
const MAX_WORD: usize = 140;

/// Shows an agent its messages.
pub fn run(args: &InboxArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let usage = "agency inbox --agent Agency/agent";
    let agent = agent_meant(&workbench, args.agent.as_ref(), usage)?;
    let query = Query::Inbox { agent: agent.clone(), all: args.all };
    if args.wait {
        let limit = args.timeout.map(Duration::from_secs);
        wait_until(&workbench, limit, || {
            let views: Vec<MessageView> = workbench.fetch(&query)?;
            Ok((!views.is_empty()).then_some(()))
        })?;
    }
    let views = workbench.receive(&agent, &query)?;
    desk.answer(views.as_slice(), render)
}

/// Messages in full, one after the other; who says what is always named.
pub fn render(views: &[MessageView], scene: &Scene) -> String {
    if views.is_empty() {
        return "no messages\n".to_owned();
    }
    views.iter().map(|view| render_one(view, scene)).collect::<Vec<_>>().join("\n")
}

fn render_one(view: &MessageView, scene: &Scene) -> String {
    let mut heading = format!(
        "{} from {} ({} ago)",
        to_line(&view.kind, MAX_WORD),
        to_line(&view.from, MAX_WORD),
        age(view.sent_at, scene.now)
    );
    if !view.verified {
        heading.push_str(" unverified");
    }
    if view.priority != Priority::Normal {
        heading.push_str(&format!(" {}", view.priority.as_str()));
    }
    if let Some(task) = &view.task {
        heading.push_str(&format!(" about {}", to_line(task, MAX_WORD)));
    }
    let id = scene.paint.tone(Tone::Muted, &view.id.to_string());
    let heading = scene.paint.tone(Tone::Heading, &heading);
    format!("{id}  {heading}\n{}", spoken(view))
}

/// What it says, readable where it is of a type that is not read as JSON.
fn spoken(view: &MessageView) -> String {
    let block = block(&view.kind, &view.body).map(Value::String);
    quoted(block.as_ref().unwrap_or(&view.body))
}

/// The body, each line behind a bar: it is somebody's words, not this program's.
pub fn quoted(body: &Value) -> String {
    let text = match body {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    };
    to_plain(&text).lines().fold(String::new(), |out, line| format!("{out}  | {line}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn a_message_is_shown_whole_and_fenced_and_names_its_sender() {
        let mut second = testing::message();
        second.body = serde_json::json!({"bugs": 3});
        second.priority = Priority::High;
        second.verified = false;
        insta::assert_snapshot!(render(&[testing::message(), second], &testing::scene()));
    }
}
