//! Gemini: `POST /v1beta/models/NAME:streamGenerateContent?alt=sse` and `:generateContent`.
//!
//! Every event is a whole response with the parts that are new; the last one has the reason of the end.

use serde_json::{Value, json};

use super::{Spoken, Voice, plain};
use crate::model::ask::{Ask, Part, Role, Tool};

/// What was asked.
pub fn read(body: &Value) -> Ask {
    let mut ask = Ask::default();
    parts(&mut ask, Role::System, &body["systemInstruction"]);
    for content in body["contents"].as_array().into_iter().flatten() {
        let role = if content["role"] == "model" { Role::Assistant } else { Role::User };
        parts(&mut ask, role, content);
    }
    for set in body["tools"].as_array().into_iter().flatten() {
        for tool in set["functionDeclarations"].as_array().into_iter().flatten() {
            let name = tool["name"].as_str().unwrap_or_default().to_owned();
            let schemas = [&tool["parametersJsonSchema"], &tool["parameters"]];
            let schema = schemas.into_iter().find(|schema| schema.is_object());
            ask.tools.push(Tool { name, schema: schema.cloned().unwrap_or_default() });
        }
    }
    let form = &body["generationConfig"];
    let schemas = [&form["responseJsonSchema"], &form["responseSchema"]];
    ask.wanted = schemas.into_iter().find(|schema| schema.is_object()).cloned();
    ask
}

fn parts(ask: &mut Ask, role: Role, content: &Value) {
    for part in content["parts"].as_array().into_iter().flatten() {
        ask.text(role, &part["text"]);
        if part["functionCall"].is_object() {
            ask.turns.push((role, Part::Call(part["functionCall"].to_string())));
        }
        if part["functionResponse"].is_object() {
            ask.turns.push((role, Part::Result(part["functionResponse"].to_string())));
        }
    }
}

/// The body of a refusal.
pub fn refusal(status: u16, message: &str, seconds: Option<u64>) -> Value {
    let name = if status == 429 { "RESOURCE_EXHAUSTED" } else { "INVALID_ARGUMENT" };
    let details = seconds.map(|seconds| {
        json!([{ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{seconds}s") }])
    });
    json!({ "error": { "code": status, "message": message, "status": name, "details": details } })
}

/// See the head of the file.
pub struct Gemini {
    spoken: Spoken,
}

impl Gemini {
    /// Speaks as this model.
    pub fn new(model: String) -> Self {
        Self { spoken: Spoken::new(model) }
    }

    fn response(&self, parts: &[Value], finish: Option<&str>) -> Value {
        let content = json!({ "role": "model", "parts": parts });
        let mut candidate = json!({ "index": 0, "content": content });
        if let Some(finish) = finish {
            candidate["finishReason"] = json!(finish);
        }
        json!({
            "candidates": [candidate], "modelVersion": self.spoken.model, "responseId": self.spoken.id,
            "usageMetadata": { "promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15 },
        })
    }
}

fn call_part(id: &str, tool: &str, arguments: &Value) -> Value {
    json!({ "functionCall": { "id": id, "name": tool, "args": arguments } })
}

impl Voice for Gemini {
    fn begin(&mut self) -> String {
        String::new()
    }

    fn say(&mut self, words: &str) -> String {
        self.spoken.text.push_str(words);
        plain(&self.response(&[json!({ "text": words })], None))
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> String {
        let id = self.spoken.add_call(tool, arguments).id.clone();
        plain(&self.response(&[call_part(&id, tool, arguments)], None))
    }

    fn end(&mut self) -> String {
        plain(&self.response(&[json!({ "text": "" })], Some("STOP")))
    }

    fn whole(&self) -> Value {
        let mut parts = Vec::new();
        if !self.spoken.text.is_empty() {
            parts.push(json!({ "text": self.spoken.text }));
        }
        let calls = &self.spoken.calls;
        parts.extend(calls.iter().map(|call| call_part(&call.id, &call.tool, &call.arguments)));
        self.response(&parts, Some("STOP"))
    }
}
