//! Keys of a person for one pane, in tmux's words.
//!
//! Characters and control characters go as the bytes that a terminal would send; keys that a program can ask
//! to hear in several ways (arrows, function keys, Backspace) go by name, so that tmux says it as that pane's
//! program wants it. Whether pane and life are those that are seen is asked in the same command of the server
//! that presses, and the same command leaves a mark by which whoever types texts knows of the person.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::command::Cmd;
use super::pause::rest;
use super::server::Server;
use crate::ports::terminals::TerminalError;
use crate::ports::terminals::viewing::{Held, Key, KeysOrder, Pressed, Stroke};

/// The pane option that tells when a person's keys were last passed on: seconds, then what makes it unique.
pub(super) const MARK: &str = "@agency_keys";

/// What must be so, and is answered when it is not.
const STATE: &str =
    "#{pane_dead} #{pane_in_mode} #{pane_input_off} #{pane_synchronized} #{@agency_spawn}";

/// What the answer of a refusal begins with.
const REFUSED: &str = "agency-refused";

/// Between a lone Escape and the next key: read together, they would be another key. Programs wait longer
/// only for what follows at once.
const AFTER_ESCAPE: Duration = Duration::from_millis(12);

/// Bytes in one command: far below what any version takes in a line.
const PIECE: usize = 1024;

/// Presses the keys of an order, up to the first part that is refused.
pub(super) fn press(server: &Server, order: &KeysOrder) -> Result<Pressed, TerminalError> {
    let is_lone_escape = |stroke: &Stroke| *stroke == Stroke::Key(Key::Esc, Held::default());
    let parts = order.strokes.split_inclusive(is_lone_escape);
    for (at, part) in parts.enumerate() {
        if at > 0 {
            rest(AFTER_ESCAPE);
        }
        let pressed = press_part(server, order, part)?;
        if pressed != Pressed::Taken {
            return Ok(pressed);
        }
    }
    Ok(Pressed::Taken)
}

fn press_part(
    server: &Server,
    order: &KeysOrder,
    strokes: &[Stroke],
) -> Result<Pressed, TerminalError> {
    let Some(pane) = plain(&order.pane.0) else { return Ok(refused("the pane is gone")) };
    let Script { mut chain, commands, undo } = Script::of(strokes, pane);
    let mark = format!("set-optio -p -t {pane} {MARK} {}.{}", order.at.as_second(), unique());
    let commands = [vec![mark], commands].concat().join(" ; ");
    let say = format!("display-messag -p -t {pane} \"{REFUSED} {STATE}\"");
    let otherwise = [undo, vec![say]].concat().join(" ; ");
    chain.push(
        Cmd::new("if-shell")
            .flag("-F")
            .option("-t", pane)
            .param(format!("#{{==:{STATE},0 0 0 0 {}}}", order.spawn))
            .param(commands)
            .param(otherwise),
    );
    match server.ask(&chain) {
        Ok(answer) => Ok(match answer.split_once(REFUSED) {
            None => Pressed::Taken,
            Some((_, state)) => refused(reason(state.trim(), &order.spawn.to_string())),
        }),
        Err(TerminalError::Refused { .. } | TerminalError::NoServer) => {
            Ok(refused("the pane is gone"))
        }
        Err(error) => Err(error),
    }
}

fn refused(reason: &str) -> Pressed {
    Pressed::Refused { reason: reason.to_owned() }
}

/// Why a pane in that state takes no keys.
fn reason(state: &str, spawn: &str) -> &'static str {
    let fields: Vec<&str> = state.split(' ').collect();
    match fields.as_slice() {
        [_, _, _, _, found] if *found != spawn => "another life is in the pane",
        ["1", ..] => "the pane is dead",
        [_, mode, ..] if *mode != "0" => "somebody looks back in it (copy mode)",
        [_, _, "1", ..] => "its input is off",
        _ => "its panes are synchronized: keys would reach others too",
    }
}

/// A pane's id as it may stand in a command.
fn plain(pane: &str) -> Option<&str> {
    let number = pane.strip_prefix('%')?;
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(pane)
}

