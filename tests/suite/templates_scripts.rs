//! The scripts that agencies get do what they say, on a real repository.

use std::path::{Path, PathBuf};
use std::time::Duration;

use agency::adapters::files::replace;
use agency::adapters::process::Outcome;
use serde_json::Value;

use crate::templates::{invocation, root, run};

/// A small repository of its own, removed when dropped.
pub struct Repository {
    /// Where it is.
    pub folder: tempfile::TempDir,
}

impl Repository {
    /// With one commit.
    pub fn new() -> Self {
        let repository = Self { folder: tempfile::tempdir().expect("a folder") };
        repository.git(&["init", "-q", "-b", "main"]);
        repository.git(&["config", "user.name", "Test"]);
        repository.git(&["config", "user.email", "test@example.org"]);
        repository.write("README.md", "# A project\n");
        repository.commit("first");
        repository
    }

    /// Runs git in it; it must work.
    pub fn git(&self, args: &[&str]) {
        let outcome = run(self.folder.path(), "git", args);
        assert!(outcome.status.success(), "git {args:?}: {}", outcome.problem());
    }

    /// Writes a file.
    pub fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        replace(&path, text.as_bytes(), 0o644, false).expect("written");
        path
    }

    /// Commits everything.
    pub fn commit(&self, subject: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", subject]);
    }

    /// Runs a script of a template: its status and what it said.
    pub fn script(&self, script: &str, args: &[&str]) -> (i32, String) {
        let outcome = run(self.folder.path(), root().join("templates").join(script), args);
        (status(&outcome), outcome.text())
    }

    /// Runs a script with `--json`: its status and its answer.
    pub fn answer(&self, script: &str, args: &[&str]) -> (i32, Value) {
        let (code, said) = self.script(script, &[args, &["--json"]].concat());
        let answer = serde_json::from_str(&said);
        (code, answer.unwrap_or_else(|error| panic!("{script}: {error}: {said}")))
    }
}

fn status(outcome: &Outcome) -> i32 {
    outcome.status.code().unwrap_or_else(|| panic!("killed: {}", outcome.problem()))
}

#[test]
fn the_linter_finds_a_syntax_error_and_nothing_in_clean_files() {
    let repository = Repository::new();
    repository.write("a b.py", "VALUE = 1\n");
    repository.write("-odd.sh", "#!/bin/sh\necho hello\n");
    let (code, said) = repository.script("code/scripts/linter.sh", &[]);
    assert_eq!(code, 0, "{said}");
    repository.write("broken.py", "def f(:\n");
    let (code, said) = repository.script("code/scripts/linter.sh", &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("broken.py"), "{said}");
    assert_eq!(repository.script("code/scripts/linter.sh", &["--no-such"]).0, 2);
}

