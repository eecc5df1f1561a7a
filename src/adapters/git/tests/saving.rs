//! A checkpoint holds what lies there, changes nothing, and brings it back byte for byte.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::PermissionsExt as _;

use proptest::prelude::*;

use super::super::{checkpoint, restore};
use super::*;
use crate::domain::id::TaskId;

mod restoring;

/// A link's target, or a file's bytes and whether it can be run; by path.
type Files = BTreeMap<Vec<u8>, (bool, Vec<u8>)>;

fn order(world: &World) -> CheckpointOrder {
    CheckpointOrder {
        project: world.project.clone(),
        path: world.beside.join("work tree"),
        task: TaskId(1),
        holding: Holding::Uncommitted,
        message: "a checkpoint for a test".to_owned(),
        key: None,
        largest_bytes: 1_000,
        at: "2026-01-02T03:04:05Z".parse().expect("a time"),
    }
}

fn take(world: &World) -> Checkpoint {
    Git.checkpoint(&order(world)).expect("taken").expect("something to save")
}

fn back(world: &World, commit: &str, manner: Manner, paths: &[&str]) -> Restored {
    let before = CheckpointOrder { key: Some(format!("to {commit}")), ..order(world) };
    let paths = paths.iter().map(PathBuf::from).collect();
    let (commit, taking_back) = (commit.to_owned(), None);
    Git.restore(&RestoreOrder { before, commit, paths, manner, taking_back }).expect("restored")
}

/// Every file below a folder but git's own.
fn files(root: &Path) -> Files {
    fn walk(root: &Path, folder: &Path, found: &mut Files) {
        for entry in std::fs::read_dir(folder).expect("listed") {
            let path = entry.expect("an entry").path();
            if path.file_name() == Some(OsStr::new(".git")) {
                continue;
            }
            let what = path.symlink_metadata().expect("there");
            if what.is_dir() {
                walk(root, &path, found);
                continue;
            }
            let name = path.strip_prefix(root).expect("below").as_os_str().as_bytes().to_vec();
            let content = match what.is_symlink() {
                true => std::fs::read_link(&path).expect("a link").into_os_string().into_vec(),
                false => std::fs::read(&path).expect("readable"),
            };
            let can_run = !what.is_symlink() && what.permissions().mode() & 0o100 != 0;
            found.insert(name, (can_run, content));
        }
    }
    let mut found = Files::new();
    walk(root, root, &mut found);
    found
}

/// Everything of a repository that is not ours and no object.
fn git_files(world: &World) -> Files {
    let mut found = files(&world.project.join(".git"));
    found.retain(|path, _| {
        let path = String::from_utf8_lossy(path);
        !path.starts_with("objects/") && !path.contains("refs/agency/")
    });
    assert!(found.keys().any(|path| path.ends_with(b"/index")));
    found
}

/// Hooks, filters and helpers that fail, and say that they ran.
fn make_hostile(world: &World) -> PathBuf {
    let hooks = world.beside.join("hooks");
    let marker = world.beside.join("it ran");
    let script = format!("#!/bin/sh\ntouch '{}'\nexit 1\n", marker.display());
    for name in [
        "pre-commit",
        "post-commit",
        "commit-msg",
        "prepare-commit-msg",
        "post-checkout",
        "post-merge",
        "reference-transaction",
        "post-index-change",
        "post-rewrite",
        "pre-auto-gc",
        "fsmonitor",
        "filter",
    ] {
        put(&hooks.join(name), &script);
        let run = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(hooks.join(name), run).expect("set");
    }
    let program = |name: &str| format!("'{}'", hooks.join(name).display());
    for (key, value) in [
        ("core.fsmonitor", hooks.join("fsmonitor").display().to_string()),
        ("commit.gpgSign", "true".to_owned()),
        ("gpg.program", hooks.join("filter").display().to_string()),
        ("filter.bad one.clean", program("filter")),
        ("filter.bad one.process", program("filter")),
        ("filter.bad one.required", "true".to_owned()),
        ("core.fileMode", "false".to_owned()),
        ("core.safecrlf", "true".to_owned()),
        ("core.hooksPath", hooks.display().to_string()),
    ] {
        run(&world.project, &["config", key, &value]);
    }
    marker
}

