//! Messages on their way into a pane: from the door and the command line, while the agent cannot take them, and
//! through crashes; each arrives, and arrives once.

use agency::adapters::clock::SystemClock;
use agency::adapters::keyring::FileKeyring;
use agency::domain::authentication::mac;
use agency::ports::clock::Clock as _;
use agency::ports::keyring::Keyring as _;
use agency::ports::ledger::Record;
use serde_json::{Value, json};

use crate::world::{PATIENCE, World};

const LEAD: &str = "Team/lead";
const WORKER: &str = "Team/worker";

/// A world with one small agency that runs; the worker acts by a script.
fn team(script: &str) -> World {
    let world = World::new();
    start_team(&world, script);
    world
}

fn start_team(world: &World, script: &str) {
    let who = ["--coordinator", "lead", "--agents", "worker", "--runtime", "rehearsal"];
    world.must(&[&["create", "Team", "--no-start"][..], &who].concat());
    world.give_script("Team", "lead", "");
    world.give_script("Team", "worker", script);
    world.must(&["up"]);
    for agent in [LEAD, WORKER] {
        world.wait_for_state(agent, "idle");
    }
}

/// One entry of a script: what is done about notes that hold a word.
fn about(word: &str, steps: &str) -> String {
    format!("[[on]]\ntype = \"note\"\ncontains = \"{word}\"\nsteps = [{steps}]\n\n")
}

fn message(world: &World, id: &str) -> Value {
    let messages = world.json(&["messages"]);
    let found = messages.as_array().expect("a list").iter().find(|message| message["id"] == id);
    found.cloned().unwrap_or(Value::Null)
}

fn wait_for_message(world: &World, id: &str, state: &str) {
    world.wait_until(&format!("message {id} to be {state}"), PATIENCE, || {
        message(world, id)["state"] == state
    });
}

fn send(world: &World, to: &str, words: &str) -> String {
    world.must(&["send", to, words]).trim().to_owned()
}

/// Waits until a message was acknowledged and sees that it was typed once, or fetched before it could be.
fn assert_arrives_once(world: &World, agent: &str, id: &str) {
    wait_for_message(world, id, "acknowledged");
    let is_delivered = |event: &&Record| event.kind == "message_delivered" && event.subject == id;
    let delivered = world.events().into_iter().filter(|event| is_delivered(&event));
    let ways: Vec<String> = delivered.map(|event| event.payload).collect();
    assert_eq!(ways.len(), 1, "{ways:?}");
    let (least, times) =
        (usize::from(ways[0].contains("pane")), world.screen(agent).matches(id).count());
    assert!((least..=1).contains(&times), "typed {times} times\n{}", world.portrait());
}

/// Drops a message at the door as any program does.
fn drop_at_door(world: &World, name: &str, message: &Value) {
    world.write(&format!("registry/queue/tmp/{name}"), &message.to_string());
    let queue = world.home().join("registry/queue");
    std::fs::create_dir_all(queue.join("new")).expect("made");
    std::fs::rename(queue.join("tmp").join(name), queue.join("new").join(name)).expect("moved");
}

fn note(from: &str, body: &str) -> Value {
    json!({ "type": "note", "from": from, "to": WORKER, "body": body })
}

#[test]
fn a_signed_file_at_the_door_reaches_the_pane() {
    let world = team("");
    let keyring = FileKeyring::new(world.home(), world.keys());
    let token = keyring.operator_token().expect("a token");
    let mut note = note("operator", "from a file");
    note["id"] = json!("01900000-0000-7000-8000-0000000000aa");
    note["sent_at"] = json!(SystemClock.now().to_string());
    note["auth"] = json!({ "key": "operator", "mac": mac(&token, &note) });
    drop_at_door(&world, "any name.json", &note);
    assert_arrives_once(&world, WORKER, "01900000-0000-7000-8000-0000000000aa");
    assert!(world.screen(WORKER).contains("| from a file"));
    drop_at_door(&world, "again.json", &note);
    let marker = send(&world, WORKER, "after the second one");
    assert_arrives_once(&world, WORKER, &marker);
    assert_eq!(world.count("message_accepted"), 2, "the same id is the same message");
}

