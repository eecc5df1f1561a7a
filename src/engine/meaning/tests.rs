//! What messages do, each as its command would.

use serde_json::{Value, json};

use super::*;
use crate::domain::command::Command;
use crate::domain::id::TaskId;
use crate::domain::message::{Draft, MessageType};
use crate::domain::task::TaskState;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::{Input, Purpose};
use crate::engine::testing::{
    Turn, World, agent, answer_of, code_of, contract, definition, id, sending,
};
use crate::ports::repositories::{Integrated, WorkState};

fn world() -> (World, TaskId) {
    let mut world = World::running();
    let task = world.begin(contract("Code", "login", "a form"), "Code/dev");
    (world, task)
}

fn say(world: &mut World, who: &str, to: &str, kind: &str, body: Value) -> Turn {
    let kind = MessageType::parse(kind).expect("a type");
    let to = Address::parse(to).expect("an address");
    let draft = Draft::new(kind, to, body);
    world.ask(Actor::Agent(agent(who)), Command::SendMessage { draft })
}

/// A text as the command line reads it.
fn text(world: &mut World, who: &str, to: &str, text: &str) -> Turn {
    let to = Address::parse(to).expect("an address");
    let mut draft = Draft::new(MessageType::of_text(text), to, Value::from(text));
    let words = text.split([' ', ':']).filter(|word| !word.is_empty());
    draft.task = words.take(2).find(|word| word.starts_with("TASK-")).map(str::to_owned);
    let actor = if who == "operator" { Actor::Operator } else { Actor::Agent(agent(who)) };
    world.ask(actor, Command::SendMessage { draft })
}

fn heard(turn: &Turn) -> Vec<String> {
    let heard = turn.events.iter().filter_map(|event| match event {
        Event::MessageAccepted { message, to, .. } => {
            let to = to.as_ref().map_or("operator".to_owned(), ToString::to_string);
            Some(format!("{} {to}", message.kind))
        }
        _ => None,
    });
    heard.collect()
}

fn purposes(turn: &Turn) -> Vec<Purpose> {
    let inspections = turn.effects.iter().filter_map(|effect| match effect {
        Effect::InspectWork { ticket: None, purpose, .. } => Some(purpose.clone()),
        _ => None,
    });
    inspections.collect()
}

fn inspected(world: &mut World, task: TaskId, purpose: Purpose, dirty: &[&str]) -> Turn {
    let dirty = dirty.iter().map(|it| (*it).to_owned()).collect();
    let result = Ok(WorkState { head: "head".to_owned(), dirty, ahead: 1 });
    world.feed(Input::WorkInspected { ticket: None, task, purpose, result })
}

fn integrated(world: &mut World, task: TaskId, purpose: Purpose) -> Turn {
    let result = Ok(Integrated::Merged { commit: "merge".to_owned() });
    world.feed(Input::WorkIntegrated { ticket: None, task, purpose, result })
}

fn note(world: &World, task: TaskId) -> String {
    world.state.tasks.tasks[&task].note.clone().unwrap_or_default()
}

#[test]
fn a_status_update_moves_the_progress_of_its_task() {
    let mut world = World::running();
    let task = world.add(contract("Code", "login", "a form"));
    world.operator(Command::AssignTask { task, agent: agent("Code/dev") }).expect("assigned");
    world.feed(Input::WorktreePrepared { task, result: Ok("base".to_owned()) });
    let body = json!({
        "task_id": "TASK-001", "status": "in_progress", "progress": 65,
        "current_item": "Writing tests", "blockers": ["no key"],
    });
    let turn = say(&mut world, "Code/dev", "Code", "status_update", body);
    assert_eq!(turn.events(|event| matches!(event, Event::TaskStarted { .. })), 1);
    assert_eq!(heard(&turn), ["status_update Code/lead"], "it is delivered, once");
    assert_eq!(world.task(task), TaskState::InProgress);
    assert_eq!(world.state.tasks.tasks[&task].progress, 65);
    assert_eq!(note(&world, task), "Writing tests (in the way: no key)");
}

