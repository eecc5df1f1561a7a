//! What is explained of an agent and of a message on its way.

use super::explain;
use crate::domain::agency::AgentState;
use crate::domain::command::Command;
use crate::domain::runtime::screen::Reading;
use crate::engine::testing::program::{
    DEV, of_conversation, program, showing, telling, typed_program,
};
use crate::engine::testing::{World, name};
use crate::ports::terminals::Typed;

fn lines(world: &World, subject: &str) -> Vec<String> {
    explain(&world.state, subject, world.at).expect("known")
}

#[test]
fn both_sources_are_shown_with_their_age_and_which_one_counts() {
    let mut world = World::of_program(program());
    assert!(lines(&world, DEV).iter().any(|line| line.contains("are its hooks in place?")));
    world.tells(of_conversation("c-1", AgentState::Working));
    world.wait_ms(180_000);
    world.shows(showing(AgentState::Permission), false);
    world.wait_ms(12_000);
    assert_eq!(
        lines(&world, DEV),
        [
            "Code/dev is permission, known from the screen",
            "told: working by the rule `told working`, first 3 min ago",
            "screen: permission by the rule `shown permission`, which met `what was seen`, first 12 s ago",
            "the screen counts: what its screen asks for comes first",
            "its conversation is c-1 (chat)",
            "it takes no messages in this state: they wait",
        ]
    );
}

#[test]
fn a_limit_says_until_when_and_when_it_is_past() {
    let mut world = World::of_program(program());
    let until = world.at.saturating_add(jiff::SignedDuration::from_secs(60)).ok();
    let limited = Reading { until, ..showing(AgentState::Limited).expect("a reading") };
    world.shows(Some(limited), true);
    assert!(lines(&world, DEV)[1].starts_with("its limit ends at 2026-01-02T03:05:05"));
    world.wait_ms(90_000);
    assert!(lines(&world, DEV)[1].starts_with("its limit ended 30 s ago"));
}

#[test]
fn the_way_of_messages_is_named() {
    let mut world = World::of_program(program());
    world.tells(of_conversation("c-1", AgentState::Idle));
    let last = |world: &World| lines(world, DEV).pop().expect("a line");
    let way = "messages go through its program's own channel, and its turns confirm them";
    assert_eq!(last(&world), way);
    let mut world = World::of_program(typed_program());
    world.shows(showing(AgentState::Idle), true);
    assert_eq!(last(&world), "messages are typed into its pane");
    world.tells(telling(AgentState::Idle));
    assert_eq!(last(&world), "messages are typed into its pane, and its turns confirm them");
}

#[test]
fn a_submitted_message_waits_for_its_turn() {
    let mut world = World::of_program(program());
    world.tells(of_conversation("c-1", AgentState::Idle));
    let id = world.send(DEV, "hello");
    let has =
        |world: &World, text: &str| lines(world, &id.to_string()).iter().any(|line| line == text);
    assert!(has(&world, "it is being handed over to its program now"));
    world.typed(DEV, id, Typed::Queued);
    assert!(has(&world, "its program has got it; no turn has begun with it yet"));
}

#[test]
fn an_agency_is_explained_by_its_own_state_and_its_coordinators() {
    let mut world = World::running();
    let stop = Command::StopAgencies { names: vec![name("Code")] };
    world.operator(stop).expect("stopped");
    let lines = lines(&world, "Code");
    assert_eq!(lines[0], "Code is stopped");
    assert!(lines[1].starts_with("Code/lead is stopped"), "{lines:?}");
}
