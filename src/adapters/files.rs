//! The one place that replaces files: written whole beside the old one, then renamed over it.
//!
//! A reader sees the old text or the new one, never half of either, whenever a writer is killed.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// What the name of a half-written file begins with; the writer's process id comes after it.
const HALF_WRITTEN: &str = ".new-";

/// Replaces a file's content; readers see the old or the new one, never half of it.
///
/// The new file has mode `mode`. With `durable` the content is on the disk before the name points
/// to it, and the name too when this returns.
pub fn replace(path: &Path, bytes: &[u8], mode: u32, durable: bool) -> io::Result<()> {
    let file = write_beside(path, bytes, mode, durable)?;
    file.persist(path).map_err(|error| error.error)?;
    if durable { sync_folder(path) } else { Ok(()) }
}

/// Makes a file with this content, whole; fails with `AlreadyExists` when the name is taken, so of
/// several that try at once one succeeds.
pub fn create(path: &Path, bytes: &[u8], mode: u32, durable: bool) -> io::Result<()> {
    let file = write_beside(path, bytes, mode, durable)?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    if durable { sync_folder(path) } else { Ok(()) }
}

/// Renames a file or a folder; fails with `AlreadyExists` when the name is taken.
pub fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some network and shared file systems do not know the flag; a look before is all they give.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => match to.symlink_metadata() {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => std::fs::rename(from, to),
        },
        other => other.map_err(io::Error::from),
    }
}

/// Removes what a process left half written in a folder because it was killed. What a process that lives
/// is writing is left alone. It only tidies: whatever cannot be looked at or removed stays.
pub fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let writer = name
            .to_str()
            .and_then(|name| name.strip_prefix(HALF_WRITTEN)?.split_once('-')?.0.parse().ok())
            .and_then(Pid::from_raw);
        let is_dead = writer.is_some_and(|writer| test_kill_process(writer) == Err(Errno::SRCH));
        let Some(kind) = entry.file_type().ok().filter(|_| is_dead) else { continue };
        // Neither follows a link: one of that name is not ours.
        if kind.is_file() {
            let _ = std::fs::remove_file(entry.path());
        } else if kind.is_dir() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether something has the name of what a process has not finished, by whatever process.
pub fn is_half_written(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(HALF_WRITTEN))
}

/// A folder for this process's scratch files, gone with its value, or swept if the process is killed.
pub fn scratch_folder(place: &Path) -> io::Result<tempfile::TempDir> {
    tempfile::Builder::new().prefix(&half_written()).tempdir_in(place)
}

/// How the names of what this process has not finished begin.
fn half_written() -> String {
    format!("{HALF_WRITTEN}{}-", std::process::id())
}

fn write_beside(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    durable: bool,
) -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix(&half_written()).tempfile_in(folder_of(path))?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    if durable {
        file.as_file().sync_all()?;
    }
    Ok(file)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    std::fs::File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or_else(|| Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("view.json");
        replace(&path, b"one", 0o644, false).expect("written");
        replace(&path, b"two", 0o644, true).expect("written");
        assert_eq!(std::fs::read(&path).expect("read"), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).expect("list").count(), 1);
    }

    #[test]
    fn what_a_killed_process_left_is_swept_and_what_a_live_one_writes_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut ended = crate::adapters::process::Invocation::new("true", folder.path())
            .to_command()
            .spawn()
            .expect("started");
        ended.wait().expect("ended");
        let place = |pid: u32| folder.path().join(format!(".new-{pid}-x"));
        for pid in [ended.id(), std::process::id()] {
            std::fs::File::create(place(pid)).expect("made");
        }
        std::fs::File::create(folder.path().join(".new-name")).expect("made");
        let scratch = folder.path().join(format!(".new-{}-scratch", ended.id()));
        std::fs::create_dir_all(scratch.join("deeper")).expect("made");
        let own = scratch_folder(folder.path()).expect("made");
        sweep(folder.path());
        assert!(!scratch.exists() && own.path().exists());
        assert!(!place(ended.id()).exists());
        assert!(place(std::process::id()).exists() && folder.path().join(".new-name").exists());
    }

    #[test]
    fn a_taken_name_is_neither_created_nor_renamed_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        create(&one, b"one", 0o600, true).expect("made");
        let taken = create(&one, b"two", 0o600, false).expect_err("taken");
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
        std::fs::create_dir(&two).expect("a folder");
        let taken = rename_new(&one, &two).expect_err("taken");
        assert_eq!(taken.kind(), io::ErrorKind::AlreadyExists);
        std::fs::remove_dir(&two).expect("removed");
        rename_new(&one, &two).expect("renamed");
        assert_eq!(std::fs::read(&two).expect("read"), b"one");
        assert_eq!(std::fs::read_dir(folder.path()).expect("list").count(), 1);
    }
}
