//! Messages do what they say, whichever way they come: from the command line, or as a flat JSON file at the door, signed
//! or not; and locks are asked for, refused and granted by both.

use agency::adapters::clock::SystemClock;
use agency::adapters::keyring::FileKeyring;
use agency::domain::authentication::mac;
use agency::ports::clock::Clock as _;
use agency::ports::keyring::Keyring as _;
use serde_json::{Value, json};

use crate::world::{Outcome, PATIENCE, World};

const LEAD: &str = "Team/lead";
/// Who has the task.
pub const WORKER: &str = "Team/worker";
const OTHER: &str = "Other/head";
const FORM: &str = "agencies/Team/worktrees/TASK-001/docs/form.md";

fn world() -> World {
    let world = World::new();
    start_agencies(&world);
    world
}

/// Two agencies that run and do nothing by themselves; `CI` may write unsigned.
pub fn start_agencies(world: &World) {
    let settings = std::fs::read_to_string(world.home().join("agency.toml")).expect("settings");
    world.write("agency.toml", &format!("{settings}\n[queue]\nopen_from = [\"CI\"]\n"));
    for (agency, lead, agents) in [("Team", "lead", "worker"), ("Other", "head", "tester")] {
        let who = ["--coordinator", lead, "--agents", agents, "--runtime", "rehearsal"];
        world.must(&[&["create", agency, "--no-start"][..], &who].concat());
        for agent in [lead, agents] {
            world.give_script(agency, agent, "");
        }
    }
    world.must(&["up"]);
    for agent in [LEAD, WORKER, OTHER] {
        world.wait_for_state(agent, "idle");
    }
}

/// A task that the worker has, in its worktree.
pub fn give_task(world: &World) {
    let parts = ["--scope", "a form", "--done", "it shows", "--rollback", "revert"];
    let whose = ["--agency", "Team", "--feature", "login", "--paths", "docs/**"];
    world.must(&[&["task", "add", "A form"][..], &whose, &parts].concat());
    world.must(&["task", "assign", "TASK-001", WORKER]);
    world.wait_until("the worktree to stand", PATIENCE, || world.count("worktree_ready") == 1);
}

/// The task's one file is written and committed.
pub fn finish_work(world: &World) {
    world.write(FORM, "a form\n");
    let folder = world.home().join("agencies/Team/worktrees/TASK-001");
    let git = ["-C", folder.to_str().expect("a path"), "-c", "user.name=w", "-c", "user.email=w@e"];
    world.git(&[&git[..], &["add", "--all"]].concat());
    world.git(&[&git[..], &["commit", "-qm", "form"]].concat());
}

/// The present life of an agent.
fn spawn_of(world: &World, agent: &str) -> String {
    let events = world.events();
    let last =
        events.iter().rev().find(|event| event.kind == "agent_spawned" && event.subject == agent);
    let payload: Value = serde_json::from_str(&last.expect("a life").payload).expect("json");
    payload["spawn"].as_str().expect("a spawn").to_owned()
}

fn token_of(world: &World, agent: &str) -> String {
    let keyring = FileKeyring::new(world.home(), world.keys());
    let address = agent.parse().expect("an address");
    let spawn = spawn_of(world, agent).parse().expect("a spawn");
    keyring.agent_token(&address, spawn).expect("a token")
}

/// Runs `agency` with an agent's credential.
fn as_agent(world: &World, agent: &str, args: &[&str]) -> Outcome {
    let (spawn, token) = (spawn_of(world, agent), token_of(world, agent));
    let env = [("AGENCY_AGENT", agent), ("AGENCY_SPAWN", &spawn), ("AGENCY_TOKEN", &token)];
    world.agency_with(args, &env)
}

fn must(world: &World, agent: &str, args: &[&str]) -> String {
    let outcome = as_agent(world, agent, args);
    assert_eq!(outcome.status, Some(0), "{agent} {args:?}: {outcome:?}");
    outcome.stdout.trim().to_owned()
}

/// Drops a message at the door as any program does.
fn drop_at_door(world: &World, name: &str, message: &Value) {
    world.write(&format!("registry/queue/tmp/{name}"), &message.to_string());
    let queue = world.home().join("registry/queue");
    std::fs::create_dir_all(queue.join("new")).expect("made");
    std::fs::rename(queue.join("tmp").join(name), queue.join("new").join(name)).expect("moved");
}

