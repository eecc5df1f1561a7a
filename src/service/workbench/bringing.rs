//! Bringing a workbench up, and saying what that brought back: which agencies ran on, which agents go on with
//! their conversation, which began anew and why, which worktrees were gone, and what still waits.
//!
//! It compares the ledger before and after, and looks at the windows. It starts nothing that `up` itself does not
//! start.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::command::Command;
use crate::domain::id::TaskId;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::refusal::Refusal;
use crate::engine::sessions::{AgencyRecord, AgentRecord, Wanted};
use crate::engine::state::State;
use crate::engine::tasks::NOT_STANDING;
use crate::manifest;
use crate::ports::terminals::Arrangement;
use crate::service::launching::{Continuation, continuation};
use crate::service::programs::Programs;
use crate::service::views::{AgentBackView, BackView, UpView, WorktreeBackView};
use crate::service::waiting::wait_until;
use crate::service::workbench::Workbench;

/// Checking a few large worktrees out takes git some seconds; a report that comes later helps nobody.
const MENDING_LIMIT: Duration = Duration::from_secs(15);

/// The word for a worktree that is still being made again.
const MENDING: &str = "being_made";

impl Workbench {
    /// Makes the supervisor and these agencies run, or all of them; tells what that brought back.
    pub fn bring_up(&self, names: &[Name], tell: &mut dyn FnMut(&str)) -> Result<UpView, Refusal> {
        let (before, _) = self.last_state()?;
        let supervisor_started = self.supervisor_pid().is_none();
        if supervisor_started {
            tell("starting the supervisor");
        }
        let pid = self.require_supervisor()?;
        tell(&format!("supervisor {pid}; bringing the sessions up"));
        let is_chosen = |name: &Name| names.is_empty() || names.contains(name);
        let gone = self.gone_worktrees(&before, &is_chosen);
        self.ask(Command::StartAgencies { names: names.to_vec() })?;
        if !gone.is_empty() {
            tell("making worktrees again that are gone");
            self.wait_for_worktrees(&before, &gone)?;
        }
        let (after, _) = self.last_state()?;
        let programs = Programs::load(self.outside.folder.as_ref())?;
        let running = after
            .sessions
            .live()
            .filter(|(name, record)| is_chosen(name) && record.wanted == Wanted::Running);
        let brought_back = running
            .map(|(name, record)| {
                let known =
                    |agent: &AgentAddress| continuation(&before, &programs, self.home(), agent);
                let is_arranged = self.is_arranged(name, record);
                back(&before, &after, &known, is_arranged, (name, record))
            })
            .collect();
        let worktrees = gone.iter().map(|task| worktree(&before, &after, *task)).collect();
        let (status, problems) = (self.status()?, self.broken_definitions());
        Ok(UpView { status, brought_back, supervisor_started, worktrees, problems })
    }

    /// Tasks whose worktree should stand, and has no file that ties it to git.
    fn gone_worktrees(&self, state: &State, is_chosen: &dyn Fn(&Name) -> bool) -> Vec<TaskId> {
        let standing = state.tasks.in_worktrees(None).into_iter();
        let is_gone = |task: &TaskId| {
            let record = state.tasks.tasks.get(task);
            let record = record.filter(|record| is_chosen(&record.contract.agency));
            let folder = record.and_then(|record| record.worktree.as_ref());
            folder.is_some_and(|folder| !self.home().join(folder).join(".git").exists())
        };
        standing.filter(is_gone).collect()
    }

    /// Waits until each stands again with what was saved of it, or cannot be made; not for ever.
    fn wait_for_worktrees(&self, before: &State, gone: &[TaskId]) -> Result<(), Refusal> {
        wait_until(self, Some(MENDING_LIMIT), || {
            let (now, _) = self.last_state()?;
            let is_settled =
                gone.iter().all(|task| worktree(before, &now, *task).outcome != MENDING);
            Ok(is_settled.then_some(()))
        })
        .map(drop)
    }

