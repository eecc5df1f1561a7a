//! Going back to a checkpoint, again after a crash, and taking that back: nothing that is saved nowhere gives way.

use super::*;

#[test]
fn other_files_stay_unless_it_is_exact_and_only_named_paths_change() {
    let (world, made) = busy();
    put(&made.join("one/a"), "1");
    put(&made.join("two"), "2");
    let saved = take(&world);
    put(&made.join("one/a"), "changed");
    put(&made.join("two"), "changed");
    put(&made.join("one/new"), "n");
    let restored = back(&world, &saved.commit, Manner::Keep, &["./one"]);
    assert_eq!((restored.written, restored.removed), (1, 0));
    assert_eq!(
        (read(&made.join("one/a")), read(&made.join("two"))),
        ("1".into(), "changed".into())
    );
    assert!(made.join("one/new").exists());
    let again = back(&world, &restored.before.commit, Manner::Exact, &[]);
    assert_eq!(read(&made.join("one/a")), "changed", "{again:?}");
    for path in ["no/such", "../outside", "/etc"] {
        let before = CheckpointOrder { key: Some("x".to_owned()), ..order(&world) };
        let paths = vec![PathBuf::from(path)];
        let commit = saved.commit.clone();
        let (manner, taking_back) = (Manner::Keep, None);
        let wrong = RestoreOrder { before, commit, paths, manner, taking_back };
        let refusal = Git.restore(&wrong).expect_err("refused");
        assert!(matches!(refusal, RepositoryError::NoSuchFile { .. }), "{refusal}");
    }
}

#[test]
fn an_order_that_is_repeated_is_done_once() {
    let (world, made) = busy();
    put(&made.join("new"), "first");
    let saved = take(&world);
    put(&made.join("new"), "second");
    let first = back(&world, &saved.commit, Manner::Exact, &[]);
    let again = back(&world, &saved.commit, Manner::Exact, &[]);
    assert_eq!(first.before, again.before, "what lay there before is not saved half restored");
    assert_eq!(read(&made.join("new")), "first");
}

#[test]
fn what_was_written_before_a_repetition_is_saved_by_it() {
    let (world, made) = busy();
    put(&made.join("new"), "first");
    let saved = take(&world);
    put(&made.join("new"), "second");
    let first = back(&world, &saved.commit, Manner::Exact, &[]);
    assert_eq!(first.meanwhile, []);
    put(&made.join("new"), "third");
    put(&made.join("other"), "third");
    for attempt in 0..2 {
        let again = back(&world, &saved.commit, Manner::Exact, &[]);
        assert_eq!(again.before, first.before);
        let third = again.meanwhile.first().expect("saved, and told until it is heard");
        for name in ["new", "other"] {
            let held = run(&world.project, &["show", &format!("{}:{name}", third.commit)]);
            assert_eq!(held, "third", "{attempt}");
        }
        assert_eq!(read(&made.join("new")), "first");
        assert!(!made.join("other").exists());
    }
}

#[test]
fn what_is_written_while_others_are_laid_stays() {
    let (world, made) = busy();
    std::os::unix::fs::symlink("first", made.join("link")).expect("linked");
    for name in ["a.txt", "quiet"] {
        put(&made.join(name), "first\n");
    }
    let commit = take(&world).commit;
    for name in ["a.txt", "gone", "later", "quiet", "last"] {
        put(&made.join(name), "second\n");
    }
    std::fs::remove_file(made.join("link")).expect("removed");
    std::os::unix::fs::symlink("second", made.join("link")).expect("linked");
    let before = CheckpointOrder { key: Some("one".to_owned()), ..order(&world) };
    let (paths, manner, taking_back) = (Vec::new(), Manner::Exact, None);
    let order = RestoreOrder { before, commit, paths, manner, taking_back };
    let checkout = checkpoint::standing(&world.project, &made).expect("it stands");
    let saved = restore::save(&order).expect("saved");
    for name in ["a.txt", "later"] {
        put(&made.join(name), "third\n");
    }
    std::fs::remove_file(made.join("link")).expect("removed");
    std::os::unix::fs::symlink("third", made.join("link")).expect("linked");
    let laid = restore::lay(&order, &checkout, &[], saved).expect("laid");
    for name in ["a.txt", "later", "link"] {
        assert!(laid.in_the_way.iter().any(|it| it.starts_with(name)), "{name}: {laid:?}");
    }
    assert_eq!((laid.written, laid.removed, laid.in_the_way.len()), (2, 1, 3), "{laid:?}");
    assert_eq!(
        (read(&made.join("a.txt")), read(&made.join("later"))),
        ("third\n".into(), "third\n".into())
    );
    assert_eq!(std::fs::read_link(made.join("link")).expect("a link"), Path::new("third"));
    assert_eq!(
        (read(&made.join("quiet")), read(&made.join("gone"))),
        ("first\n".into(), "g\r\n".into())
    );
    assert!(!made.join("last").exists());
}

