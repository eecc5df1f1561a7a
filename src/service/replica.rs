//! A replica: the state folded in a face's own process, from a snapshot and the records that follow.
//!
//! What it shows is what the ledger says; it can stand at any past moment as well.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::domain::id::MessageId;
use crate::domain::refusal::Refusal;
use crate::engine::event::Event;
use crate::engine::state::State;
use crate::ports::ledger::Record;
use crate::service::link::Link;
use crate::service::outside::Outside;
use crate::service::query::Query;
use crate::service::views::{Board, BranchView, MessageView, Talk};
use crate::service::wire::{Ask, Reply};
use crate::service::workbench::{Feed, Identity};
use crate::service::{board, reading, record};

/// After a lost connection, the next is tried after this time.
const RETRY: Duration = Duration::from_millis(500);

/// Branches are looked at again this long after something happened that can change them.
const BRANCH_DELAY: Duration = Duration::from_millis(150);

/// And at least this often while the screen is open: agents commit without telling.
const BRANCH_EVERY: Duration = Duration::from_secs(5);

/// The state in another process.
pub struct Replica {
    state: State,
    seq: u64,
    at: Option<Timestamp>,
}

impl Replica {
    /// A replica of a fold.
    pub fn new(state: State, seq: u64) -> Self {
        Self { state, seq, at: None }
    }

    /// Takes records in; what was in the snapshot already is passed over.
    pub fn apply(&mut self, records: &[Record]) -> Vec<Event> {
        self.apply_noting(records, &mut BTreeMap::new())
    }

    /// The same, and notes the messages that are new or another way now.
    pub fn apply_noting(
        &mut self,
        records: &[Record],
        changed: &mut BTreeMap<MessageId, MessageView>,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        let known = self.seq;
        for record in records.iter().filter(|record| record.seq > known) {
            if let Some(event) = record::event_of(record) {
                // What an event about a message is about is its id.
                let id: Option<MessageId> = record.subject.parse().ok();
                let before = id.and_then(|id| self.message(id));
                self.state.apply(&event, record.at);
                if let Some(view) = id.and_then(|id| {
                    self.message(id).or_else(|| {
                        // Whoever is done with leaves the state, but not the eyes of who looks on.
                        before.map(|mut view| {
                            view.follow(&event, record.at);
                            view
                        })
                    })
                }) {
                    changed.insert(view.id, view);
                }
                events.push(event);
            }
            self.seq = record.seq;
            self.at = Some(record.at);
        }
        events
    }

    fn message(&self, id: MessageId) -> Option<MessageView> {
        let mail = &self.state.mail;
        mail.messages.get(&id).map(|record| board::message_in(mail, record))
    }

    /// The newest messages, oldest first.
    pub fn messages(&self, most: usize) -> Vec<MessageView> {
        let mail = &self.state.mail;
        let newest = mail.messages.values().rev().take(most);
        newest.map(|record| board::message_in(mail, record)).collect()
    }

    /// What the screen shows.
    pub fn board(&self, home: &Path, now: Timestamp) -> Board {
        board::board(&self.state, home, self.seq, self.at, now)
    }
}

enum News {
    Reply(Box<Reply>),
    Branches(Vec<BranchView>),
    Ended(Refusal),
}

/// What a follower wants to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Boards.
    Boards,
    /// Before each board every message that has changed, and at first all of them.
    Talk,
}

/// Messages that a follower gets at first: more than anybody reads back, and in memory at once.
const TALK: usize = 10_000;

/// Follows the supervisor from a thread of its own; starts again when it ends.
pub fn follow(outside: Outside, identity: Identity, extent: Extent) -> Receiver<Feed> {
    let (feed, boards) = mpsc::channel();
    std::thread::spawn(move || {
        loop {
            let reason = match stay(&outside, &identity, extent, &feed) {
                Some(refusal) => refusal.message,
                None => return,
            };
            if feed.send(Feed::Lost { reason }).is_err() || !pause(RETRY) {
                return;
            }
        }
    });
    boards
}

/// Waits without a sleep: on a channel that nobody writes to.
fn pause(time: Duration) -> bool {
    let (_keep, never) = mpsc::channel::<()>();
    never.recv_timeout(time) == Err(RecvTimeoutError::Timeout)
}

/// Stays with one supervisor as long as it lives; none when nobody listens to us any more.
fn stay(
    outside: &Outside,
    identity: &Identity,
    extent: Extent,
    feed: &Sender<Feed>,
) -> Option<Refusal> {
    let Some(mut link) = Link::open(&outside.socket) else {
        let absent = "the supervisor is not running".to_owned();
        return Some(Refusal::new(
            crate::domain::refusal::RefusalKind::Failed,
            "no_supervisor",
            absent,
        ));
    };
    if let Err(refusal) = link.send(outside, identity, Ask::Follow) {
        return Some(refusal);
    }
    let (sender, news) = mpsc::channel();
    let replies = sender.clone();
    std::thread::spawn(move || {
        loop {
            let message = match link.receive() {
                Ok(reply) => News::Reply(Box::new(reply)),
                Err(refusal) => News::Ended(refusal),
            };
            let is_end = matches!(message, News::Ended(_));
            if replies.send(message).is_err() || is_end {
                return;
            }
        }
    });
    Follower {
        outside,
        identity,
        feed,
        sender,
        extent,
        changed: BTreeMap::new(),
        is_whole: false,
        replica: None,
        branches: Vec::new(),
        branches_due: Instant::now(),
        is_looking: false,
    }
    .run(&news)
}

