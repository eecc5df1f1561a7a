//! How tasks are planned, worked on and finished, and by whom.

use crate::domain::command::{Actor, Answer, Command};
use crate::domain::id::TaskId;
use crate::domain::refusal::Refusal;
use crate::domain::task::TaskState;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::{Input, Purpose, Ticket};
use crate::engine::testing::{Turn, World, after, agent, answer_of, code_of, contract, name};
use crate::ports::repositories::{Integrated, WorkState};

fn clean(ahead: u32) -> WorkState {
    WorkState { head: "head".to_owned(), ahead, dirty: Vec::new() }
}

fn complete(task: TaskId) -> Command {
    Command::CompleteTask { task, summary: Some("done".to_owned()) }
}

fn purpose() -> Purpose {
    Purpose::Complete { summary: None }
}

fn inspected(world: &mut World, task: TaskId, result: Result<WorkState, String>) -> Turn {
    let ticket = Some(Ticket(500));
    world.feed(Input::WorkInspected { ticket, task, purpose: purpose(), result })
}

fn integrated(world: &mut World, task: TaskId, result: Result<Integrated, String>) -> Turn {
    let ticket = Some(Ticket(500));
    world.feed(Input::WorkIntegrated { ticket, task, purpose: purpose(), result })
}

fn merged() -> Result<Integrated, String> {
    Ok(Integrated::Merged { commit: "merged".to_owned() })
}

fn told(turn: &Turn, to: &str) -> usize {
    turn.events(|event| {
        matches!(event, Event::MessageAccepted { to: Some(other), .. } if *other == agent(to))
    })
}

fn assign(task: TaskId, who: &str) -> Command {
    Command::AssignTask { task, agent: agent(who) }
}

fn worktrees(turn: &Turn) -> usize {
    turn.count(|effect| matches!(effect, Effect::PrepareWorktree { .. }))
}

#[test]
fn a_contract_needs_its_mandatory_parts() {
    let mut world = World::running();
    let mut empty = contract("Code", "login", " ");
    empty.done = vec![String::new()];
    empty.rollback.clear();
    let refusal = world.operator(Command::AddTask { contract: empty }).expect_err("refused");
    assert_eq!(refusal.message, "the contract lacks title, --done, --rollback");
    let unknown = after(TaskId(9), contract("Code", "login", "A form"));
    let refused = world.operator(Command::AddTask { contract: unknown });
    assert_eq!(code_of(refused), "task_not_found");
}

#[test]
fn a_goal_reaches_the_coordinator_and_only_the_operator_sets_one() {
    let mut world = World::running();
    let goal = |text: &str| Command::SetGoal { agency: name("Code"), text: text.to_owned() };
    let turn = world.ask(Actor::Operator, goal("a login"));
    assert_eq!(told(&turn, "Code/lead"), 1);
    assert_eq!(code_of(world.operator(goal(" "))), "empty_goal");
    assert_eq!(code_of(world.agent("Code/lead", goal("more"))), "operator_only");
}

#[test]
fn only_the_operator_and_the_own_coordinator_plan() {
    let mut world = World::running();
    let add = || Command::AddTask { contract: contract("Code", "login", "A form") };
    world.agent("Code/lead", add()).expect("added");
    for who in ["Code/dev", "QA/head"] {
        assert_eq!(code_of(world.agent(who, add())), "coordinator_only");
        assert_eq!(code_of(world.agent(who, assign(TaskId(1), "Code/dev"))), "coordinator_only");
    }
}

#[test]
fn a_task_becomes_ready_when_its_last_hard_dependency_is_finished() {
    let mut world = World::running();
    let first = world.begin(contract("Code", "login", "One"), "Code/dev");
    let second = world.add(after(first, contract("Code", "login", "Two")));
    assert_eq!(world.task(second), TaskState::Draft);
    assert_eq!(code_of(world.operator(assign(second, "Code/ops"))), "dependency_open");
    inspected(&mut world, first, Ok(clean(1)));
    integrated(&mut world, first, merged());
    assert_eq!(world.task(second), TaskState::Ready);
}

#[test]
fn an_assignment_makes_a_worktree_and_then_tells_the_agent() {
    let mut world = World::running();
    let task = world.add(contract("Code", "login", "A form"));
    let turn = world.ask(Actor::Operator, assign(task, "Code/dev"));
    assert_eq!((worktrees(&turn), told(&turn, "Code/dev")), (1, 0));
    let ready = || Input::WorktreePrepared { task, result: Ok("base".to_owned()) };
    assert_eq!(told(&world.feed(ready()), "Code/dev"), 1);
    assert_eq!(world.feed(ready()).events.len(), 0, "it is told once");
    let record = &world.state.tasks.tasks[&task];
    assert_eq!(record.branch.as_deref(), Some("login/agent/dev/TASK-001"));
    let again = world.ask(Actor::Operator, assign(task, "Code/dev"));
    assert_eq!((worktrees(&again), again.events.len()), (0, 0));
}