/// A worktree with something of everything.
fn busy() -> (World, PathBuf) {
    let world = World::new(&[
        ("a.txt", "a\n", false),
        ("gone", "g\n", false),
        ("run.sh", "#!/bin/sh\n", true),
        ("folder/kept", "k\n", false),
        ("x.bad", "as committed\n", false),
        (".gitignore", "*.ignored\n", false),
    ]);
    run(&world.project, &["config", "core.autocrlf", "true"]);
    let made = world.worktree("f/one").path;
    (world, made)
}

#[test]
fn everything_comes_back_and_nothing_else_is_touched_whatever_is_configured() {
    let (world, made) = busy();
    put(&made.join("staged"), "staged\n");
    run(&made, &["add", "staged"]);
    put(&made.join("later"), "intended\n");
    run(&made, &["add", "--intent-to-add", "later"]);
    put(&made.join(".gitattributes"), "*.bad filter=bad\\040one\nx.bad -text\n");
    put(&made.join("a.txt"), "mixed\r\nline\nendings\r\n");
    put(&made.join("x.bad"), "no filter can take this\n");
    put(&made.join("folder/un tracked"), "u");
    put(&made.join("secret.ignored"), "not kept");
    std::fs::remove_file(made.join("gone")).expect("removed");
    let run_mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(made.join("folder/kept"), run_mode).expect("set");
    std::os::unix::fs::symlink("no/such/place", made.join("link")).expect("linked");
    put(&made.join(OsStr::from_bytes(b"n\xffame \"of\n bytes\"")), "odd");
    let marker = make_hostile(&world);
    put(&made.join("index.lock is elsewhere"), "");
    let lock = run(&made, &["rev-parse", "--absolute-git-dir"]);
    put(&Path::new(&lock).join("index.lock"), "");
    let (git_before, mut before) = (git_files(&world), files(&made));
    let taken = take(&world);
    assert_eq!(git_files(&world), git_before);
    assert_eq!(files(&made), before);
    assert_eq!((taken.number, taken.left_out.len()), (1, 0), "{taken:?}");
    for path in before.keys().filter(|path| *path != b".gitignore") {
        std::fs::remove_file(made.join(OsStr::from_bytes(path))).expect("removed");
    }
    put(&made.join("junk/new"), "since then");
    put(&made.join("secret.ignored"), "not kept either");
    let restored = back(&world, &taken.commit, Manner::Exact, &[]);
    assert_eq!(restored.in_the_way, Vec::<String>::new());
    before.insert(b"secret.ignored".to_vec(), (false, b"not kept either".to_vec()));
    assert_eq!(files(&made), before);
    assert_eq!(git_files(&world), git_before);
    assert!(!marker.exists(), "a hook or a filter ran");
    let junk = run(&world.project, &["show", &format!("{}:junk/new", restored.before.commit)]);
    assert_eq!(junk, "since then");
}

#[test]
fn the_same_files_are_saved_once_and_a_clean_worktree_not_at_all() {
    let (world, made) = busy();
    assert_eq!(Git.checkpoint(&order(&world)), Ok(None));
    put(&made.join("new"), "n");
    let first = take(&world);
    assert_eq!(take(&world), first);
    put(&made.join("new"), "m");
    let second = take(&world);
    assert_eq!((first.number, second.number), (1, 2));
    assert_eq!((second.files, second.insertions), (1, 1));
    let refs =
        run(&world.project, &["for-each-ref", "--format=%(refname)", "refs/agency/checkpoints"]);
    assert_eq!(refs, "refs/agency/checkpoints/TASK-001/1\nrefs/agency/checkpoints/TASK-001/2");
    let first = vec![("refs/agency/checkpoints/TASK-001/1".to_owned(), first.commit)];
    Git.drop_checkpoints(&world.project, &first).expect("dropped");
    Git.drop_checkpoints(&world.project, &first).expect("dropped twice");
    put(&made.join("new"), "o");
    assert_eq!(take(&world).number, 3, "a number is never given again while a later one stands");
}

