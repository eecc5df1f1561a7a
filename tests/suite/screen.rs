//! The screen as a person has it: the real binary in a pane of a private tmux server, keys in, rows out.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use agency::adapters::process::Invocation;

use crate::playground::{Playground, binary, git, put, until};

/// Longest wait for anything on a loaded machine.
const LIMIT: Duration = Duration::from_secs(30);
/// What a person takes for "at once".
const AT_ONCE: Duration = Duration::from_millis(250);

const CHECKS: &str =
    "[checks]\ncommands = [['sh', '-c', 'test -f hello.txt && echo ok 1 - hello && echo 1..1']]";

const LEAD: &str = r#"
[[on]]
type = "goal"
steps = [
  { add_task = { title = "Say hello", feature = "hello", scope = "a file that says hello",
      done = ["it is there"], rollback = "revert the merge commit" }, as = "it" },
  { assign = "{it}", to = "Crew/dev" },
]

[[on]]
type = "complete"
steps = [{ submit = "{task}", rationale = "a file" }]
"#;

const DEV: &str = r#"
[[on]]
type = "task"
steps = [
  { start = "{task}" },
  { write = "hello.txt", text = "hello\n" },
  { commit = "hello" },
  { complete = "{task}" },
]
"#;

/// A workbench whose agents say hello.
pub fn playground() -> Playground {
    let make = |project: &std::path::Path| {
        put(&project.join("README.md"), "# A project\n");
        git(project, &["init", "-q", "-b", "main"]);
        git(project, &["add", "--all"]);
        git(project, &["commit", "-q", "-m", "first"]);
    };
    Playground::with(make, CHECKS, LEAD, DEV)
}

/// A terminal in which the program runs; when it ends, the terminal's settings are shown.
pub struct Terminal<'a> {
    playground: &'a Playground,
}

impl<'a> Terminal<'a> {
    /// Opens the screen and waits until it shows the agency.
    pub fn open(playground: &'a Playground) -> Self {
        let terminal = Self { playground };
        // In between stands a shell that lives on, so that what is left of the terminal can be seen.
        let script = format!(
            "sh -c 'echo $$ > \"{}\"; exec \"{}\"'; echo \"left with $?\"; stty -a; exec cat",
            terminal.pid_file().display(),
            binary().display()
        );
        let size = ["-x", "120", "-y", "36"];
        let set = [
            format!("AGENCY_HOME={}", playground.home().display()),
            format!("AGENCY_KEY_DIR={}", playground.keys().display()),
        ];
        let mut args = vec!["-f", "/dev/null", "new-session", "-d", "-s", "main"];
        args.extend(size);
        args.extend(set.iter().flat_map(|set| ["-e", set.as_str()]));
        args.extend(["sh", "-c", &script]);
        terminal.tmux(&args);
        terminal.see("Crew");
        terminal
    }

    fn pid_file(&self) -> PathBuf {
        self.playground.folder().join("screen.pid")
    }

    /// Asks the terminal's own server.
    pub fn tmux(&self, args: &[&str]) -> String {
        let socket = self.playground.folder().join("screen.sock");
        let mut run = Invocation::new("tmux", self.playground.folder()).args(["-S"]).args([socket]);
        for name in ["AGENCY_AGENT", "AGENCY_SPAWN", "AGENCY_TOKEN", "TMUX", "TMUX_PANE"] {
            run = run.unset(name);
        }
        let outcome = run.args(args).run(LIMIT).expect("tmux runs");
        assert!(outcome.status.success(), "tmux {args:?}: {}", outcome.problem());
        outcome.text()
    }

    /// Presses keys.
    pub fn keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys", "-t", "main"], keys].concat());
    }

    /// What it shows.
    pub fn rows(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-t", "main"])
    }

    /// Waits until a text is on the screen.
    pub fn see(&self, text: &str) -> String {
        until(LIMIT, text, || {
            Some(self.rows()).filter(|rows| rows.contains(text)).ok_or(self.rows())
        })
    }

    /// The terminal is as it was before the program came.
    fn assert_is_clean(&self) {
        let rows = self.see("left with 0");
        let rows = if rows.contains("echo") { rows } else { self.see("echo") };
        let words: Vec<&str> = rows.split(|c: char| c.is_whitespace() || c == ';').collect();
        assert!(words.contains(&"icanon") && words.contains(&"echo"), "{rows}");
        assert!(words.contains(&"isig") && words.contains(&"icrnl"), "{rows}");
        let modes = self.tmux(&[
            "display-message",
            "-p",
            "-t",
            "main",
            "#{alternate_on} #{cursor_flag} #{mouse_any_flag}",
        ]);
        assert_eq!(modes, "0 1 0", "no other screen, a cursor, no mouse");
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        // This server was started above and has this one pane.
        self.tmux(&["kill-server"]);
    }
}

