//! The loop among fakes: what is recorded, who is told, what a full disk and a death leave behind.

use std::sync::mpsc;
use std::time::Duration;

use jiff::SignedDuration;

use super::{Followed, Handle, Wake};
use crate::domain::agency::AgentState;
use crate::domain::approval::{Decision, SignedStatement, Statement};
use crate::domain::command::{Actor, Answer, Command};
use crate::domain::id::{ApprovalId, MessageId, TaskId};
use crate::domain::message::MessageState;
use crate::domain::refusal::Refusal;
use crate::domain::task::TaskState;
use crate::engine::input::Input;
use crate::engine::state::State;
use crate::engine::testing::{agent, code_of, contract, draft, id_of, name, sending};
use crate::ports::keyring::Keyring as _;
use crate::ports::keyring::fake::FakeKeyring;
use crate::ports::terminals::PaneId;
use crate::ports::terminals::fake::Temper;
use crate::service::replica::Replica;
use crate::service::testing::{Fakes, Running, until};

const TASK: TaskId = TaskId(1);

/// Stops the loop until it is let go: what is sent meanwhile is one group.
fn hold(handle: &Handle) -> mpsc::Sender<()> {
    let (go, wait) = mpsc::channel();
    let (begun, is_begun) = mpsc::channel();
    handle.wake(Wake::Read(Box::new(move |_, _| {
        begun.send(()).expect("heard");
        wait.recv().expect("let go");
    })));
    is_begun.recv().expect("it holds");
    go
}

fn ask_later(handle: &Handle, command: Command) -> mpsc::Receiver<Result<Answer, Refusal>> {
    let (answer, waiting) = mpsc::channel();
    handle.wake(Wake::Ask {
        actor: Actor::Operator,
        command: Box::new(command),
        request: None,
        answer,
    });
    waiting
}

fn soon<T>(waiting: &mpsc::Receiver<T>) -> T {
    waiting.recv_timeout(Duration::from_secs(20)).expect("an answer in time")
}

/// `Code` runs and its agents sit idle at their prompts.
fn start(running: &Running) {
    running.operator(Command::StartAgencies { names: vec![name("Code")] }).expect("started");
    for who in ["Code/lead", "Code/dev"] {
        running.until("its pane", move |state| {
            state.sessions.agent(&agent(who)).is_some_and(|record| record.pane.is_some())
        });
        let spawn = running.read(move |state| state.sessions.agent(&agent(who))?.spawn);
        let spawn = spawn.expect("a life");
        let report = Command::ReportState { spawn, state: AgentState::Idle, reason: None };
        running.agent(who, report).expect("reported");
    }
}

fn pane(running: &Running, who: &'static str) -> PaneId {
    running.read(move |state| state.sessions.agent(&agent(who))?.pane.clone()).expect("a pane")
}

/// `Code/dev` works on a task.
fn begin(running: &Running) {
    running
        .operator(Command::AddTask { contract: contract("Code", "login", "A form") })
        .expect("added");
    let dev = agent("Code/dev");
    running.operator(Command::AssignTask { task: TASK, agent: dev }).expect("assigned");
    running.until("its worktree", |state| state.tasks.tasks[&TASK].base.is_some());
    running.agent("Code/dev", Command::StartTask { task: TASK }).expect("started");
}

fn decision(state: &State) -> Option<Statement> {
    let record = state.approvals.approvals.values().next_back()?;
    let merge = record.merge.clone()?;
    Some(Statement {
        approval: record.id,
        decision: Decision::Approve,
        change: merge.change,
        tree: merge.tree,
        evidence: record.evidence_digest(),
        feedback: None,
        at: record.opened_at,
    })
}

fn approve(running: &Running) -> Result<Answer, Refusal> {
    running.until("an approval", |state| decision(state).is_some());
    let statement = running.read(decision).expect("an approval");
    let signature = FakeKeyring.sign(&statement.to_bytes()).expect("signed");
    let key = FakeKeyring.operator_key().expect("a key");
    running.operator(Command::Decide { signed: SignedStatement { statement, key, signature } })
}

