//! Who is believed at the door: signatures, replays, forged senders, lives that have ended.

use jiff::SignedDuration;
use serde_json::json;

use super::*;
use crate::domain::authentication::mac;
use crate::domain::command::Command;
use crate::engine::testing::{agent, name};
use crate::ports::clock::Clock as _;
use crate::ports::keyring::Keyring as _;
use crate::ports::keyring::fake::FakeKeyring;
use crate::service::testing::{Fakes, Running, until};

/// A key and its token.
type Key = (String, String);

fn operator() -> Key {
    ("operator".to_owned(), FakeKeyring.operator_token().expect("a token"))
}

fn key_of_life(who: &str, spawn: SpawnId) -> Key {
    let token = FakeKeyring.agent_token(&agent(who), spawn).expect("a token");
    (format!("{who}#{spawn}"), token)
}

/// `Code` runs; gives the key of one of its agents.
fn start(running: &Running, who: &'static str) -> Key {
    running.operator(Command::StartAgencies { names: vec![name("Code")] }).expect("started");
    running.until("a life", move |state| {
        state.sessions.agent(&agent(who)).is_some_and(|record| record.spawn.is_some())
    });
    let spawn = running.read(move |state| state.sessions.agent(&agent(who))?.spawn);
    key_of_life(who, spawn.expect("a life"))
}

/// A message to `Code/dev`, signed after it was changed.
fn signed(fakes: &Fakes, key: &Key, change: impl FnOnce(&mut Value)) -> Value {
    let mut message = json!({
        "type": "note", "to": "Code/dev", "body": "hello", "sent_at": fakes.clock.now().to_string(),
    });
    change(&mut message);
    message["auth"] = json!({ "key": key.0, "mac": mac(&key.1, &message) });
    message
}

fn put(fakes: &Fakes, file: &str, message: &Value) {
    let bytes = message.to_string().into_bytes();
    fakes.mailboxes.drop_file(file, DoorContent::Bytes(bytes));
}

/// Whether a file was taken; else the code and the field with which it died.
fn outcome(fakes: &Fakes, running: &Running, file: &str) -> Result<(), (String, Option<String>)> {
    running.handle.wake(crate::service::supervisor::Wake::Door);
    let name = file.to_owned();
    until("the file to be judged", || !fakes.mailboxes.content().door.contains_key(&name));
    let content = fakes.mailboxes.content();
    let dead = content.door_dead.iter().rev().find(|(dead, _)| dead == file);
    dead.map_or(Ok(()), |(_, reason)| Err((reason.code.clone(), reason.field.clone())))
}

fn accepted(fakes: &Fakes) -> usize {
    fakes.ledger.kinds().iter().filter(|kind| *kind == "message_accepted").count()
}

fn dead(code: &str, field: &str) -> Result<(), (String, Option<String>)> {
    Err((code.to_owned(), Some(field.to_owned())))
}

#[test]
fn nobody_signs_for_somebody_else() {
    let fakes = Fakes::empty();
    let running = fakes.run();
    let dev = start(&running, "Code/dev");
    let lead = start(&running, "Code/lead");
    let forged = || dead("forged_sender", "from");
    let cases = [
        (&dev, None, Ok(())),
        (&dev, Some("Code/dev"), Ok(())),
        (&dev, Some("Code/lead"), forged()),
        (&dev, Some("Code"), forged()),
        (&dev, Some("operator"), forged()),
        (&dev, Some("workbench"), forged()),
        (&lead, Some("Code"), Ok(())),
        (&lead, Some("QA"), forged()),
        (&operator(), Some("Code/lead"), Ok(())),
        (&operator(), Some("workbench"), forged()),
        (&operator(), Some("*"), forged()),
    ];
    for (number, (key, from, wanted)) in cases.into_iter().enumerate() {
        let message = signed(&fakes, key, |message| {
            message["from"] = json!(from);
            message["body"] = json!(format!("number {number}"));
        });
        let file = format!("{number}.json");
        put(&fakes, &file, &message);
        assert_eq!(outcome(&fakes, &running, &file), wanted, "{} as {from:?}", key.0);
    }
    running.end();
}

