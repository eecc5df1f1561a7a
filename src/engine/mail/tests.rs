//! Who may send what to whom, and what becomes of it.

use jiff::SignedDuration;

use crate::domain::agency::AgentState;
use crate::domain::command::{Actor, Answer, Command};
use crate::domain::id::MessageId;
use crate::domain::message::{MessageState, MessageType};
use crate::domain::name::Address;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::{Input, Timer};
use crate::engine::testing::samples::{message, reason};
use crate::engine::testing::{
    Turn, World, agent, code_of, definition, draft, id, id_of, name, sending,
};

fn accepted(turn: &Turn) -> Vec<(String, String)> {
    let accepted = turn.events.iter().filter_map(|event| match event {
        Event::MessageAccepted { message, to, .. } => {
            let to = to.as_ref().map_or("operator".to_owned(), ToString::to_string);
            Some((message.kind.to_string(), to))
        }
        _ => None,
    });
    accepted.collect()
}

fn state(world: &World, id: MessageId) -> MessageState {
    world.state.mail.messages[&id].state
}

fn at_door(world: &mut World, number: u128, from: &str, to: &str) -> Turn {
    let message = Box::new(message(number, from, to, "hello"));
    world.feed(Input::MessageAtDoor { file: format!("{number}.json"), message })
}

#[test]
fn the_same_id_is_one_message_however_often_it_comes() {
    let mut world = World::running();
    let mut twice = draft("Code/dev", "hello");
    twice.id = Some(id(7));
    for _ in 0..2 {
        let sent = world.operator(Command::SendMessage { draft: twice.clone() });
        assert_eq!(id_of(sent), id(7));
    }
    let turn = at_door(&mut world, 7, "QA/head", "Code/dev");
    assert_eq!(turn.events.len(), 0);
    assert_eq!(turn.count(|effect| matches!(effect, Effect::ClearDoor { .. })), 1);
}

#[test]
fn a_message_whose_mailbox_could_not_be_written_is_put_there_when_it_comes_again() {
    let mut world = World::running();
    let letter = message(7, "QA/head", "Code/dev", "hello");
    let input =
        || Input::MessageAtDoor { file: "a.json".to_owned(), message: Box::new(letter.clone()) };
    world.feed_alone(input());
    let again = world.feed_alone(input());
    assert_eq!(again.count(|effect| matches!(effect, Effect::FillMailbox { .. })), 1);
    assert_eq!(again.events.len(), 0);
}

#[test]
fn an_unknown_recipient_is_refused_with_those_that_are_there() {
    let mut world = World::running();
    let refusal = world.operator(sending("Code/nobody", "hello")).expect_err("refused");
    assert_eq!(refusal.code, "agent_not_found");
    assert!(refusal.hint.expect("a hint").contains("lead, dev, ops"));
    assert_eq!(code_of(world.operator(sending("Kode", "hello"))), "agency_not_found");
    assert_eq!(code_of(world.operator(sending("workbench", "hello"))), "bad_recipient");
}

#[test]
fn a_message_at_the_door_for_nobody_is_buried_with_its_reason() {
    let mut world = World::running();
    let turn = at_door(&mut world, 7, "QA/head", "Code/nobody");
    assert_eq!(turn.count(|effect| matches!(effect, Effect::BuryAtDoor { .. })), 1);
    world.feed(Input::RefusedAtDoor { file: "x".to_owned(), reason: reason() });
    assert_eq!(world.state.mail.refused, 2);
}

#[test]
fn an_agency_is_its_coordinator_and_so_is_the_word() {
    let mut world = World::running();
    for to in ["Code", "Code/coordinator"] {
        let turn = world.ask(Actor::Operator, sending(to, "hello"));
        assert_eq!(accepted(&turn), [("note".to_owned(), "Code/lead".to_owned())]);
    }
}

