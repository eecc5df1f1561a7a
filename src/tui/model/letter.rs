//! A message that is being written: its fields, which of them has the keys, and what can be filled in.
//!
//! Nothing here decides whether it may be sent: that is said by whoever takes it, and shown in its place.

use uuid::Uuid;

use crate::domain::message::Priority;
use crate::service::views::{Board, MessageView};
use crate::tui::model::EntryStage;
use crate::tui::widgets::editor::Editor;

/// Suggestions shown below a field.
pub const SUGGESTIONS: usize = 6;

/// Types that a person writes; any other can be typed as well.
const TYPES: [&str; 8] =
    ["note", "question", "status", "task", "blocked", "complete", "goal", "alert"];

/// A message that is being written.
#[derive(Debug, Default)]
pub struct Letter {
    /// Whom it is for.
    pub to: Editor,
    /// Its type; empty: the text's own.
    pub kind: Editor,
    /// How urgent.
    pub priority: Priority,
    /// What it is about; empty: nothing.
    pub task: Editor,
    /// What it says.
    pub body: Editor,
    /// The message it answers.
    pub in_reply_to: Option<Uuid>,
    /// Which field has the keys.
    pub field: Field,
    /// Where it stands.
    pub stage: EntryStage,
    /// What was filled in at the beginning: it is nobody's loss.
    given: [String; 3],
    known: Known,
}

/// A field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Field {
    /// Whom it is for.
    #[default]
    To,
    /// Its type.
    Kind,
    /// How urgent.
    Priority,
    /// What it is about.
    Task,
    /// What it says.
    Body,
}

/// What is known that can be filled in.
#[derive(Debug, Default)]
struct Known {
    addresses: Vec<String>,
    tasks: Vec<String>,
}

impl Known {
    fn of(board: Option<&Board>) -> Self {
        let Some(board) = board else { return Self::default() };
        let mut addresses = Vec::new();
        for agency in &board.status.agencies {
            addresses.push(agency.name.to_string());
            addresses.extend(agency.agents.iter().map(|agent| agent.address.to_string()));
        }
        addresses.extend(["operator".to_owned(), "*".to_owned()]);
        let open = board.tasks.iter().filter(|task| !task.state.is_closed());
        Self { addresses, tasks: open.map(|task| task.id.to_string()).collect() }
    }
}

impl Field {
    /// In their order.
    pub const ALL: [Self; 5] = [Self::To, Self::Kind, Self::Priority, Self::Task, Self::Body];

    /// Its label.
    pub fn label(self) -> &'static str {
        match self {
            Self::To => "to",
            Self::Kind => "type",
            Self::Priority => "priority",
            Self::Task => "task",
            Self::Body => "text",
        }
    }

    fn beside(self, by: usize) -> Self {
        let here = Self::ALL.iter().position(|field| *field == self).unwrap_or(0);
        Self::ALL.get((here + by) % Self::ALL.len()).copied().unwrap_or_default()
    }
}

impl Letter {
    /// An empty one, to this address if one is meant.
    pub fn to(address: Option<String>, board: Option<&Board>) -> Self {
        let mut letter = Self { known: Known::of(board), ..Self::default() };
        if let Some(address) = address {
            letter.to = Editor::of(&address);
            letter.field = Field::Body;
        }
        letter.remember()
    }

    /// An answer to a message.
    pub fn answering(message: &MessageView, board: Option<&Board>) -> Self {
        let mut letter = Self::to(Some(message.from.clone()), board);
        letter.in_reply_to = Some(message.id);
        letter.task = Editor::of(message.task.as_deref().unwrap_or_default());
        letter.remember()
    }

    fn remember(mut self) -> Self {
        self.given = self.head();
        self
    }

    fn head(&self) -> [String; 3] {
        [&self.to, &self.kind, &self.task].map(|editor| editor.text().to_owned())
    }

    /// Whether something was written that would be lost.
    pub fn is_written(&self) -> bool {
        !self.body.text().is_empty() || self.head() != self.given
    }

    /// The text that keys edit; none: the field has no text.
    pub fn editor(&mut self) -> Option<&mut Editor> {
        match self.field {
            Field::To => Some(&mut self.to),
            Field::Kind => Some(&mut self.kind),
            Field::Priority => None,
            Field::Task => Some(&mut self.task),
            Field::Body => Some(&mut self.body),
        }
    }

    /// What could be meant by what stands in the field, best first.
    pub fn suggestions(&self) -> Vec<&str> {
        let (typed, known): (&str, Vec<&str>) = match self.field {
            Field::To => {
                (self.to.text(), self.known.addresses.iter().map(String::as_str).collect())
            }
            Field::Kind => (self.kind.text(), TYPES.to_vec()),
            Field::Task => {
                (self.task.text(), self.known.tasks.iter().map(String::as_str).collect())
            }
            Field::Priority | Field::Body => return Vec::new(),
        };
        let typed = typed.trim().to_lowercase();
        if known.iter().any(|word| word.to_lowercase() == typed) {
            return Vec::new();
        }
        let begins = |word: &&str| word.to_lowercase().starts_with(&typed);
        let holds = |word: &&str| word.to_lowercase().contains(&typed);
        let first = known.iter().copied().filter(begins);
        let then = known.iter().copied().filter(|word| holds(word) && !begins(word));
        first.chain(then).take(SUGGESTIONS).collect()
    }

    /// To the next field, with what was begun filled in if it can only mean something known.
    pub fn next(&mut self) {
        let is_begun = self.editor().is_some_and(|editor| !editor.is_blank());
        let best = self.suggestions().first().map(|word| Editor::of(word));
        if let (true, Some(best), Some(editor)) = (is_begun, best, self.editor()) {
            *editor = best;
        }
        self.field = self.field.beside(1);
    }

    /// To the field before.
    pub fn previous(&mut self) {
        self.field = self.field.beside(Field::ALL.len() - 1);
    }

    /// More or less urgent.
    pub fn turn_priority(&mut self, is_more: bool) {
        let all = [Priority::Low, Priority::Normal, Priority::High, Priority::Critical];
        let here = all.iter().position(|priority| *priority == self.priority).unwrap_or(1);
        let there = if is_more { here + 1 } else { here.saturating_sub(1) };
        self.priority = all.get(there).copied().unwrap_or(self.priority);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::testing::a_busy_day;

    #[test]
    fn what_is_begun_is_filled_in_with_what_is_known() {
        let board = a_busy_day();
        let mut letter = Letter::to(None, Some(&board));
        letter.to = Editor::of("python");
        assert_eq!(letter.suggestions(), ["CodeAgency/python-agent"]);
        letter.next();
        assert_eq!((letter.to.text(), letter.field), ("CodeAgency/python-agent", Field::Kind));
        letter.next();
        assert_eq!(letter.kind.text(), "", "nothing was begun");
        letter.turn_priority(true);
        letter.turn_priority(true);
        letter.turn_priority(true);
        assert_eq!(letter.priority, Priority::Critical);
        letter.previous();
        letter.kind = Editor::of("something-else");
        letter.next();
        assert_eq!(letter.kind.text(), "something-else", "no known word is meant");
    }

    #[test]
    fn only_what_was_written_would_be_lost() {
        let board = a_busy_day();
        let mut letter = Letter::answering(&board.messages[1], Some(&board));
        assert!(!letter.is_written());
        assert_eq!((letter.to.text(), letter.field), ("CodeAgency/python-agent", Field::Body));
        letter.body = Editor::of("yes");
        assert!(letter.is_written());
        let mut other = Letter::to(None, Some(&board));
        other.to = Editor::of("QA");
        assert!(other.is_written());
    }
}
