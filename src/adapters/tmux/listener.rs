//! A listener: a second kind of client, attached to one session, that only hears what its panes print.
//!
//! It always reads, so the server never has to keep anything for it, and asks nothing: the few words it
//! says (too loud, not read) need no answer. It ends with its session; what it heard is told to whoever
//! watches, by the pane's id.

use std::process::ChildStdin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use super::client::{Client, Output, Read, Start, write_until};
use super::hearing::{Hearing, Number};
use super::link::{HintSlot, hung, lock};
use crate::domain::id::SpawnId;
use crate::ports::terminals::{PaneId, TerminalError, TerminalHint};

/// A word to the server is a few bytes; a server that does not take them now has other troubles.
const PATIENCE: Duration = Duration::from_millis(20);

/// One session's listener.
pub(super) struct Listener {
    shared: Arc<Shared>,
    client: Client,
}

struct Shared {
    hearing: Mutex<Hearing>,
    input: Mutex<Option<ChildStdin>>,
    is_alive: AtomicBool,
    session: String,
    hint: HintSlot,
}

/// What became of the session that is listened to; the later word counts more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Session {
    Same,
    Attached,
    Ended,
}

impl Listener {
    /// Starts listening to the session with this id, and waits until it is attached or has failed.
    pub(super) fn open(
        start: Start,
        session: String,
        hint: HintSlot,
    ) -> Result<Self, TerminalError> {
        let deadline = start.deadline;
        let (client, input, output) = Client::start(start)?;
        let shared = Arc::new(Shared {
            hearing: Mutex::default(),
            input: Mutex::new(Some(input)),
            is_alive: AtomicBool::new(true),
            session,
            hint,
        });
        let hears = Arc::clone(&shared);
        let (attached, is_attached) = mpsc::channel();
        std::thread::spawn(move || hears.run(output, attached));
        let listener = Self { shared, client };
        let command = "attach-session".to_owned();
        match is_attached.recv_timeout(deadline) {
            Ok(()) => Ok(listener),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(TerminalError::Died { command }),
            Err(mpsc::RecvTimeoutError::Timeout) => Err(hung(command, deadline)),
        }
    }

    /// Whether its session has not ended.
    pub(super) fn is_alive(&self) -> bool {
        self.shared.is_alive.load(Ordering::SeqCst)
    }

    /// What the server calls it.
    pub(super) fn name(&self) -> String {
        self.client.name()
    }

    /// From now on it hears these panes, each with the life in it, and no others.
    pub(super) fn read_only(&self, panes: &[(Number, SpawnId)]) {
        let words = lock(&self.shared.hearing).read_only(panes);
        self.shared.say(&words.concat());
        self.shared.tell();
    }

    /// A pane's screen is about to be read; whether the server must continue it first.
    pub(super) fn is_read_now(&self, pane: Number) -> bool {
        lock(&self.shared.hearing).is_read_now(pane)
    }

    /// A pane's screen could not be read.
    pub(super) fn was_not_read(&self, pane: Number) {
        lock(&self.shared.hearing).was_not_read(pane);
    }

    /// Whether a pane's program shows a progress; none if it never said.
    pub(super) fn progress(&self, pane: Number) -> Option<bool> {
        lock(&self.shared.hearing).progress(pane)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        lock(&self.shared.input).take();
    }
}

impl Shared {
    fn run(&self, mut output: Output, attached: mpsc::Sender<()>) {
        let (mut rest, mut attached) = (Vec::new(), Some(attached));
        loop {
            let next = lock(&self.hearing).next();
            let limit = next.map(|at| at.saturating_duration_since(Instant::now()));
            match output.read(limit) {
                Read::Bytes(bytes) => match self.take(&mut rest, bytes) {
                    Session::Ended => self.end(),
                    Session::Attached => {
                        let _ = attached.take().map(|attached| attached.send(()));
                    }
                    Session::Same => {}
                },
                Read::Nothing => {}
                Read::End => break,
            }
            self.tell();
        }
        self.end();
    }

    /// Takes bytes, however they are cut; gives what became of the session.
    fn take(&self, rest: &mut Vec<u8>, bytes: &[u8]) -> Session {
        rest.extend_from_slice(bytes);
        let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') else { return Session::Same };
        let tail = rest.split_off(end + 1);
        let whole = std::mem::replace(rest, tail);
        let mut words = String::new();
        let mut session = Session::Same;
        let mut hearing = lock(&self.hearing);
        let mut is_arranged = false;
        for line in whole.split(|byte| *byte == b'\n') {
            session = session.max(self.session_in(line));
            is_arranged |= line.starts_with(b"%layout-change ");
            words.extend(hearing.take(line));
        }
        drop(hearing);
        if is_arranged && let Some(callback) = lock(&self.hint).as_ref() {
            callback(TerminalHint::Arranged);
        }
        self.say(&words);
        session
    }

    /// What a line tells of the session. Where the user lets clients move on to another one when it ends,
    /// that one is not ours to listen to.
    fn session_in(&self, line: &[u8]) -> Session {
        let mut words = line.split(|byte| *byte == b' ');
        match words.next() {
            Some(b"%exit") => Session::Ended,
            Some(b"%session-changed") if words.next() == Some(self.session.as_bytes()) => {
                Session::Attached
            }
            Some(b"%session-changed") => Session::Ended,
            _ => Session::Same,
        }
    }

    /// It is heard no more; the output is still read to its end.
    fn end(&self) {
        self.is_alive.store(false, Ordering::SeqCst);
        lock(&self.input).take();
    }

    fn say(&self, words: &str) {
        if words.is_empty() {
            return;
        }
        if let Some(input) = lock(&self.input).as_mut() {
            // A pane that is not paused costs more, and is paused by the server at last.
            let _ = write_until(input, words.as_bytes(), Instant::now() + PATIENCE);
        }
    }

    fn tell(&self) {
        let due = lock(&self.hearing).due(Instant::now());
        if due.is_empty() || !self.is_alive.load(Ordering::SeqCst) {
            return;
        }
        if let Some(callback) = lock(&self.hint).as_ref() {
            let panes = due.into_iter().map(|number| PaneId(format!("%{number}")));
            callback(TerminalHint::Printed(panes.collect()));
        }
    }
}
