//! What waits, what is given together, and that nothing of it is lost or given twice.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::domain::agency::AgentState;
use crate::domain::cadence::CadenceConfig;
use crate::domain::command::{Actor, Command};
use crate::domain::id::MessageId;
use crate::domain::message::{MessageState, Priority};
use crate::domain::workbench::WorkbenchConfig;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::{Input, Timer};
use crate::engine::testing::program::{beginning, of_conversation, typed_program};
use crate::engine::testing::{Turn, World, agent, draft, id_of, name};
use crate::ports::terminals::Typed;

const DEV: &str = "Code/dev";

/// `DEV` works, and these texts wait for it.
fn busy_with(texts: &[&str]) -> (World, Vec<MessageId>) {
    let mut world = World::running();
    world.report(DEV, AgentState::Working);
    let ids = texts.iter().map(|text| world.send(DEV, text)).collect();
    (world, ids)
}

fn ring(world: &mut World) -> Turn {
    world.feed(Input::Rang { timer: Timer::Offer })
}

/// What is typed now: its id and its text.
fn typed(turn: &Turn) -> Vec<(MessageId, String)> {
    let typing = turn.effects.iter().filter_map(|effect| match effect {
        Effect::TypeMessage { id, text, .. } => Some((*id, text.clone())),
        _ => None,
    });
    typing.collect()
}

fn one(turn: &Turn) -> (MessageId, String) {
    let mut typed = typed(turn);
    assert_eq!(typed.len(), 1, "{turn:?}");
    typed.remove(0)
}

fn states(world: &World, ids: &[MessageId]) -> Vec<(MessageState, bool)> {
    let of = |id: &MessageId| &world.state.mail.messages[id];
    ids.iter().map(|id| (of(id).state, of(id).is_uncertain)).collect()
}

fn all(state: (MessageState, bool)) -> Vec<(MessageState, bool)> {
    vec![state; 3]
}

const THREE: [&str; 3] = ["STATUS one", "STATUS two", "STATUS three"];
const DELIVERED: (MessageState, bool) = (MessageState::Delivered, false);
const DOUBTFUL: (MessageState, bool) = (MessageState::Routed, true);
const WAITING: (MessageState, bool) = (MessageState::Routed, false);

#[test]
fn an_idle_agent_gets_one_update_at_once_and_as_it_is() {
    let mut world = World::running();
    let turn = world.ask(Actor::Operator, Command::SendMessage { draft: draft(DEV, "STATUS x") });
    let id = id_of(turn.replies[0].1.clone());
    let (typed, text) = one(&turn);
    assert_eq!(typed, id);
    assert!(text.starts_with("[agency] status from operator, message "), "{text}");
}

#[test]
fn updates_that_wait_when_an_agent_becomes_idle_are_given_as_one_and_arrive_together() {
    let (mut world, ids) = busy_with(&THREE);
    let turn = world.report(DEV, AgentState::Idle);
    let (digest, text) = one(&turn);
    assert!(text.contains("3 updates") && text.contains("STATUS three (2 earlier)"), "{text}");
    assert_eq!(turn.events(|event| matches!(event, Event::DigestStarted { .. })), 1);
    let turn = world.typed(DEV, digest, Typed::Submitted);
    assert_eq!(turn.count(|effect| matches!(effect, Effect::MarkDelivered { .. })), 3);
    assert_eq!(states(&world, &ids), all(DELIVERED));
    assert!(world.state.mail.digests.is_empty());
    assert_eq!(typed_count(&world.typed(DEV, digest, Typed::Submitted)), 0);
}

fn typed_count(turn: &Turn) -> usize {
    typed(turn).len()
}

#[test]
fn what_is_critical_comes_first_and_words_come_before_updates_one_by_one() {
    let (mut world, _) = busy_with(&["STATUS a", "first word", "STATUS b", "second word"]);
    let mut urgent = draft(DEV, "STATUS all is down");
    urgent.priority = Priority::Critical;
    world.operator(Command::SendMessage { draft: urgent }).expect("sent");
    let mut turn = world.report(DEV, AgentState::Idle);
    let mut order = Vec::new();
    while let Some((id, text)) = typed(&turn).pop() {
        order.push(text.lines().last().unwrap_or_default().to_owned());
        turn = world.typed(DEV, id, Typed::Submitted);
    }
    let expected = [
        "| STATUS all is down",
        "| first word",
        "| second word",
        "| operator status: STATUS b (1 earlier)",
    ];
    assert_eq!(order, expected);
}

