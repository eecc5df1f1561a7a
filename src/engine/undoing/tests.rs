//! What can be taken back, by whom, and that it goes on after a crash.

use crate::domain::agency::AgencyState;
use crate::domain::checkpoint::{Care, CheckpointId, CheckpointReason, Manner};
use crate::domain::command::{Actor, Command};
use crate::domain::id::{ActId, ApprovalId, TaskId};
use crate::domain::refusal::RefusalKind;
use crate::domain::task::TaskState;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::{Input, Saving};
use crate::engine::testing::samples::checkpoint;
use crate::engine::testing::{Turn, World, agent, code_of, contract, definition, name};
use crate::engine::undoing::plan;
use crate::ports::repositories::{Kept, Restored};

const TASK: TaskId = TaskId(1);

fn world() -> World {
    let mut world = World::running();
    for title in ["A form", "Its words"] {
        let contract = contract("Code", "login", title);
        world.operator(Command::AddTask { contract }).expect("added");
    }
    let assign = Command::AssignTask { task: TASK, agent: agent("Code/dev") };
    world.operator(assign).expect("assigned");
    world.feed(Input::WorktreePrepared { task: TASK, result: Ok("base".to_owned()) });
    world.agent("Code/dev", Command::StartTask { task: TASK }).expect("begun");
    world
}

fn undo(act: Option<u32>) -> Command {
    Command::Undo { act: act.map(ActId), care: Care::Careful }
}

fn retired(world: &mut World) -> Turn {
    let kept =
        Kept { branch_ref: Some("refs/agency/kept/TASK-001".to_owned()), uncommitted_ref: None };
    world.feed(Input::WorktreeRetired { task: TASK, kept })
}

fn revived(world: &mut World, result: Result<String, String>) -> Turn {
    world.feed(Input::WorktreeRevived { act: ActId(1), task: TASK, result })
}

fn revivals(turn: &Turn) -> usize {
    turn.count(|effect| matches!(effect, Effect::ReviveWorktree { task: TASK, .. }))
}

fn is_undone(world: &World) -> bool {
    world.state.acts.acts[&ActId(1)].undone_at.is_some()
}

fn back() -> Result<String, String> {
    Ok("base".to_owned())
}

#[test]
fn a_task_that_was_given_up_comes_back_as_it_was() {
    let mut world = world();
    world.operator(Command::CancelTask { task: TASK, reason: None }).expect("given up");
    let turn = world.ask(Actor::Operator, undo(None));
    assert_eq!(revivals(&turn), 0, "its worktree is on its way out");
    assert_eq!(revivals(&retired(&mut world)), 1, "it is made again when it is gone");
    let woken = world.feed(Input::Woke { pid: 2, version: String::new() });
    assert_eq!(revivals(&woken), 1, "and once more by a supervisor that knows of no outcome");
    let turn = revived(&mut world, back());
    assert!(turn.events(|event| matches!(event, Event::MessageAccepted { .. })) > 0);
    let record = &world.state.tasks.tasks[&TASK];
    assert_eq!((record.state, record.is_retired), (TaskState::InProgress, false));
    assert_eq!(record.note, None, "why it was given up is past");
    assert_eq!((record.base.as_deref(), record.closed_at), (Some("base"), None));
    assert!(is_undone(&world));
    assert_eq!(revived(&mut world, back()).events.len(), 0, "an outcome that comes twice");
    assert_eq!(code_of(world.operator(undo(Some(1)))), "undone");
    world.operator(Command::CancelTask { task: TASK, reason: None }).expect("given up again");
}

