//! The main job, driven by an operator who does not give up: what did not go through is looked at, and done
//! if it was not done.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use agency::demo::content;

use crate::world::{World, create};

/// The whole story takes some three seconds; a killed supervisor costs agents up to ten more.
const LIMIT: Duration = Duration::from_secs(25);
/// The task that is under way when its agency is removed, after the five of the story.
pub const LEFT_TASK: &str = "TASK-006";
/// A file in its worktree that nobody committed.
pub const LEFT_FILE: &str = "left.txt";
/// Who is hired and dismissed.
const EXTRA: &str = "extra";
const LEFT_WORKTREE: &str = "agencies/CodeAgency/worktrees/TASK-006";
/// What `SIGKILL` is on every system.
const SIGKILL: i32 = 9;

/// One run of the main job.
pub struct Job {
    /// Where.
    pub world: World,
    /// Where main stood before.
    pub base: String,
    has_died: Cell<bool>,
    kills: RefCell<Vec<usize>>,
}

impl Job {
    /// Makes a world with a supervisor that dies at a fail point.
    pub fn begin(fail_point: Option<&str>) -> Self {
        let world = World::new();
        let base = world.git(&["rev-parse", content::BRANCH]);
        world.start_supervisor(fail_point);
        Self { world, base, has_died: Cell::new(false), kills: RefCell::default() }
    }

    /// From now on the supervisor is killed so many times, each time 3 to 30 events after the last.
    pub fn kill_at_random(&self, seed: u64, kills: usize) {
        let mut state = seed;
        let mut at = self.world.events().len();
        let mut next = || {
            // Xorshift: the same moments for the same seed.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            at += 3 + usize::try_from(state % 28).expect("small");
            at
        };
        let mut moments: Vec<usize> = (0..kills).map(|_| next()).collect();
        moments.reverse();
        *self.kills.borrow_mut() = moments;
    }

    /// From two agencies to merged work, with everything put away.
    pub fn merge(&self) {
        for agency in content::AGENCIES {
            self.insist(&format!("{agency} to be made"), || self.is_made(agency));
        }
        self.world.give_scripts();
        self.insist("the agencies to be started", || self.world.agency(&["up"]).status == Some(0));
        self.insist("the goal to be set", || self.is_goal_set());
        self.insist("the work to be merged", || self.is_merged());
        self.insist("everything to be put away", || self.is_put_away());
        self.insist("every message to be acknowledged", || self.unread().is_empty());
    }

    /// Hires an agent into a running agency, and lets it go again: afterwards everything is as it was.
    pub fn change_crew(&self) {
        let file = self.world.home().join("agencies/CodeAgency/agency.json");
        let read = || std::fs::read_to_string(&file).expect("a definition");
        let before = (read(), self.world.pane("CodeAgency/dev-1"));
        self.insist("the new agent to be at work", || {
            self.world.agency(&["hire", "CodeAgency", EXTRA]);
            self.is_idle(EXTRA) && read().matches(EXTRA).count() == 2
        });
        assert_eq!(self.world.count("agent_hired"), 1);
        self.insist("the new agent to be gone", || {
            self.world.agency(&["dismiss", "CodeAgency", EXTRA, "--yes"]);
            self.world.pane(&format!("CodeAgency/{EXTRA}")).is_none() && !read().contains(EXTRA)
        });
        assert_eq!(self.world.count("agent_dismissed"), 1);
        assert_eq!((read(), self.world.pane("CodeAgency/dev-1")), before);
        let role = self.world.home().join(format!("agencies/CodeAgency/agents/{EXTRA}.md"));
        assert!(role.is_file(), "the role file is not there");
    }

    /// Archives both agencies, one of them with work under way that nobody committed.
    pub fn remove(&self) {
        self.insist("more work to be under way", || self.is_more_under_way());
        self.world.write(&format!("{LEFT_WORKTREE}/{LEFT_FILE}"), "not committed\n");
        self.insist("every message to be acknowledged", || self.unread().is_empty());
        // An agent that is killed while it notes what it did leaves half a note: not what is looked at here.
        self.insist("every agent to be idle", || self.is_quiet());
        self.assert_typed_once();
        for agency in content::AGENCIES {
            self.insist(&format!("{agency} to be archived"), || self.is_archived(agency));
        }
    }

