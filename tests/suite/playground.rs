//! A workbench in a temporary folder, its agents by rehearsal script, its tmux server a private one.
//!
//! What is asked of it is asked of the real binary, as a user would. When it is dropped, its agencies
//! and its supervisor are ended; nothing else is ever touched.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use agency::adapters::files::replace;
use agency::adapters::process::{Invocation, Outcome};

/// Nothing here takes longer unless it hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// The binary that is tested.
pub fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_agency"))
}

/// The binary in a folder, with an operator's key of its own, and as nobody's agent.
pub fn agency(folder: &Path, keys: &Path) -> Invocation {
    let mut invocation = Invocation::new(binary(), folder).env("AGENCY_KEY_DIR", keys);
    for name in ["AGENCY_HOME", "AGENCY_AGENT", "AGENCY_SPAWN", "AGENCY_TOKEN", "TMUX", "TMUX_PANE"]
    {
        invocation = invocation.unset(name);
    }
    invocation
}

/// Runs git and returns what it says.
pub fn git(folder: &Path, args: &[&str]) -> String {
    let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"];
    let run = Invocation::new("git", folder).args(identity).args(args).run(LIMIT);
    let outcome = run.expect("git runs");
    assert!(outcome.status.success(), "git {args:?}: {}", outcome.problem());
    outcome.text()
}

/// Looks again and again until something is so; fails with what was seen last.
pub fn until<T>(limit: Duration, what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let end = Instant::now() + limit;
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) if Instant::now() > end => panic!("waited for {what}, saw:\n{seen}"),
            Err(_) => std::thread::park_timeout(Duration::from_millis(5)),
        }
    }
}

/// Command lines of the running processes that name a folder.
pub fn processes_of(folder: &Path) -> Vec<String> {
    let folder = folder.to_string_lossy().into_owned();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let lines = entries.filter_map(|entry| {
        let bytes = std::fs::read(entry.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&bytes).replace('\0', " "))
    });
    lines.filter(|line| line.contains(&folder)).collect()
}

/// An agency `Crew` with a coordinator `lead` and a specialist `dev`.
pub struct Playground {
    folder: tempfile::TempDir,
}

impl Playground {
    /// A workbench for a project, with the checks that prove it, as `agency.toml` has them, and the
    /// two agents' scripts. The agency runs when this returns.
    pub fn with(make_project: impl FnOnce(&Path), checks: &str, lead: &str, dev: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let playground = Self { folder };
        make_project(&playground.project());
        let project = playground.project().display().to_string();
        let home = playground.home().display().to_string();
        playground.ok(&["init", &home, "--project", &project]);
        let socket = playground.folder.path().join("tmux.sock");
        let settings = format!(
            "[project]\npath = '{project}'\nbranch = 'main'\n\n[tmux]\nsocket = '{}'\n\n{checks}\n",
            socket.display()
        );
        put(&playground.home().join("agency.toml"), &settings);
        let create = ["create", "Crew", "--agents", "dev", "--coordinator", "lead"];
        let more = ["--runtime", "rehearsal", "--no-start"];
        playground.ok(&[create.as_slice(), more.as_slice()].concat());
        let scripts = playground.home().join("agencies/Crew/rehearsal");
        put(&scripts.join("lead.toml"), lead);
        put(&scripts.join("dev.toml"), dev);
        playground.ok(&["up"]);
        playground
    }

    /// The workbench.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("bench")
    }

    /// The project.
    pub fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// Where everything lies.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The operator's keys.
    pub fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    /// Runs a command of the workbench.
    pub fn run(&self, args: &[&str]) -> Outcome {
        let mut invocation = agency(self.folder.path(), &self.keys());
        if self.home().join("agency.toml").exists() {
            invocation = invocation.env("AGENCY_HOME", self.home());
        }
        invocation.args(args).run(LIMIT).expect("the binary runs")
    }

    /// Runs a command that must do; returns its answer.
    pub fn ok(&self, args: &[&str]) -> String {
        let outcome = self.run(args);
        assert!(outcome.status.success(), "agency {args:?}: {}", outcome.problem());
        outcome.text()
    }
}

impl Drop for Playground {
    fn drop(&mut self) {
        self.run(&["down"]);
    }
}

/// Writes a file and the folders above it.
pub fn put(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    replace(path, text.as_bytes(), 0o644, false).expect("written");
}