#[test]
fn peers_talk_with_their_coordinator_in_copy() {
    let mut world = World::running();
    let mut sent = |from: &str, to: &str| {
        let turn = world.ask(Actor::Agent(agent(from)), sending(to, "hello"));
        accepted(&turn).into_iter().map(|(kind, to)| format!("{kind} {to}")).collect::<Vec<_>>()
    };
    assert_eq!(sent("Code/dev", "Code/ops"), ["note Code/ops", "copy Code/lead"]);
    assert_eq!(sent("Code/dev", "Code/lead"), ["note Code/lead"]);
    assert_eq!(sent("Code/lead", "Code/dev"), ["note Code/dev"]);
    assert_eq!(sent("QA/head", "Code/dev"), ["note Code/dev"]);
    assert_eq!(sent("Code/dev", "operator"), ["note operator"]);
    let turn = at_door(&mut world, 7, "Code/dev", "Code/ops");
    let heard: Vec<String> =
        accepted(&turn).into_iter().map(|(kind, to)| format!("{kind} {to}")).collect();
    assert_eq!(heard, ["note Code/ops", "copy Code/lead"], "at the door too");
}

#[test]
fn a_broadcast_reaches_every_other_coordinator_and_needs_somebody_to_hear_it() {
    let mut world = World::running();
    let turn = world.ask(Actor::Operator, sending("*", "hello"));
    assert_eq!(accepted(&turn).len(), 2);
    let turn = world.ask(Actor::Agent(agent("Code/lead")), sending("*", "hello"));
    assert_eq!(accepted(&turn), [("note".to_owned(), "QA/head".to_owned())]);
    assert_eq!(code_of(World::empty().operator(sending("*", "hello"))), "nobody");
}

#[test]
fn an_agent_never_speaks_for_another_and_the_operator_may() {
    let mut world = World::running();
    let mut claim = draft("Code/ops", "hello");
    claim.from = Some(Address::Operator);
    let turn = world.ask(Actor::Agent(agent("QA/head")), Command::SendMessage { draft: claim });
    let from = turn.events.iter().find_map(|event| match event {
        Event::MessageAccepted { message, .. } => Some(message.from.to_string()),
        _ => None,
    });
    assert_eq!(from.as_deref(), Some("QA/head"));
    let mut spoken = |from: &str| {
        let mut draft = draft("Code/ops", "hello");
        draft.from = Some(Address::parse(from).expect("an address"));
        let sent = world.operator(Command::SendMessage { draft })?;
        Ok::<_, crate::domain::refusal::Refusal>(
            world.state.mail.messages[&id_of(Ok(sent))].message.from.to_string(),
        )
    };
    assert_eq!(spoken("Code/dev").expect("sent"), "Code/dev");
    assert_eq!(spoken("QA").expect("sent"), "QA");
    assert_eq!(spoken("MetaOrchestrator").expect("sent"), "MetaOrchestrator");
    assert_eq!(code_of(spoken("Code/nobody")), "agent_not_found");
    assert_eq!(code_of(spoken("*")), "bad_sender");
}

#[test]
fn mail_for_the_operator_waits_until_it_is_acknowledged() {
    let mut world = World::running();
    let question = id_of(world.agent("Code/dev", sending("operator", "QUESTION which one?")));
    assert_eq!(world.state.mail.for_operator, [question]);
    let waiting = crate::engine::attention::waiting(&world.state, world.at);
    assert_eq!(waiting[0].text, "Code/dev: QUESTION which one?");
    world.operator(Command::AcknowledgeMessages { ids: vec![question] }).expect("done");
    assert!(world.state.mail.for_operator.is_empty());
    assert_eq!(crate::engine::attention::waiting(&world.state, world.at).len(), 0);
}

#[test]
fn an_agent_takes_only_what_is_for_it() {
    let mut world = World::running();
    let sent = world.send("Code/dev", "hello");
    for command in [
        Command::AcknowledgeMessages { ids: vec![sent] },
        Command::FetchMessages { ids: vec![sent] },
    ] {
        assert_eq!(code_of(world.agent("Code/ops", command)), "not_yours");
    }
    let unknown = Command::AcknowledgeMessages { ids: vec![sent, id(99)] };
    assert_eq!(code_of(world.agent("Code/dev", unknown)), "message_not_found");
    let retry = Command::RetryDelivery { id: sent };
    assert_eq!(code_of(world.agent("Code/dev", retry.clone())), "operator_only");
    let ack = Command::AcknowledgeMessages { ids: vec![sent, sent] };
    assert_eq!(world.agent("Code/dev", ack.clone()), Ok(Answer::Done));
    assert_eq!(state(&world, sent), MessageState::Acknowledged);
    assert_eq!(world.state.mail.unacknowledged, 0);
    assert_eq!(code_of(world.operator(retry)), "not_waiting");
    assert_eq!(world.ask(Actor::Agent(agent("Code/dev")), ack).events.len(), 0);
}

