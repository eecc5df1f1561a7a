//! Keeps what is not committed in a worktree as a commit: changed, staged and untracked files.
//!
//! Made with an index of its own, so neither the worktree nor its index changes, and with the time of
//! the head commit, so a repetition makes the same commit. Ignored files are not kept (they
//! can be made again: build output, caches), nor are empty folders and amended commits. A repository
//! inside the worktree cannot be kept this way and is refused.

use std::path::Path;

use super::checkouts::Checkout;
use super::revision::{self, NewCommit};
use super::run::{Call, git, in_the_way, io_problem, parts, plumbing};
use crate::ports::repositories::RepositoryError;

/// Commits what a worktree holds beyond `kept`, the commit that is kept anyway; none: nothing.
pub(super) fn take(
    checkout: &Checkout,
    kept: Option<&str>,
) -> Result<Option<String>, RepositoryError> {
    let folder = &checkout.folder;
    let head = revision::checked_out(folder)?;
    let scratch = checkout.scratch()?;
    let index = scratch.path().join("index");
    copy_index(checkout, &index)?;
    let staged = staged_tree(folder, &index, head.is_some())?;
    let tree = whole_tree(folder, &index)?;
    refuse_inner_repositories(folder, &index, head.as_deref())?;
    let head_tree = tree_of(folder, head.as_deref())?;
    let extra = staged.filter(|staged| *staged != tree && Some(staged) != head_tree.as_ref());
    let nothing_to_keep = extra.is_none() && head_tree.is_none_or(|head_tree| head_tree == tree);
    if nothing_to_keep && is_kept(folder, head.as_deref(), kept)? {
        return Ok(None);
    }
    commit(folder, head.as_deref(), extra.as_deref(), &tree).map(Some)
}

fn is_kept(folder: &Path, head: Option<&str>, kept: Option<&str>) -> Result<bool, RepositoryError> {
    match (head, kept) {
        (None, _) => Ok(true),
        (Some(_), None) => Ok(false),
        (Some(head), Some(kept)) => revision::contains(folder, kept, head),
    }
}

pub(super) fn copy_index(checkout: &Checkout, index: &Path) -> Result<(), RepositoryError> {
    let own = checkout.git_folder()?.join("index");
    match std::fs::copy(&own, index) {
        Ok(_) => keep_time(&own, index),
        // Without an index the checkout never ended; compared with the head, all the rest is missing.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io_problem(&own, &error)),
    }
}

/// The copy has the time of the index: by it git knows which files may have changed unnoticed right after
/// it was written.
fn keep_time(own: &Path, copy: &Path) -> Result<(), RepositoryError> {
    let keep = || {
        let written = own.metadata()?.modified()?;
        std::fs::File::options().write(true).open(copy)?.set_modified(written)
    };
    keep().map_err(|error: std::io::Error| io_problem(copy, &error))
}

fn with_index(folder: &Path, index: &Path) -> Call {
    plumbing(folder).env("GIT_INDEX_FILE", index)
}

/// What was staged, as a tree; none while a merge has conflicts, whose files are kept as they lie there.
pub(super) fn staged_tree(
    folder: &Path,
    index: &Path,
    has_head: bool,
) -> Result<Option<String>, RepositoryError> {
    if !index.exists() {
        if has_head {
            with_index(folder, index).args(["read-tree", "HEAD"]).run()?;
        }
        return Ok(None);
    }
    let unmerged = with_index(folder, index).args(["ls-files", "--unmerged"]).text()?;
    if !unmerged.is_empty() {
        return Ok(None);
    }
    with_index(folder, index).args(["write-tree"]).text().map(Some)
}

/// Every file that lies there, untracked ones too.
fn whole_tree(folder: &Path, index: &Path) -> Result<String, RepositoryError> {
    // Files that git was told not to look at are looked at; the answer (something differs) is no failure.
    with_index(folder, index).args(["update-index", "-q", "--really-refresh"]).outcome()?;
    with_index(folder, index)
        .args(["-c", "advice.addEmbeddedRepo=false"])
        .args(["add", "--all", "--sparse", "--", ":/"])
        .run()?;
    with_index(folder, index).args(["write-tree"]).text()
}

pub(super) fn tree_of(
    folder: &Path,
    head: Option<&str>,
) -> Result<Option<String>, RepositoryError> {
    let Some(head) = head else { return Ok(None) };
    let wanted = format!("{head}^{{tree}}");
    git(folder).args(["rev-parse", "--verify", &wanted]).text().map(Some)
}

/// A repository inside is only a link in the tree: its files would be lost.
fn refuse_inner_repositories(
    folder: &Path,
    index: &Path,
    head: Option<&str>,
) -> Result<(), RepositoryError> {
    const LINK: &str = "160000 ";
    let listed = with_index(folder, index).args(["ls-files", "--stage", "-z"]).run()?;
    for line in parts(&listed).iter().filter(|line| line.starts_with(LINK)) {
        let path = line.split_once('\t').map_or(line.as_str(), |(_, path)| path);
        let inner = folder.join(path);
        if head.is_some() && !inner.join(".git").exists() {
            continue;
        }
        return Err(in_the_way(&inner, "it is a repository inside a worktree; move it away first"));
    }
    Ok(())
}

fn commit(
    folder: &Path,
    head: Option<&str>,
    staged: Option<&str>,
    tree: &str,
) -> Result<String, RepositoryError> {
    let at_s = match head {
        Some(head) => git(folder)
            .args(["show", "--no-patch", "--format=%ct", head])
            .text()?
            .parse()
            .unwrap_or(0),
        None => 0,
    };
    let mut parents: Vec<&str> = head.into_iter().collect();
    let staged = match staged {
        Some(tree) => {
            let message = "staged files, kept by agency";
            Some(revision::commit(folder, &NewCommit { tree, parents: &parents, message, at_s })?)
        }
        None => None,
    };
    parents.extend(staged.as_deref());
    let message = "uncommitted files, kept by agency";
    revision::commit(folder, &NewCommit { tree, parents: &parents, message, at_s })
}
