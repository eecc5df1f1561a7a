//! Bytes from a terminal, decoded into keys and pastes (ECMA-48 control sequences, xterm's keys).
//!
//! Decoding is done here and not by a library that also reads, because such a reader cannot be
//! stopped without taking keys that are meant for another program, and loses keys that come together
//! with a change of size. What is not known is skipped whole; nothing is read or waited for here.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Something that a person did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Key(KeyEvent),
    /// A bracketed paste.
    Paste(String),
}

/// Bytes that are not a whole key yet.
#[derive(Debug, Default)]
pub struct Decoder {
    pending: Vec<u8>,
    pasting: bool,
}

/// What stands at the beginning of the bytes.
enum Step {
    Key(KeyEvent, usize),
    PasteStart(usize),
    Skip(usize),
    More,
}

const ESC: u8 = 0x1b;
const PASTE_END: &[u8] = b"\x1b[201~";
/// No control sequence of a key is longer; what is, is not one.
const LONGEST_SEQUENCE: usize = 32;

impl Decoder {
    /// Takes in what was read; returns what is complete.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        self.pending.extend_from_slice(bytes);
        let mut inputs = Vec::new();
        while let Some(input) = self.next() {
            inputs.extend(input);
        }
        inputs
    }

    /// Whether something has begun that is a key by itself if nothing follows soon.
    pub fn is_undecided(&self) -> bool {
        !self.pasting && !self.pending.is_empty()
    }

    /// Nothing followed: a lone escape is the key of that name, one with the first half of a sequence that key
    /// with Alt; other beginnings are nothing.
    pub fn settle(&mut self) -> Option<Input> {
        let pending = std::mem::take(&mut self.pending);
        match pending.as_slice() {
            [ESC] => Some(Input::Key(KeyCode::Esc.into())),
            [ESC, half @ (b'[' | b'O')] => {
                let code = KeyCode::Char(char::from(*half));
                Some(Input::Key(KeyEvent::new(code, KeyModifiers::ALT)))
            }
            _ => None,
        }
    }

    /// One step; none: more bytes are needed. An empty step was skipped.
    fn next(&mut self) -> Option<Option<Input>> {
        if self.pasting {
            let end = self.pending.windows(PASTE_END.len()).position(|part| part == PASTE_END)?;
            let text: Vec<u8> = self.pending.drain(..end).collect();
            self.pending.drain(..PASTE_END.len());
            self.pasting = false;
            return Some(Some(Input::Paste(String::from_utf8_lossy(&text).into_owned())));
        }
        let (input, used) = match step(&self.pending) {
            Step::Key(key, used) => (Some(Input::Key(key)), used),
            Step::PasteStart(used) => {
                self.pasting = true;
                (None, used)
            }
            Step::Skip(used) => (None, used),
            Step::More => return None,
        };
        self.pending.drain(..used.min(self.pending.len()));
        Some(input)
    }
}

fn step(bytes: &[u8]) -> Step {
    match bytes {
        [] | [ESC] => Step::More,
        [ESC, b'[', rest @ ..] => control_sequence(rest),
        [ESC, b'O'] => Step::More,
        [ESC, b'O', last, ..] => match named(*last) {
            Some(code) => Step::Key(code.into(), 3),
            None => Step::Skip(3),
        },
        [ESC, ESC, ..] => Step::Key(KeyCode::Esc.into(), 1),
        [ESC, rest @ ..] => match plain(rest) {
            Step::Key(key, used) => {
                let modifiers = key.modifiers | KeyModifiers::ALT;
                Step::Key(KeyEvent::new(key.code, modifiers), used + 1)
            }
            Step::Skip(used) => Step::Skip(used + 1),
            Step::PasteStart(_) | Step::More => Step::More,
        },
        _ => plain(bytes),
    }
}

/// A key that is no sequence: a character, or a control character.
fn plain(bytes: &[u8]) -> Step {
    let Some(first) = bytes.first().copied() else { return Step::More };
    match first {
        b'\r' => Step::Key(KeyCode::Enter.into(), 1),
        b'\t' => Step::Key(KeyCode::Tab.into(), 1),
        0x7f => Step::Key(KeyCode::Backspace.into(), 1),
        0x1b => Step::Skip(1),
        0x00..=0x1f => {
            // The key that makes it: Ctrl with a small letter, Space, or one of `\ ] ^ _`.
            let key = match first {
                0x00 => b' ',
                0x01..=0x1a => first - 1 + b'a',
                _ => first + 0x40,
            };
            Step::Key(KeyEvent::new(KeyCode::Char(char::from(key)), KeyModifiers::CONTROL), 1)
        }
        _ => character(bytes, first),
    }
}

