//! Gives the answer to one request, in its protocol.
//!
//! Questions that no model answers (lists of models, counting, telemetry) get what keeps a program quiet.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::ask::{Ask, Role, Tool};
use super::directive::Directive;
use super::http::{Reply, Request};
use super::log::Log;
use super::sample::{required, sample};
use super::voice::{Protocol, Voice};

/// Since when each limit holds, by the words that asked for it.
pub type Limits = Mutex<HashMap<String, Instant>>;

/// Between two words of a slow answer: five words a second look like a model at work.
const PAUSE: Duration = Duration::from_millis(200);

/// How the shell tools are named, and how their command.
const SHELLS: [&str; 10] = [
    "Bash",
    "bash",
    "shell",
    "shell_command",
    "exec_command",
    "run_shell_command",
    "container.exec",
    "local_shell",
    "run_command",
    "execute_command",
];
const COMMANDS: [&str; 3] = ["command", "cmd", "script"];

/// Answers a request.
pub fn give(request: &Request, reply: &mut Reply<'_>, log: &Log, limits: &Limits) {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let Some(protocol) = Protocol::of(request) else {
        log.note(&format!("{} {}", request.method, request.path), &body);
        let _ = reply.json(200, "", &elsewhere(request));
        return;
    };
    let ask = protocol.read(request, &body);
    let directive = decide(&ask);
    let name = format!("{} {}", request.method, request.path);
    let number = log.keep(name, ask.clone(), format!("{directive:?}"), &body);
    let how = match carry_out(protocol, &ask, &directive, reply, limits) {
        Ok(()) => "whole",
        Err(_) => "cut",
    };
    log.ended(number, how);
}

fn decide(ask: &Ask) -> Directive {
    match (&ask.wanted, ask.last_words()) {
        (Some(schema), _) => Directive::Say(sample(schema).to_string()),
        (None, _) if ask.is_aside() => Directive::Say("ok".to_owned()),
        (None, Some(words)) => Directive::of(words),
        (None, None) => Directive::Say("done".to_owned()),
    }
}

fn carry_out(
    protocol: Protocol,
    ask: &Ask,
    directive: &Directive,
    reply: &mut Reply<'_>,
    limits: &Limits,
) -> io::Result<()> {
    match directive {
        Directive::Say(text) => speak(protocol, ask, reply, |mouth| mouth.say(text)),
        Directive::Shell(command) => {
            let Some((tool, arguments)) = shell(&ask.tools, command) else {
                // Programs without tools offer to run what is written in this way.
                let block = format!("```bash\n{command}\n```\n");
                return speak(protocol, ask, reply, |mouth| mouth.say(&block));
            };
            speak(protocol, ask, reply, |mouth| mouth.call(&tool, &arguments))
        }
        Directive::Tool(name, arguments) => {
            let arguments = serde_json::from_str(arguments).unwrap_or_else(|_| json!({}));
            speak(protocol, ask, reply, |mouth| mouth.call(name, &arguments))
        }
        Directive::Own(name, arguments) => {
            let arguments = serde_json::from_str(arguments).unwrap_or_else(|_| json!({}));
            match own(ask, name) {
                Some(tool) => speak(protocol, ask, reply, |mouth| mouth.call(&tool, &arguments)),
                None => speak(protocol, ask, reply, |mouth| mouth.say("there is no such tool")),
            }
        }
        Directive::Slow(time) => speak(protocol, ask, reply, |mouth| mouth.drone(*time)),
        Directive::Error(status) => {
            reply.json(*status, "", &protocol.refusal(*status, "the ring refuses", None))
        }
        Directive::Limit(time) => {
            let words = ask.last_words().unwrap_or_default().to_owned();
            let mut limits = limits.lock().unwrap_or_else(PoisonError::into_inner);
            let left =
                time.saturating_sub(limits.entry(words).or_insert_with(Instant::now).elapsed());
            drop(limits);
            if left.is_zero() {
                return speak(protocol, ask, reply, |mouth| mouth.say("ok"));
            }
            refuse(protocol, left, reply)
        }
    }
}