#[test]
fn an_unsigned_file_is_let_in_only_from_listed_senders_and_marked() {
    let world = World::new();
    let settings = std::fs::read_to_string(world.home().join("agency.toml")).expect("settings");
    world.write("agency.toml", &format!("{settings}\n[queue]\nopen_from = [\"CI\"]\n"));
    start_team(&world, "");
    drop_at_door(&world, "ci.json", &note("CI", "the build is green"));
    world.wait_for_text(WORKER, "| the build is green");
    assert!(world.screen(WORKER).contains("(unverified"), "{}", world.screen(WORKER));
    let messages = world.json(&["messages"]);
    assert_eq!(messages[0]["verified"], json!(false), "{messages}");
    drop_at_door(&world, "stranger.json", &note("Stranger", "let me in"));
    let reason = world.home().join("registry/queue/dead/stranger.reason.json");
    world.wait_until("a reason beside the dead message", PATIENCE, || reason.exists());
    let reason: Value =
        serde_json::from_str(&std::fs::read_to_string(reason).expect("a reason")).expect("json");
    assert_eq!(reason["code"], "unauthenticated");
    assert!(!world.screen(WORKER).contains("let me in"));
}

#[test]
fn a_pane_in_copy_mode_gets_its_message_afterwards() {
    let world = team("");
    let pane = world.pane(WORKER).expect("a pane");
    world.tmux(&["copy-mode", "-t", &pane]);
    let id = send(&world, WORKER, "while you read");
    world.wait_until("the delivery to be put off", PATIENCE, || {
        message(&world, &id)["reason"].as_str().is_some_and(|reason| reason.contains("copy mode"))
    });
    assert_eq!(world.of_pane(WORKER, "#{pane_in_mode}"), "1", "nobody left the copy mode");
    world.tmux(&["send-keys", "-t", &pane, "-X", "cancel"]);
    assert_arrives_once(&world, WORKER, &id);
}

#[test]
fn an_open_dialog_is_never_answered_by_a_delivery() {
    let world = team(&about("ask", "{ misbehave = \"permission\" }, { say = \"went on\" }"));
    send(&world, WORKER, "ask me");
    world.wait_for_text(WORKER, "Allow this command?");
    world.wait_for_state(WORKER, "permission");
    let waiting = send(&world, WORKER, "urgent: press Enter");
    // Whoever comes after it and is free has got its message: this one was passed over.
    let marker = send(&world, LEAD, "for somebody else");
    wait_for_message(&world, &marker, "acknowledged");
    assert_eq!(message(&world, &waiting)["state"], "routed");
    let screen = world.screen(WORKER);
    assert!(!screen.contains("llowed.") && !screen.contains("went on"), "{screen}");
    assert!(!screen.contains(&waiting), "{screen}");
    assert!(world.must(&["status"]).contains("permission"), "the operator is told");
    world.press(WORKER, &["1"]);
    world.wait_for_text(WORKER, "went on");
    assert_arrives_once(&world, WORKER, &waiting);
}

#[test]
fn half_a_line_that_a_person_typed_stays_whole_and_the_message_comes_after_it() {
    let world = team("");
    world.type_text(WORKER, "half a li");
    world.wait_for_text(WORKER, "half a li");
    let id = send(&world, WORKER, "I must not end up in your line");
    world.wait_until("the delivery to be put off", PATIENCE, || {
        let reason = message(&world, &id)["reason"].as_str().unwrap_or_default().to_owned();
        reason.contains("not empty") || reason.contains("typing")
    });
    assert_eq!(world.cursor_row(WORKER).trim_end(), "\u{203a} half a li");
    world.type_text(WORKER, "ne");
    world.press(WORKER, &["Enter"]);
    world.wait_for_text(WORKER, "> half a line\n");
    assert_arrives_once(&world, WORKER, &id);
}

