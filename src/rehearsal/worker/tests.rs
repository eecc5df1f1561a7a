//! Tests of the worker in a world of fakes with real git: order, counting, and death at every call.

use serde_json::json;

use super::super::fakes::{FakeTask, Shared, git, give_script, live, work_once, world};
use super::super::wire::{Kind, Mode, News, Order};
use crate::domain::id::TaskId;

const AGENT: &str = "CodeAgency/dev-1";

const SCRIPT: &str = r#"
[[on]]
type = "task"
steps = [
  { start = "{task}" },
  { write = "a.txt", text = "one\n" },
  { replace = "a.txt", old = "one", new = "two" },
  { run = ["cat", "a.txt"] },
  { commit = "write it" },
  { progress = 50, note = "half of {task}" },
  { add_task = { title = "more", feature = "f", scope = "s", done = ["d"], rollback = "r" }, as = "one" },
  { assign = "{one}", to = "CodeAgency/dev-2" },
  { send = "QAAgency", type = "handoff", body = { task = "{task}", next = "{one}" } },
  { complete = "{task}" },
]
"#;

struct Place {
    folder: tempfile::TempDir,
    world: Shared,
}

/// A repository with one commit, and a task that is assigned to the agent.
fn place(script: &str) -> Place {
    let folder = tempfile::tempdir().expect("a folder");
    let project = folder.path().join("project");
    std::fs::create_dir(&project).expect("made");
    git(&project, &["init", "-q", "-b", "main"]);
    git(&project, &["commit", "-q", "--allow-empty", "-m", "start"]);
    give_script(folder.path(), AGENT, script);
    let world = world(&project);
    world.lock().expect("a world").tasks.push(FakeTask {
        id: TaskId(1),
        title: "first".into(),
        agency: "CodeAgency".into(),
        feature: "f".into(),
        state: "ready",
        agent: None,
    });
    Place { folder, world }
}

fn assign(place: &Place) {
    let coordinator = "CodeAgency/coordinator";
    give_script(
        place.folder.path(),
        coordinator,
        "[[on]]\ntype='goal'\nsteps=[{assign='{task}', to='CodeAgency/dev-1'}]\n",
    );
    place.world.lock().expect("a world").tell(
        "operator",
        coordinator,
        "goal",
        Some(TaskId(1)),
        json!("go"),
    );
    work_once(place.folder.path(), coordinator, &place.world);
}

fn work(place: &Place) -> Vec<String> {
    work_once(place.folder.path(), AGENT, &place.world)
}

/// What came of it all: tasks with states, messages, commits.
fn outcome(place: &Place) -> String {
    let world = place.world.lock().expect("a world");
    let tasks: Vec<_> =
        world.tasks.iter().map(|task| (&task.title, task.state, &task.agent)).collect();
    let messages: Vec<_> = world
        .messages
        .iter()
        .map(|(to, message, acked)| (to, message["type"].clone(), acked))
        .collect();
    let commits = git(&world.project, &["log", "--format=%s", "f/agent/dev-1/TASK-001"]);
    let body = world.messages.iter().find(|(_, message, _)| message["type"] == "handoff");
    format!("{tasks:?} {messages:?} {commits} {:?}", body.map(|(_, message, _)| &message["body"]))
}

