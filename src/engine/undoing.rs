//! Undoing: what was done that can be taken back, and what is needed for it.
//!
//! An act is an event that has a number: a removal, an agent that left, a task that was given up, files that were
//! restored, a merge. The number stands in the event, as later events name it: another version may know
//! more kinds of acts. The newest 500 are known. A merge stands in the list and is never undone here: history is not
//! rewritten, and the refusal says what to do instead.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::agency::AgentDefinition;
use crate::domain::checkpoint::{CheckpointId, Manner};
use crate::domain::command::Actor;
use crate::domain::id::{ActId, ApprovalId, TaskId};
use crate::domain::name::{AgentAddress, Name};
use crate::domain::task::TaskState;
use crate::engine::approvals::Approvals;
use crate::engine::event::Event;
use crate::engine::keeping::Keeping;
use crate::engine::sessions::Wanted;
use crate::engine::state::State;
use crate::engine::tasks::Tasks;

pub mod deciding;

pub use deciding::{advance_all, agency_returned, asked, plan, restored, worktree_revived};

/// Acts that are known: a year of removals, and more merges than anybody would take back.
const KNOWN: usize = 500;

/// Every act.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Acts {
    /// By id.
    pub acts: BTreeMap<ActId, ActRecord>,
}

/// One act.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActRecord {
    /// When.
    pub at: Timestamp,
    /// Who did it, where that is known.
    pub by: Option<Actor>,
    /// What was done.
    pub act: Act,
    /// It is being taken back.
    pub is_undoing: bool,
    /// When it was taken back.
    pub undone_at: Option<Timestamp>,
    /// Why it could not be taken back the last time.
    pub problem: Option<String>,
    /// Tasks of it that are back already.
    pub revived: BTreeSet<TaskId>,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Act {
    /// An agency went into the archive, and its open tasks were given up.
    AgencyRemoved {
        /// Which.
        agency: Name,
        /// Its tasks, with the states they had.
        tasks: BTreeMap<TaskId, TaskState>,
        /// Where in the archive it is; none: it is on its way.
        folder: Option<PathBuf>,
        /// Its folder is back.
        is_returned: bool,
    },
    /// An agent left its agency: it was dismissed, or it was there for a time and its last task is closed.
    AgentDismissed {
        /// Which agency.
        agency: Name,
        /// All that was known of the agent.
        definition: Box<AgentDefinition>,
    },
    /// A task was given up.
    TaskCancelled {
        /// Which.
        task: TaskId,
        /// The state it had.
        state: TaskState,
    },
    /// A worktree got the files of a checkpoint.
    WorkRestored {
        /// Of which task.
        task: TaskId,
        /// Which.
        from: CheckpointId,
        /// What lay there before.
        before: CheckpointId,
        /// Only these paths; none: all.
        paths: Vec<PathBuf>,
        /// What became of other files.
        manner: Manner,
        /// The act that was taken back by it.
        undoes: Option<ActId>,
    },
    /// Approved work is in the project's branch.
    WorkMerged {
        /// By which approval.
        approval: ApprovalId,
        /// The merge.
        commit: String,
        /// Where the branch had stood.
        old_head: Option<String>,
    },
}

impl ActRecord {
    /// Whether only who names it means it: a merge cannot be taken back here, and to take back what an undo gave
    /// would do again what was taken back.
    pub fn is_passed_by(&self) -> bool {
        matches!(self.act, Act::WorkMerged { .. } | Act::WorkRestored { undoes: Some(_), .. })
    }
}

/// The event, with the number of the act that it is, if it is one.
pub fn numbered(state: &State, mut event: Event) -> Event {
    let next = ActId(state.acts.acts.last_key_value().map_or(1, |(id, _)| id.0 + 1));
    match &mut event {
        Event::AgencyRemoving { act, .. }
        | Event::AgentDismissed { act, .. }
        | Event::WorkRestored { act, .. }
        | Event::MergeLanded { act, .. } => *act = Some(next),
        Event::TaskCancelled { task, act, .. } => {
            // With its agency it comes back, too.
            let open = state.tasks.tasks.get(task).filter(|record| !record.state.is_closed());
            let is_alone = open.is_some_and(|record| {
                let agency = state.sessions.agency(&record.contract.agency);
                agency.is_none_or(|agency| agency.wanted != Wanted::Removing)
            });
            *act = is_alone.then_some(next);
        }
        _ => {}
    }
    event
}

impl Acts {
    /// The act of that id, while it is being taken back.
    fn undoing(&self, id: ActId) -> Option<&ActRecord> {
        self.acts.get(&id).filter(|record| record.is_undoing)
    }

    /// The act by which an agent left that has not come back; the last one.
    fn leaving_of(&self, agent: &AgentAddress) -> Option<ActId> {
        let open = self.acts.iter().rev().filter(|(_, record)| record.undone_at.is_none());
        let mut its = open.filter(|(_, record)| {
            matches!(&record.act, Act::AgentDismissed { agency, definition }
                if *agency == agent.agency && definition.name == agent.agent)
        });
        its.next().map(|(id, _)| *id)
    }

    /// What a worktree was given when this checkpoint had been made of what lay there before.
    pub fn restored_over(&self, saved: CheckpointId) -> Option<CheckpointId> {
        self.acts.values().rev().find_map(|record| match &record.act {
            Act::WorkRestored { from, before, .. } if *before == saved => Some(*from),
            _ => None,
        })
    }

