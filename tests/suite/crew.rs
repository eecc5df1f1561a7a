//! Hiring and dismissing on a real server: nobody else is disturbed, the user's file stays theirs, and both
//! layouts hold.

use serde_json::{Value, json};

use crate::world::{Outcome, PATIENCE, World};

const OTHERS: [&str; 3] = ["Team/lead", "Team/worker", "Team/helper"];

/// A world with one small agency that runs.
fn team(layout: &str) -> World {
    let world = World::new();
    let who = ["--coordinator", "lead", "--agents", "worker,helper", "--runtime", "rehearsal"];
    world.must(&[&["create", "Team", "--layout", layout][..], &who].concat());
    OTHERS.iter().for_each(|agent| world.wait_for_state(agent, "idle"));
    world
}

/// Pane, process and size of those who were there before.
fn portrait(world: &World) -> Vec<String> {
    OTHERS.iter().map(|agent| world.of_pane(agent, "#{pane_id} #{pane_pid}")).collect()
}

fn windows(world: &World) -> Vec<String> {
    let format = "#{window_name} #{window_panes}";
    let list = world.tmux(&["list-windows", "-t", "=Team:", "-F", format]).stdout;
    list.lines().map(str::to_owned).collect()
}

/// How many panes carry each agent's mark.
fn marks(world: &World) -> Vec<String> {
    let panes = world.tmux(&["list-panes", "-a", "-F", "#{@agency_agent}"]).stdout;
    let mut marks: Vec<String> =
        panes.lines().filter(|mark| !mark.is_empty()).map(str::to_owned).collect();
    marks.sort();
    marks
}

fn definition(world: &World) -> String {
    std::fs::read_to_string(world.home().join("agencies/Team/agency.json")).expect("a definition")
}

fn refused(outcome: &Outcome, status: i32, words: &str) {
    assert_eq!(outcome.status, Some(status), "{outcome:?}");
    assert!(outcome.stderr.contains(words), "{words}: {outcome:?}");
    assert!(outcome.stderr.contains("hint:"), "{outcome:?}");
}

