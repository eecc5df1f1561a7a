//! A world for one test: a folder with a project, a workbench, an operator's key, a home and a tmux server,
//! all its own; the real program in it, with an environment that holds nothing else.
//!
//! Nothing here knows how the program works inside: it runs commands, reads files, panes, git and
//! the ledger. When the world is dropped, everything that was started in it has ended, or the test
//! fails. `AGENCY_KEEP_TEST_WORLD=1` keeps the folder.

mod ending;
mod panes;
mod portrait;

pub use ending::signal;

use std::cell::RefCell;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use agency::adapters::files;
use agency::adapters::folder::SupervisorLock;
use agency::adapters::process::Invocation;
use agency::adapters::sqlite::SqliteLedger;
use agency::demo::content;
use agency::ports::ledger::{LedgerReader as _, Record};
use serde_json::Value;

/// Any single command ends long before this, on a busy machine too.
const COMMAND_LIMIT: Duration = Duration::from_secs(60);
/// How often something that tells nobody is looked at.
const LOOK: Duration = Duration::from_millis(15);
/// How long a test waits for anything at all.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How a command ended.
#[derive(Debug)]
pub struct Outcome {
    /// The exit status; none: killed.
    pub status: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// The world; see the head of the file.
pub struct World {
    root: PathBuf,
    socket: PathBuf,
    /// Variables of everything that is run here; none: without it.
    variables: Vec<(&'static str, Option<String>)>,
    supervisor: RefCell<Option<Child>>,
}

impl World {
    /// A world with the demo's project and an empty workbench for it.
    pub fn new() -> Self {
        // A socket's path may have 104 bytes: the place of temporary folders may be too deep for it.
        let folder = tempfile::Builder::new().prefix("agw-").tempdir_in("/tmp").expect("a folder");
        let root = folder.keep();
        let socket = root.join("tmux.sock");
        Self { root, socket, variables: Vec::new(), supervisor: RefCell::new(None) }.furnished()
    }

    /// A world whose agencies live on the user's own tmux server, with this configuration; its socket is in this
    /// folder of the world, and everything is run with these variables.
    pub fn of_user(conf: &str, folder: &str, variables: &[(&'static str, Option<&str>)]) -> Self {
        let root = tempfile::Builder::new().prefix("agw-").tempdir_in("/tmp").expect("a folder");
        let (root, user) = (root.keep(), rustix::process::getuid().as_raw());
        let tmux = root.join(folder);
        let own = tmux.join(format!("tmux-{user}"));
        std::fs::create_dir_all(&own).expect("made");
        // tmux takes no folder that others can look into.
        std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o700)).expect("private");
        write(&root.join("user/.tmux.conf"), conf);
        let socket = own.join("default");
        let mut own = vec![("TMUX_TMPDIR", Some(text(&tmux)))];
        own.extend(variables.iter().map(|(name, value)| (*name, value.map(str::to_owned))));
        let world = Self { root, socket, variables: own, supervisor: RefCell::new(None) };
        let world = world.furnished();
        let settings = content::settings(&world.project(), &world.socket());
        let (before, after) = settings.split_once("[tmux]\n").expect("a section");
        let after = after.split_once("\n\n").expect("another one").1;
        world.write("agency.toml", &format!("{before}{after}"));
        world
    }

    fn furnished(self) -> Self {
        let world = self;
        for folder in [world.root.join("user"), world.keys(), world.project()] {
            std::fs::create_dir_all(folder).expect("made");
        }
        for file in content::PROJECT {
            world.write_project(file.path, file.text);
        }
        world.git(&["init", "--quiet", "--initial-branch", content::BRANCH]);
        world.git(&["config", "user.name", "Owner"]);
        world.git(&["config", "user.email", "owner@example.org"]);
        world.commit("start");
        let (home, project) = (text(&world.home()), text(&world.project()));
        world.must(&["init", &home, "--project", &project]);
        world.write("agency.toml", &content::settings(&world.project(), &world.socket()));
        world
    }

    /// The same with both agencies of the demo and their scripts, not started.
    pub fn with_agencies() -> Self {
        let world = Self::new();
        for agency in content::AGENCIES {
            world.must(&create(agency));
        }
        world.give_scripts();
        world
    }

    /// Its folder; every process of this world has it in its environment.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The workbench.
    pub fn home(&self) -> PathBuf {
        self.root.join("bench")
    }

    /// The project.
    pub fn project(&self) -> PathBuf {
        self.root.join("project")
    }

    /// Where the operator's key lies.
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// The tmux server's socket.
    pub fn socket(&self) -> PathBuf {
        self.socket.clone()
    }

    /// Writes a file of the workbench.
    pub fn write(&self, path: &str, text: &str) {
        write(&self.home().join(path), text);
    }

    /// Writes a file of the project.
    pub fn write_project(&self, path: &str, text: &str) {
        write(&self.project().join(path), text);
    }

    /// Commits everything in the project's own checkout.
    pub fn commit(&self, subject: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "-m", subject]);
    }

    /// Gives every agent of the demo its script.
    pub fn give_scripts(&self) {
        for actor in content::ACTORS {
            self.give_script(actor.agency, actor.agent, &actor.script(Duration::ZERO));
        }
    }

    /// Gives an agent a script.
    pub fn give_script(&self, agency: &str, agent: &str, script: &str) {
        self.write(&format!("agencies/{agency}/rehearsal/{agent}.toml"), script);
    }

    /// Runs `git` in the project; it must work.
    pub fn git(&self, args: &[&str]) -> String {
        let outcome = self.run("git", args, &[]);
        assert_eq!(outcome.status, Some(0), "git {args:?}: {}", outcome.stderr);
        outcome.stdout
    }