#[test]
fn a_message_is_on_the_screen_at_once() {
    let playground = playground();
    let terminal = Terminal::open(&playground);
    let mut waits = Vec::new();
    // A machine that is busy with other tests may be late once, not five times.
    for number in 1..=5 {
        let text = format!("greeting-{number}");
        playground.ok(&["send", "Crew/dev", &text]);
        let sent = Instant::now();
        terminal.see(&text);
        waits.push(sent.elapsed());
        if waits.last() < Some(&AT_ONCE) {
            return;
        }
    }
    panic!("it took {waits:?}");
}

#[test]
fn work_is_approved_on_the_screen_and_seen_merged() {
    let playground = playground();
    let terminal = Terminal::open(&playground);
    playground.ok(&["goal", "Crew", "Say hello"]);
    terminal.see("AP-001");
    terminal.keys(&["2"]);
    terminal.see("1 passed, 0 failed");
    // Words that somebody goes on typing are no answer to the question that they opened.
    terminal.keys(&["a", "y"]);
    terminal.see("Approve AP-001?");
    until(LIMIT, "the merge", || {
        if terminal.rows().contains("Approve AP-001?") {
            terminal.keys(&["y"]);
        }
        Some(terminal.rows()).filter(|rows| rows.contains("✓ merged")).ok_or(terminal.rows())
    });
    assert_eq!(git(&playground.project(), &["show", "main:hello.txt"]), "hello");
    terminal.keys(&["q"]);
    terminal.assert_is_clean();
}

#[test]
fn the_screen_follows_every_size() {
    let playground = playground();
    let terminal = Terminal::open(&playground);
    for (across, down) in [(80, 24), (40, 12), (200, 60), (12, 3), (120, 36)] {
        let (across, down) = (across.to_string(), down.to_string());
        terminal.tmux(&["resize-window", "-t", "main", "-x", &across, "-y", &down]);
    }
    let rows = terminal.see("q quit");
    assert!(rows.lines().last().is_some_and(|last| last.contains("q quit")), "{rows}");
    terminal.tmux(&["resize-window", "-t", "main", "-x", "40", "-y", "12"]);
    until(LIMIT, "twelve rows with the agency in them", || {
        let rows = terminal.rows();
        let fits = rows.lines().count() <= 12 && rows.contains("Crew");
        if fits { Ok(()) } else { Err(rows) }
    });
}

#[test]
fn a_polite_kill_gives_the_terminal_back() {
    let playground = playground();
    let terminal = Terminal::open(&playground);
    let pid = std::fs::read_to_string(terminal.pid_file()).expect("a process id");
    let kill = Invocation::new("kill", playground.folder()).args(["-TERM", pid.trim()]);
    assert!(kill.run(LIMIT).expect("kill runs").status.success());
    terminal.assert_is_clean();
}

#[test]
fn a_supervisor_that_is_killed_is_missed_and_its_successor_is_seen() {
    let playground = playground();
    let terminal = Terminal::open(&playground);
    let status: serde_json::Value =
        serde_json::from_str(&playground.ok(&["status", "--json"])).expect("JSON");
    let pid = status["supervisor"]["pid"].as_u64().expect("a process id").to_string();
    let kill = Invocation::new("kill", playground.folder()).args(["-KILL", &pid]);
    assert!(kill.run(LIMIT).expect("kill runs").status.success());
    let rows = terminal.see("supervisor is not running");
    assert!(rows.contains("unknown") && !rows.contains("idle"), "{rows}");
    playground.ok(&["up"]);
    playground.ok(&["send", "Crew/dev", "after the fall"]);
    let rows = terminal.see("after the fall");
    assert!(!rows.contains("supervisor is not running"), "{rows}");
    terminal.see("idle");
}
