//! Handing a feature in, and where a submission stands.
//!
//! There is no tool that decides: a decision is the operator's, and signed.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::domain::approval::ApprovalState;
use crate::domain::command::{Answer, Command};
use crate::domain::id::TaskId;
use crate::domain::text::to_plain;
use crate::mcp::call::Call;
use crate::mcp::tool::{Hint, Outcome, Said, Sign, tool};
use crate::mcp::tools::Tools;
use crate::mcp::tools::tasks::OneTask;
use crate::mcp::words;
use crate::service::query::Query;
use crate::service::views::{ApprovalView, TaskView};

/// What follows on handing in.
const PROVING: &str = "it is being proven; see how it goes with submission";

/// The tools of this noun.
pub fn tools() -> Tools {
    vec![
        tool(
            Sign {
                name: "submit",
                title: "Hand finished work in",
                description: "Hands the feature of a task in: all of its finished work is merged with the project's branch, proven in a clean \
sandbox, and then waits for the operator's approval. Use it once per feature, when all of its tasks are finished. \
Returns the id of the submission at once; call `submission` to see how the proof went. \
Example: {\"task\": \"TASK-003\", \"rationale\": \"authlib keeps the token code small\"}.",
                hint: Hint::Sets,
            },
            submit,
        ),
        tool(
            Sign {
                name: "submission",
                title: "See where a submission stands",
                description: "Says where handed-in work stands: being proven, waiting for the operator, sent back (with the operator's words) or \
merged, with what the tests said. Only the operator approves; do not wait in a loop, you are told by a message. \
Example: {\"task\": \"TASK-003\"}.",
                hint: Hint::Reads,
            },
            submission,
        ),
    ]
}

/// What `submit` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubmitArguments {
    /// The task that is finished, as `TASK-001`.
    #[schemars(with = "String")]
    pub task: TaskId,
    /// Why it is done this way, for whoever approves it.
    #[serde(default)]
    #[schemars(with = "String")]
    pub rationale: Option<String>,
    /// How it is taken back; without it the contract's.
    #[serde(default)]
    #[schemars(with = "String")]
    pub rollback: Option<String>,
    /// Where it can be seen running, a URL.
    #[serde(default)]
    #[schemars(with = "String")]
    pub demo: Option<String>,
}

fn submit(call: &Call, arguments: SubmitArguments) -> Outcome {
    let SubmitArguments { task, rationale, rollback, demo } = arguments;
    let answer = call.ask(Command::SubmitTask { task, rationale, rollback, demo })?;
    let id = match answer {
        Answer::Id(text) | Answer::Text(text) => text,
        Answer::Done => task.to_string(),
    };
    Ok(Said::new(
        format!("{id}: handed in, {PROVING}\n"),
        json!({ "id": id, "task": task, "next": PROVING }),
    ))
}

fn submission(call: &Call, arguments: OneTask) -> Outcome {
    let view: TaskView = call.fetch(&Query::Task { id: arguments.task })?;
    let approvals: Vec<ApprovalView> = call.fetch(&Query::Approvals { all: true })?;
    let newest = approvals
        .into_iter()
        .filter(|approval| approval.tasks.contains(&view.id))
        .max_by_key(|approval| approval.id);
    let standing = match &newest {
        Some(approval) => standing(approval),
        None => "no approval is open for it yet\n".to_owned(),
    };
    let text = words::task_line(&view) + &standing;
    Ok(Said::new(text, json!({ "task": view, "approval": newest, "next": standing.trim_end() })))
}

fn standing(approval: &ApprovalView) -> String {
    let next = match approval.state {
        ApprovalState::Waiting => "it waits for the operator; nothing is left to do for you",
        ApprovalState::NotProven => "it cannot be approved as it is",
        ApprovalState::Approved | ApprovalState::Held => "it is approved and about to be merged",
        ApprovalState::Merged => "it is merged",
        ApprovalState::Rejected => "it was sent back: go on with the task, then hand it in again",
        ApprovalState::Void => "it is void: hand it in again when it is finished",
    };
    let tests = approval.tests.as_ref().map_or_else(String::new, |tests| {
        format!(
            "tests: {} passed, {} failed, {} skipped\n",
            tests.passed, tests.failed, tests.skipped
        )
    });
    let reason = approval.reason.as_deref().map(|reason| format!("  | {}\n", to_plain(reason)));
    format!(
        "{} {}: {next}\n{tests}{}",
        approval.id,
        approval.state.as_str(),
        reason.unwrap_or_default()
    )
}
