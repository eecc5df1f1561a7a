//! Pacing: what of an agent's mail may wait, and how long.
//!
//! Updates tell what an agent may know later: they are given together, as one digest. Words are given one by
//! one when the agent can take them, each may begin a turn. What is critical waits for nothing but a
//! program that can take it. It decides about mail only: nothing here looks at a pane.

use jiff::Timestamp;

use crate::domain::message::{Message, Priority};
use crate::domain::name::Address;
use crate::domain::workbench::WorkbenchConfig;

/// How a message is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Together with others: in a digest.
    Update,
    /// By itself, when its agent can take it.
    Word,
    /// By itself and first, even while its agent works, if its program can take that.
    Critical,
}

/// Types that only tell how things stand, whoever sends them.
const UPDATES: [&str; 4] = ["status", "status_update", "copy", "digest"];

/// The class of a message: its priority, then its type and sender.
pub fn class_of(message: &Message) -> Class {
    let kind = message.kind.as_str();
    // Whoever did not prove who it is cannot say that everything else must wait.
    if message.priority == Priority::Critical && message.verified {
        Class::Critical
    } else if UPDATES.contains(&kind) || (kind == "note" && message.from == Address::Workbench) {
        Class::Update
    } else {
        Class::Word
    }
}

/// Until when nothing is begun that is not critical, if these are quiet hours.
pub fn is_quiet(config: &WorkbenchConfig, now: Timestamp) -> Option<Timestamp> {
    config.cadence.is_quiet(now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::samples::message;

    fn class(from: &str, text: &str, priority: Priority) -> Class {
        class_of(&Message { priority, ..message(1, from, "Code/lead", text) })
    }

    #[test]
    fn a_message_is_an_update_a_word_or_critical() {
        assert_eq!(class("Code/dev", "STATUS 25 %", Priority::High), Class::Update);
        assert_eq!(class("Code/dev", "QUESTION why", Priority::Low), Class::Word);
        assert_eq!(class("Code/dev", "look here", Priority::Normal), Class::Word);
        assert_eq!(class("workbench", "look here", Priority::Normal), Class::Update);
        assert_eq!(class("Code/dev", "STATUS down", Priority::Critical), Class::Critical);
    }
}