#[test]
fn a_message_whose_time_runs_out_goes_to_the_dead_ones() {
    let mut world = World::running();
    world.report("Code/dev", AgentState::Working);
    let mut short = draft("Code/dev", "soon over");
    let ends = world.at.saturating_add(SignedDuration::from_secs(5)).expect("a time");
    short.expires_at = Some(ends);
    let turn = world.ask(Actor::Operator, Command::SendMessage { draft: short });
    let id = id_of(turn.replies[0].1.clone());
    let wake = Effect::WakeAt { at: ends, timer: Timer::Expire };
    assert!(turn.effects.contains(&wake));
    let early = world.feed(Input::Rang { timer: Timer::Expire });
    assert!(early.effects.contains(&wake), "it is woken once more");
    world.wait_ms(5_000);
    let turn = world.feed(Input::Rang { timer: Timer::Expire });
    assert_eq!(turn.count(|effect| matches!(effect, Effect::Bury { .. })), 1);
    assert_eq!(state(&world, id), MessageState::Expired);
    assert_eq!(world.state.mail.waiting.len(), 0);
}

#[test]
fn a_message_that_is_being_typed_does_not_expire_under_it() {
    let mut world = World::running();
    let mut short = draft("Code/dev", "soon over");
    short.expires_at = world.at.saturating_add(SignedDuration::from_secs(5)).ok();
    let id = id_of(world.operator(Command::SendMessage { draft: short }));
    world.wait_ms(6_000);
    world.feed(Input::Rang { timer: Timer::Expire });
    assert_eq!(state(&world, id), MessageState::Routed);
    world.typed("Code/dev", id, crate::ports::terminals::Typed::Submitted);
    assert_eq!(state(&world, id), MessageState::Delivered);
}

#[test]
fn mail_of_an_agent_that_is_taken_out_of_its_agency_dies_with_a_reason() {
    let mut world = World::running();
    world.report("Code/ops", AgentState::Working);
    let sent = world.send("Code/ops", "hello");
    let turn = world.define(definition("Code", &["lead", "dev"]));
    assert_eq!(turn.count(|effect| matches!(effect, Effect::Bury { .. })), 1);
    assert_eq!(state(&world, sent), MessageState::Dead);
    assert!(world.state.mail.waiting.is_empty());
}

#[test]
fn mail_of_a_removed_agency_does_not_wait_for_the_next_of_its_name() {
    let mut world = World::running();
    world.operator(Command::StopAgencies { names: vec![name("Code")] }).expect("stopped");
    let sent = world.send("Code/dev", "hello");
    world.operator(Command::RemoveAgency { name: name("Code") }).expect("removing");
    world.feed(Input::AgencyArchived { agency: name("Code"), folder: "x".into() });
    assert_eq!(state(&world, sent), MessageState::Dead);
    assert_eq!((world.state.mail.waiting.len(), world.state.mail.unrouted.len()), (0, 0));
}

#[test]
fn what_is_sent_is_in_the_activity_log_of_both_sides_once() {
    let mut world = World::running();
    let logged = |turn: &Turn| -> Vec<String> {
        let lines = turn.effects.iter().filter_map(|effect| match effect {
            Effect::LogActivity { agency, .. } => Some(agency.to_string()),
            _ => None,
        });
        lines.collect()
    };
    let turn = world.ask(Actor::Agent(agent("QA/head")), sending("Code", "hello"));
    assert_eq!(logged(&turn), ["QA", "Code"]);
    let turn = world.ask(Actor::Agent(agent("Code/lead")), sending("Code/dev", "hello"));
    assert_eq!(logged(&turn), ["Code"]);
}

