//! The scripts of templates on input that was made against them: long lines, deep nesting, values of the wrong
//! kind, settings that start programs, and folders that look as if nobody wrote them.
//!
//! A time here is a limit that only a search that takes the square of a line's length passes.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use agency::adapters::files::replace;
use serde_json::Value;

use super::{LOOKING, found, text};
use crate::templates::{root, run};
use crate::templates_scripts::Repository;

/// What all scripts that look at a folder have in common, from its first line to its last.
const SHARED: (&str, &str) = ("# Folders that tools fill", "def skipped_words(self):");

/// Far more than the slowest needs on a busy machine, far less than a square takes.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn the_copies_of_what_the_scripts_share_are_equal() {
    let mut first: Option<String> = None;
    let looking = LOOKING.iter().filter(|script| !script.ends_with("release_check.py"));
    for script in looking {
        let source = std::fs::read_to_string(root().join("templates").join(script)).expect("text");
        let begin = source.find(SHARED.0).unwrap_or_else(|| panic!("{script} has no {}", SHARED.0));
        let last = source.find(SHARED.1).unwrap_or_else(|| panic!("{script} has no {}", SHARED.1));
        let end = source[last..].find("\n\n").map_or(source.len(), |end| last + end);
        let shared = source[begin..end].to_owned();
        assert!(shared.contains("class Tree:") && shared.contains("def _walk"), "{script}");
        let first = first.get_or_insert_with(|| shared.clone());
        assert_eq!(*first, shared, "{script} has another copy");
        let lines = source.lines().count();
        assert!(lines <= 500, "{script} has {lines} lines");
    }
}

#[test]
fn input_made_to_take_long_or_to_end_a_script_does_neither() {
    let repository = Repository::new();
    repository.write("a.env", &format!("{}\n", "passwordtoken".repeat(1500)).repeat(20));
    repository.write(".gitlab-ci.yml", &format!("x: {}\n", "echo $ ".repeat(120_000)));
    repository.write("comments.md", &"<!-- a -->".repeat(30_000));
    repository.write("spans.md", &"` ".repeat(60_000));
    let page = format!(
        "```json\n{}\n```\n```python\n{}\n```\n| a |\n{}x\n```python\nx ={}(\n```\n",
        "[".repeat(200_000),
        "(".repeat(100_000),
        " ".repeat(300_000),
        "\n".repeat(100_000),
    );
    repository.write("page.md", &page);
    let lock = "{\"packages\": {\"node_modules/x\": {\"version\": 1}, \
        \"node_modules/y\": {\"version\": {\"a\": []}, \"name\": [1]}}}";
    repository.write("package-lock.json", lock);
    repository.write("deep/package-lock.json", &"[".repeat(200_000));
    for script in LOOKING {
        let began = Instant::now();
        let (code, said) = repository.script(script, &["--json"]);
        assert!([0, 1, 3].contains(&code), "{script}: {code} {said}");
        let _: Value = serde_json::from_str(&said).unwrap_or_else(|e| panic!("{script}: {e}"));
        assert!(began.elapsed() < PATIENCE, "{script} took {:?}", began.elapsed());
    }
}

fn put(path: &Path, text: &str) {
    replace(path, text.as_bytes(), 0o644, false).expect("written");
}

#[test]
fn without_git_no_folder_is_passed_over_unseen() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = ["AKIA", "QQQQQQQQQQQQQQQQ"].concat();
    for name in ["target", "node_modules", "venv", "__pycache__", ".tox"] {
        let place = folder.path().join(name);
        std::fs::create_dir(&place).expect("made");
        put(&place.join("a.env"), &format!("K={key}\n"));
    }
    let script = root().join("templates/security/scripts/secret_scan.py");
    let answer = || -> Value {
        let outcome = run(folder.path(), &script, &["--json"]);
        serde_json::from_str(&outcome.text()).expect("an answer")
    };
    let all = found(&answer());
    assert_eq!(all.len(), 5, "{all:?}");
    put(&folder.path().join("venv/pyvenv.cfg"), "");
    let answer = answer();
    assert_eq!(found(&answer).len(), 4, "{answer}");
    assert_eq!(text(&answer["skipped"]["folders"][0]), "venv", "it is named: {answer}");
    let words = run(folder.path(), &script, &[]).text();
    assert!(words.contains("skipped: all of venv/"), "{words}");
}

#[test]
fn a_look_at_a_release_runs_no_filter_and_no_hook_of_the_repository() {
    let repository = Repository::new();
    let marker = repository.folder.path().join(".git/was-run");
    let program = format!("#!/bin/sh\ntouch '{}'\ncat\n", marker.display());
    let hook = repository.write(".git/hooks/post-index-change", &program);
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).expect("set");
    repository.write(".gitattributes", "* filter=Own.Two\n");
    repository.commit("attributes");
    let hook = hook.to_str().expect("text");
    for setting in ["clean", "smudge", "process"] {
        repository.git(&["config", &format!("filter.Own.Two.{setting}"), hook]);
    }
    repository.git(&["config", "filter.Own.Two.required", "true"]);
    // Of the same length, so that only what is in it can tell.
    repository.write("README.md", "# A PROJECT\n");
    let _ = std::fs::remove_file(&marker);
    let (code, answer) = repository.answer("devops/scripts/release_check.py", &[]);
    assert_eq!((code, &answer["dirty"]), (1, &Value::from(1)), "{answer}");
    assert!(!marker.exists(), "something of the repository was run");
}
