//! The agents' tools, spoken to line by line as the Model Context Protocol says: newline-delimited JSON-RPC 2.0.
//!
//! The client here knows nothing of the library that serves them. It stands outside, and what it writes goes
//! through a named pipe into `agency mcp` in the agent's own pane, so the credential is a real one. What
//! another client makes of the same is tested in `tests/interop`.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use agency::adapters::files;
use serde_json::{Value, json};

use crate::world::{PATIENCE, World, signal, text};

mod asking;

/// Runs the tools again and again on two named pipes, and writes down how each run ended.
const RELAY: &str = r#"#!/bin/sh
name=$(printf %s "$AGENCY_AGENT" | tr / -)
here=$(dirname "$0")
while :; do
    "$AGENCY_BIN" mcp <"$here/$name.in" >"$here/$name.out" 2>>"$here/$name.err"
    echo "$?" >>"$here/$name.ends"
done
"#;

const LEAD: &str = "Code/lead";
const DEV: &str = "Code/dev";

/// A running agency whose agents' programs are relays.
fn world() -> World {
    let world = World::new();
    let relay = world.home().join("relay/run");
    world.write("relay/run", RELAY);
    for agent in [LEAD, DEV] {
        for end in ["in", "out"] {
            let pipe = text(&world.home().join(format!("relay/{}.{end}", agent.replace('/', "-"))));
            assert_eq!(world.run("mkfifo", &[&pipe], &[]).status, Some(0));
        }
    }
    let settings = std::fs::read_to_string(world.home().join("agency.toml")).expect("settings");
    let runtime = format!("\n[runtime.relay]\ncommand = [\"sh\", {}]\n", json!(text(&relay)));
    world.write("agency.toml", &(settings + &runtime));
    world.must(&[
        "create",
        "Code",
        "--agents",
        "dev",
        "--coordinator",
        "lead",
        "--runtime",
        "relay",
    ]);
    world
}

/// A program that speaks to an agent's tools.
struct Client {
    input: Option<File>,
    lines: Receiver<Value>,
    number: u64,
    /// What came that was no answer: notifications.
    heard: Vec<Value>,
}

impl Client {
    /// The other ends of an agent's pipes, before anything is said.
    fn silent(world: &World, agent: &str) -> Self {
        let pipe = |end| world.home().join(format!("relay/{}.{end}", agent.replace('/', "-")));
        let input = File::options().write(true).open(pipe("in")).expect("the pipe is read");
        let output = File::open(pipe("out")).expect("the pipe is written");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let line = line.expect("text");
                let value = serde_json::from_str(&line)
                    .unwrap_or_else(|error| panic!("no protocol: {error}: {line}"));
                if sender.send(value).is_err() {
                    return;
                }
            }
        });
        Self { input: Some(input), lines, number: 0, heard: Vec::new() }
    }

    /// A client that has shaken hands.
    fn new(world: &World, agent: &str) -> Self {
        let mut client = Self::silent(world, agent);
        let hello = client.request("initialize", &hello());
        assert_eq!(hello["result"]["serverInfo"]["name"], "agency", "{hello}");
        client.notify("notifications/initialized", &json!({}));
        client
    }

    fn write(&mut self, line: &str) {
        let input = self.input.as_mut().expect("open");
        input.write_all(format!("{line}\n").as_bytes()).expect("written");
    }

    fn notify(&mut self, method: &str, params: &Value) {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string());
    }

    /// Sends a request; returns its number.
    fn begin(&mut self, method: &str, params: &Value) -> u64 {
        self.number += 1;
        let id = self.number;
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.write(&request.to_string());
        id
    }

    /// The answer to a request; what else comes is kept.
    fn answer(&mut self, id: u64) -> Value {
        let began = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(began.elapsed());
            let line = self.lines.recv_timeout(left).expect("an answer");
            if line["id"] == id {
                return line;
            }
            self.heard.push(line);
        }
    }

    fn request(&mut self, method: &str, params: &Value) -> Value {
        let id = self.begin(method, params);
        self.answer(id)
    }

    /// Calls a tool; returns its result.
    fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        let answer = self.request("tools/call", &json!({ "name": tool, "arguments": arguments }));
        assert!(answer["result"].is_object(), "{tool}: {answer}");
        answer["result"].clone()
    }

    /// Calls a tool that must work; returns what it says as an object.
    fn must(&mut self, tool: &str, arguments: &Value) -> Value {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], false, "{tool}: {result}");
        assert!(!words(&result).trim().is_empty(), "{tool}: {result}");
        result["structuredContent"].clone()
    }

    /// Calls a tool that must refuse; returns the refusal.
    fn refused(&mut self, tool: &str, arguments: &Value) -> Value {
        let result = self.call(tool, arguments);
        assert_eq!(result["isError"], true, "{tool}: {result}");
        let error = result["structuredContent"]["error"].clone();
        let message = error["message"].as_str().expect("a message");
        assert!(words(&result).contains(message), "{tool}: {result}");
        error
    }
}

