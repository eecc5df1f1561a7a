//! When a worktree is looked at, saved and brought back, and when its agent is reminded.

use crate::domain::agency::AgentState;
use crate::domain::checkpoint::{Care, CheckpointId, CheckpointReason, Manner};
use crate::domain::command::{Actor, Answer, Command};
use crate::domain::id::TaskId;
use crate::domain::refusal::RefusalKind;
use crate::engine::attention::{WaitingKind, waiting};
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::explain::explain;
use crate::engine::input::{Input, Saving, Ticket, Timer};
use crate::engine::testing::samples::checkpoint;
use crate::engine::testing::{Turn, World, agent, code_of, contract};
use crate::ports::repositories::{Checkpoint, Mended, Restored, Uncommitted};
use crate::ports::terminals::PaneLife;

const TASK: TaskId = TaskId(1);
/// The time after which is reminded by default, in milliseconds.
const REMIND_MS: i64 = 1_800_000;

/// `Code/dev` has a task whose worktree stands.
fn world() -> World {
    let mut world = World::running();
    let contract = contract("Code", "login", "A form");
    world.operator(Command::AddTask { contract }).expect("added");
    let assign = Command::AssignTask { task: TASK, agent: agent("Code/dev") };
    world.operator(assign).expect("assigned");
    world.feed(Input::WorktreePrepared { task: TASK, result: Ok("base".to_owned()) });
    world
}

fn seen(world: &mut World, head: &str, files: &[&str]) -> Turn {
    let files: Vec<String> = files.iter().map(|file| (*file).to_owned()).collect();
    let count = u32::try_from(files.len()).expect("few");
    let (head, oldest) = (head.to_owned(), (count > 0).then_some(world.at));
    let result = Ok(Uncommitted { head, head_at: None, files, count, oldest });
    world.feed(Input::WorkSeen { task: TASK, result })
}

fn rang(world: &mut World) -> Turn {
    world.feed(Input::Rang { timer: Timer::Work { task: TASK } })
}

fn saved(world: &mut World, made: Option<Checkpoint>, reason: CheckpointReason) -> Turn {
    let saving = Saving { task: TASK, reason, note: None, by: Actor::Operator };
    world.feed(Input::WorkSaved { ticket: Some(Ticket(70)), saving, result: Ok(made) })
}

fn timers(turn: &Turn) -> usize {
    turn.count(|effect| matches!(effect, Effect::WakeAt { timer: Timer::Work { task: TASK }, .. }))
}

fn looks(turn: &Turn) -> usize {
    turn.count(|effect| matches!(effect, Effect::LookAtWork { task: TASK }))
}

fn saves(turn: &Turn, wanted: CheckpointReason) -> usize {
    turn.count(
        |effect| matches!(effect, Effect::TakeCheckpoint { reason, .. } if *reason == wanted),
    )
}

fn told(turn: &Turn, who: &str) -> usize {
    turn.events(
        |event| matches!(event, Event::MessageAccepted { to: Some(to), .. } if *to == agent(who)),
    )
}

fn restore(care: Care, number: u32) -> Command {
    let checkpoint = CheckpointId { task: TASK, number };
    Command::RestoreCheckpoint { checkpoint, paths: Vec::new(), manner: Manner::Keep, care }
}

#[test]
fn a_worktree_is_looked_at_after_its_agent_did_something_and_not_otherwise() {
    let mut world = world();
    assert_eq!(timers(&world.report("Code/dev", AgentState::Working)), 1);
    assert_eq!(timers(&world.report("Code/ops", AgentState::Working)), 0);
    assert_eq!(looks(&rang(&mut world)), 1);
    let turn = seen(&mut world, "base", &[]);
    assert_eq!((timers(&turn), looks(&turn)), (0, 0), "clean: nothing more until somebody acts");
    let turn = world.look(|_| {});
    assert_eq!((timers(&turn), looks(&turn)), (0, 0));
}

