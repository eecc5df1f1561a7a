//! What happened since the last board, in lines for people; a pure comparison of what was seen.
//!
//! It decides nothing. A board may skip moments: every line tells of what is there now, never of
//! how it came there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use uuid::Uuid;

use crate::domain::agency::AgentState;
use crate::domain::approval::ApprovalState;
use crate::domain::id::{ApprovalId, TaskId};
use crate::domain::task::TaskState;
use crate::service::views::{ApprovalView, Board, MessageView, TaskView};

/// What was seen so far.
#[derive(Debug, Default)]
pub struct Story {
    agents: BTreeMap<String, AgentState>,
    tasks: BTreeMap<TaskId, TaskState>,
    messages: BTreeSet<Uuid>,
    approvals: BTreeMap<ApprovalId, ApprovalState>,
}

/// Where the feature's approval is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// There is none that could be decided yet.
    NotYet,
    /// It is proven and waits for the operator.
    Waiting(ApprovalId),
    /// The merge is in the project's branch.
    Merged(ApprovalId),
    /// It will not be merged by itself.
    Stuck {
        /// Which.
        approval: ApprovalId,
        /// Its state and why.
        reason: String,
    },
}

impl Story {
    /// Compares with what was seen before.
    pub fn see(&mut self, board: &Board) -> Vec<String> {
        let mut lines = Vec::new();
        lines.extend(self.see_agents(board));
        lines.extend(board.tasks.iter().filter_map(|task| self.see_task(task)));
        lines.extend(board.messages.iter().filter_map(|message| self.see_message(message)));
        lines.extend(board.approvals.iter().filter_map(|approval| self.see_approval(approval)));
        lines
    }

    /// Only what an agent cannot recover from by itself is worth a line.
    fn see_agents(&mut self, board: &Board) -> Vec<String> {
        let mut lines = Vec::new();
        let agents = board.status.agencies.iter().flat_map(|agency| &agency.agents);
        for agent in agents {
            let address = agent.address.to_string();
            let before = self.agents.insert(address.clone(), agent.state);
            let bad = matches!(agent.state, AgentState::Crashed | AgentState::Blocked);
            if bad && before != Some(agent.state) {
                let reason = agent.state_reason.as_deref().unwrap_or("no reason given");
                lines.push(format!("{address} is {}: {reason}", agent.state.as_str()));
            }
        }
        lines
    }

    fn see_task(&mut self, task: &TaskView) -> Option<String> {
        let before = self.tasks.insert(task.id, task.state);
        if before == Some(task.state) {
            return None;
        }
        let agent = task.agent.as_ref().map_or("nobody".to_owned(), ToString::to_string);
        let what = match task.state {
            TaskState::Draft | TaskState::Ready => "written down".to_owned(),
            TaskState::Assigned => format!("assigned to {agent}"),
            TaskState::InProgress => format!("begun by {agent}"),
            TaskState::Blocked => {
                format!("blocked: {}", task.note.as_deref().unwrap_or("no reason given"))
            }
            TaskState::Submitted => format!("completed by {agent}"),
            TaskState::Proving => "being proven".to_owned(),
            TaskState::Reviewing => "being reviewed".to_owned(),
            TaskState::AwaitingApproval => "waits for approval".to_owned(),
            TaskState::Approved => "approved".to_owned(),
            TaskState::Merged => "merged".to_owned(),
            TaskState::Rejected => "rejected".to_owned(),
            TaskState::Cancelled => "cancelled".to_owned(),
        };
        Some(format!("{} {}: {what}", task.id, task.title))
    }

    /// Between agencies only: what agents of one agency tell each other is shown by its tasks.
    fn see_message(&mut self, message: &MessageView) -> Option<String> {
        if !self.messages.insert(message.id) {
            return None;
        }
        let field = |name: &str| message.body.get(name).and_then(Value::as_str);
        match message.kind.as_str() {
            "goal" => Some(format!("goal for {}: {}", message.to, message.summary())),
            "handoff" => Some(format!(
                "hand-off from {} to {}: {}",
                message.from,
                message.to,
                field("deliverable").unwrap_or("no deliverable named")
            )),
            "results" => Some(format!(
                "results from {}: {}, {} defects",
                message.from,
                field("status").unwrap_or("no status"),
                message.body.get("bugs").and_then(Value::as_u64).unwrap_or(0)
            )),
            _ => None,
        }
    }

    fn see_approval(&mut self, approval: &ApprovalView) -> Option<String> {
        let before = self.approvals.insert(approval.id, approval.state);
        if before == Some(approval.state) {
            return None;
        }
        let tests = approval.tests.as_ref().map_or("no tests".to_owned(), |tests| {
            format!("{} passed, {} failed", tests.passed, tests.failed)
        });
        let what = match approval.state {
            ApprovalState::Waiting => format!("proven ({tests}), waits for the operator"),
            ApprovalState::NotProven => format!("not proven ({tests})"),
            ApprovalState::Approved => "approved".to_owned(),
            ApprovalState::Merged => format!("merged into {}", approval.target),
            ApprovalState::Held | ApprovalState::Rejected | ApprovalState::Void => {
                approval.state.as_str().to_owned()
            }
        };
        let reason = approval.reason.as_ref().map(|reason| format!(": {reason}"));
        Some(format!("{} {}: {what}{}", approval.id, approval.title, reason.unwrap_or_default()))
    }
}

