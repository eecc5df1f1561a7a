//! Makes a worktree stand again that a crash, or somebody, has taken away: the folder, what git knows of it, or
//! the file that ties them together.
//!
//! A folder whose `.git` file leads into this project, or that is registered here under our lock, is ours: only
//! that tie is made anew and no file in it is touched. Any other folder at that place stays as it is.

use std::path::{Component, Path, PathBuf};

use super::checkouts::{self, Checkout};
use super::run::{io_problem, plumbing};
use super::worktree::{self, prepare, resolved};
use crate::adapters::files;
use crate::ports::repositories::{Mended, RepositoryError, WorktreeOrder};

/// What the file that ties a worktree to its repository begins with.
const TIE: &str = "gitdir: ";

/// Makes it stand, if it does not.
pub(super) fn mend(order: &WorktreeOrder) -> Result<Mended, RepositoryError> {
    let path = resolved(&order.path)?;
    if stands(&path) {
        return Ok(Mended::Standing);
    }
    forget_half_made(order, &path)?;
    let is_full = std::fs::read_dir(&path).is_ok_and(|mut entries| {
        entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != ".git"))
    });
    match checkouts::at(&order.project, &path)? {
        Some(standing) if is_full => tie_again(order, &standing)?,
        None if is_full && leads_into(&order.project, &path)? => register_again(order, &path)?,
        _ => {}
    }
    prepare(order)?;
    Ok(if is_full { Mended::TiedAgain } else { Mended::MadeAgain })
}

/// Whether folder and git know of each other; no program is started, as this is so nearly always.
fn stands(path: &Path) -> bool {
    let Some(git_folder) = tie_of(path) else { return false };
    let back = std::fs::read_to_string(git_folder.join("gitdir")).unwrap_or_default();
    let files = ["HEAD", "index", "commondir"];
    written_in(&git_folder, &back) == path.join(".git")
        && files.iter().all(|file| git_folder.join(file).metadata().is_ok_and(|it| it.len() > 0))
}

/// Where the `.git` file of a folder leads.
fn tie_of(path: &Path) -> Option<PathBuf> {
    let text = std::fs::read_to_string(path.join(".git")).ok()?;
    Some(written_in(path, text.strip_prefix(TIE)?))
}

/// A path as git has written it into a file of a folder: newer ones write it relative to that if they are told to.
fn written_in(folder: &Path, text: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for part in folder.join(text.trim_end()).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    path
}

/// Whether the `.git` file of a folder leads to a worktree of this project that is no longer known.
fn leads_into(project: &Path, path: &Path) -> Result<bool, RepositoryError> {
    let Some(git_folder) = tie_of(path) else { return Ok(false) };
    let worktrees = checkouts::common_folder(project)?.join("worktrees");
    Ok(git_folder.parent() == Some(worktrees.as_path()) && !git_folder.exists())
}

/// Writes the `.git` file of a worktree of ours that git still knows.
fn tie_again(order: &WorktreeOrder, standing: &Checkout) -> Result<(), RepositoryError> {
    let tie = standing.folder.join(".git");
    let is_plain = tie.symlink_metadata().map_or(true, |metadata| metadata.is_file());
    let known = registered(&order.project, &tie)?;
    let Some(git_folder) = known.filter(|_| standing.is_locked && is_plain) else { return Ok(()) };
    if tie_of(&standing.folder).as_ref() != Some(&git_folder) {
        write_tie(&tie, &git_folder)?;
    }
    index_again(&standing.folder, &git_folder)
}

/// Makes a lost or emptied index anew from the branch; the files are as they were left.
fn index_again(folder: &Path, git_folder: &Path) -> Result<(), RepositoryError> {
    let index = git_folder.join("index");
    if index.metadata().is_ok_and(|metadata| metadata.len() > 0) {
        return Ok(());
    }
    // An empty one is more than git can read.
    let _ = std::fs::remove_file(&index);
    plumbing(folder).args(["reset", "--mixed", "--quiet"]).run().map(drop)
}

/// The git folder of the worktree that is registered for this `.git` file.
fn registered(project: &Path, tie: &Path) -> Result<Option<PathBuf>, RepositoryError> {
    let worktrees = checkouts::common_folder(project)?.join("worktrees");
    let entries = std::fs::read_dir(&worktrees).into_iter().flatten().flatten();
    let is_its = |folder: &PathBuf| {
        let back = std::fs::read_to_string(folder.join("gitdir")).unwrap_or_default();
        written_in(folder, &back) == tie
    };
    Ok(entries.map(|entry| entry.path()).find(is_its))
}

/// Forgets what was registered beside a worktree by a process that was killed before it tied it to that. Its folder is
/// gone, it held no file, and until then the branch counts as checked out there.
fn forget_half_made(order: &WorktreeOrder, path: &Path) -> Result<(), RepositoryError> {
    let Some(place) = path.parent() else { return Ok(()) };
    files::sweep(place);
    for left in checkouts::of_branch(&order.project, &order.branch)? {
        let is_scratch = left.folder.parent().is_some_and(|scratch| {
            scratch.parent() == Some(place) && files::is_half_written(scratch) && !scratch.exists()
        });
        if is_scratch && left.is_locked {
            worktree::forget(&order.project, &left.folder)?;
        }
    }
    Ok(())
}

/// Has git know a worktree again: a registration is made beside it, for no files, and then tied to it.
fn register_again(order: &WorktreeOrder, path: &Path) -> Result<(), RepositoryError> {
    worktree::make_branch(order)?;
    worktree::require_free(order, path)?;
    let place = path.parent().unwrap_or(path);
    files::sweep(place);
    let scratch = files::scratch_folder(place).map_err(|error| io_problem(place, &error))?;
    let beside = scratch.path().join(path.file_name().unwrap_or_default());
    plumbing(&order.project)
        .args(["worktree", "add", "--quiet", "--no-checkout", "--lock", "--reason", "agency", "--"])
        .args([beside.as_os_str(), order.branch.as_ref()])
        .run()?;
    let git_folder = checkouts::at(&order.project, &resolved(&beside)?)?
        .ok_or_else(|| io_problem(&beside, &std::io::ErrorKind::NotFound.into()))?
        .git_folder()?;
    let tie = path.join(".git");
    let back = format!("{}\n", tie.display());
    files::replace(&git_folder.join("gitdir"), back.as_bytes(), 0o644, true)
        .map_err(|error| io_problem(&git_folder, &error))?;
    write_tie(&tie, &git_folder)?;
    index_again(path, &git_folder)
}

fn write_tie(tie: &Path, git_folder: &Path) -> Result<(), RepositoryError> {
    let text = format!("{TIE}{}\n", git_folder.display());
    files::replace(tie, text.as_bytes(), 0o644, true).map_err(|error| io_problem(tie, &error))
}
