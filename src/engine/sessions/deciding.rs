//! What is decided about sessions: starting, stopping, and bringing back what is gone.
//!
//! Start, crash, reboot and a pane closed by hand are one path: wanted and not there, so ensured.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use crate::domain::agency::{AgencyDefinition, AgentState};
use crate::domain::command::{Actor, Answer, Command};
use crate::domain::id::SpawnId;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::recipe::Recipe;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::approvals;
use crate::engine::effect::{Effect, Retirement};
use crate::engine::event::Event;
use crate::engine::input::Timer;
use crate::engine::mail;
use crate::engine::require_operator;
use crate::engine::sessions::agent::PANE_GONE;
use crate::engine::sessions::{AgencyRecord, Wanted, hearing};
use crate::engine::step::Step;
use crate::engine::undoing;
use crate::ports::terminals::{Arrangement, PaneLife, PaneSeen, Sighting};

/// Longest pause before something that keeps failing is tried again.
const LONGEST_BACKOFF_S: i64 = 60;

/// Pause before a session is looked after again in which a pane was not seen: one look.
const UNSEEN_PAUSE: SignedDuration = SignedDuration::from_secs(1);

/// The pause after so many failures in a row: 0, 1, 2, 4, … seconds.
fn backoff(failures: u32) -> SignedDuration {
    let seconds = if failures <= 1 { 0 } else { 1_i64 << failures.saturating_sub(2).min(6) };
    SignedDuration::from_secs(seconds.min(LONGEST_BACKOFF_S))
}

/// A definition was read: it counts from now on, and for the panes from the next start.
pub fn definition_seen(step: &mut Step<'_>, definition: AgencyDefinition) {
    let known = step.state().sessions.agencies.get(&definition.name);
    let is_archived = known.is_some_and(|record| record.wanted == Wanted::Archived);
    let definition = match known.filter(|_| !is_archived) {
        Some(record) => record.crew.lay_over(definition),
        None => definition,
    };
    let is_new = known
        .is_none_or(|record| record.wanted == Wanted::Archived || record.definition != definition);
    let is_leaving = known.is_some_and(|record| record.wanted == Wanted::Removing);
    if is_new && !is_leaving {
        let agency = definition.name.clone();
        step.record(Event::AgencyDefined { definition: Box::new(definition) });
        mail::bury_orphans(step, &agency);
    }
}

/// A recipe was read: it counts for every proof from now on.
pub fn recipe_seen(step: &mut Step<'_>, agency: Name, recipe: Option<Box<Recipe>>) {
    let known = step.state().sessions.agency(&agency);
    if known.is_some_and(|record| record.recipe.as_ref() != recipe.as_deref()) {
        step.record(Event::RecipeRecorded { agency, recipe });
    }
}

/// A project was looked at.
pub fn project_seen(step: &mut Step<'_>, agency: Name, project: PathBuf, target: String) {
    let seen = Some((project.clone(), target.clone()));
    let is_new = step.state().sessions.agency(&agency).is_some_and(|record| record.project != seen);
    if is_new {
        step.record(Event::ProjectBound { agency, project, target });
    }
}

/// Carries out a command about sessions.
pub fn asked(step: &mut Step<'_>, command: Command) -> Result<Answer, Refusal> {
    match command {
        Command::DefineAgency { name } => {
            require_operator(step, "define agencies")?;
            // Its file was read before this was decided: what is not known now was not there.
            require_agency(step, &name).map(|()| Answer::Done)
        }
        Command::StartAgencies { names } => start(step, names),
        Command::StopAgencies { names } => stop(step, names),
        Command::RestartAgency { name } => restart(step, name),
        Command::RemoveAgency { name } => remove(step, name),
        Command::ReportState { spawn, state, reason } => {
            hearing::report(step, spawn, state, reason)
        }
        // Reports are read where their program's description is known: one that comes here was not.
        Command::ReportEvent { event, .. } => Err(Refusal::new(
            RefusalKind::Failed,
            "not_read",
            format!("the report `{event}` was not read"),
        )),
        Command::StopSupervisor => {
            require_operator(step, "stop the supervisor")?;
            step.record(Event::SupervisorStopped);
            step.perform(Effect::Quit);
            Ok(Answer::Done)
        }
        _ => Ok(Answer::Done),
    }
}

