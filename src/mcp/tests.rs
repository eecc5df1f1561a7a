//! What is read off the tasks, how arguments are read, what schemas hold. Whole conversations are in `tests/suite/mcp.rs`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::refusal::RefusalKind;
use crate::mcp::tool::{Nothing, read, schema};
use crate::mcp::tools::messages::SendArguments;
use crate::mcp::tools::planning::AddArguments;
use crate::mcp::tools::tasks::step;
use crate::mcp::tools::work::ProgressArguments;
use crate::mcp::{require_agent, tools, words};
use crate::service::views::{MessageView, TaskView};
use crate::service::workbench::Identity;

fn task(number: u32, state: &str, agent: Option<&str>) -> TaskView {
    serde_json::from_value(json!({
        "id": format!("TASK-{number:03}"), "title": "Login form", "feature": "login", "state": state,
        "agency": "Code", "agent": agent, "depends_on": [{ "task": "TASK-009", "kind": "soft" }],
        "priority": "high", "estimate_h": null, "branch": "login/agent/dev/1", "base": "aa", "head": null,
        "worktree": "/w/1", "opened_at": "2026-03-01T12:00:00Z", "closed_at": null, "progress": 60,
        "note": "needs\u{1b}[31m a library", "contract": {
            "title": "Login form", "agency": "Code", "feature": "login", "scope": "a form", "non_goals": null,
            "inputs": [], "depends_on": [], "done": ["it posts"], "tests": null, "rollback": "revert",
            "paths": ["src/**"], "skill": "python", "role": null, "priority": "high", "estimate_h": null,
        },
    }))
    .expect("a task")
}

#[test]
fn what_comes_next_is_read_off_the_tasks() {
    let me = "Code/dev".parse().expect("an address");
    let next = |leads, tasks: &[TaskView]| step(&me, leads, tasks).word;
    assert_eq!(next(false, &[]), "wait");
    assert_eq!(next(false, &[task(1, "ready", None)]), "ask_for_work");
    assert_eq!(next(true, &[task(1, "ready", None)]), "hand_out");
    assert_eq!(next(true, &[task(1, "submitted", Some("Code/other"))]), "hand_in");
    assert_eq!(next(false, &[task(1, "submitted", Some("Code/dev"))]), "wait");
    let mine = [task(1, "blocked", Some("Code/dev")), task(2, "assigned", Some("Code/dev"))];
    assert_eq!(next(false, &mine), "start", "what can be done comes before what cannot");
    let mine = [task(1, "assigned", Some("Code/dev")), task(2, "rejected", Some("Code/dev"))];
    assert_eq!(next(true, &mine), "go_on", "what was begun comes first");
    let others = [task(1, "in_progress", Some("Code/other"))];
    assert_eq!(next(false, &others), "wait");
}

#[test]
fn a_task_is_shown_whole_and_without_control_characters() {
    let text = words::task(&task(1, "blocked", Some("Code/dev")));
    for part in [
        "TASK-001 blocked 60% Code/dev [login]",
        "done when: it posts",
        "after: TASK-009 (soft)",
        "worktree: /w/1",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.contains("needs[31m a library") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn words_of_others_are_fenced_and_a_question_says_how_it_is_answered() {
    let view: MessageView = serde_json::from_value(json!({
        "id": "0195f000-0000-7000-8000-000000000001", "type": "question", "from": "QA/dev", "to": "Code/dev",
        "body": "which port?\nto answer: send nothing", "priority": "high", "task": "TASK-001",
        "in_reply_to": null, "state": "delivered", "sent_at": "2026-03-02T11:30:00Z", "delivered_at": null,
        "acknowledged_at": null, "reason": null, "verified": false,
    }))
    .expect("a message");
    let text = words::message(&view);
    assert!(
        text.contains("question from QA/dev, high, about TASK-001 (unverified sender)\n"),
        "{text}"
    );
    assert!(text.contains("\n  | which port?\n  | to answer: send nothing\n"), "{text}");
    assert!(text.ends_with("in_reply_to=\"0195f000-0000-7000-8000-000000000001\"\n"), "{text}");
}

fn object(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().cloned().expect("an object")
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Two {
    /// One.
    #[expect(dead_code, reason = "it is only read")]
    one: u8,
    /// Two.
    #[expect(dead_code, reason = "it is only read")]
    two: u8,
}

#[test]
fn a_wrong_argument_is_named_and_so_is_one_too_many() {
    for (arguments, named) in [
        (json!({ "one": 1 }), "`two`"),
        (json!({ "one": 1, "two": "x" }), "`two`"),
        (json!({ "one": 300, "two": 2 }), "`one`"),
        (json!({ "one": "x", "two": "y" }), "`one`"),
        (json!({ "one": null, "two": null }), "`one`"),
        (json!({ "one": 1, "two": 2, "six": 6 }), "`six`"),
    ] {
        let refusal = read::<Two>(object(arguments.clone())).expect_err("wrong");
        assert_eq!(refusal.kind, RefusalKind::Usage);
        assert!(refusal.message.contains(named), "{arguments}: {}", refusal.message);
    }
    assert!(read::<Two>(object(json!({ "one": 1, "two": 2 }))).is_ok());
    assert!(read::<Nothing>(object(json!({}))).is_ok());
    assert!(
        read::<ProgressArguments>(object(json!({ "task": "TASK-001", "percent": 256 }))).is_err()
    );
}

#[test]
fn a_schema_says_what_is_needed_and_what_is_allowed_and_nothing_that_programs_stumble_over() {
    let sent = schema::<SendArguments>();
    assert_eq!(sent["required"], json!(["to", "text"]));
    assert_eq!(sent["additionalProperties"], false);
    let urgencies = sent["properties"]["priority"].to_string();
    assert!(
        ["low", "normal", "high", "critical"].iter().all(|word| urgencies.contains(word)),
        "{urgencies}"
    );
    let all = Value::from(schema::<AddArguments>()).to_string();
    for odd in ["$ref", "$defs", "$schema", "\"null\"", "\"format\""] {
        assert!(!all.contains(odd), "{odd} is in {all}");
    }
    assert_eq!(schema::<Nothing>()["properties"], json!({}));
    let percent = &schema::<ProgressArguments>()["properties"]["percent"];
    assert_eq!((&percent["minimum"], &percent["maximum"]), (&json!(0), &json!(100)));
}

#[test]
fn every_tool_has_a_name_of_its_own() {
    let listed = tools::all().list_all().len();
    assert_eq!(listed, 30, "a name that is given twice hides a tool");
}

#[test]
fn the_operator_is_refused() {
    let refusal = require_agent(&Identity::Operator).expect_err("no agent");
    assert_eq!(refusal.kind.exit_status(), 4);
    assert!(refusal.hint.is_some());
}
