//! Concepts: which words mean the same kind of work, and how clearly each of them says so.
//!
//! The table is the text `concepts.txt`, read once. It is curated by hand and says nothing about agencies.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::domain::matching::words::{Word, stem};

/// The table; a test reads every line of it.
const TABLE: &str = include_str!("concepts.txt");

/// How clearly a word that is in no concept speaks, if an agency has that very word.
const UNKNOWN: f64 = 1.0;

/// One thing that a text says: a word or a phrase.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// As it was written.
    pub text: String,
    /// What it is compared by: its stems, joined by spaces.
    pub stem: String,
    /// The concepts that it speaks of, with how clearly.
    pub concepts: Vec<(&'static str, f64)>,
}

impl Term {
    /// How clearly it speaks at all.
    pub fn strength(&self) -> f64 {
        let most = self.concepts.iter().map(|(_, strength)| *strength).fold(0.0, f64::max);
        if self.concepts.is_empty() { UNKNOWN } else { most }
    }
}

#[derive(Debug, Default)]
struct Table {
    /// By stems joined by spaces.
    entries: BTreeMap<String, Vec<(&'static str, f64)>>,
    /// Words that stand for another one, by stem.
    aliases: BTreeMap<String, String>,
    /// Words of the longest phrase.
    longest: usize,
}

static CONCEPTS: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table { longest: 1, ..Table::default() };
    for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        read_line(&mut table, line);
    }
    table
});

fn read_line(table: &mut Table, line: &'static str) -> Option<()> {
    let (head, words) = line.split_once(':')?;
    let (concept, strength) = head.split_once(' ')?;
    let strength: f64 = strength.parse().ok()?;
    for word in words.split_whitespace() {
        let (word, factor) = word.split_once('*').unwrap_or((word, "1"));
        let (word, alias) = word.split_once('=').map_or((word, None), |(w, a)| (w, Some(a)));
        let key = key_of(word);
        table.longest = table.longest.max(key.split(' ').count());
        if let Some(alias) = alias {
            table.aliases.insert(key, stem(alias));
        } else {
            let entry = table.entries.entry(key).or_default();
            entry.push((concept, strength * factor.parse::<f64>().ok()?));
        }
    }
    Some(())
}

fn key_of(word: &str) -> String {
    word.split('+').map(stem).collect::<Vec<_>>().join(" ")
}

/// What a text says, phrases before single words.
pub fn terms(words: &[Word]) -> Vec<Term> {
    let table = &*CONCEPTS;
    let mut found = Vec::new();
    let mut rest = words;
    while !rest.is_empty() {
        let length = (2..=table.longest.min(rest.len())).rev().find(|length| {
            let key = joined(rest.get(..*length).unwrap_or_default());
            table.entries.contains_key(&key) || table.aliases.contains_key(&key)
        });
        let (taken, left) = rest.split_at(length.unwrap_or(1));
        found.push(term(table, taken));
        rest = left;
    }
    found
}

fn term(table: &Table, words: &[Word]) -> Term {
    let text: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let key = joined(words);
    let stem = table.aliases.get(&key).cloned().unwrap_or(key);
    let concepts = table.entries.get(&stem).cloned().unwrap_or_default();
    Term { text: text.join(" "), stem, concepts }
}

fn joined(words: &[Word]) -> String {
    words.iter().map(|word| word.stem.as_str()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::matching::words::words;

    #[test]
    fn every_line_of_the_table_is_read() {
        for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            assert_eq!(read_line(&mut Table::default(), line), Some(()), "{line}");
        }
        for (alias, meant) in &CONCEPTS.aliases {
            assert!(CONCEPTS.entries.contains_key(meant), "`{alias}` stands for nothing");
        }
    }

    #[test]
    fn a_phrase_hides_its_words_and_an_ending_names_its_language() {
        let said = |text: &str| -> Vec<String> {
            terms(&words(text)).into_iter().map(|term| term.stem).collect()
        };
        assert_eq!(said("Load test utils.py"), ["load test", "util", "python"]);
        assert_eq!(said("JavaScript"), ["javascript"]);
        assert_eq!(said("GitHub Actions"), ["git hub action"]);
    }
}
