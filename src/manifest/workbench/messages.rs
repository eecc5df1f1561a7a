//! `[messages]` of `agency.toml`: how mail is paced.
//!
//! `off` gives each update as soon as it can be given. What is an update is not said here.

use crate::domain::workbench::MessagesConfig;
use crate::manifest::fields::{Fields, Notes};

/// Reads the table.
pub(super) fn read(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> MessagesConfig {
    let default = MessagesConfig::default();
    let batch_every_s = match fields.text("batch_every", notes) {
        None => default.batch_every_s,
        Some((_, text)) if matches!(text.as_str(), "off" | "0" | "0s") => 0,
        Some((at, text)) => super::seconds_of(&text).unwrap_or_else(|| {
            let message = format!("`{text}` is not a time; write `5m`, `90s`, `1h` or `off`");
            notes.add(Some(at), &fields.path_of("batch_every"), message);
            default.batch_every_s
        }),
    };
    fields.finish(notes);
    MessagesConfig { batch_every_s }
}

#[cfg(test)]
mod tests {
    use crate::manifest::workbench::parse;

    fn batch_every(value: &str) -> Result<u64, String> {
        let text = format!("[messages]\nbatch_every = {value}");
        let read = parse("agency.toml", &text).map(|config| config.messages.batch_every_s);
        read.map_err(|problems| problems.to_string())
    }

    #[test]
    fn the_time_between_batches_is_read_and_a_wrong_one_is_named() {
        assert_eq!(batch_every("\"90s\""), Ok(90));
        assert_eq!(batch_every("\"off\""), Ok(0));
        assert_eq!(parse("agency.toml", "").map(|c| c.messages.batch_every_s), Ok(300));
        let problem = batch_every("\"soon\"").expect_err("no time");
        assert!(
            problem.contains("messages.batch_every") && problem.contains("`soon`"),
            "{problem}"
        );
        assert!(batch_every("5").is_err());
    }
}
