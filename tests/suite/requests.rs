//! How somebody is made to answer, with a real supervisor and real panes: reminders, the way up, broadcasts, and
//! waiting for an answer. The times are seconds here.

use std::path::PathBuf;
use std::time::Duration;

use agency::demo::content;
use serde_json::{Value, json};

use crate::world::{PATIENCE, World, text};

const LEAD: &str = "Team/lead";
const WORKER: &str = "Team/worker";

/// A team of shells that runs; a request of normal priority is chased after one second and goes up after three.
fn team() -> World {
    let world = World::new();
    let own = content::settings(&world.project(), &world.socket());
    let times = "[escalation.chase]\nnormal = \"1s\"\n[escalation.next]\nnormal = \"3s\"\n";
    world.write("agency.toml", &format!("{own}\n{times}"));
    let who = ["--coordinator", "lead", "--agents", "worker", "--runtime", "shell"];
    world.must(&[&["create", "Team"][..], &who].concat());
    for agent in [LEAD, WORKER] {
        world.wait_for_state(agent, "idle");
    }
    world
}

/// Runs a line in an agent's pane; what it prints and how it ends is written down under this name.
fn begin(world: &World, agent: &str, name: &str, line: &str) {
    let at = |end: &str| text(&file(world, name, end));
    let (out, err, status) = (at("out"), at("err"), at("status"));
    world.type_text(agent, &format!("{line} >{out} 2>{err}; echo $? >{status}"));
    world.press(agent, &["Enter"]);
}

fn file(world: &World, name: &str, end: &str) -> PathBuf {
    world.root().join(format!("{name}.{end}"))
}

fn read(world: &World, name: &str, end: &str) -> String {
    std::fs::read_to_string(file(world, name, end)).unwrap_or_default()
}

/// How a line ended that was begun: its status, what it printed, what it said.
fn ended(world: &World, name: &str) -> (String, String, String) {
    world.wait_until("the line to end", PATIENCE, || !read(world, name, "status").is_empty());
    let of = |end| read(world, name, end).trim().to_owned();
    (of("status"), of("out"), of("err"))
}

fn run(world: &World, agent: &str, name: &str, line: &str) {
    begin(world, agent, name, line);
    let (status, out, err) = ended(world, name);
    assert_eq!(status, "0", "{line}: {out}{err}");
}

