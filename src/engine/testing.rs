//! A world for tests of the engine: it steps a clock and ids, feeds inputs, keeps all events.
//!
//! After every input it checks what must always hold: folding the events, each written and read as
//! JSON, gives the live state; a command that is refused at once recorded nothing.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use crate::domain::agency::{AgencyDefinition, AgentDefinition, AgentState, Layout};
use crate::domain::command::{Actor, Answer, Command};
use crate::domain::id::{MessageId, SpawnId, TaskId};
use crate::domain::message::{Draft, MessageType, Priority};
use crate::domain::name::{Address, AgentAddress, Name};
use crate::domain::refusal::Refusal;
use crate::domain::task::{Dependency, DependencyKind, TaskContract, TaskState};
use crate::engine::decide;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::{Input, Ticket};
use crate::engine::state::State;
use crate::engine::step::Now;
use crate::ports::keyring::Keyring as _;
use crate::ports::keyring::fake::FakeKeyring;
use crate::ports::terminals::{PaneId, PaneLife, PaneSeen, SessionSeen, Sighting, Typed};

pub mod job;
pub mod outer;
pub mod program;
pub mod samples;

/// What came of an input.
#[derive(Debug, Default)]
pub struct Turn {
    /// What happened.
    pub events: Vec<Event>,
    /// What is to be done.
    pub effects: Vec<Effect>,
    /// Who was answered what.
    pub replies: Vec<(Ticket, Result<Answer, Refusal>)>,
}

/// The engine with its clock and its past.
pub struct World {
    /// As it is decided.
    pub state: State,
    /// The time.
    pub at: Timestamp,
    /// All events.
    pub past: Vec<(Event, Timestamp)>,
    folded: State,
    seeds: u128,
    tickets: u64,
}

/// The name of that text.
pub fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

/// The agent of that address.
pub fn agent(text: &str) -> AgentAddress {
    text.parse().expect("an address")
}

/// An agency whose first agent leads it; all of them take text and report their state.
pub fn definition(agency: &str, agents: &[&str]) -> AgencyDefinition {
    let one = |text: &&str| AgentDefinition {
        name: name(text),
        role: format!("{text} of {agency}"),
        role_file: PathBuf::from(format!("agents/{text}.md")),
        runtime: name("rehearsal"),
        skills: Vec::new(),
        temporary: false,
    };
    AgencyDefinition {
        name: name(agency),
        description: String::new(),
        template: None,
        capabilities: Vec::new(),
        coordinator: name(agents[0]),
        agents: agents.iter().map(one).collect(),
        layout: Layout::Panes,
        project: None,
    }
}

/// A complete contract.
pub fn contract(agency: &str, feature: &str, title: &str) -> TaskContract {
    TaskContract {
        title: title.to_owned(),
        agency: name(agency),
        feature: name(feature),
        scope: "all of it".to_owned(),
        non_goals: None,
        inputs: Vec::new(),
        depends_on: Vec::new(),
        done: vec!["it works".to_owned()],
        tests: None,
        rollback: "revert it".to_owned(),
        paths: Vec::new(),
        skill: None,
        role: None,
        priority: Priority::Normal,
        estimate_h: Some(0.5),
    }
}

/// A contract that waits for another task.
pub fn after(task: TaskId, mut contract: TaskContract) -> TaskContract {
    contract.depends_on.push(Dependency { task, kind: DependencyKind::Hard });
    contract
}

/// A message's draft.
pub fn draft(to: &str, text: &str) -> Draft {
    let to = Address::parse(to).expect("an address");
    Draft::new(MessageType::of_text(text), to, Value::from(text))
}

/// The command that sends it.
pub fn sending(to: &str, text: &str) -> Command {
    Command::SendMessage { draft: draft(to, text) }
}

/// The sample of a definite id.
pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

impl World {
    /// Nothing has happened yet.
    pub fn empty() -> Self {
        Self::of(State::default(), Vec::new())
    }

    /// A world whose past is this one.
    pub fn of(state: State, past: Vec<(Event, Timestamp)>) -> Self {
        let at = past.last().map_or_else(
            || "2026-01-02T03:04:05Z".parse().expect("a time"),
            |(_, at): &(Event, Timestamp)| *at,
        );
        // Seeds must not repeat those of the life before.
        let seeds = 1_000_000 * (past.len() as u128 + 1);
        Self { folded: state.clone(), state, at, past, seeds, tickets: 0 }
    }

