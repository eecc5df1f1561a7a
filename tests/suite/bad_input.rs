//! Bad input gets a clear error, a hint and its exit status, and loses nothing.
//!
//! Everything is typed into the real program. What happens when a process is killed in the middle of
//! its work is not here.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::shell::{LIMIT, Said, Shell, glance, until};

const ADD: [&str; 12] = [
    "task",
    "add",
    "Title",
    "--agency",
    "Web",
    "--feature",
    "f",
    "--scope",
    "s",
    "--done",
    "d",
    "--rollback=r",
];

/// A workbench with one small agency, not started.
fn with_agency() -> Shell {
    let shell = Shell::with_workbench();
    shell.agency(&["create", "Web", "--no-start"]).done();
    shell
}

fn events(shell: &Shell) -> usize {
    shell.agency(&["log", "--json"]).json().as_array().expect("a list").len()
}

#[test]
fn without_tmux_it_says_so_and_works_once_it_is_there() {
    let mut shell = with_agency();
    shell.limit_path(&["git", "sh", "env"]);
    shell.agency(&["up"]).refused(6, "tmux is not installed", "install tmux 3.2 or newer");
    shell.agency(&["attach", "Web"]).refused(6, "tmux is not installed", "install tmux");
    let (status, error) = shell.refusal(&["start", "Web"]);
    assert_eq!((status, error["code"].as_str()), (Some(6), Some("tmux_missing")));
    assert_eq!(shell.agency(&["doctor"]).status, Some(6));
    shell.agency(&["list"]).done();
    shell.limit_path(&["git", "sh", "env", "tmux"]);
    shell.agency(&["up"]).done();
    assert_eq!(shell.agency(&["show", "Web", "--json"]).json()["state"], "running");
}

#[test]
fn an_old_tmux_is_named_and_not_used() {
    let mut shell = with_agency();
    shell.limit_path(&["git", "sh", "env"]);
    shell.write_program("bin/tmux", "#!/bin/sh\necho \"$@\" >> \"$HOME/asked\"\necho tmux 3.1\n");
    let wanted = "tmux 3.1 is too old, 3.2 or newer is needed";
    shell.agency(&["up"]).refused(6, wanted, "install tmux 3.2 or newer");
    let (status, error) = shell.refusal(&["start", "Web"]);
    assert_eq!((status, error["code"].as_str()), (Some(6), Some("tmux_too_old")));
    shell.agency(&["demo", "--headless"]).refused(6, wanted, "install tmux");
    assert_eq!(shell.list("tmp"), [""; 0], "the demo left something");
    assert!(!shell.read("home/asked").contains("new-session"), "nothing was started with it");
}

#[test]
fn without_git_it_says_so() {
    let mut shell = with_agency();
    shell.limit_path(&["sh", "env", "tmux"]);
    shell.agency(&ADD).refused(6, "git is not installed", "install git");
    let doctor = shell.agency(&["doctor"]);
    assert_eq!(doctor.status, Some(6), "{doctor:?}");
    assert!(doctor.out.contains("problem  project: git is not installed"), "{doctor:?}");
    assert_eq!(shell.agency(&["task", "list", "--json"]).json(), serde_json::json!([]));
}

#[test]
fn a_project_that_cannot_be_worked_on_is_refused_by_its_fault() {
    let shell = Shell::new();
    shell.write("file", "");
    std::fs::create_dir(shell.root().join("plain")).expect("made");
    shell.git(".", &["init", "--quiet", "--bare", "bare"]);
    shell.git(".", &["init", "--quiet", "empty"]);
    shell.git(".", &["clone", "--quiet", "proj", "sub"]);
    let add = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../proj", "m"];
    shell.git("sub", &add);
    shell.git("sub", &["commit", "--quiet", "-m", "module"]);
    for (project, error, hint) in [
        ("../plain", "is not a git repository", "git init"),
        ("../nowhere", "is not a git repository", "git init"),
        ("../file", "is not a git repository", "git init"),
        ("../bare", "is a bare repository", "clone it"),
        ("../empty", "has no commit yet", "git commit --allow-empty"),
        ("../sub", "has submodules", "without submodules"),
    ] {
        shell.agency(&["init", "--project", project]).refused(5, error, hint);
        let (status, _) = shell.refusal(&["init", "--project", project]);
        assert_eq!((status, shell.list("wb")), (Some(5), vec![]), "{project}");
    }
}

