//! Fixed views, a fake house and streams that remember, for the tests of this layer.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::cli::desk::Scene;
use crate::cli::house::{DemoOptions, House, Interrupt, Stream, Surroundings};
use crate::cli::output::Output;
use crate::cli::style::Paint;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::views::{
    ActView, ApprovalView, BranchView, CheckpointView, LogView, MessageView, StatusView, TaskView,
};
use crate::service::workbench::{AttachPlan, Identity, Workbench};

mod bus;

pub use bus::{broadcast, cadence, dead_letters, handoff, locks, meetings, queues, requests};

/// Noon of a fixed day.
pub fn now() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().expect("timestamp")
}

/// A pipe at noon.
pub fn scene() -> Scene {
    Scene { now: now(), paint: Paint::Plain, width: None }
}

/// An agent's credential.
pub fn agent_identity(address: &str) -> Identity {
    Identity::Agent {
        address: address.parse().expect("address"),
        spawn: uuid::Uuid::nil(),
        token: String::new(),
    }
}

fn view<T: DeserializeOwned>(json: serde_json::Value) -> T {
    serde_json::from_value(json).expect("view")
}

fn agent(address: &str, state: &str, task: Option<&str>) -> serde_json::Value {
    let (_, name) = address.split_once('/').expect("address");
    json!({
        "address": address, "name": name, "role": "writes Python", "runtime": "rehearsal",
        "state": state, "state_source": "hook", "state_since": "2026-03-02T11:56:00Z",
        "state_reason": (state == "permission").then_some("wants to run `rm -r build`"),
        "task": task, "branch": task.map(|task| format!("login/agent/{name}/{task}")),
        "worktree": null, "pane": "%7", "skills": ["python"], "unread": u32::from(task.is_none()),
    })
}

/// Two agencies, three things that wait.
pub fn status() -> StatusView {
    view(json!({
        "agencies": [
            {"name": "CodeAgency", "session": "CodeAgency", "state": "running", "reason": null,
             "coordinator": "code-coordinator", "description": "Builds features", "template": "code",
             "capabilities": ["backend", "frontend"], "project": "/home/me/app", "agents": [
                agent("CodeAgency/code-coordinator", "idle", None),
                agent("CodeAgency/python-agent", "working", Some("TASK-002")),
                agent("CodeAgency/js-agent", "permission", Some("TASK-003")),
             ]},
            {"name": "QAAgency", "session": "QAAgency", "state": "degraded",
             "reason": "test-lead has crashed", "coordinator": "qa-coordinator",
             "description": "Tests", "capabilities": ["testing"], "project": null, "agents": [
                agent("QAAgency/qa-coordinator", "idle", None),
                agent("QAAgency/test-lead", "crashed", None),
             ]},
        ],
        "waiting": 2,
        "waiting_for": [
            {"kind": "approval", "subject": "AP-007", "text": "Login form",
             "since": "2026-03-02T11:50:00Z", "blocks": ["TASK-004"]},
            {"kind": "dead_agent", "subject": "QAAgency/test-lead",
             "text": "exit\u{1b}[31m status 1", "since": "2026-03-02T11:56:00Z", "blocks": []},
        ],
        "queue": {"new": 2, "cur": 5, "dead": 1}, "approvals": 1, "incidents": 0,
        "supervisor": {"pid": 4711, "since": "2026-03-02T09:00:00Z", "events": 1042},
    }))
}

/// A delivered message.
pub fn message() -> MessageView {
    view(json!({
        "id": "0195f000-0000-7000-8000-000000000001", "type": "status",
        "from": "CodeAgency/python-agent", "to": "CodeAgency/code-coordinator",
        "body": "STATUS python-agent: Auth module 60% complete.\nNeed a library.",
        "priority": "normal", "task": "TASK-002", "in_reply_to": null, "state": "delivered",
        "sent_at": "2026-03-02T11:30:00Z", "delivered_at": "2026-03-02T11:30:01Z",
        "acknowledged_at": null, "reason": null, "verified": true,
    }))
}

/// A task that is worked on.
pub fn task() -> TaskView {
    view(json!({
        "id": "TASK-002", "title": "Login form", "feature": "login", "state": "in_progress",
        "agency": "CodeAgency", "agent": "CodeAgency/python-agent",
        "depends_on": [{"task": "TASK-001", "kind": "hard"}, {"task": "TASK-005", "kind": "soft"}],
        "priority": "high", "estimate_h": 1.5, "branch": "login/agent/python-agent/TASK-002",
        "base": "aa", "head": null, "worktree": "/home/me/bench/worktrees/TASK-002",
        "opened_at": "2026-03-01T12:00:00Z", "closed_at": null, "progress": 60,
        "note": "needs a library", "contract": {
            "title": "Login form", "agency": "CodeAgency", "feature": "login",
            "scope": "a form that posts to /login", "non_goals": "sign-up",
            "inputs": ["docs/auth_spec.md"], "depends_on": [], "done": ["tests/login.tap passes"],
            "tests": "TAP", "rollback": "revert the merge", "paths": ["src/login/**"],
            "skill": "python", "role": null, "priority": "high", "estimate_h": 1.5,
        },
    }))
}

