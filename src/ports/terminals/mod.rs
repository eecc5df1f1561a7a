//! Terminals: sessions with a pane per agent, and text typed into them with proof.
//!
//! What is asked for is a whole session as it should be; [`Terminals::ensure`] makes the difference and
//! can be repeated at any moment. Nothing that this program did not make is touched.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::agency::Layout;
use crate::domain::id::SpawnId;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::runtime::InputLine;

#[cfg(test)]
pub mod contract;
#[cfg(test)]
pub mod fake;
pub mod viewing;

pub use viewing::{AttachWish, KeysOrder, Observation, Picture, Pressed};

/// A pane, opaque: unique for the life of its server.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PaneId(pub String);

/// A program to run: no shell in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// Absolute program path and arguments; empty: the user's shell.
    pub argv: Vec<String>,
    /// Variables to set for it.
    pub env: BTreeMap<String, String>,
    /// Its folder.
    pub folder: PathBuf,
}

/// One agent's pane as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PanePlan {
    /// Whose it is.
    pub agent: AgentAddress,
    /// The life that should be in it: a live pane with another one is left alone, a dead or missing
    /// one is made with this.
    pub spawn: SpawnId,
    /// What the border shows.
    pub title: String,
    /// What runs in it.
    pub launch: Launch,
    /// Its screen tells its state, so what it prints is listened to.
    pub is_read: bool,
    /// How its program is ended in order.
    pub stop: StopPlan,
}

impl Launch {
    /// The last argument of a pane whose program becomes the user's shell.
    pub const SHELL: &'static str = "--shell";

    /// Whether the user's shell runs in it: then the program in front of it tells what is going on.
    pub fn is_shell(&self) -> bool {
        self.argv.last().is_none_or(|word| word == Self::SHELL)
    }
}

/// How a program is asked to end, before its terminal is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopPlan {
    /// What it is sent.
    pub signal: StopSignal,
    /// How long it may take to put its things in order, in milliseconds.
    pub grace_ms: u32,
}

impl Default for StopPlan {
    /// A hangup, as a closed terminal sends it, and a second.
    fn default() -> Self {
        Self { signal: StopSignal::Hup, grace_ms: 1000 }
    }
}

/// What asks a program to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum StopSignal {
    /// SIGHUP.
    Hup,
    /// SIGINT.
    Int,
    /// SIGTERM.
    Term,
}

/// A session as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionPlan {
    /// The agency; also the session's name.
    pub agency: Name,
    /// How panes are laid out.
    pub layout: Layout,
    /// Columns and rows when the session is made.
    pub size: (u16, u16),
    /// Agents, the coordinator first.
    pub panes: Vec<PanePlan>,
    /// The shell of the window `tools`.
    pub tools: Launch,
    /// The shell of the window `sandbox`.
    pub sandbox: Launch,
    /// How people have arranged its windows; what does not fit the panes that are there is left out.
    pub arranged: Vec<Arrangement>,
}

/// How a person has arranged the panes of one window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrangement {
    /// Which of the session's windows, in the adapter's own words.
    pub window: String,
    /// Whose panes, in their order.
    pub agents: Vec<Name>,
    /// Their sizes and places, in the adapter's own words.
    pub shape: String,
}

/// Whether the program in a pane lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaneLife {
    /// It runs.
    Alive,
    /// It ended; the server may not know how.
    Dead {
        /// Exit status, if known.
        status: Option<i32>,
        /// Signal, if one ended it.
        signal: Option<i32>,
    },
}

/// One of our panes as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaneSeen {
    /// Whose it is.
    pub agent: AgentAddress,
    /// The life in it.
    pub spawn: SpawnId,
    /// The pane.
    pub pane: PaneId,
    /// Process id of its program.
    pub pid: u32,
    /// Whether it lives.
    pub life: PaneLife,
    /// Name of the program in front, only for agents that are a shell.
    pub foreground: Option<String>,
    /// Whether what is typed there goes to the program key by key, as a shell takes it at its prompt; false:
    /// line by line, as while its start-up files run; none: it is no shell, or nobody can tell.
    pub reads_keys: Option<bool>,
    /// What tells its process from a later one with the same id; none: it is dead, or the system does not say.
    pub born: Option<String>,
}

