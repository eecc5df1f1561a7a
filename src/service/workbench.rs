//! A face's handle on one workbench: commands, queries, the live board.
//!
//! Commands go to the supervisor, which is started when none runs. Queries are answered by the
//! supervisor or, when none runs, from the ledger itself. Start reading at [`Workbench::ask`].

use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::agency::Layout;
use crate::domain::command::{Answer, Command};
use crate::domain::id::{ApprovalId, MessageId};
use crate::domain::message::Draft;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::refusal::Refusal;
use crate::ports::ledger::Verified;
use crate::ports::terminals::AttachPlan;
use crate::service::query::Query;
use crate::service::views::{AgencyView, Board, FindingView, StatusView};

/// Who this process is, from its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// The human.
    Operator,
    /// An agent with its credential.
    Agent {
        /// Which.
        address: AgentAddress,
        /// Which life of it.
        spawn: crate::domain::id::SpawnId,
        /// Its token.
        token: String,
    },
}

/// What `agency create` is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAgency {
    /// Its name.
    pub name: Name,
    /// A template's name; none: the one that fits the name, or a bare agency.
    pub template: Option<String>,
    /// Specialists; empty: the template's.
    pub agents: Vec<Name>,
    /// The coordinator's name; none: the template's, else `coordinator`.
    pub coordinator: Option<Name>,
    /// Capabilities; empty: the template's.
    pub capabilities: Vec<String>,
    /// Its own project.
    pub project: Option<PathBuf>,
    /// The runtime of every agent; none: the template's, else `shell`.
    pub runtime: Option<Name>,
    /// Layout; none: panes.
    pub layout: Option<Layout>,
}

/// What a follower gets.
#[derive(Debug)]
pub enum Feed {
    /// The board as it is now.
    Board(Box<Board>),
    /// The supervisor is not there; the last board is old. Tried again by itself.
    Lost {
        /// Why.
        reason: String,
    },
}

/// A workbench, as a face sees it.
pub struct Workbench {
    home: PathBuf,
    identity: Identity,
}

impl Workbench {
    /// The workbench's folder.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Who this process is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Asks the supervisor to do something; starts it when none runs.
    pub fn ask(&self, command: Command) -> Result<Answer, Refusal> {
        let _ = command;
        Err(unlinked())
    }

    /// Asks for something, as JSON in the shape that [`Query`] names. Starts nothing.
    pub fn query(&self, query: &Query) -> Result<Value, Refusal> {
        let _ = query;
        Err(unlinked())
    }

    /// The same, read into its view.
    pub fn fetch<T: serde::de::DeserializeOwned>(&self, query: &Query) -> Result<T, Refusal> {
        let _ = query;
        Err(unlinked())
    }

    /// The whole in one screen.
    pub fn status(&self) -> Result<StatusView, Refusal> {
        self.fetch(&Query::Status)
    }

    /// Sends a message; when no supervisor runs it waits at the door. Returns its id.
    pub fn send(&self, draft: Draft) -> Result<MessageId, Refusal> {
        let _ = draft;
        Err(unlinked())
    }

    /// Signs and sends an approval of exactly what `agency approvals show` shows now.
    pub fn approve(&self, id: ApprovalId) -> Result<Answer, Refusal> {
        let _ = id;
        Err(unlinked())
    }

    /// Signs and sends a rejection with feedback for the agent.
    pub fn reject(&self, id: ApprovalId, feedback: &str) -> Result<Answer, Refusal> {
        let _ = (id, feedback);
        Err(unlinked())
    }

    /// Makes an agency's folder from its template; does not start it.
    pub fn create_agency(&self, new: &NewAgency) -> Result<AgencyView, Refusal> {
        let _ = new;
        Err(unlinked())
    }

    /// Boards, the first at once and a new one after every change, from a thread of their own.
    pub fn follow(&self) -> Receiver<Feed> {
        std::sync::mpsc::channel().1
    }

    /// How to attach to an agency's session, with one agent's pane in front.
    pub fn attach_plan(&self, agency: &Name, agent: Option<&Name>) -> Result<AttachPlan, Refusal> {
        let _ = (agency, agent);
        Err(unlinked())
    }

    /// The visible screen of an agent's pane, as text.
    pub fn screen(&self, agent: &AgentAddress) -> Result<String, Refusal> {
        let _ = agent;
        Err(unlinked())
    }

    /// Makes sure that a supervisor runs; returns its process id.
    pub fn require_supervisor(&self) -> Result<u32, Refusal> {
        Err(unlinked())
    }

    /// Process id of the running supervisor, none if none runs.
    pub fn supervisor_pid(&self) -> Option<u32> {
        None
    }

    /// Looks at everything the workbench needs.
    pub fn examine(&self) -> Vec<FindingView> {
        Vec::new()
    }

    /// Checks the ledger's chain.
    pub fn verify_ledger(&self) -> Result<Verified, Refusal> {
        Err(unlinked())
    }

    /// Throws derived tables away and folds the ledger anew; returns the events read and whether
    /// the fold equals the running state.
    pub fn rebuild_ledger(&self) -> Result<(u64, bool), Refusal> {
        Err(unlinked())
    }

    /// Writes every event as one JSON line each; returns how many.
    pub fn export_ledger(&self, out: &mut dyn std::io::Write) -> Result<u64, Refusal> {
        let _ = out;
        Err(unlinked())
    }

    /// The board as it was: at a position, or at a moment.
    pub fn board_at(&self, moment: Moment) -> Result<Board, Refusal> {
        let _ = moment;
        Err(unlinked())
    }
}

/// A point in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// After this event.
    Seq(u64),
    /// After the last event at or before this time.
    Time(Timestamp),
}

fn unlinked() -> Refusal {
    Refusal::new(crate::domain::refusal::RefusalKind::Failed, "unlinked", "no supervisor link")
}
