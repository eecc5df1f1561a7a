//! What is confirmed, and what is not.

use crate::domain::agency::AgentState;
use crate::domain::command::{Actor, Command};
use crate::domain::id::MessageId;
use crate::domain::message::MessageState;
use crate::domain::runtime::report::Told;
use crate::domain::runtime::screen::Reading;
use crate::domain::runtime::{HandOver, Runtime};
use crate::engine::attention::waiting;
use crate::engine::effect::Effect;
use crate::engine::event::{DeliveredBy, Event};
use crate::engine::input::{Input, Timer};
use crate::engine::testing::program::{
    DEV, beginning, of_conversation, program, showing, telling, typed_program,
};
use crate::engine::testing::{Turn, World, agent, name, sending};
use crate::ports::terminals::{PaneLife, Typed};

/// `DEV` idles in its conversation.
fn idle(runtime: Runtime) -> World {
    let mut world = World::of_program(runtime);
    world.tells(of_conversation("one", AgentState::Idle));
    world
}

/// The first message for `DEV`, submitted that way.
fn submitted(world: &mut World, outcome: Typed) -> MessageId {
    let id = world.send(DEV, "hello");
    let turn = world.typed(DEV, id, outcome);
    assert_eq!(turn.events(|event| matches!(event, Event::DeliverySubmitted { .. })), 1);
    id
}

fn state(world: &World, id: MessageId) -> (MessageState, bool) {
    let record = &world.state.mail.messages[&id];
    (record.state, record.is_uncertain)
}

const OPEN: (MessageState, bool) = (MessageState::Routed, false);
const DOUBTFUL: (MessageState, bool) = (MessageState::Routed, true);
const DELIVERED: (MessageState, bool) = (MessageState::Delivered, false);

fn overdue(world: &mut World, id: MessageId, ms: i64) -> Turn {
    world.wait_ms(ms);
    world.feed(Input::Rang { timer: Timer::Confirm { id } })
}

fn delivered_by(turn: &Turn) -> Vec<DeliveredBy> {
    let by = turn.events.iter().filter_map(|event| match event {
        Event::MessageDelivered { by, .. } => Some(*by),
        _ => None,
    });
    by.collect()
}

#[test]
fn a_typed_message_is_delivered_when_its_turn_begins() {
    let mut world = idle(typed_program());
    let id = submitted(&mut world, Typed::Submitted);
    assert_eq!(state(&world, id), OPEN);
    world.tells(beginning("something else"));
    assert_eq!(state(&world, id), OPEN);
    let turn = world.tells(beginning(&format!("[agency] task, message {id}\n| hello")));
    assert_eq!(delivered_by(&turn), [DeliveredBy::Turn]);
    assert_eq!(turn.count(|effect| matches!(effect, Effect::MarkDelivered { .. })), 1);
}

#[test]
fn a_message_that_another_one_quotes_is_not_confirmed_by_it() {
    let mut world = idle(typed_program());
    let id = submitted(&mut world, Typed::Submitted);
    world.tells(beginning(&format!("[agency] note, message x\n| did you get {id}?")));
    assert_eq!(state(&world, id), OPEN);
}

#[test]
fn nothing_is_offered_while_a_message_is_submitted_and_unconfirmed() {
    let mut world = idle(typed_program());
    let id = submitted(&mut world, Typed::Submitted);
    assert_eq!(world.ask(Actor::Operator, sending(DEV, "next")).typing(), []);
    world.tells(beginning(&id.to_string()));
    assert_eq!(world.tells(telling(AgentState::Idle)).typing().len(), 1);
}

#[test]
fn a_submitted_message_whose_turn_does_not_begin_is_uncertain_and_not_typed_again() {
    let mut world = idle(typed_program());
    let id = world.send(DEV, "hello");
    let turn = world.typed(DEV, id, Typed::Submitted);
    let wakes = turn.effects.iter().filter_map(|effect| match effect {
        Effect::WakeAt { at, timer: Timer::Confirm { .. } } => Some(*at),
        _ => None,
    });
    let pauses: Vec<i64> =
        wakes.map(|at| at.as_millisecond() - world.at.as_millisecond()).collect();
    assert_eq!(pauses, [5_000]);
    overdue(&mut world, id, 4_999);
    assert_eq!(state(&world, id), OPEN);
    let turn = overdue(&mut world, id, 1);
    assert_eq!((state(&world, id), turn.typing()), (DOUBTFUL, Vec::new()));
    let reason = world.state.mail.messages[&id].reason.clone().expect("a reason");
    assert!(reason.contains("no turn began with it"), "{reason}");
    // Late is not never.
    let turn = world.tells(beginning(&id.to_string()));
    assert_eq!((delivered_by(&turn), state(&world, id)), (vec![DeliveredBy::Turn], DELIVERED));
}

