//! Whole messages as JSON Schemas: the envelope, and for each type both forms in which it may be written.
//!
//! What is printed here is a promise to every program that writes messages; what a message means is
//! not said. Unknown fields are allowed everywhere. The shapes of bodies come from [`super::schema`].

use serde_json::{Map, Value, json};

use crate::domain::message::Priority;
use crate::domain::protocol::Protocol;
use crate::domain::protocol::schema::{self, NOT_BLANK, VERSION};

/// The dialect of JSON Schema that all of them are written in.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A type whose body is words, of people or for people.
struct TextType {
    name: &'static str,
    about: &'static str,
    example: &'static str,
}

/// The leading word of a text decides between them; a text without one is a `note`.
const TEXT_TYPES: [TextType; 6] = [
    TextType {
        name: "task",
        about: "something to do",
        example: "TASK-042: Implement OAuth2 using authlib. Ref: docs/auth_spec.md",
    },
    TextType {
        name: "status",
        about: "how far somebody is",
        example: "STATUS python-agent: Auth module 60% complete. Need OAuth2 library recommendation.",
    },
    TextType {
        name: "question",
        about: "something that somebody wants to know",
        example: "QUESTION from python-agent: What API response format are you expecting?",
    },
    TextType {
        name: "complete",
        about: "something is finished",
        example: "COMPLETE TASK-042: merged into login/integration",
    },
    TextType {
        name: "blocked",
        about: "something cannot go on",
        example: "BLOCKED TASK-042: the schema is missing",
    },
    TextType { name: "note", about: "anything else", example: "The staging server is back." },
];

/// One type as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeInfo {
    /// The word.
    pub name: &'static str,
    /// The `$id` of its schema.
    pub schema: String,
    /// `object` or `text`: what its body is.
    pub body: &'static str,
    /// Names of fields without which it is refused; `a|b`: one of them.
    pub required: Vec<String>,
    /// What it says, in one fragment.
    pub about: String,
}

/// Every type that has a schema, those of fixed shape first.
pub fn types() -> Vec<TypeInfo> {
    let fixed = Protocol::TYPES.into_iter().map(|name| {
        let shape = schema::body(name).unwrap_or(&Value::Null);
        TypeInfo {
            name,
            schema: id_of(name),
            body: "object",
            required: super::shape::required(shape).iter().map(|names| names.join("|")).collect(),
            about: about(name, shape),
        }
    });
    let texts = TEXT_TYPES.iter().map(|text| TypeInfo {
        name: text.name,
        schema: id_of(text.name),
        body: "text",
        required: Vec::new(),
        about: text.about.to_owned(),
    });
    fixed.chain(texts).collect()
}

/// The first sentence of a shape's description, without the type that it begins with.
fn about(name: &str, shape: &Value) -> String {
    let text = shape.get("description").and_then(Value::as_str).unwrap_or_default();
    let text = text.strip_prefix(&format!("`{name}`: ")).unwrap_or(text);
    let text = text.replace('\n', " ");
    text.split(". ").next().unwrap_or_default().trim_end_matches('.').to_owned()
}

fn id_of(name: &str) -> String {
    format!("agency/message/{name}/v{VERSION}")
}

/// The schema of the envelope, whatever type is in it.
pub fn envelope() -> Value {
    let mut schema = envelope_of(json!({
        "type": "string",
        "pattern": "^[a-z][a-z0-9_-]{0,63}$",
        "description": "What it says; any word, some have a fixed shape.",
    }));
    put(&mut schema, "$schema", json!(DIALECT));
    put(&mut schema, "$id", json!(format!("agency/message/v{VERSION}")));
    put(&mut schema, "title", json!("message"));
    put(
        &mut schema,
        "description",
        json!(
            "One message. Unknown fields are kept and passed on. A field that is `null` counts as absent."
        ),
    );
    schema
}

/// The schema of a whole message of a type, in either form. None: nothing is fixed about that type.
pub fn message(kind: &str) -> Option<Value> {
    let text = TEXT_TYPES.iter().find(|text| text.name == kind);
    let shape = schema::body(kind).cloned();
    let (description, example) = match (&shape, text) {
        (Some(shape), _) => (shape.get("description").cloned().unwrap_or_default(), None),
        (None, Some(text)) => (json!(format!("`{kind}`: {}.", text.about)), Some(text.example)),
        (None, None) => return None,
    };
    let mut enveloped = envelope_of(json!({ "const": kind }));
    put(&mut enveloped, "title", json!(format!("{kind}, as an envelope")));
    put(&mut enveloped, "properties/body", body_of(shape.as_ref(), example));
    Some(json!({
        "$schema": DIALECT,
        "$id": id_of(kind),
        "title": kind,
        "description": description,
        "oneOf": [enveloped, flat_of(kind, shape)],
    }))
}

/// A body is its type's object, or words, which say nothing that a program could act on.
fn body_of(shape: Option<&Value>, example: Option<&str>) -> Value {
    let mut words = json!({ "type": "string", "pattern": NOT_BLANK });
    if let Some(example) = example {
        put(&mut words, "examples", json!([example]));
    }
    let object = shape.cloned().unwrap_or_else(|| json!({ "type": "object" }));
    json!({ "oneOf": [object, words] })
}

