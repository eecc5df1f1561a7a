//! Files at the door that wait for room, and dead ones that come back.
//!
//! What waits lies in `held/`, one folder for each thing that is waited for, so that the door is not looked
//! through for it again and again. Everything is a rename, so that no kill leaves half of it; nothing is
//! overwritten, a name that is taken gets a number.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use crate::adapters::files;
use crate::adapters::queue::{door, tray, wrap};
use crate::domain::message::DeadReason;
use crate::ports::mailboxes::{DeadFile, MailboxError};

/// A reason is a few lines; what is larger is none of ours.
const MAX_REASON_BYTES: u64 = 64 * 1024;

pub(super) fn hold(queue: &Path, root: &Path, file: &str, hold: &str) -> Result<(), MailboxError> {
    let from = inside(&queue.join("new"), file)?;
    if !tray::exists(&from) {
        return Ok(());
    }
    let folder = inside(&queue.join("held"), hold)?;
    tray::require_folder(&folder, root)?;
    move_to(&from, &folder)
}

pub(super) fn release(queue: &Path, hold: &str, limit: u32) -> Result<u32, MailboxError> {
    let folder = inside(&queue.join("held"), hold)?;
    let names = names(&folder)?;
    let released = names.len().min(usize::try_from(limit).unwrap_or(usize::MAX));
    for name in names.iter().take(released) {
        move_to(&folder.join(name), &queue.join("new"))?;
    }
    if released == names.len() {
        // It is only tidied up: one that something was put into just now stays.
        let _ = std::fs::remove_dir(&folder);
    }
    Ok(u32::try_from(names.len() - released).unwrap_or(u32::MAX))
}

pub(super) fn counts(queue: &Path) -> Result<BTreeMap<String, u32>, MailboxError> {
    let folders = match std::fs::read_dir(queue.join("held")) {
        Ok(folders) => folders,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(wrap(&queue.join("held"), &error)),
    };
    let mut counts = BTreeMap::new();
    for folder in folders.flatten() {
        let count = door::count(&folder.path(), door::is_message_name)?;
        if count > 0 {
            counts.insert(folder.file_name().to_string_lossy().into_owned(), count);
        }
    }
    Ok(counts)
}

pub(super) fn dead(queue: &Path, limit: usize) -> Result<Vec<DeadFile>, MailboxError> {
    let folder = queue.join("dead");
    let mut files: Vec<DeadFile> = names(&folder)?
        .into_iter()
        .filter(|name| !name.ends_with(tray::REASON_ENDING))
        .map(|file| {
            let path = folder.join(&file);
            let reason = read_reason(&tray::reason_of(&path));
            DeadFile { file, path, reason }
        })
        .collect();
    files.sort_by_key(|file| std::cmp::Reverse(file.reason.as_ref().map(|reason| reason.at)));
    files.truncate(limit);
    Ok(files)
}

fn read_reason(path: &Path) -> Option<DeadReason> {
    let metadata = path.symlink_metadata().ok()?;
    if !metadata.is_file() || metadata.len() > MAX_REASON_BYTES {
        return None;
    }
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// The file first: a reason without a file is what a kill leaves, and is written anew.
pub(super) fn retry(queue: &Path, file: &str) -> Result<(), MailboxError> {
    let from = inside(&queue.join("dead"), file)?;
    if tray::exists(&from) {
        move_to(&from, &queue.join("new"))?;
    }
    remove_reason(&tray::reason_of(&from))
}

/// A dead message comes back into its mailbox.
pub(super) fn revive(mailbox: &Path, root: &Path, name: &str) -> Result<(), MailboxError> {
    let dead = mailbox.join("dead").join(name);
    if !tray::exists(&dead) {
        return Ok(());
    }
    let new = mailbox.join("new");
    tray::require_folder(&new, root)?;
    match files::rename_new(&dead, &new.join(name)) {
        Err(error)
            if !matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) =>
        {
            return Err(wrap(&dead, &error));
        }
        Ok(()) | Err(_) => {}
    }
    remove_reason(&tray::reason_of(&dead))
}

fn remove_reason(path: &Path) -> Result<(), MailboxError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(wrap(path, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn inside(folder: &Path, name: &str) -> Result<PathBuf, MailboxError> {
    door::require_plain(folder, name)?;
    Ok(folder.join(name))
}

/// Names of messages in a folder, in order; none if there is no folder.
fn names(folder: &Path) -> Result<Vec<String>, MailboxError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(wrap(folder, &error)),
    };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> =
        names.filter(|name| door::is_message_name(OsStr::new(name))).collect();
    names.sort_unstable();
    Ok(names)
}

/// Moves a file into a folder, under another name if its own is taken; done if it is gone.
fn move_to(from: &Path, folder: &Path) -> Result<(), MailboxError> {
    let name = from.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let stem = name.strip_suffix(".json").unwrap_or(&name);
    for number in 1_u32.. {
        let target: PathBuf = match number {
            1 => folder.join(&*name),
            _ => folder.join(format!("{stem}-{number}.json")),
        };
        match files::rename_new(from, &target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(wrap(from, &error));
            }
            Ok(()) | Err(_) => return Ok(()),
        }
    }
    Ok(())
}
