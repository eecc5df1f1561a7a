//! Which room a message takes: strangers have their share, what is urgent has its own.
//!
//! Each waits at the door for its own room and for no other.

use super::*;

#[test]
fn strangers_share_a_bucket_and_a_quarter_and_nothing_of_theirs_is_critical() {
    use crate::domain::message::Priority;
    let mut world = narrow();
    let strange = |world: &mut World, number: u128, to: &str| -> Turn {
        let from = if number.is_multiple_of(2) { "QA/head" } else { "Code/lead" };
        let mut letter = message(number, from, to, "BLOCKER it burns");
        (letter.verified, letter.priority) = (false, Priority::Critical);
        let file = format!("{number}.json");
        world.feed(Input::MessageAtDoor { file, message: Box::new(letter) })
    };
    let held = |turn: &Turn| {
        turn.effects.iter().find_map(|effect| match effect {
            Effect::HoldAtDoor { hold, .. } => Some(hold.to_string()),
            _ => None,
        })
    };
    for to in ["Code/dev", "operator"] {
        let start = if to == "operator" { 110 } else { 100 };
        let turns = (start..start + 3).map(|number| held(&strange(&mut world, number, to)));
        let turns: Vec<_> = turns.collect();
        assert_eq!(turns, [None, None, Some(format!("strangers:{to}"))]);
    }
    let critical = |record: &crate::engine::mail::MessageRecord| {
        record.message.priority > Priority::Normal
            || crate::engine::pacing::class_of(&record.message)
                == crate::engine::pacing::Class::Critical
    };
    assert!(!world.state.mail.messages.values().any(critical));
    let mut config = world.state.config.clone();
    (config.queue.mailbox_limit, config.queue.rate, config.queue.burst) = (1_000, 1, 3);
    world.feed(Input::ConfigSeen { config: Box::new(config) });
    let turns = (120..130).map(|number| held(&strange(&mut world, number, "Code/lead")));
    let turns: Vec<_> = turns.collect();
    assert_eq!(turns.last().cloned().flatten().as_deref(), Some("pace:strangers"));
    world.agent("QA/head", sending("Code/lead", "who is known")).expect("taken");
}

#[test]
fn what_is_urgent_for_the_operator_is_paced_and_bounded_for_each_sender() {
    let mut world = narrow();
    let mut config = world.state.config.clone();
    (config.queue.rate, config.queue.burst) = (60, 5);
    world.feed(Input::ConfigSeen { config: Box::new(config) });
    let urgent = |number: u32| {
        let mut urgent = draft("operator", &format!("it burns {number}"));
        urgent.priority = crate::domain::message::Priority::Critical;
        Command::SendMessage { draft: urgent }
    };
    for number in 0..5 {
        world.agent("Code/dev", urgent(number)).expect("taken");
    }
    assert_eq!(code_of(world.agent("Code/dev", urgent(5))), "too_fast");
    world.agent("Code/dev", sending("Code/lead", "of the usual")).expect("another bucket");
    for number in 5..200 {
        world.wait_ms(1_000);
        world.agent("Code/dev", urgent(number)).expect("slow enough");
    }
    world.wait_ms(1_000);
    assert_eq!(code_of(world.agent("Code/dev", urgent(200))), "mailbox_full");
    world.agent("QA/head", urgent(0)).expect("somebody else");
}

#[test]
fn a_critical_file_waits_for_the_reserve_and_not_for_ordinary_room() {
    let mut world = narrow();
    for number in 0..10 {
        world.send("Code/dev", &format!("note {number}"));
    }
    let urgent = |world: &mut World, number: u128| -> Turn {
        let mut letter = message(number, "QA/head", "Code/dev", "it burns");
        letter.priority = crate::domain::message::Priority::Critical;
        let file = format!("{number}.json");
        world.feed(Input::MessageAtDoor { file, message: Box::new(letter) })
    };
    for number in 100..110 {
        urgent(&mut world, number);
    }
    let turn = urgent(&mut world, 110);
    let is_kept = |effect: &Effect| matches!(effect, Effect::HoldAtDoor { hold, .. } if hold.to_string() == "reserve:Code/dev");
    assert_eq!(turn.count(is_kept), 1);
    at_door(&mut world, 111, "QA/head", "Code/dev");
    let ids = world.state.mail.waiting[&agent("Code/dev")][..1].to_vec();
    world.agent("Code/dev", Command::FetchMessages { ids }).expect("fetched");
    let turn = world.feed(Input::Rang { timer: Timer::Door });
    let released: Vec<String> = turn
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::ReleaseHeld { hold, limit } => Some(format!("{hold} {limit}")),
            _ => None,
        })
        .collect();
    assert_eq!(released, ["reserve:Code/dev 1"], "what is usual still waits");
}
