//! Previews, exports and the move of the target branch.

use super::*;

fn preview(world: &World, head: &str) -> crate::domain::submission::MergePreview {
    match Git.preview_merge(&world.project, "main", head).expect("previewed") {
        Previewed::Clean(preview) => preview,
        Previewed::Conflict { paths, .. } => panic!("conflict in {paths:?}"),
    }
}

fn done(result: Result<Merged, RepositoryError>) -> String {
    match result.expect("merged") {
        Merged::Done { commit } => commit,
        other => panic!("not done: {other:?}"),
    }
}

fn held(result: Result<Merged, RepositoryError>) -> String {
    match result.expect("tried") {
        Merged::Held { reason } => reason,
        other => panic!("not held: {other:?}"),
    }
}

#[test]
fn the_same_change_has_the_same_id_on_another_base_and_white_space_counts() {
    let world = World::new(&[("a.py", "if x:\n    y\n", false)]);
    let head = world.branch_with("f/one", "main", &[("new.py", "if a:\n    b\nc\n")]);
    let other = world.branch_with("f/two", "main", &[("new.py", "if a:\n    b\n    c\n")]);
    let before = preview(&world, &head);
    put(&world.project.join("elsewhere"), "x\n");
    commit_all(&world.project, "main moves");
    let after = preview(&world, &head);
    assert_ne!(before.tree, after.tree);
    assert_eq!(before.change, after.change);
    assert_ne!(preview(&world, &other).change, after.change);
    assert_eq!((after.diff.files, after.diff.insertions, after.diff.deletions), (1, 3, 0));
}

#[test]
fn two_binary_files_of_the_same_name_are_different_changes() {
    let world = World::new(&[]);
    let one = world.branch_with("f/one", "main", &[("image", "\0one\0")]);
    let two = world.branch_with("f/two", "main", &[("image", "\0two\0")]);
    let (one, two) = (preview(&world, &one), preview(&world, &two));
    assert_ne!(one.change, two.change);
    assert_eq!((one.diff.files, one.diff.insertions), (1, 0));
    let diff = Git.diff(&world.project, &one.base, &one.tree).expect("a diff");
    assert!(diff.contains("Binary files"), "{diff}");
}

#[test]
fn a_preview_of_what_does_not_merge_names_the_paths() {
    let world = World::new(&[("ä.txt", "a\n", false)]);
    let one = world.branch_with("f/one", "main", &[("ä.txt", "one\n")]);
    put(&world.project.join("ä.txt"), "two\n");
    let base = commit_all(&world.project, "two");
    let result = Git.preview_merge(&world.project, "main", &one).expect("previewed");
    assert_eq!(result, Previewed::Conflict { base, paths: vec!["ä.txt".to_owned()] });
    let missing = Git.preview_merge(&world.project, "no-such", &one).expect_err("refused");
    assert!(matches!(missing, RepositoryError::NoSuchRevision { .. }));
}

#[test]
fn an_export_has_the_trees_files_with_its_own_line_endings_and_no_repository() {
    let world = World::new(&[
        ("plain.txt", "a\nb\n", false),
        (".gitattributes", "*.txt eol=lf\n", false),
        ("run.sh", "#!/bin/sh\n", true),
    ]);
    let head = world.branch_with("f/one", "main", &[(".gitattributes", "*.txt text eol=crlf\n")]);
    let preview = preview(&world, &head);
    let folder = world.beside.join("export here");
    Git.export_tree(&world.project, &preview.tree, &folder).expect("exported");
    assert_eq!(read(&folder.join("plain.txt")), "a\r\nb\r\n");
    assert!(!folder.join(".git").exists());
    use std::os::unix::fs::PermissionsExt as _;
    let mode = folder.join("run.sh").metadata().expect("there").permissions().mode();
    assert_ne!(mode & 0o111, 0);
    let again = Git.export_tree(&world.project, &preview.tree, &folder).expect_err("refused");
    assert!(matches!(again, RepositoryError::InTheWay { .. }));
    assert_eq!(run(&world.project, &["status", "--porcelain"]), "", "the project is untouched");
}

#[test]
fn an_export_knows_no_sparse_checkout_and_works_from_a_linked_worktree() {
    let world = World::new(&[("in/a", "a\n", false), ("out/b", "b\n", false)]);
    let made = world.worktree("f/one");
    run(&world.project, &["sparse-checkout", "set", "in"]);
    assert!(!world.project.join("out/b").exists());
    for (project, name) in [(&world.project, "x"), (&made.path, "y")] {
        let folder = world.beside.join(name);
        let tree = run(project, &["rev-parse", "main^{tree}"]);
        Git.export_tree(project, &tree, &folder).expect("exported");
        assert_eq!(read(&folder.join("out/b")), "b\n");
    }
}