#[test]
fn a_project_that_goes_bad_later_is_refused_when_work_is_given() {
    let shell = with_agency();
    shell.git("proj", &["checkout", "--quiet", "--detach"]);
    shell.agency(&ADD).refused(5, "has a detached head", "git switch");
    assert_eq!(shell.agency(&["doctor"]).status, Some(6));
    // The hint's second way works as well.
    let settings = shell.read("wb/agency.toml").replace("# branch = \"main\"", "branch = \"main\"");
    shell.write("wb/agency.toml", &settings);
    assert_eq!(shell.agency(&ADD).done(), "TASK-001");
    std::fs::rename(shell.root().join("proj"), shell.root().join("away")).expect("moved");
    shell.agency(&ADD).refused(5, "is not a git repository", "[project] path");
    assert_eq!(shell.agency(&["task", "list", "--json"]).json().as_array().map(Vec::len), Some(1));
}

#[test]
fn a_workbench_in_a_folder_without_a_repository_is_made_with_a_warning() {
    let shell = Shell::new();
    let made = shell.agency(&["init"]);
    assert_eq!(made.status, Some(0));
    assert!(
        made.err.contains("warning: ") && made.err.contains("not a git repository"),
        "{made:?}"
    );
    shell.agency(&["init"]).refused(5, "agency.toml` exists already", "agency status");
}

#[test]
fn a_name_that_could_lead_elsewhere_is_refused_before_anything_is_made() {
    let shell = Shell::with_workbench();
    let long = "a".repeat(300);
    let names = ["..", "a/b", "a:b", "a.b", "", "-x", "a b", "é", "../../etc", "*", &long];
    for name in names {
        let said = shell.agency(&["create", "--no-start", "--", name]);
        let said = said.refused(2, "name", "agency create --help");
        assert!(said.err.chars().count() < 300, "a long name is cut: {said:?}");
        shell.agency(&["create", "Web", "--coordinator", name]).refused(2, "", "");
        shell.agency(&["task", "add", "x", "--agency", name]).refused(2, "", "");
        if !["*", "a/b"].contains(&name) {
            shell.agency(&["send", "--", name, "hello"]).refused(2, "", "");
        }
    }
    shell.agency(&["create", "operator"]).refused(2, "`operator` is a reserved word", "");
    shell.agency(&["create", "Web", "--project", "../no"]).refused(3, "`../no`", "--project");
    shell.agency(&["create", "Web", "--project", "/"]).refused(5, "not a git repository", "");
    assert_eq!(shell.list("wb/agencies"), [""; 0]);
    assert!(shell.supervisor().is_none(), "nobody was woken for it");
}

#[test]
fn bad_settings_are_refused_with_line_and_column_before_and_after_the_start() {
    let shell = with_agency();
    let good = shell.read("wb/agency.toml");
    let bad = [
        ("[project]\npath = \"x\n", "agency.toml:2:10: not TOML"),
        (
            "[projct]\npath = \"x\"\n",
            "agency.toml:1:2: `projct`: unknown field; did you mean `project`",
        ),
        ("[tmux]\nwidth = 3\n", "agency.toml:2:9: `tmux.width`: 3 is not within 80 to 10000"),
    ];
    for (text, error) in bad {
        shell.write("wb/agency.toml", text);
        shell.agency(&["up"]).refused(2, error, "correct `");
        assert!(shell.supervisor().is_none());
        assert_eq!(shell.refusal(&["up"]).0, Some(2));
        shell.agency(&["list"]).done();
        assert_eq!(shell.agency(&["doctor"]).status, Some(6));
    }
    shell.write("wb/agency.toml", &good);
    shell.agency(&["up"]).done();
    shell.write("wb/agency.toml", bad[0].0);
    shell.agency(&["up"]).refused(2, bad[0].1, "correct `");
    assert_eq!(shell.agency(&["show", "Web", "--json"]).json()["state"], "running");
}

