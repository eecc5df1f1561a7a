//! Traffic: how fast agents write, and who answers whom for ever.
//!
//! Each agent has a bucket of messages that fills at a steady rate; the operator and the workbench have none. Two agents who
//! answer each other more often than the limit within the window, without progress on a task or a word of the
//! operator in between, are kept apart for a while. Only what goes back and forth, or round in a ring, counts: who
//! writes much and is not answered is too fast at most. It follows from the ledger alone, and all of it is bounded.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::id::MessageId;
use crate::domain::message::Message;
use crate::domain::name::{Address, AgentAddress};
use crate::domain::workbench::QueueConfig;
use crate::engine::event::Event;
use crate::engine::mail::room::is_urgent_for_operator;
use crate::engine::tasks::Tasks;

pub mod bucket;
pub mod deciding;
pub mod pair;

pub use bucket::Bucket;
pub use pair::Pair;

/// Pairs whose conversation is remembered: the liveliest of a large organisation.
const PAIRS: usize = 512;
/// Messages whose depth in a chain of answers is remembered.
const CHAINED: usize = 1_024;
/// Agents whose bucket or progress is remembered before full and old ones are dropped.
const AGENTS: usize = 512;
/// Chains that two agents are in, remembered for each two: who works on more at a time is in no loop.
const CHAINS: usize = 8;
/// A chain counts for two agents from this message between them on: before, they have asked, answered and thanked once.
const CONSULTED: u32 = 4;
/// A pause doubles so often at most: four hours, by default.
const DOUBLINGS: u32 = 4;

/// How agents write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// What each agent may still send.
    pub buckets: BTreeMap<AgentAddress, Bucket>,
    /// What each may still send to the operator of what is urgent.
    #[serde(default)]
    pub urgent: BTreeMap<AgentAddress, Bucket>,
    /// What all together may still send who did not prove who they are.
    #[serde(default)]
    pub strangers: Option<Bucket>,
    /// Who writes to whom.
    pub exchanges: BTreeMap<Pair, Exchange>,
    /// Who is kept apart.
    pub muted: BTreeMap<Pair, Mute>,
    /// When an agent got on with a task last, or heard from the operator.
    progress: BTreeMap<AgentAddress, Timestamp>,
    /// How many answers deep a message is.
    chained: BTreeMap<MessageId, Chained>,
}

/// A conversation of two agents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// When it went back or forth; twice if the same was said again.
    pub turns: VecDeque<Timestamp>,
    /// Who wrote last, when, and what.
    pub last: Option<(AgentAddress, Timestamp, String)>,
    /// What the other one wrote last.
    before: Option<String>,
    /// How often it was stopped without progress in between.
    stops: u32,
    /// The chains of answers that the two are in, by their first message, and how much of each was between them.
    #[serde(default)]
    chains: VecDeque<(MessageId, u32)>,
}

/// Two agents who are kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mute {
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// How often they had answered each other.
    pub turns: u32,
}

/// A message that answers one that answers one ….
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Chained {
    /// Who wrote it: who answers oneself goes in no circle.
    from: AgentAddress,
    depth: u32,
    /// The first message of the chain; none: by an older program.
    #[serde(default)]
    first: Option<MessageId>,
    /// When the chain began.
    since: Timestamp,
    at: Timestamp,
}

fn seconds(number: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(number).unwrap_or(i64::MAX))
}

/// An agent's bucket: a full one if nothing was taken for long.
fn bucket<'b>(
    buckets: &'b mut BTreeMap<AgentAddress, Bucket>,
    of: &AgentAddress,
    at: Timestamp,
    config: &QueueConfig,
) -> &'b mut Bucket {
    if buckets.len() >= AGENTS {
        buckets.retain(|_, bucket| !bucket.is_full(at, config));
    }
    buckets.entry(of.clone()).or_insert_with(|| Bucket::full(at, config))
}

/// Eight bytes of what it says: enough to see that the same is said again.
fn digest(message: &Message) -> String {
    let hash = Sha256::digest(format!("{}\n{}", message.kind, message.body).as_bytes());
    crate::domain::hex::encode(hash.get(..8).unwrap_or_default())
}

