//! The demo: one feature from goal to merged work, by two agencies of rehearsal agents, on real
//! tmux, real git and real files.
//!
//! Everything lies in one folder that is removed afterwards, whatever happened. What it shows is read
//! from the board like any face does; it has no way of its own to make anything happen. Start
//! reading at [`run`].

pub mod content;

mod place;

pub mod story;

mod watch;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::domain::agency::AgencyState;
use crate::domain::command::Command;
use crate::domain::name::Name;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::views::StatusView;
use crate::service::workbench::{NewAgency, Workbench};

use place::Place;
pub use place::{Keep, OPERATOR};
use watch::{Watch, interrupted};

/// What the demo cannot do by itself.
pub trait Stage {
    /// Makes a workbench in `home` for a project, like `agency init`.
    fn init(&self, home: &Path, project: &Path) -> Result<(), Refusal>;
    /// Opens it as the operator.
    fn open(&self, home: &Path) -> Result<Workbench, Refusal>;
    /// Opens the screen on it and comes back when the user leaves it.
    fn show(&self, workbench: &Workbench) -> Result<(), Refusal>;
}

/// How it is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Approves by itself, prints each step, and fails unless the work is merged and its tests pass.
    Headless,
    /// The user watches and approves on the screen.
    OnScreen,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoOrder {
    /// The folder; none: a temporary one.
    pub folder: Option<PathBuf>,
    /// How it is played.
    pub manner: Manner,
    /// What stays.
    pub keep: Keep,
}

/// The whole story takes seconds; after this it does not come to an end any more.
const LIMIT: Duration = Duration::from_secs(120);
/// Slow enough to read what an agent does before it does the next thing.
const PACE: Duration = Duration::from_millis(400);
/// Closing sessions and ending the supervisor takes well under a second.
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// How often it is looked whether something has ended that tells nobody.
const LOOK: Duration = Duration::from_millis(50);

/// Plays the demo and clears everything away; returns the folder it was in.
///
/// `narrate` shows the user one line. /// Fails with what was waited for when the story does not come to its end, and when the merged
/// branch does not pass its tests.
pub fn run(
    order: &DemoOrder,
    stage: &dyn Stage,
    narrate: &mut dyn FnMut(&str),
) -> Result<PathBuf, Refusal> {
    let stopped = signals()?;
    let place = Place::make(order.folder.as_deref())?;
    let folder = place.root().to_owned();
    let narrate = RefCell::new(narrate);
    let mut play = Play { place, stage, narrate, stopped, began: Instant::now(), workbench: None };
    let played = play.perform(order);
    let cleared = play.clear(order.keep);
    played.and(cleared).map(|()| folder)
}

/// A flag that Ctrl-C, an end of the terminal and a polite kill raise.
fn signals() -> Result<Arc<AtomicBool>, Refusal> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let stopped = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, stopped.clone()).map_err(|error| {
            Refusal::new(
                RefusalKind::Failed,
                "signals",
                format!("signals cannot be watched: {error}"),
            )
        })?;
    }
    Ok(stopped)
}

struct Play<'a> {
    place: Place,
    stage: &'a dyn Stage,
    narrate: RefCell<&'a mut dyn FnMut(&str)>,
    stopped: Arc<AtomicBool>,
    began: Instant,
    workbench: Option<Workbench>,
}