fn chosen(step: &Step<'_>, names: Vec<Name>) -> Result<Vec<Name>, Refusal> {
    if names.is_empty() {
        return Ok(step.state().sessions.live().map(|(name, _)| name.clone()).collect());
    }
    names.iter().try_for_each(|name| require_agency(step, name))?;
    Ok(names)
}

/// Refuses an agency that does not exist, or is on its way into the archive.
pub fn require_agency(step: &Step<'_>, name: &Name) -> Result<(), Refusal> {
    require_known(step, name)?;
    let wanted = step.state().sessions.agency(name).map(|record| record.wanted);
    if wanted != Some(Wanted::Removing) {
        return Ok(());
    }
    let message = format!("`{name}` is being removed");
    Err(Refusal::new(RefusalKind::Conflict, "agency_removing", message)
        .with_hint(format!("see what it waits for with `agency explain {name}`")))
}

/// Refuses an agency that does not exist, with the known names as a hint.
fn require_known(step: &Step<'_>, name: &Name) -> Result<(), Refusal> {
    if step.state().sessions.agency(name).is_some() {
        return Ok(());
    }
    let known: Vec<String> =
        step.state().sessions.live().map(|(name, _)| name.to_string()).collect();
    let hint = if known.is_empty() {
        format!("make it with `agency create {name}`")
    } else {
        format!("known are {}; make it with `agency create {name}`", known.join(", "))
    };
    let message = format!("there is no agency `{name}`");
    Err(Refusal::new(RefusalKind::NotFound, "agency_not_found", message).with_hint(hint))
}

fn start(step: &mut Step<'_>, names: Vec<Name>) -> Result<Answer, Refusal> {
    require_operator(step, "start agencies")?;
    for name in chosen(step, names)? {
        let record = step.state().sessions.agency(&name);
        let wanted = record.map(|record| record.wanted);
        let has_trouble = wanted == Some(Wanted::Running)
            && record.is_some_and(|record| record.trouble.is_some());
        if wanted == Some(Wanted::Stopped) || has_trouble {
            step.record(Event::AgencyStarted { agency: name.clone() });
        }
        spawn_missing(step, &name, Revive::Exited);
        for task in step.state().tasks.in_worktrees(Some(&name)) {
            step.perform(Effect::MendWorktree { task });
        }
        if has_trouble {
            // Somebody asks for it: it is tried now and not after the pause.
            step.perform(Effect::EnsureSession { agency: name });
        }
    }
    Ok(Answer::Done)
}

fn stop(step: &mut Step<'_>, names: Vec<Name>) -> Result<Answer, Refusal> {
    require_operator(step, "stop agencies")?;
    for name in chosen(step, names)? {
        let wanted = step.state().sessions.agency(&name).map(|record| record.wanted);
        if wanted == Some(Wanted::Running) {
            step.record(Event::AgencyStopped { agency: name.clone() });
        }
        step.perform(Effect::CloseSession { agency: name });
    }
    Ok(Answer::Done)
}

fn restart(step: &mut Step<'_>, name: Name) -> Result<Answer, Refusal> {
    require_operator(step, "restart an agency")?;
    require_agency(step, &name)?;
    step.record(Event::AgencyStopped { agency: name.clone() });
    step.perform(Effect::CloseSession { agency: name.clone() });
    step.record(Event::AgencyStarted { agency: name.clone() });
    spawn_missing(step, &name, Revive::Exited);
    Ok(Answer::Done)
}

