//! A pane as a person sees it, and what a person's hands do in it.
//!
//! Data only. A [`Picture`] is foreign: its rows hold SGR sequences and maybe others, and are to be read by
//! a terminal emulator, never printed. Keys go to one life in one pane, in the order given, or not at all.

use jiff::Timestamp;

use super::{PaneId, PaneLife};
use crate::domain::id::SpawnId;
use crate::domain::name::AgentAddress;

/// What a pane shows at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The pane.
    pub pane: PaneId,
    /// Whose it is.
    pub agent: AgentAddress,
    /// The life in it.
    pub spawn: SpawnId,
    /// Whether its program lives.
    pub life: PaneLife,
    /// Columns and rows of the pane.
    pub size: (u16, u16),
    /// Column and row of the cursor, from 0; none: its program hides it, or the picture is of the past.
    pub cursor: Option<(u16, u16)>,
    /// Whether somebody looks back in it (copy mode): then it takes no keys.
    pub in_mode: bool,
    /// Rows that have scrolled out at the top and are kept.
    pub history: usize,
    /// How many of them are in the picture; 0: it is the screen as it is.
    pub above: usize,
    /// The rows from top to bottom, as text with SGR sequences that hold on into the next row.
    pub rows: Vec<String>,
}

/// A key with a meaning of its own; how a program hears of it depends on what it has asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A character.
    Char(char),
    /// Return.
    Enter,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Escape.
    Esc,
    /// The key that deletes backwards.
    Backspace,
    /// The key that deletes forwards.
    Delete,
    /// Insert.
    Insert,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// A function key, from 1 to 12.
    F(u8),
}

/// The keys that are held while another one is pressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// Shift, where the character does not say it already.
    pub shift: bool,
    /// Alt, or Meta.
    pub alt: bool,
    /// Control.
    pub control: bool,
}

/// One thing that hands do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stroke {
    /// A key is pressed.
    Key(Key, Held),
    /// A text is pasted, as one thing where the program can tell.
    Paste(String),
}

/// Keys for a pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeysOrder {
    /// The pane that is seen.
    pub pane: PaneId,
    /// The life that is seen in it: another one gets nothing.
    pub spawn: SpawnId,
    /// When they were pressed: for a while afterwards a person counts as typing there.
    pub at: Timestamp,
    /// What is pressed, in this order.
    pub strokes: Vec<Stroke>,
}

/// What became of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pressed {
    /// The terminal of the pane has them.
    Taken,
    /// Nothing was pressed.
    Refused {
        /// Why, for people: `another life is in the pane`, `the pane is dead`, `somebody looks back in it`.
        reason: String,
    },
}

/// Somebody who is told whenever a pane has printed; nobody is any more when it is dropped.
pub trait Observation: Send {
    /// Whether the pane is still heard: when its session has ended, it is not.
    fn is_alive(&self) -> bool;
}

/// How much of a session is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Extent {
    /// All panes of the window.
    #[default]
    All,
    /// One pane alone, until somebody unzooms it or the last person has left.
    Alone,
}

/// What a person may do there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    #[default]
    Full,
    /// Look.
    ReadOnly,
}

/// A wish to see a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AttachWish<'a> {
    /// The pane that is to be in front; none: whichever is.
    pub pane: Option<&'a PaneId>,
    /// How much is shown; alone without a pane: the one that is in front.
    pub extent: Extent,
    /// What may be done.
    pub access: Access,
    /// The socket path of the server that the person's terminal is a pane of, if it is one.
    pub inside: Option<&'a str>,
}
