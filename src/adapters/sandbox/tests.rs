//! Tests of the sandbox with real programs, under this process's guard and under a real watchdog.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::*;
use crate::adapters::files;
use crate::adapters::process::Invocation;
use crate::domain::hex;
use crate::ports::proving::RecordedFile;

struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self { folder: tempfile::tempdir().expect("a folder") };
        std::fs::create_dir(tree.root()).expect("made");
        files.iter().for_each(|(path, text)| tree.put(path, text));
        tree
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("the tree")
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        files::replace(&path, text.as_bytes(), 0o644, false).expect("written");
    }

    fn found(&self) -> Vec<(String, String)> {
        LocalSandbox::new([""; 0])
            .find_checks(&self.root(), &ChecksConfig::default())
            .expect("searched")
            .into_iter()
            .map(|check| (check.argv.join(" "), check.found_by))
            .collect()
    }

    fn order(&self, scripts: &[&str], time_limit_s: u64) -> CheckOrder {
        let command = |script: &&str| CheckCommand {
            argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
            found_by: "agency.toml".to_owned(),
        };
        CheckOrder {
            folder: self.root(),
            log: self.folder.path().join("logs/check.log"),
            commands: scripts.iter().map(command).collect(),
            recorded: Vec::new(),
            private: self.folder.path().to_owned(),
            config: ChecksConfig { time_limit_s, ..ChecksConfig::default() },
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("logs/check.log")).expect("a log")
    }
}

/// The words that start this test program as a watchdog: everything after `--` is the command.
fn watchdog_words() -> Vec<OsString> {
    let program = std::env::current_exe().expect("this program").into_os_string();
    let name = "adapters::sandbox::tests::a_watchdog_runs_what_it_is_given";
    let words = [name, "--exact", "--nocapture", "--test-threads=2", "--"];
    std::iter::once(program).chain(words.map(OsString::from)).collect()
}

/// Both ways to run: a direct one and one under a watchdog.
fn both() -> [LocalSandbox; 2] {
    [LocalSandbox::new([""; 0]), LocalSandbox::new(watchdog_words())]
}

#[test]
fn a_watchdog_runs_what_it_is_given() {
    let words: Vec<OsString> = std::env::args_os().skip_while(|word| word != "--").collect();
    assert_eq!(watchdog::watchdog(&words), 0, "its line was written");
}

fn is_alive(pid: &str) -> bool {
    if Path::new("/proc/self/stat").exists() {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        // After the name in brackets comes the state; a zombie only waits to be noticed.
        return stat.is_ok_and(|stat| {
            stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
        });
    }
    let state = Invocation::new("ps", "/")
        .args(["-o", "stat=", "-p", pid.trim()])
        .run(Duration::from_secs(10))
        .expect("ps runs")
        .text();
    !state.is_empty() && !state.trim_start().starts_with('Z')
}

/// Waits until a condition holds.
fn eventually(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    let (_keep, never) = mpsc::channel::<()>();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(20), "not within 20 s: {what}");
        let _ = never.recv_timeout(Duration::from_millis(10));
    }
}

#[test]
fn commands_run_in_order_into_one_log_and_a_failed_one_stops_nothing() {
    for sandbox in both() {
        let tree = Tree::new(&[]);
        let order = tree.order(
            &["echo 1..2; echo ok 1; echo 'not ok 2 - b' >&2; exit 3", "pwd", "kill -TERM $$"],
            60,
        );
        let report = sandbox.run(&order).expect("it ran");
        let statuses: Vec<_> = report.runs.iter().map(|run| run.exit_status).collect();
        assert_eq!(statuses, [Some(3), Some(0), None]);
        let tests = report.runs[0].tests.clone().expect("TAP");
        assert_eq!((tests.passed, tests.failed), (1, 1));
        assert_eq!(report.runs[1].tests, None);
        assert!(!report.timed_out);
        let log = tree.log();
        let at = |text: &str| log.find(text).unwrap_or_else(|| panic!("no {text:?} in {log}"));
        assert!(at("not ok 2 - b") < at("[exit status 3"));
        assert!(at("[exit status 3") < at("the tree"));
        assert!(at("the tree") < at("[killed by signal 15"));
        assert_eq!(report.log_sha256, hex::encode(&Sha256::digest(log.as_bytes())));
    }
}