#[test]
fn a_task_is_done_step_by_step_and_its_message_acknowledged() {
    let place = place(SCRIPT);
    assign(&place);
    let said = work(&place);
    let outcome = outcome(&place);
    assert!(said.contains(&"two".to_owned()), "{said:?}");
    assert!(outcome.contains(r#"("first", "submitted", Some("CodeAgency/dev-1"))"#), "{outcome}");
    assert!(outcome.contains(r#"("more", "assigned", Some("CodeAgency/dev-2"))"#), "{outcome}");
    assert!(outcome.contains("write it\nstart"), "{outcome}");
    assert!(outcome.contains(r#""next": String("TASK-002")"#), "{outcome}");
    assert!(outcome.contains(r#"("CodeAgency/dev-1", String("task"), true)"#), "{outcome}");
}

#[test]
fn death_before_or_after_any_call_loses_nothing_and_doubles_nothing() {
    let whole = place(SCRIPT);
    assign(&whole);
    let before = whole.world.lock().expect("a world").calls.len();
    work(&whole);
    let calls = whole.world.lock().expect("a world").calls.len();
    let wanted = outcome(&whole);
    for at in before + 1..=calls {
        for done in [false, true] {
            let place = place(SCRIPT);
            assign(&place);
            place.world.lock().expect("a world").dies = Some((at, done));
            work(&place);
            place.world.lock().expect("a world").dies = None;
            let said = work(&place);
            let calls = place.world.lock().expect("a world").calls.clone();
            assert_eq!(outcome(&place), wanted, "at {at}, done {done}: {said:?} {calls:#?}");
        }
    }
}

#[test]
fn an_entry_with_a_count_waits_for_so_many_messages_and_is_then_used_up() {
    let script = "[[on]]\ntype='complete'\ncount=2\ntimes=1\nsteps=[{say='both'}]\n\
                  [[on]]\ntype='complete'\nsteps=[{say='another'}]\n";
    let place = place(script);
    for _ in 0..3 {
        place.world.lock().expect("a world").tell("x/y", AGENT, "complete", None, json!("z"));
    }
    let said = work(&place);
    let told: Vec<_> =
        said.iter().filter(|line| ["both", "another"].contains(&line.as_str())).collect();
    assert_eq!(told, ["both", "another"], "{said:?}");
}

#[test]
fn a_message_that_names_a_path_or_a_command_changes_nothing_but_what_is_compared() {
    let script = "[[on]]\ntype='note'\ncontains='please'\nsteps=[{say='{task} {body} {from}'}]\n";
    let place = place(script);
    let body = json!({ "task": "../../x; rm -rf /", "text": "please {task}" });
    place.world.lock().expect("a world").tell("x/y", AGENT, "note", None, body);
    let said = work(&place);
    assert!(said.contains(&"{task} {body} {from}".to_owned()), "{said:?}");
}

#[test]
fn a_message_without_a_fitting_entry_is_acknowledged_and_one_without_a_script_is_left() {
    let place = place("[[on]]\ntype='task'\nfrom='QAAgency'\nsteps=[]\n");
    place.world.lock().expect("a world").tell(
        "CodeAgency/coordinator",
        AGENT,
        "task",
        None,
        json!(""),
    );
    let said = work(&place);
    assert!(said.iter().any(|line| line.contains("Nothing in my script")), "{said:?}");
    assert!(place.world.lock().expect("a world").messages[0].2);

    give_script(place.folder.path(), AGENT, "nonsense");
    place.world.lock().expect("a world").tell("x/y", AGENT, "task", None, json!(""));
    work(&place);
    assert!(!place.world.lock().expect("a world").messages[1].2);
}

#[test]
fn a_failed_step_blocks_its_task_and_is_tried_again_by_the_next_life() {
    let script = "[[on]]\ntype='task'\nsteps=[{run=['test','-e','wanted']},{say='there'}]\n";
    let place = place(script);
    assign(&place);
    let said = work(&place);
    assert!(said.iter().any(|line| line.contains("it had to pass")), "{said:?}");
    let (state, worktree) = {
        let world = place.world.lock().expect("a world");
        (world.tasks[0].state, world.project.with_file_name("worktree-TASK-001"))
    };
    assert_eq!(state, "blocked");
    std::fs::File::create(worktree.join("wanted")).expect("made");
    assert!(work(&place).contains(&"there".to_owned()));
    assert_eq!(place.world.lock().expect("a world").tasks[0].state, "in_progress");
}

#[test]
fn a_rehearsed_crash_happens_once() {
    let place = place("[[on]]\ntype='note'\nsteps=[{misbehave='crash'},{say='back again'}]\n");
    place.world.lock().expect("a world").tell("x/y", AGENT, "note", None, json!(""));
    assert!(work(&place).iter().any(|line| line.contains("rehearsed crash")));
    assert!(work(&place).contains(&"back again".to_owned()));
}

const QUESTION: &str = "[[on]]\ntype='note'\nsteps=[{ask='Which colour?', wait=true},{say='on'}]\n";

fn on() -> News {
    News::Line(Kind::Doing, "on".into())
}

#[test]
fn a_question_waits_until_a_person_types_the_answer() {
    let place = place(QUESTION);
    place.world.lock().expect("a world").tell("x/y", AGENT, "note", None, json!(""));
    let agent = live(place.folder.path(), AGENT, &place.world);
    agent.wait_for(&News::Mode(Mode::Waiting("Which colour?".into())));
    agent.order(Order::Note("blue".into()));
    agent.wait_for(&News::Line(Kind::Doing, "The answer: blue".into()));
    agent.wait_for(&on());
    agent.wait_for(&News::Mode(Mode::Idle));
}

#[test]
fn a_question_is_answered_by_a_message_and_other_messages_wait() {
    let place = place(QUESTION);
    place.world.lock().expect("a world").tell(
        "CodeAgency/coordinator",
        AGENT,
        "note",
        None,
        json!(""),
    );
    let agent = live(place.folder.path(), AGENT, &place.world);
    agent.wait_for(&News::Mode(Mode::Waiting("Which colour?".into())));
    {
        let mut world = place.world.lock().expect("a world");
        world.tell("CodeAgency/coordinator", AGENT, "task", None, json!("later"));
        world.tell("CodeAgency/coordinator", AGENT, "answer", None, json!("green"));
    }
    agent.order(Order::Look);
    agent.wait_for(&News::Line(Kind::Doing, "The answer: green".into()));
    agent.wait_for(&News::Line(Kind::Doing, "task from CodeAgency/coordinator".into()));
    agent.wait_for(&News::Mode(Mode::Idle));
    let world = place.world.lock().expect("a world");
    let to = |address: &str| world.messages.iter().filter(|(to, ..)| to == address).count();
    assert_eq!(to("CodeAgency/coordinator"), 1, "the question was sent once");
}

#[test]
fn a_permission_is_waited_for_and_a_refusal_stops_the_work() {
    let place = place("[[on]]\ntype='note'\nsteps=[{misbehave='permission'},{say='on'}]\n");
    place.world.lock().expect("a world").tell("x/y", AGENT, "note", None, json!(""));
    let agent = live(place.folder.path(), AGENT, &place.world);
    let dialog = News::Mode(Mode::Permission("sh tests/run.sh".into()));
    agent.wait_for(&dialog);
    agent.order(Order::Permission { allowed: false });
    agent.wait_for(&News::Line(Kind::Problem, "the permission was refused".into()));
    agent.order(Order::Note("go on".into()));
    agent.wait_for(&dialog);
    agent.order(Order::Permission { allowed: true });
    agent.wait_for(&on());
}

#[test]
fn an_interruption_stops_before_the_next_step_and_go_on_continues() {
    let place = place("[[on]]\ntype='note'\nsteps=[{wait_ms=3600000},{say='on'}]\n");
    place.world.lock().expect("a world").tell("x/y", AGENT, "note", None, json!(""));
    let agent = live(place.folder.path(), AGENT, &place.world);
    agent.wait_for(&News::Mode(Mode::Working("thinking".into())));
    agent.order(Order::Interrupt);
    agent.wait_for(&News::Mode(Mode::Idle));
    agent.order(Order::Note("skip".into()));
    agent.wait_for(&on());
}

#[test]
fn a_silent_agent_stays_at_its_prompt_and_takes_nothing_more() {
    let place = place("[[on]]\ntype='note'\nsteps=[{misbehave='silent'}]\n");
    place.world.lock().expect("a world").tell("x/y", AGENT, "note", None, json!(""));
    let agent = live(place.folder.path(), AGENT, &place.world);
    agent.wait_for(&News::Mode(Mode::Idle));
    place.world.lock().expect("a world").tell("x/y", AGENT, "note", None, json!(""));
    agent.order(Order::Look);
    agent.order(Order::Note("hello".into()));
    agent.end();
    assert!(!place.world.lock().expect("a world").messages[1].2);
}

#[test]
fn a_supervisor_that_is_away_for_a_moment_is_waited_for() {
    let place = place("[[on]]\ntype='note'\nsteps=[{say='on'}]\n");
    place.world.lock().expect("a world").tell("x/y", AGENT, "note", None, json!(""));
    place.world.lock().expect("a world").outages = 2;
    let agent = live(place.folder.path(), AGENT, &place.world);
    agent.wait_for(&on());
    agent.wait_for(&News::Mode(Mode::Idle));
}

#[test]
fn a_refused_step_is_not_tried_again_at_every_message_but_when_a_person_says_so() {
    let place = place("[[on]]\ntype='note'\nsteps=[{misbehave='permission'},{say='on'}]\n");
    place.world.lock().expect("a world").tell("x/y", AGENT, "note", None, json!(""));
    let agent = live(place.folder.path(), AGENT, &place.world);
    let dialog = News::Mode(Mode::Permission("sh tests/run.sh".into()));
    agent.wait_for(&dialog);
    agent.order(Order::Permission { allowed: false });
    agent.order(Order::Look);
    let read = "Read. I still cannot go on: enter `go on` or `skip`.";
    agent.wait_for(&News::Line(Kind::Doing, read.into()));
    agent.order(Order::Note("go on".into()));
    agent.wait_for(&dialog);
}
