//! The input line of a description, and of a `[runtime.NAME]` in `agency.toml`: the same fields.
//!
//! A prompt of nothing is refused: every empty screen would have it.

use super::{pattern, patterns};
use crate::domain::runtime::InputLine;
use crate::domain::runtime::pattern::Pattern;
use crate::manifest::fields::{Fields, Notes};

/// Largest side of a window that tmux makes (`WINDOW_MAXIMUM`).
const MAX_SIDE: i64 = 10_000;
/// Ten seconds between text and Enter: longer looks like a hung agent.
const MAX_ENTER_DELAY_MS: i64 = 10_000;
/// A line of a tmux command takes a megabyte; nobody types that much.
const MAX_BYTES: i64 = 1_000_000;

/// Reads an input line.
pub fn read(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> Option<InputLine> {
    // A prompt of blanks is refused as empty: an empty screen begins with them too.
    let prompt = fields.text("prompt", notes).map(|(_, prompt)| prompt);
    if prompt.is_none() && fields.node("prompt").is_none() {
        let path = fields.path_of("prompt");
        notes.add(Some(fields.at()), &path, "is missing; write what the input line begins with");
    }
    let home_column = fields.number("home_column", 0..=MAX_SIDE, notes);
    let delay = fields.number("enter_delay_ms", 0..=MAX_ENTER_DELAY_MS, notes).unwrap_or(0);
    let max_bytes = fields.number("max_bytes", 1..=MAX_BYTES, notes);
    let line = InputLine {
        enter_delay_ms: u32::try_from(delay).unwrap_or(0),
        multiline: fields.flag("multiline", notes).unwrap_or(false),
        frame: fields.line("frame", notes).unwrap_or_default(),
        floating: fields.flag("floating", notes).unwrap_or(false),
        placeholder: patterns(&mut fields, "placeholder", notes),
        ghost: fields.flag("ghost", notes).unwrap_or(false),
        pasted: patterns(&mut fields, "pasted", notes),
        escaped: fields.line("escaped", notes).unwrap_or_default(),
        continuation: fields.line("continuation", notes).unwrap_or_default(),
        tab: fields.line("tab", notes).unwrap_or_default(),
        above: one(&mut fields, "above", notes),
        below: one(&mut fields, "below", notes),
        max_bytes: max_bytes.and_then(|bytes| u32::try_from(bytes).ok()),
        ..InputLine::default()
    };
    fields.finish(notes);
    let prompt = prompt?;
    let home = home_column.and_then(|column| u16::try_from(column).ok());
    let width = u16::try_from(unicode_width::UnicodeWidthStr::width(prompt.as_str())).ok();
    Some(InputLine { home_column: home.or(width).unwrap_or(0), prompt, ..line })
}

/// One pattern.
fn one(fields: &mut Fields<'_>, key: &'static str, notes: &mut Notes<'_>) -> Option<Pattern> {
    let path = fields.path_of(key);
    fields.text(key, notes).and_then(|(at, text)| pattern(&text, at, &path, notes))
}
