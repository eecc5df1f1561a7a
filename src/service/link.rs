//! The socket's client side: a request, its credential, the answer.
//!
//! It signs what it sends and believes what it gets: the socket is its own user's.

use std::io::{BufRead as _, BufReader, ErrorKind, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::Value;
use uuid::Uuid;

use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::outside::Outside;
use crate::service::wire::{Ask, Body, Credential, Reply, Request};
use crate::service::workbench::Identity;

/// The code of a refusal for a request that no supervisor has read to its end: nothing came of it, so that it can
/// be made again.
pub const UNHEARD: &str = "unheard";

/// The code of a refusal for a request that was heard and not answered: something may have come of it.
pub const ENDED: &str = "supervisor_ended";

/// A connection to a supervisor.
pub struct Link {
    reader: BufReader<UnixStream>,
}

impl Link {
    /// Connects; none if no supervisor listens.
    pub fn open(socket: &Path) -> Option<Self> {
        let stream = UnixStream::connect(socket).ok()?;
        Some(Self { reader: BufReader::new(stream) })
    }

    /// Sends a request.
    pub fn send(
        &mut self,
        outside: &Outside,
        identity: &Identity,
        ask: Ask,
    ) -> Result<(), Refusal> {
        self.send_as(outside, identity, None, ask)
    }

    fn send_as(
        &mut self,
        outside: &Outside,
        identity: &Identity,
        request: Option<Uuid>,
        ask: Ask,
    ) -> Result<(), Refusal> {
        let body = Body {
            workbench: outside.home.clone(),
            at: outside.clock.now(),
            nonce: outside.clock.new_id(),
            request,
            ask,
        };
        let body = serde_json::to_string(&body).map_err(|error| broken(&error))?;
        let credential = match identity {
            Identity::Agent { address, spawn, token } => {
                Credential::Agent { address: address.clone(), spawn: *spawn, token: token.clone() }
            }
            Identity::Operator => {
                let signature = outside.keyring.sign(body.as_bytes()).map_err(|error| {
                    Refusal::new(RefusalKind::NotAllowed, "no_key", error.to_string())
                })?;
                Credential::Operator { signature }
            }
        };
        let mut line =
            serde_json::to_vec(&Request { body, credential }).map_err(|error| broken(&error))?;
        line.push(b'\n');
        self.reader.get_mut().write_all(&line).map_err(|error| cut(&error))
    }

    /// Reads the next reply.
    pub fn receive(&mut self) -> Result<Reply, Refusal> {
        let mut line = Vec::new();
        let read = self.reader.read_until(b'\n', &mut line).map_err(|error| cut(&error))?;
        if read == 0 {
            return Err(ended());
        }
        serde_json::from_slice(&line).map_err(|error| broken(&error))
    }

    /// Sends a request and reads its answer.
    pub fn ask(
        &mut self,
        outside: &Outside,
        identity: &Identity,
        ask: Ask,
    ) -> Result<Value, Refusal> {
        self.ask_once(outside, identity, None, ask)
    }

    /// The same under a number: asked again, it is answered as before and not carried out a second time.
    pub fn ask_once(
        &mut self,
        outside: &Outside,
        identity: &Identity,
        request: Option<Uuid>,
        ask: Ask,
    ) -> Result<Value, Refusal> {
        self.send_as(outside, identity, request, ask)?;
        match self.receive()? {
            Reply::Answer(value) => Ok(value),
            Reply::Refused(refusal) => Err(refusal),
            Reply::State { .. } | Reply::Records(_) => Err(broken(&"an answer was expected")),
        }
    }
}

fn ended() -> Refusal {
    Refusal::new(RefusalKind::Failed, ENDED, "the supervisor ended before it answered")
        .with_hint("see what became of it with `agency status`")
}

/// A supervisor that is killed takes its connections with it. The system resets one only if nobody had taken it up, or
/// if a part of what was sent was not read; after a whole request it just ends.
fn cut(error: &std::io::Error) -> Refusal {
    match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            let message = "the supervisor ended before it heard this";
            Refusal::new(RefusalKind::Failed, UNHEARD, message).with_hint("say it once more")
        }
        _ => broken(error),
    }
}

fn broken(problem: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(
        RefusalKind::Failed,
        "link",
        format!("the supervisor could not be spoken to: {problem}"),
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_connection_that_nobody_took_up_is_unheard_and_one_that_ends_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("socket");
        let listener = UnixListener::bind(&socket).expect("bound");
        let mut heard = Link::open(&socket).expect("connected");
        drop(listener.accept().expect("accepted"));
        let code = |link: &mut Link| link.receive().expect_err("nobody answers").code;
        assert_eq!(code(&mut heard), "supervisor_ended");
        let mut unheard = Link::open(&socket).expect("connected");
        drop(listener);
        assert_eq!(code(&mut unheard), UNHEARD);
        assert!(Link::open(&socket).is_none());
    }
}
