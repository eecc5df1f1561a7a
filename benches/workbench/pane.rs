//! A pane on the screen: from a key to its echo in sight, what one picture costs, and what a spinner costs.
//!
//! The key is pressed in the terminal of the screen; it goes through the screen into the pane of a rehearsal
//! agent, whose echo comes back the same way. The clock runs over both tmux servers, as it does for a person.

use std::io::Write as _;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use agency::service::workbench::viewing::{Key, Stroke};

use crate::delivery::until_shown;
use crate::figures::{Goal, Row, Samples};
use crate::idle::cpu_of;
use crate::place::{Place, rest, run};
use crate::watched::Watched;

/// No two the same beside each other, so that each key makes a text that was not there.
const TYPED: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// Longer than a frame, so that each key meets a screen at rest.
const REST: Duration = Duration::from_millis(60);
/// How long a spinner turns.
const TURNS: Duration = Duration::from_secs(10);

/// Measures it.
pub fn measure(place: &Place) -> Vec<Row> {
    let screen = Watched::start(place, "Alpha");
    screen.may_be_typed_into();
    let agents = place.agents();
    let agent = agents.first().expect("an agent");
    for key in ["g", "j", "v"] {
        screen.press(Stroke::Key(Key::Char(key.chars().next().expect("one")), Default::default()));
        rest(REST);
    }
    until_shown("type into it", || screen.look());
    until_shown(&agent.address.to_string(), || screen.look());
    let pictures = Samples::take(300, || {
        place.workbench.picture(&agent.address, &agent.pane, 0).expect("a picture");
    });
    screen.press(Stroke::Key(Key::Char('i'), Default::default()));
    until_shown("Ctrl-] ends", || screen.look());
    let echoes = echoes(&screen);
    let spinner = spinner(place, &screen, &agent.pane.0);
    vec![
        Row::times("key on the screen → its echo there", &echoes, None, Goal::Both(40.0, 250.0)),
        Row::times("one picture of a pane", &pictures, None, Goal::Median(2.0)),
        Row::figure(
            "a spinner in sight: CPU of the screen",
            format!("{spinner:.2} %"),
            String::new(),
            "< 1 %",
            spinner < 1.0,
        ),
    ]
}

fn echoes(screen: &Watched) -> Samples {
    let mut samples = Samples::default();
    let mut typed = String::new();
    for c in TYPED.chars() {
        typed.push(c);
        let began = Instant::now();
        screen.press(Stroke::Key(Key::Char(c), Default::default()));
        samples.add(until_shown(&typed, || screen.look()).duration_since(began));
        rest(REST);
    }
    samples
}

/// The share of a processor that the screen needs while something turns in the pane, ten times a second.
fn spinner(place: &Place, screen: &Watched, pane: &str) -> f64 {
    let mut tmux = Command::new("tmux");
    tmux.args(["-S", &place.tmux_socket(), "display-message", "-p", "-t", pane, "#{pane_tty}"]);
    let tty = String::from_utf8_lossy(&run(&mut tmux).stdout).trim().to_owned();
    let mut tty = std::fs::OpenOptions::new().write(true).open(tty).expect("the pane's terminal");
    let is_over = AtomicBool::new(false);
    let (process, _) = screen.processes();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for shape in ["|", "/", "-", "\\"].iter().cycle() {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                write!(tty, "\x1b7\x1b[1;1H{shape}\x1b8").expect("written");
                rest(Duration::from_millis(100));
            }
        });
        let used = cpu_of(process, TURNS);
        is_over.store(true, Ordering::Relaxed);
        used
    })
}
