//! What happened with tasks, worktrees, submissions and approvals, in words.
//!
//! The task or approval itself stands beside each sentence.

use crate::domain::submission::ProofOutcome;
use crate::engine::event::Event;
use crate::service::describing::because;

/// An event about work in words.
pub fn sentence(event: &Event) -> Option<String> {
    task(event).or_else(|| kept(event)).or_else(|| decision(event))
}

fn task(event: &Event) -> Option<String> {
    Some(match event {
        Event::TaskAdded { contract, by, .. } => {
            format!("written down by {by}: {}", contract.title)
        }
        Event::TaskReadied { .. } => "ready: what it waits for is finished".to_owned(),
        Event::TaskAssigned { agent, by, .. } => format!("assigned to {agent} by {by}"),
        Event::WorktreeReady { .. } => "its worktree stands".to_owned(),
        Event::WorktreeFailed { reason, .. } => format!("its worktree could not be made: {reason}"),
        Event::WorktreeMended { .. } => "its worktree was gone and stands again".to_owned(),
        Event::WorktreeLost { reason, .. } => format!("its worktree is lost: {reason}"),
        Event::TaskStarted { .. } => "begun".to_owned(),
        Event::TaskProgressed { percent, note, .. } => {
            format!("{percent} %{}", because(note.as_deref()))
        }
        Event::TaskBlocked { reason, .. } => format!("blocked: {reason}"),
        Event::TaskUnblocked { .. } => "goes on".to_owned(),
        Event::TaskCompleted { summary, .. } => format!("completed{}", because(summary.as_deref())),
        Event::TaskIntegrated { .. } => "on the feature's branch".to_owned(),
        Event::TaskConflicted { paths, .. } => {
            format!("does not merge with the feature's branch: {}", paths.join(", "))
        }
        Event::TaskReopened { reason, .. } => format!("given back: {reason}"),
        Event::TaskCancelled { reason, .. } => format!("given up{}", because(reason.as_deref())),
        _ => return None,
    })
}

fn kept(event: &Event) -> Option<String> {
    Some(match event {
        Event::WorktreeRetired { .. } => "its worktree is gone, its work kept".to_owned(),
        Event::BranchRetired { .. } => "its branch is kept and removed".to_owned(),
        Event::WorkReminded { number, .. } => {
            format!("reminder {number} of work that is not committed")
        }
        Event::CheckpointTaken { id, reason, by, .. } => {
            format!("checkpoint {id} taken by {by}: {}", reason.as_str())
        }
        Event::WorkRestored { from, before, .. } => {
            format!("has the files of {from} again; what lay there is {before}")
        }
        Event::RestoreFailed { reason, .. } => format!("files could not be restored: {reason}"),
        Event::ActUndone { .. } => "taken back".to_owned(),
        Event::UndoFailed { reason, .. } => format!("could not be taken back: {reason}"),
        _ => return None,
    })
}

fn decision(event: &Event) -> Option<String> {
    Some(match event {
        Event::WorkSubmitted { submission } => {
            format!("handed in by {}: {}", submission.agent, submission.title)
        }
        Event::ProofStarted { .. } => "is being proven".to_owned(),
        Event::ProofFinished { outcome, .. } => proof(outcome).to_owned(),
        Event::ApprovalOpened { problem: None, .. } => "waits for the operator".to_owned(),
        Event::ApprovalOpened { problem: Some(problem), .. } => {
            format!("cannot be approved: {problem}")
        }
        Event::ApprovalGiven { .. } => "approved".to_owned(),
        Event::ApprovalRejected { feedback, .. } => format!("rejected: {feedback}"),
        Event::MergeDelayed { .. } => "the branch has moved: made and proven again".to_owned(),
        Event::ApprovalCarried { .. } => {
            "the same change was proven again: still approved".to_owned()
        }
        Event::ApprovalVoided { reason, .. } => format!("void: {reason}"),
        Event::MergeHeld { reason, .. } => format!("the merge waits: {reason}"),
        Event::MergeLanded { commit, .. } => format!("merged as {commit}"),
        Event::ApprovalDocumented { .. } => "written down in docs/decisions".to_owned(),
        _ => return None,
    })
}

fn proof(outcome: &ProofOutcome) -> &'static str {
    match outcome {
        ProofOutcome::Checked { evidence, .. } if evidence.is_passed() => {
            "proven: every check passed"
        }
        ProofOutcome::Checked { .. } => "a check failed",
        ProofOutcome::NoChecks { .. } => "not proven: there is no check",
        _ => "not proven",
    }
}
