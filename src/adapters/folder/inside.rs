//! Checks of paths that come from a definition, a message or an agent: none leaves its folder.
//!
//! First the words (`..`, absolute), then what the disk makes of them (links).

use std::io;
use std::path::{Component, Path, PathBuf};

use crate::adapters::folder::wrap;
use crate::ports::folder::FolderError;

/// Refuses everything but plain steps downwards.
pub(super) fn require_plain(path: &Path) -> Result<(), FolderError> {
    let plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    let named = path.components().any(|part| matches!(part, Component::Normal(_)));
    if named && path.components().all(plain) { Ok(()) } else { Err(outside(path)) }
}

/// Refuses everything but one plain name.
pub(super) fn require_name(file: &str) -> Result<(), FolderError> {
    let path = Path::new(file);
    if path.file_name().is_some_and(|name| name == file) { Ok(()) } else { Err(outside(path)) }
}

/// The path with its links followed, none if nothing is there; refuses one that ends elsewhere.
pub(super) fn resolve(
    folder: &Path,
    path: &Path,
    as_given: &Path,
) -> Result<Option<PathBuf>, FolderError> {
    let resolved = match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| wrap(path, &error))?,
    };
    let folder = folder.canonicalize().map_err(|error| wrap(folder, &error))?;
    if resolved.starts_with(folder) { Ok(Some(resolved)) } else { Err(outside(as_given)) }
}

fn outside(path: &Path) -> FolderError {
    FolderError::Outside { path: path.to_owned() }
}