#[test]
fn a_task_has_one_agent_of_its_own_agency() {
    let mut world = World::running();
    let task = world.begin(contract("Code", "login", "A form"), "Code/dev");
    assert_eq!(code_of(world.operator(assign(task, "Code/ops"))), "already_assigned");
    assert_eq!(code_of(world.operator(assign(task, "QA/head"))), "other_agency");
    assert_eq!(code_of(world.operator(assign(task, "Code/nobody"))), "agent_not_found");
}

#[test]
fn a_failed_worktree_is_told_to_who_planned_and_tried_again_when_it_is_assigned_again() {
    let mut world = World::running();
    let task = world.add(contract("Code", "login", "A form"));
    world.agent("Code/lead", assign(task, "Code/dev")).expect("assigned");
    let failed = Input::WorktreePrepared { task, result: Err("in the way".to_owned()) };
    assert_eq!(told(&world.feed(failed), "Code/lead"), 1);
    assert_eq!(world.task(task), TaskState::Blocked);
    assert_eq!(code_of(world.agent("Code/dev", complete(task))), "no_worktree");
    let again = world.ask(Actor::Operator, assign(task, "Code/dev"));
    assert_eq!(worktrees(&again), 1);
    world.feed(Input::WorktreePrepared { task, result: Ok("base".to_owned()) });
    assert_eq!(world.task(task), TaskState::Assigned);
}

#[test]
fn a_worktree_that_stands_after_a_new_start_unblocks_its_task() {
    let mut world = World::running();
    let task = world.add(contract("Code", "login", "A form"));
    world.operator(assign(task, "Code/dev")).expect("assigned");
    world.feed(Input::WorktreePrepared { task, result: Err("disk full".to_owned()) });
    let turn = world.feed(Input::Woke { pid: 2, version: String::new() });
    assert_eq!(worktrees(&turn), 1);
    world.feed(Input::WorktreePrepared { task, result: Ok("base".to_owned()) });
    assert_eq!(world.task(task), TaskState::Assigned);
    assert_eq!(world.state.tasks.tasks[&task].note, None);
}

#[test]
fn work_is_reported_by_whoever_has_the_task_its_coordinator_or_the_operator() {
    let mut world = World::running();
    let task = world.begin(contract("Code", "login", "A form"), "Code/dev");
    let half = |percent| Command::ReportProgress { task, percent, note: Some("half".to_owned()) };
    for who in ["Code/ops", "QA/head"] {
        assert_eq!(code_of(world.agent(who, half(50))), "not_yours");
    }
    for who in ["Code/dev", "Code/lead"] {
        world.agent(who, half(50)).expect("reported");
    }
    world.operator(half(60)).expect("reported");
    assert_eq!(code_of(world.operator(half(101))), "bad_percent");
    assert_eq!(world.state.tasks.tasks[&task].progress, 60);
}

#[test]
fn a_blocked_task_tells_the_coordinator_and_goes_on_when_it_is_unblocked() {
    let mut world = World::running();
    let task = world.begin(contract("Code", "login", "A form"), "Code/dev");
    let block = Command::BlockTask { task, reason: "no key".to_owned() };
    let turn = world.ask(Actor::Agent(agent("Code/dev")), block);
    assert_eq!(told(&turn, "Code/lead"), 1);
    assert_eq!(world.task(task), TaskState::Blocked);
    assert_eq!(crate::engine::attention::waiting(&world.state, world.at)[0].text, "no key");
    world.agent("Code/dev", Command::UnblockTask { task }).expect("unblocked");
    assert_eq!(world.task(task), TaskState::InProgress);
}

#[test]
fn nothing_is_done_on_a_task_that_nobody_has() {
    let mut world = World::running();
    let task = world.add(contract("Code", "login", "A form"));
    assert_eq!(code_of(world.operator(Command::StartTask { task })), "not_assigned");
    assert_eq!(code_of(world.operator(complete(task))), "not_assigned");
}

#[test]
fn completed_work_is_committed_integrated_and_told_to_the_coordinator() {
    let mut world = World::running();
    let task = world.begin(contract("Code", "login", "A form"), "Code/dev");
    let asked = world.ask(Actor::Agent(agent("Code/dev")), complete(task));
    assert_eq!((asked.replies.len(), asked.events.len()), (0, 0), "the answer comes later");
    let dirty = WorkState { dirty: vec!["a.txt".to_owned()], ..clean(1) };
    assert_eq!(code_of(answer_of(inspected(&mut world, task, Ok(dirty)))), "dirty_worktree");
    let unreadable = inspected(&mut world, task, Err("gone".to_owned()));
    assert_eq!(code_of(answer_of(unreadable)), "worktree_unreadable");
    let turn = inspected(&mut world, task, Ok(clean(2)));
    assert_eq!(turn.count(|effect| matches!(effect, Effect::IntegrateWork { .. })), 1);
    let turn = integrated(&mut world, task, merged());
    assert_eq!(told(&turn, "Code/lead"), 1);
    assert_eq!(answer_of(turn), Ok(Answer::Done));
    assert_eq!(world.task(task), TaskState::Submitted);
    assert_eq!(world.agent("Code/dev", complete(task)), Ok(Answer::Done), "once more is all right");
}

