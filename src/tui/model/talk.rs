//! Messages as the screen keeps them: all that it was told of, and which of them fit the filter.
//!
//! The index of what fits is changed with each message that arrives and made anew only when the filter changes:
//! drawing never looks at a message that is not visible. Ordered by arrival.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use uuid::Uuid;

use crate::service::query::MessageFilter;
use crate::service::views::MessageView;

/// Messages that are kept: more than anybody goes back through on a screen.
const MOST: usize = 20_000;

/// Messages of one conversation that are shown.
const CONVERSATION: usize = 500;

/// A message's place in the order of arrival.
pub type Key = (Timestamp, Uuid);

/// Every message that the screen knows.
#[derive(Debug, Default)]
pub struct TalkStore {
    all: BTreeMap<Key, MessageView>,
    keys: HashMap<Uuid, Key>,
    answers: HashMap<Uuid, BTreeSet<Key>>,
    traces: HashMap<String, BTreeSet<Key>>,
}

/// One message of a conversation as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Which.
    pub id: Uuid,
    /// How many messages it goes back to the first one.
    pub depth: usize,
    /// It belongs to the same request, but answers none of these.
    pub is_of_trace: bool,
}

impl TalkStore {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// One of them.
    pub fn get(&self, id: Uuid) -> Option<&MessageView> {
        self.all.get(self.keys.get(&id)?)
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &MessageView> {
        self.all.values()
    }

    fn take(&mut self, view: MessageView) -> Key {
        let key = (view.arrived_at(), view.id);
        if let Some(parent) = view.in_reply_to {
            self.answers.entry(parent).or_default().insert(key);
        }
        if let Some(trace) = trace_id(&view) {
            self.traces.entry(trace.to_owned()).or_default().insert(key);
        }
        self.keys.insert(view.id, key);
        self.all.insert(key, view);
        key
    }

    /// Lets the oldest ones go that are too many.
    fn shrink(&mut self) -> bool {
        let mut is_less = false;
        while self.all.len() > MOST {
            let Some((key, view)) = self.all.pop_first() else { break };
            self.keys.remove(&key.1);
            forget(&mut self.answers, view.in_reply_to, key);
            forget(&mut self.traces, trace_id(&view).map(str::to_owned), key);
            is_less = true;
        }
        is_less
    }

    /// Where a message's conversation began, as far as that is known here.
    fn root(&self, id: Uuid) -> Uuid {
        let mut root = id;
        for _ in 0..CONVERSATION {
            match self.get(root).and_then(|view| view.in_reply_to) {
                Some(parent) => root = parent,
                None => break,
            }
        }
        root
    }

    /// The conversation of a message: who answered whom, oldest first, then what else belongs to its request.
    pub fn conversation(&self, id: Uuid) -> Vec<Turn> {
        let mut turns = Vec::new();
        let mut known = BTreeSet::new();
        let mut open = vec![(self.root(id), 0)];
        while let Some((id, depth)) = open.pop() {
            if turns.len() >= CONVERSATION || !known.insert(id) {
                continue;
            }
            if self.keys.contains_key(&id) {
                turns.push(Turn { id, depth, is_of_trace: false });
            }
            let answers = self.answers.get(&id).into_iter().flatten().rev();
            open.extend(answers.map(|(_, answer)| (*answer, depth + 1)));
        }
        let trace = self.get(id).and_then(trace_id);
        let others = trace.and_then(|trace| self.traces.get(trace)).into_iter().flatten();
        let others = others.filter(|(_, id)| !known.contains(id)).take(CONVERSATION);
        turns.extend(others.map(|(_, id)| Turn { id: *id, depth: 0, is_of_trace: true }));
        turns
    }

    /// How many others there are in the conversation of a message.
    pub fn has_others(&self, id: Uuid) -> bool {
        self.answers.contains_key(&id)
            || self.get(id).is_some_and(|view| view.in_reply_to.is_some())
    }
}

fn forget<K: std::hash::Hash + Eq>(
    groups: &mut HashMap<K, BTreeSet<Key>>,
    group: Option<K>,
    key: Key,
) {
    let Some(group) = group else { return };
    if let Some(keys) = groups.get_mut(&group) {
        keys.remove(&key);
        if keys.is_empty() {
            groups.remove(&group);
        }
    }
}

/// The second part of a `traceparent`: the same in everything that belongs to one request.
fn trace_id(view: &MessageView) -> Option<&str> {
    view.trace.as_deref()?.split('-').nth(1)
}

/// What the message screen shows.
#[derive(Debug, Default)]
pub struct TalkDesk {
    store: TalkStore,
    filter: MessageFilter,
    /// What fits the filter, oldest first.
    fitting: Vec<Key>,
    /// The row; none: the newest, whichever that is.
    pub selected: Option<Uuid>,
    /// What is in front.
    pub page: TalkPage,
    /// What is read of the past.
    pub past: Past,
}

/// What the message screen has in front.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TalkPage {
    /// The list and the message under the cursor.
    #[default]
    List,
    /// A conversation; the cursor is on this message of it.
    Thread {
        /// The message whose conversation it is.
        of: Uuid,
        /// The one under the cursor.
        at: Uuid,
    },
    /// Who has how many waiting.
    Mailboxes,
}