#[test]
fn the_time_limit_kills_a_command_with_everything_it_started() {
    for sandbox in both() {
        let tree = Tree::new(&[]);
        let hang = "echo $$ > leader; sleep 600 & echo $! > other; echo ready; wait";
        let report = sandbox.run(&tree.order(&[hang, "echo never"], 1)).expect("it ran");
        assert!(report.timed_out);
        assert_eq!(report.runs.len(), 1, "no other is begun");
        assert_eq!(report.runs[0].exit_status, None);
        assert!(tree.log().contains("killed at the time limit"));
        for file in ["leader", "other"] {
            let pid = std::fs::read_to_string(tree.root().join(file)).expect("a pid");
            eventually("it is gone", || !is_alive(&pid));
        }
    }
}

#[test]
fn what_a_command_leaves_behind_ends_with_it() {
    for sandbox in both() {
        let tree = Tree::new(&[]);
        let report =
            sandbox.run(&tree.order(&["sleep 600 & echo $! > other"], 60)).expect("it ran");
        assert_eq!(report.runs[0].exit_status, Some(0));
        let pid = std::fs::read_to_string(tree.root().join("other")).expect("a pid");
        eventually("it is gone", || !is_alive(&pid));
    }
}

#[test]
fn a_check_ends_when_the_process_that_holds_its_watchdog_is_gone() {
    let tree = Tree::new(&[]);
    let words = watchdog_words();
    let script = "echo $$ > leader.new; mv leader.new leader; sleep 600";
    let mut command = Invocation::new(&words[0], tree.root())
        .args(&words[1..])
        .args(["sh", "-c", script])
        .to_command();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut started = command.spawn().expect("started");
    let leader = tree.root().join("leader");
    eventually("the check runs", || leader.exists());
    let pid = std::fs::read_to_string(&leader).expect("a pid");
    assert!(is_alive(&pid));
    drop(started.stdin.take());
    eventually("the check is gone", || !is_alive(&pid));
    let output = started.wait_with_output().expect("the watchdog ends");
    assert!(String::from_utf8_lossy(&output.stdout).contains("killed 9"));
}

#[test]
fn a_check_sees_neither_the_workbench_nor_a_repository_further_up() {
    let tree = Tree::new(&[]);
    let init = Invocation::new("git", tree.folder.path()).args(["init", "-q"]);
    init.run(Duration::from_secs(10)).expect("git runs");
    let script = "env | grep -E '^(AGENCY_|TMUX)'; git rev-parse --git-dir; echo ci=$CI; cat";
    let order = tree.order(&[script], 60);
    LocalSandbox::new([""; 0]).run(&order).expect("it ran");
    let log = tree.log();
    assert!(log.contains("not a git repository") && log.contains("ci=true"), "{log}");
}

#[test]
fn a_program_that_is_not_there_is_an_error_that_names_it() {
    for sandbox in both() {
        let tree = Tree::new(&[]);
        let mut order = tree.order(&["true"], 60);
        order.commands[0].argv = vec!["no-such-program-here".to_owned()];
        let error = sandbox.run(&order).expect_err("refused");
        assert!(
            matches!(&error, ProvingError::CannotStart { command, .. } if command == "no-such-program-here"),
            "{error}"
        );
    }
}

#[test]
fn a_log_that_cannot_be_written_is_an_error() {
    let tree = Tree::new(&[]);
    let mut order = tree.order(&["true"], 60);
    order.log = tree.root().join("file/check.log");
    tree.put("file", "in the way");
    let error = LocalSandbox::new([""; 0]).run(&order).expect_err("refused");
    assert!(matches!(error, ProvingError::Io { .. }));
    // Every write to this device fails with `no space left`.
    if Path::new("/dev/full").exists() {
        order.log = PathBuf::from("/dev/full");
        let error = LocalSandbox::new([""; 0]).run(&order).expect_err("refused");
        assert!(matches!(error, ProvingError::Io { .. }), "{error}");
    }
}

#[test]
fn a_report_counts_for_the_command_that_wrote_it_and_an_old_one_for_none() {
    let report = "<testsuite><testcase name='a'/></testsuite>";
    let tree = Tree::new(&[("out/old.xml", report)]);
    let write =
        "echo \"<testsuite><testcase name='a'><failure/></testcase></testsuite>\" > out/new.xml";
    let mut order = tree.order(&["true", write, "true"], 60);
    order.config.junit = vec![PathBuf::from("out/*.xml")];
    let report = LocalSandbox::new([""; 0]).run(&order).expect("it ran");
    let failed: Vec<_> =
        report.runs.iter().map(|run| run.tests.as_ref().map(|tests| tests.failed)).collect();
    assert_eq!(failed, [None, Some(1), None]);
}

