//! Work on a task: beginning, telling how far it is, being blocked, finishing.
//!
//! Each change is answered with the task as it is afterwards.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::domain::command::Command;
use crate::domain::id::TaskId;
use crate::mcp::call::Call;
use crate::mcp::tool::{Hint, Outcome, Said, Sign, tool};
use crate::mcp::tools::Tools;
use crate::mcp::tools::tasks::OneTask;
use crate::mcp::words;
use crate::service::query::Query;
use crate::service::views::TaskView;

/// The tools of this noun.
pub fn tools() -> Tools {
    vec![
        tool(
            Sign {
                name: "task_start",
                title: "Begin a task",
                description: "Says that you begin a task that was given to you. Call it before the first change; then work in the task's \
worktree, on its branch. Example: {\"task\": \"TASK-003\"}.",
                hint: Hint::Sets,
            },
            start,
        ),
        tool(
            Sign {
                name: "task_progress",
                title: "Tell how far a task is",
                description: "Tells how far your task is, in percent, with one line about it. Use it at milestones, not for every step. \
Example: {\"task\": \"TASK-003\", \"percent\": 60, \"note\": \"parser works, tests next\"}.",
                hint: Hint::Sets,
            },
            progress,
        ),
        tool(
            Sign {
                name: "task_block",
                title: "Say that a task is blocked",
                description: "Says that you cannot go on with your task and why; your coordinator is told. Name what you need and from whom. \
Example: {\"task\": \"TASK-003\", \"reason\": \"needs the database schema of TASK-001\"}.",
                hint: Hint::Sets,
            },
            block,
        ),
        tool(
            Sign {
                name: "task_unblock",
                title: "Say that a task can go on",
                description: "Says that you can go on with a task that was blocked. Example: {\"task\": \"TASK-003\"}.",
                hint: Hint::Sets,
            },
            unblock,
        ),
        tool(
            Sign {
                name: "task_complete",
                title: "Finish a task",
                description: "Says that your task is finished: its branch is merged into the branch of its feature. Commit everything \
first; work that is not committed is refused, and so is a conflict, with the paths to solve. Then call task_next. \
Example: {\"task\": \"TASK-003\", \"summary\": \"login form with tests\"}.",
                hint: Hint::Sets,
            },
            complete,
        ),
    ]
}

/// What `task_progress` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgressArguments {
    /// The task's id, as `TASK-001`.
    #[schemars(with = "String")]
    pub task: TaskId,
    /// How far it is, from 0 to 100.
    #[schemars(range(min = 0, max = 100))]
    pub percent: u8,
    /// One line about it.
    #[serde(default)]
    #[schemars(with = "String")]
    pub note: Option<String>,
}

/// What `task_block` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockArguments {
    /// The task's id, as `TASK-001`.
    #[schemars(with = "String")]
    pub task: TaskId,
    /// Why you cannot go on: what you need, from whom.
    #[schemars(length(min = 1))]
    pub reason: String,
}

/// What `task_complete` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteArguments {
    /// The task's id, as `TASK-001`.
    #[schemars(with = "String")]
    pub task: TaskId,
    /// One line: what was done.
    #[serde(default)]
    #[schemars(with = "String")]
    pub summary: Option<String>,
}

fn start(call: &Call, arguments: OneTask) -> Outcome {
    change(call, arguments.task, Command::StartTask { task: arguments.task })
}

fn progress(call: &Call, arguments: ProgressArguments) -> Outcome {
    let ProgressArguments { task, percent, note } = arguments;
    change(call, task, Command::ReportProgress { task, percent, note })
}

fn block(call: &Call, arguments: BlockArguments) -> Outcome {
    let BlockArguments { task, reason } = arguments;
    change(call, task, Command::BlockTask { task, reason })
}

fn unblock(call: &Call, arguments: OneTask) -> Outcome {
    change(call, arguments.task, Command::UnblockTask { task: arguments.task })
}

fn complete(call: &Call, arguments: CompleteArguments) -> Outcome {
    let CompleteArguments { task, summary } = arguments;
    change(call, task, Command::CompleteTask { task, summary })
}

/// Asks for a change and shows the task as it is then.
pub fn change(call: &Call, task: TaskId, command: Command) -> Outcome {
    call.ask(command)?;
    let view: TaskView = call.fetch(&Query::Task { id: task })?;
    Ok(Said::new(words::task_line(&view), json!({ "task": view })))
}
