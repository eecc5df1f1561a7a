//! The agent program that is measured with: a composer, dialogs and hooks, drawn as real programs draw theirs.
//!
//! This very binary, started with `stand-in KIND SOCKET` in an agent's pane. It does what the bench asks for on
//! the socket and says there what it has done. As real programs do, it takes an Enter that comes
//! right after a paste for a part of it. It has no model and no time of its own: what is measured is ours.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use serde_json::json;

/// The first word of its command line.
pub const WORD: &str = "stand-in";

/// An Enter that comes sooner after a paste belongs to it: what Claude Code, Codex and others need.
const PASTE_REST: Duration = Duration::from_millis(140);
/// A line a second, as an agent at work prints.
const TICK: Duration = Duration::from_secs(1);
/// A spinner's pace: Claude Code's and Codex's are 80 to 120 ms.
const SPIN: Duration = Duration::from_millis(100);

/// What it is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It reports its turns; texts are typed into it.
    Typed,
    /// The same, and a hook of it waits for texts.
    Letters,
    /// It reports nothing.
    Shown,
    /// Nobody asks it: it prints its lines.
    Alone,
}

enum Heard {
    Keys(Vec<u8>),
    Order(String),
    Letter(String),
    End,
}

struct Program {
    kind: Kind,
    hub: Option<UnixStream>,
    composer: Vec<u8>,
    is_pasting: bool,
    pasted_at: Option<Instant>,
    pace: Option<(Duration, Instant)>,
    lines: u64,
    heard: Sender<Heard>,
}

/// Is the program, until its terminal goes.
pub fn run(words: &[String]) {
    let kind = match words.first().map(String::as_str) {
        Some("typed") => Kind::Typed,
        Some("letters") => Kind::Letters,
        Some("shown") => Kind::Shown,
        _ => Kind::Alone,
    };
    let terminal = rustix::stdio::stdin();
    if let Ok(mut modes) = rustix::termios::tcgetattr(terminal) {
        modes.make_raw();
        let _ = rustix::termios::tcsetattr(terminal, rustix::termios::OptionalActions::Now, &modes);
    }
    let (heard, hears) = channel();
    let hub = words.get(1).map(|socket| UnixStream::connect(socket).expect("a hub"));
    let mut program = Program {
        kind,
        hub,
        composer: Vec::new(),
        is_pasting: false,
        pasted_at: None,
        pace: (kind == Kind::Alone).then(|| (TICK, Instant::now())),
        lines: 0,
        heard,
    };
    program.begin();
    program.work(&hears);
}

