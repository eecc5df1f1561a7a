//! A control-mode client as a process: how it is started, read and written to, and how it ends.
//!
//! It knows nothing of what is said after the handshake. Reading ends when the client does, or when it is dropped, even
//! while a stopped server holds the pipe; writing is non-blocking with a deadline. The client ends when
//! its input closes, so it cannot outlive this process.

use std::io::{PipeReader, Read as _, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::handshake::Handshake;
use super::pause::Pause;
use crate::ports::terminals::TerminalError;

/// How long a client may take to end by itself; some versions hang on exit with output queued.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What a pipe holds: one read takes all that is there.
const PIPE: usize = 65_536;

/// How a client is started.
pub(super) struct Start {
    /// The program, its arguments and environment.
    pub(super) command: Command,
    /// Where it is led through, for a server that must not hear a handshake in pieces.
    pub(super) handshake: Option<Handshake>,
    /// How long it may take until the server has answered.
    pub(super) deadline: Duration,
}

/// The process. Whoever drops it has closed its input before.
pub(super) struct Client {
    child: Option<Child>,
    /// Closing this end wakes the reader.
    stop: Option<UnixStream>,
}

/// The reading end of a client's output.
pub(super) struct Output {
    pipe: PipeReader,
    stopped: UnixStream,
    buffer: Vec<u8>,
}

/// What a read gave.
pub(super) enum Read<'b> {
    /// These.
    Bytes(&'b [u8]),
    /// None within the limit.
    Nothing,
    /// There will be no more.
    End,
}

/// Why something was not written.
pub(super) enum Unsent {
    TimedOut,
    Closed,
}

impl Client {
    /// Starts it; gives its input, which never blocks, and its output.
    pub(super) fn start(start: Start) -> Result<(Self, ChildStdin, Output), TerminalError> {
        let Start { mut command, handshake, deadline } = start;
        let (pipe, written) = std::io::pipe().map_err(io)?;
        // The client holds the reading end of its own output too, in place of an error output it never
        // writes: should this process be killed, the server's last words still find a reader. On a
        // broken pipe the server would never let the client go, and neither of them would end.
        let own = pipe.try_clone().map_err(io)?;
        command.stdin(Stdio::piped()).stdout(written).stderr(own);
        let mut child = command.spawn().map_err(io)?;
        // With it goes our copy of the writing end, without which the output would have no end.
        drop(command);
        let Some(input) = child.stdin.take() else {
            return Err(TerminalError::Io { problem: "a pipe is missing".to_owned() });
        };
        let (stop, stopped) = UnixStream::pair().map_err(io)?;
        let client = Self { child: Some(child), stop: Some(stop) };
        if let Some(handshake) = handshake {
            handshake.lead(deadline).map_err(io)?;
        }
        let flags = fcntl_getfl(&input).map_err(|e| io(e.into()))?;
        fcntl_setfl(&input, flags | OFlags::NONBLOCK).map_err(|e| io(e.into()))?;
        Ok((client, input, Output { pipe, stopped, buffer: vec![0; PIPE] }))
    }

    /// What the server calls it.
    pub(super) fn name(&self) -> String {
        format!("client-{}", self.child.as_ref().map_or(0, Child::id))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
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

impl Output {
    /// Waits for output, up to a limit if there is one.
    pub(super) fn read(&mut self, limit: Option<Duration>) -> Read<'_> {
        match self.is_ready(limit) {
            None => Read::End,
            Some(false) => Read::Nothing,
            Some(true) => match self.pipe.read(&mut self.buffer) {
                Ok(count @ 1..) => Read::Bytes(self.buffer.get(..count).unwrap_or_default()),
                Ok(_) | Err(_) => Read::End,
            },
        }
    }

    /// Whether there is something to read; none when the client was dropped.
    fn is_ready(&self, limit: Option<Duration>) -> Option<bool> {
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        loop {
            let mut fds =
                [PollFd::new(&self.pipe, PollFlags::IN), PollFd::new(&self.stopped, PollFlags::IN)];
            match poll(&mut fds, limit.as_ref()) {
                Ok(0) => return Some(false),
                Ok(_) => return fds.get(1)?.revents().is_empty().then_some(true),
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return None,
            }
        }
    }
}

/// Writes all of it, or as much as the client takes until then.
pub(super) fn write_until(
    pipe: &mut ChildStdin,
    mut bytes: &[u8],
    until: Instant,
) -> Result<(), Unsent> {
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

fn io(error: std::io::Error) -> TerminalError {
    match error.kind() {
        std::io::ErrorKind::NotFound => TerminalError::NotInstalled,
        _ => TerminalError::Io { problem: error.to_string() },
    }
}
