//! The promises of the queue, held against a plain model while anything happens in any order: sends, files, failing
//! mailboxes, slow and dying recipients, crashes that lose what was not performed yet, time.
//!
//! The model knows only what was accepted and what became of it; the world beside it checks after every input that the
//! fold of the events is the live state.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::domain::agency::AgentState;
use crate::domain::command::{Actor, Command};
use crate::domain::id::MessageId;
use crate::domain::message::{Message, MessageState, Priority};
use crate::domain::name::Address;
use crate::engine::effect::Effect;
use crate::engine::event::{DeliveredBy, Event};
use crate::engine::input::{Input, LeftUndone, Ticket, Timer};
use crate::engine::mail::door::Hold;
use crate::engine::mail::queue::{Sender, sender_of};
use crate::engine::pacing::{Class, class_of};
use crate::engine::state::State;
use crate::engine::testing::samples::message;
use crate::engine::testing::{World, agent, draft, id};
use crate::ports::terminals::Typed;

const AGENTS: [&str; 4] = ["Code/lead", "Code/dev", "Code/ops", "QA/head"];
const PRIORITIES: [Priority; 4] =
    [Priority::Low, Priority::Normal, Priority::High, Priority::Critical];
const LIMIT: u32 = 10;

/// One message, as the model knows it.
#[derive(Debug, Clone)]
struct Known {
    number: usize,
    message: Message,
    to: Option<String>,
    is_routed: bool,
    is_uncertain: bool,
    is_closed: bool,
    /// Given to a program, and not said to have been impossible.
    is_given: bool,
}

/// What lies outside, and what the model knows.
struct Model {
    world: World,
    pending: Vec<Effect>,
    door: BTreeMap<String, Message>,
    held: BTreeMap<(Hold, String), Message>,
    known: BTreeMap<MessageId, Known>,
    /// Turns that others had while this sender had something ready: by recipient, sender and the other.
    passed: BTreeMap<(String, Priority, Sender, Sender), u32>,
    seen: usize,
    tickets: u64,
    ids: u128,
    /// Events so far: what was accepted later has a greater one.
    numbers: usize,
}

impl Model {
    fn new() -> Self {
        let mut world = World::running();
        let mut config = world.state.config.clone();
        config.queue.mailbox_limit = LIMIT;
        config.queue.rate = 0;
        config.queue.loop_limit = 0;
        world.feed(Input::ConfigSeen { config: Box::new(config) });
        let seen = world.past.len();
        Self {
            world,
            pending: Vec::new(),
            door: BTreeMap::new(),
            held: BTreeMap::new(),
            known: BTreeMap::new(),
            passed: BTreeMap::new(),
            seen,
            tickets: 1_000,
            ids: 0,
            numbers: 0,
        }
    }

    fn feed(&mut self, input: Input) {
        let turn = self.world.feed_alone(input);
        self.pending.extend(turn.effects);
        let new: Vec<Event> =
            self.world.past.iter().skip(self.seen).map(|(event, _)| event.clone()).collect();
        self.seen = self.world.past.len();
        new.iter().for_each(|event| self.check(event));
        for who in AGENTS {
            let depth = self.world.state.mail.depth(&agent(who));
            assert!(depth <= 2 * LIMIT as usize, "{depth} wait for {who}");
        }
    }

    fn ask(&mut self, actor: Actor, command: Command) {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.feed(Input::Asked { ticket, actor, command: Box::new(command) });
    }

