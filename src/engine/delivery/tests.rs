//! What is typed into which pane, and when.

use crate::domain::agency::AgentState;
use crate::domain::command::{Actor, Answer, Command};
use crate::domain::id::MessageId;
use crate::domain::message::{MessageState, Priority};
use crate::domain::workbench::WorkbenchConfig;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::{Input, Timer};
use crate::engine::testing::{Turn, World, agent, definition, draft, id_of, name};
use crate::ports::terminals::Typed;

const DEV: &str = "Code/dev";

fn not_ready() -> Typed {
    Typed::NotReady { reason: "somebody types".to_owned() }
}

fn uncertain() -> Typed {
    Typed::Uncertain { reason: "it did not show".to_owned() }
}

fn send_urgent(world: &mut World, text: &str, priority: Priority) -> (MessageId, Turn) {
    let mut draft = draft(DEV, text);
    draft.priority = priority;
    let turn = world.ask(Actor::Operator, Command::SendMessage { draft });
    let id = id_of(turn.replies[0].1.clone());
    (id, turn)
}

fn send(world: &mut World, text: &str) -> (MessageId, Turn) {
    send_urgent(world, text, Priority::Normal)
}

fn ring(world: &mut World) -> Turn {
    world.feed(Input::Rang { timer: Timer::Offer })
}

fn nudges(turn: &Turn) -> usize {
    turn.count(|effect| matches!(effect, Effect::TypeNudge { .. }))
}

fn nudged(world: &mut World, outcome: Typed) -> Turn {
    let spawn = world.spawn_of(DEV).expect("a life");
    world.feed(Input::NudgeTyped { agent: agent(DEV), spawn, outcome })
}

fn to_dev(id: MessageId) -> Vec<(String, MessageId)> {
    vec![(DEV.to_owned(), id)]
}

#[test]
fn one_message_is_typed_at_a_time_and_they_come_in_order() {
    let mut world = World::running();
    let (first, turn) = send(&mut world, "one");
    assert_eq!(turn.typing(), to_dev(first));
    let (second, turn) = send(&mut world, "two");
    assert_eq!(turn.typing(), []);
    let (third, _) = send(&mut world, "three");
    let turn = world.typed(DEV, first, Typed::Submitted);
    assert_eq!(turn.typing(), to_dev(second));
    assert_eq!(turn.count(|effect| matches!(effect, Effect::MarkDelivered { .. })), 1);
    assert_eq!(world.typed(DEV, second, Typed::Submitted).typing(), to_dev(third));
    assert_eq!(world.typed(DEV, third, Typed::Submitted).typing(), []);
}

#[test]
fn what_is_urgent_overtakes_and_equals_keep_their_order() {
    let mut world = World::running();
    let (running, _) = send(&mut world, "now");
    let (low, _) = send_urgent(&mut world, "low", Priority::Low);
    let (normal, _) = send(&mut world, "normal");
    let (critical, _) = send_urgent(&mut world, "critical", Priority::Critical);
    let (later, _) = send(&mut world, "later");
    let mut order = Vec::new();
    let mut typing = running;
    while let Some((_, next)) = world.typed(DEV, typing, Typed::Submitted).typing().pop() {
        order.push(next);
        typing = next;
    }
    assert_eq!(order, [critical, normal, later, low]);
}

#[test]
fn text_is_typed_only_while_the_agent_can_take_it() {
    for (state, is_open) in [
        (AgentState::Idle, true),
        (AgentState::Waiting, true),
        (AgentState::Working, false),
        (AgentState::Permission, false),
        (AgentState::Blocked, true),
        (AgentState::Limited, false),
        (AgentState::Unknown, false),
        (AgentState::Starting, false),
    ] {
        let mut world = World::running();
        world.report(DEV, state);
        let (_, turn) = send(&mut world, "hello");
        assert_eq!(turn.typing().len(), usize::from(is_open), "{state:?}");
    }
}

#[test]
fn a_message_for_a_stopped_agency_waits_until_it_lives_again() {
    let mut world = World::running();
    world.operator(Command::StopAgencies { names: vec![name("Code")] }).expect("stopped");
    let (id, turn) = send(&mut world, "hello");
    assert_eq!(turn.typing(), []);
    world.operator(Command::StartAgencies { names: vec![name("Code")] }).expect("started");
    world.open_panes();
    assert_eq!(world.report(DEV, AgentState::Idle).typing(), to_dev(id));
}

#[test]
fn a_deferred_message_is_tried_after_a_growing_pause_and_at_once_when_the_state_changes() {
    let mut world = World::running();
    let (id, _) = send(&mut world, "hello");
    let mut pauses = Vec::new();
    for _ in 0..11 {
        let turn = world.typed(DEV, id, not_ready());
        let at = turn.effects.iter().find_map(|effect| match effect {
            Effect::WakeAt { at, timer: Timer::Offer } => Some(*at),
            _ => None,
        });
        let pause = at.expect("woken").as_millisecond() - world.at.as_millisecond();
        pauses.push(pause);
        world.wait_ms(pause - 1);
        assert_eq!(ring(&mut world).typing(), [], "too early");
        world.wait_ms(1);
        assert_eq!(ring(&mut world).typing(), to_dev(id));
    }
    assert_eq!(pauses[..4], [50, 100, 200, 400]);
    assert_eq!(pauses[10], 15_000);
    world.typed(DEV, id, not_ready());
    world.report(DEV, AgentState::Working);
    assert_eq!(world.report(DEV, AgentState::Idle).typing(), to_dev(id));
}

