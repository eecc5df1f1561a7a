//! Samples of what the message bus shows: requests, handoffs, locks, queues, cadences.

use serde_json::json;

use super::view;
use crate::service::views::queues::{DeadView, QueuesView};
use crate::service::views::{
    BroadcastView, CadenceView, HandoffView, LockView, MeetingView, RequestView,
};

/// A working day with a check-in that is collected.
pub fn cadence() -> CadenceView {
    let beat = |beat: &str, next: &str, period: Option<&str>| {
        json!({
            "beat": beat, "about": "what it does", "is_on": true, "next": "2026-03-03T08:00:00Z",
            "next_local": next, "last_period": period,
            "last": period.map(|_| "2026-03-02T08:00:00Z"),
        })
    };
    view(json!({
        "time_zone": "Europe/Berlin", "quiet": ["22:00-07:00", "Sat-Sun 00:00-24:00"],
        "quiet_until": "2026-03-02T14:00:00Z",
        "beats": [
            beat("hourly", "2026-03-02 14:00", None),
            beat("daily", "2026-03-03 09:00", Some("2026-03-02")),
            beat("agenda", "2026-03-09 09:00", Some("2026-W10")),
            beat("weekly", "2026-03-09 10:00", Some("2026-W10")),
        ],
        "collecting": [{
            "agency": "CodeAgency", "until": "2026-03-02T12:20:00Z", "asked": 3, "answered": 1,
        }],
        "unanswered": ["CodeAgency/dev-1"],
    }))
}

/// A check-in and a week, the latter not written yet.
pub fn meetings() -> Vec<MeetingView> {
    view(json!([
        {
            "name": "weekly/2026-W10-digest", "beat": "weekly", "agency": null,
            "at": "2026-03-02T11:59:00Z", "summary": "Digest of week 2026-W10: 2 merged, 3 open, 1 blocked",
            "file": null,
        },
        {
            "name": "daily/2026-03-02-CodeAgency", "beat": "daily", "agency": "CodeAgency",
            "at": "2026-03-02T08:30:00Z", "summary": "Check-in of CodeAgency, 2026-03-02: 1 of 3 answered",
            "file": "registry/meetings/daily/2026-03-02-CodeAgency.md",
        },
    ]))
}

/// A handoff that waits for its answer.
pub fn handoff() -> HandoffView {
    view(json!({
        "id": "HO-001", "state": "offered", "round": 1, "from": "CodeAgency", "to": "QAAgency",
        "title": "User Authentication Module", "task": "TASK-005", "origin": "TASK-003", "fix": null,
        "message": "01900000-0000-7000-8000-00000000000b", "replaces": null,
        "deliverable": "login with OAuth2", "place": null, "branch": "login/integration",
        "is_branch_missing": false, "artifacts": ["docs/auth_api.md"],
        "acceptance_criteria": ["all tests pass"], "next_steps": [], "notes": null,
        "not_said": ["next_steps"], "offered_at": "2026-03-02T11:40:00Z",
        "answer_by": "2026-03-02T15:40:00Z", "taken_at": null, "estimated_completion": null,
        "reason": null, "verdict": null, "bugs": null, "severity": null, "report": null,
        "remarks": null, "answered_at": null,
    }))
}

/// A full mailbox, a file that waits for it, and two agents who are kept apart.
pub fn queues() -> QueuesView {
    view(json!({
        "door": {"new": 1, "waiting": 3, "dead": 2, "held": [
            {"hold": "room:CodeAgency/dev", "files": 3, "since": "2026-03-02T11:50:00Z",
             "code": "mailbox_full", "reason": "the mailbox of `CodeAgency/dev` is full: 1000 messages wait"},
        ]},
        "mailboxes": [
            {"address": "CodeAgency/dev", "waiting": 1000, "limit": 1000, "oldest_at": "2026-03-02T08:00:00Z"},
            {"address": "operator", "waiting": 2, "limit": 1000, "oldest_at": "2026-03-02T11:58:00Z"},
        ],
        "senders": [{"agent": "QAAgency/lead", "left": 0, "wait_s": 4}],
        "stopped": [{"agents": ["CodeAgency/dev", "CodeAgency/lead"], "turns": 13,
                     "since": "2026-03-02T11:50:00Z", "until": "2026-03-02T12:05:00Z"}],
        "dead": 4,
        "limits": {"mailbox_limit": 1000, "reserve": 100, "rate": 30, "burst": 60, "loop_limit": 12},
    }))
}

