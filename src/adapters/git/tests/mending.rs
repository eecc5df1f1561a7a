//! Worktrees that stand again after a crash took a part of them away.

use super::*;
fn ready(world: &World) -> (WorktreeOrder, PathBuf) {
    let made = world.worktree("f/agent/dev/1");
    (world.order("f/agent/dev/1"), made.path)
}

#[test]
fn a_worktree_that_stands_is_left_alone() {
    let world = World::new(&[("a.txt", "a\n", false), ("work.txt", "new\n", false)]);
    let (order, path) = ready(&world);
    put(&path.join("draft"), "mine");
    assert_eq!(Git.mend_worktree(&order), Ok(Mended::Standing));
    assert_eq!(read(&path.join("draft")), "mine");
}

#[test]
fn a_deleted_worktree_stands_again_from_its_branch_with_and_without_what_git_knew() {
    for is_pruned in [false, true] {
        let world = World::new(&[("a.txt", "a\n", false), ("work.txt", "new\n", false)]);
        let (order, path) = ready(&world);
        put(&path.join("work.txt"), "done");
        commit_all(&path, "work");
        std::fs::remove_dir_all(&path).expect("removed");
        if is_pruned {
            std::fs::remove_dir_all(world.project.join(".git/worktrees")).expect("removed");
        }
        assert_eq!(Git.mend_worktree(&order), Ok(Mended::MadeAgain), "{is_pruned}");
        assert_eq!(read(&path.join("work.txt")), "done");
        assert_eq!(Git.mend_worktree(&order), Ok(Mended::Standing));
    }
}

#[test]
fn a_worktree_that_git_has_forgotten_keeps_every_file() {
    let world = World::new(&[("a.txt", "a\n", false), ("work.txt", "new\n", false)]);
    let (order, path) = ready(&world);
    put(&path.join("work.txt"), "done");
    commit_all(&path, "work");
    put(&path.join("work.txt"), "changed");
    put(&path.join("draft"), "mine");
    std::fs::remove_dir_all(world.project.join(".git/worktrees")).expect("removed");
    assert_eq!(Git.mend_worktree(&order), Ok(Mended::TiedAgain));
    let status = run(&path, &["status", "--porcelain"]);
    assert_eq!(status.trim(), "M work.txt\n?? draft");
    assert_eq!(run(&path, &["branch", "--show-current"]).trim(), "f/agent/dev/1");
    let beside: Vec<_> =
        std::fs::read_dir(path.parent().expect("a folder")).expect("list").collect();
    assert_eq!(beside.len(), 1, "{beside:?}");
    assert_eq!(Git.mend_worktree(&order), Ok(Mended::Standing));
}

#[test]
fn a_broken_git_file_is_written_anew_and_nothing_else() {
    for broken in [None, Some(""), Some("gitdir: /nowhere\n"), Some("gitd")] {
        let world = World::new(&[("a.txt", "a\n", false), ("work.txt", "new\n", false)]);
        let (order, path) = ready(&world);
        put(&path.join("draft"), "mine");
        match broken {
            None => std::fs::remove_file(path.join(".git")).expect("removed"),
            Some(text) => put(&path.join(".git"), text),
        }
        assert_eq!(Git.mend_worktree(&order), Ok(Mended::TiedAgain), "{broken:?}");
        assert_eq!(run(&path, &["status", "--porcelain"]).trim_end(), "?? draft");
        assert_eq!(Git.mend_worktree(&order), Ok(Mended::Standing));
    }
}

#[test]
fn a_folder_that_is_not_ours_is_not_touched_and_said() {
    let world = World::new(&[("a.txt", "a\n", false), ("work.txt", "new\n", false)]);
    let (order, path) = ready(&world);
    std::fs::remove_dir_all(&path).expect("removed");
    std::fs::remove_dir_all(world.project.join(".git/worktrees")).expect("removed");
    std::fs::create_dir_all(&path).expect("made");
    put(&path.join("theirs"), "text");
    let refused = Git.mend_worktree(&order).expect_err("refused");
    assert!(matches!(refused, RepositoryError::InTheWay { .. }), "{refused:?}");
    run(&path, &["init", "--quiet"]);
    assert!(Git.mend_worktree(&order).is_err());
    assert_eq!(read(&path.join("theirs")), "text");
}

#[test]
fn a_lost_index_costs_no_file() {
    for is_emptied in [false, true] {
        let world = World::new(&[("a.txt", "a\n", false)]);
        let (order, path) = ready(&world);
        put(&path.join("a.txt"), "changed");
        put(&path.join("draft"), "mine");
        let index = run(&path, &["rev-parse", "--git-path", "index"]);
        match is_emptied {
            true => put(Path::new(&index), ""),
            false => std::fs::remove_file(&index).expect("removed"),
        }
        assert_eq!(Git.mend_worktree(&order), Ok(Mended::TiedAgain));
        assert_eq!(run(&path, &["status", "--porcelain"]).trim(), "M a.txt\n?? draft");
    }
}

#[test]
fn a_worktree_that_is_tied_by_relative_paths_stands() {
    let world = World::new(&[("a.txt", "a\n", false)]);
    let (order, path) = ready(&world);
    let git_folder = PathBuf::from(run(&path, &["rev-parse", "--absolute-git-dir"]));
    let root = world.project.parent().expect("a folder");
    let up = |from: &Path, to: &Path| {
        let below = |path: &Path| path.strip_prefix(root).expect("below").to_owned();
        let ups = "../".repeat(below(from).components().count());
        format!("{ups}{}", below(to).display())
    };
    put(&path.join(".git"), &format!("gitdir: {}\n", up(&path, &git_folder)));
    put(&git_folder.join("gitdir"), &format!("{}\n", up(&git_folder, &path.join(".git"))));
    assert_eq!(Git.mend_worktree(&order), Ok(Mended::Standing));
    std::fs::remove_dir_all(world.project.join(".git/worktrees")).expect("removed");
    put(&path.join("draft"), "mine");
    Git.mend_worktree(&order).expect("made again");
    assert_eq!(run(&path, &["status", "--porcelain"]).trim(), "?? draft");
    assert_eq!(Git.mend_worktree(&order), Ok(Mended::Standing));
}

#[test]
fn what_a_killed_process_registered_beside_a_worktree_is_forgotten() {
    let world = World::new(&[("a.txt", "a\n", false)]);
    let (order, path) = ready(&world);
    put(&path.join("draft"), "mine");
    std::fs::remove_dir_all(world.project.join(".git/worktrees")).expect("removed");
    let mut ended = crate::adapters::process::Invocation::new("true", &path)
        .to_command()
        .spawn()
        .expect("started");
    ended.wait().expect("ended");
    let scratch = path.with_file_name(format!(".new-{}-x", ended.id()));
    let beside = scratch.join(path.file_name().expect("a name"));
    std::fs::create_dir(&scratch).expect("made");
    let line = ["worktree", "add", "--quiet", "--no-checkout", "--lock", "--reason", "agency"];
    let what = [beside.to_str().expect("text"), "f/agent/dev/1"];
    run(&world.project, &[&line[..], &what].concat());
    Git.mend_worktree(&order).expect("made again");
    assert!(!scratch.exists());
    assert_eq!(run(&path, &["status", "--porcelain"]).trim(), "?? draft");
    assert_eq!(Git.mend_worktree(&order), Ok(Mended::Standing));
    let listed = run(&world.project, &["worktree", "list", "--porcelain"]);
    assert_eq!(listed.matches("worktree ").count(), 2, "{listed}");
}
