//! Reboots, whole: every process dies at once, and nothing in memory is left.

use super::*;

#[test]
fn after_a_reboot_everything_comes_back() {
    let world = World::new();
    make_team(&world, "panes");
    make_desk(&world);
    let worktree = assign(&world);
    world.write("agencies/Team/worktrees/TASK-001/draft.txt", "mine\n");
    let waiting = send(&world, "Desk/clerk", "still to be read");
    world.wait_until("it is in the mailbox", PATIENCE, || {
        mailed(&world, "Desk/clerk", &waiting).exists()
    });
    for _ in 0..2 {
        reboot(&world);
        let back = up(&world, "Team");
        assert_eq!((&back["outcome"], &back["session"]), (&"brought_back".into(), &"Team".into()));
        wait_for_team(&world);
        world.wait_for_state("Desk/clerk", "idle");
    }
    assert_eq!(up(&world, "Team")["outcome"], "was_running");
    assert_eq!(up(&world, "Desk")["waiting"], 1);
    assert_eq!(message(&world, &waiting)["state"], "routed");
    let draft = std::fs::read_to_string(worktree.join("draft.txt")).expect("kept");
    assert_eq!(draft, "mine\n");
    let verified = world.must(&["ledger", "verify"]);
    assert!(verified.contains("the chain is whole"), "{verified}");
}

#[test]
fn with_windows_every_agent_has_its_own_again() {
    let world = World::new();
    make_team(&world, "windows");
    let windows = || {
        world.tmux(&["list-windows", "-t", "=Team:", "-F", "#{window_name} #{window_panes}"]).stdout
    };
    let before = windows();
    reboot(&world);
    assert_eq!(up(&world, "Team")["outcome"], "brought_back");
    wait_for_team(&world);
    assert_eq!(windows(), before);
}

#[test]
fn a_killed_supervisor_and_a_killed_server_together_are_no_more_than_each() {
    let world = World::new();
    make_team(&world, "panes");
    world.kill_supervisor();
    world.tmux(&["kill-server"]);
    assert_eq!(up(&world, "Team")["outcome"], "brought_back");
    wait_for_team(&world);
    let text = world.must(&["up"]);
    assert!(!text.contains("BROUGHT BACK"), "{text}");
}