/// The newest question; its id is known to nobody who waits for its answer.
fn newest_question(world: &World) -> String {
    let all = world.json(&["messages", "--type", "question"]);
    let newest = all.as_array().and_then(|all| all.last()).expect("a question");
    newest["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_question_that_nobody_answers_comes_up_to_the_operator_and_an_answer_ends_it() {
    let world = team();
    let id = world.must(&["send", WORKER, "QUESTION which port?"]).trim().to_owned();
    let open = world.json(&["requests"]);
    assert_eq!((&open[0]["id"], &open[0]["level"]), (&json!(id), &json!("agent")));
    assert_eq!(open[0]["next"]["step"], "chase", "{open}");
    assert_eq!(world.json(&["status"])["requests"], 1);
    world.wait_until("the operator's turn", PATIENCE, || world.count("request_escalated") == 2);
    let shown = world.json(&["requests", "show", &id]);
    let steps: Vec<String> = shown["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .map(|step| format!("{} {}", step["step"], step["to"]).replace('"', ""))
        .collect();
    assert_eq!(
        steps,
        ["chased Team/worker", "escalated Team/lead", "chased Team/lead", "escalated operator"]
    );
    let waits = world.json(&["status"])["waiting_for"].clone();
    let own: Vec<&Value> = waits
        .as_array()
        .expect("a list")
        .iter()
        .filter(|one| one["kind"] == "escalation")
        .collect();
    assert_eq!((own.len(), &own[0]["subject"]), (1, &json!(id)));
    let words = world.must(&["explain", &id]);
    assert!(words.contains("level 4 of 4 (operator)"), "{words}");
    assert!(world.must(&["requests"]).contains("4 operator"), "a person sees it too");
    // Whoever was asked first may still answer.
    run(&world, WORKER, "answer", &format!("agency send operator 8080 --in-reply-to {id}"));
    world.wait_until("the answer", PATIENCE, || world.count("request_answered") == 1);
    assert_eq!(world.json(&["requests"]), json!([]));
    let shown = world.json(&["requests", "show", &id]);
    assert_eq!((&shown["state"], &shown["answered_by"]), (&json!("answered"), &json!(WORKER)));
    let waits = world.json(&["status"])["waiting_for"].clone();
    assert!(waits.as_array().expect("a list").iter().all(|one| one["kind"] != "escalation"));
}

#[test]
fn who_owes_an_answer_is_asked_by_the_next_supervisor_as_well() {
    let world = team();
    world.kill_supervisor();
    let id = world.must(&["send", WORKER, "QUESTION which port?"]).trim().to_owned();
    world.must(&["up"]);
    world.wait_until("the question to be open", PATIENCE, || world.count("request_opened") == 1);
    world.kill_supervisor();
    world.must(&["up"]);
    world.wait_until("a step", PATIENCE, || world.count("request_escalated") > 0);
    let chases = world.events().into_iter().filter(|event| event.kind == "request_chased");
    assert!(chases.filter(|event| event.subject == id).count() <= 3, "at most one for each level");
}

#[test]
fn an_agent_that_asks_gets_the_text_alone_and_a_circle_is_refused() {
    let world = team();
    begin(&world, WORKER, "asks", "agency ask Team/lead 'which port?' --timeout 60s");
    world.wait_until("it to wait", PATIENCE, || world.count("wait_begun") == 1);
    let id = newest_question(&world);
    begin(&world, LEAD, "circle", "agency ask Team/worker 'which host?'");
    let (status, out, err) = ended(&world, "circle");
    assert_eq!((status.as_str(), out.as_str()), ("5", ""), "{err}");
    assert!(err.contains("`Team/lead` would wait for `Team/worker`, who waits for"), "{err}");
    assert!(err.contains(&format!("--in-reply-to {id}")), "{err}");
    run(&world, LEAD, "answers", &format!("agency send Team/worker 8080 --in-reply-to {id}"));
    let (status, out, err) = ended(&world, "asks");
    assert_eq!((status.as_str(), out.as_str()), ("0", "8080"), "{err}");
    assert!(err.contains("agency ack "), "{err}");
}

#[test]
fn a_wait_that_is_broken_off_leaves_the_question_standing_and_says_so() {
    let world = team();
    begin(&world, WORKER, "asks", "agency ask Team/lead 'which port?'");
    world.wait_until("it to wait", PATIENCE, || world.count("wait_begun") == 1);
    let id = newest_question(&world);
    world.press(WORKER, &["C-c"]);
    world.wait_until("the wait to be over", PATIENCE, || world.count("wait_ended") == 1);
    world.wait_until("its words", PATIENCE, || read(&world, "asks", "err").contains("hint"));
    let err = read(&world, "asks", "err");
    assert!(err.contains(&format!("question `{id}` stands")), "{err}");
    assert!(err.contains(&format!("agency ask --await {id}")), "{err}");
    run(&world, LEAD, "answers", &format!("agency send Team/worker 8080 --in-reply-to {id}"));
    begin(&world, WORKER, "again", &format!("agency ask --await {id}"));
    let (status, out, _) = ended(&world, "again");
    assert_eq!((status.as_str(), out.as_str()), ("0", "8080"));
}

#[test]
fn a_script_waits_for_so_long_and_goes_on_later() {
    let world = team();
    let late = world.agency(&["ask", WORKER, "which port?", "--timeout", "1s"]);
    assert_eq!((late.status, late.stdout.as_str()), (Some(1), ""), "{}", late.stderr);
    let id = newest_question(&world);
    assert!(late.stderr.contains(&format!("agency ask --await {id}")), "{}", late.stderr);
    let late = world.agency(&["--json", "ask", "--await", &id, "--timeout", "0s"]);
    let error: Value = serde_json::from_str(&late.stdout).expect("a document");
    assert_eq!(error["error"]["code"], "no_answer", "{error}");
    let other = world.must(&["ask", WORKER, "which host?", "--no-wait"]).trim().to_owned();
    assert_eq!(newest_question(&world), other);
    run(&world, WORKER, "answers", &format!("agency send operator 8080 --in-reply-to {id}"));
    assert_eq!(world.must(&["ask", "--await", &id]), "8080");
    let whole = world.json(&["ask", "--await", &id]);
    assert_eq!((&whole["answered"], &whole["answer"]["body"]), (&json!(true), &json!("8080")));
    let read = whole["answer"]["acknowledged_at"].is_string();
    assert!(read, "the operator has seen it: {whole}");
}

#[test]
fn a_broadcast_is_chased_and_its_sender_gets_a_report() {
    let world = team();
    let sent = world.json(&[
        "broadcast",
        "Rotate keys",
        "--action-required",
        "do it",
        "--by",
        "8s",
        "--everyone",
    ]);
    let id = sent["id"].as_str().expect("an id").to_owned();
    let recipients = sent["recipients"].as_array().expect("a list");
    assert_eq!(recipients.len(), 2, "{sent}");
    let copy = |who: &str| {
        let own = recipients.iter().find(|one| one["agent"] == who).expect("a copy");
        own["message"].as_str().expect("an id").to_owned()
    };
    assert_eq!(copy(LEAD), id, "the first copy has its id");
    run(&world, WORKER, "acks", &format!("agency ack {}", copy(WORKER)));
    world.wait_until("the report", PATIENCE, || world.count("broadcast_ended") == 1);
    let shown = world.json(&["broadcast", "show", &id]);
    assert_eq!((&shown["state"], &shown["acknowledged"]), (&json!("ended"), &json!(1)));
    let lead =
        shown["recipients"].as_array().expect("a list").iter().find(|one| one["agent"] == LEAD);
    let lead = lead.expect("the lead");
    assert_eq!((&lead["chases"], &lead["reason"]), (&json!(2), &json!("not acknowledged in time")));
    let reports = world.json(&["messages", "--type", "report"]);
    let words = reports[0]["body"].as_str().expect("words");
    assert!(words.contains("1 of 2 acknowledged it") && words.contains(LEAD), "{words}");
    assert!(world.must(&["broadcast", "list"]).contains("1/2"));
    let wrong = world.agency(&["broadcast", "x", "--by", "2h"]);
    assert_eq!(wrong.status, Some(2), "{}", wrong.stderr);
    let unknown = world.agency(&["broadcast", "show", "0195f000-0000-7000-8000-000000000001"]);
    assert_eq!(unknown.status, Some(3), "{}", unknown.stderr);
    // Words that are no verb are a text, and JSON is what it says.
    let alert = r#"{"type": "alert", "severity": "high", "message": "CI is down"}"#;
    let sent = world.json(&["broadcast", alert, "--to", "Team"]);
    assert_eq!((&sent["state"], &sent["text"]), (&json!("ended"), &json!("CI is down")));
    world.wait_until("it to be there", Duration::from_secs(10), || {
        world.json(&["messages", "--type", "alert"]).as_array().is_some_and(|all| all.len() >= 3)
    });
}
