//! Shells that are slow, ask, fail or become something else, and terminals that only collect lines: what is shown of
//! them is true, and nothing is typed that would be lost.

use agency::adapters::files;
use serde_json::Value;

use crate::world::{PATIENCE, World, text};

/// A shell and the file that it reads when it starts.
type Which = (&'static str, &'static str);

const ZSH: Which = ("/usr/bin/zsh", ".zshrc");
const FISH: Which = ("/usr/bin/fish", ".config/fish/config.fish");
const BASH: Which = ("/bin/bash", ".bashrc");

/// The one that is a shell, and one whose program has nothing to do with it.
const SHELL: &str = "Team/lead";
const PROGRAM: &str = "Team/worker";

fn put(world: &World, file: &str, words: &str) {
    let path = world.root().join(file);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    files::replace(&path, words.as_bytes(), 0o755, false).expect("written");
}

/// A world whose user has this shell, which starts like this; `GATE` is a file that the test makes.
fn begin((program, file): Which, starts: &str) -> World {
    let conf = format!("set -g default-shell {program}\n");
    let world = World::of_user(&conf, "t", &[("SHELL", Some(program))]);
    let starts = starts.replace("GATE", &text(&world.root().join("gate")));
    put(&world, &format!("user/{file}"), &starts);
    let who = ["--coordinator", "lead", "--agents", "worker", "--runtime", "rehearsal"];
    world.must(&[&["create", "Team", "--no-start"][..], &who].concat());
    let file = world.home().join("agencies/Team/agency.json");
    let definition = std::fs::read_to_string(&file).expect("a definition");
    let mut definition: Value = serde_json::from_str(&definition).expect("JSON");
    for agent in definition["agents"].as_array_mut().expect("agents") {
        if agent["name"] == "lead" {
            agent["runtime"] = "shell".into();
        }
    }
    world.write("agencies/Team/agency.json", &definition.to_string());
    // It waits for the shell, so it is not waited for.
    let up = "\"$0\" up </dev/null >/dev/null 2>&1 &";
    let home = text(&world.home());
    world.run("sh", &["-c", up, env!("CARGO_BIN_EXE_agency")], &[("AGENCY_HOME", &home)]);
    world
}

fn reason(world: &World, agent: &str) -> String {
    let said = world.agency(&["explain", agent]);
    said.stdout
}

fn wait_until_it_starts(world: &World) {
    world.wait_until("the shell to be seen before its prompt", PATIENCE, || {
        world.pane(SHELL).is_some() && reason(world, SHELL).contains("not at its prompt yet")
    });
    assert_eq!(world.state_of(SHELL).as_deref(), Some("starting"));
}

/// It works while a command of its user runs, and not after it.
fn works_as_told(world: &World) {
    world.wait_for_state(SHELL, "idle");
    world.type_text(SHELL, "cat");
    world.press(SHELL, &["Enter"]);
    world.wait_for_state(SHELL, "working");
    world.press(SHELL, &["C-c"]);
    world.wait_for_state(SHELL, "idle");
    world.must(&["down"]);
}

fn starts_slowly(which: Which, starts: &str) {
    let world = begin(which, starts);
    wait_until_it_starts(&world);
    // What is no shell does not wait for one.
    world.wait_for_state(PROGRAM, "idle");
    super::tell(&world, PROGRAM, "not held up");
    assert_eq!(world.state_of(SHELL).as_deref(), Some("starting"));
    put(&world, "gate", "");
    works_as_told(&world);
}

#[test]
fn a_zsh_that_starts_slowly_is_starting_until_its_prompt() {
    let slow = "echo BANNER\nwhile [[ ! -e GATE ]]; do sleep 0.05; done\n\
        RPROMPT='%T' PS1='%~ %# '\nbindkey -v\ncd /\n";
    starts_slowly(ZSH, slow);
}

#[test]
fn a_fish_that_starts_slowly_is_starting_until_its_prompt() {
    let slow = "echo BANNER\nwhile not test -e GATE; sleep 0.05; end\n\
        function fish_right_prompt; date; end\nfish_vi_key_bindings\n";
    starts_slowly(FISH, slow);
}

#[test]
fn a_shell_that_becomes_another_one_is_known_by_that() {
    starts_slowly(BASH, "while [ ! -e GATE ]; do sleep 0.05; done\nexec fish\n");
}

#[test]
fn a_shell_that_asks_something_at_its_start_waits_for_its_user() {
    let world = begin(ZSH, "read \"answer?Update now? [Y/n] \"\n");
    wait_until_it_starts(&world);
    world.wait_for_text(SHELL, "Update now?");
    world.press(SHELL, &["n", "Enter"]);
    works_as_told(&world);
}

#[test]
fn a_shell_that_would_begin_its_own_tmux_does_not_do_so_in_a_pane() {
    let world = begin(ZSH, "[[ -z $TMUX ]] && exec tmux new-session -A -s main\n");
    world.wait_for_state(SHELL, "idle");
    assert!(!super::sessions(&world).contains("main"));
    works_as_told(&world);
}