fn character(bytes: &[u8], first: u8) -> Step {
    let length = match first {
        0x00..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Step::Skip(1),
    };
    let Some(encoded) = bytes.get(..length) else { return Step::More };
    match std::str::from_utf8(encoded).ok().and_then(|text| text.chars().next()) {
        Some(c) => Step::Key(KeyCode::Char(c).into(), length),
        None => Step::Skip(1),
    }
}

/// What follows `ESC [`: parameters, then one final byte.
fn control_sequence(rest: &[u8]) -> Step {
    let Some(end) = rest.iter().position(|byte| (0x40..=0x7e).contains(byte)) else {
        return if rest.len() > LONGEST_SEQUENCE { Step::Skip(rest.len() + 2) } else { Step::More };
    };
    let used = end + 3;
    let (Some(parameters), Some(last)) = (rest.get(..end), rest.get(end)) else {
        return Step::Skip(used);
    };
    let text = std::str::from_utf8(parameters).unwrap_or_default();
    let mut numbers = text.split(';').map(|number| {
        // Behind a colon stands what only other keyboards would have said.
        number.split(':').next().and_then(|number| number.parse::<u32>().ok()).unwrap_or(0)
    });
    let first = numbers.next().unwrap_or(0);
    let modifiers = modifiers(numbers.next().unwrap_or(0));
    let code = match (*last, first) {
        // Keys with modifiers as a terminal says them that was asked to by whoever is around us.
        (b'u', code) => return told(code, modifiers, used),
        (b'~', 27) => return told(numbers.next().unwrap_or(0), modifiers, used),
        (b'~', 200) => return Step::PasteStart(used),
        (b'~', 1 | 7) => KeyCode::Home,
        (b'~', 2) => KeyCode::Insert,
        (b'~', 3) => KeyCode::Delete,
        (b'~', 4 | 8) => KeyCode::End,
        (b'~', 5) => KeyCode::PageUp,
        (b'~', 6) => KeyCode::PageDown,
        (b'~', number) => match function(number) {
            Some(code) => code,
            None => return Step::Skip(used),
        },
        (b'Z', _) => KeyCode::BackTab,
        (last, _) => match named(last) {
            Some(code) => code,
            None => return Step::Skip(used),
        },
    };
    Step::Key(KeyEvent::new(code, modifiers), used)
}

/// A key that is told by its number (`CSI u`, and xterm's other keys).
fn told(code: u32, modifiers: KeyModifiers, used: usize) -> Step {
    let code = match code {
        9 => KeyCode::Tab,
        13 => KeyCode::Enter,
        27 => KeyCode::Esc,
        8 | 127 => KeyCode::Backspace,
        other => match char::from_u32(other).filter(|c| !c.is_control()) {
            Some(c) => KeyCode::Char(c),
            None => return Step::Skip(used),
        },
    };
    Step::Key(KeyEvent::new(code, modifiers), used)
}

/// Function keys by their number; the gaps are older keyboards'.
fn function(number: u32) -> Option<KeyCode> {
    let key = match number {
        11..=15 => number - 10,
        17..=21 => number - 11,
        23 | 24 => number - 12,
        _ => return None,
    };
    u8::try_from(key).ok().map(KeyCode::F)
}

/// The keys that are told by their final byte.
fn named(last: u8) -> Option<KeyCode> {
    match last {
        b'A' => Some(KeyCode::Up),
        b'B' => Some(KeyCode::Down),
        b'C' => Some(KeyCode::Right),
        b'D' => Some(KeyCode::Left),
        b'F' => Some(KeyCode::End),
        b'H' => Some(KeyCode::Home),
        b'M' => Some(KeyCode::Enter),
        b'P' => Some(KeyCode::F(1)),
        b'Q' => Some(KeyCode::F(2)),
        b'R' => Some(KeyCode::F(3)),
        b'S' => Some(KeyCode::F(4)),
        _ => None,
    }
}

