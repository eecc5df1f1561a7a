//! The panes of a world, seen and touched as a person at the terminal would.

use super::{Outcome, PATIENCE, World, text};

impl World {
    /// Runs `tmux` on this world's server.
    pub fn tmux(&self, args: &[&str]) -> Outcome {
        let socket = text(&self.socket());
        self.run("tmux", &[&["-S", &socket, "-u"], args].concat(), &[])
    }

    /// The pane of an agent, by the mark it carries.
    pub fn pane(&self, agent: &str) -> Option<String> {
        let panes = self.tmux(&["lsp", "-a", "-F", "#{@agency_agent} #{pane_id}"]).stdout;
        let mut rows = panes.lines().filter_map(|row| row.split_once(' '));
        rows.find(|(owner, _)| *owner == agent).map(|(_, pane)| pane.to_owned())
    }

    /// A format of an agent's pane.
    pub fn of_pane(&self, agent: &str, format: &str) -> String {
        let pane = self.pane(agent).unwrap_or_else(|| panic!("{agent} has no pane"));
        self.tmux(&["display-message", "-p", "-t", &pane, format]).stdout
    }

    /// What is to be seen in an agent's pane, history included, wrapped lines joined.
    pub fn screen(&self, agent: &str) -> String {
        let Some(pane) = self.pane(agent) else { return String::new() };
        self.tmux(&["capture-pane", "-p", "-J", "-S", "-", "-t", &pane]).stdout
    }

    /// The row with the cursor in it.
    pub fn cursor_row(&self, agent: &str) -> String {
        let row: usize = self.of_pane(agent, "#{cursor_y}").parse().expect("a row");
        let pane = self.pane(agent).expect("a pane");
        let screen = self.tmux(&["capture-pane", "-p", "-t", &pane]).stdout;
        screen.lines().nth(row).unwrap_or_default().to_owned()
    }

    /// Presses keys in an agent's pane.
    pub fn press(&self, agent: &str, keys: &[&str]) {
        let pane = self.pane(agent).unwrap_or_else(|| panic!("{agent} has no pane"));
        let sent = self.tmux(&[&["send-keys", "-t", &pane], keys].concat());
        assert_eq!(sent.status, Some(0), "{sent:?}");
    }

    /// Types a text into an agent's pane, key by key.
    pub fn type_text(&self, agent: &str, words: &str) {
        self.press(agent, &["-l", words]);
    }

    /// Waits until a text is to be seen in an agent's pane.
    pub fn wait_for_text(&self, agent: &str, words: &str) {
        self.wait_until(&format!("`{words}` in the pane of {agent}"), PATIENCE, || {
            self.screen(agent).contains(words)
        });
    }

    /// Waits until a verdict with these words has reached an agent: in its pane, or fetched where it was quicker.
    pub fn wait_for_verdict(&self, agent: &str, words: &str) {
        self.wait_until(&format!("a verdict `{words}` for {agent}"), PATIENCE, || {
            let all = self.json(&["messages", "--type", "verdict", "--state", "acknowledged"]);
            let is_it = |found: &serde_json::Value| {
                found["to"] == agent
                    && found["body"].as_str().is_some_and(|body| body.contains(words))
            };
            all.as_array().is_some_and(|all| all.iter().any(is_it))
        });
    }

    /// Waits until an agent is in a state.
    pub fn wait_for_state(&self, agent: &str, state: &str) {
        self.wait_until(&format!("{agent} to be {state}"), PATIENCE, || {
            self.state_of(agent).as_deref() == Some(state)
        });
    }

    /// The state of an agent.
    pub fn state_of(&self, agent: &str) -> Option<String> {
        let agencies = self.json(&["list"]);
        let agents = agencies.as_array()?.iter().filter_map(|agency| agency["agents"].as_array());
        let mut agents = agents.flatten();
        let found = agents.find(|found| found["address"] == agent)?;
        found["state"].as_str().map(str::to_owned)
    }
}