#[test]
fn a_status_text_moves_the_progress_of_the_task_that_its_sender_has() {
    let (mut world, task) = world();
    text(&mut world, "Code/dev", "Code", "STATUS dev: Auth module 60% complete");
    assert_eq!(world.state.tasks.tasks[&task].progress, 60);
    text(&mut world, "Code/dev", "Code", "STATUS: thinking");
    assert_eq!(world.state.tasks.tasks[&task].progress, 60);
    assert_eq!(note(&world, task), "thinking");
    let turn = text(&mut world, "Code/ops", "Code", "STATUS ops: 90% of nothing");
    assert_eq!(heard(&turn), ["status Code/lead"], "who has no task only says something");
    let turn = text(&mut world, "Code/lead", "Code/dev", "STATUS TASK-001: 10% I think");
    assert_eq!(turn.events(|event| matches!(event, Event::TaskProgressed { .. })), 0);
    assert_eq!(world.state.tasks.tasks[&task].progress, 60);
}

#[test]
fn a_blocker_blocks_its_task_and_the_coordinator_hears_of_it_once() {
    let (mut world, task) = world();
    let body = json!({"task_id": "TASK-001", "blocker_description": "404", "severity": "high"});
    let turn = say(&mut world, "Code/dev", "Code", "blocker", body);
    assert_eq!(heard(&turn), ["blocker Code/lead"]);
    assert_eq!((world.task(task), note(&world, task).as_str()), (TaskState::Blocked, "404"));
    let body = json!({"progress": 70});
    say(&mut world, "Code/dev", "Code", "status_update", body);
    assert_eq!(world.task(task), TaskState::InProgress, "progress with nothing in the way");
    let turn = text(&mut world, "Code/dev", "operator", "BLOCKED TASK-001: no key");
    assert_eq!(heard(&turn), ["blocked operator", "blocked Code/lead"]);
    assert_eq!(note(&world, task), "no key");
}

#[test]
fn a_blocker_with_a_way_around_it_leaves_the_task_going() {
    let (mut world, task) = world();
    let body = json!({"blocker_description": "404", "can_proceed_with_workaround": true});
    say(&mut world, "Code/dev", "Code", "blocker", body);
    assert_eq!(world.task(task), TaskState::InProgress);
    assert_eq!(note(&world, task), "goes on around: 404");
}

#[test]
fn task_complete_closes_the_task_and_the_coordinator_hears_of_it_once() {
    let (mut world, task) = world();
    let body = json!({"task_id": "TASK-001", "summary": "Done it"});
    let turn = say(&mut world, "Code/dev", "Code", "task_complete", body);
    let purpose = Purpose::Complete { summary: Some("Done it".to_owned()) };
    assert_eq!(purposes(&turn), std::slice::from_ref(&purpose));
    inspected(&mut world, task, purpose.clone(), &[]);
    let turn = integrated(&mut world, task, purpose);
    assert_eq!((heard(&turn), world.task(task)), (Vec::new(), TaskState::Submitted));
    assert!(world.state.finishing.open.is_empty());
    let turn = text(&mut world, "Code/dev", "Code", "COMPLETE TASK-001: again");
    assert_eq!(purposes(&turn), [], "it is finished already");
}

#[test]
fn task_complete_that_is_ready_for_merge_hands_the_feature_in() {
    let (mut world, task) = world();
    let body = json!({"summary": "JWT", "notes": "All pass", "ready_for_merge": true});
    let turn = say(&mut world, "Code/dev", "Code", "task_complete", body);
    let purpose = purposes(&turn).remove(0);
    inspected(&mut world, task, purpose.clone(), &[]);
    let turn = integrated(&mut world, task, purpose);
    assert_eq!(turn.count(|effect| matches!(effect, Effect::Prove { .. })), 1);
    let work = world.state.submissions.submissions.values().next().expect("a submission");
    assert_eq!(work.submission.rationale.as_deref(), Some("JWT. All pass"));
    assert!(world.state.finishing.open.is_empty());
}

