//! Runs the commands of the source documents as they are written, in a workbench with rehearsal agents.
//!
//! A workbench made with `--scripts` has their names, in `scripts/` and beside `agency.toml`.

use agency::demo::content;
use serde_json::Value;

use super::TEXTS;
use crate::templates::{files_below, root};
use crate::world::{Outcome, PATIENCE, World, text};

/// A command that is not run, and why.
const LATER: (&str, &str) = ("./deploy-to-sandbox.sh", "sandboxes to look at are not there yet");

/// A fresh workbench with the short names, whose templates make rehearsal agents.
fn workbench() -> World {
    let world = World::new();
    std::fs::remove_dir_all(world.home()).expect("removed");
    let (home, project) = (text(&world.home()), text(&world.project()));
    world.must(&["init", &home, "--project", &project, "--scripts"]);
    world.write("agency.toml", &content::settings(&world.project(), &world.socket()));
    for template in ["code", "qa"] {
        let folder = root().join("templates").join(template);
        for file in files_below(&folder, &|_| true) {
            let path = file.strip_prefix(root()).expect("below").to_owned();
            let content = std::fs::read_to_string(&file).expect("a text");
            let content = content.replace("\"runtime\": \"shell\"", "\"runtime\": \"rehearsal\"");
            world.write(&text(&path), &content);
        }
    }
    world.must(&["up"]);
    world
}

/// The commands of one text.
fn commands(name: &str) -> Vec<String> {
    TEXTS.iter().find(|text| text.name == name).expect("a text").commands()
}

/// Runs a command as somebody types it in a folder of the workbench; it must work.
fn run(world: &World, folder: &str, command: &str) -> String {
    let Outcome { status, stdout, stderr } = try_to_run(world, folder, command);
    assert_eq!(status, Some(0), "{command}\n{stdout}{stderr}");
    stdout.trim().to_owned()
}

fn try_to_run(world: &World, folder: &str, command: &str) -> Outcome {
    let folder = text(&world.home().join(folder));
    let typed = format!("cd {folder} && {command}");
    world.run("sh", &["-c", &typed], &[("AGENCY_BIN", env!("CARGO_BIN_EXE_agency"))])
}

fn message(world: &World, id: &str) -> Value {
    let messages = world.json(&["messages"]);
    let found = messages.as_array().expect("a list").iter().find(|message| message["id"] == id);
    found.unwrap_or_else(|| panic!("no message {id}\n{messages:#}")).clone()
}

/// A message was sent; it is of this type, from and for whom it should, and gets to its mailbox at least.
fn assert_sent(world: &World, command: &str, id: &str, kind: &str, from: &str, to: &str) {
    let sent = message(world, id);
    let said = ["type", "from", "to"].map(|key| sent[key].as_str().expect("a text").to_owned());
    assert_eq!(said, [kind, from, to], "{command}");
    world.wait_until(&format!("{command} to arrive"), PATIENCE, || {
        let state = message(world, id)["state"].clone();
        ["routed", "delivered", "acknowledged"].iter().any(|known| state == *known)
    });
}

fn session_stands(world: &World, name: &str) {
    let socket = text(&world.socket());
    let target = format!("={name}");
    let seen = world.run("tmux", &["-S", &socket, "has-session", "-t", &target], &[]);
    assert_eq!(seen.status, Some(0), "{}", seen.stderr);
}

#[test]
fn the_quick_start_and_every_message_of_the_source_documents_run_as_written() {
    let world = workbench();
    let quick = commands("getting-started.md");
    let [create, task, attach, approvals] = quick.as_slice() else { panic!("{quick:?}") };
    assert_eq!(run(&world, "", create), "CodeAgency");
    let id = run(&world, "", task);
    assert_sent(&world, task, &id, "task", "operator", "CodeAgency/code-coordinator");
    assert_eq!(message(&world, &id)["task"], "TASK-001");
    assert_eq!(attach, "tmux attach -t CodeAgency");
    session_stands(&world, "CodeAgency");
    assert!(run(&world, "", approvals).contains("nothing waits"), "there is nothing to approve");
    // The second agency of the next steps.
    assert_eq!(run(&world, "scripts", "./create_agency.sh QAAgency"), "QAAgency");
    session_stands(&world, "QAAgency");
    let code = "CodeAgency/code-coordinator";
    let qa = "QAAgency/qa-coordinator";
    let mut expected = [
        ("status", "operator", code),
        ("task", "operator", "CodeAgency/python-agent"),
        ("question", "operator", "CodeAgency/js-agent"),
        ("handoff", "CodeAgency", qa),
        ("results", "QAAgency", code),
        ("alert", "MetaOrchestrator", code),
        ("handoff", "CodeAgency", qa),
        ("results", "QAAgency", code),
    ]
    .into_iter();
    for (number, command) in commands("agencies.md").iter().enumerate() {
        if ["./create_agency.sh", "./approval-cli.sh", LATER.0]
            .iter()
            .any(|w| command.starts_with(w))
        {
            continue;
        }
        // Some type it beside the scripts, some where the workbench is.
        let folder = if number % 2 == 0 { "scripts" } else { "" };
        let id = run(&world, folder, command);
        let (kind, from, to) =
            expected.next().unwrap_or_else(|| panic!("nobody expects {command}"));
        assert_sent(&world, command, &id, kind, from, to);
    }
    assert_eq!(expected.next(), None, "every message was sent");
    let alerts = world.json(&["messages", "--type", "alert"]);
    let hears = |agent: &str| alerts.as_array().expect("a list").iter().any(|m| m["to"] == agent);
    assert!(hears(code) && hears(qa), "a broadcast goes to everyone: {alerts:#}");
}

#[test]
fn an_agency_of_ones_own_is_made_as_the_source_documents_write_it() {
    let world = workbench();
    let commands = commands("agencies.md");
    let create = commands.iter().find(|c| c.starts_with("./create_agency.sh")).expect("there");
    assert_eq!(run(&world, "scripts", create), "CodeAgency");
    session_stands(&world, "CodeAgency");
    let agency = world.json(&["show", "CodeAgency"]);
    let names: Vec<_> = agency["agents"].as_array().expect("agents").iter().collect();
    let names: Vec<_> = names.iter().filter_map(|agent| agent["address"].as_str()).collect();
    let expected = ["code-coordinator", "python-agent", "js-agent", "go-agent"];
    assert_eq!(names, expected.map(|name| format!("CodeAgency/{name}")));
    assert_eq!(agency["coordinator"], "code-coordinator");
    let capabilities = ["backend", "frontend", "api-design", "code-review"];
    assert_eq!(agency["capabilities"], serde_json::json!(capabilities));
    let active = std::fs::read_to_string(world.home().join("registry/active_agencies.json"));
    assert!(active.expect("a view").contains("CodeAgency"));
    let approvals = commands.iter().find(|c| c.starts_with("./approval-cli.sh")).expect("there");
    assert!(run(&world, "scripts", approvals).contains("nothing waits"));
}

#[test]
fn what_comes_later_says_so() {
    let world = World::new();
    let scripts = text(&root().join("scripts"));
    let commands = commands("agencies.md");
    let deploy = commands.iter().find(|c| c.starts_with(LATER.0)).expect("there");
    let env = [("AGENCY_BIN", env!("CARGO_BIN_EXE_agency"))];
    let said = world.run("sh", &["-c", &format!("cd {scripts} && {deploy}")], &env);
    assert_eq!(said.status, Some(2), "{}", LATER.1);
    let words = "this version has no `agency sandbox` yet";
    assert!(said.stderr.contains(words), "{}", said.stderr);
}
