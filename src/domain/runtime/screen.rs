//! Screen rules: a program's state, told from what its screen shows.
//!
//! The first rule that matches counts. A rule looks at a region, so that a transcript that quotes a
//! dialog is not one. Where none matches nothing is known: that is an answer too, and never `idle`.

use jiff::{Timestamp, Zoned};

use crate::domain::agency::AgentState;
use crate::domain::runtime::input_line::{InputLine, Place};
use crate::domain::runtime::pattern::Pattern;
use crate::domain::runtime::until::until;
use crate::domain::text::to_line;

/// A screen at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Screen<'s> {
    /// Rows, cursor, and what of the cursor's row is dim.
    pub place: Place<'s>,
    /// The title that the program has set.
    pub title: &'s str,
    /// Whether it shows a progress (OSC 9;4); none: not known.
    pub progress: Option<bool>,
}

/// One rule. Everything it asks for must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScreenRule {
    /// Its name, for people.
    pub name: String,
    /// The state it tells.
    pub state: AgentState,
    /// Where it looks.
    pub region: Region,
    /// Each must match in the region.
    pub all: Vec<Pattern>,
    /// At least one must, if there are any.
    pub any: Vec<Pattern>,
    /// None may.
    pub none: Vec<Pattern>,
    /// What the title must match.
    pub title: Option<Pattern>,
    /// Whether a progress must be shown, or must not.
    pub progress: Option<bool>,
    /// Whether the input line must be seen empty under the cursor, or must not.
    pub empty_input: Option<bool>,
    /// Where a limit says when it is over.
    pub until: Option<Pattern>,
}

/// A part of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Region {
    /// All of it.
    Whole,
    /// The first rows.
    Top(usize),
    /// The last rows, counted up from the last one that is not blank.
    Bottom(usize),
    /// The cursor's row.
    Cursor,
    /// So many rows above the cursor's.
    Above(usize),
}

/// What a screen tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The state.
    pub state: AgentState,
    /// The rule that told it.
    pub rule: String,
    /// What was seen: the text that the rule's first pattern met, in one line.
    pub evidence: String,
    /// When a limit is over.
    pub until: Option<Timestamp>,
}

/// Longest evidence, in characters: it is there to be recognised, not to be read.
const EVIDENCE: usize = 120;

/// What the first matching rule tells of a screen; none: no rule knows it.
pub fn judge(
    rules: &[ScreenRule],
    input: Option<&InputLine>,
    screen: Screen<'_>,
    now: &Zoned,
) -> Option<Reading> {
    let is_empty = input.map(|line| line.is_empty_at(screen.place));
    rules.iter().find_map(|rule| rule.read(screen, is_empty, now))
}

impl ScreenRule {
    fn read(&self, screen: Screen<'_>, is_empty: Option<bool>, now: &Zoned) -> Option<Reading> {
        let agrees = |wanted: Option<bool>, seen: Option<bool>| wanted.is_none() || wanted == seen;
        if !agrees(self.progress, screen.progress) || !agrees(self.empty_input, is_empty) {
            return None;
        }
        let title = match &self.title {
            Some(pattern) => Some(pattern.find(screen.title)?),
            None => None,
        };
        let text = self.region.of(screen.place);
        let met = self.met(&text)?;
        let evidence = met.or(title).unwrap_or_else(|| screen.place.row());
        Some(Reading {
            state: self.state,
            rule: self.name.clone(),
            evidence: to_line(evidence, EVIDENCE),
            until: self.until.as_ref().and_then(|pattern| until(pattern, &text, now)),
        })
    }

    /// The text that the first pattern met, if the region is as the rule wants it.
    fn met<'t>(&self, text: &'t str) -> Option<Option<&'t str>> {
        if self.none.iter().any(|pattern| pattern.is_in(text)) {
            return None;
        }
        let mut first = None;
        for pattern in &self.all {
            let found = pattern.find(text)?;
            first = first.or(Some(found));
        }
        if !self.any.is_empty() {
            let found = self.any.iter().find_map(|pattern| pattern.find(text))?;
            first = first.or(Some(found));
        }
        Some(first)
    }
}

impl Region {
    fn of(self, place: Place<'_>) -> String {
        let rows = place.rows;
        let cursor = usize::from(place.cursor.1).min(rows.len());
        let end = rows.iter().rposition(|row| !row.trim().is_empty()).map_or(0, |last| last + 1);
        let range = match self {
            Self::Whole => 0..end,
            Self::Top(count) => 0..count.min(end),
            Self::Bottom(count) => end.saturating_sub(count)..end,
            Self::Cursor => cursor..(cursor + 1).min(rows.len()),
            Self::Above(count) => cursor.saturating_sub(count)..cursor,
        };
        rows.get(range).unwrap_or_default().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(state: AgentState, region: Region, all: &[&str]) -> ScreenRule {
        let patterns = all.iter().map(|text| Pattern::parse(text).expect("a pattern"));
        ScreenRule {
            name: format!("{region:?}"),
            state,
            region,
            all: patterns.collect(),
            any: Vec::new(),
            none: Vec::new(),
            title: None,
            progress: None,
            empty_input: None,
            until: None,
        }
    }

    fn read(rules: &[ScreenRule], rows: &[&str], cursor: (u16, u16)) -> Option<Reading> {
        let rows: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
        let line = InputLine { prompt: ">".to_owned(), home_column: 2, ..InputLine::default() };
        let place = Place { rows: &rows, cursor, ghost: &[] };
        let now: Zoned = "2026-03-04T13:00:00+00:00[UTC]".parse().expect("a time");
        judge(rules, Some(&line), Screen { place, title: "✳ busy", progress: None }, &now)
    }

    #[test]
    fn the_first_rule_that_matches_counts_and_shows_what_it_saw() {
        let rules = [
            rule(AgentState::Permission, Region::Bottom(2), &["Allow .*\\?", "1\\. Yes"]),
            ScreenRule { empty_input: Some(true), ..rule(AgentState::Idle, Region::Whole, &[]) },
        ];
        let asks = read(&rules, &["text", "Allow `rm`?", "1. Yes", ""], (0, 2)).expect("known");
        assert_eq!((asks.state, asks.evidence.as_str()), (AgentState::Permission, "Allow `rm`?"));
        // The words of a dialog further up are only words.
        let quoted = read(&rules, &["Allow `rm`?", "1. Yes", "", "> "], (2, 3)).expect("known");
        assert_eq!(quoted.state, AgentState::Idle);
        assert_eq!(read(&rules, &["Allow `rm`?", "1. Yes", "", "> x"], (3, 3)), None);
    }

    #[test]
    fn a_limit_says_until_when_and_a_title_counts_too() {
        let limit = ScreenRule {
            until: Pattern::parse(r"in (?<minutes>\d+) minutes").ok(),
            title: Pattern::parse("^✳").ok(),
            ..rule(AgentState::Limited, Region::Bottom(1), &["again in"])
        };
        let reading = read(std::slice::from_ref(&limit), &["again in 5 minutes"], (0, 0));
        let until = reading.expect("known").until.expect("a time");
        assert_eq!(until.to_string(), "2026-03-04T13:05:00Z");
        let other = ScreenRule { title: Pattern::parse("^ready").ok(), ..limit };
        assert_eq!(read(&[other], &["again in 5 minutes"], (0, 0)), None);
    }

    #[test]
    fn an_empty_screen_is_not_known() {
        let idle = rule(AgentState::Idle, Region::Cursor, &["^>"]);
        assert_eq!(read(&[idle], &[], (0, 0)), None);
    }
}
