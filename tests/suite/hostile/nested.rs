//! tmux within tmux: the program used inside a person's own session, and agents that use tmux themselves.
//!
//! A pane's `TMUX` names the server that it is on, as everywhere: what an agent does to that server it does to all
//! on it, and that is brought back.

use super::{HELPER, LEAD, WORKER, begin_mine, define, picture, sessions, wait_until_it_runs};
use crate::world::{PATIENCE, World, text};

/// A world with a running team beside the user's own session.
fn team() -> World {
    let world = World::of_user("", "t", &[]);
    begin_mine(&world);
    define(&world, "panes");
    world.must(&["up"]);
    wait_until_it_runs(&world);
    world
}

/// What a command says that a person types into a shell of this session.
fn said_inside(world: &World, session: &str, words: &str) -> String {
    let name = words.replace([' ', '/', '-'], "_");
    let (file, done) = (world.root().join(&name), world.root().join(format!("{name}.done")));
    let line = format!(
        "AGENCY_HOME='{}' '{}' {words} >'{}' 2>&1; echo $? >'{}'",
        text(&world.home()),
        env!("CARGO_BIN_EXE_agency"),
        text(&file),
        text(&done)
    );
    let target = format!("={session}:");
    world.tmux(&["neww", "-d", "-t", &target, "-n", &name, &line]);
    world.wait_until(words, PATIENCE, || {
        std::fs::read_to_string(&done).is_ok_and(|status| status.ends_with('\n'))
    });
    let status = std::fs::read_to_string(&done).expect("a status");
    format!("{}{}", status, std::fs::read_to_string(&file).expect("words"))
}

#[test]
fn every_command_works_inside_the_users_own_session() {
    let world = World::of_user("", "t", &[]);
    begin_mine(&world);
    for words in [
        "create Team --coordinator lead --runtime rehearsal",
        "up",
        "status --json",
        "doctor --json",
    ] {
        let said = said_inside(&world, "mine", words);
        assert!(said.starts_with("0\n"), "{words}: {said}");
    }
    world.wait_for_state(LEAD, "idle");
    let said = said_inside(&world, "mine", "attach Team --json");
    assert!(said.contains("switch-clien"), "the same server switches: {said}");
    super::tell(&world, LEAD, "sent from outside");
    let said = said_inside(&world, "mine", "down");
    assert!(said.starts_with("0\n"), "{said}");
    assert_eq!(sessions(&world).trim(), "mine");
}

#[test]
fn inside_another_server_it_attaches_from_within() {
    let world = team();
    let other = text(&world.root().join("other.sock"));
    let made =
        world.run("tmux", &["-S", &other, "-f", "/dev/null", "new", "-d", "-s", "far", "cat"], &[]);
    assert_eq!(made.status, Some(0), "{made:?}");
    let tmux = format!("{other},1,0");
    let said =
        world.agency_with(&["attach", "Team", "--json"], &[("TMUX", &tmux), ("TMUX_PANE", "%0")]);
    world.run("tmux", &["-S", &other, "kill-server"], &[]);
    assert!(said.stdout.contains("attach-sessio"), "{said:?}");
}

#[test]
fn what_an_agent_does_with_tmux_is_its_own_and_confuses_nobody() {
    let world = team();
    let before = picture(&world);
    let pane = |agent: &str| world.of_pane(agent, "#{pane_id} #{pane_pid}");
    let panes = [LEAD, WORKER, HELPER].map(pane);
    for command in [
        "tmux new-session -d -s theirs",
        "tmux split-window -d cat",
        "tmux new-window -d cat",
        "tmux rename-window mine",
    ] {
        world.type_text(HELPER, command);
        world.press(HELPER, &["Enter"]);
        world.wait_for_state(HELPER, "idle");
    }
    world.wait_until("their session", PATIENCE, || sessions(&world).contains("theirs"));
    world.wait_until("the shell at its prompt", PATIENCE, || {
        world.state_of(HELPER).as_deref() == Some("idle")
    });
    super::tell(&world, WORKER, "still here");
    assert_eq!([LEAD, WORKER, HELPER].map(pane), panes);
    world.must(&["stop", "Team"]);
    world.wait_until("it to be closed", PATIENCE, || !sessions(&world).contains("Team"));
    assert!(sessions(&world).contains("theirs"), "nobody's session but ours is closed");
    assert_eq!(picture(&world), before);
}

#[test]
fn an_agent_that_ends_the_server_is_back_with_all_others() {
    let world = team();
    let before = world.of_pane(WORKER, "#{pane_pid}");
    world.type_text(HELPER, "tmux kill-server");
    world.press(HELPER, &["Enter"]);
    world.wait_until("another server", PATIENCE, || {
        // The server may end between two questions: then there is no answer to the second.
        let pid = |pane: String| {
            world.tmux(&["display-message", "-p", "-t", &pane, "#{pane_pid}"]).stdout
        };
        world.pane(WORKER).map(pid).is_some_and(|pid| !pid.is_empty() && pid != before)
    });
    wait_until_it_runs(&world);
    super::tell(&world, WORKER, "after it");
}