#[test]
fn work_that_lies_uncommitted_is_reminded_of_twice_and_then_shown_to_a_person() {
    let mut world = world();
    let turn = seen(&mut world, "base", &["a.rs", "b.rs"]);
    assert_eq!((told(&turn, "Code/dev"), timers(&turn)), (0, 1));
    world.wait_ms(REMIND_MS - 1_000);
    assert_eq!(told(&seen(&mut world, "base", &["a.rs"]), "Code/dev"), 0);
    world.wait_ms(1_000);
    let turn = seen(&mut world, "base", &["a.rs"]);
    assert_eq!(told(&turn, "Code/dev"), 1);
    assert_eq!(saves(&turn, CheckpointReason::Reminder), 1);
    let text = world.state.mail.messages.values().next_back().expect("one").message.clone();
    assert_eq!((text.kind.as_str(), text.from.to_string().as_str()), ("alert", "workbench"));
    assert!(text.body.to_string().contains("30 min: a.rs"), "{}", text.body);
    assert_eq!(told(&seen(&mut world, "base", &["a.rs"]), "Code/dev"), 0, "once in that time");
    world.wait_ms(REMIND_MS);
    assert_eq!(told(&seen(&mut world, "base", &["a.rs"]), "Code/dev"), 1);
    let is_shown = |world: &World| {
        waiting(&world.state, world.at).iter().any(|w| w.kind == WaitingKind::Uncommitted)
    };
    assert!(!is_shown(&world));
    world.wait_ms(REMIND_MS);
    let turn = seen(&mut world, "base", &["a.rs"]);
    assert_eq!((told(&turn, "Code/dev"), told(&turn, "Code/lead"), timers(&turn)), (0, 1, 0));
    assert!(is_shown(&world));
    let lines = explain(&world.state, "TASK-001", world.at).expect("known").join("\n");
    assert!(lines.contains("not committed since 90 min, reminded 3 times"), "{lines}");
    world.wait_ms(REMIND_MS);
    let turn = seen(&mut world, "base", &["a.rs"]);
    assert_eq!(turn.events.len(), 0, "then it is quiet");
    seen(&mut world, "new head", &[]);
    assert!(!is_shown(&world));
}

#[test]
fn a_commit_starts_the_clock_anew() {
    let mut world = world();
    seen(&mut world, "base", &["a.rs"]);
    world.wait_ms(REMIND_MS - 1_000);
    seen(&mut world, "next", &["a.rs"]);
    world.wait_ms(2_000);
    assert_eq!(told(&seen(&mut world, "next", &["a.rs"]), "Code/dev"), 0);
}

#[test]
fn an_agent_that_ends_has_its_work_saved_once() {
    let mut world = world();
    let dev = agent("Code/dev");
    let turn = world.look(|panes| {
        let pane = panes.iter_mut().find(|pane| pane.agent == dev).expect("its pane");
        pane.life = PaneLife::Dead { status: None, signal: Some(9) };
    });
    assert_eq!(looks(&turn), 1, "{turn:?}");
    let woken = world.feed(Input::Woke { pid: 2, version: String::new() });
    assert_eq!(timers(&woken), 1, "a supervisor that died before is made up for");
    assert_eq!(saves(&seen(&mut world, "base", &["a.rs"]), CheckpointReason::Lost), 1);
    saved(&mut world, Some(checkpoint(1)), CheckpointReason::Lost);
    assert_eq!(saves(&seen(&mut world, "base", &["a.rs"]), CheckpointReason::Lost), 0);
    let again = saved(&mut world, Some(checkpoint(1)), CheckpointReason::Lost);
    assert_eq!(again.events.len(), 0, "the same one is no news");
}

#[test]
fn agents_save_their_own_work_and_nobody_elses() {
    let mut world = world();
    let take = |task: Option<TaskId>| Command::TakeCheckpoint { task, note: None };
    let turn = world.ask(Actor::Agent(agent("Code/dev")), take(None));
    assert_eq!(saves(&turn, CheckpointReason::Asked), 1);
    let turn = saved(&mut world, Some(checkpoint(1)), CheckpointReason::Asked);
    assert_eq!(turn.replies[0].1, Ok(Answer::Id("TASK-001/1".to_owned())));
    let turn = saved(&mut world, None, CheckpointReason::Asked);
    assert_eq!(turn.replies[0].1, Ok(Answer::Done));
    let refusal = world.agent("Code/ops", take(Some(TASK))).expect_err("refused");
    assert_eq!(refusal.kind, RefusalKind::NotAllowed);
    assert_eq!(code_of(world.operator(take(None))), "no_task");
    assert_eq!(code_of(world.operator(take(Some(TaskId(9))))), "task_not_found");
}