#[test]
fn what_is_too_large_or_a_repository_is_named_and_never_written_over() {
    let (world, made) = busy();
    put(&made.join("small"), "s");
    put(&made.join("a.txt"), "small change\n");
    let first = take(&world);
    put(&made.join("a.txt"), &"large ".repeat(500));
    put(&made.join("huge"), &"huge ".repeat(500));
    run(&made, &["init", "-q", "inner"]);
    put(&made.join("inner/file"), "i");
    let second = take(&world);
    let named = second.left_out.join("; ");
    for name in ["a.txt", "huge", "inner/"] {
        assert!(named.contains(name), "{named}");
    }
    put(&made.join("small"), "changed");
    let restored = back(&world, &first.commit, Manner::Exact, &[]);
    assert!(restored.in_the_way.iter().any(|file| file.starts_with("a.txt ")), "{restored:?}");
    assert_eq!(read(&made.join("small")), "s");
    assert!(read(&made.join("a.txt")).starts_with("large"));
    assert!(made.join("huge").exists() && made.join("inner/file").exists());
}

#[test]
fn a_link_that_leads_out_of_the_worktree_is_not_followed() {
    let (world, made) = busy();
    put(&made.join("folder/kept"), "mine\n");
    let saved = take(&world);
    let outside = world.beside.join("outside");
    put(&outside.join("kept"), "theirs");
    std::fs::remove_dir_all(made.join("folder")).expect("removed");
    std::os::unix::fs::symlink(&outside, made.join("folder")).expect("linked");
    let restored = back(&world, &saved.commit, Manner::Keep, &[]);
    assert_eq!(read(&outside.join("kept")), "theirs");
    assert!(restored.in_the_way[0].starts_with("folder/kept"), "{restored:?}");
    back(&world, &saved.commit, Manner::Exact, &[]);
    assert_eq!(read(&outside.join("kept")), "theirs");
    assert_eq!(read(&made.join("folder/kept")), "mine\n");
}

#[test]
fn conflicts_hidden_files_and_a_sparse_checkout_are_saved_as_they_lie() {
    let (world, made) = busy();
    let theirs = world.branch_with("theirs", "main", &[("a.txt", "theirs\n")]);
    put(&made.join("a.txt"), "ours\n");
    commit_all(&made, "ours");
    let merge = git(&made).args(["merge", "-q", &theirs]).outcome().expect("runs");
    assert!(!merge.status.success(), "a conflict");
    run(&made, &["update-index", "--assume-unchanged", "run.sh"]);
    run(&made, &["update-index", "--skip-worktree", "folder/kept"]);
    put(&made.join("run.sh"), "assumed\n");
    put(&made.join("folder/kept"), "skipped\n");
    let (git_before, before) = (git_files(&world), files(&made));
    let saved = take(&world);
    for name in ["a.txt", "run.sh", "folder/kept"] {
        put(&made.join(name), "lost\n");
    }
    back(&world, &saved.commit, Manner::Exact, &[]);
    assert_eq!(files(&made).get(b"a.txt".as_slice()), before.get(b"a.txt".as_slice()));
    assert_eq!(read(&made.join("run.sh")), "assumed\n");
    assert_eq!(read(&made.join("folder/kept")), "skipped\n");
    assert_eq!(git_files(&world), git_before);
    let (world, made) = busy();
    run(&made, &["sparse-checkout", "set", "--no-cone", "/a.txt", "/gone"]);
    put(&made.join("a.txt"), "sparse\n");
    let saved = take(&world);
    assert_eq!(saved.files, 1, "what is not checked out is not gone");
}

#[test]
fn a_note_says_nothing_of_what_a_checkpoint_lacks_or_which_order_made_it() {
    let (world, made) = busy();
    put(&made.join("new"), "n");
    let message = "mine\n\nLeft out: all of it\r\nKey: one".to_owned();
    let taken = Git.checkpoint(&CheckpointOrder { message, ..order(&world) });
    let taken = taken.expect("taken").expect("something");
    assert_eq!(taken.left_out, Vec::<String>::new());
    put(&made.join("new"), "m");
    let keyed = CheckpointOrder { key: Some("one".to_owned()), ..order(&world) };
    assert_eq!(Git.checkpoint(&keyed).expect("taken").map(|made| made.number), Some(2));
}

