//! Makes a small project of its own: a new repository with one commit, for the demo and for tests.
//!
//! The repository gets an identity in its own configuration, because agents commit in its
//! worktrees and the machine may have none. A repository of a user is never configured.

use std::path::Path;

use super::run::{io_problem, plumbing};
use super::worktree;
use crate::adapters::files;
use crate::ports::repositories::RepositoryError;

/// Who commits in a project that we made.
const IDENTITY: &[(&str, &str)] =
    &[("user.name", "agency demo"), ("user.email", "demo@localhost"), ("commit.gpgSign", "false")];

/// Makes a repository with branch `main` in a folder that is empty or missing; returns its first commit.
///
/// Each file is its path relative to the folder, its text, and whether it is executable.
pub fn make_project(
    folder: &Path,
    files: &[(&str, &str, bool)],
    message: &str,
) -> Result<String, RepositoryError> {
    worktree::require_empty(folder)?;
    std::fs::create_dir_all(folder).map_err(|error| io_problem(folder, &error))?;
    plumbing(folder).args(["init", "--quiet", "--initial-branch=main", "--template="]).run()?;
    for (key, value) in IDENTITY {
        plumbing(folder).args(["config", key, value]).run()?;
    }
    for (path, text, is_executable) in files {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(|error| io_problem(parent, &error))?;
        let mode = if *is_executable { 0o755 } else { 0o644 };
        files::replace(&path, text.as_bytes(), mode, false)
            .map_err(|error| io_problem(&path, &error))?;
    }
    plumbing(folder).args(["add", "--all", "--force"]).run()?;
    plumbing(folder).args(["commit", "--quiet", "--allow-empty", "-m", message]).run()?;
    plumbing(folder).args(["rev-parse", "HEAD"]).text()
}
