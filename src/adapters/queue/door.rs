//! Looking at the door: whatever lies there is a stranger's, so nothing is followed or waited for.
//!
//! Only plain files whose names end in `.json` are read; a link, a pipe or a folder of such a name
//! is reported, and everything else is left alone.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::OFlags;

use crate::adapters::files;
use crate::adapters::queue::wrap;
use crate::domain::message::MAX_MESSAGE_BYTES;
use crate::ports::mailboxes::{DoorContent, DoorItem, MailboxError};

/// Whether a file of this name is a message: ends in `.json` and is not hidden.
pub(super) fn is_message_name(name: &str) -> bool {
    name.ends_with(".json") && !name.starts_with('.')
}

/// The first `limit` messages by name. No folder means no messages.
pub(super) fn look(folder: &Path, limit: usize) -> Result<Vec<DoorItem>, MailboxError> {
    let mut names = list(folder)?;
    names.retain(|name| is_message_name(&name.to_string_lossy()));
    let mut names: Vec<String> =
        names.into_iter().filter_map(|name| require_text(folder, name)).collect();
    names.sort_unstable();
    let items = names.into_iter().filter_map(|file| {
        // Gone since the list was made: somebody else took it.
        let path = folder.join(&file);
        let stamp = stamp(&path);
        let content = read(&path)?;
        Some(DoorItem { file, stamp, content })
    });
    Ok(items.take(limit).collect())
}

/// A file's time of change and its number: a new file of the same name has another one.
fn stamp(path: &Path) -> String {
    use std::os::unix::fs::MetadataExt as _;
    path.symlink_metadata().map_or_else(
        |_| String::new(),
        |meta| {
            let ms = meta
                .mtime()
                .max(0)
                .saturating_mul(1000)
                .saturating_add(meta.mtime_nsec() / 1_000_000);
            format!("{ms}-{}-{}", meta.mtime_nsec(), meta.ino())
        },
    )
}

/// How many names in a folder fit.
pub(super) fn count(folder: &Path, fits: impl Fn(&str) -> bool) -> Result<u32, MailboxError> {
    let fitting = list(folder)?.into_iter().filter(|name| fits(&name.to_string_lossy())).count();
    Ok(u32::try_from(fitting).unwrap_or(u32::MAX))
}

/// The path of a file at the door, if that is really what the name names.
pub(super) fn require_inside(folder: &Path, file: &str) -> Result<PathBuf, MailboxError> {
    let mut parts = Path::new(file).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(name)), None) if name == file => Ok(folder.join(file)),
        _ => Err(MailboxError::Io {
            path: folder.join(file),
            problem: "not a plain file name".to_owned(),
        }),
    }
}

fn list(folder: &Path) -> Result<Vec<OsString>, MailboxError> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|error| wrap(folder, &error))?,
    };
    entries.map(|entry| entry.map(|e| e.file_name()).map_err(|e| wrap(folder, &e))).collect()
}

/// A name that is not UTF-8 is changed into one that is, because no message or reason could name it.
fn require_text(folder: &Path, name: OsString) -> Option<String> {
    let name = match name.into_string() {
        Ok(text) => return Some(text),
        Err(name) => name,
    };
    let ascii = |byte: u8| if byte.is_ascii_graphic() { byte } else { b'_' };
    let plain: Vec<u8> = name.as_bytes().iter().map(|byte| ascii(*byte)).collect();
    let plain = OsString::from_vec(plain).into_string().ok()?;
    let (old, new) = (folder.join(&name), folder.join(&plain));
    // When another file has that name, this one waits until it is gone.
    files::rename_new(&old, &new).ok()?;
    Some(plain)
}

fn read(path: &Path) -> Option<DoorContent> {
    match try_read(path) {
        Ok(content) => Some(content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(DoorContent::Unreadable { problem: to_words(&error) }),
    }
}

fn try_read(path: &Path) -> io::Result<DoorContent> {
    let file = open_unfollowed(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        let problem = if metadata.is_dir() { "a folder" } else { "not a plain file" };
        return Ok(DoorContent::Unreadable { problem: problem.to_owned() });
    }
    if metadata.len() > MAX_MESSAGE_BYTES {
        return Ok(DoorContent::TooLarge { bytes: metadata.len() });
    }
    let mut bytes = Vec::new();
    // One byte more than allowed, to see a file that still grows.
    let read = file.take(MAX_MESSAGE_BYTES + 1).read_to_end(&mut bytes)? as u64;
    match read > MAX_MESSAGE_BYTES {
        true => Ok(DoorContent::TooLarge { bytes: read }),
        false => Ok(DoorContent::Bytes(bytes)),
    }
}

/// Without `O_NONBLOCK` a pipe that nobody writes to would stop the supervisor.
fn open_unfollowed(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

fn to_words(error: &io::Error) -> String {
    let link = rustix::io::Errno::LOOP.raw_os_error();
    if error.raw_os_error() == Some(link) { "a link".to_owned() } else { error.to_string() }
}
