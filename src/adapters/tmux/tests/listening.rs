//! What panes print is told as it happens, costs little when it is much, and nothing when it is none.

use std::sync::mpsc::{self, Receiver};
use std::time::Instant;

use super::*;
use crate::ports::terminals::PaneLife;

fn program(world: &RealWorld, script: &str) -> SessionPlan {
    let mut plan = world.plan(&["lead"]);
    plan.panes[0].launch.argv = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
    plan
}

fn hints(world: &RealWorld) -> Receiver<TerminalHint> {
    let (sender, hints) = mpsc::channel();
    world.tmux.watch(Box::new(move |hint| {
        let _ = sender.send(hint);
    }));
    hints
}

fn control_clients(world: &RealWorld) -> usize {
    world.user(&["list-clients", "-F", "#{client_control_mode}"]).lines().count()
}

#[test]
fn an_idle_workbench_asks_nothing_and_a_death_is_told_all_the_same() {
    let world = RealWorld::new();
    let made = world.tmux.ensure(&world.plan(&["lead", "dev"])).expect("it is made");
    let hints = hints(&world);
    wait_for("it is told by itself", || world.tmux.look_every() > Duration::from_secs(1));
    wait_for("what was told of the beginning", || {
        hints.recv_timeout(Duration::from_millis(1500)).is_err()
    });
    let before = world.tmux.server.asked();
    assert!(hints.recv_timeout(Duration::from_millis(2500)).is_err(), "nothing happens");
    assert_eq!(world.tmux.server.asked(), before);
    let began = Instant::now();
    world.end_program(&made[1]);
    let died = hints.recv_timeout(Duration::from_secs(10));
    assert_eq!(died, Ok(TerminalHint::Changed));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    wait_for("it is seen", || life(&world, 1) != PaneLife::Alive);
}

fn life(world: &RealWorld, at: usize) -> PaneLife {
    world.tmux.look().expect("it answers").panes[at].life
}

/// Until the death of this pane has been told, and seen by a look that it was told for.
fn dies(world: &RealWorld, hints: &Receiver<TerminalHint>, pane: &PaneSeen) -> Duration {
    hints.try_iter().for_each(drop);
    let began = Instant::now();
    world.end_program(pane);
    loop {
        let hint = hints.recv_timeout(Duration::from_secs(5)).expect("it is told");
        if hint == TerminalHint::Changed && life(world, 0) != PaneLife::Alive {
            return began.elapsed();
        }
    }
}

#[test]
fn a_death_is_told_at_once_in_each_life_and_to_each_supervisor() {
    let mut world = RealWorld::new();
    let mut plan = world.plan(&["lead"]);
    for round in 0..4 {
        // Each round with a life of its own; the last one is found by a supervisor that came later.
        plan.panes[0].spawn = crate::ports::terminals::contract::fresh_spawn();
        let pane = world.tmux.ensure(&plan).expect("it is made").remove(0);
        if round == 3 {
            let socket = Some(world.socket.to_string_lossy().into_owned());
            let home = "/test home".to_owned();
            world.tmux = Tmux::new(&Settings { socket, home, deadline: Settings::DEADLINE });
        }
        let hints = hints(&world);
        let took = dies(&world, &hints, &pane);
        assert!(took < Duration::from_secs(1), "life {round}: {took:?}");
    }
}

#[test]
fn where_the_kernel_tells_nothing_the_server_compares() {
    let mut world = RealWorld::new();
    world.tmux.vigil = vigil::Vigil::new(Arc::clone(&world.tmux.server.hint), |_| None);
    let pane = world.tmux.ensure(&world.plan(&["lead"])).expect("it is made").remove(0);
    let hints = hints(&world);
    wait_for("the server tells", || world.tmux.look_every() > Duration::from_secs(1));
    let took = dies(&world, &hints, &pane);
    assert!(took < Duration::from_secs(4), "{took:?}");
}

#[test]
fn the_server_compares_nothing_while_the_kernel_tells() {
    let mut world = RealWorld::new();
    world.tmux.ensure(&world.plan(&["lead"])).expect("it is made");
    let told = hints(&world);
    world.tmux.look().expect("it answers");
    wait_for("the first news are over", || told.recv_timeout(Duration::from_millis(1500)).is_err());
    // What it would compare changes without a death: a mark that makes a pane a shell.
    world.user(&["set-option", "-p", "-t", "=Code:agents", "@agency_shell", "1"]);
    assert!(told.recv_timeout(Duration::from_millis(2500)).is_err(), "nobody compares");
    world.tmux.vigil = vigil::Vigil::new(Arc::clone(&world.tmux.server.hint), |_| None);
    world.tmux.look().expect("it answers");
    assert!(told.recv_timeout(Duration::from_secs(5)).is_ok(), "now the server does");
}

