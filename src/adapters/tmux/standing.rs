//! What stands in an input line: whether it is exactly a text of ours, the mark that a program shows in
//! place of a long one, or no longer there.
//!
//! White space does not count, because programs wrap and indent; the frame around the input does not
//! either, nor how marks that take no place of their own are shown (see `graphemes`). Everything else
//! does: one character more is a person's.

use super::graphemes::{ends_with, is_same};
use super::probe::{Probe, strip};
use crate::domain::runtime::InputLine;
use crate::domain::runtime::input_line::from_column;
use crate::domain::text::to_plain;
use crate::ports::terminals::TypingOrder;

impl Probe {
    /// Whether the input line is proven to hold exactly a text: from the prompt to the cursor nothing but
    /// it, and nothing behind.
    pub(super) fn holds(&self, order: &TypingOrder, text: &str) -> bool {
        let line = &order.input_line;
        let wanted = strip(&format!("{}{}", line.prompt, line.as_pasted(&to_plain(text))));
        self.typed_in(order).any(|shown| is_same(&strip(&shown), &wanted))
    }

    /// Whether it holds nothing but the mark that the program shows in place of a long text.
    pub(super) fn holds_folded(&self, order: &TypingOrder) -> bool {
        let line = &order.input_line;
        let prompt = line.prompt.trim_end();
        let is_mark = |shown: String| {
            let text = shown.strip_prefix(prompt).unwrap_or_default().trim();
            line.pasted.iter().any(|mark| mark.is_all_of(text))
        };
        !line.pasted.is_empty() && self.typed_in(order).any(is_mark)
    }

    /// Whether the order's text stands in the input line; of one that is longer than the screen, whether all
    /// that is on the screen down to the cursor is its end.
    pub(super) fn stands(&self, order: &TypingOrder) -> bool {
        if self.holds(order, &order.text) || self.holds_folded(order) {
            return true;
        }
        let whole = strip(&order.input_line.as_pasted(&to_plain(&order.text)));
        let token = strip(&order.token);
        let is_end = |shown: String| {
            // Its first row is not on the screen: what is there are further ones.
            let shown = strip(order.input_line.continued(&shown));
            ends_with(&whole, &shown) && shown.contains(&token)
        };
        self.shown_from(0, &order.input_line).is_some_and(is_end)
    }

    /// Whether the typed text no longer stands at the cursor: the input line is empty again, or the
    /// program has gone to work. An Enter that was taken for one more line's end has moved the cursor
    /// and nothing else: then all of the text still stands above it.
    pub(super) fn has_left(&self, typed: &Self, order: &TypingOrder) -> bool {
        let line = &order.input_line;
        if line.is_empty_at(self.place()) {
            return true;
        }
        if self.stands(order) {
            return false;
        }
        let before = strip(line.bare(typed.place().row()));
        let is_same = !before.is_empty() && strip(self.place().row()).contains(&before);
        !is_same && !line.is_at(self.place()) && self.cursor() != typed.cursor()
    }

    /// Whether an Enter has become one more line's end: all of the text still stands, and the cursor has gone on
    /// into an empty row of the input. On the screen that may be the same row as before: inputs at the bottom grow
    /// upwards. A program that has left its input shows the sent text too, but its cursor stands at the edge: an
    /// Enter there would be read by what comes next, and that may be a question.
    pub(super) fn has_a_line_more(&self, typed: &Self, order: &TypingOrder) -> bool {
        let line = &order.input_line;
        let row = self.place().row();
        let is_empty = line.bare(line.continued(row)).is_empty();
        let is_continued = row.starts_with(line.continuation.trim_end());
        let is_inside = line.home_column > 0 && self.cursor().0 == line.home(row);
        let has_moved = self.cursor() != typed.cursor();
        is_empty && is_continued && is_inside && has_moved && self.stands(order)
    }

    /// What stands between a prompt and the cursor, for each row above it that begins with one.
    fn typed_in<'p>(&'p self, order: &'p TypingOrder) -> impl Iterator<Item = String> + 'p {
        let line = &order.input_line;
        let is_free = self.disturbance(order).is_none();
        let rows = (0..=self.cursor().1).rev().take(if is_free { self.rows.len() } else { 0 });
        let begins = |at: &usize| self.rows.get(*at).is_some_and(|row| line.begins(row));
        rows.filter(begins).filter_map(|at| self.shown_from(at, line))
    }