fn unique() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{}.{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Strokes as commands. None holds a character that tmux's parser could take for its own, or has a name that an alias could
/// have (see `unaliased`).
struct Script {
    /// What is run before the pane is looked at: the texts to paste.
    chain: Vec<Cmd>,
    /// What presses.
    commands: Vec<String>,
    /// What takes back the first.
    undo: Vec<String>,
}

/// One stroke as the server takes it.
enum Sent {
    Bytes(Vec<u8>),
    Name(String),
}

impl Script {
    fn of(strokes: &[Stroke], pane: &str) -> Self {
        let mut script = Self { chain: Vec::new(), commands: Vec::new(), undo: Vec::new() };
        let mut bytes = Vec::new();
        for stroke in strokes {
            match stroke {
                Stroke::Paste(text) => {
                    script.flush(&mut bytes, pane);
                    script.paste(text, pane);
                }
                Stroke::Key(key, held) => match sent(*key, *held) {
                    Sent::Bytes(more) => bytes.extend(more),
                    Sent::Name(name) => {
                        script.flush(&mut bytes, pane);
                        script.commands.push(format!("send-key -t {pane} {name}"));
                    }
                },
            }
        }
        script.flush(&mut bytes, pane);
        script
    }

    fn flush(&mut self, bytes: &mut Vec<u8>, pane: &str) {
        for piece in bytes.chunks(PIECE) {
            let words: Vec<String> = piece.iter().map(|byte| format!("{byte:02x}")).collect();
            self.commands.push(format!("send-key -t {pane} -H {}", words.join(" ")));
        }
        bytes.clear();
    }

    fn paste(&mut self, text: &str, pane: &str) {
        let text: String = text.chars().filter(|c| is_pasted(*c)).collect();
        if text.is_empty() {
            return;
        }
        let buffer = format!("agency-keys-{}", unique());
        let set = Cmd::new("set-buffer").option("-b", buffer.as_str());
        self.chain.push(set.param("--").param(text));
        self.commands.push(format!("paste-buffe -p -r -d -b {buffer} -t {pane}"));
        self.undo.push(format!("delete-buffe -b {buffer}"));
    }
}

/// What a paste may hold: a control character in it could end it, and then be a key.
fn is_pasted(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t') || !c.is_control()
}

fn sent(key: Key, held: Held) -> Sent {
    let bare = match key {
        Key::Char(c) => character(c, held),
        Key::Enter if !held.shift && !held.control => vec![b'\r'],
        Key::Tab if !held.shift && !held.control => vec![b'\t'],
        Key::Esc => vec![0x1b],
        named => return Sent::Name(name(named, held)),
    };
    // A terminal says Alt by an Escape right before the key.
    let before: &[u8] = if held.alt { &[0x1b] } else { &[] };
    Sent::Bytes([before, &bare].concat())
}

/// A character's bytes; with Control the control character, where there is one.
fn character(c: char, held: Held) -> Vec<u8> {
    let control = match c.to_ascii_lowercase() {
        letter @ 'a'..='z' => Some(letter),
        ' ' | '@' | '2' => Some('\0'),
        '[' | '3' => Some('\u{1b}'),
        '\\' | '4' => Some('\u{1c}'),
        ']' | '5' => Some('\u{1d}'),
        '^' | '6' => Some('\u{1e}'),
        '_' | '/' | '7' => Some('\u{1f}'),
        '?' | '8' => Some('\u{7f}'),
        _ => None,
    };
    let c = match control {
        // Bits 6 and 7 of a letter's code go.
        Some(code) if held.control => char::from(
            u8::try_from(code).unwrap_or(0)
                & match code {
                    '\u{7f}' => 0x7f,
                    _ => 0x1f,
                },
        ),
        _ => c,
    };
    c.to_string().into_bytes()
}

/// The name of a key, with its modifiers in front.
fn name(key: Key, held: Held) -> String {
    let word = match key {
        Key::Enter => "Enter",
        Key::Tab => "Tab",
        Key::BackTab => "BTab",
        Key::Backspace => "BSpace",
        Key::Delete => "DC",
        Key::Insert => "IC",
        Key::Up => "Up",
        Key::Down => "Down",
        Key::Left => "Left",
        Key::Right => "Right",
        Key::Home => "Home",
        Key::End => "End",
        Key::PageUp => "PPage",
        Key::PageDown => "NPage",
        Key::Esc => "Escape",
        Key::F(number) => return format!("{}F{number}", modifiers(held)),
        Key::Char(c) => return format!("{}{c}", modifiers(held)),
    };
    let shift = held.shift && key != Key::BackTab;
    format!("{}{word}", modifiers(Held { shift, ..held }))
}

fn modifiers(held: Held) -> String {
    let words = [(held.control, "C-"), (held.alt, "M-"), (held.shift, "S-")];
    words.into_iter().filter(|(is_held, _)| *is_held).map(|(_, word)| word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Held = Held { shift: false, alt: false, control: false };
    const ALT: Held = Held { alt: true, ..NONE };
    const CONTROL: Held = Held { control: true, ..NONE };

    fn commands(strokes: &[Stroke]) -> Vec<String> {
        Script::of(strokes, "%1").commands
    }

    #[test]
    fn characters_go_as_the_bytes_of_a_terminal_and_fast_ones_together() {
        let typed = "e\u{e9}; -".chars().map(|c| Stroke::Key(Key::Char(c), NONE));
        assert_eq!(commands(&typed.collect::<Vec<_>>()), ["send-key -t %1 -H 65 c3 a9 3b 20 2d"]);
        let pressed =
            [(Key::Char('c'), CONTROL), (Key::Char(' '), CONTROL), (Key::Char(']'), CONTROL)];
        let pressed = pressed.map(|(key, held)| Stroke::Key(key, held));
        assert_eq!(commands(&pressed), ["send-key -t %1 -H 03 00 1d"]);
        let pressed =
            [(Key::Char(';'), ALT), (Key::Enter, NONE), (Key::Tab, NONE), (Key::Enter, ALT)];
        let pressed = pressed.map(|(key, held)| Stroke::Key(key, held));
        assert_eq!(commands(&pressed), ["send-key -t %1 -H 1b 3b 0d 09 1b 0d"]);
    }

    #[test]
    fn keys_with_several_voices_go_by_name_in_their_place() {
        let up = Held { control: true, alt: true, shift: true };
        let pressed =
            [(Key::Char('a'), NONE), (Key::Up, up), (Key::F(5), NONE), (Key::BackTab, NONE)];
        let pressed = pressed.map(|(key, held)| Stroke::Key(key, held));
        let expected =
            ["-H 61", "C-M-S-Up", "F5", "BTab"].map(|keys| format!("send-key -t %1 {keys}"));
        assert_eq!(commands(&pressed), expected);
    }

    #[test]
    fn a_paste_loses_what_could_end_it_and_keeps_its_place() {
        let paste = Stroke::Paste("a\r\n\tb\u{1b}[201~\0;".to_owned());
        let script = Script::of(&[Stroke::Key(Key::Char('x'), NONE), paste], "%1");
        assert_eq!(script.commands[0], "send-key -t %1 -H 78");
        assert!(script.commands[1].starts_with("paste-buffe -p -r -d -b agency-keys-"));
        assert!(script.undo[0].starts_with("delete-buffe -b agency-keys-"));
        let line = super::super::command::to_line(&script.chain);
        assert!(line.ends_with(r#" '--' "a\015\012\011b[201~;""#), "{line}");
    }

    #[test]
    fn a_refusal_says_why() {
        assert_eq!(reason("0 0 0 0 b", "a"), "another life is in the pane");
        assert_eq!(reason("1 0 0 0 a", "a"), "the pane is dead");
        assert!(reason("0 1 0 0 a", "a").contains("copy mode"));
        assert_eq!(reason("0 0 1 0 a", "a"), "its input is off");
        assert!(reason("0 0 0 1 a", "a").contains("synchronized"));
    }
}
