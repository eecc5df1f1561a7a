//! What is decided about approvals: opening, the operator's word, merging, what follows from it.
//!
//! Nothing is merged without a signature over exactly the change that was proven.

use jiff::SignedDuration;

use crate::domain::approval::{ApprovalState, Decision, SignedStatement};
use crate::domain::command::{Answer, Command};
use crate::domain::id::{ApprovalId, SubmissionId, TaskId};
use crate::domain::message::OwnType;
use crate::domain::name::Name;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::submission::{Evidence, MergePreview, ProofOutcome, Submission};
use crate::domain::task::integration_branch;
use crate::engine::approvals::ApprovalRecord;
use crate::engine::effect::{Effect, Retirement};
use crate::engine::event::Event;
use crate::engine::input::Timer;
use crate::engine::require_operator;
use crate::engine::step::Step;
use crate::engine::submissions::{prove, send_back};
use crate::engine::tasks::deciding::tell;
use crate::ports::repositories::{Kept, Merged};

/// A held merge is tried again after this many seconds: soon after the user has tidied up.
const HELD_RETRY_S: i64 = 3;

/// Opens an approval.
pub fn open(
    step: &mut Step<'_>,
    work: &Submission,
    merge: Option<MergePreview>,
    evidence: Option<Evidence>,
    problem: Option<String>,
) {
    let id = step.state().approvals.next_id();
    let evidence = evidence.map(Box::new);
    step.record(Event::ApprovalOpened { id, submission: work.id, merge, evidence, problem });
}

/// Carries out a command about approvals.
pub fn asked(step: &mut Step<'_>, command: Command) -> Result<Answer, Refusal> {
    match command {
        Command::ProveAgain { approval } => prove_again(step, approval),
        Command::Decide { signed } => decide(step, signed),
        _ => Ok(Answer::Done),
    }
}

fn require_approval<'s>(step: &'s Step<'_>, id: ApprovalId) -> Result<&'s ApprovalRecord, Refusal> {
    step.state().approvals.approvals.get(&id).ok_or_else(|| {
        Refusal::new(
            RefusalKind::NotFound,
            "approval_not_found",
            format!("there is no approval `{id}`"),
        )
        .with_hint("list them with `agency approvals list`")
    })
}

fn prove_again(step: &mut Step<'_>, id: ApprovalId) -> Result<Answer, Refusal> {
    require_operator(step, "have work proven again")?;
    let record = require_approval(step, id)?;
    if !record.is_undecided() {
        let message = format!("`{id}` is {}, there is nothing to prove", record.state.as_str());
        return Err(Refusal::new(RefusalKind::Conflict, "decided", message));
    }
    let submission = record.submission;
    step.record(Event::ApprovalVoided { id, reason: "it is proven again".to_owned() });
    prove(step, submission);
    Ok(Answer::Done)
}

fn decide(step: &mut Step<'_>, signed: SignedStatement) -> Result<Answer, Refusal> {
    require_operator(step, "decide about approvals")?;
    let id = signed.statement.approval;
    require_approval(step, id)?;
    require_signature(step, &signed)?;
    match signed.statement.decision {
        Decision::Approve => approve(step, id, signed),
        Decision::Reject => reject(step, id, signed),
    }
}

fn require_signature(step: &Step<'_>, signed: &SignedStatement) -> Result<(), Refusal> {
    let Some(key) = &step.state().operator_key else {
        return Err(Refusal::new(
            RefusalKind::Missing,
            "no_operator_key",
            "this workbench knows no operator's key",
        ));
    };
    signed.verify(key).map_err(|error| {
        let message = format!("the decision is not signed by this workbench's operator: {error}");
        Refusal::new(RefusalKind::NotAllowed, "bad_signature", message)
            .with_hint("decide with the user account that made the workbench")
    })
}

fn approve(
    step: &mut Step<'_>,
    id: ApprovalId,
    signed: SignedStatement,
) -> Result<Answer, Refusal> {
    let record = require_approval(step, id)?;
    match record.state {
        ApprovalState::Waiting => {}
        ApprovalState::NotProven => {
            let reason = record.reason.clone().unwrap_or_default();
            let message = format!("`{id}` is not proven: {reason}");
            return Err(Refusal::new(RefusalKind::Conflict, "not_proven", message)
                .with_hint(format!("then prove it: agency approvals prove {id}")));
        }
        state => {
            let message = format!("`{id}` is {}, it cannot be approved", state.as_str());
            return Err(Refusal::new(RefusalKind::Conflict, "decided", message));
        }
    }
    require_same_change(record, &signed)?;
    step.record(Event::ApprovalGiven { id, signed: Box::new(signed) });
    merge(step, id);
    Ok(Answer::Text(format!("{id} approved")))
}

