//! The real tmux on private sockets: the port's contract, and what only the real thing can get wrong.
//!
//! The programs in the panes are a small raw-mode line reader; what it was given stands in a file.

use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::adapters::process::Invocation;
use crate::ports::terminals::contract::{World, plan, terminals_contract, wait_for};

mod arranging;
mod keystrokes;
mod listening;
mod sessions;
mod trouble;

/// Reads a line in raw mode with bracketed paste, shows it, and appends it to a file named for its
/// process, as JSON.
const READER: &str = r#"
import json, os, sys, termios, tty
tty.setraw(0)
out = lambda b: os.write(1, b)
held = b''
out(b'\x1b[?2004h\xe2\x80\xba ')
pasting, text = False, b''
while True:
    chunk = os.read(0, 65536)
    if not chunk: break
    held += chunk
    while held:
        if b'\x1b[200~'.startswith(held[:6]) and len(held) < 6: break
        if held.startswith(b'\x1b[200~'): pasting, held = True, held[6:]; continue
        if held.startswith(b'\x1b[201~'): pasting, held = False, held[6:]; continue
        if held[:1] == b'\r' and not pasting:
            with open(os.path.join(sys.argv[1], str(os.getpid())), 'a') as f: f.write(json.dumps(text.decode()) + '\n')
            text, held = b'', held[1:]
            out(b'\r\n\xe2\x80\xba ')
            continue
        end = min([i for i in (held.find(b'\x1b', 1), held.find(b'\r', 1)) if i > 0] or [len(held)])
        text += held[:end]
        out(held[:end].replace(b'\n', b'\r\n'))
        held = held[end:]
"#;

pub(super) struct RealWorld {
    pub(super) tmux: Tmux,
    pub(super) folder: tempfile::TempDir,
    pub(super) socket: PathBuf,
}

impl RealWorld {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("s");
        let settings = Settings {
            socket: Some(socket.to_string_lossy().into_owned()),
            home: "/test home".to_owned(),
            deadline: Settings::DEADLINE,
        };
        Self { tmux: Tmux::new(&settings), folder, socket }
    }

    /// A world whose server somebody else started, with this configuration.
    pub(super) fn with_user_config(config: &str) -> Self {
        let world = Self::new();
        let path = world.folder.path().join("conf");
        std::fs::File::create(&path)
            .and_then(|mut file| std::io::Write::write_all(&mut file, config.as_bytes()))
            .expect("written");
        let path = path.to_string_lossy().into_owned();
        let keep = [";", "set-option", "-t", "mine", "destroy-unattached", "off"];
        let start = ["-f", &path, "new-session", "-d", "-s", "mine", "sleep 1000"];
        world.user(&[&start[..], &keep[..]].concat());
        world
    }

    /// Somebody else's tmux command on the same server.
    pub(super) fn user(&self, args: &[&str]) -> String {
        let run = Invocation::new("tmux", "/").args(["-S"]).args([&self.socket]).args(args);
        let run = run.unset("TMUX").run(Duration::from_secs(10));
        run.expect("tmux runs").text()
    }

    fn server_pid(&self) -> String {
        self.user(&["display-message", "-p", "#{pid}"])
    }

    fn reader(&self) -> Vec<String> {
        let folder = self.folder.path().to_string_lossy().into_owned();
        ["/usr/bin/env", "python3", "-c", READER]
            .map(str::to_owned)
            .into_iter()
            .chain([folder])
            .collect()
    }
}

impl Drop for RealWorld {
    fn drop(&mut self) {
        let pid = self.server_pid().parse().unwrap_or(0);
        self.user(&["kill-server"]);
        if !std::thread::panicking() {
            wait_for("the server has ended", || !is_running(pid));
        }
    }
}

impl World for RealWorld {
    fn terminals(&self) -> &dyn Terminals {
        &self.tmux
    }
    fn plan(&self, agents: &[&str]) -> SessionPlan {
        plan("Code", agents, &self.reader())
    }
    fn kill_pane(&self, pane: &PaneId) {
        self.user(&["kill-pane", "-t", &pane.0]);
    }
    fn end_program(&self, seen: &PaneSeen) {
        signal("-KILL", &seen.pid.to_string());
    }
    fn kill_session(&self, name: &Name) {
        self.user(&["kill-session", "-t", &format!("={name}")]);
    }
    fn kill_server(&self) {
        let pid = self.server_pid().parse().expect("a pid");
        self.user(&["kill-server"]);
        wait_for("the server has ended", || !is_running(pid));
    }
    fn add_foreign_session(&self, name: &str) {
        self.user(&["-f", "/dev/null", "new-session", "-d", "-s", name, "sleep 1000"]);
    }
    fn type_half_a_line(&self, pane: &PaneId) {
        wait_for("the prompt", || self.tmux.screen(pane).expect("it answers").contains('\u{203a}'));
        self.user(&["send-keys", "-t", &pane.0, "-l", "half"]);
        wait_for("half a line", || self.tmux.is_on_screen(pane, "half") == Ok(true));
    }
    fn print(&self, pane: &PaneId, text: &str) {
        // What is typed into the reader is printed by it.
        self.user(&["send-keys", "-t", &pane.0, "-l", text]);
    }
    fn received(&self, seen: &PaneSeen) -> Vec<String> {
        let path = self.folder.path().join(seen.pid.to_string());
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

/// Whether the process runs; one that only waits to be reaped does not.
fn is_running(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

fn signal(signal: &str, pid: &str) {
    let run = Invocation::new("kill", "/").args([signal, pid]).run(Duration::from_secs(5));
    assert!(run.expect("kill runs").status.success());
}

terminals_contract!(RealWorld::new());

/// Plans of two sessions, each with one agent.
fn two_plans(world: &RealWorld) -> (SessionPlan, SessionPlan) {
    let mut other = world.plan(&["lead"]);
    other.agency = Name::parse("Other").expect("a name");
    other.panes[0].agent.agency = other.agency.clone();
    (world.plan(&["lead"]), other)
}
