//! One sample of every event, and of what is in them.
//!
//! A test asks for a sample of every variant by its name. Those of the message bus stand in [`bus`].

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;

use super::{agent, contract, definition, id, name};
use crate::domain::agency::{AgentDefinition, AgentState, StateSource};
use crate::domain::approval::{Decision, SignedStatement, Statement};
use crate::domain::checkpoint::{CheckpointId, CheckpointReason, Manner};
use crate::domain::checks::{CheckCommand, TestCounts};
use crate::domain::command::{Actor, Answer};
use crate::domain::id::{ActId, ApprovalId, SubmissionId, TaskId};
use crate::domain::message::{DeadReason, Message, MessageType, Place, Priority};
use crate::domain::name::Address;
use crate::domain::recipe::Recipe;
use crate::domain::submission::{
    CheckRun, DiffStat, Evidence, MergePreview, ProofOutcome, Submission,
};
use crate::domain::task::TaskState;
use crate::domain::trace::Trace;
use crate::domain::workbench::WorkbenchConfig;
use crate::engine::event::{DeliveredBy, Event};
use crate::engine::keeping::Restoring;
use crate::engine::sessions::signal::Signal;
use crate::ports::keyring::Keyring as _;
use crate::ports::keyring::fake::FakeKeyring;
use crate::ports::repositories::{Checkpoint, Kept};
use crate::ports::terminals::{Arrangement, PaneId};

pub mod bus;

/// A merge of that change onto that base.
pub fn preview(base: &str, change: &str) -> MergePreview {
    MergePreview {
        base: base.to_owned(),
        head: "head".to_owned(),
        tree: format!("tree-{base}-{change}"),
        change: change.to_owned(),
        diff: DiffStat { files: 1, insertions: 2, deletions: 3 },
    }
}

/// What a run with so many passed and failed tests proves about a merge.
pub fn evidence(merge: &MergePreview, passed: u32, failures: &[&str]) -> Evidence {
    let mut tests = TestCounts { passed, ..TestCounts::default() };
    failures.iter().for_each(|failure| tests.add_failure(*failure));
    let command = CheckCommand { argv: vec!["sh".to_owned()], found_by: "a test".to_owned() };
    let exit_status = Some(i32::from(!failures.is_empty()));
    Evidence {
        tree: merge.tree.clone(),
        runs: vec![CheckRun { command, exit_status, duration_ms: 5, tests: Some(tests) }],
        log: "sandbox/testing/SUB-001.log".to_owned(),
        log_sha256: "00".to_owned(),
        timed_out: false,
    }
}

/// A statement, signed by the operator.
pub fn signed(statement: Statement) -> SignedStatement {
    let signature = FakeKeyring.sign(&statement.to_bytes()).expect("signed");
    SignedStatement { statement, key: FakeKeyring.operator_key().expect("a key"), signature }
}

/// A message.
pub fn message(number: u128, from: &str, to: &str, text: &str) -> Message {
    let address = |text: &str| Address::parse(text).expect("an address");
    Message {
        id: id(number),
        kind: MessageType::of_text(text),
        from: address(from),
        to: address(to),
        body: text.into(),
        priority: Priority::Normal,
        task: None,
        in_reply_to: None,
        sent_at: Timestamp::UNIX_EPOCH,
        expires_at: None,
        trace: None,
        verified: true,
        extra: [("x".to_owned(), json!({"y": [1, null]}))].into(),
    }
}

fn submission() -> Submission {
    Submission {
        id: SubmissionId(1),
        task: TaskId(1),
        tasks: vec![TaskId(1)],
        feature: name("login"),
        agent: agent("Code/dev"),
        title: "title".to_owned(),
        branch: "login/integration".to_owned(),
        head: "head".to_owned(),
        rationale: None,
        rollback: Some("revert".to_owned()),
        demo: None,
        trace: Some(crate::domain::trace::Trace::mint(crate::engine::testing::id(1))),
    }
}

/// A reason for which a message is dead.
pub fn reason() -> DeadReason {
    let place = Some(Place { line: 2, column: 7 });
    DeadReason { place, ..DeadReason::new("bad", "it is bad", Timestamp::UNIX_EPOCH).about("to") }
}

fn kept() -> Kept {
    Kept { branch_ref: Some("refs/agency/kept/x".to_owned()), uncommitted_ref: None }
}

/// The decision about an approval.
pub fn statement(approval: u32, decision: Decision, merge: &MergePreview) -> Statement {
    Statement {
        approval: ApprovalId(approval),
        decision,
        change: merge.change.clone(),
        tree: merge.tree.clone(),
        evidence: String::new(),
        feedback: None,
        at: Timestamp::UNIX_EPOCH,
    }
}

