//! One look at a pane's state and screen, and what follows from it for typing.
//!
//! State and screen come from one chain, so they belong to the same moment. Nothing is guessed: a
//! line that is not exactly the empty prompt is not empty.

use unicode_width::UnicodeWidthChar;

use super::command::Cmd;
use super::server::Server;
use crate::domain::runtime::InputLine;
use crate::domain::text::to_plain;
use crate::ports::terminals::{TerminalError, TypingOrder};

/// What must not change between the look and the paste. One comparison of one text: no value in it
/// can hold a comma or a brace.
pub(super) const STATE: &str = "#{pane_dead} #{pane_in_mode} #{pane_input_off} #{pane_pid} #{@agency_spawn} #{cursor_x} #{cursor_y}";

/// How recent a key press is when a person is said to be typing, in seconds.
const TYPING_S: u64 = 3;

/// A pane at one moment.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    pub(super) state: String,
    lines: Vec<String>,
}

impl Probe {
    /// Looks at a pane.
    pub(super) fn take(server: &Server, pane: &str) -> Result<Self, TerminalError> {
        let chain = [
            Cmd::new("display-message").flag("-p").option("-t", pane).param(STATE),
            Cmd::new("capture-pane").flag("-p").option("-t", pane),
        ];
        Ok(Self::parse(&server.read(&chain)?))
    }

    fn parse(text: &str) -> Self {
        let mut lines = text.lines().map(str::to_owned);
        Self { state: lines.next().unwrap_or_default(), lines: lines.collect() }
    }

    /// Whether the visible screen shows a token.
    pub(super) fn shows(&self, token: &str) -> bool {
        is_token_in(&self.lines.concat(), token)
    }

    fn field(&self, at: usize) -> &str {
        self.state.split(' ').nth(at).unwrap_or_default()
    }

    fn cursor(&self) -> (usize, usize) {
        let number = |at| self.field(at).parse().unwrap_or(usize::MAX);
        (number(5), number(6))
    }

    fn cursor_line(&self) -> &str {
        self.lines.get(self.cursor().1).map(String::as_str).unwrap_or_default()
    }

    /// Why the pane takes no text, whatever is on its screen.
    pub(super) fn disturbance(&self, order: &TypingOrder) -> Option<&'static str> {
        let is_on = |at| self.field(at) != "0" && !self.field(at).is_empty();
        if self.field(4) != order.spawn.to_string() {
            return Some("another life is in the pane");
        }
        match (is_on(0), is_on(1), is_on(2)) {
            (true, _, _) => Some("pane is dead"),
            (_, true, _) => Some("copy mode"),
            (_, _, true) => Some("input is off"),
            _ => None,
        }
    }

    /// Why nothing may be typed now; none: the input line is proven focused and empty.
    pub(super) fn obstacle(
        &self,
        server: &Server,
        order: &TypingOrder,
    ) -> Result<Option<String>, TerminalError> {
        if let Some(reason) = self.disturbance(order) {
            return Ok(Some(reason.to_owned()));
        }
        let line = &order.input_line;
        if self.is_at_empty_prompt(line) {
            return Ok(None);
        }
        if !self.is_at_prompt(line) {
            return Ok(Some("not at its prompt".to_owned()));
        }
        let reason = match is_person_typing(server, &order.pane.0)? {
            true => "a person is typing",
            false => "the input line is not empty",
        };
        Ok(Some(reason.to_owned()))
    }

    fn is_at_prompt(&self, line: &InputLine) -> bool {
        // tmux drops blanks at the end of a line, and a prompt mostly ends with one.
        let prompt = line.prompt.trim_end();
        !prompt.is_empty() && self.cursor_line().starts_with(prompt)
    }

    fn is_at_empty_prompt(&self, line: &InputLine) -> bool {
        self.is_at_prompt(line)
            && self.cursor().0 == usize::from(line.home_column)
            && from_column(self.cursor_line(), usize::from(line.home_column)).trim().is_empty()
    }

    /// Whether the input line is proven to hold exactly a text: from the prompt to the cursor nothing but
    /// it, and nothing behind. White space does not count, programs wrap and indent.
    pub(super) fn holds(&self, order: &TypingOrder, text: &str) -> bool {
        let prompt = order.input_line.prompt.trim_end();
        if prompt.is_empty() || self.disturbance(order).is_some() {
            return false;
        }
        let wanted = strip(&format!("{prompt}{}", to_plain(text)));
        let begins = |at: &usize| self.lines.get(*at).is_some_and(|line| line.starts_with(prompt));
        let mut rows = (0..=self.cursor().1).rev().filter(begins);
        rows.any(|at| self.shown_from(at).is_some_and(|shown| shown == wanted))
    }

    /// What is on the screen from a row down to the cursor, without white space; none if something
    /// stands behind the cursor.
    fn shown_from(&self, first: usize) -> Option<String> {
        let (column, row) = self.cursor();
        let line = self.lines.get(row)?;
        let behind = from_column(line, column);
        let last = line.strip_suffix(behind).unwrap_or(line);
        let above = self.lines.get(first..row)?.concat();
        behind.trim().is_empty().then(|| strip(&format!("{above}{last}")))
    }

    /// Whether the order's text stands in the input line; of one that is longer than the screen, whether all
    /// that is on the screen down to the cursor is its end.
    pub(super) fn stands(&self, order: &TypingOrder) -> bool {
        if self.holds(order, &order.text) {
            return true;
        }
        let whole = strip(&to_plain(&order.text));
        self.shown_from(0)
            .is_some_and(|shown| whole.ends_with(&shown) && shown.contains(&strip(&order.token)))
    }

    /// Whether the typed text no longer stands at the cursor: the prompt is empty again, or the
    /// program has gone to work.
    pub(super) fn has_left(&self, typed: &Self, line: &InputLine) -> bool {
        if self.is_at_empty_prompt(line) {
            return true;
        }
        let before = strip(typed.cursor_line());
        let is_same = !before.is_empty() && strip(self.cursor_line()).contains(&before);
        !is_same && !self.is_at_prompt(line) && self.cursor() != typed.cursor()
    }
}