fn envelope_of(kind: Value) -> Value {
    let mut properties = common();
    properties.insert("type".to_owned(), kind);
    properties.insert(
        "body".to_owned(),
        json!({ "type": ["string", "object"], "description": "Words, or what the type holds." }),
    );
    json!({ "type": "object", "required": ["type", "body"], "properties": properties })
}

/// The flat form: the fields of the body on one level with the type, no `body`.
fn flat_of(kind: &str, shape: Option<Value>) -> Value {
    let mut flat = shape.unwrap_or_else(|| json!({ "type": "object" }));
    let mut properties: Map<String, Value> =
        flat.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    properties.insert("type".to_owned(), json!({ "const": kind }));
    properties.insert(
        "body".to_owned(),
        json!({ "type": "null", "description": "With a body it is an envelope." }),
    );
    for (name, description) in FLAT {
        let party = json!({ "type": ["string", "null"], "description": description });
        properties.entry(name).or_insert(party);
    }
    let required = flat.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let required: Vec<Value> = std::iter::once(json!("type")).chain(required).collect();
    put(&mut flat, "title", json!(format!("{kind}, flat")));
    put(&mut flat, "properties", Value::Object(properties));
    put(&mut flat, "required", json!(required));
    flat
}

/// What a flat message may say about its way.
const FLAT: [(&str, &str); 7] = [
    ("from", "The sender's address; the credential decides."),
    ("from_agent", "The sender: an address, or a name in its own agency."),
    ("agent_id", "The sender: an address, or a name in its own agency."),
    ("to", "Whom it is for: `Agency/agent`, `Agency`, `operator` or `*`."),
    ("to_agent", "Whom it is for: an address, or a name in the sender's agency."),
    ("assigned_to", "Whom it is for: an address, or a name in the sender's agency."),
    ("timestamp", "When it was written, RFC 3339."),
];

/// The fields of every envelope beside its type and its body.
fn common() -> Map<String, Value> {
    let text =
        |description: &str| json!({ "type": ["string", "null"], "description": description });
    let of = |format: &str, description: &str| json!({ "type": ["string", "null"], "format": format, "description": description });
    let priorities = [Priority::Low, Priority::Normal, Priority::High, Priority::Critical];
    let fields = json!({
        "id": of("uuid", "The key for deduplication; made on arrival where there is none."),
        "from": text("The sender's address; the credential decides."),
        "to": text("Whom it is for: `Agency/agent`, `Agency`, `operator` or `*`; needed at the door."),
        "priority": {
            "enum": priorities.map(|p| json!(p.as_str())).into_iter().chain([Value::Null]).collect::<Vec<_>>(),
            "default": Priority::default().as_str(),
            "description": "How urgent; `critical` overtakes.",
        },
        "task": text("Task id or title."),
        "in_reply_to": of("uuid", "The message that it answers."),
        "sent_at": of("date-time", "When it was written; none: arrival."),
        "expires_at": of("date-time", "After this it is not delivered any more."),
        "trace": {
            "type": ["string", "null"],
            "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
            "description": "W3C `traceparent`; made on arrival where there is none.",
        },
        "version": {
            "type": ["integer", "string", "null"],
            "pattern": r"^\d+(\.\d+)*$",
            "description": format!(
                "The version of the protocol that it was written for; its first number is at most {VERSION}."
            ),
        },
        "auth": {
            "type": ["object", "null"],
            "required": ["key", "mac"],
            "properties": { "key": { "type": "string" }, "mac": { "type": "string" } },
            "description": "Who wrote it, proven: HMAC-SHA-256 of the canonical message without `auth`.",
        },
    });
    fields.as_object().cloned().unwrap_or_default()
}

/// Puts a value at a way of names, `properties/body`.
fn put(schema: &mut Value, way: &str, value: Value) {
    let (parent, name) = way.rsplit_once('/').map_or(("", way), |(parent, name)| (parent, name));
    let parent = if parent.is_empty() { String::new() } else { format!("/{parent}") };
    if let Some(object) = schema.pointer_mut(&parent).and_then(Value::as_object_mut) {
        object.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_document_with_its_version() {
        for info in types() {
            let document = message(info.name).expect("a document");
            assert_eq!(document["$id"], info.schema.as_str());
            assert_eq!(document["oneOf"].as_array().map(Vec::len), Some(2), "{}", info.name);
            assert!(!info.about.is_empty() && !info.about.contains('`'), "{info:?}");
        }
        assert_eq!(message("poem"), None);
        assert_eq!(envelope()["$id"], "agency/message/v1");
    }

    #[test]
    fn the_examples_of_texts_are_of_their_type() {
        for text in TEXT_TYPES {
            let kind = crate::domain::message::MessageType::of_text(text.example);
            assert_eq!(kind.as_str(), text.name);
        }
    }
}
