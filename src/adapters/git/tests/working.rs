//! Projects, worktrees, branches and integration.

use super::*;
use crate::adapters::git::checkouts;
use crate::adapters::git::worktree::await_unlocked;

#[test]
fn each_kind_of_project_that_cannot_be_worked_on_has_its_own_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let refusal = |name: &str| Git.inspect(&at(name)).expect_err("refused");

    assert!(matches!(refusal("missing"), RepositoryError::NotARepository { .. }));
    std::fs::create_dir(at("plain")).expect("made");
    assert!(matches!(refusal("plain"), RepositoryError::NotARepository { .. }));
    run(folder.path(), &["init", "-q", "--bare", "bare"]);
    assert!(matches!(refusal("bare"), RepositoryError::Bare { .. }));
    run(folder.path(), &["init", "-q", "empty"]);
    assert!(matches!(refusal("empty"), RepositoryError::Empty { .. }));
    make_project(&at("detached"), &[], "first").expect("a project");
    run(&at("detached"), &["checkout", "-q", "--detach"]);
    assert!(matches!(refusal("detached"), RepositoryError::DetachedHead { .. }));
    make_project(&at("sub"), &[(".gitmodules", "", false)], "first").expect("a project");
    assert!(matches!(refusal("sub"), RepositoryError::Submodules { .. }));
}

#[test]
fn a_project_given_by_a_folder_inside_it_is_its_root() {
    let world = World::new(&[("src/a.txt", "a\n", false)]);
    let facts = Git.inspect(&world.project.join("src")).expect("a project");
    assert_eq!(facts.root, world.project);
    assert_eq!(facts.branch, "main");
    assert_eq!(facts.head, world.head("main"));
}

#[test]
fn a_repository_that_libgit2_cannot_open_is_read_by_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let project = folder.path().canonicalize().expect("there").join("p");
    run(folder.path(), &["init", "-q", "-b", "main", "--object-format=sha256", "p"]);
    run(&project, &["config", "user.email", "a@b"]);
    run(&project, &["config", "user.name", "a"]);
    put(&project.join("a"), "a\n");
    let head = commit_all(&project, "first");
    assert!(crate::adapters::git::revision::open(&project).is_none());
    assert_eq!(Git.inspect(&project).expect("a project").head, head);
    assert_eq!(Git.branch_head(&project, "main"), Ok(Some(head)));
    assert_eq!(Git.branch_head(&project, "other"), Ok(None));
    let seen = Git.branches(&project, "main", &[("main".to_owned(), None)]).expect("seen");
    assert_eq!(seen.len(), 1);
}

#[test]
fn a_worktree_is_made_once_and_taken_afterwards() {
    let world = World::new(&[("a.txt", "a\n", false)]);
    let made = world.worktree("f/agent/dev/one");
    assert_eq!(made.base, world.head("main"));
    assert_eq!(read(&made.path.join("a.txt")), "a\n");
    put(&made.path.join("a.txt"), "changed\n");
    put(&world.project.join("b"), "moved on");
    commit_all(&world.project, "main moves");
    assert_eq!(world.worktree("f/agent/dev/one"), made, "taken, with the same base");
    assert_eq!(read(&made.path.join("a.txt")), "changed\n");
    let listed = checkouts::at(&world.project, &made.path).expect("asked").expect("registered");
    assert!(listed.is_locked);
}

#[test]
fn a_branch_without_a_worktree_is_taken_as_it_is() {
    let world = World::new(&[]);
    let head = world.branch_with("f/one", "main", &[("new", "new\n")]);
    let made = world.worktree("f/one");
    assert_eq!(read(&made.path.join("new")), "new\n");
    assert_eq!(made.base, world.head("main"));
    assert_eq!(world.head("f/one"), head);
}

#[test]
fn a_worktree_whose_folder_is_gone_is_made_again_and_no_other_is_pruned() {
    let world = World::new(&[("a.txt", "a\n", false)]);
    let made = world.worktree("f/one");
    let other = world.beside.join("of the user");
    run(&world.project, &["worktree", "add", "-q", "-b", "theirs", other.to_str().expect("text")]);
    std::fs::remove_dir_all(&made.path).expect("removed");
    std::fs::remove_dir_all(&other).expect("removed");
    assert_eq!(world.worktree("f/one"), made);
    assert!(made.path.join("a.txt").exists());
    assert!(
        checkouts::at(&world.project, &other).expect("asked").is_some(),
        "theirs is still known"
    );
}

#[test]
fn a_checkout_that_was_cut_off_is_ended() {
    let world = World::new(&[("a.txt", "a\n", false), ("b.txt", "b\n", false)]);
    let made = world.worktree("f/one");
    let state = checkouts::at(&world.project, &made.path).expect("asked").expect("registered");
    let git_folder = state.git_folder().expect("it has one");
    std::fs::remove_file(git_folder.join("index")).expect("removed");
    std::fs::remove_file(made.path.join("b.txt")).expect("removed");
    put(&git_folder.join("HEAD"), &format!("{}\n", "0".repeat(40)));
    assert_eq!(world.worktree("f/one"), made);
    assert_eq!(read(&made.path.join("b.txt")), "b\n");
    assert_eq!(Git.work_state(&made.path, &made.base).expect("seen").dirty, Vec::<String>::new());
    assert_eq!(run(&made.path, &["symbolic-ref", "HEAD"]), "refs/heads/f/one");
}