#[test]
fn what_a_stranger_says_stays_marked() {
    let mut world = World::running();
    let mut letter = message(7, "QA/head", "Code/dev", "hello");
    letter.verified = false;
    let turn = world.feed(Input::MessageAtDoor { file: "a".to_owned(), message: Box::new(letter) });
    let typed = turn.effects.iter().find_map(|effect| match effect {
        Effect::TypeMessage { text, .. } => Some(text.clone()),
        _ => None,
    });
    assert!(typed.expect("typed").contains("(unverified sender)"));
    assert_eq!(MessageType::of_text("hello").as_str(), "note");
}

/// A world in whose mailboxes ten may wait.
fn narrow() -> World {
    let mut world = World::running();
    let mut config = world.state.config.clone();
    config.queue.mailbox_limit = 10;
    world.feed(Input::ConfigSeen { config: Box::new(config) });
    world.report("Code/dev", AgentState::Working);
    world
}

#[test]
fn a_full_mailbox_refuses_its_sender_and_keeps_room_for_what_is_critical() {
    let mut world = narrow();
    for number in 0..10 {
        world.send("Code/dev", &format!("note {number}"));
    }
    let refusal = world.operator(sending("Code/dev", "one more")).expect_err("full");
    assert_eq!(refusal.code, "mailbox_full");
    assert!(refusal.message.contains("10 messages wait"), "{}", refusal.message);
    let mut urgent = draft("Code/dev", "it burns");
    urgent.priority = crate::domain::message::Priority::Critical;
    world.operator(Command::SendMessage { draft: urgent }).expect("there is a reserve");
    assert_eq!(code_of(world.operator(sending("Code/dev", "one more"))), "mailbox_full");
    let shown = crate::engine::attention::waiting(&world.state, world.at);
    assert!(shown.iter().any(|waiting| waiting.kind.as_str() == "full_mailbox"));
}

#[test]
fn a_file_for_a_full_mailbox_waits_at_the_door_and_blocks_nobody() {
    let mut world = narrow();
    for number in 0..10 {
        world.send("Code/dev", &format!("note {number}"));
    }
    let turn = at_door(&mut world, 7, "QA/head", "Code/dev");
    assert_eq!(turn.count(|effect| matches!(effect, Effect::HoldAtDoor { .. })), 1);
    assert_eq!(
        (world.state.mail.refused, turn.count(|e| matches!(e, Effect::BuryAtDoor { .. }))),
        (0, 0)
    );
    assert_eq!(accepted(&at_door(&mut world, 8, "QA/head", "Code/lead")).len(), 1);
    let turn = world.feed(Input::Rang { timer: Timer::Door });
    assert_eq!(turn.count(|effect| matches!(effect, Effect::ReleaseHeld { .. })), 0, "still full");
    let ids = world.state.mail.waiting[&agent("Code/dev")][..2].to_vec();
    world.agent("Code/dev", Command::FetchMessages { ids }).expect("fetched");
    let turn = world.feed(Input::Rang { timer: Timer::Door });
    assert_eq!(turn.count(|effect| matches!(effect, Effect::ReleaseHeld { limit: 2, .. })), 1);
}

#[test]
fn the_operators_list_is_bounded_but_for_who_cannot_go_on() {
    let mut world = narrow();
    for number in 0..10 {
        world.agent("Code/dev", sending("operator", &format!("note {number}"))).expect("taken");
    }
    assert_eq!(code_of(world.agent("Code/dev", sending("operator", "one more"))), "mailbox_full");
    let mut stuck = draft("operator", "it hangs");
    stuck.kind = MessageType::parse("blocker").expect("a type");
    world.agent("Code/dev", Command::SendMessage { draft: stuck }).expect("always heard");
}

#[test]
fn closed_messages_leave_and_come_no_second_time() {
    let mut world = World::running();
    world.report("Code/dev", AgentState::Working);
    let mut ids = Vec::new();
    for _ in 0..700 {
        let sent = world.send("Code/dev", "hello");
        world.agent("Code/dev", Command::AcknowledgeMessages { ids: vec![sent] }).expect("read");
        world.wait_ms(1_000);
        ids.push(sent);
    }
    assert_eq!(world.state.mail.messages.len(), 500);
    assert_eq!(world.state.mail.gone.count, 200);
    let mut again = draft("Code/dev", "hello");
    again.id = Some(ids[0]);
    let events = world.past.len();
    assert_eq!(id_of(world.operator(Command::SendMessage { draft: again })), ids[0]);
    assert_eq!(world.past.len(), events, "it is known");
    let letter = crate::domain::message::Message {
        id: ids[0],
        ..message(1, "QA/head", "Code/dev", "hello")
    };
    let turn = world.feed(Input::MessageAtDoor { file: "a".to_owned(), message: Box::new(letter) });
    assert_eq!(turn.count(|effect| matches!(effect, Effect::ClearDoor { .. })), 1);
    world.agent("Code/dev", Command::AcknowledgeMessages { ids }).expect("nothing to do");
}

