//! Bringing a workbench up, and saying what that brought back: which agencies ran on, which agents go on with
//! their conversation, which began anew and why, and what still waits.
//!
//! It compares the ledger before and after. It starts nothing that `up` itself does not start.

use std::collections::BTreeMap;

use crate::domain::command::Command;
use crate::domain::id::SpawnId;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::refusal::Refusal;
use crate::engine::sessions::{AgencyRecord, Wanted};
use crate::engine::state::State;
use crate::manifest;
use crate::service::launching::{Continuation, continuation};
use crate::service::programs::Programs;
use crate::service::views::{AgentBackView, BackView, UpView};
use crate::service::workbench::Workbench;

impl Workbench {
    /// Makes the supervisor and these agencies run, or all of them; tells what that brought back.
    pub fn bring_up(&self, names: &[Name], tell: &mut dyn FnMut(&str)) -> Result<UpView, Refusal> {
        let (before, _) = self.last_state()?;
        if self.supervisor_pid().is_none() {
            tell("starting the supervisor");
        }
        let pid = self.require_supervisor()?;
        tell(&format!("supervisor {pid}; bringing the sessions up"));
        self.ask(Command::StartAgencies { names: names.to_vec() })?;
        let (after, _) = self.last_state()?;
        let programs = Programs::load(self.outside.folder.as_ref())?;
        let is_chosen = |name: &Name| names.is_empty() || names.contains(name);
        let running = after
            .sessions
            .live()
            .filter(|(name, record)| is_chosen(name) && record.wanted == Wanted::Running);
        let brought_back = running
            .map(|(name, record)| {
                let known =
                    |agent: &AgentAddress| continuation(&before, &programs, self.home(), agent);
                back(&before, &after, &known, name, record)
            })
            .collect();
        Ok(UpView { status: self.status()?, brought_back, problems: self.broken_definitions() })
    }

    /// What is wrong with definitions; their agencies go on as they are known from before.
    fn broken_definitions(&self) -> Vec<String> {
        let files = match self.outside.folder.load_definitions() {
            Ok(files) => files,
            Err(error) => return vec![error.to_string()],
        };
        let check = |(_, file): (String, crate::ports::folder::TextFile)| {
            manifest::agency::parse(&file.path.display().to_string(), &file.text).err()
        };
        files.into_iter().filter_map(check).map(|problems| problems.to_string()).collect()
    }
}

fn lives(state: &State, agency: &Name) -> BTreeMap<Name, SpawnId> {
    let record = state.sessions.agency(agency);
    let agents = record.into_iter().flat_map(|record| &record.agents);
    agents.filter_map(|(name, agent)| Some((name.clone(), agent.spawn?))).collect()
}

fn back(
    before: &State,
    after: &State,
    known: &dyn Fn(&AgentAddress) -> Continuation,
    name: &Name,
    record: &AgencyRecord,
) -> BackView {
    let (old, new) = (lives(before, name), lives(after, name));
    let agent = |agent: &Name| {
        let address = AgentAddress::new(name.clone(), agent.clone());
        let is_same = old.contains_key(agent) && old.get(agent) == new.get(agent);
        let view = |outcome: &str, conversation, why: Option<&str>| AgentBackView {
            agent: address.clone(),
            outcome: outcome.to_owned(),
            conversation,
            why: why.map(str::to_owned),
        };
        match known(&address) {
            _ if is_same => view("was_running", None, None),
            _ if !new.contains_key(agent) => {
                let known = after.sessions.agent(&address).and_then(|it| it.reason.clone());
                view("down", None, known.as_deref())
            }
            Continuation::Known(id) => view("resumed", Some(id), None),
            Continuation::Anew(why) => view("began_anew", None, Some(why)),
        }
    };
    let agents: Vec<AgentBackView> =
        record.definition.agents.iter().map(|it| agent(&it.name)).collect();
    let was_running = agents.iter().all(|agent| agent.outcome == "was_running");
    let is_arranged = record
        .arranged
        .values()
        .any(|arrangement| arrangement.agents.iter().all(|name| new.contains_key(name)));
    let waiting =
        new.keys().map(|agent| after.mail.unread(&AgentAddress::new(name.clone(), agent.clone())));
    BackView {
        agency: name.clone(),
        session: record.session.clone().unwrap_or_else(|| name.to_string()),
        outcome: if was_running { "was_running" } else { "brought_back" }.to_owned(),
        waiting: waiting.sum(),
        layout: (!was_running).then(|| if is_arranged { "restored" } else { "default" }.to_owned()),
        agents,
    }
}