#[test]
fn an_uncertain_message_is_never_typed_again_and_hinted_at_three_times_at_most() {
    let mut world = World::running();
    let (id, _) = send(&mut world, "hello");
    let mut turn = world.typed(DEV, id, uncertain());
    let mut hints = 0;
    for _ in 0..20 {
        assert_eq!(turn.typing(), []);
        if nudges(&turn) == 1 {
            hints += 1;
            // Even a hint that does not show counts: it must not be typed for ever.
            nudged(&mut world, if hints == 2 { uncertain() } else { Typed::Submitted });
        }
        world.wait_ms(60_000);
        turn = ring(&mut world);
    }
    assert_eq!(hints, 3);
    let attention = crate::engine::attention::waiting(&world.state, world.at);
    assert_eq!(attention[0].subject, id.to_string());
}

#[test]
fn a_message_that_is_lost_after_all_hints_is_hinted_at_too() {
    let mut world = World::running();
    let (id, _) = send(&mut world, "the first");
    world.typed(DEV, id, uncertain());
    for _ in 0..4 {
        nudged(&mut world, Typed::Submitted);
        world.wait_ms(60_000);
        ring(&mut world);
    }
    assert_eq!(nudges(&ring(&mut world)), 0, "it was told three times");
    let (id, _) = send(&mut world, "the second");
    let mut hints = nudges(&world.typed(DEV, id, uncertain()));
    for _ in 0..6 {
        nudged(&mut world, Typed::Submitted);
        world.wait_ms(60_000);
        hints += nudges(&ring(&mut world));
    }
    assert_eq!(hints, 3);
}

#[test]
fn a_hint_that_finds_no_free_input_line_is_tried_again_and_does_not_count() {
    let mut world = World::running();
    let (id, _) = send(&mut world, "hello");
    assert_eq!(nudges(&world.typed(DEV, id, uncertain())), 1);
    for _ in 0..5 {
        nudged(&mut world, not_ready());
        world.wait_ms(1_000);
        assert_eq!(nudges(&ring(&mut world)), 1);
    }
    assert_eq!(world.state.mail.nudges[&agent(DEV)].shown, 0);
}

#[test]
fn a_left_over_text_that_was_submitted_is_delivered_where_no_turn_tells() {
    let mut world = World::running();
    let (id, _) = send(&mut world, "hello");
    let turn = world.typed(DEV, id, uncertain());
    let text = turn.effects.iter().find_map(|effect| {
        let Effect::TypeNudge { left_over, .. } = effect else { return None };
        left_over.first().cloned()
    });
    let left_over = Typed::LeftOver { text: text.expect("a text that may stand there") };
    let turn = nudged(&mut world, left_over);
    assert_eq!(turn.count(|effect| matches!(effect, Effect::MarkDelivered { .. })), 1);
    assert_eq!(world.state.mail.messages[&id].state, MessageState::Delivered);
    assert!(!world.state.mail.nudges.contains_key(&agent(DEV)), "there is nothing to hint at");
}

#[test]
fn a_left_over_hint_that_was_submitted_counts_as_shown() {
    let mut world = World::running();
    let (id, _) = send(&mut world, "hello");
    world.typed(DEV, id, uncertain());
    nudged(&mut world, Typed::LeftOver { text: "a hint of ours".to_owned() });
    assert_eq!(world.state.mail.nudges[&agent(DEV)].shown, 1);
    assert!(world.state.mail.messages[&id].is_uncertain);
}

#[test]
fn an_uncertain_message_does_not_hold_up_the_others() {
    let mut world = World::running();
    let (first, _) = send(&mut world, "one");
    let (second, _) = send(&mut world, "two");
    world.typed(DEV, first, uncertain());
    assert_eq!(nudged(&mut world, Typed::Submitted).typing(), to_dev(second));
}

#[test]
fn a_fetched_message_is_hinted_at_no_more() {
    let mut world = World::running();
    let (id, _) = send(&mut world, "hello");
    world.typed(DEV, id, uncertain());
    nudged(&mut world, Typed::Submitted);
    world.agent(DEV, Command::FetchMessages { ids: vec![id] }).expect("fetched");
    assert!(world.state.mail.nudges.is_empty());
    world.wait_ms(100_000);
    assert_eq!(nudges(&ring(&mut world)), 0);
}

#[test]
fn an_uncertain_delivery_is_typed_again_only_when_the_operator_says_so() {
    let mut world = World::running();
    let (id, _) = send(&mut world, "hello");
    world.typed(DEV, id, uncertain());
    nudged(&mut world, Typed::Submitted);
    let turn = world.ask(Actor::Operator, Command::RetryDelivery { id });
    assert_eq!((turn.typing(), nudges(&turn)), (to_dev(id), 0));
    assert!(world.state.mail.nudges.is_empty(), "there is nothing to hint at");
}

