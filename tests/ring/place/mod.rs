//! The place of one program: a home, a git project, a workbench, a tmux server and a model, all its own.
//!
//! Everything lies below cargo's folder, because some programs refuse settings below a folder that
//! anybody may write to; only the socket does not, whose path may have 104 bytes. Nothing of the
//! person who runs the ring gets in but the search path. When the place is dropped, all that was started
//! in it has ended; its folder stays for a look until the next run.

mod ending;
mod pane;

pub use ending::Victims;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use agency::adapters::files;
use agency::adapters::process::Invocation;
use serde_json::Value;

use crate::model::Model;
use crate::programs::Program;
use crate::report::Verdict;

/// The agency and its only agent.
pub const AGENCY: &str = "Ring";
/// The agent's address.
pub const AGENT: &str = "Ring/lead";
/// Another agency, whose only agent is a shell: somebody to write to.
pub const PEER: &str = "Shelf/lead";

/// Any single command ends long before this.
const COMMAND_LIMIT: Duration = Duration::from_secs(60);
/// How often something is looked at: states that last shorter than this do not matter to a person.
const LOOK: Duration = Duration::from_millis(50);

/// See the head of the file.
pub struct Place {
    root: PathBuf,
    socket: tempfile::TempDir,
    model: Model,
    environment: Vec<(String, String)>,
}

impl Place {
    /// Makes the place for a program, with the workbench and its agency, not started.
    pub fn make(program: &Program, around: &Surroundings) -> Result<Self, String> {
        let root = around.folder.join(program.name);
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(root.join("failures")).map_err(said)?;
        let model = Model::start(0, Some(&root.join("model.jsonl"))).map_err(said)?;
        let socket = tempfile::Builder::new().prefix("ring-").tempdir().map_err(said)?;
        let mut place = Self { root, socket, model, environment: Vec::new() };
        place.environment = place.base(&around.path);
        let own = (program.environment)(&place);
        place.environment.extend(own.into_iter().map(|(key, value)| (key.to_owned(), value)));
        for (path, text) in (program.files)(&place) {
            place.write(&place.user().join(path), &text)?;
        }
        place.make_project()?;
        place.make_workbench(program, around)?;
        Ok(place)
    }

    fn base(&self, path: &str) -> Vec<(String, String)> {
        let pair = |key: &str, value: String| (key.to_owned(), value);
        vec![
            pair("PATH", path.to_owned()),
            pair("HOME", text(&self.user())),
            pair("LANG", "C.UTF-8".to_owned()),
            pair("AGENCY_KEY_DIR", text(&self.root.join("keys"))),
            pair("AGENCY_HOME", text(&self.home())),
        ]
    }

    /// The project; around it a repository that keeps programs from finding the one that the ring lies in.
    fn make_project(&self) -> Result<(), String> {
        self.write(&self.project().join("README.md"), "# A project\n")?;
        self.run("git", &["init", "--quiet", &text(&self.root)])?;
        for args in [
            &["config", "--global", "user.name", "Owner"][..],
            &["config", "--global", "user.email", "owner@example.org"],
            &["init", "--quiet", "--initial-branch", "main"],
            &["add", "--all"],
            &["commit", "--quiet", "-m", "start"],
        ] {
            self.run("git", args)?;
        }
        Ok(())
    }

    fn make_workbench(&self, program: &Program, around: &Surroundings) -> Result<(), String> {
        let (home, project) = (text(&self.home()), text(&self.project()));
        self.agency(&["init", &home, "--project", &project])?;
        let quoted = |path: &Path| Value::from(text(path)).to_string();
        let settings = format!(
            "[project]\npath = {}\nbranch = \"main\"\n\n[tmux]\nsocket = {}\n\n\
             [checks]\ncommands = [[\"true\"]]\n\n{}",
            quoted(&self.project()),
            quoted(&self.socket()),
            around.settings,
        );
        self.write(&self.home().join("agency.toml"), &settings)?;
        let who = ["--coordinator", "lead", "--runtime", program.name];
        self.agency(&[&["create", AGENCY, "--no-start"][..], &who].concat())?;
        let who = ["--coordinator", "lead", "--runtime", "shell"];
        self.agency(&[&["create", "Shelf", "--no-start"][..], &who].concat())?;
        Ok(())
    }

    /// Everything of this program.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The private HOME.
    pub fn user(&self) -> PathBuf {
        self.root.join("user")
    }

