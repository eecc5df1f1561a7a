//! Times of the cadence, over clocks that are set and in weeks that end a year.

use jiff::tz::TimeZone;

use super::*;

fn zone(name: &str) -> Zone {
    Zone::of(&TimeZone::get(name).expect("a zone that every machine knows"))
}

fn berlin(quiet: &[&str]) -> CadenceConfig {
    let quiet = quiet.iter().map(|text| text.parse().expect("a span")).collect();
    CadenceConfig { zone: zone("Europe/Berlin"), quiet, ..CadenceConfig::default() }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

#[test]
fn a_zone_as_data_says_what_the_zone_says() {
    for name in ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]
    {
        let (data, real) = (zone(name), TimeZone::get(name).expect("known"));
        for hours in 0..3_000 {
            let at = at("2026-01-01T00:30:00Z") + jiff::SignedDuration::from_hours(hours * 3);
            let local = real.to_datetime(at);
            assert_eq!(data.local(at), local, "{name} {at}");
            let back = real.to_ambiguous_timestamp(local).compatible().expect("a time");
            assert_eq!(data.timestamp(local), Some(back), "{name} {local}");
        }
    }
}

#[test]
fn a_day_keeps_its_hour_when_clocks_are_set() {
    let config = berlin(&[]);
    // Clocks went back on 2026-10-25 and forward on 2026-03-29.
    let next = |text| config.next_due(Beat::Daily, at(text)).map(|due| due.to_string());
    assert_eq!(next("2026-10-24T08:00:00Z").as_deref(), Some("2026-10-25T08:00:00Z"));
    assert_eq!(next("2026-10-23T08:00:00Z").as_deref(), Some("2026-10-24T07:00:00Z"));
    assert_eq!(next("2026-03-28T09:00:00Z").as_deref(), Some("2026-03-29T07:00:00Z"));
}

#[test]
fn an_hour_that_is_left_out_comes_an_hour_later_and_one_that_comes_twice_counts_once() {
    let half_past_two = Some(Time::constant(2, 30, 0, 0));
    let config = CadenceConfig { daily: half_past_two, ..berlin(&[]) };
    let next = |text| config.next_due(Beat::Daily, at(text)).map(|due| due.to_string());
    assert_eq!(next("2026-03-29T00:00:00Z").as_deref(), Some("2026-03-29T01:30:00Z"));
    assert_eq!(next("2026-10-25T00:00:00Z").as_deref(), Some("2026-10-25T00:30:00Z"));
    assert_eq!(next("2026-10-25T00:30:00Z").as_deref(), Some("2026-10-26T01:30:00Z"));
}

#[test]
fn a_week_is_named_by_its_iso_year() {
    let config = berlin(&[]);
    assert_eq!(config.period(Beat::Weekly, at("2027-01-01T12:00:00Z")), "2026-W53");
    assert_eq!(config.period(Beat::Daily, at("2026-12-31T23:30:00Z")), "2027-01-01");
    let due = config.next_due(Beat::Agenda, at("2026-11-21T12:00:00Z")).map(|due| due.to_string());
    assert_eq!(due.as_deref(), Some("2026-11-23T08:00:00Z"));
}

#[test]
fn quiet_goes_over_midnight_and_over_spans_that_touch() {
    let config = berlin(&["22:00-07:00", "Sat", "Sun 00:00-24:00"]);
    let until = |text| config.is_quiet(at(text)).map(|until| until.to_string());
    assert_eq!(until("2026-11-18T12:00:00Z"), None);
    assert_eq!(until("2026-11-18T21:30:00Z").as_deref(), Some("2026-11-19T06:00:00Z"));
    // From Friday evening to Monday morning.
    assert_eq!(until("2026-11-20T21:30:00Z").as_deref(), Some("2026-11-23T06:00:00Z"));
}

#[test]
fn the_night_in_which_clocks_are_set_ends_at_the_local_hour() {
    let config = berlin(&["22:00-07:00"]);
    let until = |text| config.is_quiet(at(text)).map(|until| until.to_string());
    assert_eq!(until("2026-03-28T23:00:00Z").as_deref(), Some("2026-03-29T05:00:00Z"));
    assert_eq!(until("2026-10-24T23:00:00Z").as_deref(), Some("2026-10-25T06:00:00Z"));
}

#[test]
fn who_is_always_quiet_never_hears_and_the_arithmetic_ends() {
    let config = berlin(&["Mon-Sun"]);
    let until = config.is_quiet(at("2026-11-18T12:00:00Z")).expect("quiet");
    assert!(until > at("2026-11-20T12:00:00Z"));
}

#[test]
fn a_span_is_read_strictly_and_written_as_it_is_read() {
    for text in ["22:00-07:00", "Sat 00:00-24:00", "Mon-Fri 12:00-13:30"] {
        assert_eq!(text.parse::<Quiet>().map(|quiet| quiet.to_string()).as_deref(), Ok(text));
    }
    assert_eq!("saturday".parse::<Quiet>(), "Sat 00:00-24:00".parse());
    for text in
        ["", "22-7", "25:00-07:00", "07:00-07:00", "24:00-07:00", "Noday", "Sat 9:00", "1:2-3:4"]
    {
        assert!(text.parse::<Quiet>().is_err(), "{text}");
    }
}
