//! `agency task`: tasks are written down, assigned, worked on and closed.
//!
//! What may follow on which state is the engine's to say; here are only the words.

pub mod add;
pub mod render;

use clap::{Args, Subcommand};

use crate::cli::desk::{Desk, Ending};
use crate::domain::command::Command;
use crate::domain::id::TaskId;
use crate::domain::name::{AgentAddress, Name};
use crate::domain::task::TaskState;
use crate::service::query::{Query, TaskFilter};
use crate::service::views::TaskView;

/// What `agency task` takes.
#[derive(Debug, Args)]
pub struct TaskArgs {
    /// What to do
    #[command(subcommand)]
    pub verb: TaskVerb,
}

/// What can be done with tasks.
#[derive(Debug, Subcommand)]
pub enum TaskVerb {
    /// Write a task down
    Add(Box<add::AddArgs>),
    /// List tasks
    List {
        /// Of this feature
        #[arg(long, value_name = "F")]
        feature: Option<Name>,
        /// In this state
        #[arg(long, value_name = "S", value_parser = parse_state)]
        state: Option<TaskState>,
        /// Of this agency
        #[arg(long, value_name = "A")]
        agency: Option<Name>,
    },
    /// Show a task with its contract
    Show {
        /// Which
        #[arg(value_name = "TASK")]
        task: TaskId,
    },
    /// Give a task to an agent, with a worktree and a branch
    Assign {
        /// Which
        #[arg(value_name = "TASK")]
        task: TaskId,
        /// To whom
        #[arg(value_name = "AGENCY/AGENT")]
        agent: AgentAddress,
    },
    /// Begin
    Start {
        /// Which
        #[arg(value_name = "TASK")]
        task: TaskId,
    },
    /// Tell how far it is
    Progress {
        /// Which
        #[arg(value_name = "TASK")]
        task: TaskId,
        /// From 0 to 100
        #[arg(value_name = "PERCENT", value_parser = parse_percent)]
        percent: u8,
        /// One line about it
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Say that it cannot go on
    Block {
        /// Which
        #[arg(value_name = "TASK")]
        task: TaskId,
        /// Why
        #[arg(value_name = "REASON")]
        reason: String,
    },
    /// Say that it can go on again
    Unblock {
        /// Which
        #[arg(value_name = "TASK")]
        task: TaskId,
    },
    /// Finish it: its work is integrated into the feature's branch
    Complete {
        /// Which
        #[arg(value_name = "TASK")]
        task: TaskId,
        /// One line about it
        #[arg(long, value_name = "TEXT")]
        summary: Option<String>,
    },
    /// Give it up; its work is kept
    Cancel {
        /// Which
        #[arg(value_name = "TASK")]
        task: TaskId,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

fn parse_state(text: &str) -> Result<TaskState, String> {
    TaskState::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| {
        let words: Vec<&str> = TaskState::ALL.iter().map(|state| state.as_str()).collect();
        format!("use one of: {}", words.join(", "))
    })
}

fn parse_percent(text: &str) -> Result<u8, String> {
    text.strip_suffix('%')
        .unwrap_or(text)
        .parse()
        .ok()
        .filter(|percent| *percent <= 100)
        .ok_or_else(|| "use a number from 0 to 100".to_owned())
}

/// What a verb asks for.
enum Wish {
    Look(Query),
    Change(TaskId, Box<Command>),
}

/// Does what the verb says.
pub fn run(args: &TaskArgs, desk: &mut Desk<'_>) -> Ending {
    match &args.verb {
        TaskVerb::Add(args) => add::run(args, desk),
        TaskVerb::List { feature, state, agency } => {
            let (feature, agency) = (feature.clone(), agency.clone());
            list(TaskFilter { feature, state: *state, agency }, desk)
        }
        verb => match wish(verb) {
            Some(Wish::Look(query)) => {
                let view: TaskView = desk.open()?.fetch(&query)?;
                desk.answer(&view, render::one)
            }
            Some(Wish::Change(task, command)) => change(task, *command, desk),
            None => Ok(crate::cli::desk::DONE),
        },
    }
}

/// None for the verbs that have their own way.
fn wish(verb: &TaskVerb) -> Option<Wish> {
    let (task, command) = match verb {
        TaskVerb::Add(_) | TaskVerb::List { .. } => return None,
        TaskVerb::Show { task } => return Some(Wish::Look(Query::Task { id: *task })),
        TaskVerb::Assign { task, agent } => {
            (*task, Command::AssignTask { task: *task, agent: agent.clone() })
        }
        TaskVerb::Start { task } => (*task, Command::StartTask { task: *task }),
        TaskVerb::Progress { task, percent, note } => {
            (*task, Command::ReportProgress { task: *task, percent: *percent, note: note.clone() })
        }
        TaskVerb::Block { task, reason } => {
            (*task, Command::BlockTask { task: *task, reason: reason.clone() })
        }
        TaskVerb::Unblock { task } => (*task, Command::UnblockTask { task: *task }),
        TaskVerb::Complete { task, summary } => {
            (*task, Command::CompleteTask { task: *task, summary: summary.clone() })
        }
        TaskVerb::Cancel { task, reason } => {
            (*task, Command::CancelTask { task: *task, reason: reason.clone() })
        }
    };
    Some(Wish::Change(task, Box::new(command)))
}

fn list(filter: TaskFilter, desk: &mut Desk<'_>) -> Ending {
    let views: Vec<TaskView> = desk.open()?.fetch(&Query::Tasks(filter))?;
    desk.answer(views.as_slice(), render::list)
}

fn change(task: TaskId, command: Command, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    workbench.ask(command)?;
    let view: TaskView = workbench.fetch(&Query::Task { id: task })?;
    desk.answer(&view, render::outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_a_percentage() {
        assert_eq!(parse_percent("60%"), Ok(60));
        assert_eq!(parse_percent("100"), Ok(100));
        for text in ["101", "-1", "", "%", "half", "256"] {
            assert!(parse_percent(text).is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn a_wrong_state_is_answered_with_the_right_ones() {
        assert_eq!(parse_state("in_progress"), Ok(TaskState::InProgress));
        let problem = parse_state("done").expect_err("no such state");
        assert!(problem.contains("awaiting_approval"), "{problem}");
    }
}