#[test]
fn a_turn_that_begins_before_typing_has_ended_settles_it() {
    for outcome in [
        Typed::Submitted,
        Typed::Queued,
        Typed::NotReady { reason: "x".to_owned() },
        Typed::Uncertain { reason: "x".to_owned() },
    ] {
        let mut world = idle(typed_program());
        let id = world.send(DEV, "hello");
        world.tells(beginning(&id.to_string()));
        assert_eq!(world.typed(DEV, id, outcome).events.len(), 0);
        assert_eq!(state(&world, id), DELIVERED);
    }
}

#[test]
fn of_a_program_that_has_told_nothing_what_was_seen_is_all_there_is() {
    let mut world = World::of_program(typed_program());
    world.shows(showing(AgentState::Idle), true);
    let id = world.send(DEV, "hello");
    assert_eq!(delivered_by(&world.typed(DEV, id, Typed::Submitted)), [DeliveredBy::Pane]);
    let mut world = idle(Runtime { confirms: false, ..program() });
    let id = world.send(DEV, "hello");
    assert_eq!(delivered_by(&world.typed(DEV, id, Typed::Queued)), [DeliveredBy::Channel]);
}

#[test]
fn the_channel_comes_before_the_pane_where_it_can_be_used() {
    let mut world = World::of_program(program());
    world.tells(telling(AgentState::Idle));
    let turn = world.ask(Actor::Operator, sending(DEV, "hello"));
    assert_eq!((turn.handing(), turn.typing().len()), (0, 1), "its conversation is not known");
    let mut world = idle(program());
    let turn = world.ask(Actor::Operator, sending(DEV, "hello\nyou"));
    assert_eq!((turn.handing(), turn.typing().len()), (1, 0));
    let is_whole = |effect: &Effect| matches!(effect, Effect::HandOver { text, .. } if text.ends_with("\n| hello\n| you"));
    assert_eq!(turn.count(is_whole), 1, "{turn:?}");
    for (state, handed) in
        [(AgentState::Working, 1), (AgentState::Permission, 0), (AgentState::Waiting, 0)]
    {
        let mut world = idle(program());
        world.tells(telling(state));
        let turn = world.ask(Actor::Operator, sending(DEV, "hello"));
        assert_eq!(turn.handing(), handed, "{state:?}");
    }
}

#[test]
fn what_the_channel_did_not_take_goes_into_the_pane_when_that_is_open() {
    let mut world = idle(program());
    world.tells(telling(AgentState::Working));
    let id = world.send(DEV, "hello");
    let turn = world.typed(DEV, id, Typed::NotReady { reason: "no such thread".to_owned() });
    assert_eq!(turn.events(|e| matches!(e, Event::DeliveryDeferred { channel: true, .. })), 1);
    world.wait_ms(50);
    let turn = world.feed(Input::Rang { timer: Timer::Offer });
    assert_eq!((turn.handing(), turn.typing().len()), (0, 0), "it works");
    let turn = world.tells(telling(AgentState::Idle));
    assert_eq!((turn.handing(), turn.typing().len()), (0, 1));
    world.typed(DEV, id, Typed::Submitted);
    world.tells(beginning(&id.to_string()));
    let turn = world.ask(Actor::Operator, sending(DEV, "the next one"));
    assert_eq!(turn.handing(), 1, "another message tries the channel again");
}

#[test]
fn without_an_input_line_there_is_only_the_channel() {
    let mut world = idle(Runtime { input_line: None, ..program() });
    let id = world.send(DEV, "hello");
    world.typed(DEV, id, Typed::NotReady { reason: "not yet".to_owned() });
    world.wait_ms(50);
    assert_eq!(world.feed(Input::Rang { timer: Timer::Offer }).handing(), 1);
}

#[test]
fn what_is_uncertain_and_can_be_hinted_at_in_no_way_is_the_operators_at_once() {
    for (runtime, asked) in [(Runtime { input_line: None, ..program() }, 1), (program(), 0)] {
        let mut world = idle(runtime);
        let id = world.send(DEV, "hello");
        world.typed(DEV, id, Typed::Uncertain { reason: "no answer".to_owned() });
        let waiting = waiting(&world.state, world.at);
        assert_eq!(waiting.len(), asked, "{waiting:?}");
        assert!(waiting.iter().all(|one| one.subject == id.to_string()));
    }
}

#[test]
fn a_queue_has_time_while_its_program_is_busy_and_half_a_minute_when_it_idles() {
    let mut world = idle(program());
    world.tells(telling(AgentState::Working));
    let id = submitted(&mut world, Typed::Queued);
    overdue(&mut world, id, 600_000);
    assert_eq!(state(&world, id), OPEN);
    world.tells(telling(AgentState::Idle));
    overdue(&mut world, id, 29_999);
    assert_eq!(state(&world, id), OPEN);
    overdue(&mut world, id, 1);
    assert_eq!(state(&world, id), DOUBTFUL);
}

#[test]
fn a_program_that_dies_with_a_message_leaves_it_uncertain() {
    let mut world = idle(typed_program());
    let id = submitted(&mut world, Typed::Submitted);
    world.look(|panes| {
        panes.iter_mut().for_each(|pane| {
            pane.life = PaneLife::Dead { status: Some(1), signal: None };
        });
    });
    assert_eq!(state(&world, id), DOUBTFUL);
}

