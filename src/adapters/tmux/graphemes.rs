//! Comparing a text with what a screen shows of it, where marks have no place of their own.
//!
//! An accent after its letter comes back as one accented letter, and what joins or parts letters without
//! being seen is dropped: each program and each version of tmux does it its own way. So letters are
//! compared one by one: of one that carries marks any other than an ASCII letter may stand there. Their
//! number and order always count.

use unicode_width::UnicodeWidthChar as _;

/// Whether a screen shows exactly this text.
pub(super) fn is_same(shown: &str, text: &str) -> bool {
    let (shown, text) = (letters(shown), letters(text));
    shown.len() == text.len() && pairs(&shown, &text)
}

/// Whether what a screen shows is the end of this text.
pub(super) fn ends_with(text: &str, shown: &str) -> bool {
    let (shown, text) = (letters(shown), letters(text));
    let Some(before) = text.len().checked_sub(shown.len()) else { return false };
    pairs(&shown, text.get(before..).unwrap_or_default())
}

/// A letter, and whether marks follow it.
type Letter = (char, bool);

fn letters(text: &str) -> Vec<Letter> {
    let mut letters: Vec<Letter> = Vec::new();
    for c in text.chars() {
        match (c.width(), letters.last_mut()) {
            (Some(0), Some(letter)) => letter.1 = true,
            (Some(0), None) => {}
            _ => letters.push((c, false)),
        }
    }
    letters
}

fn pairs(shown: &[Letter], text: &[Letter]) -> bool {
    shown
        .iter()
        .zip(text)
        .all(|((seen, _), (wanted, is_marked))| seen == wanted || (*is_marked && !seen.is_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_may_be_joined_kept_or_dropped() {
        for shown in ["cafe\u{301}", "caf\u{e9}", "cafe", "cafe\u{301}\u{200b}"] {
            assert!(is_same(shown, "cafe\u{301}"), "{shown:?}");
        }
        assert!(!is_same("cafx", "cafe\u{301}") && !is_same("caf\u{e9}", "cafe"));
        assert!(is_same("\u{1f468}\u{1f469}", "\u{1f468}\u{200d}\u{1f469}"));
    }

    #[test]
    fn a_letter_more_or_less_is_another_text() {
        assert!(!is_same("caf\u{e9}s", "cafe\u{301}") && !is_same("caf", "cafe\u{301}"));
        assert!(ends_with("one cafe\u{301}", "caf\u{e9}"));
        assert!(!ends_with("caf\u{e9}", "a caf\u{e9}") && !ends_with("one caf\u{e9}", "two"));
    }
}