fn submit() -> Command {
    Command::SubmitTask { task: TASK, rationale: None, rollback: None, demo: None }
}

fn is_delivered(state: &State, id: MessageId) -> bool {
    state.mail.messages.get(&id).is_some_and(|record| record.state == MessageState::Delivered)
}

#[test]
fn what_is_asked_at_once_shares_a_transaction() {
    let fakes = Fakes::empty();
    let running = fakes.run();
    running.read(|_| ());
    let before = fakes.ledger.content().appends.len();
    let go = hold(&running.handle);
    let waiting: Vec<_> =
        (0..50).map(|_| ask_later(&running.handle, sending("Code/dev", "hello"))).collect();
    go.send(()).expect("let go");
    for answer in &waiting {
        soon(answer).expect("sent");
    }
    running.read(|_| ());
    // One for what was asked, one for what followed from the filled mailboxes.
    assert_eq!(fakes.ledger.content().appends.len() - before, 2);
    running.end();
}

#[test]
fn nobody_is_told_of_what_could_not_be_recorded_and_room_makes_it_work_again() {
    let fakes = Fakes::empty();
    let running = fakes.run();
    let known = running.read(Clone::clone);
    fakes.ledger.content().full = true;
    let refusal = running.operator(sending("Code/dev", "hello")).expect_err("refused");
    assert_eq!(refusal.code, "ledger");
    assert!(refusal.message.starts_with("nothing was done: "), "{}", refusal.message);
    assert_eq!(running.read(Clone::clone), known, "nobody believes in it");
    fakes.ledger.content().full = false;
    let sent = id_of(running.operator(sending("Code/dev", "hello")));
    running.until("it is routed", move |state| {
        state.mail.messages.get(&sent).is_some_and(|record| record.state == MessageState::Routed)
    });
    running.end();
}

#[test]
fn an_outcome_that_could_not_be_recorded_is_taken_in_when_there_is_room() {
    let fakes = Fakes::empty();
    let running = fakes.run();
    start(&running);
    begin(&running);
    fakes.ledger.content().full = true;
    let path = fakes.folder.text("nothing");
    assert_eq!(path, None);
    let kept = crate::ports::repositories::Kept { branch_ref: None, uncommitted_ref: None };
    running.handle.input(Input::WorktreeRetired { task: TASK, kept });
    running.read(|_| ());
    assert!(!running.read(|state| state.tasks.tasks[&TASK].is_retired));
    fakes.ledger.content().full = false;
    running.until("it is taken in", |state| state.tasks.tasks[&TASK].is_retired);
    running.end();
    let kinds = fakes.ledger.kinds();
    assert_eq!(kinds.iter().filter(|kind| *kind == "worktree_retired").count(), 1);
}

#[test]
fn whoever_waits_for_an_effect_that_was_not_performed_is_told() {
    let fakes = Fakes::empty();
    let running = fakes.run();
    start(&running);
    begin(&running);
    let go = hold(&running.handle);
    let complete = ask_later(&running.handle, Command::CompleteTask { task: TASK, summary: None });
    let send = ask_later(&running.handle, sending("Code/lead", "hello"));
    fakes.ledger.content().full = true;
    go.send(()).expect("let go");
    assert_eq!(code_of(soon(&send)), "ledger");
    assert_eq!(code_of(soon(&complete)), "ledger");
    fakes.ledger.content().full = false;
    running.end();
}

