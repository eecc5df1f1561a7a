//! Fifty agents started, one more with its worktree, and all of them back after their tmux server was killed.
//!
//! A start is over when every pane is known to stand; what its program then takes to be ready is its own. A restore
//! is over when every program is known to be idle again.

use std::process::Command;
use std::time::{Duration, Instant};

use agency::domain::agency::AgentState;
use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process};

use crate::crew::Crew;
use crate::figures::{Goal, Row, Samples};
use crate::place::{Place, rest, run};

/// Long after any goal.
const LIMIT: Duration = Duration::from_secs(60);

/// How often it is done: a start of fifty programs is no small thing.
const ROUNDS: usize = 3;

/// Restores after a killed server.
pub fn restore(crew: &Crew) -> Vec<Row> {
    let (mut standing, mut idle) = (Samples::default(), Samples::default());
    for _ in 0..ROUNDS {
        let (began, at) = (Instant::now(), Timestamp::now());
        let server = i32::try_from(crew.place.tmux_server()).ok().and_then(Pid::from_raw);
        kill_process(server.expect("a server"), Signal::KILL).expect("killed");
        wait_for(&crew.place, |agent| agent.pane.is_some() && agent.state_since > Some(at));
        standing.add(began.elapsed());
        wait_for(&crew.place, |agent| {
            agent.state == AgentState::Idle && agent.state_since > Some(at)
        });
        idle.add(began.elapsed());
        // Lives that end too soon are started again more slowly.
        rest(Duration::from_secs(61));
    }
    vec![
        Row::times("killed server, 50 panes stand again", &standing, None, Goal::None),
        Row::times("killed server, 50 programs known idle", &idle, None, Goal::Median(5_000.0)),
    ]
}

/// Starts of all agents, and of one task's worktree.
pub fn fleet(crew: &Crew) -> Vec<Row> {
    let mut starts = Samples::default();
    for _ in 0..ROUNDS {
        run(crew.place.command().arg("down"));
        let (began, at) = (Instant::now(), Timestamp::now());
        let mut up = crew.place.command().arg("up").spawn().expect("started");
        wait_for(&crew.place, |agent| agent.pane.is_some() && agent.state_since > Some(at));
        starts.add(began.elapsed());
        up.wait().expect("it ends");
        wait_for(&crew.place, |agent| agent.state == AgentState::Idle);
    }
    let (assigned, alone) = worktrees(&crew.place);
    let beyond = assigned.median() - alone.median();
    let goal = "< 60 ms beyond git";
    vec![
        Row::times(
            "50 agents started until their panes stand",
            &starts,
            None,
            Goal::Median(10_000.0),
        ),
        Row::times(
            "a task assigned, its worktree stands",
            &assigned,
            Some(("git worktree add", &alone)),
            Goal::None,
        ),
        Row::figure(
            "the same beyond git",
            format!("{beyond:.1} ms"),
            String::new(),
            goal,
            beyond < 60.0,
        ),
    ]
}

/// Assigning a task, and git alone, in turns.
fn worktrees(place: &Place) -> (Samples, Samples) {
    let (mut assigned, mut alone) = (Samples::default(), Samples::default());
    let project = place.root().join("p");
    for number in 0..10 {
        let add = ["task", "add", "Measured", "--agency", "Crew00", "--feature", "measured"];
        let contract = ["--scope", "s", "--done", "d", "--rollback", "r"];
        let id = run(place.command().args(add).args(contract)).stdout;
        let id = String::from_utf8(id).expect("an id");
        let agent = place.agents()[number].address.to_string();
        let began = Instant::now();
        run(place.command().args(["task", "assign", id.trim(), &agent]));
        assigned.add(began.elapsed());
        let (folder, branch) =
            (place.root().join(format!("alone{number}")), format!("alone{number}"));
        let began = Instant::now();
        let git = ["worktree", "add", "--quiet", "-b", &branch];
        run(Command::new("git").current_dir(&project).args(git).arg(&folder));
        alone.add(began.elapsed());
    }
    (assigned, alone)
}

fn wait_for(place: &Place, is_so: impl Fn(&agency::service::views::AgentView) -> bool) {
    let came = place.has_come_true(LIMIT, || place.every_agent(&is_so));
    assert!(came, "not all of them came back");
}
