//! `agency ask`: asks somebody, waits, and prints the answer's text alone.
//!
//! The question stays when nobody waits any more, and the answer comes to the inbox. Who may ask whom, and whether
//! a wait would close a circle, is for the engine to say.

use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::ack::parse_message_id;
use crate::cli::desk::{DONE, Desk, Ending};
use crate::cli::send::parse_priority;
use crate::cli::when::relative_seconds;
use crate::domain::command::Command;
use crate::domain::id::MessageId;
use crate::domain::message::Priority;
use crate::domain::name::Address;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::views::MessageView;
use crate::service::workbench::{DraftOptions, Identity, Workbench};

/// What `agency ask` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Prints the answer's text and nothing else. Without an answer in time the status is 1 and the code \
    `no_answer`; the question stays, and `--await` goes on. Two agents that would wait for each other, directly or \
    through others, are refused with status 5 and the code `waiting_cycle`.\n\n\
    Examples:\n  agency ask CodeAgency \"Which port does the login service use?\" --timeout 10m\n  \
    port=$(agency ask CodeAgency/python-agent \"Which port?\")\n  \
    id=$(agency ask QAAgency \"When can you test it?\" --no-wait)\n  agency ask --await \"$id\" --timeout 1h"
)]
pub struct AskArgs {
    /// Whom to ask: `Agency/agent`, `Agency` or `operator`
    #[arg(value_name = "TO", required_unless_present = "await_id")]
    pub to: Option<Address>,
    /// The question; `-` reads standard input
    #[arg(value_name = "TEXT|-", required_unless_present = "await_id")]
    pub text: Option<String>,
    /// How long to wait: `90s`, `10m`, `1h`
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = parse_time)]
    pub timeout: Duration,
    /// The task it is about
    #[arg(long, value_name = "ID")]
    pub task: Option<String>,
    /// low, normal, high or critical
    #[arg(long, value_name = "P", value_parser = parse_priority)]
    pub priority: Option<Priority>,
    /// Print the question's id and go on
    #[arg(long, conflicts_with = "await_id")]
    pub no_wait: bool,
    /// Wait for the answer to this question, which was asked before
    #[arg(
        long = "await",
        value_name = "ID",
        value_parser = parse_message_id,
        conflicts_with_all = ["to", "text", "task", "priority"]
    )]
    pub await_id: Option<MessageId>,
}

/// Reads a length of time.
pub fn parse_time(text: &str) -> Result<Duration, String> {
    let seconds = relative_seconds(text).and_then(|seconds| u64::try_from(seconds).ok());
    seconds
        .map(Duration::from_secs)
        .ok_or_else(|| format!("`{text}` is not a time; write `90s`, `10m` or `1h`"))
}

/// Asks, and waits.
pub fn run(args: &AskArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let interrupt = desk.house.watch_interrupt();
    let is_wanted = || !interrupt.load(Ordering::Relaxed);
    let (id, answer) = match (args.await_id, &args.to, &args.text) {
        (Some(id), ..) => (id, workbench.await_answer(id, args.timeout, is_wanted)?),
        (None, Some(to), Some(text)) => {
            let text = desk.text_argument(text)?;
            let draft = workbench.draft(to, &text, &options(args))?;
            if args.no_wait {
                let id = workbench.ask_question(draft, Duration::ZERO)?;
                return asked(id, desk);
            }
            workbench.ask_and_wait(draft, args.timeout, is_wanted)?
        }
        _ => return Err(Refusal::new(RefusalKind::Usage, "bad_arguments", "nothing is asked")),
    };
    match answer {
        Some(answer) => tell(&workbench, id, &answer, desk),
        None if !is_wanted() => Err(left(id)),
        None => Err(no_answer(id, args.timeout)),
    }
}

fn options(args: &AskArgs) -> DraftOptions {
    DraftOptions { task: args.task.clone(), priority: args.priority, ..DraftOptions::default() }
}

fn asked(id: MessageId, desk: &mut Desk<'_>) -> Ending {
    match desk.is_json() {
        true => desk.output.json(&json!({ "answered": false, "id": id })),
        false => desk.output.line(&id.to_string()),
    }
    Ok(DONE)
}

/// Prints the answer. What the operator has seen is read; an agent says so itself, because its program may have
/// given this command up.
fn tell(workbench: &Workbench, id: MessageId, answer: &MessageView, desk: &mut Desk<'_>) -> Ending {
    if desk.is_json() {
        desk.output.json(&json!({ "answered": true, "id": id, "answer": answer }));
    } else {
        desk.output.line(text_of(&answer.body).trim_end());
    }
    if answer.acknowledged_at.is_none() {
        match workbench.identity() {
            Identity::Operator => {
                workbench.ask(Command::AcknowledgeMessages { ids: vec![answer.id] })?;
            }
            Identity::Agent { .. } => {
                desk.output.note(&format!("when you have noted it: agency ack {}", answer.id));
            }
        }
    }
    Ok(DONE)
}

fn text_of(body: &Value) -> String {
    match body {
        Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

fn go_on(id: MessageId) -> String {
    format!("go on waiting with: agency ask --await {id}")
}

fn no_answer(id: MessageId, limit: Duration) -> Refusal {
    let message = format!("question `{id}` has no answer after {} s", limit.as_secs());
    Refusal::new(RefusalKind::Failed, "no_answer", message).with_hint(go_on(id))
}

fn left(id: MessageId) -> Refusal {
    let message = format!("question `{id}` stands, nobody waits for its answer any more");
    Refusal::new(RefusalKind::Failed, "interrupted", message).with_hint(go_on(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit() {
        assert_eq!(parse_time("10m"), Ok(Duration::from_secs(600)));
        assert!(parse_time("10").is_err() && parse_time("-1m").is_err());
    }

    #[test]
    fn without_an_answer_the_question_is_named_with_how_to_go_on() {
        let refusal = no_answer(uuid::Uuid::nil(), Duration::from_secs(5));
        assert_eq!((refusal.kind.exit_status(), refusal.code.as_str()), (1, "no_answer"));
        let hint = refusal.hint.expect("a hint");
        assert!(hint.ends_with(&format!("agency ask --await {}", uuid::Uuid::nil())), "{hint}");
    }
}
