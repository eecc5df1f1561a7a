//! The worktrees of a repository, the main one too: where they are, what is checked out there, what goes on.
//!
//! Reads only. A worktree in the middle of a rebase or bisection counts as having its branch
//! checked out, although git shows its head as detached.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use super::revision::branch_ref;
use super::run::{as_path, git, in_the_way, io_problem, parts};
use crate::adapters::files;
use crate::ports::repositories::RepositoryError;

/// One registered worktree.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Checkout {
    /// Its folder.
    pub(super) folder: PathBuf,
    /// The full name of its branch; none: detached or bare.
    pub(super) branch: Option<String>,
    /// Whether somebody asked git to keep it.
    pub(super) is_locked: bool,
}

impl Checkout {
    /// Whether its folder is there.
    pub(super) fn is_there(&self) -> bool {
        self.folder.join(".git").symlink_metadata().is_ok()
    }

    /// Its own git folder, where its index and the state of merges and rebases lie.
    pub(super) fn git_folder(&self) -> Result<PathBuf, RepositoryError> {
        let outcome = git(&self.folder).args(["rev-parse", "--absolute-git-dir"]).run()?;
        Ok(as_path(&outcome))
    }

    /// A folder for an index of ours, gone with its value. It lies in the worktree's own git folder: what a killed
    /// process leaves of it is swept by the next call, or goes with the worktree.
    pub(super) fn scratch(&self) -> Result<tempfile::TempDir, RepositoryError> {
        let place = self.git_folder()?;
        files::sweep(&place);
        files::scratch_folder(&place).map_err(|error| io_problem(&place, &error))
    }
}

/// The repository's own git folder, shared by all its worktrees.
pub(super) fn common_folder(project: &Path) -> Result<PathBuf, RepositoryError> {
    let outcome =
        git(project).args(["rev-parse", "--path-format=absolute", "--git-common-dir"]).run()?;
    Ok(as_path(&outcome))
}

/// All worktrees that are registered.
pub(super) fn all(project: &Path) -> Result<Vec<Checkout>, RepositoryError> {
    let outcome = git(project).args(["worktree", "list", "--porcelain", "-z"]).run()?;
    Ok(parse(&outcome.stdout))
}

fn parse(listing: &[u8]) -> Vec<Checkout> {
    let mut found: Vec<Checkout> = Vec::new();
    for line in listing.split(|byte| *byte == 0) {
        if let Some(path) = line.strip_prefix(b"worktree ") {
            let folder = PathBuf::from(OsString::from_vec(path.to_vec()));
            found.push(Checkout { folder, ..Checkout::default() });
        } else if let Some(checkout) = found.last_mut() {
            if let Some(branch) = line.strip_prefix(b"branch ") {
                checkout.branch = Some(String::from_utf8_lossy(branch).into_owned());
            } else if line.starts_with(b"locked") {
                checkout.is_locked = true;
            }
        }
    }
    found
}

/// The linked worktree that is registered at a folder; the main one, the first, is its owner's and never ours.
pub(super) fn at(project: &Path, folder: &Path) -> Result<Option<Checkout>, RepositoryError> {
    Ok(all(project)?.into_iter().skip(1).find(|checkout| checkout.folder == folder))
}

/// The worktrees that have a branch checked out, those that are rebasing or bisecting it included.
///
/// One whose folder is gone counts only when it is locked: somebody said that it will be back.
pub(super) fn of_branch(project: &Path, branch: &str) -> Result<Vec<Checkout>, RepositoryError> {
    let wanted = branch_ref(branch);
    let mut found = Vec::new();
    for checkout in all(project)? {
        let has_it = match &checkout.branch {
            Some(branch) => *branch == wanted && (checkout.is_there() || checkout.is_locked),
            None => checkout.is_there() && is_at_work_on(&checkout, &wanted),
        };
        if has_it {
            found.push(checkout);
        }
    }
    Ok(found)
}

fn is_at_work_on(checkout: &Checkout, branch: &str) -> bool {
    // In a worktree that git cannot open, nothing goes on.
    let Ok(folder) = checkout.git_folder() else { return false };
    let short = branch.trim_start_matches("refs/heads/");
    ["rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START"].iter().any(|file| {
        std::fs::read_to_string(folder.join(file))
            .is_ok_and(|text| text.trim() == branch || text.trim() == short)
    })
}

/// What is going on in a worktree that its owner has to end first.
pub(super) fn unfinished(git_folder: &Path) -> Option<&'static str> {
    const SIGNS: &[(&str, &str)] = &[
        ("MERGE_HEAD", "a merge"),
        ("rebase-merge", "a rebase"),
        ("rebase-apply", "a rebase"),
        ("CHERRY_PICK_HEAD", "a cherry-pick"),
        ("REVERT_HEAD", "a revert"),
        ("BISECT_START", "a bisection"),
        ("index.lock", "another git command"),
    ];
    SIGNS.iter().find(|(file, _)| git_folder.join(file).exists()).map(|(_, what)| *what)
}

/// Which files of a worktree are to be listed as not committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Uncommitted {
    /// Changed files that git knows.
    Tracked,
    /// Those, and each untracked file that is not ignored.
    All,
}

/// Files of a worktree that are not committed.
pub(super) fn uncommitted(
    folder: &Path,
    which: Uncommitted,
) -> Result<Vec<String>, RepositoryError> {
    let untracked = match which {
        Uncommitted::Tracked => "--untracked-files=no",
        Uncommitted::All => "--untracked-files=all",
    };
    let outcome =
        git(folder).args(["status", "--porcelain=v1", "-z", "--no-renames", untracked]).run()?;
    // Each part is two letters, a space and the path.
    Ok(parts(&outcome).iter().filter_map(|part| part.get(3..)).map(str::to_owned).collect())
}

/// Refuses a folder that is no worktree by itself: git would take a repository further up.
pub(super) fn require_own_git(folder: &Path) -> Result<(), RepositoryError> {
    if folder.join(".git").symlink_metadata().is_ok() {
        return Ok(());
    }
    Err(RepositoryError::NotARepository { path: folder.to_owned() })
}

/// Refuses a worktree that git is still checking out: it writes the index last, and until then every file that is not
/// there yet would pass for deleted.
pub(super) fn require_checked_out(folder: &Path) -> Result<(), RepositoryError> {
    let tie = std::fs::read_to_string(folder.join(".git")).unwrap_or_default();
    let Some(git_folder) = tie.strip_prefix("gitdir: ") else { return Ok(()) };
    if folder.join(git_folder.trim_end()).join("index").exists() {
        return Ok(());
    }
    Err(in_the_way(folder, "it is being checked out"))
}

/// Names of files for a message, at most five.
pub(super) fn some_of(files: &[String]) -> String {
    const NAMED: usize = 5;
    let named =
        files.iter().take(NAMED).map(|file| format!("`{file}`")).collect::<Vec<_>>().join(", ");
    match files.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