/// What is read of messages before those that the screen was told of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Past {
    /// There may be more.
    #[default]
    Unread,
    /// It is being read.
    Reading,
    /// There is none before.
    AtItsBeginning,
}

impl TalkDesk {
    /// Every message that is known.
    pub fn store(&self) -> &TalkStore {
        &self.store
    }

    /// What is looked for.
    pub fn filter(&self) -> &MessageFilter {
        &self.filter
    }

    /// Looks for something else.
    pub fn set_filter(&mut self, filter: MessageFilter) {
        if filter != self.filter {
            self.filter = filter;
            self.sieve();
        }
    }

    fn sieve(&mut self) {
        let filter = &self.filter;
        let fitting = self.store.all.iter().filter(|(_, view)| filter.admits(view));
        self.fitting = fitting.map(|(key, _)| *key).collect();
    }

    /// Takes messages in, new ones and changed ones; returns how many are new.
    pub fn take(&mut self, messages: Vec<MessageView>) -> usize {
        let before = self.store.len();
        for view in messages {
            let fits = self.filter.admits(&view);
            let key = self.store.take(view);
            match (self.fitting.binary_search(&key), fits) {
                (Err(place), true) => self.fitting.insert(place, key),
                (Ok(place), false) => drop(self.fitting.remove(place)),
                (Ok(_), true) | (Err(_), false) => {}
            }
        }
        let new = self.store.len() - before;
        if self.store.shrink() {
            self.sieve();
        }
        new
    }

    /// How many fit.
    pub fn count(&self) -> usize {
        self.fitting.len()
    }

    /// The message in a row of the list, newest first.
    pub fn row(&self, row: usize) -> Option<&MessageView> {
        let place = self.fitting.len().checked_sub(row + 1)?;
        self.store.all.get(self.fitting.get(place)?)
    }

    /// The row of the cursor; none: the list is empty, or the message is not in it.
    pub fn position(&self) -> Option<usize> {
        match self.selected {
            None => (!self.fitting.is_empty()).then_some(0),
            Some(id) => {
                let place = self.fitting.binary_search(self.store.keys.get(&id)?).ok()?;
                Some(self.fitting.len() - 1 - place)
            }
        }
    }

    /// The message that is meant: of the conversation in front, else of the list.
    pub fn chosen(&self) -> Option<&MessageView> {
        match self.page {
            TalkPage::Thread { at, .. } => self.store.get(at),
            TalkPage::List => self.row(self.position()?),
            TalkPage::Mailboxes => None,
        }
    }