    /// Sees that the supervisor was killed, and by nobody but its fail point.
    pub fn assert_died(&self) {
        self.insist("the supervisor to die at its fail point", || self.has_died.get());
    }

    fn insist(&self, what: &str, is_done: impl Fn() -> bool) {
        self.world.wait_until(what, LIMIT, || {
            self.revive();
            is_done()
        });
    }

    /// Kills the supervisor when it is time to; starts it again when it is dead.
    fn revive(&self) {
        if let Some(signal) = self.world.ended_by()
            && !self.has_died.replace(true)
        {
            assert_eq!(signal, SIGKILL, "{}", self.world.portrait());
        }
        let events = self.world.events().len();
        let is_due = self.kills.borrow().last().is_some_and(|at| events >= *at);
        if is_due {
            self.kills.borrow_mut().pop();
            self.world.kill_supervisor();
        }
        if self.world.supervisor_pid().is_none() {
            // It may be killed again before it answers: then the next round tries again.
            self.world.agency(&["up"]);
        }
    }

    fn is_made(&self, agency: &str) -> bool {
        if self.world.home().join(format!("agencies/{agency}/agency.json")).exists() {
            return true;
        }
        self.world.agency(&create(agency));
        false
    }

    fn is_goal_set(&self) -> bool {
        if self.world.count("goal_set") > 0 {
            return true;
        }
        let [first, ..] = content::AGENCIES;
        self.world.agency(&["goal", first, content::GOAL]);
        false
    }

    fn is_merged(&self) -> bool {
        if self.world.count("approval_opened") > self.world.count("approval_given") {
            self.world.agency(&["approvals", "approve", "AP-001", "--yes"]);
        }
        self.world.count("merge_landed") > 0
    }

    fn is_put_away(&self) -> bool {
        let branches = self.world.git(&["for-each-ref", "--format=%(refname)", "refs/heads"]);
        branches == "refs/heads/main"
            && self.world.count("worktree_retired") == self.world.count("worktree_ready")
            && self.world.count("approval_documented") > 0
    }

    /// Messages that nobody said to have read.
    pub fn unread(&self) -> Vec<String> {
        let messages = self.world.json(&["messages"]);
        let messages = messages.as_array().expect("a list").clone();
        let open = messages.into_iter().filter(|message| message["state"] != "acknowledged");
        open.map(|message| message.to_string()).collect()
    }

    fn is_more_under_way(&self) -> bool {
        let has = |kind: &str| {
            self.world.events().iter().any(|event| event.kind == kind && event.subject == LEFT_TASK)
        };
        if has("worktree_ready") {
            return true;
        }
        if !has("task_added") {
            let what = ["task", "add", "Left", "--agency", "CodeAgency", "--feature", "left"];
            let how = ["--scope", "s", "--done", "d", "--rollback", "r"];
            self.world.agency(&[&what[..], &how].concat());
        } else if !has("task_assigned") {
            self.world.agency(&["task", "assign", LEFT_TASK, "CodeAgency/dev-2"]);
        }
        false
    }

    /// Whether an agent is idle; not known while nobody answers.
    fn is_idle(&self, agent: &str) -> bool {
        let shown = self.world.agency(&["show", "CodeAgency", "--json"]);
        let view: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap_or_default();
        let agents = view["agents"].as_array().cloned().unwrap_or_default();
        agents.iter().any(|found| found["name"] == agent && found["state"] == "idle")
    }

    fn is_quiet(&self) -> bool {
        let agencies = self.world.json(&["list"]);
        let agencies = agencies.as_array().expect("a list").iter();
        let mut agents = agencies.flat_map(|agency| agency["agents"].as_array().expect("a list"));
        agents.all(|agent| agent["state"] == "idle")
    }

    fn is_archived(&self, agency: &str) -> bool {
        let archived = |event: &agency::ports::ledger::Record| {
            event.kind == "agency_archived" && event.subject == agency
        };
        if self.world.events().iter().any(archived) {
            return true;
        }
        self.world.agency(&["remove", agency, "--yes"]);
        false
    }
}
