//! Files of a commit on their way into a worktree: made beside it, then renamed into place, each whole.
//!
//! A file that was stored as it lay there is written byte for byte; any other as git checks it out, with the
//! user's filters, and byte for byte where these fail. Nothing is written through a link, over a
//! folder that holds something, or over a file that nothing else has: one that was changed since it was saved
//! stays.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::capture::lies_at;
use super::checkpoint::Difference;
use super::run::{git, io_problem, plumbing};
use super::unchanged::Unchanged;
use crate::adapters::files;
use crate::ports::repositories::RepositoryError;

/// Files whose content is held in memory at once.
const BATCH: usize = 100;

/// Why a file stays that somebody has changed while others were restored.
const CHANGED: &str = "it was changed after it was saved";

/// A restoration under way.
pub(super) struct Laying<'a> {
    project: &'a Path,
    folder: &'a Path,
    scratch: tempfile::TempDir,
    unchanged: Option<Unchanged<'a>>,
    /// Files that were written.
    pub(super) written: u32,
    /// Files that were removed.
    pub(super) removed: u32,
    /// What stayed as it is, with the reason.
    pub(super) in_the_way: Vec<String>,
}

impl<'a> Laying<'a> {
    /// Nothing is laid yet. What a killed one has left beside the worktree goes.
    pub(super) fn begin(project: &'a Path, folder: &'a Path) -> Result<Self, RepositoryError> {
        let place = folder.parent().unwrap_or(folder);
        files::sweep(place);
        let scratch = files::scratch_folder(place).map_err(|error| io_problem(place, &error))?;
        let (unchanged, in_the_way) = (None, Vec::new());
        Ok(Self { project, folder, scratch, unchanged, written: 0, removed: 0, in_the_way })
    }

    /// From now on a file that is not as these changes found it stays: somebody may be at work here.
    pub(super) fn keep_changed(&mut self, changes: &[Difference]) {
        self.unchanged = Some(Unchanged::look(self.folder, changes));
    }

    fn is_unchanged(&self, path: &[u8]) -> bool {
        self.unchanged.as_ref().is_none_or(|unchanged| unchanged.is_still(path))
    }

    /// Removes a file that is kept elsewhere, and the folders that it leaves empty.
    pub(super) fn remove(&mut self, gone: &Difference) {
        let Some(what) = lies_at(self.folder, &gone.path) else { return };
        let path = self.folder.join(OsStr::from_bytes(&gone.path));
        if what.is_dir() {
            return;
        }
        if !self.is_unchanged(&gone.path) {
            self.in_the_way.push(format!("{} ({CHANGED})", String::from_utf8_lossy(&gone.path)));
            return;
        }
        if std::fs::remove_file(&path).is_err() {
            return;
        }
        self.removed += 1;
        let mut above = path.parent();
        while let Some(folder) = above.filter(|folder| *folder != self.folder) {
            if std::fs::remove_dir(folder).is_err() {
                return;
            }
            above = folder.parent();
        }
    }

    /// Writes files of a commit.
    pub(super) fn write(
        &mut self,
        commit: &str,
        changes: &[&Difference],
        is_raw: impl Fn(&[u8]) -> bool,
    ) -> Result<(), RepositoryError> {
        let files = changes.iter().filter(|change| change.mode != "160000").copied();
        let (mut raw, filtered): (Vec<&Difference>, Vec<&Difference>) =
            files.partition(|change| is_raw(&change.path));
        let made = self.check_out(commit, &filtered)?;
        for change in filtered {
            let ready = made.join(OsStr::from_bytes(&change.path));
            match ready.symlink_metadata() {
                Ok(_) => self.lay(change, &ready)?,
                Err(_) => raw.push(change),
            }
        }
        for batch in raw.chunks(BATCH) {
            for (change, content) in batch.iter().zip(self.contents(batch)?) {
                let ready = self.make(change, &content)?;
                self.lay(change, &ready)?;
            }
        }
        Ok(())
    }