/// The signature must be about what lies there now, not about what lay there when it was made.
fn require_same_change(record: &ApprovalRecord, signed: &SignedStatement) -> Result<(), Refusal> {
    let statement = &signed.statement;
    let (change, tree) = record
        .merge
        .as_ref()
        .map_or(("", ""), |merge| (merge.change.as_str(), merge.tree.as_str()));
    if statement.change == change
        && statement.tree == tree
        && statement.evidence == record.evidence_digest()
    {
        return Ok(());
    }
    let message = format!("`{}` has changed since it was looked at", record.id);
    Err(Refusal::new(RefusalKind::Conflict, "stale_decision", message)
        .with_hint(format!("look at it again: agency approvals show {}", record.id)))
}

fn reject(step: &mut Step<'_>, id: ApprovalId, signed: SignedStatement) -> Result<Answer, Refusal> {
    let record = require_approval(step, id)?;
    if !record.is_undecided() {
        let message = format!("`{id}` is {}, it cannot be rejected", record.state.as_str());
        return Err(Refusal::new(RefusalKind::Conflict, "decided", message));
    }
    let submission = record.submission;
    let feedback = signed.statement.feedback.clone().unwrap_or_default();
    if feedback.trim().is_empty() {
        return Err(Refusal::new(
            RefusalKind::Usage,
            "no_feedback",
            "a rejection needs feedback for the agent",
        )
        .with_hint(format!("agency approvals reject {id} --feedback \"…\"")));
    }
    step.record(Event::ApprovalRejected {
        id,
        signed: Box::new(signed),
        feedback: feedback.clone(),
    });
    if let Some(work) =
        step.state().submissions.submissions.get(&submission).map(|r| r.submission.clone())
    {
        send_back(step, &work, format!("the operator says: {feedback}"));
    }
    Ok(Answer::Text(format!("{id} rejected")))
}

fn merge(step: &mut Step<'_>, id: ApprovalId) {
    let signed = step.state().approvals.approvals.get(&id).and_then(|record| record.signed.clone());
    if let Some(signed) = signed {
        step.perform(Effect::Merge { approval: id, signed: Box::new(signed) });
    }
}

/// The pause of a held merge is over.
pub fn merge_again(step: &mut Step<'_>, id: ApprovalId) {
    let is_held =
        step.state().approvals.approvals.get(&id).is_some_and(|r| r.state == ApprovalState::Held);
    if is_held {
        merge(step, id);
    }
}

/// A merge was made, or not.
pub fn merge_finished(step: &mut Step<'_>, id: ApprovalId, result: Result<Merged, String>) {
    let Some(record) = step.state().approvals.approvals.get(&id) else { return };
    if !record.is_merging() {
        return;
    }
    let (submission, known_reason) = (record.submission, record.reason.clone());
    match result {
        Ok(Merged::Done { commit }) => landed(step, id, submission, commit),
        Ok(Merged::BaseMoved { now }) => {
            step.record(Event::MergeDelayed { id, base: now });
            prove(step, submission);
        }
        Ok(Merged::Held { reason }) | Err(reason) => {
            if known_reason.as_ref() != Some(&reason) {
                step.record(Event::MergeHeld { id, reason });
            }
            let at = step
                .now
                .at
                .saturating_add(SignedDuration::from_secs(HELD_RETRY_S))
                .unwrap_or(step.now.at);
            step.perform(Effect::WakeAt { at, timer: Timer::Merge { approval: id } });
        }
    }
}

fn landed(step: &mut Step<'_>, id: ApprovalId, submission: SubmissionId, commit: String) {
    step.record(Event::MergeLanded { id, commit: commit.clone(), act: None });
    step.perform(Effect::Document { approval: id });
    let Some(work) =
        step.state().submissions.submissions.get(&submission).map(|r| r.submission.clone())
    else {
        return;
    };
    retire_work(step, &work);
    let short: String = commit.chars().take(10).collect();
    let text = format!("{} is merged as {short} ({id})", work.title);
    tell(step, &work.agent, OwnType::Verdict, work.task, text.clone());
    let coordinator = step
        .state()
        .sessions
        .agency(&work.agent.agency)
        .map(|a| a.definition.coordinator_address());
    if let Some(coordinator) = coordinator.filter(|coordinator| *coordinator != work.agent) {
        tell(step, &coordinator, OwnType::Verdict, work.task, text);
    }
}

/// Keeps and removes the worktrees and branches of merged work.
fn retire_work(step: &mut Step<'_>, work: &Submission) {
    let retirements: Vec<Retirement> = work
        .tasks
        .iter()
        .filter_map(|task| step.state().tasks.tasks.get(task)?.retirement())
        .collect();
    for retirement in retirements {
        step.perform(Effect::RetireWorktree { retirement });
    }
    retire_branches(step);
}

