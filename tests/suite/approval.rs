//! Approvals with the real program: only the operator decides, only what was proven is merged, and what the user
//! has checked out is never touched behind their back.

use std::time::Duration;

use agency::demo::content;
use serde_json::Value;

use crate::world::{Outcome, PATIENCE, World, text};

const LEAD: &str = "Team/lead";
const WORKER: &str = "Team/worker";
/// Long enough for a shell in a pane to run one command on a busy machine.
const SLOW: Duration = Duration::from_secs(60);

/// Makes an agency whose worker does each task by its steps, and whose lead hands it in.
fn start_team(world: &World, work: &str) {
    let who = ["--coordinator", "lead", "--agents", "worker", "--runtime", "rehearsal"];
    world.must(&[&["create", "Team", "--no-start"][..], &who].concat());
    let lead =
        "[[on]]\ntype = \"complete\"\nsteps = [{ submit = \"{task}\", rationale = \"done\" }]\n";
    world.give_script("Team", "lead", lead);
    world.give_script("Team", "worker", work);
    world.must(&["up"]);
    for agent in [LEAD, WORKER] {
        world.wait_for_state(agent, "idle");
    }
}

/// The steps that write a file and hand it in.
fn writing(path: &str, content: &str) -> String {
    let steps = [
        "{ start = \"{task}\" }".to_owned(),
        format!("{{ write = \"{path}\", text = \"\"\"\n{content}\"\"\" }}"),
        "{ commit = \"work\" }".to_owned(),
        "{ complete = \"{task}\" }".to_owned(),
    ];
    format!("[[on]]\ntype = \"task\"\nsteps = [{}]\n\n", steps.join(", "))
}

/// Gives the worker a task of a feature.
fn give_task(world: &World, feature: &str) {
    let what = ["task", "add", "Write it", "--agency", "Team", "--feature", feature];
    let how = ["--scope", "s", "--done", "d", "--rollback", "revert"];
    let id = world.must(&[&what[..], &how].concat());
    world.must(&["task", "assign", id.trim(), WORKER]);
}

/// A world in which `AP-001` waits for the operator: a file `NEW` with one line.
fn waiting() -> World {
    let world = World::new();
    start_team(&world, &writing("NEW", "new\n"));
    give_task(&world, "feature");
    wait_for_approval(&world, "AP-001", "waiting");
    world
}

fn approval(world: &World, id: &str) -> Value {
    let shown = world.agency(&["approvals", "show", id, "--json"]);
    serde_json::from_str(&shown.stdout).unwrap_or(Value::Null)
}

fn wait_for_approval(world: &World, id: &str, state: &str) {
    world.wait_until(&format!("{id} to be {state}"), PATIENCE, || {
        approval(world, id)["state"] == state
    });
}

fn head(world: &World) -> String {
    world.git(&["rev-parse", content::BRANCH])
}

/// Sees that somebody was refused and that nothing came of it.
fn assert_refused(world: &World, outcome: &Outcome, before: &str) {
    assert_eq!(outcome.status, Some(4), "{outcome:?}");
    assert_eq!(head(world), before);
    assert_eq!(world.count("approval_given"), 0);
    assert_eq!(approval(world, "AP-001")["state"], "waiting");
}

#[test]
fn what_the_operator_approves_is_merged_and_written_down() {
    let world = waiting();
    let before = head(&world);
    world.must(&["approvals", "approve", "AP-001", "--yes"]);
    wait_for_approval(&world, "AP-001", "merged");
    assert_eq!(world.git(&["show", "main:NEW"]), "new");
    assert_eq!(world.git(&["rev-parse", "main^1"]), before, "one merge commit");
    assert!(world.project().join("NEW").exists(), "the clean checkout went along");
    assert_eq!(world.git(&["status", "--porcelain"]), "");
    world.wait_until("the change log", PATIENCE, || world.home().join("CHANGELOG.md").exists());
    let again = world.agency(&["approvals", "approve", "AP-001", "--yes"]);
    assert_eq!(again.status, Some(5), "{again:?}");
}

#[test]
fn a_rejection_sends_the_feedback_and_gives_the_task_back() {
    let world = waiting();
    let before = head(&world);
    world.must(&["approvals", "reject", "AP-001", "--feedback", "the tone is wrong", "--yes"]);
    wait_for_approval(&world, "AP-001", "rejected");
    world.wait_for_text(WORKER, "the tone is wrong");
    let tasks = world.json(&["task", "list"]);
    let state = tasks[0]["state"].as_str().expect("a state");
    assert!(["rejected", "assigned", "in_progress"].contains(&state), "{state} is not open");
    let worktree = world.home().join("agencies/Team/worktrees/TASK-001");
    assert!(worktree.join("NEW").exists(), "its work is where it was");
    assert_eq!(head(&world), before);
}

#[test]
fn nobody_with_an_agents_credential_approves() {
    let world = waiting();
    let before = head(&world);
    let pid = world.of_pane(LEAD, "#{pane_pid}");
    let environ = std::fs::read_to_string(format!("/proc/{pid}/environ")).expect("an environment");
    let pairs = environ.split('\0').filter_map(|pair| pair.split_once('='));
    let credential: Vec<(&str, &str)> =
        pairs.filter(|(key, _)| key.starts_with("AGENCY_")).collect();
    assert!(credential.iter().any(|(key, _)| *key == "AGENCY_TOKEN"), "{credential:?}");
    let outcome = world.agency_with(&["approvals", "approve", "AP-001", "--yes"], &credential);
    assert_refused(&world, &outcome, &before);
}

