//! Agents' panes before a person: attached from outside, from inside, from another tmux; looked at and typed
//! into on the screen. The person's terminal is a pane of a tmux server of its own.

use std::path::PathBuf;
use std::time::Duration;

use agency::adapters::process::{Invocation, Outcome};

use crate::playground::{Playground, binary, git, put, until};

/// Longest wait for anything on a loaded machine.
const LIMIT: Duration = Duration::from_secs(30);

/// Agents and the sizes of their panes.
const SIZES: &str = "#{@agency_agent} #{pane_width}x#{pane_height}";

/// Says that it is ready, then writes down every byte that it is given, and shows how many they are.
const RECORDER: &str = r"
import os, sys, termios, tty
tty.setraw(0)
os.write(1, b'\x1b[?2004hready\r\n')
count = 0
while True:
    piece = os.read(0, 65536)
    with open(sys.argv[1], 'ab') as file: file.write(piece)
    if piece.endswith(b'q'): break
    count += len(piece)
    os.write(1, b'got %d\r\n' % count)
os.write(1, b'\x1b[?2004ldone\r\n')
";

fn playground() -> Playground {
    let make = |project: &std::path::Path| {
        put(&project.join("README.md"), "# A project\n");
        git(project, &["init", "-q", "-b", "main"]);
        git(project, &["add", "--all"]);
        git(project, &["commit", "-q", "-m", "first"]);
    };
    Playground::with(make, "", "", "")
}

/// The same with an agency whose agents are shells.
fn with_shells() -> Playground {
    let playground = playground();
    // Not the shell of whoever runs the tests, with all that is set up in it.
    playground.server(&["set-option", "-g", "default-shell", "/bin/sh"]);
    for (name, value) in [("PS1", "$ "), ("ENV", "")] {
        playground.server(&["set-environment", "-g", name, value]);
    }
    playground.ok(&["create", "Web", "--agents", "dev", "--runtime", "shell"]);
    playground
}

impl Playground {
    /// Somebody's tmux command on the agents' server.
    fn server(&self, args: &[&str]) -> String {
        tmux(self, "tmux.sock", args)
    }

    fn pane(&self, agent: &str) -> String {
        let panes = self.server(&["list-panes", "-a", "-F", "#{@agency_agent} #{pane_id}"]);
        let mut rows = panes.lines().filter_map(|row| row.split_once(' '));
        rows.find(|(owner, _)| *owner == agent).expect("a pane").1.to_owned()
    }

    fn of_pane(&self, agent: &str, format: &str) -> String {
        self.server(&["display-message", "-p", "-t", &self.pane(agent), format])
    }
}

fn tmux(playground: &Playground, socket: &str, args: &[&str]) -> String {
    let outcome = run_tmux(playground, socket, args);
    assert!(outcome.status.success(), "tmux {args:?}: {}", outcome.problem());
    outcome.text()
}

/// What the agents' server says, if there is one just now.
fn tmux_says(playground: &Playground, args: &[&str]) -> String {
    run_tmux(playground, "tmux.sock", args).text()
}

fn run_tmux(playground: &Playground, socket: &str, args: &[&str]) -> Outcome {
    let socket = playground.folder().join(socket);
    let mut run = Invocation::new("tmux", playground.folder()).args(["-S"]).args([socket]);
    for name in ["AGENCY_AGENT", "AGENCY_SPAWN", "AGENCY_TOKEN", "TMUX", "TMUX_PANE"] {
        run = run.unset(name);
    }
    run.args(["-u"]).args(args).run(LIMIT).expect("tmux runs")
}

/// The terminal of a person who gives one command, after which its end is shown.
struct Person<'a> {
    playground: &'a Playground,
}

impl<'a> Person<'a> {
    /// `env` stands before the command, as `env -u TMUX`.
    fn runs(playground: &'a Playground, env: &str, arguments: &str) -> Self {
        let person = Self { playground };
        let words = person.folder("words").display().to_string();
        let script = format!(
            "{env} '{}' {arguments} 2> '{words}'; status=$?; cat '{words}'; echo \"left with $status\"; exec cat",
            binary().display()
        );
        person.opens(&["sh", "-c", &script]);
        person
    }

    /// A terminal with a shell that can stop and continue what it runs.
    fn with_a_shell(playground: &'a Playground) -> Self {
        let person = Self { playground };
        person.opens(&["env", "PS1=ready$ ", "bash", "--norc", "-i"]);
        person
    }

    fn opens(&self, program: &[&str]) {
        let set = [
            format!("AGENCY_HOME={}", self.playground.home().display()),
            format!("AGENCY_KEY_DIR={}", self.playground.keys().display()),
        ];
        let mut args = vec!["-f", "/dev/null", "new-session", "-d", "-s", "main"];
        args.extend(["-x", "120", "-y", "36"]);
        args.extend(set.iter().flat_map(|set| ["-e", set.as_str()]));
        args.extend(program);
        self.tmux(&args);
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.playground.folder().join(name)
    }

