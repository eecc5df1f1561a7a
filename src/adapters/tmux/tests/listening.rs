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
    wait_for("the server tells by itself", || {
        world.tmux.look_every() > Duration::from_secs(1)
            && hints.try_iter().any(|hint| hint == TerminalHint::Changed)
    });
    let before = world.tmux.server.asked();
    assert!(hints.recv_timeout(Duration::from_millis(2500)).is_err(), "nothing happens");
    assert_eq!(world.tmux.server.asked(), before);
    let began = Instant::now();
    world.end_program(&made[1]);
    let died = hints.recv_timeout(Duration::from_secs(10));
    assert_eq!(died, Ok(TerminalHint::Changed));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let panes = world.tmux.look().expect("it answers").panes;
    assert_ne!(panes[1].life, PaneLife::Alive);
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
        if let Ok(TerminalHint::Printed(panes)) = hints.recv_timeout(Duration::from_millis(500)) {
            told += 1;
            screens = world.tmux.screens(&panes).expect("it answers");
        }
        told >= 10
    });
    // However fast it prints: never more often than what its panes print is told at all.
    assert!(began.elapsed() >= Duration::from_millis(120), "{:?}", began.elapsed());
    assert!(screens[0].rows.iter().all(|row| "flood".starts_with(row.as_str())));
    let bytes = |_: ()| {
        let size =
            ["display-message", "-p", "-t", &seen.pane.0, "#{history_size} #{history_bytes}"];
        world.user(&size)
    };
    assert!(!bytes(()).is_empty(), "the server lives");
}

#[test]
fn a_listener_goes_with_its_session_and_comes_back_with_it() {
    let world = RealWorld::new();
    let plan = world.plan(&["lead"]);
    let mut other = world.plan(&["lead"]);
    other.agency = Name::parse("Other").expect("a name");
    other.panes[0].agent.agency = other.agency.clone();
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
