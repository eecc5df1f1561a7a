//! By a file that the program watches: one line is added to it, in one write.
//!
//! Nothing but a regular file of this user's is written to, and no link is followed; it is made if its folder is
//! there. What was written is with the program as soon as it looks.

use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, fstat, open};

use super::{not_taken, unknown};
use crate::ports::channels::Handed;

/// Adds a line.
pub(super) fn add(path: &Path, line: &str) -> Handed {
    // Opening a pipe in its place must not wait for a reader.
    let flags = OFlags::WRONLY
        | OFlags::APPEND
        | OFlags::CREATE
        | OFlags::NONBLOCK
        | OFlags::NOFOLLOW
        | OFlags::CLOEXEC;
    let file = match open(path, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => file,
        Err(error) => return not_taken(format!("its file: {error}")),
    };
    let is_ours = fstat(&file).is_ok_and(|stat| {
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        is_file && stat.st_uid == rustix::process::getuid().as_raw()
    });
    if !is_ours {
        return not_taken("its file is not a regular file of ours");
    }
    let whole = format!("{line}\n");
    match rustix::io::write(&file, whole.as_bytes()) {
        Ok(written) if written == whole.len() => Handed::Taken,
        // A part of a line stands there now; a second line would be glued to it.
        Ok(_) => unknown("its file took a part of the text only"),
        Err(error) => not_taken(format!("its file: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_one_after_the_other_to_a_file_that_only_we_read() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("input");
        assert_eq!(add(&path, "one"), Handed::Taken);
        assert_eq!(add(&path, &"two".repeat(100_000)), Handed::Taken);
        let text = std::fs::read_to_string(&path).expect("read");
        assert_eq!(text, format!("one\n{}\n", "two".repeat(100_000)));
        let mode = std::fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_link_a_pipe_a_folder_and_a_missing_folder_take_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::File::create(at("victim")).expect("made");
        std::os::unix::fs::symlink(at("victim"), at("link")).expect("linked");
        let mode = Mode::RUSR | Mode::WUSR;
        rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), mode).expect("a pipe");
        std::fs::create_dir(at("folder")).expect("made");
        for name in ["link", "pipe", "folder", "no/such"] {
            assert!(matches!(add(&at(name), "x"), Handed::NotTaken { .. }), "{name}");
        }
        // A pipe with a reader is a pipe still.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let reader = open(at("pipe"), flags, Mode::empty()).expect("open");
        assert!(matches!(add(&at("pipe"), "x"), Handed::NotTaken { .. }));
        drop(reader);
        assert_eq!(std::fs::read(at("victim")).expect("read"), b"");
    }
}
