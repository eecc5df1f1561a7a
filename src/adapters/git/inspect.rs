//! Looks at a project: its root, its branch, its commit; each kind that cannot be worked on has its own error.
//!
//! Uses the `git` program alone: it is asked once per project, and it opens every kind of repository.

use std::path::Path;

use super::revision;
use super::run::{as_path, git};
use crate::ports::repositories::{ProjectFacts, RepositoryError};

/// Looks at the repository that a folder lies in.
pub(super) fn inspect(project: &Path) -> Result<ProjectFacts, RepositoryError> {
    let root = require_root(project)?;
    let path = || root.clone();
    let head =
        revision::checked_out(&root)?.ok_or_else(|| RepositoryError::Empty { path: path() })?;
    let (status, branch) =
        git(&root).args(["symbolic-ref", "--quiet", "--short", "HEAD"]).expecting(&[0, 1])?;
    if status != 0 {
        return Err(RepositoryError::DetachedHead { path: path() });
    }
    let modules = git(&root).args(["ls-tree", "--full-tree", &head, ".gitmodules"]).text()?;
    if !modules.is_empty() {
        return Err(RepositoryError::Submodules { path: path() });
    }
    Ok(ProjectFacts { branch: branch.text(), head, root })
}

/// The top of the work tree that a folder lies in.
fn require_root(project: &Path) -> Result<std::path::PathBuf, RepositoryError> {
    let not_a_repository = || RepositoryError::NotARepository { path: project.to_owned() };
    if !project.is_dir() {
        return Err(not_a_repository());
    }
    let kind = git(project)
        .args(["rev-parse", "--is-bare-repository", "--is-inside-work-tree"])
        .outcome()?;
    if !kind.status.success() {
        let problem = kind.problem();
        // A repository that git refuses (of another user, damaged) is told from none at all.
        return Err(if problem.contains("not a git repository") {
            not_a_repository()
        } else {
            RepositoryError::Refused { command: "rev-parse".to_owned(), problem }
        });
    }
    match kind.text().lines().collect::<Vec<_>>().as_slice() {
        ["true", ..] => Err(RepositoryError::Bare { path: project.to_owned() }),
        [_, "true"] => Ok(as_path(&git(project).args(["rev-parse", "--show-toplevel"]).run()?)),
        _ => Err(not_a_repository()),
    }
}