/// Whether a client of a person shows this pane and had a key pressed just now.
fn is_person_typing(server: &Server, pane: &str) -> Result<bool, TerminalError> {
    let row = "#{client_control_mode} #{client_activity} #{pane_id}";
    let chain = [
        // The server's clock, as the activity is told by it.
        Cmd::new("display-message").flag("-p").option("-t", pane).param("%s"),
        Cmd::new("list-clients").option("-F", row),
    ];
    let text = server.read(&chain)?;
    let mut lines = text.lines();
    let now: u64 = lines.next().and_then(|line| line.parse().ok()).unwrap_or(0);
    let is_recent = |line: &str| {
        let mut fields = line.split(' ');
        let (control, at, shown) = (fields.next(), fields.next(), fields.next());
        let at: u64 = at.and_then(|at| at.parse().ok()).unwrap_or(0);
        control == Some("0") && shown == Some(pane) && now.saturating_sub(at) <= TYPING_S
    };
    Ok(lines.any(is_recent))
}

/// What of a line lies at or right of a column.
fn from_column(line: &str, column: usize) -> &str {
    let mut at = 0;
    for (index, c) in line.char_indices() {
        if at >= column {
            return line.get(index..).unwrap_or_default();
        }
        at += c.width().unwrap_or(0);
    }
    ""
}

fn strip(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// Whether a text shows a token; programs wrap and indent, so white space does not count.
pub(super) fn is_token_in(screen: &str, token: &str) -> bool {
    let token = strip(token);
    !token.is_empty() && strip(screen).contains(&token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> InputLine {
        InputLine {
            prompt: "\u{203a} ".to_owned(),
            home_column: 2,
            multiline: true,
            ..InputLine::default()
        }
    }

    #[test]
    fn an_input_line_is_empty_only_with_the_cursor_at_home_and_nothing_behind() {
        let at = |x: u16, text: &str| Probe::parse(&format!("0 0 0 9 s {x} 1\nbanner\n{text}\n"));
        assert!(at(2, "›").is_at_empty_prompt(&line()));
        assert!(!at(3, "›").is_at_empty_prompt(&line()));
        assert!(!at(2, "› half a sentence").is_at_empty_prompt(&line()));
        assert!(!at(2, "1. allow").is_at_empty_prompt(&line()));
    }

    #[test]
    fn a_left_over_is_known_only_when_it_stands_alone_between_prompt_and_cursor() {
        let order = TypingOrder {
            agent: "A/b".parse().expect("an address"),
            spawn: uuid::Uuid::nil(),
            pane: crate::ports::terminals::PaneId("%1".to_owned()),
            input_line: line(),
            text: String::new(),
            token: String::new(),
            left_over: Vec::new(),
            deadline_ms: 0,
        };
        let spawn = order.spawn;
        let at = |x: u16, y: u16, rows: &str| {
            Probe::parse(&format!("0 0 0 9 {spawn} {x} {y}\n{rows}")).holds(&order, "see\n| a b")
        };
        assert!(at(7, 2, "banner\n› see\n  | a b\n"));
        assert!(!at(9, 2, "banner\n› see\n  | a b c\n"), "a person typed on");
        assert!(!at(6, 2, "banner\n› see\n  | a b\n"), "the cursor stands in it");
        assert!(!at(7, 2, "banner\n› oh see\n  | a b\n"), "something stands before it");
        assert!(!at(7, 2, "banner\n1. see\n  | a b\n"), "not at a prompt");
    }

    #[test]
    fn a_wrapped_token_is_still_seen() {
        assert!(is_token_in("› see 0193\n  a1b2 ok", "0193a1b2"));
        assert!(!is_token_in("›", ""));
    }

    #[test]
    fn a_text_that_stands_after_enter_has_not_left() {
        let typed = Probe::parse("0 0 0 9 s 7 0\n› hello\n");
        let same = Probe::parse("0 0 0 9 s 7 0\n› hello\n");
        let working = Probe::parse("0 0 0 9 s 0 1\n› hello\nworking\n");
        assert!(!same.has_left(&typed, &line()));
        assert!(working.has_left(&typed, &line()));
    }
}
