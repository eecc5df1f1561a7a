//! The state: the fold of all events, a struct of sub-states, one for each concern's file.
//!
//! It changes only in [`State::apply`]; replaying the ledger gives the live state.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::approval::ApprovalState;
use crate::domain::id::{ApprovalId, SubmissionId};
use crate::domain::submission::{Evidence, MergePreview};
use crate::domain::task::TaskState;
use crate::domain::workbench::WorkbenchConfig;
use crate::engine::answered::Answered;
use crate::engine::approvals::{ApprovalRecord, Approvals};
use crate::engine::cadence::Cadence;
use crate::engine::event::Event;
use crate::engine::handoffs::Handoffs;
use crate::engine::keeping::Keeping;
use crate::engine::locks::Locks;
use crate::engine::mail::Mail;
use crate::engine::meaning::finishing::Finishings;
use crate::engine::requests::Requests;
use crate::engine::sessions::Sessions;
use crate::engine::submissions::Submissions;
use crate::engine::tasks::Tasks;
use crate::engine::traffic::Traffic;
use crate::engine::undoing::Acts;

/// Everything that is true now.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The key whose signature counts as the operator's.
    pub operator_key: Option<String>,
    /// What `agency.toml` says.
    pub config: WorkbenchConfig,
    /// The running supervisor, as it told itself.
    pub supervisor: Option<Supervisor>,
    /// Agencies, agents, panes.
    pub sessions: Sessions,
    /// Messages and deliveries.
    pub mail: Mail,
    /// What somebody must answer.
    #[serde(default)]
    pub requests: Requests,
    /// Tasks and features.
    pub tasks: Tasks,
    /// What agencies hand over to each other.
    #[serde(default)]
    pub handoffs: Handoffs,
    /// Finished work and its proofs.
    pub submissions: Submissions,
    /// Decisions.
    pub approvals: Approvals,
    /// Worktrees and their checkpoints.
    pub keeping: Keeping,
    /// What can be taken back.
    pub acts: Acts,
    /// Claims on the projects' paths.
    #[serde(default)]
    pub locks: Locks,
    /// Tasks that messages said are finished.
    #[serde(default)]
    pub finishing: Finishings,
    /// What comes by the clock.
    #[serde(default)]
    pub cadence: Cadence,
    /// How fast agents write, and who answers whom.
    #[serde(default)]
    pub traffic: Traffic,
    /// The answers that were given last.
    #[serde(default)]
    pub answered: Answered,
}

/// A supervisor, as it told itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supervisor {
    /// Its process.
    pub pid: u32,
    /// Since when.
    pub since: Timestamp,
}

impl State {
    /// Version of the shape in which it is saved; a saved one of another version is not read.
    pub const VERSION: u32 = 6;

    /// The only place where it changes.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::OperatorKeyRegistered { key } => self.operator_key = Some(key.clone()),
            Event::WorkbenchConfigured { config } => self.config = (**config).clone(),
            Event::SupervisorStarted { pid, .. } => {
                self.supervisor = Some(Supervisor { pid: *pid, since: at });
            }
            Event::SupervisorStopped => self.supervisor = None,
            _ => {}
        }
        // First: what is taken back is what was true before.
        let before = (&self.tasks, &self.approvals, &self.keeping);
        self.acts.apply(event, at, before);
        self.answered.apply(event);
        self.sessions.apply(event, at);
        self.mail.apply(event, at);
        self.mail.forget(&self.config.queue, at);
        // Before the tasks: progress is what is more than before.
        self.traffic.apply(event, at, &self.config.queue, &self.tasks);
        self.requests.apply(event, at);
        self.tasks.apply(event, at);
        self.handoffs.apply(event, at);
        self.submissions.apply(event, at);
        self.approvals.apply(event, at);
        self.keeping.apply(event, at);
        self.finishing.apply(event);
        self.locks.apply(event, at);
        self.cadence.apply(event, at);
        self.follow(event, at);
    }

    /// A feature's tasks follow what becomes of its submission.
    fn follow(&mut self, event: &Event, at: Timestamp) {
        if let Event::ApprovalOpened { id, submission, merge, evidence, problem } = event {
            self.open_approval(
                *id,
                *submission,
                merge.as_ref(),
                evidence.as_deref(),
                problem.as_ref(),
                at,
            );
        }
        if let Event::ProofStarted { submission } = event
            && let Some(record) = self.submissions.submissions.get(submission)
        {
            self.tasks.prove(&record.submission.tasks, at);
        }
        let (submission, state) = match event {
            Event::WorkSubmitted { submission } => (Some(submission.id), TaskState::Proving),
            Event::ProofFinished { submission, outcome } if !outcome.is_for_decision() => {
                (Some(*submission), TaskState::Submitted)
            }
            Event::ApprovalOpened { submission, .. } => {
                (Some(*submission), TaskState::AwaitingApproval)
            }
            Event::ApprovalGiven { id, .. } => {
                (self.approvals.submission_of(*id), TaskState::Approved)
            }
            Event::ApprovalRejected { id, .. } | Event::ApprovalVoided { id, .. } => {
                (self.approvals.submission_of(*id), TaskState::Submitted)
            }
            Event::MergeLanded { id, .. } => (self.approvals.submission_of(*id), TaskState::Merged),
            _ => return,
        };
        let record = submission.and_then(|id| self.submissions.submissions.get(&id));
        if let Some(record) = record {
            self.tasks.turn_many(&record.submission.tasks, state, at);
            if state == TaskState::Merged {
                self.tasks.landed(&record.submission);
            }
        }
    }

    fn open_approval(
        &mut self,
        id: ApprovalId,
        submission: SubmissionId,
        merge: Option<&MergePreview>,
        evidence: Option<&Evidence>,
        problem: Option<&String>,
        at: Timestamp,
    ) {
        let Some(work) = self.submissions.submissions.get(&submission) else { return };
        let work = &work.submission;
        self.approvals.opened(ApprovalRecord {
            id,
            submission,
            feature: work.feature.clone(),
            agent: work.agent.clone(),
            task: work.task,
            merge: merge.cloned(),
            evidence: evidence.cloned(),
            state: if problem.is_none() {
                ApprovalState::Waiting
            } else {
                ApprovalState::NotProven
            },
            reason: problem.cloned(),
            signed: None,
            opened_at: at,
            closed_at: None,
            commit: None,
            is_documented: false,
        });
    }
}