impl Play<'_> {
    fn perform(&mut self, order: &DemoOrder) -> Result<(), Refusal> {
        let pace = match order.manner {
            Manner::Headless => Duration::ZERO,
            Manner::OnScreen => PACE,
        };
        self.set_up(pace)?;
        let Some(workbench) = &self.workbench else { return Err(interrupted()) };
        match order.manner {
            Manner::Headless => self.watch(workbench),
            Manner::OnScreen => {
                self.say(&format!("The demo lies in {}.", self.place.root().display()));
                self.say("Watch the agents, approve the work, leave with `q`.");
                self.stage.show(workbench)
            }
        }
    }

    fn set_up(&mut self, pace: Duration) -> Result<(), Refusal> {
        self.place.make_project()?;
        self.go_on()?;
        self.stage.init(&self.place.home(), &self.place.project())?;
        self.place.give_settings()?;
        let workbench = self.workbench.insert(self.stage.open(&self.place.home())?);
        for agency in content::AGENCIES {
            workbench.create_agency(&new_agency(agency)?)?;
        }
        self.place.give_scripts(pace)?;
        self.tell("project, workbench, CodeAgency and QAAgency made");
        self.go_on()?;
        let Some(workbench) = &self.workbench else { return Err(interrupted()) };
        workbench.ask(Command::StartAgencies { names: Vec::new() })?;
        let [first, ..] = content::AGENCIES;
        let goal = Command::SetGoal { agency: name(first)?, text: content::GOAL.to_owned() };
        workbench.ask(goal)?;
        Ok(())
    }

    /// Follows the story, approves, and checks what was merged.
    fn watch(&self, workbench: &Workbench) -> Result<(), Refusal> {
        let feed = workbench.follow();
        let mut approve = |id| workbench.approve(id).map(|_| ());
        Watch {
            feed: &feed,
            limit: LIMIT.saturating_sub(self.began.elapsed()),
            stopped: &self.stopped,
            tell: &|line| self.tell(line),
        }
        .until_merged(&mut approve)?;
        let checked = self.place.check_branch()?;
        let (passed, failed) = (checked.passed, checked.failed);
        self.tell(&format!("{} tested afresh: {passed} passed, {failed} failed", content::BRANCH));
        match checked.is_green {
            true => Ok(()),
            false => Err(Refusal::new(
                RefusalKind::Failed,
                "tests_failed",
                format!("the merged branch does not pass its tests: {failed} failed"),
            )),
        }
    }

    fn say(&self, line: &str) {
        (self.narrate.borrow_mut())(line);
    }

    fn tell(&self, line: &str) {
        self.say(&format!("{:>6.1} s  {line}", self.began.elapsed().as_secs_f32()));
    }

    fn go_on(&self) -> Result<(), Refusal> {
        if self.stopped.load(Ordering::Relaxed) { Err(interrupted()) } else { Ok(()) }
    }

    /// Stops agencies and supervisor and removes the folder; goes on to the end whatever fails.
    fn clear(&mut self, keep: Keep) -> Result<(), Refusal> {
        let workbench = self.workbench.take().filter(|_| keep == Keep::Nothing);
        let stopped = workbench.map_or(Ok(()), |workbench| stop(&workbench));
        stopped.and(self.place.clear(keep))
    }
}

/// Closes the sessions, then ends the supervisor, and waits for both.
fn stop(workbench: &Workbench) -> Result<(), Refusal> {
    let closed = workbench.ask(Command::StopAgencies { names: Vec::new() }).and_then(|_| {
        wait("the agencies to stop", || workbench.status().is_ok_and(|status| is_stopped(&status)))
    });
    let ended = match workbench.supervisor_pid() {
        None => Ok(()),
        Some(_) => workbench.ask(Command::StopSupervisor).map(|_| ()),
    };
    let gone = wait("the supervisor to end", || workbench.supervisor_pid().is_none());
    closed.and(ended).and(gone)
}

fn is_stopped(status: &StatusView) -> bool {
    let ended = |state| matches!(state, AgencyState::Stopped | AgencyState::Archived);
    status.agencies.iter().all(|agency| ended(agency.state))
}

fn wait(what: &str, is_so: impl Fn() -> bool) -> Result<(), Refusal> {
    let began = Instant::now();
    while !is_so() {
        if began.elapsed() > STOP_LIMIT {
            let message = format!("waited {} s for {what} in vain", STOP_LIMIT.as_secs());
            return Err(Refusal::new(RefusalKind::Failed, "not_stopped", message));
        }
        std::thread::park_timeout(LOOK);
    }
    Ok(())
}

fn new_agency(agency: &str) -> Result<NewAgency, Refusal> {
    let actors = content::ACTORS.iter().filter(|actor| actor.agency == agency);
    let specialists = actors.filter(|actor| actor.agent != content::COORDINATOR);
    Ok(NewAgency {
        name: name(agency)?,
        template: None,
        agents: specialists.map(|actor| name(actor.agent)).collect::<Result<_, _>>()?,
        coordinator: Some(name(content::COORDINATOR)?),
        capabilities: Vec::new(),
        project: None,
        runtime: Some(name("rehearsal")?),
        layout: None,
    })
}

fn name(text: &str) -> Result<Name, Refusal> {
    Name::parse(text)
        .map_err(|error| Refusal::new(RefusalKind::Usage, "invalid_name", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agencies_have_the_agents_that_have_scripts() {
        let code = new_agency("CodeAgency").expect("an agency");
        let agents: Vec<_> = code.agents.iter().map(Name::as_str).collect();
        assert_eq!(agents, ["dev-1", "dev-2"]);
        assert_eq!(code.coordinator.expect("a coordinator").as_str(), "coordinator");
        assert_eq!(new_agency("QAAgency").expect("an agency").agents.len(), 1);
    }
}