/// One of each.
pub fn events() -> Vec<Event> {
    let mut events = of_sessions();
    events.extend(of_crews());
    events.extend(of_messages());
    events.extend(of_tasks());
    events.extend(of_approvals());
    events.extend(of_keeping());
    events.extend(bus::events());
    events
}

/// An agent that is there for one task.
pub fn temporary(agent: &str) -> AgentDefinition {
    let mut definition = definition("Code", &[agent]).agents.remove(0);
    definition.temporary = true;
    definition
}

fn of_crews() -> Vec<Event> {
    let agency = name("Code");
    let text = || "text".to_owned();
    vec![
        Event::RecipeRecorded {
            agency: agency.clone(),
            recipe: Some(Box::new(Recipe { found: true, ..Recipe::default() })),
        },
        Event::SessionNamed { agency: agency.clone(), session: text() },
        Event::SessionArranged {
            agency: agency.clone(),
            arrangement: Arrangement { window: text(), agents: vec![name("dev")], shape: text() },
        },
        Event::AgentHired { agency: agency.clone(), definition: Box::new(temporary("extra")) },
        Event::AgentDismissed {
            agency: agency.clone(),
            definition: Box::new(temporary("extra")),
            reason: Some(text()),
            act: Some(ActId(1)),
        },
        Event::CrewWritten { agency: agency.clone(), change: 2 },
        Event::CrewUnwritten { agency: agency.clone(), problem: text() },
    ]
}

fn of_sessions() -> Vec<Event> {
    let (agency, dev, spawn) = (name("Code"), agent("Code/dev"), id(5));
    let text = || "text".to_owned();
    vec![
        Event::OperatorKeyRegistered { key: FakeKeyring.operator_key().expect("a key") },
        Event::WorkbenchConfigured { config: Box::new(WorkbenchConfig::default()) },
        Event::SupervisorStarted { pid: 7, version: text() },
        Event::SupervisorStopped,
        Event::CommandAnswered { request: id(77), answer: Answer::Id("TASK-001".to_owned()) },
        Event::AgencyDefined { definition: Box::new(definition("Code", &["lead", "dev"])) },
        Event::ProjectBound {
            agency: agency.clone(),
            project: PathBuf::from("/p"),
            target: "main".to_owned(),
        },
        Event::AgencyStarted { agency: agency.clone() },
        Event::SessionFailed { agency: agency.clone(), code: text(), problem: text(), failures: 2 },
        Event::SessionSeen { agency: agency.clone() },
        Event::AgentSpawned { agent: dev.clone(), spawn },
        Event::AgentPaneOpened {
            agent: dev.clone(),
            spawn,
            pane: PaneId("%3".to_owned()),
            pid: 9,
            born: None,
        },
        Event::AgentStateChanged {
            agent: dev.clone(),
            state: AgentState::Idle,
            source: StateSource::Hook,
            reason: None,
        },
        Event::AgentSignalled {
            agent: dev.clone(),
            spawn,
            source: StateSource::Screen,
            signal: Signal {
                state: Some(AgentState::Limited),
                rule: text(),
                evidence: Some(text()),
                reason: Some(text()),
                until: Some(Timestamp::UNIX_EPOCH),
                settled: true,
            },
        },
        Event::ConversationSeen {
            agent: dev.clone(),
            spawn,
            runtime: name("rehearsal"),
            id: text(),
            begun: true,
        },
        Event::AgentPaneLost { agent: dev, spawn, state: AgentState::Crashed, reason: text() },
        Event::AgencyStopped { agency: agency.clone() },
        Event::AgencyRemoving { agency: agency.clone(), act: Some(ActId(1)) },
        Event::AgencyArchived { agency, folder: PathBuf::from("x") },
    ]
}

fn of_messages() -> Vec<Event> {
    let (id, dev, spawn) = (id(1), agent("Code/dev"), id(5));
    let text = || "text".to_owned();
    let letter = message(1, "operator", "Code/dev", "hello");
    vec![
        Event::MessageAccepted {
            message: Box::new(letter),
            to: Some(dev.clone()),
            file: Some("a.json".to_owned()),
        },
        Event::MessageRefused { file: "b.json".to_owned(), reason: reason() },
        Event::MessageRouted { id },
        Event::DeliveryStarted { id, spawn, channel: true },
        Event::DeliveryDeferred { id, reason: text(), channel: true },
        Event::DeliverySubmitted { id, spawn, by: DeliveredBy::Pane },
        Event::DeliveryUncertain { id, reason: text() },
        Event::NudgeStarted { agent: dev.clone(), spawn },
        Event::NudgeEnded { agent: dev, spawn, problem: Some(text()) },
        Event::DeliveryRetried { id },
        Event::MessageDelivered { id, by: DeliveredBy::Inbox },
        Event::MessageAcknowledged { id },
        Event::MessageExpired { id },
        Event::MessageDied { id, reason: reason() },
        Event::GoalSet { agency: name("Code"), text: text(), message: id },
    ]
}

