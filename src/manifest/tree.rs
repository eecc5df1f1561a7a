//! A JSON or TOML text as a tree whose every value knows where it stands.
//!
//! Both formats become the same tree, so that one set of checks serves both and every problem can
//! name its line. The standard readers decide what is valid; the JSON half here only walks a
//! text that one of them has accepted, to learn the places.

use toml::de::{DeTable, DeValue};

use crate::manifest::problem::{Problem, Problems};

/// A value with its place: a byte offset into the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it begins.
    pub at: usize,
    /// What it is.
    pub value: NodeValue,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeValue {
    /// `null`; JSON only.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number, or a TOML date: nothing here accepts one.
    Other(&'static str),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A table, in the order of the text for JSON, of the keys for TOML.
    Table(Vec<Entry>),
}

/// One field of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its name.
    pub key: String,
    /// Where the name begins.
    pub at: usize,
    /// Its value.
    pub node: Node,
}

impl NodeValue {
    /// What it is called in a message.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Integer(_) => "a number",
            Self::Other(kind) => kind,
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// Line and column of a byte offset, both from 1; the column counts characters.
pub fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (line, before.get(start..).unwrap_or("").chars().count() + 1)
}

/// Reads JSON; a text that is not JSON is one problem with line and column.
pub fn from_json(file: &str, text: &str) -> Result<Node, Problems> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(_) => Ok(JsonWalk { text, at: 0 }.value()),
        Err(error) => {
            let problem = Problem {
                line: Some(error.line()),
                column: Some(error.column().max(1)),
                field: String::new(),
                message: format!("not JSON: {}", without_place(&error)),
            };
            Err(Problems { file: file.to_owned(), problems: vec![problem] })
        }
    }
}

/// The words of a JSON error without its ` at line 1 column 2`, which is shown apart.
pub fn without_place(error: &serde_json::Error) -> String {
    let words = error.to_string();
    words.rsplit_once(" at line ").map_or(words.clone(), |(words, _)| words.to_owned())
}

/// Reads TOML; every syntax error is a problem with line and column.
pub fn from_toml(file: &str, text: &str) -> Result<Node, Problems> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let at = table.span().start;
        return Ok(Node { at, value: toml_table(table.into_inner()) });
    }
    let problem = |error: &toml::de::Error| {
        let place = error.span().map(|span| place(text, span.start));
        Problem {
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            field: String::new(),
            message: format!("not TOML: {}", error.message()),
        }
    };
    Err(Problems { file: file.to_owned(), problems: errors.iter().map(problem).collect() })
}

fn toml_table(table: DeTable<'_>) -> NodeValue {
    let entry =
        |(key, node): (toml::Spanned<toml::de::DeString<'_>>, toml::Spanned<DeValue<'_>>)| {
            let at = key.span().start;
            Entry { key: key.into_inner().into_owned(), at, node: toml_node(node) }
        };
    NodeValue::Table(table.into_iter().map(entry).collect())
}

fn toml_node(node: toml::Spanned<DeValue<'_>>) -> Node {
    let at = node.span().start;
    let value = match node.into_inner() {
        DeValue::String(text) => NodeValue::Text(text.into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(NodeValue::Other("a number too large"), NodeValue::Integer),
        DeValue::Float(_) => NodeValue::Other("a fraction"),
        DeValue::Boolean(flag) => NodeValue::Bool(flag),
        DeValue::Datetime(_) => NodeValue::Other("a date"),
        DeValue::Array(items) => NodeValue::List(items.into_iter().map(toml_node).collect()),
        DeValue::Table(table) => toml_table(table),
    };
    Node { at, value }
}

/// Walks a text that is known to be valid JSON.
struct JsonWalk<'t> {
    text: &'t str,
    at: usize,
}

