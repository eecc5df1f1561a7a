//! Text by its width on a terminal: cut, wrapped, in one line.
//!
//! Widths are columns, not characters: `漢` is two wide, a combining accent none. Everything that
//! came from outside passes through [`crate::domain::text`] before it is measured.

use std::borrow::Cow;

use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::domain::text::{to_line, to_plain};

/// Longest single line that is made of a text, in characters: more than any screen is wide.
const LINE_LIMIT: usize = 400;

/// Columns of a text.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// At most `limit` columns of a text, with `…` for what is cut.
pub fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit || width(text) <= limit {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(limit);
    let mut used = 0;
    for c in text.chars() {
        let columns = c.width().unwrap_or(0);
        // One column stays for the ellipsis.
        if used + columns + 1 > limit {
            break;
        }
        used += columns;
        kept.push(c);
    }
    if limit > 0 {
        kept.push('…');
    }
    Cow::Owned(kept)
}

/// The end of a text in at most `limit` columns, with `…` for what is cut: for paths and branches.
pub fn cut_front(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit || width(text) <= limit {
        return Cow::Borrowed(text);
    }
    if limit == 0 {
        return Cow::Borrowed("");
    }
    // One column is the ellipsis's.
    let mut used = 1;
    let mut start = text.len();
    for (at, c) in text.char_indices().rev() {
        used += c.width().unwrap_or(0);
        if used > limit {
            break;
        }
        start = at;
    }
    Cow::Owned(format!("…{}", text.get(start..).unwrap_or_default()))
}

/// A text from outside as one safe line. Only its beginning is looked at.
pub fn line(text: &str) -> String {
    let end = text.char_indices().nth(LINE_LIMIT * 2).map_or(text.len(), |(at, _)| at);
    to_line(text.get(..end).unwrap_or(text), LINE_LIMIT)
}

/// A message's body as one safe line: its text, or what its object says for people.
pub fn body_line(body: &Value) -> String {
    // The fields in which the known message types carry their sentence.
    const SAYING: [&str; 9] = [
        "summary",
        "message",
        "text",
        "title",
        "goal",
        "note",
        "description",
        "question",
        "reason",
    ];
    match body {
        Value::String(text) => line(text),
        Value::Object(fields) => {
            let said = SAYING.iter().find_map(|key| fields.get(*key)?.as_str());
            said.map_or_else(|| fields_line(fields), line)
        }
        other => line(&other.to_string()),
    }
}

fn fields_line(fields: &serde_json::Map<String, Value>) -> String {
    // More fields than a screen is wide are never seen.
    const SHOWN: usize = 12;
    let parts = fields.iter().take(SHOWN).map(|(key, value)| match value {
        Value::String(text) => format!("{key}: {}", line(text)),
        Value::Array(items) => format!("{key}: {} items", items.len()),
        Value::Object(_) => format!("{key}: …"),
        Value::Null | Value::Bool(_) | Value::Number(_) => format!("{key}: {value}"),
    });
    line(&parts.collect::<Vec<_>>().join(", "))
}

/// A text from outside in safe lines of at most `limit` columns, broken between words where it can be.
pub fn wrap(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(1);
    let mut lines = Vec::new();
    for paragraph in to_plain(text).trim_end().lines() {
        let mut row = String::new();
        for word in paragraph.split_whitespace() {
            let space = usize::from(!row.is_empty());
            if space > 0 && width(&row) + 1 + width(word) > limit {
                lines.push(std::mem::take(&mut row));
            } else if space > 0 {
                row.push(' ');
            }
            push_broken(word, limit, &mut row, &mut lines);
        }
        lines.push(row);
    }
    lines
}

fn push_broken(word: &str, limit: usize, row: &mut String, lines: &mut Vec<String>) {
    let mut used = width(row);
    for c in word.chars() {
        let columns = c.width().unwrap_or(0);
        if used + columns > limit && !row.is_empty() {
            lines.push(std::mem::take(row));
            used = 0;
        }
        used += columns;
        row.push(c);
    }
}

/// The first digits of a commit, a tree or a digest: enough to tell them apart at sight.
pub fn short_id(id: &str) -> &str {
    // As many as git shows in a repository of middle size.
    const DIGITS: usize = 9;
    id.get(..DIGITS).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_text_is_cut_by_columns_not_by_characters() {
        assert_eq!(cut("漢字漢字", 5), "漢字…");
        assert_eq!(cut("漢字漢字", 4), "漢…");
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("e\u{301}tude", 5), "e\u{301}tude");
        assert_eq!(cut("anything", 0), "");
        assert_eq!(cut_front("login/agent/dev/TASK-001", 9), "…TASK-001");
    }

    #[test]
    fn a_long_text_is_wrapped_between_words_and_a_long_word_is_broken() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("a\n\nb", 9), ["a", "", "b"]);
        for row in wrap("漢字漢字 and 漢字 more", 6) {
            assert!(width(&row) <= 6, "{row:?} is too wide");
        }
    }

    #[test]
    fn an_object_body_is_shown_by_its_sentence_or_by_its_fields() {
        let body = serde_json::json!({"feature": "login", "summary": "ready\u{1b}[31m for QA"});
        assert_eq!(body_line(&body), "ready[31m for QA");
        let body = serde_json::json!({"failed": 1, "passed": [1, 2]});
        assert_eq!(body_line(&body), "failed: 1, passed: 2 items");
    }
}
