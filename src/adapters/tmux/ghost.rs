//! Ghost text: which characters of a styled screen are drawn dim, as programs draw what nobody typed.
//!
//! The screen is what `capture-pane -e` gives, whose colours go on from one row to the next. Only colours
//! and faintness are read; every other sequence is skipped. It does not judge what the text means.

/// For each visible character of a row that was captured alone whether it is faint, or grey.
pub fn flags(row: &str) -> Vec<bool> {
    rows(row).into_iter().next().map(|row| row.is_dim).unwrap_or_default()
}

/// A row of a screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Its characters.
    pub text: String,
    /// For each of them whether it is faint, or grey.
    pub is_dim: Vec<bool>,
}

/// The rows of a captured screen.
pub fn rows(screen: &str) -> Vec<Row> {
    let mut pen = Pen::default();
    screen.lines().map(|line| row(line, &mut pen)).collect()
}

fn row(line: &str, pen: &mut Pen) -> Row {
    let mut row = Row::default();
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, rest.peek().copied()) {
            ('\u{1b}', Some('[')) => {
                rest.next();
                let mut body = String::new();
                for c in rest.by_ref() {
                    if ('@'..='~').contains(&c) {
                        if c == 'm' {
                            pen.take(&body);
                        }
                        break;
                    }
                    body.push(c);
                }
            }
            ('\u{1b}', Some(']')) => skip_string(&mut rest),
            // A character set is named by one more letter.
            ('\u{1b}', Some('(' | ')')) => {
                rest.next();
                rest.next();
            }
            ('\u{1b}', _) => {
                rest.next();
            }
            // SO and SI choose a character set; they take no place.
            ('\u{e}' | '\u{f}', _) => {}
            _ => {
                row.text.push(c);
                row.is_dim.push(pen.is_faint || pen.is_grey);
            }
        }
    }
    row
}

/// Skips an operating system command up to its end: BEL, or ESC and a backslash.
fn skip_string(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while let Some(c) = rest.next() {
        match c {
            '\u{7}' => return,
            '\u{1b}' => {
                rest.next();
                return;
            }
            _ => {}
        }
    }
}

#[derive(Default)]
struct Pen {
    is_faint: bool,
    is_grey: bool,
}

impl Pen {
    fn take(&mut self, body: &str) {
        let codes: Vec<u16> =
            body.split([';', ':']).map(|code| code.parse().unwrap_or(0)).collect();
        let mut rest = codes.as_slice();
        while let Some((code, tail)) = rest.split_first() {
            rest = tail;
            match code {
                0 => *self = Self::default(),
                2 => self.is_faint = true,
                22 => self.is_faint = false,
                90 => self.is_grey = true,
                30..=37 | 39 | 91..=97 => self.is_grey = false,
                38 | 48 | 58 => {
                    let (grey, tail) = extended(tail);
                    rest = tail;
                    if *code == 38 {
                        self.is_grey = grey;
                    }
                }
                _ => {}
            }
        }
    }
}

/// An extended colour: whether it is a grey of middling lightness, and what follows it.
fn extended(codes: &[u16]) -> (bool, &[u16]) {
    match codes {
        // Bright black, and the greys of the 256 colours but the lightest, which are plain text.
        [5, colour, tail @ ..] => (*colour == 8 || (236..=248).contains(colour), tail),
        [2, red, green, blue, tail @ ..] => (is_grey(*red, *green, *blue), tail),
        _ => (false, &[]),
    }
}

/// Neither black nor near white, and without a colour that an eye would name.
fn is_grey(red: u16, green: u16, blue: u16) -> bool {
    let (least, most) = (red.min(green).min(blue), red.max(green).max(blue));
    // 70 to 180 of 255: what themes use for hints; 45: the tints that some of them have.
    most - least <= 45 && (70..=180).contains(&most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(row: &str) -> String {
        flags(row).into_iter().map(|is_dim| if is_dim { 'g' } else { '.' }).collect()
    }

    #[test]
    fn faint_and_grey_letters_are_ghosts_and_coloured_ones_are_not() {
        assert_eq!(shown("ab\u{1b}[2mcd\u{1b}[0me"), "..gg.");
        assert_eq!(shown("\u{1b}[38;5;244ma\u{1b}[39mb\u{1b}[90mc\u{1b}[1;31md"), "g.g.");
        assert_eq!(shown("\u{1b}[38;2;136;136;136ma\u{1b}[38;2;255;255;255mb"), "g.");
        assert_eq!(
            shown("\u{1b}[48;5;240ma\u{1b}[38;2;200;80;80mb"),
            "..",
            "a background is no ink"
        );
    }

    #[test]
    fn a_colour_goes_on_into_the_next_row() {
        let rows = rows("\u{1b}[2mab\nc\u{1b}[0md");
        assert_eq!((rows[1].text.as_str(), &rows[1].is_dim), ("cd", &vec![true, false]));
    }

    #[test]
    fn links_and_other_sequences_take_no_place() {
        assert_eq!(shown("\u{1b}]8;;x\u{1b}\\\u{1b}[2ma\u{1b}]8;;\u{7}b\u{1b}(Bc\u{e}d"), "gggg");
        assert_eq!(shown("\u{1b}["), "");
    }
}
