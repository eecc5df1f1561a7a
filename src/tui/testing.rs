//! What the tests of this face share: a screen without a terminal, and key scripts.
//!
//! Every time is relative to one fixed now, so that snapshots never change by themselves.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::service::views::{Board, Talk};
use crate::tui::model::Model;
use crate::tui::msg::{Cmd, Msg};
use crate::tui::theme::Theme;
use crate::tui::update::update;
use crate::tui::views::{Viewport, draw};

mod boards;

mod panes;

mod parts;

pub use boards::*;
pub use panes::*;
pub use parts::*;

/// A screen without a terminal.
pub struct Stage {
    pub model: Model,
    pub viewport: Viewport,
    pub terminal: Terminal<TestBackend>,
    pub cmds: Vec<Cmd>,
}

impl Stage {
    pub fn new(board: Board, width: u16, height: u16) -> Self {
        let model = Model::new("shop".to_owned(), "/home/ann/work/shop".to_owned(), now());
        let terminal = Terminal::new(TestBackend::new(width, height)).expect("a test terminal");
        let viewport = Viewport::new(Theme::Colours);
        let mut stage = Self { model, viewport, terminal, cmds: Vec::new() };
        stage.send(Msg::Board(Box::new(board)));
        stage
    }

    /// Hands a message over and draws; keeps what is to be done.
    ///
    /// The messages of a board have been told of before it, as the workbench does.
    pub fn send(&mut self, msg: Msg) {
        if let Msg::Board(board) = &msg {
            let talk = Talk { is_whole: true, messages: board.messages.clone() };
            update(&mut self.model, Msg::Talk(Box::new(talk)));
        }
        self.cmds.extend(update(&mut self.model, msg));
        let (model, viewport) = (&self.model, &mut self.viewport);
        self.terminal.draw(|frame| draw(model, viewport, frame)).expect("drawn");
        update(&mut self.model, Msg::Drawn(self.viewport.room));
    }

    /// Presses keys, written in one line: `2 j a y`, `Ctrl-s`, `Enter`, `"typed text"`.
    pub fn keys(&mut self, script: &str) -> &mut Self {
        let mut quoted = false;
        for part in script.split('"') {
            if quoted {
                part.chars().for_each(|c| self.send(Msg::Key(KeyCode::Char(c).into())));
            } else {
                part.split_whitespace().for_each(|word| self.send(Msg::Key(key(word))));
            }
            quoted = !quoted;
        }
        self
    }

    /// The screen as text, without what is blank at the end of its rows.
    pub fn text(&self) -> String {
        let buffer = self.terminal.backend().buffer();
        let mut text = String::new();
        for row in buffer.area.rows() {
            let mut skip = 0;
            let mut words = String::new();
            for position in row.positions() {
                let symbol = buffer[position].symbol();
                if skip == 0 {
                    words.push_str(symbol);
                    skip = crate::tui::widgets::text::width(symbol);
                }
                skip = skip.saturating_sub(1);
            }
            text.push_str(words.trim_end());
            text.push('\n');
        }
        text
    }
}

fn key(word: &str) -> KeyEvent {
    let (modifiers, word) = match word.split_once('-') {
        Some(("Ctrl", rest)) => (KeyModifiers::CONTROL, rest),
        Some(("Alt", rest)) => (KeyModifiers::ALT, rest),
        _ => (KeyModifiers::NONE, word),
    };
    let code = match word {
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Tab" => KeyCode::Tab,
        "BackTab" => KeyCode::BackTab,
        "Down" => KeyCode::Down,
        "Up" => KeyCode::Up,
        "PgDn" => KeyCode::PageDown,
        "PgUp" => KeyCode::PageUp,
        "F5" => KeyCode::F(5),
        "Space" => KeyCode::Char(' '),
        "Backspace" => KeyCode::Backspace,
        _ => {
            let mut chars = word.chars();
            let only = chars.next().filter(|_| chars.next().is_none());
            KeyCode::Char(only.unwrap_or_else(|| panic!("`{word}` is not a key")))
        }
    };
    KeyEvent::new(code, modifiers)
}