#[test]
fn files_change_under_a_working_agent_only_when_it_wants_that_or_somebody_says_so() {
    let mut world = world();
    saved(&mut world, Some(checkpoint(1)), CheckpointReason::Asked);
    world.report("Code/dev", AgentState::Working);
    assert_eq!(code_of(world.operator(restore(Care::Careful, 1))), "agent_working");
    assert_eq!(code_of(world.operator(restore(Care::Confirmed, 7))), "checkpoint_not_found");
    assert_eq!(code_of(world.agent("Code/ops", restore(Care::Confirmed, 1))), "not_yours");
    let turn = world.ask(Actor::Agent(agent("Code/dev")), restore(Care::Careful, 1));
    let restores = |turn: &Turn| turn.count(|e| matches!(e, Effect::RestoreWork { .. }));
    assert_eq!(restores(&turn), 1);
    assert_eq!(code_of(world.operator(restore(Care::Confirmed, 1))), "restoring");
    let woken = world.feed(Input::Woke { pid: 2, version: String::new() });
    assert_eq!(restores(&woken), 1, "what was cut off is gone on with");
    let (before, in_the_way) = (checkpoint(2), vec!["x (too large)".to_owned()]);
    let meanwhile = vec![checkpoint(3)];
    let restored = Restored { before, meanwhile, written: 2, removed: 0, in_the_way };
    let turn = world.feed(Input::WorkRestored {
        ticket: Some(Ticket(3)),
        task: TASK,
        result: Ok(restored),
    });
    let Ok(Answer::Text(text)) = &turn.replies[0].1 else { panic!("{turn:?}") };
    assert!(text.contains("before is TASK-001/2\n"), "{text}");
    assert!(text.contains("written after that is in TASK-001/3\nleft as it is: x (too"), "{text}");
    for number in [2, 3] {
        let id = CheckpointId { task: TASK, number };
        let reason = world.state.keeping.checkpoints[&id].reason;
        assert_eq!(reason, CheckpointReason::BeforeRestore, "{id}");
    }
}

#[test]
fn the_newest_twenty_stay_and_every_one_that_was_asked_for() {
    let mut world = world();
    saved(&mut world, Some(checkpoint(1)), CheckpointReason::Asked);
    let dropped = |turn: &Turn| -> Vec<CheckpointId> {
        let lists = turn.effects.iter().filter_map(|effect| match effect {
            Effect::DropCheckpoints { ids, .. } => Some(ids.clone()),
            _ => None,
        });
        lists.flatten().collect()
    };
    for number in 2..22 {
        let turn = saved(&mut world, Some(checkpoint(number)), CheckpointReason::Reminder);
        assert_eq!(dropped(&turn), [], "{number}");
    }
    let turn = saved(&mut world, Some(checkpoint(22)), CheckpointReason::Reminder);
    let oldest = CheckpointId { task: TASK, number: 2 };
    assert_eq!(dropped(&turn), [oldest]);
    world.feed(Input::CheckpointsDropped { ids: vec![oldest] });
    assert_eq!(world.state.keeping.checkpoints.len(), 21);
    world.operator(Command::CancelTask { task: TASK, reason: None }).expect("given up");
    world.wait_ms(90 * 24 * 3_600_000);
    let woken = world.feed(Input::Woke { pid: 2, version: String::new() });
    assert_eq!(dropped(&woken), [], "nothing else may have that work");
}

fn mended(world: &mut World, result: Result<Mended, String>) -> Turn {
    world.feed(Input::WorktreeMended { task: TASK, result })
}