#[test]
fn a_text_that_says_complete_closes_the_senders_own_task_only() {
    let (mut world, task) = world();
    let turn = text(&mut world, "Code/lead", "Code/dev", "COMPLETE TASK-001 first");
    assert_eq!(purposes(&turn), [], "its coordinator only says so");
    let turn = text(&mut world, "Code/dev", "Code", "COMPLETE: read the paper");
    assert_eq!(purposes(&turn), [], "no task is named");
    let turn = text(&mut world, "Code/dev", "Code", "COMPLETE TASK-001: all of it");
    assert_eq!(purposes(&turn), [Purpose::Complete { summary: Some("all of it".to_owned()) }]);
    assert_eq!(world.task(task), TaskState::InProgress, "until it was looked into");
    let turn = text(&mut world, "Code/ops", "Code", "COMPLETE TASK-001: mine now");
    assert_eq!(code_of(answer_of(turn)), "not_yours");
}

#[test]
fn a_second_word_that_it_is_finished_waits_for_the_answer_to_the_first() {
    let (mut world, task) = world();
    let body = json!({"task_id": "TASK-001", "ready_for_merge": true, "summary": "done"});
    let turn = say(&mut world, "Code/dev", "Code", "task_complete", body);
    assert!(matches!(purposes(&turn).as_slice(), [Purpose::Submit(_)]), "{:?}", turn.effects);
    let turn = text(&mut world, "Code/dev", "Code", "COMPLETE: TASK-001");
    let refusal = answer_of(turn).expect_err("the first is looked into");
    assert_eq!((refusal.code.as_str(), refusal.kind.exit_status()), ("finishing", 5));
    assert_eq!(world.state.finishing.open[&task].end, finishing::End::Submitted);
}

#[test]
fn who_said_that_it_is_finished_hears_why_it_is_not() {
    let (mut world, task) = world();
    let turn = text(&mut world, "Code/dev", "Code", "COMPLETE TASK-001: all of it");
    let purpose = purposes(&turn).remove(0);
    let turn = inspected(&mut world, task, purpose, &["a.rs"]);
    assert_eq!(heard(&turn), ["verdict Code/dev"]);
    let told = turn.events.iter().find_map(|event| match event {
        Event::MessageAccepted { message, .. } => message.body.as_str().map(str::to_owned),
        _ => None,
    });
    assert!(told.is_some_and(|text| text.contains("not committed: a.rs")));
    assert!(world.state.finishing.open.is_empty());
}

#[test]
fn what_a_message_said_is_finished_is_looked_into_again_after_a_crash() {
    let (mut world, task) = world();
    let body = json!({"summary": "Done it", "ready_for_merge": true});
    let turn = say(&mut world, "Code/dev", "Code", "task_complete", body);
    let purpose = purposes(&turn);
    let woke = || Input::Woke { pid: 1, version: "test".to_owned() };
    assert_eq!(purposes(&world.feed(woke())), purpose);
    inspected(&mut world, task, purpose[0].clone(), &[]);
    let turn = world.feed(woke());
    let integrations = turn.effects.iter().filter_map(|effect| match effect {
        Effect::IntegrateWork { purpose, .. } => Some(purpose.clone()),
        _ => None,
    });
    assert_eq!(integrations.collect::<Vec<_>>(), purpose, "and still to be handed in");
    integrated(&mut world, task, purpose[0].clone());
    assert_eq!(world.task(task), TaskState::Proving);
}