impl Traffic {
    /// Takes an event in; the tasks are those before it.
    pub fn apply(&mut self, event: &Event, at: Timestamp, config: &QueueConfig, tasks: &Tasks) {
        match event {
            Event::MessageAccepted { message, to, .. } => {
                self.accept(message, to.as_ref(), at, config)
            }
            Event::TaskStarted { task }
            | Event::TaskCompleted { task, .. }
            | Event::TaskIntegrated { task, .. }
            | Event::TaskAssigned { task, .. } => self.progressed(tasks, *task, at, config),
            // Who says the same again has not got on.
            Event::TaskProgressed { task, percent, .. }
                if tasks.tasks.get(task).is_some_and(|record| record.progress < *percent) =>
            {
                self.progressed(tasks, *task, at, config);
            }
            // A message that asked for it was paid for.
            Event::LockRequested { wish } if wish.message.is_none() => {
                if let Address::Agent(agent) = &wish.holder
                    && config.rate > 0
                {
                    bucket(&mut self.buckets, agent, at, config).pay(at, config);
                }
            }
            Event::LoopStopped { pair, turns, until } => {
                let mute = Mute { since: at, until: *until, turns: *turns };
                self.muted.insert(pair.clone(), mute);
                let exchange = self.exchanges.entry(pair.clone()).or_default();
                exchange.turns.clear();
                exchange.stops += 1;
            }
            Event::LoopReleased { pair } => drop(self.muted.remove(pair)),
            Event::AgentDismissed { agency, definition, .. } => {
                let gone = AgentAddress::new(agency.clone(), definition.name.clone());
                self.drop_agents(|agent| *agent == gone);
            }
            Event::AgencyArchived { agency, .. } => {
                self.drop_agents(|agent| agent.agency == *agency)
            }
            _ => {}
        }
    }

    fn accept(
        &mut self,
        message: &Message,
        to: Option<&AgentAddress>,
        at: Timestamp,
        config: &QueueConfig,
    ) {
        match (&message.from, to) {
            (Address::Workbench, _) => {}
            _ if !message.verified => self.charge_strangers(message, at, config),
            (Address::Operator, Some(to)) => self.note_progress(to.clone(), at, config),
            (Address::Agent(from), to) => {
                self.charge(from, message, at, config);
                if let Some(to) = to.filter(|to| *to != from) {
                    self.converse(from, to, message, at, config);
                }
            }
            _ => {}
        }
    }

    /// Takes one out of the sender's bucket; copies of what was paid for in the same moment cost nothing.
    fn charge(
        &mut self,
        from: &AgentAddress,
        message: &Message,
        at: Timestamp,
        config: &QueueConfig,
    ) {
        if config.rate == 0 {
            return;
        }
        let buckets = match is_urgent_for_operator(message) {
            true => &mut self.urgent,
            false => &mut self.buckets,
        };
        bucket(buckets, from, at, config).charge(message, at, config);
    }

    fn charge_strangers(&mut self, message: &Message, at: Timestamp, config: &QueueConfig) {
        if config.rate > 0 {
            let bucket = self.strangers.get_or_insert_with(|| Bucket::full(at, config));
            bucket.charge(message, at, config);
        }
    }

    fn converse(
        &mut self,
        from: &AgentAddress,
        to: &AgentAddress,
        message: &Message,
        at: Timestamp,
        config: &QueueConfig,
    ) {
        if config.loop_limit == 0
            || message.kind.as_str() == "copy"
            || message.to == Address::Everyone
        {
            return;
        }
        let window = seconds(config.loop_window_s);
        let progress =
            [from, to].into_iter().filter_map(|agent| self.progress.get(agent)).max().copied();
        let chain = self.chain(from, message, at, window, progress);
        let pair = Pair::of(from, to);
        if !self.exchanges.contains_key(&pair) && self.exchanges.len() >= PAIRS {
            self.drop_quietest(at, window);
        }
        let exchange = self.exchanges.entry(pair).or_default();
        exchange.take(from, digest(message), at, window, progress);
        exchange.join(chain);
    }

    /// Follows a chain of answers by one message; gives the chain's first.
    fn chain(
        &mut self,
        from: &AgentAddress,
        message: &Message,
        at: Timestamp,
        window: SignedDuration,
        progress: Option<Timestamp>,
    ) -> MessageId {
        let parent = message.in_reply_to.and_then(|id| self.chained.get(&id));
        let parent = parent.filter(|parent| {
            at.duration_since(parent.since) <= window
                && progress.is_none_or(|last| last < parent.at)
        });
        let (depth, since) = parent.map_or((1, at), |parent| {
            (parent.depth + u32::from(parent.from != *from), parent.since)
        });
        let first = parent.and_then(|parent| parent.first).unwrap_or(message.id);
        let chained = Chained { from: from.clone(), depth, first: Some(first), since, at };
        self.chained.insert(message.id, chained);
        if self.chained.len() > CHAINED {
            let oldest = self.chained.iter().min_by_key(|(_, chained)| chained.at);
            if let Some(id) = oldest.map(|(id, _)| *id) {
                self.chained.remove(&id);
            }
        }
        first
    }

