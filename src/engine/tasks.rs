//! Tasks: what is to be done, by whom, and how far it is.
//!
//! ```text
//! draft ─► ready ─► assigned ─► in_progress ⇄ blocked
//!                        ▲            │ complete: integrated into <feature>/integration
//!            sent back   │            ▼
//!                        └──────── submitted ─► proving ─► awaiting_approval ─► approved ─► merged
//! ```
//!
//! A feature is proven and approved as a whole; its tasks follow its submission.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::command::Actor;
use crate::domain::id::{SubmissionId, TaskId};
use crate::domain::name::{AgentAddress, Name};
use crate::domain::submission::Submission;
use crate::domain::task::{DependencyKind, TaskContract, TaskState};
use crate::domain::trace::Trace;
use crate::engine::effect::Retirement;
use crate::engine::event::Event;
use crate::ports::repositories::Kept;

pub mod deciding;

pub use deciding::{asked, work_inspected, worktree_retired};

/// How the note of a task begins whose worktree cannot be made again.
pub const NOT_STANDING: &str = "its worktree does not stand";

/// Every task and feature.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tasks {
    /// By id.
    pub tasks: BTreeMap<TaskId, TaskRecord>,
    /// By name.
    pub features: BTreeMap<Name, FeatureRecord>,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskRecord {
    /// Its id.
    pub id: TaskId,
    /// What was asked for.
    pub contract: TaskContract,
    /// Its state.
    pub state: TaskState,
    /// Its agent.
    pub agent: Option<AgentAddress>,
    /// Who gave it to the agent.
    pub assigned_by: Option<Actor>,
    /// Its branch.
    pub branch: Option<String>,
    /// Its worktree, relative to the workbench.
    pub worktree: Option<PathBuf>,
    /// Where the branch started; none: the worktree does not stand yet.
    pub base: Option<String>,
    /// The finished commit.
    pub head: Option<String>,
    /// What is still to be integrated: set when it is completed, cleared when it is on the feature's branch.
    pub integrating: bool,
    /// The worktree is gone, its work kept.
    pub is_retired: bool,
    /// Where that is.
    #[serde(default)]
    pub kept: Option<Kept>,
    /// 0 to 100, as reported.
    pub progress: u8,
    /// The last words about it.
    pub note: Option<String>,
    /// The request that it belongs to; none: it is older than traces.
    #[serde(default)]
    pub trace: Option<Trace>,
    /// When it was written down.
    pub opened_at: Timestamp,
    /// When it was merged or given up.
    pub closed_at: Option<Timestamp>,
    /// When its state last changed.
    pub since: Timestamp,
}

/// One feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureRecord {
    /// Whose project it is built in.
    pub agency: Name,
    /// Commit of `<feature>/integration`, once something is on it that is not merged.
    pub integration: Option<String>,
    /// Its branch is merged whole and is to be kept and removed; the submission it was merged by.
    #[serde(default)]
    pub retiring: Option<SubmissionId>,
}

impl Tasks {
    /// The next task's id.
    pub fn next_id(&self) -> TaskId {
        TaskId(self.tasks.last_key_value().map_or(1, |(id, _)| id.0 + 1))
    }

    /// Tasks of a feature.
    pub fn of_feature<'s>(&'s self, feature: &'s Name) -> impl Iterator<Item = &'s TaskRecord> {
        self.tasks.values().filter(move |task| task.contract.feature == *feature)
    }

    /// Tasks of an agency that are not closed.
    pub fn open_of(&self, agency: &Name) -> impl Iterator<Item = TaskId> {
        let tasks = self.tasks.values();
        tasks
            .filter(move |task| task.contract.agency == *agency && !task.state.is_closed())
            .map(|task| task.id)
    }

    /// The task an agent has open: one that it works on before one that it has not begun.
    pub fn current_of(&self, agent: &AgentAddress) -> Option<&TaskRecord> {
        let own = |task: &&TaskRecord| task.agent.as_ref() == Some(agent) && task.state.is_open();
        let rank = |task: &&TaskRecord| u8::from(task.state == TaskState::InProgress);
        self.tasks.values().filter(own).max_by_key(rank)
    }

    /// Hard dependencies of a task that are not finished.
    pub fn missing_for(&self, contract: &TaskContract) -> Vec<TaskId> {
        let is_finished =
            |id: &TaskId| self.tasks.get(id).is_some_and(|task| task.state.is_finished());
        let hard = contract.depends_on.iter().filter(|d| d.kind == DependencyKind::Hard);
        hard.map(|dependency| dependency.task).filter(|id| !is_finished(id)).collect()
    }

