//! Who watches over the programs of panes: the kernel, where it can.
//!
//! On Linux a process can be held as a file that becomes readable when it ends, so one thread waits for the
//! deaths of all panes and costs nothing meanwhile; a shell's program in front is looked at once a second. It only
//! tells that a look is worth it, and tells again until the look has seen it: the server may notice a death
//! later. Where one pane cannot be watched, the caller is told so and must have the server compare.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::link::{HintSlot, lock};
use super::snapshot::{PaneRow, Snapshot};
use super::tty;
use crate::ports::terminals::{PaneLife, TerminalHint};

/// How a process is held: its file, if the system has such files and the process is there.
pub(super) type Hold = fn(u32) -> Option<OwnedFd>;

/// Between two looks at what is in front in a shell: as often as a server compares.
const FRONT: Duration = Duration::from_secs(1);

/// The first of them, after a change too: a shell that starts is at its prompt soon, and most commands are short.
const SOON: Duration = Duration::from_millis(60);

/// The server hears of a death in the same moment; should it be behind, it is asked once more after this.
const AGAIN: Duration = Duration::from_millis(30);

/// Whether the kernel tells the end of every live pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Watch {
    /// Of every one.
    All,
    /// Not of all.
    Part,
}

/// See the module.
pub(super) struct Vigil {
    hold: Hold,
    shared: Arc<Shared>,
    /// Wakes the thread; its end ends it. None before there was anything to watch.
    wake: Mutex<Option<UnixStream>>,
}

struct Shared {
    kept: Mutex<BTreeMap<u32, Kept>>,
    has_failed: AtomicBool,
    /// Whether something was told that a short look at the server may not show.
    has_news: AtomicBool,
    hint: HintSlot,
}

/// One pane's process.
struct Kept {
    file: Arc<OwnedFd>,
    /// Of a shell.
    front: Option<Front>,
    /// When its end is to be told once more, and how long after that.
    ended: Option<(Instant, Duration)>,
}

/// What was in front when it was looked at last, and when it is next.
struct Front {
    seen: Option<Seen>,
    next: Instant,
    pause: Duration,
    tty: String,
    /// A look at the server may have come between two of ours: what it saw, and what was so right after it, if that
    /// does not agree.
    doubt: Option<(String, Option<Seen>)>,
    is_doubt_to_be_told: bool,
}

/// What is in front on a process's terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    /// The process's own name.
    name: String,
    /// The group in front.
    group: u32,
    /// Whether the terminal collects lines.
    is_by_lines: Option<bool>,
}

impl Vigil {
    /// Watches nothing yet.
    pub(super) fn new(hint: HintSlot, hold: Hold) -> Self {
        let (has_failed, has_news) = (AtomicBool::new(false), AtomicBool::new(false));
        let shared = Shared { kept: Mutex::default(), has_failed, has_news, hint };
        Self { hold, shared: Arc::new(shared), wake: Mutex::default() }
    }

    /// From now on the live panes of ours are watched, and no others; whether that could be done.
    pub(super) fn tend(&self, snapshot: &Snapshot) -> Watch {
        let live = snapshot.panes.iter().filter(|row| row.life == PaneLife::Alive);
        let live: BTreeMap<u32, &PaneRow> = live.map(|row| (row.pid, row)).collect();
        let mut kept = lock(&self.shared.kept);
        // One that has ended and is still shown: the id may be a later process's by now.
        kept.retain(|pid, kept| kept.ended.is_none() && live.contains_key(pid));
        let mut is_all = true;
        for (pid, row) in live {
            let held = match kept.entry(pid) {
                Entry::Occupied(held) => held.into_mut(),
                Entry::Vacant(place) => match (self.hold)(pid) {
                    Some(file) => place.insert(Kept::new(file)),
                    None => {
                        is_all = false;
                        continue;
                    }
                },
            };
            held.is_looked_at(pid, row);
        }
        let is_empty = kept.is_empty();
        drop(kept);
        let is_awake = is_empty || self.wake();
        match is_all && is_awake && !self.shared.has_failed.load(Ordering::SeqCst) {
            true => Watch::All,
            false => Watch::Part,
        }
    }

    /// Whether something was told since this was asked last.
    pub(super) fn take_news(&self) -> bool {
        self.shared.has_news.swap(false, Ordering::SeqCst)
    }

    /// Has the thread look at what it waits for, and starts it the first time.
    fn wake(&self) -> bool {
        let mut wake = lock(&self.wake);
        if wake.is_none() {
            let Ok((ours, theirs)) = UnixStream::pair() else { return false };
            let is_set = ours.set_nonblocking(true).and(theirs.set_nonblocking(true)).is_ok();
            let shared = Arc::clone(&self.shared);
            let name = std::thread::Builder::new().name("vigil".to_owned());
            if !is_set || name.spawn(move || shared.run(&theirs)).is_err() {
                return false;
            }
            *wake = Some(ours);
        }
        // Full: it will wake all the same.
        let _ = wake.as_mut().map(|stream| stream.write(b"."));
        true
    }
}

impl Kept {
    fn new(file: OwnedFd) -> Self {
        Self { file: Arc::new(file), front: None, ended: None }
    }

    /// The server was looked at, which saw this.
    fn is_looked_at(&mut self, pid: u32, row: &PaneRow) {
        let Some((tty, foreground)) = row.tty.as_ref().zip(row.foreground.as_ref()) else {
            self.front = None;
            return;
        };
        let seen = Seen::of(pid, tty);
        match &mut self.front {
            Some(front) => front.compare(pid, foreground, seen),
            None => self.front = Some(Front::new(seen, tty.clone())),
        }
    }

