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
fn a_question_waits_for_its_answer_and_gives_signs_of_life() {
    let world = world();
    let (mut lead, mut dev) = (Client::new(&world, LEAD), Client::new(&world, DEV));
    let params = json!({
        "name": "ask", "arguments": { "to": "Code", "question": "which port?", "timeout_s": 60 },
        "_meta": { "progressToken": "sign" },
    });
    let asked = dev.begin("tools/call", &params);
    // A call that waits keeps nobody else waiting.
    assert_eq!(dev.must("who", &json!({}))["me"], DEV);
    world.wait_until("the question to be there", PATIENCE, || world.count("message_routed") > 0);
    let question = lead.must("inbox", &json!({}))["messages"][0].clone();
    assert_eq!((&question["type"], &question["body"]), (&json!("question"), &json!("which port?")));
    let began = Instant::now();
    while dev.heard.is_empty() && began.elapsed() < PATIENCE {
        let line = dev.lines.recv_timeout(PATIENCE).expect("a sign of life");
        dev.heard.push(line);
    }
    assert_eq!(dev.heard[0]["method"], "notifications/progress", "{:?}", dev.heard);
    assert_eq!(dev.heard[0]["params"]["progressToken"], "sign");
    lead.must("send", &json!({ "to": DEV, "text": "8080", "in_reply_to": question["id"] }));
    let answered = dev.answer(asked)["result"].clone();
    assert!(words(&answered).contains("| 8080"), "{answered}");
    let content = &answered["structuredContent"];
    assert_eq!((&content["answered"], &content["id"]), (&json!(true), &question["id"]));
    // It was given, and is dealt with when its agent says so; it can be had again before and after.
    let again = || json!({ "id": question["id"], "timeout_s": 0 });
    assert_eq!(dev.must("await_reply", &again())["answer"]["body"], "8080");
    dev.must("acknowledge", &json!({ "ids": [content["answer"]["id"]] }));
    assert_eq!(dev.must("inbox", &json!({}))["messages"], json!([]));
    assert_eq!(dev.must("await_reply", &again())["answer"]["body"], "8080");
    let foreign = lead.refused("await_reply", &json!({ "id": question["id"] }));
    assert_eq!(foreign["code"], "not_your_question");
}

#[test]
fn an_answer_that_its_program_did_not_wait_for_is_in_the_inbox_until_it_is_acknowledged() {
    let world = world();
    let (mut lead, mut dev) = (Client::new(&world, LEAD), Client::new(&world, DEV));
    let params = json!({ "name": "ask", "arguments": { "to": "Code", "question": "which port?", "timeout_s": 600 } });
    // The program gives the call up by its own time limit and tells nobody.
    let given_up = dev.begin("tools/call", &params);
    world.wait_until("the question to be there", PATIENCE, || world.count("message_routed") > 0);
    let question = lead.must("inbox", &json!({}))["messages"][0].clone();
    let sent =
        lead.must("send", &json!({ "to": DEV, "text": "8080", "in_reply_to": question["id"] }));
    assert_eq!(dev.answer(given_up)["result"]["structuredContent"]["answer"]["id"], sent["id"]);
    let open = dev.call("inbox", &json!({}));
    assert!(words(&open).contains("| 8080\n  (given to you before"), "{open}");
    let content = &open["structuredContent"];
    assert_eq!(
        (&content["messages"][0]["id"], &content["given_before"][0]),
        (&sent["id"], &sent["id"])
    );
    dev.must("acknowledge", &json!({ "ids": [sent["id"]] }));
    assert_eq!(dev.must("inbox", &json!({}))["messages"], json!([]));
}

#[test]
fn somebody_elses_word_is_no_answer_to_a_question() {
    let world = world();
    let (mut lead, mut dev) = (Client::new(&world, LEAD), Client::new(&world, DEV));
    // The operator is asked; the coordinator answers unasked.
    let asked =
        dev.must("ask", &json!({ "to": "operator", "question": "which port?", "timeout_s": 0 }));
    world.wait_until("the question to be there", PATIENCE, || world.count("message_routed") > 0);
    lead.must("send", &json!({ "to": DEV, "text": "1", "in_reply_to": asked["id"] }));
    let look = || json!({ "id": asked["id"], "timeout_s": 0 });
    assert_eq!(dev.must("await_reply", &look())["answered"], false);
    assert_eq!(
        dev.must("inbox", &json!({}))["messages"][0]["body"],
        "1",
        "it is a message as others"
    );
    let id = asked["id"].as_str().expect("an id");
    world.must(&["send", DEV, "8080", "--in-reply-to", id]);
    assert_eq!(dev.must("await_reply", &look())["answer"]["body"], "8080");
}