#[test]
fn a_removed_agency_comes_back_with_its_tasks() {
    let mut world = world();
    world.operator(Command::RemoveAgency { name: name("Code") }).expect("removed");
    assert_eq!(code_of(world.operator(undo(None))), "agency_removing");
    retired(&mut world);
    world.feed(Input::AgencyArchived { agency: name("Code"), folder: "archive/Code".into() });
    let turn = world.ask(Actor::Operator, undo(Some(1)));
    let returns = |turn: &Turn| turn.count(|e| matches!(e, Effect::ReturnAgency { .. }));
    assert_eq!((returns(&turn), revivals(&turn)), (1, 0));
    let failed = Input::AgencyReturned { act: ActId(1), result: Err("no room".to_owned()) };
    world.feed(failed);
    assert_eq!(world.state.acts.acts[&ActId(1)].problem.as_deref(), Some("no room"));
    assert_eq!(returns(&world.ask(Actor::Operator, undo(Some(1)))), 1, "it can be asked for again");
    let definition = Box::new(definition("Code", &["lead", "dev", "ops"]));
    let turn = world.feed(Input::AgencyReturned { act: ActId(1), result: Ok(definition) });
    assert_eq!((returns(&turn), revivals(&turn)), (0, 1));
    assert_eq!(world.state.tasks.tasks[&TaskId(2)].state, TaskState::Ready, "it had no worktree");
    assert!(!is_undone(&world));
    revived(&mut world, back());
    assert!(is_undone(&world));
    let agency = world.state.sessions.agency(&name("Code")).expect("it is back");
    assert_eq!(agency.state(), AgencyState::Stopped);
    assert_eq!(world.state.tasks.tasks[&TASK].state, TaskState::InProgress);
    world.operator(Command::StartAgencies { names: vec![name("Code")] }).expect("started");
}

#[test]
fn another_agency_of_that_name_is_not_replaced() {
    let mut world = world();
    world.operator(Command::RemoveAgency { name: name("Code") }).expect("removed");
    retired(&mut world);
    world.feed(Input::AgencyArchived { agency: name("Code"), folder: "archive/Code".into() });
    world.define(definition("Code", &["boss"]));
    assert_eq!(code_of(world.operator(undo(Some(1)))), "name_taken");
    assert_eq!(world.state.sessions.agencies[&name("Code")].agents.len(), 1);
}

#[test]
fn replaced_files_come_back_and_that_can_be_taken_back_too() {
    let mut world = world();
    let saving =
        Saving { task: TASK, reason: CheckpointReason::Asked, note: None, by: Actor::Operator };
    world.feed(Input::WorkSaved { ticket: None, saving, result: Ok(Some(checkpoint(1))) });
    let from = CheckpointId { task: TASK, number: 1 };
    let (paths, manner) = (Vec::new(), Manner::Keep);
    let care = Care::Careful;
    world
        .ask(Actor::Operator, Command::RestoreCheckpoint { checkpoint: from, paths, manner, care });
    let restored = |number: u32| {
        let (before, in_the_way) = (checkpoint(number), Vec::new());
        let (meanwhile, written) = (Vec::new(), 1);
        let result = Ok(Restored { before, meanwhile, written, removed: 0, in_the_way });
        Input::WorkRestored { ticket: None, task: TASK, result }
    };
    world.feed(restored(2));
    let turn = world.ask(Actor::Operator, undo(None));
    assert_eq!(turn.count(|effect| matches!(effect, Effect::RestoreWork { .. })), 1);
    assert_eq!(world.state.keeping.restoring[&TASK].from.number, 2);
    world.feed(restored(3));
    assert!(is_undone(&world));
    let again = &world.state.acts.acts[&ActId(2)];
    assert!(plan(again).contains("TASK-001/3"), "{}", plan(again));
    assert_eq!(code_of(world.operator(undo(None))), "nothing_to_undo", "only who names it redoes");
    world.operator(undo(Some(2))).expect("done again");
}

/// A world in which two files were restored, as act 1.
fn restored_in_part() -> World {
    let mut world = world();
    let saving =
        Saving { task: TASK, reason: CheckpointReason::Asked, note: None, by: Actor::Operator };
    world.feed(Input::WorkSaved { ticket: None, saving, result: Ok(Some(checkpoint(1))) });
    let (checkpoint, care) = (CheckpointId { task: TASK, number: 1 }, Care::Careful);
    let (paths, manner) = (vec!["a.rs".into(), "src".into()], Manner::Keep);
    world.ask(Actor::Operator, Command::RestoreCheckpoint { checkpoint, paths, manner, care });
    world.feed(files_back(2));
    world
}

