//! The environment of this process, read once.
//!
//! Nobody else looks at variables, so that a test or an agent can be given any surroundings.

use std::ffi::{OsStr, OsString};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use crate::cli::house::{Stream, Surroundings};
use crate::service::workbench::Identity;

/// What the environment says.
#[derive(Debug, Clone)]
pub struct Environment {
    /// `AGENCY_HOME`.
    pub home: Option<PathBuf>,
    /// Who this process is.
    pub identity: Identity,
    /// Where the operator's key lies.
    pub key_folder: PathBuf,
    /// The socket path of the tmux server that this process runs in.
    pub tmux: Option<String>,
    /// Folders in which programs are looked for.
    pub path: Vec<PathBuf>,
    /// The user's shell.
    pub shell: OsString,
    /// This program, absolute.
    pub program: PathBuf,
    /// The folder it was started in.
    pub folder: PathBuf,
    /// `NO_COLOR`, or a terminal without colours.
    pub without_colour: bool,
}

#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn text(name: &str) -> Option<String> {
    variable(name).and_then(|value| value.into_string().ok())
}

impl Environment {
    /// Reads it.
    pub fn read() -> Self {
        Self {
            home: variable("AGENCY_HOME").map(PathBuf::from),
            identity: identity(),
            key_folder: key_folder(),
            tmux: text("TMUX").and_then(|tmux| tmux.split(',').next().map(str::to_owned)),
            path: path(),
            shell: shell(),
            program: std::env::current_exe().unwrap_or_else(|_| PathBuf::from("agency")),
            folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
            without_colour: variable("NO_COLOR").is_some()
                || text("TERM").as_deref() == Some("dumb"),
        }
    }

    /// What the command line wants to know of it.
    pub fn surroundings(&self) -> Surroundings {
        let stream = |is_terminal: bool| if is_terminal { Stream::Terminal } else { Stream::Other };
        Surroundings {
            home: self.home.clone(),
            stdin: stream(std::io::stdin().is_terminal()),
            stdout: stream(std::io::stdout().is_terminal()),
            stderr: stream(std::io::stderr().is_terminal()),
            width: rustix::termios::tcgetwinsize(std::io::stdout())
                .ok()
                .map(|size| size.ws_col)
                .filter(|width| *width > 0),
            without_colour: self.without_colour,
        }
    }

    /// A program's path: as it is named with a `/` in it, else the first that can be run in `PATH`.
    pub fn find_program(&self, name: &OsStr) -> Option<PathBuf> {
        use rustix::fs::{Access, access};
        let named = PathBuf::from(name);
        if named.components().count() > 1 || named.is_absolute() {
            return Some(named);
        }
        let own = self.program.parent().map(Path::to_owned);
        let folders = own.into_iter().chain(self.path.iter().cloned());
        let mut places = folders.map(|folder| folder.join(&named));
        places.find(|path| path.is_file() && access(path, Access::EXEC_OK).is_ok())
    }

    /// `PATH` with this program's folder in front, so that agents find `agency`.
    pub fn path_with_program(&self) -> OsString {
        let own = self.program.parent().map(Path::to_owned);
        let folders = own.into_iter().chain(self.path.iter().cloned());
        std::env::join_paths(folders).unwrap_or_default()
    }
}

/// `PATH`; in a pane, whose server may have been started long ago by somebody with another one, followed by the folders in which the
/// supervisor looks.
fn path() -> Vec<PathBuf> {
    let of = |name| variable(name).map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let mut folders = of("PATH").unwrap_or_default();
    for folder in of("AGENCY_PATH").unwrap_or_default() {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// The user's shell. An account that nobody logs in to has one that ends at once: an agent can still use the
/// system's.
fn shell() -> OsString {
    let is_one = |shell: &OsString| {
        let name = Path::new(shell).file_name().unwrap_or_default();
        name != "false" && name != "nologin"
    };
    variable("SHELL").filter(is_one).unwrap_or_else(|| OsString::from("/bin/sh"))
}

/// An agent's credential makes this process that agent; half of one makes it an agent that nobody believes.
fn identity() -> Identity {
    let Some(address) = text("AGENCY_AGENT").and_then(|agent| agent.parse().ok()) else {
        return Identity::Operator;
    };
    let spawn = text("AGENCY_SPAWN").and_then(|spawn| spawn.parse().ok()).unwrap_or_default();
    Identity::Agent { address, spawn, token: text("AGENCY_TOKEN").unwrap_or_default() }
}

/// `AGENCY_KEY_DIR`, else `agency` in the user's configuration folder (XDG base directories).
fn key_folder() -> PathBuf {
    if let Some(folder) = variable("AGENCY_KEY_DIR") {
        return PathBuf::from(folder);
    }
    let config = variable("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || variable("HOME").map_or_else(|| PathBuf::from("/"), PathBuf::from);
    config.unwrap_or_else(|| home().join(".config")).join("agency")
}
