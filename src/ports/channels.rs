//! Channels: a text handed to an agent program without a keystroke.
//!
//! The program itself keeps the text until it can take it; that a turn began with it is told by its
//! reports, not by this. Where it is not certain that nothing was given, that is said: a text is never
//! handed over twice by itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// A text to hand over.
#[derive(Debug, Clone, PartialEq)]
pub struct Handing {
    /// Which way.
    pub way: Way,
    /// How long it may take, in milliseconds.
    pub deadline_ms: u32,
}

/// Which way a text goes; it is part of each.
#[derive(Debug, Clone, PartialEq)]
pub enum Way {
    /// A program of the agent's own is run.
    Command {
        /// Absolute path and arguments.
        argv: Vec<String>,
        /// Variables.
        env: BTreeMap<String, String>,
        /// Its folder.
        folder: PathBuf,
    },
    /// A document is posted to a server on loopback.
    Http {
        /// Its port.
        port: u16,
        /// The path.
        path: String,
        /// The document.
        body: serde_json::Value,
        /// User and password.
        login: Option<(String, String)>,
    },
    /// A line is added to a file that the program watches.
    File {
        /// The file.
        path: PathBuf,
        /// The line, without its end.
        line: String,
    },
    /// A hook of the program waits at this pipe.
    Letter {
        /// The named pipe.
        path: PathBuf,
        /// The text.
        text: String,
    },
}

/// How handing over went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    /// The program has it.
    Taken,
    /// The program certainly does not have it.
    NotTaken {
        /// Why.
        reason: String,
    },
    /// It may have it.
    Unknown {
        /// What is known.
        reason: String,
    },
}

/// Ways into a program that are not its keyboard.
pub trait Channels: Send + Sync {
    /// Hands a text over.
    fn hand_over(&self, handing: &Handing) -> Handed;
}

/// Channels for tests of others: nobody is at the other end.
#[cfg(test)]
#[derive(Debug, Default)]
pub struct FakeChannels;

#[cfg(test)]
impl Channels for FakeChannels {
    fn hand_over(&self, _: &Handing) -> Handed {
        Handed::NotTaken { reason: "nobody is there".to_owned() }
    }
}