#[test]
fn another_program_in_front_of_a_shell_is_told() {
    let world = RealWorld::new();
    let go = world.folder.path().join("go");
    let script =
        format!("set -m; until [ -e '{}' ]; do sleep 0.1; done; sleep 1000; :", go.display());
    let plan = program(&world, &script);
    let pane = world.tmux.ensure(&plan).expect("it is made").remove(0);
    world.user(&["set-option", "-p", "-t", &pane.pane.0, "@agency_shell", "1"]);
    let hints = hints(&world);
    let front = || world.tmux.look().expect("it answers").panes[0].foreground.clone();
    wait_for("it is a shell", || front().is_some());
    std::fs::File::create(&go).expect("made");
    wait_for("another one is told", || hints.try_iter().any(|hint| hint == TerminalHint::Changed));
    wait_for("it is seen", || front().as_deref() == Some("sleep"));
}

#[test]
fn a_flood_is_told_a_few_times_a_second_and_runs_on() {
    let world = RealWorld::new();
    let plan = program(&world, "yes flood");
    // Watched from the beginning: a hint that nobody takes is not given a second time.
    let hints = hints(&world);
    let seen = world.tmux.ensure(&plan).expect("it is made").remove(0);
    let began = Instant::now();
    let (mut told, mut screens) = (0, Vec::new());
    wait_for("it is told again and again", || {
        match hints.recv_timeout(Duration::from_millis(500)) {
            Ok(TerminalHint::Printed(panes)) => {
                told += 1;
                screens = world.tmux.screens(&panes).expect("it answers");
            }
            // As the supervisor does: a listener that could not be opened is opened by the next look.
            _ => drop(world.tmux.look()),
        }
        told >= 10
    });
    // However fast it prints: never more often than what its panes print is told at all.
    assert!(began.elapsed() >= Duration::from_millis(120), "{:?}", began.elapsed());
    assert!(screens[0].rows.iter().all(|row| "flood".starts_with(row.as_str())));
    let size = ["display-message", "-p", "-t", &seen.pane.0, "#{history_size} #{history_bytes}"];
    assert!(!world.user(&size).is_empty(), "the server lives");
}

#[test]
fn a_listener_goes_with_its_session_and_comes_back_with_it() {
    let world = RealWorld::new();
    let (plan, other) = two_plans(&world);
    world.tmux.ensure(&plan).expect("it is made");
    world.tmux.ensure(&other).expect("it is made");
    world.tmux.look().expect("it answers");
    wait_for("one to ask, two to listen", || control_clients(&world) == 3);
    world.tmux.close_session(&other.agency).expect("it closes");
    wait_for("its listener has ended", || control_clients(&world) == 2);
    world.tmux.ensure(&other).expect("it comes back");
    wait_for("it is heard again", || control_clients(&world) == 3);
    let pid = world.server_pid().parse().expect("a pid");
    world.tmux.close_session(&plan.agency).expect("it closes");
    world.tmux.close_session(&other.agency).expect("it closes");
    wait_for("no listener keeps the server", || !is_running(pid));
}

#[test]
fn a_screen_is_read_with_title_cursor_progress_and_ghost_text() {
    let world = RealWorld::new();
    let draw = r"printf '\033]2;a title\007one  \n\n> \033[2mTry\033[0m\033[3;3H'; sleep 1; printf '\033]9;4;3;0\007'; exec sleep 1000";
    let seen = world.tmux.ensure(&program(&world, draw)).expect("it is made").remove(0);
    let panes = [seen.pane.clone(), PaneId("%999".to_owned()), PaneId("no pane".to_owned())];
    let mut screens = Vec::new();
    wait_for("it is drawn", || {
        screens = world.tmux.screens(&panes).expect("it answers");
        screens.first().is_some_and(|screen| screen.progress == Some(true))
    });
    let screen = &screens[0];
    assert_eq!((screens.len(), &screen.agent, screen.spawn), (1, &seen.agent, seen.spawn));
    assert_eq!((screen.title.as_str(), screen.cursor, screen.in_mode), ("a title", (2, 2), false));
    assert_eq!(screen.rows[..4], ["one", "", "> Try", ""]);
    assert_eq!(screen.rows.len(), usize::from(screen.size.1));
    assert_eq!(screen.ghost, [false, false, true, true, true]);
}
