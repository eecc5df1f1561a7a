//! A shell to type commands into: the real binary in a folder of its own, with a cleared
//! environment, a key folder and a private tmux server. Everything is stopped and removed at its end.
//!
//! It decides nothing about what is right; the tests beside it do.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use agency::adapters::files;
use agency::adapters::process::Invocation;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// Far beyond what anything here takes; a test that reaches it has failed.
pub const LIMIT: Duration = Duration::from_secs(60);

/// What a command said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Its exit status; none after a signal.
    pub status: Option<i32>,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Said {
    /// Its output without the last line's end, after checking that it was done.
    pub fn done(self) -> String {
        assert_eq!(self.status, Some(0), "{self:?}");
        self.out.trim_end().to_owned()
    }

    /// Its one JSON document, after checking that it was done.
    pub fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.clone().done())
            .unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Checks a refusal: its status, and that `error:` and `hint:` say this.
    pub fn refused(self, status: i32, error: &str, hint: &str) -> Self {
        assert_eq!(self.status, Some(status), "{self:?}");
        assert!(self.err.contains("error: ") && self.err.contains(error), "{error}: {self:?}");
        assert!(hint.is_empty() || self.err.contains("hint: "), "{hint}: {self:?}");
        assert!(self.err.contains(hint), "{hint}: {self:?}");
        assert!(!self.err.contains("panicked") && !self.err.contains("RUST_BACKTRACE"), "{self:?}");
        self
    }
}

/// A user at a shell.
pub struct Shell {
    root: tempfile::TempDir,
    path: String,
}

impl Shell {
    /// A folder with a project in it, no workbench yet.
    pub fn new() -> Self {
        // Short: a socket's path has room for some hundred bytes.
        let root = tempfile::Builder::new().prefix("as-").tempdir_in("/tmp").expect("a folder");
        let shell = Self { root, path: "/usr/local/bin:/usr/bin:/bin".to_owned() };
        for folder in ["home", "key", "tmp", "wb", "proj"] {
            std::fs::create_dir(shell.root().join(folder)).expect("made");
        }
        shell.git("proj", &["init", "--quiet", "--initial-branch", "main"]);
        shell.write("proj/README", "a project\n");
        shell.git("proj", &["add", "--all"]);
        shell.git("proj", &["commit", "--quiet", "-m", "start"]);
        shell
    }

    /// The same with a workbench for the project, on a private tmux server.
    pub fn with_workbench() -> Self {
        let shell = Self::new();
        shell.agency(&["init", "--project", "../proj"]).done();
        shell.keep_tmux_private("wb");
        shell
    }

    /// Gives a workbench a tmux server of its own.
    pub fn keep_tmux_private(&self, home: &str) {
        let file = format!("{home}/agency.toml");
        let text = self.read(&file);
        let socket = format!("socket = \"{}\"", self.socket().display());
        assert!(text.contains("# socket = \"agency\""), "the settings name the socket");
        self.write(&file, &text.replace("# socket = \"agency\"", &socket));
    }

    /// The folder of everything.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// The workbench.
    pub fn home(&self) -> PathBuf {
        self.root().join("wb")
    }

    /// The private tmux server's socket.
    pub fn socket(&self) -> PathBuf {
        self.root().join("t")
    }

    /// From now on programs are found only in this folder and by these links into the real ones.
    pub fn limit_path(&mut self, programs: &[&str]) {
        let folder = self.root().join("bin");
        std::fs::create_dir_all(&folder).expect("made");
        for name in programs {
            let real =
                ["/usr/local/bin", "/usr/bin", "/bin"].map(|place| Path::new(place).join(name));
            let real = real.into_iter().find(|path| path.exists()).expect("it is installed");
            let _ = std::fs::remove_file(folder.join(name));
            std::os::unix::fs::symlink(real, folder.join(name)).expect("linked");
        }
        self.path = folder.display().to_string();
    }