#[test]
fn a_busy_agent_that_takes_text_gets_updates_when_the_first_has_waited_long_enough() {
    let mut world = World::running();
    world.report(DEV, AgentState::Blocked);
    let turn = world.ask(Actor::Operator, Command::SendMessage { draft: draft(DEV, "STATUS 1") });
    assert_eq!(typed_count(&turn), 0);
    let due = world.at + SignedDuration::from_secs(300);
    let wakes = |turn: &Turn| {
        turn.count(
            |effect| matches!(effect, Effect::WakeAt { at, timer: Timer::Offer } if *at == due),
        )
    };
    assert_eq!(wakes(&turn), 1);
    world.wait_ms(299_000);
    world.send(DEV, "STATUS 2");
    assert_eq!(typed_count(&ring(&mut world)), 0, "too early");
    world.wait_ms(1_000);
    assert!(one(&ring(&mut world)).1.contains("2 updates"));
}

#[test]
fn without_a_time_between_batches_a_busy_agent_gets_each_update_as_soon_as_it_can() {
    let mut world = World::running();
    let mut config = world.state.config.clone();
    config.messages.batch_every_s = 0;
    world.feed(Input::ConfigSeen { config: Box::new(config) });
    world.report(DEV, AgentState::Blocked);
    let turn = world.ask(Actor::Operator, Command::SendMessage { draft: draft(DEV, "STATUS 1") });
    assert_eq!(typed_count(&turn), 1);
}

#[test]
fn nothing_waits_for_a_clock_where_nothing_waits() {
    let mut world = World::running();
    let turn = ring(&mut world);
    assert_eq!((turn.effects.len(), turn.events.len()), (0, 0));
    let (mut world, _) = busy_with(&THREE);
    assert_eq!(ring(&mut world).effects.len(), 0, "its next state tells");
}

#[test]
fn a_digest_of_which_nobody_knows_whether_it_arrived_is_doubted_whole_and_never_typed_again() {
    let (mut world, ids) = busy_with(&THREE);
    let (digest, text) = one(&world.report(DEV, AgentState::Idle));
    let turn = world.typed(DEV, digest, Typed::Uncertain { reason: "it did not show".to_owned() });
    assert_eq!(states(&world, &ids), all(DOUBTFUL));
    let left_over = turn.effects.iter().find_map(|effect| match effect {
        Effect::TypeNudge { left_over, text, .. } => Some((left_over.clone(), text.clone())),
        _ => None,
    });
    let (left_over, hint) = left_over.expect("a hint");
    assert!(left_over.contains(&text) && hint.contains("3 messages"), "{left_over:?} {hint}");
    // What stood there was it.
    let spawn = world.spawn_of(DEV).expect("a life");
    let outcome = Typed::LeftOver { text };
    world.feed(Input::NudgeTyped { agent: agent(DEV), spawn, outcome });
    assert_eq!(states(&world, &ids), all(DELIVERED));
    assert!(world.state.mail.nudges.is_empty() && world.state.mail.digests.is_empty());
}

#[test]
fn a_supervisor_that_died_while_it_typed_a_digest_leaves_every_part_in_doubt() {
    let (mut world, ids) = busy_with(&THREE);
    one(&world.report(DEV, AgentState::Idle));
    let mut next = World::of(world.state.clone(), world.past.clone());
    let turn = next.feed(Input::Woke { pid: 2, version: String::new() });
    assert_eq!(states(&next, &ids), all(DOUBTFUL));
    assert_eq!(typed_count(&turn), 0);
}

#[test]
fn a_turn_that_begins_with_a_digest_confirms_every_part_and_nothing_else_does() {
    let mut world = World::of_program(typed_program());
    world.tells(of_conversation("one", AgentState::Working));
    let ids: Vec<MessageId> = THREE.iter().map(|text| world.send(DEV, text)).collect();
    let (digest, text) = one(&world.tells(of_conversation("one", AgentState::Idle)));
    world.typed(DEV, digest, Typed::Submitted);
    assert_eq!(states(&world, &ids), all(WAITING));
    world.tells(beginning(&format!("[agency] note, message x\n| {digest}")));
    assert_eq!(states(&world, &ids), all(WAITING));
    world.tells(beginning(&text));
    assert_eq!(states(&world, &ids), all(DELIVERED));
}

