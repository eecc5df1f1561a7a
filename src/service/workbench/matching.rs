//! Which agency a goal is for: the agencies as they are, with what they have to do, and the templates that
//! would do it where none of them fits.
//!
//! How well one fits is [`crate::domain::matching`]'s to say. Nothing is sent and nothing is made here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::agency::{AgencyState, AgentState};
use crate::domain::matching::{AMBIGUOUS, Fit, Profile, Reason, rank};
use crate::domain::name::Name;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::query::{Query, TaskFilter};
use crate::service::templates;
use crate::service::views::{AgencyView, REMOVING, TaskView};
use crate::service::workbench::Workbench;

/// Which agencies a goal is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MatchView {
    /// The goal as it was given.
    pub goal: String,
    /// The agencies that fit, the best first.
    pub matches: Vec<AgencyMatchView>,
    /// Whether the second fits as well as the first.
    pub ambiguous: bool,
    /// Templates that would fit much better than any agency that is there, the best first.
    pub templates: Vec<TemplateMatchView>,
}

/// How well one agency fits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgencyMatchView {
    /// Which.
    pub agency: Name,
    /// The sum of the reasons' weights.
    pub score: f64,
    /// Why, the best first.
    pub reasons: Vec<Reason>,
    /// The goal's words that it has no answer to.
    pub missing: Vec<String>,
    /// Its state.
    pub state: AgencyState,
    /// Its tasks that are neither merged nor given up.
    pub open_tasks: usize,
    /// Its agents.
    pub agents: usize,
    /// Those that run.
    pub alive: usize,
    /// Those that have nothing to do.
    pub idle: usize,
}

/// How well a template would fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemplateMatchView {
    /// Which.
    pub template: String,
    /// The sum of the reasons' weights.
    pub score: f64,
    /// Why, the best first.
    pub reasons: Vec<Reason>,
    /// What makes its agency.
    pub command: String,
}

/// A template that is not used yet is worth a word when it fits so many times better.
const MUCH_BETTER: f64 = 2.5;

/// Templates that are named at most: more are no advice.
const TEMPLATES: usize = 3;

impl MatchView {
    /// The agency that the goal is for, if there is no doubt.
    pub fn winner(&self) -> Option<&AgencyMatchView> {
        self.matches.first().filter(|_| !self.ambiguous && self.templates.is_empty())
    }
}

impl Workbench {
    /// Which agencies a goal is for, at most so many.
    pub fn match_goal(&self, goal: &str, limit: usize) -> Result<MatchView, Refusal> {
        if goal.is_empty() {
            return Err(Refusal::new(RefusalKind::Usage, "empty_goal", "the goal is empty")
                .with_hint("say what is to be done, in quotation marks"));
        }
        let mut agencies: Vec<AgencyView> = self.fetch(&Query::Agencies)?;
        agencies.retain(takes_goals);
        let tasks: Vec<TaskView> = self.fetch(&Query::Tasks(TaskFilter::default()))?;
        let mut profiles: Vec<Profile> = agencies.iter().map(profile).collect();
        let commands = self.unused_templates(&agencies, &mut profiles)?;
        let fits = rank(goal, &profiles);
        let (matches, templates): (Vec<Fit>, Vec<Fit>) =
            fits.into_iter().partition(|fit| !commands.contains_key(&fit.name));
        let mut matches: Vec<AgencyMatchView> =
            matches.into_iter().filter_map(|fit| agency_match(fit, &agencies, &tasks)).collect();
        matches.sort_by(|one, two| two.score.total_cmp(&one.score).then(load(one).cmp(&load(two))));
        let best = matches.first().map_or(0.0, |first| first.score);
        let ambiguous = matches.get(1).is_some_and(|second| second.score >= best * AMBIGUOUS);
        let better = templates.into_iter().filter(|fit| fit.score >= best * MUCH_BETTER);
        let templates = better.take(TEMPLATES).filter_map(|fit| {
            let command = commands.get(&fit.name)?.clone();
            let template = fit.name.trim_start_matches(TEMPLATE).to_owned();
            Some(TemplateMatchView { template, score: fit.score, reasons: fit.reasons, command })
        });
        let templates = templates.collect();
        matches.truncate(limit);
        Ok(MatchView { goal: goal.to_owned(), matches, ambiguous, templates })
    }

    /// Adds the templates of which no agency is made; what would make it, by the profile's name.
    fn unused_templates(
        &self,
        agencies: &[AgencyView],
        profiles: &mut Vec<Profile>,
    ) -> Result<BTreeMap<String, String>, Refusal> {
        let mut commands = BTreeMap::new();
        for template in self.shelf()?.templates {
            let is_used = agencies.iter().any(|agency| {
                templates::word_of(&agency.name) == template.name
                    || agency.name == template.definition.name
            });
            if !is_used {
                let name = format!("{TEMPLATE}{}", template.name);
                profiles.push(Profile::named(&name, &template.definition));
                let made = &template.definition.name;
                let by_name = templates::word_of(made) == template.name;
                let option = if by_name { "" } else { &format!(" --template {}", template.name) };
                commands.insert(name, format!("agency create {made}{option}"));
            }
        }
        Ok(commands)
    }
}

/// Whether an agency can be given a goal: what is on its way into the archive cannot.
fn takes_goals(agency: &AgencyView) -> bool {
    agency.reason_code.as_deref() != Some(REMOVING)
}

/// What the profile of a template is called: no agency's name holds such a character.
const TEMPLATE: &str = "template:";

fn profile(view: &AgencyView) -> Profile {
    let agents = view
        .agents
        .iter()
        .map(|agent| (agent.name.as_str(), agent.role.as_str(), agent.skills.as_slice()));
    Profile::of_parts(view.name.as_str(), &view.description, &view.capabilities, agents)
}

fn agency_match(fit: Fit, agencies: &[AgencyView], tasks: &[TaskView]) -> Option<AgencyMatchView> {
    let view = agencies.iter().find(|agency| agency.name.as_str() == fit.name)?;
    let own = tasks.iter().filter(|task| task.agency == view.name);
    let count =
        |is: fn(AgentState) -> bool| view.agents.iter().filter(|agent| is(agent.state)).count();
    Some(AgencyMatchView {
        agency: view.name.clone(),
        score: fit.score,
        reasons: fit.reasons,
        missing: fit.missing,
        state: view.state,
        open_tasks: own.filter(|task| !task.state.is_closed()).count(),
        agents: view.agents.len(),
        alive: count(AgentState::is_alive),
        idle: count(|state| state == AgentState::Idle),
    })
}

/// Of equals the one that runs and has less to do comes first.
fn load(view: &AgencyMatchView) -> (bool, usize, std::cmp::Reverse<usize>) {
    let is_stopped = view.state == AgencyState::Stopped;
    (is_stopped, view.open_tasks, std::cmp::Reverse(view.idle))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::command::Command;
    use crate::engine::testing::{World, name};
    use crate::service::board;

    #[test]
    fn an_agency_that_is_being_removed_is_no_candidate() {
        let mut world = World::running();
        let is_candidate = |world: &World| {
            let agencies = board::agencies(&world.state, std::path::Path::new("/home"));
            agencies.iter().any(|agency| agency.name == name("Code") && takes_goals(agency))
        };
        assert!(is_candidate(&world));
        world.operator(Command::StopAgencies { names: vec![name("Code")] }).expect("stopped");
        assert!(is_candidate(&world), "a stopped one reads it when it is started");
        world.operator(Command::RemoveAgency { name: name("Code") }).expect("removed");
        assert!(!is_candidate(&world));
    }
}