    /// Files as git checks them out, in a folder beside the worktree; one whose filter fails is missing there.
    fn check_out(&self, commit: &str, files: &[&Difference]) -> Result<PathBuf, RepositoryError> {
        let (made, index) = (self.scratch.path().join("made"), self.scratch.path().join("index"));
        if files.is_empty() {
            return Ok(made);
        }
        plumbing(self.folder).env("GIT_INDEX_FILE", &index).args(["read-tree", commit]).run()?;
        let list: Vec<u8> = files
            .iter()
            .flat_map(|file| file.path.iter().copied().chain(std::iter::once(0)))
            .collect();
        let mut prefix = std::ffi::OsString::from("--prefix=");
        prefix.push(&made);
        prefix.push("/");
        let outcome = plumbing(self.folder)
            .env("GIT_INDEX_FILE", &index)
            .args(["checkout-index", "-f", "-q", "-z", "--stdin"])
            .args([prefix])
            .stdin(list)
            .outcome()?;
        if !outcome.status.success() {
            tracing::debug!(problem = outcome.problem(), "some files are laid without filters");
        }
        Ok(made)
    }

    fn contents(&self, files: &[&Difference]) -> Result<Vec<Vec<u8>>, RepositoryError> {
        let list: Vec<String> = files.iter().map(|file| format!("{}\n", file.object)).collect();
        let read = git(self.project)
            .args(["cat-file", "--batch=%(objectsize)"])
            .stdin(list.concat())
            .run()?;
        Ok(split(&read.stdout))
    }

    /// Makes a file beside the worktree.
    fn make(&self, change: &Difference, content: &[u8]) -> Result<PathBuf, RepositoryError> {
        let ready = self.scratch.path().join("file");
        let failed = |error: std::io::Error| io_problem(&ready, &error);
        if change.mode == "120000" {
            std::os::unix::fs::symlink(OsStr::from_bytes(content), &ready).map_err(failed)?;
        } else {
            files::replace(&ready, content, 0o644, false).map_err(failed)?;
        }
        Ok(ready)
    }

    /// Puts a file that was made into its place.
    fn lay(&mut self, change: &Difference, ready: &Path) -> Result<(), RepositoryError> {
        let path = self.folder.join(OsStr::from_bytes(&change.path));
        let failed = |error: std::io::Error| io_problem(&path, &error);
        if let Some(reason) = self.obstacle(change, &path, ready) {
            let name = String::from_utf8_lossy(&change.path).into_owned();
            self.in_the_way.push(format!("{name} ({reason})"));
            return std::fs::remove_file(ready).map_err(failed);
        }
        if change.mode != "120000" {
            let mode = if change.mode == "100755" { 0o755 } else { 0o644 };
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(ready, mode).map_err(failed)?;
        }
        if let Some(above) = path.parent() {
            std::fs::create_dir_all(above).map_err(failed)?;
        }
        std::fs::rename(ready, &path).map_err(failed)?;
        self.written += 1;
        Ok(())
    }

    /// Why a file cannot be laid: a folder or a link stands there, or a file that nothing else has.
    fn obstacle(&self, change: &Difference, path: &Path, ready: &Path) -> Option<&'static str> {
        let mut above = PathBuf::new();
        let below = Path::new(OsStr::from_bytes(&change.path));
        for part in below.parent().into_iter().flat_map(Path::components) {
            above.push(part);
            match self.folder.join(&above).symlink_metadata() {
                Ok(what) if !what.is_dir() => {
                    return Some("a file or a link is in its folder's place");
                }
                Ok(_) => {}
                Err(_) => break,
            }
        }
        let what = path.symlink_metadata().ok()?;
        if what.is_dir() {
            // One that is empty gives way.
            return std::fs::remove_dir(path).err().map(|_| "a folder is in its place");
        }
        let reason = match change.status {
            b'A' => "a file lies there that is ignored or too large to be saved",
            _ if self.is_unchanged(&change.path) => return None,
            _ => CHANGED,
        };
        (!is_same(path, ready)).then_some(reason)
    }
}

/// Whether two files are links to the same place, or hold the same bytes.
fn is_same(one: &Path, other: &Path) -> bool {
    match (std::fs::read_link(one), std::fs::read_link(other)) {
        (Ok(one), Ok(other)) => one == other,
        (Err(_), Err(_)) => match (std::fs::read(one), std::fs::read(other)) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        },
        _ => false,
    }
}

/// The contents in the answer of `git cat-file --batch=%(objectsize)`.
fn split(answer: &[u8]) -> Vec<Vec<u8>> {
    let mut contents = Vec::new();
    let mut rest = answer;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (head, tail) = rest.split_at(end);
        let size: usize = String::from_utf8_lossy(head).trim().parse().unwrap_or(0);
        let body = tail.get(1..).unwrap_or_default();
        contents.push(body.get(..size).unwrap_or_default().to_vec());
        rest = body.get(size + 1..).unwrap_or_default();
    }
    contents
}
