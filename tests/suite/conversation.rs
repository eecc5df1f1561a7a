//! Whole conversations with the real program: what is typed one after the other, and what is said.
//!
//! The shapes of `--json` are checked here with real data; how text looks is the command line's own
//! business.

use serde_json::Value;

use crate::shell::{Shell, until};
use crate::templates::root;

fn assert_fields(what: &str, value: &Value, fields: &str) {
    let object = value.as_object().unwrap_or_else(|| panic!("{what} is no object: {value}"));
    for field in fields.split_whitespace() {
        assert!(object.contains_key(field), "{what} lacks `{field}`: {value}");
    }
}

/// A workbench with CodeAgency, running.
fn with_code() -> Shell {
    let shell = Shell::with_workbench();
    assert_eq!(shell.agency(&["create", "CodeAgency"]).done(), "CodeAgency");
    shell
}

fn add_task(shell: &Shell) -> String {
    let words = ["task", "add", "Say hello", "--agency", "CodeAgency", "--feature", "greeting"];
    let rest = ["--scope", "one function", "--done", "it greets", "--rollback", "revert it"];
    shell.agency(&[words.as_slice(), rest.as_slice()].concat()).done()
}

fn task_state(shell: &Shell, id: &str) -> String {
    let task = shell.agency(&["task", "show", id, "--json"]).json();
    task["state"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn an_agency_lives_from_its_making_to_the_archive() {
    let shell = with_code();
    assert_eq!(shell.agency(&["doctor"]).status, Some(0));
    let list = shell.agency(&["list"]).done();
    assert!(list.contains("CodeAgency  running"), "{list}");
    shell.agency(&["show", "CodeAgency"]).done();
    shell.agency(&["up"]).done();
    let task = add_task(&shell);
    assert_eq!((task.as_str(), task_state(&shell, &task).as_str()), ("TASK-001", "ready"));
    shell.agency(&["task", "assign", &task, "CodeAgency/python-agent"]).done();
    until("its worktree is made", || {
        shell.agency(&["task", "show", &task, "--json"]).json()["branch"].is_string()
    });
    assert!(!shell.agency(&["explain", &task]).done().is_empty());
    assert_eq!(shell.agency(&["approvals"]).done(), "nothing waits for approval");
    shell.agency(&["restart", "CodeAgency"]).done();
    let verified = shell.agency(&["ledger", "verify"]).done();
    assert!(verified.contains("the chain is whole"), "{verified}");
    shell.agency(&["ledger", "rebuild"]).done();
    shell.agency(&["remove", "CodeAgency"]).refused(2, "confirmation", "--yes");
    shell.agency(&["remove", "CodeAgency", "--yes"]).done();
    shell.agency(&["show", "CodeAgency", "--json"]);
    assert_eq!(shell.list("wb/agencies"), [".archive"]);
    assert_eq!(shell.list("wb/agencies/.archive").len(), 1);
}

#[test]
fn a_task_without_its_mandatory_parts_is_refused_and_says_which() {
    let shell = with_code();
    let add = ["task", "add", "T", "--agency", "CodeAgency", "--feature", "f"];
    let said = shell.agency(&add).refused(2, "scope", "");
    assert!(said.err.contains("done") && said.err.contains("rollback"), "{said:?}");
    assert_eq!(shell.agency(&["task", "list", "--json"]).json(), serde_json::json!([]));
}

#[test]
fn a_message_is_sent_read_and_acknowledged() {
    let shell = with_code();
    let id = shell.agency(&["send", "CodeAgency/python-agent", "STATUS all is well"]).done();
    let messages = shell.agency(&["messages", "--json"]).json();
    assert_eq!(
        (messages[0]["id"].as_str(), messages[0]["type"].as_str()),
        (Some(id.as_str()), Some("status"))
    );
    // The agent reads it in its own pane, where the program is in its PATH.
    let target = "=CodeAgency:agents.1";
    shell.tmux(&["send-keys", "-t", target, "agency inbox && agency ack ", &id, "Enter"]).done();
    until("it is acknowledged", || {
        shell.agency(&["messages", "--json"]).json()[0]["state"] == "acknowledged"
    });
}

#[test]
fn every_promised_field_is_there_with_real_data() {
    let shell = with_code();
    let task = add_task(&shell);
    shell.agency(&["task", "assign", &task, "CodeAgency/python-agent"]).done();
    until("its branch is made", || {
        shell
            .agency(&["branch", "list", "--json"])
            .json()
            .as_array()
            .is_some_and(|all| !all.is_empty())
    });
    shell.agency(&["send", "CodeAgency", "hello"]).done();
    let json = |words: &[&str]| shell.agency(&[words, &["--json"]].concat()).json();
    let list = json(&["list"]);
    assert_fields("list", &list[0], "name session state coordinator capabilities project agents");
    let agent =
        "address name role runtime state state_source state_since task branch worktree pane skills";
    assert_fields("agent", &list[0]["agents"][0], agent);
    let status = json(&["status"]);
    assert_fields("status", &status, "agencies waiting queue approvals incidents supervisor");
    assert_fields("queue", &status["queue"], "new cur dead");
    assert_fields("supervisor", &status["supervisor"], "pid since events");
    let message = "id type from to body priority task in_reply_to state sent_at delivered_at acknowledged_at reason";
    assert_fields("messages", &json(&["messages"])[0], message);
    let fields = "id title feature state agency agent depends_on priority estimate_h branch base head opened_at closed_at";
    assert_fields("task list", &json(&["task", "list"])[0], fields);
    let branch =
        "branch agent task ahead behind dirty insertions deletions last_commit_at conflicts_with";
    assert_fields("branch list", &json(&["branch", "list"])[0], branch);
    assert_fields("log", &json(&["log"])[0], "seq at actor kind subject payload hash");
    assert_eq!(json(&["approvals", "list"]), serde_json::json!([]));
}

/// Runs one of the wrappers as the documents write it.
fn script(shell: &Shell, name: &str, args: &[&str]) -> crate::shell::Said {
    let file = root().join("scripts").join(name);
    shell.run(&shell.command(file, &shell.home()).args(args))
}

#[test]
fn every_wrapper_runs_as_its_examples_are_written() {
    let shell = Shell::with_workbench();
    let create = ["CodeAgency", "--agents", "python-agent,js-agent,go-agent"];
    let more = ["--coordinator", "code-coordinator", "--capabilities", "backend,frontend"];
    let made = script(&shell, "create_agency.sh", &[create.as_slice(), more.as_slice()].concat());
    assert_eq!(made.done(), "CodeAgency");
    script(&shell, "create_agency.sh", &["QAAgency"]).done();
    let text = "STATUS python-agent: Auth module 60% complete.";
    script(&shell, "send-agency-message.sh", &["CodeAgency", "coordinator", text]).done();
    let handoff = "{\n \"type\": \"handoff\",\n \"task\": \"User Authentication Module\",\n \"branch\": \"feature/user-auth\",\n \"priority\": \"high\"\n}";
    script(&shell, "send-inter-agency.sh", &["CodeAgency", "QAAgency", handoff]).done();
    let alert =
        "{\"type\": \"alert\", \"severity\": \"high\", \"message\": \"Deployment at 15:00.\"}";
    script(&shell, "broadcast-agency.sh", &["MetaOrchestrator", alert]).done();
    let messages = shell.agency(&["messages", "--json"]).json();
    let kinds: Vec<&str> =
        messages.as_array().into_iter().flatten().filter_map(|m| m["type"].as_str()).collect();
    for kind in ["status", "handoff", "alert"] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    assert_eq!(script(&shell, "approval-cli.sh", &[]).done(), "nothing waits for approval");
    let deploy = script(&shell, "deploy-to-sandbox.sh", &["CodeAgency", "feature/user-profile"]);
    deploy.refused(2, "this version has no `agency sandbox` yet", "agency submit");
}
