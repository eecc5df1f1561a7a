//! Tones: what a colour means, and whether there are colours at all.
//!
//! Meaning never depends on a colour: every tone stands beside a word that says the same.

use anstyle::{AnsiColor, Style};

use crate::domain::agency::{AgencyState, AgentState};
use crate::domain::approval::ApprovalState;
use crate::domain::message::MessageState;
use crate::domain::task::TaskState;

/// What a piece of text means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    #[default]
    Plain,
    /// A heading.
    Heading,
    /// As it should be.
    Good,
    /// Wants attention.
    Warn,
    /// Wrong.
    Danger,
    /// Less important.
    Muted,
}

/// Whether tones become colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// They do.
    Colours,
    /// They do not.
    Plain,
}

impl Paint {
    /// The text in its tone.
    pub fn tone(self, tone: Tone, text: &str) -> String {
        match (self, tone) {
            (Self::Plain, _) | (_, Tone::Plain) => text.to_owned(),
            (Self::Colours, tone) => {
                let style = style(tone);
                format!("{style}{text}{style:#}")
            }
        }
    }
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Heading => Style::new().bold(),
        Tone::Good => AnsiColor::Green.on_default(),
        Tone::Warn => AnsiColor::Yellow.on_default(),
        Tone::Danger => AnsiColor::Red.on_default().bold(),
        Tone::Muted => Style::new().dimmed(),
    }
}

/// The tone of an agent's state.
pub fn agent_tone(state: AgentState) -> Tone {
    match state {
        AgentState::Working | AgentState::Starting => Tone::Good,
        AgentState::Idle => Tone::Plain,
        AgentState::Waiting
        | AgentState::Permission
        | AgentState::Blocked
        | AgentState::Limited
        | AgentState::Unknown => Tone::Warn,
        AgentState::Crashed => Tone::Danger,
        AgentState::Exited | AgentState::Stopped => Tone::Muted,
    }
}

/// The tone of an agency's state.
pub fn agency_tone(state: AgencyState) -> Tone {
    match state {
        AgencyState::Starting | AgencyState::Running => Tone::Good,
        AgencyState::Degraded => Tone::Danger,
        AgencyState::Stopped | AgencyState::Archived => Tone::Muted,
    }
}

/// The tone of a task's state.
pub fn task_tone(state: TaskState) -> Tone {
    match state {
        TaskState::Draft | TaskState::Cancelled => Tone::Muted,
        TaskState::Ready | TaskState::Assigned | TaskState::Submitted => Tone::Plain,
        TaskState::InProgress
        | TaskState::Proving
        | TaskState::Reviewing
        | TaskState::Approved
        | TaskState::Merged => Tone::Good,
        TaskState::AwaitingApproval | TaskState::Blocked => Tone::Warn,
        TaskState::Rejected => Tone::Danger,
    }
}

/// The tone of a message's state.
pub fn message_tone(state: MessageState) -> Tone {
    match state {
        MessageState::Accepted | MessageState::Routed => Tone::Plain,
        MessageState::Delivered | MessageState::Acknowledged => Tone::Good,
        MessageState::Expired => Tone::Warn,
        MessageState::Dead => Tone::Danger,
    }
}

/// The tone of an approval's state.
pub fn approval_tone(state: ApprovalState) -> Tone {
    match state {
        ApprovalState::Waiting | ApprovalState::Held => Tone::Warn,
        ApprovalState::Approved | ApprovalState::Merged => Tone::Good,
        ApprovalState::NotProven | ApprovalState::Rejected => Tone::Danger,
        ApprovalState::Void => Tone::Muted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_the_text_is_left_as_it_is() {
        assert_eq!(Paint::Plain.tone(Tone::Danger, "dead"), "dead");
        assert!(Paint::Colours.tone(Tone::Danger, "dead").contains("\u{1b}["));
        assert_eq!(Paint::Colours.tone(Tone::Plain, "idle"), "idle");
    }
}
