//! Relative times: `now`, `12s`, `3m`, `2h`, `5d`.
//!
//! Beside the text stands the moment at which it will change, so that nothing is drawn before.

use jiff::{SignedDuration, Timestamp};

/// The columns that an age needs: `59s`, `23h`, `999d`.
pub const WIDTH: u16 = 4;

/// How long ago `since` is, and when that text becomes another one.
///
/// A time in the future (another machine's clock) counts as now.
pub fn age(since: Timestamp, now: Timestamp) -> (String, Timestamp) {
    let seconds = now.duration_since(since).as_secs().max(0);
    let (text, unit) = in_units(seconds);
    let next = (seconds / unit + 1) * unit;
    let next_change = since.checked_add(SignedDuration::from_secs(next)).unwrap_or(Timestamp::MAX);
    (text, next_change.max(now))
}

/// How long it is until then, and when that text becomes another one.
pub fn left(until: Timestamp, now: Timestamp) -> (String, Timestamp) {
    let seconds = until.duration_since(now).as_secs().max(0);
    let (text, unit) = in_units(seconds);
    // It stays in its unit's step until the seconds beyond the step have passed.
    let next = now.checked_add(SignedDuration::from_secs(seconds % unit + 1));
    let next = if seconds == 0 { Timestamp::MAX } else { next.unwrap_or(Timestamp::MAX) };
    (text, next)
}

/// A duration in its largest unit.
pub fn in_words(seconds: u64) -> String {
    in_units(i64::try_from(seconds).unwrap_or(i64::MAX)).0
}

fn in_units(seconds: i64) -> (String, i64) {
    match seconds {
        0 => ("now".to_owned(), 1),
        1..60 => (format!("{seconds}s"), 1),
        60..3_600 => (format!("{}m", seconds / 60), 60),
        3_600..86_400 => (format!("{}h", seconds / 3_600), 3_600),
        _ => (format!("{}d", seconds / 86_400), 86_400),
    }
}

/// A run time: `0.4s`, `12s`, `3m 05s`.
pub fn run_time(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match milliseconds {
        0..10_000 => format!("{}.{}s", seconds, milliseconds % 1000 / 100),
        10_000..60_000 => format!("{seconds}s"),
        _ => format!("{}m {:02}s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_in_its_unit_and_changes_when_the_step_is_over() {
        let now = Timestamp::UNIX_EPOCH;
        let left = |seconds| left(now + SignedDuration::from_secs(seconds), now);
        assert_eq!(left(125), ("2m".to_owned(), now + SignedDuration::from_secs(6)));
        assert_eq!(left(7), ("7s".to_owned(), now + SignedDuration::from_secs(1)));
        assert_eq!(left(-5), ("now".to_owned(), Timestamp::MAX));
    }

    #[test]
    fn an_age_is_told_in_its_largest_unit_with_the_moment_it_changes() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().expect("a time");
        let at = |seconds: i64| now - SignedDuration::from_secs(seconds);
        for (seconds, text, left) in [
            (0, "now", 1),
            (12, "12s", 1),
            (185, "3m", 55),
            (7_300, "2h", 3_500),
            (90_000, "1d", 82_800),
        ] {
            let (shown, next) = age(at(seconds), now);
            assert_eq!(shown, text);
            assert_eq!(next.duration_since(now).as_secs(), left, "after {seconds} seconds");
        }
        assert_eq!(age(at(-30), now).0, "now");
    }

    #[test]
    fn a_run_time_keeps_what_can_be_felt() {
        assert_eq!(run_time(420), "0.4s");
        assert_eq!(run_time(12_900), "12s");
        assert_eq!(run_time(185_000), "3m 05s");
    }
}