/// What tells a process from a later one with the same id: which start of the machine, and when in it. `stat` is
/// its `/proc/PID/stat`.
pub fn birth_mark(boot: &str, stat: &str) -> Option<String> {
    // The program's name is in brackets and may hold anything. The start is field 22, the state is field 3.
    let started = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?;
    Some(format!("{}:{started}", boot.trim()))
}

/// One of our sessions as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSeen {
    /// Whose it is.
    pub agency: Name,
    /// What it is called: like its agency, unless somebody else's session has that name.
    pub name: String,
}

/// All our sessions and panes on the server; other people's are not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sighting {
    /// Sessions that carry this workbench's mark.
    pub sessions: Vec<SessionSeen>,
    /// Panes that carry an agent's mark, of any session.
    pub panes: Vec<PaneSeen>,
    /// Windows that a person has arranged, with their agency.
    pub arranged: Vec<(Name, Arrangement)>,
}

/// A pane's screen at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScreenSeen {
    /// The pane.
    pub pane: PaneId,
    /// Whose it is.
    pub agent: AgentAddress,
    /// The life in it.
    pub spawn: SpawnId,
    /// The title its program gave it.
    pub title: String,
    /// Columns and rows.
    pub size: (u16, u16),
    /// Column and row of the cursor, from 0.
    pub cursor: (u16, u16),
    /// Whether a person looks back in it (copy mode): the rows are the program's screen all the same.
    pub in_mode: bool,
    /// Whether an OSC 9;4 progress is shown; none: not known.
    pub progress: Option<bool>,
    /// The visible rows from top to bottom, blanks at the end of each cut.
    pub rows: Vec<String>,
    /// For each character of the cursor's row whether it is dim or grey (ghost text); empty: none is.
    pub ghost: Vec<bool>,
}

/// A text to type and submit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypingOrder {
    /// Whose pane.
    pub agent: AgentAddress,
    /// The life it is meant for; another one in the pane means not ready.
    pub spawn: SpawnId,
    /// The pane.
    pub pane: PaneId,
    /// How its empty input line is told.
    pub input_line: InputLine,
    /// The text; control characters other than newline and tab are dropped on the way.
    pub text: String,
    /// One short line that is typed in its place where the terminal would not take all of it.
    pub short: String,
    /// A short part of both texts that is unique to it: seen on the screen, it has arrived.
    pub token: String,
    /// Texts of ours that may stand in the input line, because whoever pasted them died before Enter: one
    /// that is proven to stand there alone is submitted, and nothing else is typed.
    pub left_over: Vec<String>,
    /// How long to wait for the text to be seen, in milliseconds.
    pub deadline_ms: u32,
}

/// How typing went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// Pasted, seen, submitted, and the input line was left.
    Submitted,
    /// Nothing was typed: one of the order's left-over texts stood there and was submitted.
    LeftOver {
        /// Which.
        text: String,
    },
    /// Handed to the program's own queue: the turn that begins with it will tell.
    Queued,
    /// Nothing was typed: the input line is not proven focused and empty.
    NotReady {
        /// Why, for people: `copy mode`, `a person is typing`, `not at its prompt`, `pane is dead`, ….
        reason: String,
    },
    /// Something was typed, what became of it is not known. It must never be typed again by itself.
    Uncertain {
        /// What was seen instead.
        reason: String,
    },
}

/// Something may have changed: look again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerminalHint {
    /// Panes or sessions came or went.
    Changed,
    /// A person moves panes or their borders, or a terminal has another size.
    Arranged,
    /// The connection to the server broke, or the server ended.
    Lost,
    /// Something was printed in these panes that are read, or their title changed.
    Printed(Vec<PaneId>),
}

/// How a person gets to see a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachPlan {
    /// Program and arguments to replace this process with.
    pub argv: Vec<String>,
    /// Variables to remove first.
    pub unset: Vec<String>,
    /// The key that the outer one of two servers keeps for itself though the inner one wants it too: the
    /// person presses it twice, `C-b`.
    pub doubled_prefix: Option<String>,
}

impl AttachPlan {
    /// Whether a new client is made, which needs a terminal of its own; one that is there already is only switched.
    pub fn needs_terminal(&self) -> bool {
        !self.unset.is_empty()
    }
}

