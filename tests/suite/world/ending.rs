//! How a world ends: what was started in it is ended, by its process id, and nothing may be left.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{LOOK, World, text, variable};

/// Closing everything takes well under a second.
const LIMIT: Duration = Duration::from_secs(10);

/// Sends a signal; a process that is gone already is all right.
pub fn signal(pid: u32, signal: Signal) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let _ = kill_process(pid.expect("a process id"), signal);
}

impl World {
    /// Processes of this world that still live: id and command line.
    pub fn processes(&self) -> Vec<(u32, String)> {
        let mark = text(self.root());
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let read = |pid: u32, file: &str| {
            let path = PathBuf::from(format!("/proc/{pid}/{file}"));
            String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).replace('\0', " ")
        };
        ids.filter(|pid| *pid != std::process::id())
            .map(|pid| (pid, read(pid, "cmdline"), read(pid, "environ")))
            .filter(|(_, line, environ)| line.contains(&mark) || environ.contains(&mark))
            .map(|(pid, line, _)| (pid, line.chars().take(200).collect()))
            .collect()
    }

    fn end_everything(&self) -> Vec<(u32, String)> {
        if let Some(pid) = self.supervisor_pid() {
            signal(pid, Signal::TERM);
            self.wait_quietly(|| self.supervisor_pid().is_none());
        }
        if self.socket().exists() {
            self.tmux(&["kill-server"]);
        }
        if let Some(mut child) = self.supervisor.borrow_mut().take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        self.wait_quietly(|| self.processes().is_empty());
        let left = self.processes();
        left.iter().for_each(|(pid, _)| signal(*pid, Signal::KILL));
        left
    }

    fn wait_quietly(&self, is_so: impl Fn() -> bool) {
        let began = Instant::now();
        while !is_so() && began.elapsed() < LIMIT {
            std::thread::park_timeout(LOOK);
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let left = self.end_everything();
        if variable("AGENCY_KEEP_TEST_WORLD").is_none() {
            let _ = std::fs::remove_dir_all(self.root());
        }
        if !std::thread::panicking() {
            assert!(left.is_empty(), "processes were left behind: {left:#?}");
        }
    }
}
