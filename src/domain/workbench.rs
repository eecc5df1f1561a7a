//! The workbench's own settings: `agency.toml`, checked.
//!
//! Every field has a default, so that an empty file is a valid workbench. Paths are as written;
//! whoever opens them resolves them against the workbench's folder.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::cadence::CadenceConfig;
use crate::domain::checks::ChecksConfig;
use crate::domain::name::Name;
use crate::domain::request::EscalationConfig;
use crate::domain::runtime::Runtime;

pub mod messages;
pub mod queue;

pub use messages::MessagesConfig;
pub use queue::QueueConfig;
pub mod handoffs;

pub use handoffs::HandoffConfig;

/// Everything `agency.toml` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct WorkbenchConfig {
    /// The project that agencies work on unless they name their own.
    pub project: ProjectConfig,
    /// How sessions are laid out and on which tmux server.
    pub tmux: TmuxConfig,
    /// What proves a submission.
    pub checks: ChecksConfig,
    /// How much mail may wait and come, and from whom.
    pub queue: QueueConfig,
    /// Runtimes of the user's own, by name.
    pub runtimes: BTreeMap<Name, Runtime>,
    /// Where approved work is written down.
    pub documents: DocumentsConfig,
    /// What is done about work that is not committed.
    #[serde(default)]
    pub git: GitConfig,
    /// How mail is paced.
    #[serde(default)]
    pub messages: MessagesConfig,
    /// When somebody who owes an answer is reminded, and when it goes up.
    #[serde(default)]
    pub escalation: EscalationConfig,
    /// What comes by the clock.
    #[serde(default)]
    pub cadence: CadenceConfig,
    /// How soon a handoff has to be answered.
    #[serde(default)]
    pub handoff: HandoffConfig,
}

/// `[project]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct ProjectConfig {
    /// The git repository, absolute or relative to the workbench; none: the workbench's own folder.
    pub path: Option<PathBuf>,
    /// The branch approved work is merged into; none: the branch that is checked out there.
    pub branch: Option<String>,
}

/// `[tmux]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TmuxConfig {
    /// A private server's socket: a name (`tmux -L`) or, with a `/` in it, a path (`tmux -S`).
    pub socket: Option<String>,
    /// Width of a new session, in columns; at least 80.
    pub width: u16,
    /// Height of a new session, in rows; at least 20.
    pub height: u16,
}

impl Default for TmuxConfig {
    fn default() -> Self {
        Self { socket: None, width: 220, height: 60 }
    }
}

/// `[git]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitConfig {
    /// Work that is not committed so long is reminded of; none: never.
    pub remind_after_s: Option<u64>,
    /// Whether worktrees are saved by themselves.
    pub checkpoints: bool,
    /// Larger files are not saved, in MiB.
    pub largest_file_mib: u64,
}

impl Default for GitConfig {
    fn default() -> Self {
        // Half an hour is what the rules of work ask for. A larger file is a build's or a recording's, and
        // would stay in the repository for weeks.
        Self { remind_after_s: Some(1_800), checkpoints: true, largest_file_mib: 50 }
    }
}

/// `[documents]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct DocumentsConfig {
    /// Folder for decision records and `CHANGELOG.md`; none: the workbench's own.
    pub folder: Option<PathBuf>,
}