#[test]
fn a_new_supervisor_waits_on_for_what_was_submitted_and_types_nothing() {
    let mut world = idle(typed_program());
    let id = submitted(&mut world, Typed::Submitted);
    world.wait_ms(60_000);
    let turn = world.feed(Input::Woke { pid: 2, version: String::new() });
    assert_eq!((turn.typing(), state(&world, id)), (Vec::new(), OPEN), "nobody listened");
    let is_timer =
        |effect: &Effect| matches!(effect, Effect::WakeAt { timer: Timer::Confirm { .. }, .. });
    assert_eq!(turn.count(is_timer), 1);
    world.tells(beginning(&id.to_string()));
    assert_eq!(state(&world, id), DELIVERED);
}

#[test]
fn a_submitted_message_that_is_fetched_is_delivered_once() {
    let mut world = idle(typed_program());
    let id = submitted(&mut world, Typed::Submitted);
    world.agent(DEV, Command::FetchMessages { ids: vec![id] }).expect("fetched");
    let turn = world.tells(beginning(&id.to_string()));
    assert_eq!((delivered_by(&turn), state(&world, id)), (Vec::new(), DELIVERED));
    assert_eq!(world.typed(DEV, id, Typed::Submitted).events.len(), 0);
}

#[test]
fn what_no_conversation_of_the_agent_said_confirms_nothing() {
    let mut world = idle(typed_program());
    let id = submitted(&mut world, Typed::Submitted);
    world.tells(of_conversation("one", AgentState::Working));
    let inner = Told { conversation: Some("inner".to_owned()), ..beginning(&id.to_string()) };
    assert_eq!(world.tells(inner).events.len(), 0);
    assert_eq!(state(&world, id), OPEN);
}

#[test]
fn deliveries_are_offered_again_when_a_limit_is_over() {
    let mut world = idle(typed_program());
    let until = world.at.saturating_add(jiff::SignedDuration::from_secs(60)).ok();
    let limited = Reading { until, ..showing(AgentState::Limited).expect("a reading") };
    world.shows(Some(limited), true);
    let turn = world.ask(Actor::Operator, sending(DEV, "hello"));
    assert_eq!(turn.typing(), []);
    let is_wake = |effect: &Effect| matches!(effect, Effect::WakeAt { timer: Timer::Offer, at } if Some(*at) == until);
    assert_ne!(turn.count(is_wake), 0);
    world.wait_ms(60_000);
    assert_eq!(world.feed(Input::Rang { timer: Timer::Offer }).typing().len(), 1);
    assert_eq!(world.dev(), AgentState::Limited, "nothing is guessed");
}

#[test]
fn who_is_unknown_is_typed_into_only_when_nobody_could_know_more() {
    for (runtime, is_open) in [
        (typed_program(), false),
        (Runtime { reports_state: false, confirms: false, ..typed_program() }, false),
        (Runtime { reads_screen: false, ..typed_program() }, false),
        (Runtime { reports_state: false, reads_screen: false, ..typed_program() }, true),
    ] {
        let mut world = World::of_program(runtime);
        world.tells(telling(AgentState::Unknown));
        world.shows(None, true);
        world.look(|panes| {
            panes.iter_mut().for_each(|pane| pane.foreground = Some("chat".to_owned()));
        });
        assert_eq!(world.dev(), AgentState::Unknown);
        let turn = world.ask(Actor::Operator, sending(DEV, "hello"));
        assert_eq!(turn.typing().len(), usize::from(is_open));
    }
}

#[test]
fn a_channel_that_needs_no_conversation_is_used_without_one() {
    let states = vec![AgentState::Idle];
    let hand_over = Some(HandOver { states, needs_conversation: false });
    let mut world = World::of_program(Runtime { hand_over, ..program() });
    world.tells(telling(AgentState::Idle));
    assert_eq!(world.ask(Actor::Operator, sending(DEV, "hello")).handing(), 1);
    assert!(world.state.mail.is_typing(&agent(DEV)));
    assert!(!world.state.mail.is_typing(&agent("Code/lead")));
    assert!(world.state.sessions.agency(&name("Code")).is_some());
}

#[test]
fn a_text_that_was_left_in_the_input_line_is_hinted_at_though_no_rule_knows_the_screen() {
    let is_hint = |effect: &Effect| matches!(effect, Effect::TypeNudge { .. });
    let mut world = idle(typed_program());
    let id = world.send(DEV, "hello");
    world.shows(None, true);
    assert_eq!(world.dev(), AgentState::Unknown);
    let reason = "the text still stands in the input line after Enter".to_owned();
    let turn = world.typed(DEV, id, Typed::Uncertain { reason });
    assert_eq!((turn.count(is_hint), turn.typing()), (1, Vec::new()));
    let mut world = idle(typed_program());
    world.shows(None, true);
    let turn = world.ask(Actor::Operator, sending(DEV, "nothing is doubtful"));
    assert_eq!((turn.count(is_hint), turn.typing()), (0, Vec::new()));
}
