//! `agency branch`: the agents' branches, how far they are, and which do not merge with each other.
//!
//! Branches are moved by tasks and approvals, never here; worktrees are saved and brought back in [`saving`].

pub mod saving;

use clap::{Args, Subcommand};

use crate::cli::desk::{Desk, Ending, Scene};
use crate::cli::style::Tone;
use crate::cli::table::{Cell, Table};
use crate::cli::when::optional_age;
use crate::domain::checkpoint::CheckpointId;
use crate::domain::id::TaskId;
use crate::service::query::Query;
use crate::service::views::BranchView;

/// What `agency branch` takes.
#[derive(Debug, Args)]
pub struct BranchArgs {
    /// What to do
    #[command(subcommand)]
    pub verb: BranchVerb,
}

/// What can be done with branches.
#[derive(Debug, Subcommand)]
pub enum BranchVerb {
    /// List the agents' branches
    List,
    /// Save a worktree as it lies there, outside of any branch
    Checkpoint(saving::CheckpointArgs),
    /// List what was saved
    Checkpoints {
        /// Of this task
        #[arg(value_name = "TASK")]
        task: Option<TaskId>,
    },
    /// Show what a checkpoint holds beyond its branch, as a diff
    Show {
        /// Which
        #[arg(value_name = "CHECKPOINT")]
        checkpoint: CheckpointId,
    },
    /// Give a worktree the files of a checkpoint
    Restore(saving::RestoreArgs),
}

/// Does what the verb says.
pub fn run(args: &BranchArgs, desk: &mut Desk<'_>) -> Ending {
    match &args.verb {
        BranchVerb::Checkpoint(args) => saving::checkpoint(args, desk),
        BranchVerb::Checkpoints { task } => saving::checkpoints(*task, desk),
        BranchVerb::Show { checkpoint } => saving::show(*checkpoint, desk),
        BranchVerb::Restore(args) => saving::restore(args, desk),
        BranchVerb::List => {
            let views: Vec<BranchView> = desk.open()?.fetch(&Query::Branches)?;
            desk.answer(views.as_slice(), render)
        }
    }
}

/// Branches as a table.
pub fn render(views: &[BranchView], scene: &Scene) -> String {
    if views.is_empty() {
        return "no branches; a task gets one when it is assigned\n".to_owned();
    }
    let heading = [
        "BRANCH",
        "AGENT",
        "AHEAD",
        "BEHIND",
        "DIRTY",
        "FOR",
        "SAVED",
        "CHANGE",
        "LAST",
        "CONFLICTS",
    ];
    let mut table = Table::new(&heading);
    for view in views {
        let agent = view.agent.as_ref().map(ToString::to_string);
        table.row(vec![
            Cell::text(&view.branch),
            Cell::text(agent.as_deref().unwrap_or("-")),
            Cell::number(view.ahead),
            Cell::number(view.behind),
            Cell::number(view.dirty),
            Cell::number(optional_age(view.uncommitted_since, scene.now)),
            Cell::number(optional_age(view.checkpoint_at, scene.now)),
            Cell::text(format!("+{} -{}", view.insertions, view.deletions)),
            Cell::number(optional_age(view.last_commit_at, scene.now)),
            Cell::toned(Tone::Danger, view.conflicts_with.join(", ")),
        ]);
    }
    table.render(scene.paint, scene.width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn branches_are_listed_with_what_they_do_not_merge_with() {
        insta::assert_snapshot!(render(&testing::branches(), &testing::scene()));
    }
}
