//! A face's handle on one workbench: commands, queries, the live board.
//!
//! Commands go to the supervisor, which is started when none runs. Queries are answered by the
//! supervisor or, when none runs, from the ledger itself. Start reading at [`Workbench::ask`].

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::agency::{AgencyState, AgentState, Layout};
use crate::domain::approval::{Decision, SignedStatement, Statement};
use crate::domain::command::{Answer, Command};
use crate::domain::id::{ApprovalId, SpawnId};
use crate::domain::name::{AgentAddress, Name};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::state::State;
pub use crate::ports::ledger::Verified;
pub use crate::ports::terminals::AttachPlan;
use crate::service::link::{ENDED, Link, UNHEARD};
use crate::service::outside::Outside;
use crate::service::query::Query;
use crate::service::replica::Extent;
use crate::service::views::{AgencyView, ApprovalView, Board, NAME_TAKEN, StatusView, Talk};
use crate::service::wire::Ask;
use crate::service::{preflight, reading, record, replica};

pub mod asking;

pub mod bringing;

pub mod creating;

pub mod crew;

pub mod entering;

pub mod examining;

pub mod handing_over;

pub mod history;

pub mod matching;
pub mod receiving;

pub mod runtimes;

pub mod sending;

pub mod templating;

pub mod viewing;

pub use crew::NewAgent;
pub use matching::{AgencyMatchView, MatchView, TemplateMatchView};
pub use sending::DraftOptions;

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
        spawn: SpawnId,
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
    /// Messages; only for who follows the talk.
    Talk(Box<Talk>),
    /// The supervisor is not there; the last board is old. Tried again by itself.
    Lost {
        /// Why.
        reason: String,
    },
}

/// A point in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// After this event.
    Seq(u64),
    /// After the last event at or before this time.
    Time(Timestamp),
}

/// Starts a supervisor as a process of its own.
pub type StartSupervisor = Arc<dyn Fn() -> Result<HasEnded, Refusal> + Send + Sync>;

/// Tells why the supervisor that was just started has ended; none while it lives.
pub type HasEnded = Box<dyn FnMut() -> Option<Refusal>>;

/// Tells the process id of the running supervisor.
pub type FindSupervisor = Arc<dyn Fn() -> Option<u32> + Send + Sync>;

/// A workbench, as a face sees it.
#[derive(Clone)]
pub struct Workbench {
    outside: Outside,
    identity: Identity,
    tmux: Option<String>,
    start_supervisor: StartSupervisor,
    find_supervisor: FindSupervisor,
}

/// What to do without a usable tmux.
const INSTALL_TMUX: &str = "install tmux 3.2 or newer";

/// Where the user's own server cannot be worked on.
pub(crate) const OWN_TMUX: &str = "change that setting, or give agencies a server of their own: [tmux] socket = \"agency\" in agency.toml";

/// A supervisor that was started answers within this time, or something is wrong with it.
const SUPERVISOR_DEADLINE: Duration = Duration::from_secs(10);

/// How often it is looked whether what was asked for has come about.
const GLANCE: Duration = Duration::from_millis(10);

/// Agencies that were started have come to rest within this time; slower ones go on by themselves.
const SETTLE_DEADLINE: Duration = Duration::from_secs(15);

/// An agent whose pane was gone has a new life within this time: the second pause after a death is a second.
const COMEBACK_DEADLINE: Duration = Duration::from_secs(3);

impl Workbench {
    /// Puts the parts together. `tmux` is the socket path of the tmux server this process runs in, if any.
    pub fn new(
        outside: Outside,
        identity: Identity,
        tmux: Option<String>,
        start_supervisor: StartSupervisor,
        find_supervisor: FindSupervisor,
    ) -> Self {
        Self { outside, identity, tmux, start_supervisor, find_supervisor }
    }

    /// The workbench's folder.
    pub fn home(&self) -> &Path {
        &self.outside.home
    }

