//! The rehearsal agent: a program that lives in a pane, looks like an agent program, needs no model
//! and does real work by its script.
//!
//! ```text
//! keys ──► screen (pure) ──► orders ──► worker ──► agency, git, files
//!             ▲                            │
//!             └────────── news ◄───────────┘
//! ```
//! It uses only the commands that any agent has, by running the agency program. What a message says
//! is only ever compared with the script; it never becomes part of a step, its task id excepted.
//! Start reading at [`run`].

mod commands;

mod files;

mod input;

mod intake;

mod keys;

mod painter;

mod progress;

mod runner;

mod screen;

mod steps;

mod talk;

mod terminal;

mod wire;

mod work;

mod worker;

#[cfg(test)]
pub(crate) mod fakes;

use std::path::PathBuf;

use crate::domain::id::SpawnId;
use crate::domain::name::AgentAddress;

pub use terminal::run;

/// Where and who it is; read from the environment by whoever starts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The workbench's folder.
    pub home: PathBuf,
    /// Who it is.
    pub agent: AgentAddress,
    /// Which life of the agent it is.
    pub spawn: SpawnId,
    /// The agency program, absolute.
    pub program: PathBuf,
}

impl Settings {
    /// Its script.
    pub fn script_path(&self) -> PathBuf {
        self.folder().join(format!("{}.toml", self.agent.agent))
    }

    /// What it remembers from one life to the next.
    pub fn progress_path(&self) -> PathBuf {
        self.folder().join(".state").join(format!("{}.json", self.agent.agent))
    }

    fn folder(&self) -> PathBuf {
        self.home.join("agencies").join(self.agent.agency.as_str()).join("rehearsal")
    }
}
