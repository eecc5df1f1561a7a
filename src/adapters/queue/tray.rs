//! Moving files between the trays of one queue: `tmp/` to `new/`, anything to `dead/`.
//!
//! Nothing is overwritten. A reason is written before its message is moved, so that no kill
//! leaves a dead message without its reason; a reason without a message is from such a kill and
//! is written anew.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::adapters::files;
use crate::adapters::queue::wrap;
use crate::domain::message::DeadReason;
use crate::ports::mailboxes::{MailboxError, Tray};

/// How the name of a reason ends; no dead message ends like this.
pub(super) const REASON_ENDING: &str = ".reason.json";
/// Bytes of a name that are kept in `dead/`: 255 less the ending and a counter of six digits.
const MAX_STEM: usize = 255 - REASON_ENDING.len() - 7;

/// Where a file lies in a tray.
pub(super) fn path(queue: &Path, tray: Tray, name: &str) -> PathBuf {
    let folder = match tray {
        Tray::New => "new",
        Tray::Cur => "cur",
        Tray::Dead => "dead",
    };
    queue.join(folder).join(name)
}

/// Whether something has this name; a link counts, whatever it points to.
pub(super) fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Makes a folder below `root`, which has to be there.
pub(super) fn require_folder(folder: &Path, root: &Path) -> Result<(), MailboxError> {
    if folder.is_dir() {
        return Ok(());
    }
    // Says what is missing when the root itself is not there, instead of making it.
    std::fs::metadata(root).map_err(|error| wrap(root, &error))?;
    std::fs::create_dir_all(folder).map_err(|error| wrap(folder, &error))
}

/// How surely a file is there once it has its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lasting {
    /// It outlives every process; after a power cut the ledger has it.
    InMemory,
    /// It outlives a power cut.
    OnDisk,
}

/// Writes a message anew that is not whole: a power cut may leave an empty file, or half of one.
pub(super) fn mend(path: &Path, text: &str) -> Result<(), MailboxError> {
    let is_plain = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    if is_plain && std::fs::read(path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(());
    }
    files::replace(path, text.as_bytes(), 0o644, false).map_err(|error| wrap(path, &error))
}

/// Writes a message into `tmp/` and renames it into `new/`.
pub(super) fn drop_into(
    queue: &Path,
    root: &Path,
    name: &str,
    text: &str,
    lasting: Lasting,
) -> Result<(), MailboxError> {
    let (tmp, new) = (queue.join("tmp"), queue.join("new"));
    require_folder(&tmp, root)?;
    require_folder(&new, root)?;
    let half = tmp.join(name);
    let file = write_anew(&half, text).map_err(|error| wrap(&half, &error))?;
    std::fs::rename(&half, new.join(name)).map_err(|error| wrap(&new.join(name), &error))?;
    match lasting {
        Lasting::InMemory => Ok(()),
        Lasting::OnDisk => {
            // After it has its name: whoever is interrupted while the disk works leaves nothing half done,
            // and nobody was told yet that it is there.
            let folder = || std::fs::File::open(&new).and_then(|folder| folder.sync_all());
            let synced = file.sync_all().and_then(|()| folder());
            synced.map_err(|error| wrap(&new, &error))
        }
    }
}

/// A half-written file of a killed attempt gives way; a link planted there is not followed.
fn write_anew(path: &Path, text: &str) -> io::Result<std::fs::File> {
    let create = || std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = match create() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            std::fs::remove_file(path)?;
            create()?
        }
        other => other?,
    };
    file.write_all(text.as_bytes()).inspect_err(|_| {
        // A full disk: half a message is of no use, and it takes room.
        let _ = std::fs::remove_file(path);
    })?;
    Ok(file)
}

/// Moves a file into `dead/` with its reason beside it; done if it is gone.
pub(super) fn bury(
    from: &Path,
    queue: &Path,
    root: &Path,
    reason: &DeadReason,
) -> Result<(), MailboxError> {
    if !exists(from) {
        return Ok(());
    }
    let dead = queue.join("dead");
    require_folder(&dead, root)?;
    let name = from.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let mut number = 1_u32;
    loop {
        let stem = dead_stem(&name, number);
        let target = dead.join(format!("{stem}.json"));
        if !exists(&target) {
            write_reason(&dead.join(format!("{stem}{REASON_ENDING}")), reason)?;
            match files::rename_new(from, &target) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(wrap(from, &error));
                }
                Ok(()) | Err(_) => return Ok(()),
            }
        }
        number += 1;
    }
}

/// Where the reason of a dead file lies.
pub(super) fn reason_of(dead: &Path) -> PathBuf {
    let name = dead.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let stem = name.strip_suffix(".json").unwrap_or(&name);
    dead.with_file_name(format!("{stem}{REASON_ENDING}"))
}

fn write_reason(path: &Path, reason: &DeadReason) -> Result<(), MailboxError> {
    let text = serde_json::to_vec_pretty(reason).map_err(|error| wrap(path, &error.into()))?;
    files::replace(path, &text, 0o644, false).map_err(|error| wrap(path, &error))
}

/// `note.json` → `note`, then `note-2`; cut to what a file system takes, and never a reason's name.
fn dead_stem(name: &str, number: u32) -> String {
    let stem = name.strip_suffix(".json").unwrap_or(name);
    let mut stem: String = match stem.strip_suffix(".reason") {
        Some(plain) => format!("{plain}-reason"),
        None => stem.to_owned(),
    };
    while stem.len() > MAX_STEM {
        stem.pop();
    }
    if number > 1 {
        stem.push_str(&format!("-{number}"));
    }
    stem
}