    /// What must hold of every event, by what was known before it.
    fn check(&mut self, event: &Event) {
        self.numbers += 1;
        let number = self.numbers;
        match event {
            Event::MessageAccepted { message, to, .. } => {
                let known = Known {
                    number,
                    message: (**message).clone(),
                    to: to.as_ref().map(ToString::to_string),
                    is_routed: false,
                    is_uncertain: false,
                    is_closed: false,
                    is_given: false,
                };
                let twice = self.known.insert(message.id, known);
                assert!(twice.is_none(), "accepted twice: {message:?}");
            }
            Event::MessageRevived { message, .. } => {
                let known = self.known.get_mut(&message.id).expect("revived from nothing");
                assert!(known.is_closed, "it was not dead");
                known.number = number;
                known.message = (**message).clone();
                (known.is_routed, known.is_uncertain) = (false, false);
                (known.is_closed, known.is_given) = (false, false);
            }
            Event::MessageRouted { id } => self.change(*id, |known| known.is_routed = true),
            Event::DeliveryStarted { id, .. } => self.check_start(*id),
            Event::DeliveryDeferred { id, .. } => self.change(*id, |known| known.is_given = false),
            Event::DeliveryUncertain { id, .. } => {
                self.took_turn(*id, false);
                self.change(*id, |known| known.is_uncertain = true);
            }
            Event::DeliveryRetried { id } => self.change(*id, |known| {
                (known.is_uncertain, known.is_given) = (false, false);
            }),
            Event::MessageDelivered { id, by } => {
                self.took_turn(*id, *by == DeliveredBy::Inbox);
                assert!(self.known[id].is_routed, "delivered before it was in the mailbox");
                self.change(*id, |known| (known.is_closed, known.is_uncertain) = (true, false));
            }
            Event::MessageExpired { id } => {
                let expires_at = self.known[id].message.expires_at.expect("a time to live");
                assert!(expires_at <= self.world.at, "it expired too early");
                self.change(*id, |known| known.is_closed = true);
            }
            Event::MessageDied { id, reason } => {
                assert!(!reason.code.is_empty() && !reason.message.is_empty());
                self.change(*id, |known| known.is_closed = true);
            }
            Event::MessageRefused { reason, .. } => {
                assert!(!reason.code.is_empty() && !reason.message.is_empty());
            }
            _ => {}
        }
    }

    fn change(&mut self, id: MessageId, change: impl FnOnce(&mut Known)) {
        change(self.known.get_mut(&id).expect("a message that was accepted"));
    }

    /// Whether a message could be given now: nothing that its sender sent before is still under way.
    fn is_ready(&self, one: &Known) -> bool {
        let is_before = |other: &Known| {
            is_row_of(one, other)
                && other.number < one.number
                && !other.is_closed
                && !other.is_routed
        };
        is_word(one)
            && one.is_routed
            && !one.is_closed
            && !one.is_uncertain
            && !self.known.values().any(is_before)
    }

    fn check_start(&mut self, id: MessageId) {
        let one = self.known.get(&id).expect("accepted").clone();
        assert!(!one.is_given, "given twice: {one:?}");
        assert!(one.message.expires_at.is_none_or(|at| at > self.world.at), "given too late");
        self.change(id, |known| known.is_given = true);
        if !is_word(&one) {
            return;
        }
        assert!(self.is_ready(&one), "given and not ready: {one:?}");
        for other in self.known.values().filter(|other| other.to == one.to && self.is_ready(other))
        {
            let (mine, its) = (one.message.priority, other.message.priority);
            assert!(its <= mine, "{other:?} was to overtake {one:?}");
            let is_earlier = is_row_of(&one, other) && other.number < one.number;
            assert!(!is_earlier, "{one:?} went before {other:?}");
        }
    }

    /// While somebody has something ready, nobody else has three turns of the same urgency.
    /// What its agent fetched by itself was nobody's turn.
    fn took_turn(&mut self, id: MessageId, is_fetched: bool) {
        let one = self.known[&id].clone();
        let is_turn = is_fetched || one.is_given;
        let Some(to) = one.to.clone().filter(|_| is_turn && is_word(&one)) else { return };
        let (priority, from) = (one.message.priority, sender_of(&one.message));
        self.passed.retain(|(at, urgency, waiting, _), _| {
            (at, urgency, waiting) != (&to, &priority, &from)
        });
        if is_fetched {
            return;
        }
        let waiting: BTreeSet<Sender> = self
            .known
            .values()
            .filter(|other| other.to.as_ref() == Some(&to) && other.message.priority == priority)
            .filter(|other| self.is_ready(other) && sender_of(&other.message) != from)
            .map(|other| sender_of(&other.message))
            .collect();
        let key = |sender: &Sender| (to.clone(), priority, sender.clone(), from.clone());
        let keys: Vec<_> = waiting.iter().map(key).collect();
        self.passed.retain(|known, _| {
            (&known.0, &known.1, &known.3) != (&to, &priority, &from) || keys.contains(known)
        });
        for key in keys {
            let turns = self.passed.entry(key).or_default();
            *turns += 1;
            assert!(*turns <= 2, "{from:?} had {turns} turns while others waited");
        }
    }

