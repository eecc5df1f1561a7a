//! Stories of a whole request across two agencies, read from a ledger.

use super::*;
use crate::domain::command::{Actor, Command};
use crate::engine::testing::{World, contract, draft, id, id_of, name};
use crate::ports::ledger::fake::FakeLedger;
use crate::ports::ledger::{Durability, LedgerWriter as _};
use crate::service::record::entry_of;
use crate::service::views::StoryEntry;

fn ledger_of(world: &World) -> FakeLedger {
    let mut ledger = FakeLedger::default();
    for (number, (event, at)) in world.past.iter().enumerate() {
        let entry = entry_of(event, &Actor::Supervisor, *at, id(number as u128));
        ledger.append(&[entry], Durability::Process).expect("written");
    }
    ledger
}

fn told(view: &StoryView) -> Vec<String> {
    let line = |entry: &StoryEntry| {
        let indent = "  ".repeat(entry.depth);
        format!("{indent}{} {} [{}]", entry.kind, entry.title, entry.state)
    };
    view.entries.iter().map(line).collect()
}

#[test]
fn a_request_is_told_across_agencies_in_the_order_of_time() {
    let mut world = World::running();
    let goal = Command::SetGoal { agency: name("Code"), text: "Add a login page".to_owned() };
    let goal = id_of(world.operator(goal));
    world.agent("Code/lead", Command::FetchMessages { ids: vec![goal] }).expect("fetched");
    let add = Command::AddTask { contract: contract("Code", "login", "A form") };
    world.agent("Code/lead", add).expect("added");
    world.send("QA/head", "something else");
    let mut question = draft("QA/head", "QUESTION TASK-001: which browsers?");
    question.task = Some("TASK-001".to_owned());
    let question = id_of(world.agent("Code/lead", Command::SendMessage { draft: question }));
    let mut answer = draft("Code/lead", "All of them.");
    answer.in_reply_to = Some(question);
    id_of(world.agent("QA/head", Command::SendMessage { draft: answer }));
    let ledger = ledger_of(&world);
    let expected = [
        "message goal: Add a login page [delivered]",
        "  task A form [ready]",
        "    message question: QUESTION TASK-001: which browsers? [routed]",
        "      message note: All of them. [routed]",
    ];
    let view = story(&ledger, "TASK-001").expect("a story");
    assert_eq!(told(&view), expected);
    for other in [goal.to_string(), view.trace.clone(), question.simple().to_string()] {
        assert_eq!(story(&ledger, &other).expect("the same"), view, "{other}");
    }
    let traceparent = view.entries[3].traceparent.clone().expect("a trace");
    assert_eq!(story(&ledger, &traceparent).expect("the same"), view);
    assert_eq!(view.entries[2].parent.as_deref(), Some("TASK-001"));
}

#[test]
fn what_nothing_is_known_of_is_not_found() {
    let ledger = ledger_of(&World::running());
    for unknown in ["TASK-007", "0195f000-0000-7000-8000-000000000001", &"a".repeat(32)] {
        assert_eq!(story(&ledger, unknown).expect_err("none").code, "trace_not_found");
    }
    assert_eq!(story(&ledger, "yesterday").expect_err("none").code, "bad_trace");
}
