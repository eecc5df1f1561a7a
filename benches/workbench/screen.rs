//! From an agent's report of its state to the changed cell on the screen.
//!
//! The clock starts before the report is sent, so the way to the supervisor counts too; starting the program
//! that reports does not (that is `state`).

use std::time::{Duration, Instant};

use agency::domain::agency::AgentState;
use agency::domain::command::Command as Order;

use crate::delivery::until_shown;
use crate::figures::{Goal, Row, Samples};
use crate::place::{Place, rest};
use crate::watched::Watched;

const CHANGES: usize = 100;
/// Longer than a frame, so that each change meets a screen at rest.
const REST: Duration = Duration::from_millis(60);

/// Measures it.
pub fn measure(place: &Place) -> Vec<Row> {
    let screen = Watched::start(place, "Alpha");
    let looks = screen.floor();
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
        samples.add(until_shown(&reason, || screen.look()).duration_since(began));
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
