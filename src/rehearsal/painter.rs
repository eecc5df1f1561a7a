//! Rows made bytes for the terminal: said rows scroll away above, live rows are drawn anew.
//!
//! Nothing is written when nothing changed. It never leaves the normal screen, so that all that an
//! agent said can be scrolled back.

use super::screen::{Live, Screen};

/// What is on the terminal.
#[derive(Debug, Default)]
pub(super) struct Painter {
    drawn: Option<Live>,
    size: (usize, usize),
}

impl Painter {
    /// The bytes that bring the terminal up to date.
    pub(super) fn paint(&mut self, screen: &mut Screen, size: (usize, usize)) -> String {
        let (width, height) = (size.0.max(10), size.1.max(4));
        let live = screen.live(width, height);
        let mut fresh = screen.take_fresh(width);
        let resized = self.drawn.is_some() && self.size != size;
        if !resized && fresh.is_empty() && self.drawn.as_ref() == Some(&live) {
            return String::new();
        }
        let mut out = self.to_top();
        if resized {
            // The terminal may have wrapped the old rows: their number is not known any more.
            out = "\x1b[H".to_owned();
            fresh = screen.last_rows(width, height.saturating_sub(live.rows.len()));
        }
        out.push_str("\x1b[J");
        for row in &fresh {
            out.push_str(row);
            out.push_str("\r\n");
        }
        out.push_str(&live.rows.join("\r\n"));
        let below = live.rows.len().saturating_sub(live.row + 1);
        out.push_str(&up(below));
        out.push('\r');
        if live.column > 0 {
            out.push_str(&format!("\x1b[{}C", live.column));
        }
        self.drawn = Some(live);
        self.size = size;
        out
    }

    /// The bytes that leave the cursor on a line of its own.
    pub(super) fn leave(&self) -> String {
        format!("{}\x1b[J", self.to_top())
    }

    fn to_top(&self) -> String {
        let row = self.drawn.as_ref().map_or(0, |live| live.row);
        format!("\r{}", up(row))
    }
}

fn up(rows: usize) -> String {
    if rows == 0 { String::new() } else { format!("\x1b[{rows}A") }
}

#[cfg(test)]
mod tests {
    use super::super::wire::{Kind, Mode, News};
    use super::*;

    #[test]
    fn nothing_is_written_when_nothing_changed() {
        let mut screen = Screen::new(&["banner".to_owned()]);
        screen.hear(News::Mode(Mode::Idle));
        let mut painter = Painter::default();
        let first = painter.paint(&mut screen, (80, 24));
        assert_eq!(first, "\r\x1b[Jbanner\r\n\u{203a} \r\x1b[2C");
        assert_eq!(painter.paint(&mut screen, (80, 24)), "");
    }

    #[test]
    fn said_rows_go_above_the_live_ones() {
        let mut screen = Screen::new(&[]);
        let mut painter = Painter::default();
        screen.hear(News::Mode(Mode::Waiting("Which?".into())));
        painter.paint(&mut screen, (80, 24));
        screen.hear(News::Line(Kind::Doing, "hello".into()));
        let bytes = painter.paint(&mut screen, (80, 24));
        assert!(
            bytes.starts_with("\r\x1b[1A\x1b[J\u{2022} hello\r\n\u{2022} waiting"),
            "{bytes:?}"
        );
    }

    #[test]
    fn a_new_size_draws_everything_anew_from_the_top() {
        let mut screen = Screen::new(&["banner".to_owned()]);
        let mut painter = Painter::default();
        painter.paint(&mut screen, (80, 24));
        let bytes = painter.paint(&mut screen, (40, 10));
        assert!(bytes.starts_with("\x1b[H\x1b[Jbanner\r\n"), "{bytes:?}");
    }
}