/// An approval that waits with good tests.
pub fn approval() -> ApprovalView {
    view(json!({
        "id": "AP-007", "kind": "merge", "title": "User Profile Feature", "agency": "CodeAgency",
        "agent": "CodeAgency/python-agent", "task": "TASK-002", "branch": "login/integration",
        "target": "main", "base": "1111111111111111", "head": "2222222222222222",
        "tree": "3333333333333333", "change": "4444", "state": "waiting", "risk": "low",
        "tests": {"passed": 47, "failed": 0, "skipped": 2, "command": "sh test.sh"},
        "coverage": 94.2, "diff": {"files": 12, "insertions": 450, "deletions": 20},
        "demo": "http://localhost:3000/demo/profile", "waiting_s": 600, "blocks": ["TASK-004"],
        "tasks": ["TASK-002", "TASK-003"], "rationale": "authlib keeps it small",
        "rollback": "revert the merge", "checks": [{
            "command": {"argv": ["sh", "test.sh"], "found_by": "agency.toml"},
            "exit_status": 0, "duration_ms": 3200, "tests": null,
        }],
        "log_sha256": "ab", "evidence": "cd", "reason": null,
        "opened_at": "2026-03-02T11:50:00Z", "commit": null,
    }))
}

/// A branch in conflict, and one without an agent.
pub fn branches() -> Vec<BranchView> {
    let branch = |name: &str, agent: Option<&str>, conflicts: &[&str]| {
        json!({
            "branch": name, "agent": agent, "task": agent.map(|_| "TASK-002"), "ahead": 3,
            "behind": 0, "dirty": 1, "insertions": 40, "deletions": 2,
            "last_commit_at": agent.map(|_| "2026-03-02T11:00:00Z"), "conflicts_with": conflicts,
            "uncommitted_since": agent.map(|_| "2026-03-02T11:20:00Z"),
            "checkpoint": agent.map(|_| "TASK-002/2"),
            "checkpoint_at": agent.map(|_| "2026-03-02T11:50:00Z"),
        })
    };
    view(json!([
        branch("login/agent/python-agent/TASK-002", Some("CodeAgency/python-agent"), &["b"]),
        branch("login/integration", None, &[]),
    ]))
}

/// Two checkpoints of one task.
pub fn checkpoints() -> Vec<CheckpointView> {
    let one = |number: u32, at: &str, reason: &str, note: Option<&str>, left_out: &[&str]| {
        json!({
            "id": format!("TASK-002/{number}"), "task": "TASK-002", "at": at, "reason": reason,
            "note": note, "by": "CodeAgency/python-agent", "files": 3, "insertions": 40,
            "deletions": 2, "left_out": left_out, "commit": "c0ffee",
            "ref": format!("refs/agency/checkpoints/TASK-002/{number}"),
        })
    };
    view(json!([
        one(1, "2026-03-02T11:00:00Z", "before_restore", None, &[]),
        one(2, "2026-03-02T11:58:00Z", "asked", Some("before the rewrite"), &["core (too large)"]),
    ]))
}

/// Three acts, the newest taken back.
pub fn acts() -> Vec<ActView> {
    let one = |number: u32, kind: &str, subject: &str, undo: &str, state: &str| {
        json!({
            "id": format!("UNDO-{number:03}"), "kind": kind, "subject": subject,
            "at": "2026-03-02T11:00:00Z", "by": (number != 1).then_some("operator"), "undo": undo,
            "state": state, "undone_at": (state == "undone").then_some("2026-03-02T11:01:00Z"),
            "problem": null, "only_by_name": kind == "work_merged",
        })
    };
    view(json!([
        one(3, "agency_removed", "QAAgency", "brings `QAAgency` back", "undone"),
        one(2, "work_merged", "AP-001", "is not done: a merge is never rewritten", "kept"),
        one(1, "task_cancelled", "TASK-002", "opens `TASK-002` again", "done"),
    ]))
}

/// Two events.
pub fn log() -> Vec<LogView> {
    view(json!([
        {"seq": 9, "at": "2026-03-01T08:00:00Z", "actor": "operator", "kind": "agency_started",
         "subject": "CodeAgency", "payload": null, "hash": "aa"},
        {"seq": 10, "at": "2026-03-02T11:59:00Z", "actor": "CodeAgency/python-agent",
         "kind": "progress_reported", "subject": "TASK-002", "payload": {"percent": 60}, "hash": "ab"},
    ]))
}

