//! A stage: a world with one agency whose only agent is the stand-in, and what really happened to it.
//!
//! The test gives the stand-in orders through a pipe, never through its terminal; only what stands for a person
//! presses keys.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::world::{PATIENCE, World};

/// The agent that is the stand-in.
pub const ACTOR: &str = "Team/actor";

/// What its description says of it besides its screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It has no hooks: its screen is all there is.
    Silent,
    /// Its hooks tell with which text a turn began.
    Reporting,
    /// The same, and a hook of its own waits for letters.
    Letters,
}

/// One thing that really happened to the stand-in.
#[derive(Debug)]
pub struct Fact {
    /// What: `prompt`, `queued`, `command`, `approved`, `dropped`, `lost` …
    pub kind: String,
    /// The text that came with it, as its bytes were.
    pub text: String,
}

/// See the head of the file.
pub struct Stage {
    /// The world that it is in.
    pub world: World,
}

impl Stage {
    /// A stand-in that is ready.
    pub fn new(way: Way) -> Self {
        let stage = Self::opening(way, &Value::Null, |text| text);
        stage.wait_until_ready();
        stage
    }

    /// One with a plan of its own, started and not yet waited for; `edit` may change its description.
    pub fn opening(way: Way, plan: &Value, edit: impl FnOnce(String) -> String) -> Self {
        let stage = Self::closed(way, plan, edit);
        stage.open();
        stage
    }

    /// Everything is there and nothing runs.
    pub fn closed(way: Way, plan: &Value, edit: impl FnOnce(String) -> String) -> Self {
        let world = World::new();
        world.write("templates/runtimes/standin.toml", &edit(description(way)));
        if !plan.is_null() {
            world.write(&format!("stages/{ACTOR}/plan.json"), &plan.to_string());
        }
        Self { world }
    }

    /// Makes the agency; it runs from then on.
    pub fn open(&self) {
        self.world.must(&["create", "Team", "--coordinator", "actor", "--runtime", "standin"]);
    }

    /// Waits until the stand-in reads its keys and is known to be idle.
    pub fn wait_until_ready(&self) {
        self.wait_for_fact("ready");
        self.world.wait_for_state(ACTOR, "idle");
    }

    /// A file of the stand-in's.
    pub fn path(&self, name: &str) -> PathBuf {
        self.world.home().join("stages").join(ACTOR).join(name)
    }

    /// Everything that happened to it.
    pub fn facts(&self) -> Vec<Fact> {
        let text = std::fs::read_to_string(self.path("facts.jsonl")).unwrap_or_default();
        text.lines().filter_map(|line| fact(&serde_json::from_str(line).ok()?)).collect()
    }

    /// The texts of one kind.
    pub fn texts(&self, kind: &str) -> Vec<String> {
        self.facts().into_iter().filter(|fact| fact.kind == kind).map(|fact| fact.text).collect()
    }

    /// Waits until something has happened to it.
    pub fn wait_for_fact(&self, kind: &str) {
        self.world.wait_until(&format!("`{kind}` of the stand-in"), PATIENCE, || {
            !self.texts(kind).is_empty()
        });
    }

    /// Gives an order; it is obeyed when this returns.
    pub fn order(&self, line: &str) {
        let obeyed = || self.texts("done").iter().filter(|done| *done == line).count();
        let before = obeyed();
        let pipe = std::fs::OpenOptions::new().append(true).open(self.path("orders"));
        pipe.expect("a pipe").write_all(format!("{line}\n").as_bytes()).expect("ordered");
        self.world.wait_until(&format!("`{line}` to be done"), PATIENCE, || obeyed() > before);
    }

    /// Sends it a message and returns its id.
    pub fn send(&self, body: &str) -> String {
        self.world.must(&["send", ACTOR, "--type", "note", "--", body]).trim().to_owned()
    }

    /// A message as the workbench shows it.
    pub fn message(&self, id: &str) -> Value {
        let messages = self.world.json(&["messages"]);
        let found = messages.as_array().expect("a list").iter().find(|found| found["id"] == id);
        found.cloned().unwrap_or(Value::Null)
    }

