//! The screen as values: what was said, the mode, the input line; keys and news in, rows out.
//!
//! It does no output and knows no clock. Only at its prompt does it show the input line: in a dialog
//! Enter decides, and while it works a delivery has to wait.

use std::collections::VecDeque;

use super::input::{Input, width_of, wrap};
use super::keys::Key;
use super::wire::{Kind, Mode, News, Order};
use crate::domain::runtime::Runtime;
use crate::domain::text::to_plain;

/// What is to be done about a key or a piece of news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// Tell the worker.
    Order(Order),
    /// End with this status.
    End(u8),
}

/// The rows that change, at the bottom, with the cursor in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Live {
    /// At least one, none wider than the screen.
    pub(super) rows: Vec<String>,
    /// The cursor's row among them.
    pub(super) row: usize,
    /// The cursor's column.
    pub(super) column: usize,
}

/// Columns and rows.
type Size = (usize, usize);

/// What a text begins with that tells of messages.
const DELIVERY: &str = "[agency]";
/// More than any screen has rows: what a redraw after a new size can show.
const KEPT_LINES: usize = 400;

/// The whole screen.
#[derive(Debug)]
pub(super) struct Screen {
    mode: Mode,
    input: Input,
    lines: VecDeque<(Kind, String)>,
    fresh: usize,
    allows: bool,
    cancelled_once: bool,
}

impl Screen {
    pub(super) fn new(banner: &[String]) -> Self {
        let mut screen = Self {
            mode: Mode::Working("starting".to_owned()),
            input: Input::default(),
            lines: VecDeque::new(),
            fresh: 0,
            allows: true,
            cancelled_once: false,
        };
        banner.iter().for_each(|line| screen.say(Kind::Plain, line));
        screen
    }

    /// Takes a key.
    pub(super) fn press(&mut self, key: &Key) -> Option<Effect> {
        let cancelled_before = std::mem::take(&mut self.cancelled_once);
        match (&self.mode, key) {
            (Mode::Hung(_), _) => None,
            (_, Key::Cancel) if cancelled_before => Some(Effect::End(0)),
            (_, Key::Cancel) => {
                self.cancelled_once = true;
                self.input.clear();
                None
            }
            (Mode::Permission(_), key) => self.decide(&key.clone()),
            (_, Key::EndOfInput) if self.input.is_empty() => Some(Effect::End(0)),
            (Mode::Working(_) | Mode::Limited(_), Key::Escape) => {
                Some(Effect::Order(Order::Interrupt))
            }
            (_, Key::Enter) => self.submit(),
            (_, key) => {
                self.input.edit(key);
                None
            }
        }
    }

    /// In the dialog only its own keys do anything: a paste is dropped, as agent programs do.
    fn decide(&mut self, key: &Key) -> Option<Effect> {
        let allowed = match key {
            Key::Up | Key::Down => {
                self.allows = !self.allows;
                return None;
            }
            Key::Enter => self.allows,
            Key::Char('1' | 'y') => true,
            Key::Char('2' | 'n') | Key::Escape => false,
            Key::Char(_)
            | Key::Pasted(_)
            | Key::Backspace
            | Key::RemoveWord
            | Key::RemoveAll
            | Key::Cancel
            | Key::EndOfInput => return None,
        };
        let word = if allowed { "Allowed." } else { "Not allowed." };
        self.say(Kind::Doing, word);
        self.mode = Mode::Working("going on".to_owned());
        Some(Effect::Order(Order::Permission { allowed }))
    }

    fn submit(&mut self) -> Option<Effect> {
        let text = self.input.take();
        if text.trim().is_empty() {
            return None;
        }
        let queued = matches!(self.mode, Mode::Working(_) | Mode::Limited(_));
        self.say(Kind::Submitted, &text);
        if queued {
            self.say(Kind::Doing, "Queued until this is done.");
        }
        let is_delivery = text.trim_start().starts_with(DELIVERY);
        if is_delivery && !queued {
            // Until the worker has looked there is no input line: the next delivery waits for it.
            self.mode = Mode::Working("looking into the inbox".to_owned());
        }
        Some(Effect::Order(if is_delivery { Order::Look } else { Order::Note(text) }))
    }

