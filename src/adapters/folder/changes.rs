//! The change log: one entry goes under `## Unreleased`, everything else stays as people wrote it.
//!
//! An entry that is there already is not written twice, so a repetition does no harm.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::adapters::files;
use crate::adapters::folder::{load_text, wrap};
use crate::ports::folder::FolderError;

const HEADING: &str = "## Unreleased";

/// Adds the entry unless one with the marker is there.
pub(super) fn add(path: &Path, marker: &str, entry: &str) -> Result<(), FolderError> {
    // A link stays a link: what it points to is replaced.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let before = load_text(path.clone())?.map(|file| file.text).unwrap_or_default();
    if before.contains(marker) {
        return Ok(());
    }
    let mut entry = entry.trim_end().to_owned();
    if !entry.contains(marker) {
        // Invisible in what is shown, so that the entry is found again.
        entry.push_str(&format!(" <!-- {marker} -->"));
    }
    let mode = path.metadata().map_or(0o644, |metadata| metadata.permissions().mode() & 0o777);
    let after = with_entry(&before, &entry);
    files::replace(&path, after.as_bytes(), mode, false).map_err(|error| wrap(&path, &error))
}

/// The text with the entry as the newest under its heading, which is made when it is missing.
fn with_entry(text: &str, entry: &str) -> String {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let entry = entry.replace("\r\n", "\n").replace('\n', end);
    if text.trim().is_empty() {
        return format!("# Changelog{end}{end}{HEADING}{end}{end}{entry}{end}");
    }
    match place_under_heading(text) {
        Some(place) => {
            let (before, after) = text.split_at(place);
            let gap = if before.ends_with('\n') { "" } else { end };
            // Below the heading's own blank line; a heading right after it keeps its distance.
            let (blank, rest) = match after.strip_prefix(end) {
                Some(rest) => (end, rest),
                None => (end, after),
            };
            let distance = if rest.starts_with('#') { end } else { "" };
            format!("{before}{gap}{blank}{entry}{end}{distance}{rest}")
        }
        None => {
            let (before, after) = text.split_at(place_of_first_section(text));
            let gap = if before.is_empty() || before.ends_with('\n') { "" } else { end };
            let tail = if after.is_empty() { "" } else { end };
            let head = if before.is_empty() || before.ends_with(&format!("{end}{end}")) {
                ""
            } else {
                end
            };
            format!("{before}{gap}{head}{HEADING}{end}{end}{entry}{end}{tail}{after}")
        }
    }
}

/// Lines with the byte at which each begins, outside of fenced code.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    let mut fenced = false;
    text.split_inclusive('\n').filter_map(move |line| {
        let place = start;
        start += line.len();
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((place, line))
    })
}

fn place_under_heading(text: &str) -> Option<usize> {
    let is_heading = |line: &str| {
        let words = line.trim_end().strip_prefix("## ").map(str::trim);
        words.is_some_and(|words| words.trim_matches(['[', ']']).eq_ignore_ascii_case("unreleased"))
    };
    lines(text).find(|(_, line)| is_heading(line)).map(|(place, line)| place + line.len())
}

fn place_of_first_section(text: &str) -> usize {
    lines(text).find(|(_, line)| line.starts_with("## ")).map_or(text.len(), |(place, _)| place)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_missing_file_and_a_missing_heading_are_made() {
        assert_eq!(with_entry("", "- one"), "# Changelog\n\n## Unreleased\n\n- one\n");
        assert_eq!(
            with_entry("# Changes\n\nOurs.\n\n## 1.0\n\n- old\n", "- one"),
            "# Changes\n\nOurs.\n\n## Unreleased\n\n- one\n\n## 1.0\n\n- old\n"
        );
        assert_eq!(with_entry("Ours.", "- one"), "Ours.\n\n## Unreleased\n\n- one\n");
    }

    #[test]
    fn the_newest_entry_stands_first_under_the_heading() {
        assert_eq!(
            with_entry("# C\n\n## [Unreleased]\n\n- one\n\n## 1.0\n", "- two"),
            "# C\n\n## [Unreleased]\n\n- two\n- one\n\n## 1.0\n"
        );
        assert_eq!(
            with_entry("## Unreleased\n\n## 1.0\n", "- two"),
            "## Unreleased\n\n- two\n\n## 1.0\n"
        );
        assert_eq!(with_entry("## Unreleased", "- two"), "## Unreleased\n\n- two\n");
    }

    #[test]
    fn line_ends_of_the_file_are_kept_and_a_heading_in_code_is_none() {
        assert_eq!(
            with_entry("## Unreleased\r\n\r\n- one\r\n", "- two\n  more"),
            "## Unreleased\r\n\r\n- two\r\n  more\r\n- one\r\n"
        );
        let code = "# C\n```\n## Unreleased\n```\n";
        assert!(with_entry(code, "- two").starts_with(code));
    }

    proptest! {
        #[test]
        fn no_line_that_people_wrote_is_lost_or_moved(
            lines in prop::collection::vec("(## Unreleased|## 1.0|- [a-z]{1,6}|```|[a-z ]{1,9})?", 0..12)
        ) {
            let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            let after = with_entry(&text, "- NEW");
            let mut rest = after.lines();
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                prop_assert!(rest.any(|other| other == line), "{line:?} is lost in {after:?}");
            }
            prop_assert_eq!(after.lines().filter(|line| *line == "- NEW").count(), 1);
        }
    }
}
