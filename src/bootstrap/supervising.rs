//! Being the supervisor: the lock, the log, the sources that wake the loop, then the loop.
//!
//! Nobody is let in before everything that was read at the start is taken in.

use std::path::Path;
use std::sync::mpsc;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::adapters::folder::{LockError, SupervisorLock, sweep};
use crate::adapters::keyring::mend_secret;
use crate::adapters::sqlite::SqliteLedger;
use crate::bootstrap::environment::Environment;
use crate::bootstrap::opening::{ledger_path, outside, require_home};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::input::Input;
use crate::ports::terminals::TerminalHint;
use crate::service::gate::Gate;
use crate::service::outside::Outside;
use crate::service::perform;
use crate::service::preflight::{folder_refusal, load_config, load_definitions};
use crate::service::reading::ledger_refusal;
use crate::service::reports::kept;
use crate::service::socket::{Open, Server, bind};
use crate::service::supervisor::{Handle, Supervisor, Wake};

/// Runs the supervisor of a workbench until it is told to end.
pub fn supervise(environment: &Environment, named: Option<&Path>) -> Result<(), Refusal> {
    let home = require_home(environment, named)?;
    let _lock = SupervisorLock::acquire(&home).map_err(lock_refusal)?;
    // Of its own session, so that it outlives the terminal it was started from; it fails only for the
    // first process of a group, say when a person runs it by hand, and then it need not.
    let _ = rustix::process::setsid();
    start_log();
    sweep(&home);
    let outside = outside(environment, &home)?;
    require_no_lost_ledger(&home)?;
    mend_secret(&home);
    let ledger =
        SqliteLedger::open_writer(&ledger_path(&home)).map_err(|error| ledger_refusal(&error))?;
    let (sender, wakes) = mpsc::channel();
    let handle = Handle::new(sender);
    let gate = Gate::new(&outside.home);
    let supervisor =
        Supervisor::open(Box::new(ledger), outside.clone(), gate.clone(), handle.clone())
            .map_err(|error| ledger_refusal(&error))?;
    supervisor.prime_gate();
    // The loop runs on a thread of its own, so that what is read before the start can be told to it.
    let (finished, ending) = mpsc::channel();
    let looping = std::thread::spawn(move || {
        let result = supervisor.run(&wakes);
        let _ = finished.send(());
        result
    });
    // The door is opened last: whoever is let in gets an answer.
    let begun = begin(&outside, &handle)
        .and_then(|()| bind(&outside.socket).map_err(|error| io_refusal(&outside.socket, &error)));
    let listener = begun.inspect_err(|_| {
        handle.wake(Wake::End);
    })?;
    forward_signals(&handle).map_err(|error| io_refusal(&home, &error))?;
    let open = Open::default();
    // From now on reports come over the socket: what was kept before is all there is.
    kept::take_in(&outside, &handle, &gate);
    Server { handle: handle.clone(), outside: outside.clone(), gate, open: open.clone() }
        .serve(listener);
    watch_panes(&outside, &handle);
    let _ = ending.recv();
    open.settle();
    let _ = std::fs::remove_file(&outside.socket);
    // One that was killed just before this one began may have been known to the system until now.
    sweep(&home);
    looping.join().map_or(Ok(()), |result| result.map_err(|error| ledger_refusal(&error)))
}

/// What a supervisor leaves beside its ledger: the log, which holds the last events, and a view.
const BESIDE_LEDGER: [&str; 2] = ["ledger.db-wal", "active_agencies.json"];

/// Refuses to begin a new ledger where one was: SQLite would throw away the log of a file that is gone.
fn require_no_lost_ledger(home: &Path) -> Result<(), Refusal> {
    let path = ledger_path(home);
    let has_something = |path: &Path| path.metadata().is_ok_and(|it| it.len() > 0);
    let registry = home.join("registry");
    let mut beside = BESIDE_LEDGER.iter().map(|name| registry.join(name));
    if has_something(&path) || !beside.any(|path| has_something(&path)) {
        return Ok(());
    }
    let message =
        format!("the ledger `{}` is missing or empty, and was not before", path.display());
    Err(Refusal::new(RefusalKind::Failed, "ledger_lost", message).with_hint(
        "put it back from a backup with its `-wal` file; to begin anew without its history, move the folder `registry` away",
    ))
}

/// Tells the loop what was read, then that it is awake.
fn begin(outside: &Outside, handle: &Handle) -> Result<(), Refusal> {
    let key = outside
        .keyring
        .operator_key()
        .map_err(|error| Refusal::new(RefusalKind::Failed, "keyring", error.to_string()))?;
    handle.input(Input::OperatorKeySeen { key });
    load_config(outside, handle)?;
    // A bad definition keeps its agency from starting, not the others.
    if let Err(refusal) = load_definitions(outside, handle, Vec::new()) {
        tracing::warn!(%refusal, "an agency's definition is not valid");
    }
    let version = env!("CARGO_PKG_VERSION").to_owned();
    handle.input(Input::Woke { pid: std::process::id(), version });
    // From now on what arrives is known by name; what was written while nobody watched is taken at once.
    watch_door(outside, handle)?;
    handle.wake(Wake::Door);
    // Everything told so far is taken in before anybody is let in.
    let _ = handle.read(|_, _| ());
    Ok(())
}

fn watch_door(outside: &Outside, handle: &Handle) -> Result<(), Refusal> {
    let door = handle.clone();
    let watching = outside.mailboxes.watch_door(Box::new(move || {
        door.wake(Wake::Door);
    }));
    watching.map_err(|error| Refusal::new(RefusalKind::Failed, "door", error.to_string()))
}

fn watch_panes(outside: &Outside, handle: &Handle) {
    let panes = handle.clone();
    outside.terminals.watch(Box::new(move |hint| match hint {
        TerminalHint::Changed | TerminalHint::Lost => {
            panes.wake(Wake::Look);
        }
        TerminalHint::Arranged => {
            panes.wake(Wake::Arranged);
        }
        TerminalHint::Printed(printed) => {
            panes.wake(Wake::Printed(printed));
        }
    }));
}

fn forward_signals(handle: &Handle) -> std::io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    let handle = handle.clone();
    std::thread::spawn(move || {
        for signal in signals.forever() {
            // The terminal it was started from may close: that is no reason to end.
            if signal != SIGHUP {
                handle.wake(Wake::End);
            }
        }
    });
    Ok(())
}

/// Standard error as the log. A word that cannot be written, say on a full disk, is lost: the
/// subscriber would complain about it on the same standard error, and end the loop with that.
struct Log;

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = std::io::stderr().write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn start_log() {
    let log = tracing_subscriber::fmt().with_writer(|| Log).with_ansi(false).with_target(false);
    let _ = log.with_max_level(tracing::Level::INFO).try_init();
}

fn lock_refusal(error: LockError) -> Refusal {
    match error {
        LockError::Held { .. } => {
            Refusal::new(RefusalKind::Conflict, "supervisor_runs", error.to_string())
                .with_hint("leave it running, or stop it and every session with `agency down`")
        }
        LockError::Folder(error) => folder_refusal(error),
    }
}

fn io_refusal(path: &Path, error: &std::io::Error) -> Refusal {
    Refusal::new(RefusalKind::Failed, "io", format!("`{}`: {error}", path.display()))
}

impl Supervisor {
    /// Tells the gate what the ledger knew before anybody knocks.
    fn prime_gate(&self) {
        perform::update_gate(self.gate(), self.state());
    }
}
