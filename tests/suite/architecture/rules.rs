//! The rules of the house as code: who may know whom, where each crate lives, how a file begins, how
//! long it may be, and what may not stand in it.
//!
//! The tables below are the ones of `ARCHITECTURE.md`. A rule takes sources and gives problems, each
//! one line that names the file; it opens nothing itself.

use std::collections::BTreeSet;

use super::source::{Source, words};

/// Lines: more than this is two files.
const MAX_LINES: usize = 500;

/// Lines of a file's opening comment: what it is for, and what it keeps true or does not do.
const OPENING: std::ops::RangeInclusive<usize> = 2..=16;

/// A file of tests may say it in one line: its tests are sentences.
const OPENING_OF_TESTS: std::ops::RangeInclusive<usize> = 1..=16;

/// What a layer may know, besides itself. `adapters/process` is one part of the adapters.
const EDGES: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("failpoint", &[]),
    ("failure", &["domain"]),
    ("manifest", &["domain"]),
    ("ports", &["domain"]),
    ("engine", &["domain", "ports", "failpoint"]),
    ("service", &["engine", "ports", "manifest", "domain", "failpoint"]),
    ("cli", &["service", "domain", "failure"]),
    ("tui", &["service", "domain", "failure"]),
    ("mcp", &["service", "domain", "failure"]),
    ("rehearsal", PLAYERS),
    ("demo", PLAYERS),
    ("main", &["bootstrap"]),
];

/// The rehearsal agents and the demo do real work on files and with programs.
const PLAYERS: &[&str] =
    &["service", "domain", "manifest", "failure", "adapters/process", "adapters/files"];

/// What every adapter may know; none knows another.
const ADAPTERS: &[&str] = &["ports", "domain", "failpoint", "adapters/process", "adapters/files"];

/// Where a crate lives; a crate that is not listed may be used anywhere.
const HOMES: &[(&str, &[&str])] = &[
    ("ratatui", &["src/tui/"]),
    ("crossterm", &["src/tui/", "src/rehearsal/"]),
    ("rmcp", &["src/mcp/"]),
    ("tokio", &["src/mcp/"]),
    ("schemars", &["src/mcp/", "src/domain/protocol/"]),
    ("vt100", &["src/tui/"]),
    ("clap", &["src/cli/"]),
    ("clap_complete", &["src/cli/"]),
    ("clap_mangen", &["src/cli/"]),
    ("anstyle", &["src/cli/"]),
    ("tmux_interface", &["src/adapters/tmux/"]),
    ("git2", &["src/adapters/git/"]),
    ("rusqlite", &["src/adapters/sqlite/"]),
    ("notify", &["src/adapters/queue/"]),
    ("quick_xml", &["src/domain/results/"]),
    ("ureq", &["src/adapters/channels/"]),
    ("base64", &["src/adapters/channels/"]),
    ("regex", &["src/domain/runtime/"]),
    ("include_dir", &["src/service/templates.rs"]),
    ("ed25519_dalek", &["src/domain/approval.rs", "src/adapters/keyring/"]),
    ("hmac", &["src/domain/authentication.rs"]),
    ("getrandom", &["src/adapters/keyring/"]),
    ("tracing_subscriber", &["src/bootstrap/"]),
    ("signal_hook", &["src/bootstrap/", "src/tui/", "src/rehearsal/", "src/demo/"]),
];

/// Words that promise work instead of doing it. Put together here, so that this file has none.
const PROMISES: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), "XXX"];

/// Files that live code never reaches: everything below a module for tests.
pub fn test_only(sources: &[Source]) -> BTreeSet<String> {
    let roots: Vec<&String> = sources.iter().flat_map(|source| &source.test_modules).collect();
    let is_below = |path: &str| {
        roots.iter().any(|root| {
            path.strip_prefix(root.as_str()).is_some_and(|end| end == ".rs" || end.starts_with('/'))
        })
    };
    let paths = sources.iter().map(|source| &source.path);
    paths.filter(|path| !path.starts_with("src/") || is_below(path)).cloned().collect()
}

