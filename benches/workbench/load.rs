//! What fifty agents cost that print a line a second each, while their screens are read by rules.
//!
//! The floor is a tmux server alone with fifty of the same programs, and nobody who listens. What the programs
//! themselves use counts on neither side.

use std::process::Command;
use std::time::Duration;

use crate::crew::Crew;
use crate::figures::Row;
use crate::idle::{Window, tmux_of};
use crate::place::{Place, rest, run};
use crate::standin;
use crate::watched::Watched;

const LONG: Duration = Duration::from_secs(25);
/// All of them print by then.
const SETTLE: Duration = Duration::from_secs(4);

/// Measures it, with the screen open.
pub fn measure(crew: &Crew) -> Vec<Row> {
    let floor = alone(&crew.place);
    let screen = Watched::start(&crew.place, "Crew00");
    crew.tell_all("ticking");
    rest(SETTLE);
    let window = Window::over(&crew.place, &screen, LONG);
    crew.tell_all("idle");
    let total = window.cpu();
    vec![Row::figure(
        "50 agents, a line a second each: CPU of all of ours and tmux",
        format!("{total:.2} % of a core ({})", window.parts()),
        format!("tmux alone, nobody listens {floor:.2} %; whole machine {:.0} %", window.machine),
        "< 1.5 %",
        total < 1.5,
    )]
}

/// CPU of a tmux server with the same fifty programs, in percent of a core.
fn alone(place: &Place) -> f64 {
    let socket = place.root().join("f").display().to_string();
    let own = std::env::current_exe().expect("this program").display().to_string();
    let command = || {
        let mut command = Command::new("tmux");
        command.args(["-S", &socket, "-f", "/dev/null"]).env_remove("TMUX");
        command
    };
    let program = [own.as_str(), standin::WORD, "alone"];
    run(command().args(["new-session", "-d", "-x", "200", "-y", "50"]).args(program));
    for _ in 1..50 {
        run(command().args(["new-window", "-d"]).args(program));
    }
    rest(SETTLE);
    let cpu = crate::idle::cpu_of(tmux_of(&socket), Duration::from_secs(15));
    let _ = command().arg("kill-server").output();
    cpu
}