fn files_back(number: u32) -> Input {
    let (before, meanwhile, in_the_way) = (checkpoint(number), Vec::new(), Vec::new());
    let result = Ok(Restored { before, meanwhile, written: 1, removed: 0, in_the_way });
    Input::WorkRestored { ticket: None, task: TASK, result }
}

#[test]
fn only_what_a_restoration_was_about_is_taken_back() {
    let mut world = restored_in_part();
    world.operator(undo(None)).expect("begun");
    let restoring = &world.state.keeping.restoring[&TASK];
    assert_eq!((restoring.from.number, restoring.manner), (2, Manner::Keep));
    assert_eq!(restoring.paths, ["a.rs", "src"].map(std::path::PathBuf::from));
    let from = CheckpointId { task: TASK, number: 1 };
    assert_eq!(world.state.acts.given_by(ActId(1)), Some(from));
    assert!(world.state.acts.needed().contains(&from), "without it nobody knows what it changed");
}

#[test]
fn an_undo_whose_worktree_goes_meanwhile_ends() {
    for is_cancelled in [true, false] {
        let mut world = restored_in_part();
        world.operator(undo(None)).expect("begun");
        if is_cancelled {
            world.operator(Command::CancelTask { task: TASK, reason: None }).expect("given up");
        } else {
            retired(&mut world);
        }
        let record = &world.state.acts.acts[&ActId(1)];
        assert!(!record.is_undoing && record.undone_at.is_none(), "{record:?}");
        assert!(record.problem.as_ref().is_some_and(|it| it.contains("went")), "{record:?}");
        world.feed(files_back(3));
        assert!(!is_undone(&world));
    }
}

#[test]
fn a_number_that_stands_in_the_ledger_is_never_given_to_another_act() {
    let mut world = world();
    dismissed(&mut world);
    world.operator(Command::CancelTask { task: TASK, reason: None }).expect("given up");
    world.operator(undo(Some(2))).expect("begun");
    // As a version wrote them that knew of no dismissals as acts.
    let mut state = crate::engine::state::State::default();
    for (event, at) in &world.past {
        let mut text = serde_json::to_value(event).expect("written");
        let fields = text.as_object_mut().expect("an object");
        if matches!(event, Event::AgentDismissed { .. }) {
            fields.values_mut().filter_map(|value| value.as_object_mut()).for_each(|inner| {
                inner.remove("act");
            });
            fields.remove("act");
        }
        state.apply(&serde_json::from_value(text).expect("read"), *at);
    }
    let acts: Vec<u32> = state.acts.acts.keys().map(|id| id.0).collect();
    assert_eq!(acts, [2]);
    assert_eq!(state.acts.acts[&ActId(2)], world.state.acts.acts[&ActId(2)]);
    assert!(state.acts.acts[&ActId(2)].is_undoing);
}

#[test]
fn a_merge_is_never_rewritten_and_only_the_operator_takes_things_back() {
    let mut world = world();
    let (id, commit, act) = (ApprovalId(1), "c0ffee0000ff".to_owned(), Some(ActId(1)));
    let landed = Event::MergeLanded { id, commit, act };
    let at = world.at;
    let mut state = world.state.clone();
    state.apply(&landed, at);
    let mut merged = World::of(state, Vec::new());
    assert_eq!(code_of(merged.operator(undo(None))), "nothing_to_undo", "it is passed by");
    let refusal = merged.operator(undo(Some(1))).expect_err("refused");
    assert_eq!((refusal.kind, refusal.code.as_str()), (RefusalKind::Conflict, "merged"));
    assert!(refusal.hint.is_some_and(|hint| hint.contains("git revert -m 1 c0ffee0000ff")));
    let refusal = world.agent("Code/lead", undo(None)).expect_err("refused");
    assert_eq!(refusal.kind, RefusalKind::NotAllowed);
    assert_eq!(code_of(world.operator(undo(None))), "nothing_to_undo");
    assert_eq!(code_of(world.operator(undo(Some(7)))), "act_not_found");
}

