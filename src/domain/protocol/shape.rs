//! Holds a value against a schema of [`super::schema`] and says of each field what is wrong with it.
//!
//! It knows the part of JSON Schema that those schemas use, no more. It sees values, not texts: line
//! and column are found by whoever has the text, from the path.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::domain::nearest::{choices, nearest};
use crate::domain::protocol::schema::NOT_BLANK;
use crate::domain::refusal::{Refusal, RefusalKind};

/// One step of the way to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A field.
    Key(String),
    /// An item of a list, from 0.
    Index(usize),
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The way to it from the body; of what is missing the way to where it should be.
    pub path: Vec<Part>,
    /// Whether the field is missing.
    pub is_missing: bool,
    /// What is wrong and what is accepted; begins with the field.
    pub message: String,
}

impl Fault {
    /// The field: `test_results.passed`, `blockers[1]`.
    pub fn field(&self) -> String {
        field(&self.path)
    }
}

/// Why a body does not have the shape of its type: at least one fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ShapeError {
    /// The type.
    pub kind: String,
    /// Everything that is wrong.
    pub faults: Vec<Fault>,
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let messages: Vec<&str> = self.faults.iter().map(|fault| fault.message.as_str()).collect();
        f.write_str(&messages.join("; "))
    }
}

impl From<ShapeError> for Refusal {
    fn from(error: ShapeError) -> Self {
        let is_missing = error.faults.first().is_some_and(|fault| fault.is_missing);
        let code = if is_missing { "missing_field" } else { "invalid" };
        Self::new(RefusalKind::Usage, code, error.to_string())
            .with_hint(format!("see what it takes: agency schema message {}", error.kind))
    }
}

/// Everything in which a value differs from a schema, in the order of its fields' names.
pub fn faults(schema: &Value, value: &Value) -> Vec<Fault> {
    let mut walk = Walk { path: Vec::new(), faults: Vec::new() };
    walk.value(schema, value);
    walk.faults
}

fn field(path: &[Part]) -> String {
    path.iter().fold(String::new(), |text, part| match part {
        Part::Key(key) if text.is_empty() => key.clone(),
        Part::Key(key) => format!("{text}.{key}"),
        Part::Index(number) => format!("{text}[{number}]"),
    })
}

struct Walk {
    path: Vec<Part>,
    faults: Vec<Fault>,
}

impl Walk {
    fn value(&mut self, schema: &Value, value: &Value) {
        let Some(schema) = variant(schema, value) else { return };
        let words = words(schema);
        match value {
            Value::String(text) if !words.is_empty() => {
                if !words.contains(&text.as_str()) {
                    self.add(|field| {
                        format!("`{field}` cannot be `{}`; {}", cut(text), choices(text, &words))
                    });
                }
            }
            _ if !types(schema).any(|kind| is_of(kind, value)) => self.unlike(schema, value),
            Value::String(text) => self.text(schema, text),
            Value::Number(_) => self.number(schema, value),
            Value::Array(items) => self.items(schema, items),
            Value::Object(object) => self.object(schema, object),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn text(&mut self, schema: &Value, text: &str) {
        if schema.get("pattern").is_some_and(|pattern| pattern == NOT_BLANK)
            && text.trim().is_empty()
        {
            self.add(|field| format!("`{field}` is empty"));
        }
        let is_time = schema.get("format").is_some_and(|format| format == "date-time");
        if is_time && text.parse::<Timestamp>().is_err() {
            self.add(|field| {
                format!("`{field}` must be a time like `2025-11-20T14:30:00Z`, not `{}`", cut(text))
            });
        }
    }

    fn number(&mut self, schema: &Value, value: &Value) {
        let limit = |key: &str| schema.get(key).and_then(Value::as_f64);
        let number = value.as_f64().unwrap_or(f64::NAN);
        let fits = limit("minimum").is_none_or(|least| number >= least)
            && limit("maximum").is_none_or(|most| number <= most);
        if !fits {
            self.unlike(schema, value);
        }
    }

    fn items(&mut self, schema: &Value, items: &[Value]) {
        let Some(schema) = schema.get("items") else { return };
        for (number, item) in items.iter().enumerate() {
            self.path.push(Part::Index(number));
            self.value(schema, item);
            self.path.pop();
        }
    }

    fn object(&mut self, schema: &Value, object: &Map<String, Value>) {
        let properties = schema.get("properties").and_then(Value::as_object);
        for choice in required(schema) {
            if !choice.iter().any(|name| object.get(*name).is_some_and(|value| !value.is_null())) {
                self.missing(&choice, properties, object);
            }
        }
        for (name, property) in properties.into_iter().flatten() {
            let Some(value) = object.get(name) else { continue };
            if value.is_null() && is_required(schema, name) {
                continue;
            }
            self.path.push(Part::Key(name.clone()));
            self.value(property, value);
            self.path.pop();
        }
    }

    /// None of these fields is there; a name that nobody knows may be meant to be one of them.
    fn missing(
        &mut self,
        choice: &[&str],
        properties: Option<&Map<String, Value>>,
        object: &Map<String, Value>,
    ) {
        let Some(name) = choice.first() else { return };
        let is_known = |key: &str| properties.is_some_and(|known| known.contains_key(key));
        let strangers = object.keys().map(String::as_str).filter(|key| !is_known(key));
        let near = nearest(name, &strangers.collect::<Vec<_>>())
            .map(|near| format!("; is it meant by `{}`?", cut(near)));
        let schema = properties.and_then(|properties| properties.get(*name));
        let wanted = schema.map_or("a value".to_owned(), wanted);
        let or = choice.iter().skip(1).map(|other| format!(" or `{other}`")).collect::<String>();
        self.path.push(Part::Key((*name).to_owned()));
        self.add(|field| {
            format!("`{field}`{or} is missing; write {wanted}{}", near.unwrap_or_default())
        });
        self.path.pop();
        if let Some(fault) = self.faults.last_mut() {
            fault.is_missing = true;
        }
    }

    fn unlike(&mut self, schema: &Value, value: &Value) {
        let (wanted, found) = (wanted(schema), found(value));
        self.add(|field| {
            let subject =
                if field.is_empty() { "the body".to_owned() } else { format!("`{field}`") };
            format!("{subject} must be {wanted}, not {found}")
        });
    }

    fn add(&mut self, message: impl FnOnce(&str) -> String) {
        let message = message(&field(&self.path));
        self.faults.push(Fault { path: self.path.clone(), is_missing: false, message });
    }
}

/// The schema that a value is held against: of several the one that is not `null`. None: `null` is accepted.
fn variant<'s>(schema: &'s Value, value: &Value) -> Option<&'s Value> {
    let is_null = |variant: &&Value| variant.get("type").is_some_and(|kind| kind == "null");
    match schema.get("anyOf").and_then(Value::as_array) {
        Some(variants) if variants.iter().any(|variant| is_null(&variant)) => {
            if value.is_null() {
                return None;
            }
            variants.iter().find(|variant| !is_null(variant))
        }
        _ => Some(schema),
    }
}

