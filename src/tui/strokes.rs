//! Keys of this terminal as strokes for a pane.
//!
//! Nothing is decided here: what a key means to the program there is said by whoever presses it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::service::workbench::viewing::{Held, Key, Stroke};

/// The stroke that a key is; none for keys that no program in a pane could hear.
pub fn stroke(event: KeyEvent) -> Option<Stroke> {
    let key = match event.code {
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Esc => Key::Esc,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Insert => Key::Insert,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::F(number) => Key::F(number),
        _ => return None,
    };
    let is_held = |modifier| event.modifiers.contains(modifier);
    let held = Held {
        shift: is_held(KeyModifiers::SHIFT),
        alt: is_held(KeyModifiers::ALT),
        control: is_held(KeyModifiers::CONTROL),
    };
    Some(Stroke::Key(key, held))
}
