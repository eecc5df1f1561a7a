//! Watching the door: a hint as soon as something arrives, and one every two seconds anyway.
//!
//! The kernel's events are hints to look; they are not read for what arrived. Reading a file raises
//! events too, and so does clearing one, so only arrivals count. Where a folder cannot be watched
//! the same thread looks more often.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant, SystemTime};

use notify::event::{ModifyKind, RenameMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::ports::mailboxes::MailboxError;

/// Between two looks beside the events: what a lost event costs.
const RESCAN: Duration = Duration::from_secs(2);
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
    folder: PathBuf,
    hint: Box<dyn Fn() + Send>,
) -> Result<Sender<Signal>, MailboxError> {
    let (sender, signals) = channel();
    let mut watch =
        DoorWatch { folder: folder.clone(), sender: sender.clone(), watched: None, told: false };
    // Before this returns, so that nothing dropped from now on is missed.
    watch.renew();
    std::thread::Builder::new()
        .name("door".to_owned())
        .spawn(move || run(watch, &signals, &*hint))
        .map_err(|error| MailboxError::CannotWatch { path: folder, problem: error.to_string() })?;
    Ok(sender)
}

/// Device, inode and birth: a new folder often gets the inode of the one just removed.
type Identity = (u64, u64, Option<SystemTime>);

struct DoorWatch {
    folder: PathBuf,
    sender: Sender<Signal>,
    /// The watcher and the folder it watches.
    watched: Option<(RecommendedWatcher, Identity)>,
    /// Whether it was said already that there are no events.
    told: bool,
}

impl DoorWatch {
    /// Watches the folder that has the name now, if that is not the one being watched.
    fn renew(&mut self) {
        let now = identity(&self.folder);
        if self.watched.as_ref().map(|(_, identity)| *identity) == now && now.is_some() {
            return;
        }
        self.watched = None;
        let Some(identity) = now else { return };
        match watcher(&self.folder, self.sender.clone()) {
            Ok(watcher) => self.watched = Some((watcher, identity)),
            Err(error) if !self.told => {
                self.told = true;
                tracing::warn!(folder = %self.folder.display(), %error, "polling the door");
            }
            Err(_) => {}
        }
    }

    fn patience(&self) -> Duration {
        if self.watched.is_some() { RESCAN } else { POLL }
    }
}

fn identity(folder: &Path) -> Option<Identity> {
    let metadata = folder.metadata().ok()?;
    Some((metadata.dev(), metadata.ino(), metadata.created().ok()))
}

fn watcher(folder: &Path, sender: Sender<Signal>) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.map_or(true, |event| is_arrival(&event)) {
            // The thread has ended: nobody is left to be told.
            let _ = sender.send(Signal::Look);
        }
    })?;
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

fn is_arrival(event: &Event) -> bool {
    let arrival = match event.kind {
        EventKind::Create(_) | EventKind::Any | EventKind::Other => true,
        EventKind::Modify(ModifyKind::Name(mode)) => mode != RenameMode::From,
        EventKind::Modify(_) | EventKind::Access(_) | EventKind::Remove(_) => false,
    };
    arrival || event.need_rescan()
}

fn run(mut watch: DoorWatch, signals: &Receiver<Signal>, hint: &dyn Fn()) {
    // Tried once for each rescan, not for each poll: a folder that cannot be watched stays so.
    let mut renewed = Instant::now();
    loop {
        match signals.recv_timeout(watch.patience()) {
            Ok(Signal::Look) => {
                hint();
                match drain(signals) {
                    Drained::Nothing => {}
                    Drained::More => hint(),
                    Drained::Stop => return,
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                if renewed.elapsed() >= RESCAN {
                    watch.renew();
                    renewed = Instant::now();
                }
                hint();
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
    use notify::event::{AccessKind, CreateKind, Flag, RemoveKind};

    use super::*;

    #[test]
    fn only_arrivals_and_lost_events_are_hints() {
        let event = |kind| Event::new(kind);
        assert!(is_arrival(&event(EventKind::Create(CreateKind::File))));
        assert!(is_arrival(&event(EventKind::Modify(ModifyKind::Name(RenameMode::To)))));
        assert!(is_arrival(&event(EventKind::Other).set_flag(Flag::Rescan)));
        assert!(!is_arrival(&event(EventKind::Access(AccessKind::Read))));
        assert!(!is_arrival(&event(EventKind::Remove(RemoveKind::File))));
        assert!(!is_arrival(&event(EventKind::Modify(ModifyKind::Name(RenameMode::From)))));
    }
}
