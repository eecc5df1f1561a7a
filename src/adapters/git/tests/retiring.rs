//! Nothing that a user or an agent made is lost when a worktree goes.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::adapters::git::checkouts;

fn show(world: &World, reference: &str, path: &str) -> String {
    run(&world.project, &["show", &format!("{reference}:{path}")])
}

#[test]
fn a_worktree_goes_and_everything_in_it_is_kept() {
    let world = World::new(&[("a.txt", "a\n", false), ("gone", "g\n", false)]);
    let made = world.worktree("f/one");
    put(&made.path.join("b"), "b");
    let head = commit_all(&made.path, "b");
    put(&made.path.join("a.txt"), "staged\n");
    run(&made.path, &["add", "a.txt"]);
    put(&made.path.join("a.txt"), "changed after\n");
    put(&made.path.join("folder/un tracked"), "u");
    std::fs::remove_file(made.path.join("gone")).expect("removed");
    let order = world.retire_order("f/one");
    let kept = Git.retire(&order).expect("retired");
    let branch = kept.branch_ref.clone().expect("a ref");
    let files = kept.uncommitted_ref.clone().expect("a ref");
    assert_eq!(branch, "refs/agency/kept/TASK-001");
    assert_eq!(run(&world.project, &["rev-parse", &branch]), head);
    assert_eq!(show(&world, &files, "a.txt"), "changed after");
    assert_eq!(show(&world, &files, "folder/un tracked"), "u");
    assert_eq!(show(&world, &format!("{files}^2"), "a.txt"), "staged");
    assert_eq!(run(&world.project, &["rev-parse", &format!("{files}^1")]), head);
    assert!(!made.path.exists());
    assert_eq!(Git.branch_head(&world.project, "f/one"), Ok(None));
    assert_eq!(checkouts::at(&world.project, &made.path), Ok(None));
    assert_eq!(std::fs::read_dir(&world.beside).expect("list").count(), 0, "nothing is left");
    assert_eq!(run(&world.project, &["for-each-ref", "refs/agency/base"]), "");
    assert_eq!(Git.retire(&order), Ok(kept), "a repetition says the same");
}

#[test]
fn a_clean_worktree_keeps_its_branch_only() {
    let world = World::new(&[("a.txt", "a\r\n", false)]);
    world.worktree("f/one");
    let kept = Git.retire(&world.retire_order("f/one")).expect("retired");
    assert_eq!(kept.uncommitted_ref, None);
    assert!(kept.branch_ref.is_some());
}

#[test]
fn a_retirement_goes_on_where_it_was_cut_off() {
    let world = World::new(&[("a.txt", "a\n", false)]);
    let made = world.worktree("f/one");
    put(&made.path.join("new"), "n");
    let state = checkouts::at(&world.project, &made.path).expect("asked").expect("registered");
    let snapshot =
        crate::adapters::git::snapshot::take(&state, None).expect("taken").expect("something");
    run(&world.project, &["update-ref", "refs/agency/kept/TASK-001-uncommitted", &snapshot]);
    std::fs::rename(&made.path, world.beside.join(".work tree.retired")).expect("moved");
    let kept = Git.retire(&world.retire_order("f/one")).expect("retired");
    let files = kept.uncommitted_ref.expect("it was kept before");
    assert_eq!(show(&world, &files, "new"), "n");
    assert_eq!(std::fs::read_dir(&world.beside).expect("list").count(), 0);
    assert_eq!(Git.branch_head(&world.project, "f/one"), Ok(None));
}

#[test]
fn what_was_kept_under_a_name_is_not_replaced_by_another() {
    let world = World::new(&[("a.txt", "a\n", false)]);
    let first = world.worktree("f/one");
    put(&first.path.join("one"), "1");
    let one = commit_all(&first.path, "one");
    Git.retire(&world.retire_order("f/one")).expect("retired");
    let second = world.worktree("f/one");
    put(&second.path.join("two"), "2");
    let two = commit_all(&second.path, "two");
    let kept = Git.retire(&world.retire_order("f/one")).expect("retired");
    assert_eq!(kept.branch_ref.as_deref(), Some("refs/agency/kept/TASK-001-2"));
    assert_eq!(run(&world.project, &["rev-parse", "refs/agency/kept/TASK-001"]), one);
    assert_eq!(run(&world.project, &["rev-parse", "refs/agency/kept/TASK-001-2"]), two);
}

#[test]
fn a_commit_on_a_detached_head_and_a_conflict_are_kept() {
    let world = World::new(&[("a.txt", "a\n", false)]);
    let made = world.worktree("f/one");
    let theirs = world.branch_with("theirs", "main", &[("a.txt", "theirs\n")]);
    run(&made.path, &["checkout", "-q", "--detach"]);
    put(&made.path.join("a.txt"), "ours\n");
    let lost = commit_all(&made.path, "on no branch");
    let merge = git(&made.path).args(["merge", "-q", &theirs]).outcome().expect("runs");
    assert!(!merge.status.success(), "a conflict");
    let kept = Git.retire(&world.retire_order("f/one")).expect("retired");
    let files = kept.uncommitted_ref.expect("kept");
    assert_eq!(run(&world.project, &["rev-parse", &format!("{files}^1")]), lost);
    assert!(show(&world, &files, "a.txt").contains("<<<<<<<"));
}

#[test]
fn a_folder_that_is_not_our_worktree_is_left_alone() {
    let world = World::new(&[]);
    let order = world.retire_order("f/one");
    put(&order.path.join("precious"), "mine");
    let refusal = Git.retire(&order).expect_err("refused");
    assert!(matches!(refusal, RepositoryError::InTheWay { .. }));
    assert_eq!(read(&order.path.join("precious")), "mine");
}

