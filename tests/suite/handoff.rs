//! Work that goes from one agency to another and back until it is good, in real panes and by hand.

use serde_json::{Value, json};

use crate::world::{PATIENCE, World};

const CODE_LEAD: &str = r#"
[[on]]
type = "goal"
steps = [
  { add_task = { title = "Profile page", feature = "profile", scope = "a page with the name",
      done = ["the name is shown"], rollback = "revert it" }, as = "page" },
  { assign = "{page}", to = "Code/dev" },
]
[[on]]
type = "complete"
times = 1
steps = [
  { send = "QA", type = "handoff", body = { task = "{task}", deliverable = "a profile page",
      place = "app/profile.txt", acceptance_criteria = ["the name is shown"],
      next_steps = ["look at the page", "write a report"] } },
]
[[on]]
type = "complete"
steps = [
  { send = "QA", type = "handoff", body = { task = "{task}", deliverable = "the page, mended",
      place = "app/profile.txt", acceptance_criteria = ["the name is shown"],
      next_steps = ["look again"] } },
]
[[on]]
type = "verdict"
contains = "is the task that mends it"
steps = [{ assign = "{task}", to = "Code/dev" }]
[[on]]
type = "results"
contains = "approved"
steps = [{ say = "QA calls it good." }]
"#;

const CODE_DEV: &str = r#"
[[on]]
type = "task"
times = 1
steps = [
  { start = "{task}" },
  { write = "app/profile.txt", text = "nam: Ada\n" },
  { progress = 50, note = "written, not looked at" },
  { send = "Code", type = "status_update", body = { task_id = "{task}", status = "in_progress", progress = 75 } },
  { commit = "a profile page" },
  { complete = "{task}", summary = "the page stands" },
]
[[on]]
type = "task"
steps = [
  { start = "{task}" },
  { replace = "app/profile.txt", old = "nam:", new = "name:" },
  { commit = "the name is called name" },
  { complete = "{task}", summary = "mended" },
]
"#;

const QA_HEAD: &str = r#"
[[on]]
type = "handoff"
times = 1
steps = [
  { accept = "looked at today", as = "first" },
  { assign = "{first}", to = "QA/tester" },
]
[[on]]
type = "handoff"
steps = [
  { accept = "looked at again", as = "second" },
  { assign = "{second}", to = "QA/tester" },
]
[[on]]
type = "complete"
times = 1
steps = [
  { send = "Code", type = "results", body = { task = "{first}", status = "issues_found", bugs = 1,
      severity = "medium", report = "qa/report.md" } },
]
[[on]]
type = "complete"
steps = [
  { send = "Code", type = "results", body = { task = "{second}", status = "approved" } },
]
"#;

const QA_TESTER: &str = r#"
[[on]]
type = "task"
times = 1
steps = [
  { start = "{task}" },
  { run = ["grep", "-q", "^name:", "app/profile.txt"], expect = "fail" },
  { write = "qa/report.md", text = "The name is not shown.\n" },
  { commit = "a report" },
  { complete = "{task}", summary = "one defect" },
]
[[on]]
type = "task"
steps = [
  { start = "{task}" },
  { run = ["grep", "-q", "^name:", "app/profile.txt"], expect = "pass" },
  { complete = "{task}", summary = "the name is shown" },
]
"#;

/// `Code` (lead, dev) and `QA` (head, tester), made and not started.
fn two_agencies() -> World {
    let world = World::new();
    for (agency, lead, agent) in [("Code", "lead", "dev"), ("QA", "head", "tester")] {
        let who = ["--coordinator", lead, "--agents", agent, "--runtime", "rehearsal"];
        world.must(&[&["create", agency, "--no-start"][..], &who].concat());
    }
    world
}

fn handoffs(world: &World) -> Vec<Value> {
    let list = world.json(&["handoff", "list", "--all"]);
    list.as_array().cloned().expect("a list")
}

