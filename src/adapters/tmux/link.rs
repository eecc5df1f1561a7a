//! The persistent control-mode client: requests in, answers out, each with a deadline.
//!
//! Requests of several threads are pipelined. After each one goes a `display-message` with a word of its
//! own: whatever number of blocks a chain gives (conditions add some, errors cut some), all that come
//! before that word belong to it. No call can hang: writing is non-blocking, waiting has a deadline.
//! The child ends when its input closes, so it cannot outlive this process.

use std::collections::VecDeque;
use std::io::{PipeReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::command::{self, Cmd};
use super::pause::Pause;
use super::protocol::{Block, Item, Parser};
use crate::ports::terminals::{TerminalError, TerminalHint};

/// Where the hint callback lives: it outlasts every single connection.
pub(super) type HintSlot = Arc<Mutex<Option<Box<dyn Fn(TerminalHint) + Send>>>>;

/// How long a client may take to end by itself; some versions hang on exit with output queued.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A connection to the server.
pub(super) struct Link {
    child: Option<Child>,
    input: Mutex<Option<Input>>,
    shared: Arc<Shared>,
    /// Closing this end wakes the reader, even while a stopped server holds the pipe.
    stop: Option<UnixStream>,
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

impl Link {
    /// Starts the client and waits until it is attached.
    pub(super) fn open(
        mut command: Command,
        hint: HintSlot,
        deadline: Duration,
    ) -> Result<Self, TerminalError> {
        let (output, written) = std::io::pipe().map_err(io)?;
        // The client holds the reading end of its own output too, in place of an error output it never
        // writes: should this process be killed, the server's last words still find a reader. On a
        // broken pipe the server would never let the client go, and neither of them would end.
        let own = output.try_clone().map_err(io)?;
        command.stdin(Stdio::piped()).stdout(written).stderr(own);
        let mut child = command.spawn().map_err(io)?;
        // With it goes our copy of the writing end, without which the output would have no end.
        drop(command);
        let Some(pipe) = child.stdin.take() else {
            return Err(TerminalError::Io { problem: "a pipe is missing".to_owned() });
        };
        let (stop, stopped) = UnixStream::pair().map_err(io)?;
        let flags = fcntl_getfl(&pipe).map_err(|e| io(e.into()))?;
        fcntl_setfl(&pipe, flags | OFlags::NONBLOCK).map_err(|e| io(e.into()))?;
        let shared =
            Arc::new(Shared { waiting: Mutex::default(), is_alive: AtomicBool::new(true), hint });
        let (attached, is_attached) = mpsc::channel();
        let reader = Reader { shared: Arc::clone(&shared), attached, stopped };
        std::thread::spawn(move || reader.run(output));
        let link = Self {
            child: Some(child),
            input: Mutex::new(Some(Input { pipe, next: 0 })),
            shared,
            stop: Some(stop),
        };
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
        let name = command::name_of(chain);
        let until = Instant::now() + deadline;
        let (sender, answer) = mpsc::channel();
        self.post(chain, sender, until).map_err(|problem| match problem {
            Unsent::TimedOut => hung(name.clone(), deadline),
            Unsent::Closed => TerminalError::Died { command: name.clone() },
        })?;
        match answer.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(blocks) => to_text(&name, &blocks),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(TerminalError::Died { command: name }),
            Err(mpsc::RecvTimeoutError::Timeout) => Err(hung(name, deadline)),
        }
    }

    fn post(
        &self,
        chain: &[Cmd],
        answer: mpsc::Sender<Vec<Block>>,
        until: Instant,
    ) -> Result<(), Unsent> {
        let mut guard = lock(&self.input);
        let Some(input) = guard.as_mut() else { return Err(Unsent::Closed) };
        input.next += 1;
        let last_word = format!("agency-{}", input.next);
        let stop = [Cmd::new("display-message").flag("-p").param(last_word.clone())];
        let lines = format!("{}\n{}\n", command::to_line(chain), command::to_line(&stop));
        // Queued under the same lock as it is written: answers come in the order of the lines.
        lock(&self.shared.waiting).push_back(Pending { last_word, blocks: Vec::new(), answer });
        if !self.is_alive() {
            return Err(Unsent::Closed);
        }
        write_until(&mut input.pipe, lines.as_bytes(), until)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        lock(&self.input).take();
        let Some(mut child) = self.child.take() else { return };
        let stop = self.stop.take();
        std::thread::spawn(move || {
            let mut pause = Pause::up_to(LAST_WORDS);
            while matches!(child.try_wait(), Ok(None)) {
                if !pause.again() {
                    let _ = child.kill();
                    let _ = child.wait();
                }
            }
            // Only now: as long as the client lives, somebody must read what the server still has for
            // it, or neither of the two can end.
            drop(stop);
        });
    }
}

enum Unsent {
    TimedOut,
    Closed,
}

fn write_until(pipe: &mut ChildStdin, mut bytes: &[u8], until: Instant) -> Result<(), Unsent> {
    while !bytes.is_empty() {
        match pipe.write(bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                let left = until.saturating_duration_since(Instant::now());
                let limit = Timespec::try_from(left).map_err(|_| Unsent::TimedOut)?;
                let mut fds = [PollFd::new(pipe, PollFlags::OUT)];
                if left.is_zero() || matches!(poll(&mut fds, Some(&limit)), Ok(0)) {
                    return Err(Unsent::TimedOut);
                }
            }
            Err(_) => return Err(Unsent::Closed),
        }
    }
    Ok(())
}

struct Reader {
    shared: Arc<Shared>,
    attached: mpsc::Sender<()>,
    stopped: UnixStream,
}

impl Reader {
    fn run(self, mut output: PipeReader) {
        let mut parser = Parser::default();
        // 64 KiB: what a pipe holds, so one read takes all that is there.
        let mut buffer = vec![0_u8; 65_536];
        while self.is_ready(&output) {
            let Ok(count @ 1..) = output.read(&mut buffer) else { break };
            let items = parser.feed(buffer.get(..count).unwrap_or_default());
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

    /// Waits for output; false when the link was dropped.
    fn is_ready(&self, output: &PipeReader) -> bool {
        loop {
            let mut fds =
                [PollFd::new(output, PollFlags::IN), PollFd::new(&self.stopped, PollFlags::IN)];
            match poll(&mut fds, None) {
                Ok(_) => return fds.get(1).is_some_and(|fd| fd.revents().is_empty()),
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return false,
            }
        }
    }

    fn take(&self, item: Item) {
        match item {
            Item::Reply(block) => self.answer(block),
            Item::Attached => {
                let _ = self.attached.send(());
            }
            Item::Changed => self.tell(TerminalHint::Changed),
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

fn io(error: std::io::Error) -> TerminalError {
    match error.kind() {
        std::io::ErrorKind::NotFound => TerminalError::NotInstalled,
        _ => TerminalError::Io { problem: error.to_string() },
    }
}

/// A lock that a panic elsewhere does not make unusable.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
