//! Until when: the time in what a program says of its limit, `retrying in 20s` or `resets 3pm`.
//!
//! Named groups of a pattern give it: `seconds`, `minutes`, `hours` from now, or `clock`, a time of day (the
//! next one to come). What cannot be read is no time, never a guess.

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp, ToSpan as _, Zoned};
use regex::Captures;

use crate::domain::runtime::pattern::Pattern;

/// A limit that lasts longer than this was misread: a week is the longest that providers set.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 8);

/// When a text says that it is over.
pub fn until(pattern: &Pattern, text: &str, now: &Zoned) -> Option<Timestamp> {
    let groups = pattern.captures(text)?;
    let at = match groups.name("clock") {
        Some(clock) => next(clock.as_str(), now)?,
        None => now.timestamp().saturating_add(duration(&groups)?).ok()?,
    };
    (at.duration_since(now.timestamp()) <= LONGEST).then_some(at)
}

fn duration(groups: &Captures<'_>) -> Option<SignedDuration> {
    let number = |name| groups.name(name).and_then(|group| group.as_str().parse::<i64>().ok());
    let units = [("seconds", 1), ("minutes", 60), ("hours", 3600), ("days", 86_400)];
    let known = units.iter().filter_map(|(name, unit)| Some(number(name)?.saturating_mul(*unit)));
    let seconds: Vec<i64> = known.collect();
    let sum = seconds.iter().fold(0_i64, |sum, part| sum.saturating_add(*part));
    (!seconds.is_empty()).then(|| SignedDuration::from_secs(sum))
}

/// The next time that a clock shows `3pm`, `3:30 PM` or `15:00`.
fn next(clock: &str, now: &Zoned) -> Option<Timestamp> {
    let time = time_of(clock)?;
    let today = now.with().time(time).build().ok()?;
    let at = if today > *now { today } else { today.checked_add(1.day()).ok()? };
    Some(at.timestamp())
}

fn time_of(clock: &str) -> Option<Time> {
    let clock = clock.trim().to_ascii_lowercase();
    let digits = clock.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c.is_whitespace());
    let half = clock.get(digits.len()..).unwrap_or_default().trim();
    let (hour, minute) = match digits.split_once(':') {
        Some((hour, minute)) => (hour.parse::<i8>().ok()?, minute.parse::<i8>().ok()?),
        None => (digits.parse::<i8>().ok()?, 0),
    };
    let hour = match (half, hour) {
        ("", 0..=23) => hour,
        ("am", 12) => 0,
        ("pm", 12) => 12,
        ("am", 1..=11) => hour,
        ("pm", 1..=11) => hour + 12,
        _ => return None,
    };
    Time::new(hour, minute, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: &str = r"in (?<seconds>\d+)s|in (?<hours>\d+)h(?<minutes>\d+)m|resets (?<clock>\d{1,2}(?::\d{2})?\s?(?:am|pm)?)";

    fn at(text: &str) -> Option<String> {
        let now: Zoned = "2026-03-04T13:00:00+01:00[+01:00]".parse().expect("a time");
        let pattern = Pattern::parse(TIMES).expect("a pattern");
        until(&pattern, text, &now).map(|at| at.to_string())
    }

    #[test]
    fn a_time_is_read_from_now_or_from_the_clock() {
        assert_eq!(at("retrying in 20s").as_deref(), Some("2026-03-04T12:00:20Z"));
        assert_eq!(at("again in 2h05m").as_deref(), Some("2026-03-04T14:05:00Z"));
        assert_eq!(at("resets 3pm").as_deref(), Some("2026-03-04T14:00:00Z"));
        assert_eq!(at("resets 12:30 am").as_deref(), Some("2026-03-04T23:30:00Z"));
        assert_eq!(at("resets 9").as_deref(), Some("2026-03-05T08:00:00Z"), "tomorrow");
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["resets 25", "resets 13pm", "in 99999999999999999999s", "soon", "in 9999999s"]
        {
            assert_eq!(at(text), None, "{text}");
        }
    }
}
