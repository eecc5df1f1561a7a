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
    /// Why it cannot be used; none: it can.
    pub problem: Option<String>,
}

/// What a look at one template gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateCheckView {
    /// Its name.
    pub template: String,
    /// Where it comes from: `built-in`, or its folder.
    pub source: String,
    /// How many findings keep an agency made of it from working.
    pub errors: usize,
    /// How many only say what would help.
    pub warnings: usize,
    /// All of them, errors first.
    pub findings: Vec<TemplateFindingView>,
}

/// One thing about a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateFindingView {
    /// `error` or `warning`.
    pub severity: String,
    /// The file, relative to the template's folder.
    pub file: String,
    /// Line, from 1; none if it is about the whole file.
    pub line: Option<usize>,
    /// Column, from 1.
    pub column: Option<usize>,
    /// The field, `agents[1].runtime`.
    pub field: Option<String>,
    /// What is wrong and what would help.
    pub message: String,
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
    /// What people call it.
    pub title: String,
    /// How its state is known: `reports`, `screen` or `process`.
    pub state: String,
    /// How messages get in: `channel`, `typed` or `fetched`.
    pub messages: String,
    /// The version that was seen run last; none: none was.
    pub verified: Option<String>,
    /// What is wrong with its description; none: it can be used.
    pub problem: Option<String>,
    /// Everything else that is known of it, in words.
    pub facts: Vec<FactView>,
}

/// One thing that is known of a runtime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactView {
    /// About what.
    pub fact: String,
    /// What.
    pub text: String,
}

/// What a look at one runtime gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeCheckView {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub source: String,
    /// Absolute path of its program; none: not found.
    pub found: Option<String>,
    /// The version that it says; none: it was not asked, or did not say.
    pub version: Option<String>,
    /// The version that was seen run last.
    pub verified: Option<String>,
    /// `ok`, `warning` or `problem`: a description that cannot be used.
    pub level: String,
    /// What there is to say.
    pub text: String,
}
