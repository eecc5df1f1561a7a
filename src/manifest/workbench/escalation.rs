//! `[escalation]`: when somebody who owes an answer is reminded, and when the request goes up.
//!
//! Two tables of times by priority; what is left out stays as it is by default.

use super::{MAX_REMIND_S, seconds_of};
use crate::domain::request::{EscalationConfig, Pace};
use crate::manifest::fields::{Fields, Notes};

/// What stands for a reminder that never comes.
const OFF: &str = "off";

/// Reads the table.
pub(super) fn escalation(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> EscalationConfig {
    let default = EscalationConfig::default();
    let chase = fields.table("chase", notes);
    let chase_s = chase.map_or(default.chase_s, |f| pace(f, default.chase_s, Some(OFF), notes));
    let next = fields.table("next", notes);
    let next_s = next.map_or(default.next_s, |f| pace(f, default.next_s, None, notes));
    let acknowledge = time(&mut fields, "acknowledge", None, notes);
    fields.finish(notes);
    EscalationConfig {
        chase_s,
        next_s,
        acknowledge_s: acknowledge.unwrap_or(default.acknowledge_s),
    }
}

fn pace(mut fields: Fields<'_>, default: Pace, off: Option<&str>, notes: &mut Notes<'_>) -> Pace {
    let mut of = |key, default| time(&mut fields, key, off, notes).unwrap_or(default);
    let low = of("low", default.low);
    let normal = of("normal", default.normal);
    let high = of("high", default.high);
    let critical = of("critical", default.critical);
    fields.finish(notes);
    Pace { low, normal, high, critical }
}

/// A time, in seconds; a reminder that is off would come after everything else.
fn time(
    fields: &mut Fields<'_>,
    key: &'static str,
    off: Option<&str>,
    notes: &mut Notes<'_>,
) -> Option<u64> {
    let (at, text) = fields.text(key, notes)?;
    if off == Some(text.as_str()) {
        return Some(u64::MAX);
    }
    seconds_of(&text).or_else(|| {
        let days = MAX_REMIND_S / 86_400;
        let or_off = if off.is_some() { " or `off`" } else { "" };
        let message = format!(
            "`{text}` is not a time; write `90s`, `15m` or `2h`, at most {days} days{or_off}"
        );
        notes.add(Some(at), &fields.path_of(key), message);
        None
    })
}