/// Messages of a type between two agencies, oldest first.
fn sent(world: &World, kind: &str) -> Vec<Value> {
    let messages = world.json(&["messages", "--type", kind]);
    messages.as_array().cloned().expect("a list")
}

#[test]
fn work_goes_from_code_to_qa_and_back_until_it_is_approved() {
    let world = two_agencies();
    world.give_script("Code", "lead", CODE_LEAD);
    world.give_script("Code", "dev", CODE_DEV);
    world.give_script("QA", "head", QA_HEAD);
    world.give_script("QA", "tester", QA_TESTER);
    world.must(&["up"]);
    for agent in ["Code/lead", "Code/dev", "QA/head", "QA/tester"] {
        world.wait_for_state(agent, "idle");
    }
    world.must(&["goal", "Code", "a profile page"]);
    world.wait_until("two rounds", 3 * PATIENCE, || {
        let list = handoffs(&world);
        list.len() == 2 && list.iter().all(|it| it["verdict"].is_string())
    });

    let list = handoffs(&world);
    let of = |number: usize, field: &str| list[number][field].clone();
    assert_eq!((of(0, "state"), of(0, "round")), (json!("issues_found"), json!(1)));
    assert_eq!((of(1, "state"), of(1, "round")), (json!("approved"), json!(2)));
    assert_eq!((of(0, "origin"), of(0, "task")), (json!("TASK-001"), json!("TASK-002")));
    assert_eq!((of(0, "fix"), of(1, "origin")), (json!("TASK-003"), json!("TASK-003")));
    // Every word of it was seen in the pane of whoever it is for, as one readable block.
    for (kind, count) in [("handoff", 2), ("accept", 2), ("results", 2)] {
        let messages = sent(&world, kind);
        assert_eq!(messages.len(), count, "{kind}\n{}", world.portrait());
        for message in messages {
            let id = message["id"].as_str().expect("an id");
            world.wait_until(&format!("{kind} {id} to be acknowledged"), PATIENCE, || {
                sent(&world, kind).iter().any(|it| it["id"] == id && it["state"] == "acknowledged")
            });
        }
    }
    let seen = world.screen("QA/head");
    for words in [
        "| Deliverable: a profile page",
        "| Acceptance criteria: the name is shown",
        "| Take it: agency handoff accept",
    ] {
        assert!(seen.contains(words), "{words}\n{seen}");
    }
    let seen = world.screen("Code/lead");
    assert!(
        seen.contains("| Verdict: issues_found") && seen.contains("QA calls it good."),
        "{seen}"
    );
    // QA worked on what Code had made, and nobody has to answer anything any more.
    let tree = world.git(&["ls-tree", "-r", "--name-only", "profile/integration"]);
    assert!(tree.contains("qa/report.md") && tree.contains("app/profile.txt"), "{tree}");
    for task in ["TASK-001", "TASK-002", "TASK-003", "TASK-004"] {
        assert_eq!(world.json(&["task", "show", task])["state"], "submitted", "{task}");
    }
    assert_eq!(world.json(&["handoff"]), json!([]));
}

/// A message of the source documents, as it stands there.
const MINIMAL: &str =
    r#"{"type": "handoff", "task": "FEAT-123", "branch": "feature/user-profile"}"#;