/// The same, signed as the agent, now: what is signed says when, and counts for a while.
pub fn drop_signed(world: &World, agent: &str, name: &str, mut message: Value) {
    let time = if message.get("timestamp").is_some() { "timestamp" } else { "sent_at" };
    message[time] = json!(SystemClock.now().to_string());
    let key = format!("{agent}#{}", spawn_of(world, agent));
    let mac = mac(&token_of(world, agent), &message);
    message["auth"] = json!({ "key": key, "mac": mac });
    drop_at_door(world, name, &message);
}

/// Why a file at the door is dead.
fn why_dead(world: &World, name: &str) -> Value {
    let path = world.home().join(format!("registry/queue/dead/{name}.reason.json"));
    world.wait_until("a reason beside the dead message", PATIENCE, || path.exists());
    serde_json::from_str(&std::fs::read_to_string(path).expect("a reason")).expect("json")
}

fn task(world: &World) -> Value {
    world.json(&["task", "show", "TASK-001"])
}

/// Waits until the task is in that state.
pub fn wait_for_task(world: &World, state: &str) {
    world
        .wait_until(&format!("the task to be {state}"), PATIENCE, || task(world)["state"] == state);
}

fn messages(world: &World, kind: &str) -> Vec<Value> {
    let all = world.json(&["messages", "--type", kind]);
    all.as_array().expect("a list").clone()
}

#[test]
fn a_task_goes_from_its_first_report_to_its_submission_by_messages_alone() {
    let world = world();
    give_task(&world);
    let update = json!({
        "type": "status_update", "agent_id": "worker", "task_id": "TASK-001", "status": "in_progress",
        "progress": 65, "current_item": "Writing the form", "blockers": [],
        "timestamp": "2025-11-20T14:30:00Z",
    });
    drop_signed(&world, WORKER, "update.json", update);
    wait_for_task(&world, "in_progress");
    assert_eq!(
        (&task(&world)["progress"], &task(&world)["note"]),
        (&json!(65), &json!("Writing the form"))
    );
    let blocker = json!({
        "type": "blocker", "task_id": "TASK-001", "blocker_description": "login returns 404",
        "severity": "high", "can_proceed_with_workaround": false,
    });
    must(&world, WORKER, &["send", "coordinator", &blocker.to_string()]);
    assert_eq!(task(&world)["state"], "blocked");
    assert_eq!(world.count("request_opened"), 1);
    assert_eq!(messages(&world, "blocked").len(), 0, "the coordinator hears of it once");
    must(&world, WORKER, &["send", "coordinator", "STATUS worker: it is back, 80% done"]);
    assert_eq!(
        (&task(&world)["state"], &task(&world)["progress"]),
        (&json!("in_progress"), &json!(80))
    );
    assert_eq!(world.count("request_closed"), 1);
    world.write(FORM, "half a form\n");
    must(&world, WORKER, &["send", "coordinator", "COMPLETE TASK-001: the form"]);
    world.wait_until("the worker to hear why not", PATIENCE, || {
        let verdicts = messages(&world, "verdict");
        verdicts.iter().any(|it| it["body"].to_string().contains("not committed"))
    });
    finish_work(&world);
    let complete = json!({
        "type": "task_complete", "agent_id": "worker", "task_id": "TASK-001", "summary": "The form",
        "deliverables": ["docs/form.md"], "ready_for_review": true, "ready_for_merge": true,
    });
    drop_signed(&world, WORKER, "complete.json", complete);
    wait_for_task(&world, "awaiting_approval");
    assert_eq!(messages(&world, "complete").len(), 1, "only what the worker itself wrote");
}

