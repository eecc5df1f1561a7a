//! Afterwards: what a caller waits for when its command was decided and its effect is what it is after.
//!
//! Whoever gives a task to an agent wants to look into its worktree next. The decision itself never
//! waits: only the connection that asked does.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::domain::command::Command;
use crate::domain::id::TaskId;
use crate::domain::name::Name;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::task::TaskState;
use crate::service::supervisor::Handle;

/// A worktree of a large repository takes this long at most before the caller goes on without it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that is slow to end may take its time; the caller need not.
const CREW_PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked whether it stands.
const GLANCE: Duration = Duration::from_millis(5);

/// What is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Awaited {
    /// Nothing.
    Nothing,
    /// A task's worktree.
    Worktree(TaskId),
    /// An agency's files hold its crew, and the panes of those who left are closed.
    Crew(Name),
}

impl Awaited {
    /// What the caller of this command waits for.
    pub fn of(command: &Command) -> Self {
        match command {
            Command::AssignTask { task, .. } => Self::Worktree(*task),
            Command::HireAgent { agency, .. } | Command::DismissAgent { agency, .. } => {
                Self::Crew(agency.clone())
            }
            _ => Self::Nothing,
        }
    }

    /// Waits for it; a refusal says why it does not come about.
    pub fn wait(self, handle: &Handle) -> Result<(), Refusal> {
        let task = match self {
            Self::Nothing => return Ok(()),
            Self::Crew(agency) => return wait_for_crew(handle, &agency),
            Self::Worktree(task) => task,
        };
        let (_keep, never) = mpsc::channel::<()>();
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let seen = handle.read(move |state, _| {
                let record = state.tasks.tasks.get(&task)?;
                Some((record.base.is_some(), record.state, record.note.clone()))
            });
            match seen.flatten() {
                Some((false, TaskState::Blocked, note)) => return Err(no_worktree(task, note)),
                Some((false, state, _)) if !state.is_closed() => {}
                Some(_) | None => return Ok(()),
            }
            let _ = never.recv_timeout(GLANCE);
        }
        Ok(())
    }
}

/// What only takes long is known all the same, and done later: so much is waited for and no more. What fails is
/// tried again within that time; fails it still, that is said.
fn wait_for_crew(handle: &Handle, agency: &Name) -> Result<(), Refusal> {
    let (_keep, never) = mpsc::channel::<()>();
    let began = Instant::now();
    let mut complaint = None;
    while began.elapsed() < CREW_PATIENCE {
        let name = agency.clone();
        let seen = handle.read(move |state, _| {
            let crew = &state.sessions.agency(&name)?.crew;
            (!crew.pending.is_empty()).then(|| crew.complaint())
        });
        match seen.flatten() {
            None => return Ok(()),
            Some(problem) => complaint = problem,
        }
        let _ = never.recv_timeout(GLANCE);
    }
    complaint.map_or(Ok(()), |problem| Err(unwritten(agency, &problem)))
}

fn unwritten(agency: &Name, problem: &str) -> Refusal {
    let message = format!("`{agency}` is changed, but {problem}");
    Refusal::new(RefusalKind::Failed, "crew_unwritten", message).with_hint(format!(
        "clear what is in the way; it is tried again by itself: see `agency explain {agency}`"
    ))
}

fn no_worktree(task: TaskId, note: Option<String>) -> Refusal {
    let problem = note.unwrap_or_else(|| "nothing is known of the reason".to_owned());
    let message = format!("`{task}` is assigned, but its worktree cannot be made: {problem}");
    Refusal::new(RefusalKind::Failed, "no_worktree", message).with_hint(format!(
        "clear what is in the way, then assign it again: agency task show {task}"
    ))
}