    /// Performs what was asked for first; `how` chooses how it goes.
    fn perform(&mut self, how: u8) {
        if self.pending.is_empty() {
            return;
        }
        match self.pending.remove(0) {
            Effect::FillMailbox { id, file, .. } => {
                if how.is_multiple_of(5) {
                    return self.feed(Input::LeftUndone { what: LeftUndone::Mailbox });
                }
                file.and_then(|file| self.door.remove(&file));
                self.feed(Input::MailboxFilled { id });
            }
            Effect::TypeMessage { id, target, .. } => {
                let reason = || "someone is typing".to_owned();
                let outcome = match how % 7 {
                    0 => Typed::NotReady { reason: reason() },
                    1 => Typed::Uncertain { reason: reason() },
                    _ => Typed::Submitted,
                };
                let (agent, spawn) = (target.agent, target.spawn);
                self.feed(Input::MessageTyped { agent, spawn, id, outcome });
            }
            Effect::TypeNudge { target, .. } => {
                let (agent, spawn) = (target.agent, target.spawn);
                self.feed(Input::NudgeTyped { agent, spawn, outcome: Typed::Submitted });
            }
            Effect::ClearDoor { file } | Effect::BuryAtDoor { file, .. } => {
                self.door.remove(&file);
            }
            Effect::HoldAtDoor { file, hold } => {
                if let Some(message) = self.door.remove(&file) {
                    self.held.insert((hold.clone(), file.clone()), message);
                    self.feed(Input::FilesHeld { hold, file });
                }
            }
            Effect::SeeHeld => {
                for (hold, file) in self.held.keys().cloned().collect::<Vec<_>>() {
                    self.feed(Input::FilesHeld { hold, file });
                }
            }
            Effect::ReleaseHeld { hold, limit } => {
                let all: Vec<_> =
                    self.held.keys().filter(|(known, _)| *known == hold).cloned().collect();
                for key in all.iter().take(limit as usize) {
                    let message = self.held.remove(key).expect("held");
                    self.door.insert(key.1.clone(), message);
                }
                let left = all.len().saturating_sub(limit as usize) as u32;
                self.feed(Input::HeldReleased { hold, left });
            }
            _ => {}
        }
    }

    fn step(&mut self, (kind, a, b): (u8, u8, u8)) {
        let who = AGENTS[usize::from(a) % 4];
        let to = AGENTS[usize::from(b) % 4];
        let priority = PRIORITIES[usize::from(a / 4) % 4];
        match kind {
            0..=3 => {
                let mut draft = draft(to, "hello");
                draft.priority = priority;
                let ttl = jiff::SignedDuration::from_secs(i64::from(b % 20));
                draft.expires_at = (b > 200).then(|| self.world.at + ttl);
                let actor = if a > 200 { Actor::Operator } else { Actor::Agent(agent(who)) };
                self.ask(actor, Command::SendMessage { draft });
            }
            4 => self.drop_file(who, to, priority),
            5 => self.look(usize::from(a)),
            6..=9 => self.perform(a),
            10 => self.pass(i64::from(a) * 200),
            11 if a < 40 => self.crash(),
            12 => {
                let state = if b < 128 { AgentState::Working } else { AgentState::Idle };
                let spawn = self.world.spawn_of(who).unwrap_or_default();
                let command = Command::ReportState { spawn, state, reason: None };
                self.ask(Actor::Agent(agent(who)), command);
            }
            13 => {
                let waiting = self.world.state.mail.waiting.get(&agent(who)).cloned();
                let ids: Vec<MessageId> = waiting.unwrap_or_default().into_iter().take(2).collect();
                self.ask(Actor::Agent(agent(who)), Command::AcknowledgeMessages { ids });
            }
            14 => self.again(a),
            15 => self.ask(Actor::Operator, Command::SendMessage { draft: draft("*", "freeze") }),
            _ => {}
        }
    }

