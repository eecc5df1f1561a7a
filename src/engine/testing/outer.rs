//! A world outside the engine that remembers what was done to it, however often the engine dies.
//!
//! It performs effects as the real ports do: each can be repeated with no second effect, typing
//! excepted. Programs in its panes sit idle at their prompts, checks pass, merges are clean.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::samples::{evidence, preview};
use crate::domain::agency::AgentState;
use crate::domain::command::{Actor, Command};
use crate::domain::id::{ApprovalId, MessageId, SpawnId, TaskId};
use crate::domain::name::AgentAddress;
use crate::domain::submission::ProofOutcome;
use crate::engine::crew::CrewChangeKind;
use crate::engine::effect::{Effect, Retirement};
use crate::engine::input::{Input, Ticket};
use crate::engine::state::State;
use crate::ports::repositories::{Integrated, Kept, Merged, WorkState};
use crate::ports::terminals::{PaneId, PaneLife, PaneSeen, SessionSeen, Sighting, Typed};

/// What is there, and what was done.
#[derive(Debug, Default, Clone)]
pub struct Outer {
    /// Panes by agent, with the life in them.
    pub panes: BTreeMap<AgentAddress, SpawnId>,
    /// Panes that were ever made.
    pub made: u32,
    /// Mailboxes.
    pub mail: BTreeMap<MessageId, u32>,
    /// Messages that were typed, with how often.
    pub typed: BTreeMap<MessageId, u32>,
    /// Changes of crews that are in their files.
    pub crews: BTreeSet<(AgentAddress, u64, CrewChangeKind)>,
    /// Branches of tasks.
    pub branches: BTreeSet<String>,
    /// Commits on features' branches, oldest first.
    pub integrated: BTreeMap<String, Vec<TaskId>>,
    /// Commits on the project's branch.
    pub merged: Vec<ApprovalId>,
    /// Decision records.
    pub documents: BTreeSet<ApprovalId>,
    /// What was kept before it was removed.
    pub kept: BTreeSet<String>,
}

impl Outer {
    /// Performs an effect; returns its outcome.
    pub fn perform(&mut self, state: &State, effect: &Effect) -> Vec<Input> {
        match effect {
            Effect::EnsureSession { agency } => {
                let record = state.sessions.agency(agency).expect("known");
                let mut inputs = Vec::new();
                let mut seen = Vec::new();
                for defined in &record.definition.agents {
                    let address = AgentAddress::new(agency.clone(), defined.name.clone());
                    let life = record.agents.get(&defined.name).and_then(|agent| agent.spawn);
                    let Some(spawn) = life else { continue };
                    if !self.panes.contains_key(&address) {
                        self.made += 1;
                        self.panes.insert(address.clone(), spawn);
                    }
                    seen.push(self.seen(&address));
                }
                inputs.push(Input::SessionEnsured { agency: agency.clone(), panes: seen });
                inputs
            }
            Effect::WriteCrew { agency } => {
                let record = state.sessions.agency(agency).expect("known");
                let done = record.crew.pending.iter().map(|change| {
                    let name = change.definition.name.clone();
                    let address = AgentAddress::new(agency.clone(), name);
                    if change.kind == CrewChangeKind::Dismissed {
                        self.panes.remove(&address);
                    }
                    self.crews.insert((address, change.number, change.kind));
                    Input::CrewWritten { agency: agency.clone(), change: change.number }
                });
                done.collect()
            }
            Effect::CloseLife { agent, spawn } => {
                if self.panes.get(agent) == Some(spawn) {
                    self.panes.remove(agent);
                }
                Vec::new()
            }
            Effect::Look => vec![self.look()],
            Effect::FillMailbox { id, .. } => {
                self.mail.insert(*id, 1);
                vec![Input::MailboxFilled { id: *id }]
            }
            Effect::TypeMessage { id, target, .. } => {
                *self.typed.entry(*id).or_default() += 1;
                let (agent, spawn) = (target.agent.clone(), target.spawn);
                vec![Input::MessageTyped { agent, spawn, id: *id, outcome: Typed::Submitted }]
            }
            Effect::HandOver { id, target, .. } => {
                *self.typed.entry(*id).or_default() += 1;
                let (agent, spawn) = (target.agent.clone(), target.spawn);
                vec![Input::MessageTyped { agent, spawn, id: *id, outcome: Typed::Queued }]
            }
            Effect::TypeNudge { target, .. } => {
                let (agent, spawn) = (target.agent.clone(), target.spawn);
                vec![Input::NudgeTyped { agent, spawn, outcome: Typed::Submitted }]
            }
            _ => self.perform_work(state, effect),
        }
    }

