//! `agency approvals`: what waits for the operator's decision; alone, the interactive screen.
//!
//! Deciding needs the operator's key, which the workbench holds back from agents; this face only
//! asks.

pub mod prompt;
pub mod render;

use std::time::Duration;

use clap::{Args, Subcommand};

use crate::cli::desk::{DONE, Desk, Ending};
use crate::domain::approval::ApprovalState;
use crate::domain::command::Command;
use crate::domain::id::ApprovalId;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::query::Query;
use crate::service::views::ApprovalView;
use crate::service::waiting::{Waited, wait_until};
use crate::service::workbench::{Identity, Workbench};

/// What `agency approvals` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "Alone on a terminal it is interactive; in a pipe or with `--json` it is the list.\n\n\
    Examples:\n  agency approvals\n  agency approvals show AP-007\n  agency approvals approve AP-007\n  \
    agency approvals reject AP-007 --feedback \"the error page has no test\""
)]
pub struct ApprovalsArgs {
    /// What to do
    #[command(subcommand)]
    pub verb: Option<ApprovalsVerb>,
}

/// What can be done with approvals.
#[derive(Debug, Subcommand)]
pub enum ApprovalsVerb {
    /// List what waits
    List {
        /// Decided ones too
        #[arg(long)]
        all: bool,
    },
    /// Show one with its evidence
    Show {
        /// Which
        #[arg(value_name = "ID")]
        id: ApprovalId,
        /// The diff too
        #[arg(long)]
        diff: bool,
        /// The end of the checks' output too
        #[arg(long)]
        log: bool,
    },
    /// Merge it
    Approve {
        /// Which
        #[arg(value_name = "ID")]
        id: ApprovalId,
        /// How long to stay
        #[command(flatten)]
        stay: Stay,
    },
    /// Send it back with feedback
    Reject {
        /// Which
        #[arg(value_name = "ID")]
        id: ApprovalId,
        /// What its agent is told; `-` reads standard input
        #[arg(long, value_name = "TEXT")]
        feedback: String,
    },
    /// Prove it again, say after `[checks]` was added
    Prove {
        /// Which
        #[arg(value_name = "ID")]
        id: ApprovalId,
    },
}

/// How long `approve` stays.
#[derive(Debug, Clone, Copy, Args)]
pub struct Stay {
    /// Return when it is merged or held [default on a terminal]
    #[arg(long)]
    pub wait: bool,
    /// Return when the decision is recorded [default in a pipe]
    #[arg(long, conflicts_with = "wait")]
    pub no_wait: bool,
}

/// A merge may need a new proof first, and the checks may take half an hour by default.
const MERGE_LIMIT: Duration = Duration::from_secs(3600);

/// Lists, shows, decides.
pub fn run(args: &ApprovalsArgs, desk: &mut Desk<'_>) -> Ending {
    match &args.verb {
        None if desk.is_interactive() => interact(desk),
        None => list(&Query::Approvals { all: false }, desk),
        Some(ApprovalsVerb::List { all }) => list(&Query::Approvals { all: *all }, desk),
        Some(ApprovalsVerb::Show { id, diff, log }) => show(*id, *diff, *log, desk),
        Some(ApprovalsVerb::Approve { id, stay }) => approve(*id, *stay, desk),
        Some(ApprovalsVerb::Reject { id, feedback }) => reject(*id, feedback, desk),
        Some(ApprovalsVerb::Prove { id }) => prove(*id, desk),
    }
}

fn list(query: &Query, desk: &mut Desk<'_>) -> Ending {
    let views: Vec<ApprovalView> = desk.open()?.fetch(query)?;
    desk.answer(views.as_slice(), render::list)
}

fn show(id: ApprovalId, diff: bool, log: bool, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let view = fetch(&workbench, id)?;
    let diff = diff.then(|| workbench.fetch::<String>(&Query::Diff { id })).transpose()?;
    let log = log.then(|| workbench.fetch::<String>(&Query::ProofLog { id })).transpose()?;
    let document = render::ShownApproval { view, diff_text: diff, log_text: log };
    desk.answer(&document, render::shown)
}

