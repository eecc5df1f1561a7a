//! A supervisor among fakes, for tests of the loop.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::domain::command::{Actor, Answer, Command};
use crate::domain::refusal::Refusal;
use crate::engine::input::Input;
use crate::engine::state::State;
use crate::engine::testing::definition;
use crate::ports::channels::FakeChannels;
use crate::ports::clock::Clock;
use crate::ports::folder::fake::FakeFolder;
use crate::ports::keyring::Keyring as _;
use crate::ports::keyring::fake::FakeKeyring;
use crate::ports::ledger::fake::FakeLedger;
use crate::ports::lives::fake::FakeLives;
use crate::ports::mailboxes::fake::FakeMailboxes;
use crate::ports::proving::fake::FakeProving;
use crate::ports::repositories::fake::FakeRepositories;
use crate::ports::terminals::fake::FakeTerminals;
use crate::service::gate::Gate;
use crate::service::outside::Outside;
use crate::service::programs::shelf::Shelf;
use crate::service::supervisor::{Handle, Supervisor, Wake};

/// A clock that a test steps; ids count up.
pub struct StepClock {
    at: Mutex<Timestamp>,
    ids: AtomicU64,
}

impl StepClock {
    /// Time passes.
    pub fn step(&self, seconds: i64) {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        *at += SignedDuration::from_secs(seconds);
    }
}

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        *self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_id(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.ids.fetch_add(1, Ordering::Relaxed)) + 1)
    }
}

/// Everything outside, in memory.
pub struct Fakes {
    /// The time.
    pub clock: Arc<StepClock>,
    /// The ledger.
    pub ledger: FakeLedger,
    /// Panes.
    pub terminals: Arc<FakeTerminals>,
    /// Git.
    pub repositories: FakeRepositories,
    /// Queues.
    pub mailboxes: FakeMailboxes,
    /// Files.
    pub folder: FakeFolder,
}

/// A running supervisor.
pub struct Running {
    /// The hold on its loop.
    pub handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Fakes {
    /// An empty workbench.
    pub fn empty() -> Self {
        let at = Mutex::new("2026-01-02T03:04:05Z".parse().expect("a time"));
        Self {
            clock: Arc::new(StepClock { at, ids: AtomicU64::new(0) }),
            ledger: FakeLedger::default(),
            terminals: Arc::default(),
            repositories: FakeRepositories::default(),
            mailboxes: FakeMailboxes::default(),
            folder: FakeFolder::default(),
        }
    }

    /// The fakes as a bundle of ports.
    pub fn outside(&self) -> Outside {
        let ledger = self.ledger.clone();
        Outside {
            home: PathBuf::from(FakeFolder::HOME),
            program: PathBuf::from("/fake/bin/agency"),
            path: Vec::new(),
            programs: Shelf::default(),
            ask_version: Arc::new(|_, _| Ok("1.0".to_owned())),
            socket: PathBuf::from("/fake/home/registry/supervisor.sock"),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            terminals: Arc::clone(&self.terminals) as _,
            repositories: Arc::new(self.repositories.clone()),
            proving: Arc::new(FakeProving),
            mailboxes: Arc::new(self.mailboxes.clone()),
            folder: Arc::new(self.folder.clone()),
            lives: Arc::new(FakeLives::default()),
            channels: Arc::new(FakeChannels),
            keyring: Arc::new(FakeKeyring),
            open_reader: Arc::new(move || Ok(Box::new(ledger.clone()))),
        }
    }

    /// A supervisor on what the ledger holds, not running yet.
    pub fn open(&self) -> (Supervisor, Handle, Receiver<Wake>) {
        let (sender, wakes) = mpsc::channel();
        let handle = Handle::new(sender);
        let ledger = Box::new(self.ledger.clone());
        let opened = Supervisor::open(
            ledger,
            self.outside(),
            Gate::new(&self.outside().home),
            handle.clone(),
        );
        (opened.expect("opened"), handle, wakes)
    }

    /// A supervisor that runs and has come up, with `Code` (lead, dev) defined.
    pub fn run(&self) -> Running {
        let (supervisor, handle, wakes) = self.open();
        handle.input(Input::OperatorKeySeen { key: FakeKeyring.operator_key().expect("a key") });
        let definition = Box::new(definition("Code", &["lead", "dev"]));
        handle.input(Input::DefinitionSeen { definition });
        let (project, target) = (PathBuf::from("/project"), "main".to_owned());
        let agency = crate::engine::testing::name("Code");
        handle.input(Input::Woke { pid: 1, version: String::new() });
        handle.input(Input::ProjectSeen { agency, project, target });
        let thread = std::thread::spawn(move || supervisor.run(&wakes).expect("it ended well"));
        Running { handle, thread: Some(thread) }
    }
}

impl Running {
    /// The operator asks.
    pub fn operator(&self, command: Command) -> Result<Answer, Refusal> {
        self.handle.ask(Actor::Operator, command)
    }

    /// An agent asks.
    pub fn agent(&self, who: &str, command: Command) -> Result<Answer, Refusal> {
        self.handle.ask(Actor::Agent(crate::engine::testing::agent(who)), command)
    }

    /// Reads from the state.
    pub fn read<R: Send + 'static>(&self, read: impl FnOnce(&State) -> R + Send + 'static) -> R {
        self.handle.read(|state, _| read(state)).expect("it runs")
    }

    /// Waits until something holds in the state.
    pub fn until(&self, what: &str, holds: impl Fn(&State) -> bool + Clone + Send + 'static) {
        until(what, || self.read(holds.clone()));
    }

    /// Ends in order.
    pub fn end(mut self) {
        self.handle.wake(Wake::End);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("it ended well");
        }
    }
}

/// Waits until something holds.
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    let (_keep, never) = mpsc::channel::<()>();
    while !holds() {
        assert!(Instant::now() < deadline, "not within 20 s: {what}");
        let _ = never.recv_timeout(Duration::from_millis(2));
    }
}
