//! A workbench whose agents are stand-ins, and the socket on which they are told what to do.
//!
//! The first agency gets its texts typed, the second through a waiting hook, the third only shows its state on
//! its screen; all others are like the first. Every screen is read by rules, as with real programs.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::place::{Agent, Place};
use crate::standin;

/// Ten agents each.
pub const AGENCY_SIZE: usize = 10;
/// What a stand-in was asked for takes milliseconds; much later something is wrong.
const LIMIT: Duration = Duration::from_secs(10);

/// What its programs show, and how their empty input line is told.
const SHOWN: &str = r#"
[input_line]
prompt = "> "
enter_delay_ms = 150
multiline = true

[[screen]]
name = "a command is to be allowed"
state = "permission"
region = "bottom 8"
all = ['^Allow .*\? \[y/n\]\s*\z']

[[screen]]
name = "it works"
state = "working"
region = "bottom 8"
all = ['^[*+x-] Working[^\n]*\z']

[[screen]]
name = "the input line is empty"
state = "idle"
region = "cursor"
all = ['^>']
empty_input = true
"#;

/// What its programs report.
const REPORTED: &str = r#"
[report]
prompt = "prompt"

[[report.event]]
name = "SessionStart"
state = "idle"

[[report.event]]
name = "UserPromptSubmit"
state = "working"

[[report.event]]
name = "Ask"
state = "permission"
reason = "what"

[[report.event]]
name = "Stop"
state = "idle"
"#;

const LETTERS: &str = r#"
[channel]
kind = "hook"
states = ["idle"]
"#;

/// The workbench and its stand-ins.
pub struct Crew {
    /// The workbench.
    pub place: Place,
    programs: Programs,
    said: Receiver<Said>,
}

/// A word of a stand-in, and when it came.
pub struct Said {
    /// Its agent.
    pub agent: String,
    /// The word.
    pub word: String,
    /// When.
    pub at: Instant,
}

/// Where each agent's program listens.
type Programs = Arc<Mutex<HashMap<String, UnixStream>>>;

impl Crew {
    /// Makes agencies of ten and waits until all agents are idle.
    pub fn set_up(agencies: usize) -> Self {
        let place = Place::make();
        let socket = place.root().join("h");
        let (programs, said) = listen(&socket);
        for (runtime, parts) in [
            ("typed", &[REPORTED, SHOWN][..]),
            ("letters", &[REPORTED, SHOWN, LETTERS]),
            ("shown", &[SHOWN]),
        ] {
            place.describe(runtime, &description(runtime, &socket, &parts.concat()));
        }
        for number in 0..agencies {
            let runtime = ["typed", "letters", "shown"].get(number).unwrap_or(&"typed");
            place.create(&agency(number), runtime);
        }
        place.start(agencies * AGENCY_SIZE);
        Self { place, programs, said }
    }

    /// The agents of one agency, in the order of their panes.
    pub fn agents_of(&self, number: usize) -> Vec<Agent> {
        let name = agency(number);
        let agents = self.place.agents().into_iter();
        agents.filter(|agent| agent.address.agency.as_str() == name).collect()
    }

    /// Tells an agent's program what to do.
    pub fn tell(&self, agent: &str, order: &str) {
        let programs = self.programs.lock().expect("nobody panicked");
        let mut program = programs.get(agent).expect("a program");
        program.write_all(format!("{order}\n").as_bytes()).expect("told");
    }

    /// Tells all of them.
    pub fn tell_all(&self, order: &str) {
        for agent in self.place.agents() {
            self.tell(&agent.address.to_string(), order);
        }
    }

    /// Waits until an agent's program says a word that begins so.
    pub fn hear(&self, agent: &str, word: &str) -> Said {
        loop {
            let said = self.said.recv_timeout(LIMIT).expect("a word in time");
            if said.agent == agent && said.word.starts_with(word) {
                return said;
            }
        }
    }
}

fn agency(number: usize) -> String {
    // In the order in which the screen shows them.
    format!("Crew{number:02}")
}

fn description(kind: &str, socket: &Path, rest: &str) -> String {
    let own = std::env::current_exe().expect("this program");
    let words = [own.display().to_string(), standin::WORD.to_owned(), kind.to_owned()];
    format!(
        "title = \"Stand-in\"\ncommand = {:?}\n{rest}",
        [&words[..], &[socket.display().to_string()]].concat()
    )
}

fn listen(socket: &Path) -> (Programs, Receiver<Said>) {
    let listener = UnixListener::bind(socket).expect("a socket");
    let programs = Programs::default();
    let (says, said) = channel();
    let known = Arc::clone(&programs);
    std::thread::spawn(move || {
        for program in listener.incoming().map_while(Result::ok) {
            let (known, says) = (Arc::clone(&known), says.clone());
            std::thread::spawn(move || forward(program, &known, &says));
        }
    });
    (programs, said)
}

fn forward(program: UnixStream, known: &Programs, says: &Sender<Said>) {
    let mut agent = String::new();
    let words = BufReader::new(program.try_clone().expect("a socket"));
    for word in words.lines().map_while(Result::ok) {
        let at = Instant::now();
        if let Some(name) = word.strip_prefix("here ") {
            name.clone_into(&mut agent);
            let program = program.try_clone().expect("a socket");
            known.lock().expect("nobody panicked").insert(agent.clone(), program);
        }
        let _ = says.send(Said { agent: agent.clone(), word, at });
    }
}
