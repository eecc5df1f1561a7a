//! Submissions: a feature's integrated work, handed in and proven as exactly the tree that would be
//! on the project's branch.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::command::{Answer, Command};
use crate::domain::id::{SubmissionId, TaskId};
use crate::domain::message::OwnType;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::submission::{Evidence, ProofOutcome, Submission};
use crate::domain::task::{TaskState, integration_branch};
use crate::engine::approvals;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::{Offer, Purpose, Ticket};
use crate::engine::meaning::finishing;
use crate::engine::step::Step;
use crate::engine::tasks::TaskRecord;
use crate::engine::tasks::deciding::{
    integrate, ready_dependants, require_own_task, require_task, require_worktree, tell,
    tell_coordinator,
};
use crate::engine::tracing;
use crate::ports::repositories::Integrated;

/// Every submission.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Submissions {
    /// By id.
    pub submissions: BTreeMap<SubmissionId, SubmissionRecord>,
}

/// One submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubmissionRecord {
    /// What was handed in.
    pub submission: Submission,
    /// Being proven now.
    pub is_proving: bool,
    /// How the last proof ended.
    pub outcome: Option<ProofOutcome>,
    /// When it was handed in.
    pub submitted_at: Timestamp,
}

impl Submissions {
    /// The next submission's id.
    pub fn next_id(&self) -> SubmissionId {
        SubmissionId(self.submissions.last_key_value().map_or(1, |(id, _)| id.0 + 1))
    }

    /// Takes an event in.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::WorkSubmitted { submission } => {
                let record = SubmissionRecord {
                    submission: (**submission).clone(),
                    is_proving: false,
                    outcome: None,
                    submitted_at: at,
                };
                self.submissions.insert(submission.id, record);
            }
            Event::ProofStarted { submission } => {
                if let Some(record) = self.submissions.get_mut(submission) {
                    record.is_proving = true;
                }
            }
            Event::ProofFinished { submission, outcome } => {
                if let Some(record) = self.submissions.get_mut(submission) {
                    record.is_proving = false;
                    record.outcome = Some((**outcome).clone());
                }
            }
            _ => {}
        }
    }
}

/// Carries out the command that hands a task's feature in; no answer means that it comes later.
pub fn submit_task(
    step: &mut Step<'_>,
    ticket: Ticket,
    command: Command,
) -> Result<Option<Answer>, Refusal> {
    let Command::SubmitTask { task, rationale, rollback, demo } = command else {
        return Ok(Some(Answer::Done));
    };
    submit(step, Some(ticket), task, Offer { rationale, rollback, demo })
}

/// Hands a task's feature in; no answer means that it comes later.
pub fn submit(
    step: &mut Step<'_>,
    ticket: Option<Ticket>,
    task: TaskId,
    offer: Offer,
) -> Result<Option<Answer>, Refusal> {
    require_submittable(step, task)?;
    if require_task(step, task)?.state.is_open() {
        step.perform(Effect::InspectWork { ticket, task, purpose: Purpose::Submit(offer) });
        return Ok(None);
    }
    hand_in(step, task, offer).map(Some)
}

/// Refuses a task whose feature cannot be handed in as it stands.
pub fn require_submittable(step: &Step<'_>, task: TaskId) -> Result<(), Refusal> {
    let record = require_own_task(step, task)?;
    let (state, feature) = (record.state, record.contract.feature.clone());
    if state.is_open() {
        require_others_closed(step, task)?;
        return require_worktree(step, task);
    }
    match state {
        TaskState::Submitted => {
            require_others_closed(step, task)?;
            require_finisher(step, task)?;
            require_integration(step, task).map(|_| ())
        }
        TaskState::Proving | TaskState::AwaitingApproval | TaskState::Approved => {
            Err(already_handed_in(task, &feature))
        }
        _ => {
            let message = format!("`{task}` is {}, there is nothing to hand in", state.as_str());
            Err(Refusal::new(RefusalKind::Conflict, "nothing_to_submit", message))
        }
    }
}

/// The agent that finished a task.
fn require_finisher(step: &Step<'_>, task: TaskId) -> Result<AgentAddress, Refusal> {
    require_task(step, task)?.agent.clone().ok_or_else(|| {
        let message = format!("`{task}` has no agent, nobody could have finished it");
        Refusal::new(RefusalKind::Conflict, "not_assigned", message)
    })
}

fn already_handed_in(task: TaskId, feature: &Name) -> Refusal {
    let message = format!("`{task}` is handed in already, with its feature `{feature}`");
    Refusal::new(RefusalKind::Conflict, "already_submitted", message)
        .with_hint("see it with `agency approvals list`")
}

