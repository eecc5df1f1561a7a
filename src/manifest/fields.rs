//! Takes a table apart field by field and notes every problem on the way.
//!
//! Nothing stops at the first problem: a wrong field gives its default and a note, and what was
//! never asked for is reported at the end with the nearest accepted name. Start at [`Notes`].

use crate::domain::name::Name;
pub use crate::domain::nearest::{choices, nearest};
use crate::manifest::problem::{Problem, Problems};
use crate::manifest::tree::{Entry, Node, NodeValue, place};

/// The problems of one text so far.
#[derive(Debug)]
pub struct Notes<'t> {
    file: &'t str,
    text: &'t str,
    problems: Vec<Problem>,
}

impl<'t> Notes<'t> {
    /// No problem yet.
    pub fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, problems: Vec::new() }
    }

    /// Notes a problem at a byte offset; none: it is about the whole file.
    pub fn add(&mut self, at: Option<usize>, field: &str, message: impl Into<String>) {
        let place = at.map(|at| place(self.text, at));
        self.problems.push(Problem {
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            field: field.to_owned(),
            message: message.into(),
        });
    }

    /// The value if there was no problem, else all of them in the order of the text.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Problems> {
        let Self { file, mut problems, .. } = self;
        problems.sort_by_key(|problem| (problem.line, problem.column));
        match value {
            Some(value) if problems.is_empty() => Ok(value),
            Some(_) | None => Err(Problems { file: file.to_owned(), problems }),
        }
    }
}