/// The words that are accepted, if only some are.
fn words(schema: &Value) -> Vec<&str> {
    let list = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let described = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let described = described.flat_map(|one| {
        let more = one.get("enum").and_then(Value::as_array).into_iter().flatten();
        one.get("const").into_iter().chain(more)
    });
    list.chain(described).filter_map(Value::as_str).collect()
}

/// The accepted types; a schema that names none and no words takes anything.
fn types(schema: &Value) -> impl Iterator<Item = &str> {
    let named: Vec<&str> = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(kind)) => vec![kind],
        _ if !words(schema).is_empty() => vec!["string"],
        _ => vec!["any"],
    };
    named.into_iter()
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

/// Groups of names of which one has to be there.
pub(super) fn required(schema: &Value) -> Vec<Vec<&str>> {
    let each = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let each = each.filter_map(Value::as_str).map(|name| vec![name]);
    let any = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    let any: Vec<&str> = any
        .filter_map(|variant| variant.get("required").and_then(Value::as_array))
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    each.chain((!any.is_empty()).then_some(any)).collect()
}

fn is_required(schema: &Value, name: &str) -> bool {
    required(schema).iter().any(|choice| choice.contains(&name))
}

/// What is accepted, in words.
fn wanted(schema: &Value) -> String {
    let schema = variant(schema, &Value::Bool(true)).unwrap_or(schema);
    let words = words(schema);
    if !words.is_empty() {
        let list: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        return format!("one of {}", list.join(", "));
    }
    let kind = types(schema).find(|kind| *kind != "null").unwrap_or("any");
    match kind {
        "string" if schema.get("format").is_some() => {
            "a time like `2025-11-20T14:30:00Z`".to_owned()
        }
        "string" => "a text".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "integer" => format!("a whole number{}", range(schema)),
        "number" => format!("a number{}", range(schema)),
        "array" => {
            let is_texts = schema.pointer("/items/type").is_some_and(|kind| kind == "string");
            if is_texts { "a list of texts".to_owned() } else { "a list".to_owned() }
        }
        "object" => "an object".to_owned(),
        _ => "a value".to_owned(),
    }
}

fn range(schema: &Value) -> String {
    match (schema.get("minimum"), schema.get("maximum")) {
        (Some(least), Some(most)) => format!(" from {least} to {most}"),
        (Some(least), None) => format!(" of at least {least}"),
        _ => String::new(),
    }
}

/// What stands there, in words.
fn found(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => format!("`{flag}`"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text `{}`", cut(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// Longest text that a message repeats, in characters: enough to know it again.
const SHOWN: usize = 40;

fn cut(text: &str) -> String {
    crate::domain::text::to_line(text, SHOWN)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A value that fits a schema: the largest number, the last word, lists of two.
    pub(in super::super) fn value_for(schema: &Value) -> Value {
        let schema = variant(schema, &Value::Bool(true)).unwrap_or(schema);
        if let Some(word) = words(schema).last() {
            return Value::from(*word);
        }
        match types(schema).find(|kind| *kind != "null") {
            Some("string") if schema.get("format").is_some() => "2025-11-20T14:30:00Z".into(),
            Some("string") => "x".into(),
            Some("boolean") => true.into(),
            Some("integer" | "number") => schema["maximum"].clone(),
            Some("array") => {
                let item = value_for(&schema["items"]);
                Value::from(vec![item.clone(), item])
            }
            Some("object") => {
                let fields = schema["properties"].as_object().into_iter().flatten();
                fields.map(|(name, field)| (name.clone(), value_for(field))).collect()
            }
            _ => Value::Null,
        }
    }

    #[test]
    fn a_path_is_written_as_programs_write_it() {
        let path = [Part::Key("a".to_owned()), Part::Index(1), Part::Key("b".to_owned())];
        assert_eq!(field(&path), "a[1].b");
    }
}
