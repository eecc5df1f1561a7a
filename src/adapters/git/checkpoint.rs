//! Checkpoints: saved states of a worktree under `refs/agency/checkpoints/TASK/NUMBER`, outside any branch.
//!
//! A checkpoint is a commit on top of what is checked out, with what was staged as its second parent where that
//! is something else. Neither index, head, branch, stash nor reflog of the worktree changes, and no hook
//! runs; `git gc` keeps it. The number is taken by creating the ref, so two at once get two numbers.

use std::path::Path;

use super::capture::{self, Captured};
use super::checkouts::{self, Checkout};
use super::combine::diff_stat;
use super::revision::{self, NewCommit};
use super::run::{byte_parts, git, io_problem};
use super::snapshot;
use crate::domain::checkpoint::CheckpointId;
use crate::domain::id::TaskId;
use crate::failpoint;
use crate::ports::repositories::{Checkpoint, CheckpointOrder, Holding, RepositoryError};

/// Longest list of what was left out.
const NAMED: usize = 20;

/// How the line of a commit begins that names its order.
const KEY: &str = "Key: ";

/// How the lines begin that name what a checkpoint lacks.
const LEFT_OUT: &str = "Left out: ";

/// The ref of a checkpoint.
fn ref_of(task: TaskId, number: u32) -> String {
    CheckpointId { task, number }.reference()
}

/// One that is there.
struct Known {
    number: u32,
    commit: String,
    tree: String,
    parents: String,
    message: String,
}

impl Known {
    /// Whether it was made by an order with the same key.
    fn is_of(&self, order: &CheckpointOrder) -> bool {
        let Some(key) = order.key.as_ref().map(|key| format!("{KEY}{key}")) else { return false };
        self.message.lines().any(|line| line == key)
    }
}

/// Saves a worktree, or gives again what was saved last; none: there is nothing to save.
pub(super) fn take(order: &CheckpointOrder) -> Result<Option<Checkpoint>, RepositoryError> {
    let checkout = standing(&order.project, &order.path)?;
    let known = known(&order.project, order.task)?;
    if let Some(made) = known.iter().find(|one| one.is_of(order)) {
        return described(&order.project, made).map(Some);
    }
    let captured = capture::capture(&checkout, order.largest_bytes)?;
    if order.holding == Holding::Uncommitted && is_committed(&checkout, &captured)? {
        return Ok(None);
    }
    let commit = commit(order, &captured)?;
    let last = known.iter().max_by_key(|one| one.number);
    if let (Some(last), None) = (last, &order.key) {
        let fresh = [captured.head.clone(), staged_commit(&order.project, &commit)?];
        if last.tree == captured.tree && is_same_start(&order.project, last, &fresh)? {
            return described(&order.project, last).map(Some);
        }
    }
    let mut number = last.map_or(0, |last| last.number) + 1;
    while !revision::move_ref(
        &order.project,
        &ref_of(order.task, number),
        None,
        &commit,
        "agency: checkpoint",
    )? {
        number += 1;
    }
    failpoint::hit("keep.checkpoint_made");
    let made = known_at(&order.project, order.task, number)?;
    made.map(|made| described(&order.project, &made)).transpose()
}

/// Whether this very order was carried out already.
pub(super) fn is_taken(order: &CheckpointOrder) -> Result<bool, RepositoryError> {
    Ok(known(&order.project, order.task)?.iter().any(|one| one.is_of(order)))
}

/// What was saved in the same words after one of a task.
pub(super) fn taken_after(
    order: &CheckpointOrder,
    number: u32,
) -> Result<Vec<Checkpoint>, RepositoryError> {
    let words = in_one_line(&order.message);
    let mut known = known(&order.project, order.task)?;
    known.retain(|one| one.number > number && one.message.lines().next() == Some(words.as_str()));
    known.sort_by_key(|one| one.number);
    known.iter().map(|one| described(&order.project, one)).collect()
}

/// A text that is a line: what comes after a line break in it must not look like another line of ours.
fn in_one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// The linked worktree at a folder.
pub(super) fn standing(project: &Path, path: &Path) -> Result<Checkout, RepositoryError> {
    let path = path.canonicalize().map_err(|error| io_problem(path, &error))?;
    checkouts::require_own_git(&path)?;
    checkouts::require_checked_out(&path)?;
    checkouts::at(project, &path)?.ok_or(RepositoryError::NotARepository { path })
}

fn is_committed(checkout: &Checkout, captured: &Captured) -> Result<bool, RepositoryError> {
    let head_tree = snapshot::tree_of(&checkout.folder, captured.head.as_deref())?;
    Ok(captured.staged.is_none() && head_tree.is_none_or(|head_tree| head_tree == captured.tree))
}

/// The second parent of a checkpoint.
fn staged_commit(project: &Path, commit: &str) -> Result<Option<String>, RepositoryError> {
    let parents = git(project).args(["show", "--no-patch", "--format=%P", commit]).text()?;
    Ok(parents.split(' ').nth(1).map(str::to_owned))
}

