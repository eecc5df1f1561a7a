//! Taking files from the door: which are next, which were given out, and which could not be taken away.
//!
//! A file is removed or buried only as it was read: one that has taken its name meanwhile is another message. What
//! could not be taken away, say from a read-only door, is tried again here and not given out a second time.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::adapters::queue::door::{Folder, require_plain};
use crate::adapters::queue::names::Names;
use crate::adapters::queue::{held, tray, wrap};
use crate::domain::message::DeadReason;
use crate::ports::mailboxes::{DoorContent, DoorItem, MailboxError};

/// Bytes that one look gives out at most, beside the message that goes over it.
const LOOK_BYTES: usize = 4 * 1024 * 1024;
/// Files remembered that could not be taken away; more of them are given out again, which has no second effect.
const MOST_STUCK: usize = 16_384;
/// Where a file lies for the moment in which it is compared and removed; hidden, below `tmp/`.
const ASIDE: &str = ".taken";

/// The door.
#[derive(Debug)]
pub(super) struct Door {
    home: PathBuf,
    queue: PathBuf,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    names: Names,
    /// Whether somebody keeps the names; else the folder is listed for each look.
    is_watched: bool,
    /// Stamps of what the last look gave out.
    given: HashMap<String, String>,
    stuck: HashMap<String, Stuck>,
}

/// A file that could not be taken away.
#[derive(Debug)]
struct Stuck {
    stamp: String,
    /// Why it is dead; none: it is only to be removed.
    reason: Option<DeadReason>,
}

impl Door {
    pub(super) fn new(home: &Path) -> Self {
        let queue = home.join("registry/queue");
        Self { home: home.to_owned(), queue, known: Mutex::default() }
    }

    /// The queue that the door is: `tmp/`, `new/`, `dead/`.
    pub(super) fn queue(&self) -> &Path {
        &self.queue
    }

