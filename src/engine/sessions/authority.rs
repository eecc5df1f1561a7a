//! Authority: which of two sources counts, what the program told or what its screen shows.
//!
//! A pane that died beats both: there is nothing to judge then. A reading is *newer* when it has settled
//! and came after what was told; a screen that has just changed proves nothing against a report.

use jiff::Timestamp;

use crate::domain::agency::{AgentState, StateSource};
use crate::engine::sessions::signal::{Heard, Signal};

/// What counts, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The state.
    pub state: AgentState,
    /// Whose word it is.
    pub source: StateSource,
    /// The rule that told it.
    pub rule: Option<String>,
    /// What the rule met.
    pub evidence: Option<String>,
    /// Why it is in that state.
    pub reason: Option<String>,
    /// When a limit is over.
    pub until: Option<Timestamp>,
    /// Why this source counts, for people.
    pub because: &'static str,
}

/// No rule knows a screen, and nothing was told.
const UNREAD: &str = "no rule knows its screen";
/// A dialog that nobody described must not pass for a prompt.
const UNDESCRIBED: &str = "its reports say idle, its screen shows something that no rule knows";

/// Judges the last signal of each source; none: nothing is known yet.
///
/// | told                                 | its screen shows                | what counts                       |
/// |--------------------------------------|---------------------------------|-----------------------------------|
/// | nothing                              | anything a rule knows           | its screen                        |
/// | nothing                              | nothing that a rule knows       | `unknown`                         |
/// | anything                             | nothing was read                | what was told                     |
/// | anything                             | permission, waiting, limited    | its screen                        |
/// | the same                             | the same                        | what was told, with both's details|
/// | starting, unknown                    | anything a rule knows           | its screen                        |
/// | idle, working                        | working, idle                   | told, unless the reading is newer |
/// | permission, waiting, limited         | idle, working                   | told, unless the reading is newer |
/// | blocked                              | working                         | told, unless the reading is newer |
/// | idle                                 | nothing that a rule knows       | told; `unknown` if that is newer  |
/// | anything else                        | anything else                   | what was told                     |
pub fn judge(told: Option<&Heard>, read: Option<&Heard>) -> Option<Verdict> {
    match (told, read) {
        (None, None) => None,
        (None, Some(read)) => Some(seen(&read.signal, "nothing was told")),
        (Some(told), None) => Some(said(&told.signal, "its screen was not read")),
        (Some(told), Some(read)) => Some(weigh(told, read)),
    }
}

/// Whether a state asks for a person, or for patience: never to be taken for idle or working.
pub fn is_asking(state: Option<AgentState>) -> bool {
    matches!(state, Some(AgentState::Permission | AgentState::Waiting | AgentState::Limited))
}

fn weigh(told: &Heard, read: &Heard) -> Verdict {
    use AgentState::{Blocked, Idle, Limited, Permission, Starting, Unknown, Waiting, Working};
    let is_newer = read.signal.settled && read.at > told.at;
    let shown = read.signal.state.filter(|state| *state != Unknown);
    match (told.signal.state.unwrap_or(Unknown), shown) {
        (told_state, Some(state)) if told_state == state => agree(&told.signal, &read.signal),
        (_, Some(Permission | Waiting | Limited)) => {
            seen(&read.signal, "what its screen asks for comes first")
        }
        (Starting | Unknown, Some(_)) => seen(&read.signal, "its reports do not know better"),
        (Idle | Working | Permission | Waiting | Limited, Some(Idle | Working))
        | (Blocked, Some(Working))
            if is_newer =>
        {
            seen(&read.signal, "its screen has settled on it since the last report")
        }
        (Idle, None) if is_newer => Verdict {
            reason: Some(UNDESCRIBED.to_owned()),
            ..seen(&read.signal, "its screen has settled on it since the last report")
        },
        (_, None) => said(&told.signal, "no rule knows its screen"),
        (_, Some(_)) => said(&told.signal, "reports come before the screen"),
    }
}

fn said(signal: &Signal, because: &'static str) -> Verdict {
    Verdict {
        state: signal.state.unwrap_or(AgentState::Unknown),
        source: StateSource::Hook,
        rule: Some(signal.rule.clone()).filter(|rule| !rule.is_empty()),
        evidence: signal.evidence.clone(),
        reason: signal.reason.clone(),
        until: signal.until,
        because,
    }
}

fn seen(signal: &Signal, because: &'static str) -> Verdict {
    let verdict = Verdict { source: StateSource::Screen, ..said(signal, because) };
    match signal.state {
        Some(_) => verdict,
        None => Verdict { reason: Some(UNREAD.to_owned()), ..verdict },
    }
}

/// Both say the same: the report's word, and what only the screen knows.
fn agree(told: &Signal, read: &Signal) -> Verdict {
    Verdict {
        evidence: told.evidence.clone().or_else(|| read.evidence.clone()),
        reason: told.reason.clone().or_else(|| read.reason.clone()),
        until: told.until.or(read.until),
        ..said(told, "both say so")
    }
}

#[cfg(test)]
mod tests;