/// A dead file and a dead message.
pub fn dead_letters() -> Vec<DeadView> {
    view(json!([
        {"what": "note.json", "id": null, "file": "note.json",
         "path": "/home/me/bench/registry/queue/dead/note.json", "from": null, "to": null,
         "code": "not_json", "reason": "expected a value", "field": "body", "at": "2026-03-02T11:50:00Z"},
        {"what": "0195f000-0000-7000-8000-000000000001", "id": "0195f000-0000-7000-8000-000000000001",
         "file": null, "path": null, "from": "CodeAgency/dev", "to": "QAAgency/lead",
         "code": "expired", "reason": "its time ran out", "field": "expires_at", "at": "2026-03-02T10:00:00Z"},
    ]))
}

/// A lock, and who waits for it.
pub fn locks() -> Vec<LockView> {
    let (own, other) = ("CodeAgency/python-agent", "CodeAgency/rust-agent");
    view(json!([
        {
            "id": "lock-001", "resource": "src/auth", "type": "exclusive", "holders": [own],
            "waiting": [other], "granted_at": "2026-03-02T11:00:00Z",
            "expires_at": "2026-03-02T15:00:00Z", "reason": "new fields", "task": "TASK-002",
            "asked_at": "2026-03-02T11:00:00Z", "expected_at": null, "project": "/src/app",
        },
        {
            "id": "lock-002", "resource": "src/**/*.rs", "type": "shared", "holders": [],
            "waiting": [other], "granted_at": null, "expires_at": null, "reason": null,
            "task": null, "asked_at": "2026-03-02T11:50:00Z",
            "expected_at": "2026-03-02T15:00:00Z", "project": "/src/app",
        },
    ]))
}

/// A request on its way up, and an answered one.
pub fn requests() -> Vec<RequestView> {
    let id = |number: u32| format!("0195f000-0000-7000-8000-{number:012}");
    let one = |number: u32, state: &str| {
        json!({
            "id": id(number), "kind": "question", "state": state, "asker": "CodeAgency/python-agent",
            "asked": "QAAgency/test-lead", "task": "TASK-002", "priority": "high",
            "text": "which\u{1b}[31m browser?", "level": "coordinator", "level_number": 2,
            "holder": "QAAgency/qa-coordinator", "opened_at": "2026-03-02T11:00:00Z",
            "since": "2026-03-02T11:15:00Z", "due": null, "age_s": 3600, "next": null, "steps": [
                {"at": "2026-03-02T11:07:30Z", "step": "chased", "level": "agent",
                 "to": "QAAgency/test-lead", "message": id(8), "reason": null},
                {"at": "2026-03-02T11:15:00Z", "step": "escalated", "level": "coordinator",
                 "to": "QAAgency/qa-coordinator", "message": id(9),
                 "reason": "`QAAgency/test-lead` has not answered"},
            ],
            "answer_with": format!("agency send CodeAgency/python-agent \"…\" --in-reply-to {}", id(number)),
            "answered_by": null, "answer": null, "closed_at": null, "reason": null,
        })
    };
    let mut open = one(1, "open");
    open["next"] = json!({"step": "escalate", "at": "2026-03-02T12:15:00Z", "to": "operator"});
    let mut answered = one(2, "answered");
    answered["answered_by"] = json!("operator");
    answered["answer"] = json!(id(7));
    answered["closed_at"] = json!("2026-03-02T11:55:00Z");
    view(json!([open, answered]))
}

/// A broadcast that one has acknowledged and one has not.
pub fn broadcast() -> BroadcastView {
    let id = |number: u32| format!("0195f000-0000-7000-8000-{number:012}");
    view(json!({
        "id": id(1), "from": "operator", "text": "rotate your keys", "state": "ended",
        "action_required": "tell the new key's id", "sent_at": "2026-03-02T10:00:00Z",
        "by": "2026-03-02T11:30:00Z", "acknowledged": 1, "ended_at": "2026-03-02T11:30:00Z",
        "report": id(5), "recipients": [
            {"agent": "CodeAgency/code-coordinator", "message": id(1),
             "delivered_at": "2026-03-02T10:00:05Z", "acknowledged_at": "2026-03-02T10:10:00Z",
             "is_late": false, "chases": 0, "reason": null},
            {"agent": "QAAgency/qa-coordinator", "message": id(2), "delivered_at": null,
             "acknowledged_at": null, "is_late": false, "chases": 2, "reason": "not acknowledged in time"},
        ],
    }))
}
