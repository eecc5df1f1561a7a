//! What a hook costs an agent's program: from starting `agency hook EVENT` to its end.
//!
//! The stand-in takes the time, with `/bin/true` in turns as the floor, fed and waited for in the same way. Each
//! report changes the agent's state, so what is waited for includes the ledger.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::crew::Crew;
use crate::figures::{Goal, Row, Samples};
use crate::place::rest;

const RUNS: usize = 200;
/// Long enough for what the last report has set going.
const REST: Duration = Duration::from_millis(25);
const LIMIT: Duration = Duration::from_secs(10);

/// Measures it while the supervisor runs, and after that was killed.
pub fn measure(crew: &Crew) -> Vec<Row> {
    let place = &crew.place;
    let mut rows = rows(crew, "");
    let pid = i32::try_from(place.supervisor()).ok().and_then(Pid::from_raw);
    kill_process(pid.expect("a process"), Signal::KILL).expect("killed");
    let has_ended = place.has_come_true(LIMIT, || place.workbench.supervisor_pid().is_none());
    assert!(has_ended, "the supervisor is still there");
    rows.extend(self::rows(crew, ", no supervisor"));
    // The next one takes in what was kept, whenever somebody starts it.
    rows
}

fn rows(crew: &Crew, when: &str) -> Vec<Row> {
    let agents = crew.agents_of(0);
    let agent = agents.get(1).expect("an agent").address.to_string();
    let ran = |order: &str| {
        rest(REST);
        crew.tell(&agent, order);
        let said = crew.hear(&agent, "ran ").word;
        let nanoseconds = said.split(' ').nth(1).and_then(|word| word.parse().ok());
        Duration::from_nanos(nanoseconds.expect("a time"))
    };
    let [mut own, mut wall, mut floor] = std::array::from_fn(|_| Samples::default());
    for number in 0..RUNS {
        let event = ["hook UserPromptSubmit {\"prompt\":\"go on\"}", "hook Stop {}"][number % 2];
        let (bare, hook) = (ran("true"), ran(event));
        floor.add(bare);
        wall.add(hook);
        own.add(hook.saturating_sub(bare));
    }
    let floor = Some(("/bin/true, in turns", &floor));
    vec![
        Row::times(
            &format!("`agency hook EVENT`, its own time{when}"),
            &own,
            floor,
            Goal::Median(5.0),
        ),
        Row::times(&format!("`agency hook EVENT`, wall time{when}"), &wall, floor, Goal::None),
    ]
}