#[test]
fn a_shell_that_fails_is_tried_ever_more_slowly_and_again_when_asked() {
    let world = begin(ZSH, "exit 3\n");
    world.wait_until("it to have failed", PATIENCE, || {
        reason(&world, SHELL).contains("ended with status 3")
    });
    world.wait_for_state(PROGRAM, "idle");
    put(&world, "user/.zshrc", "");
    world.must(&["start", "Team"]);
    works_as_told(&world);
}

#[test]
fn programs_are_found_where_the_supervisor_finds_them_whatever_the_server_knows() {
    let world = World::of_user("set-environment -g PATH /usr/bin:/bin\n", "t", &[]);
    put(&world, "own/my-agent", "#!/bin/sh\necho found it; exec cat\n");
    world.write("templates/runtimes/mine.toml", "title = \"Mine\"\ncommand = [\"my-agent\"]\n");
    let own = world.root().join("own");
    let path = format!("{}:/usr/bin:/bin", text(&own));
    let create = ["create", "Team", "--coordinator", "lead", "--runtime", "mine"];
    let made = world.agency_with(&create, &[("PATH", &path)]);
    assert_eq!(made.status, Some(0), "{made:?}");
    world.wait_for_text(SHELL, "found it");
}

#[test]
fn a_supervisor_that_was_started_with_another_path_is_found_out_by_the_doctor() {
    let world = World::of_user("", "t", &[("PATH", Some("/usr/bin:/bin"))]);
    put(&world, "own/my-agent", "#!/bin/sh\nexec cat\n");
    world.write("templates/runtimes/mine.toml", "title = \"Mine\"\ncommand = [\"my-agent\"]\n");
    world.must(&["create", "Team", "--no-start", "--coordinator", "lead", "--runtime", "mine"]);
    world.agency(&["up"]);
    let path = format!("{}:/usr/bin:/bin", text(&world.root().join("own")));
    let sees = |folders: &str| {
        let words = format!("PATH='{folders}' exec '{}' doctor", env!("CARGO_BIN_EXE_agency"));
        let home = text(&world.home());
        world.run("sh", &["-c", &words], &[("AGENCY_HOME", &home)]).stdout
    };
    assert!(sees(&path).contains("not in the supervisor's"), "{}", sees(&path));
    assert!(sees("/usr/bin:/bin").contains("not installed"));
}

/// A world with an agent that only reads lines, and the file into which it writes what it has read.
fn reader(multiline: bool) -> (World, std::path::PathBuf) {
    let world = World::of_user("", "t", &[]);
    let log = world.root().join("lines");
    let reads =
        "while printf 'line> ' && IFS= read -r line; do printf '%s\\n' \"$line\" >> \"$0\"; done";
    let about = format!(
        "title = \"Lines\"\ncommand = [\"sh\", \"-c\", '''{reads}''', '{}']\n\n\
         [input_line]\nprompt = \"line> \"\nmultiline = {multiline}\n",
        text(&log)
    );
    world.write("templates/runtimes/lines.toml", &about);
    let who = ["--coordinator", "lead", "--runtime", "lines", "--layout", "windows"];
    world.must(&[&["create", "Team"][..], &who].concat());
    (world, log)
}

/// Sends a body and gives the line that the program read for it.
fn read_of(world: &World, log: &std::path::Path, body: &str) -> String {
    let id = world.must(&["send", SHELL, body]).trim().to_owned();
    let mut line = String::new();
    world.wait_until("a line about it", PATIENCE, || {
        let lines = std::fs::read_to_string(log).unwrap_or_default();
        line = lines.lines().find(|line| line.contains(&id)).unwrap_or_default().to_owned();
        !line.is_empty()
    });
    line
}

#[test]
fn a_program_that_reads_lines_gets_each_body_whole_or_is_told_where_it_is() {
    let (world, log) = reader(false);
    for length in [100, 255, 256, 1024, 2000] {
        let body = format!("{}end", "x".repeat(length - 3));
        let line = read_of(&world, &log, &body);
        assert!(line.contains(&body), "{length}: {line}");
    }
    // Quoted, this is longer than any terminal keeps; the others are too long for any pane.
    for body in ["\"".repeat(2040), "y".repeat(4095), "y".repeat(4096), "y".repeat(10_000)] {
        let line = read_of(&world, &log, &body);
        assert!(line.ends_with("read it with: agency inbox"), "{}: {line}", body.len());
    }
    let lines = std::fs::read_to_string(&log).expect("lines");
    assert_eq!(lines.lines().count(), 9, "each once and as one line: {lines}");
}

#[test]
fn what_is_no_line_is_not_typed_into_a_terminal_that_takes_lines_only() {
    let (world, log) = reader(true);
    let line = read_of(&world, &log, "one\ntwo\nrm -rf nothing");
    assert!(line.ends_with("read it with: agency inbox"), "{line}");
    let lines = std::fs::read_to_string(&log).expect("lines");
    assert_eq!(lines.lines().count(), 1, "{lines}");
}