fn of_tasks() -> Vec<Event> {
    let task = TaskId(1);
    let text = || "text".to_owned();
    vec![
        Event::TaskAdded {
            id: task,
            contract: Box::new(contract("Code", "login", "A form")),
            by: Actor::Agent(agent("Code/lead")),
            ready: false,
            trace: Some(Trace::mint(super::id(1))),
        },
        Event::TaskReadied { task },
        Event::TaskAssigned {
            task,
            agent: agent("Code/dev"),
            by: Actor::Operator,
            branch: text(),
            worktree: PathBuf::from("w"),
        },
        Event::WorktreeFailed { task, reason: text() },
        Event::WorktreeLost { task, reason: text() },
        Event::WorktreeMended { task: TaskId(1) },
        Event::WorktreeReady { task, base: text() },
        Event::TaskStarted { task },
        Event::TaskProgressed { task, percent: 30, note: Some(text()) },
        Event::TaskBlocked { task, reason: text() },
        Event::TaskUnblocked { task },
        Event::TaskConflicted { task, paths: vec![text()] },
        Event::TaskReopened { task, reason: text() },
        Event::TaskCompleted { task, head: Some("head".to_owned()), summary: None },
        Event::TaskIntegrated { task, commit: Some("head".to_owned()) },
        Event::WorkSubmitted { submission: Box::new(submission()) },
        Event::ProofStarted { submission: SubmissionId(1) },
        Event::ProofFinished {
            submission: SubmissionId(1),
            outcome: Box::new(ProofOutcome::Conflict { base: text(), paths: vec![text()] }),
        },
        Event::WorktreeRetired { task, kept: kept() },
        Event::BranchRetired { feature: name("login"), kept: kept() },
    ]
}

fn of_approvals() -> Vec<Event> {
    let (id, merge) = (ApprovalId(1), preview("base", "change"));
    let proof = Box::new(evidence(&merge, 2, &[]));
    let text = || "text".to_owned();
    let given = |decision| Box::new(signed(statement(1, decision, &preview("base", "change"))));
    vec![
        Event::ApprovalOpened {
            id,
            submission: SubmissionId(1),
            merge: Some(merge.clone()),
            evidence: Some(proof.clone()),
            problem: None,
        },
        Event::ApprovalGiven { id, signed: given(Decision::Approve) },
        Event::MergeDelayed { id, base: text() },
        Event::ApprovalCarried { id, merge, evidence: proof },
        Event::MergeHeld { id, reason: text() },
        Event::ApprovalVoided { id, reason: text() },
        Event::ApprovalRejected { id, signed: given(Decision::Reject), feedback: text() },
        Event::MergeLanded { id, commit: text(), act: Some(ActId(1)) },
        Event::ApprovalDocumented { approval: id },
        Event::TaskCancelled { task: TaskId(1), reason: None, by: None, act: Some(ActId(1)) },
    ]
}

/// A checkpoint of one file.
pub fn checkpoint(number: u32) -> Checkpoint {
    let (commit, left_out) = (format!("checkpoint {number}"), vec!["huge".to_owned()]);
    Checkpoint { number, commit, files: 1, insertions: 2, deletions: 3, left_out }
}

fn of_keeping() -> Vec<Event> {
    let (task, act, text) = (TaskId(1), ActId(1), || "text".to_owned());
    let (from, before) = (CheckpointId { task, number: 1 }, CheckpointId { task, number: 2 });
    let restoring = Box::new(Restoring {
        from,
        paths: vec![PathBuf::from("a")],
        manner: Manner::Exact,
        key: id(9),
        act: Some(act),
        by: Actor::Operator,
    });
    vec![
        Event::WorkChanged {
            task,
            head: text(),
            files: vec![text()],
            since: Some(Timestamp::UNIX_EPOCH),
        },
        Event::WorkReminded { task, number: 1 },
        Event::CheckpointTaken {
            id: from,
            made: Box::new(checkpoint(1)),
            reason: CheckpointReason::Asked,
            note: Some(text()),
            by: Actor::Operator,
        },
        Event::WorkFoundSafe { task },
        Event::RestoreBegun { task, restoring },
        Event::WorkRestored { task, from, before, by: Actor::Operator, act: Some(act) },
        Event::RestoreFailed { task, reason: text() },
        Event::CheckpointsDropped { ids: vec![from] },
        Event::UndoBegun { act },
        Event::AgencyReturned { act, agency: name("Code") },
        Event::TaskRevived {
            act,
            task,
            state: TaskState::Assigned,
            agent: Some(agent("Code/dev")),
            base: Some(text()),
        },
        Event::UndoFailed { act, reason: text() },
        Event::ActUndone { act },
    ]
}