fn hire_and_dismiss(layout: &str, with: &[&str], without: &[&str]) {
    let world = team(layout);
    let (before, file) = (portrait(&world), definition(&world));
    assert_eq!(world.must(&["hire", "Team", "extra", "--skills", "a,b"]), "Team/extra");
    world.wait_for_state("Team/extra", "idle");
    assert_eq!(portrait(&world), before);
    assert_eq!(windows(&world), with);
    let id = world.must(&["send", "Team/extra", "hello there"]);
    world.wait_for_text("Team/extra", id.trim());
    assert!(definition(&world).contains(r#""role_file": "agents/extra.md""#));
    world.must(&["dismiss", "Team", "extra", "--yes"]);
    assert_eq!((world.pane("Team/extra"), portrait(&world)), (None, before));
    assert_eq!(windows(&world), without);
    assert_eq!(definition(&world), file, "the user's file is as it was, to the byte");
    assert!(world.home().join("agencies/Team/agents/extra.md").is_file());
    refused(&world.agency(&["send", "Team/extra", "late"]), 3, "there is no agent `extra`");
}

#[test]
fn a_hire_among_panes_disturbs_nobody_and_a_dismissal_leaves_no_trace() {
    let after = ["agents 3", "tools 1", "sandbox 1"];
    hire_and_dismiss("panes", &["agents 3", "agents-2 1", "tools 1", "sandbox 1"], &after);
}

#[test]
fn a_hire_among_windows_disturbs_nobody_and_a_dismissal_leaves_no_trace() {
    let after = ["lead 1", "worker 1", "helper 1", "tools 1", "sandbox 1"];
    let with = ["lead 1", "worker 1", "helper 1", "extra 1", "tools 1", "sandbox 1"];
    hire_and_dismiss("windows", &with, &after);
}

#[test]
fn another_layout_in_the_file_is_there_after_a_restart_and_nothing_twice() {
    let world = team("panes");
    let text = definition(&world);
    for (word, other) in [("panes", "windows"), ("windows", "panes")] {
        let (from, to) = (format!(r#""layout": "{word}""#), format!(r#""layout": "{other}""#));
        assert!(definition(&world).contains(&from), "{text}");
        world.write("agencies/Team/agency.json", &definition(&world).replace(&from, &to));
        // A hire in between reads the file and keeps what is written there.
        world.must(&["hire", "Team", "extra"]);
        world.must(&["dismiss", "Team", "extra", "--yes"]);
        world.must(&["restart", "Team"]);
        OTHERS.iter().for_each(|agent| world.wait_for_state(agent, "idle"));
        let expected: &[&str] = match other {
            "windows" => &["lead 1", "worker 1", "helper 1", "tools 1", "sandbox 1"],
            _ => &["agents 3", "tools 1", "sandbox 1"],
        };
        assert_eq!(windows(&world), expected);
        assert_eq!(marks(&world), ["Team/helper", "Team/lead", "Team/worker"]);
        world.tmux(&["kill-pane", "-t", &world.pane("Team/worker").expect("a pane")]);
        world.wait_until("the killed pane again", PATIENCE, || world.pane("Team/worker").is_some());
        OTHERS.iter().for_each(|agent| world.wait_for_state(agent, "idle"));
        assert_eq!(marks(&world), ["Team/helper", "Team/lead", "Team/worker"]);
    }
}

#[test]
fn a_dozen_agents_overflow_into_more_windows_and_come_back_after_a_stop() {
    let world = team("panes");
    for number in 1..=9 {
        world.must(&["hire", "Team", &format!("extra-{number}")]);
    }
    let agents = || marks(&world).len();
    assert_eq!(agents(), 12);
    let full = windows(&world);
    assert_eq!(full.first().map(String::as_str), Some("agents 3"), "{full:?}");
    assert!(full.iter().any(|window| window.starts_with("agents-2 ")), "{full:?}");
    world.must(&["stop", "Team"]);
    world.must(&["start", "Team"]);
    world.wait_until("everybody to be back", PATIENCE, || agents() == 12);
    assert_eq!(windows(&world), full);
}

#[test]
fn the_users_file_is_read_first_and_a_broken_one_is_refused_with_its_place() {
    let world = team("panes");
    let own = definition(&world).replace("\"description\": \"\"", "\"description\":  \"mine\"");
    world.write("agencies/Team/agency.json", &own);
    world.must(&["hire", "Team", "extra"]);
    assert!(definition(&world).contains("\"description\":  \"mine\""), "{}", definition(&world));
    assert_eq!(world.json(&["show", "Team"])["description"], json!("mine"));
    let good = definition(&world);
    world.write("agencies/Team/agency.json", &good.replace("\"layout\":", "\"layout\""));
    let broken = definition(&world);
    for args in [&["hire", "Team", "more"][..], &["dismiss", "Team", "extra", "--yes"]] {
        refused(&world.agency(args), 2, "agency.json:6:");
    }
    assert_eq!(definition(&world), broken);
    world.write("agencies/Team/agency.json", &good);
    world.must(&["dismiss", "Team", "extra", "--yes"]);
    assert_eq!(definition(&world), own);
}

#[test]
fn a_hire_that_cannot_be_written_is_told_with_its_reason_and_written_when_it_can() {
    let world = team("panes");
    let roles = world.home().join("agencies/Team/agents");
    let aside = world.home().join("aside");
    std::fs::rename(&roles, &aside).expect("put aside");
    world.write("agencies/Team/agents", "in the way");
    refused(&world.agency(&["hire", "Team", "extra"]), 1, "the hire of `extra`");
    let waiting = world.json(&["status"])["waiting_for"].clone();
    let is_told = |entry: &Value| entry["kind"] == "crew" && entry["subject"] == "Team";
    assert!(waiting.as_array().expect("a list").iter().any(is_told), "{waiting}");
    assert!(world.must(&["explain", "Team"]).contains("the hire of `extra`"));
    assert!(!definition(&world).contains("extra"));
    std::fs::remove_file(&roles).expect("out of the way");
    std::fs::rename(&aside, &roles).expect("put back");
    world.wait_until("the file to say so", PATIENCE, || definition(&world).contains("extra"));
    world.wait_for_state("Team/extra", "idle");
}

#[test]
fn what_cannot_be_hired_or_dismissed_is_refused_with_its_status() {
    let world = team("panes");
    let hire = |args: &[&str]| world.agency(&[&["hire", "Team"][..], args].concat());
    refused(&hire(&["worker"]), 5, "has an agent `worker` already");
    refused(&hire(&["coordinator"]), 2, "reserved");
    refused(&hire(&["operator"]), 2, "reserved");
    refused(&hire(&["x", "--runtime", "nonsense"]), 3, "nonsense");
    world.write(
        "agency.toml",
        &format!(
            "{}\n[runtime.absent]\ncommand = [\"no-such-program\"]\n",
            std::fs::read_to_string(world.home().join("agency.toml")).expect("settings")
        ),
    );
    refused(&hire(&["x", "--runtime", "absent"]), 6, "not installed");
    assert_eq!(hire(&["1x"]).status, Some(2));
    refused(&hire(&["x", "--skills", "a,a"]), 2, "`a` stands twice");
    assert_eq!(world.agency(&["hire", "Nobody", "x"]).status, Some(3));
    let longest = "a".repeat(64);
    assert_eq!(world.must(&["hire", "Team", &longest]), format!("Team/{longest}"));
    world.wait_until("its pane", PATIENCE, || world.pane(&format!("Team/{longest}")).is_some());
    let dismiss = |who: &str| world.agency(&["dismiss", "Team", who, "--yes"]);
    refused(&dismiss("lead"), 5, "cannot be dismissed");
    refused(&dismiss("ghost"), 3, "there is no agent");
    refused(&world.agency(&["dismiss", "Team", "worker"]), 2, "confirmation");
    let task = add_task(&world);
    world.must(&["task", "assign", &task, "Team/worker"]);
    refused(&dismiss("worker"), 5, &task);
}

fn add_task(world: &World) -> String {
    let what = ["task", "add", "A form", "--agency", "Team", "--feature", "login"];
    let how = ["--scope", "s", "--done", "d", "--rollback", "r"];
    world.must(&[&what[..], &how].concat()).trim().to_owned()
}

#[test]
fn a_temporary_agent_is_shown_as_such_and_leaves_with_its_last_task() {
    let world = team("panes");
    world.must(&["hire", "Team", "extra", "--temporary"]);
    let agents = world.json(&["show", "Team"])["agents"].clone();
    let temporary: Vec<&Value> =
        agents.as_array().expect("agents").iter().map(|agent| &agent["temporary"]).collect();
    assert_eq!(temporary, [false, false, false, true]);
    assert!(world.must(&["show", "Team"]).contains("(temporary)"));
    assert!(definition(&world).contains("\"temporary\": true"));
    let task = add_task(&world);
    world.must(&["task", "assign", &task, "Team/extra"]);
    world.must(&["task", "cancel", &task, "--yes"]);
    world.wait_until("it to leave", PATIENCE, || world.pane("Team/extra").is_none());
    world.wait_until("the file to say so", PATIENCE, || !definition(&world).contains("extra"));
    let told = world.json(&["messages", "--agency", "Team"]);
    let is_told = |message: &Value| {
        message["to"] == "Team/lead" && message["body"].to_string().contains("has left")
    };
    assert!(told.as_array().expect("messages").iter().any(is_told), "{told}");
}

#[test]
fn a_stopped_agency_takes_an_agent_that_stands_there_at_its_next_start() {
    let world = team("panes");
    world.must(&["stop", "Team"]);
    world.must(&["hire", "Team", "extra", "--role", "Helps out"]);
    assert_eq!(world.pane("Team/extra"), None);
    world.must(&["start", "Team"]);
    world.wait_for_state("Team/extra", "idle");
    assert_eq!(marks(&world).len(), 4);
}

#[test]
fn whom_the_template_knows_is_hired_with_the_templates_role_and_skills() {
    let world = World::new();
    let agents = ["--agents", "go-agent", "--runtime", "rehearsal", "--no-start"];
    world.must(&[&["create", "CodeAgency"][..], &agents].concat());
    assert_eq!(world.must(&["hire", "CodeAgency", "python-agent"]), "CodeAgency/python-agent");
    let agent = world.json(&["show", "CodeAgency"])["agents"][2].clone();
    assert_eq!(agent["role"], "Python specialist");
    assert!(agent["skills"].to_string().contains("pytest"), "{agent}");
    assert_eq!(agent["runtime"], "rehearsal", "it is what the others are");
    let role = world.home().join("agencies/CodeAgency/agents/python_agent.md");
    let role = std::fs::read_to_string(role).expect("the template's role file");
    assert!(role.contains("CodeAgency") && !role.contains("{{"), "{role}");
}

#[test]
fn what_a_person_has_arranged_stays_as_it_is_when_somebody_is_hired() {
    let world = World::new();
    let who = ["--coordinator", "lead", "--agents", "worker", "--runtime", "rehearsal"];
    world.must(&[&["create", "Team"][..], &who].concat());
    world.wait_until("both panes", PATIENCE, || marks(&world).len() == 2);
    let window = world.of_pane("Team/lead", "#{window_id}");
    let arranged = world.tmux(&["select-layout", "-t", &window, "even-vertical"]);
    assert_eq!(arranged.status, Some(0), "{arranged:?}");
    let place =
        || world.of_pane("Team/lead", "#{pane_left},#{pane_top} #{pane_width}x#{pane_height}");
    let before = place();
    world.must(&["hire", "Team", "extra"]);
    world.must(&["hire", "Team", "more"]);
    assert_eq!((marks(&world).len(), place()), (4, before));
}

#[test]
fn who_is_hired_comes_from_the_template_that_the_agency_was_made_of() {
    let world = World::new();
    let made = ["create", "Shop", "--template", "qa", "--coordinator", "boss", "--no-start"];
    world.must(&made);
    world.must(&["create", "Solo", "--no-start"]);
    let template = |name: &str| world.json(&["show", name])["template"].clone();
    assert_eq!((template("Shop"), template("Solo")), ("qa".into(), serde_json::Value::Null));
    let shown = world.must(&["show", "Shop"]);
    assert!(
        shown.lines().any(|line| line.starts_with("template") && line.ends_with("qa")),
        "{shown}"
    );
    world.must(&["dismiss", "Shop", "test-lead", "--yes"]);
    world.must(&["hire", "Shop", "test-lead", "--runtime", "shell"]);
    let agency = world.json(&["show", "Shop"]);
    let agents = agency["agents"].as_array().expect("a list");
    let hired = agents.iter().find(|agent| agent["name"] == "test-lead").expect("hired");
    let role = hired["role"].as_str().expect("a role");
    assert!(role != "Specialist" && !role.is_empty(), "{hired}");
    assert_ne!(hired["skills"], serde_json::json!([]), "{hired}");
}

#[test]
fn an_agency_that_is_only_made_is_seen_at_once_by_everybody() {
    let world = team("panes");
    world.must(&["create", "QAAgency", "--runtime", "rehearsal", "--no-start"]);
    let made = world.json(&["list"]);
    let names: Vec<&Value> =
        made.as_array().expect("agencies").iter().map(|a| &a["name"]).collect();
    assert_eq!(names, ["QAAgency", "Team"]);
    assert_eq!(made[0]["state"], "stopped");
    assert_eq!(world.json(&["status"])["agencies"][0]["name"], "QAAgency");
    assert_eq!(world.pane("QAAgency/qa-coordinator"), None);
}
