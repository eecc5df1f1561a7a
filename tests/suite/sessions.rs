//! Agencies as tmux sessions: made, stopped, laid out, brought back, and never at the cost of anything that
//! a person has on the same server.

use crate::world::{PATIENCE, World, text};

const LEAD: &str = "Team/lead";
const WORKER: &str = "Team/worker";

/// A world with one small agency that runs.
fn team(layout: &str) -> World {
    let world = World::new();
    make_team(&world, layout);
    world
}

fn make_team(world: &World, layout: &str) {
    let who = ["--coordinator", "lead", "--agents", "worker,helper", "--runtime", "rehearsal"];
    world.must(&[&["create", "Team", "--layout", layout][..], &who].concat());
    wait_until_it_runs(world);
}

fn wait_until_it_runs(world: &World) {
    for agent in [LEAD, WORKER, "Team/helper"] {
        world.wait_for_state(agent, "idle");
    }
}

/// A server that a person configured in every way that has broken such programs, with a session on it.
fn strange_server(world: &World, session: &str) -> String {
    let conf = world.root().join("strange.conf");
    let words = [
        "set -g base-index 1",
        "set -gw pane-base-index 1",
        "set -gw automatic-rename on",
        "set -g default-command false",
        "set -gw remain-on-exit on",
        "set -g prefix 'C-\\'",
        "set -g destroy-unattached off",
        "set -g status-left '#[fg=red]mine'",
        "set -g renumber-windows on",
    ];
    world.write("../strange.conf", &format!("{}\n", words.join("\n")));
    let made = world.tmux(&[
        "-f",
        &text(&conf),
        "new-session",
        "-d",
        "-s",
        session,
        "-n",
        "mine",
        "-x",
        "100",
        "-y",
        "30",
        "cat",
    ]);
    assert_eq!(made.status, Some(0), "{made:?}");
    picture(world, session)
}

/// Everything of a person's that must stay as it is.
fn picture(world: &World, session: &str) -> String {
    let target = format!("={session}:");
    let panes = "#{session_id} #{window_id} #{window_name} #{pane_id} #{pane_pid} #{pane_dead} #{window_layout}";
    let looks: [&[&str]; 5] = [
        &["show-options", "-g"],
        &["show-options", "-gw"],
        &["show-options", "-s"],
        &["list-panes", "-s", "-t", &target, "-F", panes],
        &["show-options", "-t", &target],
    ];
    looks.iter().map(|look| world.tmux(look).stdout).collect::<Vec<_>>().join("\n---\n")
}

fn sessions(world: &World) -> Vec<String> {
    let list = world.tmux(&["list-sessions", "-F", "#{session_name}"]).stdout;
    list.lines().map(str::to_owned).collect()
}

fn windows(world: &World) -> Vec<String> {
    let format = "#{window_name} #{window_panes}";
    let list = world.tmux(&["list-windows", "-t", "=Team:", "-F", format]).stdout;
    list.lines().map(str::to_owned).collect()
}

#[test]
fn an_agency_is_made_stopped_started_restarted_and_removed() {
    let world = team("panes");
    assert_eq!(sessions(&world), ["Team"]);
    assert_eq!(windows(&world), ["agents 3", "tools 1", "sandbox 1"]);
    world.must(&["stop", "Team"]);
    world.wait_until("the session to be closed", PATIENCE, || sessions(&world).is_empty());
    world.wait_for_state(LEAD, "stopped");
    world.must(&["start", "Team"]);
    wait_until_it_runs(&world);
    let before = world.of_pane(LEAD, "#{pane_pid}");
    world.must(&["restart", "Team"]);
    world.wait_until("another program in the pane", PATIENCE, || {
        world.pane(LEAD).is_some_and(|_| world.of_pane(LEAD, "#{pane_pid}") != before)
    });
    wait_until_it_runs(&world);
    world.must(&["remove", "Team", "--yes"]);
    assert!(sessions(&world).is_empty());
    assert_eq!(world.json(&["list"]), serde_json::json!([]));
    let archive = std::fs::read_dir(world.home().join("agencies/.archive")).expect("an archive");
    assert_eq!(archive.count(), 1);
}

#[test]
fn with_windows_every_agent_has_its_own() {
    let world = team("windows");
    let windows = windows(&world);
    assert_eq!(windows.len(), 5, "{windows:?}");
    assert!(windows.iter().all(|window| window.ends_with(" 1")), "{windows:?}");
}

#[test]
fn a_killed_pane_is_brought_back_and_the_others_are_left_alone() {
    let world = team("panes");
    let (killed, spared) =
        (world.pane(WORKER).expect("a pane"), world.of_pane(LEAD, "#{pane_pid}"));
    world.tmux(&["kill-pane", "-t", &killed]);
    world.wait_until("another pane", PATIENCE, || {
        world.pane(WORKER).is_some_and(|pane| pane != killed)
    });
    wait_until_it_runs(&world);
    assert_eq!(world.of_pane(LEAD, "#{pane_pid}"), spared);
    assert_eq!(windows(&world), ["agents 3", "tools 1", "sandbox 1"]);
}

#[test]
fn a_killed_session_is_brought_back() {
    let world = team("panes");
    let before = world.of_pane(LEAD, "#{pane_pid}");
    world.tmux(&["kill-session", "-t", "=Team"]);
    world.wait_until("another session", PATIENCE, || {
        world.pane(LEAD).is_some_and(|_| world.of_pane(LEAD, "#{pane_pid}") != before)
    });
    wait_until_it_runs(&world);
    assert_eq!(windows(&world), ["agents 3", "tools 1", "sandbox 1"]);
}

#[test]
fn a_killed_server_is_brought_back_with_all_its_sessions() {
    let world = team("panes");
    world.must(&["create", "Other", "--coordinator", "lead", "--runtime", "rehearsal"]);
    world.wait_for_state("Other/lead", "idle");
    world.tmux(&["kill-server"]);
    world.wait_until("both sessions", PATIENCE, || {
        let mut there = sessions(&world);
        there.sort();
        there == ["Other", "Team"]
    });
    wait_until_it_runs(&world);
    world.wait_for_state("Other/lead", "idle");
}

#[test]
fn agencies_work_on_a_strange_server_and_leave_it_as_it_was() {
    let world = World::new();
    let before = strange_server(&world, "mine");
    make_team(&world, "panes");
    assert_eq!(windows(&world), ["agents 3", "tools 1", "sandbox 1"]);
    let id = world.must(&["send", WORKER, "hello there"]);
    world.wait_for_text(WORKER, id.trim());
    world.tmux(&["kill-pane", "-t", &world.pane(WORKER).expect("a pane")]);
    wait_until_it_runs(&world);
    assert_eq!(picture(&world, "mine"), before);
    world.must(&["down"]);
    assert_eq!(sessions(&world), ["mine"]);
    assert_eq!(picture(&world, "mine"), before);
}

#[test]
fn a_foreign_session_of_the_same_name_is_left_alone_and_ours_has_another_name() {
    let world = World::with_agencies();
    let before = strange_server(&world, "CodeAgency");
    world.must(&["start", "CodeAgency"]);
    world.wait_until("its name to be known", PATIENCE, || {
        world.json(&["show", "CodeAgency"])["session"] == "CodeAgency~agency"
    });
    assert_eq!(picture(&world, "CodeAgency"), before);
    world.must(&["down"]);
    assert_eq!(sessions(&world), ["CodeAgency"]);
    assert_eq!(picture(&world, "CodeAgency"), before);
}
