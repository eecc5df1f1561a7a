//! What a change of an agency's crew writes: a role file that is new, and the user's own `agency.json`.
//!
//! A file of that name is left as it is; a definition is replaced only as it was read. Nothing is decided here
//! about what they say.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::adapters::files;
use crate::adapters::folder::{inside, load_text, make_folder, wrap};
use crate::ports::folder::FolderError;

/// The mode of a file that is made here.
const MODE: u32 = 0o644;

/// Adds a file to an agency's folder; one that is there stays.
pub(super) fn add_file(folder: &Path, path: &Path, text: &str) -> Result<(), FolderError> {
    inside::require_plain(path)?;
    let place = folder.join(path);
    let parent = place.parent().unwrap_or(folder);
    // A removed agency's folder is not brought back.
    folder.metadata().map_err(|error| wrap(folder, &error))?;
    make_folder(parent)?;
    // A folder of the agency may be a link to elsewhere.
    inside::resolve(folder, parent, path)?;
    match files::create(&place, text.as_bytes(), MODE, false) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(wrap(&place, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Replaces a definition that still says what was read. Its mode stays, and where it is a link, the file
/// that it leads to is replaced.
pub(super) fn replace(path: &Path, before: &str, after: &str) -> Result<(), FolderError> {
    let place = path.canonicalize().map_err(|error| wrap(path, &error))?;
    let mode = place.metadata().map_err(|error| wrap(path, &error))?.permissions().mode() & 0o777;
    let now = load_text(place.clone())?;
    if now.is_none_or(|file| file.text != before) {
        return Err(FolderError::Changed { path: path.to_owned() });
    }
    files::replace(&place, after.as_bytes(), mode, true).map_err(|error| wrap(path, &error))
}
