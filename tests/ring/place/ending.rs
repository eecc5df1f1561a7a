//! How a place ends: its workbench is put down, its tmux server closed, and whatever still carries its
//! mark in command line or environment is ended by its process id. Nothing else is ever signalled.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use agency::adapters::folder::SupervisorLock;
use rustix::process::{Pid, Signal, kill_process};

use super::{LOOK, Place, said, text};

/// Programs end within seconds of losing their terminal.
const LIMIT: Duration = Duration::from_secs(10);

/// Who dies before the other.
#[derive(Clone, Copy)]
pub enum Victims {
    /// The supervisor may see the server die.
    ServerFirst,
    /// Nobody sees the server die.
    SupervisorFirst,
}

/// Sends a signal; a process that is gone already is all right.
pub fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

impl Place {
    /// Kills the agent's program without a warning; its process.
    pub fn kill_program(&self) -> Result<u32, String> {
        let pid = self.process().ok_or("the agent has no living process")?;
        signal(pid, Signal::KILL);
        Ok(pid)
    }

    /// Kills the supervisor without a warning; whatever else runs goes on.
    pub fn kill_supervisor(&self) -> Result<(), String> {
        let pid = SupervisorLock::holder(&self.home()).ok_or("no supervisor runs")?;
        signal(pid, Signal::KILL);
        self.see_dead(&[pid])
    }

    /// Kills the tmux server and the supervisor without a warning, one right after the other; their sockets stay.
    pub fn kill_everything(&self, victims: Victims) -> Result<(), String> {
        let server = self.tmux(&["display-message", "-p", "#{pid}"])?;
        let server = server.trim().parse().map_err(said)?;
        let supervisor = SupervisorLock::holder(&self.home()).ok_or("no supervisor runs")?;
        let both = match victims {
            Victims::ServerFirst => [server, supervisor],
            Victims::SupervisorFirst => [supervisor, server],
        };
        both.iter().for_each(|pid| signal(*pid, Signal::KILL));
        self.see_dead(&both)
    }

    /// Whether a supervisor runs.
    pub fn has_supervisor(&self) -> bool {
        SupervisorLock::holder(&self.home()).is_some()
    }

    fn see_dead(&self, pids: &[u32]) -> Result<(), String> {
        // Who has died and was not taken note of has no command line any more.
        let is_dead = |pid: &u32| {
            std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default().is_empty()
        };
        let are_dead = || pids.iter().all(is_dead);
        self.wait_quietly(are_dead);
        are_dead().then_some(()).ok_or_else(|| format!("one of {pids:?} does not die"))
    }

    /// Processes of this place that still live.
    fn processes(&self) -> Vec<u32> {
        let mark = text(self.root());
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let says = |pid: u32, file: &str| {
            let path = PathBuf::from(format!("/proc/{pid}/{file}"));
            String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).contains(&mark)
        };
        ids.filter(|pid| *pid != std::process::id())
            .filter(|pid| says(*pid, "cmdline") || says(*pid, "environ"))
            .collect()
    }

    fn wait_quietly(&self, is_so: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_so() && began.elapsed() < LIMIT {
            std::thread::park_timeout(LOOK);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.agency(&["down"]);
        if let Some(pid) = SupervisorLock::holder(&self.home()) {
            signal(pid, Signal::TERM);
            self.wait_quietly(|| !self.has_supervisor());
        }
        if self.socket().exists() {
            let _ = self.tmux(&["kill-server"]);
        }
        self.wait_quietly(|| self.processes().is_empty());
        self.processes().into_iter().for_each(|pid| signal(pid, Signal::KILL));
    }
}
