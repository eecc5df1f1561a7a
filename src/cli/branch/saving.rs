//! `agency branch checkpoint`, `checkpoints`, `show`, `restore`: worktrees are saved and brought back.
//!
//! Nothing here touches a branch: a checkpoint stands beside it, and a restore changes files only, after
//! what lay there was saved too.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::desk::{Desk, Ending, Scene};
use crate::cli::table::{Cell, Table};
use crate::cli::when::optional_age;
use crate::domain::checkpoint::{Care, CheckpointId, Manner};
use crate::domain::command::{Answer, Command};
use crate::domain::id::TaskId;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::query::{Query, TaskFilter};
use crate::service::views::{CheckpointView, TaskView};
use crate::service::workbench::Workbench;

/// What `agency branch checkpoint` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Holds changed, staged and untracked files, outside of any branch; ignored files are not \
    held. Index, branch, stash and hooks are left alone.\n\n\
    Examples:\n  agency branch checkpoint                 (an agent: its own task)\n  \
    agency branch checkpoint TASK-002 --note \"before the rewrite\""
)]
pub struct CheckpointArgs {
    /// A task, or its branch [default: the task that the asking agent has open]
    #[arg(value_name = "TASK|BRANCH")]
    pub work: Option<String>,
    /// What it is worth keeping for
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// What `agency branch restore` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "What lies in the worktree is saved first: `agency undo` brings it back. Neither the branch \
    nor the index moves. While the agent works there it is refused, unless --even-if-working is given.\n\n\
    Examples:\n  agency branch restore TASK-002/3\n  \
    agency branch restore TASK-002/3 src/login.rs\n  \
    agency branch restore 3 --task TASK-002 --exact"
)]
pub struct RestoreArgs {
    /// Which, as `agency branch checkpoints` lists it
    #[arg(value_name = "CHECKPOINT")]
    pub checkpoint: String,
    /// Only these files and folders, relative to the worktree
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Of which task, where the checkpoint is only a number
    #[arg(long, value_name = "TASK")]
    pub task: Option<TaskId>,
    /// Remove files that the checkpoint lacks
    #[arg(long)]
    pub exact: bool,
    /// Change the files even while the agent works there
    #[arg(long)]
    pub even_if_working: bool,
}

/// Saves a worktree.
pub fn checkpoint(args: &CheckpointArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let task = args.work.as_ref().map(|work| task_of(&workbench, work)).transpose()?;
    let answer = workbench.ask(Command::TakeCheckpoint { task, note: args.note.clone() })?;
    let Answer::Id(id) = answer else {
        return desk.answer(&json!({ "id": null }), |_, _| {
            "everything is committed, there is nothing to save\n".to_owned()
        });
    };
    let views: Vec<CheckpointView> = workbench.fetch(&Query::Checkpoints { task })?;
    let Some(view) = views.into_iter().find(|view| view.id.to_string() == id) else {
        return desk.answer(&json!({ "id": id }), |_, _| format!("{id}\n"));
    };
    desk.answer(&view, |view, _| saved(view))
}

fn saved(view: &CheckpointView) -> String {
    let mut text = format!(
        "{} holds {} changed files, +{} -{}\n",
        view.id, view.files, view.insertions, view.deletions
    );
    for file in &view.left_out {
        text.push_str(&format!("not held: {}\n", crate::domain::text::to_line(file, 200)));
    }
    text
}

/// The task that is meant by its id or by its branch.
fn task_of(workbench: &Workbench, work: &str) -> Result<TaskId, Refusal> {
    if let Ok(task) = work.parse() {
        return Ok(task);
    }
    let tasks: Vec<TaskView> = workbench.fetch(&Query::Tasks(TaskFilter::default()))?;
    let found = tasks.into_iter().find(|task| task.branch.as_deref() == Some(work));
    found.map(|task| task.id).ok_or_else(|| {
        let message = format!("there is no task or branch `{work}`");
        Refusal::new(RefusalKind::NotFound, "task_not_found", message)
            .with_hint("list them with `agency branch list`")
    })
}

/// Lists checkpoints.
pub fn checkpoints(task: Option<TaskId>, desk: &mut Desk<'_>) -> Ending {
    let views: Vec<CheckpointView> = desk.open()?.fetch(&Query::Checkpoints { task })?;
    desk.answer(views.as_slice(), render)
}