    /// The workbench.
    pub fn home(&self) -> PathBuf {
        self.root.join("bench")
    }

    /// The git project.
    pub fn project(&self) -> PathBuf {
        self.root.join("project")
    }

    /// The folder that the agent works in.
    pub fn folder(&self) -> PathBuf {
        self.home().join("agencies").join(AGENCY)
    }

    /// The tmux server's socket.
    pub fn socket(&self) -> PathBuf {
        self.socket.path().join("tmux")
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Where the model listens, with a path after it.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.model.port())
    }

    /// Runs a program in the project's folder, in this place's environment; what it printed.
    pub fn run(&self, program: &str, args: &[&str]) -> Result<String, String> {
        let mut words = vec!["-i".to_owned()];
        words.extend(self.environment.iter().map(|(key, value)| format!("{key}={value}")));
        words.push(program.to_owned());
        let invocation = Invocation::new("env", self.project()).args(words).args(args);
        let outcome = invocation.run(COMMAND_LIMIT).map_err(said)?;
        if outcome.status.success() {
            return Ok(outcome.text());
        }
        Err(format!("`{program} {}`: {}", args.join(" "), outcome.problem()))
    }

    /// Runs `agency` as the operator.
    pub fn agency(&self, args: &[&str]) -> Result<String, String> {
        self.run(env!("CARGO_BIN_EXE_agency"), args)
    }

    /// Sends an agent a message; its id.
    pub fn send(&self, to: &str, body: &str) -> Result<String, String> {
        self.agency(&["send", to, body]).map(|id| id.trim().to_owned())
    }

    /// The agent's state; empty when nobody knows.
    pub fn state(&self) -> String {
        self.state_of(AGENT)
    }

    /// The state of any agent of the workbench.
    pub fn state_of(&self, agent: &str) -> String {
        let list = self.agency(&["list", "--json"]).unwrap_or_default();
        let list: Value = serde_json::from_str(&list).unwrap_or_default();
        let agencies = list.as_array().into_iter().flatten();
        let mut agents = agencies.flat_map(|agency| agency["agents"].as_array()).flatten();
        let found = agents.find(|found| found["address"] == agent);
        found.and_then(|found| found["state"].as_str()).unwrap_or_default().to_owned()
    }

    /// Waits until something is so.
    pub fn wait(&self, what: &str, limit: Duration, mut is_so: impl FnMut() -> bool) -> Verdict {
        let began = Instant::now();
        while !is_so() {
            if began.elapsed() > limit {
                return Err(format!("waited {} s in vain for {what}", limit.as_secs()).into());
            }
            std::thread::park_timeout(LOOK);
        }
        Ok(())
    }

    /// Waits until the agent is in one of these states; which one.
    pub fn wait_for_state(&self, states: &[&str], limit: Duration) -> Result<String, String> {
        self.wait_for_state_of(AGENT, states, limit)
    }

    /// The same for any agent.
    pub fn wait_for_state_of(
        &self,
        agent: &str,
        states: &[&str],
        limit: Duration,
    ) -> Result<String, String> {
        let began = Instant::now();
        loop {
            let state = self.state_of(agent);
            if states.contains(&state.as_str()) {
                return Ok(state);
            }
            if began.elapsed() > limit {
                let (wanted, waited) = (states.join(" or "), limit.as_secs());
                return Err(format!("{agent} is `{state}` and not {wanted} after {waited} s"));
            }
            std::thread::park_timeout(LOOK);
        }
    }

    /// Sees that something stays so.
    pub fn holds(&self, what: &str, time: Duration, mut is_so: impl FnMut() -> bool) -> Verdict {
        let began = Instant::now();
        while began.elapsed() < time {
            if !is_so() {
                let after = began.elapsed().as_millis();
                return Err(format!("no longer after {after} ms: {what}").into());
            }
            std::thread::park_timeout(LOOK);
        }
        Ok(())
    }

    fn write(&self, path: &Path, words: &str) -> Result<(), String> {
        std::fs::create_dir_all(path.parent().unwrap_or(path)).map_err(said)?;
        files::replace(path, words.as_bytes(), 0o600, false).map_err(said)
    }
}

/// What every place of one run shares.
pub struct Surroundings {
    /// Where places are made.
    pub folder: PathBuf,
    /// Where programs are found.
    pub path: String,
    /// Further settings of the workbench, to try a runtime that is not shipped.
    pub settings: String,
}

/// A path as text.
pub fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// An error in words.
pub fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
