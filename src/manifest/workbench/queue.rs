//! `[queue]` of `agency.toml`: limits of mailboxes and senders, and who needs no credential.
//!
//! A value that cannot be is named with its place; the default counts for what is left out.

use crate::domain::name::Address;
use crate::domain::workbench::QueueConfig;
use crate::manifest::fields::{Fields, Notes};

/// Larger mailboxes are nobody's to read.
const MAX_WAITING: i64 = 1_000_000;
/// More in a minute is no agent's.
const MAX_RATE: i64 = 100_000;
/// Longer conversations are no loop.
const MAX_TURNS: i64 = 1_000;

/// Reads the table.
pub(super) fn read(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> QueueConfig {
    let default = QueueConfig::default();
    let open_from = open_from(&mut fields, notes);
    let count = |number: Option<i64>, default: u32| {
        number.and_then(|number| u32::try_from(number).ok()).unwrap_or(default)
    };
    let limit = fields.number("mailbox_limit", 10..=MAX_WAITING, notes);
    let rate = fields.number("rate", 0..=MAX_RATE, notes);
    let burst = fields.number("burst", 1..=MAX_RATE, notes);
    let turns = fields.number("loop_limit", 0..=MAX_TURNS, notes);
    let config = QueueConfig {
        open_from,
        mailbox_limit: count(limit, default.mailbox_limit),
        rate: count(rate, default.rate),
        burst: count(burst, default.burst),
        replay_window_s: time(&mut fields, "replay_window", default.replay_window_s, notes),
        loop_limit: count(turns, default.loop_limit),
        loop_window_s: time(&mut fields, "loop_window", default.loop_window_s, notes),
        loop_pause_s: time(&mut fields, "loop_pause", default.loop_pause_s, notes),
    };
    fields.finish(notes);
    config
}

fn open_from(fields: &mut Fields<'_>, notes: &mut Notes<'_>) -> Vec<String> {
    let senders = fields.texts("open_from", notes);
    for (at, sender) in &senders {
        let field = fields.path_of("open_from");
        // A prefix stands for itself: `ci-*`, `Code/t*`.
        let named =
            match sender.strip_suffix('*').map(|prefix| prefix.trim_end_matches(['/', '-', '_'])) {
                Some("") | None => sender.as_str(),
                Some(prefix) => prefix,
            };
        match Address::parse(named) {
            Ok(Address::Agent(_) | Address::Agency(_)) => {}
            Ok(Address::Operator | Address::Workbench | Address::Everyone) => {
                let message = format!("`{sender}` can never be let in without a credential");
                notes.add(Some(*at), &field, message);
            }
            Err(error) => notes.add(Some(*at), &field, error.to_string()),
        }
    }
    senders.into_iter().map(|(_, sender)| sender).collect()
}

fn time(fields: &mut Fields<'_>, key: &'static str, default: u64, notes: &mut Notes<'_>) -> u64 {
    let Some((at, text)) = fields.text(key, notes) else { return default };
    super::seconds_of(&text).unwrap_or_else(|| {
        let message =
            format!("`{text}` is not a time; write `30m`, `24h` or `90s`, at most a week");
        notes.add(Some(at), &fields.path_of(key), message);
        default
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::workbench::parse;

    fn queue(lines: &str) -> Result<QueueConfig, String> {
        let read = parse("agency.toml", &format!("[queue]\n{lines}"));
        read.map(|config| config.queue).map_err(|problems| problems.to_string())
    }

    #[test]
    fn limits_of_the_queue_are_read_and_wrong_ones_are_named() {
        let config = queue(
            "mailbox_limit = 50\nrate = 0\nburst = 5\nreplay_window = \"2h\"\nloop_limit = 3\nloop_pause = \"1m\"",
        );
        let config = config.expect("valid");
        assert_eq!((config.mailbox_limit, config.rate, config.burst), (50, 0, 5));
        assert_eq!((config.replay_window_s, config.loop_limit), (7_200, 3));
        assert_eq!((config.loop_window_s, config.loop_pause_s), (1_800, 60));
        assert_eq!(config.reserve(), 10);
        for (line, named) in [
            ("mailbox_limit = 1", "queue.mailbox_limit"),
            ("rate = -1", "queue.rate"),
            ("replay_window = \"soon\"", "queue.replay_window"),
        ] {
            let problem = queue(line).expect_err(line);
            assert!(problem.contains(named), "{problem}");
        }
    }
}