    fn drop_file(&mut self, from: &str, to: &str, priority: Priority) {
        self.ids += 1;
        let message = Message { priority, ..message(self.ids, from, to, "from the door") };
        self.door.insert(format!("{:04}.json", self.ids), message);
    }

    /// Files are seen in any order, and as often as they lie there.
    fn look(&mut self, which: usize) {
        let file = self.door.iter().nth(which % self.door.len().max(1));
        let Some((file, message)) = file.map(|(f, m)| (f.clone(), m.clone())) else { return };
        self.feed(Input::MessageAtDoor { file, message: Box::new(message) });
    }

    fn pass(&mut self, ms: i64) {
        self.world.wait_ms(ms);
        for timer in [Timer::Expire, Timer::TakeUp, Timer::Door, Timer::Offer] {
            self.feed(Input::Rang { timer });
        }
    }

    /// The same id comes again, or somebody wants something tried again.
    fn again(&mut self, which: u8) {
        let all = self.known.len().max(1);
        let known = self.known.values().nth(usize::from(which) % all).cloned();
        let Some(known) = known else { return };
        let id = known.message.id;
        if known.is_uncertain || known.is_closed {
            let command = Command::RetryMessage { id, ttl_s: Some(60), recalled: None };
            return self.ask(Actor::Operator, command);
        }
        let mut twice = draft("Code/dev", "hello");
        twice.id = Some(id);
        self.ask(Actor::Operator, Command::SendMessage { draft: twice });
    }

    /// What was not performed is lost; the state is folded from the start.
    fn crash(&mut self) {
        self.pending.clear();
        let past = std::mem::take(&mut self.world.past);
        let mut state = State::default();
        past.iter().for_each(|(event, at)| state.apply(event, *at));
        assert_eq!(state, self.world.state);
        let at = self.world.at;
        self.world = World::of(state, past);
        self.world.at = at;
        self.feed(Input::Woke { pid: 2, version: "1".to_owned() });
    }

    /// Everybody is there and everything works: what is left arrives.
    fn settle(&mut self) {
        for round in 0..400_u32 {
            for who in AGENTS {
                let spawn = self.world.spawn_of(who).unwrap_or_default();
                let command = Command::ReportState { spawn, state: AgentState::Idle, reason: None };
                self.ask(Actor::Agent(agent(who)), command);
            }
            for which in 0..self.door.len() {
                self.look(which);
            }
            while !self.pending.is_empty() {
                self.perform(2);
            }
            self.pass(20_000);
            let is_open = |known: &&Known| {
                known.to.is_some() && !known.is_closed && !known.is_uncertain && is_word(known)
            };
            let is_done = self.known.values().find(is_open).is_none()
                && self.door.is_empty()
                && self.held.is_empty();
            if is_done && round > 2 {
                return;
            }
        }
        let open: Vec<&Known> =
            self.known.values().filter(|k| k.to.is_some() && !k.is_closed).collect();
        panic!("never arrived: {open:?}, at the door {:?}, held {:?}", self.door, self.held);
    }
}

/// Of the same sender, to the same recipient, as urgent.
fn is_row_of(one: &Known, other: &Known) -> bool {
    other.to == one.to
        && other.message.priority == one.message.priority
        && sender_of(&other.message) == sender_of(&one.message)
}

/// Updates are given together, and not in this order.
fn is_word(one: &Known) -> bool {
    class_of(&one.message) != Class::Update
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_queue_keeps_its_promises(
        steps in proptest::collection::vec((0_u8..16, any::<u8>(), any::<u8>()), 1..160)
    ) {
        let mut model = Model::new();
        for step in steps {
            model.step(step);
        }
        model.settle();
        for (id, known) in &model.known {
            let record = model.world.state.mail.messages.get(id);
            let is_dead = record.is_some_and(|record| record.state == MessageState::Dead);
            prop_assert!(!is_dead || record.is_some_and(|r| r.reason.is_some()), "{known:?}");
        }
    }
}

#[test]
fn an_address_of_the_model_is_one() {
    assert!(AGENTS.iter().all(|who| matches!(Address::parse(who), Ok(Address::Agent(_)))));
    assert_eq!(id(1).as_u128(), 1);
}
