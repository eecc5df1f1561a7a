//! Hiring and dismissing, as a face asks for it: what is left open is filled in from the agency's template.
//!
//! Whether it may be done is the engine's to decide; here only what the supervisor is asked is put together.

use crate::domain::agency::{AgentDefinition, COORDINATOR};
use crate::domain::command::Command;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::manifest::agency::plain_agent;
use crate::service::query::Query;
use crate::service::templates;
use crate::service::views::{AgencyView, AgentView};
use crate::service::workbench::{Workbench, read_back};

/// What `agency hire` is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAgent {
    /// Which agency.
    pub agency: Name,
    /// Its name.
    pub name: Name,
    /// One line: what it is there for; none: the template's, else "Specialist".
    pub role: Option<String>,
    /// Skills; empty: the template's.
    pub skills: Vec<String>,
    /// The program it is; none: the one of the agency's other specialists.
    pub runtime: Option<Name>,
    /// Whether it leaves when its last task is merged or cancelled.
    pub temporary: bool,
}

impl Workbench {
    /// Takes an agent into an agency; returns when its file holds it and, in a running agency, its pane stands.
    pub fn hire(&self, new: NewAgent) -> Result<AgentView, Refusal> {
        let agency: AgencyView = self.fetch(&Query::Agency { name: new.agency.clone() })?;
        let definition = Box::new(self.hired(&agency, &new)?);
        self.require_installed(&definition.runtime)?;
        self.ask(Command::HireAgent { agency: new.agency.clone(), definition })?;
        self.settle(std::slice::from_ref(&new.agency))?;
        self.agent(&AgentAddress::new(new.agency, new.name))
    }

    /// Lets an agent go; returns when its pane is closed.
    pub fn dismiss(&self, address: &AgentAddress) -> Result<(), Refusal> {
        let (agency, agent) = (address.agency.clone(), address.agent.clone());
        self.ask(Command::DismissAgent { agency, agent }).map(|_| ())
    }

    /// One agent; `coordinator` finds the coordinator.
    pub fn agent(&self, address: &AgentAddress) -> Result<AgentView, Refusal> {
        let view: AgencyView = self.fetch(&Query::Agency { name: address.agency.clone() })?;
        let is_coordinator = address.agent.as_str() == COORDINATOR;
        let wanted = if is_coordinator { view.coordinator.clone() } else { address.agent.clone() };
        let names: Vec<String> = view.agents.iter().map(|agent| agent.name.to_string()).collect();
        view.agents.into_iter().find(|agent| agent.name == wanted).ok_or_else(|| {
            let message = format!("there is no agent `{}` in `{}`", address.agent, address.agency);
            Refusal::new(RefusalKind::NotFound, "agent_not_found", message)
                .with_hint(format!("its agents are {}", names.join(", ")))
        })
    }

    fn hired(&self, agency: &AgencyView, new: &NewAgent) -> Result<AgentDefinition, Refusal> {
        let shelf = self.shelf()?;
        let whose = (&agency.name, &agency.coordinator);
        let template = templates::of_agency(&shelf.templates, agency.template.as_deref(), whose);
        let model = template.and_then(|template| {
            template.definition.agents.iter().find(|agent| agent.name == new.name).cloned()
        });
        let plain = || plain_agent(&new.name, &agency.coordinator);
        let mut agent = model.or_else(plain).ok_or_else(|| read_back("hire"))?;
        if let Some(runtime) = new.runtime.clone().or_else(|| usual_runtime(agency)) {
            agent.runtime = runtime;
        }
        agent.role = new.role.clone().unwrap_or(agent.role);
        if !new.skills.is_empty() {
            agent.skills.clone_from(&new.skills);
        }
        agent.temporary = new.temporary;
        Ok(agent)
    }
}

/// The program that most of the others are; of several the first.
fn usual_runtime(agency: &AgencyView) -> Option<Name> {
    let runtimes: Vec<&Name> = agency.agents.iter().map(|agent| &agent.runtime).collect();
    let count = |runtime: &Name| runtimes.iter().filter(|other| **other == runtime).count();
    let most = runtimes.iter().map(|runtime| count(runtime)).max()?;
    runtimes.iter().find(|runtime| count(runtime) == most).map(|runtime| (**runtime).clone())
}