impl Program {
    fn begin(&mut self) {
        if let Some(hub) = &self.hub {
            let orders = hub.try_clone().expect("a socket");
            let heard = self.heard.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(orders).lines().map_while(Result::ok) {
                    let _ = heard.send(Heard::Order(line));
                }
            });
        }
        let heard = self.heard.clone();
        std::thread::spawn(move || {
            let mut input = std::io::stdin().lock();
            let mut bytes = [0; 16_384];
            while let Ok(count @ 1..) = input.read(&mut bytes) {
                let _ = heard.send(Heard::Keys(bytes[..count].to_vec()));
            }
            let _ = heard.send(Heard::End);
        });
        self.show("\x1b[?2004h");
        self.idle();
        if matches!(self.kind, Kind::Typed | Kind::Letters) {
            hook("SessionStart", "{}");
            self.wait_for_letter();
        }
        let name = std::env::var("AGENCY_AGENT").unwrap_or_default();
        self.say(&format!("here {name}"));
    }

    fn work(&mut self, hears: &Receiver<Heard>) {
        loop {
            let left = self.pace.map(|(_, at)| at.saturating_duration_since(Instant::now()));
            match hears.recv_timeout(left.unwrap_or(Duration::MAX)) {
                Ok(Heard::Keys(keys)) => self.take(&keys),
                Ok(Heard::Order(order)) => self.obey(&order),
                Ok(Heard::Letter(text)) => {
                    self.turn(&text);
                    self.wait_for_letter();
                }
                Ok(Heard::End) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => self.tick(),
            }
        }
    }

    fn obey(&mut self, order: &str) {
        let (word, rest) = order.split_once(' ').unwrap_or((order, ""));
        match word {
            "idle" => {
                self.pace = None;
                self.idle();
            }
            "working" => self.draw("* Working (esc to interrupt)"),
            "spinning" => {
                self.draw("* Working (esc to interrupt)");
                self.pace = Some((SPIN, Instant::now() + SPIN));
            }
            "dialog" => {
                self.pace = None;
                self.draw("Allow this command? [y/n] ");
            }
            "ticking" => self.pace = Some((TICK, Instant::now() + phase())),
            "hook" => {
                let (event, report) = rest.split_once(' ').unwrap_or((rest, "{}"));
                self.timed(|| hook(event, report));
            }
            "true" => self.timed(|| {
                let mut bare = Command::new("/bin/true");
                let _ = feed(bare.stdin(Stdio::piped()).stdout(Stdio::null()), "{}");
            }),
            _ => {}
        }
    }

    /// Says how long an act took, in nanoseconds.
    fn timed(&self, act: impl FnOnce()) {
        let began = Instant::now();
        act();
        self.say(&format!("ran {}", began.elapsed().as_nanos()));
    }

    fn tick(&mut self) {
        let Some((pace, at)) = self.pace else { return };
        self.pace = Some((pace, at + pace));
        self.lines += 1;
        let number = self.lines;
        if pace == SPIN {
            let frame = ["*", "+", "x", "-"][usize::try_from(number % 4).unwrap_or(0)];
            self.show(&format!("\r{frame} Working"));
        } else {
            self.show(&format!(
                "\r\x1b[Kline {number}: something was read and something was written\r\n"
            ));
            self.prompt();
        }
    }

    fn idle(&self) {
        self.draw("");
        self.prompt();
    }

    fn prompt(&self) {
        self.show("\r\x1b[K> ");
        self.show(&String::from_utf8_lossy(&self.composer).replace('\n', "\r\n  "));
    }

    /// A redraw of the whole screen in one write, the last row as given.
    fn draw(&self, last: &str) {
        let text: String = (0..6).map(|row| format!("what was said in row {row}\r\n")).collect();
        self.show(&format!("\x1b[2J\x1b[H{text}{last}"));
    }

    fn show(&self, text: &str) {
        let mut screen = std::io::stdout().lock();
        let _ = screen.write_all(text.as_bytes()).and_then(|()| screen.flush());
    }

    fn say(&self, line: &str) {
        if let Some(mut hub) = self.hub.as_ref() {
            let _ = hub.write_all(format!("{line}\n").as_bytes());
        }
    }

    fn take(&mut self, keys: &[u8]) {
        let mut rest = keys;
        while let [first, after @ ..] = rest {
            if let Some(after) = rest.strip_prefix(b"\x1b[200~") {
                (self.is_pasting, rest) = (true, after);
                continue;
            }
            if let Some(after) = rest.strip_prefix(b"\x1b[201~") {
                (self.is_pasting, self.pasted_at, rest) = (false, Some(Instant::now()), after);
                continue;
            }
            rest = after;
            let is_of_paste = self.pasted_at.is_some_and(|at| at.elapsed() < PASTE_REST);
            match first {
                b'\r' if !self.is_pasting && !is_of_paste => return self.submit(),
                b'\r' => self.composer.push(b'\n'),
                other => self.composer.push(*other),
            }
        }
        self.idle();
    }

    fn submit(&mut self) {
        let text = String::from_utf8_lossy(&std::mem::take(&mut self.composer)).into_owned();
        self.turn(&text);
    }

    /// A turn that begins with a text and ends at once.
    fn turn(&mut self, text: &str) {
        self.say("read");
        self.draw("* Working (esc to interrupt)");
        hook("UserPromptSubmit", &json!({ "prompt": text }).to_string());
        self.say("turned");
        hook("Stop", "{}");
        self.idle();
    }

    fn wait_for_letter(&self) {
        if self.kind != Kind::Letters {
            return;
        }
        let heard = self.heard.clone();
        std::thread::spawn(move || {
            let mut wait = program();
            wait.args(["hook", "wait"]).stdin(Stdio::null()).stdout(Stdio::null());
            let Ok(ended) = wait.stderr(Stdio::piped()).output() else { return };
            if ended.status.code() == Some(2) {
                let _ =
                    heard.send(Heard::Letter(String::from_utf8_lossy(&ended.stderr).into_owned()));
            }
        });
    }
}

fn program() -> Command {
    Command::new(std::env::var("AGENCY_BIN").unwrap_or_else(|_| "agency".to_owned()))
}

/// Reports an event as a program's hook does.
fn hook(event: &str, report: &str) {
    let mut command = program();
    command.args(["hook", event]).stdin(Stdio::piped()).stdout(Stdio::null());
    let _ = feed(command.stderr(Stdio::null()), report);
}

fn feed(command: &mut Command, text: &str) -> std::io::Result<()> {
    let mut child = command.spawn()?;
    if let Some(mut input) = child.stdin.take() {
        let _ = input.write_all(text.as_bytes());
    }
    child.wait().map(drop)
}

/// Fifty agents do not print in the same moment.
fn phase() -> Duration {
    Duration::from_millis(u64::from(std::process::id()) * 37 % 1000)
}