/// A feature is handed in as a whole: no other task of it may be half done.
fn require_others_closed(step: &Step<'_>, task: TaskId) -> Result<(), Refusal> {
    let Some(record) = step.state().tasks.tasks.get(&task) else { return Ok(()) };
    let feature = &record.contract.feature;
    let others = step.state().tasks.of_feature(feature);
    let open: Vec<String> = others
        .filter(|other| other.id != task && (other.state.is_open() || other.integrating))
        .map(|other| format!("{} ({})", other.id, other.state.as_str()))
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    let message = format!("the feature `{feature}` has open tasks: {}", open.join(", "));
    Err(Refusal::new(RefusalKind::Conflict, "feature_open", message)
        .with_hint("complete or cancel them first"))
}

/// A task's work was merged into its feature's branch, or not.
pub fn work_integrated(
    step: &mut Step<'_>,
    ticket: Option<Ticket>,
    task: TaskId,
    purpose: Purpose,
    result: Result<Integrated, String>,
) {
    let answer = settle_integration(step, task, &purpose, result);
    let answer = match (answer, purpose) {
        (Ok(()), Purpose::Complete { .. }) => Ok(Answer::Done),
        (Ok(()), Purpose::Submit(offer)) => hand_in(step, task, offer),
        (Err(refusal), _) => Err(refusal),
    };
    finishing::answer(step, ticket, task, answer);
}

/// Records how an integration went.
fn settle_integration(
    step: &mut Step<'_>,
    task: TaskId,
    purpose: &Purpose,
    result: Result<Integrated, String>,
) -> Result<(), Refusal> {
    let Some(record) = step.state().tasks.tasks.get(&task).cloned() else { return Ok(()) };
    if !record.integrating {
        return Ok(());
    }
    match result {
        Ok(Integrated::Merged { commit }) => {
            let commit = record.head.is_some().then_some(commit);
            step.record(Event::TaskIntegrated { task, commit });
            ready_dependants(step);
            let is_told = step.state().finishing.is_told(task);
            if let (Some(agent), Purpose::Complete { summary }, false) =
                (&record.agent, purpose, is_told)
            {
                let words = summary
                    .clone()
                    .or(record.note)
                    .unwrap_or_else(|| record.contract.title.clone());
                tell_coordinator(
                    step,
                    agent,
                    OwnType::Complete,
                    task,
                    format!("COMPLETE {task}: {words}"),
                );
            }
            Ok(())
        }
        Ok(Integrated::Conflict { paths }) => {
            step.record(Event::TaskConflicted { task, paths: paths.clone() });
            let branch = integration_branch(&record.contract.feature);
            let message = format!("`{task}` does not merge with `{branch}`: {}", paths.join(", "));
            if let Some(agent) = &record.agent {
                let text = format!(
                    "{message}. Merge {branch} into your branch, resolve, commit, complete again."
                );
                tell(step, agent, OwnType::Verdict, task, text);
            }
            let hint = format!("merge it into your branch and resolve: git merge {branch}");
            Err(Refusal::new(RefusalKind::Conflict, "merge_conflict", message).with_hint(hint))
        }
        Err(problem) => {
            step.record(Event::TaskBlocked { task, reason: problem.clone() });
            Err(Refusal::new(RefusalKind::Failed, "integration_failed", problem))
        }
    }
}

/// The commit of a task's feature that is not merged yet; a refusal if there is none.
pub fn require_integration(step: &Step<'_>, task: TaskId) -> Result<String, Refusal> {
    let feature = &require_task(step, task)?.contract.feature;
    let head = step.state().tasks.features.get(feature).and_then(|f| f.integration.clone());
    head.ok_or_else(|| {
        let message = format!(
            "the feature `{feature}` has no commit that is not merged, there is nothing to hand in"
        );
        Refusal::new(RefusalKind::Conflict, "nothing_to_submit", message).with_hint(format!(
            "commit the work in the worktree that `agency task show {task}` names"
        ))
    })
}

/// Hands in what is integrated of a task's feature.
pub fn hand_in(step: &mut Step<'_>, task: TaskId, offer: Offer) -> Result<Answer, Refusal> {
    let record = require_task(step, task)?;
    if record.state != TaskState::Submitted {
        return Err(already_handed_in(task, &record.contract.feature));
    }
    let contract = record.contract.clone();
    let agent = require_finisher(step, task)?;
    let feature = contract.feature.clone();
    let head = require_integration(step, task)?;
    // First, so that the tasks of what waited are handed in again with the rest.
    approvals::void_open_of(step, &feature, "the feature was handed in again");
    let tasks: Vec<TaskId> = step
        .state()
        .tasks
        .of_feature(&feature)
        .filter(|task| task.state == TaskState::Submitted)
        .map(|task| task.id)
        .collect();
    let id = step.state().submissions.next_id();
    let submission = Submission {
        id,
        task,
        tasks,
        agent,
        title: title_of(step, &feature, &contract.title),
        branch: integration_branch(&feature),
        feature,
        head,
        rationale: offer.rationale,
        rollback: Some(offer.rollback.unwrap_or(contract.rollback)),
        demo: offer.demo,
        trace: tracing::of_submission(step.state(), task, id),
    };
    step.record(Event::WorkSubmitted { submission: Box::new(submission) });
    prove(step, id);
    Ok(Answer::Id(id.to_string()))
}

