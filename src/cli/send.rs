//! `agency send`: sends a message and prints its id; with `--wait` returns when it is delivered.
//!
//! What the text means (JSON or words, which type) is the service's to say. An agent is always
//! itself: `--from` is the operator's.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::cli::ack::parse_message_id;
use crate::cli::desk::{DONE, Desk, Ending};
use crate::domain::agency::AgencyState;
use crate::domain::command::Answer;
use crate::domain::id::MessageId;
use crate::domain::message::{Draft, MessageState, MessageType, Priority};
use crate::domain::name::Address;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::query::Query;
use crate::service::views::{AgencyView, MessageView};
use crate::service::waiting::{Waited, wait_until};
use crate::service::workbench::{DraftOptions, Identity, Workbench};

/// What `agency send` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "The leading word of a text decides its type: STATUS, TASK, QUESTION, COMPLETE, BLOCKED; \
    a JSON object carries its own `type`.\n\n\
    Examples:\n  agency send CodeAgency/python-agent \"TASK-042: Implement OAuth2 using authlib\"\n  \
    agency send QAAgency '{\"type\": \"handoff\", \"task\": \"F-1\"}' --from CodeAgency\n  \
    echo \"STATUS: done\" | agency send CodeAgency -\n  \
    agency send CodeAgency \"QUESTION which port?\" --wait"
)]
pub struct SendArgs {
    /// Whom it is for: `Agency/agent`, `Agency`, `operator` or `*`
    #[arg(value_name = "TO")]
    pub to: Address,
    /// Words or a JSON object; `-` reads standard input
    #[arg(value_name = "TEXT|JSON|-")]
    pub text: String,
    /// Whom it is from; the operator's to say
    #[arg(long, value_name = "A")]
    pub from: Option<Address>,
    /// The type, instead of the text's own
    #[arg(long = "type", value_name = "T", value_parser = MessageType::parse)]
    pub kind: Option<MessageType>,
    /// The task it is about
    #[arg(long, value_name = "ID")]
    pub task: Option<String>,
    /// low, normal, high or critical
    #[arg(long, value_name = "P", value_parser = parse_priority)]
    pub priority: Option<Priority>,
    /// The message it answers
    #[arg(long, value_name = "ID", value_parser = parse_message_id)]
    pub in_reply_to: Option<MessageId>,
    /// Not delivered any more after this time: `90s`, `10m`, `2h`, `3d`
    #[arg(long, value_name = "T", value_parser = crate::cli::queue::parse_ttl)]
    pub ttl: Option<u64>,
    /// Return when it is delivered
    #[arg(long)]
    pub wait: bool,
    /// How long to wait, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "wait")]
    pub timeout: u64,
}

/// Reads a priority word.
pub fn parse_priority(text: &str) -> Result<Priority, String> {
    [Priority::Low, Priority::Normal, Priority::High, Priority::Critical]
        .into_iter()
        .find(|priority| priority.as_str() == text)
        .ok_or_else(|| "use low, normal, high or critical".to_owned())
}

/// Sends a message.
pub fn run(args: &SendArgs, desk: &mut Desk<'_>) -> Ending {
    let text = desk.text_argument(&args.text)?;
    let workbench = desk.open()?;
    check_sender(workbench.identity(), args.from.as_ref())?;
    let mut draft = workbench.draft(&args.to, &text, &options(args))?;
    if let Some(seconds) = args.ttl {
        let ttl = jiff::SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        draft.expires_at = desk.house.now().saturating_add(ttl).ok();
    }
    let id = workbench.send(draft.clone())?;
    if args.wait {
        wait_for_delivery(&workbench, id, Duration::from_secs(args.timeout))?;
    }
    tell_if_stopped(&workbench, &args.to, desk);
    if !desk.is_json() {
        desk.output.line(&id.to_string());
        return Ok(DONE);
    }
    match workbench.fetch::<MessageView>(&Query::Message { id }) {
        Ok(view) => desk.output.json(&view),
        // No supervisor has taken it from the door yet, so there is no view of it.
        Err(_) => desk.output.json(&at_the_door(id, &draft)),
    }
    Ok(DONE)
}

fn options(args: &SendArgs) -> DraftOptions {
    DraftOptions {
        from: args.from.clone(),
        kind: args.kind.clone(),
        task: args.task.clone(),
        priority: args.priority,
        in_reply_to: args.in_reply_to,
    }
}

/// Refuses an agent that would write as somebody else.
pub fn check_sender(identity: &Identity, from: Option<&Address>) -> Result<(), Refusal> {
    match (identity, from) {
        (Identity::Operator, _) | (Identity::Agent { .. }, None) => Ok(()),
        (Identity::Agent { address, .. }, Some(Address::Agent(from))) if address == from => Ok(()),
        (Identity::Agent { address, .. }, Some(from)) => Err(Refusal::new(
            RefusalKind::NotAllowed,
            "not_the_sender",
            format!("this is the pane of `{address}`, which cannot write as `{from}`"),
        )
        .with_hint("leave `--from` out")),
    }
}

