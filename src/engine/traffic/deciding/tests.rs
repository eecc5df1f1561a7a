//! Too fast, too often, and when that ends.

use super::*;
use crate::domain::command::Command;
use crate::domain::refusal::Refusal;
use crate::engine::attention::{WaitingKind, waiting};
use crate::engine::input::Input;
use crate::engine::testing::samples::message;
use crate::engine::testing::{Turn, World, agent, code_of, contract, draft, sending};

fn world(change: impl FnOnce(&mut crate::domain::workbench::QueueConfig)) -> World {
    let mut world = World::running();
    let mut config = world.state.config.clone();
    change(&mut config.queue);
    world.feed(Input::ConfigSeen { config: Box::new(config) });
    world
}

fn say(world: &mut World, from: &str, to: &str, text: &str) -> Result<Answer, Refusal> {
    world.agent(from, sending(to, text))
}

/// The two answer each other until one is refused; how often it went.
fn talk(world: &mut World, text: impl Fn(u32) -> String) -> u32 {
    for turn in 0..100 {
        let (from, to) =
            if turn % 2 == 0 { ("Code/dev", "Code/lead") } else { ("Code/lead", "Code/dev") };
        world.wait_ms(10_000);
        if say(world, from, to, &text(turn)).is_err() {
            return turn;
        }
    }
    100
}

#[test]
fn who_writes_too_fast_is_told_when_to_come_again() {
    let mut world = world(|queue| (queue.rate, queue.burst) = (30, 3));
    for number in 0..3 {
        say(&mut world, "Code/dev", "Code/lead", &format!("note {number}")).expect("taken");
    }
    let refusal = say(&mut world, "Code/dev", "Code/lead", "more").expect_err("too fast");
    assert_eq!(refusal.code, TOO_FAST);
    assert!(refusal.hint.expect("a hint").contains("again in 3 s"));
    say(&mut world, "Code/ops", "Code/lead", "somebody else").expect("taken");
    let mut urgent = draft("operator", "it burns");
    urgent.priority = Priority::Critical;
    world.agent("Code/dev", Command::SendMessage { draft: urgent }).expect("always heard");
    world.wait_ms(2_000);
    say(&mut world, "Code/dev", "Code/lead", "later").expect("taken");
    assert_eq!(code_of(say(&mut world, "Code/dev", "Code/lead", "more")), TOO_FAST);
}

#[test]
fn the_operator_and_the_workbench_are_never_too_fast() {
    let mut world = world(|queue| (queue.rate, queue.burst) = (1, 1));
    for _ in 0..5 {
        world.send("Code/dev", "hello");
    }
    let mut as_agent = draft("Code/dev", "hello");
    as_agent.from = Some(Address::Agent(agent("Code/lead")));
    for _ in 0..5 {
        world.operator(Command::SendMessage { draft: as_agent.clone() }).expect("taken");
    }
}

#[test]
fn a_broadcast_and_a_copy_cost_their_sender_once() {
    let mut world = world(|queue| (queue.rate, queue.burst) = (1, 2));
    say(&mut world, "QA/head", "*", "freeze").expect("taken");
    say(&mut world, "QA/head", "Code", "hello").expect("taken");
    assert_eq!(code_of(say(&mut world, "QA/head", "Code", "hello")), TOO_FAST);
    say(&mut world, "Code/dev", "Code/ops", "the coordinator hears of it").expect("taken");
    say(&mut world, "Code/dev", "Code/ops", "and of this").expect("taken");
}

#[test]
fn two_agents_who_answer_each_other_for_ever_are_kept_apart_and_told() {
    let mut world = world(|_| {});
    let turns = talk(&mut world, |turn| format!("thank you, and also {turn}"));
    assert_eq!(turns, 14, "the first is no answer, twelve are allowed, one is too many");
    let refusal = say(&mut world, "Code/lead", "Code/dev", "still").expect_err("kept apart");
    assert_eq!((refusal.code.as_str(), refusal.kind), (LOOP_STOPPED, RefusalKind::Conflict));
    let shown = waiting(&world.state, world.at);
    assert!(shown.iter().any(|waiting| waiting.kind == WaitingKind::Loop));
    let alerts = world.past.iter().filter(|(event, _)| {
        matches!(event, Event::MessageAccepted { message, .. } if message.kind.as_str() == "alert")
    });
    assert_eq!(alerts.count(), 2, "both are told once");
    say(&mut world, "Code/dev", "operator", "help").expect("taken");
    say(&mut world, "Code/dev", "Code/ops", "somebody else").expect("taken");
}