#[test]
fn a_broken_signature_or_an_unknown_key_is_refused() {
    let fakes = Fakes::empty();
    let running = fakes.run();
    let mut changed = signed(&fakes, &operator(), |_| {});
    changed["body"] = json!("something else");
    let mut short = signed(&fakes, &operator(), |_| {});
    short["auth"]["mac"] = json!("00");
    let never_lived = key_of_life("Code/dev", uuid::Uuid::from_u128(99));
    let strange = ("x\u{1b}[2J".repeat(500), "token".to_owned());
    let all = [
        changed,
        short,
        signed(&fakes, &never_lived, |_| {}),
        signed(&fakes, &strange, |_| {}),
        json!({ "type": "note", "from": "operator", "to": "Code/dev", "body": "x" }),
        json!({ "type": "note", "to": "Code/dev", "body": "x" }),
    ];
    for (number, message) in all.into_iter().enumerate() {
        let file = format!("{number}.json");
        put(&fakes, &file, &message);
        assert_eq!(outcome(&fakes, &running, &file), dead("unauthenticated", "auth"), "{number}");
    }
    assert!(fakes.mailboxes.content().door_dead.iter().all(|(_, r)| r.message.len() < 200));
    running.end();
}

#[test]
fn a_signed_message_is_good_for_a_day_and_not_for_tomorrow() {
    let fakes = Fakes::empty();
    let running = fakes.run();
    let at = |hours: i64, minutes: i64| {
        let moved = SignedDuration::from_hours(hours) + SignedDuration::from_mins(minutes);
        json!((fakes.clock.now() + moved).to_string())
    };
    let cases = [
        (at(-23, 0), Ok(())),
        (at(-24, -1), dead("stale", "sent_at")),
        (at(0, 4), Ok(())),
        (at(0, 6), dead("from_the_future", "sent_at")),
        (json!(null), dead("missing_field", "sent_at")),
    ];
    for (number, (sent_at, wanted)) in cases.into_iter().enumerate() {
        let message = signed(&fakes, &operator(), |message| message["sent_at"] = sent_at.clone());
        let file = format!("{number}.json");
        put(&fakes, &file, &message);
        assert_eq!(outcome(&fakes, &running, &file), wanted, "{sent_at}");
    }
    running.end();
}

#[test]
fn a_copy_of_a_signed_message_is_the_same_message_after_a_restart_too() {
    let fakes = Fakes::empty();
    let running = fakes.run();
    let message = signed(&fakes, &operator(), |_| {});
    let mut shouted = message.clone();
    let code = shouted["auth"]["mac"].as_str().expect("a code").to_ascii_uppercase();
    shouted["auth"]["mac"] = json!(code);
    for (file, message) in [("a.json", &message), ("a.json", &message), ("b.json", &shouted)] {
        put(&fakes, file, message);
        assert_eq!(outcome(&fakes, &running, file), Ok(()));
    }
    running.end();
    let running = fakes.run();
    put(&fakes, "c.json", &message);
    assert_eq!(outcome(&fakes, &running, "c.json"), Ok(()));
    assert_eq!(accepted(&fakes), 1);
    let other = signed(&fakes, &operator(), |message| message["body"] = json!("another"));
    put(&fakes, "d.json", &other);
    assert_eq!(outcome(&fakes, &running, "d.json"), Ok(()));
    assert_eq!(accepted(&fakes), 2);
    running.end();
}

#[test]
fn who_is_let_in_without_a_signature() {
    let admits =
        |entry: &str, from: &str| super::admits(entry, &Address::parse(from).expect("an address"));
    assert!(admits("CI", "CI") && admits("CI", "CI/runner"));
    assert!(admits("Code/dev", "Code/dev") && !admits("Code/dev", "Code/dev-2"));
    assert!(admits("ci-*", "ci-nightly") && admits("Code/t*", "Code/tester"));
    assert!(!admits("ci-*", "ci") && !admits("*", "ci") && !admits("CI", "CIA"));
    for never in ["operator", "workbench"] {
        assert!(!admits(never, never) && !admits("*", never) && !admits("o*", never));
        assert!(!admits("w*", never));
    }
}

#[test]
fn a_text_that_ends_in_the_middle_is_still_being_written() {
    for half in [&b""[..], b"{", b"{\"type\": \"no", b"{\"a\": 1", b"{\"\xc3"] {
        assert!(is_cut_short(half), "{half:?}");
    }
    for other in [&b"{}"[..], b"[1}", b"{\"\xff\": 1}", b"{} x", b"nonsense"] {
        assert!(!is_cut_short(other), "{other:?}");
    }
}
