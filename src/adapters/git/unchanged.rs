//! Whether files still are what a saved state holds of them, asked right before they are replaced or removed.
//!
//! Agents go on while a worktree is restored, and what they wrote since it was saved is nowhere else. git is asked
//! once for all files; then each is held against a digest of what git was shown, so that nothing but that
//! last look stands before the change. Nothing is changed here.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::capture::{lies_at, quoted};
use super::checkpoint::Difference;
use super::run::plumbing;

/// The mode of a link in a tree.
const LINK: &str = "120000";

/// Files that were as a saved state has them, by what was in them then.
pub(super) struct Unchanged<'a> {
    folder: &'a Path,
    digests: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// How git is to read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// Byte for byte.
    Raw,
    /// As it would be committed: line endings, filters.
    Filtered,
}

impl<'a> Unchanged<'a> {
    /// Looks at all files that are going to change.
    pub(super) fn look(folder: &'a Path, changes: &[Difference]) -> Self {
        let (mut digests, mut open) = (BTreeMap::new(), Vec::new());
        for change in changes.iter().filter(|change| change.status != b'A') {
            let Some(what) = lies_at(folder, &change.path) else { continue };
            // First this and then git: a file that changes in between is no longer what git is shown.
            let Some(digest) = digest(folder, &change.path) else { continue };
            if what.is_symlink() == (change.from_mode == LINK) {
                open.push((change, what.is_symlink()));
                digests.insert(change.path.clone(), digest);
            }
        }
        let (links, files): (Vec<_>, Vec<_>) = open.into_iter().partition(|(_, is_link)| *is_link);
        let links = links.into_iter().map(|(change, _)| change);
        let mut changed: Vec<&Difference> =
            links.filter(|link| !is_link_as(folder, link)).collect();
        let mut files: Vec<&Difference> = files.into_iter().map(|(change, _)| change).collect();
        for reading in [Reading::Raw, Reading::Filtered] {
            let objects = objects(folder, reading, &files);
            let read = files.into_iter().zip(objects);
            files =
                read.filter(|(file, it)| it.as_ref() != Some(&file.from)).map(|(f, _)| f).collect();
        }
        changed.extend(files);
        changed.iter().for_each(|change| {
            digests.remove(&change.path);
        });
        Self { folder, digests }
    }

    /// Whether a file is as the saved state has it, still.
    pub(super) fn is_still(&self, path: &[u8]) -> bool {
        let known = self.digests.get(path);
        known.is_some_and(|known| digest(self.folder, path).as_ref() == Some(known))
    }
}

/// A digest of a file or a link, and of whether it can be run.
fn digest(folder: &Path, path: &[u8]) -> Option<Vec<u8>> {
    let whole = folder.join(OsStr::from_bytes(path));
    let what = whole.symlink_metadata().ok()?;
    let (kind, bytes) = if what.is_symlink() {
        (2, std::fs::read_link(&whole).ok()?.into_os_string().as_bytes().to_vec())
    } else if what.is_file() {
        (u8::from(what.permissions().mode() & 0o100 != 0), std::fs::read(&whole).ok()?)
    } else {
        return None;
    };
    Some(Sha256::new().chain_update([kind]).chain_update(bytes).finalize().to_vec())
}

fn is_link_as(folder: &Path, link: &Difference) -> bool {
    let Ok(target) = std::fs::read_link(folder.join(OsStr::from_bytes(&link.path))) else {
        return false;
    };
    let target = target.as_os_str().as_bytes().to_vec();
    let hashed = plumbing(folder).args(["hash-object", "--no-filters", "--stdin"]).stdin(target);
    hashed.text().is_ok_and(|object| object == link.from)
}

/// The names that git would give to the contents of files; none: it cannot read that one.
fn objects(folder: &Path, reading: Reading, files: &[&Difference]) -> Vec<Option<String>> {
    if files.is_empty() {
        return Vec::new();
    }
    let list: Vec<u8> = files.iter().flat_map(|file| quoted(&file.path)).collect();
    let mut call = plumbing(folder).args(["hash-object", "--stdin-paths"]);
    if reading == Reading::Raw {
        call = call.args(["--no-filters"]);
    }
    match (call.stdin(list).text(), files) {
        (Ok(text), _) => text.lines().map(|object| Some(object.to_owned())).collect(),
        (Err(_), [_]) => vec![None],
        // One that went, or whose filter fails, must not speak for all.
        (Err(_), many) => many
            .iter()
            .flat_map(|one| objects(folder, reading, std::slice::from_ref(one)))
            .collect(),
    }
}
