//! A hook of an agent's program: `agency hook EVENT` and `agency hook wait`.
//!
//! It opens no ledger and reads no settings, it says nothing and it never fails: an agent works on whatever
//! becomes of its reports. What no supervisor takes is kept in the life's folder.

use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use crate::adapters::clock::SystemClock;
use crate::adapters::folder::{find_home, socket_path};
use crate::adapters::lives::{DiskLives, letter};
use crate::bootstrap::environment::Environment;
use crate::ports::clock::Clock as _;
use crate::ports::lives::Lives as _;
use crate::service::reports::send::{Sender, Sent, send};
use crate::service::reports::{Measure, prune};
use crate::service::workbench::Identity;

/// Longest report that is read, in bytes; of a longer one only its name is sent.
const MAX_REPORT: u64 = 1024 * 1024;

/// How long the report itself is waited for: a program writes it at once or not at all.
const READ_LIMIT: Duration = Duration::from_secs(1);

/// How long the supervisor is waited for: it answers within a millisecond or is in trouble.
const SEND_LIMIT: Duration = Duration::from_millis(450);

/// How long it is waited for once more, after a report has been kept.
const AGAIN_LIMIT: Duration = Duration::from_millis(50);

/// Reports what happened.
pub fn report(environment: &Environment, event: &str) {
    let Some(sender) = sender(environment) else { return };
    let report = read_report();
    let line = |measure| {
        let payload = prune(&report, measure);
        sender.line(SystemClock.now(), SystemClock.new_id(), event, &payload)
    };
    let (Ok(socket), Some(sent)) = (socket_path(&sender.home, None), line(Measure::SENT)) else {
        return;
    };
    if send(&socket, &sent, SEND_LIMIT) == Sent::Answered {
        return;
    }
    let lives = DiskLives::new(&sender.home);
    if let Some(kept) = line(Measure::KEPT)
        && lives.keep_report(sender.spawn, &kept).is_ok()
    {
        // A supervisor that came up in this moment may have looked before it was kept.
        send(&socket, &sent, AGAIN_LIMIT);
    }
}

/// Waits for a letter; none if there is nobody to wait for.
pub fn wait(environment: &Environment) -> Option<String> {
    let sender = sender(environment)?;
    let folder = DiskLives::new(&sender.home).folder(sender.spawn);
    letter::wait(&folder).ok().flatten()
}

/// Who this is; none outside of an agent's pane.
fn sender(environment: &Environment) -> Option<Sender> {
    let Identity::Agent { address, spawn, token } = &environment.identity else { return None };
    let home: PathBuf = environment.home.clone().or_else(|| find_home(&environment.folder))?;
    Some(Sender {
        home: home.canonicalize().ok()?,
        address: address.clone(),
        spawn: *spawn,
        token: token.clone(),
    })
}

/// What the program wrote to standard input; nothing from a terminal, or when it takes its time. It is read
/// to its end: a program whose pipe breaks could take that for an error.
fn read_report() -> Vec<u8> {
    if std::io::stdin().is_terminal() {
        return Vec::new();
    }
    let (done, waiting) = mpsc::channel();
    std::thread::spawn(move || {
        let mut report = Vec::new();
        let mut input = std::io::stdin().lock();
        let read = (&mut input).take(MAX_REPORT).read_to_end(&mut report);
        let _ = std::io::copy(&mut input, &mut std::io::sink());
        let _ = done.send(read.map(|_| report).unwrap_or_default());
    });
    waiting.recv_timeout(READ_LIMIT).unwrap_or_default()
}