    /// Whether one of its windows stands as a person had arranged it; that it was asked for is no proof.
    fn is_arranged(&self, agency: &Name, record: &AgencyRecord) -> bool {
        let terminals = self.outside.terminals.as_ref();
        let stands = |it: &Arrangement| terminals.is_arranged(agency, it).unwrap_or(false);
        record.arranged.values().any(stands)
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

/// What became of a worktree that was gone.
fn worktree(before: &State, now: &State, task: TaskId) -> WorktreeBackView {
    let mended =
        |state: &State| state.keeping.works.get(&task).and_then(|work| work.mended.clone());
    let record = now.tasks.tasks.get(&task);
    let note = record.and_then(|record| record.note.clone());
    let is_laying = now.keeping.restoring.contains_key(&task);
    let known = mended(now).filter(|it| !is_laying && mended(before).as_ref() != Some(it));
    let (outcome, checkpoint, why) = match known {
        Some(mended) => ("made_again", mended.from, mended.problem),
        None if note.as_ref().is_some_and(|note| note.starts_with(NOT_STANDING)) => {
            ("missing", None, note)
        }
        None => (MENDING, None, None),
    };
    let agent = record.and_then(|record| record.agent.clone());
    WorktreeBackView { task, agent, outcome: outcome.to_owned(), checkpoint, why }
}

fn lives<'a>(state: &'a State, agency: &Name) -> BTreeMap<&'a Name, &'a AgentRecord> {
    let record = state.sessions.agency(agency);
    let agents = record.into_iter().flat_map(|record| &record.agents);
    agents.filter(|(_, agent)| agent.spawn.is_some()).collect()
}

/// Whether an agent runs on. A life that was meant before but had no pane was not running: the supervisor was killed
/// before it could make one.
fn runs_on(old: Option<&&AgentRecord>, new: Option<&&AgentRecord>) -> bool {
    old.is_some_and(|old| {
        old.pane.is_some()
            && new.is_some_and(|new| (new.spawn, &new.pane) == (old.spawn, &old.pane))
    })
}

/// Whether this is the first life of an agent.
fn is_first(before: &State, agent: &AgentAddress) -> bool {
    before.sessions.agent(agent).is_none_or(|record| record.spawned_at.is_none())
}

fn back(
    before: &State,
    after: &State,
    known: &dyn Fn(&AgentAddress) -> Continuation,
    is_arranged: bool,
    (name, record): (&Name, &AgencyRecord),
) -> BackView {
    let (old, new) = (lives(before, name), lives(after, name));
    let agent = |agent: &Name| {
        let address = AgentAddress::new(name.clone(), agent.clone());
        let is_same = runs_on(old.get(agent), new.get(agent));
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
            Continuation::Anew(_) if is_first(before, &address) => view("started", None, None),
            Continuation::Anew(why) => view("began_anew", None, Some(why)),
        }
    };
    let agents: Vec<AgentBackView> =
        record.definition.agents.iter().map(|it| agent(&it.name)).collect();
    let was_running = agents.iter().all(|agent| agent.outcome == "was_running");
    let was_wanted = before.sessions.agency(name).is_some_and(|it| it.wanted == Wanted::Running);
    let outcome = match (was_running, was_wanted) {
        (true, _) => "was_running",
        (false, true) => "brought_back",
        (false, false) => "started",
    };
    let waiting = new
        .keys()
        .map(|agent| after.mail.unread(&AgentAddress::new(name.clone(), (*agent).clone())));
    BackView {
        agency: name.clone(),
        session: record.session.clone().unwrap_or_else(|| name.to_string()),
        outcome: outcome.to_owned(),
        waiting: waiting.sum(),
        layout: (!was_running).then(|| if is_arranged { "restored" } else { "default" }.to_owned()),
        agents,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::{World, name};

    fn outcomes(before: &State, after: &State) -> Vec<String> {
        let (agency, known) =
            (name("Code"), |_: &AgentAddress| Continuation::Known("c".to_owned()));
        let record = after.sessions.agency(&agency).expect("an agency");
        let view = back(before, after, &known, false, (&agency, record));
        view.agents.into_iter().map(|agent| agent.outcome).collect()
    }

    #[test]
    fn a_life_that_had_no_pane_yet_was_not_running() {
        let mut world = World::running();
        let before = world.state.clone();
        assert_eq!(outcomes(&before, &world.state), ["was_running"; 3]);
        // The server dies, and the supervisor before it has made the panes of the next lives.
        world.look(Vec::clear);
        let between = world.state.clone();
        assert!(world.spawn_of("Code/dev").is_some(), "the next lives are meant");
        world.open_panes();
        assert_eq!(outcomes(&between, &world.state), ["resumed"; 3]);
        assert_eq!(outcomes(&before, &world.state), ["resumed"; 3]);
    }
}