#[test]
fn well_known_files_call_for_their_checks_and_the_first_kind_wins() {
    let tree = Tree::new(&[("t/b.t", "echo 1..0"), ("t/a.t", "#!/bin/sh\n"), ("t/x.sh", "")]);
    let sh = |path: &str| (format!("sh {path}"), "t/*.t".to_owned());
    assert_eq!(tree.found(), [sh("t/a.t"), sh("t/b.t")]);
    let executable = std::fs::Permissions::from_mode(0o755);
    for file in ["t/a.t", "t/b.t"] {
        std::fs::set_permissions(tree.root().join(file), executable.clone()).expect("set");
    }
    assert_eq!(tree.found()[0].0, "./t/a.t");
    assert_eq!(tree.found()[1].0, "sh t/b.t", "it does not say what runs it");

    let first = |tree: &Tree| tree.found().first().map(|(argv, _)| argv.clone());
    let steps = [
        ("Makefile", "test := x\n\tcheck:\nall check: a\n", "make check"),
        ("Makefile", "test: all\n", "make test"),
        ("go.mod", "module x\n", "go test ./..."),
        ("tests/test_a.py", "", "python3 -m pytest --junitxml=.agency-junit.xml"),
        ("package.json", r#"{"scripts":{"test":"jest"}}"#, "npm test"),
        ("Cargo.toml", "[package]\n", "cargo test"),
    ];
    for (file, text, command) in steps {
        tree.put(file, text);
        assert_eq!(first(&tree).as_deref(), Some(command), "{file}");
    }
    let config = ChecksConfig {
        commands: vec![vec!["./prove".to_owned()], Vec::new()],
        ..ChecksConfig::default()
    };
    let configured =
        LocalSandbox::new([""; 0]).find_checks(&tree.root(), &config).expect("searched");
    assert_eq!(configured.len(), 1);
    assert_eq!(configured[0].found_by, "agency.toml");
}

#[test]
fn a_tree_without_checks_has_none_and_a_placeholder_is_none() {
    let placeholder = r#"{"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}}"#;
    let tree =
        Tree::new(&[("package.json", placeholder), ("README.md", ""), ("Makefile", "all:\n")]);
    assert_eq!(tree.found(), []);
}

#[test]
fn clearing_leaves_an_empty_folder_and_what_a_link_points_to() {
    let tree = Tree::new(&[("precious", "mine")]);
    let sandbox = LocalSandbox::new([""; 0]);
    let link = tree.folder.path().join("link");
    std::os::unix::fs::symlink(tree.root(), &link).expect("linked");
    sandbox.clear(&link).expect("cleared");
    assert!(tree.root().join("precious").exists());
    sandbox.clear(&tree.root()).expect("cleared");
    assert_eq!(std::fs::read_dir(tree.root()).expect("list").count(), 0);
}

#[test]
fn recorded_files_are_run_from_a_folder_of_their_own_that_is_gone_afterwards() {
    for sandbox in both() {
        let tree = Tree::new(&[("OTHER", "")]);
        let ended = Invocation::new("sh", "/").args(["-c", "echo $$"]);
        let ended = ended.run(Duration::from_secs(10)).expect("it ran").text();
        let killed = tree.folder.path().join(format!(".new-{}-killed", ended.trim()));
        std::fs::create_dir(&killed).expect("made");
        let named = tree.folder.path().join("scripts/look.sh");
        let words = |found_by: &str| CheckCommand {
            argv: vec![named.display().to_string(), "OTHER".to_owned()],
            found_by: found_by.to_owned(),
        };
        let text = "#!/bin/sh\nls -a \"${0%/*}\" | wc -l\ntest -f \"$1\"\n".to_owned();
        let path = PathBuf::from("scripts/look.sh");
        let order = CheckOrder {
            commands: vec![words("sandbox.toml of Docs, recipe 0")],
            recorded: vec![RecordedFile { named: named.clone(), path, text }],
            ..tree.order(&[], 60)
        };
        let report = sandbox.run(&order).expect("it ran");
        assert_eq!(report.runs[0].exit_status, Some(0), "{}", tree.log());
        assert_eq!(report.runs[0].command, order.commands[0], "the evidence names where it lies");
        assert!(tree.log().contains("3\n"), "`.`, `..` and itself: {}", tree.log());
        assert!(!killed.exists(), "what a killed process left");
        let left = std::fs::read_dir(tree.folder.path()).expect("read").flatten();
        assert!(left.into_iter().all(|entry| !entry.path().join("scripts").exists()));
        // The operator's own command of that name is not ours to replace, and nothing lies there.
        let own = CheckOrder { commands: vec![words("agency.toml")], ..order };
        let own = sandbox.run(&own).expect_err("not there");
        assert!(matches!(own, ProvingError::CannotStart { .. }), "{own}");
    }
}