    /// The program and all that goes before its arguments, for a script of one's own.
    pub fn command(&self, program: impl AsRef<OsStr>, folder: &Path) -> Invocation {
        let set = |key: &str, value: &Path| format!("{key}={}", value.display());
        Invocation::new("/usr/bin/env", folder)
            .args(["-i", "LANG=C.UTF-8", "TERM=xterm-256color", "GIT_CONFIG_SYSTEM=/dev/null"])
            .args(["GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b"])
            .args(["GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b", "SHELL=/bin/sh"])
            .args([format!("PATH={}", self.path), set("HOME", &self.root().join("home"))])
            .args([set("AGENCY_KEY_DIR", &self.root().join("key"))])
            .args([set("TMPDIR", &self.root().join("tmp"))])
            .args([format!("AGENCY_BIN={}", env!("CARGO_BIN_EXE_agency"))])
            .args([program.as_ref()])
    }

    /// Runs a program to its end.
    pub fn run(&self, invocation: &Invocation) -> Said {
        let outcome = invocation.run(LIMIT).expect("it ends");
        Said {
            status: outcome.status.code(),
            out: String::from_utf8_lossy(&outcome.stdout).into_owned(),
            err: String::from_utf8_lossy(&outcome.stderr).into_owned(),
        }
    }

    /// Types `agency …` in the workbench.
    pub fn agency(&self, args: &[&str]) -> Said {
        self.agency_in("wb", args)
    }

    /// Types `agency …` in a folder.
    pub fn agency_in(&self, folder: &str, args: &[&str]) -> Said {
        let folder = self.root().join(folder);
        self.run(&self.command(env!("CARGO_BIN_EXE_agency"), &folder).args(args))
    }

    /// The same with `--json`: the error's document on stdout, checked to be the only word.
    pub fn refusal(&self, args: &[&str]) -> (Option<i32>, serde_json::Value) {
        let said = self.agency(&[args, &["--json"]].concat());
        let value: serde_json::Value =
            serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
        let error = value.get("error").cloned().unwrap_or_else(|| panic!("{said:?}"));
        for field in ["code", "message", "hint"] {
            assert!(error.get(field).is_some(), "{field}: {said:?}");
        }
        (said.status, error)
    }

    /// Runs git in a folder.
    pub fn git(&self, folder: &str, args: &[&str]) -> String {
        self.run(&self.command("git", &self.root().join(folder)).args(args)).done()
    }

    /// Runs tmux on the private server.
    pub fn tmux(&self, args: &[&str]) -> Said {
        let socket = self.socket();
        let tmux = self.command("tmux", self.root()).args(["-f", "/dev/null", "-S"]).args([socket]);
        self.run(&tmux.args(args))
    }

    /// Writes a file below the folder.
    pub fn write(&self, file: &str, text: &str) {
        files::replace(&self.root().join(file), text.as_bytes(), 0o644, false).expect("written");
    }

    /// Writes a program below the folder.
    pub fn write_program(&self, file: &str, text: &str) {
        files::replace(&self.root().join(file), text.as_bytes(), 0o755, false).expect("written");
    }

    /// Reads a file below the folder.
    pub fn read(&self, file: &str) -> String {
        let path = self.root().join(file);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The names in a folder, sorted.
    pub fn list(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.root().join(folder)).expect("a folder");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// The supervisor's process, if one runs.
    pub fn supervisor(&self) -> Option<Pid> {
        let file = self.home().join("registry/supervisor.lock");
        let pid = std::fs::read_to_string(file).ok()?.trim().parse().ok()?;
        Pid::from_raw(pid).filter(|pid| test_kill_process(*pid).is_ok())
    }

    /// Processes whose command line names this shell's folder.
    pub fn processes(&self) -> Vec<String> {
        let mine = self.root().display().to_string();
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        entries
            .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
            .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
            .filter(|line| line.contains(&mine))
            .collect()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        if let Some(pid) = self.supervisor() {
            let _ = kill_process(pid, Signal::TERM);
            let deadline = Instant::now() + Duration::from_secs(10);
            while self.supervisor().is_some() && Instant::now() < deadline {
                glance();
            }
        }
        self.path = "/usr/local/bin:/usr/bin:/bin".to_owned();
        if self.socket().exists() {
            let _ = self.tmux(&["kill-server"]);
        }
    }
}

/// A short pause, between two looks at a condition.
pub fn glance() {
    let (_keep, never) = std::sync::mpsc::channel::<()>();
    let _ = never.recv_timeout(Duration::from_millis(20));
}

/// Waits until something is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        glance();
    }
}
