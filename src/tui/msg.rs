//! What can arrive at the screen, and what the screen can want done.
//!
//! Both enums are closed: a new kind of input or of wish is added here first, and the compiler
//! lists the places that have to know it.

use crossterm::event::KeyEvent;
use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::id::{ApprovalId, SpawnId};
use crate::domain::message::Priority;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::refusal::Refusal;
use crate::service::views::{Board, LogView, MessageView, Talk};
use crate::service::workbench::viewing::{PaneId, Stroke};
use crate::tui::shot::Shot;

/// Something arrived.
#[derive(Debug)]
pub enum Msg {
    /// It is now this time; nothing else happened.
    Tick(Timestamp),
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has another size.
    Resized,
    /// A screen was drawn, with this much room.
    Drawn(Room),
    /// The board as it is now.
    Board(Box<Board>),
    /// Messages that are new or changed.
    Talk(Box<Talk>),
    /// Messages of the past were read, or could not be.
    PastLoaded(Result<Vec<MessageView>, Refusal>),
    /// Why a message is where it is.
    Explained {
        /// Which message.
        id: Uuid,
        /// What is known.
        result: Result<Vec<String>, Refusal>,
    },
    /// A letter was handed over, or was not.
    Posted {
        /// For whom.
        to: String,
        /// What became of it.
        result: Result<String, Refusal>,
    },
    /// Something was done with a message, or was not.
    Handled {
        /// What is said when it went well.
        done: &'static str,
        /// What became of it.
        result: Result<String, Refusal>,
    },
    /// The supervisor is gone; the last board is old.
    Lost {
        /// Why.
        reason: String,
    },
    /// A paper of an approval was read, or could not be.
    PaperLoaded {
        /// Which approval.
        approval: ApprovalId,
        /// Which paper.
        paper: Paper,
        /// Its text.
        result: Result<String, Refusal>,
    },
    /// The end of the ledger was read, or could not be.
    LogLoaded(Result<Vec<LogView>, Refusal>),
    /// An approval went through, or did not; the text is the workbench's answer.
    Approved {
        /// Which.
        approval: ApprovalId,
        /// What became of it.
        result: Result<String, Refusal>,
    },
    /// A rejection went through, or did not.
    Rejected {
        /// Which.
        approval: ApprovalId,
        /// What became of it.
        result: Result<String, Refusal>,
    },
    /// A message was handed over, or was not; the text is its id.
    Sent {
        /// For whom.
        to: AgentAddress,
        /// What became of it.
        result: Result<String, Refusal>,
    },
    /// The person came back from an agency's session, or never got there.
    Returned(Result<(), Refusal>),
    /// A pane was looked at, or could not be.
    Pictured {
        /// What was to be looked at.
        target: Target,
        /// What it shows.
        result: Result<Box<Shot>, Refusal>,
    },
    /// Keys were not pressed, nor will be what was typed after them.
    KeysRefused {
        /// Of which typing.
        typing: u64,
        /// Why.
        refusal: Refusal,
    },
    /// The process is asked to end.
    End,
}

/// How much room the last drawing had: what scrolling by a page means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Room {
    /// Rows of the list in front.
    pub list_rows: usize,
    /// Rows of the detail, 0 when it is not shown.
    pub detail_rows: usize,
    /// Lines that the detail has.
    pub detail_lines: usize,
}

/// A text of an approval that is fetched when it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    /// The change.
    Diff,
    /// The end of the output of its checks.
    Log,
}

/// Something is to be done outside of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cmd {
    /// Fetch a paper.
    LoadPaper {
        /// Of which approval.
        approval: ApprovalId,
        /// Which.
        paper: Paper,
    },
    /// Read the end of the ledger.
    LoadLog,
    /// Approve exactly what was shown.
    Approve {
        /// Which.
        approval: ApprovalId,
        /// What the person saw.
        seen: Seen,
    },
    /// Send back with feedback.
    Reject {
        /// Which.
        approval: ApprovalId,
        /// Never empty.
        feedback: String,
    },
    /// Send a message.
    Send {
        /// To whom.
        to: AgentAddress,
        /// Never empty.
        text: String,
    },
    /// Send a letter.
    Post(Box<Posting>),
    /// Have a delivery tried again.
    Retry(Uuid),
    /// Take a dead or expired message once more.
    Retake(Uuid),
    /// Say that a message was read.
    Acknowledge(Uuid),
    /// Find out why a message is where it is.
    Explain(Uuid),
    /// Read messages that were sent before.
    LoadPast {
        /// This moment.
        before: Timestamp,
    },
    /// Leave the screen for an agency's session.
    Attach {
        /// Which agency.
        agency: Name,
        /// The agent whose pane is to be in front.
        agent: Option<Name>,
    },
    /// Look at a pane from now on; none: at nothing.
    Look(Option<Target>),
    /// Press keys in a pane.
    Press(Keys),
    /// Give the terminal back to the shell until the user returns.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// End.
    Quit,
}

/// A letter as it was written; nothing of it is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Whom it is for.
    pub to: String,
    /// Its type; none: the text's own.
    pub kind: Option<String>,
    /// How urgent.
    pub priority: Priority,
    /// What it is about.
    pub task: Option<String>,
    /// What it says, never empty.
    pub text: String,
    /// The message it answers.
    pub in_reply_to: Option<Uuid>,
}

/// A pane that is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Whose it is.
    pub agent: AgentAddress,
    /// The pane.
    pub pane: PaneId,
    /// Rows further up in its history.
    pub above: usize,
}

impl Target {
    /// Whether the other one is the same pane, at whatever row.
    pub fn is_same_pane(&self, other: &Self) -> bool {
        self.agent == other.agent && self.pane == other.pane
    }
}

/// Keys for the life that was seen in a pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The pane.
    pub pane: PaneId,
    /// The life.
    pub spawn: SpawnId,
    /// Which typing they are of.
    pub typing: u64,
    /// What is pressed, in this order.
    pub strokes: Vec<Stroke>,
}

/// What identifies the change and the proof that a person saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The proven tree.
    pub tree: String,
    /// Patch id of the change.
    pub change: String,
    /// Digest of the evidence.
    pub evidence: Option<String>,
}