#[test]
fn the_least_that_can_be_handed_over_is_taken_and_says_what_it_lacks() {
    let world = two_agencies();
    world.git(&["branch", "feature/user-profile"]);
    // It waits at the door until somebody reads what it means.
    world.must(&["send", "QA", MINIMAL, "--from", "Code"]);
    world.must(&["up"]);
    world.wait_until("the handoff", PATIENCE, || handoffs(&world).len() == 1);
    let shown = world.must(&["handoff", "show", "HO-001"]);
    assert!(shown.contains("deliverable, acceptance criteria, next steps"), "{shown}");
    let task = world.json(&["task", "show", "TASK-001"]);
    assert_eq!((&task["state"], &task["title"]), (&json!("draft"), &json!("FEAT-123 (from Code)")));
    let early = world.agency(&["task", "assign", "TASK-001", "QA/tester"]);
    assert_eq!(early.status, Some(5), "{early:?}");
    assert!(early.stderr.contains("agency handoff accept HO-001"), "{early:?}");
    let why = world.must(&["explain", "TASK-001"]);
    assert!(why.contains("HO-001 of Code waits"), "{why}");

    let said = world.must(&["handoff", "accept", "HO-001"]);
    assert!(said.contains("TASK-001 is ready"), "{said}");
    world.must(&["task", "assign", "TASK-001", "QA/tester"]);
    world.wait_until("the worktree", PATIENCE, || {
        world.home().join("agencies/QA/worktrees/TASK-001/README.md").exists()
    });
    let said = world.must(&["handoff", "results", "TASK-001", "--status", "approved"]);
    assert_eq!(said.trim(), "HO-001 is approved");
}

#[test]
fn a_branch_that_is_nowhere_is_said_and_stops_nothing() {
    let world = two_agencies();
    world.git(&["checkout", "--quiet", "-b", "feature/there"]);
    world.write_project("there.txt", "handed over\n");
    world.commit("there");
    world.git(&["checkout", "--quiet", "main"]);
    for (number, branch) in [("1", "feature/there"), ("2", "feature/nowhere"), ("3", "a..b")] {
        let task = format!("work {number}");
        let offer =
            ["handoff", "offer", "QA", "--from", "Code", "--task", &task, "--branch", branch];
        assert_eq!(world.must(&offer).trim(), format!("HO-00{number}"));
        world.must(&["handoff", "accept", &format!("HO-00{number}")]);
        world.must(&["task", "assign", &format!("TASK-00{number}"), "QA/tester"]);
    }
    let inputs = |task: &str| world.json(&["task", "show", task])["contract"]["inputs"].to_string();
    let base = |task: &str| world.home().join("agencies/QA/worktrees").join(task);
    world.wait_until("three worktrees", PATIENCE, || {
        ["TASK-001", "TASK-002", "TASK-003"]
            .iter()
            .all(|task| base(task).join("README.md").exists())
    });
    assert!(base("TASK-001").join("there.txt").exists(), "it starts from what was handed over");
    assert!(!inputs("TASK-001").contains("not in this project"), "{}", inputs("TASK-001"));
    for task in ["TASK-002", "TASK-003"] {
        assert!(inputs(task).contains("is not in this project"), "{}", inputs(task));
    }
}

#[test]
fn what_cannot_be_handed_over_or_answered_is_refused_with_a_reason() {
    let world = two_agencies();
    let refused = |args: &[&str], status: i32, code: &str| {
        let outcome = world.agency(&[args, &["--json"]].concat());
        assert_eq!(outcome.status, Some(status), "{args:?}: {outcome:?}");
        assert!(outcome.stderr.contains(code) || outcome.stdout.contains(code), "{outcome:?}");
    };
    let offer = |task: &'static str| ["handoff", "offer", "QA", "--from", "Code", "--task", task];
    refused(&offer("TASK-099"), 3, "task_not_found");
    refused(&["handoff", "show", "HO-009"], 3, "handoff_not_found");
    refused(&["handoff", "accept", "nothing"], 3, "handoff_not_found");
    refused(&["handoff", "offer", "Code", "--from", "Code", "--task", "x"], 2, "own_agency");
    world.must(&offer("x"));
    world.must(&["handoff", "decline", "HO-001", "--reason", "no machine"]);
    refused(&["handoff", "accept", "HO-001"], 5, "already_answered");
    assert_eq!(world.json(&["task", "show", "TASK-001"])["state"], "cancelled");
    assert!(world.must(&["handoff"]).starts_with("no handoffs"));
}