fn hands_back(turn: &Turn) -> usize {
    turn.events(|event| matches!(event, Event::AgentHired { .. }))
}

fn dismissed(world: &mut World) {
    let command = Command::DismissAgent { agency: name("Code"), agent: name("ops") };
    world.operator(command).expect("dismissed");
}

#[test]
fn who_was_dismissed_is_hired_again_when_the_old_pane_is_closed() {
    let mut world = World::running();
    let known = world.state.sessions.definition(&agent("Code/ops")).cloned();
    dismissed(&mut world);
    let turn = world.ask(Actor::Operator, undo(None));
    assert_eq!(hands_back(&turn), 0, "its pane may still be there");
    let turn = world.feed(Input::CrewWritten { agency: name("Code"), change: 1 });
    assert_eq!(hands_back(&turn), 1);
    assert!(is_undone(&world));
    assert_eq!(world.state.sessions.definition(&agent("Code/ops")).cloned(), known);
    assert!(world.spawn_of("Code/ops").is_some(), "it lives again");
    let turn = world.feed(Input::CrewWritten { agency: name("Code"), change: 2 });
    assert_eq!(hands_back(&turn), 0);
    assert_eq!(code_of(world.operator(undo(Some(1)))), "undone");
}

#[test]
fn a_hire_back_goes_on_after_a_crash_and_ends_where_it_cannot_be() {
    let mut world = World::running();
    dismissed(&mut world);
    world.operator(undo(None)).expect("begun");
    let turn = world.feed_alone(Input::Woke { pid: 2, version: String::new() });
    assert_eq!(turn.count(|effect| matches!(effect, Effect::WriteCrew { .. })), 1);
    world.operator(Command::RemoveAgency { name: name("Code") }).expect("removed");
    world.feed(Input::AgencyArchived { agency: name("Code"), folder: "archive/Code".into() });
    let record = &world.state.acts.acts[&ActId(1)];
    assert!(!record.is_undoing && record.problem.is_some(), "{record:?}");
    let refused = world.operator(undo(Some(1))).expect_err("refused");
    assert!(refused.hint.is_some_and(|hint| hint.contains("undo --list")));
}

#[test]
fn a_name_that_somebody_has_by_now_is_not_hired_again() {
    let mut world = World::running();
    let known = world.state.sessions.definition(&agent("Code/ops")).cloned().expect("known");
    dismissed(&mut world);
    world.feed(Input::CrewWritten { agency: name("Code"), change: 1 });
    let hire = Command::HireAgent { agency: name("Code"), definition: Box::new(known) };
    world.operator(hire).expect("hired by hand");
    assert_eq!(code_of(world.operator(undo(Some(1)))), "agent_exists");
}

#[test]
fn who_left_with_its_last_task_is_in_the_list_and_comes_back_before_the_task() {
    let mut world = World::running();
    let extra = crate::engine::testing::samples::temporary("extra");
    let hire = Command::HireAgent { agency: name("Code"), definition: Box::new(extra) };
    world.operator(hire).expect("hired");
    world.open_panes();
    let task = world.begin(contract("Code", "login", "A form"), "Code/extra");
    world.operator(Command::CancelTask { task, reason: None }).expect("given up");
    let left = &world.state.acts.acts[&ActId(2)];
    assert_eq!(left.by, Some(Actor::Supervisor));
    assert!(plan(left).contains("hires `Code/extra` again"), "{}", plan(left));
    let refused = world.operator(undo(Some(1))).expect_err("refused");
    assert_eq!(refused.code, "agent_left");
    assert!(refused.hint.is_some_and(|hint| hint.contains("agency undo UNDO-002")));
    world.operator(undo(None)).expect("begun");
    world.feed(Input::CrewWritten { agency: name("Code"), change: 2 });
    assert!(world.state.acts.acts[&ActId(2)].undone_at.is_some());
    world.operator(undo(None)).expect("the task follows");
}
