//! Whole boards: nothing, a busy day, a crowd, long and wide words.

use serde_json::json;

use super::parts::{agency, agent, ago, approval, branch, message, task, waiting};
use crate::domain::agency::{AgencyState, AgentState, StateSource};
use crate::domain::approval::ApprovalState;
use crate::domain::id::TaskId;
use crate::domain::message::MessageState;
use crate::domain::name::Name;
use crate::domain::task::TaskState;
use crate::service::views::{AgencyView, Board, QueueView, StatusView, SupervisorView};

/// A workbench with a supervisor and nothing else.
pub fn no_agencies() -> Board {
    Board {
        seq: 1,
        at: Some(ago(60)),
        status: StatusView {
            agencies: Vec::new(),
            waiting: 0,
            waiting_for: Vec::new(),
            queue: QueueView::default(),
            mailboxes: Vec::new(),
            requests: 0,
            approvals: 0,
            incidents: 0,
            supervisor: Some(SupervisorView { pid: 4121, since: ago(3600), events: 1 }),
        },
        approvals: Vec::new(),
        tasks: Vec::new(),
        messages: Vec::new(),
        branches: Vec::new(),
    }
}

/// Two agencies in the middle of a feature.
pub fn a_busy_day() -> Board {
    let mut board = no_agencies();
    board.seq = 310;
    board.status.agencies = two_agencies();
    add_work(&mut board);
    add_talk(&mut board);
    board
}

fn two_agencies() -> Vec<AgencyView> {
    let mut permission = agent("CodeAgency/python-agent", AgentState::Permission, 42);
    permission.task = Some(TaskId(42));
    permission.state_reason = Some("wants to run `rm -r build`".to_owned());
    let mut working = agent("CodeAgency/web-agent", AgentState::Working, 190);
    working.task = Some(TaskId(43));
    working.unread = 2;
    let mut crashed = agent("QAAgency/tester", AgentState::Crashed, 65);
    crashed.state_source = StateSource::Process;
    crashed.state_reason = Some("exit status 1; started again in 20s".to_owned());
    let coordinator = agent("CodeAgency/code-coordinator", AgentState::Idle, 700);
    let mut qa = agency(
        "QAAgency",
        AgencyState::Degraded,
        vec![agent("QAAgency/qa-coordinator", AgentState::Waiting, 30), crashed],
    );
    qa.reason = Some("`tester` crashed".to_owned());
    let code = vec![coordinator, permission, working];
    vec![agency("CodeAgency", AgencyState::Running, code), qa]
}

fn add_work(board: &mut Board) {
    board.status.waiting_for = vec![
        waiting("permission", "CodeAgency/python-agent", "wants to run `rm -r build`", 42),
        waiting("approval", "AP-007", "Log in with OAuth2 is proven", 185),
        waiting("dead_agent", "QAAgency/tester", "crashed 3 times, not started again", 65),
    ];
    board.status.waiting_for[1].blocks = vec!["TASK-050".to_owned()];
    board.status.waiting = 3;
    board.status.approvals = 2;
    let mut not_proven = approval(8, "Rate limits per account", ApprovalState::NotProven);
    not_proven.reason = Some("no check is configured or found".to_owned());
    not_proven.tests = None;
    not_proven.checks = Vec::new();
    not_proven.opened_at = ago(3700);
    board.approvals = vec![approval(7, "Log in with OAuth2", ApprovalState::Waiting), not_proven];
    let mut blocked = task(43, "Login page", TaskState::Blocked, Some("CodeAgency/web-agent"));
    blocked.note = Some("the colours are not decided".to_owned());
    board.tasks = vec![
        task(42, "Log in with OAuth2", TaskState::InProgress, Some("CodeAgency/python-agent")),
        blocked,
        task(44, "Logout", TaskState::Ready, None),
        task(41, "Sessions", TaskState::Merged, None),
    ];
    board.branches =
        vec![branch("login/agent/python-agent/TASK-042", 3, 2), branch("login/integration", 1, 0)];
    board.branches[0].conflicts_with = vec!["login/agent/web-agent/TASK-043".to_owned()];
}

fn add_talk(board: &mut Board) {
    board.status.queue = QueueView { new: 1, cur: 2, dead: 1 };
    let handoff = json!({"feature": "login", "summary": "login is ready for QA"});
    board.messages = vec![
        message(1, "operator", "CodeAgency/code-coordinator", "goal", json!("People can log in")),
        message(
            2,
            "CodeAgency/python-agent",
            "CodeAgency/code-coordinator",
            "status",
            json!("STATUS: 60 %"),
        ),
        message(3, "CodeAgency/code-coordinator", "QAAgency/qa-coordinator", "handoff", handoff),
        message(4, "ci", "CodeAgency/nobody", "alert", json!("build is red")),
    ];
    board.messages[2].state = MessageState::Delivered;
    board.messages[3].state = MessageState::Dead;
    board.messages[3].verified = false;
    board.messages[3].reason = Some("no agent `nobody`".to_owned());
}

/// Many agencies with many agents each.
pub fn a_crowd(agencies: u32, agents_each: u32) -> Board {
    let states = [AgentState::Working, AgentState::Idle, AgentState::Blocked, AgentState::Unknown];
    let mut board = no_agencies();
    board.status.agencies = (0..agencies)
        .map(|a| {
            let of = |n: u32| {
                let state = states[(a + n) as usize % states.len()];
                agent(&format!("Agency-{a:03}/agent-{n:02}"), state, i64::from(a * 7 + n * 31))
            };
            agency(
                &format!("Agency-{a:03}"),
                AgencyState::Running,
                (0..agents_each).map(of).collect(),
            )
        })
        .collect();
    board.messages = (1..=19)
        .map(|n| {
            message(n, "Agency-001/agent-01", "Agency-002", "note", json!(format!("note {n}")))
        })
        .collect();
    board
}

/// Names as long as they may be, and words of two columns a character.
pub fn long_and_wide() -> Board {
    let mut board = a_busy_day();
    let long = "A".repeat(Name::MAX_LENGTH);
    let mut wide = agent(&format!("{long}/{long}"), AgentState::Blocked, 90_000);
    wide.state_reason = Some("設計が決まっていません、確認してください 🙏 ".repeat(5));
    board.status.agencies.push(agency(&long, AgencyState::Stopped, vec![wide]));
    board.approvals[0].title = "ログイン機能を追加する — e\u{301}tude 🚀 ".repeat(4);
    board.tasks[0].title = "ログイン機能を追加する ".repeat(9);
    board.messages.push(message(
        5,
        &format!("{long}/{long}"),
        &long,
        "note",
        json!("漢字 ".repeat(80)),
    ));
    board.branches.push(branch(&format!("{long}/agent/{long}/TASK-042"), 12_345, 999));
    board
}
