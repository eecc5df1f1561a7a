//! A letter: a text for an agent whose program waits for it in a hook of its own, through a pipe in
//! the life's folder.
//!
//! The reader waits in the kernel and ends with the program that started it. One waits at a time.

use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{CWD, FileType, FlockOperation, Mode, OFlags, flock};

/// The pipe's name.
pub const LETTER: &str = "letter";

/// Held by whoever waits.
const LOCK: &str = "letter.lock";

/// Longest letter, in bytes: a message has no more.
const MAX_BYTES: u64 = 1024 * 1024;

/// Waits for a letter in a life's folder. None when somebody waits there already.
pub fn wait(folder: &Path) -> io::Result<Option<String>> {
    end_with_parent()?;
    let lock = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(folder.join(LOCK))?;
    if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Ok(None);
    }
    let pipe = folder.join(LETTER);
    make_pipe(&pipe)?;
    loop {
        // Opening waits for a writer; one that goes away without a word is no letter.
        let mut text = Vec::new();
        let open = OpenOptions::new()
            .read(true)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(&pipe)?;
        open.take(MAX_BYTES).read_to_end(&mut text)?;
        if !text.is_empty() {
            return Ok(Some(String::from_utf8_lossy(&text).into_owned()));
        }
    }
}

fn make_pipe(pipe: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt as _;
    match rustix::fs::mknodat(CWD, pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0) {
        Ok(()) => Ok(()),
        Err(rustix::io::Errno::EXIST) if pipe.symlink_metadata()?.file_type().is_fifo() => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Has the kernel end this process when the one that started it ends; it may have ended just now.
fn end_with_parent() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
        set_parent_process_death_signal(Some(Signal::TERM))?;
        if getppid() == Some(Pid::INIT) {
            return Err(io::Error::other("the program has ended"));
        }
    }
    Ok(())
}