    fn tmux(&self, args: &[&str]) -> String {
        tmux(self.playground, "person.sock", args)
    }

    fn keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys", "-t", "main"], keys].concat());
    }

    /// Types a text, then Enter.
    fn types(&self, text: &str) {
        self.keys(&["-l", "--", text]);
        self.keys(&["Enter"]);
    }

    fn rows(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-t", "main"])
    }

    fn see(&self, text: &str) -> String {
        until(LIMIT, text, || {
            Some(self.rows()).filter(|rows| rows.contains(text)).ok_or(self.rows())
        })
    }

    /// Opens the screen and looks at the last agent of all.
    fn looks_at(playground: &'a Playground, agent: &str) -> Self {
        let person = Self::runs(playground, "env -u TMUX", "");
        person.see(agent.split('/').next().expect("an agency"));
        until(LIMIT, "the agent's pane", || {
            person.keys(&["G", "v"]);
            let rows = person.rows();
            if rows.contains(agent) && rows.contains("type into it") { Ok(()) } else { Err(rows) }
        });
        person.see("─── ");
        person
    }
}

impl Drop for Person<'_> {
    fn drop(&mut self) {
        // This server was started above.
        self.tmux(&["kill-server"]);
    }
}

/// The session that the only terminal of the agents' server shows.
fn shown(playground: &Playground) -> String {
    let clients = playground.server(&["list-clients", "-F", "#{client_tty} #{client_session}"]);
    let mut terminals = clients.lines().filter_map(|row| row.strip_prefix("/dev/"));
    terminals.next().and_then(|row| row.split(' ').nth(1)).unwrap_or_default().to_owned()
}

fn until_shown(playground: &Playground, session: &str) {
    until(LIMIT, session, || {
        let now = shown(playground);
        if now == session { Ok(()) } else { Err(now) }
    });
}

#[test]
fn outside_of_tmux_one_is_attached_and_comes_back() {
    let playground = playground();
    let size = || playground.of_pane("Crew/lead", "#{window_width}x#{window_height} #{pane_width}");
    let before = size();
    let person = Person::runs(&playground, "env -u TMUX", "attach");
    until_shown(&playground, "Crew");
    until(LIMIT, "a smaller window", || if size() == before { Err(size()) } else { Ok(()) });
    person.keys(&["C-b", "d"]);
    let rows = person.see("left with 0");
    assert!(!rows.contains("press"), "there is only one tmux: {rows}");
    until(LIMIT, "the size before", || if size() == before { Ok(()) } else { Err(size()) });
}

#[test]
fn what_a_person_arranged_is_exactly_there_after_a_small_terminal_and_a_killed_server() {
    let playground = playground();
    let layout = || {
        let rows = playground.server(&["list-panes", "-t", "=Crew:agents", "-F", SIZES]);
        rows.lines().collect::<Vec<_>>().join(" | ")
    };
    let lead = playground.pane("Crew/lead");
    playground.server(&["resize-pane", "-t", &lead, "-x", "61"]);
    let before = layout();
    let person = Person::runs(&playground, "env -u TMUX", "attach");
    until_shown(&playground, "Crew");
    until(LIMIT, "a smaller window", || if layout() == before { Err(layout()) } else { Ok(()) });
    person.keys(&["C-b", "d"]);
    person.see("left with 0");
    until(LIMIT, "the arrangement", || if layout() == before { Ok(()) } else { Err(layout()) });
    until(LIMIT, "it to be known", || {
        let log = playground.ok(&["log", "--json"]);
        if log.contains("session_arranged") { Ok(()) } else { Err(log) }
    });
    playground.server(&["kill-server"]);
    until(LIMIT, "the panes of another server", || {
        let run = tmux_says(&playground, &["list-panes", "-t", "=Crew:agents", "-F", SIZES]);
        let now = run.lines().collect::<Vec<_>>().join(" | ");
        if now == before { Ok(()) } else { Err(now) }
    });
    let log = playground.ok(&["log", "--json"]);
    let kind = "\"kind\": \"session_arranged\"";
    assert_eq!(log.matches(kind).count(), 1, "the small one arranged nothing: {log}");
}

#[test]
fn inside_another_tmux_one_is_told_about_the_prefix_and_one_pane_fills_the_window() {
    let playground = playground();
    let person = Person::runs(&playground, "env", "attach Crew dev --zoom");
    until_shown(&playground, "Crew");
    let dev = playground.pane("Crew/dev");
    let front = "#{pane_active} #{window_zoomed_flag}";
    assert_eq!(playground.server(&["display-message", "-p", "-t", &dev, front]), "1 1");
    // Sent to the pane, these keys are the inner server's already.
    person.keys(&["C-b", "d"]);
    let rows = person.see("left with 0");
    assert!(rows.contains("press C-b twice"), "{rows}");
    until(LIMIT, "all panes", || {
        let zoomed = playground.of_pane("Crew/dev", "#{window_zoomed_flag}");
        if zoomed == "0" { Ok(()) } else { Err(zoomed) }
    });
}