/// xterm's modifier parameter: one more than the bits for Shift, Alt and Control.
fn modifiers(parameter: u32) -> KeyModifiers {
    let bits = parameter.saturating_sub(1);
    let pairs = [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)];
    let held = pairs.into_iter().filter(|(bit, _)| bits & bit != 0);
    held.fold(KeyModifiers::NONE, |all, (_, one)| all | one)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(code: KeyCode) -> Input {
        Input::Key(code.into())
    }

    fn with(code: KeyCode, modifiers: KeyModifiers) -> Input {
        Input::Key(KeyEvent::new(code, modifiers))
    }

    #[test]
    fn the_keys_of_terminals_are_known() {
        let all = b"a\xe6\xbc\xa2\r\t\x7f\x03\x1b[A\x1bOB\x1b[1;5C\x1b[5~\x1b[Z\x1bx\x1b\r";
        assert_eq!(
            Decoder::default().feed(all),
            [
                key(KeyCode::Char('a')),
                key(KeyCode::Char('漢')),
                key(KeyCode::Enter),
                key(KeyCode::Tab),
                key(KeyCode::Backspace),
                with(KeyCode::Char('c'), KeyModifiers::CONTROL),
                key(KeyCode::Up),
                key(KeyCode::Down),
                with(KeyCode::Right, KeyModifiers::CONTROL),
                key(KeyCode::PageUp),
                key(KeyCode::BackTab),
                with(KeyCode::Char('x'), KeyModifiers::ALT),
                with(KeyCode::Enter, KeyModifiers::ALT),
            ]
        );
    }

    #[test]
    fn a_lone_escape_is_a_key_only_when_nothing_follows() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.feed(b"\x1b"), []);
        assert!(decoder.is_undecided());
        assert_eq!(decoder.settle(), Some(key(KeyCode::Esc)));
        assert_eq!(decoder.feed(b"\x1b"), []);
        assert_eq!(decoder.feed(b"[B"), [key(KeyCode::Down)]);
        assert!(!decoder.is_undecided());
    }

    #[test]
    fn keys_that_only_programs_in_panes_want_are_known_too() {
        let all = b"\n\x08\x00\x1d\x1c\x1bOP\x1b[15~\x1b[24;2~\x1b[2~\x1b[1;3P\x1b[97;5u\x1b[27;5;13~\x1b;";
        let control = |c| with(KeyCode::Char(c), KeyModifiers::CONTROL);
        assert_eq!(
            Decoder::default().feed(all),
            [
                control('j'),
                control('h'),
                control(' '),
                control(']'),
                control('\\'),
                key(KeyCode::F(1)),
                key(KeyCode::F(5)),
                with(KeyCode::F(12), KeyModifiers::SHIFT),
                key(KeyCode::Insert),
                with(KeyCode::F(1), KeyModifiers::ALT),
                control('a'),
                with(KeyCode::Enter, KeyModifiers::CONTROL),
                with(KeyCode::Char(';'), KeyModifiers::ALT),
            ]
        );
        let mut decoder = Decoder::default();
        assert_eq!(decoder.feed(b"\x1b["), []);
        assert_eq!(decoder.settle(), Some(with(KeyCode::Char('['), KeyModifiers::ALT)));
    }

    #[test]
    fn a_paste_is_one_thing_whatever_is_in_it() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.feed(b"\x1b[200~y\rq\x1b[20"), []);
        assert!(!decoder.is_undecided(), "a slow paste is not torn");
        let rest = decoder.feed(b"1~\x1b[201~j");
        assert_eq!(rest, [Input::Paste("y\rq".to_owned()), key(KeyCode::Char('j'))]);
    }

    #[test]
    fn unknown_sequences_are_skipped_whole() {
        let inputs = Decoder::default().feed(b"\x1b[<35;12;7M\x1b[?1;2c\x1bOPk");
        assert_eq!(inputs.last(), Some(&key(KeyCode::Char('k'))));
        assert!(!inputs.contains(&key(KeyCode::Char('c'))));
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_are_survived_and_give_the_same(bytes: Vec<u8>, piece in 1_usize..9) {
            let whole = Decoder::default().feed(&bytes);
            let mut decoder = Decoder::default();
            let parts: Vec<Input> = bytes.chunks(piece).flat_map(|part| decoder.feed(part)).collect();
            prop_assert_eq!(whole, parts);
        }
    }
}