    /// Who this process is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Asks the supervisor to do something; starts it when none runs.
    ///
    /// A start or restart of agencies returns when their sessions have come to rest.
    pub fn ask(&self, command: Command) -> Result<Answer, Refusal> {
        let started: Option<Vec<Name>> = match &command {
            Command::StartAgencies { names } => Some(names.clone()),
            Command::RestartAgency { name } => Some(vec![name.clone()]),
            _ => None,
        };
        let is_last_word = matches!(command, Command::ReportState { .. });
        // The same for both askings.
        let request = command.is_once().then(|| self.outside.clock.new_id());
        let ask = || -> Result<Value, Refusal> {
            let mut link = if is_last_word {
                // An agent that is being ended tells so in vain; it must not bring back what ended it.
                Link::open(&self.outside.socket).ok_or_else(no_supervisor)?
            } else {
                self.require_link()?
            };
            let ask = Ask::Command(Box::new(command.clone()));
            link.ask_once(&self.outside, &self.identity, request, ask)
        };
        let deadline = Instant::now() + SUPERVISOR_DEADLINE;
        let value = loop {
            match ask() {
                // It was killed while it was spoken to: the next one is asked. While the dead one is being taken
                // apart its socket may be found once more. What it had heard and done the next one knows.
                Err(refusal)
                    if (refusal.code == UNHEARD || refusal.code == ENDED && request.is_some())
                        && Instant::now() < deadline =>
                {
                    wait(GLANCE);
                }
                other => break other?,
            }
        };
        let answer = read_as(value)?;
        if let Some(names) = started {
            self.settle(&names)?;
        }
        Ok(answer)
    }

    fn require_link(&self) -> Result<Link, Refusal> {
        if let Some(link) = Link::open(&self.outside.socket) {
            return Ok(link);
        }
        self.require_starter()?;
        let mut has_ended = (self.start_supervisor)()?;
        let deadline = Instant::now() + SUPERVISOR_DEADLINE;
        loop {
            if let Some(link) = Link::open(&self.outside.socket) {
                return Ok(link);
            }
            // Ours may have ended because somebody else's was faster: then that one is waited for.
            if (self.find_supervisor)().is_none()
                && let Some(refusal) = has_ended()
            {
                if refusal.code != "supervisor_runs" {
                    return Err(refusal);
                }
                // It lost against one that is gone too, or against somebody who only looked at the lock.
                has_ended = (self.start_supervisor)()?;
            }
            if Instant::now() > deadline {
                return Err(self.no_answer());
            }
            wait(GLANCE);
        }
    }

    /// An agent brings back a supervisor that died, not one that the operator ended.
    fn require_starter(&self) -> Result<(), Refusal> {
        if self.identity == Identity::Operator {
            return Ok(());
        }
        let fold =
            (self.outside.open_reader)().and_then(|ledger| record::fold(ledger.as_ref(), u64::MAX));
        match fold {
            Ok((state, _)) if state.supervisor.is_some() => Ok(()),
            Ok(_) | Err(_) => Err(no_supervisor()),
        }
    }

    fn no_answer(&self) -> Refusal {
        let log = self.home().join("registry").join("supervisor.log");
        let message = "the supervisor was started and does not answer";
        Refusal::new(RefusalKind::Failed, "supervisor_failed", message)
            .with_hint(format!("see {}", log.display()))
    }

    /// Waits until started agencies have come to rest.
    fn settle(&self, names: &[Name]) -> Result<(), Refusal> {
        let begun = Instant::now();
        // A pane that is found gone only now comes back after a pause.
        let is_coming = |agency: &AgencyView| {
            let is_fallen = || agency.agents.iter().any(|agent| agent.state == AgentState::Crashed);
            agency.state == AgencyState::Starting
                || (begun.elapsed() < COMEBACK_DEADLINE && is_fallen())
        };
        loop {
            let agencies: Vec<AgencyView> = self.fetch(&Query::Agencies)?;
            let mut chosen =
                agencies.iter().filter(|a| names.is_empty() || names.contains(&a.name));
            if let Some(agency) = chosen.clone().find(|agency| is_in_trouble(agency)) {
                return Err(trouble(agency));
            }
            if !chosen.any(is_coming) || begun.elapsed() > SETTLE_DEADLINE {
                return Ok(());
            }
            wait(GLANCE);
        }
    }

