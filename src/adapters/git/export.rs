//! Shows and writes out trees: a proof's files, and the change as people read it.
//!
//! The export is a checkout without a repository: filters and line endings are applied as git
//! would, from the attributes in the tree itself, whatever lies in the project's own work tree.

use std::path::Path;

use super::checkouts;
use super::combine::PLAIN_DIFF;
use super::run::{io_problem, plumbing};
use super::worktree;
use crate::adapters::files;
use crate::ports::repositories::RepositoryError;

/// Writes a tree's files into an empty folder.
pub(super) fn export(project: &Path, tree: &str, folder: &Path) -> Result<(), RepositoryError> {
    worktree::require_empty(folder)?;
    std::fs::create_dir_all(folder).map_err(|error| io_problem(folder, &error))?;
    let folder = folder.canonicalize().map_err(|error| io_problem(folder, &error))?;
    let repository = checkouts::common_folder(project)?;
    // Beside the files, under a name that is swept should this process end in the middle.
    let place = folder.parent().unwrap_or(&folder);
    let scratch = files::scratch_folder(place).map_err(|error| io_problem(place, &error))?;
    // An index of its own: `read-tree -u` into nothing writes every file and overwrites none.
    plumbing(&folder)
        .args(["-c", "core.sparseCheckout=false", "-c", "core.bare=false"])
        .args(["read-tree", "-m", "-u", tree])
        .env("GIT_DIR", &repository)
        .env("GIT_WORK_TREE", &folder)
        .env("GIT_INDEX_FILE", scratch.path().join("index"))
        .run()?;
    Ok(())
}

/// The change as a unified diff.
pub(super) fn diff(project: &Path, from: &str, to: &str) -> Result<String, RepositoryError> {
    let outcome = plumbing(project).args(PLAIN_DIFF).args(["-p", "-M", from, to]).run()?;
    Ok(String::from_utf8_lossy(&outcome.stdout).into_owned())
}
