//! The persistent control-mode client: requests in, answers out, each with a deadline.
//!
//! Requests of several threads are pipelined. After each one goes a `display-message` with a word of its
//! own: whatever number of blocks a chain gives (conditions add some, errors cut some), all that come
//! before that word belong to it. No call can hang: writing is non-blocking, waiting has a deadline.
//! The child ends when its input closes, so it cannot outlive this process.

use std::collections::VecDeque;
use std::process::ChildStdin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use super::client::{Client, Output, Read, Start, Unsent, write_until};
use super::command::{self, Cmd};
use super::protocol::{Block, Item, Parser};
use crate::ports::terminals::{TerminalError, TerminalHint};

/// Where the hint callback lives: it outlasts every single connection.
pub(super) type HintSlot = Arc<Mutex<Option<Box<dyn Fn(TerminalHint) + Send>>>>;

/// A connection to the server.
pub(super) struct Link {
    input: Mutex<Option<Input>>,
    shared: Arc<Shared>,
    /// Held for its end: it goes after the input.
    _client: Client,
}

struct Input {
    pipe: ChildStdin,
    next: u64,
}

struct Shared {
    waiting: Mutex<VecDeque<Pending>>,
    is_alive: AtomicBool,
    hint: HintSlot,
}

struct Pending {
    last_word: String,
    blocks: Vec<Block>,
    answer: mpsc::Sender<Vec<Block>>,
}

/// Where the blocks of one chain arrive.
type Answer = mpsc::Receiver<Vec<Block>>;

impl Link {
    /// Starts the client and waits until it is attached.
    pub(super) fn open(start: Start, hint: HintSlot) -> Result<Self, TerminalError> {
        let deadline = start.deadline;
        let (client, pipe, output) = Client::start(start)?;
        let shared =
            Arc::new(Shared { waiting: Mutex::default(), is_alive: AtomicBool::new(true), hint });
        let (attached, is_attached) = mpsc::channel();
        let reader = Reader { shared: Arc::clone(&shared), attached };
        std::thread::spawn(move || reader.run(output));
        let input = Mutex::new(Some(Input { pipe, next: 0 }));
        let link = Self { input, shared, _client: client };
        let command = || "attach-session".to_owned();
        match is_attached.recv_timeout(deadline) {
            Ok(()) => Ok(link),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                Err(TerminalError::Died { command: command() })
            }
            Err(mpsc::RecvTimeoutError::Timeout) => Err(hung(command(), deadline)),
        }
    }

    /// Whether the server has not ended the connection.
    pub(super) fn is_alive(&self) -> bool {
        self.shared.is_alive.load(Ordering::SeqCst)
    }

    /// Runs a chain and gives the output of all its commands; the first error is the answer's.
    pub(super) fn ask(&self, chain: &[Cmd], deadline: Duration) -> Result<String, TerminalError> {
        let answers = self.ask_each(std::slice::from_ref(&chain), deadline)?;
        to_text(&command::name_of(chain), answers.first().map(Vec::as_slice).unwrap_or_default())
    }

    /// Runs chains in one go and gives the blocks of each, errors too: one that fails stops no other.
    pub(super) fn ask_each(
        &self,
        chains: &[&[Cmd]],
        deadline: Duration,
    ) -> Result<Vec<Vec<Block>>, TerminalError> {
        let name = chains.first().map(|chain| command::name_of(chain)).unwrap_or_default();
        let until = Instant::now() + deadline;
        let answers = self.post(chains, until).map_err(|problem| match problem {
            Unsent::TimedOut => hung(name.clone(), deadline),
            Unsent::Closed => TerminalError::Died { command: name.clone() },
        })?;
        let left = || until.saturating_duration_since(Instant::now());
        let received = answers.into_iter().map(|answer| answer.recv_timeout(left()));
        received
            .map(|blocks| {
                blocks.map_err(|error| match error {
                    mpsc::RecvTimeoutError::Disconnected => {
                        TerminalError::Died { command: name.clone() }
                    }
                    mpsc::RecvTimeoutError::Timeout => hung(name.clone(), deadline),
                })
            })
            .collect()
    }

    /// How many chains it was asked.
    #[cfg(test)]
    pub(super) fn asked(&self) -> u64 {
        lock(&self.input).as_ref().map_or(0, |input| input.next)
    }

    fn post(&self, chains: &[&[Cmd]], until: Instant) -> Result<Vec<Answer>, Unsent> {
        let mut guard = lock(&self.input);
        let Some(input) = guard.as_mut() else { return Err(Unsent::Closed) };
        let (mut lines, mut answers) = (String::new(), Vec::new());
        for chain in chains {
            input.next += 1;
            let last_word = format!("agency-{}", input.next);
            let stop = [Cmd::new("display-message").flag("-p").param(last_word.clone())];
            lines.push_str(&format!("{}\n{}\n", command::to_line(chain), command::to_line(&stop)));
            let (answer, waiting) = mpsc::channel();
            answers.push(waiting);
            // Queued under the same lock as it is written: answers come in the order of the lines.
            lock(&self.shared.waiting).push_back(Pending { last_word, blocks: Vec::new(), answer });
        }
        if !self.is_alive() {
            return Err(Unsent::Closed);
        }
        write_until(&mut input.pipe, lines.as_bytes(), until).map(|()| answers)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        lock(&self.input).take();
    }
}

struct Reader {
    shared: Arc<Shared>,
    attached: mpsc::Sender<()>,
}

impl Reader {
    fn run(self, mut output: Output) {
        let mut parser = Parser::default();
        while let Read::Bytes(bytes) = output.read(None) {
            let items = parser.feed(bytes);
            items.into_iter().for_each(|item| self.take(item));
        }
        self.end();
    }

    /// No answer will come any more; the output is still read to its end.
    fn end(&self) {
        if self.shared.is_alive.swap(false, Ordering::SeqCst) {
            // Dropping the senders tells those who wait.
            lock(&self.shared.waiting).clear();
            self.tell(TerminalHint::Lost);
        }
    }

    fn take(&self, item: Item) {
        match item {
            Item::Reply(block) => self.answer(block),
            Item::Attached => {
                let _ = self.attached.send(());
            }
            Item::Changed => self.tell(TerminalHint::Changed),
            Item::Arranged => {
                self.tell(TerminalHint::Arranged);
                self.tell(TerminalHint::Changed);
            }
            Item::Exit => self.end(),
        }
    }

    fn answer(&self, block: Block) {
        let mut waiting = lock(&self.shared.waiting);
        let Some(first) = waiting.front_mut() else { return };
        if block.text() != first.last_word {
            first.blocks.push(block);
        } else if let Some(done) = waiting.pop_front() {
            // Whoever asked may have given up: its answer is of no use then.
            let _ = done.answer.send(done.blocks);
        }
    }

    fn tell(&self, hint: TerminalHint) {
        if let Some(callback) = lock(&self.shared.hint).as_ref() {
            callback(hint);
        }
    }
}

fn to_text(name: &str, blocks: &[Block]) -> Result<String, TerminalError> {
    if let Some(block) = blocks.iter().find(|block| !block.is_ok) {
        return Err(TerminalError::Refused { command: name.to_owned(), problem: block.text() });
    }
    let bytes: Vec<u8> = blocks.iter().flat_map(|block| block.body.iter().copied()).collect();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The typed error for an answer that did not come.
pub(super) fn hung(command: String, after: Duration) -> TerminalError {
    TerminalError::Hung { command, after_ms: u64::try_from(after.as_millis()).unwrap_or(u64::MAX) }
}

/// A lock that a panic elsewhere does not make unusable.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
