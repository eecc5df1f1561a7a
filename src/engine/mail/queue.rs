//! One agent's queue: what was accepted for it and has not been given to it, by urgency and by sender.
//!
//! The more urgent overtakes; within one urgency senders take turns, and each sender's messages keep their order.
//! One that is not in the mailbox yet holds back those that its sender sent after it; one of which nobody
//! knows whether it arrived holds back nothing.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::domain::id::MessageId;
use crate::domain::message::{Message, Priority};
use crate::domain::name::Address;

/// Turns that are remembered: more senders than write to one agent at a time, each with every urgency.
const TURNS: usize = 256;

/// Who wrote it, as far as turns go; none: whoever did not prove who it is. Those share one turn, for anybody can
/// make names up.
pub type Sender = Option<Address>;

/// The sender that a message counts for.
pub fn sender_of(message: &Message) -> Sender {
    message.verified.then(|| message.from.clone())
}

/// How a message in the queue stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// It can be given.
    Ready,
    /// It is passed over, those behind it are not.
    Passed,
    /// It is not in the mailbox yet: those behind it wait, too.
    Underway,
}

/// What waits for one agent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    rows: Vec<Row>,
    /// Of whom something of this urgency was given, longest ago first.
    turns: VecDeque<(Priority, Sender)>,
}

/// What one sender sent with one urgency, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    priority: Priority,
    from: Sender,
    ids: VecDeque<MessageId>,
}

impl Queue {
    /// A message was accepted.
    pub fn push(&mut self, message: &Message) {
        let (priority, from) = (message.priority, sender_of(message));
        let is_its = |row: &&mut Row| row.priority == priority && row.from == from;
        match self.rows.iter_mut().find(is_its) {
            Some(row) => row.ids.push_back(message.id),
            None => self.rows.push(Row { priority, from, ids: [message.id].into() }),
        }
    }

    /// It left: given to its agent, expired or dead.
    pub fn remove(&mut self, message: &Message) {
        let (priority, from) = (message.priority, sender_of(message));
        for row in self.rows.iter_mut().filter(|l| l.priority == priority && l.from == from) {
            row.ids.retain(|id| *id != message.id);
        }
        self.rows.retain(|row| !row.ids.is_empty());
    }

    /// A sender had its turn.
    pub fn took_turn(&mut self, message: &Message) {
        let turn = (message.priority, sender_of(message));
        self.turns.retain(|known| *known != turn);
        self.turns.push_back(turn);
        if self.turns.len() > TURNS {
            self.turns.pop_front();
        }
    }

    /// The next to give: the most urgent; of equals the one whose sender has waited longest for its turn.
    pub fn next(&self, stand: impl Fn(MessageId) -> Stand) -> Option<MessageId> {
        let mut best: Option<(Priority, usize, MessageId)> = None;
        for row in &self.rows {
            let Some(id) = row.head(&stand) else { continue };
            let turn = self.turn_of(row);
            let is_better = best.is_none_or(|(priority, other, _)| {
                row.priority > priority || (row.priority == priority && turn < other)
            });
            if is_better {
                best = Some((row.priority, turn, id));
            }
        }
        best.map(|(_, _, id)| id)
    }

    /// How long ago a sender had its turn: 0 never, the greatest just now.
    fn turn_of(&self, row: &Row) -> usize {
        let is_its =
            |(priority, from): &(Priority, Sender)| *priority == row.priority && *from == row.from;
        self.turns.iter().position(is_its).map_or(0, |place| place + 1)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.rows.iter().map(|row| row.ids.len()).sum()
    }

    /// How many of this sender wait.
    pub fn len_of(&self, sender: &Sender) -> usize {
        let rows = self.rows.iter().filter(|row| row.from == *sender);
        rows.map(|row| row.ids.len()).sum()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Everything that waits; in order within what one sender sent with one urgency.
    pub fn ids(&self) -> impl Iterator<Item = MessageId> + '_ {
        self.rows.iter().flat_map(|row| row.ids.iter().copied())
    }
}