fn remove(step: &mut Step<'_>, name: Name) -> Result<Answer, Refusal> {
    require_operator(step, "remove an agency")?;
    require_known(step, &name)?;
    if let Some(approval) = step.state().approvals.merging_of(&name) {
        let message = format!("`{name}` has `{approval}` approved and not yet merged");
        return Err(Refusal::new(RefusalKind::Conflict, "merge_pending", message)
            .with_hint(format!("see what it waits for with `agency approvals show {approval}`")));
    }
    let wanted = step.state().sessions.agency(&name).map(|record| record.wanted);
    // Asked for once more it is tried once more, into the same place.
    if wanted != Some(Wanted::Removing) {
        step.record(Event::AgencyRemoving { agency: name.clone(), act: None });
    }
    let open: Vec<_> = step.state().tasks.open_of(&name).collect();
    for task in open {
        let reason = Some(format!("agency `{name}` was removed"));
        let by = Some(Actor::Operator);
        step.record(Event::TaskCancelled { task, reason, by, act: None });
    }
    approvals::void_all_of(step, &name);
    perform_removal(step, name);
    Ok(Answer::Done)
}

/// Asks for the removal of an agency that is on its way into the archive.
pub fn perform_removal(step: &mut Step<'_>, agency: Name) {
    let worktrees: Vec<Retirement> = step.state().tasks.retirements(Some(&agency));
    let since = step.state().sessions.agency(&agency).and_then(|record| record.wanted_since);
    let stamp = since.unwrap_or(step.now.at).strftime("%Y%m%dT%H%M%SZ").to_string();
    step.perform(Effect::ArchiveAgency { agency, worktrees, stamp });
}

/// A removed agency is in the archive.
pub fn agency_archived(step: &mut Step<'_>, agency: Name, folder: PathBuf) {
    let known = step.state().sessions.agencies.get(&agency);
    if known.is_some_and(|record| record.wanted == Wanted::Removing) {
        step.record(Event::AgencyArchived { agency: agency.clone(), folder });
        undoing::advance_all(step);
        mail::bury_orphans(step, &agency);
    }
}

/// Which dead agents get a new life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revive {
    /// Those that crashed or never lived.
    Crashed,
    /// Those that ended by themselves too: somebody asked for it.
    Exited,
}

/// Gives every agent without a life a new one, and asks for the session to be made whole; true if
/// there was any.
pub fn spawn_missing(step: &mut Step<'_>, agency: &Name, revive: Revive) -> bool {
    let Some(record) = step.state().sessions.agency(agency) else { return false };
    if record.wanted != Wanted::Running {
        return false;
    }
    let defined: Vec<Name> =
        record.definition.agents.iter().map(|agent| agent.name.clone()).collect();
    let now = step.now.at;
    let mut missing = Vec::new();
    let mut later: Option<Timestamp> = None;
    for name in defined {
        let Some(agent) = record.agents.get(&name) else { continue };
        let stays = agent.state == AgentState::Exited && revive == Revive::Crashed;
        if agent.spawn.is_some() || stays {
            continue;
        }
        let due = agent
            .since
            .map_or(now, |since| since.saturating_add(backoff(agent.short_lives)).unwrap_or(now));
        if revive == Revive::Exited || due <= now {
            missing.push(AgentAddress::new(agency.clone(), name));
        } else {
            later = Some(later.map_or(due, |at| at.min(due)));
        }
    }
    if let Some(at) = later {
        step.perform(Effect::WakeAt { at, timer: Timer::Ensure { agency: agency.clone() } });
    }
    let is_any = !missing.is_empty();
    for agent in missing {
        let spawn = step.mint();
        step.record(Event::AgentSpawned { agent, spawn });
    }
    if is_any {
        step.perform(Effect::EnsureSession { agency: agency.clone() });
    }
    is_any
}

/// The pause is over.
pub fn ensure_again(step: &mut Step<'_>, agency: &Name) {
    let Some(record) = step.state().sessions.agency(agency) else { return };
    if record.wanted == Wanted::Removing {
        perform_removal(step, agency.clone());
        return;
    }
    let is_waiting = record.wanted == Wanted::Running
        && record.agents.values().any(|agent| agent.spawn.is_some() && agent.pane.is_none());
    spawn_missing(step, agency, Revive::Crashed);
    if is_waiting {
        step.perform(Effect::EnsureSession { agency: agency.clone() });
    }
}

