//! `agency branch`: the agents' branches, how far they are, and which do not merge with each other.
//!
//! It only looks: branches are moved by tasks and approvals.

use clap::{Args, Subcommand};

use crate::cli::desk::{Desk, Ending, Scene};
use crate::cli::style::Tone;
use crate::cli::table::{Cell, Table};
use crate::cli::when::optional_age;
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
}

/// Lists branches.
pub fn run(args: &BranchArgs, desk: &mut Desk<'_>) -> Ending {
    match args.verb {
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
    let heading = ["BRANCH", "AGENT", "AHEAD", "BEHIND", "DIRTY", "CHANGE", "LAST", "CONFLICTS"];
    let mut table = Table::new(&heading);
    for view in views {
        let agent = view.agent.as_ref().map(ToString::to_string);
        table.row(vec![
            Cell::text(&view.branch),
            Cell::text(agent.as_deref().unwrap_or("-")),
            Cell::number(view.ahead),
            Cell::number(view.behind),
            Cell::number(view.dirty),
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