#[test]
fn nobody_inside_an_agents_pane_approves_even_without_its_credential() {
    let world = waiting();
    let before = head(&world);
    world.must(&["create", "Shells", "--coordinator", "sh", "--runtime", "shell"]);
    world.wait_until("a shell in a pane", PATIENCE, || world.pane("Shells/sh").is_some());
    let words = [
        "env -i PATH=\"$PATH\"".to_owned(),
        format!("HOME={}", text(&world.root().join("user"))),
        format!("AGENCY_KEY_DIR={}", text(&world.keys())),
        format!("AGENCY_HOME={}", text(&world.home())),
        env!("CARGO_BIN_EXE_agency").to_owned(),
        "approvals approve AP-001 --yes; echo \"status:$?\"".to_owned(),
    ];
    world.type_text("Shells/sh", &words.join(" "));
    world.press("Shells/sh", &["Enter"]);
    let mut screen = String::new();
    world.wait_until("the command to end", SLOW, || {
        screen = world.screen("Shells/sh");
        screen.lines().any(|line| line.starts_with("status:"))
    });
    assert!(screen.lines().any(|line| line == "status:4"), "{screen}");
    assert_eq!((head(&world), world.count("approval_given")), (before, 0));
}

#[test]
fn another_operators_key_does_not_count() {
    let world = waiting();
    let before = head(&world);
    let other = text(&world.root().join("other-keys"));
    let args = ["approvals", "approve", "AP-001", "--yes"];
    let outcome = world.agency_with(&args, &[("AGENCY_KEY_DIR", &other)]);
    assert_refused(&world, &outcome, &before);
}

#[test]
fn work_that_fails_its_checks_goes_back_and_never_waits_for_approval() {
    let world = World::new();
    start_team(&world, &writing("tests/bad.t", "is 'two is three' 2 3\n"));
    give_task(&world, "feature");
    world.wait_until("the verdict", PATIENCE, || {
        world.events().iter().any(|event| event.kind == "task_reopened")
    });
    let approvals = world.json(&["approvals", "list"]);
    assert_eq!(approvals, serde_json::json!([]));
    world.wait_for_verdict(WORKER, "two is three");
}

#[test]
fn without_checks_it_is_not_proven_until_they_are_configured() {
    let world = World::new();
    // Nothing from which checks could be found.
    world.git(&["rm", "--quiet", "-r", "tests"]);
    world.commit("no tests");
    let settings = std::fs::read_to_string(world.home().join("agency.toml")).expect("settings");
    let (without, checks) = settings.split_once("[checks]").expect("checks");
    world.write("agency.toml", without);
    start_team(&world, &writing("NEW", "new\n"));
    give_task(&world, "feature");
    wait_for_approval(&world, "AP-001", "not_proven");
    let reason = approval(&world, "AP-001")["reason"].to_string();
    assert!(reason.contains("[checks]"), "{reason}");
    let refused = world.agency(&["approvals", "approve", "AP-001", "--yes"]);
    assert_eq!(refused.status, Some(5), "{refused:?}");
    let checks = checks.replace("\"sh\", \"tests/run.sh\"", "\"test\", \"-s\", \"NEW\"");
    world.write("agency.toml", &format!("{without}[checks]{checks}"));
    world.must(&["approvals", "prove", "AP-001"]);
    world.wait_until("another approval", PATIENCE, || world.count("approval_opened") == 2);
    wait_for_approval(&world, "AP-002", "waiting");
    world.must(&["approvals", "approve", "AP-002", "--yes"]);
    wait_for_approval(&world, "AP-002", "merged");
}

#[test]
fn a_dirty_checkout_holds_the_merge_and_stays_as_it_is() {
    let world = waiting();
    let before = head(&world);
    world.write_project("README.md", "half a thought\n");
    world.write_project("untracked", "mine\n");
    let outcome = world.agency(&["approvals", "approve", "AP-001", "--yes", "--wait"]);
    wait_for_approval(&world, "AP-001", "held");
    assert_eq!(outcome.status, Some(5), "{outcome:?}");
    assert_eq!(head(&world), before);
    let read = |path: &str| std::fs::read_to_string(world.project().join(path)).expect("a file");
    assert_eq!(
        (read("README.md").as_str(), read("untracked").as_str()),
        ("half a thought\n", "mine\n")
    );
    world.git(&["checkout", "--quiet", "README.md"]);
    wait_for_approval(&world, "AP-001", "merged");
    assert_eq!(world.git(&["show", "main:NEW"]), "new");
    assert_eq!(read("untracked"), "mine\n");
}

#[test]
fn when_the_base_has_moved_the_same_change_is_proven_again_and_merged() {
    let world = waiting();
    world.write_project("elsewhere", "by hand\n");
    world.commit("by hand");
    let moved = head(&world);
    world.must(&["approvals", "approve", "AP-001", "--yes"]);
    wait_for_approval(&world, "AP-001", "merged");
    assert_eq!(world.git(&["rev-parse", "main^1"]), moved);
    assert_eq!(world.count("proof_finished"), 2, "proven on the new base too");
    assert_eq!(world.git(&["show", "main:NEW"]), "new");
    assert_eq!(world.git(&["show", "main:elsewhere"]), "by hand");
}

#[test]
fn when_the_base_has_moved_into_the_way_the_approval_is_void() {
    let world = waiting();
    world.write_project("NEW", "by hand\n");
    world.commit("by hand");
    let moved = head(&world);
    world.must(&["approvals", "approve", "AP-001", "--yes"]);
    wait_for_approval(&world, "AP-001", "void");
    let reason = approval(&world, "AP-001")["reason"].to_string();
    assert!(reason.contains("does not merge"), "{reason}");
    assert_eq!(head(&world), moved);
    assert_eq!(world.git(&["show", "main:NEW"]), "by hand");
}