    /// `Code` (lead, dev, ops) and `QA` (head) run, every agent idle at its prompt.
    pub fn running() -> Self {
        let mut world = Self::empty();
        world.feed(Input::OperatorKeySeen { key: FakeKeyring.operator_key().expect("a key") });
        world.define(definition("Code", &["lead", "dev", "ops"]));
        world.define(definition("QA", &["head"]));
        for agency in ["Code", "QA"] {
            world.bind(agency, "/project");
        }
        world.operator(Command::StartAgencies { names: Vec::new() }).expect("started");
        world.open_panes();
        for who in ["Code/lead", "Code/dev", "Code/ops", "QA/head"] {
            world.report(who, AgentState::Idle);
        }
        world
    }

    /// Time passes.
    pub fn wait_ms(&mut self, ms: i64) {
        self.at += SignedDuration::from_millis(ms);
    }

    /// Feeds an input and what follows at once from filled mailboxes.
    pub fn feed(&mut self, input: Input) -> Turn {
        let mut turn = self.feed_alone(input);
        let fills: Vec<MessageId> = turn
            .effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::FillMailbox { id, .. } => Some(*id),
                _ => None,
            })
            .collect();
        for id in fills {
            let next = self.feed_alone(Input::MailboxFilled { id });
            turn.events.extend(next.events);
            turn.effects.extend(next.effects);
        }
        turn
    }

    /// Feeds one input and checks what must always hold.
    pub fn feed_alone(&mut self, input: Input) -> Turn {
        self.seeds += 1;
        let asked = matches!(input, Input::Asked { .. });
        let now = Now { at: self.at, seed: id(self.seeds) };
        let step = decide(&mut self.state, input, now);
        let (events, effects, replies) = (step.events, step.effects, step.replies);
        let is_refused = asked && replies.iter().any(|(_, answer)| answer.is_err());
        for (_, event) in &events {
            // What is offered to agents after each input is not the command's doing.
            let is_offer = matches!(
                event,
                Event::DeliveryStarted { .. }
                    | Event::NudgeStarted { .. }
                    | Event::MessageExpired { .. }
            );
            assert!(!is_refused || is_offer, "a refused command recorded {event:?}");
            let text = serde_json::to_string(event).expect("written");
            let read: Event = serde_json::from_str(&text).expect("read");
            assert_eq!(read, *event, "{text}");
            self.folded.apply(&read, self.at);
        }
        assert_eq!(self.folded, self.state, "the fold of the events is not the live state");
        let events: Vec<Event> = events.into_iter().map(|(_, event)| event).collect();
        self.past.extend(events.iter().map(|event| (event.clone(), self.at)));
        Turn { events, effects, replies }
    }

    /// Somebody asks for something.
    pub fn ask(&mut self, actor: Actor, command: Command) -> Turn {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.feed(Input::Asked { ticket, actor, command: Box::new(command) })
    }

    /// The operator asks and is answered at once.
    pub fn operator(&mut self, command: Command) -> Result<Answer, Refusal> {
        answer_of(self.ask(Actor::Operator, command))
    }

    /// An agent asks and is answered at once.
    pub fn agent(&mut self, who: &str, command: Command) -> Result<Answer, Refusal> {
        answer_of(self.ask(Actor::Agent(agent(who)), command))
    }

    /// A definition is read.
    pub fn define(&mut self, definition: AgencyDefinition) -> Turn {
        self.feed(Input::DefinitionSeen { definition: Box::new(definition) })
    }

    /// An agency's project is looked at.
    pub fn bind(&mut self, agency: &str, project: &str) {
        let (agency, target) = (name(agency), "main".to_owned());
        self.feed(Input::ProjectSeen { agency, project: PathBuf::from(project), target });
    }

    /// The present life of an agent.
    pub fn spawn_of(&self, who: &str) -> Option<SpawnId> {
        self.state.sessions.agent(&agent(who)).and_then(|record| record.spawn)
    }

    /// The pane of an agent's present life, as it is seen alive.
    pub fn pane_of(&self, who: &str) -> PaneSeen {
        let agent = agent(who);
        let spawn = self.spawn_of(who).expect("a life");
        let pane = PaneId(format!("%{}", spawn.as_u128() % 100_000));
        PaneSeen {
            agent,
            spawn,
            pane,
            pid: 77,
            life: PaneLife::Alive,
            foreground: None,
            reads_keys: None,
            born: None,
        }
    }

    /// The panes of every life.
    pub fn panes(&self) -> Vec<PaneSeen> {
        let agencies = self.state.sessions.live();
        let lives = agencies.flat_map(|(agency, record)| {
            let living = record.agents.iter().filter(|(_, agent)| agent.spawn.is_some());
            living.map(move |(agent, _)| format!("{agency}/{agent}"))
        });
        lives.map(|who| self.pane_of(&who)).collect()
    }

    /// Every running agency's session is made whole.
    pub fn open_panes(&mut self) -> Vec<Turn> {
        let panes = self.panes();
        let agencies: Vec<Name> =
            self.state.sessions.live().map(|(name, _)| name.clone()).collect();
        let own = |agency: &Name| {
            panes.iter().filter(|pane| pane.agent.agency == *agency).cloned().collect()
        };
        let inputs: Vec<Input> = agencies
            .iter()
            .map(|agency| Input::SessionEnsured { agency: agency.clone(), panes: own(agency) })
            .collect();
        inputs.into_iter().map(|input| self.feed(input)).collect()
    }

    /// All panes are looked at; `change` says what is different.
    pub fn look(&mut self, change: impl FnOnce(&mut Vec<PaneSeen>)) -> Turn {
        let mut panes = self.panes();
        change(&mut panes);
        let session =
            |(name, _): (&Name, _)| SessionSeen { agency: name.clone(), name: name.to_string() };
        let sessions = self.state.sessions.live().map(session).collect();
        let sighting = Sighting { sessions, panes, arranged: Vec::new() };
        self.feed(Input::Sighted { sighting })
    }

    /// An agent reports its state.
    pub fn report(&mut self, who: &str, state: AgentState) -> Turn {
        let spawn = self.spawn_of(who).unwrap_or_default();
        self.ask(Actor::Agent(agent(who)), Command::ReportState { spawn, state, reason: None })
    }

    /// The outcome of typing a message into an agent's present life.
    pub fn typed(&mut self, who: &str, id: MessageId, outcome: Typed) -> Turn {
        let spawn = self.spawn_of(who).unwrap_or_default();
        self.feed(Input::MessageTyped { agent: agent(who), spawn, id, outcome })
    }

    /// Sends a message as the operator; returns its id.
    pub fn send(&mut self, to: &str, text: &str) -> MessageId {
        id_of(self.operator(sending(to, text)))
    }

    /// Adds a task as the operator.
    pub fn add(&mut self, contract: TaskContract) -> TaskId {
        match self.operator(Command::AddTask { contract }) {
            Ok(Answer::Id(id)) => id.parse().expect("a task id"),
            other => panic!("not added: {other:?}"),
        }
    }

    /// A task whose agent works on it in its worktree.
    pub fn begin(&mut self, contract: TaskContract, who: &str) -> TaskId {
        let task = self.add(contract);
        self.operator(Command::AssignTask { task, agent: agent(who) }).expect("assigned");
        self.feed(Input::WorktreePrepared { task, result: Ok("base".to_owned()) });
        self.agent(who, Command::StartTask { task }).expect("started");
        task
    }

    /// The state of a task.
    pub fn task(&self, task: TaskId) -> TaskState {
        self.state.tasks.tasks[&task].state
    }
}

