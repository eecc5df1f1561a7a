//! `agency inbox`: an agent's messages. When the agent itself looks, they are delivered thereby.
//!
//! Bodies are fenced and named by their senders, because they are data and not orders.

use std::time::Duration;

use clap::Args;
use serde_json::Value;

use crate::cli::desk::{Desk, Ending, Scene, agent_meant};
use crate::cli::follow::{Waited, wait_until};
use crate::cli::style::Tone;
use crate::cli::when::age;
use crate::domain::command::Command;
use crate::domain::id::MessageId;
use crate::domain::message::{MessageState, Priority};
use crate::domain::name::AgentAddress;
use crate::domain::text::{to_line, to_plain};
use crate::service::query::Query;
use crate::service::views::MessageView;
use crate::service::workbench::Identity;

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
    let mut views: Vec<MessageView> = workbench.fetch(&query)?;
    if args.wait && views.is_empty() {
        let limit = args.timeout.map(Duration::from_secs);
        let found = wait_until(&workbench, limit, || {
            let views: Vec<MessageView> = workbench.fetch(&query)?;
            Ok((!views.is_empty()).then_some(views))
        })?;
        if let Waited::Seen(found) = found {
            views = found;
        }
    }
    let ids = ids_to_fetch(workbench.identity(), &agent, &views);
    if !ids.is_empty() {
        // Before they are shown: what is cut off here is shown again until it is acknowledged.
        workbench.ask(Command::FetchMessages { ids })?;
        views = workbench.fetch(&query)?;
    }
    desk.answer(views.as_slice(), render)
}

/// What becomes delivered by this look: nothing if somebody else looks.
fn ids_to_fetch(
    identity: &Identity,
    agent: &AgentAddress,
    views: &[MessageView],
) -> Vec<MessageId> {
    match identity {
        Identity::Agent { address, .. } if address == agent => views
            .iter()
            .filter(|view| matches!(view.state, MessageState::Accepted | MessageState::Routed))
            .map(|view| view.id)
            .collect(),
        Identity::Agent { .. } | Identity::Operator => Vec::new(),
    }
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
    format!("{id}  {heading}\n{}", quoted(&view.body))
}

/// The body, each line behind a bar: it is somebody's words, not this program's.
fn quoted(body: &Value) -> String {
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

    #[test]
    fn only_the_agents_own_look_delivers() {
        let mut routed = testing::message();
        routed.state = MessageState::Routed;
        let views = [routed.clone(), testing::message()];
        let own: AgentAddress = "Code/dev".parse().expect("address");
        let identity = testing::agent_identity("Code/dev");
        assert_eq!(ids_to_fetch(&identity, &own, &views), [routed.id]);
        assert!(ids_to_fetch(&Identity::Operator, &own, &views).is_empty());
        let other = testing::agent_identity("Code/other");
        assert!(ids_to_fetch(&other, &own, &views).is_empty());
    }
}
