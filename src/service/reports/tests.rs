//! What is sent of a report, what is read out of it, and what is taken in later.

use std::os::unix::net::UnixListener;
use std::time::Duration;

use serde_json::json;

use super::send::{Sender, Sent, send};
use super::*;
use crate::domain::agency::AgentState;
use crate::domain::command::Command;
use crate::domain::id::SpawnId;
use crate::engine::testing::{agent, name};
use crate::ports::keyring::Keyring as _;
use crate::ports::keyring::fake::FakeKeyring;
use crate::service::testing::Fakes;
use crate::service::wire::{Ask, Body, Request};

#[test]
fn a_report_is_pruned_and_never_more_than_its_measure() {
    let text = "ü".repeat(20_000);
    let report = json!({ "prompt": text, "a": { "b": { "c": { "d": { "e": 1 } } } }, "n": 1 });
    let pruned: Value =
        serde_json::from_str(&prune(report.to_string().as_bytes(), Measure::SENT)).expect("JSON");
    assert_eq!(pruned["prompt"].as_str().map(str::len), Some(8 * 1024));
    assert_eq!(pruned["a"]["b"]["c"], json!({ "d": null }));
    assert_eq!(pruned["n"], 1);
    let many: Vec<String> = (0..100).map(|_| text.clone()).collect();
    let pruned =
        prune(json!({ "many": many, "state": "idle" }).to_string().as_bytes(), Measure::SENT);
    assert!(pruned.len() <= Measure::SENT.whole && pruned.contains("idle"));
    let endless: Vec<u32> = (0..100_000).collect();
    assert_eq!(prune(json!(endless).to_string().as_bytes(), Measure::SENT), "null");
    for bad in [&b""[..], b"not json", b"{\"a\":", b"\xff"] {
        assert_eq!(prune(bad, Measure::SENT), "null");
    }
}

const CHAT: &str = "title = \"Chat\"\ncommand = [\"chat\"]\n[report]\nconversation = \"id\"\n[[report.event]]\nname = \"Stop\"\nstate = \"idle\"\n";

#[test]
fn a_report_is_read_with_the_rules_of_its_agents_runtime() {
    let fakes = Fakes::empty();
    fakes.folder.put("templates/runtimes/chat.toml", CHAT);
    let programs = Programs::load(&fakes.folder).expect("loaded");
    let mut state = State::default();
    let mut definition = crate::engine::testing::definition("Code", &["lead", "dev"]);
    definition.agents[1].runtime = name("chat");
    let event = crate::engine::event::Event::AgencyDefined { definition: Box::new(definition) };
    state.apply(&event, "2026-01-02T03:04:05Z".parse().expect("a time"));
    let now: Zoned = "2026-01-02T03:04:05+00:00[UTC]".parse().expect("a time");
    let read =
        |who: &str, payload: &str| told(&programs, &state, &agent(who), "Stop", payload, &now);
    let stop = read("Code/dev", "{\"id\":\"c-1\"}");
    assert_eq!((stop.state, stop.conversation.as_deref()), (Some(AgentState::Idle), Some("c-1")));
    assert_eq!(read("Code/dev", "no json").state, Some(AgentState::Idle));
    assert_eq!(read("Code/lead", "{}").state, None, "a shell has no such rule");
    assert_eq!(read("Nobody/here", "{}").rule, "Stop");
}

fn sender(spawn: SpawnId) -> Sender {
    let address = agent("Code/dev");
    let token = FakeKeyring.agent_token(&address, spawn).expect("a token");
    Sender { home: crate::ports::folder::fake::FakeFolder::HOME.into(), address, spawn, token }
}

#[test]
fn a_hook_is_not_kept_waiting_by_a_supervisor_that_is_away_or_hangs() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("s.sock");
    assert_eq!(send(&socket, "x", Duration::from_secs(5)), Sent::Unanswered);
    let _hangs = UnixListener::bind(&socket).expect("bound");
    assert_eq!(send(&socket, "x", Duration::from_millis(20)), Sent::Unanswered);
}

