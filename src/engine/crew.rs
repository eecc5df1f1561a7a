//! Crew: who belongs to an agency when the supervisor itself changes that, by a hire or a dismissal.
//!
//! `agency.json` is the user's file and says who is there. A change counts from its event on and is put into
//! that file by an effect; until that was seen to stand ([`Event::CrewWritten`]) the change is pending: it is
//! laid over whatever is read from the file, and asked for again by every supervisor that comes up.
//! Deciding is in [`crate::engine::crew::deciding`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::agency::{AgencyDefinition, AgentDefinition};
use crate::domain::name::Name;
use crate::engine::event::Event;
use crate::engine::sessions::{AgencyRecord, AgentRecord};

pub mod deciding;

pub use deciding::{
    asked, crew_unwritten, crew_written, part_with_temporaries, rehire, require_free_name, resume,
};

/// What of an agency's crew is not in its file yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crew {
    /// Changes so far; also the number of the last one.
    pub changes: u64,
    /// Those that are not known to stand in `agency.json`, oldest first.
    pub pending: Vec<CrewChange>,
    /// Why the first of them could not be done when it was tried last.
    #[serde(default)]
    pub trouble: Option<CrewTrouble>,
}

/// Why a change of a crew waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrewTrouble {
    /// What went wrong.
    pub problem: String,
    /// Since when it fails, whatever the reason was first.
    pub since: Timestamp,
}

/// One change of a crew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrewChange {
    /// Its number, from 1.
    pub number: u64,
    /// Who.
    pub definition: AgentDefinition,
    /// What.
    pub kind: CrewChangeKind,
}

/// What a change of a crew is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrewChangeKind {
    /// It came.
    Hired,
    /// It went: its pane is to be closed.
    Dismissed,
}

impl Crew {
    /// What a file says, with the changes that are not in it yet.
    pub fn lay_over(&self, mut definition: AgencyDefinition) -> AgencyDefinition {
        for change in &self.pending {
            let name = &change.definition.name;
            let is_there = definition.agents.iter().any(|agent| agent.name == *name);
            match change.kind {
                CrewChangeKind::Hired if is_there => {}
                CrewChangeKind::Hired => definition.agents.push(change.definition.clone()),
                // A file may make the leaver its coordinator meanwhile: no agency is without one.
                CrewChangeKind::Dismissed if *name == definition.coordinator => {}
                CrewChangeKind::Dismissed => {
                    definition.agents.retain(|agent| agent.name != *name);
                }
            }
        }
        definition
    }

    /// Whether an agent was dismissed whose pane may not be closed yet.
    pub fn is_leaving(&self, name: &Name) -> bool {
        let is_its_own = |change: &CrewChange| {
            change.definition.name == *name && change.kind == CrewChangeKind::Dismissed
        };
        self.pending.iter().any(is_its_own)
    }

    /// What cannot be done, and why; none while nothing has failed.
    pub fn complaint(&self) -> Option<String> {
        let trouble = self.trouble.as_ref()?;
        let word = |change: &CrewChange| match change.kind {
            CrewChangeKind::Hired => format!("the hire of `{}`", change.definition.name),
            CrewChangeKind::Dismissed => format!("the dismissal of `{}`", change.definition.name),
        };
        let waiting: Vec<String> = self.pending.iter().map(word).collect();
        Some(format!("{} cannot be carried out: {}", waiting.join(", "), trouble.problem))
    }

    fn add(&mut self, definition: &AgentDefinition, kind: CrewChangeKind) {
        self.changes += 1;
        let definition = definition.clone();
        self.pending.push(CrewChange { number: self.changes, definition, kind });
    }
}

impl AgencyRecord {
    /// Takes an event about its crew in.
    pub(crate) fn apply_crew(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::AgentHired { definition, .. } => {
                self.definition.agents.push((**definition).clone());
                self.name_anew(&definition.name);
                self.agents.insert(definition.name.clone(), AgentRecord::default());
                self.crew.add(definition, CrewChangeKind::Hired);
            }
            Event::AgentDismissed { definition, .. } => {
                // Its record stays until its pane is closed: until then its program is known for what it is.
                self.definition.agents.retain(|agent| agent.name != definition.name);
                self.crew.add(definition, CrewChangeKind::Dismissed);
            }
            Event::CrewWritten { change, .. } => {
                let (done, pending) =
                    self.crew.pending.drain(..).partition(|pending| pending.number <= *change);
                self.crew.pending = pending;
                self.crew.trouble = None;
                self.forget_leavers(done);
            }
            Event::CrewUnwritten { problem, .. } => {
                let since = self.crew.trouble.as_ref().map_or(at, |trouble| trouble.since);
                self.crew.trouble = Some(CrewTrouble { problem: problem.clone(), since });
            }
            _ => {}
        }
    }

    /// Their panes are closed: nothing is left of those that were not hired again.
    fn forget_leavers(&mut self, done: Vec<CrewChange>) {
        for change in done {
            let name = change.definition.name;
            let is_defined = self.definition.agents.iter().any(|agent| agent.name == name);
            if change.kind == CrewChangeKind::Dismissed && !is_defined {
                self.agents.remove(&name);
            }
        }
    }
}

#[cfg(test)]
mod tests;
