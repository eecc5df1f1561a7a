//! Filling in: placeholders like `{briefing}` in arguments, variables and files of a description.
//!
//! A value is put in as it is, into a whole argument or a string of a JSON document: no shell reads it, so
//! nothing needs to be quoted. `{word:json}` gives it as a JSON string with its quotes, for
//! arguments that are themselves a document.

use std::collections::BTreeMap;

use serde_json::Value;

/// The words that can be filled in.
pub const WORDS: [&str; 13] = [
    "agency",
    "home",
    "folder",
    "files",
    "agent",
    "spawn",
    "conversation",
    "briefing",
    "briefing_file",
    "prompt",
    "text",
    "port",
    "password",
];

/// What is filled in, by word.
pub type Values = BTreeMap<&'static str, String>;

/// Fills a text in; a word without a value stays as it is.
pub fn fill(text: &str, values: &Values) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, word, is_json, after)) = next(rest) {
        filled.push_str(before);
        match values.get(word) {
            Some(value) if is_json => filled.push_str(&Value::from(value.as_str()).to_string()),
            Some(value) => filled.push_str(value),
            None => filled
                .push_str(rest.get(before.len()..rest.len() - after.len()).unwrap_or_default()),
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// Fills every string of a JSON document in; names of fields stay.
pub fn fill_json(value: &Value, values: &Values) -> Value {
    match value {
        Value::String(text) => Value::String(fill(text, values)),
        Value::Array(items) => items.iter().map(|item| fill_json(item, values)).collect(),
        Value::Object(fields) => Value::Object(
            fields.iter().map(|(key, item)| (key.clone(), fill_json(item, values))).collect(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// The placeholders of a text that nobody knows.
pub fn unknown(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, word, _, after)) = next(rest) {
        if !WORDS.contains(&word) {
            found.push(word.to_owned());
        }
        rest = after;
    }
    found
}

/// Whether a text has a placeholder.
pub fn mentions(text: &str, wanted: &str) -> bool {
    let mut rest = text;
    while let Some((_, word, _, after)) = next(rest) {
        if word == wanted {
            return true;
        }
        rest = after;
    }
    false
}

/// The next placeholder: what stands before it, its word, whether as JSON, what follows.
fn next(text: &str) -> Option<(&str, &str, bool, &str)> {
    let mut from = 0;
    loop {
        let open = from + text.get(from..)?.find('{')?;
        let inside = text.get(open + 1..)?;
        let is_word = |c: char| c.is_ascii_lowercase() || c == '_';
        let end = inside.find(|c: char| !is_word(c)).unwrap_or(inside.len());
        let (word, tail) = inside.split_at(end);
        let (is_json, tail) = match tail.strip_prefix(":json") {
            Some(tail) => (true, tail),
            None => (false, tail),
        };
        match tail.strip_prefix('}') {
            Some(after) if !word.is_empty() => {
                return Some((text.get(..open)?, word, is_json, after));
            }
            _ => from = open + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values() -> Values {
        BTreeMap::from([("prompt", "say \"hi\"\n{home}".to_owned()), ("home", "/w".to_owned())])
    }

    #[test]
    fn words_are_filled_in_once_and_nothing_else() {
        assert_eq!(fill("{home}+{home}", &values()), "/w+/w");
        assert_eq!(fill("{prompt}", &values()), "say \"hi\"\n{home}", "a value is not read again");
        assert_eq!(fill("a={prompt:json}", &values()), r#"a="say \"hi\"\n{home}""#);
        assert_eq!(
            fill("{} { home } {Home} {{home}} {env:X} {", &values()),
            "{} { home } {Home} {/w} {env:X} {"
        );
        assert_eq!(fill("{port}", &values()), "{port}");
    }

    #[test]
    fn a_document_is_filled_in_inside_its_strings() {
        let document = json!({ "{home}": ["{home}", 1, { "a": "{prompt}" }] });
        let filled = json!({ "{home}": ["/w", 1, { "a": "say \"hi\"\n{home}" }] });
        assert_eq!(fill_json(&document, &values()), filled);
    }

    #[test]
    fn a_word_that_nobody_knows_is_found() {
        assert_eq!(unknown("{home} {hom} {x_y} {}"), ["hom", "x_y"]);
        assert!(mentions("a{prompt:json}b", "prompt") && !mentions("prompt", "prompt"));
    }
}
