//! Handoffs: how far finished work has come that one agency gave to another, in words that scripts see.
//!
//! What follows on what is the engine's to decide.

use serde::{Deserialize, Serialize};

use crate::domain::protocol::Verdict;

/// The state of a handoff; the words are a promise to scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoffState {
    /// The receiver has not said whether it takes it.
    Offered,
    /// It does, and has no results yet.
    Accepted,
    /// It does not.
    Declined,
    /// It is good.
    Approved,
    /// Something has to be mended first.
    IssuesFound,
    /// It could not be looked at.
    Blocked,
    /// It is not wanted.
    Rejected,
    /// Nobody waits for an answer any more.
    Withdrawn,
}

impl HandoffState {
    /// The word, as scripts see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Approved => "approved",
            Self::IssuesFound => "issues_found",
            Self::Blocked => "blocked",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether something of the receiver is still to come.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Offered | Self::Accepted)
    }

    /// Whether results have come.
    pub fn is_answered(self) -> bool {
        matches!(self, Self::Approved | Self::IssuesFound | Self::Blocked | Self::Rejected)
    }
}

impl From<Verdict> for HandoffState {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Approved => Self::Approved,
            Verdict::IssuesFound => Self::IssuesFound,
            Verdict::Blocked => Self::Blocked,
            Verdict::Rejected => Self::Rejected,
        }
    }
}

impl Verdict {
    /// The word, as scripts see it.
    pub fn as_str(self) -> &'static str {
        HandoffState::from(self).as_str()
    }
}

/// Whether git takes a text as a branch's name (`git check-ref-format --branch`): what is handed over is
/// somebody's words, and other words than a name would be read as an expression.
pub fn is_branch_name(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.ends_with('.')
            && !part.ends_with(".lock")
    };
    let is_plain = |c: char| !c.is_control() && !c.is_whitespace() && !"~^:?*[\\".contains(c);
    !text.starts_with('-')
        && text.chars().all(is_plain)
        && !text.contains("..")
        && !text.contains("@{")
        && text != "@"
        && text.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_of_a_branch_is_one() {
        for name in ["main", "feature/user-auth", "a.b/c_d", "login/agent/dev/TASK-001"] {
            assert!(is_branch_name(name), "{name}");
        }
        for name in
            ["", "-x", "a..b", "a~1", "a^{tree}", "a b", "/a", "a/", "a//b", "x.lock", "@{-1}"]
        {
            assert!(!is_branch_name(name), "{name}");
        }
    }
}
