//! What can be chosen from when an agency is made: templates and runtimes.
//!
//! Both lists hold what is built in and what the workbench adds; neither starts anything.

use serde::{Deserialize, Serialize};

/// One template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateView {
    /// Its name, as `agency create --template` takes it.
    pub name: String,
    /// One line.
    pub description: String,
    /// Where it comes from: `built-in`, or its folder relative to the workbench.
    pub source: String,
    /// Its coordinator's name.
    pub coordinator: String,
    /// The coordinator and the specialists, in pane order.
    pub agents: Vec<String>,
    /// What an agency made of it can do.
    pub capabilities: Vec<String>,
    /// Every file it writes, relative to the agency's folder, sorted.
    pub files: Vec<String>,
}

/// One runtime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeView {
    /// Its name, as `agency create --runtime` takes it.
    pub name: String,
    /// Program and arguments; empty: the user's own shell.
    pub command: Vec<String>,
    /// Where it comes from: `built-in` or `agency.toml`.
    pub source: String,
    /// Whether messages are typed into it; otherwise they wait to be fetched.
    pub takes_typing: bool,
    /// Whether it reports its own state.
    pub reports_state: bool,
    /// Absolute path of its program; none: not found.
    pub found: Option<String>,
}
