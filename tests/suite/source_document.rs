//! What the source documents show works as it stands there: each message is taken, each command runs.
//!
//! The texts are in `tests/fixtures/source/`, as they are in those documents; the examples are read out of them.

mod blocks;
mod running;

use agency::domain::message::MessageType;
use agency::domain::name::{Address, AgentAddress};
use agency::domain::protocol::locking::LockKind;
use agency::domain::protocol::{Protocol, document, shape};
use agency::manifest::message::{Circumstances, parse_body, parse_message};
use serde_json::{Map, Value};

use blocks::Text;

/// Every text with examples in it.
pub const TEXTS: [Text; 6] = [
    blocks::text("agencies.md", include_str!("../fixtures/source/agencies.md")),
    blocks::text("getting-started.md", include_str!("../fixtures/source/getting-started.md")),
    blocks::text("agent-messages.md", include_str!("../fixtures/source/agent-messages.md")),
    blocks::text("resource-locking.md", include_str!("../fixtures/source/resource-locking.md")),
    blocks::text("task-assignment.md", include_str!("../fixtures/source/task-assignment.md")),
    blocks::text("api-contract.md", include_str!("../fixtures/source/api-contract.md")),
];

/// Every JSON object that is shown, with where it stands.
fn shown() -> Vec<(String, String)> {
    let mut shown = Vec::new();
    for text in TEXTS {
        for (number, block) in text.blocks("json").into_iter().enumerate() {
            shown.push((format!("{} json {number}", text.name), block));
        }
        for (number, command) in text.commands().into_iter().enumerate() {
            let quoted = command.split('\'').skip(1).step_by(2).map(str::to_owned);
            let objects = quoted.filter(|argument| argument.starts_with('{'));
            shown.extend(objects.map(|object| (format!("{} bash {number}", text.name), object)));
        }
        for (number, block) in text.blocks("python").into_iter().enumerate() {
            let dicts = blocks::message_dicts(&block);
            shown.extend(
                dicts.into_iter().map(|dict| (format!("{} python {number}", text.name), dict)),
            );
        }
    }
    shown
}

/// The objects that have a type: messages.
fn messages() -> Vec<(String, String, Value)> {
    let read = |(place, text): (String, String)| {
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{place}: {e}"));
        value.get("type").is_some().then_some((place, text, value))
    };
    shown().into_iter().filter_map(read).collect()
}

#[test]
fn every_message_of_the_source_documents_is_taken_as_it_stands() {
    let to = Circumstances { to: Address::parse("QAAgency").ok(), sender: None };
    let mut types = std::collections::BTreeMap::new();
    for (place, text, value) in messages() {
        let draft = parse_body(&text, &to).unwrap_or_else(|error| panic!("{place}: {error}"));
        assert_eq!(Some(draft.kind.as_str()), value["type"].as_str(), "{place}");
        for (key, field) in value.as_object().expect("an object") {
            assert!(
                key == "type" || draft.body.get(key) == Some(field),
                "{place}: `{key}` is lost"
            );
        }
        let read = Protocol::of_kind(draft.kind.as_str(), &draft.body);
        let read = read.unwrap_or_else(|| panic!("{place}: `{}` has no shape", draft.kind));
        read.unwrap_or_else(|error| panic!("{place}: {error}"));
        *types.entry(draft.kind.to_string()).or_insert(0) += 1;
    }
    let expected = [
        ("alert", 1),
        ("blocker", 1),
        ("coordination_request", 1),
        ("handoff", 2),
        ("lock_denied", 1),
        ("lock_granted", 1),
        ("lock_release", 1),
        ("lock_request", 1),
        ("results", 2),
        ("status_update", 1),
        ("task_assignment", 1),
        ("task_complete", 1),
    ];
    let types: Vec<(&str, i32)> =
        types.iter().map(|(kind, count)| (kind.as_str(), *count)).collect();
    assert_eq!(types, expected);
}

#[test]
fn a_known_sender_of_each_message_finds_its_receiver_by_itself() {
    let sender: Option<AgentAddress> = "CodeAgency/dev".parse().ok();
    for (place, text, _) in messages() {
        let circumstances = Circumstances { to: None, sender: sender.clone() };
        let draft = parse_body(&text, &circumstances).unwrap_or_else(|e| panic!("{place}: {e}"));
        let agency = draft.to.agency().map(ToString::to_string);
        assert_eq!(agency.as_deref(), Some("CodeAgency"), "{place}");
    }
}

/// As a program would use it that reads what `agency schema message TYPE` prints.
#[test]
fn every_message_of_the_source_documents_fits_the_printed_schema() {
    for (place, _, value) in messages() {
        let kind = value["type"].as_str().expect("a type");
        let schema = document::message(kind).unwrap_or_else(|| panic!("{place}: no schema"));
        let flat = &schema["oneOf"][1];
        assert_eq!(flat["properties"]["type"]["const"], kind);
        let faults = shape::faults(flat, &value);
        assert!(faults.is_empty(), "{place}: {faults:?}");
        // In an envelope the same fields are the body.
        let mut body = value.clone();
        body.as_object_mut().expect("an object").remove("type");
        let enveloped = &schema["oneOf"][0]["properties"]["body"]["oneOf"][0];
        assert!(shape::faults(enveloped, &body).is_empty(), "{place}");
        let spoilt = serde_json::json!({ "type": kind, "progress": "x", "task": 1, "message": [] });
        let is_found = !shape::faults(flat, &spoilt).is_empty();
        assert!(is_found || ["lock_release", "lock_granted"].contains(&kind), "{place}");
    }
}

#[test]
fn what_is_shown_without_a_type_is_no_message_and_lock_tables_are_read() {
    let (mut others, mut locks) = (0, 0);
    for (place, text) in shown() {
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{place}: {e}"));
        if value.get("type").is_some() {
            continue;
        }
        let problem = parse_message(&text).expect_err(&place);
        assert_eq!(
            (problem.code, problem.field.as_deref()),
            ("missing_field", Some("type")),
            "{place}"
        );
        others += 1;
        let table = value.get("shared_resources").unwrap_or(&value);
        for lock in table.as_object().into_iter().flat_map(Map::values) {
            let Some(kind) = lock.get("lock_type") else { continue };
            let kind: LockKind = serde_json::from_value(kind.clone()).expect(&place);
            let has = |key: &str| lock.get(key).is_some();
            let fits = match kind {
                LockKind::Exclusive | LockKind::None => has("owner"),
                LockKind::Shared => has("holders"),
                LockKind::Intent => has("intenders"),
            };
            assert!(fits, "{place}: {lock}");
            locks += 1;
        }
    }
    assert_eq!((others, locks), (12, 4));
}

#[test]
fn every_text_of_the_source_documents_has_its_type() {
    let mut types = Vec::new();
    for text in TEXTS {
        for command in text.commands().iter().filter(|c| c.contains("send-agency-message.sh")) {
            let words = command.split('"').nth(1).expect("a text in quotes");
            types.push(MessageType::of_text(words).to_string());
        }
    }
    assert_eq!(types, ["status", "task", "question", "task"]);
}
