//! Anthropic Messages: `POST /v1/messages`.
//!
//! Words are one block, every call is a block of its own after it; a block is closed before the next begins.

use serde_json::{Value, json};

use super::{Spoken, Voice, named};
use crate::model::ask::{Ask, Part, Role, Tool};

/// What was asked.
pub fn read(body: &Value) -> Ask {
    let mut ask = Ask::default();
    blocks(&mut ask, Role::System, &body["system"]);
    for message in body["messages"].as_array().into_iter().flatten() {
        let role = match message["role"].as_str() {
            Some("assistant") => Role::Assistant,
            Some("system") => Role::System,
            _ => Role::User,
        };
        blocks(&mut ask, role, &message["content"]);
    }
    for tool in body["tools"].as_array().into_iter().flatten() {
        let name = tool["name"].as_str().unwrap_or_default().to_owned();
        ask.tools.push(Tool { name, schema: tool["input_schema"].clone() });
    }
    let form = &body["output_config"]["format"]["schema"];
    ask.wanted = form.is_object().then(|| form.clone());
    ask
}

fn blocks(ask: &mut Ask, role: Role, content: &Value) {
    ask.text(role, content);
    for block in content.as_array().into_iter().flatten() {
        match block["type"].as_str() {
            Some("text") => ask.text(role, &block["text"]),
            Some("tool_use") => ask.turns.push((role, Part::Call(block.to_string()))),
            Some("tool_result") => {
                ask.turns.push((role, Part::Result(block["content"].to_string())))
            }
            _ => {}
        }
    }
}

/// See the head of the file.
pub struct Anthropic {
    spoken: Spoken,
    blocks: usize,
    is_open: bool,
}

impl Anthropic {
    /// Speaks as this model.
    pub fn new(model: String) -> Self {
        Self { spoken: Spoken::new(model), blocks: 0, is_open: false }
    }

    fn open(&mut self, block: &Value) -> String {
        self.is_open = true;
        let index = self.blocks;
        self.blocks += 1;
        let start =
            json!({ "type": "content_block_start", "index": index, "content_block": block });
        named("content_block_start", &start)
    }

    fn delta(&self, delta: &Value) -> String {
        let index = self.blocks.saturating_sub(1);
        let event = json!({ "type": "content_block_delta", "index": index, "delta": delta });
        named("content_block_delta", &event)
    }

    fn close(&mut self) -> String {
        if !std::mem::take(&mut self.is_open) {
            return String::new();
        }
        let index = self.blocks.saturating_sub(1);
        named("content_block_stop", &json!({ "type": "content_block_stop", "index": index }))
    }

    fn message(&self, content: &[Value], stop: &Value) -> Value {
        json!({
            "id": format!("msg_{}", self.spoken.id), "type": "message", "role": "assistant",
            "model": self.spoken.model, "content": content, "stop_reason": stop, "stop_sequence": null,
            "usage": { "input_tokens": 10, "output_tokens": 5 },
        })
    }

    fn stop(&self) -> Value {
        json!(if self.spoken.calls.is_empty() { "end_turn" } else { "tool_use" })
    }
}

impl Voice for Anthropic {
    fn begin(&mut self) -> String {
        let message = self.message(&[], &Value::Null);
        named("message_start", &json!({ "type": "message_start", "message": message }))
    }

    fn say(&mut self, words: &str) -> String {
        self.spoken.text.push_str(words);
        let mut events = String::new();
        if !self.is_open {
            events = self.open(&json!({ "type": "text", "text": "" }));
        }
        events + &self.delta(&json!({ "type": "text_delta", "text": words }))
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> String {
        let closed = self.close();
        let called = self.spoken.add_call(tool, arguments);
        let id = format!("toolu_{}", called.id);
        let block = json!({ "type": "tool_use", "id": id, "name": tool, "input": {} });
        let opened = self.open(&block);
        let partial = arguments.to_string();
        let delta = self.delta(&json!({ "type": "input_json_delta", "partial_json": partial }));
        closed + &opened + &delta
    }

    fn end(&mut self) -> String {
        let closed = self.close();
        let delta = json!({
            "type": "message_delta", "usage": { "output_tokens": 5 },
            "delta": { "stop_reason": self.stop(), "stop_sequence": null },
        });
        let stop = json!({ "type": "message_stop" });
        closed + &named("message_delta", &delta) + &named("message_stop", &stop)
    }

    fn whole(&self) -> Value {
        let mut content = Vec::new();
        if !self.spoken.text.is_empty() {
            content.push(json!({ "type": "text", "text": self.spoken.text }));
        }
        content.extend(self.spoken.calls.iter().map(|call| {
            let id = format!("toolu_{}", call.id);
            json!({ "type": "tool_use", "id": id, "name": call.tool, "input": call.arguments })
        }));
        self.message(&content, &self.stop())
    }
}
