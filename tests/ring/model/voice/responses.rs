//! OpenAI Responses: `POST /v1/responses`.
//!
//! Words are one message item, every call is an item after it; items are numbered in the order of the
//! output, and the last event holds them all once more.

use serde_json::{Value, json};

use super::{Spoken, Voice, named};
use crate::model::ask::{Ask, Part, Role, Tool};

/// Between the name of a space and that of a tool in it.
const SPACE: char = '/';

/// What was asked.
pub fn read(body: &Value) -> Ask {
    let mut ask = Ask::default();
    ask.text(Role::System, &body["instructions"]);
    ask.text(Role::User, &body["input"]);
    for item in body["input"].as_array().into_iter().flatten() {
        let kind = item["type"].as_str().unwrap_or("message");
        match kind {
            "message" => message(&mut ask, item),
            _ if kind.ends_with("_output") => {
                ask.turns.push((Role::User, Part::Result(item["output"].to_string())));
            }
            _ if kind.ends_with("_call") => {
                ask.turns.push((Role::Assistant, Part::Call(item.to_string())));
            }
            _ => {}
        }
    }
    for tool in body["tools"].as_array().into_iter().flatten() {
        // A server's tools stand in a space of their own.
        for inner in tool["tools"].as_array().into_iter().flatten() {
            let [space, name] = [tool, inner].map(|it| it["name"].as_str().unwrap_or_default());
            let schema = inner["parameters"].clone();
            ask.tools.push(Tool { name: format!("{space}{SPACE}{name}"), schema });
        }
        let name = tool["name"].as_str().or(tool["type"].as_str()).unwrap_or_default().to_owned();
        ask.tools.push(Tool { name, schema: tool["parameters"].clone() });
    }
    let form = &body["text"]["format"]["schema"];
    ask.wanted = form.is_object().then(|| form.clone());
    ask
}

fn message(ask: &mut Ask, item: &Value) {
    let role = match item["role"].as_str() {
        Some("system" | "developer") => Role::System,
        Some("assistant") => Role::Assistant,
        _ => Role::User,
    };
    ask.text(role, &item["content"]);
    for part in item["content"].as_array().into_iter().flatten() {
        ask.text(role, &part["text"]);
    }
}

/// See the head of the file.
pub struct Responses {
    spoken: Spoken,
    events: usize,
    has_message: bool,
}

impl Responses {
    /// Speaks as this model.
    pub fn new(model: String) -> Self {
        Self { spoken: Spoken::new(model), events: 0, has_message: false }
    }

    fn event(&mut self, name: &str, mut value: Value) -> String {
        value["type"] = json!(name);
        value["sequence_number"] = json!(self.events);
        self.events += 1;
        named(name, &value)
    }

    fn message(&self, status: &str) -> Value {
        let content = json!({ "type": "output_text", "text": self.spoken.text, "annotations": [] });
        let content = if status == "completed" { json!([content]) } else { json!([]) };
        json!({ "id": self.message_id(), "type": "message", "role": "assistant", "status": status, "content": content })
    }

    fn message_id(&self) -> String {
        format!("msg_{}", self.spoken.id)
    }

    fn output(&self) -> Vec<Value> {
        let message = self.has_message.then(|| self.message("completed"));
        let calls = self.spoken.calls.iter().map(|called| {
            let (space, name) = match called.tool.split_once(SPACE) {
                Some((space, name)) => (Some(space), name),
                None => (None, called.tool.as_str()),
            };
            let mut item = json!({
                "id": format!("fc_{}", called.id), "type": "function_call", "status": "completed",
                "call_id": format!("call_{}", called.id), "name": name,
                "arguments": called.arguments.to_string(),
            });
            if let Some(space) = space {
                item["namespace"] = json!(space);
            }
            item
        });
        message.into_iter().chain(calls).collect()
    }

    fn response(&self, status: &str) -> Value {
        let output = if status == "completed" { self.output() } else { Vec::new() };
        json!({
            "id": format!("resp_{}", self.spoken.id), "object": "response", "created_at": 0,
            "status": status, "model": self.spoken.model, "output": output,
            "usage": { "input_tokens": 10, "output_tokens": 5, "total_tokens": 15,
                       "input_tokens_details": { "cached_tokens": 0 },
                       "output_tokens_details": { "reasoning_tokens": 0 } },
        })
    }

    fn close(&mut self) -> String {
        if !self.has_message {
            return String::new();
        }
        let (id, text) = (self.message_id(), self.spoken.text.clone());
        let part = json!({ "type": "output_text", "text": text, "annotations": [] });
        let at = json!({ "item_id": id, "output_index": 0, "content_index": 0 });
        let mut done = at.clone();
        done["text"] = json!(text);
        let mut part_done = at;
        part_done["part"] = part;
        let item = json!({ "output_index": 0, "item": self.message("completed") });
        self.event("response.output_text.done", done)
            + &self.event("response.content_part.done", part_done)
            + &self.event("response.output_item.done", item)
    }
}

impl Voice for Responses {
    fn begin(&mut self) -> String {
        let response = self.response("in_progress");
        self.event("response.created", json!({ "response": response }))
            + &self.event("response.in_progress", json!({ "response": response }))
    }

    fn say(&mut self, words: &str) -> String {
        let mut events = String::new();
        let id = self.message_id();
        if !std::mem::replace(&mut self.has_message, true) {
            let item = json!({ "output_index": 0, "item": self.message("in_progress") });
            let part = json!({ "type": "output_text", "text": "", "annotations": [] });
            let part =
                json!({ "item_id": id, "output_index": 0, "content_index": 0, "part": part });
            events = self.event("response.output_item.added", item)
                + &self.event("response.content_part.added", part);
        }
        self.spoken.text.push_str(words);
        let delta = json!({ "item_id": id, "output_index": 0, "content_index": 0, "delta": words });
        events + &self.event("response.output_text.delta", delta)
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> String {
        self.spoken.add_call(tool, arguments);
        let output = self.output();
        let index = output.len() - 1;
        let item = &output[index];
        let mut begun = item.clone();
        begun["arguments"] = json!("");
        begun["status"] = json!("in_progress");
        let at = json!({ "item_id": item["id"], "output_index": index });
        let mut delta = at.clone();
        delta["delta"] = item["arguments"].clone();
        let mut done = at;
        done["arguments"] = item["arguments"].clone();
        self.event("response.output_item.added", json!({ "output_index": index, "item": begun }))
            + &self.event("response.function_call_arguments.delta", delta)
            + &self.event("response.function_call_arguments.done", done)
            + &self
                .event("response.output_item.done", json!({ "output_index": index, "item": item }))
    }

    fn end(&mut self) -> String {
        let closed = self.close();
        let response = self.response("completed");
        closed + &self.event("response.completed", json!({ "response": response }))
    }

    fn whole(&self) -> Value {
        self.response("completed")
    }
}
