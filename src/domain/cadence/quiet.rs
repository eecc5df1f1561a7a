//! Quiet hours: spans of local time, on every day or on some days of the week.
//!
//! `22:00-07:00`, `Sat`, `Sat-Sun`, `Sun 18:00-24:00`, `Mon-Fri 12:00-13:00`. A span that ends before it begins
//! ends on the next day.

use std::fmt;
use std::str::FromStr;

use jiff::Span;
use jiff::civil::{DateTime, Time, Weekday};
use serde::{Deserialize, Serialize};

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// One span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quiet {
    /// First and last weekday on which it begins; none: on every day.
    days: Option<(Weekday, Weekday)>,
    /// Minutes of the day; an end that is not after the beginning is on the next day.
    from: u16,
    to: u16,
}

/// Why a text is no span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no time of quiet; write `22:00-07:00`, `Sat`, `Mon-Fri 12:00-13:00` or `Sun 18:00-24:00`"
)]
pub struct QuietError {
    /// As it was given.
    pub text: String,
}

impl Quiet {
    /// When the span ends that covers this moment, if it does.
    pub fn end_of(&self, at: DateTime) -> Option<DateTime> {
        [0, 1].into_iter().find_map(|days_ago| {
            let date = at.date().checked_sub(Span::new().days(days_ago)).ok()?;
            if !self.begins_on(date.weekday()) {
                return None;
            }
            let midnight = date.to_datetime(Time::midnight());
            let minutes =
                |minutes: u16| midnight.checked_add(Span::new().minutes(i64::from(minutes))).ok();
            let to = if self.to > self.from { self.to } else { self.to.saturating_add(DAY) };
            let (from, to) = (minutes(self.from)?, minutes(to)?);
            (from <= at && at < to).then_some(to)
        })
    }

    fn begins_on(&self, weekday: Weekday) -> bool {
        let Some((first, last)) = self.days else { return true };
        let since = |day: Weekday| day.since(first);
        since(weekday) <= since(last)
    }
}

impl FromStr for Quiet {
    type Err = QuietError;

    fn from_str(text: &str) -> Result<Self, QuietError> {
        parse(text).ok_or_else(|| QuietError { text: text.to_owned() })
    }
}

fn parse(text: &str) -> Option<Quiet> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (days, hours) = match words.as_slice() {
        [one] if one.contains(':') => (None, Some(*one)),
        [days] => (Some(parse_days(days)?), None),
        [days, hours] => (Some(parse_days(days)?), Some(*hours)),
        _ => return None,
    };
    let (from, to) = match hours {
        None => (0, DAY),
        Some(hours) => {
            let (from, to) = hours.split_once('-')?;
            (minutes(from)?, minutes(to)?)
        }
    };
    // The end of a day is no beginning, and a span of nothing is a mistake.
    (from < DAY && from != to).then_some(Quiet { days, from, to })
}

fn parse_days(text: &str) -> Option<(Weekday, Weekday)> {
    match text.split_once('-') {
        Some((first, last)) => Some((parse_weekday(first)?, parse_weekday(last)?)),
        None => parse_weekday(text).map(|day| (day, day)),
    }
}

/// `Mon` or `Monday`, in any case.
pub fn parse_weekday(text: &str) -> Option<Weekday> {
    let days = Weekday::Monday.cycle_forward().take(7);
    let text = text.to_ascii_lowercase();
    days.into_iter().find(|day| {
        let name = name_of(*day).to_ascii_lowercase();
        text == name || name.get(..3) == Some(text.as_str())
    })
}

/// `Monday`.
pub fn name_of(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

/// `09:30` or `24:00`, in minutes.
fn minutes(text: &str) -> Option<u16> {
    if text == "24:00" {
        return Some(DAY);
    }
    let time = parse_time(text)?;
    let minute = u16::try_from(time.minute()).ok()?;
    u16::try_from(time.hour()).ok().map(|hour| hour * 60 + minute)
}

/// `09:30` or `9:30`.
pub fn parse_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let is_right = (1..=2).contains(&hour.len()) && minute.len() == 2;
    if !is_right || !is_number(hour) || !is_number(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

impl fmt::Display for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |day: Weekday| name_of(day).get(..3).unwrap_or_default();
        if let Some((first, last)) = self.days {
            f.write_str(short(first))?;
            if first != last {
                write!(f, "-{}", short(last))?;
            }
            f.write_str(" ")?;
        }
        let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        write!(f, "{}-{}", clock(self.from), clock(self.to))
    }
}

impl TryFrom<String> for Quiet {
    type Error = QuietError;
    fn try_from(text: String) -> Result<Self, QuietError> {
        text.parse()
    }
}

impl From<Quiet> for String {
    fn from(quiet: Quiet) -> Self {
        quiet.to_string()
    }
}
