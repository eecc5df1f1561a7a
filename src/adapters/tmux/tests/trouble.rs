//! Servers that hang, die or lose their sessions; many askers at once; hints.

use std::sync::mpsc;
use std::time::Instant;

use super::*;
use crate::ports::terminals::contract::order;

#[test]
fn a_stopped_server_is_told_within_the_deadline_and_works_again_after() {
    let world = RealWorld::new();
    let seen = world.tmux.ensure(&world.plan(&["lead"])).expect("it is made").remove(0);
    let pid = world.server_pid();
    signal("-STOP", &pid);
    let began = Instant::now();
    let first = world.tmux.look();
    let took = began.elapsed();
    let second = world.tmux.look();
    let text = "x".repeat(300_000);
    let third = world.tmux.type_text(&order(&seen, &text, "x"));
    signal("-CONT", &pid);
    assert!(took < Duration::from_secs(4), "{took:?}");
    for result in [first.map(drop), second.map(drop), third.map(drop)] {
        assert!(matches!(result, Err(TerminalError::Hung { .. })), "{result:?}");
    }
    wait_for("it answers again", || {
        world.tmux.look().is_ok_and(|sighting| sighting.panes.len() == 1)
    });
}

#[test]
fn a_server_that_stops_under_a_large_text_gives_uncertain_not_a_hang() {
    let world = RealWorld::new();
    let seen = world.tmux.ensure(&world.plan(&["lead"])).expect("it is made").remove(0);
    let pid = world.server_pid();
    signal("-STOP", &pid);
    let cmd = Cmd::new("set-buffer").option("-b", "b").param("x".repeat(1_000_000));
    let began = Instant::now();
    let result = world.tmux.server.ask(&[cmd]);
    signal("-CONT", &pid);
    assert!(matches!(result, Err(TerminalError::Hung { .. })), "{result:?}");
    assert!(began.elapsed() < Duration::from_secs(4));
    wait_for("it answers again", || world.tmux.screen(&seen.pane).is_ok());
}

#[test]
fn the_client_moves_on_when_its_session_is_closed() {
    let world = RealWorld::new();
    let (plan, other) = two_plans(&world);
    world.tmux.ensure(&plan).expect("it is made");
    world.tmux.ensure(&other).expect("it is made");
    world.kill_session(&plan.agency);
    assert_eq!(
        world.tmux.look().expect("it answers").sessions,
        crate::ports::terminals::contract::sessions(&[&other.agency])
    );
    world.tmux.ensure(&plan).expect("it comes back");
    world.kill_session(&other.agency);
    assert_eq!(
        world.tmux.look().expect("it answers").sessions,
        crate::ports::terminals::contract::sessions(&[&plan.agency])
    );
}

#[test]
fn askers_in_many_threads_each_get_their_own_answer() {
    let world = RealWorld::new();
    world.tmux.ensure(&world.plan(&["lead"])).expect("it is made");
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let server = &world.tmux.server;
            scope.spawn(move || {
                for round in 0..50 {
                    let word = format!("{thread}-{round}");
                    let ask = Cmd::new("display-message").flag("-p").param(word.clone());
                    let twice = [ask.clone(), ask];
                    assert_eq!(server.ask(&twice), Ok(format!("{word}\n{word}\n")));
                    let wrong = Cmd::new("list-panes").option("-t", "%999");
                    assert!(matches!(server.ask(&[wrong]), Err(TerminalError::Refused { .. })));
                }
            });
        }
    });
}

#[test]
fn a_closed_pane_and_an_ended_server_give_hints() {
    let world = RealWorld::new();
    let made = world.tmux.ensure(&world.plan(&["lead", "dev"])).expect("it is made");
    let (sender, hints) = mpsc::channel();
    world.tmux.watch(Box::new(move |hint| {
        let _ = sender.send(hint);
    }));
    let comes = |wanted| wait_for("the hint", || hints.try_iter().any(|hint| hint == wanted));
    world.kill_pane(&made[1].pane);
    comes(TerminalHint::Changed);
    world.kill_server();
    comes(TerminalHint::Lost);
}

#[test]
fn no_client_process_is_left_when_it_is_dropped() {
    let mut world = RealWorld::new();
    world.tmux.ensure(&world.plan(&["lead"])).expect("it is made");
    world.tmux.look().expect("it answers");
    wait_for("one to ask and one to listen", || {
        world.user(&["list-clients", "-F", "#{client_control_mode}"]) == "1\n1"
    });
    world.tmux = RealWorld::new().tmux_alone();
    wait_for("the client has ended", || world.user(&["list-clients"]).is_empty());
}

impl RealWorld {
    fn tmux_alone(&self) -> Tmux {
        let socket = Some(self.socket.to_string_lossy().into_owned());
        Tmux::new(&Settings { socket, home: "x".to_owned(), deadline: Settings::DEADLINE })
    }
}

#[test]
fn the_death_hook_is_understood_and_stands_on_our_windows_only() {
    let world = RealWorld::new();
    world.tmux.ensure(&world.plan(&["lead"])).expect("it is made");
    world.user(&["new-session", "-d", "-s", "mine", "sleep 1000"]);
    let name = Cmd::new("display-message").flag("-p").param("#{client_name}");
    let client = world.tmux.server.ask(&[name]).expect("it answers");
    let snapshot = Snapshot::take(&world.tmux.server).expect("it answers");
    let chain = hooks::to_chain(&snapshot, client.trim());
    assert_eq!(chain.len(), 3, "agents, tools and sandbox; the client is {client}");
    world.tmux.server.ask(&chain).expect("the server takes it");
    let hooks = |target: &str| world.user(&["show-hooks", "-w", "-t", target]);
    assert!(hooks("=Code:tools").contains("pane-died[4077] display-message -c client-"));
    assert!(!hooks("=mine:").contains("4077"));
}