/// One table, and which of its fields were asked for.
#[derive(Debug)]
pub struct Fields<'n> {
    /// The way to it, `agents[1]`; empty for the whole text.
    path: String,
    at: usize,
    entries: &'n [Entry],
    asked: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// The fields of a table; anything else is a problem.
    pub fn of(node: &'n Node, path: &str, notes: &mut Notes<'_>) -> Option<Self> {
        let NodeValue::Table(entries) = &node.value else {
            notes.add(
                Some(node.at),
                path,
                format!("expected a table, found {}", node.value.kind()),
            );
            return None;
        };
        Some(Self { path: path.to_owned(), at: node.at, entries, asked: Vec::new() })
    }

    /// Where the table begins.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The way to a field of it.
    pub fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// A field's value; `null` counts as absent, of a doubled one the last counts.
    pub fn node(&mut self, key: &'static str) -> Option<&'n Node> {
        self.asked.push(key);
        let entry = self.entries.iter().rev().find(|entry| entry.key == key)?;
        (entry.node.value != NodeValue::Null).then_some(&entry.node)
    }

    /// A field that is a table itself.
    pub fn table(&mut self, key: &'static str, notes: &mut Notes<'_>) -> Option<Fields<'n>> {
        let node = self.node(key)?;
        Fields::of(node, &self.path_of(key), notes)
    }

    /// A text that is not empty, with its place.
    pub fn text(&mut self, key: &'static str, notes: &mut Notes<'_>) -> Option<(usize, String)> {
        let node = self.node(key)?;
        text_of(node, &self.path_of(key), notes).map(|text| (node.at, text.to_owned()))
    }

    /// A text that may be empty.
    pub fn line(&mut self, key: &'static str, notes: &mut Notes<'_>) -> Option<String> {
        let node = self.node(key)?;
        if matches!(&node.value, NodeValue::Text(text) if text.is_empty()) {
            return None;
        }
        text_of(node, &self.path_of(key), notes).map(str::to_owned)
    }

    /// A name, with its place.
    pub fn name(&mut self, key: &'static str, notes: &mut Notes<'_>) -> Option<(usize, Name)> {
        let (at, text) = self.text(key, notes)?;
        match Name::parse(&text) {
            Ok(name) => Some((at, name)),
            Err(error) => {
                notes.add(Some(at), &self.path_of(key), error.to_string());
                None
            }
        }
    }

    /// One of a few words.
    pub fn word(
        &mut self,
        key: &'static str,
        accepted: &[&'static str],
        notes: &mut Notes<'_>,
    ) -> Option<&'static str> {
        let (at, text) = self.text(key, notes)?;
        let found = accepted.iter().copied().find(|word| *word == text);
        if found.is_none() {
            let message = format!("`{text}` is not accepted; {}", choices(&text, accepted));
            notes.add(Some(at), &self.path_of(key), message);
        }
        found
    }

    /// A whole number within limits.
    pub fn number(
        &mut self,
        key: &'static str,
        limits: std::ops::RangeInclusive<i64>,
        notes: &mut Notes<'_>,
    ) -> Option<i64> {
        let node = self.node(key)?;
        let (least, most) = (limits.start(), limits.end());
        let message = match &node.value {
            NodeValue::Integer(number) if limits.contains(number) => return Some(*number),
            NodeValue::Integer(number) => format!("{number} is not within {least} to {most}"),
            other => {
                format!("expected a whole number from {least} to {most}, found {}", other.kind())
            }
        };
        notes.add(Some(node.at), &self.path_of(key), message);
        None
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &'static str, notes: &mut Notes<'_>) -> Option<bool> {
        let node = self.node(key)?;
        if let NodeValue::Bool(flag) = node.value {
            return Some(flag);
        }
        let message = format!("expected true or false, found {}", node.value.kind());
        notes.add(Some(node.at), &self.path_of(key), message);
        None
    }

    /// A list's nodes, each with its path; absent: empty.
    pub fn list(&mut self, key: &'static str, notes: &mut Notes<'_>) -> Vec<(String, &'n Node)> {
        let Some(node) = self.node(key) else { return Vec::new() };
        items_of(node, &self.path_of(key), notes)
    }

    /// A list of texts, each with its place.
    pub fn texts(&mut self, key: &'static str, notes: &mut Notes<'_>) -> Vec<(usize, String)> {
        let items = self.list(key, notes);
        items
            .into_iter()
            .filter_map(|(path, node)| {
                text_of(node, &path, notes).map(|text| (node.at, text.to_owned()))
            })
            .collect()
    }

    /// Entries by their own names, for tables whose keys the user chooses.
    pub fn entries(&self) -> &'n [Entry] {
        self.entries
    }

    /// Reports what was never asked for, and what stands twice.
    pub fn finish(self, notes: &mut Notes<'_>) {
        for (number, entry) in self.entries.iter().enumerate() {
            let path = self.path_of(&entry.key);
            if !self.asked.contains(&entry.key.as_str()) {
                let message = format!("unknown field; {}", choices(&entry.key, &self.asked));
                notes.add(Some(entry.at), &path, message);
            } else if self.entries.iter().take(number).any(|before| before.key == entry.key) {
                notes.add(Some(entry.at), &path, "stands twice; keep one");
            }
        }
    }
}

/// The items of a list; anything else is a problem.
pub fn items_of<'n>(node: &'n Node, path: &str, notes: &mut Notes<'_>) -> Vec<(String, &'n Node)> {
    let NodeValue::List(items) = &node.value else {
        notes.add(Some(node.at), path, format!("expected a list, found {}", node.value.kind()));
        return Vec::new();
    };
    items.iter().enumerate().map(|(number, item)| (format!("{path}[{number}]"), item)).collect()
}

/// A text that is not empty; anything else is a problem.
pub fn text_of<'n>(node: &'n Node, path: &str, notes: &mut Notes<'_>) -> Option<&'n str> {
    let message = match &node.value {
        NodeValue::Text(text) if text.contains('\0') => "holds a NUL character".to_owned(),
        NodeValue::Text(text) if !text.trim().is_empty() => return Some(text),
        NodeValue::Text(_) => "is empty; leave the field out or fill it".to_owned(),
        other => format!("expected a text, found {}", other.kind()),
    };
    notes.add(Some(node.at), path, message);
    None
}
