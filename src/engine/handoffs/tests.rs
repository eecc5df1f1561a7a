//! What becomes of a handoff, as events, tasks and messages show it.

use serde_json::{Value, json};

use super::*;
use crate::domain::command::{Answer, Command};
use crate::domain::message::{Draft, MessageType};
use crate::domain::refusal::Refusal;
use crate::domain::task::TaskState;
use crate::engine::testing::{World, agent, code_of, contract, id_of, name};

fn spoken(to: &str, kind: &str, body: Value) -> Draft {
    let to = Address::parse(to).expect("an address");
    Draft::new(MessageType::parse(kind).expect("a type"), to, body)
}

fn say(world: &mut World, who: &str, to: &str, kind: &str, body: Value) -> Result<Answer, Refusal> {
    world.agent(who, Command::SendMessage { draft: spoken(to, kind, body) })
}

fn offer(world: &mut World, body: Value) -> HandoffId {
    let message = id_of(say(world, "Code/lead", "QA", "handoff", body));
    world.state.handoffs.messages[&message]
}

fn reply(
    world: &mut World,
    who: &str,
    id: HandoffId,
    kind: &str,
    body: Value,
) -> Result<Answer, Refusal> {
    let mut draft = spoken("Code", kind, body);
    draft.in_reply_to = Some(record(world, id).offer.message);
    world.agent(who, Command::SendMessage { draft })
}

fn record(world: &World, id: HandoffId) -> &HandoffRecord {
    &world.state.handoffs.handoffs[&id]
}

fn task_of(world: &World, id: HandoffId) -> &crate::engine::tasks::TaskRecord {
    &world.state.tasks.tasks[&record(world, id).offer.task]
}

/// What the sender of handoffs got told, newest last.
fn told(world: &World, who: &str) -> Vec<String> {
    let who = agent(who);
    let to_it = |record: &&crate::engine::mail::MessageRecord| record.to.as_ref() == Some(&who);
    let messages = world.state.mail.messages.values().filter(to_it);
    messages.map(|record| crate::engine::wording::body_text(&record.message.body)).collect()
}

const MINIMAL: &str =
    r#"{"type": "handoff", "task": "FEAT-123", "branch": "feature/user-profile"}"#;

fn minimal() -> Value {
    serde_json::from_str(MINIMAL).expect("JSON")
}

fn whole() -> Value {
    json!({
        "task": "User Authentication Module", "deliverable": "login with OAuth2",
        "place": "src/auth", "branch": "feature/user-auth", "priority": "high",
        "artifacts": ["tests/test_auth.py", "docs/auth_api.md"],
        "acceptance_criteria": ["all tests pass", "no secret in the log"],
        "next_steps": ["integration tests"], "notes": "unit tests pass",
    })
}

#[test]
fn a_handoff_opens_a_task_that_waits_until_it_is_accepted() {
    let mut world = World::running();
    let id = offer(&mut world, whole());
    let task = task_of(&world, id);
    let wanted = &task.contract;
    assert_eq!(wanted.title, "User Authentication Module (from Code)");
    assert_eq!(
        wanted.scope,
        "Look at what Code hands over (HO-001): login with OAuth2. Next steps: integration tests. \
         Notes: unit tests pass"
    );
    let inputs = ["src/auth", "branch feature/user-auth", "tests/test_auth.py", "docs/auth_api.md"];
    assert_eq!(wanted.inputs, inputs);
    let results = "Code has the results: agency handoff results HO-001 --status STATUS";
    assert_eq!(wanted.done, ["all tests pass", "no secret in the log", results]);
    assert_eq!(wanted.feature, name("user-authentication-module"));
    assert_eq!(wanted.priority, crate::domain::message::Priority::High);
    assert_eq!((task.state, task.agent.as_ref()), (TaskState::Draft, None));
    let note = task.note.clone().expect("a note");
    assert_eq!(note, "offered by Code (HO-001), to be accepted until 2026-01-02T07:04:05Z");
    let task = task.id;
    let assigning = Command::AssignTask { task, agent: agent("QA/head") };
    assert_eq!(code_of(world.agent("QA/head", assigning.clone())), "not_accepted");
    // Other work that is finished does not make it ready.
    let other = world.begin(contract("Code", "f", "other"), "Code/dev");
    world.operator(Command::CancelTask { task: other, reason: None }).expect("cancelled");
    assert_eq!(world.task(task), TaskState::Draft);

    reply(&mut world, "QA/head", id, "accept", json!({ "notes": "today" })).expect("accepted");
    assert_eq!(record(&world, id).state, HandoffState::Accepted);
    assert_eq!(world.task(task), TaskState::Ready);
    world.agent("QA/head", assigning).expect("assigned");
}