#[test]
fn a_follower_gets_the_state_and_every_record_after_it() {
    let fakes = Fakes::empty();
    let running = fakes.run();
    running.operator(sending("Code/dev", "before")).expect("sent");
    let (follower, followed) = mpsc::sync_channel(64);
    running.handle.wake(Wake::Follow(follower));
    let Followed::State(state, seq) = soon(&followed) else { panic!("the state comes first") };
    let mut replica = Replica::new(*state, seq);
    for number in 0..20 {
        running.operator(sending("Code/dev", &format!("number {number}"))).expect("sent");
    }
    let (live, tip) = running.handle.read(|state, seq| (state.clone(), seq)).expect("it runs");
    let mut last = seq;
    while last < tip {
        let Followed::Records(records) = soon(&followed) else { panic!("records follow") };
        for record in records.iter() {
            assert_eq!(record.seq, last + 1, "a gap");
            last = record.seq;
        }
        replica.apply(&records);
    }
    let home = std::path::Path::new("/fake/home");
    let now = "2026-01-02T03:04:05Z".parse().expect("a time");
    let at = fakes.ledger.content().records.last().map(|record| record.at);
    let board = crate::service::board::board(&live, home, tip, at, now);
    let (ours, theirs) =
        (serde_json::to_value(replica.board(home, now)), serde_json::to_value(board));
    assert_eq!(ours.expect("written"), theirs.expect("written"));
    running.end();
}

#[test]
fn a_timer_rings_when_its_time_has_come() {
    let fakes = Fakes::empty();
    let running = fakes.run();
    let mut short = draft("Code/dev", "soon over");
    let now = crate::ports::clock::Clock::now(fakes.clock.as_ref());
    short.expires_at = now.saturating_add(SignedDuration::from_secs(30)).ok();
    let id = id_of(running.operator(Command::SendMessage { draft: short }));
    let state_of = move |state: &State| state.mail.messages[&id].state;
    running.until("it is routed", move |state| state_of(state) == MessageState::Routed);
    fakes.clock.step(31);
    running.until("it is over", move |state| state_of(state) == MessageState::Expired);
    running.end();
}

#[test]
fn a_change_is_in_the_views_soon() {
    let fakes = Fakes::empty();
    let running = fakes.run();
    running
        .operator(Command::AddTask { contract: contract("Code", "login", "A form") })
        .expect("added");
    let has = |file: &str, text: &str| {
        fakes.folder.text(&format!("registry/{file}")).is_some_and(|view| view.contains(text))
    };
    until("the task is in its view", || has("task_graph.json", "A form"));
    until("the agency is in its view", || has("active_agencies.json", "Code"));
    running.end();
}

#[test]
fn a_lost_pane_is_brought_back_and_the_gate_knows_its_new_program() {
    let fakes = Fakes::empty();
    let running = fakes.run();
    start(&running);
    let old = pane(&running, "Code/dev");
    fakes.terminals.kill_pane(&old);
    running.handle.wake(Wake::Look);
    let gone = old.clone();
    running.until("another pane", move |state| {
        let record = state.sessions.agent(&agent("Code/dev"));
        record.is_some_and(|record| record.pane.as_ref().is_some_and(|pane| *pane != gone))
    });
    running.end();
}

#[test]
fn a_message_is_typed_once_and_lies_among_the_delivered_ones() {
    let fakes = Fakes::empty();
    let running = fakes.run();
    start(&running);
    let id = id_of(running.operator(sending("Code/dev", "hello")));
    running.until("it is delivered", move |state| is_delivered(state, id));
    let received = fakes.terminals.received(&pane(&running, "Code/dev"));
    assert_eq!(received.iter().filter(|text| text.contains(&id.to_string())).count(), 1);
    running.end();
}