    /// Whether the user's file has this agent because it was hired.
    pub fn is_in_file(&self, address: &str) -> bool {
        let own = self.crews.iter().filter(|(agent, ..)| agent.to_string() == address);
        own.max_by_key(|(_, number, _)| *number)
            .is_some_and(|(_, _, kind)| *kind == CrewChangeKind::Hired)
    }

    fn perform_work(&mut self, state: &State, effect: &Effect) -> Vec<Input> {
        match effect {
            Effect::PrepareWorktree { task } => {
                let record = &state.tasks.tasks[task];
                self.branches.insert(record.branch.clone().expect("a branch"));
                vec![Input::WorktreePrepared { task: *task, result: Ok("base".to_owned()) }]
            }
            Effect::InspectWork { ticket, task, purpose } => {
                let head = format!("head-of-{task}");
                let work = WorkState { head, ahead: 1, dirty: Vec::new() };
                let (ticket, task, purpose) = (*ticket, *task, purpose.clone());
                vec![Input::WorkInspected { ticket, task, purpose, result: Ok(work) }]
            }
            Effect::IntegrateWork { ticket, task, purpose, .. } => {
                let feature = state.tasks.tasks[task].contract.feature.to_string();
                let commits = self.integrated.entry(feature).or_default();
                if !commits.contains(task) {
                    commits.push(*task);
                }
                let commit = commits.iter().map(ToString::to_string).collect::<Vec<_>>().join("+");
                let (ticket, task, purpose) = (*ticket, *task, purpose.clone());
                let result = Ok(Integrated::Merged { commit });
                vec![Input::WorkIntegrated { ticket, task, purpose, result }]
            }
            Effect::Prove { submission } => {
                let merge = preview("base", "change");
                let outcome = ProofOutcome::Checked { evidence: evidence(&merge, 3, &[]), merge };
                let outcome = Box::new(outcome);
                vec![Input::ProofFinished { submission: *submission, outcome }]
            }
            Effect::Merge { approval, .. } => {
                if !self.merged.contains(approval) {
                    self.merged.push(*approval);
                }
                let result = Ok(Merged::Done { commit: "c0ffee".to_owned() });
                vec![Input::MergeFinished { approval: *approval, result }]
            }
            Effect::Document { approval } => {
                self.documents.insert(*approval);
                vec![Input::Documented { approval: *approval }]
            }
            Effect::RetireWorktree { retirement } => vec![self.retire(retirement)],
            Effect::RetireBranch { feature, branch, .. } => {
                self.integrated.remove(feature.as_str());
                let kept = self.keep(branch);
                vec![Input::BranchRetired { feature: feature.clone(), kept }]
            }
            _ => Vec::new(),
        }
    }

    fn retire(&mut self, retirement: &Retirement) -> Input {
        self.branches.remove(&retirement.branch);
        Input::WorktreeRetired { task: retirement.task, kept: self.keep(&retirement.branch) }
    }

    fn keep(&mut self, branch: &str) -> Kept {
        self.kept.insert(branch.to_owned());
        Kept { branch_ref: Some(branch.to_owned()), uncommitted_ref: None }
    }

    fn seen(&self, agent: &AgentAddress) -> PaneSeen {
        PaneSeen {
            agent: agent.clone(),
            spawn: self.panes[agent],
            pane: PaneId(format!("%{agent}")),
            pid: 7,
            life: PaneLife::Alive,
            foreground: None,
            reads_keys: None,
            born: None,
        }
    }

    /// All panes, as a look shows them.
    pub fn look(&self) -> Input {
        let sessions = self.panes.keys().map(|agent| agent.agency.clone());
        let sessions: BTreeSet<_> = sessions.collect();
        let panes = self.panes.keys().map(|agent| self.seen(agent)).collect();
        let session =
            |agency: crate::domain::name::Name| SessionSeen { name: agency.to_string(), agency };
        let sessions = sessions.into_iter().map(session).collect();
        let sighting = Sighting { sessions, panes, arranged: Vec::new() };
        Input::Sighted { sighting }
    }

    /// Agents whose programs have not said yet that they are at their prompt.
    pub fn reports(&self, state: &State) -> VecDeque<Input> {
        let silent = self.panes.iter().filter(|(agent, spawn)| {
            state.sessions.agent(agent).is_some_and(|record| {
                record.spawn == Some(**spawn)
                    && record.pane.is_some()
                    && record.state == AgentState::Starting
            })
        });
        let inputs = silent.map(|(agent, spawn)| Input::Asked {
            ticket: Ticket(0),
            actor: Actor::Agent(agent.clone()),
            command: Box::new(Command::ReportState {
                spawn: *spawn,
                state: AgentState::Idle,
                reason: None,
            }),
        });
        inputs.collect()
    }
}
