//! Making an agency's folder, and moving it away: each is one rename, so there is no half of it.
//!
//! What is moved away is never put over something else, and nothing is deleted.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::adapters::files;
use crate::adapters::folder::{inside, make_folder, wrap};
use crate::domain::name::Name;
use crate::failpoint;
use crate::ports::folder::{FolderError, TextFile};

/// Builds the folder under a hidden name and gives it its own when it is complete.
pub(super) fn make_agency(
    agencies: &Path,
    name: &Name,
    files: &[TextFile],
) -> Result<(), FolderError> {
    let target = agencies.join(name.as_str());
    if target.symlink_metadata().is_ok() {
        return Err(FolderError::Exists { path: target });
    }
    make_folder(agencies)?;
    let building = tempfile::Builder::new()
        .prefix(".new-")
        .permissions(Permissions::from_mode(0o755))
        .tempdir_in(agencies)
        .map_err(|error| wrap(agencies, &error))?;
    write_all(building.path(), files)?;
    rename_new(building.path(), &target)?;
    // It has another name now; what has the old one, if anything, is not ours.
    let _ = building.keep();
    Ok(())
}

/// Writes files below a folder; a script may be run.
pub(super) fn write_all(folder: &Path, files: &[TextFile]) -> Result<(), FolderError> {
    for file in files {
        inside::require_plain(&file.path)?;
        let path = folder.join(&file.path);
        make_folder(path.parent().unwrap_or(folder))?;
        files::replace(&path, file.text.as_bytes(), mode_for(&path), false)
            .map_err(|error| wrap(&path, &error))?;
    }
    Ok(())
}

/// The mode that a file gets by its ending.
pub(super) fn mode_for(path: &Path) -> u32 {
    let script = path.extension().is_some_and(|ending| ending == "sh" || ending == "py");
    if script { 0o755 } else { 0o644 }
}

/// Moves the folder into the archive; done if it is there. Of one that is gone an empty place is all there is.
pub(super) fn archive_agency(
    agencies: &Path,
    name: &Name,
    stamp: &str,
) -> Result<PathBuf, FolderError> {
    let archive = agencies.join(".archive");
    let archived = format!("{name}-{stamp}");
    inside::require_name(&archived)?;
    let target = archive.join(archived);
    if target.is_dir() {
        return Ok(target);
    }
    make_folder(&archive)?;
    let folder = agencies.join(name.as_str());
    if is_gone(&folder) {
        // Somebody took it away: there is nothing to keep, and the removal must end.
        make_folder(&target)?;
    } else {
        rename_new(&folder, &target)?;
    }
    failpoint::hit("remove.folder_moved");
    Ok(target)
}

/// An empty folder in the archive stands for one that was gone: brought back it would only be in the way.
fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}

fn is_gone(folder: &Path) -> bool {
    folder.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Moves an archived folder back; done if it is not in the archive any more and stands in its old place.
pub(super) fn return_agency(
    agencies: &Path,
    name: &Name,
    archived: &Path,
) -> Result<(), FolderError> {
    let target = agencies.join(name.as_str());
    if !archived.is_dir() && target.is_dir() {
        return Ok(());
    }
    if is_empty(archived) {
        let problem = "it was taken away before it could be archived".to_owned();
        return Err(FolderError::Io { path: target, problem });
    }
    rename_new(archived, &target)?;
    failpoint::hit("undo.folder_returned");
    Ok(())
}

/// A rename that overwrites nothing, not even an empty folder.
fn rename_new(from: &Path, to: &Path) -> Result<(), FolderError> {
    files::rename_new(from, to).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => FolderError::Exists { path: to.to_owned() },
        _ => wrap(from, &error),
    })
}