/// Where the newest approval is.
pub fn verdict(board: &Board) -> Verdict {
    let Some(approval) = board.approvals.iter().max_by_key(|approval| approval.id) else {
        return Verdict::NotYet;
    };
    match approval.state {
        ApprovalState::Waiting => Verdict::Waiting(approval.id),
        ApprovalState::Merged => Verdict::Merged(approval.id),
        ApprovalState::Approved => Verdict::NotYet,
        ApprovalState::NotProven
        | ApprovalState::Held
        | ApprovalState::Rejected
        | ApprovalState::Void => {
            let reason = approval.reason.as_deref().unwrap_or("no reason given");
            let reason = format!("{}: {reason}", approval.state.as_str());
            Verdict::Stuck { approval: approval.id, reason }
        }
    }
}

/// The board in a few lines, for when something was waited for in vain.
pub fn excerpt(board: &Board) -> Vec<String> {
    let mut lines = Vec::new();
    for agent in board.status.agencies.iter().flat_map(|agency| &agency.agents) {
        let reason = agent.state_reason.as_deref().unwrap_or("");
        let state = agent.state.as_str();
        lines.push(format!("{} {state}, {} unread {reason}", agent.address, agent.unread));
    }
    for task in &board.tasks {
        let agent = task.agent.as_ref().map_or("nobody".to_owned(), ToString::to_string);
        let note = task.note.as_deref().unwrap_or("");
        lines.push(format!("{} {} {agent} {note}", task.id, task.state.as_str()));
    }
    let waiting = board.messages.iter().filter(|message| message.acknowledged_at.is_none());
    for message in waiting {
        let (state, reason) = (message.state.as_str(), message.reason.as_deref().unwrap_or(""));
        lines.push(format!("{} to {}: {state} {reason}", message.kind, message.to));
    }
    for wait in &board.status.waiting_for {
        lines.push(format!("waits for a person: {} {} {}", wait.kind, wait.subject, wait.text));
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    pub(in crate::demo) fn board(task: &str, approval: Option<&str>) -> Board {
        let contract = json!({
            "title": "Say hello", "agency": "CodeAgency", "feature": "greeting", "scope": "s",
            "non_goals": null, "inputs": [], "depends_on": [], "done": ["d"], "tests": null,
            "rollback": "r", "paths": [], "skill": null, "role": null, "priority": "normal",
            "estimate_h": null,
        });
        let task = json!({
            "id": "TASK-001", "title": "Say hello", "feature": "greeting", "state": task,
            "agency": "CodeAgency", "agent": "CodeAgency/dev-1", "depends_on": [],
            "priority": "normal", "estimate_h": null, "branch": null, "base": null, "head": null,
            "worktree": null, "opened_at": "2026-01-01T00:00:00Z", "closed_at": null,
            "progress": 0, "note": null, "contract": contract,
        });
        let approval = approval.map(|state| {
            json!({
                "id": "AP-001", "kind": "merge", "title": "greeting", "agency": "CodeAgency",
                "agent": "CodeAgency/coordinator", "task": "TASK-001", "branch": "b",
                "target": "main", "base": "", "head": "", "tree": "", "change": "",
                "state": state, "risk": "low",
                "tests": { "passed": 7, "failed": 0, "skipped": 0, "command": "sh tests/run.sh" },
                "coverage": null, "diff": { "files": 0, "insertions": 0, "deletions": 0 },
                "demo": null, "waiting_s": 0, "blocks": [], "tasks": [], "rationale": null,
                "rollback": null, "checks": [], "log_sha256": null, "evidence": null,
                "reason": null, "opened_at": "2026-01-01T00:00:00Z", "commit": null,
            })
        });
        let text = json!({
            "seq": 1, "at": null, "tasks": [task], "messages": [], "branches": [],
            "approvals": approval.into_iter().collect::<Vec<_>>(),
            "status": {
                "agencies": [], "waiting": 0, "waiting_for": [], "approvals": 0, "incidents": 0,
                "queue": { "new": 0, "cur": 0, "dead": 0 }, "supervisor": null,
            },
        });
        serde_json::from_value(text).expect("a board")
    }

    #[test]
    fn each_change_is_told_once() {
        let mut story = Story::default();
        let wanted = ["TASK-001 Say hello: assigned to CodeAgency/dev-1"];
        assert_eq!(story.see(&board("assigned", None)), wanted);
        assert!(story.see(&board("assigned", None)).is_empty());
        let lines = story.see(&board("submitted", Some("waiting")));
        assert_eq!(
            lines,
            [
                "TASK-001 Say hello: completed by CodeAgency/dev-1",
                "AP-001 greeting: proven (7 passed, 0 failed), waits for the operator",
            ]
        );
    }

    #[test]
    fn the_verdict_follows_the_approval() {
        assert_eq!(verdict(&board("ready", None)), Verdict::NotYet);
        assert_eq!(verdict(&board("ready", Some("waiting"))), Verdict::Waiting(ApprovalId(1)));
        assert_eq!(verdict(&board("ready", Some("merged"))), Verdict::Merged(ApprovalId(1)));
        assert!(matches!(verdict(&board("ready", Some("not_proven"))), Verdict::Stuck { .. }));
    }

    #[test]
    fn the_excerpt_names_each_task_with_its_state() {
        assert_eq!(excerpt(&board("blocked", None)), ["TASK-001 blocked CodeAgency/dev-1"]);
    }
}
