//! Merges made in memory: integration into branches of ours, and the preview of a merge into the target.
//!
//! No work tree is involved: `git merge-tree` writes the merged tree, and a conflict is a list of
//! paths. A branch moves by compare-and-swap; when somebody else moved it, the merge is made again.

use std::path::Path;

use super::land;
use super::revision::{self, NewCommit, branch_ref};
use super::run::{in_the_way, parts, plumbing};
use crate::domain::submission::{DiffStat, MergePreview};
use crate::ports::repositories::{Integrated, IntegrationOrder, Previewed, RepositoryError};

/// The change of two trees as plumbing shows it: nothing the user has configured alters it.
pub(super) const PLAIN_DIFF: &[&str] =
    &["diff-tree", "-r", "--no-ext-diff", "--no-textconv", "--no-color"];

/// Two commits merged.
pub(super) enum Combined {
    /// The merged tree.
    Tree(String),
    /// Paths in conflict.
    Conflict(Vec<String>),
}

/// Merges two commits in memory.
pub(super) fn combine(
    project: &Path,
    ours: &str,
    theirs: &str,
) -> Result<Combined, RepositoryError> {
    let (status, outcome) = plumbing(project)
        .args(["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"])
        .args([ours, theirs])
        .expecting(&[0, 1])?;
    let mut found = parts(&outcome).into_iter();
    let tree = found.next().unwrap_or_default();
    if status == 0 {
        return Ok(Combined::Tree(tree));
    }
    let mut paths: Vec<String> = found.collect();
    paths.dedup();
    Ok(Combined::Conflict(paths))
}

/// Merges a commit into a branch of ours.
pub(super) fn integrate(order: &IntegrationOrder) -> Result<Integrated, RepositoryError> {
    // The branch is moved by us alone: a second try is for a rare race, a fifth for none we know.
    const TRIES: u32 = 5;
    let head = revision::require_commit(&order.project, &order.head)?;
    for _ in 0..TRIES {
        if let Some(result) = try_integrate(order, &head)? {
            return Ok(result);
        }
    }
    Err(in_the_way(&order.project, format!("branch `{}` keeps moving", order.into)))
}

/// One try; none: the branch moved meanwhile.
fn try_integrate(
    order: &IntegrationOrder,
    head: &str,
) -> Result<Option<Integrated>, RepositoryError> {
    let project = &order.project;
    let standing = revision::branch_head(project, &order.into)?;
    let from = match &standing {
        Some(commit) => commit.clone(),
        None => revision::require_commit(project, &order.start_from)?,
    };
    let to = if revision::contains(project, &from, head)? {
        from.clone()
    } else if revision::contains(project, head, &from)? {
        head.to_owned()
    } else {
        match combine(project, &from, head)? {
            Combined::Conflict(paths) => return Ok(Some(Integrated::Conflict { paths })),
            Combined::Tree(tree) => {
                let message = &order.message;
                let at_s = revision::seconds(order.at);
                let parents = &[from.as_str(), head];
                revision::commit(project, &NewCommit { tree: &tree, parents, message, at_s })?
            }
        }
    };
    let moved =
        standing.as_deref() == Some(to.as_str()) || move_branch(order, standing.as_deref(), &to)?;
    Ok(moved.then_some(Integrated::Merged { commit: to }))
}

fn move_branch(
    order: &IntegrationOrder,
    from: Option<&str>,
    to: &str,
) -> Result<bool, RepositoryError> {
    let Some(from) = from else {
        return revision::move_ref(
            &order.project,
            &branch_ref(&order.into),
            None,
            to,
            "agency: integrate",
        );
    };
    match land::advance(&order.project, &order.into, from, to)? {
        land::Advanced::Moved => Ok(true),
        land::Advanced::Lost => Ok(false),
        land::Advanced::Held { reason } => Err(in_the_way(&order.project, reason)),
    }
}

/// Makes the merge of a commit into the target branch in memory.
pub(super) fn preview(
    project: &Path,
    target: &str,
    head: &str,
) -> Result<Previewed, RepositoryError> {
    let base = revision::require_branch(project, target)?;
    let head = revision::require_commit(project, head)?;
    let tree = match combine(project, &base, &head)? {
        Combined::Conflict(paths) => return Ok(Previewed::Conflict { base, paths }),
        Combined::Tree(tree) => tree,
    };
    let change = change_id(project, &base, &tree)?;
    let diff = diff_stat(project, &base, &tree)?;
    Ok(Previewed::Clean(MergePreview { base, head, tree, change, diff }))
}

/// The patch id of a change; an empty change has the id `empty`.
///
/// White space counts (`--verbatim` is `--stable` that does not skip it): an indentation can be the whole change.
fn change_id(project: &Path, from: &str, to: &str) -> Result<String, RepositoryError> {
    let patch = plumbing(project)
        // The full ids are what binary files are told apart by.
        .args(["-c", "diff.algorithm=myers"])
        .args(PLAIN_DIFF)
        .args(["-p", "-U3", "--no-renames", "--full-index", from, to])
        .run()?
        .stdout;
    if patch.is_empty() {
        return Ok("empty".to_owned());
    }
    let answer = plumbing(project).args(["patch-id", "--verbatim"]).stdin(patch).text()?;
    let id = answer.split_whitespace().next().unwrap_or_default();
    Ok(id.to_owned())
}

/// Size of a change; binary files count as files only.
pub(super) fn diff_stat(project: &Path, from: &str, to: &str) -> Result<DiffStat, RepositoryError> {
    let outcome = plumbing(project)
        .args(PLAIN_DIFF)
        .args(["--numstat", "-z", "--no-renames", from, to])
        .run()?;
    let mut stat = DiffStat::default();
    for line in parts(&outcome) {
        let mut columns = line.split('\t').map(|column| column.parse().unwrap_or(0));
        stat.files += 1;
        stat.insertions += columns.next().unwrap_or(0);
        stat.deletions += columns.next().unwrap_or(0);
    }
    Ok(stat)
}
