//! Asking: a question goes out as a message, and the call waits for the message that answers it.
//!
//! How it is waited is in [`crate::service::workbench::asking`]. The question itself stays, so an answer that
//! comes later is not lost. Neither is one that a program did not take because it had given the
//! call up without a word: giving an answer never acknowledges it, so it stays in the inbox until its agent
//! says that it is dealt with.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::domain::id::MessageId;
use crate::domain::message::Priority;
use crate::domain::name::Address;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::mcp::call::Call;
use crate::mcp::tool::{Hint, Outcome, Said, Sign, tool};
use crate::mcp::tools::Tools;
use crate::mcp::tools::messages::Urgency;
use crate::mcp::words;
use crate::service::views::MessageView;
use crate::service::workbench::DraftOptions;

/// How long is waited without a word about it, in seconds: many programs give a call up after a minute.
const USUAL: u32 = 45;
/// Longest wait, in seconds: after ten minutes without an answer there is other work to do.
const LONGEST: u32 = 600;

/// What to do without an answer.
const LATER: &str = "go on with your work, then call await_reply with this id";

/// What to do with an answer.
const NOTED: &str = "when you have noted it call acknowledge with the answer's id";

/// The tools of this noun.
pub fn tools() -> Tools {
    vec![
        tool(
            Sign {
                name: "ask",
                title: "Ask somebody and wait",
                description: "Sends a question to another agent, an agency or the operator and waits for the answer. Returns the \
answer's text, or, when the time is over, `no answer yet` with the question's id: then go on with your work and call \
`await_reply` with that id later. Acknowledge the answer as every message; if your program breaks the call off, the \
answer comes to your `inbox`. Ask only what you need to go on, one question at a time. \
Example: {\"to\": \"CodeAgency\", \"question\": \"Which port does the login service use?\"}.",
                hint: Hint::Adds,
            },
            ask,
        ),
        tool(
            Sign {
                name: "await_reply",
                title: "Go on waiting for an answer",
                description: "Waits for the answer to a question that you have asked before, by the question's id. Returns at once if it \
is there already, also a second time. Use it after `ask` said `no answer yet` and you can do nothing without the answer. \
Example: {\"id\": \"0199…\", \"timeout_s\": 0} only looks.",
                hint: Hint::Sets,
            },
            await_reply,
        ),
    ]
}

fn usual() -> u32 {
    USUAL
}

/// What `ask` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskArguments {
    /// Whom to ask: `Agency/agent`, an agency's name for its coordinator, or `operator` for the human.
    #[schemars(with = "String")]
    pub to: Address,
    /// The question, with all that is needed to answer it.
    #[schemars(length(min = 1))]
    pub question: String,
    /// The task it is about, as `TASK-001`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub task: Option<String>,
    /// How urgent it is; `normal` without it.
    #[serde(default)]
    #[schemars(with = "Urgency")]
    pub priority: Option<Urgency>,
    /// How many seconds to wait, from 0 to 600.
    #[serde(default = "usual")]
    #[schemars(range(max = 600))]
    pub timeout_s: u32,
}

/// What `await_reply` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwaitArguments {
    /// The question's id, as `ask` gave it.
    #[schemars(with = "String")]
    pub id: MessageId,
    /// How many seconds to wait, from 0 to 600; 0 only looks.
    #[serde(default = "usual")]
    #[schemars(range(max = 600))]
    pub timeout_s: u32,
}

fn ask(call: &Call, arguments: AskArguments) -> Outcome {
    let limit = limit(arguments.timeout_s)?;
    if arguments.to == Address::Agent(call.me.clone()) {
        let message = format!("`{}` is you; nobody else could answer", call.me);
        return Err(Refusal::new(RefusalKind::Usage, "own_question", message)
            .with_hint("see whom you can ask with the tool `who`"));
    }
    let options = DraftOptions {
        task: arguments.task,
        priority: arguments.priority.map(Priority::from),
        ..DraftOptions::default()
    };
    let draft = call.workbench.draft(&arguments.to, &arguments.question, &options)?;
    let (id, answer) = call.workbench.ask_and_wait(draft, limit, || call.interest.is_there())?;
    Ok(said(id, answer.as_ref()))
}

fn await_reply(call: &Call, arguments: AwaitArguments) -> Outcome {
    let limit = limit(arguments.timeout_s)?;
    let id = arguments.id;
    let answer = call.workbench.await_answer(id, limit, || call.interest.is_there())?;
    Ok(said(id, answer.as_ref()))
}

fn limit(seconds: u32) -> Result<Duration, Refusal> {
    if seconds <= LONGEST {
        return Ok(Duration::from_secs(u64::from(seconds)));
    }
    let message = format!("`timeout_s` is 0 to {LONGEST}, not {seconds}");
    Err(Refusal::new(RefusalKind::Usage, "bad_arguments", message)
        .with_hint("call `await_reply` again to wait longer"))
}

/// Whether the program still read the answer cannot be seen from here: nobody acknowledges it but its agent. Until
/// then `inbox` shows it, and `await_reply` gives it as often as it is asked.
fn said(id: MessageId, answer: Option<&MessageView>) -> Said {
    let Some(answer) = answer else {
        return Said::new(
            format!("no answer yet to {id}; {LATER}\n"),
            json!({ "answered": false, "id": id, "next": LATER }),
        );
    };
    let mut text =
        format!("{} answers:\n{}", words::line(&answer.from), words::quoted(&answer.body));
    let is_open = answer.acknowledged_at.is_none();
    if is_open {
        text.push_str(&format!("  message {}; {NOTED}\n", answer.id));
    }
    let next = is_open.then_some(NOTED);
    let document = json!({ "answered": true, "id": id, "answer": answer, "next": next });
    Said::new(text, document)
}