#[test]
fn a_message_fetched_while_it_is_typed_is_delivered_once() {
    let mut world = World::running();
    let (id, _) = send(&mut world, "hello");
    world.agent(DEV, Command::FetchMessages { ids: vec![id] }).expect("fetched");
    assert!(!world.state.mail.is_typing(&agent(DEV)));
    for outcome in [Typed::Submitted, not_ready(), uncertain()] {
        assert_eq!(world.typed(DEV, id, outcome).events.len(), 0);
    }
    assert_eq!(world.state.mail.messages[&id].state, MessageState::Delivered);
    assert_eq!(send(&mut world, "next").1.typing().len(), 1);
}

#[test]
fn the_outcome_of_another_life_is_not_believed() {
    let mut world = World::running();
    let (id, _) = send(&mut world, "hello");
    let stale = Input::MessageTyped {
        agent: agent(DEV),
        spawn: crate::engine::testing::id(9),
        id,
        outcome: Typed::Submitted,
    };
    assert_eq!(world.feed(stale).events.len(), 0);
    let stale = Input::NudgeTyped {
        agent: agent(DEV),
        spawn: crate::engine::testing::id(9),
        outcome: Typed::Submitted,
    };
    assert_eq!(world.feed(stale).events.len(), 0);
}

#[test]
fn a_restart_while_a_message_is_typed_delivers_it_to_the_next_life() {
    let mut world = World::running();
    let (id, _) = send(&mut world, "hello");
    let old = world.spawn_of(DEV).expect("a life");
    world.operator(Command::RestartAgency { name: name("Code") }).expect("restarted");
    world.open_panes();
    assert_eq!(world.report(DEV, AgentState::Idle).typing(), [], "its outcome is still to come");
    let outcome = Typed::NotReady { reason: "the pane is gone".to_owned() };
    world.feed(Input::MessageTyped { agent: agent(DEV), spawn: old, id, outcome });
    world.wait_ms(50);
    assert_eq!(ring(&mut world).typing(), to_dev(id));
}

#[test]
fn a_supervisor_that_died_while_typing_leaves_doubt_and_types_nothing_again() {
    let mut world = World::running();
    let (id, _) = send(&mut world, "hello");
    let mut next = World::of(world.state.clone(), world.past.clone());
    let turn = next.feed(Input::Woke { pid: 2, version: String::new() });
    assert_eq!((turn.typing(), nudges(&turn)), (Vec::new(), 1));
    assert!(next.state.mail.messages[&id].is_uncertain);
    // The hint was under way when this one died too: it may stand there.
    let mut last = World::of(next.state.clone(), next.past.clone());
    last.feed(Input::Woke { pid: 3, version: String::new() });
    assert_eq!(last.state.mail.nudges[&agent(DEV)].shown, 1);
}

#[test]
fn a_runtime_without_an_input_line_is_never_typed_into() {
    let mut world = World::empty();
    let mut shells = definition("Code", &["dev"]);
    shells.agents[0].runtime = name("shell");
    world.define(shells);
    world.operator(Command::StartAgencies { names: Vec::new() }).expect("started");
    world.open_panes();
    world.look(|panes| panes[0].foreground = Some("bash".to_owned()));
    let (id, turn) = send(&mut world, "hello");
    assert_eq!(turn.typing(), []);
    let reasons =
        crate::engine::explain::explain(&world.state, &id.to_string(), world.at).expect("known");
    assert!(reasons.iter().any(|line| line.contains("no input line")), "{reasons:?}");
}

#[test]
fn a_program_that_reports_nothing_is_typed_into_when_its_input_line_is_known() {
    let mut world = World::empty();
    let mut config = WorkbenchConfig::default();
    let mut runtime = crate::domain::runtime::Runtime::built_in("rehearsal").expect("built in");
    runtime.reports_state = false;
    config.runtimes.insert(name("chat"), runtime);
    world.feed(Input::ConfigSeen { config: Box::new(config) });
    let mut chats = definition("Code", &["dev"]);
    chats.agents[0].runtime = name("chat");
    world.define(chats);
    world.operator(Command::StartAgencies { names: Vec::new() }).expect("started");
    world.open_panes();
    world.look(|panes| panes[0].foreground = Some("chat".to_owned()));
    assert_eq!(send(&mut world, "hello").1.typing().len(), 1);
}

#[test]
fn an_expired_message_makes_way_for_the_next_at_once() {
    let mut world = World::running();
    world.report(DEV, AgentState::Working);
    let mut short = draft(DEV, "soon over");
    short.expires_at = world.at.saturating_add(jiff::SignedDuration::from_secs(5)).ok();
    let Ok(Answer::Id(_)) = world.operator(Command::SendMessage { draft: short }) else {
        panic!("not sent")
    };
    let (next, _) = send(&mut world, "still good");
    world.wait_ms(6_000);
    let turn = world.report(DEV, AgentState::Idle);
    assert_eq!(turn.typing(), to_dev(next));
    assert_eq!(turn.events(|event| matches!(event, Event::MessageExpired { .. })), 1);
}
