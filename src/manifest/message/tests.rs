//! Messages as they stand in the documents people copy from, and messages that are wrong.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::message::Place;
use crate::domain::refusal::Refusal;

fn code(text: &str) -> (&'static str, Option<String>) {
    let problem = parse_message(text).expect_err("it was taken");
    (problem.code, problem.field)
}

#[test]
fn a_flat_message_names_its_parties_within_the_senders_agency() {
    let text = r#"{"type": "coordination_request", "from_agent": "dev-1", "to_agent": "dev-2", "x": 1,
        "regarding": "types", "request": "may I?",
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
    assert_eq!(problem.to_string(), "line 2, column 9: not JSON: expected value");
    let text = r#"{"type": "note", "to": "Code", "body": "x", "priority": "hihg"}"#;
    let problem = parse_message(text).expect_err("broken");
    let said = "line 1, column 57: `priority` cannot be `hihg`; did you mean `high`?";
    assert_eq!(problem.to_string(), said);
    let problem =
        parse_message(r#"{"type": "STATUS", "to": "Code", "body": "x"}"#).expect_err("broken");
    assert!(problem.message.ends_with("did you mean `status`?"), "{problem}");
}

#[test]
fn a_body_that_is_not_of_its_type_names_field_line_and_column() {
    let enveloped = "{\"type\": \"task_complete\", \"to\": \"Code\", \"body\": {\n  \
        \"test_results\": {\n    \"passed\": \"24\"},\n  \"ready_for_merge\": \"yes\"}}";
    let problem = parse_message(enveloped).expect_err("broken");
    assert_eq!(problem.code, "missing_field");
    assert_eq!(problem.field.as_deref(), Some("test_results.failed"));
    assert_eq!(problem.place, Some(Place { line: 2, column: 19 }));
    assert_eq!(
        problem.to_string(),
        "line 2, column 19: `test_results.failed` is missing; write a whole number from 0 to 4294967295; \
         line 3, column 15: `test_results.passed` must be a whole number from 0 to 4294967295, not the text \
         `24`; line 4, column 22: `ready_for_merge` must be `true` or `false`, not the text `yes`"
    );
    let refusal = Refusal::from(problem);
    assert_eq!(
        refusal.hint.as_deref(),
        Some("see what it takes: agency schema message task_complete")
    );
    let flat = "\u{feff}{\"type\": \"results\", \"to\": \"Code\",\n \"task\": \"Ä\", \"status\": \"aproved\"}";
    let problem = parse_message(flat).expect_err("broken");
    assert_eq!(
        problem.to_string(),
        "line 2, column 25: `status` cannot be `aproved`; did you mean `approved`?"
    );
    assert_eq!(
        code(r#"{"type": "blocker", "to": "Code", "severity": "high"}"#),
        ("missing_field", Some("blocker_description".to_owned()))
    );
    let words = r#"{"type": "blocker", "to": "Code", "body": "no schema"}"#;
    assert!(parse_message(words).is_ok(), "words are taken for any type");
}

#[test]
fn a_message_for_a_newer_version_is_refused_and_an_older_one_is_taken() {
    let at = |version: &str, rest: &str| {
        parse_message(&format!(
            "{{\"type\": \"alert\", \"to\": \"Code\", {rest}, \"version\": {version}}}"
        ))
    };
    let body = r#""body": "x""#;
    let flat = r#""message": "x""#;
    for (version, rest) in [
        ("1", body),
        ("\"1.7\"", body),
        ("0", body),
        ("null", body),
        ("1", flat),
        ("\"2.0\"", flat),
    ] {
        let (draft, _, _) = at(version, rest).unwrap_or_else(|error| panic!("{version}: {error}"));
        assert_eq!(draft.extra.contains_key("version"), rest == body);
    }
    for (version, rest) in [("2", body), ("\"2.0\"", body), ("2", flat)] {
        let problem = at(version, rest).expect_err(version);
        assert_eq!(
            (problem.code, problem.field.as_deref()),
            ("unsupported_version", Some("version"))
        );
        assert!(problem.message.contains("newer than this program, which knows 1"), "{problem}");
    }
    for version in ["\"one\"", "[1]", "-1", "true"] {
        assert_eq!(at(version, body).expect_err(version).code, "invalid", "{version}");
    }
    let other = r#"{"type": "release", "to": "Code", "version": 3}"#;
    assert_eq!(code(other), ("missing_field", Some("body".to_owned())));
    let other = r#"{"type": "release", "to": "Code", "version": 3, "name": "x"}"#;
    assert!(parse_message(other).is_ok(), "a type without a fixed shape has its own fields");
}

#[test]
fn a_trace_is_taken_as_the_standard_writes_it_or_refused() {
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let at = |trace: &str| {
        format!("{{\"type\": \"note\", \"to\": \"Code\", \"body\": \"x\", \"trace\": \"{trace}\"}}")
    };
    let (draft, _, _) = parse_message(&at(trace)).expect("accepted");
    assert_eq!(draft.trace.as_deref(), Some(trace));
    assert_eq!(code(&at("abc")), ("invalid", Some("trace".to_owned())));
    let flat = r#"{"type": "blocker", "to": "Code", "blocker_description": "x", "trace": "Traceback (most …"}"#;
    let (draft, _, _) = parse_message(flat).expect("a field of its own");
    assert_eq!((draft.trace, draft.body["trace"].as_str()), (None, Some("Traceback (most …")));
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

/// Messages that are taken; each is spoilt in every way that is known.
const SOUND: [&str; 4] = [
    r#"{"type": "handoff", "to": "QA", "task": "Ä", "artifacts": ["a", "b"], "answer_by": "2025-11-20T14:30:00Z"}"#,
    r#"{"type": "task_complete", "to": "QA", "body": {"test_results": {"passed": 24, "failed": 0, "coverage": 95.5}}}"#,
    r#"{"type": "lock_denied", "to": "QA", "resource": "x", "current_lock": {"owner": "a", "lock_type": "shared"}}"#,
    "{\n \"type\": \"note\",\n \"to\": \"Code\",\n \"body\": \"x\",\n \"version\": 1\n}",
];

/// What is put into them.
const MUTATIONS: &[&str] = &[
    "",
    "\0",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\u{2028}",
    "NaN",
    "-",
    "1e999",
    "99999999999999999999999",
    "null",
    "[",
    "{",
    "]",
    "}",
    "\"",
    "\\",
    ",",
    ":",
    "\"type\": 1,",
    "\"to\": \"QA\",",
    "{\"a\":[",
    "é",
    "\n\n",
    "\r",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
];

#[test]
fn what_is_spoilt_here_is_sound() {
    for text in SOUND {
        parse_message(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
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
            trace: trace.map(|_| Trace::mint(uuid::Uuid::from_u128(id)).to_string()),
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
    fn no_change_of_a_message_makes_it_panic(
        which in 0..SOUND.len(), at in any::<prop::sample::Index>(), with in prop::sample::select(MUTATIONS)
    ) {
        let text = SOUND[which];
        let mut at = at.index(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let (before, after) = text.split_at(at);
        let mut shortened = after.chars();
        shortened.next();
        for text in [format!("{before}{with}{after}"), format!("{before}{with}{}", shortened.as_str())] {
            if let Err(problem) = parse_message(&text) {
                prop_assert!(!problem.message.is_empty() && !problem.message.contains('\0'));
                let lines = text.lines().count().max(1);
                prop_assert!(problem.place.is_none_or(|place| place.line <= lines + 1 && place.column > 0));
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), json in "[\\[\\]{}\",:a-z0-9 ]{0,80}") {
        for text in [text, json] {
            let _ = parse_message(&text);
            let _ = parse_input(&text, &Address::Operator, None);
        }
    }
}