#[test]
fn a_submitted_digest_whose_turn_does_not_begin_is_in_doubt_and_late_is_not_never() {
    let mut world = World::of_program(typed_program());
    world.tells(of_conversation("one", AgentState::Working));
    let ids: Vec<MessageId> = THREE.iter().map(|text| world.send(DEV, text)).collect();
    let (digest, text) = one(&world.tells(of_conversation("one", AgentState::Idle)));
    world.typed(DEV, digest, Typed::Submitted);
    world.wait_ms(5_000);
    world.feed(Input::Rang { timer: Timer::Confirm { id: ids[0] } });
    assert_eq!(states(&world, &ids), all(DOUBTFUL));
    world.tells(beginning(&text));
    assert_eq!(states(&world, &ids), all(DELIVERED));
}

#[test]
fn a_digest_that_was_not_given_is_made_anew_of_what_waits_then() {
    let (mut world, _) = busy_with(&THREE);
    let (digest, _) = one(&world.report(DEV, AgentState::Idle));
    world.send(DEV, "STATUS four");
    world.typed(DEV, digest, Typed::NotReady { reason: "somebody types".to_owned() });
    assert!(world.state.mail.digests.is_empty());
    world.wait_ms(50);
    let (second, text) = one(&ring(&mut world));
    assert!(second != digest && text.contains("4 updates"), "{text}");
}

#[test]
fn a_part_that_is_fetched_meanwhile_has_arrived_once() {
    let (mut world, ids) = busy_with(&THREE);
    let (digest, _) = one(&world.report(DEV, AgentState::Idle));
    world.agent(DEV, Command::FetchMessages { ids: vec![ids[1]] }).expect("fetched");
    let turn = world.typed(DEV, digest, Typed::Uncertain { reason: "x".to_owned() });
    assert_eq!(turn.events(|event| matches!(event, Event::DeliveryUncertain { .. })), 2);
    assert_eq!(states(&world, &ids), [DOUBTFUL, DELIVERED, DOUBTFUL]);
    world.operator(Command::RetryDelivery { id: ids[0] }).expect("tried again");
    assert_eq!(states(&world, &ids), [WAITING, DELIVERED, DOUBTFUL]);
}

/// `DEV` is a program that keeps what is typed while it works, or not.
fn interruptible(interrupts: bool) -> World {
    let mut runtime = typed_program();
    runtime.interrupts = interrupts;
    let mut world = World::of_program(runtime);
    world.tells(of_conversation("one", AgentState::Working));
    world
}

fn send_critical(world: &mut World) -> Turn {
    let mut critical = draft(DEV, "stop that");
    critical.priority = Priority::Critical;
    world.ask(Actor::Operator, Command::SendMessage { draft: critical })
}

#[test]
fn what_is_critical_is_typed_while_its_program_works_if_that_keeps_it() {
    for interrupts in [true, false] {
        let mut world = interruptible(interrupts);
        world.send(DEV, "a word");
        let turn = send_critical(&mut world);
        assert_eq!(typed_count(&turn), usize::from(interrupts));
    }
}

#[test]
fn what_was_typed_while_a_program_works_is_its_to_keep_until_a_turn_begins_with_it() {
    let mut world = interruptible(true);
    let (id, text) = one(&send_critical(&mut world));
    world.typed(DEV, id, Typed::Submitted);
    world.wait_ms(3_600_000);
    world.feed(Input::Rang { timer: Timer::Confirm { id } });
    assert_eq!(states(&world, &[id]), [WAITING]);
    world.tells(of_conversation("one", AgentState::Idle));
    world.tells(beginning(&text));
    assert_eq!(states(&world, &[id]), [DELIVERED]);
}

#[test]
fn in_quiet_hours_no_update_is_given_and_what_is_critical_is() {
    let mut world = World::running();
    let quiet = vec!["03:00-04:00".parse().expect("a span")];
    let cadence = CadenceConfig { quiet, ..CadenceConfig::default() };
    let config = WorkbenchConfig { cadence, ..world.state.config.clone() };
    world.feed(Input::ConfigSeen { config: Box::new(config) });
    let turn = world.ask(Actor::Operator, Command::SendMessage { draft: draft(DEV, "STATUS x") });
    assert_eq!(typed_count(&turn), 0);
    let turn = send_critical(&mut world);
    let (critical, _) = one(&turn);
    let turn = world.typed(DEV, critical, Typed::Submitted);
    let until: Timestamp = "2026-01-02T04:00:00Z".parse().expect("a time");
    assert_eq!(turn.count(|effect| matches!(effect, Effect::WakeAt { at, .. } if *at == until)), 1);
    world.at = until;
    assert_eq!(typed_count(&ring(&mut world)), 1);
}

/// What can happen to an agent and its mail.
#[derive(Debug, Clone)]
enum Happens {
    Update,
    Word,
    Becomes(AgentState),
    Passes(i64),
    Ends(bool),
}

