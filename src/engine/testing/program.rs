//! A world whose agents are a program that reports, is read, confirms and has a channel.
//!
//! It is described by [`program`]; tests take away from it what they do without.

use super::{Turn, World, agent, definition, name};
use crate::domain::agency::AgentState;
use crate::domain::command::{Actor, Command};
use crate::domain::runtime::report::Told;
use crate::domain::runtime::screen::Reading;
use crate::domain::runtime::{HandOver, Runtime};
use crate::domain::workbench::WorkbenchConfig;
use crate::engine::effect::Effect;
use crate::engine::input::{Input, Ticket};

/// The agent that tests are about.
pub const DEV: &str = "Code/dev";

/// A program of which everything is known.
pub fn program() -> Runtime {
    Runtime {
        command: vec!["chat".to_owned()],
        reads_screen: true,
        confirms: true,
        hand_over: Some(HandOver {
            states: vec![AgentState::Idle, AgentState::Working],
            needs_conversation: true,
        }),
        ..Runtime::built_in("rehearsal").expect("built in")
    }
}

/// The same without a channel.
pub fn typed_program() -> Runtime {
    Runtime { hand_over: None, ..program() }
}

/// A report of a state.
pub fn telling(state: AgentState) -> Told {
    Told { rule: format!("told {}", state.as_str()), state: Some(state), ..Told::default() }
}

/// A report of a conversation with a state.
pub fn of_conversation(id: &str, state: AgentState) -> Told {
    Told { conversation: Some(id.to_owned()), ..telling(state) }
}

/// A report that a turn began with that text.
pub fn beginning(prompt: &str) -> Told {
    Told { prompt: Some(prompt.to_owned()), ..telling(AgentState::Working) }
}

/// A screen in that state.
pub fn showing(state: AgentState) -> Option<Reading> {
    let rule = format!("shown {}", state.as_str());
    Some(Reading { state, rule, evidence: "what was seen".to_owned(), until: None })
}

impl World {
    /// `Code` (lead, dev) runs that program; nothing was told or read.
    pub fn of_program(runtime: Runtime) -> Self {
        let mut world = Self::empty();
        let mut config = WorkbenchConfig::default();
        config.runtimes.insert(name("chat"), runtime);
        world.feed(Input::ConfigSeen { config: Box::new(config) });
        let mut chats = definition("Code", &["lead", "dev"]);
        chats.agents.iter_mut().for_each(|agent| agent.runtime = name("chat"));
        world.define(chats);
        world.operator(Command::StartAgencies { names: Vec::new() }).expect("started");
        world.open_panes();
        world
    }

    /// `DEV`'s program tells something, a millisecond later.
    pub fn tells(&mut self, told: Told) -> Turn {
        self.wait_ms(1);
        let spawn = self.spawn_of(DEV).unwrap_or_default();
        self.feed(Input::Told { ticket: Ticket(0), actor: Actor::Agent(agent(DEV)), spawn, told })
    }

    /// `DEV`'s screen was read, a millisecond later.
    pub fn shows(&mut self, reading: Option<Reading>, is_settled: bool) -> Turn {
        self.wait_ms(1);
        let spawn = self.spawn_of(DEV).unwrap_or_default();
        self.feed(Input::ScreenRead { agent: agent(DEV), spawn, reading, is_settled })
    }

    /// The state of `DEV`.
    pub fn dev(&self) -> AgentState {
        self.state.sessions.agent(&agent(DEV)).expect("known").state
    }
}

impl Turn {
    /// How many messages are handed over now.
    pub fn handing(&self) -> usize {
        self.count(|effect| matches!(effect, Effect::HandOver { .. }))
    }
}