#[test]
fn what_a_message_cannot_do_is_refused_on_the_command_line_and_dead_at_the_door() {
    let world = world();
    let update = json!({"type": "status_update", "task_id": "TASK-009", "progress": 10});
    let outcome = as_agent(&world, WORKER, &["send", "coordinator", &update.to_string()]);
    assert_eq!(outcome.status, Some(3), "{outcome:?}");
    assert!(outcome.stderr.contains("there is no task `TASK-009`"), "{outcome:?}");
    drop_signed(&world, WORKER, "late.json", update);
    assert_eq!(why_dead(&world, "late")["code"], "task_not_found");
    // Whoever did not prove who it is means nothing, but is heard.
    let lock = json!({
        "type": "lock_request", "from": "CI", "to": "Team", "resource": "src", "lock_type": "exclusive",
    });
    drop_at_door(&world, "ci.json", &lock);
    world.wait_until("the message to be taken", PATIENCE, || {
        messages(&world, "lock_request").len() == 1
    });
    assert_eq!(world.json(&["lock", "list"]), json!([]));
}

#[test]
fn a_specialist_speaks_to_another_agency_through_its_coordinator_only() {
    let world = world();
    for to in ["Other", "Other/tester", "*"] {
        let outcome = as_agent(&world, WORKER, &["send", to, "hello"]);
        assert_eq!(outcome.status, Some(4), "{to}: {outcome:?}");
        assert!(outcome.stderr.contains("agency send coordinator"), "{outcome:?}");
    }
    drop_signed(
        &world,
        WORKER,
        "out.json",
        json!({"type": "note", "to": "Other", "body": "hello"}),
    );
    assert_eq!(why_dead(&world, "out")["code"], "speaks_for_agency");
    must(&world, LEAD, &["send", "Other", "hello from all of us"]);
    let question = must(&world, OTHER, &["send", WORKER, "QUESTION which port?"]);
    must(&world, WORKER, &["send", OTHER, "8080", "--in-reply-to", &question]);
    assert_eq!(
        as_agent(&world, WORKER, &["send", "Other/tester", "8080", "--in-reply-to", &question])
            .status,
        Some(0),
        "their agency asked"
    );
}

#[test]
fn paths_are_claimed_by_command_and_by_message_and_go_to_whoever_waits() {
    let world = world();
    let claim = ["lock", "request", "src/auth", "--type", "exclusive", "--for", "2"];
    let lock = must(&world, WORKER, &[&claim[..], &["--reason", "new fields"]].concat());
    assert_eq!(lock, "lock-001");
    let refused = world.agency(&["lock", "request", "src/**/*.rs", "--type", "shared"]);
    assert_eq!(refused.status, Some(5), "{refused:?}");
    assert!(refused.stderr.contains("Team/worker") && refused.stderr.contains("--wait"));
    assert_eq!(world.agency(&["lock", "check", "src/auth/jwt.rs"]).status, Some(5));
    assert_eq!(world.agency(&["lock", "check", "docs"]).stdout, "nobody has `docs`");
    must(&world, WORKER, &["lock", "check", "src/auth/jwt.rs"]);
    let request = json!({
        "type": "lock_request", "agent_id": "lead", "resource": "src/auth/jwt.rs",
        "lock_type": "exclusive", "estimated_duration": "30 minutes", "priority": "high",
    });
    drop_signed(&world, LEAD, "wish.json", request);
    world.wait_until("the answer", PATIENCE, || messages(&world, "lock_denied").len() == 1);
    let denied = messages(&world, "lock_denied").remove(0);
    assert_eq!((&denied["from"], &denied["to"]), (&json!("workbench"), &json!(LEAD)));
    assert_eq!(denied["body"]["current_lock"]["owner"], WORKER);
    assert_eq!(denied["in_reply_to"], messages(&world, "lock_request")[0]["id"]);
    let locks = world.json(&["lock", "list"]);
    assert_eq!(locks[0]["holders"], json!([WORKER]));
    assert_eq!(locks[0]["waiting"], json!([LEAD]));
    assert_eq!((&locks[1]["granted_at"], &locks[1]["type"]), (&Value::Null, &json!("exclusive")));
    assert_eq!(as_agent(&world, OTHER, &["lock", "release", &lock]).status, Some(4));
    must(&world, WORKER, &["lock", "release", &lock]);
    world.wait_until("the next to be granted", PATIENCE, || {
        messages(&world, "lock_granted").len() == 1
    });
    assert_eq!(messages(&world, "lock_granted")[0]["body"]["lock_id"], "lock-002");
    world.kill_supervisor();
    world.must(&["up"]);
    assert_eq!(world.json(&["lock", "list"])[0]["holders"], json!([LEAD]), "after a crash too");
}