/// A session was made whole.
pub fn session_ensured(step: &mut Step<'_>, agency: &Name, panes: &[PaneSeen]) {
    let is_wanted =
        step.state().sessions.agency(agency).is_some_and(|a| a.wanted == Wanted::Running);
    if !is_wanted {
        step.perform(Effect::CloseSession { agency: agency.clone() });
        return;
    }
    for pane in panes {
        pane_seen(step, pane);
    }
    let Some(record) = step.state().sessions.agency(agency) else { return };
    let is_any_unseen =
        record.agents.values().any(|agent| agent.spawn.is_some() && agent.pane.is_none());
    if is_any_unseen {
        // It was spawned after the session was planned, or its pane was gone again at once.
        let at = step.now.at.saturating_add(UNSEEN_PAUSE).unwrap_or(step.now.at);
        step.perform(Effect::WakeAt { at, timer: Timer::Ensure { agency: agency.clone() } });
    }
}

fn pane_seen(step: &mut Step<'_>, seen: &PaneSeen) {
    let Some(record) = step.state().sessions.agent(&seen.agent) else { return };
    if seen.life == PaneLife::Alive && record.ended.contains(&seen.spawn) {
        // Whoever ended this life was killed before its pane was closed. The new life's pane is made in its
        // place when the session is looked after again.
        let (agent, spawn) = (seen.agent.clone(), seen.spawn);
        step.perform(Effect::CloseLife { agent, spawn });
        return;
    }
    let is_wanted = record.spawn == Some(seen.spawn);
    let is_known = is_wanted && record.pane.as_ref() == Some(&seen.pane);
    if is_wanted && record.pane.is_none() && seen.life != PaneLife::Alive {
        // It ended before anybody saw it alive, say because its program is not installed.
        let (state, reason) = epitaph(Some(seen.life));
        let (agent, spawn) = (seen.agent.clone(), seen.spawn);
        step.record(Event::AgentPaneLost { agent, spawn, state, reason });
        return;
    }
    if !is_known && seen.life == PaneLife::Alive {
        step.record(Event::AgentPaneOpened {
            agent: seen.agent.clone(),
            spawn: seen.spawn,
            pane: seen.pane.clone(),
            pid: seen.pid,
            born: seen.born.clone(),
        });
    }
    if record_is_waiting(step, seen) && seen.life != PaneLife::Alive {
        // Its program ended before anybody could see it live: nothing else will tell.
        bury_life(step, seen.agent.clone(), seen.spawn, Some(seen.life));
        return;
    }
    hearing::settle_state(step, seen);
}

/// Whether a pane is the one that an agent's present life waits for.
fn record_is_waiting(step: &Step<'_>, seen: &PaneSeen) -> bool {
    let record = step.state().sessions.agent(&seen.agent);
    record.is_some_and(|record| record.spawn == Some(seen.spawn) && record.pane.is_none())
}

fn bury_life(step: &mut Step<'_>, agent: AgentAddress, spawn: SpawnId, life: Option<PaneLife>) {
    let (state, reason) = epitaph(life);
    step.record(Event::AgentPaneLost { agent, spawn, state, reason });
}

/// A session could not be made.
pub fn session_failed(step: &mut Step<'_>, agency: Name, code: String, problem: String) {
    let Some(record) = step.state().sessions.agency(&agency) else { return };
    if !matches!(record.wanted, Wanted::Running | Wanted::Removing) {
        return;
    }
    let failures = record.trouble.as_ref().map_or(0, |trouble| trouble.failures) + 1;
    // As long again as it has failed already: 1, 1, 2, 4, … without an event for each failure.
    let failing_s = record
        .trouble
        .as_ref()
        .map_or(0, |trouble| step.now.at.as_second() - trouble.since.as_second());
    if record.trouble.as_ref().is_none_or(|trouble| trouble.problem != problem) {
        step.record(Event::SessionFailed { agency: agency.clone(), code, problem, failures });
    }
    let pause = SignedDuration::from_secs(failing_s.clamp(1, LONGEST_BACKOFF_S));
    let at = step.now.at.saturating_add(pause).unwrap_or(step.now.at);
    step.perform(Effect::WakeAt { at, timer: Timer::Ensure { agency } });
}

/// The word for panes that cannot be seen: the server hangs.
const UNSEEN: &str = "unseen";

