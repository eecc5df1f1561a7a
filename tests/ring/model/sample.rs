//! The smallest value that a JSON schema takes: what side questions ("which title?", "who speaks
//! next?") are answered with, and what fills a tool's arguments that nobody cares about.
//!
//! It reads as much of a schema as programs write: types, required properties, choices.

use serde_json::{Map, Value, json};

/// A value for a schema.
pub fn sample(schema: &Value) -> Value {
    if let Some(choices) = schema["enum"].as_array() {
        return choice(choices);
    }
    if let Some(value) = schema.get("const") {
        return value.clone();
    }
    let any = ["anyOf", "oneOf"].iter().find_map(|key| schema[*key].as_array()?.first());
    if let Some(first) = any {
        return sample(first);
    }
    match kind(schema).as_str() {
        "object" => required(schema),
        "array" => json!([]),
        "boolean" => json!(false),
        "number" | "integer" => json!(0),
        "null" => Value::Null,
        _ => json!("ok"),
    }
}

/// The required properties of an object's schema, each with a value.
pub fn required(schema: &Value) -> Value {
    let names = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let pairs = names.map(|name| (name.to_owned(), sample(&schema["properties"][name])));
    Value::Object(pairs.collect::<Map<_, _>>())
}

/// A question about who speaks next must be answered with the person, or a program goes on for ever.
fn choice(choices: &[Value]) -> Value {
    let user = choices.iter().find(|value| value.as_str() == Some("user"));
    user.or(choices.first()).cloned().unwrap_or_default()
}

fn kind(schema: &Value) -> String {
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    let guessed = if schema["properties"].is_object() { "object" } else { "string" };
    kind.unwrap_or(guessed).to_lowercase()
}
