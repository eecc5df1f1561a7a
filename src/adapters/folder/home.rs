//! Finding a workbench's folder, and making one.
//!
//! `agency.toml` is the mark of a workbench and is written last, so that a folder half made is no
//! workbench and the making can be repeated. Files that are there already are left as they are.

use std::io;
use std::path::{Path, PathBuf};

use crate::adapters::files;
use crate::adapters::folder::archive::mode_for;
use crate::adapters::folder::{inside, load_text, make_folder, wrap};
use crate::ports::folder::{FolderError, TextFile};

/// The file that makes a folder a workbench.
pub const HOME_MARK: &str = "agency.toml";

const FOLDERS: [&str; 7] = [
    "agencies",
    "registry/queue/tmp",
    "registry/queue/new",
    "registry/queue/dead",
    "sandbox/testing",
    "sandbox/staging",
    "templates",
];

/// What is made at run time and belongs in no repository.
const IGNORED: [&str; 7] = [
    "/registry/",
    "/sandbox/",
    "/agencies/.new-*/",
    "/agencies/.archive/",
    "/agencies/*/mail/",
    "/agencies/*/logs/",
    "/agencies/*/worktrees/",
];

/// Where the supervisor replaces files, or works on some for a while.
const WRITTEN: [&str; 4] = ["", "registry", "docs/decisions", "sandbox/testing"];

/// Removes what a supervisor that was killed left half written.
pub fn sweep(home: &Path) {
    WRITTEN.iter().for_each(|folder| files::sweep(&home.join(folder)));
}

/// The nearest folder, from `start` upwards, that is a workbench.
pub fn find_home(start: &Path) -> Option<PathBuf> {
    let mut folders = start.ancestors();
    folders.find(|folder| folder.join(HOME_MARK).is_file()).map(Path::to_owned)
}

/// Makes a workbench in a folder, which may be there and hold other things.
///
/// `files` are relative to it; one of them may be `agency.toml`, otherwise an empty one is written.
///
/// # Errors
/// [`FolderError::Exists`] when it is a workbench already.
pub fn make_workbench(folder: &Path, files: &[TextFile]) -> Result<(), FolderError> {
    let mark = folder.join(HOME_MARK);
    if mark.symlink_metadata().is_ok() {
        return Err(FolderError::Exists { path: mark });
    }
    for name in FOLDERS {
        make_folder(&folder.join(name))?;
    }
    let mut config = "";
    for file in files {
        if file.path == Path::new(HOME_MARK) {
            config = &file.text;
        } else {
            lay(folder, file)?;
        }
    }
    ignore_run_time_files(&folder.join(".gitignore"))?;
    // After a power cut a workbench has its settings, or is none yet.
    files::create(&mark, config.as_bytes(), 0o644, true).map_err(|error| taken_or(&mark, &error))
}

/// Writes a file into a workbench, relative to it; the user's own file of that name stays.
///
/// # Errors
/// The path leaves the workbench, or it cannot be written.
pub fn lay(folder: &Path, file: &TextFile) -> Result<(), FolderError> {
    inside::require_plain(&file.path)?;
    let path = folder.join(&file.path);
    make_folder(path.parent().unwrap_or(folder))?;
    match write_new(&path, &file.text, mode_for(&path)) {
        Ok(()) | Err(FolderError::Exists { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Gives a complete file its name, unless the name is taken.
fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), FolderError> {
    files::create(path, text.as_bytes(), mode, false).map_err(|error| taken_or(path, &error))
}

fn taken_or(path: &Path, error: &io::Error) -> FolderError {
    match error.kind() {
        io::ErrorKind::AlreadyExists => FolderError::Exists { path: path.to_owned() },
        _ => wrap(path, error),
    }
}

/// Adds the lines that are missing at the end; the user's own stay as they are.
fn ignore_run_time_files(path: &Path) -> Result<(), FolderError> {
    let mut text = load_text(path.to_owned())?.map(|file| file.text).unwrap_or_default();
    let missing: Vec<&str> =
        IGNORED.into_iter().filter(|line| !text.lines().any(|there| there == *line)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !text.is_empty() {
        text.push_str(if text.ends_with('\n') { "\n" } else { "\n\n" });
    }
    text.push_str("# Made by `agency` at run time\n");
    for line in missing {
        text.push_str(line);
        text.push('\n');
    }
    files::replace(path, text.as_bytes(), 0o644, false).map_err(|error| wrap(path, &error))
}
