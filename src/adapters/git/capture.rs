//! Makes a tree of every file that lies in a worktree, byte for byte, without touching anything in it.
//!
//! Works on a copy of the index and with plumbing that runs neither hooks nor the user's filters: a file that
//! git has not seen is stored as it lies there. Ignored files are left out; so is, by name, what is too
//! large, unreadable or a repository of its own. Conflicts, intents to add, sparse and hidden entries are
//! taken by what lies on the disk.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::checkouts::Checkout;
use super::revision;
use super::run::{Call, byte_parts, git, plumbing};
use super::snapshot;
use crate::adapters::process::Outcome;
use crate::ports::repositories::RepositoryError;

/// A file may go or change while it is read: then everything is looked at anew, so many times.
const ATTEMPTS: u32 = 4;

/// What lies in a worktree.
#[derive(Debug)]
pub(super) struct Captured {
    /// The commit that is checked out.
    pub(super) head: Option<String>,
    /// What was staged, where that is neither the head's tree nor what lies there.
    pub(super) staged: Option<String>,
    /// Every file.
    pub(super) tree: String,
    /// What it lacks, with the reason.
    pub(super) left_out: Vec<String>,
}

/// Captures a worktree; larger files are left out.
pub(super) fn capture(
    checkout: &Checkout,
    largest_bytes: u64,
) -> Result<Captured, RepositoryError> {
    let mut attempt = 1;
    loop {
        match once(checkout, largest_bytes) {
            Err(RepositoryError::Refused { command, problem }) if attempt < ATTEMPTS => {
                tracing::debug!(%command, %problem, "a file changed while it was read");
                attempt += 1;
            }
            other => return other,
        }
    }
}

fn once(checkout: &Checkout, largest_bytes: u64) -> Result<Captured, RepositoryError> {
    let folder = &checkout.folder;
    let head = revision::checked_out(folder)?;
    let scratch = checkout.scratch()?;
    let index = scratch.path().join("index");
    snapshot::copy_index(checkout, &index)?;
    let staged = snapshot::staged_tree(folder, &index, head.is_some())?;
    // Forty digits, or sixty-four in a repository of the newer kind.
    let nothing = "0".repeat(head.as_ref().map_or(40, String::len));
    let place = Place { folder, index: &index, filters: filters(folder)?, nothing };
    place.show_hidden()?;
    let mut found = Found::default();
    for (status, path) in place.changed()? {
        found.look(folder, path, status, largest_bytes);
    }
    if head.is_some() {
        // What the index holds of these may not be what lies there: line endings, filters.
        let staged = place.staged()?.into_iter();
        for path in staged.filter(|path| lies_at(folder, path).is_some()) {
            found.look(folder, path, b'M', largest_bytes);
        }
    }
    for path in place.untracked()? {
        found.look(folder, path, b'?', largest_bytes);
    }
    place.put(&found)?;
    let tree = place.call().args(["write-tree"]).text()?;
    let head_tree = snapshot::tree_of(folder, head.as_deref())?;
    let staged = staged.filter(|staged| *staged != tree && Some(staged) != head_tree.as_ref());
    Ok(Captured { head, staged, tree, left_out: found.left_out })
}

/// A worktree with an index that is ours.
struct Place<'a> {
    folder: &'a Path,
    index: &'a Path,
    filters: Vec<Vec<u8>>,
    nothing: String,
}

/// Names of the filter drivers that anybody has configured.
fn filters(folder: &Path) -> Result<Vec<Vec<u8>>, RepositoryError> {
    let (_, listed) = git(folder)
        .args(["config", "-z", "--name-only", "--get-regexp", r"^filter\."])
        .expecting(&[0, 1])?;
    let name = |key: Vec<u8>| {
        let rest = key.strip_prefix(b"filter.")?;
        let end = rest.iter().rposition(|byte| *byte == b'.')?;
        rest.get(..end).map(<[u8]>::to_vec)
    };
    let names: BTreeSet<Vec<u8>> = byte_parts(&listed).into_iter().filter_map(name).collect();
    Ok(names.into_iter().collect())
}

