//! The handshake of a control client, handed to the server in one piece.
//!
//! Before 3.7 a tmux server ends (SIGSEGV), and all its panes with it, when anything is to be told to its
//! control clients while one has said that it is one but not yet all that it has to say: a session made or
//! closed by anybody, copy mode, another client that goes. A client says it in three writes, as each
//! descriptor that it passes ends one. So it is led to a socket of ours, and what it says goes on in another
//! order: first the message with the one descriptor, then in one write all the rest. The server
//! reads that at once and never knows half a client.
//! Measured on 3.3a, busy machine, some 110 notices a second: 9 of 100 connects ended the server, with a
//! small environment 8 of 100, while copy mode came and went 10 of 100; through here none of 1900.

use std::io::{self, IoSlice, IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use crate::adapters::files;

/// Bytes before a message's text: its kind, its length with a mark, and two ids.
const HEADER: usize = 16;

/// Longest path of a folder that the socket's folder is made in: a socket's path has 104 bytes on some systems, and
/// `/.new-PID-RANDOM/s` is up to 27 of them.
const LONGEST_PLACE: usize = 75;

/// The kind of message that follows the handshake: the command. It has had this number since 2.1.
const COMMAND: u32 = 200;

/// A message carries a descriptor: as it was marked up to 3.5, and as it is since.
const CARRIES: u16 = 0x0001 | 0x8000;

/// Bytes that are taken at once: what the server takes.
const PIECE: usize = 65_535;

/// Descriptors in one piece: a client passes two in all.
const DESCRIPTORS: usize = 8;

/// A socket that a client is led to, and the server's own one behind it.
pub(super) struct Handshake {
    folder: tempfile::TempDir,
    listener: UnixListener,
    server: PathBuf,
}

/// What a client says, whole messages only.
#[derive(Default)]
struct Said {
    bytes: Vec<u8>,
    descriptors: Vec<OwnedFd>,
}

/// One message.
struct Message {
    kind: u32,
    carries: bool,
    at: Range<usize>,
}

impl Handshake {
    /// Makes a socket that only this user can reach, on the way to the server's. It lies in `place` where its
    /// path is short enough there: what a killed process leaves of it is swept there.
    pub(super) fn with(server: PathBuf, place: &Path) -> io::Result<Self> {
        let is_near = place.as_os_str().len() <= LONGEST_PLACE && place.is_dir();
        let folder = match is_near.then(|| files::scratch_folder(place)) {
            Some(Ok(folder)) => folder,
            _ => tempfile::Builder::new().prefix("agency-").tempdir()?,
        };
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700))?;
        let listener = UnixListener::bind(folder.path().join("s"))?;
        Ok(Self { folder, listener, server })
    }

    /// Where the client is to connect.
    pub(super) fn socket(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    /// Leads the client that connects to the server, and carries on between them for as long as both live.
    pub(super) fn lead(self, limit: Duration) -> io::Result<()> {
        let until = Instant::now() + limit;
        let client = self.accept(until)?;
        let said = Said::hear(&client, until)?;
        let server = UnixStream::connect(&self.server)?;
        said.say(&server)?;
        client.set_read_timeout(None)?;
        std::thread::spawn(move || carry(&client, &server));
        Ok(())
    }

    fn accept(&self, until: Instant) -> io::Result<UnixStream> {
        let limit = Timespec::try_from(left(until)?).map_err(io::Error::other)?;
        let mut fds = [PollFd::new(&self.listener, PollFlags::IN)];
        match poll(&mut fds, Some(&limit))? {
            0 => Err(io::ErrorKind::TimedOut.into()),
            _ => Ok(self.listener.accept()?.0),
        }
    }
}

impl Said {
    /// Hears all of the handshake and the command after it.
    fn hear(client: &UnixStream, until: Instant) -> io::Result<Self> {
        let mut said = Self::default();
        loop {
            client.set_read_timeout(Some(left(until)?))?;
            said.hear_more(client)?;
            if messages(&said.bytes).last().is_some_and(|last| last.kind == COMMAND) {
                return Ok(said);
            }
        }
    }

    fn hear_more(&mut self, client: &UnixStream) -> io::Result<()> {
        let mut piece = vec![0; PIECE];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut passed = RecvAncillaryBuffer::new(&mut space);
        let mut into = [IoSliceMut::new(&mut piece)];
        let heard = recvmsg(client, &mut into, &mut passed, never_inherited())?.bytes;
        for message in passed.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = message {
                self.descriptors.extend(descriptors);
            }
        }
        self.bytes.extend(piece.get(..heard).unwrap_or_default());
        // It has ended before it was done: it never comes to the server's ears.
        if heard == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// Says it to the server: each message with a descriptor by itself, the last of them with all the rest.
    fn say(&self, server: &UnixStream) -> io::Result<()> {
        let messages = messages(&self.bytes);
        let text = |message: &Message| self.bytes.get(message.at.clone()).unwrap_or_default();
        let plain = messages.iter().filter(|message| !message.carries);
        let rest: Vec<u8> = plain.flat_map(text).copied().collect();
        let carriers: Vec<&[u8]> = messages.iter().filter(|m| m.carries).map(text).collect();
        if carriers.len() != self.descriptors.len() || carriers.is_empty() {
            return Err(io::Error::other("a client that says it in another way"));
        }
        for (at, (carrier, descriptor)) in carriers.iter().zip(&self.descriptors).enumerate() {
            let is_last = at + 1 == carriers.len();
            let rest = if is_last { rest.as_slice() } else { &[] };
            let piece = [*carrier, rest].concat();
            pass(server, &piece, descriptor.as_fd())?;
        }
        Ok(())
    }
}

