//! One key in one file: 64 hexadecimal digits, mode 0600.
//!
//! A new key gets its name by a step that fails when the name is taken, so two processes that make
//! it at the same time end with the same one. It is on the disk before anybody uses it.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::Path;

use rustix::fs::OFlags;

use crate::adapters::files;
use crate::domain::hex;
use crate::ports::keyring::KeyringError;

/// Rights of the group and of others, none of which a key may give.
const FOREIGN_RIGHTS: u32 = 0o077;
/// A key and a line break have 65 bytes; what is longer than this is read no further.
const MAX_BYTES: u64 = 256;

/// Reads the key, making it if there is none.
pub(super) fn load_or_make(path: &Path) -> Result<[u8; 32], KeyringError> {
    let wrap =
        |error: io::Error| KeyringError::Io { path: path.to_owned(), problem: error.to_string() };
    let text = match load(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(path).map_err(wrap)?;
            load(path).map_err(wrap)?
        }
        other => other.map_err(wrap)?,
    };
    let key = hex::decode(text.trim_end()).and_then(|bytes| bytes.try_into().ok());
    key.ok_or_else(|| KeyringError::Malformed { path: path.to_owned() })
}

/// Moves a key away that is none, as a power cut leaves one; nothing could be proven with it.
pub(super) fn set_aside_if_broken(path: &Path) {
    let is_broken = load(path).is_ok_and(|text| {
        let bytes = hex::decode(text.trim_end());
        bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).is_none()
    });
    if is_broken {
        // If it cannot be moved, whoever needs the key says so.
        let _ = std::fs::rename(path, path.with_extension("damaged"));
    }
}

fn load(path: &Path) -> io::Result<String> {
    // Never a link, and never a pipe that keeps its reader waiting.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    require_private(&file)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Takes rights away that others have; when it is not ours to do, the key is not used.
fn require_private(file: &File) -> io::Result<()> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a plain file"));
    }
    if metadata.mode() & FOREIGN_RIGHTS == 0 {
        return Ok(());
    }
    let ours = metadata.uid() == rustix::process::geteuid().as_raw();
    let tightened = ours.then(|| file.set_permissions(Permissions::from_mode(0o600)));
    match tightened {
        Some(Ok(())) => Ok(()),
        Some(Err(_)) | None => Err(io::Error::other(
            "other users may read this key, and its rights cannot be taken away from them",
        )),
    }
}

fn make(path: &Path) -> io::Result<()> {
    let mut key = [0_u8; 32];
    getrandom::fill(&mut key)?;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let text = format!("{}\n", hex::encode(&key));
    match files::create(path, text.as_bytes(), 0o600, true) {
        // Somebody else made it meanwhile: theirs is the key.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}