impl Place<'_> {
    /// A call on our index that runs no filter and believes what the file system says of modes and links.
    fn call(&self) -> Call {
        let mut call = plumbing(self.folder).env("GIT_INDEX_FILE", self.index).args([
            "-c",
            "core.fileMode=true",
            "-c",
            "core.symlinks=true",
        ]);
        let mut count = 0_u32;
        for name in &self.filters {
            for (key, value) in
                [("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")]
            {
                let whole = [b"filter.".as_slice(), name, b".", key.as_bytes()].concat();
                call = call
                    .env(&format!("GIT_CONFIG_KEY_{count}"), OsStr::from_bytes(&whole))
                    .env(&format!("GIT_CONFIG_VALUE_{count}"), value);
                count += 1;
            }
        }
        call.env("GIT_CONFIG_COUNT", count.to_string())
    }

    /// Files that git was told not to look at are looked at, if they lie there.
    fn show_hidden(&self) -> Result<(), RepositoryError> {
        let listed = self.call().args(["ls-files", "-v", "-z"]).run()?;
        let (mut assumed, mut skipped) = (Vec::new(), Vec::new());
        for line in byte_parts(&listed) {
            let (Some(tag), Some(path)) = (line.first(), line.get(2..)) else { continue };
            if tag.is_ascii_lowercase() {
                assumed.push(path.to_vec());
            }
            if tag.eq_ignore_ascii_case(&b'S') && lies_at(self.folder, path).is_some() {
                skipped.push(path.to_vec());
            }
        }
        for (option, paths) in [("--no-assume-unchanged", assumed), ("--no-skip-worktree", skipped)]
        {
            if !paths.is_empty() {
                let mut list = paths.join(&0);
                list.push(0);
                self.call().args(["update-index", option, "-z", "--stdin"]).stdin(list).run()?;
            }
        }
        Ok(())
    }

    /// Entries whose file may be another one than git knows, each with the letter of its status.
    fn changed(&self) -> Result<Vec<(u8, Vec<u8>)>, RepositoryError> {
        let listed = self
            .call()
            .args(["diff-files", "--raw", "-z", "--no-renames", "--ignore-submodules=all"])
            .run()?;
        Ok(raw_entries(&listed))
    }

    /// Entries that are not as in the commit that is checked out.
    fn staged(&self) -> Result<Vec<Vec<u8>>, RepositoryError> {
        let listed = self
            .call()
            .args(["diff-index", "--cached", "--raw", "-z", "--no-renames"])
            .args(["--ignore-submodules=all", "HEAD"])
            .run()?;
        Ok(raw_entries(&listed).into_iter().map(|(_, path)| path).collect())
    }

    fn untracked(&self) -> Result<Vec<Vec<u8>>, RepositoryError> {
        let listed =
            self.call().args(["ls-files", "--others", "--exclude-standard", "-z"]).run()?;
        Ok(byte_parts(&listed))
    }

    /// Stores what was found and puts it into the index.
    fn put(&self, found: &Found) -> Result<(), RepositoryError> {
        let mut lines: Vec<u8> = Vec::new();
        let mut line = |mode: &str, object: &str, path: &[u8]| {
            lines.extend_from_slice(format!("{mode} {object}\t").as_bytes());
            lines.extend_from_slice(path);
            lines.push(0);
        };
        found.gone.iter().for_each(|path| line("0", &self.nothing, path));
        for (path, target) in &found.links {
            let object = self
                .call()
                .args(["hash-object", "-w", "--no-filters", "--stdin"])
                .stdin(target.clone())
                .text()?;
            line("120000", &object, path);
        }
        let objects = self.store(&found.files)?;
        for ((path, mode), object) in found.files.iter().zip(&objects) {
            line(mode, object, path);
        }
        if !lines.is_empty() {
            self.call().args(["update-index", "-z", "--index-info"]).stdin(lines).run()?;
        }
        Ok(())
    }

    fn store(&self, files: &[(Vec<u8>, &'static str)]) -> Result<Vec<String>, RepositoryError> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let list: Vec<u8> = files.iter().flat_map(|(path, _)| quoted(path)).collect();
        let listed = self
            .call()
            .args(["hash-object", "-w", "--no-filters", "--stdin-paths"])
            .stdin(list)
            .text()?;
        Ok(listed.lines().map(str::to_owned).collect())
    }
}

/// The entries of a raw `-z` listing but for links to other repositories: the letter of the status, the path.
fn raw_entries(listed: &Outcome) -> Vec<(u8, Vec<u8>)> {
    let mut found = Vec::new();
    let mut fields = byte_parts(listed).into_iter();
    while let (Some(facts), Some(path)) = (fields.next(), fields.next()) {
        if !facts.starts_with(b":160000") {
            found.push((facts.last().copied().unwrap_or(b'M'), path));
        }
    }
    found
}

/// Paths by what lies there.
#[derive(Default)]
struct Found {
    gone: Vec<Vec<u8>>,
    links: Vec<(Vec<u8>, Vec<u8>)>,
    files: Vec<(Vec<u8>, &'static str)>,
    left_out: Vec<String>,
}

impl Found {
    fn look(&mut self, folder: &Path, path: Vec<u8>, status: u8, largest_bytes: u64) {
        if path.ends_with(b"/") {
            self.leave_out(&path, "a repository of its own");
            return;
        }
        let lies = if status == b'D' { None } else { lies_at(folder, &path) };
        let Some(what) = lies else {
            self.gone.push(path);
            return;
        };
        let whole = folder.join(OsStr::from_bytes(&path));
        if what.is_symlink() {
            match std::fs::read_link(&whole) {
                Ok(target) => self.links.push((path, target.into_os_string().into_vec())),
                Err(_) => self.gone.push(path),
            }
        } else if !what.is_file() {
            self.gone.push(path);
        } else if what.len() > largest_bytes {
            self.leave_out(&path, &format!("{} bytes, larger than the limit", what.len()));
            self.gone.push(path);
        } else if let Err(error) = std::fs::File::open(&whole) {
            self.leave_out(&path, &error.to_string());
            self.gone.push(path);
        } else {
            let mode = if what.permissions().mode() & 0o100 == 0 { "100644" } else { "100755" };
            self.files.push((path, mode));
        }
    }

    fn leave_out(&mut self, path: &[u8], reason: &str) {
        self.left_out.push(format!("{} ({reason})", String::from_utf8_lossy(path)));
    }
}

/// What lies at a path of a worktree; nothing, if the way there leads through a link.
pub(super) fn lies_at(folder: &Path, path: &[u8]) -> Option<std::fs::Metadata> {
    let path = Path::new(OsStr::from_bytes(path));
    let mut below = PathBuf::new();
    for part in path.parent().into_iter().flat_map(Path::components) {
        below.push(part);
        if folder.join(&below).symlink_metadata().ok()?.is_symlink() {
            return None;
        }
    }
    folder.join(path).symlink_metadata().ok()
}

/// A path as git reads it from a line: in quotes, every unusual byte as an octal number.
pub(super) fn quoted(path: &[u8]) -> Vec<u8> {
    let mut line = vec![b'"'];
    for byte in path {
        match byte {
            b'"' | b'\\' => line.extend_from_slice(&[b'\\', *byte]),
            0x20..=0x7e => line.push(*byte),
            other => line.extend_from_slice(format!("\\{other:03o}").as_bytes()),
        }
    }
    line.extend_from_slice(b"\"\n");
    line
}