    /// Takes a piece of news.
    pub(super) fn hear(&mut self, news: News) -> Option<Effect> {
        match news {
            News::Line(kind, text) => self.say(kind, &text),
            News::Mode(mode) => {
                self.allows = true;
                self.mode = mode;
            }
            News::Ends(status) => return Some(Effect::End(status)),
        }
        None
    }

    fn say(&mut self, kind: Kind, text: &str) {
        let text = to_plain(text);
        for (number, line) in text.split('\n').enumerate() {
            let kind = if number > 0 && kind != Kind::Output { Kind::Plain } else { kind };
            let line =
                if number > 0 && kind == Kind::Plain { format!("  {line}") } else { line.into() };
            self.lines.push_back((kind, line));
            self.fresh += 1;
        }
        while self.lines.len() > KEPT_LINES {
            self.lines.pop_front();
        }
    }

    /// The rows that were said since the last call.
    pub(super) fn take_fresh(&mut self, width: usize) -> Vec<String> {
        let fresh = std::mem::take(&mut self.fresh).min(self.lines.len());
        let old = self.lines.len() - fresh;
        self.lines.iter().skip(old).flat_map(|line| rows_of(line, width)).collect()
    }

    /// The last rows that were said, for a redraw of everything.
    pub(super) fn last_rows(&self, width: usize, most: usize) -> Vec<String> {
        let rows: Vec<String> = self.lines.iter().flat_map(|line| rows_of(line, width)).collect();
        rows.iter().skip(rows.len().saturating_sub(most)).cloned().collect()
    }

    /// The rows at the bottom.
    pub(super) fn live(&self, width: usize, height: usize) -> Live {
        let mut rows = Vec::new();
        if self.cancelled_once {
            rows.push(cut("  press Ctrl-C again to end", width));
        }
        match &self.mode {
            Mode::Idle => self.with_input(rows, width, height),
            Mode::Waiting(what) => {
                rows.push(cut(&format!("\u{2022} waiting for an answer: {what}"), width));
                self.with_input(rows, width, height)
            }
            Mode::Working(what) | Mode::Hung(what) => {
                let what = cut(what, width.saturating_sub(32));
                self.with_status(
                    rows,
                    &format!("\u{2022} working: {what} (esc to interrupt)"),
                    (width, height),
                )
            }
            Mode::Limited(what) => self.with_status(
                rows,
                &format!("\u{2022} usage limit reached: {what}"),
                (width, height),
            ),
            Mode::Permission(what) => self.with_dialog(rows, what, width),
        }
    }

    fn with_input(&self, mut rows: Vec<String>, width: usize, height: usize) -> Live {
        let room = height.saturating_sub(rows.len() + 1);
        let (input, column) = self.input.rows(width, room);
        rows.extend(input);
        Live {
            row: rows.len().saturating_sub(1),
            rows,
            column: column.min(width.saturating_sub(1)),
        }
    }

    /// What was typed meanwhile is kept and shown whole, but there is no input line at the cursor.
    fn with_status(&self, mut rows: Vec<String>, status: &str, (width, height): Size) -> Live {
        if !self.input.is_empty() {
            rows.push("  typed meanwhile:".to_owned());
            let room = height.saturating_sub(rows.len() + 2);
            let (input, _) = self.input.rows(width, room);
            let plain = |row: String| row.replacen(Runtime::REHEARSAL_PROMPT, "  ", 1);
            rows.extend(
                input.into_iter().enumerate().map(
                    |(number, row)| {
                        if number == 0 { plain(row) } else { row }
                    },
                ),
            );
        }
        rows.push(cut(status, width));
        Live { row: rows.len().saturating_sub(1), rows, column: 0 }
    }