#[test]
fn a_bad_definition_keeps_its_own_agency_from_starting_and_no_other() {
    let shell = with_agency();
    shell.agency(&["create", "Docs", "--no-start"]).done();
    let good = shell.read("wb/agencies/Web/agency.json");
    for (text, error) in [
        ("{\n  \"name\": \"Web\",\n  \"agents\": [,]\n}", "agency.json:3:14: not JSON"),
        (
            "{\"name\":\"Web\",\"coordinator\":\"x\",\"agents\":[{\"nam\":\"y\"}]}",
            "agency.json:1:44: `agents[0].nam`: unknown field; did you mean `name`?",
        ),
    ] {
        shell.write("wb/agencies/Web/agency.json", text);
        shell.agency(&["start", "Web"]).refused(2, error, "correct");
        assert_eq!(shell.refusal(&["start", "Web"]).0, Some(2));
    }
    shell.agency(&["start", "Docs"]).done();
    shell.write("wb/agencies/Web/agency.json", &good);
    shell.agency(&["start", "Web"]).done();
}

#[test]
fn a_bad_message_is_refused_with_line_and_column_and_not_sent() {
    let shell = with_agency();
    let json = "line 1, column 29: not JSON: expected value";
    let text = "{\"type\": \"handoff\", \"task\": }";
    shell.agency(&["send", "Web", text]).refused(2, json, "plain text");
    assert_eq!(shell.refusal(&["send", "Web", text]).0, Some(2));
    let typed = shell.command(env!("CARGO_BIN_EXE_agency"), &shell.home());
    let said = shell.run(&typed.args(["send", "Web", "-"]).stdin("{\"a\":\n 1,,}"));
    said.refused(2, "line 2, column 4: not JSON", "plain text");
    shell.agency(&["send", "Web", ""]).refused(2, "the message is empty", "");
    shell.agency(&["send", "Web", "x", "--priority", "soon"]).refused(2, "low, normal, high", "");
    shell.agency(&["ack", "123"]).refused(2, "`123` is no whole message id", "");
    assert_eq!(shell.list("wb/registry/queue/new"), [""; 0]);
}

#[test]
fn what_does_not_exist_is_not_found_and_what_comes_later_says_so() {
    let shell = with_agency();
    for command in [
        "show No",
        "start No",
        "up No",
        "stop No",
        "restart No",
        "remove No",
        "attach No",
        "brief No/x",
        "goal No text",
        "task show TASK-001",
        "task start TASK-001",
        "approvals approve 9",
        "explain No",
        "create Web2 --template no",
        "create Web2 --runtime no",
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        let said = shell.agency(&words);
        assert_eq!(said.status, Some(3), "{command}: {said:?}");
        assert!(said.err.contains("error: ") && said.err.contains("hint: "), "{command}: {said:?}");
        assert_eq!(shell.refusal(&words).0, Some(3), "{command}");
    }
    shell.agency(&["attach", "Web"]).refused(5, "`Web` is stopped", "agency start Web");
    for noun in ["sandbox", "plan", "report", "skill", "incident"] {
        let said = shell.agency(&[noun, "deploy", "Web", "branch"]);
        let said = said.refused(2, &format!("this version has no `agency {noun}` yet"), "agency ");
        assert!(!said.err.contains("did you mean"), "{said:?}");
    }
    shell.agency(&["foo"]).refused(2, "`foo`", "agency --help");
    shell.agency_in("proj", &["status"]).refused(3, "is a workbench", "agency init");
    assert_eq!(shell.list("wb/agencies"), ["Web"]);
}

#[test]
fn a_second_supervisor_is_refused_and_the_first_goes_on() {
    let shell = with_agency();
    shell.agency(&["up"]).done();
    let first = shell.supervisor();
    shell.agency(&["supervise"]).refused(5, "another supervisor runs here", "`agency down`");
    let (status, error) = shell.refusal(&["supervise"]);
    assert_eq!((status, error["code"].as_str()), (Some(5), Some("supervisor_runs")));
    assert!(first.is_some() && shell.supervisor() == first);
    shell.agency(&["ledger", "verify"]).done();
}