    /// What is on the screen from a row down to the cursor, without frames, rows joined by a blank; none if
    /// something stands behind the cursor.
    fn shown_from(&self, first: usize, line: &InputLine) -> Option<String> {
        let (column, row) = self.cursor();
        let last = self.rows.get(row)?;
        let behind = from_column(last, column);
        if !line.bare(behind).is_empty() {
            return None;
        }
        let last = line.inner(last.strip_suffix(behind).unwrap_or(last));
        let above = self.rows.get(first..row)?.iter().map(|row| line.bare(row));
        let mut rows: Vec<&str> = above.chain([last]).collect();
        // What the program begins every further row with tells its input from what it prints below a sent one.
        let begins = line.continuation.trim_end();
        if !rows.iter().skip(1).all(|row| row.starts_with(begins)) {
            return None;
        }
        rows.iter_mut().skip(1).for_each(|row| *row = line.continued(row));
        Some(rows.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::runtime::pattern::Pattern;

    fn line() -> InputLine {
        InputLine {
            prompt: "\u{203a} ".to_owned(),
            home_column: 2,
            multiline: true,
            pasted: vec![Pattern::from(r"\[Pasted \d+ lines\]".to_owned())],
            ..InputLine::default()
        }
    }

    fn order(input_line: InputLine) -> TypingOrder {
        TypingOrder {
            agent: "A/b".parse().expect("an address"),
            spawn: uuid::Uuid::nil(),
            pane: crate::ports::terminals::PaneId("%1".to_owned()),
            input_line,
            text: "see\n| a b".to_owned(),
            short: String::new(),
            token: "a b".to_owned(),
            left_over: Vec::new(),
            deadline_ms: 0,
        }
    }

    fn at(order: &TypingOrder, x: u16, y: u16, rows: &str) -> Probe {
        Probe::parse(&format!("0 0 0 9 {} {x} {y}\n{rows}", order.spawn))
    }

    fn is_empty(probe: &Probe) -> bool {
        line().is_empty_at(probe.place())
    }

    #[test]
    fn an_input_line_is_empty_only_with_the_cursor_at_home_and_nothing_behind() {
        let at = |x: u16, text: &str| Probe::parse(&format!("0 0 0 9 s {x} 1\nbanner\n{text}\n"));
        assert!(is_empty(&at(2, "›")));
        assert!(!is_empty(&at(3, "›")));
        assert!(!is_empty(&at(2, "› half a sentence")));
        assert!(!is_empty(&at(2, "1. allow")));
    }

    #[test]
    fn a_left_over_is_known_only_when_it_stands_alone_between_prompt_and_cursor() {
        let order = order(line());
        let holds = |x, y, rows: &str| at(&order, x, y, rows).holds(&order, "see\n| a b");
        assert!(holds(7, 2, "banner\n› see\n  | a b\n"));
        assert!(!holds(9, 2, "banner\n› see\n  | a b c\n"), "a person typed on");
        assert!(!holds(6, 2, "banner\n› see\n  | a b\n"), "the cursor stands in it");
        assert!(!holds(7, 2, "banner\n› oh see\n  | a b\n"), "something stands before it");
        assert!(!holds(7, 2, "banner\n1. see\n  | a b\n"), "not at a prompt");
    }

    #[test]
    fn a_frame_around_the_input_does_not_count() {
        let framed = InputLine { frame: "│".to_owned(), home_column: 4, ..line() };
        let order = order(framed);
        let probe =
            at(&order, 9, 2, "╭───────────╮\n│ › see     │\n│   | a b   │\n╰───────────╯\n");
        assert!(probe.stands(&order));
        assert!(!probe.holds(&order, "see a b"));
    }

    #[test]
    fn what_the_program_writes_before_further_rows_and_for_a_tab_is_not_typed() {
        let repeated = InputLine {
            prompt: "> ".to_owned(),
            continuation: "> ".to_owned(),
            tab: "^I".to_owned(),
            ..line()
        };
        let order = TypingOrder { text: "see\n| a b\n|\n| \tc".to_owned(), ..order(repeated) };
        let shown = "banner\n> see\n> | a\n>  b\n> |\n> | ^Ic\n";
        assert!(at(&order, 7, 5, shown).stands(&order));
        assert!(!at(&order, 7, 5, &shown.replace("> see", "> > see")).stands(&order));
        assert!(!at(&order, 7, 5, &shown.replace("^I", "^II")).stands(&order));
        let scrolled = "> | a b\n> |\n> | ^Ic\n";
        assert!(at(&order, 7, 2, scrolled).stands(&order));
        assert!(!at(&order, 7, 2, &scrolled.replace("|\n", "| x\n")).stands(&order));
    }

    #[test]
    fn a_sent_text_above_an_empty_row_is_no_input_where_further_rows_have_a_mark() {
        let repeated =
            InputLine { prompt: "> ".to_owned(), continuation: "> ".to_owned(), ..line() };
        let order = order(repeated);
        let typed = at(&order, 7, 1, "> see\n> | a b\n");
        let sent = at(&order, 0, 2, "> see\n> | a b\n\n");
        assert!(typed.stands(&order) && sent.has_left(&typed, &order));
        assert!(!sent.has_a_line_more(&typed, &order), "a second Enter would answer a question");
        assert!(!sent.holds(&order, &order.text));
    }

    #[test]
    fn the_mark_of_a_folded_text_counts_only_alone() {
        let order = order(line());
        assert!(at(&order, 18, 0, "› [Pasted 2 lines]\n").stands(&order));
        assert!(!at(&order, 22, 0, "› [Pasted 2 lines] and\n").stands(&order));
        assert!(!at(&order, 18, 0, "› [Pasted 2 lines]\n").holds(&order, &order.text));
    }

    #[test]
    fn a_text_is_known_again_though_its_marks_are_shown_another_way() {
        let mut order = order(line());
        order.text = "see\n| e\u{301}te\u{301}\u{200b} a b".to_owned();
        for shown in ["e\u{301}te\u{301}", "\u{e9}t\u{e9}", "ete"] {
            let rows = format!("banner\n› see\n  | {shown} a b\n");
            assert!(at(&order, 11, 2, &rows).stands(&order), "{shown:?}");
        }
        for shown in ["\u{e9}t", "\u{e9}t\u{e9}s", "xte", "\u{e9}x\u{e9}"] {
            let rows = format!("banner\n› see\n  | {shown} a b\n");
            let end = 8 + u16::try_from(shown.chars().count()).expect("short");
            assert!(!at(&order, end, 2, &rows).stands(&order), "{shown:?}");
        }
    }

    #[test]
    fn a_text_that_the_program_escapes_is_known_as_it_shows_it() {
        let escaping = InputLine { escaped: "@".to_owned(), ..line() };
        let order = TypingOrder { text: "see\n| @ a b".to_owned(), ..order(escaping) };
        assert!(at(&order, 10, 1, "› see\n  | \\@ a b\n").holds(&order, &order.text));
        assert!(!at(&order, 10, 1, "› see\n  | \\# a b\n").holds(&order, &order.text));
    }

    #[test]
    fn a_text_that_stands_after_enter_has_not_left() {
        let order = order(line());
        let typed = at(&order, 7, 1, "› see\n  | a b\n");
        let same = at(&order, 7, 1, "› see\n  | a b\n");
        let working = at(&order, 0, 2, "› see\n  | a b\nworking\n");
        assert!(!same.has_left(&typed, &order));
        assert!(working.has_left(&typed, &order));
    }

    #[test]
    fn an_enter_that_became_a_line_of_the_text_has_submitted_nothing() {
        let order = order(line());
        let typed = at(&order, 7, 1, "› see\n  | a b\n");
        let longer = at(&order, 2, 2, "› see\n  | a b\n\n");
        assert!(!longer.has_left(&typed, &order));
        assert!(longer.holds(&order, &order.text), "it can still be submitted as it is");
        assert!(longer.has_a_line_more(&typed, &order));
        assert!(!typed.has_a_line_more(&typed, &order), "that Enter may still be on its way");
    }

    #[test]
    fn a_sent_text_above_a_cursor_at_the_edge_is_no_line_more() {
        let order = order(line());
        let typed = at(&order, 7, 1, "› see\n  | a b\n");
        let sent = at(&order, 0, 2, "› see\n  | a b\n\n");
        assert!(!sent.has_a_line_more(&typed, &order), "an Enter would answer its next question");
    }

    #[test]
    fn where_further_rows_begin_with_a_mark_a_line_more_has_one() {
        let order = order(InputLine { continuation: "› ".to_owned(), ..line() });
        let typed = at(&order, 7, 1, "› see\n› | a b\n");
        let longer = at(&order, 2, 2, "› see\n› | a b\n›\n");
        assert!(longer.has_a_line_more(&typed, &order));
        let sent = at(&order, 2, 2, "› see\n› | a b\n\n");
        assert!(!sent.has_a_line_more(&typed, &order));
    }
}