/// Whether a checkpoint stands on the same commit, with the same files staged.
fn is_same_start(
    project: &Path,
    known: &Known,
    fresh: &[Option<String>; 2],
) -> Result<bool, RepositoryError> {
    let mut parents = known.parents.split(' ').filter(|parent| !parent.is_empty());
    let [head, staged] = fresh;
    if parents.next() != head.as_deref() {
        return Ok(false);
    }
    match (parents.next(), staged) {
        (None, None) => Ok(true),
        (Some(known), Some(fresh)) => {
            Ok(snapshot::tree_of(project, Some(known))? == snapshot::tree_of(project, Some(fresh))?)
        }
        _ => Ok(false),
    }
}

fn commit(order: &CheckpointOrder, captured: &Captured) -> Result<String, RepositoryError> {
    let at_s = revision::seconds(order.at);
    let mut parents: Vec<&str> = captured.head.as_deref().into_iter().collect();
    let staged = match captured.staged.as_deref() {
        Some(tree) => {
            let message = "staged files, kept by agency";
            let new = NewCommit { tree, parents: &parents, message, at_s };
            Some(revision::commit(&order.project, &new)?)
        }
        None => None,
    };
    parents.extend(staged.as_deref());
    let mut message = format!("{}\n", in_one_line(&order.message));
    let lines = captured.left_out.iter().take(NAMED).map(|file| (LEFT_OUT, file.as_str()));
    for (what, text) in lines.chain(order.key.iter().map(|key| (KEY, key.as_str()))) {
        message.push_str(&format!("\n{what}{}", in_one_line(text)));
    }
    let new = NewCommit { tree: &captured.tree, parents: &parents, message: &message, at_s };
    revision::commit(&order.project, &new)
}

fn known(project: &Path, task: TaskId) -> Result<Vec<Known>, RepositoryError> {
    listed(project, &format!("refs/agency/checkpoints/{task}/"))
}

fn known_at(project: &Path, task: TaskId, number: u32) -> Result<Option<Known>, RepositoryError> {
    Ok(listed(project, &ref_of(task, number))?.into_iter().next())
}

fn listed(project: &Path, below: &str) -> Result<Vec<Known>, RepositoryError> {
    // The message comes last and holds no zero byte; records end with two of them in a row.
    let format = "--format=%(refname)%00%(objectname)%00%(tree)%00%(parent)%00%(contents)%00%00";
    let listed = git(project).args(["for-each-ref", format, below]).run()?;
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let read = |record: &str| {
        let mut fields = record.trim_start_matches('\n').splitn(5, '\0');
        let number = fields.next()?.rsplit('/').next()?.parse().ok()?;
        let (commit, tree) = (fields.next()?.to_owned(), fields.next()?.to_owned());
        let (parents, message) = (fields.next()?.to_owned(), fields.next()?.to_owned());
        Some(Known { number, commit, tree, parents, message })
    };
    Ok(text.split("\0\0").filter_map(read).collect())
}

fn described(project: &Path, known: &Known) -> Result<Checkpoint, RepositoryError> {
    let head = known.parents.split(' ').find(|parent| !parent.is_empty());
    let from = match head {
        Some(head) => head.to_owned(),
        None => git(project).args(["hash-object", "-t", "tree", "/dev/null"]).text()?,
    };
    let stat = diff_stat(project, &from, &known.commit)?;
    let left_out = known.message.lines().filter_map(|line| line.strip_prefix(LEFT_OUT));
    Ok(Checkpoint {
        number: known.number,
        commit: known.commit.clone(),
        files: stat.files,
        insertions: stat.insertions,
        deletions: stat.deletions,
        left_out: left_out.map(str::to_owned).collect(),
    })
}

/// Forgets checkpoints that stand on these commits.
pub(super) fn drop_all(
    project: &Path,
    checkpoints: &[(String, String)],
) -> Result<(), RepositoryError> {
    for (name, commit) in checkpoints {
        if revision::ref_target(project, name)?.as_ref() == Some(commit) {
            revision::delete_ref(project, name, commit)?;
        }
    }
    Ok(())
}

/// What a tree holds under each path that differs from another one: mode, object, path, letter.
pub(super) struct Difference {
    /// What happened on the way from the one to the other: `A`, `M`, `T` or `D`.
    pub(super) status: u8,
    /// The mode in the other.
    pub(super) mode: String,
    /// The mode in the one.
    pub(super) from_mode: String,
    /// The object in the one.
    pub(super) from: String,
    /// The object in the other.
    pub(super) object: String,
    /// Where.
    pub(super) path: Vec<u8>,
}

/// How a tree differs from another.
pub(super) fn differences(
    project: &Path,
    from: &str,
    to: &str,
) -> Result<Vec<Difference>, RepositoryError> {
    let (from, to) = (format!("{from}^{{tree}}"), format!("{to}^{{tree}}"));
    let listed =
        git(project).args(["diff-tree", "-r", "-z", "--raw", "--no-renames", &from, &to]).run()?;
    let mut found = Vec::new();
    let mut fields = byte_parts(&listed).into_iter();
    while let (Some(facts), Some(path)) = (fields.next(), fields.next()) {
        let facts = String::from_utf8_lossy(&facts).into_owned();
        let mut words = facts.split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (from_mode, mode) = (word().trim_start_matches(':').to_owned(), word());
        let (from, object) = (word(), word());
        let Some(status) = word().bytes().next() else { continue };
        found.push(Difference { status, mode, from_mode, from, object, path });
    }
    Ok(found)
}