#[test]
fn an_assignment_gives_a_ready_task_away_and_says_nothing_new_where_it_is_given() {
    let mut world = World::running();
    let task = world.add(contract("Code", "login", "a form"));
    let body = |id: &str, to: &str| json!({"task_id": id, "assigned_to": to});
    let refused =
        say(&mut world, "Code/ops", "Code/dev", "task_assignment", body("TASK-001", "dev"));
    assert_eq!(code_of(answer_of(refused)), "coordinator_only");
    let unknown = body("TASK-042", "dev");
    let turn = say(&mut world, "Code/lead", "Code/dev", "task_assignment", unknown);
    assert_eq!(heard(&turn), ["task_assignment Code/dev"]);
    let given = body("TASK-001", "dev");
    say(&mut world, "Code/lead", "Code/dev", "task_assignment", given.clone());
    assert_eq!(world.task(task), TaskState::Assigned);
    let turn = say(&mut world, "Code/lead", "Code/dev", "task_assignment", given);
    assert_eq!(turn.count(|effect| matches!(effect, Effect::PrepareWorktree { .. })), 0);
    let other = body("TASK-001", "Code/ops");
    let refused = say(&mut world, "Code/lead", "Code/ops", "task_assignment", other);
    assert_eq!(code_of(answer_of(refused)), "already_assigned");
}

#[test]
fn a_task_text_gives_the_task_away_only_where_it_waits_for_somebody() {
    let mut world = World::running();
    let turn = text(&mut world, "Code/lead", "Code/dev", "TASK-042: Implement OAuth2");
    assert_eq!(heard(&turn), ["task Code/dev"], "a task that is not here is a message");
    let task = world.add(contract("Code", "login", "a form"));
    text(&mut world, "Code/ops", "Code/dev", "TASK-001: yours?");
    assert_eq!(world.task(task), TaskState::Ready, "a peer gives nothing away");
    text(&mut world, "operator", "Code", "TASK-001: plan it");
    assert_eq!(world.task(task), TaskState::Ready, "nobody is named");
    text(&mut world, "operator", "Code/dev", "TASK-001: a form");
    assert_eq!(world.task(task), TaskState::Assigned);
}

#[test]
fn what_the_command_refuses_the_message_is_refused_for() {
    let (mut world, _) = world();
    for (kind, body, code) in [
        ("status_update", json!({"task_id": "TASK-009", "progress": 1}), "task_not_found"),
        ("blocker", json!({"task_id": "TASK-009", "blocker_description": "x"}), "task_not_found"),
        ("task_complete", json!({"task_id": "TASK-009"}), "task_not_found"),
        ("blocker", json!({"task_id": "TASK-001"}), "invalid"),
        (
            "lock_granted",
            json!({"resource": "x", "lock_type": "shared", "lock_id": "1"}),
            "not_yours_to_say",
        ),
        ("lock_denied", json!({"resource": "x"}), "not_yours_to_say"),
    ] {
        let turn = say(&mut world, "Code/dev", "Code", kind, body);
        assert_eq!(code_of(answer_of(turn)), code, "{kind}");
    }
    let turn = say(
        &mut world,
        "Code/ops",
        "Code",
        "blocker",
        json!({"task_id": "TASK-001", "blocker_description": "x"}),
    );
    assert_eq!(code_of(answer_of(turn)), "not_yours");
}

#[test]
fn the_same_message_twice_does_nothing_the_second_time() {
    let (mut world, task) = world();
    let mut draft = Draft::new(
        MessageType::parse("blocker").expect("a type"),
        Address::parse("Code").expect("an address"),
        json!({"blocker_description": "x"}),
    );
    draft.id = Some(id(7));
    let command = Command::SendMessage { draft };
    world.agent("Code/dev", command.clone()).expect("sent");
    world.agent("Code/dev", Command::UnblockTask { task }).expect("unblocked");
    world.agent("Code/dev", command).expect("known");
    assert_eq!(world.task(task), TaskState::InProgress);
}