    fn drop_quietest(&mut self, at: Timestamp, window: SignedDuration) {
        let last = |exchange: &Exchange| exchange.last.as_ref().map(|(_, last, _)| *last);
        self.exchanges.retain(|_, exchange| {
            last(exchange).is_some_and(|last| at.duration_since(last) <= window)
        });
        if self.exchanges.len() < PAIRS {
            return;
        }
        let quietest = self.exchanges.iter().min_by_key(|(_, exchange)| last(exchange));
        if let Some(pair) = quietest.map(|(pair, _)| pair.clone()) {
            self.exchanges.remove(&pair);
        }
    }

    fn progressed(
        &mut self,
        tasks: &Tasks,
        task: crate::domain::id::TaskId,
        at: Timestamp,
        config: &QueueConfig,
    ) {
        if let Some(agent) = tasks.tasks.get(&task).and_then(|record| record.agent.clone()) {
            self.note_progress(agent, at, config);
        }
    }

    fn note_progress(&mut self, agent: AgentAddress, at: Timestamp, config: &QueueConfig) {
        if self.progress.len() >= AGENTS {
            let window = seconds(config.loop_window_s);
            self.progress.retain(|_, last| at.duration_since(*last) <= window);
        }
        self.progress.insert(agent, at);
    }

    fn drop_agents(&mut self, is_gone: impl Fn(&AgentAddress) -> bool) {
        self.buckets.retain(|agent, _| !is_gone(agent));
        self.urgent.retain(|agent, _| !is_gone(agent));
        self.progress.retain(|agent, _| !is_gone(agent));
        self.exchanges.retain(|pair, _| !pair.both().into_iter().any(&is_gone));
        self.muted.retain(|pair, _| !pair.both().into_iter().any(&is_gone));
    }

    /// How often two agents have answered each other by now, by their own turns or by the chain that this message is
    /// in. What others went through in a chain is not theirs before it has come round to them again.
    pub fn turns(&self, pair: &Pair, message: MessageId) -> u32 {
        let exchange = self.exchanges.get(pair);
        let turns = exchange.map_or(0, |exchange| exchange.turns.len());
        let is_theirs = |chained: &&Chained| {
            let said = chained.first.zip(exchange).map(|(first, it)| it.said_in(first));
            said.is_none_or(|said| said >= CONSULTED)
        };
        let depth = self.chained.get(&message).filter(is_theirs).map_or(0, |it| it.depth);
        u32::try_from(turns).unwrap_or(u32::MAX).max(depth)
    }

    /// How long they are to be kept apart now.
    pub fn pause(&self, pair: &Pair, config: &QueueConfig) -> SignedDuration {
        let stops = self.exchanges.get(pair).map_or(0, |exchange| exchange.stops);
        seconds(config.loop_pause_s.saturating_mul(1 << stops.min(DOUBLINGS)))
    }
}

impl Exchange {
    /// One more message of this chain was between the two.
    fn join(&mut self, first: MessageId) {
        let said = self.said_in(first);
        self.chains.retain(|(known, _)| *known != first);
        self.chains.push_back((first, said + 1));
        if self.chains.len() > CHAINS {
            self.chains.pop_front();
        }
    }

    /// How many messages of this chain were between the two.
    fn said_in(&self, first: MessageId) -> u32 {
        self.chains.iter().find(|(known, _)| *known == first).map_or(0, |(_, said)| *said)
    }

    /// Something was said. It counts if it goes back or forth, and twice if its sender says the same again.
    fn take(
        &mut self,
        from: &AgentAddress,
        digest: String,
        at: Timestamp,
        window: SignedDuration,
        progress: Option<Timestamp>,
    ) {
        let last = self.last.take();
        let has_progress = progress
            .is_some_and(|progress| last.as_ref().is_some_and(|(_, said, _)| progress >= *said));
        if has_progress {
            *self = Self::default();
        }
        let is_turn = last.as_ref().is_some_and(|(who, _, _)| who != from);
        let same = match &last {
            Some((who, _, said)) if who == from => *said == digest,
            _ => self.before.as_ref() == Some(&digest),
        };
        if is_turn {
            self.before = last.map(|(_, _, said)| said);
        }
        self.turns.retain(|turn| at.duration_since(*turn) <= window);
        for _ in 0..u8::from(is_turn) * (1 + u8::from(same && !has_progress)) {
            self.turns.push_back(at);
        }
        self.last = Some((from.clone(), at, digest));
    }
}