    fn with_dialog(&self, mut rows: Vec<String>, what: &str, width: usize) -> Live {
        let (yes, no) = if self.allows { (">", " ") } else { (" ", ">") };
        rows.push("Allow this command?".to_owned());
        rows.push(cut(&format!("$ {what}"), width));
        rows.push(format!("{yes} 1. Yes"));
        rows.push(format!("{no} 2. No"));
        let up = if self.allows { 2 } else { 1 };
        Live { row: rows.len().saturating_sub(up), rows, column: 0 }
    }
}

/// One row of at most `width` columns, `…` for what is cut.
fn cut(text: &str, width: usize) -> String {
    let line = to_plain(text).replace('\n', " ");
    if width_of(&line) <= width {
        return line;
    }
    let first = wrap(&line, width.saturating_sub(1)).into_iter().next().unwrap_or_default();
    format!("{first}…")
}

fn rows_of((kind, line): &(Kind, String), width: usize) -> Vec<String> {
    let (first, further) = match kind {
        Kind::Doing => ("\u{2022} ", "  "),
        Kind::Output => ("  \u{2502} ", "  \u{2502} "),
        Kind::Problem => ("! ", "  "),
        Kind::Submitted => ("> ", "  "),
        Kind::Plain => ("", ""),
    };
    let pieces = wrap(line, width.saturating_sub(width_of(first)));
    let leads = std::iter::once(first).chain(std::iter::repeat(further));
    leads.zip(pieces).map(|(lead, piece)| format!("{lead}{piece}")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::keys::KeyDecoder;
    use super::*;

    fn at_prompt() -> Screen {
        let mut screen = Screen::new(&[]);
        screen.hear(News::Mode(Mode::Idle));
        screen
    }

    fn press(screen: &mut Screen, bytes: &[u8]) -> Vec<Effect> {
        let keys = KeyDecoder::default().decode(bytes);
        keys.iter().filter_map(|key| screen.press(key)).collect()
    }

    fn shows_empty_input_line(screen: &Screen) -> bool {
        let live = screen.live(80, 24);
        let wanted = Runtime::built_in("rehearsal").and_then(|runtime| runtime.input_line);
        let wanted = wanted.expect("the rehearsal runtime has an input line");
        live.rows[live.row].starts_with(&wanted.prompt)
            && live.column == usize::from(wanted.home_column)
    }

    #[test]
    fn only_the_prompt_shows_an_empty_input_line_at_the_cursor() {
        let mut screen = at_prompt();
        assert!(shows_empty_input_line(&screen));
        screen.hear(News::Mode(Mode::Waiting("Which?".into())));
        assert!(shows_empty_input_line(&screen));
        let others = [
            Mode::Working("x".into()),
            Mode::Permission("rm".into()),
            Mode::Limited("x".into()),
            Mode::Hung("x".into()),
        ];
        for mode in others {
            screen.hear(News::Mode(mode.clone()));
            assert!(!shows_empty_input_line(&screen), "{mode:?}");
        }
    }

    #[test]
    fn a_pasted_delivery_stays_visible_until_enter_and_is_then_an_order_to_look() {
        let mut screen = at_prompt();
        assert_eq!(
            press(&mut screen, b"\x1b[200~[agency] task, message 0190\n| do it\x1b[201~"),
            []
        );
        let live = screen.live(80, 24);
        assert_eq!(live.rows, ["\u{203a} [agency] task, message 0190", "  | do it"]);
        assert!(!shows_empty_input_line(&screen));
        assert_eq!(press(&mut screen, b"\r"), [Effect::Order(Order::Look)]);
        assert!(!shows_empty_input_line(&screen), "not before the worker has looked");
        screen.hear(News::Mode(Mode::Idle));
        assert!(shows_empty_input_line(&screen));
        assert_eq!(screen.take_fresh(80), ["> [agency] task, message 0190", "  | do it"]);
    }

    #[test]
    fn a_typed_text_is_a_note_and_an_empty_line_is_nothing() {
        let mut screen = at_prompt();
        assert_eq!(press(&mut screen, b"\r  \r"), []);
        assert!(shows_empty_input_line(&screen));
        assert_eq!(press(&mut screen, b"blue\r"), [Effect::Order(Order::Note("blue".into()))]);
    }

    #[test]
    fn what_is_typed_while_it_works_is_kept_and_shown() {
        let mut screen = at_prompt();
        screen.hear(News::Mode(Mode::Working("TASK-001 run tests".into())));
        press(&mut screen, b"hello");
        let rows = screen.live(80, 24).rows;
        assert_eq!(
            rows,
            [
                "  typed meanwhile:",
                "  hello",
                "\u{2022} working: TASK-001 run tests (esc to interrupt)"
            ]
        );
        screen.hear(News::Mode(Mode::Idle));
        assert_eq!(screen.live(80, 24).rows, ["\u{203a} hello"]);
    }

    #[test]
    fn enter_in_the_dialog_approves_and_a_paste_does_nothing() {
        let mut screen = at_prompt();
        screen.hear(News::Mode(Mode::Permission("touch proof".into())));
        assert_eq!(press(&mut screen, b"\x1b[200~[agency] hello\x1b[201~"), []);
        assert_eq!(press(&mut screen, b"\r"), [Effect::Order(Order::Permission { allowed: true })]);
        screen.hear(News::Mode(Mode::Permission("touch proof".into())));
        let answer = press(&mut screen, b"\x1b[B\r");
        assert_eq!(answer, [Effect::Order(Order::Permission { allowed: false })]);
    }

    #[test]
    fn ctrl_c_twice_ends_and_any_other_key_between_forgets_the_first() {
        let mut screen = at_prompt();
        assert_eq!(press(&mut screen, b"text\x03"), []);
        assert!(screen.live(80, 24).rows[0].contains("again"));
        assert_eq!(press(&mut screen, b"x\x03"), []);
        assert_eq!(press(&mut screen, b"\x03"), [Effect::End(0)]);
    }

    #[test]
    fn ctrl_d_ends_only_on_an_empty_line_and_a_hung_one_takes_no_key() {
        let mut screen = at_prompt();
        assert_eq!(press(&mut screen, b"x\x04"), []);
        assert_eq!(press(&mut screen, b"\x7f\x04"), [Effect::End(0)]);
        screen.hear(News::Mode(Mode::Hung("x".into())));
        assert_eq!(press(&mut screen, b"\x03\x03\x04"), []);
    }

    #[test]
    fn no_row_is_wider_than_the_screen() {
        let mut screen = at_prompt();
        screen.hear(News::Line(Kind::Output, "世界".repeat(30)));
        press(&mut screen, "長い".repeat(30).as_bytes());
        let long = "とても".repeat(30);
        for mode in [
            Mode::Idle,
            Mode::Waiting(long.clone()),
            Mode::Working(long.clone()),
            Mode::Limited(long),
        ] {
            screen.hear(News::Mode(mode.clone()));
            for width in [40, 41, 80] {
                let live = screen.live(width, 24);
                let rows = screen.last_rows(width, 100);
                let widest = live.rows.iter().chain(&rows).map(|row| width_of(row)).max();
                assert!(widest <= Some(width), "{width}: {live:?}");
                assert!(live.column < width);
            }
        }
    }

    #[test]
    fn escape_sequences_in_output_lose_their_power() {
        let mut screen = at_prompt();
        screen.hear(News::Line(Kind::Output, "a\u{1b}[2Jb\u{7}".into()));
        assert_eq!(screen.take_fresh(80), ["  \u{2502} a[2Jb"]);
    }
}
