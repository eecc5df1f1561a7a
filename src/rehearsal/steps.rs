//! What each step of a script does, and how it is done once although it may be begun twice.
//!
//! A step that was begun in an earlier life is told so: it looks first whether it was done, unless
//! doing it again changes nothing.

use std::collections::BTreeMap;

use serde_json::Value;

use super::commands::TaskSeen;
use super::files;
use super::progress::Current;
use super::runner::Runner;
use super::wire::{Kind, Mode};
use super::worker::{Stop, Worker};
use crate::domain::id::TaskId;
use crate::domain::task::TaskState;
use crate::manifest::rehearsal::{NewTask, Step, TaskRef};

impl<R: Runner> Worker<R> {
    /// Takes one step.
    pub(super) fn take_step(&mut self, step: &Step, current: &Current) -> Result<(), Stop> {
        self.show(Mode::Working(title(step, current)));
        let text = |text: &str| fill(text, current.task, &self.progress.names);
        match step {
            Step::Say(words) => self.line(Kind::Doing, &text(words)),
            Step::Start(task) => self.start(self.task(task, current)?)?,
            Step::Write { path, text, executable } => {
                files::write(&self.worktree(current)?, path, text, *executable)?;
                self.line(Kind::Doing, &format!("wrote {path}"));
            }
            Step::Replace { path, old, new } => {
                files::replace(&self.worktree(current)?, path, (old, new), current.begun)?;
                self.line(Kind::Doing, &format!("changed {path}"));
            }
            Step::Run { argv, expect, limit } => {
                self.run_program(argv, *expect, *limit, current)?
            }
            Step::Commit(words) => self.commit(&text(words), current)?,
            Step::Progress { percent, note } => {
                let note = note.as_ref().map(|note| format!("--note={}", text(note)));
                let more: Vec<_> = std::iter::once(percent.to_string()).chain(note).collect();
                let task = self.task(&TaskRef::OfMessage, current)?;
                self.commands().on_task("progress", task, &more)?;
            }
            Step::Block { task, reason } => {
                let reason = text(reason);
                let task = self.task(task, current)?;
                self.commands().block(task, &reason)?;
            }
            Step::Complete { task, summary } => {
                let summary = summary.as_ref().map(|words| format!("--summary={}", text(words)));
                self.complete(self.task(task, current)?, summary, current.begun)?;
            }
            Step::AddTask { task, name } => self.add_task(task, name, current)?,
            Step::Assign { task, to } => {
                let id = self.task(task, current)?;
                let done = current.begun && self.commands().task(id)?.agent.as_ref() == Some(to);
                if !done {
                    self.commands().on_task("assign", id, &[to.to_string()])?;
                }
                self.line(Kind::Doing, &format!("{id} goes to {to}"));
            }
            Step::Send { to, kind, body } => self.send(&to.to_string(), kind, body, current)?,
            Step::Reply { body, kind } => self.reply(body, kind.as_ref(), current)?,
            Step::Accept { note, name } => self.accept(&text(note), name, current)?,
            Step::Ask { question, to, waits } => {
                let question = text(question);
                self.ask(&question, to.as_ref(), *waits, current)?;
            }
            Step::Submit { task, rationale, rollback } => {
                let rationale =
                    rationale.as_ref().map(|words| format!("--rationale={}", text(words)));
                let rollback = rollback.as_ref().map(|words| format!("--rollback={}", text(words)));
                let more: Vec<_> = rationale.into_iter().chain(rollback).collect();
                self.submit(self.task(task, current)?, &more, current.begun)?;
            }
            Step::Wait(length) => self.pause(*length)?,
            Step::Misbehave { how, lasting } => self.misbehave(*how, *lasting)?,
        }
        Ok(())
    }

    pub(super) fn task(&self, task: &TaskRef, current: &Current) -> Result<TaskId, Stop> {
        let found = match task {
            TaskRef::OfMessage => current.task,
            TaskRef::Named(name) => self.progress.names.get(name).copied(),
        };
        found.ok_or_else(|| match task {
            TaskRef::OfMessage => Stop::Problem("the message is about no task".to_owned()),
            TaskRef::Named(name) => Stop::Problem(format!("no task was added as `{name}` yet")),
        })
    }