#[test]
fn inside_the_agents_own_server_the_client_switches() {
    let playground = playground();
    let set = format!("AGENCY_HOME={}", playground.home().display());
    let keys = format!("AGENCY_KEY_DIR={}", playground.keys().display());
    let mine = ["new-session", "-d", "-s", "mine", "-e", &set, "-e", &keys, "sh"];
    playground.server(&mine);
    let person = Person { playground: &playground };
    let socket = playground.folder().join("tmux.sock").display().to_string();
    person.opens(&["env", "-u", "TMUX", "tmux", "-S", &socket, "attach", "-t", "=mine"]);
    until_shown(&playground, "mine");
    person.types(&format!("'{}' attach Crew/dev", binary().display()));
    until_shown(&playground, "Crew");
    let front = playground.server(&["display-message", "-p", "-t", "=Crew:", "#{pane_id}"]);
    assert_eq!(front, playground.pane("Crew/dev"));
    playground.server(&["kill-session", "-t", "=mine"]);
}

#[test]
fn who_only_looks_types_nothing() {
    let playground = with_shells();
    let person = Person::runs(&playground, "env -u TMUX", "attach Web/dev --read-only");
    until_shown(&playground, "Web");
    let read_only = playground.server(&["list-clients", "-F", "#{client_tty} #{client_readonly}"]);
    assert!(read_only.lines().any(|row| row.starts_with("/dev/") && row.ends_with(" 1")));
    person.types("echo zebra");
    until(LIMIT, "the way back", || {
        // A client may not take keys before it has drawn for the first time.
        person.keys(&["C-b", "d"]);
        let rows = person.rows();
        if rows.contains("left with 0") { Ok(()) } else { Err(rows) }
    });
    let screen = playground.server(&["capture-pane", "-p", "-t", &playground.pane("Web/dev")]);
    assert!(!screen.contains("zebra"), "{screen}");
}

#[test]
fn which_of_several_is_meant_must_be_said_where_nobody_can_pick() {
    let playground = playground();
    let only = playground.ok(&["attach", "--json"]);
    assert!(only.contains("=Crew"), "{only}");
    playground.ok(&["create", "Web", "--agents", "dev", "--runtime", "shell"]);
    playground.ok(&["stop", "Web"]);
    let several = playground.run(&["attach"]);
    let said = String::from_utf8_lossy(&several.stderr).into_owned();
    assert_eq!(several.status.code(), Some(2), "{said}");
    let words = String::from_utf8_lossy(&several.stderr).into_owned();
    assert!(words.contains("Crew, Web") && words.contains("agency attach Crew"), "{words}");
    let nowhere = playground.run(&["attach", "Crew"]);
    assert_eq!(nowhere.status.code(), Some(2), "there is no terminal");
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("agency attach Crew --json"));
    let stopped = playground.run(&["attach", "Web"]);
    assert_eq!(stopped.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&stopped.stderr).contains("agency start Web"));
    let person = Person::runs(&playground, "env -u TMUX", "attach");
    until(LIMIT, "the agencies", || {
        let words = std::fs::read_to_string(person.folder("words")).unwrap_or_default();
        if words.contains("Number or name") { Ok(()) } else { Err(words) }
    });
    person.types("1");
    until_shown(&playground, "Crew");
}

#[test]
fn from_the_screen_one_attaches_and_comes_back_to_it() {
    let playground = playground();
    let person = Person::runs(&playground, "env -u TMUX", "");
    person.see("Enter attach");
    person.keys(&["G", "Enter"]);
    until_shown(&playground, "Crew");
    person.see("dev");
    person.keys(&["C-b", "d"]);
    person.see("Enter attach");
    until_shown(&playground, "");
    person.keys(&["v"]);
    person.see("type into it");
    person.keys(&["q"]);
    person.see("left with 0");
}

#[test]
fn the_screen_is_stopped_and_continued_like_any_program() {
    let playground = playground();
    let person = Person::with_a_shell(&playground);
    person.see("ready$");
    person.types(&format!("'{}'", binary().display()));
    person.see("Enter attach");
    person.keys(&["G", "v"]);
    person.see("type into it");
    person.keys(&["C-z"]);
    person.see("Stopped");
    person.types("echo between $((20 + 22))");
    person.see("between 42");
    person.types("fg");
    let rows = person.see("type into it");
    assert!(!rows.contains("between 42"), "it is drawn anew: {rows}");
    person.see("Crew/dev");
    person.keys(&["q"]);
    person.see("ready$");
}

