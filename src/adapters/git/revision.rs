//! Commits, branches and refs: what a name stands for, which commit contains which, who moves a ref.
//!
//! Names are always given to git in full (`refs/heads/…`), so a tag of the same name or a name that
//! begins with `-` changes nothing. Refs are moved by compare-and-swap only.
//! Reads go through libgit2; where it cannot open the repository (sha256, reftable, partial clone),
//! the `git` program answers.

use std::path::Path;

use jiff::Timestamp;

use super::run::{git, plumbing};
use crate::ports::repositories::RepositoryError;

/// No object: the old value of a ref that is to be made.
const NOTHING: &str = "";

/// The author and committer of what we commit ourselves.
const OURSELVES: (&str, &str) = ("agency", "agency@localhost");

/// The full name of a branch.
pub(super) fn branch_ref(branch: &str) -> String {
    format!("refs/heads/{branch}")
}

/// Opens the repository for reading with libgit2; none where only the program can.
pub(super) fn open(project: &Path) -> Option<git2::Repository> {
    match git2::Repository::open(project) {
        Ok(repository) => Some(repository),
        Err(error) => {
            tracing::debug!(project = %project.display(), %error, "libgit2 cannot open it");
            None
        }
    }
}

/// The commit a branch stands on, none if there is no such branch.
pub(super) fn branch_head(project: &Path, branch: &str) -> Result<Option<String>, RepositoryError> {
    ref_target(project, &branch_ref(branch))
}

/// The commit a ref stands on, none if there is no such ref.
pub(super) fn ref_target(project: &Path, name: &str) -> Result<Option<String>, RepositoryError> {
    let Some(repository) = open(project) else {
        return verify(project, name);
    };
    match repository.find_reference(name).and_then(|found| found.peel_to_commit()) {
        Ok(commit) => Ok(Some(commit.id().to_string())),
        Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
        Err(_) => verify(project, name),
    }
}

fn verify(folder: &Path, name: &str) -> Result<Option<String>, RepositoryError> {
    let wanted = format!("{name}^{{commit}}");
    let (status, outcome) = git(folder)
        .args(["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted])
        .expecting(&[0, 1])?;
    Ok((status == 0).then(|| outcome.text()))
}

/// The commit that a folder has checked out, none before its first.
pub(super) fn checked_out(folder: &Path) -> Result<Option<String>, RepositoryError> {
    verify(folder, "HEAD")
}

/// The commit that a branch, or else a commit id, stands for.
pub(super) fn require_commit(project: &Path, name: &str) -> Result<String, RepositoryError> {
    let found = match branch_head(project, name)? {
        Some(commit) => Some(commit),
        None => verify(project, name)?,
    };
    found.ok_or_else(|| no_such(project, name))
}

/// The commit that a branch stands on.
pub(super) fn require_branch(project: &Path, branch: &str) -> Result<String, RepositoryError> {
    branch_head(project, branch)?.ok_or_else(|| no_such(project, branch))
}

/// The error for a name that stands for nothing.
pub(super) fn no_such(project: &Path, name: &str) -> RepositoryError {
    RepositoryError::NoSuchRevision { name: name.to_owned(), path: project.to_owned() }
}

/// Whether `newer` contains `older`.
pub(super) fn contains(project: &Path, newer: &str, older: &str) -> Result<bool, RepositoryError> {
    if newer == older {
        return Ok(true);
    }
    git(project).args(["merge-base", "--is-ancestor", older, newer]).answers_yes()
}

/// Number of commits on `to` that `from` lacks.
pub(super) fn count(folder: &Path, from: &str, to: &str) -> Result<u32, RepositoryError> {
    let range = format!("{from}..{to}");
    let text = git(folder).args(["rev-list", "--count", "--end-of-options", &range]).text()?;
    Ok(text.parse().unwrap_or_default())
}

/// Moves a ref from what it must be (none: it must not be there) to a commit; false: it was not that.
pub(super) fn move_ref(
    project: &Path,
    name: &str,
    from: Option<&str>,
    to: &str,
    why: &str,
) -> Result<bool, RepositoryError> {
    let from = from.unwrap_or(NOTHING);
    let moved = plumbing(project)
        .args(["update-ref", "--create-reflog", "-m", why, name, to, from])
        .expecting(&[0]);
    settle(project, name, moved, from)
}

/// Deletes a ref that must stand on this commit; false: it does not.
pub(super) fn delete_ref(project: &Path, name: &str, from: &str) -> Result<bool, RepositoryError> {
    let deleted = plumbing(project).args(["update-ref", "-d", name, from]).expecting(&[0]);
    settle(project, name, deleted, from)
}

/// Tells a lost race (the ref is not what it must be) from a refusal.
fn settle<T>(
    project: &Path,
    name: &str,
    result: Result<T, RepositoryError>,
    expected: &str,
) -> Result<bool, RepositoryError> {
    match result {
        Ok(_) => Ok(true),
        Err(error) => {
            let now = ref_target(project, name)?;
            if now.as_deref().unwrap_or(NOTHING) == expected { Err(error) } else { Ok(false) }
        }
    }
}

/// A commit to be made without a work tree.
pub(super) struct NewCommit<'a> {
    /// Its tree.
    pub(super) tree: &'a str,
    /// Its parents.
    pub(super) parents: &'a [&'a str],
    /// The whole message.
    pub(super) message: &'a str,
    /// Author and committer time in seconds: the same order makes the same commit.
    pub(super) at_s: i64,
}

/// Makes a commit by ourselves.
pub(super) fn commit(project: &Path, new: &NewCommit<'_>) -> Result<String, RepositoryError> {
    let (name, email) = OURSELVES;
    let date = format!("@{} +0000", new.at_s);
    let mut call = plumbing(project).args(["commit-tree", "--no-gpg-sign", new.tree]);
    for parent in new.parents {
        call = call.args(["-p", parent]);
    }
    call.args(["-F", "-"])
        .env("GIT_AUTHOR_NAME", name)
        .env("GIT_AUTHOR_EMAIL", email)
        .env("GIT_AUTHOR_DATE", &date)
        .env("GIT_COMMITTER_NAME", name)
        .env("GIT_COMMITTER_EMAIL", email)
        .env("GIT_COMMITTER_DATE", &date)
        .stdin(new.message)
        .text()
}

/// Seconds since 1970, never negative: git writes no earlier time.
pub(super) fn seconds(at: Timestamp) -> i64 {
    at.as_second().max(0)
}
