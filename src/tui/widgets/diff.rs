//! A unified diff, read once into lines that know what they are.
//!
//! The text comes from a repository and is data: control characters are dropped, tabs become blanks.
//! A diff that is too long to be read by a person is cut, and says so in its last line.

use crate::domain::text::to_plain;

/// Longest diff that is kept, in lines: past this nobody reads on a screen.
const MAX_LINES: usize = 50_000;
/// Columns of a tab in a diff: four keeps code readable in half a screen.
const TAB: &str = "    ";

/// A diff in lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiffText {
    /// Every line.
    pub lines: Vec<DiffLine>,
    /// Where each file starts.
    pub files: Vec<usize>,
}

/// One line of a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    /// What it is.
    pub kind: DiffKind,
    /// The line as shown.
    pub text: String,
}

/// What a line of a diff is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffKind {
    /// The name of a file.
    File,
    /// What git says about a file: mode, index, similarity.
    Meta,
    /// `@@ … @@`.
    Hunk,
    /// Added.
    Added,
    /// Removed.
    Removed,
    /// Unchanged.
    Context,
}

impl DiffText {
    /// Reads a unified diff.
    pub fn parse(diff: &str) -> Self {
        let mut text = Self::default();
        let mut in_hunk = false;
        let all = diff.lines().count();
        for line in diff.lines().take(MAX_LINES) {
            let kind = kind_of(line, in_hunk);
            in_hunk = matches!(kind, DiffKind::Hunk)
                || in_hunk && !matches!(kind, DiffKind::File | DiffKind::Meta);
            if kind == DiffKind::File {
                text.files.push(text.lines.len());
            }
            text.lines.push(DiffLine { kind, text: shown(kind, line) });
        }
        if all > MAX_LINES {
            let words = format!("… {} more lines: read them with git", all - MAX_LINES);
            text.lines.push(DiffLine { kind: DiffKind::Meta, text: words });
        }
        text
    }

    /// The start of the first file after a line.
    pub fn file_after(&self, line: usize) -> Option<usize> {
        self.files.iter().copied().find(|start| *start > line)
    }

    /// The start of the last file before a line.
    pub fn file_before(&self, line: usize) -> Option<usize> {
        self.files.iter().rev().copied().find(|start| *start < line)
    }

    /// Which file a line is in, counted from 1.
    pub fn file_at(&self, line: usize) -> usize {
        self.files.iter().filter(|start| **start <= line).count()
    }
}

fn kind_of(line: &str, in_hunk: bool) -> DiffKind {
    match line.bytes().next() {
        Some(b'@') if line.starts_with("@@") => DiffKind::Hunk,
        Some(b'+') if in_hunk => DiffKind::Added,
        Some(b'-') if in_hunk => DiffKind::Removed,
        // git says `\ No newline at end of file` in the middle of a hunk.
        Some(b' ' | b'\\') | None if in_hunk => DiffKind::Context,
        Some(b'd') if line.starts_with("diff --") => DiffKind::File,
        Some(_) | None => DiffKind::Meta,
    }
}

fn shown(kind: DiffKind, line: &str) -> String {
    let plain = to_plain(line).replace('\t', TAB);
    match kind {
        DiffKind::File => plain
            .split_once(" b/")
            .map_or_else(|| plain.clone(), |(_, path)| path.trim_end().to_owned()),
        DiffKind::Meta
        | DiffKind::Hunk
        | DiffKind::Added
        | DiffKind::Removed
        | DiffKind::Context => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFF: &str = "diff --git a/src/a.rs b/src/a.rs\nindex 1..2 100644\n--- a/src/a.rs\n+++ b/src/a.rs\n@@ -1,2 +1,2 @@ fn a()\n-old\n+++ counter;\n \tsame\ndiff --git a/b b/b\nnew file mode 100644\n--- /dev/null\n+++ b/b\n@@ -0,0 +1 @@\n+x\u{1b}[2J\n";

    #[test]
    fn a_line_is_what_it_is_within_its_hunk() {
        let diff = DiffText::parse(DIFF);
        let kinds: Vec<DiffKind> = diff.lines.iter().map(|line| line.kind).collect();
        use DiffKind::{Added, Context, File, Hunk, Meta, Removed};
        assert_eq!(
            kinds,
            [
                File, Meta, Meta, Meta, Hunk, Removed, Added, Context, File, Meta, Meta, Meta,
                Hunk, Added
            ]
        );
        assert_eq!(diff.lines[0].text, "src/a.rs");
        assert_eq!(diff.lines[13].text, "+x[2J", "a repository cannot speak to the terminal");
    }

    #[test]
    fn files_are_found_forwards_and_backwards() {
        let diff = DiffText::parse(DIFF);
        assert_eq!(diff.file_after(0), Some(8));
        assert_eq!(diff.file_after(8), None);
        assert_eq!(diff.file_before(8), Some(0));
        assert_eq!(diff.file_before(0), None);
        assert_eq!(diff.file_at(9), 2);
    }
}