fn wait_for_delivery(workbench: &Workbench, id: MessageId, limit: Duration) -> Result<(), Refusal> {
    let waited = wait_until(workbench, Some(limit), || {
        match workbench.fetch::<MessageView>(&Query::Message { id }) {
            Ok(view) => arrived(&view),
            Err(refusal) if refusal.kind == RefusalKind::NotFound => Ok(None),
            Err(refusal) => Err(refusal),
        }
    })?;
    match waited {
        Waited::Seen(()) => Ok(()),
        Waited::TimedOut => Err(Refusal::new(
            RefusalKind::Failed,
            "not_delivered",
            format!("message `{id}` is not delivered after {} s", limit.as_secs()),
        )
        .with_hint(format!("run `agency explain {id}`"))),
    }
}

/// Whether it is delivered; a message that never will be is a refusal.
fn arrived(view: &MessageView) -> Result<Option<()>, Refusal> {
    match view.state {
        MessageState::Accepted | MessageState::Routed => Ok(None),
        MessageState::Delivered | MessageState::Acknowledged => Ok(Some(())),
        MessageState::Expired | MessageState::Dead => {
            let reason = view.reason.as_deref().unwrap_or("no reason is known");
            let message = format!("message `{}` is {}: {reason}", view.id, view.state.as_str());
            Err(Refusal::new(RefusalKind::Failed, view.state.as_str(), message))
        }
    }
}

fn at_the_door(id: MessageId, draft: &Draft) -> serde_json::Value {
    json!({
        "id": id, "type": draft.kind, "from": draft.from, "to": draft.to, "body": draft.body,
        "priority": draft.priority, "task": draft.task, "in_reply_to": draft.in_reply_to,
        "state": null, "sent_at": draft.sent_at, "delivered_at": null, "acknowledged_at": null,
        "reason": "waits at the door", "verified": true,
    })
}

/// Says that a message waits because whom it is for is stopped; silence would look like a delivery.
pub fn tell_if_stopped(workbench: &Workbench, to: &Address, desk: &mut Desk<'_>) {
    let agency = match to {
        Address::Agency(agency) => agency,
        Address::Agent(agent) => &agent.agency,
        Address::Operator | Address::Workbench | Address::Everyone => return,
    };
    // Without a supervisor all wait, and to read the whole ledger for a remark takes too long.
    if workbench.supervisor_pid().is_none() {
        return;
    }
    let view = workbench.fetch::<AgencyView>(&Query::Agency { name: agency.clone() });
    if view.is_ok_and(|view| view.state == AgencyState::Stopped) {
        desk.output.note(&format!("`{agency}` is stopped; it waits for: agency start {agency}"));
    }
}

/// Prints the id of a message that a command made, or the whole message.
pub fn answer_with_message(workbench: &Workbench, answer: &Answer, desk: &mut Desk<'_>) -> Ending {
    if !desk.is_json() {
        desk.output.line(answer_text(answer));
        return Ok(DONE);
    }
    desk.output.json(&message_of(workbench, answer)?);
    Ok(DONE)
}

/// The message that a command made, as JSON; the answer itself where it names none.
pub fn message_of(workbench: &Workbench, answer: &Answer) -> Result<serde_json::Value, Refusal> {
    match answer_text(answer).parse::<MessageId>() {
        Ok(id) => workbench.query(&Query::Message { id }),
        Err(_) => Ok(serde_json::to_value(answer).unwrap_or_default()),
    }
}

/// What an answer says, in one line.
pub fn answer_text(answer: &Answer) -> &str {
    match answer {
        Answer::Done => "done",
        Answer::Id(text) | Answer::Text(text) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn an_agent_is_always_itself() {
        let agent = testing::agent_identity("Code/dev");
        let from = |text: &str| Address::parse(text).expect("address");
        assert_eq!(check_sender(&agent, None), Ok(()));
        assert_eq!(check_sender(&agent, Some(&from("Code/dev"))), Ok(()));
        assert_eq!(check_sender(&Identity::Operator, Some(&from("Code"))), Ok(()));
        for other in ["operator", "Code", "Code/other", "QA/dev"] {
            let refused = check_sender(&agent, Some(&from(other)));
            assert_eq!(refused.map_err(|refusal| refusal.kind), Err(RefusalKind::NotAllowed));
        }
    }

    #[test]
    fn waiting_ends_with_delivery_and_fails_with_death() {
        let mut view = testing::message();
        view.state = MessageState::Routed;
        assert_eq!(arrived(&view), Ok(None));
        view.state = MessageState::Delivered;
        assert_eq!(arrived(&view), Ok(Some(())));
        view.state = MessageState::Dead;
        view.reason = Some("no such agent".to_owned());
        let refusal = arrived(&view).expect_err("dead");
        assert!(refusal.message.ends_with("is dead: no such agent"), "{}", refusal.message);
    }
}
