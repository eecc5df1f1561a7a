//! A time zone as data: how far its clocks are from UTC, and when they are set.
//!
//! It is made once, where the settings are read, from what the machine knows of the zone. It reaches from 2025 to
//! 2055; what its clocks say last then stays.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// 2025-01-01T00:00:00Z, in seconds: before anything that this program has seen.
const FROM_S: i64 = 1_735_689_600;
/// 2055-01-01T00:00:00Z, in seconds.
const TO_S: i64 = 2_682_374_400;

/// A time zone; by default UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// Seconds east of UTC, at the beginning.
    first: i32,
    /// When clocks are set, in seconds, and to what; in order.
    changes: Vec<(i64, i32)>,
}

impl Zone {
    /// What the machine knows of a zone.
    pub fn of(zone: &TimeZone) -> Self {
        let from = Timestamp::from_second(FROM_S).unwrap_or(Timestamp::UNIX_EPOCH);
        let following =
            zone.following(from).take_while(|change| change.timestamp().as_second() < TO_S);
        let changes = following
            .map(|change| (change.timestamp().as_second(), change.offset().seconds()))
            .collect();
        Self { first: zone.to_offset(from).seconds(), changes }
    }

    fn offset(&self, at: Timestamp) -> i32 {
        let passed = self.changes.partition_point(|(change, _)| *change <= at.as_second());
        let last = passed.checked_sub(1).and_then(|last| self.changes.get(last));
        last.map_or(self.first, |(_, offset)| *offset)
    }

    /// What its clocks show then.
    pub fn local(&self, at: Timestamp) -> DateTime {
        let offset = Offset::from_seconds(self.offset(at)).unwrap_or(Offset::UTC);
        offset.to_datetime(at)
    }

    /// When its clocks show that: the first time where they show it twice; where they never do, so long after the
    /// clocks were set as it is into what was left out.
    pub fn timestamp(&self, local: DateTime) -> Option<Timestamp> {
        let utc = Offset::UTC.to_timestamp(local).ok()?;
        let at = |offset: i32| utc.checked_sub(SignedDuration::from_secs(i64::from(offset))).ok();
        // No clock is more than a day away from UTC, nor set twice in two days.
        let day = SignedDuration::from_hours(24);
        let before = self.offset(utc.checked_sub(day).ok()?);
        let after = self.offset(utc.checked_add(day).ok()?);
        let shows_it = |at: &Timestamp| self.local(*at) == local;
        let found = [at(before), at(after)].into_iter().flatten().filter(shows_it).min();
        found.or_else(|| at(before))
    }
}
