//! What has left the state: closed messages, of which only the id is kept, and for a while.
//!
//! An id that is kept comes no second time. When ids are given up, the greatest time among them is the *horizon*: a
//! signed message that is not newer may be one of those, and is refused as `stale` instead of being taken
//! twice. So nothing is lost that was merely late: while nothing newer was given up, it is taken.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::id::MessageId;
use crate::domain::message::Message;
use crate::domain::name::AgentAddress;

/// Ids that are kept at most, whatever the window: sixteen bytes each.
const MOST_IDS: usize = 100_000;
/// Ids without a time in them that are kept at most.
const MOST_UNDATED: usize = 10_000;
/// Messages that were delivered and never acknowledged, of which it is kept whose they are.
const MOST_UNREAD: usize = 2_000;

/// What is known of messages that have left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// How many have left so far.
    pub count: u64,
    /// Delivered and not acknowledged, with whose they are.
    pub unread: BTreeMap<MessageId, AgentAddress>,
    /// Ids that say when they were made, oldest first.
    ids: BTreeSet<MessageId>,
    /// The others, with the times of their messages, in the order in which they left.
    undated: VecDeque<(MessageId, Timestamp)>,
    horizon: Option<Timestamp>,
    undated_horizon: Option<Timestamp>,
}

/// When an id was made, if it says so (UUIDv7).
pub fn time_of(id: MessageId) -> Option<Timestamp> {
    let stamp = id.get_timestamp().filter(|_| id.get_version_num() == 7)?;
    let (seconds, nanoseconds) = stamp.to_unix();
    let (seconds, nanoseconds) = (seconds.try_into().ok()?, nanoseconds.try_into().ok()?);
    Timestamp::new(seconds, nanoseconds).ok()
}

/// A message's own time: that of its id, else when it says that it was sent.
pub fn own_time(message: &Message) -> Timestamp {
    time_of(message.id).unwrap_or(message.sent_at)
}

impl Gone {
    /// Whether a message of this id has left and is remembered.
    pub fn contains(&self, id: MessageId) -> bool {
        self.ids.contains(&id) || self.undated.iter().any(|(known, _)| *known == id)
    }

    /// Whether it cannot be told any more that this one was not taken before.
    pub fn is_stale(&self, message: &Message) -> bool {
        let horizon = match time_of(message.id) {
            Some(_) => self.horizon,
            None => self.undated_horizon,
        };
        message.verified && horizon.is_some_and(|horizon| own_time(message) <= horizon)
    }

    /// A message has left.
    pub fn add(&mut self, message: &Message) {
        self.count += 1;
        match time_of(message.id) {
            Some(_) => drop(self.ids.insert(message.id)),
            None => self.undated.push_back((message.id, message.sent_at)),
        }
    }

    /// It was delivered and its agent never said that it read it. Gives the one that is given up for it.
    pub fn add_unread(&mut self, id: MessageId, whose: AgentAddress) -> Option<MessageId> {
        self.unread.insert(id, whose);
        let is_full = self.unread.len() > MOST_UNREAD;
        is_full.then(|| self.unread.pop_first()).flatten().map(|(id, _)| id)
    }

    /// Gives up ids that are older than the window, or too many.
    pub fn shorten(&mut self, now: Timestamp, window_s: u64) {
        let window = SignedDuration::from_secs(i64::try_from(window_s).unwrap_or(i64::MAX));
        let since = now.saturating_sub(window).unwrap_or(Timestamp::MIN);
        while let Some(oldest) = self.ids.first().and_then(|id| time_of(*id)) {
            if oldest >= since && self.ids.len() <= MOST_IDS {
                break;
            }
            self.ids.pop_first();
            // A sender whose clock is ahead must not make everybody else's messages stale.
            self.horizon = self.horizon.max(Some(oldest.min(now)));
        }
        while let Some((_, sent_at)) = self.undated.front().copied() {
            if sent_at >= since && self.undated.len() <= MOST_UNDATED {
                break;
            }
            self.undated.pop_front();
            self.undated_horizon = self.undated_horizon.max(Some(sent_at.min(now)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::derived_id;
    use crate::engine::testing::id;
    use crate::engine::testing::samples::message;

    const HOUR_S: u64 = 3_600;

    fn made_at(second: i64) -> Message {
        let id = derived_id(u64::try_from(second).expect("positive") * 1000, id(1), 1);
        Message { id, ..message(0, "QA/head", "Code/dev", "hello") }
    }

    fn moment(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn an_id_is_remembered_for_the_window_and_stale_afterwards() {
        let (old, new) = (made_at(1_000), made_at(9_000));
        let mut gone = Gone::default();
        gone.add(&old);
        gone.add(&new);
        gone.shorten(moment(2_000), HOUR_S);
        assert!(gone.contains(old.id) && gone.contains(new.id));
        assert!(!gone.is_stale(&made_at(500)), "late, but nothing was given up");
        gone.shorten(moment(10_000), HOUR_S);
        assert!(!gone.contains(old.id) && gone.contains(new.id));
        assert!(gone.is_stale(&old));
        assert!(gone.is_stale(&made_at(500)));
        assert!(!gone.is_stale(&made_at(1_001)), "it is not one that was given up");
        let unsigned = Message { verified: false, ..old };
        assert!(!gone.is_stale(&unsigned), "anybody may have written it");
    }

    #[test]
    fn an_id_without_a_time_goes_by_the_time_of_its_message() {
        let sent =
            |second| Message { sent_at: moment(second), ..message(7, "QA/head", "Code", "x") };
        let mut gone = Gone::default();
        gone.add(&sent(1_000));
        gone.shorten(moment(2_000), HOUR_S);
        assert!(gone.contains(id(7)));
        gone.shorten(moment(10_000), HOUR_S);
        assert!(gone.is_stale(&sent(1_000)) && !gone.is_stale(&sent(2_000)));
    }

    #[test]
    fn ids_are_bounded_and_a_clock_ahead_makes_nobody_stale() {
        let mut gone = Gone::default();
        gone.add(&made_at(100_000));
        gone.shorten(moment(10), HOUR_S);
        gone.ids.clear();
        for number in 0..=u32::try_from(MOST_IDS).expect("small") {
            let id = derived_id(50_000_000, id(1), number);
            gone.add(&Message { id, ..message(0, "QA/head", "Code", "x") });
        }
        gone.shorten(moment(20), HOUR_S);
        assert_eq!(gone.ids.len(), MOST_IDS);
        assert_eq!(gone.horizon, Some(moment(20)));
    }
}
