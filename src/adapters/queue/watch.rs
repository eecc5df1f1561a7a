//! Watching the door: a hint as soon as something arrives, and one every two seconds if anything lies there.
//!
//! The kernel's events name what arrived, so that it need not wait behind whatever lies there; they are hints to
//! look, never information. Reading a file raises events too, and so does clearing one, so only arrivals count. The
//! same thread lists the folder, which the loop has no time for. Where a folder cannot be watched it does so more often.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant, SystemTime};

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::adapters::queue::door::is_message_name;
use crate::adapters::queue::names::RESCAN;
use crate::adapters::queue::taking::Door;
use crate::ports::mailboxes::MailboxError;

/// Between two looks where there are no events: listing an empty folder takes 7 µs.
const POLL: Duration = Duration::from_millis(100);
/// Arrivals this soon after a hint share the next one.
const BURST: Duration = Duration::from_millis(1);

/// What reaches the watching thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// Something may have arrived.
    Look,
    /// Nobody wants to know any more.
    Stop,
}

/// Starts the thread. Sending [`Signal::Stop`] ends it.
pub(super) fn start(
    door: Arc<Door>,
    hint: Box<dyn Fn() + Send>,
) -> Result<SyncSender<Signal>, MailboxError> {
    // One signal that waits says as much as a thousand.
    let (sender, signals) = sync_channel(1);
    let folder = door.new_folder();
    let mut watch =
        DoorWatch { door, sender: sender.clone(), watched: None, told: None, is_polling: false };
    // Before this returns, so that nothing dropped from now on is missed.
    watch.renew();
    watch.door.watched();
    watch.list();
    std::thread::Builder::new()
        .name("door".to_owned())
        .spawn(move || run(watch, &signals, &*hint))
        .map_err(|error| MailboxError::CannotWatch { path: folder, problem: error.to_string() })?;
    Ok(sender)
}

/// Device, inode and birth: a new folder often gets the inode of the one just removed.
type Identity = (u64, u64, Option<SystemTime>);

struct DoorWatch {
    door: Arc<Door>,
    sender: SyncSender<Signal>,
    /// The watcher and the folder it watches.
    watched: Option<(RecommendedWatcher, Identity)>,
    /// What was said last about a door that cannot be watched or listed.
    told: Option<String>,
    is_polling: bool,
}

impl DoorWatch {
    /// Watches the folder that has the name now, if that is not the one being watched.
    fn renew(&mut self) {
        let folder = self.door.new_folder();
        let now = identity(&folder);
        if self.watched.as_ref().map(|(_, identity)| *identity) == now && now.is_some() {
            return;
        }
        self.watched = None;
        self.is_polling = false;
        let Some(identity) = now else { return };
        match watcher(&folder, &self.door, self.sender.clone()) {
            Ok(watcher) => self.watched = Some((watcher, identity)),
            Err(error) => {
                self.is_polling = true;
                self.tell(&format!("polling the door: {error}"));
            }
        }
        // Whatever lies in another folder was not told of.
        self.door.arrived(Vec::new(), true);
    }

    /// Whether anything lies there that was not looked at.
    fn list(&mut self) -> bool {
        match self.door.list_if_due() {
            Ok(has_more) => {
                if !self.is_polling {
                    self.told = None;
                }
                has_more
            }
            Err(error) => {
                self.tell(&error.to_string());
                false
            }
        }
    }

    /// Once, not every two seconds.
    fn tell(&mut self, problem: &str) {
        if self.told.as_deref() != Some(problem) {
            tracing::warn!(folder = %self.door.new_folder().display(), "{problem}");
            self.told = Some(problem.to_owned());
        }
    }

    fn patience(&self) -> Duration {
        if self.watched.is_some() { RESCAN } else { POLL }
    }
}

/// None where a link stands in its place: what it leads to is not the door.
fn identity(folder: &Path) -> Option<Identity> {
    let metadata = folder.symlink_metadata().ok().filter(std::fs::Metadata::is_dir)?;
    Some((metadata.dev(), metadata.ino(), metadata.created().ok()))
}

fn watcher(
    folder: &Path,
    door: &Arc<Door>,
    sender: SyncSender<Signal>,
) -> notify::Result<RecommendedWatcher> {
    let door = Arc::clone(door);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        let (names, is_any_lost) = match event {
            Ok(event) if !is_arrival(&event) => return,
            Ok(event) => {
                let names = event.paths.iter().filter_map(|path| path.file_name());
                let names: Vec<_> =
                    names.filter(|name| is_message_name(name)).map(ToOwned::to_owned).collect();
                (names, event.need_rescan())
            }
            Err(_) => (Vec::new(), true),
        };
        if !names.is_empty() || is_any_lost {
            door.arrived(names, is_any_lost);
            // One that has a signal already looks anyway; when the thread has ended nobody is left to be told.
            let _ = sender.try_send(Signal::Look);
        }
    })?;
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

fn is_arrival(event: &Event) -> bool {
    let arrival = match event.kind {
        EventKind::Create(_) | EventKind::Any | EventKind::Other => true,
        EventKind::Modify(ModifyKind::Name(mode)) => mode != RenameMode::From,
        // Whoever writes into the folder itself is done now.
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Modify(_) | EventKind::Access(_) | EventKind::Remove(_) => false,
    };
    arrival || event.need_rescan()
}

fn run(mut watch: DoorWatch, signals: &Receiver<Signal>, hint: &dyn Fn()) {
    // Tried once for each rescan, not for each poll: a folder that cannot be watched stays so.
    let mut renewed = Instant::now();
    loop {
        if watch.list() {
            hint();
        }
        match drain(signals) {
            Drained::Nothing => {}
            Drained::More => continue,
            Drained::Stop => return,
        }
        match signals.recv_timeout(watch.patience()) {
            Ok(Signal::Look) => {}
            Err(RecvTimeoutError::Timeout) => {
                if renewed.elapsed() >= RESCAN {
                    watch.renew();
                    renewed = Instant::now();
                }
                if watch.is_polling {
                    watch.door.arrived(Vec::new(), true);
                }
            }
            Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

enum Drained {
    Nothing,
    More,
    Stop,
}

fn drain(signals: &Receiver<Signal>) -> Drained {
    let end = Instant::now() + BURST;
    let mut drained = Drained::Nothing;
    loop {
        match signals.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(Signal::Look) => drained = Drained::More,
            Ok(Signal::Stop) => return Drained::Stop,
            Err(_) => return drained,
        }
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, Flag, RemoveKind};

    use super::*;

    #[test]
    fn only_arrivals_and_lost_events_are_hints() {
        let event = |kind| Event::new(kind);
        assert!(is_arrival(&event(EventKind::Create(CreateKind::File))));
        assert!(is_arrival(&event(EventKind::Modify(ModifyKind::Name(RenameMode::To)))));
        assert!(is_arrival(&event(EventKind::Other).set_flag(Flag::Rescan)));
        let closed = |mode| event(EventKind::Access(AccessKind::Close(mode)));
        assert!(is_arrival(&closed(AccessMode::Write)));
        assert!(!is_arrival(&closed(AccessMode::Read)));
        assert!(!is_arrival(&event(EventKind::Access(AccessKind::Read))));
        assert!(!is_arrival(&event(EventKind::Remove(RemoveKind::File))));
        assert!(!is_arrival(&event(EventKind::Modify(ModifyKind::Name(RenameMode::From)))));
    }
}