#[test]
fn a_supervisor_that_comes_up_again_has_the_same_state_and_types_nothing_twice() {
    let fakes = Fakes::empty();
    let running = fakes.run();
    start(&running);
    let id = id_of(running.operator(sending("Code/dev", "hello")));
    running.until("it is delivered", move |state| is_delivered(state, id));
    fakes.terminals.set_temper(&pane(&running, "Code/dev"), Temper::Swallowing);
    let lost = id_of(running.operator(sending("Code/dev", "swallowed")));
    running.until("it is uncertain", move |state| state.mail.messages[&lost].is_uncertain);
    let before = running.read(|state| state.mail.messages.clone());
    running.end();
    let running = fakes.run();
    assert_eq!(running.read(|state| state.mail.messages.clone()), before);
    let there = pane(&running, "Code/dev");
    fakes.terminals.set_temper(&there, Temper::Ready);
    fakes.clock.step(61);
    until("the hint is shown", || {
        fakes.terminals.received(&there).iter().any(|text| text.contains("may not have reached"))
    });
    let received = fakes.terminals.received(&there);
    assert_eq!(received.iter().filter(|text| text.contains(&lost.to_string())).count(), 0);
    assert_eq!(received.iter().filter(|text| text.contains(&id.to_string())).count(), 1);
    running.end();
}

#[test]
fn work_goes_from_its_worktree_to_the_projects_branch_with_the_operators_word() {
    let fakes = Fakes::empty();
    let running = fakes.run();
    start(&running);
    begin(&running);
    running.agent("Code/dev", submit()).expect("handed in");
    approve(&running).expect("approved");
    running.until("all is done", |state| {
        let approval = &state.approvals.approvals[&ApprovalId(1)];
        let task = &state.tasks.tasks[&TASK];
        let feature = &state.tasks.features[&name("login")];
        approval.is_documented && task.is_retired && feature.retiring.is_none()
    });
    assert_eq!(running.read(|state| state.tasks.tasks[&TASK].state), TaskState::Merged);
    assert_eq!(fakes.repositories.content().merged.len(), 1);
    assert!(fakes.repositories.content().branches.is_empty(), "all of them are kept and gone");
    assert!(fakes.folder.text("docs/decisions/AP-001-a-form.md").is_some());
    running.end();
    let ledger = fakes.ledger.content().records.len();
    let verified = crate::ports::ledger::LedgerReader::verify(&fakes.ledger).expect("read");
    assert_eq!((verified.events as usize, verified.broken), (ledger, None));
}

#[test]
fn a_held_merge_lands_by_itself_when_the_checkout_is_clean() {
    let fakes = Fakes::empty();
    let running = fakes.run();
    start(&running);
    begin(&running);
    fakes.repositories.content().held = Some("the checkout is dirty".to_owned());
    running.agent("Code/dev", submit()).expect("handed in");
    approve(&running).expect("approved");
    running.until("it is held", |state| {
        state.approvals.approvals[&ApprovalId(1)].reason.as_deref() == Some("the checkout is dirty")
    });
    fakes.repositories.content().held = None;
    fakes.clock.step(4);
    running.until("it is merged", |state| state.tasks.tasks[&TASK].state == TaskState::Merged);
    running.end();
}

#[test]
fn work_of_a_project_that_was_not_looked_at_is_not_called_integrated() {
    let fakes = Fakes::empty();
    let running = fakes.run();
    start(&running);
    begin(&running);
    let mut moved = crate::engine::testing::definition("Code", &["lead", "dev"]);
    moved.project = Some("/elsewhere".into());
    running.handle.input(Input::DefinitionSeen { definition: Box::new(moved) });
    let complete = || Command::CompleteTask { task: TASK, summary: None };
    assert_eq!(code_of(running.agent("Code/dev", complete())), "integration_failed");
    let (project, target) = ("/project".into(), "main".to_owned());
    running.handle.input(Input::ProjectSeen { agency: name("Code"), project, target });
    running.agent("Code/dev", complete()).expect("completed");
    running.end();
}

#[test]
fn an_ended_loop_answers_nobody_but_says_so() {
    let fakes = Fakes::empty();
    let running = fakes.run();
    let handle = running.handle.clone();
    running.end();
    assert_eq!(code_of(handle.ask(Actor::Operator, sending("Code", "hello"))), "supervisor_ended");
    assert_eq!(handle.read(|_, seq| seq), None);
    assert_eq!(fakes.ledger.kinds().last().map(String::as_str), Some("supervisor_stopped"));
    assert_eq!(fakes.ledger.content().snapshots.len(), 1);
}
