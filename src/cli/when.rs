//! Times as people write and read them: `10m` ago, an RFC 3339 moment, `3m` on a list.
//!
//! The present moment is given from outside, so that a text never changes by itself.

use std::str::FromStr;

use jiff::Timestamp;

/// A moment as it is given on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// RFC 3339.
    At(Timestamp),
    /// So many seconds before now.
    Ago(i64),
}

/// Why a text is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a time; write `10m`, `2h`, `3d` or `2026-01-31T12:00:00Z`")]
pub struct SinceError {
    text: String,
}

impl FromStr for Since {
    type Err = SinceError;
    fn from_str(text: &str) -> Result<Self, SinceError> {
        relative_seconds(text)
            .map(Self::Ago)
            .or_else(|| text.parse().ok().map(Self::At))
            .ok_or_else(|| SinceError { text: text.to_owned() })
    }
}

impl Since {
    /// The moment, seen from `now`.
    pub fn resolve(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(moment) => moment,
            Self::Ago(seconds) => {
                Timestamp::from_second(now.as_second().saturating_sub(seconds)).unwrap_or(now)
            }
        }
    }
}

/// The moment that is meant by `2h` from now, or by RFC 3339.
pub fn moment_to_come(text: &str, now: Timestamp) -> Option<Timestamp> {
    match relative_seconds(text) {
        Some(seconds) => now.checked_add(jiff::SignedDuration::from_secs(seconds)).ok(),
        None => text.parse().ok(),
    }
}

/// Seconds of `90s`, `10m`, `2h`, `3d` or `1w`; none if it is not that.
pub fn relative_seconds(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let digits = text.strip_suffix(unit)?;
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse::<i64>().ok()?.checked_mul(factor))?
}

/// How long ago, in one unit: `8s`, `3m`, `2h`, `5d`; a moment to come is `0s`.
pub fn age(moment: Timestamp, now: Timestamp) -> String {
    span(now.as_second().saturating_sub(moment.as_second()).max(0).unsigned_abs())
}

/// The same for an optional moment; nothing for none.
pub fn optional_age(moment: Option<Timestamp>, now: Timestamp) -> String {
    moment.map(|moment| age(moment, now)).unwrap_or_default()
}

/// A length of time in one unit.
pub fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        // Two days in hours: `36h` says more than `1d`.
        3600..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// The time of day if it is of the same UTC day, otherwise day and time.
pub fn clock(moment: Timestamp, now: Timestamp) -> String {
    let format = if moment.strftime("%F").to_string() == now.strftime("%F").to_string() {
        "%H:%M:%S"
    } else {
        "%m-%d %H:%M"
    };
    moment.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        text.parse().expect("timestamp")
    }

    #[test]
    fn a_time_is_relative_or_rfc_3339() {
        let now = moment("2026-03-02T10:00:00Z");
        let since = |text: &str| text.parse::<Since>().expect(text).resolve(now);
        assert_eq!(since("10m"), moment("2026-03-02T09:50:00Z"));
        assert_eq!(since("3d"), moment("2026-02-27T10:00:00Z"));
        assert_eq!(since("2026-01-01T00:00:00Z"), moment("2026-01-01T00:00:00Z"));
        for text in ["", "m", "10", "-5m", "yesterday", "10x", "99999999999999999999d", "5µ"] {
            assert!(text.parse::<Since>().is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn an_age_has_one_unit() {
        let now = moment("2026-03-02T10:00:00Z");
        assert_eq!(age(moment("2026-03-02T09:59:52Z"), now), "8s");
        assert_eq!(age(moment("2026-03-02T09:01:00Z"), now), "59m");
        assert_eq!(age(moment("2026-03-01T09:00:00Z"), now), "25h");
        assert_eq!(age(moment("2026-02-20T09:00:00Z"), now), "10d");
        assert_eq!(age(moment("2026-03-02T10:00:09Z"), now), "0s");
        assert_eq!(clock(moment("2026-03-01T09:00:00Z"), now), "03-01 09:00");
    }
}
