//! What outlives a crash: whose a conversation is, what a session is called, and how a person arranged it.

use super::*;
use crate::domain::id::SpawnId;
use crate::domain::name::AgentAddress;
use crate::engine::sessions::agent::PANE_GONE;
use crate::ports::terminals::{Arrangement, PaneSeen, SessionSeen};

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

/// Panes as they stand, with the lives that are in them.
fn standing(world: &World) -> Vec<PaneSeen> {
    let record = world.state.sessions.agency(&name("Code")).expect("known");
    let seen = record.agents.iter().map(|(who, agent)| PaneSeen {
        agent: AgentAddress::new(name("Code"), who.clone()),
        spawn: agent.spawn.expect("a life"),
        pane: agent.pane.clone().expect("a pane"),
        life: PaneLife::Alive,
        pid: agent.pid.expect("a process"),
        foreground: None,
        reads_keys: None,
        born: None,
    });
    seen.collect()
}

fn lives_closed(turn: &Turn) -> Vec<SpawnId> {
    let closed = turn.effects.iter().filter_map(|effect| match effect {
        Effect::CloseLife { spawn, .. } => Some(*spawn),
        _ => None,
    });
    closed.collect()
}

#[test]
fn a_life_that_was_ended_is_closed_when_it_is_seen_and_never_gone_on_with() {
    for is_restarted_twice in [false, true] {
        let mut world = World::running();
        let old = standing(&world);
        world.operator(Command::RestartAgency { name: name("Code") }).expect("restarted");
        if is_restarted_twice {
            world.operator(Command::StopAgencies { names: vec![name("Code")] }).expect("stopped");
            world.operator(Command::StartAgencies { names: vec![name("Code")] }).expect("started");
        }
        // The supervisor died before any pane was closed.
        world.feed(Input::Woke { pid: 2, version: String::new() });
        let wanted = world.spawn_of("Code/dev").expect("a new life");
        let turn = world.feed(Input::SessionEnsured { agency: name("Code"), panes: old.clone() });
        let lives: Vec<SpawnId> = old.iter().map(|pane| pane.spawn).collect();
        assert_eq!(lives_closed(&turn), lives, "{turn:?}");
        assert_eq!(turn.events(|event| matches!(event, Event::AgentPaneOpened { .. })), 0);
        assert_eq!(world.spawn_of("Code/dev"), Some(wanted));
        let again =
            |effect: &Effect| matches!(effect, Effect::WakeAt { timer: Timer::Ensure { .. }, .. });
        assert_eq!(turn.count(again), 1, "its session is looked after again");
        world.open_panes();
        assert_eq!(world.spawn_of("Code/dev"), Some(wanted));
        let record = world.state.sessions.agent(&agent("Code/dev")).expect("known");
        assert!(record.ended.is_empty(), "{record:?}");
    }
}

#[test]
fn so_many_ended_lives_are_remembered_and_no_more() {
    let mut world = World::running();
    for _ in 0..20 {
        world.operator(Command::RestartAgency { name: name("Code") }).expect("restarted");
    }
    let record = world.state.sessions.agent(&agent("Code/dev")).expect("known");
    assert_eq!(record.ended.len(), 4);
}