/// The whole messages in what was said.
fn messages(bytes: &[u8]) -> Vec<Message> {
    let (mut messages, mut at) = (Vec::new(), 0);
    while let Some(header) = bytes.get(at..at + HEADER) {
        let [a, b, c, d, e, f, g, h, ..] = *header else { break };
        let length = usize::from(u16::from_ne_bytes([e, f]));
        if length < HEADER || at + length > bytes.len() {
            break;
        }
        let (kind, mark) = (u32::from_ne_bytes([a, b, c, d]), u16::from_ne_bytes([g, h]));
        messages.push(Message { kind, carries: mark & CARRIES != 0, at: at..at + length });
        at += length;
    }
    messages
}

fn pass(server: &UnixStream, piece: &[u8], descriptor: BorrowedFd<'_>) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut passed = SendAncillaryBuffer::new(&mut space);
    let descriptors = [descriptor];
    passed.push(SendAncillaryMessage::ScmRights(&descriptors));
    let sent = sendmsg(server, &[IoSlice::new(piece)], &mut passed, SendFlags::empty())?;
    let mut server = server;
    server.write_all(piece.get(sent..).unwrap_or_default())
}

/// Carries what is said from either to the other, until one of them has gone.
fn carry(client: &UnixStream, server: &UnixStream) {
    loop {
        let mut fds = [PollFd::new(client, PollFlags::IN), PollFd::new(server, PollFlags::IN)];
        match poll(&mut fds, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return,
        }
        let [client_says, server_says] = fds.map(|fd| !fd.revents().is_empty());
        let goes_on = (!client_says || carry_piece(client, server).is_ok())
            && (!server_says || carry_piece(server, client).is_ok());
        if !goes_on {
            return;
        }
    }
}

fn carry_piece(mut from: &UnixStream, mut to: &UnixStream) -> io::Result<()> {
    // What is said after the handshake are a few words at the end.
    let mut piece = [0; 4_096];
    match from.read(&mut piece)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        heard => to.write_all(piece.get(..heard).unwrap_or_default()),
    }
}

fn left(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// A descriptor on its way is for no program that is started meanwhile.
fn never_inherited() -> RecvFlags {
    #[cfg(target_os = "linux")]
    return RecvFlags::CMSG_CLOEXEC;
    #[cfg(not(target_os = "linux"))]
    RecvFlags::empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u32, mark: u16, text: &[u8]) -> Vec<u8> {
        let length = u16::try_from(HEADER + text.len()).expect("short");
        let mut bytes = kind.to_ne_bytes().to_vec();
        bytes.extend(length.to_ne_bytes());
        bytes.extend(mark.to_ne_bytes());
        bytes.extend([0; 8]);
        bytes.extend(text);
        bytes
    }

    #[test]
    fn the_server_gets_the_descriptors_first_and_all_else_in_one_piece() {
        let (mut client, heard) = UnixStream::pair().expect("a pair");
        let (server, mut says) = UnixStream::pair().expect("a pair");
        let (given, _kept) = UnixStream::pair().expect("a pair");
        let (flags, command) = (message(111, 0, b"flags"), message(COMMAND, 0, b"attach"));
        let (input, output) = (message(104, 1, b""), message(110, 0x8000, b""));
        client.write_all(&flags).expect("written");
        pass(&client, &input, given.as_fd()).expect("passed");
        pass(&client, &[output.clone(), command.clone()].concat(), given.as_fd()).expect("passed");
        let until = Instant::now() + Duration::from_secs(10);
        let said = Said::hear(&heard, until).expect("a whole handshake");
        said.say(&server).expect("said");
        let mut read = [0; 512];
        let mut next = || says.read(&mut read).map(|count| read[..count].to_vec()).expect("read");
        assert_eq!(next(), input);
        assert_eq!(next(), [output, flags, command].concat());
    }

    #[test]
    fn a_client_that_ends_half_way_is_not_heard_of() {
        let (mut client, heard) = UnixStream::pair().expect("a pair");
        client.write_all(&message(111, 0, b"flags")).expect("written");
        drop(client);
        let until = Instant::now() + Duration::from_secs(10);
        assert!(Said::hear(&heard, until).is_err());
    }
}