    /// The oldest message that is known.
    pub fn oldest(&self) -> Option<&MessageView> {
        self.store.all.values().next()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tui::testing::message;

    fn note(n: u128) -> MessageView {
        message(n, "Code/dev", "Code/lead", "note", json!(format!("note {n}")))
    }

    fn answer(n: u128, to: u128) -> MessageView {
        MessageView { in_reply_to: Some(Uuid::from_u128(to)), ..note(n) }
    }

    fn shown(desk: &TalkDesk) -> Vec<u128> {
        (0..desk.count()).filter_map(|row| Some(desk.row(row)?.id.as_u128())).collect()
    }

    #[test]
    fn the_list_follows_what_arrives_without_being_made_anew() {
        let mut desk = TalkDesk::default();
        desk.set_filter(MessageFilter { kind: Some("note".to_owned()), ..Default::default() });
        desk.take(vec![note(1), note(3), note(2)]);
        let goal = MessageView { kind: "goal".to_owned(), ..note(4) };
        assert_eq!((desk.take(vec![goal]), shown(&desk)), (1, vec![3, 2, 1]));
        let other = MessageView { kind: "goal".to_owned(), ..note(2) };
        assert_eq!((desk.take(vec![other, note(4)]), shown(&desk)), (0, vec![4, 3, 1]));
        desk.set_filter(MessageFilter::default());
        assert_eq!(shown(&desk), [4, 3, 2, 1]);
    }

    #[test]
    fn the_cursor_stays_on_its_message_and_is_nowhere_when_that_does_not_fit() {
        let mut desk = TalkDesk::default();
        desk.take(vec![note(1), note(2)]);
        desk.selected = Some(Uuid::from_u128(1));
        assert_eq!(desk.position(), Some(1));
        desk.take(vec![note(3)]);
        assert_eq!(desk.position(), Some(2));
        desk.set_filter(MessageFilter { search: Some("note 3".to_owned()), ..Default::default() });
        assert_eq!((desk.position(), desk.count()), (None, 1));
    }

    #[test]
    fn a_conversation_is_told_from_its_beginning_with_who_answered_whom() {
        let mut desk = TalkDesk::default();
        desk.take(vec![note(1), answer(2, 1), answer(4, 1), answer(3, 2), note(9), answer(7, 6)]);
        let told = |id| {
            let turns = desk.store().conversation(Uuid::from_u128(id));
            turns.iter().map(|turn| (turn.id.as_u128(), turn.depth)).collect::<Vec<_>>()
        };
        for id in [1, 2, 3, 4] {
            assert_eq!(told(id), [(1, 0), (2, 1), (3, 2), (4, 1)]);
        }
        assert_eq!(told(7), [(7, 1)], "the first one is not known any more");
    }

    #[test]
    fn what_belongs_to_the_same_request_stands_below_and_a_ring_ends() {
        let mut desk = TalkDesk::default();
        let traced = |view: MessageView, span: &str| MessageView {
            trace: Some(format!("00-0af7651916cd43dd8448eb211c80319c-{span}-01")),
            ..view
        };
        desk.take(vec![traced(note(1), "a"), traced(note(2), "b"), answer(3, 4), answer(4, 3)]);
        let turns = desk.store().conversation(Uuid::from_u128(1));
        assert_eq!(turns.iter().map(|turn| turn.is_of_trace).collect::<Vec<_>>(), [false, true]);
        assert_eq!(desk.store().conversation(Uuid::from_u128(3)).len(), 2);
    }

    #[test]
    fn no_more_are_kept_than_anybody_reads_back() {
        let mut desk = TalkDesk::default();
        let many = u128::try_from(MOST).expect("small") + 10;
        // All of one second: their ids order them.
        let at = crate::tui::testing::now();
        let view = |n| MessageView { sent_at: at, ..answer(n, 1) };
        desk.take((1..=many).map(|n| MessageView { id: Uuid::from_u128(n), ..view(2) }).collect());
        assert_eq!((desk.count(), desk.store().len()), (MOST, MOST));
        assert_eq!(desk.oldest().map(|view| view.id.as_u128()), Some(11));
        assert_eq!(desk.store().answers.values().map(BTreeSet::len).sum::<usize>(), MOST);
    }
}
