//! What must be true of any bytes that somebody drops at the door or hands to `agency send`.
//!
//! The fuzz targets and the ordinary suite run the same functions: the suite over the seeds and over what a fixed
//! generator makes, so that a gate without a nightly compiler holds them too. A broken promise is a panic.

#![allow(dead_code, reason = "each fuzz target uses one of them")]

use agency::domain::message::{Draft, Message, MessageType};
use agency::domain::name::{Address, AgentAddress};
use agency::domain::runtime::InputLine;
use agency::engine::wording;
use agency::manifest::message::{
    Circumstances, MAX_DEPTH, MessageProblem, draft_of_text, parse_body, parse_input,
    parse_message, render,
};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

/// Longest refusal: it is shown in one line, whatever was sent.
const MAX_REFUSAL: usize = 1_000;

/// Codes of a refusal that names no field, because there is none to name.
const WHOLE: [&str; 3] = ["not_json", "not_an_object", "too_deep"];

/// What lies at the door.
pub fn envelope(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match parse_message(text) {
        Err(problem) => refused(&problem),
        Ok((draft, _, signed)) => {
            assert!(signed.get("auth").is_none(), "a signature cannot cover itself");
            taken(draft);
        }
    }
}

/// A message of a known sender, whose parties may be named by their ids.
pub fn flat(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let sender: Option<AgentAddress> = "Code/dev-1".parse().ok();
    let wide = Circumstances { to: None, sender };
    let narrow = Circumstances { to: Address::parse("QA/tester").ok(), sender: None };
    for circumstances in [wide, narrow] {
        match parse_body(text, &circumstances) {
            Err(problem) => refused(&problem),
            Ok(draft) => {
                assert!(circumstances.to.as_ref().is_none_or(|to| *to == draft.to), "misdirected");
                taken(draft);
            }
        }
    }
}

/// What a person gives `agency send`.
pub fn text(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let to = Address::Operator;
    let is_object = text.trim_start().starts_with('{');
    match parse_input(text, &to, None) {
        Err(problem) => refused(&problem),
        Ok(draft) => {
            if !is_object {
                assert_eq!(draft.body, Value::String(text.to_owned()), "a text is kept as it is");
            }
            taken(draft);
        }
    }
    if !text.trim().is_empty() {
        let draft = draft_of_text(to, text);
        let known = ["status", "task", "question", "complete", "blocked", "note"];
        assert!(known.contains(&draft.kind.as_str()), "a text made up the type {}", draft.kind);
        taken(draft);
    }
}

fn refused(problem: &MessageProblem) {
    assert!(!problem.message.is_empty(), "refused without a word");
    assert!(problem.message.len() <= MAX_REFUSAL, "{} bytes of refusal", problem.message.len());
    assert!(
        problem.field.is_some() || WHOLE.contains(&problem.code),
        "`{}` names no field",
        problem.code
    );
}

/// What is taken is written and read again as the same message, is not deep, and is typed as data.
fn taken(draft: Draft) {
    assert!(MessageType::parse(draft.kind.as_str()).is_ok(), "no type: {}", draft.kind);
    let from = draft.from.clone().unwrap_or(Address::Operator);
    let message = draft.settle(Uuid::from_u128(7), from, Timestamp::UNIX_EPOCH, false);
    assert!(depth(&message.body) <= MAX_DEPTH, "too deep");
    let written = render(&message);
    let (draft, auth, _) = parse_message(&written).expect("what was taken is read again");
    assert_eq!(auth, None, "a mailbox holds no signature");
    let from = draft.from.clone().expect("its sender");
    let again = draft.settle(Uuid::nil(), from, Timestamp::MAX, message.verified);
    assert_eq!(again, message, "written and read again");
    typed(&message);
}

/// Whatever a message says: what is typed for it begins with our mark, and each line of the body is marked as one.
fn typed(message: &Message) {
    for multiline in [true, false] {
        let line = InputLine { multiline, ..InputLine::default() };
        let text = wording::text_for(&line, message);
        let steers = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        assert!(!text.contains(steers), "it steers a terminal: {text:?}");
        let mut lines = text.lines();
        let header = lines.next().unwrap_or_default();
        assert!(header.starts_with(wording::MARK), "no header: {text:?}");
        assert!(header.contains("(unverified sender)"), "not marked: {text:?}");
        assert!(multiline || lines.clone().next().is_none(), "more than a line: {text:?}");
        assert!(lines.all(|line| line.starts_with("| ")), "not marked: {text:?}");
    }
    assert!(!wording::short_for(message).contains('\n'), "more than a line");
}

fn depth(value: &Value) -> usize {
    let below = |values: &mut dyn Iterator<Item = &Value>| values.map(depth).max().unwrap_or(0);
    match value {
        Value::Array(items) => 1 + below(&mut items.iter()),
        Value::Object(fields) => 1 + below(&mut fields.values()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}
