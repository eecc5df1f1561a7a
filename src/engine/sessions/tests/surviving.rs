//! What outlives a crash: whose a conversation is, what a session is called, and how a person arranged it.

use super::*;
use crate::engine::sessions::agent::PANE_GONE;
use crate::ports::terminals::{Arrangement, SessionSeen};

fn seen(world: &mut World, who: &str, conversation: &str) {
    let (agent, spawn) = (agent(who), world.spawn_of(who).expect("a life"));
    let runtime = world.state.sessions.definition(&agent).expect("defined").runtime.clone();
    let id = conversation.to_owned();
    let event = Event::ConversationSeen { agent, spawn, runtime, id, begun: true };
    world.state.apply(&event, world.at);
}

fn conversation(world: &World, who: &str) -> Option<String> {
    let record = world.state.sessions.agent(&agent(who)).expect("known");
    record.conversation.as_ref().map(|known| known.id.clone())
}

#[test]
fn a_conversation_belongs_to_the_agent_who_told_of_it_last() {
    let mut world = World::running();
    seen(&mut world, "Code/dev", "one");
    seen(&mut world, "Code/lead", "two");
    assert_eq!(conversation(&world, "Code/dev").as_deref(), Some("one"));
    seen(&mut world, "Code/lead", "one");
    assert_eq!(conversation(&world, "Code/dev"), None, "it begins anew");
    assert_eq!(conversation(&world, "Code/lead").as_deref(), Some("one"));
}

#[test]
fn a_pane_that_went_says_nothing_of_the_conversation_and_a_program_that_ended_soon_does() {
    let mut world = World::running();
    let runs = |world: &World| {
        let record = world.state.sessions.agent(&agent("Code/dev")).expect("known");
        (record.short_lives, record.short_runs)
    };
    world.feed(Input::Sighted { sighting: Sighting::default() });
    let record = world.state.sessions.agent(&agent("Code/dev")).expect("known");
    assert_eq!((runs(&world), record.short_lives), ((1, 0), 1));
    world.open_panes();
    world.look(|panes| {
        let dead = PaneLife::Dead { status: Some(1), signal: None };
        panes.iter_mut().for_each(|pane| pane.life = dead);
    });
    assert_eq!(runs(&world), (2, 1));
    assert!(!PANE_GONE.is_empty());
}

#[test]
fn names_and_arrangements_are_recorded_when_they_are_new() {
    let mut world = World::running();
    let arrangement = Arrangement {
        window: "agents:1".to_owned(),
        agents: vec![name("lead"), name("dev")],
        shape: "a shape".to_owned(),
    };
    let session = SessionSeen { agency: name("Code"), name: "Code~agency".to_owned() };
    let look = |world: &mut World| {
        let sighting = Sighting {
            sessions: vec![session.clone()],
            panes: world.panes(),
            arranged: vec![(name("Code"), arrangement.clone())],
        };
        let turn = world.feed(Input::Sighted { sighting });
        turn.events(|event| {
            matches!(event, Event::SessionNamed { .. } | Event::SessionArranged { .. })
        })
    };
    assert_eq!((look(&mut world), look(&mut world)), (2, 0));
    let record = world.state.sessions.agency(&name("Code")).expect("known");
    assert_eq!(record.session.as_deref(), Some("Code~agency"));
    assert_eq!(record.arranged.get("agents:1"), Some(&arrangement));
    world.look(|_| {});
    let record = world.state.sessions.agency(&name("Code")).expect("known");
    assert_eq!(record.session, None, "it has its own name again");
}
