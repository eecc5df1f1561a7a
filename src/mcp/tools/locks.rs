//! Locks: claiming paths of the project before changing them, giving them back, seeing who has which.
//!
//! A lock is a word between agents and keeps nobody's hands off a file; who gets one is the workbench's to say.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::domain::command::{Answer, Command};
use crate::domain::id::{LockId, TaskId};
use crate::domain::lock::{IfHeld, LockClaim, Resource, parse_length};
use crate::domain::message::Priority;
use crate::domain::name::Address;
use crate::domain::protocol::LockKind;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::mcp::call::Call;
use crate::mcp::tool::{Hint, Nothing, Outcome, Said, Sign, tool};
use crate::mcp::tools::Tools;
use crate::mcp::words;
use crate::service::query::Query;
use crate::service::views::LockView;

/// The tools of this noun.
pub fn tools() -> Tools {
    vec![
        tool(
            Sign {
                name: "lock_request",
                title: "Claim paths",
                description: "Claims paths of the project before you change files that others may need too. It is refused when \
somebody has them; with `wait` you get in line, and a message of type `lock_granted` comes when it is your turn. \
Example: {\"resource\": \"src/auth/**\", \"type\": \"exclusive\", \"reason\": \"new fields\", \"for\": \"2h\"}.",
                hint: Hint::Sets,
            },
            request,
        ),
        tool(
            Sign {
                name: "lock_release",
                title: "Give paths back",
                description: "Gives a lock back, or takes your place in a line back. Do it as soon as what you changed is committed: \
others wait. Example: {\"lock\": \"lock-001\"}.",
                hint: Hint::Sets,
            },
            release,
        ),
        tool(
            Sign {
                name: "lock_list",
                title: "Who has which paths",
                description: "Lists the locks on paths of the project, one line each: id, kind, paths, who has it, who waits, until \
when. Look here before you plan work on files of others.",
                hint: Hint::Reads,
            },
            list,
        ),
    ]
}

/// How paths are claimed.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Manner {
    /// Nobody else may change or read them.
    Exclusive,
    /// Many read them, nobody changes them.
    Shared,
    /// You plan to change them; hinders nobody.
    Intent,
}

impl From<Manner> for LockKind {
    fn from(manner: Manner) -> Self {
        match manner {
            Manner::Exclusive => Self::Exclusive,
            Manner::Shared => Self::Shared,
            Manner::Intent => Self::Intent,
        }
    }
}

/// What `lock_request` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestArguments {
    /// A path from the project's root, or a pattern such as `src/**/*.ts`.
    #[schemars(with = "String")]
    pub resource: Resource,
    /// `exclusive`, `shared` or `intent`.
    #[serde(rename = "type")]
    pub kind: Manner,
    /// Why.
    #[serde(default)]
    #[schemars(with = "String")]
    pub reason: Option<String>,
    /// For how long, as `2h` or `30m`; four hours without it.
    #[serde(default, rename = "for")]
    #[schemars(with = "String")]
    pub length: Option<String>,
    /// The task it is for, as `TASK-001`; the lock ends with it.
    #[serde(default)]
    #[schemars(with = "String")]
    pub task: Option<TaskId>,
    /// Wait for your turn when somebody has them.
    #[serde(default)]
    pub wait: bool,
}

/// What `lock_release` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseArguments {
    /// The lock, as `lock-001`.
    #[schemars(with = "String")]
    pub lock: LockId,
}

fn request(call: &Call, arguments: RequestArguments) -> Outcome {
    let length = arguments
        .length
        .as_deref()
        .map(parse_length)
        .transpose()
        .map_err(|error| Refusal::new(RefusalKind::Usage, "bad_duration", error.to_string()))?;
    let claim = LockClaim {
        resource: arguments.resource,
        kind: arguments.kind.into(),
        reason: arguments.reason,
        length_s: length.map(|length| length.as_secs()),
        task: arguments.task,
        agency: None,
        priority: Priority::default(),
    };
    let if_held = if arguments.wait { IfHeld::Queue } else { IfHeld::Refuse };
    let id = match call.ask(Command::RequestLock { claim, if_held })? {
        Answer::Id(id) => id,
        Answer::Done | Answer::Text(_) => String::new(),
    };
    let views: Vec<LockView> = call.fetch(&Query::Locks)?;
    let view = views.into_iter().find(|view| view.id.to_string() == id);
    let text = view.as_ref().map_or_else(|| format!("{id}\n"), line);
    Ok(Said::new(text, json!({ "id": id, "lock": view })))
}

fn release(call: &Call, arguments: ReleaseArguments) -> Outcome {
    let lock = arguments.lock;
    call.ask(Command::ReleaseLock { lock })?;
    Ok(Said::new(format!("{lock} is given back\n"), json!({ "released": lock })))
}

fn list(call: &Call, _: Nothing) -> Outcome {
    let views: Vec<LockView> = call.fetch(&Query::Locks)?;
    let text = match views.as_slice() {
        [] => "no locks\n".to_owned(),
        views => views.iter().map(line).collect(),
    };
    Ok(Said::new(text, json!({ "locks": views })))
}

fn line(view: &LockView) -> String {
    let names =
        |all: &[Address]| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let mut text =
        format!("{} {} {}", view.id, view.kind.as_str(), words::line(view.resource.as_str()));
    match view.expires_at {
        Some(at) => text.push_str(&format!(", with {} until {at:.0}", names(&view.holders))),
        None => text.push_str(", not granted yet"),
    }
    if !view.waiting.is_empty() {
        text.push_str(&format!(", waiting: {}", names(&view.waiting)));
    }
    text.push('\n');
    text
}
