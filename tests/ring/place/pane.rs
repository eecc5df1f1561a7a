//! The agent's pane, seen and touched as a person at the terminal would: real keys, real screens.

use std::time::Duration;

use super::{AGENT, Place, text};

/// Between two keys: a person's pace. Some programs take faster ones for a paste, or lose one.
const STROKE: Duration = Duration::from_millis(120);

impl Place {
    /// Runs `tmux` on this place's server.
    pub fn tmux(&self, args: &[&str]) -> Result<String, String> {
        let socket = text(&self.socket());
        self.run("tmux", &[&["-S", &socket, "-u"], args].concat())
    }

    /// The pane, by the mark it carries.
    pub fn pane(&self) -> Result<String, String> {
        let panes = self.tmux(&["list-panes", "-a", "-F", "#{@agency_agent} #{pane_id}"])?;
        let mut rows = panes.lines().filter_map(|row| row.split_once(' '));
        let found = rows.find(|(owner, _)| *owner == AGENT);
        found.map(|(_, pane)| pane.to_owned()).ok_or_else(|| "the agent has no pane".to_owned())
    }

    /// The process that the pane runs; none while it is dead.
    pub fn process(&self) -> Option<u32> {
        let pane = self.pane().ok()?;
        let facts = self.tmux(&["display-message", "-p", "-t", &pane, "#{pane_dead} #{pane_pid}"]);
        facts.ok()?.strip_prefix("0 ")?.trim().parse().ok()
    }

    /// What is to be seen now.
    pub fn screen(&self) -> String {
        let seen = self.pane().and_then(|pane| self.tmux(&["capture-pane", "-p", "-t", &pane]));
        seen.unwrap_or_else(|problem| format!("(no screen: {problem})"))
    }

    /// Presses keys, one after the other.
    pub fn press(&self, keys: &[&str]) -> Result<(), String> {
        let pane = self.pane()?;
        for key in keys {
            self.let_pass(STROKE);
            self.tmux(&["send-keys", "-t", &pane, key])?;
        }
        Ok(())
    }

    /// Types a text, letter by letter.
    pub fn type_text(&self, words: &str) -> Result<(), String> {
        let pane = self.pane()?;
        for letter in words.chars() {
            self.tmux(&["send-keys", "-t", &pane, "-l", "--", &letter.to_string()])?;
            self.let_pass(STROKE);
        }
        Ok(())
    }

    fn let_pass(&self, time: Duration) {
        let began = std::time::Instant::now();
        while began.elapsed() < time {
            std::thread::park_timeout(time);
        }
    }
}
