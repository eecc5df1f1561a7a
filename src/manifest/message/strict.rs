//! Reads JSON from outside more strictly than the reader itself does.
//!
//! Refused beside what is no JSON: a field that stands twice (which one counts would be anybody's guess), what is
//! nested deeper than [`MAX_DEPTH`], numbers that could not be kept as they are, and NUL characters, which no
//! command line and no terminal takes. Whatever passes is kept exactly.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::domain::message::Place;
use crate::domain::text::to_line;
use crate::manifest::tree::without_place;

/// Deepest nesting: the ledger, a mailbox and a snapshot wrap a message in some levels of their own, and what is
/// read back is given up at 128.
pub const MAX_DEPTH: usize = 64;

/// Numbers from here on are kept as fractions, so that their last digits may be lost: 2 to the 64th.
const TOO_LARGE: f64 = 18_446_744_073_709_551_616.0;

/// Why a text is no JSON that is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotTaken {
    /// `not_json` or `too_deep`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where it was found out.
    pub place: Place,
}

/// Reads a text; nothing but white space may follow the value.
pub fn read(text: &str) -> Result<Value, NotTaken> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict { depth: 0 }.deserialize(&mut reader);
    let value = value.and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| {
        let (words, place) = (without_place(&error), place_of(text, &error));
        if words == too_deep() {
            return NotTaken { code: "too_deep", message: words, place };
        }
        NotTaken { code: "not_json", message: format!("not JSON: {words}"), place }
    })
}

fn too_deep() -> String {
    format!("it is nested deeper than {MAX_DEPTH} levels")
}

/// The reader counts bytes; people count characters.
fn place_of(text: &str, error: &serde_json::Error) -> Place {
    let line = error.line().max(1);
    let before = text.split('\n').nth(line - 1).and_then(|text| text.get(..error.column()));
    let column = before.map_or(error.column(), |before| before.chars().count());
    Place { line, column: column.max(1) }
}

/// A value at this depth.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn within<E: Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(too_deep()));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

fn text<E: Error>(text: String) -> Result<String, E> {
    if text.contains('\0') {
        return Err(E::custom("a text holds a NUL character"));
    }
    Ok(text)
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        if !number.is_finite() || number.abs() >= TOO_LARGE {
            return Err(E::custom("the number is too large to be kept; write it as a text"));
        }
        Ok(Value::from(number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        text(value.to_owned()).map(Value::String)
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        text(value).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let within = self.within()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(within)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let within = self.within()?;
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let key = text(key)?;
            if object.contains_key(&key) {
                let key = to_line(&key, 40);
                return Err(A::Error::custom(format!("the field `{key}` stands twice; keep one")));
            }
            object.insert(key, map.next_value_seed(within)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> (String, usize, usize) {
        let NotTaken { message, place, .. } = read(text).expect_err(text);
        (message.trim_start_matches("not JSON: ").to_owned(), place.line, place.column)
    }

    #[test]
    fn what_cannot_be_kept_as_it_is_is_refused_with_its_place() {
        let said = |message: &str, line, column| (message.to_owned(), line, column);
        assert_eq!(
            refused("{\"a\": 1,\n \"ä\": 2, \"a\": 3}"),
            said("the field `a` stands twice; keep one", 2, 12)
        );
        assert_eq!(refused(r#"{"a": {"b": 1, "b": 1}}"#).0, "the field `b` stands twice; keep one");
        let large = "the number is too large to be kept; write it as a text";
        assert_eq!(refused(r#"{"a": 123456789012345678901234567890}"#).0, large);
        assert_eq!(refused(r#"{"a": -1e300}"#).0, large);
        assert_eq!(refused(r#"{"a": 1e999}"#).0, "number out of range");
        assert_eq!(refused(r#"{"a": NaN}"#), said("expected value", 1, 7));
        assert_eq!(refused(r#"{"a": "x\u0000y"}"#).0, "a text holds a NUL character");
        assert_eq!(refused(r#"{"a\u0000": 1}"#).0, "a text holds a NUL character");
        assert!(refused("{\"a\": \"\0\"}").0.contains("control character"));
        assert!(refused(r#"{"a": "\ud800"}"#).0.contains("end of hex escape"));
        assert_eq!(refused("{} {}"), said("trailing characters", 1, 4));
        assert_eq!(refused(""), said("EOF while parsing a value", 1, 1));
    }

    #[test]
    fn nesting_ends_at_its_limit() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(refused(&nested(MAX_DEPTH + 1)).0, "it is nested deeper than 64 levels");
        assert_eq!(refused(&"[".repeat(1_000_000)).0, "it is nested deeper than 64 levels");
        assert_eq!(refused(&"{\"a\":".repeat(1_000_000)).0, "it is nested deeper than 64 levels");
    }
}
