//! Texts handed over without a keystroke: by a command of the program, by its server on loopback, by a
//! file that it watches, by a pipe at which one of its hooks waits.
//!
//! Each way tells apart *certainly not taken* and *not known*. Nothing goes through a shell, and nothing
//! leaves this machine.

mod command;
mod file;
mod http;
mod letter;

use std::time::Duration;

use crate::ports::channels::{Channels, Handed, Handing, Way};

/// The real channels.
#[derive(Debug, Default)]
pub struct LocalChannels;

impl Channels for LocalChannels {
    fn hand_over(&self, handing: &Handing) -> Handed {
        let deadline = Duration::from_millis(u64::from(handing.deadline_ms));
        match &handing.way {
            Way::Command { argv, env, folder } => command::run(argv, env, folder, deadline),
            Way::Http { port, path, body, login } => {
                http::post(*port, path, body, login.as_ref(), deadline)
            }
            Way::File { path, line } => file::add(path, line),
            Way::Letter { path, text } => letter::put(path, text),
        }
    }
}

fn not_taken(reason: impl Into<String>) -> Handed {
    Handed::NotTaken { reason: reason.into() }
}

fn unknown(reason: impl Into<String>) -> Handed {
    Handed::Unknown { reason: reason.into() }
}