#[test]
fn what_was_kept_is_taken_in_once_if_it_may_be_believed() {
    let fakes = Fakes::empty();
    let (supervisor, handle, wakes) = fakes.open();
    let outside = fakes.outside();
    let spawn = uuid::Uuid::from_u128(9);
    let dev = agent("Code/dev");
    outside.lives.prepare(&dev, spawn, &[]).expect("made");
    supervisor.gate().update_lives([(dev, spawn)].into());
    let now = outside.clock.now();
    let line = |sender: &Sender, age_s: i64, event: &str| {
        let at = now - jiff::SignedDuration::from_secs(age_s);
        sender.line(at, uuid::Uuid::nil(), event, "{}").expect("a line")
    };
    let forged = Sender { token: "guessed".to_owned(), ..sender(spawn) };
    let ended = sender(uuid::Uuid::from_u128(8));
    let mut other: Request = serde_json::from_str(&line(&sender(spawn), 0, "x")).expect("JSON");
    let mut body: Body = serde_json::from_str(&other.body).expect("JSON");
    body.ask = Ask::Command(Box::new(Command::StopSupervisor));
    other.body = serde_json::to_string(&body).expect("JSON");
    let lines = [
        line(&sender(spawn), 60, "Stop"),
        line(&sender(spawn), 90_000, "old"),
        line(&forged, 1, "forged"),
        line(&ended, 1, "ended"),
        serde_json::to_string(&other).expect("JSON"),
        "torn {".to_owned(),
    ];
    for line in &lines {
        outside.lives.keep_report(spawn, line).expect("kept");
    }
    let thread = std::thread::spawn({
        let (outside, handle) = (outside.clone(), handle.clone());
        let gate = crate::service::gate::Gate::new(&outside.home);
        gate.update_lives([(agent("Code/dev"), spawn)].into());
        move || kept::take_in(&outside, &handle, &gate)
    });
    let mut events = Vec::new();
    while !thread.is_finished() || events.is_empty() {
        use crate::service::supervisor::Wake;
        match wakes.recv_timeout(Duration::from_millis(20)) {
            Ok(Wake::Read(read)) => read(supervisor.state(), 0),
            Ok(Wake::Ask { command, .. }) => match *command {
                Command::ReportEvent { event, .. } => events.push(event),
                other => panic!("{other:?} was taken in"),
            },
            Ok(_) | Err(_) => {}
        }
    }
    thread.join().expect("it ends");
    assert_eq!(events, ["Stop"]);
    assert_eq!(outside.lives.take_reports(), Vec::<String>::new());
}

#[test]
fn the_last_of_what_was_kept_counts_though_the_first_is_known_as_of_now() {
    let fakes = Fakes::empty();
    let (supervisor, handle, wakes) = fakes.open();
    let outside = fakes.outside();
    let spawn = uuid::Uuid::from_u128(9);
    outside.lives.prepare(&agent("Code/dev"), spawn, &[]).expect("made");
    for (age_s, event) in [(60, "Prompt"), (50, "Stop")] {
        let at = outside.clock.now() - jiff::SignedDuration::from_secs(age_s);
        let line = sender(spawn).line(at, uuid::Uuid::nil(), event, "{}").expect("a line");
        outside.lives.keep_report(spawn, &line).expect("kept");
    }
    let thread = std::thread::spawn({
        let (outside, handle) = (outside.clone(), handle.clone());
        let gate = crate::service::gate::Gate::new(&outside.home);
        gate.update_lives([(agent("Code/dev"), spawn)].into());
        move || kept::take_in(&outside, &handle, &gate)
    });
    let mut order = Vec::new();
    loop {
        use crate::service::supervisor::Wake;
        let is_over = thread.is_finished();
        match wakes.recv_timeout(Duration::from_millis(20)) {
            Ok(Wake::Read(read)) => {
                read(supervisor.state(), 0);
                order.push("compared");
            }
            Ok(Wake::Ask { .. }) => order.push("taken"),
            Err(_) if is_over => break,
            Ok(_) | Err(_) => {}
        }
    }
    thread.join().expect("it ends");
    assert_eq!(order, ["compared", "compared", "taken", "taken"]);
}