/// The title of a feature's submission: the first task's, with how many more there are.
fn title_of(step: &Step<'_>, feature: &Name, own: &str) -> String {
    let is_in = |task: &&TaskRecord| task.state == TaskState::Submitted;
    let mut tasks = step.state().tasks.of_feature(feature).filter(is_in);
    let first = tasks.next().map_or(own, |task| task.contract.title.as_str());
    match tasks.count() {
        0 => first.to_owned(),
        more => format!("{feature}: {first} (+{more} more)"),
    }
}

/// Asks for a proof, and has it in the ledger that it was asked for.
pub fn prove(step: &mut Step<'_>, submission: SubmissionId) {
    step.record(Event::ProofStarted { submission });
    step.perform(Effect::Prove { submission });
}

/// A submission was proven, or not.
pub fn proof_finished(step: &mut Step<'_>, submission: SubmissionId, outcome: ProofOutcome) {
    let Some(record) = step.state().submissions.submissions.get(&submission) else { return };
    if !record.is_proving {
        return;
    }
    let work = record.submission.clone();
    step.record(Event::ProofFinished { submission, outcome: Box::new(outcome.clone()) });
    if approvals::carry(step, submission, &outcome) {
        return;
    }
    let tasks = &step.state().tasks.tasks;
    if work.tasks.iter().all(|task| tasks.get(task).is_none_or(|t| t.state.is_closed())) {
        // Its agency was removed in the meantime: there is nothing left to decide.
        return;
    }
    match outcome {
        ProofOutcome::Checked { merge, evidence } if evidence.is_passed() => {
            approvals::open(step, &work, Some(merge), Some(evidence), None);
        }
        ProofOutcome::Checked { evidence, .. } => send_back(step, &work, failure_words(&evidence)),
        ProofOutcome::Conflict { paths, .. } => {
            let reason =
                format!("it does not merge with the project's branch: {}", paths.join(", "));
            send_back(step, &work, reason);
        }
        ProofOutcome::NoChecks { merge, hint } => {
            approvals::open(step, &work, Some(merge), None, Some(hint));
        }
        ProofOutcome::Broken { reason } => approvals::open(step, &work, None, None, Some(reason)),
    }
}

fn failure_words(evidence: &Evidence) -> String {
    let tests = evidence.tests().unwrap_or_default();
    if evidence.timed_out {
        return "the checks did not end within the time limit".to_owned();
    }
    if tests.failed > 0 {
        let names: Vec<String> = tests
            .failures
            .iter()
            .take(10)
            .map(|name| crate::domain::text::to_line(name, 120))
            .collect();
        return format!(
            "{} of {} tests failed: {}",
            tests.failed,
            tests.failed + tests.passed,
            names.join("; ")
        );
    }
    let failed = evidence.runs.iter().find(|run| !run.is_passed());
    match failed {
        Some(run) => {
            let status = run
                .exit_status
                .map_or_else(|| "a signal".to_owned(), |status| format!("status {status}"));
            format!("`{}` ended with {status}", run.command.argv.join(" "))
        }
        None => "the checks failed".to_owned(),
    }
}

/// Gives a submission's task back to its agent with the reason.
pub fn send_back(step: &mut Step<'_>, work: &Submission, reason: String) {
    step.record(Event::TaskReopened { task: work.task, reason: reason.clone() });
    let text = format!("{} was sent back: {reason}", work.task);
    tell(step, &work.agent, OwnType::Verdict, work.task, text.clone());
    let agent = work.agent.clone();
    if !step.state().sessions.is_coordinator(&agent) {
        let coordinator =
            step.state().sessions.agency(&agent.agency).map(|a| a.definition.coordinator_address());
        if let Some(coordinator) = coordinator {
            tell(step, &coordinator, OwnType::Verdict, work.task, text);
        }
    }
}

/// Takes up what a supervisor that died left half done.
pub fn resume(step: &mut Step<'_>) {
    finishing::resume(step);
    let integrating: Vec<TaskId> = step
        .state()
        .tasks
        .tasks
        .values()
        .filter(|task| task.integrating)
        .map(|task| task.id)
        .collect();
    for task in integrating {
        let purpose = finishing::purpose_of(step.state(), task);
        integrate(step, None, task, purpose);
    }
    let proving: Vec<SubmissionId> = step
        .state()
        .submissions
        .submissions
        .values()
        .filter(|record| record.is_proving)
        .map(|record| record.submission.id)
        .collect();
    for submission in proving {
        step.perform(Effect::Prove { submission });
    }
}
