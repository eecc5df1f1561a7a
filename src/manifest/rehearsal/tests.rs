//! Tests of the script reader: a full script, and every problem of a bad one at once.

use super::*;
use crate::domain::name::Address;

const FULL: &str = r#"
pace_ms = 400
[[on]]
type = "task"
contains = "greeting"
from = "QAAgency"
count = 2
times = 1
steps = [
  { say = "Reading the contract" },
  { start = "{task}" },
  { write = "bin/greet.sh", text = "echo ${task}", executable = true },
  { replace = "bin/greet.sh", old = "x", new = "" },
  { run = ["sh", "tests/run.sh"], expect = "fail" },
  { commit = "greet: say hello" },
  { progress = 60, note = "half of it" },
  { complete = "{task}", summary = "done" },
  { add_task = { title = "T", feature = "greeting", scope = "s", done = ["d"], rollback = "r",
                 tests = "t", paths = ["bin/*"], after = ["{task}"] }, as = "one" },
  { assign = "{one}", to = "CodeAgency/dev-1" },
  { send = "QAAgency", type = "handoff", body = { task = "{one}", n = 3 } },
  { reply = "yes" },
  { ask = "Which colour?", wait = true },
  { block = "{task}", reason = "no colour" },
  { submit = "{one}", rationale = "r", rollback = "b" },
  { wait_ms = 500 },
  { misbehave = "limit", lasting_ms = 10 },
]
"#;

#[test]
fn a_full_script_is_read_with_every_kind_of_step() {
    let script = RehearsalScript::parse("dev.toml", FULL).expect("a good script");
    assert_eq!(script.pace, Duration::from_millis(400));
    let entry = &script.entries[0];
    assert_eq!((entry.count, entry.times, entry.steps.len()), (2, Some(1), 17));
    assert_eq!(entry.steps[1], Step::Start(TaskRef::OfMessage));
    let Step::Send { to, body, .. } = &entry.steps[10] else { panic!("a send") };
    assert_eq!(*to, Address::parse("QAAgency").expect("an address"));
    assert_eq!(body["n"], 3);
    assert!(
        matches!(&entry.steps[9], Step::Assign { task: TaskRef::Named(name), .. } if name == "one")
    );
}

#[test]
fn every_problem_is_reported_at_once_with_its_line_and_what_is_accepted() {
    let text = r#"pace_ms = -1
colour = "red"
[[on]]
type = "Task"
steps = [
  { say = 3 },
  { write = "../x", text = "y" },
  { run = [], expect = "maybe" },
  { complete = "{two}" },
  { shout = "x" },
  { start = "{task}", commit = "both" },
  { assign = "{task}", to = "QAAgency" },
]
"#;
    let problems = RehearsalScript::parse("dev.toml", text).expect_err("a bad script");
    let lines: Vec<_> = problems.problems.iter().filter_map(|problem| problem.line).collect();
    assert_eq!(lines, [1, 2, 4, 6, 7, 8, 8, 9, 10, 11, 12], "{problems}");
    let shown = problems.to_string();
    assert!(shown.contains("accepted are `pace_ms`, `on`"), "{shown}");
    assert!(shown.contains("one of `pass`, `fail`, `any`"), "{shown}");
    assert!(shown.contains("`on[0].steps[1].write`"), "{shown}");
}

#[test]
fn broken_toml_is_reported_with_line_and_column() {
    let problems = RehearsalScript::parse("x.toml", "pace_ms = 1\non = [").expect_err("broken");
    assert_eq!(problems.problems[0].line, Some(2));
    assert!(problems.problems[0].column.is_some());
}

#[test]
fn a_path_that_leaves_the_worktree_is_refused_when_the_script_is_read() {
    for path in ["/etc/passwd", "a/../../b", ".git/config", "a/.GIT/x", "a//b", "./a", ""] {
        let text = format!("[[on]]\ntype='task'\nsteps=[{{write='{path}', text='x'}}]\n");
        assert!(RehearsalScript::parse("x.toml", &text).is_err(), "{path:?} was taken");
    }
}

#[test]
fn an_empty_script_has_no_entries() {
    let script = RehearsalScript::parse("x.toml", "").expect("a script");
    assert!(script.entries.is_empty());
}

#[test]
fn a_handoff_is_accepted_under_a_name_and_a_reply_may_have_a_type() {
    let text = "[[on]]\ntype='handoff'\nsteps=[{accept='today', as='check'},{assign='{check}', to='QA/qa'},\n\
        {reply={reason='full'}, type='decline'}]\n";
    let script = RehearsalScript::parse("x", text).expect("valid");
    let [Step::Accept { note, name }, Step::Assign { task, .. }, Step::Reply { kind, .. }] =
        script.entries[0].steps.as_slice()
    else {
        panic!("{script:?}");
    };
    assert_eq!((note.as_str(), name.as_str()), ("today", "check"));
    assert_eq!(*task, TaskRef::Named("check".to_owned()));
    assert_eq!(kind.as_ref().map(MessageType::as_str), Some("decline"));
    let missing = "[[on]]\ntype='handoff'\nsteps=[{accept='today'}]\n";
    let problems = RehearsalScript::parse("x", missing).expect_err("it was taken").to_string();
    assert!(problems.contains("as"), "{problems}");
}
