//! What the README and ARCHITECTURE.md say is so: commands parse, settings load, files and tests exist.
//!
//! Commands are read by the real definition of the command line and not run; running them is what the
//! other tests do.

use agency::cli::args::Invocation;
use agency::manifest::workbench;
use clap::Parser as _;

use crate::templates::{files_below, root};

fn document(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).expect("a document")
}

/// The code blocks of one language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let starts = text.split(fence.as_str()).skip(1);
    starts.map(|rest| rest.split("\n```").next().unwrap_or_default().to_owned()).collect()
}

/// Commands, one per line; a line that ends in `\` goes on in the next.
fn commands(text: &str) -> Vec<Vec<String>> {
    let joined = blocks(text, "sh").join("\n").replace("\\\n", " ");
    joined.lines().map(words).filter(|words| !words.is_empty()).collect()
}

/// A line's words as a shell sees them: double quotes hold together, `#` begins a comment.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut is_quoted = false;
    for c in line.chars() {
        match c {
            '"' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            '#' if !is_quoted && word.is_none() => break,
            ' ' if !is_quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// What is given to this program, if a command runs it.
fn arguments(command: &[String]) -> Option<Vec<String>> {
    let text: Vec<&str> = command.iter().map(String::as_str).collect();
    let given = match text.as_slice() {
        ["agency", given @ ..] | ["cargo", "run", "--release", "--", given @ ..] => given,
        ["cd", _]
        | ["sh", ".ci/test" | "tests/ring/install" | "tests/ring/run"]
        | ["cargo", "install", "--path", ".", "--locked"] => {
            return None;
        }
        other => panic!("nobody has looked whether this works: {other:?}"),
    };
    Some(std::iter::once(&"agency").chain(given).map(|&word| word.to_owned()).collect())
}

#[test]
fn every_command_of_the_readme_is_understood() {
    let ours: Vec<_> =
        commands(&document("README.md")).iter().filter_map(|c| arguments(c)).collect();
    assert!(ours.len() > 20, "the README shows commands: {ours:?}");
    for command in ours {
        if let Err(error) = Invocation::try_parse_from(&command) {
            panic!("{command:?}: {error}");
        }
    }
}

#[test]
fn a_command_that_does_not_exist_would_be_seen() {
    let text = "```sh\nagency fly --high \"to the moon\" \\\n  now # says\n```\n";
    let found = commands(text);
    assert_eq!(found, [["agency", "fly", "--high", "to the moon", "now"]]);
    let given = arguments(&found[0]).expect("it is ours");
    assert!(Invocation::try_parse_from(given).is_err());
}

#[test]
fn the_readme_begins_with_a_picture_of_the_screen() {
    let picture = blocks(&document("README.md"), "text").into_iter().next().expect("a picture");
    for word in ["1 Dashboard", "Waiting for you", "AP-001", "Agencies", "Branches", "q quit"] {
        assert!(picture.contains(word), "the picture shows `{word}`");
    }
    assert!(picture.lines().all(|line| line.chars().count() <= 120), "it is 120 columns wide");
}

#[test]
fn the_settings_of_the_readme_load() {
    let settings = blocks(&document("README.md"), "toml").join("\n");
    let config = workbench::parse("README.md", &settings).expect("they are valid");
    assert!(!config.checks.commands.is_empty());
}

/// Everything between single backticks outside of code blocks.
fn quoted(text: &str) -> Vec<String> {
    let prose: String = text.split("```").step_by(2).collect();
    prose.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_file_and_test_that_the_architecture_names_exists() {
    let text = document("ARCHITECTURE.md");
    let is_rust = |path: &std::path::Path| path.extension().is_some_and(|end| end == "rs");
    let sources = ["src", "tests"].map(|folder| files_below(&root().join(folder), &is_rust));
    let sources: Vec<String> =
        sources.iter().flatten().map(|path| std::fs::read_to_string(path).expect("text")).collect();
    let mut tests = 0;
    for word in quoted(&text) {
        let is_name =
            word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if is_name && word.matches('_').count() >= 3 {
            let function = format!("fn {word}(");
            let is_there = sources.iter().any(|source| source.contains(&function));
            assert!(is_there, "there is no test `{word}`");
            tests += 1;
        }
        if word.starts_with("src/") || word.starts_with("tests/") || word.starts_with(".ci/") {
            assert!(root().join(&word).exists(), "there is no `{word}`");
        }
    }
    assert!(tests > 20, "it names the tests that hold the invariants: {tests}");
}