    /// Asks for something, as JSON in the shape that [`Query`] names. Starts nothing.
    pub fn query(&self, query: &Query) -> Result<Value, Refusal> {
        let ask =
            |mut link: Link| link.ask(&self.outside, &self.identity, Ask::Query(query.clone()));
        match Link::open(&self.outside.socket).map(ask) {
            Some(Err(refusal)) if refusal.code == UNHEARD => self.read_ledger(query.clone()),
            Some(answer) => answer,
            None => self.read_ledger(query.clone()),
        }
    }

    /// Answers from the ledger; what only a supervisor could know is unknown then.
    fn read_ledger(&self, query: Query) -> Result<Value, Refusal> {
        if matches!(query, Query::Launch { .. }) {
            self.load_programs()?;
        }
        let (state, seq) = self.last_state()?;
        let partial = reading::ask_state(&state, &self.outside, seq, query)?;
        reading::finish(&self.outside, partial)
    }

    /// The fold of the ledger as it is without a supervisor.
    fn last_state(&self) -> Result<(State, u64), Refusal> {
        use crate::ports::ledger::LedgerError;
        let fold = match (self.outside.open_reader)() {
            Ok(ledger) => record::fold(ledger.as_ref(), u64::MAX),
            Err(LedgerError::Absent { .. }) => Ok((State::default(), 0)),
            Err(error) => Err(error),
        };
        let (mut state, seq) = fold.map_err(|error| reading::ledger_refusal(&error))?;
        state.supervisor = None;
        for agent in
            state.sessions.agencies.values_mut().flat_map(|agency| agency.agents.values_mut())
        {
            if agent.state.is_alive() {
                agent.state = AgentState::Unknown;
                agent.reason = Some("no supervisor is running".to_owned());
            }
        }
        self.add_unseen_definitions(&mut state);
        Ok((state, seq))
    }

    /// The same, read into its view.
    pub fn fetch<T: serde::de::DeserializeOwned>(&self, query: &Query) -> Result<T, Refusal> {
        read_as(self.query(query)?)
    }

    /// The whole in one screen.
    pub fn status(&self) -> Result<StatusView, Refusal> {
        self.fetch(&Query::Status)
    }

    /// Signs and sends an approval of exactly what `agency approvals show` shows now.
    pub fn approve(&self, id: ApprovalId) -> Result<Answer, Refusal> {
        self.decide(id, Decision::Approve, None)
    }

    /// Signs and sends a rejection with feedback for the agent.
    pub fn reject(&self, id: ApprovalId, feedback: &str) -> Result<Answer, Refusal> {
        self.decide(id, Decision::Reject, Some(feedback.to_owned()))
    }

    fn decide(
        &self,
        id: ApprovalId,
        decision: Decision,
        feedback: Option<String>,
    ) -> Result<Answer, Refusal> {
        if let Identity::Agent { address, .. } = &self.identity {
            let message = format!("only the operator decides about approvals, not `{address}`");
            return Err(Refusal::new(RefusalKind::NotAllowed, "operator_only", message)
                .with_hint("decide in a terminal of your own, outside of any agent's pane"));
        }
        let view: ApprovalView = self.fetch(&Query::Approval { id })?;
        let statement = Statement {
            approval: id,
            decision,
            change: view.change,
            tree: view.tree,
            evidence: view.evidence.unwrap_or_default(),
            feedback,
            at: self.outside.clock.now(),
        };
        let keyring = |error: crate::ports::keyring::KeyringError| {
            Refusal::new(RefusalKind::NotAllowed, "no_key", error.to_string())
        };
        let key = self.outside.keyring.operator_key().map_err(keyring)?;
        let signature = self.outside.keyring.sign(&statement.to_bytes()).map_err(keyring)?;
        self.ask(Command::Decide { signed: SignedStatement { statement, key, signature } })
    }

