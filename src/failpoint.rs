//! Fail points: named moments at which a test kills this process, to see that nothing is lost.
//!
//! `AGENCY_FAIL_POINT=message.routed` makes a debug build send itself SIGKILL when it gets there
//! (`message.routed:2`: the second time). Release builds hold no fail point. A new step gets its
//! point here, and the crash test picks it up from [`ALL`].

/// Every fail point, in the order in which the main job meets them.
pub const ALL: &[&str] = &[
    // agency start
    "start.recorded",
    "start.session_made",
    "start.pane_made",
    "start.panes_made",
    "start.seen",
    // stop and restart
    "stop.recorded",
    // any command
    "ask.recorded",
    // message delivery
    "message.accepted",
    "message.in_mailbox",
    "message.routed",
    "delivery.recorded",
    "delivery.pasted",
    "delivery.entered",
    "delivery.seen",
    // work
    "assign.recorded",
    "assign.worktree_made",
    "assign.seen",
    // saving and going back
    "keep.checkpoint_made",
    "keep.seen",
    "restore.recorded",
    "restore.saved",
    "restore.files_written",
    "restore.seen",
    // submission
    "finish.recorded",
    "complete.recorded",
    "complete.integrated",
    "submit.recorded",
    "submit.tree_made",
    "submit.checked",
    "submit.seen",
    // integration
    "approve.recorded",
    "merge.commit_made",
    "merge.branch_moved",
    "merge.seen",
    "merge.documented",
    "merge.worktree_kept",
    "merge.worktree_retired",
    // what comes by the clock
    "meeting.recorded",
    "meeting.written",
    "meeting.seen",
    // crew
    "hire.recorded",
    "hire.role_written",
    "hire.defined",
    "crew.seen",
    "dismiss.recorded",
    "dismiss.pane_closed",
    "dismiss.defined",
    // removal
    "remove.recorded",
    "remove.session_closed",
    "remove.work_kept",
    "remove.worktree_retired",
    "remove.folder_moved",
    "remove.seen",
    // taking a removal back
    "undo.recorded",
    "undo.folder_returned",
    "undo.folder_seen",
    "undo.worktree_made",
    "undo.task_seen",
    "undo.seen",
];

/// Kills this process here if the environment asks for it. Debug builds only.
#[cfg(debug_assertions)]
pub fn hit(point: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static WANTED: OnceLock<Option<(String, u32)>> = OnceLock::new();
    static HITS: AtomicU32 = AtomicU32::new(0);
    debug_assert!(ALL.contains(&point), "the fail point `{point}` is not listed");
    let wanted = WANTED.get_or_init(|| {
        #[expect(clippy::disallowed_methods, reason = "set by tests only, read once")]
        let text = std::env::var("AGENCY_FAIL_POINT").ok()?;
        let (name, count) = text.split_once(':').unwrap_or((&text, "1"));
        Some((name.to_owned(), count.parse().unwrap_or(1)))
    });
    let Some((name, count)) = wanted else { return };
    if name == point && HITS.fetch_add(1, Ordering::SeqCst) + 1 == *count {
        let _ =
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        loop {
            std::thread::park();
        }
    }
}

/// Does nothing in a release build.
#[cfg(not(debug_assertions))]
#[inline]
pub fn hit(_point: &str) {}
