//! Who is let in, and as whom.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::domain::command::Command;
use crate::ports::keyring::fake::FakeKeyring;
use crate::service::wire::Ask;

const HOME: &str = "/bench";

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().expect("a time")
}

fn dev() -> AgentAddress {
    "Code/dev".parse().expect("an address")
}

/// A gate that knows the operator and that `Code/dev` runs in that process.
fn gate(pane: Option<u32>) -> Arc<Gate> {
    let gate = Gate::new(Path::new(HOME));
    let key = FakeKeyring.operator_key().expect("a key");
    let resident = |pid| (pid, Resident { agent: dev(), born: None });
    gate.update(Some(key), pane.map(resident).into_iter().collect());
    gate
}

fn body(at: Timestamp, nonce: u128) -> String {
    let ask = Ask::Command(Box::new(Command::StopSupervisor));
    serde_json::to_string(&body_for(HOME, at, nonce, ask)).expect("written")
}

fn body_for(home: &str, at: Timestamp, nonce: u128, ask: Ask) -> Body {
    Body { workbench: PathBuf::from(home), at, nonce: Uuid::from_u128(nonce), request: None, ask }
}

fn signed(body: String) -> Request {
    let signature = FakeKeyring.sign(body.as_bytes()).expect("signed");
    Request { body, credential: Credential::Operator { signature } }
}

fn admit(gate: &Gate, request: &Request, pid: Option<u32>) -> Result<Actor, Refusal> {
    gate.admit(request, pid, &FakeKeyring, now()).map(|(actor, _)| actor)
}

fn refusal(gate: &Gate, request: &Request) -> String {
    admit(gate, request, None).expect_err("it was let in").message
}

#[test]
fn a_signed_request_is_the_operators_once() {
    let (gate, request) = (gate(None), signed(body(now(), 1)));
    assert_eq!(admit(&gate, &request, None), Ok(Actor::Operator));
    assert_eq!(refusal(&gate, &request), "the request is old or repeated");
    assert_eq!(admit(&gate, &signed(body(now(), 2)), None), Ok(Actor::Operator));
}

#[test]
fn a_request_for_another_workbench_of_the_same_operator_is_refused() {
    let ask = Ask::Command(Box::new(Command::StopSupervisor));
    let other = serde_json::to_string(&body_for("/other", now(), 1, ask)).expect("written");
    assert_eq!(refusal(&gate(None), &signed(other)), "the request is meant for another workbench");
}

#[test]
fn an_old_request_and_one_from_the_future_are_refused() {
    let gate = gate(None);
    for (seconds, nonce) in [(-61, 1), (61, 2)] {
        let at = now().saturating_add(SignedDuration::from_secs(seconds)).expect("a time");
        assert_eq!(refusal(&gate, &signed(body(at, nonce))), "the request is old or repeated");
    }
}

#[test]
fn what_was_changed_after_it_was_signed_is_refused() {
    let gate = gate(None);
    let mut request = signed(body(now(), 1));
    request.body = body(now(), 2);
    assert!(refusal(&gate, &request).contains("you are not this workbench's operator"));
}

#[test]
fn a_request_signed_for_another_operators_workbench_is_refused() {
    let gate = Gate::new(Path::new(HOME));
    assert!(refusal(&gate, &signed(body(now(), 1))).contains("knows no operator's key yet"));
    gate.update(Some("11".repeat(32)), BTreeMap::new());
    assert!(refusal(&gate, &signed(body(now(), 2))).contains("you are not"));
}

