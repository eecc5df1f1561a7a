//! Fields of a TOML table, read one by one; what is wrong is noted and reading goes on.
//!
//! A getter gives `None` both for what is missing and for what was wrong and has been noted: the
//! caller never has to tell the two apart, since one note already fails the file.

use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem_at;
use crate::manifest::problem::Problem;

/// A file being read: its text and what was found wrong so far.
pub(super) struct Reading<'a> {
    text: &'a str,
    names: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(text: &'a str, names: BTreeSet<String>) -> Self {
        Self { text, names, problems: Vec::new() }
    }

    /// Names that the script gives to tasks.
    pub(super) fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    pub(super) fn report(&mut self, span: Option<Range<usize>>, field: &str, message: String) {
        self.problems.push(problem_at(self.text, span, field, message));
    }

    /// Everything that was noted, in file order.
    pub(super) fn into_problems(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| (problem.line, problem.column));
        self.problems
    }
}

/// One table with the path that leads to it.
pub(super) struct Fields<'t, 'i> {
    table: &'t DeTable<'i>,
    span: Option<Range<usize>>,
    path: String,
}

impl<'t, 'i> Fields<'t, 'i> {
    /// The document itself.
    pub(super) fn root(
        reading: &mut Reading<'_>,
        table: &'t DeTable<'i>,
        accepted: &[&str],
    ) -> Self {
        let fields = Self { table, span: None, path: String::new() };
        fields.refuse_unknown(reading, accepted);
        fields
    }

    /// A value that must be a table with no other than the accepted fields.
    pub(super) fn open(
        reading: &mut Reading<'_>,
        path: &str,
        value: &'t Spanned<DeValue<'i>>,
        accepted: &[&str],
    ) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            reading.report(Some(value.span()), path, wrong("a table", value));
            return None;
        };
        let fields = Self { table, span: Some(value.span()), path: path.to_owned() };
        fields.refuse_unknown(reading, accepted);
        Some(fields)
    }

    fn refuse_unknown(&self, reading: &mut Reading<'_>, accepted: &[&str]) {
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if !accepted.contains(&name) {
                let accepted = accepted.join("`, `");
                let message = format!("unknown field, accepted are `{accepted}`");
                reading.report(Some(key.span()), &self.at(name), message);
            }
        }
    }

    /// The path of one of its fields.
    pub(super) fn at(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The raw value of a field.
    pub(super) fn value(&self, key: &str) -> Option<&'t Spanned<DeValue<'i>>> {
        self.table.get(key)
    }

    /// Notes something about a field, or about the table when the field is not there.
    pub(super) fn report(&self, reading: &mut Reading<'_>, key: &str, message: String) {
        let span = self.value(key).map(Spanned::span).or_else(|| self.span.clone());
        reading.report(span, &self.at(key), message);
    }

    pub(super) fn text(&self, reading: &mut Reading<'_>, key: &str) -> Option<String> {
        let value = self.value(key)?;
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.report(reading, key, wrong("a text", value));
        }
        text
    }

    pub(super) fn require_text(&self, reading: &mut Reading<'_>, key: &str) -> Option<String> {
        if self.value(key).is_none() {
            self.report(reading, key, "is missing, a text is needed".to_owned());
        }
        let text = self.text(reading, key)?;
        if text.trim().is_empty() {
            self.report(reading, key, "is empty, a text is needed".to_owned());
        }
        Some(text)
    }

    pub(super) fn is_set(&self, reading: &mut Reading<'_>, key: &str) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.report(reading, key, wrong("`true` or `false`", value));
        }
        flag
    }

    pub(super) fn number(
        &self,
        reading: &mut Reading<'_>,
        key: &str,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        let value = self.value(key)?;
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|integer| u32::from_str_radix(integer.as_str(), integer.radix()).ok())
            .filter(|number| range.contains(number));
        if number.is_none() {
            let (low, high) = (range.start(), range.end());
            self.report(reading, key, wrong(&format!("a number from {low} to {high}"), value));
        }
        number
    }

    /// A list of which each element is read by `read`.
    pub(super) fn list<T>(
        &self,
        reading: &mut Reading<'_>,
        key: &str,
        read: impl Fn(&mut Reading<'_>, &str, &Spanned<DeValue<'i>>) -> Option<T>,
    ) -> Vec<T> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            self.report(reading, key, wrong("a list", value));
            return Vec::new();
        };
        let path = self.at(key);
        let elements = list.iter().enumerate();
        elements
            .filter_map(|(index, element)| read(reading, &format!("{path}[{index}]"), element))
            .collect()
    }

    pub(super) fn texts(&self, reading: &mut Reading<'_>, key: &str) -> Vec<String> {
        self.list(reading, key, |reading, path, value| {
            let text = value.get_ref().as_str().map(str::to_owned);
            if text.is_none() {
                reading.report(Some(value.span()), path, wrong("a text", value));
            }
            text
        })
    }

    /// A text or a table, as JSON.
    pub(super) fn body(&self, reading: &mut Reading<'_>, key: &str) -> Option<Value> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::String(_) | DeValue::Table(_) => Some(to_json(value.get_ref())),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => {
                self.report(reading, key, wrong("a text or a table", value));
                None
            }
        }
    }
}

fn wrong(wanted: &str, value: &Spanned<DeValue<'_>>) -> String {
    format!("must be {wanted}, not this {}", value.get_ref().type_str())
}

fn to_json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(integer) => {
            i64::from_str_radix(integer.as_str(), integer.radix()).map_or(Value::Null, Value::from)
        }
        DeValue::Float(float) => float.as_str().parse::<f64>().map_or(Value::Null, Value::from),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(moment) => Value::String(moment.to_string()),
        DeValue::Array(list) => list.iter().map(|element| to_json(element.get_ref())).collect(),
        DeValue::Table(table) => table
            .iter()
            .map(|(key, value)| (key.get_ref().to_string(), to_json(value.get_ref())))
            .collect(),
    }
}
