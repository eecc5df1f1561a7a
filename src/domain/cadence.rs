//! The cadence: what an organisation does by the clock, and when it is quiet.
//!
//! `[cadence]` of `agency.toml`, checked, and the arithmetic of its times: hours of a day, days of a week, an ISO
//! week. The time zone is here as data, the moments at which its clocks were or will be set: nothing in
//! this file asks a machine for its zone or for the time.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time, Weekday};
use serde::{Deserialize, Serialize};

pub mod quiet;
pub mod zone;

pub use quiet::Quiet;
pub use zone::Zone;

/// `[cadence]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CadenceConfig {
    /// The zone's name as it was written; none: the machine's.
    pub time_zone: Option<String>,
    /// The zone itself.
    pub zone: Zone,
    /// When nothing is begun that is not critical.
    pub quiet: Vec<Quiet>,
    /// Whether silent agents are asked for their status, and coordinators are told what is stuck.
    pub hourly: bool,
    /// When the day's check-in is; none: never.
    pub daily: Option<Time>,
    /// When the week's digest is; none: never.
    pub weekly: Option<WeekTime>,
    /// An agent that says nothing for so long is asked, in seconds.
    pub ask_for_status_s: u64,
    /// Answers to the check-in are collected for so long, in seconds.
    pub collect_s: u64,
    /// The agenda comes so long before the week's digest, in seconds.
    pub agenda_before_s: u64,
}

impl Default for CadenceConfig {
    fn default() -> Self {
        Self {
            time_zone: None,
            zone: Zone::default(),
            quiet: Vec::new(),
            hourly: true,
            daily: Some(Time::constant(9, 0, 0, 0)),
            weekly: Some(WeekTime::new(Weekday::Monday, Time::constant(10, 0, 0, 0))),
            // An hour is what the source documents ask for; half an hour is how long a turn may take, and an hour
            // before is enough to read an agenda.
            ask_for_status_s: 3_600,
            collect_s: 1_800,
            agenda_before_s: 3_600,
        }
    }
}

/// A time of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeekTime {
    /// The day, Monday is 1.
    day: i8,
    /// The time.
    pub time: Time,
}

impl WeekTime {
    /// At that time of that day.
    pub fn new(day: Weekday, time: Time) -> Self {
        Self { day: day.to_monday_one_offset(), time }
    }

    /// The day.
    pub fn weekday(self) -> Weekday {
        Weekday::from_monday_one_offset(self.day).unwrap_or(Weekday::Monday)
    }
}

/// What comes by the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Beat {
    /// Status requests, and what is stuck, for its coordinator.
    Hourly,
    /// The check-in.
    Daily,
    /// What the week's digest will be about.
    Agenda,
    /// The week's digest.
    Weekly,
}

impl Beat {
    /// All, in the order of their periods.
    pub const ALL: [Self; 4] = [Self::Hourly, Self::Daily, Self::Agenda, Self::Weekly];

    /// The word, as scripts see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Agenda => "agenda",
            Self::Weekly => "weekly",
        }
    }
}

impl fmt::Display for Beat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl CadenceConfig {
    /// The last time at or before `now` at which this beat was due; none: it is off, or comes by silence.
    pub fn last_due(&self, beat: Beat, now: Timestamp) -> Option<Timestamp> {
        // A local day may come twice or be left out where clocks are set: two weeks back is one for certain.
        self.dues(beat, now, -15..=1).filter(|due| *due <= now).max()
    }

    /// The next time after `now` at which this beat is due.
    pub fn next_due(&self, beat: Beat, now: Timestamp) -> Option<Timestamp> {
        self.dues(beat, now, -1..=15).filter(|due| *due > now).min()
    }

    /// Every time at which a beat is due on the days around now.
    fn dues(
        &self,
        beat: Beat,
        now: Timestamp,
        days: std::ops::RangeInclusive<i32>,
    ) -> impl Iterator<Item = Timestamp> {
        let today = self.zone.local(now).date();
        let (weekday, time, before) = match (beat, self.weekly) {
            (Beat::Hourly, _) | (Beat::Agenda | Beat::Weekly, None) => (None, None, 0),
            (Beat::Daily, _) => (None, self.daily, 0),
            (Beat::Weekly, Some(weekly)) => (Some(weekly.weekday()), Some(weekly.time), 0),
            (Beat::Agenda, Some(weekly)) => {
                (Some(weekly.weekday()), Some(weekly.time), self.agenda_before_s)
            }
        };
        let before = jiff::SignedDuration::from_secs(i64::try_from(before).unwrap_or(0));
        days.filter_map(move |day| {
            let date = today.checked_add(jiff::Span::new().days(day)).ok()?;
            let is_its = weekday.is_none_or(|weekday| date.weekday() == weekday);
            let at = self.zone.timestamp(date.to_datetime(time.filter(|_| is_its)?))?;
            at.checked_sub(before).ok()
        })
    }

    /// The name of the period that a moment is in: `2026-11-21` for a day, `2026-W47` for a week.
    pub fn period(&self, beat: Beat, at: Timestamp) -> String {
        let date = self.zone.local(at).date();
        match beat {
            Beat::Hourly => format!("{date}T{:02}", self.zone.local(at).hour()),
            Beat::Daily => date.to_string(),
            Beat::Agenda | Beat::Weekly => {
                let week = date.iso_week_date();
                format!("{}-W{:02}", week.year(), week.week())
            }
        }
    }

    /// Until when it is quiet, if it is; none too where it would never end.
    pub fn is_quiet(&self, now: Timestamp) -> Option<Timestamp> {
        if self.quiet.is_empty() {
            return None;
        }
        let covers = |at: DateTime| self.quiet.iter().find_map(|quiet| quiet.end_of(at));
        let mut local = covers(self.zone.local(now))?;
        // One span may begin where another ends.
        for _ in 0..self.quiet.len().saturating_mul(8) {
            match covers(local) {
                Some(end) if end > local => local = end,
                _ => break,
            }
        }
        self.zone.timestamp(local).filter(|until| *until > now)
    }
}

#[cfg(test)]
mod tests;