#[test]
fn a_lock_is_waited_for_and_a_dead_ones_is_removed() {
    let world = World::new(&[]);
    let lock = world.beside.join("index.lock");
    put(&lock, "");
    let other = lock.clone();
    let holder = std::thread::spawn(move || std::fs::remove_file(other));
    let patience = std::time::Duration::from_secs(60);
    await_unlocked(&lock, &world.beside, patience).expect("it goes away");
    holder.join().expect("joined").expect("removed by its holder");
    put(&lock, "");
    await_unlocked(&lock, &world.beside, std::time::Duration::from_millis(30)).expect("removed");
    assert!(!lock.exists());
}

#[test]
fn a_folder_that_got_no_further_than_its_git_file_is_made_again() {
    let world = World::new(&[("a.txt", "a\n", false)]);
    let made = world.worktree("f/one");
    let state = checkouts::at(&world.project, &made.path).expect("asked").expect("registered");
    std::fs::remove_file(state.git_folder().expect("it has one").join("commondir"))
        .expect("removed");
    std::fs::remove_file(made.path.join("a.txt")).expect("removed");
    assert_eq!(world.worktree("f/one"), made);
    assert!(made.path.join("a.txt").exists());
}

#[test]
fn a_folder_with_other_files_is_in_the_way_and_stays() {
    let world = World::new(&[]);
    let order = world.order("f/one");
    put(&order.path.join("precious"), "mine");
    let refusal = Git.prepare_worktree(&order).expect_err("refused");
    assert!(matches!(refusal, RepositoryError::InTheWay { .. }), "{refusal}");
    assert_eq!(read(&order.path.join("precious")), "mine");
    assert_eq!(Git.branch_head(&world.project, "f/one"), Ok(None), "nothing was made");
}

#[test]
fn a_branch_that_is_checked_out_elsewhere_is_in_the_way() {
    let world = World::new(&[]);
    let refusal = Git.prepare_worktree(&world.order("main")).expect_err("refused");
    assert!(matches!(refusal, RepositoryError::InTheWay { path, .. } if path == world.project));
    let mut order = world.order("f/one");
    order.start_from = vec!["nowhere".to_owned()];
    let refusal = Git.prepare_worktree(&order).expect_err("refused");
    assert!(matches!(refusal, RepositoryError::NoSuchRevision { .. }));
}

#[test]
fn work_is_commits_since_the_base_and_files_not_committed() {
    let world = World::new(&[("a.txt", "a\n", false), (".gitignore", "junk\n", false)]);
    let made = world.worktree("f/one");
    put(&made.path.join("b.txt"), "b\n");
    let head = commit_all(&made.path, "b");
    put(&made.path.join("a.txt"), "changed\n");
    put(&made.path.join("folder/new file"), "new\n");
    put(&made.path.join("junk"), "ignored\n");
    let state = Git.work_state(&made.path, &made.base).expect("seen");
    assert_eq!(state.head, head);
    assert_eq!(state.ahead, 1);
    assert_eq!(state.dirty, ["a.txt", "folder/new file"]);
    let wanted = [("f/one".to_owned(), Some(made.path)), ("gone".to_owned(), None)];
    let seen = Git.branches(&world.project, "main", &wanted).expect("seen");
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].ahead, seen[0].behind, seen[0].dirty), (1, 0, 2));
    assert_eq!((seen[0].insertions, seen[0].deletions), (1, 0));
}

#[test]
fn the_state_of_a_folder_that_is_no_worktree_is_not_that_of_a_repository_further_up() {
    let world = World::new(&[]);
    let inside = world.project.join("inside");
    std::fs::create_dir(&inside).expect("made");
    let refusal = Git.work_state(&inside, "main").expect_err("refused");
    assert!(matches!(refusal, RepositoryError::NotARepository { .. }));
}

fn integration(world: &World, head: &str) -> IntegrationOrder {
    IntegrationOrder {
        project: world.project.clone(),
        into: "f/integration".to_owned(),
        start_from: "main".to_owned(),
        head: head.to_owned(),
        message: "Integrate".to_owned(),
        at: Timestamp::UNIX_EPOCH,
    }
}

fn merged(result: Result<Integrated, RepositoryError>) -> String {
    match result.expect("integrated") {
        Integrated::Merged { commit } => commit,
        Integrated::Conflict { paths } => panic!("conflict in {paths:?}"),
    }
}

#[test]
fn integration_goes_forward_then_merges_and_a_repetition_changes_nothing() {
    let world = World::new(&[("a.txt", "a\n", false)]);
    let one = world.branch_with("f/one", "main", &[("one", "1\n")]);
    let two = world.branch_with("f/two", "main", &[("two", "2\n")]);
    assert_eq!(merged(Git.integrate(&integration(&world, &one))), one, "moved forward");
    let both = merged(Git.integrate(&integration(&world, &two)));
    assert_eq!(world.head("f/integration"), both);
    assert_eq!(merged(Git.integrate(&integration(&world, &two))), both);
    assert_eq!(merged(Git.integrate(&integration(&world, &one))), both);
    run(&world.project, &["update-ref", "refs/heads/f/integration", &one]);
    assert_eq!(merged(Git.integrate(&integration(&world, &two))), both, "the same commit again");
}

#[test]
fn a_conflict_names_its_paths_and_moves_nothing() {
    let world = World::new(&[("a file.txt", "a\n", false)]);
    let one = world.branch_with("f/one", "main", &[("a file.txt", "one\n")]);
    let two = world.branch_with("f/two", "main", &[("a file.txt", "two\n")]);
    merged(Git.integrate(&integration(&world, &one)));
    let result = Git.integrate(&integration(&world, &two)).expect("tried");
    assert_eq!(result, Integrated::Conflict { paths: vec!["a file.txt".to_owned()] });
    assert_eq!(world.head("f/integration"), one);
}
