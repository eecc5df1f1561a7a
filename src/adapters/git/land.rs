//! Moves the target branch to the merge that was proven.
//!
//! A branch that nobody has checked out moves by compare-and-swap. One that is checked out moves
//! only with its folder: clean, it is fast-forwarded there, files and all; otherwise nothing is
//! touched and the answer says what its owner has to do. No file of a user is ever overwritten,
//! not even an ignored one.

use std::path::Path;

use super::checkouts::{self, Checkout, Uncommitted};
use super::combine::PLAIN_DIFF;
use super::revision::{self, NewCommit, branch_ref};
use super::run::{parts, plumbing};
use crate::failpoint;
use crate::ports::repositories::{MergeOrder, Merged, RepositoryError};

/// How the move of a branch went.
#[derive(Debug)]
pub(super) enum Advanced {
    /// It stands on the new commit.
    Moved,
    /// It was not where it should be.
    Lost,
    /// It is checked out, and something has to be done there first.
    Held {
        /// What, for people.
        reason: String,
    },
}

/// Moves the target branch to the proven merge.
pub(super) fn merge(order: &MergeOrder) -> Result<Merged, RepositoryError> {
    let project = &order.project;
    revision::require_branch(project, &order.target)?;
    let commit = revision::commit(
        project,
        &NewCommit {
            tree: &order.tree,
            parents: &[&order.base, &order.head],
            message: &order.message,
            at_s: revision::seconds(order.at),
        },
    )?;
    failpoint::hit("merge.commit_made");
    let now = revision::require_branch(project, &order.target)?;
    if revision::contains(project, &now, &commit)? {
        return Ok(Merged::Done { commit });
    }
    if now != order.base {
        return Ok(Merged::BaseMoved { now });
    }
    match advance(project, &order.target, &order.base, &commit)? {
        Advanced::Held { reason } => Ok(Merged::Held { reason }),
        Advanced::Lost => {
            Ok(Merged::BaseMoved { now: revision::require_branch(project, &order.target)? })
        }
        Advanced::Moved => {
            failpoint::hit("merge.branch_moved");
            Ok(Merged::Done { commit })
        }
    }
}

/// Moves a branch forward from one commit to another, with the folder that has it checked out.
pub(super) fn advance(
    project: &Path,
    branch: &str,
    from: &str,
    to: &str,
) -> Result<Advanced, RepositoryError> {
    let checkouts = checkouts::of_branch(project, branch)?;
    match checkouts.as_slice() {
        [] => {
            let moved =
                revision::move_ref(project, &branch_ref(branch), Some(from), to, "agency: merge")?;
            Ok(if moved { Advanced::Moved } else { Advanced::Lost })
        }
        [checkout] => advance_checkout(project, checkout, branch, from, to),
        [one, ..] => {
            let folder = one.folder.display();
            Ok(held(format!("`{branch}` is checked out in several folders, `{folder}` among them")))
        }
    }
}

fn held(reason: String) -> Advanced {
    Advanced::Held { reason }
}

fn advance_checkout(
    project: &Path,
    checkout: &Checkout,
    branch: &str,
    from: &str,
    to: &str,
) -> Result<Advanced, RepositoryError> {
    let folder = &checkout.folder;
    if let Some(reason) = obstacle(checkout, branch, from, to)? {
        return if is_there_already(checkout, from, to)? {
            let moved =
                revision::move_ref(project, &branch_ref(branch), Some(from), to, "agency: merge")?;
            Ok(if moved { Advanced::Moved } else { Advanced::Lost })
        } else {
            Ok(held(reason))
        };
    }
    let merged = plumbing(folder)
        .args(["merge", "--ff-only", "--quiet", "--no-stat", "--no-autostash"])
        .args(["--no-verify-signatures", "--no-overwrite-ignore", to])
        .run();
    let now = revision::require_branch(project, branch)?;
    match merged {
        Ok(_) if now == to => Ok(Advanced::Moved),
        _ if now != from => Ok(Advanced::Lost),
        Ok(_) => Ok(held(format!("`{}` has left `{branch}` meanwhile", folder.display()))),
        Err(RepositoryError::Refused { problem, .. }) => {
            Ok(held(format!("git refuses to move `{}` forward: {problem}", folder.display())))
        }
        Err(error) => Err(error),
    }
}

/// What has to be done in a folder before its branch can move there.
fn obstacle(
    checkout: &Checkout,
    branch: &str,
    from: &str,
    to: &str,
) -> Result<Option<String>, RepositoryError> {
    let folder = checkout.folder.display();
    if !checkout.is_there() {
        return Ok(Some(format!(
            "`{branch}` is checked out in `{folder}`, which is not there now"
        )));
    }
    if let Some(what) = checkouts::unfinished(&checkout.git_folder()?) {
        return Ok(Some(format!("{what} is going on in `{folder}`; end it first")));
    }
    if checkout.branch.is_none() {
        return Ok(Some(format!("a rebase of `{branch}` is going on in `{folder}`; end it first")));
    }
    let changed = checkouts::uncommitted(&checkout.folder, Uncommitted::Tracked)?;
    if !changed.is_empty() {
        let files = checkouts::some_of(&changed);
        return Ok(Some(format!(
            "`{folder}` has uncommitted changes in {files}; commit or stash them"
        )));
    }
    let covered = covered(&checkout.folder, from, to)?;
    if covered.is_empty() {
        return Ok(None);
    }
    let files = checkouts::some_of(&covered);
    Ok(Some(format!("the merge would overwrite {files} in `{folder}`; move that away first")))
}

/// Files of a folder that git does not know and that the new commit would overwrite.
fn covered(folder: &Path, from: &str, to: &str) -> Result<Vec<String>, RepositoryError> {
    let changed = |filter: &str| {
        plumbing(folder)
            .args(PLAIN_DIFF)
            .args(["--name-only", "-z", "--no-renames", filter, from, to])
            .run()
            .map(|outcome| parts(&outcome))
    };
    let deleted = changed("--diff-filter=D")?;
    let is_file = |path: &Path| path.symlink_metadata().is_ok_and(|found| !found.is_dir());
    let mut found = Vec::new();
    for added in changed("--diff-filter=A")? {
        // The file itself, or a file where a folder has to be.
        let blocking = Path::new(&added).ancestors().find(|part| {
            !part.as_os_str().is_empty()
                && is_file(&folder.join(part))
                && !deleted.iter().any(|gone| Path::new(gone) == *part)
        });
        if let Some(part) = blocking {
            found.push(part.to_string_lossy().into_owned());
        }
    }
    Ok(found)
}

/// Whether a fast-forward was cut off after it had written every file and before it moved the branch.
fn is_there_already(checkout: &Checkout, from: &str, to: &str) -> Result<bool, RepositoryError> {
    let folder = &checkout.folder;
    if !checkout.is_there() {
        return Ok(false);
    }
    if checkouts::unfinished(&checkout.git_folder()?).is_some() {
        return Ok(false);
    }
    let stands = revision::checked_out(folder)?.as_deref() == Some(from);
    let index_is =
        || plumbing(folder).args(["diff-index", "--cached", "--quiet", to, "--"]).answers_yes();
    let files_are = || {
        let lines = plumbing(folder).args(["diff", "--name-only", "-z", "--no-ext-diff"]).run()?;
        Ok::<bool, RepositoryError>(lines.stdout.is_empty())
    };
    Ok(stands && index_is()? && files_are()?)
}
