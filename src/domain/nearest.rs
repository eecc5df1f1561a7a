//! What somebody probably meant: the accepted word that is nearest to a mistyped one.
//!
//! Near is counted in letters; what a word means is not looked at.

/// `did you mean …?` if one is near, else `accepted: …`.
pub fn choices(word: &str, accepted: &[&str]) -> String {
    if let Some(near) = nearest(word, accepted) {
        return format!("did you mean `{near}`?");
    }
    let list: Vec<String> = accepted.iter().map(|word| format!("`{word}`")).collect();
    format!("accepted: {}", list.join(", "))
}

/// The accepted word that is nearest, if it is near enough to be meant.
pub fn nearest<'a>(word: &str, accepted: &[&'a str]) -> Option<&'a str> {
    let distance = |other: &str| edits(&word.to_lowercase(), &other.to_lowercase());
    // A third of the letters, and at least one: `naem` means `name`, `x` means nothing.
    let limit = (word.chars().count() / 3).max(1) + usize::from(word.chars().count() > 3);
    accepted
        .iter()
        .map(|other| (distance(other), *other))
        .min()
        .filter(|(edits, other)| *edits <= limit && *edits < other.chars().count())
        .map(|(_, other)| other)
}

/// Levenshtein's distance (1965), row by row.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (number, l) in left.chars().enumerate() {
        let mut diagonal = number;
        let mut before = number + 1;
        let mut next = vec![before];
        for (r, above) in right.iter().zip(row.iter().skip(1)) {
            before = (diagonal + usize::from(l != *r)).min(above + 1).min(before + 1);
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_is_answered_with_the_nearest() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(choices("naem", &["name", "role"]), "did you mean `name`?");
        assert_eq!(choices("Pane", &["panes", "windows"]), "did you mean `panes`?");
        assert_eq!(choices("zzz", &["a", "b"]), "accepted: `a`, `b`");
    }
}