#[test]
fn a_clean_checkout_of_the_target_goes_forward_with_its_files() {
    let world = World::new(&[("a.txt", "a\n", false)]);
    put(&world.project.join("untracked"), "mine");
    let head = world.branch_with("f/one", "main", &[("a.txt", "b\n"), ("new", "n\n")]);
    let order = world.merge_order(&head);
    let commit = done(Git.merge(&order));
    assert_eq!(world.head("main"), commit);
    assert_eq!(run(&world.project, &["rev-parse", "main^{tree}"]), order.tree);
    assert_eq!(read(&world.project.join("a.txt")), "b\n");
    assert_eq!(run(&world.project, &["status", "--porcelain"]), "?? untracked");
    assert_eq!(done(Git.merge(&order)), commit, "a repetition says the same");
    put(&world.project.join("later"), "l");
    commit_all(&world.project, "main moves on");
    assert_eq!(done(Git.merge(&order)), commit, "also when the branch has moved on");
}

#[test]
fn a_target_that_nobody_has_checked_out_moves_alone() {
    let world = World::new(&[("a.txt", "a\n", false)]);
    let head = world.branch_with("f/one", "main", &[("a.txt", "b\n")]);
    run(&world.project, &["checkout", "-q", "-b", "elsewhere"]);
    put(&world.project.join("a.txt"), "dirty\n");
    let commit = done(Git.merge(&world.merge_order(&head)));
    assert_eq!(world.head("main"), commit);
    assert_eq!(read(&world.project.join("a.txt")), "dirty\n");
}

#[test]
fn a_moved_base_moves_nothing() {
    let world = World::new(&[("a.txt", "a\n", false)]);
    let head = world.branch_with("f/one", "main", &[("new", "n\n")]);
    let order = world.merge_order(&head);
    put(&world.project.join("b"), "b");
    let now = commit_all(&world.project, "main moves");
    assert_eq!(Git.merge(&order), Ok(Merged::BaseMoved { now: now.clone() }));
    assert_eq!(world.head("main"), now);
}

#[test]
fn a_dirty_checkout_holds_the_merge_and_keeps_its_files() {
    let world = World::new(&[("a.txt", "a\n", false), ("other", "o\n", false)]);
    let head = world.branch_with("f/one", "main", &[("a.txt", "b\n")]);
    let order = world.merge_order(&head);
    put(&world.project.join("other"), "mine\n");
    run(&world.project, &["config", "merge.autoStash", "true"]);
    let reason = held(Git.merge(&order));
    assert!(reason.contains("`other`") && reason.contains("my project"), "{reason}");
    assert_eq!(world.head("main"), order.base);
    assert_eq!(read(&world.project.join("other")), "mine\n");
    put(&world.project.join("other"), "o\n");
    done(Git.merge(&order));
}

#[test]
fn a_file_that_git_does_not_know_is_never_overwritten_not_even_an_ignored_one() {
    let world = World::new(&[(".gitignore", "ignored\n", false)]);
    let made = world.beside.join("w");
    run(&world.project, &["worktree", "add", "-q", "-b", "f/one", made.to_str().expect("text")]);
    put(&made.join("ignored"), "theirs\n");
    put(&made.join("folder/file"), "theirs\n");
    run(&made, &["add", "-f", "ignored", "folder"]);
    let head = commit_all(&made, "adds both");
    let order = world.merge_order(&head);
    put(&world.project.join("ignored"), "mine\n");
    let reason = held(Git.merge(&order));
    assert!(reason.contains("`ignored`"), "{reason}");
    assert_eq!(read(&world.project.join("ignored")), "mine\n");
    std::fs::remove_file(world.project.join("ignored")).expect("moved away");
    put(&world.project.join("folder"), "a file where a folder has to be\n");
    let reason = held(Git.merge(&order));
    assert!(reason.contains("`folder`"), "{reason}");
    std::fs::remove_file(world.project.join("folder")).expect("moved away");
    done(Git.merge(&order));
}

#[test]
fn a_merge_or_rebase_in_progress_holds_the_merge() {
    let world = World::new(&[("a.txt", "a\n", false)]);
    let head = world.branch_with("f/one", "main", &[("new", "n\n")]);
    let order = world.merge_order(&head);
    run(&world.project, &["merge", "-q", "--no-ff", "--no-commit", &head]);
    let reason = held(Git.merge(&order));
    assert!(reason.contains("a merge is going on"), "{reason}");
    run(&world.project, &["merge", "--abort"]);

    let theirs = world.branch_with("theirs", "main", &[("a.txt", "theirs\n")]);
    put(&world.project.join("a.txt"), "ours\n");
    commit_all(&world.project, "ours");
    let order = world.merge_order(&head);
    let conflict = git(&world.project).args(["rebase", "-q", &theirs]).outcome().expect("runs");
    assert!(!conflict.status.success());
    let reason = held(Git.merge(&order));
    assert!(reason.contains("a rebase is going on"), "{reason}");
    assert_eq!(world.head("main"), order.base);
}

#[test]
fn a_fast_forward_that_was_cut_off_before_the_branch_moved_is_ended() {
    let world = World::new(&[("a.txt", "a\n", false)]);
    let head = world.branch_with("f/one", "main", &[("a.txt", "b\n"), ("new", "n\n")]);
    let order = world.merge_order(&head);
    run(&world.project, &["read-tree", "-m", "-u", "HEAD", &order.tree]);
    assert_eq!(world.head("main"), order.base);
    let commit = done(Git.merge(&order));
    assert_eq!(world.head("main"), commit);
    assert_eq!(run(&world.project, &["status", "--porcelain"]), "");
}