#[test]
fn taking_a_restoration_back_touches_what_it_touched_and_nothing_else() {
    let (world, made) = busy();
    for name in ["one/a", "one/extra", "two"] {
        put(&made.join(name), "saved");
    }
    let given = take(&world);
    for name in ["one/a", "two"] {
        put(&made.join(name), "before");
    }
    std::fs::remove_file(made.join("one/extra")).expect("removed");
    for (paths, key) in [(&["one"][..], "a"), (&["one/a", "one/extra"], "b")] {
        let restored = {
            let before = CheckpointOrder { key: Some(format!("do {key}")), ..order(&world) };
            let (commit, manner, taking_back) = (given.commit.clone(), Manner::Keep, None);
            let paths = paths.iter().map(PathBuf::from).collect();
            Git.restore(&RestoreOrder { before, commit, paths, manner, taking_back }).expect("done")
        };
        assert_eq!(read(&made.join("one/extra")), "saved");
        put(&made.join("two"), "later");
        put(&made.join("one/own"), "later");
        let before = CheckpointOrder { key: Some(format!("undo {key}")), ..order(&world) };
        let (commit, manner) = (restored.before.commit, Manner::Keep);
        let (paths, taking_back) =
            (paths.iter().map(PathBuf::from).collect(), Some(given.commit.clone()));
        let order = RestoreOrder { before, commit, paths, manner, taking_back };
        let undone = Git.restore(&order).expect("undone");
        assert_eq!((undone.written, undone.removed), (1, 1), "{undone:?}");
        assert_eq!(read(&made.join("one/a")), "before");
        assert!(!made.join("one/extra").exists());
        assert_eq!(
            (read(&made.join("two")), read(&made.join("one/own"))),
            ("later".into(), "later".into())
        );
    }
}

#[test]
fn a_retired_worktree_comes_back_with_what_was_not_committed() {
    let (world, made) = busy();
    let base = world.head("main");
    put(&made.join("done"), "committed\r\n");
    let head = commit_all(&made, "done");
    put(&made.join("a.txt"), "changed\r\n");
    put(&made.join("folder/un tracked"), "u");
    std::fs::remove_file(made.join("gone")).expect("removed");
    let before = files(&made);
    let kept = Git.retire(&world.retire_order("f/one")).expect("retired");
    let order = ReviveOrder {
        project: world.project.clone(),
        path: made.clone(),
        branch: "f/one".to_owned(),
        base: base.clone(),
        kept: kept.clone(),
    };
    let revived = Git.revive(&order).expect("revived");
    assert_eq!((revived.base, world.head("f/one")), (base, head));
    assert_eq!(files(&made), before);
    Git.revive(&order).expect("a repetition");
    assert_eq!(files(&made), before);
    put(&made.join("more"), "m");
    commit_all(&made, "moved on");
    let refusal = Git.revive(&order).expect_err("refused");
    assert!(matches!(refusal, RepositoryError::InTheWay { .. }), "{refusal}");
    assert!(made.join("more").exists());
}

#[test]
fn what_was_not_committed_is_laid_back_into_a_worktree_that_was_made_again() {
    let (world, made) = busy();
    put(&made.join("new/draft"), "mine\r\n");
    put(&made.join("a.txt"), "changed\r\n");
    put(&made.join("run.sh"), "changed and then committed\n");
    std::fs::remove_file(made.join("gone")).expect("removed");
    let (before, saved) = (files(&made), take(&world));
    put(&made.join("run.sh"), "the last word\n");
    run(&made, &["commit", "--quiet", "--message", "on", "run.sh"]);
    std::fs::remove_dir_all(&made).expect("removed");
    assert_eq!(Git.mend_worktree(&world.order("f/one")), Ok(Mended::MadeAgain));
    for _ in 0..2 {
        let laid = back(&world, &saved.commit, Manner::Fill, &[]);
        assert!(laid.in_the_way[0].starts_with("run.sh (its branch"), "{laid:?}");
        for name in ["new/draft", "a.txt", "gone", "folder/kept"] {
            assert_eq!(files(&made).get(name.as_bytes()), before.get(name.as_bytes()), "{name}");
        }
        assert_eq!(read(&made.join("run.sh")).trim_end(), "the last word");
    }
}

#[test]
fn what_was_changed_since_stays_and_another_branch_gets_nothing() {
    let (world, made) = busy();
    put(&made.join("a.txt"), "saved\n");
    put(&made.join("new"), "saved\n");
    put(&made.join("secret.ignored"), "mine");
    let saved = take(&world);
    put(&made.join("a.txt"), "later\n");
    let laid = back(&world, &saved.commit, Manner::Fill, &[]);
    assert_eq!((laid.written, laid.removed, laid.in_the_way.len()), (0, 0, 1), "{laid:?}");
    assert_eq!(read(&made.join("a.txt")), "later\n");
    run(&made, &["checkout", "--quiet", "--force", "--orphan", "other"]);
    run(&made, &["commit", "--quiet", "--message", "from nothing", "--allow-empty"]);
    std::fs::remove_file(made.join("new")).expect("removed");
    let order = CheckpointOrder { key: Some("again".to_owned()), ..order(&world) };
    let (commit, manner) = (saved.commit, Manner::Fill);
    let laid = Git
        .restore(&RestoreOrder {
            before: order,
            commit,
            paths: Vec::new(),
            manner,
            taking_back: None,
        })
        .expect("restored");
    assert_eq!((laid.written, laid.removed, laid.in_the_way.len()), (0, 0, 1), "{laid:?}");
    assert!(!made.join("new").exists());
}