impl JsonWalk<'_> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn skip_space(&mut self) {
        while self.peek().is_ascii_whitespace() {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Node {
        self.skip_space();
        let at = self.at;
        let value = match self.peek() {
            b'{' => NodeValue::Table(self.entries()),
            b'[' => NodeValue::List(self.items()),
            b'"' => NodeValue::Text(self.string()),
            _ => self.scalar(),
        };
        Node { at, value }
    }

    /// Passes the opening bracket, or a comma; false at the closing one, which is passed too.
    fn has_next(&mut self) -> bool {
        self.at += 1;
        self.skip_space();
        if matches!(self.peek(), b'}' | b']' | 0) {
            self.at += 1;
            return false;
        }
        true
    }

    /// After an element: whether another follows.
    fn follows(&mut self) -> bool {
        self.skip_space();
        let comma = self.peek() == b',';
        self.at += 1;
        comma
    }

    fn items(&mut self) -> Vec<Node> {
        let mut items = Vec::new();
        let mut more = self.has_next();
        while more {
            items.push(self.value());
            more = self.follows();
        }
        items
    }

    fn entries(&mut self) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut more = self.has_next();
        while more {
            self.skip_space();
            let at = self.at;
            let key = self.string();
            self.skip_space();
            self.at += 1; // the colon
            entries.push(Entry { key, at, node: self.value() });
            more = self.follows();
        }
        entries
    }

    fn string(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        while !matches!(self.peek(), b'"' | 0) {
            self.at += if self.peek() == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        let quoted = self.text.get(start..self.at).unwrap_or("\"\"");
        serde_json::from_str(quoted).unwrap_or_default()
    }

    fn scalar(&mut self) -> NodeValue {
        let start = self.at;
        while matches!(self.peek(), b'a'..=b'z' | b'0'..=b'9' | b'E' | b'+' | b'-' | b'.') {
            self.at += 1;
        }
        match self.text.get(start..self.at).unwrap_or("") {
            "null" => NodeValue::Null,
            "true" => NodeValue::Bool(true),
            "false" => NodeValue::Bool(false),
            number => number.parse().map_or(NodeValue::Other("another number"), NodeValue::Integer),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn to_value(node: &Node) -> Value {
        match &node.value {
            NodeValue::Null | NodeValue::Other(_) => Value::Null,
            NodeValue::Bool(flag) => json!(flag),
            NodeValue::Integer(number) => json!(number),
            NodeValue::Text(text) => json!(text),
            NodeValue::List(items) => items.iter().map(to_value).collect(),
            NodeValue::Table(entries) => Value::Object(
                entries.iter().map(|entry| (entry.key.clone(), to_value(&entry.node))).collect(),
            ),
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn broken_json_is_reported_with_line_and_column() {
        let problems =
            from_json("a.json", "{\n  \"name\": \"A\"\n  \"b\": 1\n}").expect_err("broken");
        assert_eq!(problems.to_string(), "a.json:3:3: not JSON: expected `,` or `}`");
    }

    #[test]
    fn every_syntax_error_of_a_toml_text_is_reported() {
        let problems = from_toml("a.toml", "a = \nb = 1\nc = \"x\n").expect_err("broken");
        let lines: Vec<_> = problems.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [Some(1), Some(3)], "{problems}");
    }

    #[test]
    fn a_place_counts_lines_and_characters_from_one() {
        assert_eq!(place("a\näö x", 0), (1, 1));
        assert_eq!(place("a\näö x", 7), (2, 4));
        assert_eq!(place("a", 99), (1, 2));
    }

    proptest! {
        #[test]
        fn the_walk_sees_what_the_reader_sees(value in any_json()) {
            for text in [value.to_string(), serde_json::to_string_pretty(&value).expect("text")] {
                let node = from_json("x", &text).expect("valid");
                prop_assert_eq!(to_value(&node), value.clone());
            }
        }

        #[test]
        fn no_text_makes_the_readers_panic(text in any::<String>()) {
            let _ = from_json("x", &text);
            let _ = from_toml("x", &text);
        }
    }
}
