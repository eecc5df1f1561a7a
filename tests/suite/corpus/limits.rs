//! A rate limit: who is limited is said to be, until when, and gets nothing before.

use jiff::Timestamp;
use serde_json::Value;

use super::stage::{ACTOR, Stage, Way};

fn limited_until(stage: &Stage) -> Timestamp {
    let agencies = stage.world.json(&["list"]);
    let agent = &agencies[0]["agents"][0];
    assert_eq!(agent["address"], ACTOR);
    let until = agent["limited_until"].as_str().unwrap_or_else(|| panic!("{agent}"));
    until.parse().expect("a time")
}

fn assert_ends_in(stage: &Stage, seconds: i64) {
    let left = limited_until(stage).duration_since(now()).as_secs();
    assert!((seconds - 15..=seconds + 2).contains(&left), "{left} s are left of {seconds}");
    assert!(stage.explained().contains("its limit ends at"), "{}", stage.explained());
}

/// As a file that is written now is dated.
fn now() -> Timestamp {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let at = file.as_file().metadata().and_then(|metadata| metadata.modified()).expect("a time");
    Timestamp::try_from(at).expect("a time")
}

#[test]
fn a_limit_on_the_screen_says_until_when() {
    let stage = Stage::new(Way::Reporting);
    stage.order("limit 90");
    stage.measure_state("limited");
    assert_ends_in(&stage, 90);
    let id = stage.send("later");
    stage.wait_for_message(&id, "routed");
    assert_eq!(stage.texts("pasted"), [""; 0]);
    stage.order("limit 0");
    stage.assert_arrived(&id, &["later"]);
    assert_eq!(stage.world.json(&["list"])[0]["agents"][0]["limited_until"], Value::Null);
}

#[test]
fn a_limit_that_is_told_says_until_when() {
    let stage = Stage::new(Way::Reporting);
    stage.order("work");
    stage.order(r#"report RateLimited {"message":"usage limit, resets in 5m"}"#);
    stage.measure_state("limited");
    assert_ends_in(&stage, 300);
    assert!(stage.explained().contains("usage limit, resets in 5m"));
}

#[test]
fn a_countdown_is_one_change_of_state() {
    let stage = Stage::new(Way::Silent);
    stage.order("limit 60");
    stage.measure_state("limited");
    let before = stage.world.count("agent_signalled");
    stage.world.wait_for_text(ACTOR, "retrying in 56s");
    let after = stage.world.count("agent_signalled");
    assert!(after - before <= 1, "{} records for a countdown", after - before);
}
