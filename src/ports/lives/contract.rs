//! What every keeper of lives must do; run on the fake and on the real one.

use uuid::Uuid;

use crate::domain::name::AgentAddress;
use crate::ports::lives::{Lives, LivesError, MAX_KEPT_BYTES};

/// Runs every assertion on fresh lives.
pub fn holds(make: &dyn Fn() -> Box<dyn Lives>) {
    a_life_has_its_files(make().as_ref());
    reports_are_kept_in_order_and_taken_once(make().as_ref());
}

fn agent() -> AgentAddress {
    "Code/dev".parse().expect("an address")
}

fn a_life_has_its_files(lives: &dyn Lives) {
    let one = Uuid::from_u128(1);
    assert_eq!(lives.read(one, "settings.json"), None);
    let files = [("settings.json".to_owned(), "{}\n".to_owned())];
    lives.prepare(&agent(), one, &files).unwrap();
    assert_eq!(lives.read(one, "settings.json").as_deref(), Some("{}"));
    assert!(lives.folder(one).ends_with(format!("registry/lives/{one}")));
    for name in ["../x", "a/b", "", "..", "/etc/passwd"] {
        let refused = lives.prepare(&agent(), one, &[(name.to_owned(), String::new())]);
        assert!(matches!(refused, Err(LivesError::BadName { .. })), "{name:?}: {refused:?}");
    }
}

fn reports_are_kept_in_order_and_taken_once(lives: &dyn Lives) {
    let one = Uuid::from_u128(1);
    assert!(lives.keep_report(one, "nobody's").is_err(), "a life without a folder has ended");
    lives.prepare(&agent(), one, &[]).unwrap();
    for line in ["a", "b"] {
        lives.keep_report(one, line).unwrap();
    }
    assert_eq!(lives.take_reports(), ["a", "b"]);
    assert_eq!(lives.take_reports(), Vec::<String>::new());
    let long = "x".repeat(MAX_KEPT_BYTES / 3);
    for number in 0..4 {
        lives.keep_report(one, &format!("{number}{long}")).unwrap();
    }
    let kept = lives.take_reports();
    assert_eq!(kept.len(), 2, "the oldest go");
    assert!(kept[0].starts_with('2') && kept[1].starts_with('3'));
}
