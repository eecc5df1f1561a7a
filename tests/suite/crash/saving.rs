//! The supervisor is killed while it saves a worktree, brings it back, and takes a removal back.
//!
//! A story of its own: a team with one task, whose files are saved, replaced, brought back, put away and
//! brought back again. After each step every file is what it must be.

use std::cell::Cell;
use std::time::Duration;

use crate::world::World;

/// A killed supervisor costs its agents up to ten seconds.
const LIMIT: Duration = Duration::from_secs(25);
const WORKTREE: &str = "agencies/Team/worktrees/TASK-001";
/// What `SIGKILL` is on every system.
const SIGKILL: i32 = 9;

struct Story {
    world: World,
    has_died: Cell<bool>,
    /// The supervisor dies while it restores: then its agents write on before there is another one.
    writes_on: bool,
}

/// Runs the story with a supervisor that dies at a fail point.
pub fn dies_at(point: &str) {
    // One that was seen to end is not repeated.
    let writes_on = point.starts_with("restore.") && point != "restore.seen";
    let story = Story { world: World::new(), has_died: Cell::new(false), writes_on };
    story.world.start_supervisor(Some(point));
    story.begin();
    story.save_and_restore(point);
    story.remove_and_return();
    story.insist("the supervisor to die at its fail point", || story.has_died.get());
    story.world.must(&["down"]);
    story.world.must(&["ledger", "verify"]);
    assert_eq!(story.world.processes(), [], "processes are left");
}

impl Story {
    fn insist(&self, what: &str, is_done: impl Fn() -> bool) {
        self.world.wait_until(what, LIMIT, || {
            if let Some(signal) = self.world.ended_by()
                && !self.has_died.replace(true)
            {
                assert_eq!(signal, SIGKILL, "{}", self.world.portrait());
                if self.writes_on {
                    self.write("three");
                }
            }
            if self.world.supervisor_pid().is_none() {
                self.world.agency(&["up"]);
            }
            is_done()
        });
    }

    fn count(&self, kind: &str) -> usize {
        self.world.count(kind)
    }

    /// Asks for something once: what was begun goes on by itself, whoever is killed.
    fn once(&self, begun: &str, number: usize, ended: &str, line: &[&str]) {
        self.insist(&format!("{line:?} to end"), || {
            if self.count(begun) < number {
                self.world.agency(line);
            }
            self.count(ended) >= number
        });
        assert_eq!(self.count(begun), number, "{line:?} was begun twice");
    }

    fn write(&self, words: &str) {
        self.world.write(&format!("{WORKTREE}/README.md"), words);
        self.world.write(&format!("{WORKTREE}/new"), words);
    }

    fn words(&self) -> String {
        let path = self.world.home().join(WORKTREE).join("README.md");
        std::fs::read_to_string(path).unwrap_or_default()
    }

    fn assert_files(&self, words: &str) {
        for name in ["README.md", "new"] {
            let path = self.world.home().join(WORKTREE).join(name);
            assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), words, "{name}");
        }
    }

    fn begin(&self) {
        let who = ["--coordinator", "lead", "--agents", "worker", "--runtime", "rehearsal"];
        let make = [&["create", "Team", "--no-start"][..], &who].concat();
        self.insist("the team", || {
            let file = self.world.home().join("agencies/Team/agency.json");
            file.exists() || self.world.agency(&make).status == Some(0)
        });
        self.insist("the start", || self.world.agency(&["up"]).status == Some(0));
        let what = ["task", "add", "T", "--agency", "Team", "--feature", "f"];
        let add = [&what[..], &["--scope", "s", "--done", "d", "--rollback", "r"]].concat();
        self.once("task_added", 1, "task_added", &add);
        let assign = ["task", "assign", "TASK-001", "Team/worker"];
        self.once("task_assigned", 1, "worktree_ready", &assign);
    }

    fn save_and_restore(&self, point: &str) {
        self.write("one");
        self.insist("a checkpoint", || {
            self.count("checkpoint_taken") > 0
                || self.world.agency(&["branch", "checkpoint", "TASK-001"]).status == Some(0)
        });
        self.write("two");
        let restore = ["branch", "restore", "TASK-001/1", "--exact", "--yes"];
        self.once("restore_begun", 1, "work_restored", &restore);
        // The next supervisor, which the caller asks by itself, may have been quicker than whoever writes on.
        let is_late = self.writes_on && self.words() == "three";
        self.assert_files(if is_late { "three" } else { "one" });
        self.once("undo_begun", 1, "act_undone", &["undo", "UNDO-001", "--yes"]);
        // One that had only been recorded finds the later words: they are what lay there before.
        let is_found = point == "restore.recorded" && !is_late;
        self.assert_files(if is_found { "three" } else { "two" });
        if self.writes_on {
            self.assert_saved("three");
            self.write("two");
        }
    }

    /// Some checkpoint that is listed has these words.
    fn assert_saved(&self, words: &str) {
        let listed = self.world.json(&["branch", "checkpoints", "TASK-001"]);
        let commits = listed.as_array().expect("a list").iter().map(|one| one["commit"].as_str());
        let mut held = commits
            .map(|commit| self.world.git(&["show", &format!("{}:new", commit.expect("a commit"))]));
        assert!(held.any(|it| it == words), "`{words}` is saved nowhere: {listed}");
    }

    fn remove_and_return(&self) {
        self.insist("the team to be archived", || {
            if self.count("agency_removing") == 0 {
                self.world.agency(&["remove", "Team", "--yes"]);
            }
            self.count("agency_archived") > 0
        });
        assert!(!self.world.home().join(WORKTREE).exists());
        self.once("undo_begun", 2, "act_undone", &["undo", "UNDO-003", "--yes"]);
        self.assert_files("two");
        let task = self.world.json(&["task", "show", "TASK-001"]);
        assert_eq!(task["state"], "assigned");
        let acts = self.world.json(&["undo", "--list"]);
        assert_eq!(acts.as_array().map(Vec::len), Some(3), "{acts}");
    }
}