fn laid_back(world: &World) -> Option<u32> {
    let restoring = world.state.keeping.restoring.get(&TASK)?;
    assert_eq!(restoring.manner, Manner::Fill);
    Some(restoring.from.number)
}

fn restored(world: &mut World, number: u32) -> Turn {
    let (before, in_the_way) = (checkpoint(number), vec!["run.sh (it was changed since)".into()]);
    let result = Ok(Restored { before, meanwhile: Vec::new(), written: 2, removed: 0, in_the_way });
    world.feed(Input::WorkRestored { ticket: None, task: TASK, result })
}

#[test]
fn a_worktree_that_was_made_again_gets_what_was_saved_last_and_its_agent_hears_of_it() {
    let mut world = world();
    seen(&mut world, "base", &["a.rs"]);
    saved(&mut world, Some(checkpoint(1)), CheckpointReason::Lost);
    let turn = mended(&mut world, Ok(Mended::MadeAgain));
    assert_eq!(turn.count(|effect| matches!(effect, Effect::RestoreWork { task: TASK, .. })), 1);
    assert_eq!(laid_back(&world), Some(1));
    let woken = world.feed(Input::Woke { pid: 2, version: String::new() });
    assert_eq!(woken.count(|effect| matches!(effect, Effect::RestoreWork { .. })), 1);
    let turn = restored(&mut world, 2);
    assert_eq!(told(&turn, "Code/dev"), 1);
    let text = &world.state.mail.messages.values().next_back().expect("one").message.body;
    assert!(text.to_string().contains("saved as TASK-001/1"), "{text}");
    assert!(text.to_string().contains("run.sh (it was changed since)"), "{text}");
    let lines = explain(&world.state, "TASK-001", world.at).expect("known").join("\n");
    assert!(lines.contains("laid back from TASK-001/1"), "{lines}");
    // Gone once more: the last checkpoint is of the empty state before, and is not what lay there.
    mended(&mut world, Ok(Mended::MadeAgain));
    assert_eq!(laid_back(&world), Some(1));
}

#[test]
fn nothing_is_laid_back_where_nothing_is_missing() {
    let mut world = world();
    seen(&mut world, "base", &["a.rs"]);
    saved(&mut world, Some(checkpoint(1)), CheckpointReason::Lost);
    mended(&mut world, Ok(Mended::TiedAgain));
    assert_eq!(laid_back(&world), None, "its files were never gone");
    world.wait_ms(1_000);
    seen(&mut world, "next", &[]);
    let turn = mended(&mut world, Ok(Mended::MadeAgain));
    assert_eq!((laid_back(&world), told(&turn, "Code/dev")), (None, 0), "all was committed since");
}

#[test]
fn what_was_saved_nowhere_or_cannot_be_laid_back_is_said() {
    let mut world = world();
    seen(&mut world, "base", &["a.rs"]);
    let turn = mended(&mut world, Ok(Mended::MadeAgain));
    assert_eq!((laid_back(&world), told(&turn, "Code/dev")), (None, 1));
    saved(&mut world, Some(checkpoint(1)), CheckpointReason::Lost);
    mended(&mut world, Ok(Mended::MadeAgain));
    let refusal = crate::domain::refusal::Refusal::new(RefusalKind::Failed, "git", "no room");
    let result = Err(refusal);
    let turn = world.feed(Input::WorkRestored { ticket: None, task: TASK, result });
    assert_eq!(told(&turn, "Code/dev"), 1);
    let lines = explain(&world.state, "TASK-001", world.at).expect("known").join("\n");
    assert!(lines.contains("could not be laid back: no room"), "{lines}");
}

#[test]
fn a_worktree_that_was_made_anew_is_looked_at_before_anybody_is_told_of_its_work() {
    let mut world = world();
    seen(&mut world, "base", &["draft.txt"]);
    let turn = world.feed(Input::WorktreeMended { task: TASK, result: Ok(Mended::MadeAgain) });
    assert_eq!(looks(&turn), 1);
    seen(&mut world, "base", &[]);
    assert_eq!(world.state.keeping.works[&TASK].since, None);
}
