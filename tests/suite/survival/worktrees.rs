//! Worktrees that a crash, or somebody, has taken away stand again after `agency up`.

use super::*;

#[test]
fn a_worktree_stands_again_whatever_is_gone_of_it() {
    let world = World::new();
    make_team(&world, "panes");
    let worktree = assign(&world);
    world.write("agencies/Team/worktrees/TASK-001/work.txt", "done\n");
    git_in(&world, &worktree, &["add", "--all"]);
    git_in(&world, &worktree, &["commit", "--quiet", "-m", "work"]);
    let metadata = world.project().join(".git/worktrees");
    let breakages: [&dyn Fn(); 3] = [
        &|| std::fs::remove_dir_all(&worktree).expect("removed"),
        &|| std::fs::remove_dir_all(&metadata).expect("removed"),
        &|| world.write("agencies/Team/worktrees/TASK-001/.git", ""),
    ];
    for (at, breakage) in breakages.iter().enumerate() {
        breakage();
        if at == 1 {
            world.kill_supervisor();
        }
        world.must(&["up"]);
        world.wait_until("the worktree to stand", PATIENCE, || {
            world.count("worktree_mended") == at + 1
        });
        let status = git_in(&world, &worktree, &["status", "--porcelain", "--branch"]);
        assert!(status.starts_with("## f/agent/worker/"), "{at}: {status}");
        assert!(worktree.join("work.txt").exists());
    }
    assert_eq!(world.json(&["task", "show", "TASK-001"])["state"], "assigned");
}

#[test]
fn a_folder_that_is_not_ours_in_its_place_is_said_and_not_touched() {
    let world = World::new();
    make_team(&world, "panes");
    let worktree = assign(&world);
    std::fs::remove_dir_all(&worktree).expect("removed");
    std::fs::remove_dir_all(world.project().join(".git/worktrees")).expect("removed");
    world.write("agencies/Team/worktrees/TASK-001/theirs.txt", "text");
    for _ in 0..2 {
        world.must(&["up"]);
        world.wait_until("it to be said", PATIENCE, || world.count("worktree_lost") == 1);
    }
    let explained = world.must(&["explain", "TASK-001"]);
    assert!(explained.contains("its worktree does not stand"), "{explained}");
    let theirs = std::fs::read_to_string(worktree.join("theirs.txt")).expect("kept");
    assert_eq!(theirs, "text");
    assert_eq!(std::fs::read_dir(&worktree).expect("a folder").count(), 1);
}

#[test]
fn what_nobody_committed_is_back_in_a_worktree_that_was_deleted() {
    let world = World::new();
    make_team(&world, "panes");
    let worktree = assign(&world);
    let at = "agencies/Team/worktrees/TASK-001";
    world.wait_until("the worktree", PATIENCE, || world.count("worktree_ready") == 1);
    world.write(&format!("{at}/committed.txt"), "done\n");
    git_in(&world, &worktree, &["add", "--all"]);
    git_in(&world, &worktree, &["commit", "--quiet", "-m", "work"]);
    world.write(&format!("{at}/README.md"), "changed\n");
    world.write(&format!("{at}/deep/new file.txt"), "mine\n");
    world.must(&["branch", "checkpoint", "TASK-001"]);
    let before = git_in(&world, &worktree, &["status", "--porcelain", "--untracked-files=all"]);
    reboot(&world);
    std::fs::remove_dir_all(&worktree).expect("removed");
    let back = world.json(&["up"]);
    let gone = &back["worktrees"][0];
    assert_eq!(
        (&gone["outcome"], &gone["checkpoint"]),
        (&"made_again".into(), &"TASK-001/1".into())
    );
    let after = git_in(&world, &worktree, &["status", "--porcelain", "--untracked-files=all"]);
    assert_eq!(after, before);
    let read = |name: &str| std::fs::read_to_string(worktree.join(name)).unwrap_or_default();
    assert_eq!(
        (read("README.md"), read("deep/new file.txt")),
        ("changed\n".into(), "mine\n".into())
    );
    let explained = world.must(&["explain", "TASK-001"]);
    assert!(explained.contains("laid back from TASK-001/1"), "{explained}");
    world.wait_for_text("Team/worker", "was made again from its branch");
    let again = world.json(&["up"]);
    assert_eq!(again["worktrees"], serde_json::json!([]));
    // It can be taken back like any other restoration.
    let undone = world.must(&["undo", "--yes"]);
    assert_eq!(git_in(&world, &worktree, &["status", "--porcelain"]), "", "{undone}");
}
