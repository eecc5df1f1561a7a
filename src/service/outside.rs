//! Everything outside, as one bundle of ports: what the supervisor and the faces' handle work with.
//!
//! Behind it nothing of ours knows an adapter, and a test puts fakes in its place.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ports::channels::Channels;
use crate::ports::clock::Clock;
use crate::ports::folder::WorkbenchFolder;
use crate::ports::keyring::Keyring;
use crate::ports::ledger::{LedgerError, LedgerReader};
use crate::ports::lives::Lives;
use crate::ports::mailboxes::Mailboxes;
use crate::ports::proving::ProvingGround;
use crate::ports::repositories::Repositories;
use crate::ports::terminals::Terminals;
use crate::service::programs::shelf::Shelf;

/// Opens the ledger for reading.
pub type OpenReader = Arc<dyn Fn() -> Result<Box<dyn LedgerReader>, LedgerError> + Send + Sync>;

/// Runs a program with these arguments and gives what it says, or why it did not.
pub type AskVersion = Arc<dyn Fn(&Path, &[String]) -> Result<String, String> + Send + Sync>;

/// The ports of one workbench.
#[derive(Clone)]
pub struct Outside {
    /// The workbench's folder.
    pub home: PathBuf,
    /// This program, absolute: what panes and checks are started with.
    pub program: PathBuf,
    /// Folders in which programs are looked for, in order.
    pub path: Vec<PathBuf>,
    /// Every agent program that is known, as it was read last.
    pub programs: Shelf,
    /// Asks a program for its version.
    pub ask_version: AskVersion,
    /// The socket of its supervisor.
    pub socket: PathBuf,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Sessions and panes.
    pub terminals: Arc<dyn Terminals>,
    /// Git.
    pub repositories: Arc<dyn Repositories>,
    /// Checks.
    pub proving: Arc<dyn ProvingGround>,
    /// Queues.
    pub mailboxes: Arc<dyn Mailboxes>,
    /// Definitions, views, records.
    pub folder: Arc<dyn WorkbenchFolder>,
    /// What each life of an agent has for itself.
    pub lives: Arc<dyn Lives>,
    /// Ways into an agent's program that are not its keyboard.
    pub channels: Arc<dyn Channels>,
    /// Keys.
    pub keyring: Arc<dyn Keyring>,
    /// The ledger, for reading.
    pub open_reader: OpenReader,
}

impl Outside {
    /// A program's path: as it is named with a `/` in it, else the first of that name in `PATH`.
    pub fn find_program(&self, name: &str) -> Option<PathBuf> {
        if name.contains('/') {
            return Some(PathBuf::from(name)).filter(|path| path.is_file());
        }
        self.path.iter().map(|folder| folder.join(name)).find(|path| path.is_file())
    }
}