    /// Boards, the first at once and a new one after every change, from a thread of their own.
    pub fn follow(&self) -> Receiver<Feed> {
        replica::follow(self.outside.clone(), self.identity.clone(), Extent::Boards)
    }

    /// The same, and before each board the messages that have changed; at first all of them.
    pub fn follow_talk(&self) -> Receiver<Feed> {
        replica::follow(self.outside.clone(), self.identity.clone(), Extent::Talk)
    }

    /// Makes sure that a supervisor runs; returns its process id.
    pub fn require_supervisor(&self) -> Result<u32, Refusal> {
        let deadline = Instant::now() + SUPERVISOR_DEADLINE;
        loop {
            drop(self.require_link()?);
            if let Some(pid) = (self.find_supervisor)() {
                return Ok(pid);
            }
            // The one that answered was about to end: the next one is started.
            if Instant::now() > deadline {
                return Err(self.no_answer());
            }
            wait(GLANCE);
        }
    }

    /// Process id of the running supervisor, none if none runs.
    pub fn supervisor_pid(&self) -> Option<u32> {
        (self.find_supervisor)()
    }
}

fn read_back(what: &str) -> Refusal {
    Refusal::new(RefusalKind::Failed, what, "what was made cannot be read back")
}

fn no_supervisor() -> Refusal {
    Refusal::new(RefusalKind::Failed, "no_supervisor", "the supervisor is not running")
        .with_hint("the operator starts it: agency up")
}

fn read_as<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Refusal> {
    serde_json::from_value(value).map_err(|error| {
        Refusal::new(
            RefusalKind::Failed,
            "version",
            format!("the supervisor speaks another version: {error}"),
        )
        .with_hint("restart it: agency down && agency up")
    })
}

/// Waits without a sleep: on a channel that nobody writes to.
fn wait(time: Duration) {
    let (_keep, never) = std::sync::mpsc::channel::<()>();
    let _ = never.recv_timeout(time);
}

/// Whether its session could not be made. One that only has another name than its agency is well.
fn is_in_trouble(agency: &AgencyView) -> bool {
    agency.reason.is_some() && agency.reason_code.as_deref() != Some(NAME_TAKEN)
}

/// Why an agency's session could not be made, with the exit status that belongs to it.
fn trouble(agency: &AgencyView) -> Refusal {
    let code = agency.reason_code.as_deref().unwrap_or("session");
    let (kind, hint) = match code {
        "tmux_missing" | "tmux_too_old" => (RefusalKind::Missing, INSTALL_TMUX.to_owned()),
        "tmux_settings" => (RefusalKind::Failed, OWN_TMUX.to_owned()),
        _ => (RefusalKind::Failed, "it is tried again by itself; see `agency doctor`".to_owned()),
    };
    let problem = agency.reason.clone().unwrap_or_default();
    Refusal::new(kind, code, format!("`{}` could not be started: {problem}", agency.name))
        .with_hint(hint)
}

impl Workbench {
    /// Agencies whose folders stand and that no supervisor has seen yet: they are there, not running.
    fn add_unseen_definitions(&self, state: &mut State) {
        let Ok(files) = self.outside.folder.load_definitions() else { return };
        for (_, file) in files {
            let parsed =
                crate::manifest::agency::parse(&file.path.display().to_string(), &file.text);
            if let Ok(definition) = parsed {
                // One that is only in the archive leaves its name to a new one.
                let is_known = state.sessions.agency(&definition.name).is_some();
                if !is_known {
                    let event = crate::engine::event::Event::AgencyDefined {
                        definition: Box::new(definition),
                    };
                    state.apply(&event, self.outside.clock.now());
                }
            }
        }
    }

    /// A folder's error in the words of a refusal.
    pub(super) fn folder_refusal(error: crate::ports::folder::FolderError) -> Refusal {
        preflight::folder_refusal(error)
    }
}