fn hello() -> Value {
    json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } })
}

/// What a model reads of a result.
fn words(result: &Value) -> String {
    result["content"][0]["text"].as_str().expect("a text").to_owned()
}

/// How the runs of an agent's tools ended so far.
fn ends(world: &World, agent: &str) -> Vec<String> {
    let path = world.home().join(format!("relay/{}.ends", agent.replace('/', "-")));
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn contract() -> Value {
    json!({ "title": "Login form", "feature": "login", "scope": "a form", "done": ["it posts"], "rollback": "revert" })
}

#[test]
fn the_handshake_is_quick_and_the_tools_are_described_for_a_model() {
    let world = world();
    let mut client = Client::silent(&world, DEV);
    let hello = client.request("initialize", &hello());
    assert_eq!(hello["result"]["protocolVersion"], "2025-06-18");
    assert!(hello["result"]["capabilities"]["tools"].is_object(), "{hello}");
    let instructions = hello["result"]["instructions"].as_str().expect("instructions");
    assert!((8..=12).contains(&instructions.lines().count()), "{instructions}");
    client.notify("notifications/initialized", &json!({}));
    assert_eq!(client.request("ping", &json!({}))["result"], json!({}));
    let list = client.request("tools/list", &json!({}));
    let tools = list["result"]["tools"].as_array().expect("tools").clone();
    let names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert!(names.contains(&"inbox") && names.contains(&"ask") && names.contains(&"task_next"));
    let decides =
        |name: &&str| ["approv", "reject", "decide", "merge"].iter().any(|w| name.contains(w));
    assert!(!names.iter().any(decides), "an agent decides nothing: {names:?}");
    for tool in &tools {
        let (name, schema) = (&tool["name"], &tool["inputSchema"]);
        assert!(tool["description"].as_str().is_some_and(|text| text.len() > 60), "{name}");
        assert_eq!(
            (&schema["type"], &schema["additionalProperties"]),
            (&json!("object"), &json!(false)),
            "{name}"
        );
        for (field, part) in schema["properties"].as_object().expect("properties") {
            assert!(part["description"].is_string(), "{name}.{field} is not described: {part}");
            assert!(!part.to_string().contains("$ref"), "{name}.{field} refers elsewhere: {part}");
        }
        for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
            assert!(tool["annotations"][hint].is_boolean(), "{name} has no {hint}");
        }
    }
}

#[test]
fn messages_go_from_one_agent_to_another_and_are_acknowledged() {
    let world = world();
    let (mut lead, mut dev) = (Client::new(&world, LEAD), Client::new(&world, DEV));
    let sent =
        lead.must("send", &json!({ "to": DEV, "text": "the port is 8080", "priority": "high" }));
    let box_of = dev.call("inbox", &json!({}));
    assert!(words(&box_of).contains("  | the port is 8080\n"), "{box_of}");
    let message = &box_of["structuredContent"]["messages"][0];
    assert_eq!((&message["id"], &message["state"]), (&sent["id"], &json!("delivered")));
    assert_eq!((&message["from"], &message["priority"]), (&json!(LEAD), &json!("high")));
    dev.must("acknowledge", &json!({ "ids": [sent["id"]] }));
    assert_eq!(dev.must("inbox", &json!({}))["messages"], json!([]));
    assert_eq!(dev.must("inbox", &json!({ "all": true }))["messages"][0]["state"], "acknowledged");
    let foreign = lead.refused("acknowledge", &json!({ "ids": [sent["id"]] }));
    assert_eq!(foreign["code"], "not_yours", "{foreign}");
    let nobody = lead.refused("send", &json!({ "to": "Nowhere/x", "text": "hello" }));
    assert!(nobody["message"].as_str().is_some_and(|text| text.contains("Nowhere")), "{nobody}");
}

