//! Words of a goal or a profile: cut, folded and stemmed, so that `Tests`, `testing` and `test-suite` meet.
//!
//! The stemmer is step 1 of Porter's (1980: plurals, `-ed`, `-ing`, final `y`); what it leaves apart the table
//! of concepts brings together. Nothing here knows what a word means.

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As it was written.
    pub text: String,
    /// What it is compared by.
    pub stem: String,
}

/// Words that say nothing of what is wanted.
const EMPTY: &[&str] = &[
    "a",
    "about",
    "after",
    "again",
    "against",
    "all",
    "already",
    "also",
    "always",
    "an",
    "and",
    "any",
    "anywhere",
    "are",
    "as",
    "at",
    "back",
    "be",
    "been",
    "before",
    "but",
    "by",
    "can",
    "cannot",
    "could",
    "do",
    "does",
    "don",
    "each",
    "every",
    "everywhere",
    "few",
    "for",
    "from",
    "get",
    "give",
    "goes",
    "had",
    "has",
    "have",
    "how",
    "i",
    "if",
    "in",
    "into",
    "is",
    "it",
    "its",
    "just",
    "last",
    "let",
    "like",
    "me",
    "more",
    "most",
    "much",
    "must",
    "my",
    "need",
    "no",
    "not",
    "of",
    "old",
    "on",
    "one",
    "only",
    "or",
    "other",
    "our",
    "out",
    "over",
    "please",
    "s",
    "same",
    "should",
    "so",
    "some",
    "t",
    "than",
    "that",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "to",
    "too",
    "two",
    "us",
    "very",
    "want",
    "was",
    "we",
    "were",
    "what",
    "when",
    "where",
    "whether",
    "which",
    "while",
    "who",
    "why",
    "will",
    "with",
    "would",
    "yet",
    "you",
    "your",
];

/// The words of a text, in order, without those that say nothing and without plain numbers.
pub fn words(text: &str) -> Vec<Word> {
    let cut = text.split(|c: char| !c.is_alphanumeric()).flat_map(split_camel);
    let said = cut.filter(|word| {
        let folded = word.to_lowercase();
        word.chars().any(char::is_alphabetic) && !EMPTY.contains(&folded.as_str())
    });
    said.map(|word| Word { text: word.to_owned(), stem: stem(&word.to_lowercase()) }).collect()
}

/// `loginPage` and `HTTPServer` are two words each; `OAuth2` and `iOS` are one.
fn split_camel(word: &str) -> Vec<&str> {
    let chars: Vec<(usize, char)> = word.char_indices().collect();
    let mut parts = Vec::new();
    let mut start = 0;
    for window in chars.windows(3) {
        let [(_, before), (at, here), (_, next)] = window else { continue };
        let begins = here.is_uppercase() && next.is_lowercase() && start + 1 < *at;
        if begins && (before.is_lowercase() || before.is_uppercase()) {
            parts.push(word.get(start..*at).unwrap_or_default());
            start = *at;
        }
    }
    parts.push(word.get(start..).unwrap_or_default());
    parts
}

/// Step 1 of Porter's stemmer; words that are not ASCII stay as they are.
pub fn stem(word: &str) -> String {
    if !word.is_ascii() || word.len() < 3 {
        return word.to_owned();
    }
    let word = plural(word);
    let word = ending(&word);
    match word.strip_suffix('y') {
        Some(rest) if has_vowel(rest) && rest.len() > 1 => format!("{rest}i"),
        Some(_) | None => word,
    }
}

/// Step 1a.
fn plural(word: &str) -> String {
    for (suffix, instead) in
        [("sses", "ss"), ("ies", "i"), ("ss", "ss"), ("us", "us"), ("is", "is")]
    {
        if let Some(rest) = word.strip_suffix(suffix) {
            return format!("{rest}{instead}");
        }
    }
    word.strip_suffix('s').unwrap_or(word).to_owned()
}

/// Step 1b.
fn ending(word: &str) -> String {
    if let Some(rest) = word.strip_suffix("eed") {
        return if has_vowel(rest) { format!("{rest}ee") } else { word.to_owned() };
    }
    let cut = word.strip_suffix("ed").or_else(|| word.strip_suffix("ing"));
    match cut.filter(|rest| has_vowel(rest) && rest.len() > 1) {
        Some(rest) => mended(rest),
        // `cache` and `caching` meet without their last letter.
        None => word.strip_suffix('e').filter(|rest| rest.len() > 3).unwrap_or(word).to_owned(),
    }
}

/// What is left when an ending went: no doubled consonant.
fn mended(rest: &str) -> String {
    let mut ends = rest.chars().rev();
    let (last, before) = (ends.next(), ends.next());
    let is_doubled = last == before && last.is_some_and(|c| !"aeioulsz".contains(c));
    match rest.len().checked_sub(1) {
        Some(length) if is_doubled => rest.get(..length).unwrap_or(rest).to_owned(),
        _ => rest.to_owned(),
    }
}

fn has_vowel(text: &str) -> bool {
    text.contains(['a', 'e', 'i', 'o', 'u', 'y'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stems(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.stem).collect()
    }

    #[test]
    fn a_word_meets_its_other_forms() {
        for group in [
            ["test", "tests", "testing", "tested"],
            ["deploy", "deploys", "deploying", "deployed"],
            ["cache", "caches", "caching", "cached"],
            ["vulnerability", "vulnerabilities", "vulnerability", "Vulnerability"],
            ["plan", "plans", "planning", "planned"],
            ["release", "releases", "releasing", "released"],
        ] {
            let all: Vec<_> = group.iter().flat_map(|word| stems(word)).collect();
            assert!(all.iter().all(|one| *one == all[0]), "{group:?}: {all:?}");
        }
    }

    #[test]
    fn identifiers_files_and_hyphens_are_cut_into_words() {
        assert_eq!(stems("loginPage in HTTPServer.py"), ["login", "page", "http", "server", "py"]);
        assert_eq!(stems("Dockerfile, ci-cd & OAuth2"), ["dockerfil", "ci", "cd", "oauth2"]);
        assert_eq!(stems("TASK-042: CVE-2024-3094"), ["task", "cve"]);
        assert_eq!(stems("user's Übersicht 測試"), ["user", "übersicht", "測試"]);
        assert_eq!(stems("what is it that we have to do? 42"), [""; 0]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic_and_no_word_is_empty(text in "\\PC{0,60}") {
            for word in words(&text) {
                proptest::prop_assert!(!word.text.is_empty() && !word.stem.is_empty());
            }
        }
    }
}