/// What was written to one stream.
#[derive(Clone, Default)]
pub struct Written(Rc<RefCell<Vec<u8>>>);

impl Written {
    /// As text.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).expect("UTF-8")
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Both streams of an output.
pub struct Streams {
    /// Standard output.
    pub out: Written,
    /// Standard error.
    pub err: Written,
}

impl Streams {
    /// Both, one after the other.
    pub fn both(&self) -> String {
        format!("-- stdout\n{}\n-- stderr\n{}", self.out.text(), self.err.text())
    }
}

/// An output that remembers.
pub fn output() -> (Output, Streams) {
    let streams = Streams { out: Written::default(), err: Written::default() };
    let output = Output::new(Box::new(streams.out.clone()), Box::new(streams.err.clone()));
    (output, streams)
}

/// A house without a workbench in it.
pub struct FakeHouse {
    surroundings: Surroundings,
    lines: RefCell<VecDeque<String>>,
    /// How opening a workbench is refused.
    pub refusal: Refusal,
    /// What was asked of it.
    pub asked: RefCell<Vec<String>>,
}

impl FakeHouse {
    /// One in a pipe.
    pub fn in_a_pipe() -> Self {
        let surroundings = Surroundings {
            home: None,
            stdin: Stream::Other,
            stdout: Stream::Other,
            stderr: Stream::Other,
            width: None,
            without_colour: false,
        };
        let refusal = Refusal::new(RefusalKind::NotFound, "no_workbench", "no workbench here")
            .with_hint("run `agency init`");
        Self { surroundings, lines: RefCell::default(), refusal, asked: RefCell::default() }
    }

    /// One where a person types these lines; without colours.
    pub fn on_a_terminal(lines: &[&str]) -> Self {
        let mut house = Self::in_a_pipe();
        house.surroundings = Surroundings {
            stdin: Stream::Terminal,
            stdout: Stream::Terminal,
            stderr: Stream::Terminal,
            width: Some(80),
            without_colour: true,
            home: None,
        };
        house.lines = RefCell::new(lines.iter().map(|line| (*line).to_owned()).collect());
        house
    }

    fn note(&self, what: String) {
        self.asked.borrow_mut().push(what);
    }
}

impl House for FakeHouse {
    fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }
    fn is_heard(&self) -> bool {
        true
    }
    fn now(&self) -> Timestamp {
        now()
    }
    fn open(&self, _: Option<&Path>) -> Result<Workbench, Refusal> {
        Err(self.refusal.clone())
    }
    fn make_workbench(&self, folder: &Path, _: Option<&Path>) -> Result<PathBuf, Refusal> {
        Ok(Path::new("/home/me").join(folder))
    }
    fn lay_scripts(&self, _: &Path) -> Result<(), Refusal> {
        Ok(())
    }
    fn screen(&self, _: Workbench) -> Result<(), Refusal> {
        Err(self.refusal.clone())
    }
    fn demo(
        &self,
        options: &DemoOptions,
        narrate: &mut dyn FnMut(&str),
    ) -> Result<PathBuf, Refusal> {
        self.note(format!("{options:?}"));
        narrate("0.1s goal set");
        Ok(PathBuf::from("/tmp/demo"))
    }
    fn supervise(&self, home: Option<&Path>) -> Result<(), Refusal> {
        self.note(format!("supervise {home:?}"));
        Ok(())
    }
    fn report(&self, event: &str) {
        self.note(format!("report {event}"));
    }
    fn wait_for_letter(&self) -> Option<String> {
        self.lines.borrow_mut().pop_front()
    }
    fn serve_tools(&self, _: Option<&Path>) -> Result<(), Refusal> {
        Ok(())
    }
    fn rehearse(&self) -> Result<u8, Refusal> {
        Ok(0)
    }
    fn check_run(&self, arguments: &[OsString]) -> Result<u8, Refusal> {
        self.note(format!("check-run {arguments:?}"));
        Ok(7)
    }
    fn attach(&self, _: &AttachPlan) -> Result<u8, Refusal> {
        Ok(0)
    }
    fn exec(&self, argv: &[OsString], _: &BTreeMap<String, String>) -> Result<u8, Refusal> {
        self.note(format!("exec {argv:?}"));
        Ok(0)
    }
    fn watch_interrupt(&self) -> Interrupt {
        Interrupt::default()
    }
    fn read_input(&self) -> Result<String, Refusal> {
        Ok("from standard input".to_owned())
    }
    fn read_line(&self) -> Result<Option<String>, Refusal> {
        Ok(self.lines.borrow_mut().pop_front())
    }
    fn create_file(&self, path: &Path) -> Result<Box<dyn Write>, Refusal> {
        self.note(format!("create {}", path.display()));
        Ok(Box::new(io::sink()))
    }
}
