//! Makes a task's worktree, or takes the one that stands, after a crash at any moment too.
//!
//! Half-made states are told apart by what is there: a branch without a worktree, a registered
//! worktree whose folder is gone, a folder that holds only `.git`, a worktree without an index (its
//! checkout never ended, so nobody has worked in it). Only our own registration at the
//! ordered path is ever repaired or dropped; whatever else is there is in the way and stays.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::checkouts::{self, Checkout};
use super::revision::{self, branch_ref};
use super::run::{git, in_the_way, io_problem, plumbing};
use crate::failpoint;
use crate::ports::repositories::{RepositoryError, WorktreeMade, WorktreeOrder};

/// How long a checkout may write no file before its lock is taken for a dead one's: a filter that fetches
/// a large file writes none for a while.
const PATIENCE: Duration = Duration::from_secs(5);

/// The ref that remembers which commit a branch of ours started from.
pub(super) fn base_ref(branch: &str) -> String {
    format!("refs/agency/base/{branch}")
}

/// Makes it, or takes it.
pub(super) fn prepare(order: &WorktreeOrder) -> Result<WorktreeMade, RepositoryError> {
    let path = resolved(&order.path)?;
    match checkouts::at(&order.project, &path)? {
        Some(standing) => take(order, &standing)?,
        None => add(order, &path)?,
    }
    failpoint::hit("assign.worktree_made");
    let base = base(order)?;
    Ok(WorktreeMade { path, branch: order.branch.clone(), base })
}

/// The path as git will write it: its folder made, links in it followed.
pub(super) fn resolved(path: &Path) -> Result<PathBuf, RepositoryError> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(in_the_way(path, "this is not a place for a worktree"));
    };
    std::fs::create_dir_all(folder).map_err(|error| io_problem(folder, &error))?;
    let folder = folder.canonicalize().map_err(|error| io_problem(folder, &error))?;
    Ok(folder.join(name))
}

fn base(order: &WorktreeOrder) -> Result<String, RepositoryError> {
    if let Some(base) = revision::ref_target(&order.project, &base_ref(&order.branch))? {
        return Ok(base);
    }
    let head = revision::require_branch(&order.project, &order.branch)?;
    let Ok(start) = start(order) else { return Ok(head) };
    let (status, found) =
        git(&order.project).args(["merge-base", &head, &start]).expecting(&[0, 1])?;
    Ok(if status == 0 { found.text() } else { head })
}

/// The commit that a new branch starts from.
fn start(order: &WorktreeOrder) -> Result<String, RepositoryError> {
    for branch in &order.start_from {
        if let Some(commit) = revision::branch_head(&order.project, branch)? {
            return Ok(commit);
        }
    }
    Err(revision::no_such(&order.project, &order.start_from.join("` or `")))
}

fn take(order: &WorktreeOrder, standing: &Checkout) -> Result<(), RepositoryError> {
    let path = &standing.folder;
    if is_hollow(path) {
        drop_registration(&order.project, path)?;
        return add(order, path);
    }
    if !standing.is_there() {
        return Err(in_the_way(path, "it is registered as a worktree but holds other files"));
    }
    let git_folder = standing.git_folder()?;
    if !git_folder.join("index").exists() {
        return finish(order, standing, &git_folder);
    }
    match &standing.branch {
        // A detached head is a rebase of the branch, or something the agent looks at: its own affair.
        None => Ok(()),
        Some(branch) if *branch == branch_ref(&order.branch) => Ok(()),
        Some(branch) => Err(in_the_way(path, format!("it is a worktree of `{branch}`"))),
    }
}

/// Whether a folder is missing, empty, or holds a `.git` file that leads nowhere and nothing else.
fn is_hollow(path: &Path) -> bool {
    if path.symlink_metadata().is_err() {
        return true;
    }
    let Ok(entries) = std::fs::read_dir(path) else { return false };
    let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    match names.as_slice() {
        [] => true,
        [name] if name == ".git" => git(path)
            .args(["rev-parse", "--absolute-git-dir"])
            .outcome()
            .is_ok_and(|outcome| !outcome.status.success()),
        _ => false,
    }
}

/// Forgets a worktree whose folder holds nothing.
fn drop_registration(project: &Path, path: &Path) -> Result<(), RepositoryError> {
    let gone = |result: std::io::Result<()>| match result {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io_problem(path, &error)),
        _ => Ok(()),
    };
    gone(std::fs::remove_file(path.join(".git")))?;
    gone(std::fs::remove_dir(path))?;
    forget(project, path)
}

