//! Sessions: which agencies are meant to run, and what is known of their agents' panes.
//!
//! ```text
//! spawned ──► starting ──► idle ⇄ working, waiting, permission, limited, blocked
//!    ▲            │                       │
//!    └── backoff ─┴───── pane lost ◄──────┘        exited with 0: stays, until somebody starts it
//! ```
//!
//! Start-up, a crash, a killed pane and a killed server are one path: what is missing gets a new
//! spawn, and the session is made whole. Deciding is in [`crate::engine::sessions::deciding`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::agency::{
    AgencyDefinition, AgencyState, AgentDefinition, AgentState, StateSource,
};
use crate::domain::id::SpawnId;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::recipe::Recipe;
use crate::domain::runtime::Runtime;
use crate::engine::crew::Crew;
use crate::engine::event::Event;
use crate::engine::sessions::signal::{Conversation, Signal};
use crate::ports::terminals::Arrangement;

pub mod agent;
pub mod authority;
pub mod deciding;
pub mod hearing;
pub mod signal;

pub use agent::AgentRecord;
pub use deciding::{
    agency_archived, asked, definition_seen, ensure_again, project_seen, recipe_seen,
    session_ensured, session_failed, sighted, unseen,
};
pub use hearing::{screen_read, told};

/// Every agency.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sessions {
    /// By name, archived ones too.
    pub agencies: BTreeMap<Name, AgencyRecord>,
}

/// What an agency is meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wanted {
    /// Running.
    Running,
    /// Not running.
    Stopped,
    /// On its way into the archive.
    Removing,
    /// In the archive.
    Archived,
}

/// One agency.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgencyRecord {
    /// What the user wrote.
    pub definition: AgencyDefinition,
    /// What it is meant to be.
    pub wanted: Wanted,
    /// Since when it is meant to be that; removing it twice must name the same place in the archive.
    #[serde(default)]
    pub wanted_since: Option<Timestamp>,
    /// Its project's root and target branch, once looked at.
    pub project: Option<(PathBuf, String)>,
    /// What it adds to the proof of its work, as it was when the operator last named it.
    #[serde(default)]
    pub recipe: Option<Recipe>,
    /// Its agents.
    pub agents: BTreeMap<Name, AgentRecord>,
    /// How many agents have had each name so far: a later one is not the one before.
    #[serde(default)]
    pub bearers: BTreeMap<Name, u64>,
    /// Why its session could not be made.
    pub trouble: Option<Trouble>,
    /// Hires and dismissals that its file does not hold yet.
    #[serde(default)]
    pub crew: Crew,
    /// What its session is called, if not like the agency.
    #[serde(default)]
    pub session: Option<String>,
    /// How a person has arranged its windows.
    #[serde(default)]
    pub arranged: BTreeMap<String, Arrangement>,
}

/// Why a session could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// A stable word.
    pub code: String,
    /// What went wrong.
    pub problem: String,
    /// Failures in a row.
    pub failures: u32,
    /// Since when.
    pub since: Timestamp,
}

impl Sessions {
    /// An agency that is not archived.
    pub fn agency(&self, name: &Name) -> Option<&AgencyRecord> {
        self.agencies.get(name).filter(|agency| agency.wanted != Wanted::Archived)
    }

    /// Every agency that is not archived.
    pub fn live(&self) -> impl Iterator<Item = (&Name, &AgencyRecord)> {
        self.agencies.iter().filter(|(_, agency)| agency.wanted != Wanted::Archived)
    }

    /// An agent's record.
    pub fn agent(&self, address: &AgentAddress) -> Option<&AgentRecord> {
        self.agency(&address.agency)?.agents.get(&address.agent)
    }

    /// What the user wrote of an agent.
    pub fn definition(&self, address: &AgentAddress) -> Option<&AgentDefinition> {
        self.agency(&address.agency)?.definition.agents.iter().find(|a| a.name == address.agent)
    }

    /// Whether an agent leads its agency.
    pub fn is_coordinator(&self, address: &AgentAddress) -> bool {
        self.agency(&address.agency).is_some_and(|a| a.definition.coordinator == address.agent)
    }

    fn agent_mut(&mut self, address: &AgentAddress) -> Option<&mut AgentRecord> {
        self.agencies.get_mut(&address.agency)?.agents.get_mut(&address.agent)
    }