#[test]
fn a_task_goes_from_its_contract_to_its_submission_through_tools_alone() {
    let world = world();
    let (mut lead, mut dev) = (Client::new(&world, LEAD), Client::new(&world, DEV));
    assert_eq!(dev.must("task_next", &json!({}))["step"], "wait");
    let refused = dev.refused("task_add", &contract());
    assert_eq!(refused["code"], "coordinator_only", "{refused}");
    let task = lead.must("task_add", &contract())["task"]["id"].clone();
    assert_eq!(lead.must("task_next", &json!({}))["step"], "hand_out");
    assert_eq!(dev.must("task_next", &json!({}))["step"], "ask_for_work");
    lead.must("task_assign", &json!({ "task": task, "agent": DEV }));
    world.wait_until("the worktree", PATIENCE, || world.count("worktree_ready") > 0);
    let next = dev.must("task_next", &json!({}));
    assert_eq!((&next["step"], &next["tasks"][0]["id"]), (&json!("start"), &task));
    let worktree = next["tasks"][0]["worktree"].as_str().expect("a worktree").to_owned();
    dev.must("task_start", &json!({ "task": task }));
    dev.must("task_progress", &json!({ "task": task, "percent": 40, "note": "half of it" }));
    dev.must("task_block", &json!({ "task": task, "reason": "needs a port" }));
    assert_eq!(dev.must("task_next", &json!({}))["step"], "blocked");
    dev.must("task_unblock", &json!({ "task": task }));
    assert_eq!(dev.must("task_list", &json!({ "whose": "mine" }))["tasks"][0]["progress"], 40);
    let file = Path::new(&worktree).join("login.txt");
    files::replace(&file, b"a form\n", 0o644, false).expect("written");
    let saved = dev.must("checkpoint", &json!({ "note": "before the commit" }));
    assert_eq!(saved["checkpoint"], json!(format!("{}/1", task.as_str().expect("an id"))));
    let none = lead.refused("checkpoint", &json!({}));
    assert_eq!(none["code"], "no_task", "{none}");
    let dirty = dev.refused("task_complete", &json!({ "task": task }));
    assert_eq!(dirty["code"], "dirty_worktree", "{dirty}");
    assert_eq!(world.run("git", &["-C", &worktree, "add", "-A"], &[]).status, Some(0));
    assert_eq!(
        world.run("git", &["-C", &worktree, "commit", "-qm", "a form"], &[]).status,
        Some(0)
    );
    assert!(dev.must("checkpoint", &json!({}))["checkpoint"].is_null(), "all is committed");
    let done = dev.must("task_complete", &json!({ "task": task, "summary": "a form" }));
    assert_eq!(done["task"]["state"], "submitted");
    assert_eq!(lead.must("task_next", &json!({}))["step"], "hand_in");
    assert!(lead.must("submission", &json!({ "task": task }))["approval"].is_null());
    lead.must("submit", &json!({ "task": task, "rationale": "short" }));
    world.wait_until("the approval", PATIENCE, || world.count("approval_opened") > 0);
    let standing = lead.must("submission", &json!({ "task": task }));
    assert_eq!(standing["approval"]["task"], task, "{standing}");
    assert!(
        lead.must("brief", &json!({}))["briefing"].as_str().is_some_and(|text| text.contains(LEAD))
    );
}

