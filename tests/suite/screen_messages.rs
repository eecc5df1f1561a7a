//! The message screen and `agency messages` as a person has them: the real binary, real agents, a real terminal.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::playground::{Playground, agency, until};
use crate::screen::{Terminal, playground};

/// Longest wait for anything on a loaded machine.
const LIMIT: Duration = Duration::from_secs(30);

fn messages(playground: &Playground, args: &[&str]) -> Vec<Value> {
    let all = [&["messages", "--json"], args].concat();
    serde_json::from_str(&playground.ok(&all)).expect("a list")
}

fn wait_for(playground: &Playground, args: &[&str], count: usize) -> Vec<Value> {
    until(LIMIT, "messages", || {
        let found = messages(playground, args);
        if found.len() >= count { Ok(found) } else { Err(format!("{found:?}")) }
    })
}

#[test]
fn a_letter_is_refused_mended_and_sent_and_its_way_is_seen() {
    let playground = playground();
    let terminal = Terminal::open(&playground);
    terminal.keys(&["3"]);
    terminal.see("No message has been sent");
    terminal.keys(&["s", "Nobody/x", "Tab", "Tab", "Tab", "Tab", "which port?", "C-s"]);
    let rows = terminal.see("✗");
    assert!(rows.contains("which port?") && rows.contains("Nobody"), "{rows}");
    // Back to the first field: what is wrong there is written anew.
    terminal.keys(&["Tab", "C-u", "dev", "Tab", "question", "C-s"]);
    terminal.see("is on its way");
    let sent = wait_for(&playground, &["--type", "question", "--to", "Crew/dev"], 1);
    assert_eq!((&sent[0]["from"], &sent[0]["body"]), (&"operator".into(), &"which port?".into()));
    terminal.see("● delivered");
    // Somebody else's words come while a filter is on: they are counted, not listed.
    terminal.keys(&["/", "port", "Enter"]);
    terminal.see("“port”");
    playground.ok(&["send", "Crew/dev", "something else"]);
    let rows = terminal.see("1 of 2");
    assert!(!rows.contains("something else"), "{rows}");
    terminal.keys(&["w"]);
    let rows = terminal.see("in its mailbox");
    assert!(rows.contains("delivered"), "{rows}");
    // A key that comes together with Escape would be Alt with that key.
    terminal.keys(&["Escape"]);
    terminal.see("● delivered");
    terminal.keys(&["q"]);
    terminal.see("left with 0");
}

#[test]
fn a_thread_is_followed_on_the_screen_and_on_the_command_line() {
    let playground = playground();
    let terminal = Terminal::open(&playground);
    let first = playground.ok(&["send", "Crew/dev", "first words"]).trim().to_owned();
    let answer = ["send", "operator", "an answer", "--from", "Crew/dev", "--in-reply-to", &first];
    let second = playground.ok(&answer).trim().to_owned();
    playground.ok(&["send", "Crew/dev", "not of it"]);
    terminal.keys(&["3"]);
    terminal.see("not of it");
    terminal.keys(&["j", "Enter"]);
    let rows = terminal.see("Thread");
    assert!(rows.contains("first words") && rows.contains("an answer"), "{rows}");
    assert!(!rows.contains("not of it"), "{rows}");
    // What is for the operator is acknowledged here.
    terminal.keys(&["a"]);
    terminal.see("✓ acknowledged");
    let thread = messages(&playground, &["--thread", &second]);
    let ids: Vec<&str> = thread.iter().filter_map(|view| view["id"].as_str()).collect();
    assert_eq!(ids, [first.as_str(), second.as_str()]);
    let end = &second[second.len() - 8..];
    let whole: Value =
        serde_json::from_str(&playground.ok(&["messages", "show", end, "--json"])).expect("JSON");
    assert_eq!((&whole["id"], &whole["state"]), (&second.as_str().into(), &"acknowledged".into()));
    let kinds: Vec<&str> = whole["history"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|step| step["kind"].as_str())
        .collect();
    assert!(kinds.starts_with(&["message_accepted", "message_routed"]), "{kinds:?}");
    assert_eq!(whole["conversation"].as_array().map(Vec::len), Some(2));
}

#[test]
fn filters_are_joined_and_what_is_no_id_is_said() {
    let playground = playground();
    playground.ok(&["send", "Crew/dev", "Alpha"]);
    playground.ok(&["send", "Crew/lead", "beta", "--task", "TASK-009"]);
    let count = |args: &[&str]| messages(&playground, args).len();
    assert_eq!((count(&["--to", "Crew"]), count(&["--to", "Crew/dev"])), (2, 1));
    assert_eq!(
        (count(&["--search", "ALPHA"]), count(&["--search", "alpha", "--task", "TASK-009"])),
        (1, 0)
    );
    assert_eq!((count(&["--from", "Crew"]), count(&["--before", "1h"])), (0, 0));
    for (args, status) in [
        (["messages", "show", "zz"], 2),
        (["messages", "show", "deadbeef"], 3),
        (["messages", "--state", "late"], 2),
    ] {
        let outcome = playground.run(&args);
        assert_eq!(outcome.status.code(), Some(status), "{}", outcome.problem());
    }
}

#[test]
fn a_follower_sees_each_change_and_ends_when_nobody_reads() {
    let playground = playground();
    playground.ok(&["send", "Crew/dev", "before"]);
    // A quick agent has acknowledged it before anybody looks.
    until(LIMIT, "a delivery", || {
        let found = messages(&playground, &["--to", "Crew/dev"]);
        if found.iter().all(|view| view["delivered_at"].is_string()) {
            Ok(())
        } else {
            Err(format!("{found:?}"))
        }
    });
    let run = agency(playground.folder(), &playground.keys())
        .env("AGENCY_HOME", playground.home())
        .args(["messages", "--follow", "--states", "--json"]);
    let mut follower =
        run.to_command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut lines = BufReader::new(follower.stdout.take().expect("its words")).lines();
    let mut next = || -> Value {
        serde_json::from_str(&lines.next().expect("a line").expect("text")).expect("JSON")
    };
    let first = next();
    assert_eq!((&first["body"], first.get("change")), (&"before".into(), None));
    let id = playground.ok(&["send", "Crew/dev", "after"]).trim().to_owned();
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "message_delivered") {
        let line = next();
        if line["id"] == id.as_str() {
            kinds.push(line["change"]["kind"].as_str().expect("a kind").to_owned());
        }
    }
    assert_eq!(kinds, ["message_accepted", "message_routed", "message_delivered"]);
    // Nothing has to happen for that.
    drop(lines);
    let status = follower.wait().expect("it ends");
    let mut words = String::new();
    follower.stderr.take().expect("errors").read_to_string(&mut words).expect("text");
    assert_eq!((status.code(), words.as_str()), (Some(141), ""), "quietly");
}
