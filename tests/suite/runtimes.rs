//! Programs of the user's own as agents: typed into only where their empty input line can be proven.

use std::path::Path;
use std::time::Duration;

use agency::adapters::process::Invocation;

use crate::playground::{Playground, git, put, until};

/// Longest wait for anything on a loaded machine.
const LIMIT: Duration = Duration::from_secs(20);

const RUNTIMES: &str = r#"
[runtime.prompter]
command = ["sh", "-c", "while printf 'ask> '; read -r line; do echo \"got $line\"; done"]
input_line = { prompt = "ask> ", home_column = 5 }
[runtime.mute]
command = ["cat"]
[runtime.gone]
command = ["no-such-program-anywhere"]
"#;

fn playground() -> Playground {
    let make = |project: &Path| {
        put(&project.join("README.md"), "# A project\n");
        git(project, &["init", "-q", "-b", "main"]);
        git(project, &["add", "--all"]);
        git(project, &["commit", "-q", "-m", "first"]);
    };
    Playground::with(make, RUNTIMES, "", "")
}

fn screen(playground: &Playground, agency: &str) -> String {
    let socket = playground.folder().join("tmux.sock");
    let capture = ["capture-pane", "-p", "-t", &format!("={agency}:agents")].map(str::to_owned);
    let run =
        Invocation::new("tmux", playground.folder()).args(["-S"]).args([socket]).args(capture);
    run.run(LIMIT).expect("tmux runs").text()
}

fn states(playground: &Playground, agency: &str) -> Vec<String> {
    let messages = playground.ok(&["messages", "--agency", agency, "--json"]);
    let messages: serde_json::Value = serde_json::from_str(&messages).expect("JSON");
    let messages = messages.as_array().expect("a list").iter();
    messages.map(|message| message["state"].as_str().expect("a state").to_owned()).collect()
}

#[test]
fn a_program_with_a_known_prompt_is_typed_into_and_one_without_is_not() {
    let playground = playground();
    for (agency, runtime) in [("Prompt", "prompter"), ("Mute", "mute")] {
        playground.ok(&["create", agency, "--coordinator", "it", "--runtime", runtime]);
    }
    playground.ok(&["send", "Mute/it", "never typed"]);
    playground.ok(&["send", "Prompt/it", "typed once"]);
    until(LIMIT, "the text in the program", || {
        // One line, wrapped by the screen: to this program each line's end would be an Enter.
        let rows = screen(&playground, "Prompt");
        let is_whole = rows.replace('\n', "").matches(": \"typed once\"").count() == 2;
        if is_whole && rows.matches("got ").count() == 1 { Ok(()) } else { Err(rows) }
    });
    until(LIMIT, "the delivery in the ledger", || match states(&playground, "Prompt") {
        states if states == ["delivered"] => Ok(()),
        states => Err(format!("{states:?}")),
    });
    // What came later has been delivered, so this one had its chance.
    assert_eq!(states(&playground, "Mute"), ["routed"]);
    assert!(!screen(&playground, "Mute").contains("never typed"));
}

#[test]
fn a_program_that_is_not_there_is_a_crash_and_not_a_long_start() {
    let playground = playground();
    playground.run(&["create", "Gone", "--coordinator", "it", "--runtime", "gone"]);
    until(LIMIT, "a crash", || {
        let said = playground.ok(&["explain", "Gone/it"]);
        if said.contains("is crashed") { Ok(()) } else { Err(said) }
    });
}

/// A described program: it shows what it was started with, reports, and stays.
const PROBE: &str = r#"
title = "Probe"
command = ["sh"]
version = ["-c", "echo probe 1.2.3"]
[start]
arguments = ["-c", "cat \"$SETTINGS\"; echo '{}' | \"$AGENCY_BIN\" hook Began; echo status $?; exec cat", "{conversation}"]
conversation = "chosen"
[environment]
SETTINGS = "{files}/settings.json"
NOTES = "{briefing_file}"
[files."settings.json"]
json = '{ "who": "{agent}", "port": "{port}" }'
[[report.event]]
name = "Began"
state = "working"
[[verified]]
version = "1.0.0"
on = "2026-01-01"
what = ["start"]
"#;

#[test]
fn a_described_program_is_started_with_its_files_and_its_hook_disturbs_nobody() {
    let playground = playground();
    put(&playground.home().join("templates/runtimes/probe.toml"), PROBE);
    playground.ok(&["create", "Probe", "--coordinator", "it", "--runtime", "probe"]);
    until(LIMIT, "the program with its file", || {
        let rows = screen(&playground, "Probe");
        let is_told = rows.contains("\"who\": \"Probe/it\"") && rows.contains("status 0");
        if is_told && !rows.contains("{port}") { Ok(()) } else { Err(rows) }
    });
    let checks = playground.run(&["runtime", "check", "probe", "--json"]).text();
    let checks: serde_json::Value = serde_json::from_str(&checks).expect("JSON");
    assert_eq!(checks[0]["version"], "1.2.3");
    assert_eq!(checks[0]["text"], "verified with 1.0.0, found 1.2.3: not verified with this one");
    put(&playground.home().join("templates/runtimes/bad.toml"), "title = \"Bad\"\ncomand = []\n");
    let broken = playground.run(&["runtime", "check", "bad"]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(broken.text().contains("bad.toml:2:1"), "{}", broken.text());
    let unknown = playground.run(&["create", "Other", "--runtime", "prob"]);
    assert_eq!(unknown.status.code(), Some(3));
    assert!(unknown.problem().contains("did you mean `probe`?"), "{}", unknown.problem());
}