#[test]
fn wrong_arguments_are_told_with_their_names() {
    let world = world();
    let mut dev = Client::new(&world, DEV);
    for (tool, arguments, named) in [
        ("send", json!({ "to": "Code" }), "`text`"),
        ("send", json!({ "to": "no such / thing", "text": "x" }), "`to`"),
        ("send", json!({ "to": "Code", "text": "x", "priority": "huge" }), "`priority`"),
        ("send", json!({ "to": "Code", "text": "x", "loud": true }), "`loud`"),
        ("send", json!({ "to": "Code", "text": "x", "in_reply_to": "7" }), "`in_reply_to`"),
        ("acknowledge", json!({ "ids": "all" }), "`ids`"),
        ("task_progress", json!({ "task": "TASK-001", "percent": "half" }), "`percent`"),
        ("task_progress", json!({ "task": "login", "percent": 3 }), "`task`"),
        ("ask", json!({ "to": "Code", "question": "x", "timeout_s": 6000 }), "`timeout_s`"),
        ("task_add", json!({ "title": "x" }), "`feature`"),
    ] {
        let error = dev.refused(tool, &arguments);
        assert_eq!(error["code"], "bad_arguments", "{tool} {arguments}: {error}");
        let message = error["message"].as_str().expect("words");
        assert!(message.contains(named), "{tool} {arguments}: {message}");
    }
    let unknown = dev.refused("task_start", &json!({ "task": "TASK-099" }));
    assert_eq!(unknown["code"], "task_not_found");
    let none = dev.request("tools/call", &json!({ "name": "approve", "arguments": {} }));
    assert!(none["error"]["code"].is_number(), "{none}");
}

#[test]
fn garbage_is_survived_and_a_signal_ends_it() {
    let world = world();
    let mut dev = Client::new(&world, DEV);
    for line in [
        "{",
        "nonsense",
        "[]",
        "null",
        "{\"jsonrpc\":\"2.0\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":99,\"method\":5}",
        "",
    ] {
        dev.write(line);
    }
    dev.write(&"x".repeat(200_000));
    let unknown = dev.request("tools/forget", &json!({}));
    assert_eq!(unknown["error"]["code"], -32601, "{unknown}");
    assert_eq!(dev.must("who", &json!({}))["me"], DEV);
    let pid: i32 = world.of_pane(DEV, "#{pane_pid}").parse().expect("a pid");
    let children =
        std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).expect("read");
    let tools: u32 = children.trim().parse().expect("one child");
    signal(tools, rustix::process::Signal::TERM);
    world.wait_until("the process to end", PATIENCE, || !ends(&world, DEV).is_empty());
    assert_eq!(ends(&world, DEV), ["143"]);
    let said = std::fs::read_to_string(world.home().join("relay/Code-dev.err")).expect("read");
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_supervisor_that_was_started_anew_is_simply_asked_the_next_time() {
    let world = world();
    let (mut lead, mut dev) = (Client::new(&world, LEAD), Client::new(&world, DEV));
    let params = json!({ "name": "ask", "arguments": { "to": DEV, "question": "still there?", "timeout_s": 60 } });
    let asked = lead.begin("tools/call", &params);
    world.wait_until("the question to be there", PATIENCE, || world.count("message_routed") > 0);
    world.kill_supervisor();
    // Reading works without one; changing brings it back.
    let question = dev.must("inbox", &json!({ "all": true }))["messages"][0].clone();
    dev.must("send", &json!({ "to": LEAD, "text": "yes", "in_reply_to": question["id"] }));
    world.must(&["up"]);
    assert!(words(&lead.answer(asked)["result"]).contains("| yes"));
}

#[test]
fn whoever_is_no_agent_gets_no_tools() {
    let world = World::new();
    let outcome = world.agency(&["mcp"]);
    assert_eq!(outcome.status, Some(4), "{outcome:?}");
    assert!(
        outcome.stderr.contains("no agent's pane") && outcome.stderr.contains("hint:"),
        "{outcome:?}"
    );
    assert_eq!(outcome.stdout, "");
    // Half a credential makes an agent that nobody believes: every call is refused, none answered as the operator.
    let claims = [("AGENCY_AGENT", "Code/dev")];
    let outcome = world.agency_with(&["mcp"], &claims);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(0), ""), "{outcome:?}");
}