    /// Where files are dropped.
    pub(super) fn new_folder(&self) -> PathBuf {
        self.queue.join("new")
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on somebody tells what arrives and lists what lies there.
    pub(super) fn watched(&self) {
        self.known().is_watched = true;
        self.recover();
    }

    /// Files of these names arrived, or some did that nobody knows.
    pub(super) fn arrived(&self, names: Vec<OsString>, is_any_lost: bool) {
        let mut known = self.known();
        names.into_iter().for_each(|name| known.names.arrived(name));
        if is_any_lost {
            known.names.doubt();
        }
    }

    /// Lists the folder if that is due; makes it if it is gone. Whether anything is there to be looked at.
    pub(super) fn list_if_due(&self) -> Result<bool, MailboxError> {
        let due = self.known().names.listing_due(Instant::now());
        if let Some(after) = due {
            // Not under the lock: listing a hundred thousand files takes a while.
            let listing = match Folder::open(&self.new_folder())? {
                Some(folder) => folder.list(&after)?,
                None => {
                    tray::require_folder(&self.new_folder(), &self.home)?;
                    super::names::Listing::default()
                }
            };
            self.known().names.listed(listing, Instant::now());
        }
        Ok(self.has_more())
    }

    /// Whether anything is known to be there that was not looked at.
    pub(super) fn has_more(&self) -> bool {
        !self.known().names.is_empty()
    }

    /// Whether the folder is to be listed before more is known.
    pub(super) fn is_listing_due(&self) -> bool {
        let known = self.known();
        known.is_watched && known.names.listing_due(Instant::now()).is_some()
    }

    /// The next files, at most `limit`.
    pub(super) fn look(&self, limit: usize) -> Result<Vec<DoorItem>, MailboxError> {
        let Some(folder) = Folder::open(&self.new_folder())? else { return Ok(Vec::new()) };
        let mut known = self.known();
        if !known.is_watched {
            known.names = Names::default();
            known.names.listed(folder.list(OsString::new().as_os_str())?, Instant::now());
        }
        known.given.clear();
        let (mut items, mut bytes) = (Vec::new(), 0);
        while items.len() < limit && bytes < LOOK_BYTES {
            let Some(name) = known.names.next(Instant::now()) else { break };
            let Some(item) = folder.look(&name) else {
                known.names.removed();
                continue;
            };
            if known.given.contains_key(&item.file) || self.is_stuck(&mut known, &folder, &item) {
                continue;
            }
            if let DoorContent::Bytes(content) = &item.content {
                bytes += content.len();
            }
            known.given.insert(item.file.clone(), item.stamp.clone());
            items.push(item);
        }
        Ok(items)
    }

    /// Whether it was given out before and could not be taken away; that is tried once more then.
    fn is_stuck(&self, known: &mut Known, folder: &Folder, item: &DoorItem) -> bool {
        let Some(stuck) = known.stuck.remove(&item.file) else { return false };
        if stuck.stamp != item.stamp {
            return false;
        }
        let done = match &stuck.reason {
            None => folder.remove(&item.file, &stuck.stamp, &self.aside()).is_ok(),
            Some(reason) => {
                let path = self.new_folder().join(&item.file);
                tray::bury(&path, &self.queue, &self.home, reason).is_ok()
            }
        };
        match done {
            true => known.names.removed(),
            false => drop(known.stuck.insert(item.file.clone(), stuck)),
        }
        true
    }

    /// Removes a file that was given out; it is left alone if it is another one by now, or was never looked at.
    pub(super) fn clear(&self, file: &str) -> Result<(), MailboxError> {
        require_plain(&self.new_folder(), file)?;
        let mut known = self.known();
        let Some(stamp) = known.given.remove(file) else { return Ok(()) };
        let path = self.new_folder().join(file);
        let Some(folder) = Folder::open(&self.new_folder())? else { return Ok(()) };
        match folder.remove(file, &stamp, &self.aside()) {
            Ok(_) => known.names.removed(),
            Err(error) => {
                known.stick(file, Stuck { stamp, reason: None });
                return Err(wrap(&path, &error));
            }
        }
        Ok(())
    }

    /// Moves a file to the dead ones, unless it is another one by now.
    pub(super) fn bury(&self, file: &str, reason: &DeadReason) -> Result<(), MailboxError> {
        require_plain(&self.new_folder(), file)?;
        let mut known = self.known();
        let Some(folder) = Folder::open(&self.new_folder())? else { return Ok(()) };
        let Some(now) = folder.stamp(file) else { return Ok(()) };
        let given = known.given.remove(file);
        if given.is_some_and(|stamp| stamp != now) {
            return Ok(());
        }
        let path = self.new_folder().join(file);
        let buried = tray::bury(&path, &self.queue, &self.home, reason);
        match &buried {
            Ok(()) => known.names.removed(),
            Err(_) => known.stick(file, Stuck { stamp: now, reason: Some(reason.clone()) }),
        }
        buried
    }

    /// Puts a file aside that waits for something, unless it is another one by now.
    pub(super) fn hold(&self, file: &str, hold: &str) -> Result<(), MailboxError> {
        require_plain(&self.new_folder(), file)?;
        let mut known = self.known();
        let Some(folder) = Folder::open(&self.new_folder())? else { return Ok(()) };
        let given = known.given.remove(file);
        let now = folder.stamp(file);
        if now.is_none() || (given.is_some() && given != now) {
            return Ok(());
        }
        held::hold(&self.queue, &self.home, file, hold)?;
        known.names.removed();
        Ok(())
    }

    fn aside(&self) -> PathBuf {
        self.queue.join("tmp").join(ASIDE)
    }

    /// What a killed process had moved aside lies at the door again: if it was taken, it is known.
    fn recover(&self) {
        // `remove` needs the folder; where it cannot be made, what is to be removed stays.
        let _ = tray::require_folder(&self.queue.join("tmp"), &self.home);
        if tray::exists(&self.aside())
            && let Ok(Some(folder)) = Folder::open(&self.new_folder())
            && let Err(error) = folder.put_back(&self.aside(), "again.json")
        {
            tracing::warn!(%error, "a file that was being taken could not be put back");
        }
    }
}

impl Known {
    fn stick(&mut self, file: &str, stuck: Stuck) {
        if self.stuck.len() < MOST_STUCK {
            self.stuck.insert(file.to_owned(), stuck);
        }
    }
}
