//! The main job, from a goal to merged work, by people and agents who look at what is and do the
//! next thing; it can be cut after any step, before or after that step's effects were performed.

use std::collections::{BTreeMap, VecDeque};

use super::outer::Outer;
use super::samples::signed;
use super::{Turn, World, after, agent, contract, definition, name};
use crate::domain::approval::{Decision, Statement};
use crate::domain::command::{Actor, Command};
use crate::domain::id::TaskId;
use crate::domain::task::TaskState;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::{Input, Ticket, Timer};
use crate::engine::state::State;
use crate::ports::keyring::Keyring as _;
use crate::ports::keyring::fake::FakeKeyring;

/// Where a life of the supervisor ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// After so many inputs: their events stand, their effects were not performed.
    BeforeEffects(usize),
    /// After so many inputs: their effects were performed, nobody heard the outcome.
    AfterEffects(usize),
}

/// A run of the job.
pub struct Job {
    /// The engine.
    pub world: World,
    /// What it works on.
    pub outer: Outer,
    inputs: VecDeque<Input>,
    fed: usize,
}

impl Job {
    /// Nothing has begun.
    pub fn begun() -> Self {
        let mut job = Self {
            world: World::empty(),
            outer: Outer::default(),
            inputs: VecDeque::new(),
            fed: 0,
        };
        job.begin();
        job
    }

    /// A supervisor comes up.
    fn begin(&mut self) {
        let key = FakeKeyring.operator_key().expect("a key");
        let read = |agency: &str, agents: &[&str]| Input::DefinitionSeen {
            definition: Box::new(definition(agency, agents)),
        };
        let extra = self.outer.is_in_file("Code/extra").then_some("extra");
        let crew: Vec<&str> = ["lead", "dev"].into_iter().chain(extra).collect();
        self.inputs = VecDeque::from([
            Input::OperatorKeySeen { key },
            read("Code", &crew),
            read("QA", &["head"]),
            Input::Woke { pid: 1, version: String::new() },
        ]);
    }

    /// The supervisor is killed and another comes up on what the ledger holds.
    fn die(&mut self) {
        let mut state = State::default();
        for (event, at) in &self.world.past {
            state.apply(event, *at);
        }
        assert_eq!(state, self.world.state);
        self.world = World::of(state, std::mem::take(&mut self.world.past));
        self.begin();
    }

    /// Runs until nothing is left to do, with these cuts; returns the number of inputs.
    pub fn run(&mut self, cuts: &[Cut]) -> usize {
        loop {
            let Some(input) = self.next() else { return self.fed };
            assert!(self.fed < 2_000, "it never ends: {input:?}");
            self.fed += 1;
            let turn = self.world.feed_alone(input);
            if cuts.contains(&Cut::BeforeEffects(self.fed)) {
                self.die();
                continue;
            }
            let outcomes = self.perform(&turn);
            if cuts.contains(&Cut::AfterEffects(self.fed)) {
                self.die();
            } else {
                self.inputs.extend(outcomes);
            }
        }
    }

    fn perform(&mut self, turn: &Turn) -> Vec<Input> {
        let mut outcomes = Vec::new();
        for effect in &turn.effects {
            // What comes by the clock comes for ever: no job waits for it.
            if let Effect::WakeAt { timer, .. } = effect
                && *timer != Timer::Cadence
            {
                outcomes.push(Input::Rang { timer: timer.clone() });
            }
            outcomes.extend(self.outer.perform(&self.world.state, effect));
        }
        // What has rung is due.
        let has_rung = outcomes.iter().any(|input| matches!(input, Input::Rang { .. }));
        if has_rung {
            self.world.wait_ms(60_000);
        }
        outcomes
    }

    fn next(&mut self) -> Option<Input> {
        if self.inputs.is_empty() {
            self.inputs = self.outer.reports(&self.world.state);
        }
        self.inputs.pop_front().or_else(|| self.next_wish())
    }

    /// What somebody wants next, from what everybody can see.
    fn next_wish(&self) -> Option<Input> {
        let wish = |actor, command| {
            Some(Input::Asked { ticket: Ticket(1), actor, command: Box::new(command) })
        };
        let state = &self.world.state;
        let lead = || Actor::Agent(agent("Code/lead"));
        if state.sessions.agencies.values().any(|agency| agency.project.is_none()) {
            let unbound = |(_, agency): &(_, &crate::engine::sessions::AgencyRecord)| {
                agency.project.is_none()
            };
            let (agency, _) = state.sessions.agencies.iter().find(unbound)?;
            let (project, target) = ("/project".into(), "main".to_owned());
            return Some(Input::ProjectSeen { agency: agency.clone(), project, target });
        }
        if self.outer.panes.len() < 3 {
            return wish(Actor::Operator, Command::StartAgencies { names: Vec::new() });
        }
        let has_goal =
            self.world.past.iter().any(|(event, _)| matches!(event, Event::GoalSet { .. }));
        if !has_goal {
            let text = "a login".to_owned();
            return wish(Actor::Operator, Command::SetGoal { agency: name("Code"), text });
        }
        match state.tasks.tasks.len() {
            0 => {
                let contract = contract("Code", "login", "A form");
                return wish(lead(), Command::AddTask { contract });
            }
            1 if self.next_crew().is_some() => return wish(Actor::Operator, self.next_crew()?),
            1 => {
                let contract = after(TaskId(1), contract("QA", "login", "Its tests"));
                return wish(Actor::Operator, Command::AddTask { contract });
            }
            _ => {}
        }
        let fetch = self.next_fetch();
        fetch.or_else(|| self.next_work()).or_else(|| self.next_decision())
    }

