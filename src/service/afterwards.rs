//! Afterwards: what a caller waits for when its command was decided and its effect is what it is after.
//!
//! Whoever gives a task to an agent wants to look into its worktree next. The decision itself never
//! waits: only the connection that asked does.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::domain::command::Command;
use crate::domain::id::TaskId;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::task::TaskState;
use crate::service::supervisor::Handle;

/// A worktree of a large repository takes this long at most before the caller goes on without it.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked whether it stands.
const GLANCE: Duration = Duration::from_millis(5);

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// Nothing.
    Nothing,
    /// A task's worktree.
    Worktree(TaskId),
}

impl Awaited {
    /// What the caller of this command waits for.
    pub fn of(command: &Command) -> Self {
        match command {
            Command::AssignTask { task, .. } => Self::Worktree(*task),
            _ => Self::Nothing,
        }
    }

    /// Waits for it; a refusal says why it does not come about.
    pub fn wait(self, handle: &Handle) -> Result<(), Refusal> {
        let Self::Worktree(task) = self else { return Ok(()) };
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

fn no_worktree(task: TaskId, note: Option<String>) -> Refusal {
    let problem = note.unwrap_or_else(|| "nothing is known of the reason".to_owned());
    let message = format!("`{task}` is assigned, but its worktree cannot be made: {problem}");
    Refusal::new(RefusalKind::Failed, "no_worktree", message).with_hint(format!(
        "clear what is in the way, then assign it again: agency task show {task}"
    ))
}
