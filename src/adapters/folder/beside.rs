//! A file for people that is made once and never written over.
//!
//! Whoever has made or edited one of that name keeps it: what is to be written then lies beside it, under the name with a
//! number. The same text written a second time is the first one's file.

use std::io;
use std::path::{Path, PathBuf};

use crate::adapters::files;
use crate::adapters::folder::{inside, make_folder, wrap};
use crate::ports::folder::FolderError;

/// The mode of a file that is made here.
const MODE: u32 = 0o644;
/// Files of one name: somebody who edits every one of them has another purpose.
const MOST: u32 = 100;

/// Makes the file in the workbench's folder, or the next one beside it; returns its path relative to that.
pub(super) fn add(home: &Path, path: &Path, text: &str) -> Result<PathBuf, FolderError> {
    inside::require_plain(path)?;
    let parent = home.join(path.parent().unwrap_or(Path::new("")));
    make_folder(&parent)?;
    // An agent may have put a link to elsewhere in its place.
    inside::resolve(home, &parent, path)?;
    for number in 1..=MOST {
        let relative = numbered(path, number);
        let place = home.join(&relative);
        match files::create(&place, text.as_bytes(), MODE, false) {
            Ok(()) => return Ok(relative),
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(wrap(&place, &error));
            }
            Err(_) if is_text(&place, text) => return Ok(relative),
            Err(_) => {}
        }
    }
    Err(FolderError::Exists { path: home.join(path) })
}

/// `x.md`, `x-2.md`, `x-3.md`.
pub(super) fn numbered(path: &Path, number: u32) -> PathBuf {
    if number < 2 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-{number}.md"))
}

/// Whether that file says exactly this; what is no plain file says something else.
fn is_text(place: &Path, text: &str) -> bool {
    let same = |meta: std::fs::Metadata| {
        meta.is_file() && u64::try_from(text.len()).is_ok_and(|length| meta.len() == length)
    };
    place.symlink_metadata().is_ok_and(same)
        && std::fs::read(place).is_ok_and(|bytes| bytes == text.as_bytes())
}
