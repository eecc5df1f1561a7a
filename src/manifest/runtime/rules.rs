//! What tells a state: the rules for a program's reports and for its screen.
//!
//! A rule that asks for nothing is refused: silence tells no state.

use std::collections::BTreeMap;

use super::{pattern, patterns, required};
use crate::domain::agency::AgentState;
use crate::domain::runtime::pattern::Pattern;
use crate::domain::runtime::report::{EventRule, Report};
use crate::domain::runtime::screen::{Region, ScreenRule};
use crate::manifest::fields::{Fields, Notes, choices, text_of};

/// States that a program or its screen can tell; the others are seen from its process.
const STATES: [(&str, AgentState); 7] = [
    ("starting", AgentState::Starting),
    ("working", AgentState::Working),
    ("idle", AgentState::Idle),
    ("waiting", AgentState::Waiting),
    ("permission", AgentState::Permission),
    ("blocked", AgentState::Blocked),
    ("limited", AgentState::Limited),
];

/// Most rows that a region can have: more than any screen.
const MAX_ROWS: usize = 1_000;

fn state(word: &str) -> Option<AgentState> {
    STATES.iter().find(|(name, _)| *name == word).map(|(_, state)| *state)
}

fn state_words() -> Vec<&'static str> {
    STATES.iter().map(|(name, _)| *name).collect()
}

/// A list of states.
pub fn states(
    fields: &mut Fields<'_>,
    key: &'static str,
    notes: &mut Notes<'_>,
) -> Vec<AgentState> {
    let path = fields.path_of(key);
    let mut found = Vec::new();
    for (at, word) in fields.texts(key, notes) {
        if state(&word).is_none() {
            let known = choices(&word, &state_words());
            notes.add(Some(at), &path, format!("`{word}` is not accepted; {known}"));
        }
        found.extend(state(&word));
    }
    found
}

/// How reports are read.
pub fn report(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> Report {
    let conversation = fields.text("conversation", notes).map(|(_, path)| path);
    let prompt = fields.text("prompt", notes).map(|(_, path)| path);
    let mut events = Vec::new();
    for (path, node) in fields.list("event", notes) {
        events.extend(Fields::of(node, &path, notes).map(|fields| event(fields, notes)));
    }
    fields.finish(notes);
    Report { conversation, prompt, events }
}

fn event(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> EventRule {
    let rule = EventRule {
        name: required(&mut fields, "name", notes),
        when: when(&mut fields, notes),
        state: fields.word("state", &state_words(), notes).and_then(state),
        reason: fields.text("reason", notes).map(|(_, path)| path),
        until: fields.table("until", notes).and_then(|mut fields| {
            let field = required(&mut fields, "field", notes);
            let path = fields.path_of("pattern");
            let text = fields.text("pattern", notes);
            fields.finish(notes);
            text.and_then(|(at, text)| Some((field, pattern(&text, at, &path, notes)?)))
        }),
    };
    fields.finish(notes);
    rule
}

fn when(fields: &mut Fields<'_>, notes: &mut Notes<'_>) -> BTreeMap<String, Pattern> {
    let path = fields.path_of("when");
    let Some(node) = fields.node("when") else { return BTreeMap::new() };
    let Some(table) = Fields::of(node, &path, notes) else { return BTreeMap::new() };
    let mut conditions = BTreeMap::new();
    for entry in table.entries() {
        let path = table.path_of(&entry.key);
        let text = text_of(&entry.node, &path, notes);
        let pattern = text.and_then(|text| pattern(text, entry.node.at, &path, notes));
        conditions.extend(pattern.map(|pattern| (entry.key.clone(), pattern)));
    }
    conditions
}

/// The rules of the screen, in the order in which they stand.
pub fn screens(fields: &mut Fields<'_>, notes: &mut Notes<'_>) -> Vec<ScreenRule> {
    let mut rules = Vec::new();
    for (path, node) in fields.list("screen", notes) {
        rules.extend(Fields::of(node, &path, notes).and_then(|fields| screen(fields, notes)));
    }
    rules
}

fn screen(mut fields: Fields<'_>, notes: &mut Notes<'_>) -> Option<ScreenRule> {
    let name = required(&mut fields, "name", notes);
    let word = fields.word("state", &state_words(), notes);
    if word.is_none() && fields.node("state").is_none() {
        let path = fields.path_of("state");
        notes.add(Some(fields.at()), &path, "is missing; write what the rule tells");
    }
    let one = |fields: &mut Fields<'_>, key: &'static str, notes: &mut Notes<'_>| {
        let path = fields.path_of(key);
        fields.text(key, notes).and_then(|(at, text)| pattern(&text, at, &path, notes))
    };
    let region = region(&mut fields, notes);
    let rule = ScreenRule {
        name,
        state: word.and_then(state).unwrap_or(AgentState::Unknown),
        region: region.unwrap_or(Region::Whole),
        all: patterns(&mut fields, "all", notes),
        any: patterns(&mut fields, "any", notes),
        none: patterns(&mut fields, "none", notes),
        title: one(&mut fields, "title", notes),
        progress: fields.flag("progress", notes),
        empty_input: fields.flag("empty_input", notes),
        until: one(&mut fields, "until", notes),
    };
    let says_nothing = rule.all.is_empty()
        && rule.any.is_empty()
        && rule.title.is_none()
        && rule.progress.is_none()
        && rule.empty_input.is_none();
    if says_nothing {
        // `none` alone is silence, and silence is not a state.
        let message = "asks for nothing; write `all`, `any`, `title`, `progress` or `empty_input`";
        notes.add(Some(fields.at()), &fields.path_of("all"), message);
    }
    fields.finish(notes);
    word.map(|_| rule)
}

fn region(fields: &mut Fields<'_>, notes: &mut Notes<'_>) -> Option<Region> {
    let path = fields.path_of("region");
    let (at, text) = fields.text("region", notes)?;
    let mut words = text.split_whitespace();
    let (word, count) = (words.next().unwrap_or_default(), words.next().map(str::parse::<usize>));
    let region = match (word, count, words.next()) {
        ("whole", None, None) => Some(Region::Whole),
        ("cursor", None, None) => Some(Region::Cursor),
        ("top", Some(Ok(count @ 1..=MAX_ROWS)), None) => Some(Region::Top(count)),
        ("bottom", Some(Ok(count @ 1..=MAX_ROWS)), None) => Some(Region::Bottom(count)),
        ("above", Some(Ok(count @ 1..=MAX_ROWS)), None) => Some(Region::Above(count)),
        _ => None,
    };
    if region.is_none() {
        let message = format!(
            "`{text}` is not accepted; write `whole`, `cursor`, `top N`, `bottom N` or `above N`, N from 1 to {MAX_ROWS}"
        );
        notes.add(Some(at), &path, message);
    }
    region
}
