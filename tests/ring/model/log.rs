//! What the model was asked, in order: the ground truth about what reached it.
//!
//! Every request is kept as it was understood, and with its whole body in the file, one JSON document a
//! line. Questions beside the conversation (titles, summaries) are kept and never counted.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::{Value, json};

use super::ask::{Ask, Part, Role};

/// One request.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// Its number, from 1.
    pub number: usize,
    /// Milliseconds since 1970.
    pub at: u128,
    /// Method and path.
    pub request: String,
    /// Beside the conversation.
    pub aside: bool,
    /// What was asked.
    pub ask: Ask,
    /// What the model does about it.
    pub answer: String,
}

/// The log; see the head of the file.
pub struct Log {
    entries: Mutex<Vec<Entry>>,
    file: Mutex<Option<File>>,
}

impl Log {
    /// An empty log, and an empty file.
    pub fn new(file: Option<&Path>) -> io::Result<Self> {
        let file = file.map(File::create).transpose()?;
        Ok(Self { entries: Mutex::default(), file: Mutex::new(file) })
    }

    /// Keeps a request; its number.
    pub fn keep(&self, request: String, ask: Ask, answer: String, body: &Value) -> usize {
        let mut entries = locked(&self.entries);
        let (number, at, aside) = (entries.len() + 1, now(), ask.is_aside());
        let entry = Entry { number, at, request, aside, ask, answer };
        let mut line = serde_json::to_value(&entry).unwrap_or_default();
        line["body"] = body.clone();
        self.write(&line);
        entries.push(entry);
        number
    }

    /// Notes that an answer went out whole, or was cut by the program.
    pub fn ended(&self, number: usize, how: &str) {
        self.write(&json!({ "number": number, "at": now(), "ended": how }));
    }

    /// Notes something that is no question to a model.
    pub fn note(&self, request: &str, body: &Value) {
        self.write(&json!({ "at": now(), "other": request, "body": body }));
    }

    /// Notes what could not be understood.
    pub fn complain(&self, what: &str) {
        self.write(&json!({ "at": now(), "complaint": what }));
    }

    /// Every request of the conversation so far, in order.
    pub fn turns(&self) -> Vec<Entry> {
        locked(&self.entries).iter().filter(|entry| !entry.aside).cloned().collect()
    }

    /// How often a text stands in what users said, byte for byte, in the request that has it most often.
    /// 1: it arrived, whole and once. A request holds its whole conversation: what came twice stands in it twice.
    pub fn heard(&self, text: &str) -> usize {
        let turns = self.turns();
        turns.iter().map(|entry| count(&entry.ask, Role::User, text)).max().unwrap_or(0)
    }

    /// The first request in which a user said it.
    pub fn first(&self, text: &str) -> Option<Entry> {
        self.turns().into_iter().find(|entry| count(&entry.ask, Role::User, text) > 0)
    }

    /// What the person seemed to say last, request by request, and what the model did: for a look at a failure.
    pub fn last_words(&self) -> Vec<String> {
        let line = |entry: &Entry| {
            let words = entry.ask.last_words().unwrap_or("(a tool's result)");
            format!("{} {} -> {}", entry.number, words, entry.answer)
        };
        self.turns().iter().map(line).collect()
    }

    /// Whether a request holds this text as the program's own word or among the user's.
    pub fn told(entry: &Entry, text: &str) -> bool {
        [Role::System, Role::User].iter().any(|role| count(&entry.ask, *role, text) > 0)
    }

    fn write(&self, line: &Value) {
        if let Some(file) = locked(&self.file).as_mut() {
            let _ = writeln!(file, "{line}");
        }
    }
}

/// How often a text stands in what this role said.
pub fn count(ask: &Ask, role: Role, text: &str) -> usize {
    ask.texts(role).map(|said| said.matches(text).count()).sum()
}

/// Whether a text stands anywhere in a conversation: said by anybody, or in a call or its result.
pub fn holds(ask: &Ask, text: &str) -> bool {
    ask.turns.iter().any(|(_, part)| match part {
        Part::Text(said) | Part::Call(said) | Part::Result(said) => said.contains(text),
    })
}

fn now() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis())
}

/// A thread that failed while it held the lock leaves whole entries behind.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