    /// When it is to be looked at; none: when its file tells.
    fn next(&self) -> Option<Instant> {
        self.ended.map(|(at, _)| at).or(self.front.as_ref().map(|front| front.next))
    }

    /// Whether there is something to tell.
    fn is_news(&mut self, pid: u32, now: Instant) -> bool {
        if let Some((at, pause)) = self.ended.as_mut() {
            let is_due = *at <= now;
            if is_due {
                *at = now + *pause;
                *pause = (*pause * 2).min(FRONT);
            }
            return is_due;
        }
        self.front.as_mut().is_some_and(|front| front.next <= now && front.is_news(pid, now))
    }
}

impl Front {
    fn new(seen: Option<Seen>, tty: String) -> Self {
        let next = Instant::now() + SOON;
        Self { seen, next, pause: SOON, tty, doubt: None, is_doubt_to_be_told: false }
    }

    /// Takes what is so right after a look. If it is not what was told last, or not what the look saw, nobody knows which of
    /// the two the look has found, and it is told once.
    fn compare(&mut self, pid: u32, foreground: &str, seen: Option<Seen>) {
        let is_itself = |seen: &Seen| seen.group == pid;
        let agrees = |seen: &Seen| is_itself(seen) == (seen.name == foreground);
        let is_same = seen == self.seen && seen.as_ref().is_none_or(agrees);
        let doubt = (foreground.to_owned(), seen.clone());
        if !is_same && self.doubt.as_ref() != Some(&doubt) {
            self.is_doubt_to_be_told = true;
            self.pause = SOON;
            self.next = Instant::now() + SOON;
            self.doubt = Some(doubt);
        }
        self.seen = seen;
    }

    /// Whether there is something to tell; when it is looked at again.
    fn is_news(&mut self, pid: u32, now: Instant) -> bool {
        let seen = Seen::of(pid, &self.tty);
        let is_other = seen != self.seen;
        self.seen = seen;
        self.pause = if is_other { SOON } else { (self.pause * 2).min(FRONT) };
        self.next = now + self.pause;
        std::mem::take(&mut self.is_doubt_to_be_told) || is_other
    }
}

impl Shared {
    fn run(&self, woken: &UnixStream) {
        loop {
            match self.wait(woken) {
                Ok(ended) => self.tell(&ended),
                Err(Errno::INTR) => {}
                // Whoever woke us is gone.
                Err(Errno::PIPE) => return,
                Err(error) => {
                    tracing::warn!(%error, "the kernel does not tell the end of programs");
                    self.has_failed.store(true, Ordering::SeqCst);
                    return;
                }
            }
        }
    }

    /// Waits until something is to be looked at; gives those that have ended meanwhile.
    fn wait(&self, woken: &UnixStream) -> Result<Vec<u32>, Errno> {
        let (held, next) = self.held();
        let pause = next.map(|at| at.saturating_duration_since(Instant::now()));
        // Longer than anything here waits for never overflows.
        let limit = pause.and_then(|pause| Timespec::try_from(pause).ok());
        let mut fds = vec![PollFd::new(woken, PollFlags::IN)];
        fds.extend(held.iter().map(|(_, file)| PollFd::new(&**file, PollFlags::IN)));
        poll(&mut fds, limit.as_ref())?;
        let is_told = |fd: &PollFd<'_>| !fd.revents().is_empty();
        let mut word = woken;
        if fds.first().is_some_and(is_told) && word.read(&mut [0; 64]).is_ok_and(|read| read == 0) {
            return Err(Errno::PIPE);
        }
        let told = fds.iter().skip(1).zip(&held).filter(|(fd, _)| is_told(fd));
        Ok(told.map(|(_, (pid, _))| *pid).collect())
    }

    /// What has not ended, and when one is to be looked at.
    fn held(&self) -> (Vec<(u32, Arc<OwnedFd>)>, Option<Instant>) {
        let kept = lock(&self.kept);
        let alive = kept.iter().filter(|(_, kept)| kept.ended.is_none());
        let files = alive.map(|(pid, kept)| (*pid, Arc::clone(&kept.file))).collect();
        (files, kept.values().filter_map(Kept::next).min())
    }

    fn tell(&self, ended: &[u32]) {
        let now = Instant::now();
        let mut kept = lock(&self.kept);
        for pid in ended {
            if let Some(kept) = kept.get_mut(pid) {
                kept.ended = Some((now, AGAIN));
            }
        }
        // All are asked: each that is due must be put off.
        let news = kept.iter_mut().filter_map(|(pid, kept)| kept.is_news(*pid, now).then_some(()));
        let is_news = news.count() > 0;
        drop(kept);
        self.has_news.fetch_or(is_news, Ordering::SeqCst);
        if is_news && let Some(callback) = lock(&self.hint).as_ref() {
            callback(TerminalHint::Changed);
        }
    }
}

/// The kernel's file of a process.
#[cfg(target_os = "linux")]
pub(super) fn hold(pid: u32) -> Option<OwnedFd> {
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
    pidfd_open(pid, PidfdFlags::empty()).ok()
}

/// There is none here.
#[cfg(not(target_os = "linux"))]
pub(super) fn hold(_: u32) -> Option<OwnedFd> {
    None
}

impl Seen {
    fn of(pid: u32, tty: &str) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name is in brackets and may hold anything. `tpgid` is field 8; the state is field 3.
        let (name, fields) = text.rsplit_once(')')?;
        let (_, name) = name.split_once('(')?;
        let group = fields.split_whitespace().nth(5)?.parse().ok()?;
        Some(Self { name: name.to_owned(), group, is_by_lines: tty::is_by_lines(tty) })
    }
}
