//! One supervisor per workbench: a lock on `registry/supervisor.lock`, with its process id inside.
//!
//! The system gives the lock back when its holder dies, however it dies, so a file that nobody has
//! locked means nothing and is taken over without a word.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::adapters::folder::{make_folder, wrap};
use crate::ports::folder::FolderError;

/// Looks at a lock that is held before it is believed: somebody may just be asking who holds it,
/// which takes some microseconds.
const TRIES: u32 = 1000;

/// Why the lock was not given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Another supervisor runs.
    #[error("another supervisor runs here{}", pid.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Held {
        /// Its process id, if it has written it yet.
        pid: Option<u32>,
    },
    /// The file cannot be made or locked.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// The right to be the supervisor, as long as it lives.
#[derive(Debug)]
pub struct SupervisorLock {
    file: File,
}

impl SupervisorLock {
    /// Takes the lock at once or not at all.
    pub fn acquire(home: &Path) -> Result<Self, LockError> {
        let path = lock_path(home);
        make_folder(&home.join("registry"))?;
        let mut file = open(&path).map_err(|error| wrap(&path, &error))?;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => {
                    write_pid(&mut file).map_err(|error| wrap(&path, &error))?;
                    return Ok(Self { file });
                }
                Err(TryLockError::WouldBlock) if read_pid(&path).is_some_and(is_alive) => break,
                Err(TryLockError::WouldBlock) => std::thread::yield_now(),
                Err(TryLockError::Error(error)) => return Err(wrap(&path, &error).into()),
            }
        }
        Err(LockError::Held { pid: read_pid(&path) })
    }

    /// Process id of the supervisor that runs here, none if none does.
    pub fn holder(home: &Path) -> Option<u32> {
        let path = lock_path(home);
        let file = File::open(&path).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => read_pid(&path),
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }
}

impl Drop for SupervisorLock {
    fn drop(&mut self) {
        // A process id that stayed would mean nothing; the lock itself goes with the file.
        let _ = self.file.set_len(0);
    }
}

fn lock_path(home: &Path) -> PathBuf {
    home.join("registry/supervisor.lock")
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(format!("{}\n", std::process::id()).as_bytes())
}

fn read_pid(path: &Path) -> Option<u32> {
    let mut text = String::new();
    // A process id has ten digits at most.
    File::open(path).ok()?.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn is_alive(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| {
        // "Not permitted" is also an answer from somebody.
        !matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH))
    })
}
