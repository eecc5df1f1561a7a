//! The single things that boards are made of: agents, tasks, messages, approvals.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use crate::domain::agency::{AgencyState, AgentState, StateSource};
use crate::domain::approval::ApprovalState;
use crate::domain::checks::{CheckCommand, TestCounts};
use crate::domain::id::{ApprovalId, TaskId};
use crate::domain::message::{MessageState, Priority};
use crate::domain::name::{AgentAddress, Name};
use crate::domain::submission::{CheckRun, DiffStat};
use crate::domain::task::{TaskContract, TaskState};
use crate::service::views::{
    AgencyView, AgentView, ApprovalView, BranchView, MessageView, TaskView, TestsView, WaitingView,
};

pub fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().expect("a time")
}

pub fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

pub fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

pub fn agent_of(text: &str) -> AgentAddress {
    text.parse().expect("an address")
}

pub fn agent(address: &str, state: AgentState, since: i64) -> AgentView {
    let address = agent_of(address);
    AgentView {
        name: address.agent.clone(),
        address,
        role: "writes code".to_owned(),
        runtime: name("rehearsal"),
        state,
        state_source: StateSource::Hook,
        state_since: Some(ago(since)),
        state_reason: None,
        state_rule: None,
        state_evidence: None,
        limited_until: None,
        conversation: None,
        task: None,
        branch: None,
        worktree: None,
        pane: Some("%1".to_owned()),
        skills: Vec::new(),
        temporary: false,
        unread: 0,
        unread_since: None,
    }
}

pub fn agency(text: &str, state: AgencyState, agents: Vec<AgentView>) -> AgencyView {
    AgencyView {
        name: name(text),
        session: text.to_owned(),
        state,
        reason: None,
        reason_code: None,
        coordinator: agents.first().map_or_else(|| name("coordinator"), |agent| agent.name.clone()),
        description: "Writes the product's code".to_owned(),
        template: Some("code".to_owned()),
        capabilities: vec!["code".to_owned()],
        project: None,
        agents,
    }
}

pub fn task(id: u32, title: &str, state: TaskState, of: Option<&str>) -> TaskView {
    TaskView {
        id: TaskId(id),
        title: title.to_owned(),
        feature: name("login"),
        state,
        agency: name("CodeAgency"),
        agent: of.map(agent_of),
        depends_on: Vec::new(),
        priority: Priority::Normal,
        estimate_h: None,
        branch: None,
        base: None,
        head: None,
        worktree: None,
        opened_at: ago(4000),
        closed_at: None,
        progress: 60,
        note: None,
        contract: TaskContract {
            title: title.to_owned(),
            agency: name("CodeAgency"),
            feature: name("login"),
            scope: "People log in with their company account.".to_owned(),
            non_goals: None,
            inputs: Vec::new(),
            depends_on: Vec::new(),
            done: vec!["a wrong state is refused".to_owned(), "tests/login.sh passes".to_owned()],
            tests: None,
            rollback: "revert the merge".to_owned(),
            paths: Vec::new(),
            skill: None,
            role: None,
            priority: Priority::Normal,
            estimate_h: None,
        },
    }
}

pub fn message(n: u128, from: &str, to: &str, kind: &str, body: Value) -> MessageView {
    MessageView {
        id: Uuid::from_u128(n),
        kind: kind.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        body,
        priority: Priority::Normal,
        task: None,
        in_reply_to: None,
        state: MessageState::Acknowledged,
        sent_at: ago(2000 - i64::try_from(n).expect("small") * 100),
        delivered_at: None,
        acknowledged_at: None,
        reason: None,
        verified: true,
        accepted_at: None,
        routed_at: None,
        expires_at: None,
        trace: None,
        thread: None,
        uncertain: false,
        under_way: false,
        deferrals: 0,
    }
}

pub fn approval(id: u32, title: &str, state: ApprovalState) -> ApprovalView {
    let run = |argv: &[&str], duration_ms| CheckRun {
        command: CheckCommand {
            argv: argv.iter().map(|&word| word.to_owned()).collect(),
            found_by: "agency.toml".to_owned(),
        },
        exit_status: Some(0),
        duration_ms,
        tests: Some(TestCounts { passed: 47, failed: 0, skipped: 1, failures: Vec::new() }),
    };
    ApprovalView {
        id: ApprovalId(id),
        kind: "merge".to_owned(),
        title: title.to_owned(),
        agency: name("CodeAgency"),
        agent: agent_of("CodeAgency/python-agent"),
        task: TaskId(42),
        branch: "login/integration".to_owned(),
        target: "main".to_owned(),
        base: "4be1a0c9f2d37715aa01".to_owned(),
        head: "9c02d7e1b6a04f3c5522".to_owned(),
        tree: "e07a31f5c88b9d102233".to_owned(),
        change: "77aa02b3c4d5e6f71234".to_owned(),
        state,
        risk: "low".to_owned(),
        tests: Some(TestsView {
            passed: 47,
            failed: 0,
            skipped: 1,
            command: "sh tests/run.sh".to_owned(),
        }),
        coverage: None,
        diff: DiffStat { files: 3, insertions: 120, deletions: 4 },
        demo: None,
        waiting_s: 185,
        blocks: Vec::new(),
        tasks: vec![TaskId(42), TaskId(43)],
        rationale: Some(
            "The state parameter is kept in the session, so that a stolen link is worthless."
                .to_owned(),
        ),
        rollback: Some("Revert the merge commit; no data is migrated.".to_owned()),
        checks: vec![run(&["sh", "tests/run.sh"], 12_900), run(&["cargo", "test"], 420)],
        log_sha256: Some("5d41402abc4b2a76b9719d911017c592".to_owned()),
        evidence: Some("b1946ac92492d2347c6235b4d2611184".to_owned()),
        reason: None,
        opened_at: ago(185),
        commit: None,
    }
}

pub fn waiting(kind: &str, subject: &str, text: &str, since: i64) -> WaitingView {
    WaitingView {
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        text: text.to_owned(),
        since: ago(since),
        blocks: Vec::new(),
    }
}

pub fn branch(text: &str, ahead: u32, dirty: u32) -> BranchView {
    BranchView {
        branch: text.to_owned(),
        agent: None,
        task: None,
        ahead,
        behind: 0,
        dirty,
        insertions: 120,
        deletions: 4,
        last_commit_at: Some(ago(240)),
        conflicts_with: Vec::new(),
        uncommitted_since: None,
        checkpoint: None,
        checkpoint_at: None,
    }
}