/// Checkpoints as a table.
pub fn render(views: &[CheckpointView], scene: &Scene) -> String {
    if views.is_empty() {
        return "no checkpoints; make one with `agency branch checkpoint TASK`\n".to_owned();
    }
    let mut table = Table::new(&["CHECKPOINT", "AGE", "WHY", "FILES", "CHANGE", "BY", "NOTE"]);
    for view in views {
        let left_out = match view.left_out.len() {
            0 => String::new(),
            some => format!("lacks {some}; "),
        };
        table.row(vec![
            Cell::text(view.id.to_string()),
            Cell::number(optional_age(Some(view.at), scene.now)),
            Cell::text(view.reason.as_str().replace('_', " ")),
            Cell::number(view.files),
            Cell::text(format!("+{} -{}", view.insertions, view.deletions)),
            Cell::text(&view.by),
            Cell::text(format!("{left_out}{}", view.note.as_deref().unwrap_or(""))),
        ]);
    }
    table.render(scene.paint, scene.width)
}

/// Shows what a checkpoint holds beyond its branch.
pub fn show(id: CheckpointId, desk: &mut Desk<'_>) -> Ending {
    let diff: String = desk.open()?.fetch(&Query::CheckpointDiff { id })?;
    desk.answer(&json!({ "id": id, "diff": diff }), |_, _| crate::domain::text::to_plain(&diff))
}

/// Brings a worktree back.
pub fn restore(args: &RestoreArgs, desk: &mut Desk<'_>) -> Ending {
    let checkpoint = meant(&args.checkpoint, args.task)?;
    let care = if args.even_if_working { Care::Confirmed } else { Care::Careful };
    let manner = if args.exact { Manner::Exact } else { Manner::Keep };
    let paths = args.paths.clone();
    let command = Command::RestoreCheckpoint { checkpoint, paths, manner, care };
    let text = match desk.open()?.ask(command)? {
        Answer::Text(text) => text,
        Answer::Done | Answer::Id(_) => checkpoint.to_string(),
    };
    desk.answer(
        &json!({ "checkpoint": checkpoint, "task": checkpoint.task, "text": text }),
        |_, _| format!("{}\n", crate::domain::text::to_plain(&text)),
    )
}

/// A whole name, or a number with the task beside it.
fn meant(text: &str, task: Option<TaskId>) -> Result<CheckpointId, Refusal> {
    let usage = |message: String| {
        Refusal::new(RefusalKind::Usage, "bad_checkpoint", message)
            .with_hint("list them with `agency branch checkpoints`")
    };
    match (text.parse::<CheckpointId>(), task) {
        (Ok(id), Some(task)) if id.task != task => {
            Err(usage(format!("`{id}` is not a checkpoint of `{task}`")))
        }
        (Ok(id), _) => Ok(id),
        (Err(error), None) => Err(usage(error.to_string())),
        (Err(error), Some(task)) => {
            let number = text.parse().map_err(|_| usage(error.to_string()))?;
            Ok(CheckpointId { task, number })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn checkpoints_are_listed_with_why_they_were_made() {
        insta::assert_snapshot!(render(&testing::checkpoints(), &testing::scene()));
        assert!(render(&[], &testing::scene()).contains("agency branch checkpoint"));
    }

    #[test]
    fn what_a_checkpoint_lacks_is_said_when_it_is_made() {
        let text = saved(&testing::checkpoints()[1]);
        assert_eq!(text, "TASK-002/2 holds 3 changed files, +40 -2\nnot held: core (too large)\n");
    }

    #[test]
    fn a_checkpoint_is_meant_by_name_or_by_number_and_task() {
        let (task, number) = (TaskId(2), 3);
        let id = CheckpointId { task, number };
        assert_eq!(meant("TASK-002/3", None), Ok(id));
        assert_eq!(meant("3", Some(task)), Ok(id));
        for (text, task) in [("3", None), ("x", Some(task)), ("TASK-001/3", Some(task))] {
            assert_eq!(meant(text, task).map_err(|r| r.kind), Err(RefusalKind::Usage), "{text}");
        }
    }
}
