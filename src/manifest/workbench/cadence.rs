//! `[cadence]` of `agency.toml`: what comes by the clock, and when it is quiet.
//!
//! A zone is looked up by its name in what this machine knows of zones; one that it does not know is a problem
//! of the settings. Which zone is meant where none is written is for whoever reads the file to fill in.

use jiff::tz::TimeZone;

use crate::domain::cadence::quiet::{parse_time, parse_weekday};
use crate::domain::cadence::{CadenceConfig, Quiet, WeekTime, Zone};
use crate::manifest::fields::{Fields, Notes};

/// Reads the table.
pub(super) fn read(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> CadenceConfig {
    let default = CadenceConfig::default();
    let (time_zone, zone) = zone(&mut fields, notes);
    let quiet = quiet(&mut fields, notes);
    let daily = moment(&mut fields, "daily", default.daily, parse_time, "`09:00`", notes);
    let weekly = moment(&mut fields, "weekly", default.weekly, week_time, "`Mon 10:00`", notes);
    let config = CadenceConfig {
        time_zone,
        zone,
        quiet,
        hourly: fields.flag("hourly", notes).unwrap_or(default.hourly),
        daily,
        weekly,
        ask_for_status_s: time(&mut fields, "ask_for_status", default.ask_for_status_s, notes),
        collect_s: time(&mut fields, "collect", default.collect_s, notes),
        agenda_before_s: time(&mut fields, "agenda_before", default.agenda_before_s, notes),
    };
    fields.finish(notes);
    config
}

fn zone(fields: &mut Fields<'_>, notes: &mut Notes<'_>) -> (Option<String>, Zone) {
    let Some((at, name)) = fields.text("time_zone", notes) else {
        return (None, Zone::default());
    };
    match TimeZone::get(&name) {
        Ok(zone) => (Some(name), Zone::of(&zone)),
        Err(_) => {
            let message = format!(
                "`{name}` is no time zone that this machine knows; write a name such as `Europe/Berlin`"
            );
            notes.add(Some(at), &fields.path_of("time_zone"), message);
            (None, Zone::default())
        }
    }
}

fn quiet(fields: &mut Fields<'_>, notes: &mut Notes<'_>) -> Vec<Quiet> {
    let path = fields.path_of("quiet");
    let texts = fields.texts("quiet", notes);
    let read = |(at, text): (usize, String)| {
        text.parse().map_err(|error: crate::domain::cadence::quiet::QuietError| {
            notes.add(Some(at), &path, error.to_string());
        })
    };
    texts.into_iter().map(read).filter_map(Result::ok).collect()
}

/// A moment, or `off`.
fn moment<T>(
    fields: &mut Fields<'_>,
    key: &'static str,
    default: Option<T>,
    parse: impl Fn(&str) -> Option<T>,
    example: &str,
    notes: &mut Notes<'_>,
) -> Option<T> {
    let Some((at, text)) = fields.text(key, notes) else { return default };
    if text == "off" {
        return None;
    }
    let parsed = parse(&text);
    if parsed.is_none() {
        let message = format!("`{text}` is not such a time; write {example} or `off`");
        notes.add(Some(at), &fields.path_of(key), message);
    }
    parsed
}

fn week_time(text: &str) -> Option<WeekTime> {
    let (day, time) = text.split_once(' ')?;
    Some(WeekTime::new(parse_weekday(day)?, parse_time(time.trim())?))
}

/// A stretch of time, in seconds.
fn time(fields: &mut Fields<'_>, key: &'static str, default: u64, notes: &mut Notes<'_>) -> u64 {
    let Some((at, text)) = fields.text(key, notes) else { return default };
    super::seconds_of(&text).unwrap_or_else(|| {
        let message = format!("`{text}` is not a time; write `30m`, `2h` or `90s`");
        notes.add(Some(at), &fields.path_of(key), message);
        default
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::workbench::parse;

    #[test]
    fn every_setting_of_the_cadence_is_read() {
        let text = r#"[cadence]
            time_zone = "Europe/Berlin"
            quiet = ["22:00-07:00", "Sat", "Sun 00:00-24:00"]
            hourly = false
            daily = "off"
            weekly = "Friday 16:30"
            ask_for_status = "30m"
            collect = "10m"
            agenda_before = "2h"
        "#;
        let read = parse("agency.toml", text).expect("valid").cadence;
        assert_eq!(read.time_zone.as_deref(), Some("Europe/Berlin"));
        assert_ne!(read.zone, Zone::default());
        assert_eq!((read.quiet.len(), read.hourly, read.daily), (3, false, None));
        assert_eq!(read.weekly, week_time("Fri 16:30"));
        assert_eq!(
            (read.ask_for_status_s, read.collect_s, read.agenda_before_s),
            (1_800, 600, 7_200)
        );
    }

    #[test]
    fn every_wrong_setting_of_the_cadence_is_named() {
        let text = r#"[cadence]
            time_zone = "Mars/Olympus"
            quiet = ["22-7"]
            daily = "9"
            weekly = "10:00"
            collect = "long"
            dayly = "09:00"
        "#;
        let problems = parse("agency.toml", text).expect_err("wrong");
        insta::assert_snapshot!(problems.to_string());
    }
}