#[test]
fn who_did_not_prove_who_it_is_means_nothing() {
    let (mut world, task) = world();
    let mut letter = crate::engine::testing::samples::message(7, "Code/dev", "Code", "x");
    letter.kind = MessageType::parse("blocker").expect("a type");
    letter.body = json!({"blocker_description": "x"});
    letter.verified = false;
    world.feed(Input::MessageAtDoor {
        file: "7.json".to_owned(),
        message: Box::new(letter.clone()),
    });
    assert_eq!(world.task(task), TaskState::InProgress);
    letter.id = id(8);
    letter.verified = true;
    world.feed(Input::MessageAtDoor { file: "8.json".to_owned(), message: Box::new(letter) });
    assert_eq!(world.task(task), TaskState::Blocked);
}

#[test]
fn what_cannot_be_done_is_dead_at_the_door_with_its_code() {
    let (mut world, _) = world();
    let mut letter = crate::engine::testing::samples::message(7, "Code/dev", "Code", "x");
    letter.kind = MessageType::parse("status_update").expect("a type");
    letter.body = json!({"task_id": "TASK-009", "progress": 1});
    letter.verified = true;
    let turn =
        world.feed(Input::MessageAtDoor { file: "7.json".to_owned(), message: Box::new(letter) });
    let codes = turn.effects.iter().filter_map(|effect| match effect {
        Effect::BuryAtDoor { reason, .. } => Some(reason.code.clone()),
        _ => None,
    });
    assert_eq!(codes.collect::<Vec<_>>(), ["task_not_found"]);
}

#[test]
fn an_agency_speaks_through_its_coordinator() {
    let (mut world, task) = world();
    let kind = MessageType::parse("blocker").expect("a type");
    let body = json!({"task_id": "TASK-001", "blocker_description": "x"});
    let mut draft = Draft::new(kind, Address::Operator, body);
    draft.from = Some(Address::parse("Code").expect("an address"));
    world.operator(Command::SendMessage { draft: draft.clone() }).expect("its own task");
    assert_eq!(world.task(task), TaskState::Blocked);
    draft.from = Some(Address::parse("QA").expect("an address"));
    assert_eq!(code_of(world.operator(Command::SendMessage { draft })), "not_yours");
}

#[test]
fn a_specialist_speaks_to_others_through_its_coordinator_and_may_answer() {
    let mut world = World::running();
    world.define(definition("QA", &["head", "tester"]));
    for to in ["QA", "QA/head", "QA/tester", "*"] {
        let refusal = world.agent("Code/dev", sending(to, "hello")).expect_err("refused");
        assert_eq!((refusal.code.as_str(), refusal.kind.exit_status()), ("speaks_for_agency", 4));
        assert!(world.agent("Code/lead", sending(to, "hello")).is_ok(), "{to}");
    }
    for to in ["Code", "Code/ops", "operator", "coordinator"] {
        assert!(world.agent("Code/dev", sending(to, "hello")).is_ok(), "{to}");
    }
    let question =
        crate::engine::testing::id_of(world.agent("QA/head", sending("Code/dev", "QUESTION why?")));
    for (to, who, may) in
        [("QA/head", "Code/dev", true), ("QA", "Code/dev", true), ("QA/head", "Code/ops", false)]
    {
        let mut draft = crate::engine::testing::draft(to, "because");
        draft.in_reply_to = Some(question);
        let sent = world.agent(who, Command::SendMessage { draft });
        assert_eq!(sent.is_ok(), may, "{who} to {to}: {sent:?}");
    }
}

fn open_requests(world: &World) -> Vec<String> {
    let open = world.state.requests.open.values();
    open.map(|it| format!("{} {} -> {}: {}", it.kind.as_str(), it.asker, it.asked, it.text))
        .collect()
}