    fn start(&mut self, id: TaskId) -> Result<(), Stop> {
        let seen = self.commands().task(id)?;
        if seen.state != TaskState::InProgress {
            self.commands().on_task("start", id, &[])?;
        }
        self.line(Kind::Doing, &format!("{id} {}", seen.title));
        Ok(())
    }

    fn complete(&mut self, id: TaskId, summary: Option<String>, begun: bool) -> Result<(), Stop> {
        let done = begun && !self.commands().task(id)?.state.is_open();
        if !done {
            let more: Vec<_> = summary.into_iter().collect();
            self.commands().on_task("complete", id, &more)?;
        }
        self.line(Kind::Doing, &format!("{id} is finished"));
        Ok(())
    }

    fn submit(&mut self, id: TaskId, more: &[String], begun: bool) -> Result<(), Stop> {
        let state = if begun { Some(self.commands().task(id)?.state) } else { None };
        let done = state.is_some_and(|state| state.is_finished() && state != TaskState::Submitted);
        if !done {
            self.commands().submit(id, more)?;
        }
        self.line(Kind::Doing, &format!("{id} is handed in"));
        Ok(())
    }

    fn add_task(&mut self, task: &NewTask, name: &str, current: &Current) -> Result<(), Stop> {
        let after: Result<Vec<_>, _> =
            task.after.iter().map(|task| self.task(task, current)).collect();
        let own = self.settings.agent.agency.as_str().to_owned();
        let added = match current.begun {
            true => {
                let tasks = self.commands().tasks(task.feature.as_str())?;
                let known: Vec<_> = self.progress.names.values().copied().collect();
                let same = |seen: &&TaskSeen| seen.title == task.title && seen.agency == own;
                tasks.iter().filter(same).map(|seen| seen.id).find(|id| !known.contains(id))
            }
            false => None,
        };
        let id = match added {
            Some(id) => id,
            None => self.commands().add_task(task, &after?)?,
        };
        self.progress.names.insert(name.to_owned(), id);
        self.line(Kind::Doing, &format!("added {id} {}", task.title));
        Ok(())
    }
}

/// What the status line says about a step.
fn title(step: &Step, current: &Current) -> String {
    let what = match step {
        Step::Say(_) => "thinking".to_owned(),
        Step::Start(_) => "starting".to_owned(),
        Step::Write { path, .. } | Step::Replace { path, .. } => format!("editing {path}"),
        Step::Run { argv, .. } => format!("running {}", argv.join(" ")),
        Step::Commit(_) => "committing".to_owned(),
        Step::Progress { .. } | Step::Block { .. } => "reporting".to_owned(),
        Step::Complete { .. } => "completing".to_owned(),
        Step::AddTask { task, .. } => format!("adding {}", task.title),
        Step::Assign { to, .. } => format!("assigning to {to}"),
        Step::Send { to, .. } => format!("writing to {to}"),
        Step::Reply { .. } | Step::Accept { .. } => format!("answering {}", current.from),
        Step::Ask { .. } => "asking".to_owned(),
        Step::Submit { .. } => "submitting".to_owned(),
        Step::Wait(_) | Step::Misbehave { .. } => "thinking".to_owned(),
    };
    match current.task {
        Some(task) => format!("{task} {what}"),
        None => what,
    }
}

/// Puts the message's task and the script's own tasks into a text of the script, in one pass: what
/// is put in is never looked at again.
fn fill(text: &str, task: Option<TaskId>, names: &BTreeMap<String, TaskId>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let known = after.split_once('}').and_then(|(name, behind)| {
            let id = if name == "task" { task } else { names.get(name).copied() };
            id.map(|id| (id, behind))
        });
        match known {
            Some((id, behind)) => {
                filled.push_str(&id.to_string());
                rest = behind;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}

pub(super) fn fill_value(
    value: &Value,
    task: Option<TaskId>,
    names: &BTreeMap<String, TaskId>,
) -> Value {
    match value {
        Value::String(text) => Value::String(fill(text, task, names)),
        Value::Array(list) => list.iter().map(|item| fill_value(item, task, names)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), fill_value(value, task, names)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_task_and_the_scripts_own_names_are_put_into_a_text() {
        let names = BTreeMap::from([("one".to_owned(), TaskId(2))]);
        let filled = fill("{task} {one} {two} ${x {task}", Some(TaskId(1)), &names);
        assert_eq!(filled, "TASK-001 TASK-002 {two} ${x TASK-001");
        assert_eq!(fill("{task}", None, &names), "{task}");
    }
}
