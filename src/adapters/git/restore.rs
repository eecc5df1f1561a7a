//! Gives a worktree the files of a checkpoint, after what lies there was saved as one too.
//!
//! Only files change: the index, the branch and whatever goes on in the worktree stay. A file that the saved
//! state of before does not hold (ignored, too large) is never written over or removed, nor is a link
//! followed. Each file appears whole, and a repetition ends the same: what was written since the first attempt
//! is saved beside what lay there before. A file that is changed while others are laid stays.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::capture;
use super::checkouts::Checkout;
use super::checkpoint::{self, Difference, differences};
use super::laying::Laying;
use super::revision;
use super::run::git;
use crate::failpoint;
use crate::ports::repositories::{
    Checkpoint, CheckpointOrder, Holding, Manner, RepositoryError, RestoreOrder, Restored,
};

/// Longest list of what is in the way.
const NAMED: usize = 20;

/// Restores a worktree.
pub(super) fn restore(order: &RestoreOrder) -> Result<Restored, RepositoryError> {
    let project = &order.before.project;
    let checkout = checkpoint::standing(project, &order.before.path)?;
    let wanted = wanted_paths(order)?;
    if order.taking_back.is_none() {
        require_any(project, &order.commit, &wanted)?;
    }
    let saved = save(order)?;
    failpoint::hit("restore.saved");
    lay(order, &checkout, &wanted, saved)
}

/// What was saved of a worktree before it gets other files.
pub(super) struct Saved {
    /// What lay there when this was begun.
    before: Checkpoint,
    /// What lies there now.
    now: Checkpoint,
    /// Every state that a repetition found and saved.
    meanwhile: Vec<Checkpoint>,
}

/// Saves what lies in a worktree. At a repetition that may be work of which nothing else knows: the agents have
/// gone on while no supervisor was there.
pub(super) fn save(order: &RestoreOrder) -> Result<Saved, RepositoryError> {
    let empty = || RepositoryError::Empty { path: order.before.path.clone() };
    let first = CheckpointOrder { holding: Holding::Anything, ..order.before.clone() };
    let is_repeated = checkpoint::is_taken(&first)?;
    let before = checkpoint::take(&first)?.ok_or_else(empty)?;
    if !is_repeated {
        return Ok(Saved { now: before.clone(), before, meanwhile: Vec::new() });
    }
    let again = CheckpointOrder { key: None, ..first };
    let now = checkpoint::take(&again)?.ok_or_else(empty)?;
    let meanwhile = checkpoint::taken_after(&again, before.number)?;
    Ok(Saved { before, now, meanwhile })
}

/// Lays the files. Only what is as it was saved gives way.
pub(super) fn lay(
    order: &RestoreOrder,
    checkout: &Checkout,
    wanted: &[PathBuf],
    saved: Saved,
) -> Result<Restored, RepositoryError> {
    let project = &order.before.project;
    let mut in_the_way = Vec::new();
    let mut changes = match (order.manner, &order.taking_back) {
        (Manner::Fill, None) => missing(order, checkout, &mut in_the_way)?,
        _ => differences(project, &saved.now.commit, &order.commit)?,
    };
    changes.retain(|change| is_wanted(wanted, &change.path));
    if let Some(touched) = touched(order)? {
        changes.retain(|change| touched.contains(&change.path));
    }
    let raw = raw_paths(project, &order.commit)?;
    let mut laid = Laying::begin(project, &checkout.folder)?;
    laid.keep_changed(&changes);
    if order.manner != Manner::Keep || order.taking_back.is_some() {
        changes.iter().filter(|change| change.status == b'D').for_each(|gone| laid.remove(gone));
    }
    let written: Vec<&Difference> = changes.iter().filter(|change| change.status != b'D').collect();
    laid.write(&order.commit, &written, |path| raw.contains(path))?;
    failpoint::hit("restore.files_written");
    in_the_way.append(&mut laid.in_the_way);
    in_the_way.truncate(NAMED);
    let Saved { before, meanwhile, .. } = saved;
    let (written, removed) = (laid.written, laid.removed);
    Ok(Restored { before, meanwhile, written, removed, in_the_way })
}

