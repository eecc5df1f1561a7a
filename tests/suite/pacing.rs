//! Mail at its pace, in real panes: updates are given together, what is critical is not kept waiting, nights are
//! quiet, and what comes by the clock is written down.
//!
//! The agent is the corpus' stand-in, which works for as long as a test wants and writes down what really reached it.

use serde_json::Value;

use crate::corpus::stage::{ACTOR, Stage, Way};
use crate::world::{PATIENCE, World};

/// A stand-in that keeps what is typed while it works, or of which nobody says so.
fn stage(interrupts: bool, settings: &str) -> Stage {
    let edit = |text: String| {
        if interrupts { format!("interrupts = true\n{text}") } else { text }
    };
    let stage = Stage::closed(Way::Reporting, &Value::Null, edit);
    let known = std::fs::read_to_string(stage.world.home().join("agency.toml")).expect("settings");
    stage.world.write("agency.toml", &format!("{known}\n{settings}"));
    stage.open();
    stage.wait_until_ready();
    stage
}

fn send(stage: &Stage, words: &str, more: &[&str]) -> String {
    stage.world.must(&[&["send", ACTOR, words][..], more].concat()).trim().to_owned()
}

fn work(stage: &Stage) {
    stage.order("work");
    stage.world.wait_for_state(ACTOR, "working");
}

/// Prompts of ours that really began a turn.
fn prompts(stage: &Stage) -> Vec<String> {
    stage.texts("prompt").into_iter().filter(|text| text.contains("[agency]")).collect()
}

#[test]
fn updates_for_a_busy_agent_arrive_as_one_text_when_it_is_idle_after_every_word() {
    let stage = stage(false, "");
    work(&stage);
    let updates = ["STATUS a 25 %", "STATUS b 50 %", "STATUS c 75 %"];
    let mut ids: Vec<String> = updates.iter().map(|words| send(&stage, words, &[])).collect();
    ids.push(send(&stage, "a word for you", &[]));
    assert_eq!(prompts(&stage), [""; 0], "it works");
    stage.order("done");
    for id in &ids {
        stage.wait_for_message(id, "delivered");
    }
    let prompts = prompts(&stage);
    assert_eq!(prompts.len(), 2, "{prompts:#?}");
    assert!(prompts[0].contains("a word for you"), "{prompts:#?}");
    let digest = prompts[1].lines().collect::<Vec<_>>();
    assert!(digest[0].starts_with("[agency] digest ") && digest[0].ends_with(", 3 updates"));
    assert_eq!(digest[1..], ["| operator status: STATUS c 75 % (2 earlier)"]);
    assert_eq!(stage.world.count("digest_started"), 1);
    stage.assert_nothing_bad();
}

#[test]
fn one_update_for_an_idle_agent_is_given_at_once_and_as_it_is() {
    let stage = stage(false, "");
    let id = send(&stage, "STATUS 25 %", &[]);
    stage.wait_for_message(&id, "delivered");
    let prompts = prompts(&stage);
    assert_eq!(prompts.len(), 1, "{prompts:#?}");
    assert!(prompts[0].starts_with(&format!("[agency] status from operator, message {id}")));
}

#[test]
fn what_is_critical_is_typed_while_its_program_works_and_only_that() {
    let stage = stage(true, "");
    work(&stage);
    let word = send(&stage, "a word for you", &[]);
    let critical = send(&stage, "stop that", &["--priority", "critical"]);
    stage.wait_for_fact("queued");
    assert!(stage.texts("queued")[0].contains(&critical));
    assert_eq!(stage.texts("queued").len(), 1);
    stage.order("done");
    stage.wait_for_message(&critical, "delivered");
    stage.wait_for_message(&word, "delivered");
    assert_eq!(stage.texts("queued").len(), 1, "the word has waited");
    assert_eq!((stage.prompts_with(&critical).len(), stage.prompts_with(&word).len()), (1, 1));
    stage.assert_nothing_bad();
}

#[test]
fn where_nobody_knows_that_a_program_keeps_it_what_is_critical_waits_and_is_first() {
    let stage = stage(false, "");
    work(&stage);
    let word = send(&stage, "a word for you", &[]);
    let critical = send(&stage, "stop that", &["--priority", "critical"]);
    stage.order("done");
    stage.wait_for_message(&critical, "delivered");
    stage.wait_for_message(&word, "delivered");
    assert_eq!(stage.texts("queued"), [""; 0]);
    assert!(prompts(&stage)[0].contains(&critical));
}

