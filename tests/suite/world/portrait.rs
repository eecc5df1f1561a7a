//! What a world looks like, for the message of a test that failed.

use std::fmt::Write as _;

use super::World;

/// Events that are shown: what led to the failure is among the last ones.
const LAST_EVENTS: usize = 40;

impl World {
    /// The status, the screens of all panes, the last events and the supervisor's log.
    pub fn portrait(&self) -> String {
        let mut portrait = format!("world: {}\n", self.root().display());
        for args in [&["status"][..], &["task", "list"], &["messages"]] {
            let outcome = self.agency(args);
            let _ = writeln!(portrait, "--- agency {args:?}\n{}{}", outcome.stdout, outcome.stderr);
        }
        let format = "#{pane_id} #{session_name} #{window_name} #{@agency_agent} dead=#{pane_dead}";
        for row in self.tmux(&["list-panes", "-a", "-F", format]).stdout.lines() {
            let pane = row.split(' ').next().unwrap_or_default();
            let screen = self.tmux(&["capture-pane", "-p", "-t", pane]).stdout;
            let _ = writeln!(portrait, "--- pane {row}\n{}", screen.trim_end());
        }
        let events = self.events();
        let _ = writeln!(portrait, "--- the last of {} events", events.len());
        for event in events.iter().skip(events.len().saturating_sub(LAST_EVENTS)) {
            let payload: String = event.payload.chars().take(300).collect();
            let _ = writeln!(portrait, "{} {} {} {payload}", event.seq, event.kind, event.subject);
        }
        let log = std::fs::read_to_string(self.home().join("registry/supervisor.log"));
        let _ = writeln!(portrait, "--- the supervisor's log\n{}", log.unwrap_or_default());
        portrait
    }
}