#[test]
fn a_pause_ends_by_itself_or_on_the_operators_word_and_the_next_is_longer() {
    let mut world = world(|_| {});
    talk(&mut world, |turn| format!("words {turn}"));
    let (one, other) = (agent("Code/dev"), agent("Code/lead"));
    let pair = Pair::of(&one, &other);
    let mute = world.state.traffic.muted[&pair].clone();
    assert_eq!(mute.until.duration_since(mute.since).as_secs(), 900);
    let release = || Command::ReleaseLoop { one: one.clone(), other: other.clone() };
    assert_eq!(code_of(world.agent("Code/dev", release())), "operator_only");
    world.operator(release()).expect("released");
    assert_eq!(code_of(world.operator(release())), "not_stopped");
    talk(&mut world, |turn| format!("more words {turn}"));
    let mute = world.state.traffic.muted[&pair].clone();
    assert_eq!(mute.until.duration_since(mute.since).as_secs(), 1_800);
    world.at = mute.until;
    world.feed(Input::Rang { timer: Timer::Traffic });
    assert!(world.state.traffic.muted.is_empty());
    say(&mut world, "Code/dev", "Code/lead", "again").expect("taken");
}

#[test]
fn the_same_words_again_count_more() {
    let mut world = world(|_| {});
    let turns = talk(&mut world, |_| "thank you".to_owned());
    assert!((7..=9).contains(&turns), "{turns}");
}

#[test]
fn progress_and_the_operators_word_begin_a_conversation_anew() {
    let mut world = world(|_| {});
    let task = world.begin(contract("Code", "login", "Form"), "Code/dev");
    for round in 1..=4_u8 {
        for turn in 0..10 {
            let (from, to) =
                if turn % 2 == 0 { ("Code/dev", "Code/lead") } else { ("Code/lead", "Code/dev") };
            world.wait_ms(10_000);
            say(&mut world, from, to, &format!("words {round} {turn}")).expect("taken");
        }
        let progress = Command::ReportProgress { task, percent: round * 20, note: None };
        world.wait_ms(10_000);
        world.agent("Code/dev", progress).expect("told");
    }
    assert!(world.state.traffic.muted.is_empty());
}

#[test]
fn who_is_not_answered_goes_in_no_circle() {
    let mut world = world(|_| {});
    let mut last = None;
    for turn in 0..60 {
        world.wait_ms(10_000);
        let mut next = draft("Code/lead", "any news?");
        // Even what replies to one's own words is one-sided.
        next.in_reply_to = last.filter(|_| turn % 2 == 0);
        let sent = world.agent("Code/dev", Command::SendMessage { draft: next });
        last = Some(crate::engine::testing::id_of(sent));
    }
    assert!(world.state.traffic.muted.is_empty());
    let pair = Pair::of(&agent("Code/dev"), &agent("Code/lead"));
    assert!(world.state.traffic.turns(&pair, last.expect("a message")) <= 1);
}

#[test]
fn a_ring_of_three_is_stopped_too() {
    let mut world = world(|_| {});
    let ring = ["Code/dev", "Code/ops", "Code/lead"];
    let mut parent = None;
    for turn in 0..40 {
        let (from, to) = (ring[turn % 3], ring[(turn + 1) % 3]);
        let mut next = draft(to, &format!("words {turn}"));
        next.in_reply_to = parent;
        world.wait_ms(10_000);
        match world.agent(from, Command::SendMessage { draft: next }) {
            Ok(Answer::Id(id)) => parent = id.parse().ok(),
            Ok(other) => panic!("{other:?}"),
            Err(refusal) => {
                assert_eq!(refusal.code, LOOP_STOPPED);
                return;
            }
        }
    }
    panic!("it went round for ever");
}

#[test]
fn a_file_of_a_sender_who_is_too_fast_waits_at_the_door() {
    let mut world = world(|queue| (queue.rate, queue.burst) = (60, 1));
    let at_door = |world: &mut World, number: u128| -> Turn {
        let letter = message(number, "Code/dev", "Code/lead", &format!("note {number}"));
        world.feed(Input::MessageAtDoor {
            file: format!("{number}.json"),
            message: Box::new(letter),
        })
    };
    at_door(&mut world, 7);
    let turn = at_door(&mut world, 8);
    assert_eq!(turn.count(|effect| matches!(effect, Effect::HoldAtDoor { .. })), 1);
    assert_eq!(world.state.mail.refused, 0);
    world.wait_ms(1_100);
    let turn = world.feed(Input::Rang { timer: Timer::Door });
    assert_eq!(turn.count(|effect| matches!(effect, Effect::ReleaseHeld { limit: 1, .. })), 1);
    let hold = world.state.mail.door.held.keys().next().cloned().expect("held");
    world.feed(Input::HeldReleased { hold, left: 0 });
    assert!(world.state.mail.door.held.is_empty());
    assert_eq!(at_door(&mut world, 8).count(|e| matches!(e, Effect::FillMailbox { .. })), 1);
}

