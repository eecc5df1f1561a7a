//! What the screen knows: the last board, where the cursor is, and what lies on top.
//!
//! Plain structs, changed only by [`crate::tui::update::update`]. The board is shown as it came; nothing
//! in it is copied. Selection is by id, so that nothing jumps when rows come and go.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::id::{ApprovalId, SpawnId, TaskId};
use crate::domain::name::{AgentAddress, Name};
use crate::domain::refusal::Refusal;
use crate::service::views::{ApprovalView, Board, LogView};
use crate::service::workbench::viewing::PaneId;
use crate::tui::msg::{Paper, Room, Seen, Target};
use crate::tui::screens::Screen;
use crate::tui::shot::Shot;
use crate::tui::widgets::diff::DiffText;
use crate::tui::widgets::editor::Editor;

mod letter;

mod talk;

pub use letter::{Field, Letter, SUGGESTIONS};
pub use talk::{Key, Past, TalkDesk, TalkPage, TalkStore, Turn};

/// Everything on the screen.
#[derive(Debug)]
pub struct Model {
    /// The time that ages are counted from.
    pub now: Timestamp,
    /// The workbench's name: its folder's.
    pub name: String,
    /// Its folder, as people write it.
    pub path: String,
    /// The last board; none before the first came.
    pub board: Option<Box<Board>>,
    /// Why the board is old; none: it is live.
    pub lost: Option<String>,
    /// The screen in front.
    pub screen: Screen,
    /// What lies on top of it, the last one in front.
    pub overlays: Vec<Overlay>,
    /// How the last act went, until it is closed.
    pub notice: Option<Notice>,
    /// The row of the dashboard.
    pub spot: Option<Spot>,
    /// The approval queue.
    pub approvals: ApprovalDesk,
    /// Messages.
    pub talk: TalkDesk,
    /// The end of the ledger.
    pub log: LogDesk,
    /// The pane that is looked at.
    pub pane: PaneDesk,
    /// How much room the last drawing had.
    pub room: Room,
}

impl Model {
    /// A screen before its first board.
    pub fn new(name: String, path: String, now: Timestamp) -> Self {
        Self {
            now,
            name,
            path,
            board: None,
            lost: None,
            screen: Screen::Dashboard,
            overlays: Vec::new(),
            notice: None,
            spot: None,
            approvals: ApprovalDesk::default(),
            talk: TalkDesk::default(),
            log: LogDesk::default(),
            pane: PaneDesk::default(),
            room: Room::default(),
        }
    }

    /// The approval of that id, if the board has it.
    pub fn approval(&self, id: ApprovalId) -> Option<&ApprovalView> {
        self.board.as_ref()?.approvals.iter().find(|approval| approval.id == id)
    }

    /// The approval that the cursor is on.
    pub fn selected_approval(&self) -> Option<&ApprovalView> {
        self.approval(self.approvals.selected?)
    }
}

/// A row of the dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    /// Something that waits for a person: its kind and its subject.
    Waiting(String, String),
    /// An agency.
    Agency(Name),
    /// An agent.
    Agent(AgentAddress),
    /// A task.
    Task(TaskId),
}

/// The approval queue and what is read in it.
#[derive(Debug, Default)]
pub struct ApprovalDesk {
    /// The row.
    pub selected: Option<ApprovalId>,
    /// The page of the detail.
    pub tab: DetailTab,
    /// Whether keys move the list or the detail.
    pub focus: DeskFocus,
    /// Lines of the detail above its first visible one.
    pub scroll: usize,
    /// Papers that were fetched.
    pub papers: BTreeMap<ApprovalId, Papers>,
    /// A decision that is on its way.
    pub deciding: Option<ApprovalId>,
}

/// A page of an approval's detail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DetailTab {
    /// What it is and what proves it.
    #[default]
    Summary,
    /// The change.
    Diff,
    /// The end of the output of its checks.
    Log,
}

impl DetailTab {
    /// In the order of the tabs.
    pub const ALL: [Self; 3] = [Self::Summary, Self::Diff, Self::Log];

    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Summary => "Summary",
            Self::Diff => "Diff",
            Self::Log => "Log",
        }
    }

    /// The paper that it shows.
    pub fn paper(self) -> Option<Paper> {
        match self {
            Self::Summary => None,
            Self::Diff => Some(Paper::Diff),
            Self::Log => Some(Paper::Log),
        }
    }
}

/// Which half of the approval screen keys move.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeskFocus {
    /// The list.
    #[default]
    List,
    /// The detail.
    Detail,
}

