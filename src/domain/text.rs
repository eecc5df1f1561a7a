//! Text from outside, made safe to show: what an agent or a repository says is data.
//!
//! Control characters are taken out before anything is measured, cut or printed.

/// Drops control characters other than newline and tab, also C1 and the bidirectional overrides, and
/// makes everything that somebody may read as the end of a line a newline (Unicode, UAX 14: CR LF, CR, VT,
/// FF, NEL, LS, PS). What is left can be put on a screen or into a pane.
pub fn to_plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(LINE_ENDS, "\n");
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !is_unsafe(*c)).collect()
}

const LINE_ENDS: [char; 6] = ['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

/// The same in one line, white space folded, at most `limit` characters, `…` for what is cut.
pub fn to_line(text: &str, limit: usize) -> String {
    let line = to_plain(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= limit {
        return line;
    }
    let mut cut: String = line.chars().take(limit.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_sequence_loses_its_power() {
        assert_eq!(to_plain("a\u{1b}[201~b\r\nc\td\u{9b}x\u{202e}y"), "a[201~b\nc\tdxy");
    }

    #[test]
    fn a_long_line_is_cut_with_an_ellipsis() {
        assert_eq!(to_line("one\n two  three", 8), "one two…");
        assert_eq!(to_line("short", 8), "short");
    }
}
