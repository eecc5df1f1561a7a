//! Semantic colours: what a colour means, never which one it is.
//!
//! Only the 16 colours of every terminal are used, so that the user's own palette holds; without
//! colour bold, dim and reverse remain. Meaning never depends on any of them: a word or a symbol
//! always stands beside.

use ratatui::style::{Color, Modifier, Style};

use crate::domain::agency::{AgencyState, AgentState};
use crate::domain::approval::ApprovalState;
use crate::domain::message::MessageState;
use crate::domain::task::TaskState;

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary text.
    Plain,
    /// As it should be.
    Ok,
    /// Wants attention.
    Warn,
    /// Is broken, or destroys.
    Danger,
    /// Secondary.
    Muted,
    /// Names and titles.
    Accent,
    /// Where the cursor is.
    Focus,
}

/// Whether colours may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// The terminal's 16 colours.
    Colours,
    /// None: `NO_COLOR`, or a terminal without.
    Plain,
}

impl Theme {
    /// The style of a tone.
    pub fn style(self, tone: Tone) -> Style {
        let style = Style::new();
        let coloured = |colour: Color| match self {
            Self::Colours => style.fg(colour),
            Self::Plain => style,
        };
        match tone {
            Tone::Plain => style,
            Tone::Ok => coloured(Color::Green),
            Tone::Warn => coloured(Color::Yellow),
            Tone::Danger => coloured(Color::Red).add_modifier(Modifier::BOLD),
            Tone::Muted => match self {
                Self::Colours => style.fg(Color::DarkGray),
                Self::Plain => style.add_modifier(Modifier::DIM),
            },
            Tone::Accent => coloured(Color::Cyan),
            Tone::Focus => coloured(Color::Cyan).add_modifier(Modifier::BOLD),
        }
    }
}

/// A state as it is shown: a symbol, its word, and what that means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Badge {
    /// One column wide.
    pub symbol: &'static str,
    /// The word that scripts see too, with blanks for underscores.
    pub word: &'static str,
    /// Its meaning.
    pub tone: Tone,
}

const fn badge(symbol: &'static str, word: &'static str, tone: Tone) -> Badge {
    Badge { symbol, word, tone }
}

/// How an agent's state is shown.
pub fn agent_badge(state: AgentState) -> Badge {
    match state {
        AgentState::Starting => badge("◌", "starting", Tone::Muted),
        AgentState::Working => badge("●", "working", Tone::Ok),
        AgentState::Idle => badge("○", "idle", Tone::Plain),
        AgentState::Waiting => badge("?", "waiting", Tone::Warn),
        AgentState::Permission => badge("!", "permission", Tone::Warn),
        AgentState::Blocked => badge("■", "blocked", Tone::Danger),
        AgentState::Limited => badge("◔", "limited", Tone::Warn),
        AgentState::Crashed => badge("✗", "crashed", Tone::Danger),
        AgentState::Exited => badge("×", "exited", Tone::Warn),
        AgentState::Stopped => badge("·", "stopped", Tone::Muted),
        AgentState::Unknown => badge("~", "unknown", Tone::Warn),
    }
}

/// How an agency's state is shown.
pub fn agency_badge(state: AgencyState) -> Badge {
    match state {
        AgencyState::Starting => badge("◌", "starting", Tone::Muted),
        AgencyState::Running => badge("●", "running", Tone::Ok),
        AgencyState::Degraded => badge("■", "degraded", Tone::Danger),
        AgencyState::Stopped => badge("·", "stopped", Tone::Muted),
        AgencyState::Archived => badge("·", "archived", Tone::Muted),
    }
}

/// How a task's state is shown.
pub fn task_badge(state: TaskState) -> Badge {
    match state {
        TaskState::Draft => badge("·", "draft", Tone::Muted),
        TaskState::Ready => badge("○", "ready", Tone::Plain),
        TaskState::Assigned => badge("◌", "assigned", Tone::Plain),
        TaskState::InProgress => badge("●", "in progress", Tone::Ok),
        TaskState::Blocked => badge("■", "blocked", Tone::Danger),
        TaskState::Submitted => badge("●", "submitted", Tone::Ok),
        TaskState::Proving => badge("●", "proving", Tone::Ok),
        TaskState::Reviewing => badge("●", "reviewing", Tone::Ok),
        TaskState::AwaitingApproval => badge("!", "your approval", Tone::Warn),
        TaskState::Approved => badge("●", "approved", Tone::Ok),
        TaskState::Merged => badge("✓", "merged", Tone::Muted),
        TaskState::Rejected => badge("×", "rejected", Tone::Warn),
        TaskState::Cancelled => badge("·", "cancelled", Tone::Muted),
    }
}

/// How an approval's state is shown.
pub fn approval_badge(state: ApprovalState) -> Badge {
    match state {
        ApprovalState::Waiting => badge("!", "waiting", Tone::Warn),
        ApprovalState::NotProven => badge("~", "not proven", Tone::Danger),
        ApprovalState::Approved => badge("●", "approved", Tone::Ok),
        ApprovalState::Held => badge("■", "held", Tone::Danger),
        ApprovalState::Merged => badge("✓", "merged", Tone::Ok),
        ApprovalState::Rejected => badge("×", "rejected", Tone::Muted),
        ApprovalState::Void => badge("·", "void", Tone::Muted),
    }
}

/// How a message's state is shown.
pub fn message_badge(state: MessageState) -> Badge {
    match state {
        MessageState::Accepted => badge("◌", "accepted", Tone::Muted),
        MessageState::Routed => badge("○", "routed", Tone::Plain),
        MessageState::Delivered => badge("●", "delivered", Tone::Ok),
        MessageState::Acknowledged => badge("✓", "acknowledged", Tone::Muted),
        MessageState::Expired => badge("×", "expired", Tone::Warn),
        MessageState::Dead => badge("✗", "dead", Tone::Danger),
    }
}
