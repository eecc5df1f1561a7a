//! Waiting for something to change, without sleeping and without asking more than needed.
//!
//! The workbench pushes a board after every change; where it cannot, a slow look once in a
//! while takes over, so that a lost connection costs seconds and never an answer.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crate::domain::refusal::Refusal;
use crate::service::workbench::{Feed, Workbench};

/// How often it is looked without being told: a person does not notice one second.
const SLOW_LOOK: Duration = Duration::from_secs(1);

/// Tells when it is worth to look again.
pub struct Ticker {
    feed: Option<Receiver<Feed>>,
    silence: Receiver<()>,
    _keeps_silence_open: Sender<()>,
}

/// How waiting ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waited<T> {
    /// It was seen.
    Seen(T),
    /// The time is over.
    TimedOut,
}

impl Ticker {
    /// A ticker for one workbench.
    pub fn new(workbench: &Workbench) -> Self {
        Self::over(workbench.follow())
    }

    fn over(feed: Receiver<Feed>) -> Self {
        let (keeps_silence_open, silence) = channel();
        Self { feed: Some(feed), silence, _keeps_silence_open: keeps_silence_open }
    }

    /// Returns after the next change, or after `limit` or a second, whichever is first.
    pub fn pause(&mut self, limit: Duration) {
        let limit = limit.min(SLOW_LOOK);
        if let Some(feed) = &self.feed {
            match feed.recv_timeout(limit) {
                Ok(Feed::Board(_) | Feed::Talk(_)) | Err(RecvTimeoutError::Timeout) => {
                    // Everything that is ready is one change.
                    while feed.try_recv().is_ok() {}
                    return;
                }
                Ok(Feed::Lost { .. }) => {}
                Err(RecvTimeoutError::Disconnected) => self.feed = None,
            }
        }
        let _ = self.silence.recv_timeout(limit);
    }
}

/// Looks now and after every change until `look` finds something, at most for `limit`.
pub fn wait_until<T>(
    workbench: &Workbench,
    limit: Option<Duration>,
    mut look: impl FnMut() -> Result<Option<T>, Refusal>,
) -> Result<Waited<T>, Refusal> {
    if let Some(found) = look()? {
        return Ok(Waited::Seen(found));
    }
    let started = Instant::now();
    let mut ticker = Ticker::new(workbench);
    loop {
        let left = limit.map(|limit| limit.saturating_sub(started.elapsed()));
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(Waited::TimedOut);
        }
        ticker.pause(left.unwrap_or(SLOW_LOOK));
        if let Some(found) = look()? {
            return Ok(Waited::Seen(found));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_with_its_limit_when_nobody_tells_anything() {
        let (sender, feed) = channel();
        let mut ticker = Ticker::over(feed);
        ticker.pause(Duration::from_millis(1));
        drop(sender);
        ticker.pause(Duration::from_millis(1));
        assert!(ticker.feed.is_none(), "a feed that ended is not asked again");
        ticker.pause(Duration::from_millis(1));
    }
}