fn fetch(workbench: &Workbench, id: ApprovalId) -> Result<ApprovalView, Refusal> {
    workbench.fetch(&Query::Approval { id })
}

fn approve(id: ApprovalId, stay: Stay, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    require_operator(workbench.identity())?;
    workbench.approve(id)?;
    let waits = stay.wait || (!stay.no_wait && desk.is_interactive());
    if !waits {
        let view = fetch(&workbench, id)?;
        return desk.answer(&view, render::outcome);
    }
    desk.output.note(&format!("{id} is approved, merging"));
    let view = wait_for_merge(&workbench, id)?;
    desk.answer(&view, render::outcome)?;
    Ok(merge_status(view.state))
}

/// Waits until an approved change is merged, held or void.
pub fn wait_for_merge(workbench: &Workbench, id: ApprovalId) -> Result<ApprovalView, Refusal> {
    let waited = wait_until(workbench, Some(MERGE_LIMIT), || {
        let view = fetch(workbench, id)?;
        Ok((view.state != ApprovalState::Approved).then_some(view))
    })?;
    match waited {
        Waited::Seen(view) => Ok(view),
        Waited::TimedOut => Err(Refusal::new(
            RefusalKind::Failed,
            "not_merged",
            format!("`{id}` is approved and not merged yet"),
        )
        .with_hint(format!("run `agency explain {id}`"))),
    }
}

/// 0 for what is on its way or done, the status of a conflict for what does not go on.
fn merge_status(state: ApprovalState) -> u8 {
    match state {
        ApprovalState::Approved | ApprovalState::Merged => DONE,
        ApprovalState::Held
        | ApprovalState::Void
        | ApprovalState::Waiting
        | ApprovalState::NotProven
        | ApprovalState::Rejected => RefusalKind::Conflict.exit_status(),
    }
}

fn reject(id: ApprovalId, feedback: &str, desk: &mut Desk<'_>) -> Ending {
    let feedback = desk.text_argument(feedback)?;
    check_feedback(&feedback)?;
    let workbench = desk.open()?;
    require_operator(workbench.identity())?;
    workbench.reject(id, feedback.trim())?;
    desk.answer(&fetch(&workbench, id)?, render::outcome)
}

fn check_feedback(feedback: &str) -> Result<(), Refusal> {
    if !feedback.trim().is_empty() {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalKind::Usage,
        "no_feedback",
        "the feedback is empty, and its agent has nothing to go by",
    )
    .with_hint("say what is missing: `--feedback \"the error page has no test\"`"))
}

fn prove(id: ApprovalId, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    workbench.ask(Command::ProveAgain { approval: id })?;
    desk.answer(&fetch(&workbench, id)?, render::outcome)
}

/// Refuses an agent early, in words; the workbench would refuse it in any case.
fn require_operator(identity: &Identity) -> Result<(), Refusal> {
    match identity {
        Identity::Operator => Ok(()),
        Identity::Agent { address, .. } => Err(Refusal::new(
            RefusalKind::NotAllowed,
            "operator_only",
            format!("only the operator decides, and this is the pane of `{address}`"),
        )),
    }
}

fn interact(desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    require_operator(workbench.identity())?;
    prompt::interact(&workbench, desk)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn an_agent_does_not_get_to_decide() {
        let refused = require_operator(&testing::agent_identity("Code/dev"));
        assert_eq!(refused.map_err(|refusal| refusal.kind.exit_status()), Err(4));
        assert_eq!(require_operator(&Identity::Operator), Ok(()));
    }

    #[test]
    fn a_change_that_does_not_go_on_is_a_conflict() {
        assert_eq!(merge_status(ApprovalState::Merged), 0);
        assert_eq!(merge_status(ApprovalState::Held), 5);
        assert_eq!(merge_status(ApprovalState::Void), 5);
    }

    #[test]
    fn a_rejection_says_why() {
        assert_eq!(check_feedback(" \n").map_err(|refusal| refusal.kind.exit_status()), Err(2));
        assert_eq!(check_feedback("no test"), Ok(()));
    }
}
