//! The model is tried before anything is believed of it: every protocol, as a stream and in one piece,
//! over a real connection.
//!
//! What is checked is what a program would see, word for word, and what the log says about it.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};

use serde_json::{Value, json};

use crate::model::Model;
use crate::place::said;

/// How each protocol asks with these words, and how a call of its shell looks in an answer.
struct Speech {
    path: &'static str,
    body: fn(&str, bool) -> Value,
    call: &'static str,
}

const SPEECHES: [Speech; 4] = [
    Speech {
        path: "/v1/messages?beta=true",
        body: |words, stream| {
            json!({ "model": "m", "stream": stream, "system": [{ "type": "text", "text": "told" }],
                    "tools": [{ "name": "Bash", "input_schema": command() }],
                    "messages": [{ "role": "user", "content": [{ "type": "text", "text": words }] }] })
        },
        call: "tool_use",
    },
    Speech {
        path: "/v1/responses",
        body: |words, stream| {
            json!({ "model": "m", "stream": stream, "instructions": "told",
                    "tools": [{ "type": "function", "name": "shell", "parameters": command() }],
                    "input": [{ "type": "message", "role": "user",
                                "content": [{ "type": "input_text", "text": words }] }] })
        },
        call: "function_call",
    },
    Speech {
        path: "/v1/chat/completions",
        body: |words, stream| {
            let tool = json!({ "name": "bash", "parameters": command() });
            json!({ "model": "m", "stream": stream,
                    "tools": [{ "type": "function", "function": tool }],
                    "messages": [{ "role": "system", "content": "told" },
                                 { "role": "user", "content": words }] })
        },
        call: "tool_calls",
    },
    Speech {
        path: "",
        body: |words, _| {
            let tool = json!({ "name": "run_shell_command", "parametersJsonSchema": command() });
            json!({ "systemInstruction": { "parts": [{ "text": "told" }] },
                    "tools": [{ "functionDeclarations": [tool] }],
                    "contents": [{ "role": "user", "parts": [{ "text": words }] }] })
        },
        call: "functionCall",
    },
];

fn command() -> Value {
    json!({ "type": "object", "required": ["command"],
            "properties": { "command": { "type": "string" } } })
}

/// Tries everything; what is wrong, in words.
pub fn run() -> Result<(), String> {
    let model = Model::start(0, None).map_err(said)?;
    for speech in &SPEECHES {
        for stream in [true, false] {
            speech.try_out(&model, stream).map_err(|why| format!("{}: {why}", speech.path))?;
        }
    }
    Ok(())
}

impl Speech {
    fn path(&self, stream: bool) -> String {
        match (self.path, stream) {
            ("", true) => "/v1beta/models/m:streamGenerateContent?alt=sse".to_owned(),
            ("", false) => "/v1beta/models/m:generateContent".to_owned(),
            (path, _) => path.to_owned(),
        }
    }

    fn try_out(&self, model: &Model, stream: bool) -> Result<(), String> {
        let mark = format!("mark {}{stream} «世界»\nsecond line", self.call);
        let ask = |words: &str| post(model, &self.path(stream), &(self.body)(words, stream));
        let said = ask(&format!("{mark}\nRING:say heard you"))?;
        require(said.contains("heard you"), "does not say what it should", &said)?;
        let times = model.log().heard(&mark);
        require(times == 1, "was not heard once", &times.to_string())?;
        let called = ask("RING:shell touch proof")?;
        let is_call = called.contains(self.call) && called.contains("touch proof");
        require(is_call, "calls no shell", &called)?;
        let refused = ask(&format!("RING:limit 9 {stream}"))?;
        let is_refused = refused.starts_with("HTTP/1.1 429") && refused.contains("retry-after");
        require(is_refused, "is not limited", &refused)?;
        require(ask("nothing")?.contains("ok"), "does not say ok", "")
    }
}

fn require(is_so: bool, what: &str, seen: &str) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(format!("{what}: {seen}")) }
}

/// The whole answer, head and all.
fn post(model: &Model, path: &str, body: &Value) -> Result<String, String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, model.port())).map_err(said)?;
    let body = body.to_string();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: ring\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).map_err(said)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(said)?;
    Ok(answer)
}
