//! Patterns: regular expressions as people write them, compiled when first used.
//!
//! A pattern is compared and stored as its text. `^` and `$` match at the ends of lines. One that does not
//! compile is refused where it is read ([`Pattern::parse`]) and matches nothing if it gets here all the same.

use std::sync::{Arc, OnceLock};

use regex::{Captures, Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// The most that a compiled pattern may take, in bytes: descriptions come from users, and a slip
/// must not take the machine.
const SIZE_LIMIT: usize = 1 << 20;

/// A regular expression.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Pattern {
    text: String,
    compiled: Arc<OnceLock<Option<Regex>>>,
}

impl Pattern {
    /// Reads a pattern; the error says in one line what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let regex = compile(text).map_err(|error| in_one_line(&error))?;
        let compiled = Arc::new(OnceLock::from(Some(regex)));
        Ok(Self { text: text.to_owned(), compiled })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first match in a text.
    pub fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        self.regex()?.find(text).map(|found| found.as_str())
    }

    /// Whether it matches anywhere.
    pub fn is_in(&self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }

    /// Whether it matches from the beginning.
    pub fn begins(&self, text: &str) -> bool {
        self.regex().and_then(|regex| regex.find(text)).is_some_and(|found| found.start() == 0)
    }

    /// Whether it matches the whole text.
    pub fn is_all_of(&self, text: &str) -> bool {
        let found = self.regex().and_then(|regex| regex.find(text));
        found.is_some_and(|found| found.range() == (0..text.len()))
    }

    /// The named groups of its first match.
    pub fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.regex()?.captures(text)
    }

    fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(&self.text).ok()).as_ref()
    }
}

fn compile(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).multi_line(true).size_limit(SIZE_LIMIT).build()
}

fn in_one_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self { text, compiled: Arc::default() }
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_stored_as_its_text_and_matches_the_same_afterwards() {
        let pattern = Pattern::parse(r"^\d+ left$").expect("a pattern");
        let text = serde_json::to_string(&pattern).expect("json");
        let again: Pattern = serde_json::from_str(&text).expect("read");
        assert_eq!(again, pattern);
        assert!(again.is_in("some\n12 left\nmore") && !again.is_all_of("some\n12 left"));
        assert!(again.begins("12 left\n") && !again.begins("\n12 left"));
    }

    #[test]
    fn a_pattern_that_does_not_compile_says_why_in_one_line() {
        let problem = Pattern::parse("a(b").expect_err("refused");
        assert_eq!(problem, "unclosed group");
        assert!(!Pattern::from("a(b".to_owned()).is_in("a(b"));
    }
}
