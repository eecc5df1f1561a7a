//! Lives on a real disk: `registry/lives/SPAWN/`, mode 0700, its files 0600.
//!
//! Nothing is followed: a link in the place of a folder is refused, one in the place of a file is
//! replaced. Only a folder below `registry/lives` that is named like a life, belongs to the same agent
//! and whose process has ended is ever removed. `letter` is the pipe on which a hook waits.

pub mod letter;
#[cfg(test)]
mod tests;

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use uuid::Uuid;

use crate::adapters::files;
use crate::domain::id::SpawnId;
use crate::domain::name::AgentAddress;
use crate::ports::lives::{LifeFile, Lives, LivesError, MAX_KEPT_BYTES};

/// Whose life it is.
const AGENT: &str = "agent";
/// The process that lives in it.
const PROCESS: &str = "process";
/// Reports that nobody could take.
const REPORTS: &str = "reports.jsonl";

/// See the module.
#[derive(Debug, Clone)]
pub struct DiskLives {
    folder: PathBuf,
}

impl DiskLives {
    /// The lives of the workbench at `home`. Nothing is made.
    pub fn new(home: &Path) -> Self {
        Self { folder: home.join("registry").join("lives") }
    }

    /// Folders named like a life, with their ids.
    fn all(&self) -> Vec<(SpawnId, PathBuf)> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let life = |entry: std::fs::DirEntry| {
            let spawn: Uuid = entry.file_name().to_str()?.parse().ok()?;
            entry.file_type().ok()?.is_dir().then(|| (spawn, entry.path()))
        };
        entries.filter_map(life).collect()
    }

    fn tidy(&self, agent: &AgentAddress, present: SpawnId) {
        for (spawn, folder) in self.all() {
            let owner = read(&folder.join(AGENT)).unwrap_or_default();
            let process = read(&folder.join(PROCESS)).and_then(|text| text.parse().ok());
            let is_over = process
                .and_then(Pid::from_raw)
                .is_none_or(|process| test_kill_process(process) == Err(Errno::SRCH));
            if spawn != present && owner == agent.to_string() && is_over {
                // Tidying only: what cannot be removed stays.
                let _ = std::fs::remove_dir_all(folder);
            }
        }
    }
}

impl Lives for DiskLives {
    fn folder(&self, spawn: SpawnId) -> PathBuf {
        self.folder.join(spawn.to_string())
    }

    fn prepare(
        &self,
        agent: &AgentAddress,
        spawn: SpawnId,
        files: &[LifeFile],
    ) -> Result<(), LivesError> {
        files.iter().try_for_each(|(name, _)| require_name(name))?;
        let folder = self.folder(spawn);
        make_private(&self.folder)?;
        make_private(&folder)?;
        let own = [
            (AGENT.to_owned(), agent.to_string()),
            (PROCESS.to_owned(), std::process::id().to_string()),
        ];
        for (name, text) in own.iter().chain(files) {
            let path = folder.join(name);
            files::replace(&path, text.as_bytes(), 0o600, false)
                .map_err(|error| wrap(&path, &error))?;
        }
        self.tidy(agent, spawn);
        Ok(())
    }

    fn read(&self, spawn: SpawnId, file: &str) -> Option<String> {
        require_name(file).ok()?;
        read(&self.folder(spawn).join(file))
    }

    fn keep_report(&self, spawn: SpawnId, line: &str) -> Result<(), LivesError> {
        let folder = self.folder(spawn);
        require_folder(&folder)?;
        let path = folder.join(REPORTS);
        keep(&path, line).map_err(|error| wrap(&path, &error))
    }

    fn take_reports(&self) -> Vec<String> {
        let taken = self.all().into_iter().map(|(_, folder)| take(&folder.join(REPORTS)));
        taken.filter_map(Result::ok).flatten().collect()
    }
}

fn read(path: &Path) -> Option<String> {
    let mut text = String::new();
    plain(path).read(true).open(path).ok()?.read_to_string(&mut text).ok()?;
    Some(text.trim_end().to_owned())
}

/// Opens files and nothing else: a link is refused, a pipe in the place of a file keeps nobody waiting.
fn plain(_: &Path) -> OpenOptions {
    let mut options = OpenOptions::new();
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    options.mode(0o600).custom_flags(flags.bits().cast_signed());
    options
}

/// Adds a line; what is too much is dropped from the beginning, in whole lines, and so much of it that the next
/// lines are only added.
fn keep(path: &Path, line: &str) -> io::Result<()> {
    let mut file = plain(path).read(true).append(true).create(true).open(path)?;
    flock(&file, FlockOperation::LockExclusive)?;
    let mut kept = Vec::new();
    let length = file.metadata()?.len();
    if length + line.len() as u64 + 1 > MAX_KEPT_BYTES as u64 {
        kept = lines_of(&mut file)?;
        file.set_len(0)?;
        let mut room = (MAX_KEPT_BYTES / 2).saturating_sub(line.len() + 1);
        let fitting = kept.iter().rev().take_while(|line| {
            let needs = line.len() + 1;
            let fits = needs <= room;
            room = room.saturating_sub(needs);
            fits
        });
        let fitting = fitting.count();
        kept.drain(..kept.len() - fitting);
    }
    kept.push(line.to_owned());
    file.write_all(format!("{}\n", kept.join("\n")).as_bytes())
}

fn take(path: &Path) -> io::Result<Vec<String>> {
    let mut file = plain(path).read(true).write(true).open(path)?;
    // A supervisor comes up whoever holds it: what cannot be had now stays for the next one.
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    let lines = lines_of(&mut file)?;
    file.set_len(0)?;
    Ok(lines)
}

fn lines_of(file: &mut File) -> io::Result<Vec<String>> {
    file.seek(SeekFrom::Start(0))?;
    let mut bytes = Vec::new();
    // Somebody else may have made it long: twice the most that we write is enough.
    file.take(2 * MAX_KEPT_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
}

fn require_name(name: &str) -> Result<(), LivesError> {
    let is_plain = Path::new(name).file_name().is_some_and(|file| file == name);
    if is_plain { Ok(()) } else { Err(LivesError::BadName { name: name.to_owned() }) }
}

/// Makes a folder for this user alone; the one above it must be there.
fn make_private(folder: &Path) -> Result<(), LivesError> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(wrap(folder, &error)),
        Ok(()) | Err(_) => require_folder(folder),
    }
}

fn require_folder(folder: &Path) -> Result<(), LivesError> {
    match folder.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(LivesError::NotAFolder { path: folder.to_owned() }),
        Err(error) => Err(wrap(folder, &error)),
    }
}

fn wrap(path: &Path, error: &io::Error) -> LivesError {
    LivesError::Io { path: path.to_owned(), problem: error.to_string() }
}