#[test]
fn the_formatter_only_names_under_check_and_tidies_otherwise() {
    let repository = Repository::new();
    let untidy = repository.write("notes.txt", "one  \n\n two\t\n\n\n");
    let binary = repository.write("image.bin", "\0  \n\n");
    let (code, said) = repository.script("code/scripts/formatter.sh", &["--check"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("./notes.txt") && !said.contains("image.bin"), "{said}");
    assert_eq!(std::fs::read_to_string(&untidy).expect("text"), "one  \n\n two\t\n\n\n");
    assert_eq!(repository.script("code/scripts/formatter.sh", &[]).0, 0);
    assert_eq!(std::fs::read_to_string(&untidy).expect("text"), "one\n\n two\n");
    assert_eq!(std::fs::read(&binary).expect("bytes"), b"\0  \n\n");
    assert_eq!(repository.script("code/scripts/formatter.sh", &["--check"]).0, 0);
}

#[test]
fn the_reviewer_blocks_what_must_not_be_merged() {
    let repository = Repository::new();
    repository.git(&["checkout", "-q", "-b", "feature"]);
    repository.write("src/ä b.js", "console.log(\"x\")\n");
    repository.write("config.py", "password = \"correct-horse-battery\"\n");
    repository.write("merge.txt", "<<<<<<< HEAD\n");
    repository.write("large.txt", &"x".repeat(600 * 1024));
    let long = format!("def long():\n{}", "    x = 1\n".repeat(70));
    repository.write("long.py", &long);
    repository.commit("bad");
    let (code, said) = repository.script("code/scripts/reviewer.py", &["--json"]);
    assert_eq!(code, 1, "{said}");
    let review: Value = serde_json::from_str(&said).expect("JSON");
    let findings = review["findings"].as_array().expect("a list");
    let found = |rule: &str, file: &str| {
        findings.iter().any(|finding| finding["rule"] == rule && finding["file"] == file)
    };
    assert!(found("secret", "config.py"), "{said}");
    assert!(found("conflict-marker", "merge.txt"), "{said}");
    assert!(found("large-file", "large.txt"), "{said}");
    assert!(found("long-function", "long.py"), "{said}");
    assert!(found("debugging", "src/ä b.js"), "{said}");
    assert!(findings.iter().any(|finding| finding["rule"] == "no-tests"), "{said}");
    assert!(!said.contains("correct-horse"), "the secret was repeated");
}

#[test]
fn the_reviewer_lets_a_small_tested_change_pass() {
    let repository = Repository::new();
    repository.git(&["checkout", "-q", "-b", "feature"]);
    repository.write("calc.py", "def add(a, b):\n    return a + b\n");
    repository.write("tests/test_calc.py", "password = \"example-password\"\n");
    repository.commit("good");
    let (code, said) = repository.script("code/scripts/reviewer.py", &["--base", "main"]);
    assert_eq!((code, said.as_str()), (0, "2 files, 3 lines added: 0 blocker, 0 should, 0 could"));
    assert_eq!(repository.script("code/scripts/reviewer.py", &["--base", "nowhere"]).0, 2);
    assert_eq!(repository.script("code/scripts/reviewer.py", &["--base=--output=x"]).0, 2);
}

#[test]
fn the_test_runner_reports_what_passed_and_what_failed() {
    let repository = Repository::new();
    assert_eq!(repository.script("qa/scripts/test_runner.sh", &[]).0, 3);
    repository.write("run-tests.sh", "echo 'ok 1 - works'\n");
    repository.commit("tests");
    let (code, said) = repository.script("qa/scripts/test_runner.sh", &["--list"]);
    assert_eq!((code, said.as_str()), (0, "sh run-tests.sh"));
    let (code, said) = repository.script("qa/scripts/test_runner.sh", &["--report", "out/r.md"]);
    assert_eq!(code, 0, "{said}");
    let read = || std::fs::read_to_string(repository.folder.path().join("out/r.md"));
    let report = read().expect("a report");
    assert!(report.contains("clean: yes") && report.contains("    ok 1 - works"), "{report}");
    repository.write("run-tests.sh", "echo 'not ok 1 - broken'; exit 3\n");
    let (code, _) = repository.script("qa/scripts/test_runner.sh", &["--report", "out/r.md"]);
    assert_eq!(code, 1);
    let report = read().expect("a report");
    assert!(report.contains("Status 3") && report.contains("clean: no"), "{report}");
}

#[test]
fn coverage_is_measured_or_it_is_said_that_it_was_not() {
    let repository = Repository::new();
    assert_eq!(repository.script("qa/scripts/coverage.sh", &[]).0, 3);
    repository
        .write("calc.py", "def add(a, b):\n    return a + b\n\n\ndef never():\n    return 1\n");
    let test = "import unittest\nimport calc\n\n\nclass Calc(unittest.TestCase):\n    def test_add(self):\n        self.assertEqual(calc.add(1, 2), 3)\n";
    repository.write("test_calc.py", test);
    let (code, said) = repository.script("qa/scripts/coverage.sh", &[]);
    assert!(code == 0 && said.starts_with("python "), "{code} {said}");
    assert_eq!(repository.script("qa/scripts/coverage.sh", &["--min", "100"]).0, 1);
    repository.write("test_calc.py", &test.replace("3)", "4)"));
    assert_eq!(repository.script("qa/scripts/coverage.sh", &[]).0, 1);
}

#[test]
fn bugs_that_are_added_at_once_all_get_a_number_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let tracker = root().join("templates/qa/scripts/bug_tracker.py");
    let add = |number: usize| {
        let title = format!("bug {number}");
        let args = ["--file", "logs/bugs.jsonl", "add", "--title", &title, "--severity", "high"];
        invocation(folder.path(), &tracker, &args)
    };
    let ids: std::collections::BTreeSet<String> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..8)
            .map(|number| {
                let call = add(number);
                scope.spawn(move || call.run(Duration::from_secs(60)).expect("it runs").text())
            })
            .collect();
        running.into_iter().map(|thread| thread.join().expect("ended")).collect()
    });
    assert_eq!(ids.len(), 8, "{ids:?}");
}

#[test]
fn a_bug_is_closed_once_and_stays_in_the_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let tracker = root().join("templates/qa/scripts/bug_tracker.py");
    let call = |args: &[&str]| {
        let args: Vec<&str> = ["--file", "bugs.jsonl"].iter().chain(args).copied().collect();
        let outcome = run(folder.path(), &tracker, &args);
        (status(&outcome), outcome.text())
    };
    assert_eq!(call(&["list"]), (0, String::new()));
    assert_eq!(call(&["add", "--title", "it \u{1b}[31mbreaks"]), (0, "BUG-001".to_owned()));
    assert_eq!(call(&["list"]).1, "BUG-001  open    medium    it ?[31mbreaks");
    assert_eq!(call(&["close", "1", "--note", "fixed", "--commit", "abc"]).0, 0);
    assert_eq!(call(&["close", "BUG-001", "--note", "again"]).0, 1);
    assert_eq!(call(&["list", "--open", "--json"]), (0, "[]".to_owned()));
    let (_, shown) = call(&["show", "1", "--json"]);
    let bug: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!((&bug["state"], &bug["commit"]), (&Value::from("closed"), &Value::from("abc")));
    assert_eq!(call(&["show", "7"]).0, 1);
    let list = folder.path().join("bugs.jsonl");
    assert!(Path::new(&list).exists());
}
