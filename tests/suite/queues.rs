//! Queues, as a person meets them: a full mailbox, files that wait at the door for it, dead letters that are taken
//! once more.

use serde_json::{Value, json};

use crate::world::{PATIENCE, World};

const WORKER: &str = "Team/worker";

/// A world whose agency is stopped, so that its mail waits; ten may.
fn stopped_team(settings: &str) -> World {
    let world = World::new();
    let own = std::fs::read_to_string(world.home().join("agency.toml")).expect("settings");
    let queue = format!("[queue]\nmailbox_limit = 10\n{settings}");
    let own = match own.contains("[queue]") {
        true => own.replace("[queue]", &queue),
        false => format!("{own}\n{queue}"),
    };
    world.write("agency.toml", &own);
    let who = ["--coordinator", "lead", "--agents", "worker", "--runtime", "rehearsal"];
    world.must(&[&["create", "Team", "--no-start"][..], &who].concat());
    world.must(&["up", "Team"]);
    world.must(&["down", "Team", "--yes"]);
    world
}

fn drop_file(world: &World, name: &str, text: &str) {
    world.write(&format!("registry/queue/tmp/{name}"), text);
    let queue = world.home().join("registry/queue");
    std::fs::rename(queue.join("tmp").join(name), queue.join("new").join(name)).expect("dropped");
}

fn queue(world: &World) -> Value {
    world.json(&["queue"])
}

#[test]
fn a_full_mailbox_is_refused_and_its_files_come_when_there_is_room() {
    let world = stopped_team("open_from = [\"ci\"]\n");
    let sent: Vec<String> =
        (0..10).map(|_| world.must(&["send", WORKER, "hello"]).trim().to_owned()).collect();
    let refused = world.agency(&["send", WORKER, "one more", "--json"]);
    assert_eq!(refused.status, Some(5), "{refused:?}");
    assert!(refused.stderr.contains("mailbox_full") || refused.stdout.contains("mailbox_full"));
    world.must(&["send", WORKER, "it burns", "--priority", "critical"]);
    drop_file(
        &world,
        "late.json",
        &json!({ "type": "note", "from": "ci", "to": WORKER, "body": "built" }).to_string(),
    );
    world.wait_until("the file to wait", PATIENCE, || queue(&world)["door"]["waiting"] == 1);
    let held = &queue(&world)["door"]["held"][0];
    assert_eq!(held["hold"], "strangers:Team/worker");
    assert_eq!(held["code"], "mailbox_full");
    world.must(&["ack", &sent[0], &sent[1]]);
    world.wait_until("it to be taken", PATIENCE, || {
        let view = queue(&world);
        view["door"]["waiting"] == 0 && view["door"]["held"].as_array().is_some_and(Vec::is_empty)
    });
    let messages = world.json(&["messages"]);
    let texts: Vec<&Value> =
        messages.as_array().expect("a list").iter().map(|message| &message["body"]).collect();
    assert!(texts.contains(&&json!("built")), "{texts:?}");
}

#[test]
fn a_dead_file_is_taken_once_more_when_its_reason_is_mended() {
    let world = stopped_team("");
    drop_file(
        &world,
        "note.json",
        &json!({ "type": "note", "from": "ci", "to": WORKER, "body": "built" }).to_string(),
    );
    world.wait_until("it to be dead", PATIENCE, || {
        world.json(&["queue", "dead"])[0]["what"] == "note.json"
    });
    let all = world.json(&["queue", "dead"]);
    let dead = world.json(&["queue", "dead", "--code", "unauthenticated"]);
    assert_eq!(dead.as_array().map(Vec::len), Some(1), "{all}");
    let unknown = world.agency(&["queue", "retry", "nothing.json"]);
    assert_eq!(unknown.status, Some(3), "{unknown:?}");
    let own = std::fs::read_to_string(world.home().join("agency.toml")).expect("settings");
    world
        .write("agency.toml", &own.replace("mailbox_limit", "open_from = [\"ci\"]\nmailbox_limit"));
    world.must(&["queue", "retry", "--all", "--code", "unauthenticated"]);
    world.wait_until("it to be taken", PATIENCE, || {
        world.json(&["messages"]).as_array().is_some_and(|all| !all.is_empty())
    });
    assert_eq!(world.json(&["queue", "dead"]), json!([]));
    assert!(!world.home().join("registry/queue/dead/note.reason.json").exists());
}

#[test]
fn a_message_whose_time_ran_out_gets_a_new_one() {
    let world = stopped_team("");
    let sent = world.must(&["send", WORKER, "hello", "--ttl", "1s"]).trim().to_owned();
    world.wait_until("it to expire", PATIENCE, || {
        world.json(&["queue", "dead"])[0]["code"] == "expired"
    });
    let refused = world.agency(&["queue", "retry", &sent]);
    assert_eq!(refused.status, Some(5), "{refused:?}");
    world.must(&["queue", "retry", &sent, "--ttl", "1h"]);
    world.wait_until("it to wait again", PATIENCE, || {
        let messages = world.json(&["messages"]);
        let all = messages.as_array().expect("a list").clone();
        all.iter().any(|message| message["id"] == sent.as_str() && message["state"] == "routed")
    });
    let agency = world.home().join("agencies/Team/mail/worker");
    assert!(agency.join(format!("new/{sent}.json")).exists());
    assert!(!agency.join(format!("dead/{sent}.json")).exists());
}