#[test]
fn a_question_without_an_answer_ends_with_its_time_its_cancelling_or_its_asker() {
    let world = world();
    let mut dev = Client::new(&world, DEV);
    let late = dev.must("ask", &json!({ "to": "Code", "question": "anybody?", "timeout_s": 0 }));
    assert_eq!(late["answered"], false);
    let own = dev.refused("ask", &json!({ "to": DEV, "question": "who am I?" }));
    assert_eq!(own["code"], "own_question");
    let params =
        json!({ "name": "await_reply", "arguments": { "id": late["id"], "timeout_s": 600 } });
    let waiting = dev.begin("tools/call", &params);
    dev.notify("notifications/cancelled", &json!({ "requestId": waiting, "reason": "enough" }));
    // Whoever cancelled gets no answer any more, and everything else goes on.
    assert_eq!(dev.must("who", &json!({}))["me"], DEV);
    assert!(dev.heard.iter().all(|line| line["id"] != waiting), "{:?}", dev.heard);
    let params = json!({ "name": "ask", "arguments": { "to": "Code/lead", "question": "now?", "timeout_s": 600 } });
    let waiting = dev.begin("tools/call", &params);
    world.wait_until("both questions to lie there", PATIENCE, || world.count("message_routed") > 1);
    // Its end of the conversation is closed: the wait ends at once, and so does the process.
    let began = Instant::now();
    dev.input = None;
    world.wait_until("the process to end", PATIENCE, || !ends(&world, DEV).is_empty());
    assert!(began.elapsed() < Duration::from_secs(3), "it took {:?}", began.elapsed());
    assert_eq!(ends(&world, DEV), ["0"], "call {waiting} held it");
}

#[test]
fn a_question_to_somebody_who_leaves_dies_and_ends_the_wait() {
    let world = world();
    world.must(&["hire", "Code", "helper", "--runtime", "shell"]);
    let mut dev = Client::new(&world, DEV);
    let arguments = json!({ "to": "Code/helper", "question": "are you there?", "timeout_s": 600 });
    let asked = dev.begin("tools/call", &json!({ "name": "ask", "arguments": arguments }));
    world.wait_until("the question to lie there", PATIENCE, || world.count("message_routed") > 0);
    let began = Instant::now();
    world.must(&["dismiss", "Code", "helper", "--yes"]);
    let ended = dev.answer(asked)["result"].clone();
    assert!(began.elapsed() < PATIENCE, "it took {:?}", began.elapsed());
    assert_eq!(ended["isError"], true, "{ended}");
    let error = &ended["structuredContent"]["error"];
    assert_eq!(error["code"], "dead", "{ended}");
    assert!(words(&ended).contains("Code/helper") && words(&ended).contains("who"), "{ended}");
    // The same question can still be asked about, and says the same at once.
    let messages = world.json(&["messages", "--type", "question"]);
    let id = messages[0]["id"].clone();
    let again = dev.refused("await_reply", &json!({ "id": id, "timeout_s": 600 }));
    assert_eq!(again["code"], "dead");
}

#[test]
fn a_question_whose_time_runs_out_ends_the_wait() {
    let world = world();
    let settings = std::fs::read_to_string(world.home().join("agency.toml")).expect("settings");
    world.write("agency.toml", &format!("{settings}\n[queue]\nopen_from = [\"{DEV}\"]\n"));
    world.must(&["down"]);
    world.must(&["up"]);
    let mut dev = Client::new(&world, DEV);
    let (id, form) = ("0195f000-0000-7000-8000-000000000001", "+%Y-%m-%dT%H:%M:%SZ");
    let ends = world.run("date", &["-u", "-d", "+4 seconds", form], &[]).stdout;
    let question = json!({
        "id": id, "type": "question", "from": DEV, "to": LEAD, "body": "now?",
        "expires_at": ends.trim(),
    });
    world.write("registry/queue/tmp/q.json", &question.to_string());
    let door = world.home().join("registry/queue");
    std::fs::rename(door.join("tmp/q.json"), door.join("new/q.json")).expect("dropped");
    world.wait_until("the question to lie there", PATIENCE, || world.count("message_routed") > 0);
    let arguments = json!({ "id": id, "timeout_s": 600 });
    let params = json!({ "name": "await_reply", "arguments": arguments });
    let waiting = dev.begin("tools/call", &params);
    let ended = dev.answer(waiting)["result"].clone();
    assert_eq!(ended["isError"], true, "{ended}");
    assert_eq!(ended["structuredContent"]["error"]["code"], "expired", "{ended}");
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
