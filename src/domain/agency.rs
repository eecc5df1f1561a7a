//! Agencies and agents: their definition (what the user wrote) and the states they can be in.
//!
//! A state that cannot be seen is `Unknown`; it is never guessed from silence.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::name::{AgentAddress, Name};

/// What `agencies/NAME/agency.json` says, checked; the user's to edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyDefinition {
    /// Its name; also its tmux session's.
    pub name: Name,
    /// One line for lists.
    pub description: String,
    /// The template that it was made of; none: of none, or before that was written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// What it can do, for people and for matching.
    pub capabilities: Vec<String>,
    /// The coordinator's name; it is one of `agents`.
    pub coordinator: Name,
    /// Coordinator and specialists, in pane order, the coordinator first.
    pub agents: Vec<AgentDefinition>,
    /// Panes or windows.
    pub layout: Layout,
    /// Its own project; none: the workbench's.
    pub project: Option<PathBuf>,
}

impl AgencyDefinition {
    /// The agent of that name; `coordinator` always finds the coordinator.
    pub fn agent(&self, name: &Name) -> Option<&AgentDefinition> {
        let wanted = if name.as_str() == COORDINATOR { &self.coordinator } else { name };
        self.agents
            .iter()
            .find(|agent| agent.name == *name)
            .or_else(|| self.agents.iter().find(|agent| agent.name == *wanted))
    }

    /// The coordinator's address.
    pub fn coordinator_address(&self) -> AgentAddress {
        AgentAddress::new(self.name.clone(), self.coordinator.clone())
    }
}

/// The word that finds an agency's coordinator, whatever its own name.
pub const COORDINATOR: &str = "coordinator";

/// One agent as the user wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentDefinition {
    /// Its name within the agency.
    pub name: Name,
    /// One line: what it is there for.
    pub role: String,
    /// Its role file, relative to the agency's folder.
    pub role_file: PathBuf,
    /// The program it is.
    pub runtime: Name,
    /// Skills, free words for now.
    pub skills: Vec<String>,
    /// It leaves by itself when the last task that it was given is merged or cancelled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub temporary: bool,
}

/// How an agency's agents are laid out in its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// All agents as panes of the window `agents`, going on in `agents-2`, ….
    #[default]
    Panes,
    /// Window 0 the coordinator, one window per specialist, then tools, then sandbox.
    Windows,
}

/// The state of an agent; the words are a promise to scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentState {
    /// Its pane is being made, or its program has not shown itself yet.
    Starting,
    /// It does something.
    Working,
    /// It is at its prompt with nothing to do.
    Idle,
    /// It asked something and waits for the answer.
    Waiting,
    /// It wants a permission that a person must give.
    Permission,
    /// It said that it cannot go on.
    Blocked,
    /// Its provider holds it back for a while.
    Limited,
    /// Its program ended with a failure, or its pane was killed.
    Crashed,
    /// Its program ended by itself without a failure.
    Exited,
    /// It is not meant to run.
    Stopped,
    /// Not known; the reason says why.
    Unknown,
}

impl AgentState {
    /// The word, as scripts see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Working => "working",
            Self::Idle => "idle",
            Self::Waiting => "waiting",
            Self::Permission => "permission",
            Self::Blocked => "blocked",
            Self::Limited => "limited",
            Self::Crashed => "crashed",
            Self::Exited => "exited",
            Self::Stopped => "stopped",
            Self::Unknown => "unknown",
        }
    }

    /// Whether a program is there to be spoken to.
    pub fn is_alive(self) -> bool {
        !matches!(self, Self::Crashed | Self::Exited | Self::Stopped)
    }
}

/// Where a state is known from, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StateSource {
    /// The supervisor itself caused it.
    Supervisor,
    /// The pane's process lives or is dead.
    Process,
    /// The agent's own report.
    Hook,
    /// Its screen.
    Screen,
}

impl StateSource {
    /// The word, as scripts see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Supervisor => "supervisor",
            Self::Process => "process",
            Self::Hook => "hook",
            Self::Screen => "screen",
        }
    }
}

/// The state of an agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgencyState {
    /// Some agent has not shown itself yet.
    Starting,
    /// Every agent is alive.
    Running,
    /// Some agent is dead or unknown.
    Degraded,
    /// Not meant to run.
    Stopped,
    /// Removed, kept in the archive.
    Archived,
}

impl AgencyState {
    /// The word, as scripts see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Degraded => "degraded",
            Self::Stopped => "stopped",
            Self::Archived => "archived",
        }
    }
}