/// What was fetched for one approval.
#[derive(Debug, Default)]
pub struct Papers {
    /// The tree they are about; another one makes them worthless.
    pub tree: String,
    /// The change.
    pub diff: Loaded<DiffText>,
    /// The end of the output of its checks, line by line.
    pub log: Loaded<Vec<String>>,
}

/// Something that is fetched.
#[derive(Debug, Default)]
pub enum Loaded<T> {
    /// Not asked for.
    #[default]
    Not,
    /// Asked for.
    Loading,
    /// Here.
    Here(T),
    /// It could not be had.
    Failed(Refusal),
}

/// The log screen.
#[derive(Debug, Default)]
pub struct LogDesk {
    /// The newest events, oldest first.
    pub events: Vec<LogView>,
    /// Whether they are being read, and must be read again after that.
    pub reading: Reading,
    /// Why they could not be read.
    pub failure: Option<Refusal>,
    /// The row; none: the newest, whichever that is.
    pub selected: Option<u64>,
}

/// The pane screen.
#[derive(Debug, Default)]
pub struct PaneDesk {
    /// Whose pane.
    pub agent: Option<AgentAddress>,
    /// What it showed last.
    pub shot: Option<Box<Shot>>,
    /// Why it cannot be seen any more.
    pub trouble: Option<Refusal>,
    /// Rows that are looked back, 0: at now.
    pub above: usize,
    /// What was asked for.
    pub asked: Option<Target>,
    /// Where keys go; none: to the screen.
    pub typing: Option<Typing>,
    /// How often typing has begun.
    pub typings: u64,
    /// Why this process may not type into panes; none: it may.
    pub forbidden: Option<Refusal>,
}

/// Where keys go: to what was seen when typing began, and to nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typing {
    /// The pane.
    pub pane: PaneId,
    /// The life in it.
    pub spawn: SpawnId,
    /// Which typing it is, counted from 1.
    pub number: u64,
}

/// Whether something is being read; it is never asked for twice at a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reading {
    /// It is not.
    #[default]
    Idle,
    /// It is.
    Busy,
    /// It is, and has changed since.
    Stale,
}

/// How an act went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it was about; shown there.
    pub about: Option<ApprovalId>,
    /// What is said.
    pub text: String,
    /// What to do, when it went wrong.
    pub hint: Option<String>,
    /// Whether it went well.
    pub outcome: Outcome,
}

/// Whether an act went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It did.
    Done,
    /// It did not.
    Refused,
}

/// Something in front of the screen.
#[derive(Debug)]
pub enum Overlay {
    /// Every key and what it does.
    Help {
        /// Lines above the first visible one.
        scroll: usize,
    },
    /// Asks before approving.
    Confirm {
        /// What would be merged.
        approval: ApprovalId,
        /// What was on the screen when it was asked for.
        seen: Seen,
    },
    /// A message to an agent.
    Compose {
        /// To whom.
        to: AgentAddress,
        /// What is written.
        entry: Entry,
    },
    /// A message with all its fields.
    Letter(Box<Letter>),
    /// Asks before the letter below is thrown away.
    Discard,
    /// Words that messages are looked for with; they count while they are written.
    Search {
        /// What is written.
        entry: Entry,
        /// What was looked for before.
        before: Option<String>,
    },
    /// Which messages are listed.
    Sieve(Box<Sieve>),
    /// Why a message is where it is.
    Why {
        /// Which message.
        id: Uuid,
        /// What is known.
        lines: Loaded<Vec<String>>,
        /// Lines above the first visible one.
        scroll: usize,
    },
    /// What an agent is told on rejection.
    Feedback {
        /// What is sent back.
        approval: ApprovalId,
        /// What is written.
        entry: Entry,
    },
}

/// What messages can be sieved by, as it was known when it was asked for.
#[derive(Debug, Default)]
pub struct Sieve {
    /// The row: agency, type, task, state, sender.
    pub row: usize,
    /// The agencies that say or hear something.
    pub agencies: Vec<Name>,
    /// The types that there are.
    pub kinds: Vec<String>,
    /// The tasks that something is said about.
    pub tasks: Vec<String>,
}

/// A text that is being written, and how sending it went.
#[derive(Debug, Default)]
pub struct Entry {
    /// The text and its cursor.
    pub editor: Editor,
    /// Where it stands.
    pub stage: EntryStage,
}

/// Where an entry stands; on failure the text is still there.
#[derive(Debug, Default)]
pub enum EntryStage {
    /// It is written.
    #[default]
    Writing,
    /// It is on its way.
    Sending,
    /// It was not taken.
    Refused(Refusal),
}
