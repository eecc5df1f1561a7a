//! What must be true when the job is over, however often the supervisor was killed on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use agency::demo::content;
use serde_json::Value;

use super::job::{Job, LEFT_FILE, LEFT_TASK};
use crate::world::text;

/// What a rehearsal agent's screen begins with.
const BANNER: &str = "agency rehearsal ";
/// Five tasks of the story, and one that is left.
const TASKS: usize = 6;

impl Job {
    /// Looks at everything that a crash could have spoilt.
    pub fn assert_nothing_lost_doubled_or_orphaned(&self) {
        // What a supervisor that was just started does by itself is done when it is told to end.
        self.world.must(&["up"]);
        self.world.must(&["down"]);
        self.assert_nothing_lost();
        self.assert_nothing_doubled();
        self.assert_nothing_orphaned();
        self.assert_the_ledger_holds();
    }

    fn assert_nothing_lost(&self) {
        assert_eq!(self.unread(), Vec::<String>::new());
        let check = self.world.root().join("check");
        let (project, folder) = (text(&self.world.project()), text(&check));
        self.world.git(&["clone", "--quiet", "--branch", content::BRANCH, &project, &folder]);
        let run = format!("cd {folder} && {}", content::CHECK.join(" "));
        let tests = self.world.run("sh", &["-c", &run], &[]);
        assert_eq!(tests.status, Some(0), "the merged branch fails its tests: {tests:?}");
        let kept = format!("refs/agency/kept/{LEFT_TASK}-uncommitted:{LEFT_FILE}");
        assert_eq!(self.world.git(&["show", &kept]), "not committed");
        for event in self.world.events().iter().filter(|event| event.kind == "task_completed") {
            let payload: Value = serde_json::from_str(&event.payload).expect("json");
            let Some(head) = payload["head"].as_str() else { continue };
            let holders = self.world.git(&["for-each-ref", "--contains", head]);
            assert!(!holders.is_empty(), "{head} of {} is on no branch or ref", event.subject);
        }
    }

    fn assert_nothing_doubled(&self) {
        let events = self.world.events();
        let count = |kind: &str| {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for event in events.iter().filter(|event| event.kind == kind) {
                *counts.entry(&event.subject).or_default() += 1;
            }
            counts
        };
        let once =
            ["message_accepted", "task_added", "task_assigned", "work_submitted", "merge_landed"];
        let once =
            [&once[..], &["approval_given", "approval_documented", "worktree_retired"]].concat();
        for kind in once {
            for (subject, times) in count(kind) {
                assert_eq!(times, 1, "{kind} of {subject}");
            }
        }
        assert_eq!(count("task_added").len(), TASKS);
        assert_eq!((count("work_submitted").len(), count("merge_landed").len()), (1, 1));
        let deferred = count("delivery_deferred");
        for (message, started) in count("delivery_started") {
            let again = deferred.get(message).copied().unwrap_or(0);
            assert!(started <= again + 1, "{message} was typed {started} times\n{events:#?}");
        }
        self.assert_told_once();
        let range = format!("{}..{}", self.base, content::BRANCH);
        let merges = self.world.git(&["rev-list", "--first-parent", "--count", &range]);
        assert_eq!(merges, "1", "commits on the branch itself");
        let log = std::fs::read_to_string(self.world.home().join("CHANGELOG.md")).expect("a log");
        assert_eq!(log.matches("(AP-001,").count(), 1, "{log}");
        let records = names(&self.world.home().join("docs/decisions"));
        assert_eq!(records.len(), 1, "{records:?}");
    }

    /// What a person sees in the panes: no message was typed into any of them twice.
    pub fn assert_typed_once(&self) {
        let messages = self.world.json(&["messages"]);
        let ids =
            messages.as_array().expect("a list").iter().filter_map(|found| found["id"].as_str());
        // A program that gets another size draws everything again: what counts is below its last banner.
        let shown = |screen: String| {
            let below = screen.rsplit(BANNER).next().unwrap_or_default();
            below.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let screens: Vec<String> = content::ACTORS
            .iter()
            .map(|actor| shown(self.world.screen(&format!("{}/{}", actor.agency, actor.agent))))
            .collect();
        for id in ids {
            // Its header; a body may name it too, to say how it is answered.
            let header = format!("message {id}");
            let times: Vec<usize> =
                screens.iter().map(|screen| screen.matches(&header).count()).collect();
            assert!(
                times.iter().sum::<usize>() <= 1,
                "{id} stands {times:?} times in {screens:#?}"
            );
        }
    }

    /// The same thing said to the same agent in two messages is a doubled message with two ids.
    fn assert_told_once(&self) {
        let messages = self.world.json(&["messages"]);
        let mut seen = BTreeSet::new();
        for message in messages.as_array().expect("a list") {
            let key =
                ["type", "from", "to", "body", "task"].map(|field| message[field].to_string());
            assert!(seen.insert(key.join(" ")), "told twice: {message}");
        }
    }

    fn assert_nothing_orphaned(&self) {
        let branches = self.world.git(&["for-each-ref", "--format=%(refname)", "refs/heads"]);
        assert_eq!(branches, "refs/heads/main");
        let bases = self.world.git(&["for-each-ref", "--format=%(refname)", "refs/agency/base"]);
        assert_eq!(bases, "");
        let worktrees = self.world.git(&["worktree", "list", "--porcelain"]);
        assert_eq!(worktrees.matches("worktree ").count(), 1, "{worktrees}");
        assert_eq!(self.world.git(&["status", "--porcelain"]), "", "the user's own checkout");
        let registered = names(&self.world.project().join(".git/worktrees"));
        assert_eq!(registered, Vec::<String>::new());
        let sessions = self.world.tmux(&["list-sessions"]);
        assert_ne!(sessions.status, Some(0), "sessions are left: {}", sessions.stdout);
        let root = self.world.root();
        let inside =
            |path: PathBuf| path.strip_prefix(root).map(text).expect("a file of the world");
        let left: Vec<String> =
            files(root).into_iter().map(inside).filter(|path| is_rest(path)).collect();
        assert_eq!(left, Vec::<String>::new(), "files are left");
        assert_eq!(self.world.supervisor_pid(), None, "the lock is held");
        assert_eq!(self.world.processes(), [], "processes are left");
    }

    fn assert_the_ledger_holds(&self) {
        self.world.must(&["ledger", "verify"]);
        let before = self.world.json(&["task", "list"]);
        self.world.must(&["ledger", "rebuild"]);
        assert_eq!(self.world.json(&["task", "list"]), before);
    }
}

/// Whether a file, named from the world's folder, should not be there when nothing is under way.
fn is_rest(path: &str) -> bool {
    let is_in = |folders: &[&str]| folders.iter().any(|folder| path.contains(folder));
    let is_mail = is_in(&["/queue/", "/mail/"]) && is_in(&["/tmp/", "/new/", "/dead/"]);
    let is_checkout =
        is_in(&["/worktrees/"]) || is_in(&["/sandbox/testing/"]) && !path.ends_with(".log");
    let is_half_written = is_in(&["/.new-"]) || is_in(&["/.git/"]) && path.ends_with(".lock");
    is_mail || is_checkout || is_half_written || path.ends_with("supervisor.sock")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        match is_folder {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}