#[test]
fn a_lock_that_a_dead_supervisor_left_does_not_hold() {
    let shell = with_agency();
    shell.agency(&["up"]).done();
    let pid = shell.supervisor().expect("it runs");
    kill_process(pid, Signal::KILL).expect("killed");
    until("it is gone", || shell.supervisor().is_none());
    assert_eq!(shell.read("wb/registry/supervisor.lock").trim(), pid.as_raw_nonzero().to_string());
    shell.agency(&["up"]).done();
    assert!(shell.supervisor().is_some_and(|now| now != pid));
    shell.agency(&["down"]).done();
    assert_ne!(shell.tmux(&["list-sessions"]).status, Some(0), "no session was left to itself");
    shell.agency(&["up"]).done();
}

#[test]
fn a_ledger_of_a_newer_program_is_read_and_not_written() {
    let shell = with_agency();
    shell.agency(&["up"]).done();
    shell.agency(&["down"]).done();
    let ledger = shell.home().join("registry/ledger.db");
    let connection = rusqlite::Connection::open(&ledger).expect("open");
    connection.pragma_update(None, "user_version", 99).expect("written");
    drop(connection);
    let before = events(&shell);
    let hint = "use the newer program";
    shell.agency(&["up"]).refused(5, "99", hint);
    let (status, error) = shell.refusal(&["start", "Web"]);
    assert_eq!((status, error["code"].as_str()), (Some(5), Some("newer_ledger")));
    shell.agency(&["status"]).done();
    assert!(before > 0 && events(&shell) == before);
}

#[test]
fn a_damaged_ledger_is_not_touched() {
    let shell = with_agency();
    shell.agency(&["up"]).done();
    shell.agency(&["down"]).done();
    let rubbish = "this is no ledger at all ".repeat(40);
    shell.write("wb/registry/ledger.db", &rubbish);
    for command in ["up", "status", "log"] {
        shell.agency(&[command]).refused(1, "is damaged", "keep a copy");
    }
    assert_eq!(shell.read("wb/registry/ledger.db"), rubbish);
    assert_eq!(shell.agency(&["doctor"]).status, Some(6));
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let shell = Shell::new();
    shell.write("file", "mine\n");
    shell.agency(&["init", "../file"]).refused(1, "Not a directory", "");
    shell.agency(&["init", "../file/below"]).refused(1, "Not a directory", "");
    assert_eq!(shell.read("file"), "mine\n");
    // Nobody may make a folder there, not even root.
    shell.agency(&["init", "/proc/self/fdinfo/x"]).refused(1, "/proc/self/fdinfo/x", "");
}

/// Runs a script where it may mount file systems of its own; none where the system does not allow it.
fn where_one_can_mount(shell: &Shell, script: &str) -> Option<Said> {
    let unshare = |script: &str| {
        let command = shell.command("unshare", shell.root());
        shell.run(&command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]))
    };
    let probe = unshare("mkdir -p m && mount -t tmpfs -o size=64k none m");
    (probe.status == Some(0)).then(|| unshare(script))
}

#[test]
fn a_read_only_disk_is_said_to_be_one() {
    let shell = Shell::new();
    let script = "mount -t tmpfs -o ro none m && cd m && \"$AGENCY_BIN\" init";
    let Some(said) = where_one_can_mount(&shell, script) else { return };
    said.refused(1, "its file system is read-only", "make the folder writable");
}

