//! Keeping: what is known of the agents' worktrees that git does not know yet, and what was saved of it.
//!
//! A worktree is looked at only after its agent did something, or when work in it has lain uncommitted for as
//! long as `[git] remind_after` says; in between there is one timer and no work. How checkpoints are made and gone
//! back to is in [`deciding`], when an agent is reminded in [`reminding`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::checkpoint::{CheckpointId, CheckpointReason, Manner};
use crate::domain::command::Actor;
use crate::domain::id::{ActId, TaskId};
use crate::domain::name::AgentAddress;
use crate::engine::event::Event;
use crate::ports::repositories::Checkpoint;

pub mod deciding;
pub mod reminding;

/// Reminders after which a person and the coordinator hear of it: the agent has ignored two.
pub const IGNORED: u32 = 3;

/// Everything that is kept outside of branches, and what would be.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Keeping {
    /// Checkpoints that stand.
    pub checkpoints: BTreeMap<CheckpointId, CheckpointRecord>,
    /// Worktrees that stand.
    pub works: BTreeMap<TaskId, WorkRecord>,
    /// Worktrees that are being brought back to a checkpoint.
    pub restoring: BTreeMap<TaskId, Restoring>,
}

/// One checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointRecord {
    /// What it holds.
    pub made: Checkpoint,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: CheckpointReason,
    /// In whose words, if somebody wrote any.
    pub note: Option<String>,
    /// Who wanted it.
    pub by: Actor,
}

/// One worktree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkRecord {
    /// Whose.
    pub agent: AgentAddress,
    /// Since when it stands; none: not yet.
    pub stands: Option<Timestamp>,
    /// The commit that was checked out when something was last not committed.
    pub head: Option<String>,
    /// Since when something is not committed; none: nothing is.
    pub since: Option<Timestamp>,
    /// When it was last seen that this changed.
    pub seen: Option<Timestamp>,
    /// Files that were not committed then, at most 20.
    pub files: Vec<String>,
    /// Reminders since then.
    pub reminders: u32,
    /// When the last one was.
    pub reminded_at: Option<Timestamp>,
    /// Its agent ended, and what lay here then is not known to be saved.
    pub unsaved: Option<CheckpointReason>,
    /// It was gone, or git had lost it, and stands again.
    #[serde(default)]
    pub mended: Option<Mending>,
}

/// A worktree that stands again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mending {
    /// Since when.
    pub at: Timestamp,
    /// The checkpoint whose files were laid back into it, as far as nothing newer was there.
    pub from: Option<CheckpointId>,
    /// Why they could not be.
    pub problem: Option<String>,
}

/// A worktree on its way back to a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restoring {
    /// To which.
    pub from: CheckpointId,
    /// Only these paths; none: all.
    pub paths: Vec<PathBuf>,
    /// What becomes of other files.
    pub manner: Manner,
    /// Names this very restoration.
    pub key: Uuid,
    /// The act that is taken back by it.
    pub act: Option<ActId>,
    /// Who wanted it.
    pub by: Actor,
}

impl Keeping {
    /// Checkpoints of a task, oldest first.
    pub fn of_task(
        &self,
        task: TaskId,
    ) -> impl DoubleEndedIterator<Item = (&CheckpointId, &CheckpointRecord)> {
        let from = CheckpointId { task, number: 0 };
        self.checkpoints.range(from..=CheckpointId { task, number: u32::MAX })
    }

    /// Takes an event in.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::TaskAssigned { task, agent, .. } => {
                self.works.insert(*task, WorkRecord::of(agent.clone()));
            }
            Event::WorktreeReady { task, .. } => {
                self.change(*task, |work| work.stands = Some(at));
            }
            Event::TaskRevived { task, agent: Some(agent), base, .. } => {
                let work = WorkRecord::of(agent.clone());
                let stands = base.as_ref().map(|_| at);
                self.works.insert(*task, WorkRecord { stands, ..work });
            }
            Event::WorktreeRetired { task, .. } | Event::TaskCancelled { task, .. } => {
                self.works.remove(task);
                self.restoring.remove(task);
            }
            Event::AgentPaneLost { agent, .. } => {
                let works = self.works.values_mut().filter(|work| work.agent == *agent);
                works.for_each(|work| work.unsaved = Some(CheckpointReason::Lost));
            }
            Event::AgencyStopped { agency } => {
                let works = self.works.values_mut().filter(|work| work.agent.agency == *agency);
                works.for_each(|work| work.unsaved = Some(CheckpointReason::Stopped));
            }
            Event::WorkChanged { task, head, files, since } => self.change(*task, |work| {
                work.head = Some(head.clone());
                work.files.clone_from(files);
                (work.since, work.seen) = (*since, Some(at));
                (work.reminders, work.reminded_at) = (0, None);
            }),
            Event::WorkReminded { task, number } => self.change(*task, |work| {
                (work.reminders, work.reminded_at) = (*number, Some(at));
            }),
            Event::WorktreeMended { task } => self.change(*task, |work| {
                work.mended = Some(Mending { at, from: None, problem: None });
            }),
            Event::WorkFoundSafe { task } => self.change(*task, |work| work.unsaved = None),
            Event::CheckpointTaken { .. }
            | Event::CheckpointsDropped { .. }
            | Event::RestoreBegun { .. }
            | Event::WorkRestored { .. }
            | Event::RestoreFailed { .. } => self.apply_checkpoint(event, at),
            _ => {}
        }
    }

    fn apply_checkpoint(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::CheckpointTaken { id, made, reason, note, by } => {
                let (made, note, by) = ((**made).clone(), note.clone(), by.clone());
                let record = CheckpointRecord { made, at, reason: *reason, note, by };
                self.checkpoints.insert(*id, record);
                self.change(id.task, |work| work.unsaved = None);
            }
            Event::CheckpointsDropped { ids } => {
                ids.iter().for_each(|id| {
                    self.checkpoints.remove(id);
                });
            }
            Event::RestoreBegun { task, restoring } => {
                self.restoring.insert(*task, (**restoring).clone());
            }
            Event::WorkRestored { task, from, .. } => self.laid_back(*task, Some(*from), None),
            Event::RestoreFailed { task, reason } => self.laid_back(*task, None, Some(reason)),
            _ => {}
        }
    }

    /// A restoration ended; that of a worktree that was made again is noted with it.
    fn laid_back(&mut self, task: TaskId, from: Option<CheckpointId>, problem: Option<&String>) {
        let ended = self.restoring.remove(&task);
        if ended.is_some_and(|restoring| restoring.manner == Manner::Fill) {
            self.change(task, |work| {
                if let Some(mended) = &mut work.mended {
                    (mended.from, mended.problem) = (from, problem.cloned());
                }
            });
        }
    }

    fn change(&mut self, task: TaskId, change: impl FnOnce(&mut WorkRecord)) {
        if let Some(work) = self.works.get_mut(&task) {
            change(work);
        }
    }
}

impl WorkRecord {
    fn of(agent: AgentAddress) -> Self {
        Self {
            agent,
            stands: None,
            head: None,
            since: None,
            seen: None,
            files: Vec::new(),
            reminders: 0,
            reminded_at: None,
            unsaved: None,
            mended: None,
        }
    }
}

#[cfg(test)]
mod tests;
