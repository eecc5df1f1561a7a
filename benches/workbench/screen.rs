//! From an agent's report of its state to the changed cell on the screen.
//!
//! The screen runs in a pane of a second tmux server, 200×60, and is looked at through a control-mode
//! client. The clock starts before the report is sent, so the way to the supervisor counts too.

use std::process::Command;
use std::time::{Duration, Instant};

use agency::adapters::tmux::{Settings, Tmux};
use agency::domain::agency::AgentState;
use agency::domain::command::Command as Order;
use agency::ports::terminals::{PaneId, Terminals as _};

use crate::delivery::until_shown;
use crate::figures::{Goal, Row, Samples};
use crate::place::{PROGRAM, Place, rest, run};

const CHANGES: usize = 100;
/// Longer than a frame, so that each change meets a screen at rest.
const REST: Duration = Duration::from_millis(60);

/// Measures it.
pub fn measure(place: &Place) -> Vec<Row> {
    let server = ScreenServer::start(place);
    let look = || server.tmux.screen(&server.pane).expect("a screen");
    until_shown("Alpha", look);
    let looks = Samples::take(200, || {
        look();
    });
    let agents = place.agents();
    let agent = agents.first().expect("an agent");
    let workbench = place.workbench_of(agent);
    let mut samples = Samples::default();
    for number in 0..CHANGES {
        let reason = format!("probe-{number:03}");
        let began = Instant::now();
        let state = AgentState::Permission;
        let report = Order::ReportState { spawn: agent.spawn, state, reason: Some(reason.clone()) };
        workbench.ask(report).expect("reported");
        samples.add(until_shown(&reason, look).duration_since(began));
        rest(REST);
    }
    let back = Order::ReportState { spawn: agent.spawn, state: AgentState::Idle, reason: None };
    workbench.ask(back).expect("reported");
    let what = "state change → screen, 50 agents, 200×60";
    vec![Row::times(
        what,
        &samples,
        Some(("one look at the screen", &looks)),
        Goal::Both(40.0, 250.0),
    )]
}

/// The second server, with the screen in its only pane.
struct ScreenServer {
    socket: String,
    tmux: Tmux,
    pane: PaneId,
}

impl ScreenServer {
    fn start(place: &Place) -> Self {
        let socket = place.root().join("s").display().to_string();
        let variable =
            |name: &str, path: &str| format!("{name}={}", place.root().join(path).display());
        let size = ["new-session", "-d", "-x", "200", "-y", "60"];
        let environment =
            ["-e", &variable("AGENCY_HOME", "w"), "-e", &variable("AGENCY_KEY_DIR", "k")];
        run(tmux(&socket).args(size).args(environment).arg(PROGRAM));
        // The mark by which the library finds a session to sit in.
        run(tmux(&socket).args(["set-option", "@agency_home", "bench"]));
        let settings = Settings {
            socket: Some(socket.clone()),
            home: "bench".to_owned(),
            deadline: Settings::DEADLINE,
        };
        Self { socket, tmux: Tmux::new(&settings), pane: PaneId("%0".to_owned()) }
    }
}

impl Drop for ScreenServer {
    fn drop(&mut self) {
        let _ = tmux(&self.socket).arg("kill-server").output();
    }
}

fn tmux(socket: &str) -> Command {
    let mut command = Command::new("tmux");
    command.args(["-S", socket, "-f", "/dev/null", "-u"]).env_remove("TMUX");
    command.env("TERM", "xterm-256color");
    command
}