fn refuse(protocol: Protocol, left: Duration, reply: &mut Reply<'_>) -> io::Result<()> {
    let seconds = left.as_secs().max(1);
    let words = format!("Rate limit reached. Please try again in {seconds}s.");
    let header = format!("retry-after: {seconds}\r\n");
    reply.json(429, &header, &protocol.refusal(429, &words, Some(seconds)))
}

/// The program's shell tool with its arguments filled in for a command, so that the program asks its person.
fn shell(tools: &[Tool], command: &str) -> Option<(String, Value)> {
    let tool = SHELLS.iter().find_map(|name| tools.iter().find(|tool| tool.name == *name))?;
    let properties = &tool.schema["properties"];
    let mut arguments = required(&tool.schema);
    let key = COMMANDS.iter().find(|key| properties[**key].is_object()).unwrap_or(&"command");
    arguments[key] = match properties[*key]["type"].as_str() {
        Some("array") => json!(["bash", "-lc", command]),
        _ => json!(command),
    };
    // Programs with a sandbox ask only for what wants out of it.
    if properties["sandbox_permissions"].is_object() {
        arguments["sandbox_permissions"] = json!("require_escalated");
        arguments["justification"] = json!("the ring wants to be asked");
    }
    Some((tool.name.clone(), arguments))
}

/// The name that a program gives to a tool of the workbench's own server. Some do not show such tools before they
/// were searched for, but name them to the model.
fn own(ask: &Ask, name: &str) -> Option<String> {
    let is_meant = |tool: &&Tool| {
        let rest = tool.name.strip_suffix(name);
        rest.is_some_and(|rest| rest.trim_end_matches(['_', '-', '.', '/']).ends_with("agency"))
    };
    let shown = ask.tools.iter().find(is_meant).map(|tool| tool.name.clone());
    let named = format!("mcp__agency__{name}");
    let is_named = || ask.texts(Role::System).any(|text| text.contains(&named));
    shown.or_else(|| is_named().then(|| named.clone()))
}

/// What speaks: a voice, and the way out for it when a stream is wanted.
struct Mouth<'a, 'b> {
    voice: Box<dyn Voice>,
    stream: Option<&'a mut Reply<'b>>,
}

impl Mouth<'_, '_> {
    fn out(&mut self, text: &str) -> io::Result<()> {
        self.stream.as_mut().map_or(Ok(()), |stream| stream.send(text))
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        let event = self.voice.say(text);
        self.out(&event)
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> io::Result<()> {
        let event = self.voice.call(tool, arguments);
        self.out(&event)
    }

    fn drone(&mut self, time: Duration) -> io::Result<()> {
        let began = Instant::now();
        let mut word = 0;
        while began.elapsed() < time {
            word += 1;
            self.say(&format!("word {word} "))?;
            std::thread::park_timeout(PAUSE);
        }
        Ok(())
    }
}

fn speak(
    protocol: Protocol,
    ask: &Ask,
    reply: &mut Reply<'_>,
    say: impl FnOnce(&mut Mouth<'_, '_>) -> io::Result<()>,
) -> io::Result<()> {
    let voice = protocol.voice(&ask.model);
    if !ask.streamed {
        let mut mouth = Mouth { voice, stream: None };
        say(&mut mouth)?;
        mouth.voice.end();
        return reply.json(200, "", &mouth.voice.whole());
    }
    reply.begin()?;
    let mut mouth = Mouth { voice, stream: Some(&mut *reply) };
    let begin = mouth.voice.begin();
    mouth.out(&begin)?;
    say(&mut mouth)?;
    let end = mouth.voice.end();
    mouth.out(&end)?;
    reply.end()
}

/// What is asked of no model.
fn elsewhere(request: &Request) -> Value {
    let path = request.path.as_str();
    let name = "ring-model";
    match path {
        _ if path.ends_with("/count_tokens") => json!({ "input_tokens": 10 }),
        _ if path.ends_with(":countTokens") => json!({ "totalTokens": 10 }),
        "/v1/models" => json!({
            "object": "list", "has_more": false, "first_id": name, "last_id": name, "models": [],
            "data": [{ "id": name, "object": "model", "type": "model", "display_name": name,
                       "created": 0, "created_at": "2026-01-01T00:00:00Z", "owned_by": "ring" }],
        }),
        _ => json!({}),
    }
}