#[test]
fn what_was_delivered_long_ago_is_acknowledged_by_whom_it_was_for_only() {
    let mut world = World::running();
    world.report("Code/dev", AgentState::Working);
    let mut ids = Vec::new();
    for _ in 0..600 {
        let sent = world.send("Code/dev", "hello");
        world.agent("Code/dev", Command::FetchMessages { ids: vec![sent] }).expect("fetched");
        world.wait_ms(1_000);
        ids.push(sent);
    }
    let old = || Command::AcknowledgeMessages { ids: vec![ids[0]] };
    assert!(!world.state.mail.messages.contains_key(&ids[0]));
    assert_eq!(code_of(world.agent("Code/ops", old())), "not_yours");
    let before = world.state.mail.unacknowledged;
    world.agent("Code/dev", old()).expect("acknowledged");
    assert_eq!(world.state.mail.unacknowledged, before - 1);
}

#[test]
fn a_dead_message_is_taken_once_more_on_the_operators_word() {
    let mut world = World::running();
    world.report("Code/dev", AgentState::Working);
    let mut short = draft("Code/dev", "hello");
    short.expires_at = Some(world.at + SignedDuration::from_secs(1));
    let sent = id_of(world.operator(Command::SendMessage { draft: short }));
    let retry = |ttl_s| Command::RetryMessage { id: sent, ttl_s, recalled: None };
    assert_eq!(world.operator(retry(None)), Ok(Answer::Done), "what waits is only tried again");
    world.wait_ms(2_000);
    world.feed(Input::Rang { timer: Timer::Expire });
    assert_eq!(state(&world, sent), MessageState::Expired);
    assert_eq!(code_of(world.agent("Code/dev", retry(None))), "operator_only");
    assert_eq!(code_of(world.operator(retry(None))), "needs_ttl");
    world.operator(retry(Some(60))).expect("taken");
    assert_eq!(state(&world, sent), MessageState::Routed);
    world.agent("Code/dev", Command::AcknowledgeMessages { ids: vec![sent] }).expect("read");
    assert_eq!(code_of(world.operator(retry(Some(60)))), "not_dead");
    let file = Command::RetryFile { file: "a.json".to_owned() };
    let turn = world.ask(Actor::Operator, file);
    assert_eq!(turn.count(|effect| matches!(effect, Effect::RetryAtDoor { .. })), 1);
    let woke = world.feed(Input::Woke { pid: 2, version: "1".to_owned() });
    assert_eq!(woke.count(|effect| matches!(effect, Effect::RetryAtDoor { .. })), 1);
}

#[test]
fn what_is_given_up_as_never_read_is_not_counted_any_more() {
    let mut mail = crate::engine::mail::Mail::default();
    let (config, dev) = (crate::domain::workbench::QueueConfig::default(), agent("Code/dev"));
    let start = jiff::Timestamp::UNIX_EPOCH;
    for number in 1..=2_700 {
        let letter = message(number, "Code/lead", "Code/dev", "hello");
        let (id, to) = (letter.id, Some(dev.clone()));
        let message = Box::new(letter);
        mail.apply(&Event::MessageAccepted { message, to, file: None }, start);
        mail.apply(&Event::MessageRouted { id }, start);
        let by = crate::engine::event::DeliveredBy::Inbox;
        mail.apply(&Event::MessageDelivered { id, by }, start);
    }
    assert_eq!(mail.unacknowledged, 2_700);
    mail.forget(&config, start + jiff::SignedDuration::from_hours(1));
    let known = mail.gone.unread.len() + mail.closed.len();
    assert_eq!((mail.gone.unread.len(), mail.unacknowledged as usize), (2_000, known));
}

mod berths;
