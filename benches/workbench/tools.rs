//! What a call of an agent's tool costs beyond what the service itself takes.
//!
//! The same inbox and the same message, over the same socket and in turns: once through `agency mcp`, once by a handle on
//! the workbench in this process. What differs is the protocol, two pipes and a thread.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use agency::service::query::Query;
use agency::service::workbench::{DraftOptions, Workbench};
use serde_json::{Value, json};

use crate::figures::{Goal, Row, Samples};
use crate::place::{Agent, Place, run};

const RUNS: usize = 200;
/// A handshake starts a process each time.
const HANDSHAKES: usize = 50;

/// Measures handshake, `inbox` and `send`.
pub fn measure(place: &Place) -> Vec<Row> {
    let agents = place.agents();
    let agent = agents.first().expect("an agent");
    let mut rows = vec![handshake(place, agent)];
    let (mut tools, workbench) = (Tools::start(place, agent), place.workbench_of(agent));
    let inbox = json!({});
    rows.extend(compare("inbox", || tools.call("inbox", &inbox), || look(&workbench, agent)));
    let message = json!({ "to": "operator", "text": "how do you do?" });
    rows.extend(compare("send", || tools.call("send", &message), || send(&workbench)));
    rows
}

fn look(workbench: &Workbench, agent: &Agent) {
    let query = Query::Inbox { agent: agent.address.clone(), all: false };
    drop(workbench.receive(&agent.address, &query).expect("an inbox"));
}

fn send(workbench: &Workbench) {
    let to = agency::domain::name::Address::Operator;
    let draft = workbench.draft(&to, "how do you do?", &DraftOptions::default());
    workbench.send(draft.expect("a draft")).expect("sent");
}

/// From the start of the process to the answer to its first request.
fn handshake(place: &Place, agent: &Agent) -> Row {
    let [mut samples, mut floor] = std::array::from_fn(|_| Samples::default());
    for _ in 0..HANDSHAKES {
        let began = Instant::now();
        run(&mut Command::new("/bin/true"));
        floor.add(began.elapsed());
        let began = Instant::now();
        let tools = Tools::start(place, agent);
        samples.add(began.elapsed());
        drop(tools);
    }
    let floor = Some(("/bin/true", &floor));
    Row::times("`agency mcp`, start to the handshake's answer", &samples, floor, Goal::Median(20.0))
}

/// Both in turns, and what the one takes beyond the other.
fn compare(name: &str, mut tool: impl FnMut(), mut bare: impl FnMut()) -> Vec<Row> {
    let [mut own, mut wall, mut floor] = std::array::from_fn(|_| Samples::default());
    for _ in 0..RUNS {
        let began = Instant::now();
        bare();
        let without = began.elapsed();
        let began = Instant::now();
        tool();
        let with = began.elapsed();
        floor.add(without);
        wall.add(with);
        own.add(with.saturating_sub(without));
    }
    let floor = Some(("the service alone, in turns", &floor));
    vec![
        Row::times(&format!("tool `{name}`, beyond the service"), &own, floor, Goal::Median(5.0)),
        Row::times(&format!("tool `{name}`, wall time"), &wall, floor, Goal::None),
    ]
}

/// An agent's tools, shaken hands with.
struct Tools {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Tools {
    fn start(place: &Place, agent: &Agent) -> Self {
        let token = place.outside.keyring.agent_token(&agent.address, agent.spawn);
        let mut command = place.command();
        command.arg("mcp").env("AGENCY_AGENT", agent.address.to_string());
        command.env("AGENCY_SPAWN", agent.spawn.to_string());
        command.env("AGENCY_TOKEN", token.expect("a token"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("it starts");
        let (input, output) = (process.stdin.take(), process.stdout.take());
        let mut tools = Self { process, input, output: BufReader::new(output.expect("a pipe")) };
        let client = json!({ "name": "bench", "version": "1" });
        let hello =
            json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
        tools.request("initialize", &hello);
        let heard = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        tools.write(&heard);
        tools
    }

    fn write(&mut self, line: &Value) {
        let input = self.input.as_mut().expect("a pipe");
        input.write_all(format!("{line}\n").as_bytes()).expect("written");
    }

    fn request(&mut self, method: &str, params: &Value) -> Value {
        self.write(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }));
        let mut line = String::new();
        self.output.read_line(&mut line).expect("an answer");
        serde_json::from_str(&line).expect("a document")
    }

    fn call(&mut self, tool: &str, arguments: &Value) {
        let answer = self.request("tools/call", &json!({ "name": tool, "arguments": arguments }));
        assert_eq!(answer["result"]["isError"], false, "{answer}");
    }
}

impl Drop for Tools {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.process.wait();
    }
}