    /// Runs `agency` on the workbench, as the operator.
    pub fn agency(&self, args: &[&str]) -> Outcome {
        self.agency_with(args, &[])
    }

    /// The same with more environment.
    pub fn agency_with(&self, args: &[&str], env: &[(&str, &str)]) -> Outcome {
        let home = text(&self.home());
        let mut env = env.to_vec();
        env.push(("AGENCY_HOME", &home));
        self.run(env!("CARGO_BIN_EXE_agency"), args, &env)
    }

    /// Runs `agency`; it must work.
    pub fn must(&self, args: &[&str]) -> String {
        let outcome = self.agency(args);
        assert_eq!(outcome.status, Some(0), "agency {args:?}: {outcome:?}\n{}", self.portrait());
        outcome.stdout
    }

    /// What `agency … --json` says; it must work.
    pub fn json(&self, args: &[&str]) -> Value {
        let text = self.must(&[args, &["--json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?}: {error}: {text}"))
    }

    /// Runs a program in the project's folder with this world's environment and nothing else.
    pub fn run(&self, program: &str, args: &[&str], env: &[(&str, &str)]) -> Outcome {
        let run = self.invocation(program, args, env).run(COMMAND_LIMIT);
        let run = run.unwrap_or_else(|error| panic!("{program} {args:?}: {error}"));
        Outcome {
            status: run.status.code(),
            stdout: run.text(),
            stderr: String::from_utf8_lossy(&run.stderr).into_owned(),
        }
    }

    fn invocation(&self, program: &str, args: &[&str], env: &[(&str, &str)]) -> Invocation {
        let mut words: Vec<OsString> = vec!["-i".into()];
        let is_without = |key: &str| self.variables.contains(&(key, None));
        let mut set = |key: &str, value: &str| {
            if !is_without(key) {
                words.push(format!("{key}={value}").into());
            }
        };
        set("PATH", &variable("PATH").expect("a PATH"));
        set("HOME", &text(&self.root.join("user")));
        set("LANG", "C.UTF-8");
        set("AGENCY_KEY_DIR", &text(&self.keys()));
        for (key, value) in &self.variables {
            value.as_ref().inspect(|value| set(key, value));
        }
        env.iter().for_each(|(key, value)| set(key, value));
        words.push(program.into());
        Invocation::new("env", self.project()).args(words).args(args)
    }

    /// Starts a supervisor as a child of the test, with a fail point or none.
    pub fn start_supervisor(&self, fail_point: Option<&str>) {
        let env: Vec<_> =
            fail_point.map(|point| ("AGENCY_FAIL_POINT", point)).into_iter().collect();
        let home = text(&self.home());
        let args = ["supervise", "--home", &home];
        let mut command = self.invocation(env!("CARGO_BIN_EXE_agency"), &args, &env).to_command();
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.home().join("registry/supervisor.log"))
            .expect("a log");
        command.stdout(Stdio::null()).stderr(log);
        *self.supervisor.borrow_mut() = Some(command.spawn().expect("started"));
        self.wait_until("the supervisor to listen", PATIENCE, || {
            self.count("supervisor_started") > 0
        });
    }

    /// The signal that ended the supervisor that [`World::start_supervisor`] started; none while it lives.
    pub fn ended_by(&self) -> Option<i32> {
        let mut slot = self.supervisor.borrow_mut();
        let status = slot.as_mut()?.try_wait().expect("a child")?;
        Some(status.signal().unwrap_or(0))
    }

    /// The supervisor's process.
    pub fn supervisor_pid(&self) -> Option<u32> {
        SupervisorLock::holder(&self.home())
    }

    /// Kills the supervisor, without a warning, and waits until it is gone.
    pub fn kill_supervisor(&self) {
        let Some(pid) = self.supervisor_pid() else { return };
        ending::signal(pid, rustix::process::Signal::KILL);
        self.wait_until("the supervisor to be dead", PATIENCE, || {
            self.supervisor_pid() != Some(pid)
        });
    }

    /// The whole ledger.
    pub fn events(&self) -> Vec<Record> {
        let path = self.home().join("registry/ledger.db");
        let Ok(ledger) = SqliteLedger::open_reader(&path) else { return Vec::new() };
        ledger.read(0, usize::from(u16::MAX)).expect("records")
    }

    /// How many events of a kind there are.
    pub fn count(&self, kind: &str) -> usize {
        self.events().iter().filter(|event| event.kind == kind).count()
    }

    /// Waits until something is so; says what the world looks like when it never is.
    pub fn wait_until(&self, what: &str, limit: Duration, is_so: impl FnMut() -> bool) {
        let mut is_so = is_so;
        let began = Instant::now();
        while !is_so() {
            if began.elapsed() > limit {
                panic!("waited {} s for {what} in vain\n{}", limit.as_secs(), self.portrait());
            }
            std::thread::park_timeout(LOOK);
        }
    }
}

/// The words that make an agency of the demo.
pub fn create(agency: &str) -> Vec<&str> {
    let agents = if agency == "CodeAgency" { "dev-1,dev-2" } else { "engineer" };
    let coordinator = ["--coordinator", content::COORDINATOR];
    let rest = ["--agents", agents, "--runtime", "rehearsal", "--no-start"];
    [&["create", agency][..], &coordinator, &rest].concat()
}

/// A path as text.
pub fn text(path: &Path) -> String {
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// A variable of this process.
#[expect(clippy::disallowed_methods, reason = "a world's environment is made here, from this one")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    files::replace(path, text.as_bytes(), 0o644, false).expect("written");
}
