//! Programs that restore sessions (tmux-resurrect, tmux-continuum) make sessions of our names with plain shells:
//! before `agency up`, or after it. They are a person's.

use super::*;

/// As tmux-resurrect makes it: a session, its windows and panes with the user's shell, each window's layout.
fn restore(world: &World) -> String {
    let folder = text(&world.home().join("agencies/Team"));
    let at = ["-c", &folder];
    let conf = text(&world.root().join("none.conf"));
    let new = ["-f", &conf, "new-session", "-d", "-s", "Team", "-x", "200", "-y", "50"];
    let made = world.tmux(&[&new[..], &["-n", "agents"], &at].concat());
    assert_eq!(made.status, Some(0), "{made:?}");
    for _ in 0..2 {
        world.tmux(&[&["split-window", "-t", "=Team:agents"][..], &at].concat());
    }
    for name in ["tools", "sandbox"] {
        world.tmux(&[&["new-window", "-d", "-t", "=Team:", "-n", name][..], &at].concat());
    }
    world.tmux(&["select-layout", "-t", "=Team:agents", "main-vertical"]);
    picture(world)
}

fn picture(world: &World) -> String {
    let format =
        "#{session_id} #{window_name} #{window_layout} #{pane_id} #{pane_pid} #{pane_dead}";
    world.tmux(&["list-panes", "-s", "-t", "=Team", "-F", format]).stdout
}

fn session(world: &World) -> String {
    let list = world.json(&["list"]);
    list[0]["session"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn restored_shells_are_not_mistaken_for_agents_and_ours_come_back_beside_them() {
    let world = World::new();
    make_team(&world, "panes");
    reboot(&world);
    let before = restore(&world);
    let back = up(&world, "Team");
    assert_eq!(back["outcome"], "brought_back");
    wait_for_team(&world);
    world.wait_until("its name is known", PATIENCE, || session(&world) == "Team~agency");
    let status = world.must(&["status"]);
    assert!(status.contains("its tmux session is `Team~agency`"), "{status}");
    let explained = world.must(&["explain", "Team"]);
    assert!(explained.contains("agency attach Team"), "{explained}");
    let shown = |session: &str| {
        let plan = world.json(&["attach", "Team/worker"]);
        let target = plan["argv"].as_array().and_then(|argv| argv.last()).cloned();
        assert_eq!(target, Some(format!("={session}").into()), "ours is attached to, never theirs");
    };
    shown("Team~agency");
    let id = send(&world, "Team/worker", "into an agent's pane");
    world.wait_for_text("Team/worker", &id);
    assert_eq!(picture(&world), before);
    for pane in before.lines().filter_map(|row| row.split(' ').find(|word| word.starts_with('%'))) {
        let screen = world.tmux(&["capture-pane", "-p", "-t", pane]).stdout;
        assert!(!screen.contains("[agency]"), "{screen}");
    }
    world.tmux(&["kill-session", "-t", "=Team"]);
    world.wait_until("the plain name", PATIENCE, || session(&world) == "Team");
    shown("Team");
    world.must(&["down"]);
    world.tmux(&["-f", "/dev/null", "new-session", "-d", "-s", "other", "cat"]);
    let sessions = world.tmux(&["list-sessions", "-F", "#{session_name}"]).stdout;
    assert_eq!(sessions, "other");
}

#[test]
fn what_is_restored_into_our_session_after_up_is_left_alone() {
    let world = World::new();
    make_team(&world, "panes");
    let agents = ["Team/lead", "Team/worker", "Team/helper"].map(|agent| world.pane(agent));
    // The session is there, so its windows and panes are added to it.
    world.tmux(&["new-window", "-d", "-t", "=Team:", "-n", "agents"]);
    world.tmux(&["split-window", "-d", "-t", &agents[0].clone().expect("a pane")]);
    let id = send(&world, "Team/lead", "for the agent");
    world.wait_for_text("Team/lead", &id);
    assert_eq!(up(&world, "Team")["outcome"], "was_running");
    let now = ["Team/lead", "Team/worker", "Team/helper"].map(|agent| world.pane(agent));
    assert_eq!(now, agents);
}
