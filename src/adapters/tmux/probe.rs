//! One look at a pane's state and screen, and what follows from it for typing.
//!
//! State and screen come from one chain, so they belong to the same moment. Nothing is guessed: a
//! line that is not exactly the empty input line is not empty. What stands in it is `standing`'s to say.

use super::command::Cmd;
use super::ghost;
use super::server::Server;
use crate::domain::runtime::InputLine;
use crate::domain::runtime::input_line::Place;
use crate::ports::terminals::{TerminalError, TypingOrder};

/// What must not change between the look and the paste. One comparison of one text: no value in it
/// can hold a comma or a brace.
pub(super) const STATE: &str = "#{pane_dead} #{pane_in_mode} #{pane_input_off} #{pane_pid} #{@agency_spawn} #{cursor_x} #{cursor_y} #{pane_synchronized} keys:#{@agency_keys}";

/// How recent a key press is when a person is said to be typing, in seconds.
const TYPING_S: u64 = 3;

/// A pane at one moment.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    pub(super) state: String,
    pub(super) rows: Vec<String>,
    /// For each character of the cursor's row whether it is dim; empty if that was not asked.
    ghost: Vec<bool>,
}

impl Probe {
    /// Looks at a pane; at its styles only where the input line is told by them.
    pub(super) fn take(
        server: &Server,
        pane: &str,
        line: &InputLine,
    ) -> Result<Self, TerminalError> {
        let is_styled = line.ghost || !line.placeholder.is_empty();
        let capture = Cmd::new("capture-pane").flag("-p");
        let capture = if is_styled { capture.flag("-e") } else { capture };
        let chain = [
            Cmd::new("display-message").flag("-p").option("-t", pane).param(STATE),
            capture.option("-t", pane),
        ];
        let text = server.read(&chain)?;
        Ok(if is_styled { Self::parse_styled(&text) } else { Self::parse(&text) })
    }

    /// Reads the state and the screen that follows it.
    pub(super) fn parse(text: &str) -> Self {
        let (state, screen) = text.split_once('\n').unwrap_or((text, ""));
        let rows = screen.lines().map(str::to_owned).collect();
        Self { state: state.to_owned(), rows, ghost: Vec::new() }
    }

    fn parse_styled(text: &str) -> Self {
        let (state, screen) = text.split_once('\n').unwrap_or((text, ""));
        let mut probe = Self { state: state.to_owned(), rows: Vec::new(), ghost: Vec::new() };
        let (_, cursor_row) = probe.cursor();
        for (at, row) in ghost::rows(screen).into_iter().enumerate() {
            if at == cursor_row {
                probe.ghost = row.is_dim;
            }
            probe.rows.push(row.text);
        }
        probe
    }

    /// Whether the visible screen shows a token, maybe wrapped within the frame of an input.
    pub(super) fn shows(&self, token: &str, line: &InputLine) -> bool {
        let rows: String = self.rows.iter().map(|row| line.bare(row)).collect();
        is_token_in(&rows, token)
    }

    fn field(&self, at: usize) -> &str {
        self.state.split(' ').nth(at).unwrap_or_default()
    }

    pub(super) fn cursor(&self) -> (usize, usize) {
        let number = |at| self.field(at).parse().unwrap_or(usize::MAX);
        (number(5), number(6))
    }

    /// When a person's keys were last passed on to the pane, in seconds of the system's clock; 0: never.
    fn keys_at(&self) -> u64 {
        let mark = self.field(8).strip_prefix("keys:").unwrap_or_default();
        mark.split('.').next().and_then(|at| at.parse().ok()).unwrap_or(0)
    }

    /// Whether keys were passed on to it just now.
    fn is_typed_into(&self, now: u64) -> bool {
        now.saturating_sub(self.keys_at()) <= TYPING_S
    }

    /// The screen as far as the input line is concerned.
    pub(super) fn place(&self) -> Place<'_> {
        let (x, y) = self.cursor();
        let side = |number| u16::try_from(number).unwrap_or(u16::MAX);
        Place { rows: &self.rows, cursor: (side(x), side(y)), ghost: &self.ghost }
    }

    /// Why the pane takes no text, whatever is on its screen.
    pub(super) fn disturbance(&self, order: &TypingOrder) -> Option<&'static str> {
        let is_on = |at| self.field(at) != "0" && !self.field(at).is_empty();
        if self.field(4) != order.spawn.to_string() {
            return Some("another life is in the pane");
        }
        let obstacles = [
            (0, "pane is dead"),
            (1, "copy mode"),
            (2, "input is off"),
            (7, "its panes are synchronized: keys would reach others too"),
        ];
        obstacles.into_iter().find(|(at, _)| is_on(*at)).map(|(_, reason)| reason)
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
        if order.input_line.is_empty_at(self.place()) {
            // Keys that were passed on may not show yet: what is typed now would stand behind them.
            let is_typed = self.keys_at() > 0 && self.is_typed_into(now(server)?);
            return Ok(is_typed.then(|| "a person is typing".to_owned()));
        }
        if !order.input_line.is_at(self.place()) {
            return Ok(Some("not at its prompt".to_owned()));
        }
        let reason = match is_person_typing(server, &order.pane.0, self)? {
            true => "a person is typing",
            false => "the input line is not empty",
        };
        Ok(Some(reason.to_owned()))
    }

    /// A condition of the server that holds only while the pane is as it was probed and, where the token
    /// stands in one row, still shows it: the program has not put anything else in its place.
    pub(super) fn unchanged(&self, token: &str) -> String {
        let same = format!("#{{==:{STATE},{}}}", self.state);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let is_shown = self.rows.iter().any(|row| row.contains(token));
        if !is_shown || token.is_empty() || !token.chars().all(is_plain) {
            return same;
        }
        format!("#{{&&:{same},#{{C:{token}}}}}")
    }
}

/// The server's clock, in seconds.
fn now(server: &Server) -> Result<u64, TerminalError> {
    let text = server.read(&[Cmd::new("display-message").flag("-p").param("%s")])?;
    Ok(text.trim().parse().unwrap_or(0))
}

/// Whether a client of a person shows this pane and had a key pressed just now, or keys were passed on to it.
fn is_person_typing(server: &Server, pane: &str, seen: &Probe) -> Result<bool, TerminalError> {
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
    Ok(seen.is_typed_into(now) || lines.any(is_recent))
}

/// A text as far as it can be compared with a screen: without white space.
pub(super) fn strip(text: &str) -> String {
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

    #[test]
    fn a_wrapped_token_is_still_seen() {
        assert!(is_token_in("\u{203a} see 0193\n  a1b2 ok", "0193a1b2"));
        assert!(!is_token_in("\u{203a}", ""));
    }

    #[test]
    fn dim_text_of_the_cursors_row_is_known_and_the_screen_is_plain() {
        let probe = Probe::parse_styled("0 0 0 9 s 2 1\n\u{1b}[1mtop\u{1b}[0m\n> \u{1b}[2mTry it");
        assert_eq!(probe.rows, ["top", "> Try it"]);
        assert_eq!(probe.place().ghost, [false, false, true, true, true, true, true, true]);
    }

    #[test]
    fn enter_depends_on_the_token_only_where_it_can_be_searched_for() {
        let shown = Probe::parse("0 0 0 9 s 5 0\n> ab-12\n");
        assert!(shown.unchanged("ab-12").contains("#{C:ab-12}"));
        assert!(!shown.unchanged("ab-13").contains("C:"), "it is wrapped, or folded");
        assert!(!shown.unchanged("a,b").contains("C:"));
    }
}