#[test]
fn one_side_alone_never_mutes_the_other() {
    let mut world = world(|_| {});
    for _ in 0..15 {
        world.wait_ms(3_000);
        say(&mut world, "QA/head", "Code/lead", "the same line").expect("taken");
    }
    assert!(world.state.traffic.muted.is_empty());
    for number in 0..5 {
        say(&mut world, "Code/lead", "QA/head", &format!("word {number}")).expect("taken");
    }
    assert!(world.state.traffic.muted.is_empty());
}

#[test]
fn what_cannot_wait_or_is_owed_goes_through_between_two_who_are_kept_apart() {
    let mut world = world(|_| {});
    let asked = world.agent("Code/lead", sending("Code/dev", "QUESTION which port"));
    let asked = crate::engine::testing::id_of(asked);
    talk(&mut world, |turn| format!("words {turn}"));
    assert_eq!(code_of(say(&mut world, "Code/dev", "Code/lead", "still")), LOOP_STOPPED);
    let mut urgent = draft("Code/lead", "it burns");
    urgent.priority = Priority::Critical;
    world.agent("Code/dev", Command::SendMessage { draft: urgent }).expect("critical");
    let mut stuck = draft("Code/lead", "it hangs");
    stuck.kind = MessageType::parse("blocked").expect("a type");
    world.agent("Code/dev", Command::SendMessage { draft: stuck }).expect("blocked");
    let reply = |text: &str| {
        let mut reply = draft("Code/lead", text);
        reply.in_reply_to = Some(asked);
        Command::SendMessage { draft: reply }
    };
    assert_eq!(code_of(world.agent("Code/dev", reply("QUESTION which one"))), LOOP_STOPPED);
    world.agent("Code/dev", reply("8080")).expect("owed");
    assert_eq!(code_of(world.agent("Code/dev", reply("8080, I said"))), LOOP_STOPPED);
}

#[test]
fn who_is_consulted_once_late_in_a_chain_is_not_kept_apart() {
    let mut world = world(|queue| queue.loop_limit = 6);
    let mut parent = None;
    let mut next = |world: &mut World, from: &str, to: &str| {
        let mut next = draft(to, &format!("words for {to} at {}", world.at));
        next.in_reply_to = parent;
        world.wait_ms(10_000);
        let sent = world.agent(from, Command::SendMessage { draft: next });
        parent = Some(crate::engine::testing::id_of(sent));
    };
    for turn in 0..6 {
        let (from, to) =
            if turn % 2 == 0 { ("Code/dev", "Code/lead") } else { ("Code/lead", "Code/dev") };
        next(&mut world, from, to);
    }
    next(&mut world, "Code/dev", "Code/ops");
    next(&mut world, "Code/ops", "Code/dev");
    assert!(world.state.traffic.muted.is_empty(), "{:?}", world.state.traffic.muted);
}

#[test]
fn nobody_fills_a_mailbox_through_what_the_workbench_says() {
    use crate::domain::lock::{IfHeld, LockClaim};
    use crate::domain::protocol::LockKind;
    let mut world = world(|queue| queue.mailbox_limit = 100);
    world.report("Code/lead", crate::domain::agency::AgentState::Working);
    let lead = agent("Code/lead");
    let round = |world: &mut World, path: &str| -> Result<(), Refusal> {
        let claim = LockClaim {
            resource: path.parse().expect("a path"),
            kind: LockKind::Intent,
            reason: None,
            length_s: None,
            task: None,
            agency: None,
            priority: Priority::Normal,
        };
        let command = Command::RequestLock { claim, if_held: IfHeld::Queue };
        let Answer::Id(lock) = world.agent("Code/dev", command)? else { panic!("no lock") };
        let lock = lock.parse().expect("a lock's id");
        world.agent("Code/dev", Command::ReleaseLock { lock }).map(|_| ())
    };
    let before = world.state.mail.depth(&lead);
    let refused = (0..80).filter_map(|_| round(&mut world, "src/a.rs").err()).collect::<Vec<_>>();
    assert_eq!((refused.len(), refused[0].code.as_str()), (20, TOO_FAST), "it pays for each");
    assert_eq!(world.state.mail.depth(&lead), before + 1, "the same news is told once");
    for number in 0..80 {
        world.wait_ms(10_000);
        round(&mut world, &format!("src/{number}.rs")).expect("slow enough");
    }
    assert_eq!(world.state.mail.depth(&lead), 10, "and of the rest so many wait at most");
    assert_eq!(crate::engine::mail::room::left_for(&world.state, &lead, Priority::Normal), 100);
}

#[test]
fn who_blocks_a_task_again_and_again_is_too_fast() {
    let mut world = world(|queue| (queue.rate, queue.burst) = (1, 3));
    let task = world.begin(contract("Code", "login", "Form"), "Code/dev");
    let block = |world: &mut World| {
        let reason = "no key".to_owned();
        world.agent("Code/dev", Command::BlockTask { task, reason })
    };
    (0..3).for_each(|_| drop(block(&mut world).expect("told")));
    assert_eq!(code_of(block(&mut world)), TOO_FAST);
}
