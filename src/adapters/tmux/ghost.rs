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
    let mut pen = Style::default();
    screen.lines().map(|line| row(line, &mut pen)).collect()
}

fn row(line: &str, pen: &mut Style) -> Row {
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
                            pen.apply(&body);
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
                row.is_dim.push(pen.is_ghost());
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
struct Style {
    is_faint: bool,
    is_grey: bool,
}

impl Style {
    fn is_ghost(&self) -> bool {
        self.is_faint || self.is_grey
    }

    fn apply(&mut self, parameters: &str) {
        let number = |text: &str| text.parse::<u16>().unwrap_or(0);
        let mut words = parameters.split(';');
        while let Some(word) = words.next() {
            if let Some((first, parts)) = word.split_once(':') {
                // In this form all parts stand together; an underline's style is one of them.
                let mut parts = parts.split(':').filter(|part| !part.is_empty()).map(number);
                self.is_grey = match first {
                    "38" => is_grey(&mut parts),
                    _ => self.is_grey,
                };
                continue;
            }
            match number(word) {
                0 => *self = Self::default(),
                2 => self.is_faint = true,
                22 => self.is_faint = false,
                30..=37 | 39 | 91..=97 => self.is_grey = false,
                90 => self.is_grey = true,
                38 => self.is_grey = is_grey(&mut words.by_ref().map(number)),
                // Their numbers are colours, not styles.
                48 | 58 => drop(is_grey(&mut words.by_ref().map(number))),
                _ => {}
            }
        }
    }
}

/// Whether an extended colour is grey: bright black, the middle of the grey ramp, or equal parts that
/// are neither near black nor near white.
fn is_grey(numbers: &mut impl Iterator<Item = u16>) -> bool {
    match numbers.next() {
        Some(5) => matches!(numbers.next(), Some(8 | 236..=248)),
        Some(2) => {
            let mut part = || numbers.next().unwrap_or(0);
            let parts = [part(), part(), part()];
            let (low, high) = (parts.iter().min().copied(), parts.iter().max().copied());
            let (low, high) = (low.unwrap_or(0), high.unwrap_or(0));
            // A tinted grey, as themes have it, differs by a few steps; text that is meant to be read is lighter than 190.
            high - low <= 45 && low >= 60 && high <= 190
        }
        _ => false,
    }
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
