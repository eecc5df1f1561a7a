//! Bytes of a terminal made keys: text, pasted text, and the few keys that mean something here.
//!
//! Bytes may arrive cut anywhere; what is not yet a whole key is kept for the next piece. An
//! escape sequence that means nothing here is swallowed whole, so that it never ends up as text.

/// What was pressed or pasted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// A character.
    Char(char),
    /// A whole bracketed paste.
    Pasted(String),
    /// Submit, or take the chosen answer.
    Enter,
    /// Remove the last character.
    Backspace,
    /// Remove the last word.
    RemoveWord,
    /// Remove everything.
    RemoveAll,
    /// Up.
    Up,
    /// Down.
    Down,
    /// Interrupt.
    Escape,
    /// Ctrl-C.
    Cancel,
    /// Ctrl-D.
    EndOfInput,
}

const PASTE_BEGIN: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";
/// Four times the largest message: a paste that never ends must not fill the memory.
const LONGEST_PASTE: usize = 4 * 1024 * 1024;

/// Keeps what is not yet a whole key.
#[derive(Debug, Default)]
pub(super) struct KeyDecoder {
    pending: Vec<u8>,
}

impl KeyDecoder {
    /// Takes the next piece of bytes; gives the keys that are whole now.
    pub(super) fn decode(&mut self, bytes: &[u8]) -> Vec<Key> {
        self.pending.extend_from_slice(bytes);
        let mut keys = Vec::new();
        let mut rest = std::mem::take(&mut self.pending);
        while !rest.is_empty() {
            let Some((used, key)) = next_key(&rest) else { break };
            keys.extend(key);
            rest.drain(..used.min(rest.len()));
        }
        // A lone escape is the key itself: programs send sequences in one piece.
        if rest == b"\x1b" {
            keys.push(Key::Escape);
            rest.clear();
        }
        self.pending = rest;
        keys
    }
}

/// The first key and how many bytes it is; none when more bytes are needed.
fn next_key(bytes: &[u8]) -> Option<(usize, Option<Key>)> {
    let first = *bytes.first()?;
    let key = match first {
        0x1b => return escape(bytes),
        b'\r' => Key::Enter,
        b'\n' => Key::Char('\n'),
        0x7f | 0x08 => Key::Backspace,
        0x17 => Key::RemoveWord,
        0x15 => Key::RemoveAll,
        0x03 => Key::Cancel,
        0x04 => Key::EndOfInput,
        b'\t' => Key::Char('\t'),
        0x00..=0x1f => return Some((1, None)),
        _ => return character(bytes, first),
    };
    Some((1, Some(key)))
}

fn character(bytes: &[u8], first: u8) -> Option<(usize, Option<Key>)> {
    let length = match first {
        0x00..=0x7f => 1,
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf7 => 4,
        0x80..=0xbf | 0xf8..=0xff => return Some((1, None)),
    };
    let piece = bytes.get(..length)?;
    match std::str::from_utf8(piece).ok().and_then(|text| text.chars().next()) {
        Some(c) => Some((length, Some(Key::Char(c)))),
        None => Some((1, None)),
    }
}

fn escape(bytes: &[u8]) -> Option<(usize, Option<Key>)> {
    if bytes.starts_with(PASTE_BEGIN) {
        return paste(bytes);
    }
    match bytes.get(1)? {
        b'[' => {
            let end = bytes.iter().skip(2).position(|byte| (0x40..=0x7e).contains(byte))? + 2;
            let key = match bytes.get(2..=end)? {
                b"A" => Some(Key::Up),
                b"B" => Some(Key::Down),
                _ => None,
            };
            Some((end + 1, key))
        }
        b'O' => {
            let key = match bytes.get(2)? {
                b'A' => Some(Key::Up),
                b'B' => Some(Key::Down),
                _ => None,
            };
            Some((3, key))
        }
        // Alt-Enter is a new line in every agent program that has one.
        b'\r' => Some((2, Some(Key::Char('\n')))),
        0x1b => Some((1, Some(Key::Escape))),
        _ => Some((2, None)),
    }
}

fn paste(bytes: &[u8]) -> Option<(usize, Option<Key>)> {
    let body = bytes.get(PASTE_BEGIN.len()..)?;
    let end = body.windows(PASTE_END.len()).position(|window| window == PASTE_END);
    let end = match end {
        Some(end) => end,
        None if body.len() > LONGEST_PASTE => return Some((bytes.len(), None)),
        None => return None,
    };
    let text = String::from_utf8_lossy(body.get(..end)?);
    let text = crate::domain::text::to_plain(&text);
    Some((PASTE_BEGIN.len() + end + PASTE_END.len(), Some(Key::Pasted(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keys_and_wide_characters_survive_any_cut() {
        let bytes = "aé世\r\x1b[A\x7f".as_bytes();
        for cut in 0..=bytes.len() {
            let mut decoder = KeyDecoder::default();
            let (one, two) = bytes.split_at(cut);
            let mut keys = decoder.decode(one);
            keys.extend(decoder.decode(two));
            let escape_was_cut = one.ends_with(b"\x1b");
            if !escape_was_cut {
                let wanted = [
                    Key::Char('a'),
                    Key::Char('é'),
                    Key::Char('世'),
                    Key::Enter,
                    Key::Up,
                    Key::Backspace,
                ];
                assert_eq!(keys, wanted, "cut at {cut}");
            }
        }
    }

    #[test]
    fn a_paste_is_one_key_even_with_line_ends_and_control_characters_in_it() {
        let mut decoder = KeyDecoder::default();
        assert_eq!(decoder.decode(b"\x1b[200~one\r"), []);
        let keys = decoder.decode(b"two\x03\x1b[201~\r");
        assert_eq!(keys, [Key::Pasted("one\ntwo".to_owned()), Key::Enter]);
    }

    #[test]
    fn a_sequence_without_meaning_is_swallowed_whole() {
        let mut decoder = KeyDecoder::default();
        assert_eq!(decoder.decode(b"\x1b[1;5Cx\x1bOPy\x00\xff"), [Key::Char('x'), Key::Char('y')]);
    }

    #[test]
    fn a_lone_escape_is_a_key() {
        assert_eq!(KeyDecoder::default().decode(b"\x1b"), [Key::Escape]);
    }
}