/// The files that the restoration changed which is taken back; none: nothing is taken back.
fn touched(order: &RestoreOrder) -> Result<Option<BTreeSet<Vec<u8>>>, RepositoryError> {
    let Some(given) = &order.taking_back else { return Ok(None) };
    let mut changes = differences(&order.before.project, &order.commit, given)?;
    // What the other one lacked it did not remove, if it kept other files.
    changes.retain(|change| order.manner != Manner::Keep || change.status != b'D');
    Ok(Some(changes.into_iter().map(|change| change.path).collect()))
}

/// What was not committed when the checkpoint was made, where nothing has happened since: the branch goes on from
/// there and has not changed the file, and it lies here as the branch has it.
fn missing(
    order: &RestoreOrder,
    checkout: &Checkout,
    in_the_way: &mut Vec<String>,
) -> Result<Vec<Difference>, RepositoryError> {
    let project = &order.before.project;
    let name = format!("{}^1", order.commit);
    let base = git(project).args(["rev-parse", "--verify", &name]).text()?;
    let captured = capture::capture(checkout, order.before.largest_bytes)?;
    let head = captured.head.filter(|head| revision::contains(project, head, &base) == Ok(true));
    let Some(head) = head else {
        in_the_way.push("everything (its branch does not go on from where it was)".to_owned());
        return Ok(Vec::new());
    };
    let paths = |from: &str, to: &str| -> Result<BTreeSet<Vec<u8>>, RepositoryError> {
        Ok(differences(project, from, to)?.into_iter().map(|change| change.path).collect())
    };
    let (moved, touched) = (paths(&base, &head)?, paths(&head, &captured.tree)?);
    let open = paths(&captured.tree, &order.commit)?;
    let mut wanted = differences(project, &base, &order.commit)?;
    wanted.retain(|change| {
        let reason = match &change.path {
            path if !open.contains(path) => return false,
            path if moved.contains(path) => "its branch has a newer one",
            path if touched.contains(path) => "it was changed since",
            _ => return true,
        };
        in_the_way.push(format!("{} ({reason})", String::from_utf8_lossy(&change.path)));
        false
    });
    Ok(wanted)
}

/// The paths as git has them: without `.`, and never out of the worktree.
fn wanted_paths(order: &RestoreOrder) -> Result<Vec<PathBuf>, RepositoryError> {
    use std::path::Component;
    let plain = |path: &PathBuf| {
        let mut clean = PathBuf::new();
        for part in path.components() {
            match part {
                Component::Normal(part) => clean.push(part),
                Component::CurDir => {}
                Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                    return Err(no_such(path));
                }
            }
        }
        Ok(clean)
    };
    order.paths.iter().map(plain).collect()
}

fn no_such(path: &Path) -> RepositoryError {
    RepositoryError::NoSuchFile { name: path.display().to_string() }
}

fn is_wanted(wanted: &[PathBuf], path: &[u8]) -> bool {
    let path = Path::new(OsStr::from_bytes(path));
    wanted.is_empty() || wanted.iter().any(|wanted| path.starts_with(wanted))
}

fn require_any(project: &Path, commit: &str, wanted: &[PathBuf]) -> Result<(), RepositoryError> {
    for path in wanted.iter().filter(|path| !path.as_os_str().is_empty()) {
        let listed = git(project)
            .args(["--literal-pathspecs", "ls-tree", "-z", "--name-only", commit, "--"])
            .args([path])
            .run()?;
        if listed.stdout.is_empty() {
            return Err(no_such(path));
        }
    }
    Ok(())
}

/// Files that were stored as they lay there: all that differ from the commit that was checked out. The others
/// go back as git checks them out.
fn raw_paths(project: &Path, commit: &str) -> Result<BTreeSet<Vec<u8>>, RepositoryError> {
    let changes = differences(project, &format!("{commit}^1"), commit)?;
    Ok(changes.into_iter().map(|change| change.path).collect())
}