#[test]
fn a_blocker_starts_the_clock_and_the_task_that_goes_on_stops_it() {
    let (mut world, task) = world();
    let body = json!({
        "task_id": "TASK-001", "blocker_description": "404", "severity": "high",
        "blocking_agent": "ops", "needs_resolution_by": "2026-01-02T16:00:00Z",
    });
    say(&mut world, "Code/dev", "Code", "blocker", body);
    assert_eq!(open_requests(&world), ["blocker Code/dev -> Code/ops: TASK-001 is blocked: 404"]);
    let request = world.state.requests.open.values().next().expect("a request").clone();
    assert_eq!(request.priority, crate::domain::message::Priority::High);
    assert_eq!(request.due, "2026-01-02T16:00:00Z".parse().ok());
    // The command's own, which says it again.
    world
        .agent("Code/dev", Command::BlockTask { task, reason: "no key".to_owned() })
        .expect("blocked");
    assert_eq!(
        open_requests(&world),
        ["blocker Code/dev -> Code/ops: TASK-001 is blocked: no key"]
    );
    let again = world.state.requests.open.values().next().expect("a request").clone();
    assert_eq!((again.id, again.since), (request.id, request.since));
    assert_eq!((again.priority, again.due), (request.priority, request.due));
    say(&mut world, "Code/dev", "Code", "status_update", json!({"progress": 70}));
    assert_eq!(open_requests(&world), Vec::<String>::new());
    text(&mut world, "Code/dev", "Code", "BLOCKED: again");
    assert_eq!(open_requests(&world).len(), 1);
    world.operator(Command::CancelTask { task, reason: None }).expect("given up");
    assert_eq!(open_requests(&world), Vec::<String>::new());
}

#[test]
fn a_blocker_that_is_said_again_goes_on_climbing_from_where_it_is() {
    let (mut world, _) = world();
    text(&mut world, "Code/dev", "Code", "BLOCKED: no key");
    let first = world.state.requests.open.values().next().expect("a request").clone();
    for round in 1..=30 {
        world.wait_ms(120_000);
        world.feed(Input::Rang { timer: crate::engine::input::Timer::Requests });
        text(&mut world, "Code/dev", "Code", &format!("BLOCKED: no key, said {round} times"));
    }
    let open: Vec<_> = world.state.requests.open.values().cloned().collect();
    let [request] = open.as_slice() else { panic!("one request, not {open:?}") };
    assert_eq!((request.id, request.opened_at), (first.id, first.opened_at));
    assert!(request.level > first.level, "{request:?}");
    assert!(request.text.ends_with("said 30 times"), "{}", request.text);
    assert!(request.repeats.len() < 30);
}

#[test]
fn a_blocker_with_a_way_around_it_is_still_somebodys_to_see_to() {
    let (mut world, _) = world();
    let body = json!({"blocker_description": "404", "can_proceed_with_workaround": true});
    say(&mut world, "Code/dev", "Code", "blocker", body);
    say(&mut world, "Code/dev", "Code", "status_update", json!({"progress": 70}));
    assert_eq!(open_requests(&world).len(), 1, "work goes on without it being solved");
    let turn = text(&mut world, "Code/dev", "Code", "COMPLETE TASK-001");
    let purpose = purposes(&turn).remove(0);
    inspected(&mut world, TaskId(1), purpose, &[]);
    assert_eq!(open_requests(&world), Vec::<String>::new());
}

#[test]
fn a_coordination_request_is_asked_until_it_is_answered() {
    let mut world = World::running();
    let body = json!({
        "regarding": "User type", "request": "Can we add avatarUrl?", "urgency": "high",
        "timeline": "Need by 2026-01-02T17:00:00Z.",
    });
    let turn = say(&mut world, "Code/dev", "Code/ops", "coordination_request", body);
    assert_eq!(heard(&turn), ["coordination_request Code/ops", "copy Code/lead"]);
    assert_eq!(
        open_requests(&world),
        ["coordination Code/dev -> Code/ops: User type: Can we add avatarUrl?"]
    );
    let request = world.state.requests.open.values().next().expect("a request").clone();
    assert_eq!(request.due, "2026-01-02T17:00:00Z".parse().ok());
    let mut draft = crate::engine::testing::draft("Code/dev", "yes");
    draft.in_reply_to = Some(request.id);
    world.agent("Code/ops", Command::SendMessage { draft }).expect("answered");
    assert_eq!(open_requests(&world), Vec::<String>::new());
}