    /// Waits until a message is in a state.
    pub fn wait_for_message(&self, id: &str, state: &str) {
        self.world.wait_until(&format!("message {id} to be {state}"), PATIENCE, || {
            self.message(id)["state"] == state
        });
    }

    /// Waits until the workbench says of a message why it is not delivered, in words that hold one of these.
    pub fn wait_for_reason(&self, id: &str, words: &[&str]) -> String {
        let mut reason = String::new();
        self.world.wait_until(&format!("message {id} to say {words:?}"), PATIENCE, || {
            reason = self.message(id)["reason"].as_str().unwrap_or_default().to_owned();
            words.iter().any(|word| reason.contains(word))
        });
        reason
    }

    /// Waits until something is so, and says how long that took.
    pub fn measure(&self, what: &str, is_so: impl FnMut() -> bool) -> Duration {
        let began = Instant::now();
        self.world.wait_until(what, PATIENCE, is_so);
        began.elapsed()
    }

    /// Waits for a state and says how long that took.
    pub fn measure_state(&self, state: &str) -> Duration {
        self.measure(&format!("{ACTOR} to be {state}"), || {
            self.world.state_of(ACTOR).as_deref() == Some(state)
        })
    }

    /// Tells figures to whoever runs the test with its output shown.
    pub fn tell(&self, figures: &[String]) {
        let _ = writeln!(std::io::stderr(), "{}", figures.join("\n"));
    }

    /// What the workbench explains of the agent.
    pub fn explained(&self) -> String {
        self.world.must(&["explain", ACTOR])
    }

    /// The prompts that hold a message, whichever way it came.
    pub fn prompts_with(&self, id: &str) -> Vec<String> {
        self.texts("prompt").into_iter().filter(|text| text.contains(id)).collect()
    }

    /// A message has reached the model once, fenced, with exactly these lines; nothing was approved or run.
    pub fn assert_arrived(&self, id: &str, lines: &[&str]) {
        self.wait_for_message(id, "delivered");
        // Without reports a text has left the input line a moment before it is written down.
        self.world.wait_until("the text to be written down", PATIENCE, || {
            !self.prompts_with(id).is_empty()
        });
        let prompts = self.prompts_with(id);
        assert_eq!(prompts.len(), 1, "{prompts:#?}");
        let mut wanted = vec![format!("[agency] note from operator, message {id}")];
        wanted.extend(lines.iter().map(|line| format!("| {line}")));
        // A blank closes a last word that a program could offer to complete.
        let text = prompts[0].strip_suffix(' ').unwrap_or(&prompts[0]);
        assert_eq!(text, wanted.join("\n"));
        self.assert_nothing_bad();
    }

    /// Nothing was approved, no command of the program was run, no text was glued to another.
    pub fn assert_nothing_bad(&self) {
        for kind in ["approved", "command", "shell", "dropped"] {
            assert_eq!(self.texts(kind), [""; 0], "{kind}\n{}", self.world.portrait());
        }
        for text in self.texts("prompt").iter().filter(|text| text.contains("[agency]")) {
            let text = text.trim_start_matches("<task-notification>\n");
            assert!(text.starts_with("[agency] "), "glued to another text: {text}");
        }
    }
}

fn fact(line: &Value) -> Option<Fact> {
    let hex = line["hex"].as_str()?;
    let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(byte).collect();
    let text = String::from_utf8_lossy(&bytes?).into_owned();
    Some(Fact { kind: line["kind"].as_str()?.to_owned(), text })
}

/// The description of the stand-in, put together from its parts.
fn description(way: Way) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/standin");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a description");
    let base = read("standin.toml").replace("@FOLDER@", &folder.display().to_string());
    let settings = |text: &str| format!("\n[files.\"settings.json\"]\njson = '{text}'\n");
    match way {
        Way::Silent => base,
        Way::Reporting => base + &read("reports.toml") + &settings(r#"{ "hooks": true }"#),
        Way::Letters => {
            let settings = settings(r#"{ "hooks": true, "letters": true }"#);
            base + &read("reports.toml")
                + &settings
                + "\n[channel]\nkind = \"hook\"\nstates = [\"idle\"]\n"
        }
    }
}