#[test]
fn an_agent_is_let_in_with_the_token_of_its_own_life_only() {
    let gate = gate(None);
    let spawn = Uuid::from_u128(5);
    gate.update_lives(BTreeMap::from([(dev(), spawn)]));
    let request = |address: &str, spawn: Uuid, token: String| {
        let address = address.parse().expect("an address");
        Request { body: body(now(), 1), credential: Credential::Agent { address, spawn, token } }
    };
    let token = FakeKeyring.agent_token(&dev(), spawn).expect("a token");
    let own = request("Code/dev", spawn, token.clone());
    assert_eq!(admit(&gate, &own, None), Ok(Actor::Agent(dev())));
    for (address, spawn, token) in [
        ("Code/ops", spawn, token.clone()),
        ("Code/dev", Uuid::from_u128(6), token.clone()),
        ("Code/dev", spawn, String::new()),
        ("Code/dev", spawn, format!("{token}0")),
    ] {
        let request = request(address, spawn, token);
        assert!(refusal(&gate, &request).contains("is not valid"));
    }
}

#[test]
fn the_token_of_an_ended_life_is_worth_nothing() {
    let (gate, ended) = (gate(None), Uuid::from_u128(5));
    let token = FakeKeyring.agent_token(&dev(), ended).expect("a token");
    let credential = Credential::Agent { address: dev(), spawn: ended, token };
    let request = Request { body: body(now(), 1), credential };
    assert!(refusal(&gate, &request).contains("is of an ended life"));
    gate.update_lives(BTreeMap::from([(dev(), Uuid::from_u128(6))]));
    assert!(refusal(&gate, &request).contains("is of an ended life"));
}

#[test]
fn whoever_the_supervisor_started_is_not_the_operator() {
    let gate = gate(None);
    let mut child = crate::adapters::process::Invocation::new("sleep", "/")
        .args(["60"])
        .to_command()
        .spawn()
        .expect("a child");
    let refused = admit(&gate, &signed(body(now(), 1)), Some(child.id()));
    child.kill().expect("ended");
    child.wait().expect("ended");
    assert_eq!(
        refused.map_err(|refusal| refusal.message),
        Err("a program that the supervisor started is not the operator".to_owned())
    );
}

#[test]
fn a_caller_whose_ancestors_cannot_be_followed_is_nobody() {
    let refused = admit(&gate(None), &signed(body(now(), 1)), Some(u32::MAX));
    assert!(refused.is_err(), "{refused:?}");
}

#[test]
fn whoever_calls_from_inside_a_pane_is_that_agent_whatever_it_signs() {
    let own = std::process::id();
    let parent = Process::of(own).expect("a process").parent;
    for pane in [own, parent] {
        let gate = gate(Some(pane));
        let actor = admit(&gate, &signed(body(now(), 1)), Some(own));
        assert_eq!(actor, Ok(Actor::Agent(dev())));
    }
    let elsewhere = gate(Some(u32::MAX));
    assert_eq!(admit(&elsewhere, &signed(body(now(), 1)), Some(own)), Ok(Actor::Operator));
}

#[test]
fn a_malformed_request_is_refused_with_the_place() {
    let refusal = admit(&gate(None), &signed("{\"at\": 1}".to_owned()), None).expect_err("refused");
    assert_eq!(refusal.code, "bad_request");
}

#[test]
fn a_process_that_only_has_the_id_of_a_pane_of_before_the_reboot_is_the_operator() {
    let (gate, own) = (gate(None), std::process::id());
    let stat = std::fs::read_to_string(format!("/proc/{own}/stat")).expect("a system with /proc");
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("a boot");
    let other_boot = birth_mark("another", &stat);
    for (born, actor) in [
        (birth_mark(&boot, &stat), Actor::Agent(dev())),
        (Some(format!("{}:1", boot.trim())), Actor::Operator),
        (other_boot, Actor::Operator),
        (None, Actor::Agent(dev())),
    ] {
        let key = FakeKeyring.operator_key().expect("a key");
        let resident = Resident { agent: dev(), born: born.clone() };
        gate.update(Some(key), BTreeMap::from([(own, resident)]));
        let nonce = Uuid::new_v4().as_u128();
        let seen = admit(&gate, &signed(body(now(), nonce)), Some(own));
        assert_eq!(seen, Ok(actor), "{born:?}");
    }
}
