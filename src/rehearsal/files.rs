//! Files of a task's worktree: written and changed by the script, never outside that folder.
//!
//! The text of a path was checked when the script was read; here links are looked at, because an
//! agent's own commits may have put one there.

use std::path::{Path, PathBuf};

use crate::adapters::files;

/// Writes a whole file, with the folders that it needs.
pub(super) fn write(
    worktree: &Path,
    path: &str,
    text: &str,
    executable: bool,
) -> Result<(), String> {
    let place = inside(worktree, path)?;
    let mode = if executable { 0o755 } else { 0o644 };
    files::replace(&place, text.as_bytes(), mode, false)
        .map_err(|error| format!("`{path}` cannot be written: {error}"))
}

/// Replaces the one place where `old` stands; already replaced counts as done when `resumed`.
pub(super) fn replace(
    worktree: &Path,
    path: &str,
    (old, new): (&str, &str),
    resumed: bool,
) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt as _;
    let place = inside(worktree, path)?;
    let said = |error: std::io::Error| format!("`{path}` cannot be changed: {error}");
    let text = std::fs::read_to_string(&place).map_err(said)?;
    match text.matches(old).count() {
        1 => {}
        0 if resumed && text.contains(new) => return Ok(()),
        0 => return Err(format!("`{path}` does not hold the text to replace")),
        found => return Err(format!("`{path}` holds the text to replace {found} times")),
    }
    let mode = std::fs::metadata(&place).map_err(said)?.permissions().mode() & 0o777;
    files::replace(&place, text.replacen(old, new, 1).as_bytes(), mode, false).map_err(said)
}

/// The absolute place of a path, with its folders made, if it is really inside the worktree.
fn inside(worktree: &Path, path: &str) -> Result<PathBuf, String> {
    let leaves = || format!("`{path}` leads out of the worktree");
    let said = |error: std::io::Error| format!("`{path}` cannot be reached: {error}");
    let root = worktree.canonicalize().map_err(said)?;
    let mut folder = root.clone();
    let mut parts: Vec<&str> = path.split('/').collect();
    let name = parts.pop().ok_or_else(leaves)?;
    if parts.iter().chain([&name]).any(|part| matches!(*part, "" | "." | ".." | ".git")) {
        return Err(leaves());
    }
    for part in parts {
        folder.push(part);
        // One folder at a time, each looked at before the next: a link must not lead out first.
        match std::fs::create_dir(&folder) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(said(error)),
        }
        if !folder.canonicalize().map_err(said)?.starts_with(&root) {
            return Err(leaves());
        }
    }
    let place = folder.join(name);
    let is_link = std::fs::symlink_metadata(&place).is_ok_and(|found| found.is_symlink());
    if is_link { Err(leaves()) } else { Ok(place) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_with_its_folders_and_changed_in_one_place() {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "bin/deep/x.sh", "echo a; echo b\n", true).expect("written");
        replace(folder.path(), "bin/deep/x.sh", ("echo a", "echo c"), false).expect("replaced");
        let text = std::fs::read_to_string(folder.path().join("bin/deep/x.sh")).expect("read");
        assert_eq!(text, "echo c; echo b\n");
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.path().join("bin/deep/x.sh")).expect("there");
        assert_eq!(mode.permissions().mode() & 0o777, 0o755);
    }

    #[test]
    fn a_replacement_that_was_made_already_is_only_done_again_when_it_may_have_been() {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "x", "new\n", false).expect("written");
        assert!(replace(folder.path(), "x", ("old", "new"), true).is_ok());
        assert!(replace(folder.path(), "x", ("old", "new"), false).is_err());
        write(folder.path(), "x", "old old\n", false).expect("written");
        assert!(replace(folder.path(), "x", ("old", "new"), false).is_err());
    }

    #[test]
    fn a_path_or_a_link_that_leads_out_of_the_worktree_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let tree = folder.path().join("tree");
        std::fs::create_dir(&tree).expect("made");
        std::os::unix::fs::symlink(folder.path(), tree.join("out")).expect("linked");
        std::os::unix::fs::symlink("/etc/hostname", tree.join("file")).expect("linked");
        for path in ["../x", "/x", "out/x", "out/y/z", "file", ".git/config", ""] {
            assert!(write(&tree, path, "x", false).is_err(), "{path:?} was written");
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("list").count(), 1);
    }
}