/// Something that happens to a worktree, by three numbers.
fn happen(made: &Path, (kind, which, what): (u8, u8, u8)) {
    const PLACES: [&str; 8] =
        ["a.txt", "gone", "run.sh", "folder/kept", "folder", "deep/er/new", "fresh one", "x.bad"];
    let name = PLACES[usize::from(which) % PLACES.len()];
    let path = made.join(name);
    let clear = || {
        let _ = std::fs::remove_file(&path);
        let _ = std::fs::remove_dir_all(&path);
    };
    // A file or a link in place of a folder is in the way of what would lie below it.
    let is_open = |path: &Path| {
        let mut above = path.ancestors().skip(1).take_while(|above| *above != made);
        above.all(|above| above.symlink_metadata().map_or(true, |what| what.is_dir()))
    };
    match kind % 7 {
        0 | 1 if !path.is_dir() && is_open(&path) => {
            put(&path, &format!("{what}\r\n\n"));
        }
        2 => clear(),
        3 if is_open(&path) => {
            clear();
            let _ = std::os::unix::fs::symlink(format!("target {what}"), &path);
        }
        4 if path.is_file() => {
            let mode = if what % 2 == 0 { 0o755 } else { 0o644 };
            let _ = std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode));
        }
        5 => {
            let _ = git(made).args(["add", "--all", "--", name]).outcome();
        }
        6 => {
            let _ = git(made).args(["mv", "-k", name, &format!("moved {what}")]).outcome();
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_lies_there_comes_back_byte_for_byte(
        first in prop::collection::vec(any::<(u8, u8, u8)>(), 1..12),
        then in prop::collection::vec(any::<(u8, u8, u8)>(), 0..8),
    ) {
        let (world, made) = busy();
        first.into_iter().for_each(|one| happen(&made, one));
        let (git_before, before) = (git_files(&world), files(&made));
        let order = CheckpointOrder { holding: Holding::Anything, ..order(&world) };
        let saved = Git.checkpoint(&order).expect("taken").expect("anything");
        prop_assert_eq!(&git_files(&world), &git_before);
        prop_assert_eq!(&files(&made), &before);
        then.into_iter().for_each(|one| happen(&made, one));
        let (git_then, lost) = (git_files(&world), files(&made));
        let restored = back(&world, &saved.commit, Manner::Exact, &[]);
        prop_assert_eq!(&restored.in_the_way, &Vec::<String>::new());
        prop_assert_eq!(&files(&made), &before);
        prop_assert_eq!(&git_files(&world), &git_then);
        back(&world, &restored.before.commit, Manner::Exact, &[]);
        prop_assert_eq!(&files(&made), &lost, "and what lay there before comes back too");
    }
}

#[test]
fn a_worktree_that_is_still_being_checked_out_is_neither_saved_nor_seen() {
    let (world, made) = busy();
    let index = run(&made, &["rev-parse", "--git-path", "index"]);
    std::fs::remove_file(index).expect("removed");
    std::fs::remove_file(made.join("gone")).expect("removed");
    let refused = Git.checkpoint(&order(&world)).expect_err("refused");
    assert!(refused.to_string().contains("being checked out"), "{refused}");
    assert!(Git.uncommitted(&made).is_err());
}

#[test]
fn what_a_killed_process_left_while_it_saved_goes_with_the_next_call() {
    let (world, made) = busy();
    let mut ended = crate::adapters::process::Invocation::new("true", &made)
        .to_command()
        .spawn()
        .expect("started");
    ended.wait().expect("ended");
    let git_folder = PathBuf::from(run(&made, &["rev-parse", "--absolute-git-dir"]));
    let left = git_folder.join(format!(".new-{}-left", ended.id()));
    put(&left.join("index"), "half");
    put(&made.join("new"), "n");
    take(&world);
    assert!(!left.exists());
    let names = std::fs::read_dir(&git_folder).expect("list").flatten().map(|it| it.file_name());
    let left: Vec<_> = names.filter(|name| name.as_bytes().starts_with(b".new-")).collect();
    assert_eq!(left, Vec::<std::ffi::OsString>::new());
}