fn happens() -> impl Strategy<Value = Happens> {
    let state = prop_oneof![
        Just(AgentState::Idle),
        Just(AgentState::Working),
        Just(AgentState::Blocked),
        Just(AgentState::Permission)
    ];
    prop_oneof![
        3 => Just(Happens::Update),
        1 => Just(Happens::Word),
        3 => state.prop_map(Happens::Becomes),
        2 => (1_000..400_000_i64).prop_map(Happens::Passes),
        3 => any::<bool>().prop_map(Happens::Ends),
    ]
}

/// What was given so far: each text with the messages that it stood for, and whether it was taken.
#[derive(Default)]
struct Given {
    open: Option<MessageId>,
    parts: BTreeMap<MessageId, Vec<MessageId>>,
    taken: BTreeMap<MessageId, u32>,
}

impl Given {
    fn follow(&mut self, turn: &Turn) {
        for event in &turn.events {
            let (id, parts) = match event {
                Event::DigestStarted { id, ids, .. } => (*id, ids.clone()),
                Event::DeliveryStarted { id, .. } => (*id, vec![*id]),
                _ => continue,
            };
            assert!(self.open.is_none(), "two texts at once");
            self.open = Some(id);
            self.parts.insert(id, parts);
        }
    }

    fn take(&mut self, id: MessageId) {
        for part in &self.parts[&id] {
            *self.taken.entry(*part).or_default() += 1;
        }
    }
}

proptest! {
    #[test]
    fn every_update_is_in_exactly_one_text_that_is_taken_and_none_waits_longer_than_it_must(
        story in proptest::collection::vec(happens(), 1..60)
    ) {
        let mut world = World::running();
        let (mut given, mut sent) = (Given::default(), Vec::new());
        let mut state = AgentState::Idle;
        for happens in story {
            let turn = match happens {
                Happens::Update | Happens::Word => {
                    let text = if matches!(happens, Happens::Update) { "STATUS x" } else { "x" };
                    let draft = draft(DEV, text);
                    let turn = world.ask(Actor::Operator, Command::SendMessage { draft });
                    sent.push(id_of(turn.replies[0].1.clone()));
                    turn
                }
                Happens::Becomes(next) => {
                    state = next;
                    world.report(DEV, next)
                }
                Happens::Passes(ms) => {
                    world.wait_ms(ms);
                    ring(&mut world)
                }
                Happens::Ends(is_taken) => {
                    let Some(id) = given.open.take() else { continue };
                    if is_taken {
                        given.take(id);
                    }
                    let outcome = match is_taken {
                        true => Typed::Submitted,
                        false => Typed::NotReady { reason: "x".to_owned() },
                    };
                    world.typed(DEV, id, outcome)
                }
            };
            given.follow(&turn);
            // Whoever waits, waits for an end, a pause after a refusal, its agent, or its time.
            if given.open.is_none() && matches!(state, AgentState::Idle | AgentState::Blocked) {
                let waiting = world.state.mail.waiting.get(&agent(DEV));
                for id in waiting.into_iter().flatten() {
                    let record = &world.state.mail.messages[id];
                    let since = record.waits_since.expect("it waits");
                    let is_paused = record.not_before.is_some_and(|at| at > world.at);
                    let is_first = world.at.duration_since(since).as_secs() < 300;
                    let must = state == AgentState::Blocked && is_first;
                    let others = waiting.into_iter().flatten().any(|id| {
                        world.state.mail.messages[id].not_before.is_some_and(|at| at > world.at)
                    });
                    prop_assert!(is_paused || must || others, "{id} waits for nothing");
                }
            }
        }
        // In the end the agent is idle and takes everything.
        world.wait_ms(400_000);
        let mut turn = world.report(DEV, AgentState::Idle);
        given.follow(&turn);
        turn = ring(&mut world);
        given.follow(&turn);
        while let Some(id) = given.open.take() {
            given.take(id);
            turn = world.typed(DEV, id, Typed::Submitted);
            given.follow(&turn);
        }
        prop_assert!(sent.iter().all(|id| given.taken.get(id) == Some(&1)), "{:?}", given.taken);
    }
}

#[test]
fn another_agents_updates_are_no_part_of_it() {
    let (mut world, _) = busy_with(&THREE);
    world.report("Code/ops", AgentState::Working);
    world.send("Code/ops", "STATUS for ops");
    let (digest, _) = one(&world.report(DEV, AgentState::Idle));
    assert_eq!(world.state.mail.digests[&digest].ids.len(), 3);
    assert_eq!(world.state.mail.digests[&digest].agent.agent, name("dev"));
}