    /// Somebody is hired for a moment, and let go again when its pane stands.
    fn next_crew(&self) -> Option<Command> {
        let has = |is_it: fn(&Event) -> bool| self.world.past.iter().any(|(event, _)| is_it(event));
        let extra = agent("Code/extra");
        if !has(|event| matches!(event, Event::AgentHired { .. })) {
            let definition = Box::new(definition("Code", &["extra"]).agents.remove(0));
            return Some(Command::HireAgent { agency: extra.agency, definition });
        }
        let is_over = has(|event| matches!(event, Event::AgentDismissed { .. }));
        let stands = self.outer.panes.contains_key(&extra);
        (stands && !is_over)
            .then_some(Command::DismissAgent { agency: extra.agency, agent: extra.agent })
    }

    /// A hint was shown: the agent looks into its mailbox.
    fn next_fetch(&self) -> Option<Input> {
        let mail = &self.world.state.mail;
        let (agent, _) = mail.nudges.iter().find(|(_, nudge)| nudge.shown > 0)?;
        Some(Input::Asked {
            ticket: Ticket(1),
            actor: Actor::Agent(agent.clone()),
            command: Box::new(Command::FetchMessages { ids: mail.waiting[agent].clone() }),
        })
    }

    fn next_work(&self) -> Option<Input> {
        let tasks = &self.world.state.tasks.tasks;
        tasks.values().find_map(|record| {
            let task = record.id;
            let own = if task == TaskId(1) { agent("Code/dev") } else { agent("QA/head") };
            let (actor, command) = match record.state {
                TaskState::Ready => (Actor::Operator, Command::AssignTask { task, agent: own }),
                TaskState::Assigned if record.base.is_some() => {
                    (Actor::Agent(own), Command::StartTask { task })
                }
                TaskState::InProgress if !record.integrating && task == TaskId(1) => {
                    (Actor::Agent(own), Command::CompleteTask { task, summary: None })
                }
                TaskState::InProgress | TaskState::Submitted
                    if !record.integrating && task == TaskId(2) =>
                {
                    let (rationale, rollback, demo) = (None, None, None);
                    (Actor::Agent(own), Command::SubmitTask { task, rationale, rollback, demo })
                }
                _ => return None,
            };
            Some(Input::Asked { ticket: Ticket(1), actor, command: Box::new(command) })
        })
    }

    fn next_decision(&self) -> Option<Input> {
        let approvals = &self.world.state.approvals.approvals;
        let record = approvals.values().find(|record| record.is_undecided())?;
        let merge = record.merge.clone()?;
        let signed = signed(Statement {
            approval: record.id,
            decision: Decision::Approve,
            change: merge.change,
            tree: merge.tree,
            evidence: record.evidence_digest(),
            feedback: None,
            at: self.world.at,
        });
        Some(Input::Asked {
            ticket: Ticket(1),
            actor: Actor::Operator,
            command: Box::new(Command::Decide { signed }),
        })
    }

    /// What is true at the end, without ids and times.
    pub fn summary(&self) -> Vec<String> {
        let state = &self.world.state;
        let mut lines: Vec<String> = Vec::new();
        for task in state.tasks.tasks.values() {
            let (task, state, gone) = (task.id, task.state.as_str(), task.is_retired);
            lines.push(format!("{task} {state} retired: {gone}"));
        }
        for record in state.approvals.approvals.values() {
            let (id, state, written) = (record.id, record.state.as_str(), record.is_documented);
            lines.push(format!("{id} {state} documented: {written}"));
        }
        lines.push(format!("{} submissions", state.submissions.submissions.len()));
        let mut messages: BTreeMap<String, u32> = BTreeMap::new();
        for record in state.mail.messages.values() {
            let (to, message) = (&record.to, &record.message);
            let line =
                format!("{} {to:?} {} {}", message.kind, record.state.as_str(), message.body);
            *messages.entry(line).or_default() += 1;
        }
        lines.extend(messages.iter().map(|(line, count)| format!("{count} × {line}")));
        let outer = &self.outer;
        lines.push(format!("panes {} of {}", outer.panes.len(), outer.made));
        lines.push(format!("crews {:?}", outer.crews));
        lines.push(format!("branches {:?} {:?}", outer.branches, outer.integrated));
        lines.push(format!("merged {:?} {:?} {:?}", outer.merged, outer.documents, outer.kept));
        let unfilled =
            state.mail.messages.keys().filter(|id| !outer.mail.contains_key(*id)).count();
        lines.push(format!("{unfilled} mailboxes lack a message"));
        lines.push(format!("typed twice: {}", outer.typed.values().filter(|n| **n > 1).count()));
        lines
    }
}
