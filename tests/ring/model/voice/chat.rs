//! OpenAI Chat Completions: `POST /v1/chat/completions`.
//!
//! Every event is a chunk with one choice; the last one is followed by `[DONE]`.

use serde_json::{Value, json};

use super::{Spoken, Voice, plain};
use crate::model::ask::{Ask, Part, Role, Tool};

/// What was asked.
pub fn read(body: &Value) -> Ask {
    let mut ask = Ask::default();
    for message in body["messages"].as_array().into_iter().flatten() {
        let content = &message["content"];
        let role = match message["role"].as_str() {
            Some("system" | "developer") => Role::System,
            Some("assistant") => Role::Assistant,
            Some("tool") => {
                ask.turns.push((Role::User, Part::Result(content.to_string())));
                continue;
            }
            _ => Role::User,
        };
        ask.text(role, content);
        for part in content.as_array().into_iter().flatten() {
            ask.text(role, &part["text"]);
        }
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            ask.turns.push((role, Part::Call(call.to_string())));
        }
    }
    for tool in body["tools"].as_array().into_iter().flatten() {
        let name = tool["function"]["name"].as_str().unwrap_or_default().to_owned();
        ask.tools.push(Tool { name, schema: tool["function"]["parameters"].clone() });
    }
    let form = &body["response_format"]["json_schema"]["schema"];
    ask.wanted = form.is_object().then(|| form.clone());
    ask
}

/// See the head of the file.
pub struct Chat {
    spoken: Spoken,
}

impl Chat {
    /// Speaks as this model.
    pub fn new(model: String) -> Self {
        Self { spoken: Spoken::new(model) }
    }

    fn chunk(&self, delta: &Value, finish: &Value) -> Value {
        json!({
            "id": format!("chatcmpl-{}", self.spoken.id), "object": "chat.completion.chunk", "created": 0,
            "model": self.spoken.model,
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
        })
    }

    fn finish(&self) -> Value {
        json!(if self.spoken.calls.is_empty() { "stop" } else { "tool_calls" })
    }
}

fn usage() -> Value {
    json!({ "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15 })
}

impl Voice for Chat {
    fn begin(&mut self) -> String {
        plain(&self.chunk(&json!({ "role": "assistant", "content": "" }), &Value::Null))
    }

    fn say(&mut self, words: &str) -> String {
        self.spoken.text.push_str(words);
        plain(&self.chunk(&json!({ "content": words }), &Value::Null))
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> String {
        let index = self.spoken.calls.len();
        let id = format!("call_{}", self.spoken.add_call(tool, arguments).id);
        let function = json!({ "name": tool, "arguments": arguments.to_string() });
        let call = json!({ "index": index, "id": id, "type": "function", "function": function });
        plain(&self.chunk(&json!({ "tool_calls": [call] }), &Value::Null))
    }

    fn end(&mut self) -> String {
        let mut last = self.chunk(&json!({}), &self.finish());
        last["usage"] = usage();
        plain(&last) + "data: [DONE]\n\n"
    }

    fn whole(&self) -> Value {
        let mut message = json!({ "role": "assistant", "content": self.spoken.text });
        let calls = self.spoken.calls.iter().map(|call| {
            let function = json!({ "name": call.tool, "arguments": call.arguments.to_string() });
            json!({ "id": format!("call_{}", call.id), "type": "function", "function": function })
        });
        let calls: Vec<Value> = calls.collect();
        if !calls.is_empty() {
            message["tool_calls"] = json!(calls);
        }
        json!({
            "id": format!("chatcmpl-{}", self.spoken.id), "object": "chat.completion", "created": 0,
            "model": self.spoken.model, "usage": usage(),
            "choices": [{ "index": 0, "message": message, "finish_reason": self.finish() }],
        })
    }
}
