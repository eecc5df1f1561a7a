//! Looking at the door: whatever lies there is a stranger's, so nothing is followed or waited for.
//!
//! Only plain files whose names end in `.json` are read; a link, a pipe or a folder of such a name
//! is reported, and everything else is left alone. A door that is itself a link is no door.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;

use crate::adapters::queue::names::Listing;
use crate::adapters::queue::wrap;
use crate::domain::message::MAX_MESSAGE_BYTES;
use crate::ports::mailboxes::{DoorContent, DoorItem, MailboxError};

/// Whether a file of this name is a message: ends in `.json` and is not hidden.
pub(super) fn is_message_name(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.ends_with(b".json") && !name.starts_with(b".")
}

/// The door's folder, held open: it cannot be exchanged for another one while it is worked in.
pub(super) struct Folder {
    path: PathBuf,
    fd: OwnedFd,
}

impl Folder {
    /// Opens it; none if there is none. A link in its place is not followed.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, MailboxError> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
        match rustix::fs::openat(CWD, path, flags, Mode::empty()) {
            Ok(fd) => Ok(Some(Self { path: path.to_owned(), fd })),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::LOOP | Errno::NOTDIR) if path.is_symlink() => Err(MailboxError::Io {
                path: path.to_owned(),
                problem: "a link is no door; put a folder in its place".to_owned(),
            }),
            Err(error) => Err(wrap(path, &error.into())),
        }
    }

    /// Names of messages after a given one, the first of them.
    pub(super) fn list(&self, after: &OsStr) -> Result<Listing, MailboxError> {
        let fail = |error: Errno| wrap(&self.path, &error.into());
        let mut listing = Listing::default();
        for entry in Dir::read_from(&self.fd).map_err(fail)? {
            let name = OsString::from_vec(entry.map_err(fail)?.file_name().to_bytes().to_vec());
            if is_message_name(&name) && name.as_os_str() > after {
                listing.add(name);
            }
        }
        Ok(listing)
    }

    /// What lies under a name; none if it is gone, or still being written.
    pub(super) fn look(&self, name: &OsStr) -> Option<DoorItem> {
        let name = self.require_text(name)?;
        let (stat, content) = match self.read(&name) {
            Ok(read) => read?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                let stat = rustix::fs::statat(&self.fd, &name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
                (stat, DoorContent::Unreadable { problem: error.to_string() })
            }
        };
        let written_at = written_at(&stat);
        Some(DoorItem { file: name, stamp: stamp_of(&stat), written_at, content })
    }

    /// A file's time of change and its number: a new file of the same name has another one.
    pub(super) fn stamp(&self, name: &str) -> Option<String> {
        let stat = rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        Some(stamp_of(&stat))
    }

    /// Removes a file if it is still the one with this stamp; whether it was. What has taken its name meanwhile is
    /// put back: it is moved away first, because nothing can be compared and removed in one step.
    pub(super) fn remove(&self, name: &str, stamp: &str, aside: &Path) -> io::Result<bool> {
        match rustix::fs::renameat(&self.fd, name, CWD, aside) {
            Err(Errno::NOENT) if self.stamp(name).is_none() => return Ok(true),
            Err(Errno::NOENT) => {
                // It is there: what is missing is the folder to put it aside in.
                std::fs::create_dir_all(aside.parent().unwrap_or(aside))?;
                rustix::fs::renameat(&self.fd, name, CWD, aside)?;
            }
            other => other?,
        }
        let moved = rustix::fs::statat(CWD, aside, AtFlags::SYMLINK_NOFOLLOW)?;
        if stamp_of(&moved) == stamp {
            rustix::fs::unlinkat(CWD, aside, AtFlags::empty())?;
            return Ok(true);
        }
        self.put_back(aside, name)?;
        Ok(false)
    }

    /// Gives a file that was moved aside its name again, or one like it.
    pub(super) fn put_back(&self, aside: &Path, name: &str) -> io::Result<()> {
        let stem = name.strip_suffix(".json").unwrap_or(name);
        let short: String = stem.chars().take(40).collect();
        let rename = |name: &str| {
            rustix::fs::renameat_with(CWD, aside, &self.fd, name, RenameFlags::NOREPLACE)
        };
        let mut number = 1_u32;
        let mut result = rename(name);
        while result == Err(Errno::EXIST) {
            number += 1;
            result = rename(&format!("{short}-{number}.json"));
        }
        Ok(result?)
    }

    /// A name that is not UTF-8 is changed into one that is, because no message or reason could name it.
    fn require_text(&self, name: &OsStr) -> Option<String> {
        if let Some(text) = name.to_str() {
            return Some(text.to_owned());
        }
        let ascii = |byte: u8| if byte.is_ascii_graphic() { byte } else { b'_' };
        let plain: Vec<u8> = name.as_bytes().iter().map(|byte| ascii(*byte)).collect();
        let plain = String::from_utf8(plain).ok()?;
        let flags = RenameFlags::NOREPLACE;
        // When another file has that name, this one waits until it is gone.
        rustix::fs::renameat_with(&self.fd, name, &self.fd, plain.as_str(), flags).ok()?;
        Some(plain)
    }

    fn read(&self, name: &str) -> io::Result<Option<(Stat, DoorContent)>> {
        let unreadable = |stat: Stat, problem: &str| {
            Ok(Some((stat, DoorContent::Unreadable { problem: problem.to_owned() })))
        };
        // Opening a device may do something to it, so it is known first what it is.
        let stat = rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {}
            FileType::Directory => return unreadable(stat, "a folder"),
            FileType::Symlink => return unreadable(stat, "a link"),
            _ => return unreadable(stat, "not a plain file"),
        }
        // Without `NONBLOCK` a pipe that took its place would stop the supervisor.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.fd, name, flags, Mode::empty())?);
        let before = rustix::fs::fstat(&file)?;
        if FileType::from_raw_mode(before.st_mode) != FileType::RegularFile {
            return Ok(None);
        }
        let size = u64::try_from(before.st_size).unwrap_or(0);
        if size > MAX_MESSAGE_BYTES {
            return Ok(Some((before, DoorContent::TooLarge { bytes: size })));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
        // One byte more than allowed, to see a file that still grows.
        let read = (&file).take(MAX_MESSAGE_BYTES + 1).read_to_end(&mut bytes)? as u64;
        if read > MAX_MESSAGE_BYTES {
            return Ok(Some((before, DoorContent::TooLarge { bytes: read })));
        }
        // It was written to while it was read: the next look sees more of it.
        let is_settled = stamp_of(&rustix::fs::fstat(&file)?) == stamp_of(&before) && read == size;
        Ok(is_settled.then_some((before, DoorContent::Bytes(bytes))))
    }
}

fn stamp_of(stat: &Stat) -> String {
    let at = written_at(stat).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{}-{}-{}", at.as_millisecond().max(0), at.subsec_nanosecond(), stat.st_ino)
}

fn written_at(stat: &Stat) -> Option<Timestamp> {
    Timestamp::new(stat.st_mtime, i32::try_from(stat.st_mtime_nsec).ok()?).ok()
}

/// How many names in a folder fit.
pub(super) fn count(folder: &Path, fits: impl Fn(&OsStr) -> bool) -> Result<u32, MailboxError> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        other => other.map_err(|error| wrap(folder, &error))?,
    };
    let mut fitting = 0_u32;
    for entry in entries {
        let name = entry.map_err(|error| wrap(folder, &error))?.file_name();
        fitting = fitting.saturating_add(u32::from(fits(&name)));
    }
    Ok(fitting)
}

/// Refuses what is more, or less, than the name of a file at the door.
pub(super) fn require_plain(folder: &Path, file: &str) -> Result<(), MailboxError> {
    let mut parts = Path::new(file).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(name)), None) if name == file => Ok(()),
        _ => Err(MailboxError::Io {
            path: folder.join(file),
            problem: "not a plain file name".to_owned(),
        }),
    }
}
