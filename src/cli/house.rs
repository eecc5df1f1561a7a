//! The house around the command line: everything it needs and may not know itself.
//!
//! Opening a workbench, the screen, the demo, terminals, input and the replacement of this
//! process come in through [`House`]; the program's entry implements it, tests fake it. The
//! environment is read there, once, and arrives as [`Surroundings`].

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::Timestamp;

use crate::domain::refusal::Refusal;
use crate::service::workbench::{AttachPlan, Workbench};

/// What is around this process, seen once at its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings {
    /// `AGENCY_HOME`; `--home` wins over it.
    pub home: Option<PathBuf>,
    /// Whether a person types into standard input.
    pub stdin: Stream,
    /// Whether a person reads standard output.
    pub stdout: Stream,
    /// Whether a person reads standard error.
    pub stderr: Stream,
    /// Columns of the terminal; none if there is none.
    pub width: Option<u16>,
    /// Whether `NO_COLOR` is set and not empty (no-color.org), or `TERM` is `dumb`.
    pub without_colour: bool,
}

/// Where a standard stream leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// A terminal.
    Terminal,
    /// A pipe, a file or nothing.
    Other,
}

impl Stream {
    /// Whether it is a terminal.
    pub fn is_terminal(self) -> bool {
        self == Self::Terminal
    }
}

/// How `agency demo` is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoOptions {
    /// Where; none: a temporary folder.
    pub folder: Option<PathBuf>,
    /// Who approves.
    pub operator: DemoOperator,
    /// What becomes of it afterwards.
    pub afterwards: DemoAfterwards,
}

/// Who approves the demo's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DemoOperator {
    /// The user, on the screen.
    User,
    /// The demo itself.
    Headless,
}

/// What becomes of the demo's folder, sessions and supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DemoAfterwards {
    /// Nothing is left behind.
    Clear,
    /// Everything stays.
    Keep,
}

/// Whether the user wants this process to end.
pub type Interrupt = Arc<AtomicBool>;

/// What the command line asks of the program around it.
pub trait House {
    /// What is around this process.
    fn surroundings(&self) -> &Surroundings;
    /// Whether somebody may still read standard output: a pipe whose reader went away tells so by itself.
    fn is_heard(&self) -> bool;
    /// Now, UTC.
    fn now(&self) -> Timestamp;
    /// Opens the workbench at `home`; none: the nearest parent folder that is one. Refuses with
    /// `not_found` and a hint to `agency init` when there is none. The identity comes from the environment.
    fn open(&self, home: Option<&Path>) -> Result<Workbench, Refusal>;
    /// Makes a workbench in a folder, which may exist but may not be one already; returns its
    /// absolute path. With no project, the folder's own repository is the project.
    fn make_workbench(&self, folder: &Path, project: Option<&Path>) -> Result<PathBuf, Refusal>;
    /// Lays the short names of common commands, `scripts/*.sh`, into a workbench; files that are there stay.
    fn lay_scripts(&self, home: &Path) -> Result<(), Refusal>;
    /// Opens the screen and returns when the user leaves it.
    fn screen(&self, workbench: Workbench) -> Result<(), Refusal>;
    /// Runs the demo; each step goes to `narrate` as one line. Returns the folder it ran in.
    fn demo(
        &self,
        options: &DemoOptions,
        narrate: &mut dyn FnMut(&str),
    ) -> Result<PathBuf, Refusal>;
    /// Is the supervisor, until it is told to stop.
    fn supervise(&self, home: Option<&Path>) -> Result<(), Refusal>;
    /// Reports what happened in this agent's program, if this is an agent's pane; whatever becomes of it.
    fn report(&self, event: &str);
    /// Waits for a letter to this agent; none if there is nobody to wait for.
    fn wait_for_letter(&self) -> Option<String>;
    /// Serves this agent's tools on standard input and output until the program goes away.
    fn serve_tools(&self, home: Option<&Path>) -> Result<(), Refusal>;
    /// Is the rehearsal agent, until its input ends; returns its exit status.
    fn rehearse(&self) -> Result<u8, Refusal>;
    /// Runs one check for the sandbox; returns its exit status.
    fn check_run(&self, arguments: &[OsString]) -> Result<u8, Refusal>;
    /// Shows a session: replaces this process, or comes back with the status when it cannot.
    fn attach(&self, plan: &AttachPlan) -> Result<u8, Refusal>;
    /// Replaces this process by a program with more variables; an empty list means the user's own
    /// shell. Comes back only when that fails.
    fn exec(&self, argv: &[OsString], env: &BTreeMap<String, String>) -> Result<u8, Refusal>;
    /// From now on tells whether the user wants this process to end (Ctrl-C, or a request to terminate), which then
    /// does not end by itself.
    fn watch_interrupt(&self) -> Interrupt;
    /// Standard input to its end; refuses what is not UTF-8 or larger than 1 MiB.
    fn read_input(&self) -> Result<String, Refusal>;
    /// One line of standard input without its end; none at the end of input.
    fn read_line(&self) -> Result<Option<String>, Refusal>;
    /// Makes or empties a file, with its parent folders.
    fn create_file(&self, path: &Path) -> Result<Box<dyn Write>, Refusal>;
}