#[test]
fn on_a_full_disk_nothing_is_lost_or_half_made() {
    let shell = Shell::new();
    let socket = shell.socket().display().to_string();
    // Everything that was acknowledged before the disk was full is there after room was made.
    let script = format!(
        "set -e; mount -t tmpfs -o size=1m none m; mkdir m/wb; cd m/wb
        \"$AGENCY_BIN\" init --project ../../proj >&2
        sed -i 's|^# socket = .*|socket = \"{socket}\"|' agency.toml
        \"$AGENCY_BIN\" create Web >&2
        \"$AGENCY_BIN\" send Web before >/dev/null
        dd if=/dev/zero of=../fill bs=1k >/dev/null 2>&1 || true
        \"$AGENCY_BIN\" create Docs; echo create $?
        \"$AGENCY_BIN\" send Web full >/dev/null; echo send $?
        \"$AGENCY_BIN\" goal Web goal >/dev/null; echo goal $?
        echo made $(ls -A agencies)
        rm ../fill
        \"$AGENCY_BIN\" up >/dev/null; echo up $?
        \"$AGENCY_BIN\" create Docs >/dev/null; echo create $?
        \"$AGENCY_BIN\" messages --json | grep -c '\"before\"'
        \"$AGENCY_BIN\" ledger verify >&2; echo verify $?
        \"$AGENCY_BIN\" down >/dev/null"
    )
    .replace("set -e", "set -u");
    let Some(said) = where_one_can_mount(&shell, &script) else { return };
    assert!(said.err.contains("the disk is full"), "{said:?}");
    assert!(said.err.contains("make room"), "{said:?}");
    assert_eq!(said.err.matches("nothing was done: the disk").count(), 2, "{said:?}");
    let lines: Vec<&str> = said.out.lines().collect();
    let wanted = ["create 1", "send 1", "goal 1", "made Web", "up 0", "create 0", "1", "verify 0"];
    assert_eq!(lines, wanted, "{said:?}");
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let shell = with_agency();
    let shell_words = "\"$AGENCY_BIN\" list > /dev/full";
    let said = shell.run(&shell.command("sh", &shell.home()).args(["-c", shell_words]));
    said.refused(1, "standard output cannot be written", "");
}

/// Starts a command, interrupts it after a while, and returns when it has ended.
fn interrupt(shell: &Shell, args: &[&str], after: Duration) {
    let folder = shell.home();
    let folder = if folder.exists() { folder } else { shell.root().to_owned() };
    let invocation = shell.command(env!("CARGO_BIN_EXE_agency"), &folder).args(args);
    let mut command = invocation.to_command();
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut child = command.spawn().expect("started");
    let began = std::time::Instant::now();
    while began.elapsed() < after {
        glance();
    }
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process");
    let _ = kill_process(pid, Signal::INT);
    let until = began + LIMIT;
    while child.try_wait().expect("asked").is_none() {
        assert!(std::time::Instant::now() < until, "{args:?} does not end when interrupted");
        glance();
    }
}

#[test]
fn ctrl_c_leaves_nothing_half_made() {
    let shell = with_agency();
    for after in [0, 20, 60, 150, 400] {
        let after = Duration::from_millis(after);
        interrupt(&shell, &["up"], after);
        interrupt(&shell, &["send", "Web", "hello", "--wait"], after);
        interrupt(&shell, &["log", "--follow"], after);
        shell.agency(&["up"]).done();
        assert_eq!(shell.agency(&["show", "Web", "--json"]).json()["state"], "running");
        let panes =
            shell.tmux(&["list-panes", "-s", "-t", "=Web:", "-F", "#{@agency_agent}"]).done();
        assert_eq!(panes.lines().filter(|line| *line == "Web/coordinator").count(), 1, "{panes}");
        assert_eq!(shell.list("wb/registry/queue/tmp"), [""; 0]);
        shell.agency(&["down"]).done();
    }
    shell.agency(&["ledger", "verify"]).done();
}

#[test]
fn a_demo_leaves_nothing_even_when_it_is_interrupted() {
    let shell = Shell::new();
    for after in [0, 80, 300, 900, 1800] {
        interrupt(&shell, &["demo", "--headless"], Duration::from_millis(after));
        assert_eq!(shell.list("tmp"), [""; 0], "after {after} ms");
        until("its processes are gone", || shell.processes().is_empty());
    }
    let whole = shell.agency(&["demo", "--headless"]).done();
    assert!(whole.contains("tested afresh"), "{whole}");
    assert_eq!(shell.list("tmp"), [""; 0]);
}