/// Removes the registration of a worktree whose folder is gone, and no other.
pub(super) fn forget(project: &Path, path: &Path) -> Result<(), RepositoryError> {
    // Twice: ours are locked against `git worktree prune`.
    plumbing(project)
        .args(["worktree", "remove", "--force", "--force", "--"])
        .args([path])
        .run()?;
    Ok(())
}

/// Ends a checkout that was interrupted.
fn finish(
    order: &WorktreeOrder,
    standing: &Checkout,
    git_folder: &Path,
) -> Result<(), RepositoryError> {
    make_branch(order)?;
    require_free(order, &standing.folder)?;
    await_unlocked(&git_folder.join("index.lock"), &standing.folder, PATIENCE)?;
    let branch = branch_ref(&order.branch);
    plumbing(&standing.folder).args(["symbolic-ref", "HEAD", &branch]).run()?;
    plumbing(&standing.folder).args(["reset", "--hard", "--quiet"]).run()?;
    if !standing.is_locked {
        let path = standing.folder.as_os_str();
        plumbing(&order.project)
            .args(["worktree", "lock", "--reason", "agency", "--"])
            .args([path])
            .run()?;
    }
    Ok(())
}

/// Waits for a git that may still be at work after the process that started it has died.
///
/// A lock that stays while no file is added is a dead one's: the checkout it belonged to is made anew.
pub(super) fn await_unlocked(
    lock: &Path,
    folder: &Path,
    patience: Duration,
) -> Result<(), RepositoryError> {
    // A look every 20 ms costs nothing beside the checkout that is waited for.
    const LOOK: Duration = Duration::from_millis(20);
    let (_keep, never) = std::sync::mpsc::channel::<()>();
    let mut seen = files_below(folder);
    let mut since = Instant::now();
    while lock.exists() {
        let _ = never.recv_timeout(LOOK);
        let now = files_below(folder);
        if now != seen {
            (seen, since) = (now, Instant::now());
        }
        if since.elapsed() > patience {
            return std::fs::remove_file(lock).map_err(|error| io_problem(lock, &error));
        }
    }
    Ok(())
}

fn files_below(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let is_folder = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    entries
        .flatten()
        .map(|entry| if is_folder(&entry) { 1 + files_below(&entry.path()) } else { 1 })
        .sum()
}

/// Makes the branch and notes where it started, unless it is there.
pub(super) fn make_branch(order: &WorktreeOrder) -> Result<(), RepositoryError> {
    if revision::branch_head(&order.project, &order.branch)?.is_some() {
        return Ok(());
    }
    let start = start(order)?;
    let noted = base_ref(&order.branch);
    let old = revision::ref_target(&order.project, &noted)?;
    revision::move_ref(&order.project, &noted, old.as_deref(), &start, "agency: base")?;
    let branch = branch_ref(&order.branch);
    revision::move_ref(&order.project, &branch, None, &start, "agency: new task")?;
    Ok(())
}

/// Refuses a branch that is checked out somewhere else.
pub(super) fn require_free(order: &WorktreeOrder, path: &Path) -> Result<(), RepositoryError> {
    let other = checkouts::of_branch(&order.project, &order.branch)?
        .into_iter()
        .find(|checkout| checkout.folder != path);
    match other {
        None => Ok(()),
        Some(other) if !other.is_there() && is_hollow(&other.folder) => Err(in_the_way(
            &other.folder,
            format!(
                "a worktree that is gone has `{}` checked out; `git worktree unlock` it",
                order.branch
            ),
        )),
        Some(other) => {
            Err(in_the_way(&other.folder, format!("it has `{}` checked out", order.branch)))
        }
    }
}

fn add(order: &WorktreeOrder, path: &Path) -> Result<(), RepositoryError> {
    require_empty(path)?;
    make_branch(order)?;
    require_free(order, path)?;
    // The user's own hooks and filters run: a checkout without them is not what an agent should see.
    git(&order.project)
        .args(["worktree", "add", "--quiet", "--lock", "--reason", "agency", "--"])
        .args([path.as_os_str(), order.branch.as_ref()])
        .run()?;
    Ok(())
}

/// Refuses anything but nothing or an empty folder.
pub(super) fn require_empty(path: &Path) -> Result<(), RepositoryError> {
    let Ok(what) = path.symlink_metadata() else { return Ok(()) };
    if !what.is_dir() {
        return Err(in_the_way(path, "it is not a folder"));
    }
    let mut entries = std::fs::read_dir(path).map_err(|error| io_problem(path, &error))?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(in_the_way(path, "the folder is not empty")),
    }
}