impl Row {
    fn head(&self, stand: impl Fn(MessageId) -> Stand) -> Option<MessageId> {
        for id in &self.ids {
            match stand(*id) {
                Stand::Ready => return Some(*id),
                Stand::Passed => {}
                Stand::Underway => return None,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::samples::message;

    fn letter(number: u128, from: &str, priority: Priority) -> Message {
        Message { priority, ..message(number, from, "Code/dev", "hello") }
    }

    /// Gives everything, and says in which order.
    fn given(queue: &mut Queue, letters: &[Message]) -> Vec<u128> {
        let mut order = Vec::new();
        while !queue.is_empty() {
            order.push(given_one(queue, letters));
        }
        order
    }

    /// Gives the next, and says which.
    fn given_one(queue: &mut Queue, letters: &[Message]) -> u128 {
        let id = queue.next(|_| Stand::Ready).expect("something waits");
        let letter = letters.iter().find(|letter| letter.id == id).expect("known");
        queue.took_turn(letter);
        queue.remove(letter);
        id.as_u128()
    }

    #[test]
    fn senders_take_turns_and_each_keeps_its_order() {
        let mut letters: Vec<Message> =
            (1..=4).map(|number| letter(number, "QA/head", Priority::Normal)).collect();
        letters.push(letter(5, "Code/lead", Priority::Normal));
        letters.push(letter(6, "Code/lead", Priority::Normal));
        letters.push(letter(7, "Code/ops", Priority::High));
        let mut queue = Queue::default();
        letters.iter().for_each(|letter| queue.push(letter));
        assert_eq!(queue.len(), 7);
        assert_eq!(given(&mut queue, &letters), [7, 1, 5, 2, 6, 3, 4]);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_turn_with_what_is_urgent_costs_none_with_what_is_not() {
        let mut queue = Queue::default();
        let mut letters: Vec<Message> =
            (1..=3).map(|number| letter(number, "Code/ops", Priority::Normal)).collect();
        letters.push(letter(4, "QA/head", Priority::Normal));
        letters.iter().for_each(|letter| queue.push(letter));
        // Whenever somebody else had a turn something urgent of the one who waits comes.
        for number in 5..=7 {
            let urgent = letter(number, "QA/head", Priority::High);
            queue.push(&urgent);
            letters.push(urgent);
            assert_eq!(given_one(&mut queue, &letters), number);
            given_one(&mut queue, &letters);
        }
        let left: Vec<u128> = queue.ids().map(|id| id.as_u128()).collect();
        assert_eq!(left, [3], "the one who waited had its turn");
    }

    #[test]
    fn strangers_share_one_turn() {
        let mut letters: Vec<Message> = Vec::new();
        for (number, from) in [(1, "Code/a"), (2, "Code/b"), (3, "Code/c")] {
            letters.push(Message { verified: false, ..letter(number, from, Priority::Normal) });
        }
        letters.push(letter(4, "QA/head", Priority::Normal));
        let mut queue = Queue::default();
        letters.iter().for_each(|letter| queue.push(letter));
        assert_eq!(given(&mut queue, &letters), [1, 4, 2, 3]);
    }

    #[test]
    fn what_is_not_in_the_mailbox_holds_back_what_its_sender_sent_after_it() {
        let letters = [
            letter(1, "QA/head", Priority::Normal),
            letter(2, "QA/head", Priority::Normal),
            letter(3, "Code/lead", Priority::Normal),
        ];
        let mut queue = Queue::default();
        letters.iter().for_each(|letter| queue.push(letter));
        let first_is = |stand: Stand| {
            move |id: MessageId| match id.as_u128() {
                1 => stand,
                _ => Stand::Ready,
            }
        };
        assert_eq!(queue.next(first_is(Stand::Underway)).map(|id| id.as_u128()), Some(3));
        assert_eq!(queue.next(first_is(Stand::Passed)).map(|id| id.as_u128()), Some(2));
    }
}