    /// An agent's record, if that is its present life.
    fn life_mut(&mut self, address: &AgentAddress, spawn: SpawnId) -> Option<&mut AgentRecord> {
        self.agent_mut(address).filter(|record| record.spawn == Some(spawn))
    }

    /// Takes an event in.
    pub fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::AgencyDefined { definition } => self.define(definition),
            Event::RecipeRecorded { agency, recipe } => {
                if let Some(record) = self.agencies.get_mut(agency) {
                    record.recipe = recipe.as_deref().cloned();
                }
            }
            Event::ProjectBound { agency, project, target } => {
                if let Some(record) = self.agencies.get_mut(agency) {
                    record.project = Some((project.clone(), target.clone()));
                }
            }
            Event::AgencyStarted { agency } => self.want(agency, Wanted::Running, at),
            Event::AgencyStopped { agency } | Event::AgencyReturned { agency, .. } => {
                self.want(agency, Wanted::Stopped, at);
            }
            Event::AgencyRemoving { agency, .. } => self.want(agency, Wanted::Removing, at),
            Event::AgencyArchived { agency, .. } => self.want(agency, Wanted::Archived, at),
            Event::SessionFailed { agency, code, problem, failures } => {
                if let Some(record) = self.agencies.get_mut(agency) {
                    let since = record.trouble.as_ref().map_or(at, |trouble| trouble.since);
                    record.trouble = Some(Trouble {
                        code: code.clone(),
                        problem: problem.clone(),
                        failures: *failures,
                        since,
                    });
                }
            }
            Event::SessionSeen { agency } => {
                if let Some(record) = self.agencies.get_mut(agency) {
                    record.trouble = None;
                }
            }
            Event::AgentHired { agency, .. }
            | Event::AgentDismissed { agency, .. }
            | Event::CrewWritten { agency, .. }
            | Event::CrewUnwritten { agency, .. } => {
                if let Some(record) = self.agencies.get_mut(agency) {
                    record.apply_crew(event, at);
                }
            }
            Event::SessionNamed { agency, session } => {
                if let Some(record) = self.agencies.get_mut(agency) {
                    record.session = Some(session.clone()).filter(|name| name != agency.as_str());
                }
            }
            Event::SessionArranged { agency, arrangement } => {
                if let Some(record) = self.agencies.get_mut(agency) {
                    record.arranged.insert(arrangement.window.clone(), arrangement.clone());
                }
            }
            Event::AgentSpawned { .. }
            | Event::AgentPaneOpened { .. }
            | Event::AgentPaneLost { .. }
            | Event::AgentStateChanged { .. }
            | Event::AgentSignalled { .. }
            | Event::ConversationSeen { .. } => self.apply_agent(event, at),
            _ => {}
        }
    }

    fn apply_agent(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::AgentSpawned { agent, spawn } => {
                let runtime = self.definition(agent).map(|definition| definition.runtime.clone());
                let Some(record) = self.agent_mut(agent) else { return };
                record.begin(*spawn, runtime, at);
            }
            Event::AgentPaneOpened { agent, spawn, pane, pid, born } => {
                if let Some(record) = self.agent_mut(agent) {
                    record.open(*spawn, pane.clone(), *pid, born.clone());
                }
                if let Some(agency) = self.agencies.get_mut(&agent.agency) {
                    agency.trouble = None;
                }
            }
            Event::AgentPaneLost { agent, state, reason, .. } => {
                let Some(record) = self.agent_mut(agent) else { return };
                record.lose(*state, reason.clone(), at);
                self.forget_undefined(&agent.agency);
            }
            Event::AgentStateChanged { agent, state, source, reason } => {
                let Some(record) = self.agent_mut(agent) else { return };
                match source {
                    // Ledgers from before the sources were weighed hold an agent's own words like this.
                    StateSource::Hook => {
                        let signal = Signal::of_own_word(*state, reason.clone());
                        record.hear(*source, &signal, at);
                    }
                    _ => record.turn(*state, *source, reason.clone(), at),
                }
            }
            Event::AgentSignalled { agent, spawn, source, signal } => {
                if let Some(record) = self.life_mut(agent, *spawn) {
                    record.hear(*source, signal, at);
                }
            }
            Event::ConversationSeen { agent, spawn, runtime, id, begun } => {
                self.release(agent, runtime, id);
                if let Some(record) = self.life_mut(agent, *spawn) {
                    let (runtime, id, spawn) = (runtime.clone(), id.clone(), *spawn);
                    record.conversation = Some(Conversation { runtime, id, spawn, begun: *begun });
                    record.has_reported = true;
                }
            }
            _ => {}
        }
    }

    /// Takes a conversation from every other agent: two must never go on with the same one, and the last who
    /// told of it has it.
    fn release(&mut self, holder: &AgentAddress, runtime: &Name, id: &str) {
        for (agency, record) in &mut self.agencies {
            for (name, agent) in &mut record.agents {
                let is_holder = *agency == holder.agency && *name == holder.agent;
                if !is_holder {
                    agent.conversation.take_if(|it| it.runtime == *runtime && it.id == id);
                }
            }
        }
    }

    fn define(&mut self, definition: &AgencyDefinition) {
        let record = self.agencies.entry(definition.name.clone()).or_insert_with(|| AgencyRecord {
            definition: definition.clone(),
            wanted: Wanted::Stopped,
            wanted_since: None,
            project: None,
            recipe: None,
            agents: BTreeMap::new(),
            bearers: BTreeMap::new(),
            trouble: None,
            crew: Crew::default(),
            session: None,
            arranged: BTreeMap::new(),
        });
        if record.wanted == Wanted::Archived {
            record.wanted = Wanted::Stopped;
            record.recipe = None;
            record.wanted_since = None;
            record.agents.clear();
            record.crew.pending.clear();
            record.crew.trouble = None;
            record.arranged.clear();
            record.session = None;
        }
        if record.definition.project != definition.project {
            record.project = None;
        }
        record.definition = definition.clone();
        for agent in &definition.agents {
            if !record.agents.contains_key(&agent.name) {
                record.name_anew(&agent.name);
            }
            let known = record.agents.entry(agent.name.clone()).or_default();
            // No program goes on with another one's conversation.
            known.conversation.take_if(|known| known.runtime != agent.runtime);
        }
        self.forget_undefined(&definition.name);
    }

    /// Who is not in the definition any more and has no life left is nobody.
    fn forget_undefined(&mut self, agency: &Name) {
        let Some(record) = self.agencies.get_mut(agency) else { return };
        let defined = &record.definition.agents;
        record.agents.retain(|name, agent| {
            agent.spawn.is_some() || defined.iter().any(|known| known.name == *name)
        });
    }

    fn want(&mut self, agency: &Name, wanted: Wanted, at: Timestamp) {
        let Some(record) = self.agencies.get_mut(agency) else { return };
        if record.wanted != wanted {
            record.wanted_since = Some(at);
        }
        record.wanted = wanted;
        record.trouble = None;
        if wanted == Wanted::Running {
            return;
        }
        for agent in record.agents.values_mut() {
            agent.stop(at);
        }
        self.forget_undefined(agency);
    }
}

