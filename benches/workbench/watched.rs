//! The screen in a pane of a second tmux server, 200×60, looked at through a control-mode client.
//!
//! That server stands for the terminal of a person: what it costs is not counted anywhere.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use agency::adapters::clock::SystemClock;
use agency::adapters::tmux::{Settings, Tmux};
use agency::domain::id::SpawnId;
use agency::ports::clock::Clock as _;
use agency::ports::terminals::viewing::Stroke;
use agency::ports::terminals::{KeysOrder, PaneId, Pressed, Terminals as _};

use crate::delivery::until_shown;
use crate::figures::Samples;
use crate::place::{PROGRAM, Place, run};

/// The second server, with the screen in its only pane.
pub struct Watched {
    socket: String,
    tmux: Tmux,
    pane: PaneId,
}

impl Watched {
    /// Shows a workbench and waits until it is drawn with this text in it.
    pub fn start(place: &Place, text: &str) -> Self {
        // One of its own each time: the last one's server may still be ending.
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let socket = place.root().join(format!("s{number}")).display().to_string();
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
        let watched = Self { socket, tmux: Tmux::new(&settings), pane: PaneId("%0".to_owned()) };
        until_shown(text, || watched.look());
        watched
    }

    /// What is on the screen now.
    pub fn look(&self) -> String {
        self.tmux.screen(&self.pane).expect("a screen")
    }

    /// Has the pane taken for one that the library may press keys in.
    pub fn may_be_typed_into(&self) {
        let mark = ["set-option", "-p", "@agency_spawn"];
        run(tmux(&self.socket).args(mark).arg(SpawnId::nil().to_string()));
    }

    /// Presses a key in the terminal of the screen.
    pub fn press(&self, stroke: Stroke) {
        let at = SystemClock.now();
        let (pane, spawn) = (self.pane.clone(), SpawnId::nil());
        let order = KeysOrder { pane, spawn, at, strokes: vec![stroke] };
        assert_eq!(self.tmux.press(&order).expect("it answers"), Pressed::Taken);
    }

    /// Times of looks at it: no change can be seen faster.
    pub fn floor(&self) -> Samples {
        Samples::take(200, || drop(self.look()))
    }

    /// The process of the screen, and that of the server it is drawn on.
    pub fn processes(&self) -> (u32, u32) {
        let said = run(tmux(&self.socket).args(["display-message", "-p", "#{pane_pid} #{pid}"]));
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let mut numbers = said.split_whitespace().filter_map(|word| word.parse().ok());
        (numbers.next().expect("a process"), numbers.next().expect("a process"))
    }
}

impl Drop for Watched {
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
