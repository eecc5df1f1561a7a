//! A hundred agencies of ten agents: what the screen is drawn from.
//!
//! It comes about as in life, by events, so that a board of it is a real board.

use agency::adapters::clock::SystemClock;
use agency::domain::agency::{AgencyDefinition, AgentDefinition, AgentState, Layout, StateSource};
use agency::domain::command::Actor;
use agency::domain::name::{AgentAddress, Name};
use agency::engine::event::Event;
use agency::engine::state::State;
use agency::ports::clock::Clock as _;
use agency::ports::ledger::Record;
use agency::ports::terminals::PaneId;
use agency::service::record;

const AGENCIES: u32 = 100;
const AGENTS: u32 = 10;

/// The crowd and how many events it took.
pub fn state() -> (State, u64) {
    let mut state = State::default();
    let events = events();
    for event in &events {
        state.apply(event, SystemClock.now());
    }
    (state, u64::try_from(events.len()).unwrap_or(u64::MAX))
}

/// The record of an agent's state change.
pub fn change(seq: u64) -> Record {
    let number = u32::try_from(seq % u64::from(AGENCIES * AGENTS)).unwrap_or(0);
    let states = [AgentState::Working, AgentState::Idle, AgentState::Blocked];
    let event = Event::AgentStateChanged {
        agent: address(number / AGENTS, number % AGENTS),
        state: states[usize::try_from(seq).unwrap_or(0) % states.len()],
        source: StateSource::Hook,
        reason: Some(format!("for reason {seq}")),
    };
    let entry =
        record::entry_of(&event, &Actor::Supervisor, SystemClock.now(), SystemClock.new_id());
    Record {
        seq,
        id: entry.id,
        at: entry.at,
        actor: entry.actor,
        kind: entry.kind,
        subject: entry.subject,
        payload: entry.payload,
        prev_hash: String::new(),
        hash: String::new(),
    }
}

fn events() -> Vec<Event> {
    let mut events = Vec::new();
    for number in 0..AGENCIES {
        let definition = Box::new(definition(number));
        let agency = definition.name.clone();
        events.push(Event::AgencyDefined { definition });
        events.push(Event::AgencyStarted { agency });
        for agent in (0..AGENTS).map(|agent| address(number, agent)) {
            let spawn = SystemClock.new_id();
            let pane = PaneId(format!("%{}", events.len()));
            let pid = u32::try_from(events.len()).unwrap_or(0);
            events.push(Event::AgentSpawned { agent: agent.clone(), spawn });
            events.push(Event::AgentPaneOpened {
                agent: agent.clone(),
                spawn,
                pane,
                pid,
                born: None,
            });
            events.push(Event::AgentStateChanged {
                agent,
                state: AgentState::Idle,
                source: StateSource::Hook,
                reason: None,
            });
        }
    }
    events
}

fn definition(number: u32) -> AgencyDefinition {
    let agents: Vec<AgentDefinition> = (0..AGENTS).map(agent_definition).collect();
    AgencyDefinition {
        name: name(&format!("Agency{number}")),
        description: "one of many".to_owned(),
        capabilities: vec!["rust".to_owned(), "tests".to_owned()],
        coordinator: name("agent0"),
        agents,
        layout: Layout::Panes,
        project: None,
        template: None,
    }
}

fn agent_definition(number: u32) -> AgentDefinition {
    AgentDefinition {
        name: name(&format!("agent{number}")),
        role: "does what it is asked for".to_owned(),
        role_file: format!("agents/agent{number}.md").into(),
        runtime: name("rehearsal"),
        skills: vec!["patience".to_owned()],
        temporary: false,
    }
}

fn address(agency: u32, agent: u32) -> AgentAddress {
    AgentAddress::new(name(&format!("Agency{agency}")), name(&format!("agent{agent}")))
}

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}