/// Every edge that is not in the table.
pub fn forbidden_edges(source: &Source) -> Vec<String> {
    let home = source.home();
    if matches!(home.as_str(), "bootstrap" | "lib") {
        return Vec::new();
    }
    let allowed: &[&str] = match EDGES.iter().find(|(layer, _)| *layer == home) {
        Some((_, allowed)) => allowed,
        None if home.starts_with("adapters/") => ADAPTERS,
        None => return vec![format!("{}: no rule says what `{home}` may know", source.path)],
    };
    let layers: BTreeSet<String> =
        source.paths().iter().filter_map(|path| layer_of(path)).collect();
    let bad = layers.iter().filter(|layer| **layer != home && !allowed.contains(&layer.as_str()));
    bad.map(|layer| format!("{}: `{home}` may not know `{layer}`", source.path)).collect()
}

fn layer_of(path: &[String]) -> Option<String> {
    match path {
        [adapters, part, ..] if adapters == "adapters" => Some(format!("adapters/{part}")),
        // A word with a capital or a macro at the root is not a layer.
        [first, ..] if first.chars().all(|c| c.is_lowercase() || c == '_') => Some(first.clone()),
        _ => None,
    }
}

/// Every crate outside its home.
pub fn homeless_crates(source: &Source) -> Vec<String> {
    let away =
        HOMES.iter().filter(|(_, homes)| !homes.iter().any(|home| source.path.starts_with(home)));
    away.filter(|(name, _)| source.roots.contains(*name))
        .map(|(name, homes)| format!("{}: `{name}` lives in {}", source.path, homes.join(" ")))
        .collect()
}

/// What holds for every file; `tests` are those for tests only.
pub fn bad_habits(source: &Source, tests: &BTreeSet<String>) -> Vec<String> {
    let is_test = tests.contains(&source.path);
    let mut problems = Vec::new();
    let mut complain = |what: &str| problems.push(format!("{}: {what}", source.path));
    let opening = source.text.lines().take_while(|line| line.starts_with("//!")).count();
    let wanted = if is_test { OPENING_OF_TESTS } else { OPENING };
    if !wanted.contains(&opening) {
        let (least, most) = (wanted.start(), wanted.end());
        complain(&format!("opens with {opening} lines of `//!`, not {least} to {most}"));
    }
    let lines = source.text.lines().count();
    if lines > MAX_LINES {
        complain(&format!("has {lines} lines, more than {MAX_LINES}"));
    }
    for promise in source.text.lines().filter_map(promise_of) {
        complain(&format!("promises instead of doing: `{promise}`"));
    }
    let banned = [
        ("#[allow(", "silences a lint without a check: `#[expect(…, reason = …)]` does it"),
        ("#![allow(", "silences a lint without a check: `#[expect(…, reason = …)]` does it"),
        ("todo!(", "promises instead of doing"),
        ("unimplemented!(", "promises instead of doing"),
        ("thread::sleep", "sleeps: wait for a stated condition with a deadline"),
        ("#[ignore", "has a test that is never run"),
        ("#[should_panic", "has a test that takes any panic for the right one"),
    ];
    if !is_test && source.live.contains("tempfile::tempdir()") {
        complain("leaves a folder in the system's temporary one when it is killed");
    }
    for (word, problem) in banned {
        if source.code.contains(word) {
            complain(problem);
        }
    }
    problems
}

/// A comment that begins with a promise. The same word within a sentence is just a word.
fn promise_of(line: &str) -> Option<&'static str> {
    let (_, comment) = line.split_once("//")?;
    let comment = comment.trim_start_matches(['/', '!', ' ']);
    PROMISES.iter().copied().find(|promise| comment.starts_with(promise))
}

/// Who prints; only one file of the program may.
pub fn printing(source: &Source) -> Vec<String> {
    let prints = |word: &str| matches!(word, "println" | "print" | "eprintln" | "eprint" | "dbg");
    let is_macro = |at: usize, word: &str| source.live[at + word.len()..].starts_with('!');
    let is_printing = words(&source.live).any(|(at, word)| prints(word) && is_macro(at, word));
    if is_printing && source.path != "src/cli/output.rs" {
        return vec![format!("{}: prints, and only `cli/output.rs` may", source.path)];
    }
    Vec::new()
}