#[test]
fn the_users_own_checkout_is_neither_taken_nor_retired() {
    let world = World::new(&[("a.txt", "a\n", false)]);
    let taken = WorktreeOrder { path: world.project.clone(), ..world.order("main") };
    let refusal = Git.prepare_worktree(&taken).expect_err("refused");
    assert!(matches!(refusal, RepositoryError::InTheWay { .. }), "{refusal}");
    let retired = RetireOrder { path: world.project.clone(), ..world.retire_order("main") };
    let refusal = Git.retire(&retired).expect_err("refused");
    assert!(matches!(refusal, RepositoryError::InTheWay { .. }), "{refusal}");
    assert_eq!(run(&world.project, &["status", "--porcelain"]), "");
}

#[test]
fn a_worktree_without_any_file_is_retired() {
    let world = World::new(&[]);
    world.worktree("f/one");
    let kept = Git.retire(&world.retire_order("f/one")).expect("retired");
    assert_eq!(kept.uncommitted_ref, None);
}

#[test]
fn files_that_git_was_told_not_to_look_at_are_kept_and_line_endings_refuse_nothing() {
    let world = World::new(&[("a.txt", "a\n", false)]);
    let made = world.worktree("f/one");
    run(&made.path, &["update-index", "--assume-unchanged", "a.txt"]);
    put(&made.path.join("a.txt"), "changed\n");
    run(&world.project, &["config", "core.autocrlf", "input"]);
    run(&world.project, &["config", "core.safecrlf", "true"]);
    put(&made.path.join("dos"), "one\r\ntwo\n");
    let kept = Git.retire(&world.retire_order("f/one")).expect("retired");
    let files = kept.uncommitted_ref.expect("kept");
    assert_eq!(show(&world, &files, "a.txt"), "changed");
    assert_eq!(show(&world, &files, "dos"), "one\ntwo");
}

#[test]
fn a_repository_inside_a_worktree_stops_its_removal() {
    let world = World::new(&[]);
    let made = world.worktree("f/one");
    make_project(&made.path.join("clone"), &[("x", "x", false)], "inner").expect("made");
    let refusal = Git.retire(&world.retire_order("f/one")).expect_err("refused");
    assert!(matches!(refusal, RepositoryError::InTheWay { .. }), "{refusal}");
    assert!(made.path.join("clone/x").exists());
}

#[test]
fn a_branch_goes_and_its_commit_is_kept() {
    let world = World::new(&[]);
    let head = world.branch_with("f/integration", "main", &[("x", "x")]);
    let kept = Git.retire_branch(&world.project, "f/integration", "f").expect("retired");
    assert_eq!(run(&world.project, &["rev-parse", &kept.branch_ref.clone().expect("a ref")]), head);
    assert_eq!(Git.branch_head(&world.project, "f/integration"), Ok(None));
    assert_eq!(Git.retire_branch(&world.project, "f/integration", "f"), Ok(kept));
    let checked_out = Git.retire_branch(&world.project, "main", "m").expect_err("refused");
    assert!(matches!(checked_out, RepositoryError::InTheWay { .. }));
}

/// What an agent does in a worktree.
#[derive(Debug, Clone)]
enum Act {
    Write { file: u8, text: String },
    Delete { file: u8 },
    Stage,
    Commit,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0..4_u8, "[a-z\r\n\0]{1,12}").prop_map(|(file, text)| Act::Write { file, text }),
        (0..4_u8).prop_map(|file| Act::Delete { file }),
        Just(Act::Stage),
        Just(Act::Commit),
    ]
}

proptest! {
    // Each case starts some thirty git processes.
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_commit_and_every_file_is_reachable_after_a_retirement(acts in prop::collection::vec(act(), 0..10)) {
        let world = World::new(&[("f0", "first\n", false), ("f1", "second\n", false)]);
        let made = world.worktree("f/one");
        let mut commits = Vec::new();
        for act in acts {
            match act {
                Act::Write { file, text } => put(&made.path.join(format!("f{file}")), &text),
                Act::Delete { file } => drop(std::fs::remove_file(made.path.join(format!("f{file}")))),
                Act::Stage => drop(run(&made.path, &["add", "--all"])),
                Act::Commit => {
                    run(&made.path, &["add", "--all"]);
                    run(&made.path, &["commit", "-q", "--allow-empty", "-m", "x"]);
                    commits.push(run(&made.path, &["rev-parse", "HEAD"]));
                }
            }
        }
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(&made.path).expect("list").flatten() {
            if entry.file_name() != ".git" {
                files.insert(entry.file_name().into_string().expect("text"), std::fs::read(entry.path()).expect("read"));
            }
        }
        let kept = Git.retire(&world.retire_order("f/one")).expect("retired");
        let branch = kept.branch_ref.expect("a ref");
        let newest = kept.uncommitted_ref.unwrap_or_else(|| branch.clone());
        for commit in commits {
            run(&world.project, &["merge-base", "--is-ancestor", &commit, &branch]);
        }
        let names = run(&world.project, &["ls-tree", "--name-only", &newest]);
        prop_assert_eq!(names.lines().map(str::to_owned).collect::<Vec<_>>(), files.keys().cloned().collect::<Vec<_>>());
        for (name, bytes) in files {
            let shown = git(&world.project).args(["cat-file", "blob", &format!("{newest}:{name}")]).run().expect("there");
            prop_assert_eq!(shown.stdout, bytes);
        }
    }
}