#[test]
fn a_half_typed_line_keeps_even_what_is_critical_away() {
    let stage = stage(true, "");
    work(&stage);
    stage.world.type_text(ACTOR, "I was about to");
    let critical = send(&stage, "stop that", &["--priority", "critical"]);
    stage.wait_for_reason(&critical, &["not empty", "typing"]);
    assert_eq!(stage.texts("queued"), [""; 0]);
    stage.assert_nothing_bad();
}

#[test]
fn in_quiet_hours_updates_wait_and_what_is_critical_does_not() {
    let stage = stage(false, "[cadence]\nquiet = [\"Mon-Sun\"]\n");
    let update = send(&stage, "STATUS 25 %", &[]);
    let critical = send(&stage, "stop that", &["--priority", "critical"]);
    stage.wait_for_message(&critical, "delivered");
    assert_eq!(stage.message(&update)["state"], "routed");
    let cadence = stage.world.json(&["cadence"]);
    assert!(cadence["quiet_until"].is_string(), "{cadence}");
}

#[test]
fn a_wrong_setting_is_named_with_its_place_and_what_is_right() {
    let world = World::new();
    let known = std::fs::read_to_string(world.home().join("agency.toml")).expect("settings");
    let wrong = "[messages]\nbatch_every = \"soon\"\n[cadence]\ntime_zone = \"Mars/Olympus\"\nquiet = [\"22-7\"]\n";
    world.write("agency.toml", &format!("{known}\n{wrong}"));
    let refused = world.agency(&["up"]);
    assert_eq!(refused.status, Some(2), "{refused:?}");
    for words in ["messages.batch_every", "`soon`", "cadence.time_zone", "`Mars/Olympus`", "`22-7`"]
    {
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
    }
}

#[test]
fn a_check_in_is_asked_collected_and_written_and_a_persons_page_is_kept() {
    let world = World::new();
    let known = std::fs::read_to_string(world.home().join("agency.toml")).expect("settings");
    world.write(
        "agency.toml",
        &format!("{known}\n[cadence]\ntime_zone = \"UTC\"\ncollect = \"2s\"\n"),
    );
    let who = ["--coordinator", "lead", "--agents", "worker", "--runtime", "rehearsal"];
    world.must(&[&["create", "Team"][..], &who].concat());
    world.wait_for_state("Team/worker", "idle");
    assert!(world.must(&["meetings"]).contains("nothing was written down yet"));
    let nobody = world.agency(&["cadence", "run", "daily"]);
    assert_eq!(nobody.status, Some(5), "{nobody:?}");
    let task = ["task", "add", "Login", "--agency", "Team", "--feature", "login", "--scope", "all"];
    world.must(&[&task[..], &["--done", "it works", "--rollback", "revert"]].concat());
    world.must(&["task", "assign", "TASK-001", "Team/worker"]);
    world.must(&["cadence", "run", "daily"]);
    let asked = world.json(&["messages", "--type", "check_in"]);
    assert_eq!(asked[0]["to"], "Team/worker", "{asked}");
    let day =
        world.json(&["cadence"])["collecting"][0]["until"].as_str().map(|at| at[..10].to_owned());
    let day = day.expect("it is collected");
    let page = format!("registry/meetings/daily/{day}-Team.md");
    world.write(&page, "my own page\n");
    world.wait_until("the check-in to be written", PATIENCE, || {
        world.json(&["meetings"])[0]["file"].is_string()
    });
    assert_eq!(std::fs::read_to_string(world.home().join(&page)).expect("kept"), "my own page\n");
    let shown = world.must(&["meetings", "show", &format!("daily/{day}-Team")]);
    assert!(shown.starts_with(&format!("# Check-in of Team, {day}\n")), "{shown}");
    assert!(
        shown.contains("No answer. What the ledger knows:") && shown.contains("TASK-001 Login")
    );
    let none = world.agency(&["meetings", "show", "daily/never"]);
    assert_eq!(none.status, Some(3), "{none:?}");
}