    /// Worktrees that stand, of one agency or of all closed tasks.
    pub fn retirements(&self, agency: Option<&Name>) -> Vec<Retirement> {
        let wanted = |task: &&TaskRecord| match agency {
            Some(agency) => task.contract.agency == *agency,
            None => task.state.is_closed(),
        };
        self.tasks.values().filter(wanted).filter_map(TaskRecord::retirement).collect()
    }

    /// Tasks whose worktree should stand, of one agency or of all.
    pub fn in_worktrees(&self, agency: Option<&Name>) -> Vec<TaskId> {
        let is_its = |task: &&TaskRecord| agency.is_none_or(|name| task.contract.agency == *name);
        let stands = |task: &&TaskRecord| {
            task.state.is_open() && task.agent.is_some() && task.base.is_some() && !task.is_retired
        };
        self.tasks.values().filter(is_its).filter(stands).map(|task| task.id).collect()
    }

    /// Takes an event in.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::TaskAdded { id, contract, ready, trace, .. } => {
                self.add(*id, contract, *ready, at);
                self.change(*id, |record| record.trace = *trace);
            }
            Event::TaskReadied { task } => self.turn(*task, TaskState::Ready, at),
            Event::TaskAssigned { task, agent, by, branch, worktree } => {
                self.turn(*task, TaskState::Assigned, at);
                self.change(*task, |record| {
                    record.agent = Some(agent.clone());
                    record.assigned_by = Some(by.clone());
                    record.branch = Some(branch.clone());
                    record.worktree = Some(worktree.clone());
                    record.is_retired = false;
                });
            }
            Event::TaskStarted { task } | Event::TaskUnblocked { task } => {
                self.turn(*task, TaskState::InProgress, at);
            }
            Event::TaskProgressed { task, percent, note } => {
                self.progress(*task, *percent, note, at)
            }
            Event::TaskNoted { task, note } => self.note(*task, note),
            Event::TaskBlocked { task, reason } => self.block(*task, reason, at),
            Event::TaskCompleted { task, head, summary } => self.change(*task, |record| {
                record.head = head.clone();
                record.integrating = true;
                record.progress = 100;
                record.note = summary.clone().or(record.note.take());
            }),
            Event::TaskIntegrated { task, commit } => self.integrate(*task, commit.as_ref(), at),
            Event::TaskConflicted { task, paths } => {
                let paths = paths.join(", ");
                let note = format!("does not merge with its feature's branch: {paths}");
                self.block(*task, &note, at);
            }
            Event::TaskReopened { task, reason } => {
                self.turn(*task, TaskState::Rejected, at);
                self.note(*task, reason);
            }
            Event::TaskCancelled { task, reason, .. } => {
                self.turn(*task, TaskState::Cancelled, at);
                self.change(*task, |record| {
                    record.note = reason.clone().or(record.note.take());
                    record.integrating = false;
                });
            }
            Event::TaskRevived { task, state, base, .. } => self.change(*task, |record| {
                (record.state, record.since, record.closed_at) = (*state, at, None);
                record.base.clone_from(base);
                record.is_retired = false;
                // Why it was given up is past with that.
                record.note = None;
            }),
            _ => {
                self.apply_worktree(event, at);
                self.apply_handoff(event);
            }
        }
    }

    /// Takes in what a handoff says of the task that was written down for it.
    fn apply_handoff(&mut self, event: &Event) {
        match event {
            Event::HandoffOffered { offer } => {
                let note = format!(
                    "offered by {} ({}), to be accepted until {}",
                    offer.from, offer.id, offer.answer_by
                );
                self.note(offer.task, &note);
            }
            Event::HandoffAccepted { id, task, .. } => {
                self.note(*task, &format!("{id} is accepted"))
            }
            Event::HandedBranchMissed { task, branch, .. } => self.change(*task, |record| {
                let line =
                    format!("branch {branch} is not in this project: the work starts without it");
                record.contract.inputs.push(line);
            }),
            _ => {}
        }
    }

    /// Takes in what happened to worktrees and branches.
    fn apply_worktree(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::WorktreeReady { task, base } => self.stand(*task, base, at),
            Event::WorktreeFailed { task, reason } => self.block(*task, reason, at),
            Event::WorktreeMended { task } => {
                self.note(*task, "its worktree was gone and stands again, with what was committed");
            }
            Event::WorktreeLost { task, reason } => {
                self.note(*task, &format!("{NOT_STANDING}: {reason}"));
            }
            Event::WorktreeRetired { task, kept } => self.change(*task, |record| {
                record.is_retired = true;
                record.kept = Some(kept.clone());
            }),
            Event::BranchRetired { feature, .. } => {
                if let Some(record) = self.features.get_mut(feature) {
                    record.retiring = None;
                }
            }
            _ => {}
        }
    }

    /// Moves the tasks of a submission on.
    pub fn turn_many(&mut self, tasks: &[TaskId], state: TaskState, at: Timestamp) {
        tasks.iter().for_each(|task| self.turn(*task, state, at));
    }

    /// A proof of these tasks has begun; approved ones stay approved.
    pub fn prove(&mut self, tasks: &[TaskId], at: Timestamp) {
        let is_submitted = |task: &&TaskId| {
            self.tasks.get(task).is_some_and(|record| record.state == TaskState::Submitted)
        };
        let submitted: Vec<TaskId> = tasks.iter().filter(is_submitted).copied().collect();
        self.turn_many(&submitted, TaskState::Proving, at);
    }

    /// A submission is in the project's branch: if nothing came onto its feature's branch since,
    /// nothing of the feature is left to hand in.
    pub fn landed(&mut self, work: &Submission) {
        let is_integrating = self.of_feature(&work.feature).any(|task| task.integrating);
        let Some(feature) = self.features.get_mut(&work.feature) else { return };
        if feature.integration.as_ref() == Some(&work.head) {
            feature.integration = None;
            feature.retiring = (!is_integrating).then_some(work.id);
        }
    }

    fn note(&mut self, task: TaskId, note: &str) {
        self.change(task, |record| record.note = Some(note.to_owned()));
    }

    /// Nobody can block a task while it is integrated: then the integration is what failed.
    fn block(&mut self, task: TaskId, reason: &str, at: Timestamp) {
        self.turn(task, TaskState::Blocked, at);
        self.change(task, |record| {
            record.note = Some(reason.to_owned());
            record.integrating = false;
        });
    }

    /// A worktree stands; what was blocked for want of it can begin.
    fn stand(&mut self, task: TaskId, base: &str, at: Timestamp) {
        let is_first = self.tasks.get(&task).is_some_and(|record| record.base.is_none());
        self.change(task, |record| record.base = Some(base.to_owned()));
        if is_first && self.tasks.get(&task).is_some_and(|r| r.state == TaskState::Blocked) {
            self.turn(task, TaskState::Assigned, at);
            self.change(task, |record| record.note = None);
        }
    }

    fn add(&mut self, id: TaskId, contract: &TaskContract, is_ready: bool, at: Timestamp) {
        self.features.entry(contract.feature.clone()).or_insert_with(|| FeatureRecord {
            agency: contract.agency.clone(),
            integration: None,
            retiring: None,
        });
        let record = TaskRecord {
            id,
            contract: contract.clone(),
            state: if is_ready { TaskState::Ready } else { TaskState::Draft },
            agent: None,
            assigned_by: None,
            branch: None,
            worktree: None,
            base: None,
            head: None,
            integrating: false,
            is_retired: false,
            kept: None,
            progress: 0,
            note: None,
            trace: None,
            opened_at: at,
            closed_at: None,
            since: at,
        };
        self.tasks.insert(id, record);
    }

    fn change(&mut self, task: TaskId, change: impl FnOnce(&mut TaskRecord)) {
        if let Some(record) = self.tasks.get_mut(&task) {
            change(record);
        }
    }

    fn turn(&mut self, task: TaskId, state: TaskState, at: Timestamp) {
        self.change(task, |record| {
            if record.state.is_closed() {
                return;
            }
            if record.state != state {
                record.since = at;
            }
            record.state = state;
            record.closed_at = state.is_closed().then_some(at);
        });
    }

    fn progress(&mut self, task: TaskId, percent: u8, note: &Option<String>, at: Timestamp) {
        let is_begun = self
            .tasks
            .get(&task)
            .is_some_and(|r| matches!(r.state, TaskState::Assigned | TaskState::Rejected));
        if is_begun {
            self.turn(task, TaskState::InProgress, at);
        }
        self.change(task, |record| {
            record.progress = percent.min(100);
            record.note = note.clone().or(record.note.take());
        });
    }

    fn integrate(&mut self, task: TaskId, commit: Option<&String>, at: Timestamp) {
        self.turn(task, TaskState::Submitted, at);
        self.change(task, |record| record.integrating = false);
        let feature = self.tasks.get(&task).map(|record| record.contract.feature.clone());
        if let (Some(feature), Some(commit)) = (feature, commit)
            && let Some(record) = self.features.get_mut(&feature)
        {
            record.integration = Some(commit.clone());
            record.retiring = None;
        }
    }
}

impl TaskRecord {
    /// What there is to keep and remove, if its worktree stands.
    pub fn retirement(&self) -> Option<Retirement> {
        if self.is_retired {
            return None;
        }
        Some(Retirement {
            task: self.id,
            project: PathBuf::new(),
            worktree: self.worktree.clone()?,
            branch: self.branch.clone()?,
            keep_as: self.id.to_string(),
        })
    }
}

#[cfg(test)]
mod tests;
