//! `agency submit`: hands finished work in and prints the id of what was made.
//!
//! The proof goes on in the supervisor; nothing is waited for here.

use clap::Args;
use serde_json::json;

use crate::cli::desk::{DONE, Desk, Ending};
use crate::cli::send::answer_text;
use crate::domain::command::{Answer, Command};
use crate::domain::id::{ApprovalId, TaskId};
use crate::service::query::Query;
use crate::service::workbench::Workbench;

/// What `agency submit` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "The feature's merge is made and proven in the sandbox, then it waits in `agency approvals`.\n\n\
    Example:\n  agency submit TASK-042 --rationale \"authlib keeps the token code small\""
)]
pub struct SubmitArgs {
    /// The task that is finished
    #[arg(value_name = "TASK")]
    pub task: TaskId,
    /// Why it is done this way
    #[arg(long, value_name = "TEXT")]
    pub rationale: Option<String>,
    /// How it is taken back [default: the contract's]
    #[arg(long, value_name = "TEXT")]
    pub rollback: Option<String>,
    /// Where it can be seen running
    #[arg(long, value_name = "URL")]
    pub demo: Option<String>,
}

/// Hands finished work in.
pub fn run(args: &SubmitArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let answer = workbench.ask(Command::SubmitTask {
        task: args.task,
        rationale: args.rationale.clone(),
        rollback: args.rollback.clone(),
        demo: args.demo.clone(),
    })?;
    if desk.is_json() {
        let document = document(&workbench, args.task, &answer);
        desk.output.json(&document);
    } else {
        desk.output.line(answer_text(&answer));
        desk.output.note("it is being proven; follow it: agency approvals");
    }
    Ok(DONE)
}

/// The approval, once there is one; until then the submission's id and its task.
fn document(workbench: &Workbench, task: TaskId, answer: &Answer) -> serde_json::Value {
    answer_text(answer)
        .parse::<ApprovalId>()
        .ok()
        .and_then(|id| workbench.query(&Query::Approval { id }).ok())
        .unwrap_or_else(|| json!({ "id": answer_text(answer), "task": task }))
}
