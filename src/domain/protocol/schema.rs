//! The JSON Schemas of bodies, made from the types themselves, and what their numbers and times look like.
//!
//! A schema says what is read: a field that may be left out may be `null`, and a second name that is
//! understood stands in it too. [`super::shape`] holds bodies against it, so it cannot say anything else
//! than what is taken.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use crate::domain::protocol::{
    Acceptance, Alert, Blocker, CoordinationRequest, Decline, Handoff, LockDenied, LockGranted,
    LockRelease, LockRequest, Protocol, Results, StatusUpdate, TaskAssignment, TaskComplete,
};

/// Version of all schemas, the last part of their `$id`. A change that refuses what was taken before is
/// a new one.
pub const VERSION: u32 = 1;

/// A second name of a field: `(what it is called here, what else it may be called)`.
pub type Alias = (&'static str, &'static str);

/// Fields that have two names. Where both are given the first counts, the second is kept as it is.
pub fn aliases(kind: &str) -> &'static [Alias] {
    match kind {
        "task_assignment"
        | "status_update"
        | "blocker"
        | "coordination_request"
        | "task_complete"
        | "lock_request" => &[("task_id", "task")],
        "handoff" => &[("task", "task_id")],
        "results" => &[("task", "task_id"), ("bugs", "count")],
        _ => &[],
    }
}

/// The schema of a type's body; none: the type has no fixed shape.
pub fn body(kind: &str) -> Option<&'static Value> {
    static BODIES: LazyLock<BTreeMap<&'static str, Value>> =
        LazyLock::new(|| Protocol::TYPES.into_iter().map(|kind| (kind, generate(kind))).collect());
    BODIES.get(kind)
}

fn generate(kind: &str) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let generator = settings.into_generator();
    let mut schema = root(kind, generator);
    open(&mut schema);
    if let Value::Object(object) = &mut schema {
        object.insert("title".to_owned(), json!(kind));
        for (name, other) in aliases(kind) {
            name_also(object, name, other);
        }
    }
    schema
}

fn root(kind: &str, generator: SchemaGenerator) -> Value {
    fn of<T: JsonSchema>(generator: SchemaGenerator) -> Value {
        generator.into_root_schema_for::<T>().to_value()
    }
    match kind {
        "status_update" => of::<StatusUpdate>(generator),
        "blocker" => of::<Blocker>(generator),
        "task_complete" => of::<TaskComplete>(generator),
        "task_assignment" => of::<TaskAssignment>(generator),
        "coordination_request" => of::<CoordinationRequest>(generator),
        "handoff" => of::<Handoff>(generator),
        "accept" => of::<Acceptance>(generator),
        "decline" => of::<Decline>(generator),
        "results" => of::<Results>(generator),
        "alert" => of::<Alert>(generator),
        "lock_request" => of::<LockRequest>(generator),
        "lock_granted" => of::<LockGranted>(generator),
        "lock_denied" => of::<LockDenied>(generator),
        "lock_release" => of::<LockRelease>(generator),
        _ => json!({ "type": "object" }),
    }
}

/// Lets every field that may be left out be `null` too, in this object and those within.
fn open(schema: &mut Value) {
    let Value::Object(object) = schema else { return };
    let required: Vec<String> =
        object.get("required").and_then(|r| Vec::deserialize(r).ok()).unwrap_or_default();
    for variant in object.get_mut("anyOf").and_then(Value::as_array_mut).into_iter().flatten() {
        open(variant);
    }
    let properties = object.get_mut("properties").and_then(Value::as_object_mut);
    for (name, property) in properties.into_iter().flatten() {
        open(property);
        if !required.contains(name) {
            allow_null(property);
        }
    }
}

fn allow_null(property: &mut Value) {
    let Value::Object(object) = property else { return };
    if object.get("default") == Some(&Value::Null) {
        object.remove("default");
    }
    if object.contains_key("anyOf") || object.get("type").is_some_and(Value::is_array) {
        return;
    }
    if object.contains_key("enum") || object.contains_key("oneOf") {
        // What is said about the field stays outside: it is about `null` too.
        let mut outer = Map::new();
        for key in ["description", "default"] {
            outer.extend(object.remove(key).map(|value| (key.to_owned(), value)));
        }
        let inner = Value::Object(std::mem::take(object));
        outer.insert("anyOf".to_owned(), json!([inner, { "type": "null" }]));
        *object = outer;
    } else if let Some(Value::String(kind)) = object.get("type").cloned() {
        object.insert("type".to_owned(), json!([kind, "null"]));
    }
}

/// Puts a second name of a field into the schema: one of both is enough.
fn name_also(object: &mut Map<String, Value>, name: &str, other: &str) {
    let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    let Some(mut property) = properties.get(name).cloned() else { return };
    if let Some(object) = property.as_object_mut() {
        let text = format!("The same as `{name}`, which counts if both are given.");
        object.insert("description".to_owned(), json!(text));
    }
    allow_null(&mut property);
    properties.insert(other.to_owned(), property);
    let Some(required) = object.get_mut("required").and_then(Value::as_array_mut) else { return };
    if required.iter().any(|field| field == name) {
        required.retain(|field| field != name);
        object.insert("anyOf".to_owned(), json!([{ "required": [name] }, { "required": [other] }]));
    }
}

/// A text that says something.
pub fn words(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": NOT_BLANK })
}

/// The pattern of texts that say something.
pub const NOT_BLANK: &str = r"\S";

/// An RFC 3339 time.
pub fn time(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "date-time" })
}

/// 0 to 100.
pub fn percent(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "minimum": 0, "maximum": 100 })
}

/// How many.
pub fn count(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "minimum": 0, "maximum": u32::MAX })
}

/// Reads a whole number; JSON knows one kind of number, so `3.0` is 3.
///
/// # Errors
/// It is no number, has a fraction, or is not within 0 to 4294967295.
pub fn read_count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = f64::deserialize(deserializer)?;
    let is_whole = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    let whole = is_whole.then(|| format!("{number:.0}").parse().ok()).flatten();
    whole.ok_or_else(|| serde::de::Error::custom(format!("{number} is no count")))
}

/// As [`read_count`]; `null` is none.
///
/// # Errors
/// As those of [`read_count`].
pub fn read_optional_count<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u32>, D::Error> {
    #[derive(Deserialize)]
    struct Count(#[serde(deserialize_with = "read_count")] u32);
    Ok(Option::<Count>::deserialize(deserializer)?.map(|Count(count)| count))
}
