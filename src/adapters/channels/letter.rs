//! By a named pipe at which a hook of the program waits: opening it tells whether somebody does.
//!
//! Nothing is ever made here, and nothing but a pipe of this user's is written to.

use std::io::Write as _;
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::io::Errno;

use super::{not_taken, unknown};
use crate::ports::channels::Handed;

/// What an empty pipe takes at once on every system (POSIX says at least `PIPE_BUF`, Linux 64 KiB).
const MOST: usize = 4_096;

/// Puts a text into the pipe if somebody reads there.
pub(super) fn put(path: &Path, text: &str) -> Handed {
    if text.len() > MOST {
        return not_taken("the text is too long for a letter");
    }
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let pipe = match open(path, flags, Mode::empty()) {
        Ok(pipe) => pipe,
        Err(Errno::NXIO | Errno::NOENT) => return not_taken("no hook of it waits"),
        Err(error) => return not_taken(format!("its pipe: {error}")),
    };
    let is_ours = fstat(&pipe).is_ok_and(|stat| {
        let is_pipe = FileType::from_raw_mode(stat.st_mode) == FileType::Fifo;
        is_pipe && stat.st_uid == rustix::process::getuid().as_raw()
    });
    if !is_ours {
        return not_taken("its pipe is not ours");
    }
    match std::fs::File::from(pipe).write_all(text.as_bytes()) {
        Ok(()) => Handed::Taken,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            not_taken("its hook has just ended")
        }
        Err(error) => unknown(format!("its pipe: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_letter_is_taken_only_where_somebody_waits() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("letter");
        assert!(matches!(put(&path, "x"), Handed::NotTaken { .. }));
        let mode = Mode::RUSR | Mode::WUSR;
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).expect("a pipe");
        assert!(matches!(put(&path, "x"), Handed::NotTaken { .. }), "nobody waits");
        let reader = {
            let path = path.clone();
            std::thread::spawn(move || {
                let mut text = String::new();
                std::fs::File::open(path).expect("open").read_to_string(&mut text).expect("read");
                text
            })
        };
        let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while put(&path, "you have mail\n") != Handed::Taken {
            assert!(std::time::Instant::now() < until, "nobody came to read");
            std::thread::yield_now();
        }
        assert_eq!(reader.join().expect("read"), "you have mail\n");
    }

    #[test]
    fn a_file_or_a_link_in_place_of_the_pipe_is_not_written_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::File::create(&file).expect("made");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        assert!(matches!(put(&file, "x"), Handed::NotTaken { .. }));
        assert!(matches!(put(&link, "x"), Handed::NotTaken { .. }));
        assert_eq!(std::fs::read(&file).expect("read"), b"");
    }
}
