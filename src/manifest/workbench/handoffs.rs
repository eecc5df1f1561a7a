//! `[handoff]` of `agency.toml`: how soon a handoff has to be accepted or declined.
//!
//! A wrong value is named with its place, and the default counts.

use crate::domain::workbench::HandoffConfig;
use crate::manifest::fields::{Fields, Notes};

/// Reads the table.
pub(super) fn read(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> HandoffConfig {
    let given = fields.text("answer_within", notes);
    let path = fields.path_of("answer_within");
    fields.finish(notes);
    let Some((at, text)) = given else { return HandoffConfig::default() };
    let seconds = super::seconds_of(&text).filter(|s| *s <= HandoffConfig::LONGEST_S);
    if seconds.is_none() {
        let message =
            format!("`{text}` is no time to answer in; write `4h`, `30m` or `90s`, at most `24h`");
        notes.add(Some(at), &path, message);
    }
    HandoffConfig { answer_within_s: seconds }
}

#[cfg(test)]
mod tests {
    use crate::manifest::workbench::parse;

    #[test]
    fn a_time_to_answer_is_read_and_at_most_a_day() {
        let config = parse("agency.toml", "[handoff]\nanswer_within = \"4h\"").expect("valid");
        assert_eq!(config.handoff.answer_within_s, Some(14_400));
        for text in ["25h", "off", "0s", "4"] {
            let toml = format!("[handoff]\nanswer_within = \"{text}\"");
            let problems = parse("agency.toml", &toml).expect_err("it was taken").to_string();
            assert!(problems.contains("handoff.answer_within"), "{problems}");
            assert!(problems.contains("at most `24h`"), "{problems}");
        }
    }
}