    /// What a worktree was given by an act.
    pub fn given_by(&self, id: ActId) -> Option<CheckpointId> {
        match &self.acts.get(&id)?.act {
            Act::WorkRestored { from, .. } => Some(*from),
            _ => None,
        }
    }

    /// Checkpoints without which an act could not be taken back.
    pub fn needed(&self) -> BTreeSet<CheckpointId> {
        let open = self.acts.values().filter(|record| record.undone_at.is_none());
        open.flat_map(|record| match &record.act {
            Act::WorkRestored { from, before, .. } => vec![*from, *before],
            _ => Vec::new(),
        })
        .collect()
    }

    /// Takes an event in, with what was true before it.
    pub fn apply(
        &mut self,
        event: &Event,
        at: Timestamp,
        (tasks, approvals, keeping): (&Tasks, &Approvals, &Keeping),
    ) {
        match event {
            Event::AgencyRemoving { agency, act: Some(id) } => {
                let (agency, tasks, folder) = (agency.clone(), BTreeMap::new(), None);
                let act = Act::AgencyRemoved { agency, tasks, folder, is_returned: false };
                self.add(*id, act, Some(Actor::Operator), at);
            }
            Event::AgencyArchived { agency, folder } => {
                if let Some((_, place)) = self.removal_of(agency) {
                    *place = Some(folder.clone());
                }
            }
            Event::AgentDismissed { agency, definition, reason, act: Some(id) } => {
                // Only who leaves by itself has a reason.
                let by = reason.as_ref().map_or(Actor::Operator, |_| Actor::Supervisor);
                let (agency, definition) = (agency.clone(), definition.clone());
                self.add(*id, Act::AgentDismissed { agency, definition }, Some(by), at);
            }
            Event::TaskCancelled { task, by, act, .. } => {
                self.cut_off(*task, keeping);
                let Some(record) = tasks.tasks.get(task) else { return };
                let state = record.state;
                match (act, self.removal_of(&record.contract.agency)) {
                    (Some(id), _) => {
                        self.add(*id, Act::TaskCancelled { task: *task, state }, by.clone(), at);
                    }
                    (None, Some((tasks, _))) if !state.is_closed() => {
                        tasks.insert(*task, state);
                    }
                    (None, _) => {}
                }
            }
            Event::WorktreeRetired { task, .. } => self.cut_off(*task, keeping),
            Event::WorkRestored { task, from, before, by, act: Some(id) } => {
                let (task, from, before) = (*task, *from, *before);
                let begun = keeping.restoring.get(&task);
                let (paths, manner, undoes) = begun
                    .map_or((Vec::new(), Manner::Keep, None), |it| {
                        (it.paths.clone(), it.manner, it.act)
                    });
                let act = Act::WorkRestored { task, from, before, paths, manner, undoes };
                self.add(*id, act, Some(by.clone()), at);
            }
            Event::MergeLanded { id, commit, act: Some(number) } => {
                let merge = approvals.approvals.get(id).and_then(|record| record.merge.as_ref());
                let old_head = merge.map(|merge| merge.base.clone());
                let act = Act::WorkMerged { approval: *id, commit: commit.clone(), old_head };
                self.add(*number, act, Some(Actor::Operator), at);
            }
            _ => self.apply_undo(event, at),
        }
    }

    fn apply_undo(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::UndoBegun { act } => self.change(*act, |record| {
                (record.is_undoing, record.problem) = (true, None);
            }),
            Event::UndoFailed { act, reason } => self.change(*act, |record| {
                (record.is_undoing, record.problem) = (false, Some(reason.clone()));
            }),
            Event::ActUndone { act } => self.change(*act, |record| {
                (record.is_undoing, record.undone_at) = (false, Some(at));
            }),
            Event::AgencyReturned { act, .. } => self.change(*act, |record| {
                if let Act::AgencyRemoved { is_returned, .. } = &mut record.act {
                    *is_returned = true;
                }
            }),
            Event::TaskRevived { act, task, .. } => self.change(*act, |record| {
                record.revived.insert(*task);
            }),
            _ => {}
        }
    }

    /// A worktree goes: what was being taken back by restoring it is not.
    fn cut_off(&mut self, task: TaskId, keeping: &Keeping) {
        let Some(act) = keeping.restoring.get(&task).and_then(|restoring| restoring.act) else {
            return;
        };
        self.change(act, |record| {
            let problem = format!("the worktree of `{task}` went meanwhile");
            (record.is_undoing, record.problem) = (false, Some(problem));
        });
    }

    /// The removal of an agency that is not in the archive yet: its tasks, and its place there.
    fn removal_of(
        &mut self,
        wanted: &Name,
    ) -> Option<(&mut BTreeMap<TaskId, TaskState>, &mut Option<PathBuf>)> {
        self.acts.values_mut().rev().find_map(|record| match &mut record.act {
            Act::AgencyRemoved { agency, tasks, folder, .. }
                if agency == wanted && folder.is_none() =>
            {
                Some((tasks, folder))
            }
            _ => None,
        })
    }

    fn add(&mut self, id: ActId, act: Act, by: Option<Actor>, at: Timestamp) {
        let record = ActRecord {
            at,
            by,
            act,
            is_undoing: false,
            undone_at: None,
            problem: None,
            revived: BTreeSet::new(),
        };
        self.acts.insert(id, record);
        while self.acts.len() > KNOWN {
            self.acts.pop_first();
        }
    }

    fn change(&mut self, id: ActId, change: impl FnOnce(&mut ActRecord)) {
        if let Some(record) = self.acts.get_mut(&id) {
            change(record);
        }
    }
}

#[cfg(test)]
mod tests;