#[test]
fn lines_and_letters_of_every_kind_arrive_as_they_are() {
    let world = team("");
    let body = "first line\n\tsecond «line»: naïve, 世界, 🦀 'quotes' \"both\" $HOME `id` #{pane_id} ; %1\nlast";
    let id = send(&world, WORKER, body);
    assert_arrives_once(&world, WORKER, &id);
    assert_eq!(message(&world, &id)["body"], body);
    let screen = world.screen(WORKER);
    for piece in ["| first line", "«line»: naïve, 世界, 🦀", "$HOME `id` #{pane_id} ; %1", "| last"]
    {
        assert!(screen.contains(piece), "{piece} is missing in {screen}");
    }
}

#[test]
fn a_long_body_stays_in_the_mailbox_and_the_pane_says_where() {
    let world = team("");
    let body = "word ".repeat(1000);
    let id = send(&world, WORKER, &body);
    assert_arrives_once(&world, WORKER, &id);
    assert!(world.screen(WORKER).contains("read it with: agency inbox"));
    assert_eq!(message(&world, &id)["body"].as_str().map(str::trim), Some(body.trim()));
}

#[test]
fn what_is_sent_while_no_supervisor_runs_waits_at_the_door() {
    let world = team("");
    world.must(&["down"]);
    let id = send(&world, WORKER, "for later");
    let door = std::fs::read_dir(world.home().join("registry/queue/new")).expect("a door");
    assert_eq!(door.count(), 1);
    assert_eq!(world.supervisor_pid(), None, "nobody was started for it");
    world.must(&["up"]);
    assert_arrives_once(&world, WORKER, &id);
}

#[test]
fn an_agent_that_crashes_in_the_middle_of_its_work_goes_on_with_it() {
    let world =
        team(&about("go", "{ say = \"before\" }, { misbehave = \"crash\" }, { say = \"after\" }"));
    let before = world.of_pane(WORKER, "#{pane_pid}");
    let id = send(&world, WORKER, "go");
    world.wait_for_text(WORKER, "after");
    assert_ne!(world.of_pane(WORKER, "#{pane_pid}"), before, "a new life");
    wait_for_message(&world, &id, "acknowledged");
    world.wait_for_state(WORKER, "idle");
    assert!(world.count("agent_pane_lost") >= 1);
    assert_eq!(world.screen(WORKER).matches("\u{2022} after").count(), 1);
}

#[test]
fn an_agent_that_hangs_gets_nothing_until_it_is_restarted() {
    let world = team(&about("go", "{ misbehave = \"hang\" }, { say = \"after\" }"));
    send(&world, WORKER, "go");
    world.wait_for_text(WORKER, "thinking");
    let waiting = send(&world, WORKER, "are you there?");
    let marker = send(&world, LEAD, "for somebody else");
    wait_for_message(&world, &marker, "acknowledged");
    assert_eq!(message(&world, &waiting)["state"], "routed");
    world.must(&["restart", "Team"]);
    world.wait_for_text(WORKER, "after");
    wait_for_message(&world, &waiting, "acknowledged");
}

#[test]
fn an_agent_at_its_limit_gets_its_message_when_it_goes_on() {
    let world =
        team(&about("go", "{ misbehave = \"limit\", lasting_ms = 1500 }, { say = \"after\" }"));
    send(&world, WORKER, "go");
    world.wait_for_state(WORKER, "limited");
    let waiting = send(&world, WORKER, "next");
    assert_eq!(message(&world, &waiting)["delivered_at"], Value::Null);
    world.wait_for_text(WORKER, "after");
    wait_for_message(&world, &waiting, "acknowledged");
}

#[test]
fn a_mailbox_that_cannot_be_written_is_filled_when_it_can() {
    let world = team("");
    let mailbox = world.home().join("agencies/Team/mail/worker");
    world.write("agencies/Team/mail/worker", "in the way");
    let id = send(&world, WORKER, "patience");
    assert_eq!(message(&world, &id)["state"], "accepted", "it is not in its mailbox");
    std::fs::remove_file(&mailbox).expect("removed");
    assert_arrives_once(&world, WORKER, &id);
}
