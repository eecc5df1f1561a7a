//! Messages as they stand in the documents people copy from, and messages that are wrong.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Every JSON message of the operating model's documents, as it stands there.
const EXAMPLES: &str = include_str!("examples.jsonl");

fn to(text: &str) -> Circumstances {
    Circumstances { to: Some(Address::parse(text).expect("an address")), sender: None }
}

fn code(text: &str) -> (&'static str, Option<String>) {
    let problem = parse_message(text).expect_err("it was taken");
    (problem.code, problem.field)
}

#[test]
fn every_example_is_accepted_as_it_stands() {
    let mut seen = 0;
    for line in EXAMPLES.lines() {
        let value: Value = serde_json::from_str(line).expect("JSON");
        let draft = parse_body(line, &to("QAAgency")).unwrap_or_else(|e| panic!("{line}: {e}"));
        assert_eq!(draft.to.to_string(), "QAAgency");
        assert_eq!(Some(draft.kind.as_str()), value["type"].as_str());
        for (key, field) in value.as_object().expect("an object") {
            assert!(key == "type" || draft.body.get(key) == Some(field), "{key} of {line} is lost");
        }
        seen += 1;
    }
    assert_eq!(seen, 14);
}

#[test]
fn every_example_of_a_known_sender_finds_a_receiver_by_itself() {
    let sender = "CodeAgency/dev".parse().ok();
    for line in EXAMPLES.lines() {
        let circumstances = Circumstances { to: None, sender: sender.clone() };
        let draft = parse_body(line, &circumstances).expect("accepted");
        assert_eq!(draft.to.agency().map(Name::as_str), Some("CodeAgency"), "{line}");
    }
}

#[test]
fn a_flat_message_names_its_parties_within_the_senders_agency() {
    let text = r#"{"type": "coordination_request", "from_agent": "dev-1", "to_agent": "dev-2", "x": 1,
        "timestamp": "2025-11-20T15:00:00Z", "task_id": "TASK-003", "priority": "medium",
        "expires_at": "2000-01-01T00:00:00Z", "auth": {"key": "Code/dev-1", "mac": "00"}}"#;
    let (draft, auth, rest) = parse_message(text).expect("accepted");
    assert_eq!(draft.from.map(|a| a.to_string()).as_deref(), Some("Code/dev-1"));
    assert_eq!(draft.to.to_string(), "Code/dev-2");
    assert_eq!(draft.task.as_deref(), Some("TASK-003"));
    assert_eq!((draft.priority, draft.expires_at), (Priority::Normal, None));
    assert_eq!(draft.sent_at.map(|at| at.to_string()).as_deref(), Some("2025-11-20T15:00:00Z"));
    assert_eq!(auth, Some(Auth { key: "Code/dev-1".to_owned(), mac: "00".to_owned() }));
    assert!(rest.get("auth").is_none() && rest.get("x") == Some(&json!(1)));
}

#[test]
fn a_flat_message_without_receiver_goes_to_the_senders_coordinator() {
    let text = r#"{"type": "status_update", "agent_id": "Code/dev", "progress": 65}"#;
    let (draft, _, _) = parse_message(text).expect("accepted");
    assert_eq!(draft.to.to_string(), "Code");
    let bare = r#"{"type": "status_update", "agent_id": "dev", "progress": 65}"#;
    assert_eq!(code(bare), ("missing_field", Some("to".to_owned())));
}

#[test]
fn unknown_fields_of_an_envelope_are_kept() {
    let text = r#"{"type": "note", "to": "Code", "body": "hi", "mood": [1], "verified": true}"#;
    let (draft, _, _) = parse_message(text).expect("accepted");
    assert_eq!(draft.extra, BTreeMap::from([("mood".to_owned(), json!([1]))]));
}