impl AgencyRecord {
    /// Counts another agent that has this name.
    pub(crate) fn name_anew(&mut self, agent: &Name) {
        *self.bearers.entry(agent.clone()).or_default() += 1;
    }

    /// The agency's state, which follows from what it is meant to be and from its agents.
    pub fn state(&self) -> AgencyState {
        match self.wanted {
            Wanted::Archived => return AgencyState::Archived,
            Wanted::Stopped | Wanted::Removing => return AgencyState::Stopped,
            Wanted::Running => {}
        }
        let is = |state: AgentState| self.agents.values().any(|agent| agent.state == state);
        if self.trouble.is_some() || is(AgentState::Crashed) || is(AgentState::Exited) {
            AgencyState::Degraded
        } else if is(AgentState::Starting) || is(AgentState::Stopped) {
            AgencyState::Starting
        } else {
            AgencyState::Running
        }
    }
}

/// The runtime of an agent: the workbench's own entry, else a built-in one.
pub fn runtime_of(state: &crate::engine::state::State, address: &AgentAddress) -> Option<Runtime> {
    let name = &state.sessions.definition(address)?.runtime;
    state.config.runtimes.get(name).cloned().or_else(|| Runtime::built_in(name.as_str()))
}

#[cfg(test)]
mod tests;
