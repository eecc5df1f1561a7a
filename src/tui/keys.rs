//! The thread that waits for keys; asleep until one comes, and ended when the terminal is lent out.
//!
//! It waits on the terminal and on a pipe: closing the pipe ends it at once, so that no key meant for
//! another program is ever taken. A change of size comes as a signal, not from here.

use std::io::{ErrorKind, PipeReader, PipeWriter, pipe, stdin};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;

use crate::tui::decode::{Decoder, Input};
use crate::tui::msg::Msg;

/// How long what may become a sequence is waited for after an escape: no person types one in this
/// time, and every terminal that is not on a very slow line sends one in less.
const ESCAPE: Duration = Duration::from_millis(30);

/// The running thread.
pub struct Keys {
    closing: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

impl Keys {
    /// Starts to listen.
    pub fn listen(sender: Sender<Msg>) -> std::io::Result<Self> {
        let (closed, closing) = pipe()?;
        let work = move || {
            if listen(&sender, &closed).is_err() {
                // The terminal is gone: nobody will press a key again.
                let _ = sender.send(Msg::End);
            }
        };
        let thread = std::thread::Builder::new().name("tui-keys".to_owned()).spawn(work)?;
        Ok(Self { closing: Some(closing), thread: Some(thread) })
    }
}

impl Drop for Keys {
    /// Stops to listen, and waits until that is so.
    fn drop(&mut self) {
        drop(self.closing.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread woke up for.
enum Woken {
    Bytes,
    Silence,
    Closed,
}

fn listen(sender: &Sender<Msg>, closed: &PipeReader) -> std::io::Result<()> {
    let mut decoder = Decoder::default();
    // A large paste comes in pieces of the terminal's own buffer, 4096 bytes.
    let mut buffer = [0_u8; 4096];
    loop {
        let patience = decoder.is_undecided().then_some(ESCAPE);
        let inputs = match wait(closed, patience)? {
            Woken::Closed => return Ok(()),
            Woken::Silence => decoder.settle().into_iter().collect(),
            Woken::Bytes => {
                let count = match rustix::io::read(stdin(), &mut buffer) {
                    Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                    Ok(count) => count,
                    Err(Errno::INTR | Errno::AGAIN) => 0,
                    Err(error) => return Err(error.into()),
                };
                decoder.feed(buffer.get(..count).unwrap_or_default())
            }
        };
        for input in inputs {
            let msg = match input {
                Input::Key(key) => Msg::Key(key),
                Input::Paste(text) => Msg::Paste(text),
            };
            if sender.send(msg).is_err() {
                return Ok(());
            }
        }
    }
}

fn wait(closed: &PipeReader, patience: Option<Duration>) -> std::io::Result<Woken> {
    let stdin = stdin();
    let timeout = patience.and_then(|patience| Timespec::try_from(patience).ok());
    loop {
        let mut waiting = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(closed, PollFlags::IN)];
        match rustix::event::poll(&mut waiting, timeout.as_ref()) {
            Ok(0) => return Ok(Woken::Silence),
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let [terminal, ending] = waiting.map(|fd| fd.revents());
        if !ending.is_empty() {
            return Ok(Woken::Closed);
        }
        if terminal.contains(PollFlags::IN) {
            return Ok(Woken::Bytes);
        }
        return Err(ErrorKind::BrokenPipe.into());
    }
}
