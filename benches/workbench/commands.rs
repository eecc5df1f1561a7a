//! Commands as a shell starts them: a process from its start to its end, its output read.
//!
//! The floor is `/bin/true`, started in the same way.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::figures::{Goal, Row, Samples};
use crate::idle::{Account, TICKS};
use crate::place::{PROGRAM, Place, rest, run};

/// Enough for a 99th percentile that is not the maximum.
const RUNS: usize = 200;
/// Long enough for what the last command left behind.
const REST: Duration = Duration::from_millis(25);

/// `agency --version`.
pub fn version() -> Vec<Row> {
    let (samples, floor) = in_turns(|| timed(Command::new(PROGRAM).arg("--version")));
    vec![Row::times("`agency --version`", &samples, Some(("/bin/true", &floor)), Goal::Median(2.0))]
}

/// `agency status --json`, fifty agents.
pub fn status(place: &Place) -> Vec<Row> {
    let (samples, floor) = in_turns(|| timed(place.command().args(["status", "--json"])));
    let what = "`agency status --json`, 50 agents";
    vec![Row::times(what, &samples, Some(("/bin/true", &floor)), Goal::Median(5.0))]
}

/// An act and the floor in turns, so that both meet the same machine.
fn in_turns(mut act: impl FnMut() -> Duration) -> (Samples, Samples) {
    let [mut samples, mut floor] = std::array::from_fn(|_| Samples::default());
    for _ in 0..RUNS {
        floor.add(timed(&mut Command::new("/bin/true")));
        samples.add(act());
    }
    (samples, floor)
}

/// `agency send` to an agent, each on a machine at rest, in turns with the floor.
pub fn send(place: &Place) -> Vec<Row> {
    let [mut wall, mut own, mut floor] = std::array::from_fn(|_| Samples::default());
    let agents = place.agents();
    for agent in agents.iter().chain(&agents) {
        let mut command = place.command();
        command.args(["send", &agent.address.to_string(), "how do you do?"]);
        // A processor that has slept wakes up slowly, and both shall meet the same.
        rest(REST);
        let bare = timed(&mut Command::new("/bin/true"));
        rest(REST);
        let sent = timed(&mut command);
        floor.add(bare);
        wall.add(sent);
        own.add(sent.saturating_sub(bare));
        // Its agent goes to work now.
        come_to_rest(place);
    }
    let floor = Some(("/bin/true, in turns", &floor));
    vec![
        Row::times("`agency send`, its own time", &own, floor, Goal::Median(4.0)),
        Row::times("`agency send`, wall time", &wall, floor, Goal::None),
        send_processor_time(place),
    ]
}

/// What a send costs whatever else the machine does; to the operator, so that no agent wakes up.
fn send_processor_time(place: &Place) -> Row {
    let mut command = place.command();
    command.args(["send", "operator", "how do you do?"]);
    let sent = processor_time(&mut command);
    let bare = processor_time(&mut Command::new("/bin/true"));
    Row::figure(
        "`agency send`, processor time of the command",
        format!("{sent:.2} ms (mean of {RUNS})"),
        format!("/bin/true {bare:.2}"),
        "",
        true,
    )
}

/// Mean processor time of a command in milliseconds. The kernel counts it in ticks of 10 ms, so
/// many runs make one figure.
fn processor_time(command: &mut Command) -> f64 {
    let before = Account::of(std::process::id()).children_ticks;
    (0..RUNS).for_each(|_| drop(run(command)));
    let ticks = Account::of(std::process::id()).children_ticks - before;
    ticks as f64 / TICKS * 1000.0 / RUNS as f64
}

fn timed(command: &mut Command) -> Duration {
    let began = Instant::now();
    run(command);
    began.elapsed()
}

/// Waits until every message is read and every agent idle. A delivery that is not proven to have gone
/// well is tried again ever more slowly: it is told, and the next sample is taken beside it.
pub fn come_to_rest(place: &Place) {
    let limit = Duration::from_secs(3);
    // What lies on the operator's own list is nobody's to read here.
    let waiting = || {
        let status = place.workbench.status().expect("the status");
        status
            .agencies
            .iter()
            .flat_map(|agency| &agency.agents)
            .map(|agent| agent.unread)
            .sum::<u32>()
    };
    if !place.has_come_true(limit, || place.busy_agents() == 0 && waiting() == 0) {
        eprintln!("not at rest: {} agents, {} messages", place.busy_agents(), waiting());
    }
}