#[test]
fn what_is_completed_twice_at_once_is_integrated_once_and_answered_twice() {
    let mut world = World::running();
    let task = world.begin(contract("Code", "login", "A form"), "Code/dev");
    inspected(&mut world, task, Ok(clean(1)));
    integrated(&mut world, task, merged());
    let late = inspected(&mut world, task, Ok(clean(1)));
    assert_eq!(late.events.len(), 0);
    assert_eq!(answer_of(late), Ok(Answer::Done));
    let late = integrated(&mut world, task, merged());
    assert_eq!(late.events.len(), 0);
    assert_eq!(answer_of(late), Ok(Answer::Done));
}

#[test]
fn a_conflict_goes_back_to_the_agent_and_can_be_completed_again() {
    let mut world = World::running();
    let task = world.begin(contract("Code", "login", "A form"), "Code/dev");
    inspected(&mut world, task, Ok(clean(1)));
    let conflict = Ok(Integrated::Conflict { paths: vec!["a.txt".to_owned()] });
    let turn = integrated(&mut world, task, conflict);
    assert_eq!(told(&turn, "Code/dev"), 1);
    assert_eq!(code_of(answer_of(turn)), "merge_conflict");
    assert_eq!(world.task(task), TaskState::Blocked);
    assert!(inspected(&mut world, task, Ok(clean(2))).replies.is_empty());
    assert_eq!(answer_of(integrated(&mut world, task, merged())), Ok(Answer::Done));
}

#[test]
fn an_integration_that_failed_can_be_asked_for_again() {
    let mut world = World::running();
    let task = world.begin(contract("Code", "login", "A form"), "Code/dev");
    inspected(&mut world, task, Ok(clean(1)));
    let failed = integrated(&mut world, task, Err("git is away".to_owned()));
    assert_eq!(code_of(answer_of(failed)), "integration_failed");
    assert_eq!(world.task(task), TaskState::Blocked);
    let again = world.ask(Actor::Agent(agent("Code/dev")), complete(task));
    assert_eq!(again.count(|effect| matches!(effect, Effect::InspectWork { .. })), 1);
}

#[test]
fn a_task_is_left_alone_while_it_is_integrated() {
    let mut world = World::running();
    let task = world.begin(contract("Code", "login", "A form"), "Code/dev");
    inspected(&mut world, task, Ok(clean(1)));
    for command in [
        Command::BlockTask { task, reason: "x".to_owned() },
        Command::StartTask { task },
        Command::CancelTask { task, reason: None },
    ] {
        assert_eq!(code_of(world.operator(command)), "integrating");
    }
}

#[test]
fn a_task_that_is_given_up_keeps_its_work_and_tells_its_agent() {
    let mut world = World::running();
    let task = world.begin(contract("Code", "login", "A form"), "Code/dev");
    let cancel = || Command::CancelTask { task, reason: Some("not needed".to_owned()) };
    assert_eq!(code_of(world.agent("Code/dev", cancel())), "coordinator_only");
    let turn = world.ask(Actor::Agent(agent("Code/lead")), cancel());
    assert_eq!(turn.count(|effect| matches!(effect, Effect::RetireWorktree { .. })), 1);
    assert_eq!(told(&turn, "Code/dev"), 1);
    assert_eq!(code_of(world.operator(cancel())), "not_open");
    let again = world.operator(assign(task, "Code/dev")).expect_err("it is given up");
    assert!(again.hint.is_some_and(|hint| hint.contains("agency undo")));
    // The worktree still stands: whoever comes up takes that up.
    let retires = |turn: Turn| turn.count(|effect| matches!(effect, Effect::RetireWorktree { .. }));
    let woken = Input::Woke { pid: 2, version: String::new() };
    assert_eq!(retires(world.feed(woken.clone())), 1);
    let kept = crate::ports::repositories::Kept { branch_ref: None, uncommitted_ref: None };
    world.feed(Input::WorktreeRetired { task, kept });
    assert_eq!(retires(world.feed(woken)), 0);
}

#[test]
fn a_feature_is_built_in_one_project() {
    let mut world = World::running();
    world.bind("QA", "/elsewhere");
    world.add(contract("Code", "login", "A form"));
    let other = Command::AddTask { contract: contract("QA", "login", "Its tests") };
    assert_eq!(code_of(world.operator(other.clone())), "other_project");
    world.bind("QA", "/project");
    let _: Answer = world.operator(other).map_err(|r: Refusal| r.code).expect("the same project");
}
