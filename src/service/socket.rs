//! The socket's server side: one thread per connection, any number of requests on it.
//!
//! A connection's thread reads, admits and looks things up; the loop only decides. A caller that
//! goes away in the middle harms nobody.

use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::command::{Actor, Answer, Command};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::afterwards::Awaited;
use crate::service::gate::Gate;
use crate::service::outside::Outside;
use crate::service::query::Query;
use crate::service::supervisor::{Followed, Handle, Wake};
use crate::service::wire::{Ask, Body, MAX_REQUEST_BYTES, Reply, Request};
use crate::service::{preflight, reading};

/// How long a follower may keep its next line from being written; it can come back.
const FOLLOWER_PATIENCE: Duration = Duration::from_secs(10);
/// Groups of records that wait for a follower at most; one that is further behind is left, and begins anew.
const FOLLOWER_GROUPS: usize = 64;

/// What a connection works with.
#[derive(Clone)]
pub struct Server {
    /// The loop.
    pub handle: Handle,
    /// The ports.
    pub outside: Outside,
    /// Who may enter.
    pub gate: Arc<Gate>,
    /// Answers that are on their way.
    pub open: Open,
}

/// How many callers wait for an answer: the one who asked the supervisor to end is among them.
#[derive(Clone, Default)]
pub struct Open(Arc<AtomicUsize>);

/// One caller who waits.
struct Caller<'a>(&'a Open);

/// Writing what is decided takes well under a millisecond; a caller that does not read is not waited for.
const LAST_ANSWERS: Duration = Duration::from_millis(500);

impl Open {
    fn enter(&self) -> Caller<'_> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Caller(self)
    }

    /// Waits until every caller has its answer, for half a second at most.
    pub fn settle(&self) {
        let until = Instant::now() + LAST_ANSWERS;
        while self.0.load(Ordering::SeqCst) > 0 && Instant::now() < until {
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Binds the socket, for this user alone. A file left by a supervisor that died is replaced: the
/// caller holds the workbench's lock.
pub fn bind(path: &Path) -> std::io::Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt as _;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

impl Server {
    /// Takes connections until the process ends.
    pub fn serve(self, listener: UnixListener) {
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let server = self.clone();
                std::thread::spawn(move || {
                    if let Err(error) = server.converse(&connection) {
                        tracing::debug!(%error, "a connection broke");
                    }
                });
            }
        });
    }

    fn converse(&self, connection: &UnixStream) -> std::io::Result<()> {
        let Some(peer) = peer_of(connection) else { return Ok(()) };
        let mut reader = BufReader::new(connection.try_clone()?);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut reader).take(MAX_REQUEST_BYTES).read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(());
            }
            let caller = self.open.enter();
            match self.admit(&line, peer) {
                Ok((_, Body { ask: Ask::Follow, .. })) => {
                    drop(caller);
                    return self.stream(connection);
                }
                Ok((actor, body)) => send(connection, &answer(self.carry_out(actor, body)))?,
                Err(refusal) => send(connection, &Reply::Refused(refusal))?,
            }
        }
    }

    fn admit(&self, line: &[u8], peer: Peer) -> Result<(Actor, Body), Refusal> {
        let request: Request = serde_json::from_slice(line).map_err(|error| {
            Refusal::new(
                RefusalKind::Usage,
                "bad_request",
                format!("the request is malformed: {error}"),
            )
        })?;
        let now = self.outside.clock.now();
        self.gate.admit(&request, peer.pid, self.outside.keyring.as_ref(), now)
    }

    fn carry_out(&self, actor: Actor, body: Body) -> Result<Value, Refusal> {
        match body.ask {
            Ask::Command(command) => {
                if let Some(answer) = self.answer_before(body.request) {
                    return Ok(json!(answer));
                }
                preflight::prepare(&self.outside, &self.handle, &actor, &command)?;
                let command = Box::new(self.completed(*command)?);
                let awaited = Awaited::of(&command);
                let answer = self.handle.ask_once(actor, body.request, *command)?;
                awaited.wait(&self.handle)?;
                Ok(json!(answer))
            }
            Ask::Query(query) => {
                refuse_anothers(&actor, &query)?;
                self.read(query)
            }
            Ask::Follow => Ok(Value::Null),
        }
    }

    /// With what only the ledger knows.
    fn completed(&self, command: Command) -> Result<Command, Refusal> {
        let state_has = match &command {
            Command::RetryMessage { id, .. } => {
                let id = *id;
                let has = self.handle.read(move |state, _| state.mail.messages.contains_key(&id));
                has.unwrap_or(false)
            }
            _ => false,
        };
        reading::history::completed(&self.outside, state_has, command)
    }

    /// What was answered to the same request before, perhaps by a supervisor that was killed as it did so.
    fn answer_before(&self, request: Option<Uuid>) -> Option<Answer> {
        let request = request?;
        self.handle.read(move |state, _| state.answered.get(request).cloned())?
    }

    fn read(&self, query: Query) -> Result<Value, Refusal> {
        let outside = self.outside.clone();
        let partial =
            self.handle.read(move |state, seq| reading::ask_state(state, &outside, seq, query));
        let ended =
            || Refusal::new(RefusalKind::Failed, "supervisor_ended", "the supervisor has ended");
        reading::finish(&self.outside, partial.ok_or_else(ended)??)
    }

    fn stream(&self, connection: &UnixStream) -> std::io::Result<()> {
        // A follower that does not read is left: what waits for it would grow for ever.
        connection.set_write_timeout(Some(FOLLOWER_PATIENCE))?;
        let (sender, feed) = mpsc::sync_channel(FOLLOWER_GROUPS);
        self.handle.wake(Wake::Follow(sender));
        for followed in feed {
            let reply = match followed {
                Followed::State(state, seq) => Reply::State { seq, state: Box::new(json!(state)) },
                Followed::Records(records) => Reply::Records(records.as_ref().clone()),
            };
            send(connection, &reply)?;
        }
        Ok(())
    }
}

fn answer(result: Result<Value, Refusal>) -> Reply {
    match result {
        Ok(value) => Reply::Answer(value),
        Err(refusal) => Reply::Refused(refusal),
    }
}

fn send(mut connection: &UnixStream, reply: &Reply) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    connection.write_all(&line)
}

/// The process at the other end.
#[derive(Debug, Clone, Copy)]
struct Peer {
    pid: Option<u32>,
}

/// Who is at the other end, as the kernel tells it; none for another user.
#[cfg(target_os = "linux")]
fn peer_of(connection: &UnixStream) -> Option<Peer> {
    let credentials = rustix::net::sockopt::socket_peercred(connection).ok()?;
    let is_own = credentials.uid == rustix::process::geteuid();
    is_own.then(|| Peer { pid: u32::try_from(credentials.pid.as_raw_nonzero().get()).ok() })
}

/// Elsewhere the file's mode alone keeps others out.
#[cfg(not(target_os = "linux"))]
fn peer_of(_connection: &UnixStream) -> Option<Peer> {
    Some(Peer { pid: None })
}
/// What an agent is started with may hold what its operator has written for it alone.
fn refuse_anothers(actor: &Actor, query: &Query) -> Result<(), Refusal> {
    match (actor, query) {
        (Actor::Agent(own), Query::Launch { agent }) if own != agent => Err(Refusal::new(
            RefusalKind::NotAllowed,
            "not_yours",
            format!("`{own}` may not see what `{agent}` is started with"),
        )),
        _ => Ok(()),
    }
}