struct Follower<'a> {
    outside: &'a Outside,
    identity: &'a Identity,
    feed: &'a Sender<Feed>,
    sender: Sender<News>,
    extent: Extent,
    /// Messages that have changed and are not told of.
    changed: BTreeMap<MessageId, MessageView>,
    /// Whether all of them are to be told.
    is_whole: bool,
    replica: Option<Replica>,
    branches: Vec<BranchView>,
    branches_due: Instant,
    is_looking: bool,
}

impl Follower<'_> {
    fn run(&mut self, news: &Receiver<News>) -> Option<Refusal> {
        loop {
            let wait = self.branches_due.saturating_duration_since(Instant::now());
            let first = match news.recv_timeout(wait) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return None,
            };
            let mut ready: VecDeque<News> = first.into_iter().chain(news.try_iter()).collect();
            let is_news = !ready.is_empty();
            while let Some(message) = ready.pop_front() {
                if let Some(refusal) = self.take(message) {
                    return Some(refusal);
                }
            }
            self.look_at_branches();
            if is_news && !self.show() {
                return None;
            }
        }
    }

    fn take(&mut self, message: News) -> Option<Refusal> {
        match message {
            News::Ended(refusal) => return Some(refusal),
            News::Branches(branches) => {
                self.branches = branches;
                self.is_looking = false;
            }
            News::Reply(reply) => match *reply {
                Reply::Refused(refusal) => return Some(refusal),
                Reply::Answer(_) => {}
                Reply::State { seq, state } => {
                    self.replica =
                        serde_json::from_value(*state).ok().map(|state| Replica::new(state, seq));
                    self.is_whole = true;
                }
                Reply::Records(records) => {
                    let changed = &mut self.changed;
                    let replica = self.replica.as_mut();
                    let events = replica
                        .map(|replica| replica.apply_noting(&records, changed))
                        .unwrap_or_default();
                    if events.iter().any(changes_branches) {
                        self.branches_due = self.branches_due.min(Instant::now() + BRANCH_DELAY);
                    }
                }
            },
        }
        None
    }

    /// Tells of the messages that have changed.
    fn tell(&mut self) -> bool {
        let changed = std::mem::take(&mut self.changed);
        let is_whole = std::mem::take(&mut self.is_whole);
        let Some(replica) = self.replica.as_ref().filter(|_| self.extent == Extent::Talk) else {
            return true;
        };
        let messages = match is_whole {
            true => replica.messages(TALK),
            false => changed.into_values().collect(),
        };
        if !is_whole && messages.is_empty() {
            return true;
        }
        self.feed.send(Feed::Talk(Box::new(Talk { is_whole, messages }))).is_ok()
    }

    fn show(&mut self) -> bool {
        if !self.tell() {
            return false;
        }
        let Some(replica) = &self.replica else { return true };
        let mut board = replica.board(&self.outside.home, self.outside.clock.now());
        board.branches.clone_from(&self.branches);
        self.feed.send(Feed::Board(Box::new(board))).is_ok()
    }

    /// Asks for the branches from a thread: it may take a while in a large project.
    fn look_at_branches(&mut self) {
        if self.branches_due > Instant::now() {
            return;
        }
        self.branches_due = Instant::now() + BRANCH_EVERY;
        if self.is_looking {
            return;
        }
        self.is_looking = true;
        let (outside, identity, sender) =
            (self.outside.clone(), self.identity.clone(), self.sender.clone());
        std::thread::spawn(move || {
            let answer = Link::open(&outside.socket).and_then(|mut link| {
                link.ask(&outside, &identity, Ask::Query(Query::Branches)).ok()
            });
            let branches =
                answer.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default();
            let _ = sender.send(News::Branches(branches));
        });
    }
}

fn changes_branches(event: &Event) -> bool {
    matches!(
        event,
        Event::WorktreeReady { .. }
            | Event::TaskProgressed { .. }
            | Event::TaskCompleted { .. }
            | Event::TaskIntegrated { .. }
            | Event::MergeLanded { .. }
            | Event::WorktreeRetired { .. }
    )
}

/// The board at a past moment, from the ledger alone.
pub fn board_at(outside: &Outside, upto: u64) -> Result<Board, Refusal> {
    let ledger = (outside.open_reader)().map_err(|error| reading::ledger_refusal(&error))?;
    let (state, seq) =
        record::fold(ledger.as_ref(), upto).map_err(|error| reading::ledger_refusal(&error))?;
    let last =
        ledger.read(seq.saturating_sub(1), 1).map_err(|error| reading::ledger_refusal(&error))?;
    let at = last.first().map(|record| record.at);
    Ok(board::board(&state, &outside.home, seq, at, at.unwrap_or_else(|| outside.clock.now())))
}