#[test]
fn what_is_typed_on_the_screen_arrives_byte_for_byte() {
    let playground = with_shells();
    let (recorder, record) =
        (playground.folder().join("recorder.py"), playground.folder().join("record"));
    put(&recorder, RECORDER);
    let person = Person::looks_at(&playground, "Web/dev");
    person.keys(&["i"]);
    person.see("typing into Web/dev - Ctrl-] ends");
    person.types("stty -echo; echo h\u{e9}llo-$((40 + 2)); ");
    person.see("h\u{e9}llo-42");
    person.types(&format!("python3 '{}' '{}'", recorder.display(), record.display()));
    person.see("ready");
    let mut expected: Vec<u8> = Vec::new();
    let mut sends = |bytes: &[u8]| {
        let words: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        person.keys(&[&["-H"], words.as_slice()].concat());
        expected.extend(bytes);
        expected.len()
    };
    // Every control character but Escape, which begins others, and the one that ends typing.
    let controls: Vec<u8> = (0..0x20).filter(|byte| ![0x1b, 0x1d].contains(byte)).collect();
    sends(&controls);
    sends("it's \"q\" #{x} $HOME ~ \\ ; -l -- %1 \u{fc}\u{6f22}\u{1f642}e\u{301};".as_bytes());
    sends(b"\x1b[A\x1b[B\x1b[1;5C\x1b[D\x1b[3~\x1b[5~\x1bOP\x1b[15~\x1b[Z\x7f\x1bx\x1b;\x1b\r");
    let so_far = sends("fast ".repeat(200).as_bytes());
    person.see(&format!("got {so_far}"));
    // A lone Escape is no beginning of what is typed after it.
    sends(b"\x1b");
    person.see(&format!("got {}", so_far + 1));
    sends(b"w");
    person.tmux(&["set-buffer", "two\nlines;\tand -more \u{e9}"]);
    person.tmux(&["paste-buffer", "-p", "-r", "-t", "main"]);
    expected.extend("\x1b[200~two\nlines;\tand -more \u{e9}\x1b[201~".as_bytes());
    person.see(&format!("got {}", expected.len()));
    person.keys(&["q"]);
    expected.push(b'q');
    person.see("done");
    let got = std::fs::read(&record).expect("a record");
    assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(&expected));
    assert_eq!(got, expected);
    person.keys(&["C-]"]);
    person.see("type into it");
    person.keys(&["q"]);
    person.see("left with 0");
}

#[test]
fn a_paste_of_several_lines_and_an_interrupt_reach_a_plain_program() {
    let playground = with_shells();
    let person = Person::looks_at(&playground, "Web/dev");
    person.keys(&["i"]);
    person.see("typing into Web/dev");
    person.types("cat -v | sed s/^/copy:/");
    person.tmux(&["set-buffer", "one\ntwo\nthree\n"]);
    person.tmux(&["paste-buffer", "-p", "-t", "main"]);
    person.keys(&["C-d"]);
    let rows = person.see("copy:three");
    assert!(rows.contains("copy:one") && rows.contains("copy:two"), "{rows}");
    person.types("sleep 600");
    // What is typed ahead of a program, an interrupt takes away.
    until(LIMIT, "it to run", || {
        let front = playground.of_pane("Web/dev", "#{pane_current_command}");
        if front == "sleep" { Ok(()) } else { Err(front) }
    });
    person.keys(&["C-c"]);
    person.types("echo after-$((6 * 7))");
    person.see("after-42");
}

#[test]
fn a_life_that_has_ended_gets_no_more_keys_nor_does_the_next() {
    let playground = with_shells();
    let person = Person::looks_at(&playground, "Web/dev");
    person.keys(&["i"]);
    person.see("typing into Web/dev");
    person.types("echo here-$((6 * 7))");
    person.see("here-42");
    let pid = playground.of_pane("Web/dev", "#{pane_pid}");
    let kill = Invocation::new("kill", playground.folder()).args(["-KILL", &pid]);
    assert!(kill.run(LIMIT).expect("kill runs").status.success());
    // What is typed on, before anybody could have seen it, is for nobody.
    person.keys(&["-l", "echo lost"]);
    person.see("typing has ended");
    until(LIMIT, "the next life", || {
        let now = playground.of_pane("Web/dev", "#{pane_dead} #{pane_pid}");
        if now.starts_with("0 ") && !now.ends_with(&pid) { Ok(()) } else { Err(now) }
    });
    let screen = playground.server(&["capture-pane", "-p", "-t", &playground.pane("Web/dev")]);
    assert!(!screen.contains("lost"), "{screen}");
    assert!(!person.rows().contains("typing into"), "{}", person.rows());
}
