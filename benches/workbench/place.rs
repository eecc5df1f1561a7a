//! The workbench that is measured: agencies of ten agents, on a tmux server of their own.
//!
//! It is made with the program's own commands. When it is dropped it is stopped the same way, and what
//! does not stop by itself is ended by its process id.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use agency::adapters::clock::SystemClock;
use agency::bootstrap::environment::Environment;
use agency::bootstrap::opening;
use agency::domain::agency::AgentState;
use agency::domain::id::SpawnId;
use agency::domain::name::AgentAddress;
use agency::ports::clock::Clock as _;
use agency::ports::terminals::PaneId;
use agency::service::outside::Outside;
use agency::service::views::AgentView;
use agency::service::workbench::{Identity, Workbench};

use crate::idle::tmux_of;

/// The program, as it was built for this bench.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_agency");

/// Five agencies of ten are fifty panes.
pub const AGENCIES: [&str; 5] = ["Alpha", "Beta", "Gamma", "Delta", "Omega"];
const SPECIALISTS: &str = "a1,a2,a3,a4,a5,a6,a7,a8,a9";

/// Fifty programs start in some ten seconds; much later something is wrong.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Everything that was made.
pub struct Place {
    root: tempfile::TempDir,
    /// A handle on it as the operator.
    pub workbench: Workbench,
    /// Its ports.
    pub outside: Outside,
}

/// An agent that is measured with.
pub struct Agent {
    /// Its address.
    pub address: AgentAddress,
    /// Which life.
    pub spawn: SpawnId,
    /// Its pane.
    pub pane: PaneId,
}

impl Place {
    /// Fifty rehearsal agents, all idle.
    pub fn set_up() -> Self {
        let place = Self::make();
        for name in AGENCIES {
            place.create(name, "rehearsal");
            give_scripts(&place.home().join("agencies").join(name));
        }
        place.start(AGENCIES.len() * 10);
        place
    }

    /// A workbench without an agency.
    pub fn make() -> Self {
        // Short: a socket's path has little room.
        let root = tempfile::Builder::new().prefix("ab-").tempdir().expect("a folder");
        let project = root.path().join("p");
        make_project(&project);
        let home = root.path().join("w");
        run(base(root.path()).arg("init").arg(&home).arg("--project").arg(&project));
        let socket = root.path().join("t");
        let settings = format!("[project]\npath = {project:?}\n\n[tmux]\nsocket = {socket:?}\n");
        std::fs::write(home.join("agency.toml"), settings).expect("written");
        let environment = environment(root.path(), Identity::Operator);
        let outside = opening::outside(&environment, &home).expect("the ports");
        let workbench = opening::open(&environment, Some(&home)).expect("the workbench");
        Self { root, workbench, outside }
    }