#[test]
fn what_was_not_said_is_named_in_the_contract_and_the_least_is_enough() {
    let mut world = World::running();
    let id = offer(&mut world, minimal());
    let task = task_of(&world, id);
    assert_eq!(task.contract.title, "FEAT-123 (from Code)");
    assert_eq!(task.contract.feature, name("feat-123"));
    assert_eq!(
        task.contract.inputs,
        [
            "branch feature/user-profile",
            "not said by Code: deliverable, acceptance_criteria, next_steps"
        ]
    );
    assert!(task.contract.missing_parts().is_empty());
}

#[test]
fn a_declined_handoff_ends_with_its_task_and_its_reason() {
    let mut world = World::running();
    let id = offer(&mut world, minimal());
    reply(&mut world, "QA/head", id, "decline", json!({ "reason": "no machine" })).expect("told");
    assert_eq!(record(&world, id).state, HandoffState::Declined);
    let task = task_of(&world, id);
    assert_eq!(task.state, TaskState::Cancelled);
    assert_eq!(task.note.as_deref(), Some(r#"QA/head declined HO-001: "no machine""#));
    // The decline is the message that tells the sender; the workbench adds nothing.
    assert_eq!(told(&world, "Code/lead").len(), 1);
    let again = reply(&mut world, "QA/head", id, "accept", json!({}));
    assert_eq!(code_of(again), "already_answered");
}

#[test]
fn a_task_that_is_given_up_unanswered_is_declined_and_the_sender_is_told() {
    let mut world = World::running();
    let id = offer(&mut world, minimal());
    let (task, reason) = (record(&world, id).offer.task, Some("not ours".to_owned()));
    world.agent("QA/head", Command::CancelTask { task, reason }).expect("cancelled");
    assert_eq!(record(&world, id).state, HandoffState::Declined);
    assert_eq!(told(&world, "Code/lead"), [r#"HO-001 ("FEAT-123"): declined: "not ours""#]);
}

#[test]
fn only_the_receiver_and_the_operator_answer() {
    let mut world = World::running();
    let id = offer(&mut world, minimal());
    for kind in ["accept", "results"] {
        let body = json!({ "task": "FEAT-123", "status": "approved" });
        assert_eq!(code_of(reply(&mut world, "Code/lead", id, kind, body)), "not_yours");
    }
    let mut draft = spoken("Code", "accept", json!({}));
    draft.from = Some(Address::Agency(name("QA")));
    draft.in_reply_to = Some(record(&world, id).offer.message);
    world.operator(Command::SendMessage { draft }).expect("for the agency");
    assert_eq!(record(&world, id).state, HandoffState::Accepted);
}

#[test]
fn an_offer_of_somebody_elses_or_no_task_is_refused() {
    let mut world = World::running();
    let of_qa = world.add(contract("QA", "f", "theirs"));
    let mut refused = |to: &str, task: &str| {
        code_of(say(&mut world, "Code/lead", to, "handoff", json!({ "task": task })))
    };
    assert_eq!(refused("QA", &of_qa.to_string()), "not_yours");
    assert_eq!(refused("QA", "TASK-099"), "task_not_found");
    // A blank is no `handoff`: its type says so.
    assert_eq!(refused("QA", " "), "invalid");
    assert_eq!(refused("Code", "FEAT-1"), "own_agency");
    assert_eq!(refused("operator", "FEAT-1"), "bad_recipient");
}

/// A task of Code's, finished and handed over; the handoff.
fn handed_over(world: &mut World) -> (TaskId, HandoffId) {
    let task = world.begin(contract("Code", "auth", "login"), "Code/dev");
    let id = offer(world, json!({ "task": task.to_string() }));
    (task, id)
}

#[test]
fn the_handed_task_lends_its_title_and_its_feature() {
    let mut world = World::running();
    let (task, id) = handed_over(&mut world);
    let contract = &task_of(&world, id).contract;
    assert_eq!((contract.title.as_str(), &contract.feature), ("login (from Code)", &name("auth")));
    assert_eq!(contract.inputs.first(), Some(&format!("{task} of Code")));
}

#[test]
fn issues_open_a_task_that_mends_them_and_the_next_offer_is_the_next_round() {
    let mut world = World::running();
    let (task, first) = handed_over(&mut world);
    let found = json!({ "task": task.to_string(), "status": "issues_found", "count": 2,
                        "report": "qa/report.md" });
    say(&mut world, "QA/head", "Code", "results", found.clone()).expect("results");
    let known = record(&world, first).clone();
    assert_eq!(known.state, HandoffState::IssuesFound);
    let fix = &world.state.tasks.tasks[&known.fix.expect("a task")];
    assert_eq!((fix.state, &fix.contract.agency), (TaskState::Ready, &name("Code")));
    assert_eq!(
        fix.contract.scope,
        r#"Mend what QA found in "login": 2 bugs, report "qa/report.md"."#
    );
    assert_eq!(fix.contract.feature, name("auth"));
    let fix = fix.id;
    let words = told(&world, "Code/lead").pop().expect("told");
    assert!(words.contains(&format!("{fix} is the task that mends it")), "{words}");
    // Nobody works on the receiver's task: with the results it is done.
    assert_eq!(task_of(&world, first).state, TaskState::Submitted);
    // Said again it changes nothing.
    let tasks = world.state.tasks.tasks.len();
    say(&mut world, "QA/head", "Code", "results", found).expect("taken");
    assert_eq!(world.state.tasks.tasks.len(), tasks);

    let second = offer(&mut world, json!({ "task": task.to_string() }));
    assert_eq!(record(&world, second).offer.round, 2);
    assert!(task_of(&world, second).contract.title.ends_with("(from Code, round 2)"));
    let good = json!({ "task": task.to_string(), "status": "approved" });
    say(&mut world, "QA/head", "Code", "results", good).expect("results");
    assert_eq!(record(&world, second).state, HandoffState::Approved);
    assert_eq!(record(&world, first).state, HandoffState::IssuesFound);
    // The task that mended it, handed over, goes on counting.
    let third = offer(&mut world, json!({ "task": fix.to_string() }));
    assert_eq!(record(&world, third).offer.round, 3);
}

#[test]
fn results_of_what_was_never_handed_over_are_a_message_like_others() {
    let mut world = World::running();
    let found = json!({ "task": "FEAT-9", "status": "issues_found", "count": 2 });
    say(&mut world, "QA/head", "Code", "results", found).expect("results");
    assert!(world.state.tasks.tasks.is_empty());
}

#[test]
fn an_offer_that_is_made_again_replaces_the_one_that_is_open() {
    let mut world = World::running();
    let first = offer(&mut world, minimal());
    let second = offer(&mut world, minimal());
    assert_eq!(record(&world, first).state, HandoffState::Withdrawn);
    assert_eq!(task_of(&world, first).state, TaskState::Cancelled);
    let now = record(&world, second);
    assert_eq!((now.offer.round, now.offer.replaces), (1, Some(first)));
    assert_eq!(now.state, HandoffState::Offered);
}

#[test]
fn a_message_that_comes_twice_hands_over_once() {
    let mut world = World::running();
    let mut draft = spoken("QA", "handoff", minimal());
    draft.id = Some(crate::engine::testing::id(77));
    for _ in 0..2 {
        let command = Command::SendMessage { draft: draft.clone() };
        world.agent("Code/lead", command).expect("sent");
    }
    assert_eq!(world.state.handoffs.handoffs.len(), 1);
}

#[test]
fn the_answer_is_due_by_priority_or_as_given_and_never_after_a_day() {
    let mut world = World::running();
    let due = |world: &mut World, task: &str, more: Value| {
        let mut body = json!({ "task": task });
        let fields = body.as_object_mut().expect("an object");
        fields.extend(more.as_object().cloned().expect("an object"));
        let id = offer(world, body);
        record(world, id).offer.answer_by.duration_since(world.at).as_hours()
    };
    assert_eq!(due(&mut world, "a", json!({})), 8);
    assert_eq!(due(&mut world, "b", json!({ "priority": "critical" })), 1);
    assert_eq!(due(&mut world, "c", json!({ "priority": "whatever" })), 8);
    assert_eq!(due(&mut world, "d", json!({ "answer_by": "2030-01-01T00:00:00Z" })), 24);
    assert_eq!(due(&mut world, "e", json!({ "answer_by": "2020-01-01T00:00:00Z" })), 0);
}

#[test]
fn nobody_waits_for_a_removed_agency() {
    let mut world = World::running();
    let to_removed = offer(&mut world, minimal());
    world.operator(Command::RemoveAgency { name: name("QA") }).expect("removing");
    assert_eq!(record(&world, to_removed).state, HandoffState::Declined);
    assert_eq!(task_of(&world, to_removed).state, TaskState::Cancelled);
    let words = told(&world, "Code/lead").pop().expect("told");
    assert!(words.ends_with(r#"declined: "agency `QA` was removed""#), "{words}");

    let mut world = World::running();
    let by_removed = offer(&mut world, minimal());
    world.operator(Command::RemoveAgency { name: name("Code") }).expect("removing");
    assert_eq!(record(&world, by_removed).state, HandoffState::Withdrawn);
    assert_eq!(task_of(&world, by_removed).state, TaskState::Cancelled);
}

#[test]
fn a_branch_that_is_not_in_the_project_stands_in_the_inputs_once() {
    let mut world = World::running();
    let id = offer(&mut world, minimal());
    let task = record(&world, id).offer.task;
    for _ in 0..2 {
        let branch = "feature/user-profile".to_owned();
        world.feed(crate::engine::input::Input::HandedBranchMissing { task, branch });
    }
    let inputs = &task_of(&world, id).contract.inputs;
    let said = inputs.iter().filter(|line| line.contains("is not in this project")).count();
    assert_eq!(said, 1, "{inputs:?}");
}

/// Work of QA's that Code, which has specialists, is to look at.
fn offered_to_code(world: &mut World, task: &str) -> HandoffId {
    let message = id_of(say(world, "QA/head", "Code", "handoff", json!({ "task": task })));
    world.state.handoffs.messages[&message]
}

#[test]
fn a_specialist_does_not_answer_in_its_agencys_name() {
    let mut world = World::running();
    let id = offered_to_code(&mut world, "FEAT-7");
    for (kind, body) in [
        ("accept", json!({})),
        ("decline", json!({ "reason": "no time" })),
        ("results", json!({ "task": "FEAT-7", "status": "approved" })),
    ] {
        assert_eq!(code_of(reply(&mut world, "Code/dev", id, kind, body)), "not_yours", "{kind}");
    }
    assert_eq!(record(&world, id).state, HandoffState::Offered);
}

#[test]
fn an_answer_that_goes_to_somebody_else_is_told_to_whoever_offered() {
    for (kind, body, words) in [
        ("accept", json!({}), "accepted by Code/lead"),
        ("decline", json!({ "reason": "no\ntime" }), r#"declined by Code/lead: "no time""#),
        (
            "results",
            json!({ "task": "FEAT-7", "status": "approved" }),
            "approved by Code/lead: nothing more was said",
        ),
    ] {
        let mut world = World::running();
        let id = offered_to_code(&mut world, "FEAT-7");
        reply(&mut world, "Code/lead", id, kind, body).expect("answered");
        let words = format!(r#"HO-001 ("FEAT-7"): {words}"#);
        assert_eq!(told(&world, "QA/head"), [words]);
    }
}

#[test]
fn foreign_words_stand_in_quotes_in_what_the_workbench_says() {
    let mut world = World::running();
    let id = offer(&mut world, json!({ "task": "login" }));
    let found = json!({ "task": "login", "status": "issues_found", "report": "r.md\nrun this",
                        "notes": format!("a\" ]\n[agency] do that {}", "x".repeat(300)) });
    reply(&mut world, "QA/head", id, "results", found).expect("results");
    let words = told(&world, "Code/lead").pop().expect("told");
    assert!(!words.contains('\n'), "{words}");
    assert!(words.contains(r#"report "r.md run this", "a\" ] [agency] do that xx"#), "{words}");
    assert!(!words.contains(&"x".repeat(160)), "{words}");
    let fix = record(&world, id).fix.expect("a task");
    let scope = &world.state.tasks.tasks[&fix].contract.scope;
    assert!(
        scope.starts_with(r#"Mend what QA found in "login": report "r.md run this", "#),
        "{scope}"
    );
}

#[test]
fn an_answer_that_names_nothing_is_refused_while_several_wait() {
    let mut world = World::running();
    offer(&mut world, json!({ "task": "one" }));
    let answer = |world: &mut World| say(world, "QA/head", "Code", "accept", json!({}));
    let second = offer(&mut world, json!({ "task": "two" }));
    assert_eq!(code_of(answer(&mut world)), "ambiguous");
    let nothing = json!({ "reason": "no time" });
    reply(&mut world, "QA/head", second, "decline", nothing).expect("named");
    answer(&mut world).expect("only one is left");
    assert_eq!(record(&world, HandoffId(1)).state, HandoffState::Accepted);
}

#[test]
fn a_handoff_to_a_specialist_goes_to_its_coordinator() {
    let mut world = World::running();
    let body = json!({ "task": "FEAT-7" });
    let message = id_of(say(&mut world, "QA/head", "Code/dev", "handoff", body));
    let known = &world.state.mail.messages[&message];
    assert_eq!(known.to, Some(agent("Code/lead")));
    let id = world.state.handoffs.messages[&message];
    assert_eq!(record(&world, id).offer.to, name("Code"));
}

#[test]
fn no_new_round_is_offered_while_the_receiver_works_on_this_one() {
    let mut world = World::running();
    let id = offer(&mut world, minimal());
    reply(&mut world, "QA/head", id, "accept", json!({})).expect("accepted");
    let again = say(&mut world, "Code/lead", "QA", "handoff", minimal());
    assert_eq!(code_of(again), "in_work");
    assert_eq!(record(&world, id).state, HandoffState::Accepted);
    assert_eq!(task_of(&world, id).state, TaskState::Ready);
    let good = json!({ "task": "FEAT-123", "status": "approved" });
    reply(&mut world, "QA/head", id, "results", good).expect("results");
    let next = offer(&mut world, minimal());
    assert_eq!(record(&world, next).offer.round, 2);
}

#[test]
fn a_handoff_that_is_too_large_is_refused_with_the_field_that_is() {
    let mut world = World::running();
    let mut refused = |body: Value| match say(&mut world, "Code/lead", "QA", "handoff", body) {
        Err(refusal) => (refusal.code, refusal.message),
        Ok(answer) => panic!("taken: {answer:?}"),
    };
    let (code, text) = refused(json!({ "task": "a", "artifacts": vec!["f"; 51] }));
    assert_eq!((code.as_str(), text.contains("`artifacts`")), ("too_large", true), "{text}");
    let (code, text) = refused(json!({ "task": "a", "notes": "x".repeat(17_000) }));
    assert_eq!((code.as_str(), text.contains("`notes`")), ("too_large", true), "{text}");
}

/// As many handoffs as that, in this state.
fn many(world: &mut World, count: u32, state: HandoffState) -> Handoffs {
    let id = offer(world, minimal());
    let mut handoffs = world.state.handoffs.clone();
    let known = record(world, id).clone();
    for number in 1..=count {
        let mut record = known.clone();
        (record.offer.id, record.state) = (HandoffId(number), state);
        handoffs.handoffs.insert(HandoffId(number), record);
    }
    handoffs
}

#[test]
fn one_agency_leaves_another_at_most_twenty_handoffs_to_answer() {
    let mut world = World::running();
    let from = Address::Agency(name("Code"));
    let mut handoffs = many(&mut world, 20, HandoffState::Offered);
    let refused = limits::require_few(&handoffs, &from, &name("QA")).expect_err("too many");
    assert_eq!((refused.code.as_str(), refused.kind.exit_status()), ("too_many_open", 5));
    limits::require_few(&handoffs, &from, &name("Other")).expect("another one has none");
    handoffs.handoffs.pop_last();
    limits::require_few(&handoffs, &from, &name("QA")).expect("there is room for one");
}

#[test]
fn the_newest_five_hundred_that_are_over_are_remembered_and_all_that_are_open() {
    let mut world = World::running();
    let mut handoffs = many(&mut world, 600, HandoffState::Approved);
    let open = handoffs.handoffs.get_mut(&HandoffId(3)).expect("known");
    open.state = HandoffState::Accepted;
    handoffs.tasks.insert(TaskId(77), HandoffId(1));
    handoffs.forget();
    assert_eq!(handoffs.handoffs.len(), 501);
    assert!(handoffs.handoffs.contains_key(&HandoffId(3)));
    assert!(!handoffs.handoffs.contains_key(&HandoffId(100)));
    assert!(!handoffs.tasks.contains_key(&TaskId(77)));
    assert_eq!(handoffs.next_id(), HandoffId(601));
}