#[test]
fn a_wrong_message_says_which_field_and_why() {
    let field = |name: &str| Some(name.to_owned());
    assert_eq!(code("[1]"), ("not_an_object", None));
    assert_eq!(code("{\"body\": \"x\"}"), ("missing_field", field("type")));
    assert_eq!(code(r#"{"type": "note", "to": "Code"}"#), ("missing_field", field("body")));
    assert_eq!(
        code(r#"{"type": "note", "to": "Code", "body": " "}"#),
        ("missing_field", field("body"))
    );
    assert_eq!(code(r#"{"type": "note", "body": "x"}"#), ("missing_field", field("to")));
    assert_eq!(code(r#"{"type": "note", "to": "../x", "body": "x"}"#), ("invalid", field("to")));
    assert_eq!(code(r#"{"type": "note", "to": "Code", "body": 4}"#), ("invalid", field("body")));
    assert_eq!(
        code(r#"{"type": "note", "to": "Code", "body": "x", "id": "7"}"#),
        ("invalid", field("id"))
    );
    assert_eq!(
        code(r#"{"type": "note", "to": "Code", "body": "x", "sent_at": 7}"#),
        ("invalid", field("sent_at"))
    );
    assert_eq!(
        code(r#"{"type": "note", "to": "Code", "body": "x", "auth": 7}"#),
        ("invalid", field("auth"))
    );
    let problem = parse_message("{\n\"type\": status}").expect_err("broken");
    assert_eq!(problem.message, "not JSON at line 2, column 9: expected value");
    let text = r#"{"type": "note", "to": "Code", "body": "x", "priority": "hihg"}"#;
    let problem = parse_message(text).expect_err("broken");
    assert_eq!(problem.message, "`priority` cannot be `hihg`; did you mean `high`?");
    let problem =
        parse_message(r#"{"type": "STATUS", "to": "Code", "body": "x"}"#).expect_err("broken");
    assert!(problem.message.ends_with("did you mean `status`?"), "{problem}");
}

#[test]
fn a_text_gets_its_type_and_task_from_its_leading_word() {
    let at = |text: &str| {
        let draft = draft_of_text(Address::Operator, text);
        (draft.kind.to_string(), draft.task)
    };
    assert_eq!(at("TASK-042: Implement OAuth2"), ("task".to_owned(), Some("TASK-042".to_owned())));
    assert_eq!(at("STATUS python-agent: 60%"), ("status".to_owned(), None));
    assert_eq!(
        at("BLOCKED TASK-042: no schema"),
        ("blocked".to_owned(), Some("TASK-042".to_owned()))
    );
    assert_eq!(at("see TASK-042"), ("note".to_owned(), None));
    assert_eq!(at("TASK-force is here"), ("note".to_owned(), None));
    let to = Address::parse("Code").expect("an address");
    assert_eq!(
        parse_input(" {\"type\": \"x\", \"a\": 1}", &to, None).expect("flat").kind.as_str(),
        "x"
    );
    assert_eq!(parse_input("hello", &to, None).expect("text").kind.as_str(), "note");
    assert_eq!(parse_input(" \n", &to, None).expect_err("empty").code, "missing_field");
}

#[test]
fn what_a_signature_covers_is_the_message_without_it() {
    let read = |text: &str| parse_message(text).expect("accepted").2;
    let one = read(r#"{"type": "note", "to": "Code", "body": {"b": 1, "a": 2}}"#);
    let two = read(r#"{"body":{"a":2,"b":1},"to":"Code","auth":null,"type":"note"}"#);
    assert_eq!(one, two);
}

fn any_message() -> impl Strategy<Value = Message> {
    let body = prop_oneof![
        "[a-z]\\PC{0,40}".prop_map(Value::from),
        prop::collection::btree_map(any::<String>(), any::<i64>(), 0..4)
            .prop_map(|map| map.into_iter().map(|(k, v)| (k, json!(v))).collect()),
    ];
    let optional = prop::option::of("\\PC{0,20}");
    let extra =
        prop::collection::btree_map("x_[a-z]{1,8}", any::<i64>().prop_map(Value::from), 0..3);
    let word = "[a-z][a-z0-9_-]{0,20}";
    let times = (0_i64..4_000_000_000, prop::option::of(0_i64..4_000_000_000));
    (any::<u128>(), word, body, optional.clone(), optional, extra, times, any::<bool>()).prop_map(
        |(id, word, body, task, trace, extra, (sent, expires), verified)| Message {
            id: uuid::Uuid::from_u128(id),
            kind: MessageType::parse(&word).expect("a type"),
            from: Address::parse("Code/dev").expect("an address"),
            to: Address::parse("QA").expect("an address"),
            body,
            priority: if verified { Priority::Critical } else { Priority::Low },
            task,
            in_reply_to: verified.then(|| uuid::Uuid::from_u128(!id)),
            sent_at: Timestamp::from_second(sent).expect("a time"),
            expires_at: expires.map(|at| Timestamp::from_second(at).expect("a time")),
            trace,
            verified,
            extra,
        },
    )
}

proptest! {
    #[test]
    fn a_written_message_reads_the_same(message in any_message()) {
        let (draft, auth, _) = parse_message(&render(&message)).expect("own text");
        prop_assert_eq!(auth, None);
        let read = Message {
            id: draft.id.expect("kept"),
            kind: draft.kind,
            from: draft.from.expect("kept"),
            to: draft.to,
            body: draft.body,
            priority: draft.priority,
            task: draft.task,
            in_reply_to: draft.in_reply_to,
            sent_at: draft.sent_at.expect("kept"),
            expires_at: draft.expires_at,
            trace: draft.trace,
            verified: message.verified,
            extra: draft.extra,
        };
        prop_assert_eq!(read, message);
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), json in "[\\[\\]{}\",:a-z0-9 ]{0,80}") {
        for text in [text, json] {
            let _ = parse_message(&text);
            let _ = parse_input(&text, &Address::Operator, None);
        }
    }
}
