//! What a person arranged in tmux is there again after a killed pane, a killed server and a reboot.

use super::*;

/// Agents and sizes, in the order of their panes.
fn panes(world: &World) -> String {
    let format = "#{@agency_agent} #{pane_width}x#{pane_height}";
    world.tmux(&["list-panes", "-t", "=Team:agents", "-F", format]).stdout
}

fn arrange(world: &World) -> String {
    let pane = |agent: &str| world.pane(agent).expect("a pane");
    world.tmux(&["resize-pane", "-t", &pane("Team/lead"), "-x", "60"]);
    world.tmux(&["swap-pane", "-d", "-s", &pane("Team/worker"), "-t", &pane("Team/helper")]);
    world.tmux(&["resize-pane", "-t", &pane("Team/worker"), "-y", "10"]);
    let arranged = panes(world);
    world.wait_until("the arrangement to be known", PATIENCE, || {
        world.count("session_arranged") > 0
    });
    arranged
}

#[test]
fn panes_are_as_a_person_arranged_them_after_every_kind_of_crash() {
    let world = World::new();
    make_team(&world, "panes");
    let arranged = arrange(&world);
    let comes_back = |what: &str| {
        world.wait_until(what, PATIENCE, || panes(&world) == arranged);
        wait_for_team(&world);
    };
    world.tmux(&["kill-pane", "-t", &world.pane("Team/worker").expect("a pane")]);
    comes_back("the panes after a killed pane");
    world.tmux(&["kill-server"]);
    comes_back("the panes after a killed server");
    reboot(&world);
    assert_eq!(up(&world, "Team")["layout"], "restored");
    comes_back("the panes after a reboot");
    assert_eq!(world.count("session_arranged"), 1, "what we put back is not news");
}

#[test]
fn an_arrangement_that_does_not_fit_any_more_is_not_said_to_be_back() {
    let world = World::new();
    make_team(&world, "panes");
    arrange(&world);
    let path = world.home().join("agencies/Team/agency.json");
    let text = std::fs::read_to_string(path).expect("a definition");
    let other = text.replace(r#""layout": "panes""#, r#""layout": "windows""#);
    assert_ne!(other, text);
    world.write("agencies/Team/agency.json", &other);
    world.must(&["restart", "Team"]);
    wait_for_team(&world);
    reboot(&world);
    assert_eq!(up(&world, "Team")["layout"], "default", "every agent has a window of its own now");
    wait_for_team(&world);
}

#[test]
fn a_terminal_of_another_size_is_not_recorded() {
    let world = World::new();
    make_team(&world, "panes");
    for columns in ["120", "230"] {
        world.tmux(&["resize-window", "-t", "=Team:agents", "-x", columns, "-y", "45"]);
    }
    // What comes after it is recorded, so it was looked at.
    let pane = world.pane("Team/lead").expect("a pane");
    let at = std::time::Instant::now();
    world.wait_until("time to settle", PATIENCE, || at.elapsed().as_secs() >= 3);
    assert_eq!(world.count("session_arranged"), 0);
    world.tmux(&["resize-pane", "-t", &pane, "-x", "60"]);
    world.wait_until("a person's arrangement", PATIENCE, || world.count("session_arranged") == 1);
}

#[test]
fn what_is_arranged_right_before_a_stop_is_kept_even_of_shells() {
    let world = World::new();
    let who = ["--coordinator", "lead", "--agents", "worker,helper", "--runtime", "shell"];
    world.must(&[&["create", "Team", "--layout", "panes"][..], &who].concat());
    wait_for_team(&world);
    for (columns, act) in
        [("60", ["stop", "Team"]), ("70", ["restart", "Team"]), ("80", ["down", ""])]
    {
        world.tmux(&[
            "resize-pane",
            "-t",
            &world.pane("Team/lead").expect("a pane"),
            "-x",
            columns,
        ]);
        let arranged = panes(&world);
        let act: Vec<&str> = act.into_iter().filter(|word| !word.is_empty()).collect();
        world.must(&act);
        match act.as_slice() {
            ["stop", ..] => drop(world.must(&["start", "Team"])),
            ["down"] => drop(world.must(&["up"])),
            _ => {}
        }
        world.wait_until(&format!("it to be back after {act:?}"), PATIENCE, || {
            panes(&world) == arranged
        });
        wait_for_team(&world);
    }
}