    /// Describes a program.
    pub fn describe(&self, runtime: &str, text: &str) {
        let folder = self.home().join("templates").join("runtimes");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(format!("{runtime}.toml")), text).expect("written");
    }

    /// Makes an agency of ten.
    pub fn create(&self, agency: &str, runtime: &str) {
        let words = ["create", agency, "--runtime", runtime, "--agents", SPECIALISTS, "--no-start"];
        run(self.command().args(words));
    }

    /// Starts everything and waits until so many agents are idle.
    pub fn start(&self, agents: usize) {
        // On a busy machine some start later than it waits for: that is seen below.
        let _ = self.command().arg("up").output();
        let limit = START_LIMIT * u32::try_from(agents.div_ceil(50)).unwrap_or(1);
        let are_up = self.has_come_true(limit, || self.busy_agents() == 0);
        assert!(are_up, "not idle: {:#?}", self.busy());
        assert_eq!(self.agents().len(), agents, "all of them are there");
    }

    /// The program in this workbench, as the operator.
    pub fn command(&self) -> Command {
        command_in(self.root.path())
    }

    /// The folder of everything.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// The workbench's folder.
    pub fn home(&self) -> PathBuf {
        self.root.path().join("w")
    }

    /// A handle on the workbench as this agent.
    pub fn workbench_of(&self, agent: &Agent) -> Workbench {
        let token = self.outside.keyring.agent_token(&agent.address, agent.spawn).expect("a token");
        let identity =
            Identity::Agent { address: agent.address.clone(), spawn: agent.spawn, token };
        let environment = environment(self.root.path(), identity);
        opening::open(&environment, Some(&self.home())).expect("the workbench")
    }

    /// The agents, in the order of their panes.
    pub fn agents(&self) -> Vec<Agent> {
        // Whoever has looked goes on listening, and costs the server as much as the supervisor does.
        let environment = environment(self.root.path(), Identity::Operator);
        let outside = opening::outside(&environment, &self.home()).expect("the ports");
        let seen = outside.terminals.look().expect("the panes");
        seen.panes
            .into_iter()
            .map(|pane| Agent { address: pane.agent, spawn: pane.spawn, pane: pane.pane })
            .collect()
    }

    /// How many agents are not idle.
    pub fn busy_agents(&self) -> usize {
        self.busy().len()
    }

    /// The agents that are not idle.
    fn busy(&self) -> Vec<AgentView> {
        let status = self.workbench.status().expect("the status");
        let agents = status.agencies.into_iter().flat_map(|agency| agency.agents);
        agents.filter(|agent| agent.state != AgentState::Idle).collect()
    }

    /// Whether something is true of every agent; not while nobody can say.
    pub fn every_agent(&self, is_so: impl Fn(&AgentView) -> bool) -> bool {
        let Ok(status) = self.workbench.status() else { return false };
        status.agencies.iter().flat_map(|agency| &agency.agents).all(is_so)
    }

    /// The supervisor's process.
    pub fn supervisor(&self) -> u32 {
        self.workbench.supervisor_pid().expect("a supervisor")
    }

    /// The tmux server's socket.
    pub fn tmux_socket(&self) -> String {
        self.root.path().join("t").display().to_string()
    }

    /// The tmux server's process.
    pub fn tmux_server(&self) -> u32 {
        tmux_of(&self.tmux_socket())
    }

    /// Whether a condition comes true within a time; looks twenty times a second.
    pub fn has_come_true(&self, limit: Duration, mut is_so: impl FnMut() -> bool) -> bool {
        let deadline = Instant::now() + limit;
        while !is_so() {
            if Instant::now() > deadline {
                return false;
            }
            rest(Duration::from_millis(50));
        }
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let supervisor = self.workbench.supervisor_pid();
        // A bench that failed half-way has panicked already: nothing here may do so again.
        let _ = self.command().arg("down").output();
        let _ = Command::new("tmux")
            .arg("-S")
            .arg(self.root.path().join("t"))
            .arg("kill-server")
            .output();
        let process = supervisor
            .filter(|_| self.workbench.supervisor_pid().is_some())
            .and_then(|pid| i32::try_from(pid).ok())
            .and_then(rustix::process::Pid::from_raw);
        if let Some(process) = process {
            let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
        }
    }
}

/// Runs it; whatever it says on failure ends the bench.
pub fn run(command: &mut Command) -> Output {
    let output = command.output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {said}");
    output
}

fn base(root: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    for name in ["AGENCY_AGENT", "AGENCY_SPAWN", "AGENCY_TOKEN", "AGENCY_HOME", "TMUX", "TMUX_PANE"]
    {
        command.env_remove(name);
    }
    command.arg0("agency").env("AGENCY_KEY_DIR", root.join("k")).stdin(Stdio::null());
    command
}

fn command_in(root: &Path) -> Command {
    let mut command = base(root);
    command.env("AGENCY_HOME", root.join("w"));
    command
}

fn environment(root: &Path, identity: Identity) -> Environment {
    Environment {
        home: None,
        identity,
        key_folder: root.join("k"),
        tmux: None,
        program: PathBuf::from(PROGRAM),
        folder: root.to_owned(),
        without_colour: true,
        ..Environment::read()
    }
}

fn make_project(project: &Path) {
    std::fs::create_dir_all(project).expect("a folder");
    std::fs::write(project.join("README.md"), "measured\n").expect("written");
    let who = ["-c", "user.name=Bench", "-c", "user.email=bench@agency.invalid"];
    let steps: [&[&str]; 3] =
        [&["init", "-q", "-b", "main"], &["add", "."], &["commit", "-q", "-m", "start"]];
    for step in steps {
        run(Command::new("git").current_dir(project).args(who).args(step));
    }
}

/// A script in which nothing fits: its agent takes each message, notes it and is idle again.
fn give_scripts(agency: &Path) {
    let folder = agency.join("rehearsal");
    std::fs::create_dir_all(&folder).expect("a folder");
    for name in SPECIALISTS.split(',').chain(["coordinator"]) {
        std::fs::write(folder.join(format!("{name}.toml")), "pace_ms = 0\n").expect("written");
    }
}

/// Waits, on a channel that nobody writes to.
pub fn rest(time: Duration) {
    let (_open, never) = std::sync::mpsc::channel::<()>();
    let _ = never.recv_timeout(time);
}

/// A new id.
pub fn new_id() -> uuid::Uuid {
    SystemClock.new_id()
}