/// The one answer of a turn.
pub fn answer_of(mut turn: Turn) -> Result<Answer, Refusal> {
    assert_eq!(turn.replies.len(), 1, "{turn:?}");
    turn.replies.remove(0).1
}

/// The message's id in an answer.
pub fn id_of(answer: Result<Answer, Refusal>) -> MessageId {
    match answer {
        Ok(Answer::Id(id)) => id.parse().expect("an id"),
        other => panic!("no id: {other:?}"),
    }
}

/// The code of a refusal.
pub fn code_of<T: std::fmt::Debug>(answer: Result<T, Refusal>) -> String {
    answer.expect_err("it was taken").code
}

impl Turn {
    /// Messages that are typed now, by recipient.
    pub fn typing(&self) -> Vec<(String, MessageId)> {
        let typing = self.effects.iter().filter_map(|effect| match effect {
            Effect::TypeMessage { id, target, .. } => Some((target.agent.to_string(), *id)),
            _ => None,
        });
        typing.collect()
    }

    /// How many effects are of this kind.
    pub fn count(&self, is_kind: impl Fn(&Effect) -> bool) -> usize {
        self.effects.iter().filter(|effect| is_kind(effect)).count()
    }

    /// How many events are of this kind.
    pub fn events(&self, is_kind: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().filter(|event| is_kind(event)).count()
    }
}