/// The panes could not be seen: what is shown of them is old, and says so.
pub fn unseen(step: &mut Step<'_>, problem: &str) {
    let running =
        |record: &AgencyRecord| record.wanted == Wanted::Running && record.trouble.is_none();
    let state = step.state().sessions.live();
    let news: Vec<Name> =
        state.filter(|(_, record)| running(record)).map(|(name, _)| name.clone()).collect();
    for agency in news {
        let (code, problem) = (UNSEEN.to_owned(), format!("its panes cannot be seen: {problem}"));
        step.record(Event::SessionFailed { agency, code, problem, failures: 1 });
    }
}

/// Compares what was seen with what should be.
pub fn sighted(step: &mut Step<'_>, sighting: &Sighting) {
    let agencies: Vec<Name> = step.state().sessions.live().map(|(name, _)| name.clone()).collect();
    for agency in agencies {
        let Some(record) = step.state().sessions.agency(&agency) else { continue };
        match record.wanted {
            Wanted::Running => {
                if record.trouble.as_ref().is_some_and(|trouble| trouble.code == UNSEEN) {
                    step.record(Event::SessionSeen { agency: agency.clone() });
                }
                note_session(step, &agency, sighting);
                judge_panes(step, &agency, sighting);
                spawn_missing(step, &agency, Revive::Crashed);
            }
            Wanted::Stopped if sighting.sessions.iter().any(|seen| seen.agency == agency) => {
                step.perform(Effect::CloseSession { agency });
            }
            Wanted::Stopped | Wanted::Removing | Wanted::Archived => {}
        }
    }
}

/// What a session is called, and how a person has arranged it.
fn note_session(step: &mut Step<'_>, agency: &Name, sighting: &Sighting) {
    let Some(record) = step.state().sessions.agency(agency) else { return };
    let known = record.session.as_deref().unwrap_or(agency.as_str());
    let seen = sighting.sessions.iter().find(|seen| seen.agency == *agency);
    let named = seen.filter(|seen| seen.name != known).map(|seen| seen.name.clone());
    let is_news =
        |arrangement: &&Arrangement| record.arranged.get(&arrangement.window) != Some(*arrangement);
    let its = sighting.arranged.iter().filter(|(of, _)| of == agency);
    let arranged: Vec<Arrangement> =
        its.map(|(_, arrangement)| arrangement).filter(is_news).cloned().collect();
    if let Some(session) = named {
        step.record(Event::SessionNamed { agency: agency.clone(), session });
    }
    for arrangement in arranged {
        step.record(Event::SessionArranged { agency: agency.clone(), arrangement });
    }
}

fn judge_panes(step: &mut Step<'_>, agency: &Name, sighting: &Sighting) {
    let Some(record) = step.state().sessions.agency(agency) else { return };
    let names: Vec<Name> = record.agents.keys().cloned().collect();
    for name in names {
        let address = AgentAddress::new(agency.clone(), name);
        let Some(agent) = step.state().sessions.agent(&address) else { continue };
        // Without a pane it is still being made: its outcome comes by itself.
        let (Some(spawn), Some(_)) = (agent.spawn, agent.pane.as_ref()) else { continue };
        match sighting.panes.iter().find(|pane| pane.agent == address && pane.spawn == spawn) {
            Some(seen) if seen.life == PaneLife::Alive => hearing::settle_state(step, seen),
            seen => bury_life(step, address, spawn, seen.map(|pane| pane.life)),
        }
    }
}

fn epitaph(life: Option<PaneLife>) -> (AgentState, String) {
    match life {
        Some(PaneLife::Dead { status: Some(0), signal: None }) => {
            (AgentState::Exited, "its program ended with status 0".to_owned())
        }
        Some(PaneLife::Dead { status: _, signal: Some(signal) }) => {
            (AgentState::Crashed, format!("its program was ended by signal {signal}"))
        }
        Some(PaneLife::Dead { status: Some(status), signal: None }) => {
            (AgentState::Crashed, format!("its program ended with status {status}"))
        }
        Some(PaneLife::Dead { status: None, signal: None }) => {
            (AgentState::Crashed, "its program ended, tmux does not know how".to_owned())
        }
        Some(PaneLife::Alive) | None => (AgentState::Crashed, PANE_GONE.to_owned()),
    }
}