/// Sessions and panes.
pub trait Terminals: Send + Sync {
    /// The program's version, say `3.3a`; refuses what is missing or too old.
    fn version(&self) -> Result<String, TerminalError>;
    /// Whether anything about the server keeps sessions from being made, or the program from listening to
    /// them; starts and changes nothing.
    fn examine(&self) -> Result<(), TerminalError> {
        Ok(())
    }
    /// Makes what is missing of a session; returns its agents' panes as they are then.
    fn ensure(&self, plan: &SessionPlan) -> Result<Vec<PaneSeen>, TerminalError>;
    /// Everything of ours that is there; an empty sighting when no server runs.
    fn look(&self) -> Result<Sighting, TerminalError>;
    /// Whether a window stands as a person had arranged it: those agents' panes in that order, as large where it is as
    /// large as then, else divided in the same way. Where nobody can tell, it does not.
    fn is_arranged(&self, agency: &Name, arrangement: &Arrangement) -> Result<bool, TerminalError> {
        let _ = (agency, arrangement);
        Ok(false)
    }
    /// How long after a look the next one is due though no hint came: long where hints tell everything.
    fn look_every(&self) -> Duration;
    /// Closes the session and its programs, if it is ours; done if there is none.
    fn close_session(&self, agency: &Name) -> Result<(), TerminalError>;
    /// Closes an agent's pane, its program asked to end in order; done if there is none. With a life only the pane
    /// that has that life.
    fn close_agent(&self, agent: &AgentAddress, life: Option<SpawnId>)
    -> Result<(), TerminalError>;
    /// Pastes, looks, submits. At most one call per pane at a time.
    fn type_text(&self, order: &TypingOrder) -> Result<Typed, TerminalError>;
    /// Whether a text's token is on the pane's screen or in its last 200 lines.
    fn is_on_screen(&self, pane: &PaneId, token: &str) -> Result<bool, TerminalError>;
    /// The visible screen, as text.
    fn screen(&self, pane: &PaneId) -> Result<String, TerminalError>;
    /// The screens of any number of panes, in one round trip; a pane that is gone is not in the answer.
    fn screens(&self, panes: &[PaneId]) -> Result<Vec<ScreenSeen>, TerminalError>;
    /// Calls `hint` from another thread whenever it may be worth to look; replaces an earlier one.
    fn watch(&self, hint: Box<dyn Fn(TerminalHint) + Send>);
    /// What a pane shows, `above` rows further up in its history; none: it is gone, or is no agent's of ours.
    fn picture(&self, pane: &PaneId, above: usize) -> Result<Option<Picture>, TerminalError>;
    /// Presses keys in the pane, all in their order or, if it is not as the order says, none.
    fn press(&self, order: &KeysOrder) -> Result<Pressed, TerminalError>;
    /// Calls `hint` from another thread whenever the pane has printed, at most some sixty times a second.
    fn observe(
        &self,
        pane: &PaneId,
        hint: Box<dyn Fn() + Send>,
    ) -> Result<Box<dyn Observation>, TerminalError>;
    /// How to attach to a session; what the wish wants in front is there when this returns.
    fn attach_plan(
        &self,
        agency: &Name,
        wish: &AttachWish<'_>,
    ) -> Result<AttachPlan, TerminalError>;
}

/// What can go wrong with terminals.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TerminalError {
    /// The program is not there.
    #[error("tmux is not installed, or not in PATH")]
    NotInstalled,
    /// The program is too old.
    #[error("tmux {found} is too old, 3.2 or newer is needed")]
    TooOld {
        /// Its version.
        found: String,
    },
    /// No server runs where one is needed.
    #[error("no tmux server is running")]
    NoServer,
    /// The server does not answer.
    #[error("the tmux server did not answer `{command}` within {after_ms} ms")]
    Hung {
        /// What was asked.
        command: String,
        /// How long was waited, in milliseconds.
        after_ms: u64,
    },
    /// The server ended while being asked.
    #[error("the tmux server ended during `{command}`")]
    Died {
        /// What was asked.
        command: String,
    },
    /// A setting of the user's own, of their tmux, that nothing can be made with.
    #[error("the settings of your tmux do not allow it: {problem}")]
    Unbearable {
        /// Which setting, and what it does.
        problem: String,
    },
    /// The server refused.
    #[error("tmux refused `{command}`: {problem}")]
    Refused {
        /// What was asked.
        command: String,
        /// What it said.
        problem: String,
    },
    /// The program could not be started or spoken to.
    #[error("tmux could not be run: {problem}")]
    Io {
        /// What the system said.
        problem: String,
    },
}