/// Keeps and removes the branches of features that are merged whole.
pub fn retire_branches(step: &mut Step<'_>) {
    let state = step.state();
    let retiring: Vec<Effect> = state
        .tasks
        .features
        .iter()
        .filter_map(|(feature, record)| {
            let work = &state.submissions.submissions.get(&record.retiring?)?.submission;
            let agency = state.sessions.agencies.get(&work.agent.agency)?;
            Some(Effect::RetireBranch {
                feature: feature.clone(),
                project: agency.project.as_ref()?.0.clone(),
                branch: integration_branch(feature),
                keep_as: format!("{feature}-{}", work.id),
            })
        })
        .collect();
    retiring.into_iter().for_each(|effect| step.perform(effect));
}

/// A merged feature's branch is gone, its commits kept.
pub fn branch_retired(step: &mut Step<'_>, feature: Name, kept: Kept) {
    let is_retiring =
        step.state().tasks.features.get(&feature).is_some_and(|f| f.retiring.is_some());
    if is_retiring {
        step.record(Event::BranchRetired { feature, kept });
    }
}

/// If the proof was asked for because the base moved under an approved merge: lets the approval stand
/// for the same change, or voids it. True if that settles it.
pub fn carry(step: &mut Step<'_>, submission: SubmissionId, outcome: &ProofOutcome) -> bool {
    let found = step
        .state()
        .approvals
        .approvals
        .values()
        .find(|r| r.submission == submission && r.is_merging());
    let Some(record) = found else { return false };
    let (id, change) = (record.id, record.merge.as_ref().map(|merge| merge.change.clone()));
    if let ProofOutcome::Checked { merge, evidence } = outcome
        && evidence.is_passed()
        && Some(&merge.change) == change.as_ref()
    {
        let evidence = Box::new(evidence.clone());
        step.record(Event::ApprovalCarried { id, merge: merge.clone(), evidence });
        self::merge(step, id);
        return true;
    }
    let reason = match outcome {
        ProofOutcome::Checked { evidence, .. } if evidence.is_passed() => {
            "the project's branch moved, and the change is another one on it"
        }
        ProofOutcome::Checked { .. } => "the project's branch moved, and the checks fail on it",
        ProofOutcome::Conflict { .. } => {
            "the project's branch moved, and it does not merge any more"
        }
        ProofOutcome::NoChecks { .. } | ProofOutcome::Broken { .. } => {
            "the project's branch moved, and it could not be proven again"
        }
    };
    step.record(Event::ApprovalVoided { id, reason: reason.to_owned() });
    false
}

/// Voids what waits for a decision about a feature that is handed in anew.
pub fn void_open_of(step: &mut Step<'_>, feature: &Name, reason: &str) {
    void_where(step, reason, |record| record.feature == *feature);
}

/// Voids what waits for a decision about an agency's work: the agency goes, and its tasks with it.
pub fn void_all_of(step: &mut Step<'_>, agency: &Name) {
    let reason = format!("agency `{agency}` was removed");
    void_where(step, &reason, |record| record.agent.agency == *agency);
}

fn void_where(step: &mut Step<'_>, reason: &str, is_meant: impl Fn(&ApprovalRecord) -> bool) {
    let records = step.state().approvals.approvals.values();
    let open: Vec<ApprovalId> = records
        .filter(|record| record.is_undecided() && is_meant(record))
        .map(|record| record.id)
        .collect();
    for id in open {
        step.record(Event::ApprovalVoided { id, reason: reason.to_owned() });
    }
}

/// Takes up merges and records that a supervisor that died left half done.
pub fn resume(step: &mut Step<'_>) {
    let merging: Vec<ApprovalId> = step
        .state()
        .approvals
        .approvals
        .values()
        .filter(|record| record.is_merging())
        .map(|record| record.id)
        .collect();
    for id in merging {
        let is_proving = step
            .state()
            .approvals
            .submission_of(id)
            .and_then(|submission| step.state().submissions.submissions.get(&submission))
            .is_some_and(|record| record.is_proving);
        if !is_proving {
            merge(step, id);
        }
    }
    take_up(step);
}

/// Asks again for what follows a merge: its decision record, and the end of its worktrees.
pub fn take_up(step: &mut Step<'_>) {
    let is_undocumented =
        |record: &&ApprovalRecord| record.state == ApprovalState::Merged && !record.is_documented;
    let records = step.state().approvals.approvals.values();
    let documents: Vec<ApprovalId> =
        records.filter(is_undocumented).map(|record| record.id).collect();
    for approval in documents {
        step.perform(Effect::Document { approval });
    }
    let merged: Vec<Retirement> = step.state().tasks.retirements(None);
    for retirement in merged {
        step.perform(Effect::RetireWorktree { retirement });
    }
}

/// Tasks that wait for an approval: hard dependants of its tasks that are not begun.
pub fn blocked_by(state: &crate::engine::state::State, tasks: &[TaskId]) -> Vec<TaskId> {
    let waits = |task: &&crate::engine::tasks::TaskRecord| {
        !task.state.is_closed()
            && !tasks.contains(&task.id)
            && task.contract.depends_on.iter().any(|dependency| tasks.contains(&dependency.task))
    };
    state.tasks.tasks.values().filter(waits).map(|task| task.id).collect()
}
