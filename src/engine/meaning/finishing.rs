//! Tasks that a message said are finished: what is still to be looked into, and who hears if it is not so.
//!
//! A command that finishes a task has a caller who waits for the answer, and asks again after a crash. A message has neither:
//! that it was sent is kept here until its end, and a refusal goes back to its sender as a message.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::command::{Actor, Answer};
use crate::domain::id::{MessageId, TaskId};
use crate::domain::message::{Draft, MessageType, OwnType};
use crate::domain::name::Address;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::{Offer, Purpose, Ticket};
use crate::engine::mail;
use crate::engine::state::State;
use crate::engine::step::Step;
use crate::engine::submissions;
use crate::engine::tasks::deciding::{
    Herald, complete_task, is_handed_over, require_completable, require_task,
};

/// Tasks that messages said are finished, until that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finishings {
    /// By task; the first message counts until it is answered.
    pub open: BTreeMap<TaskId, Finishing>,
}

/// What a message said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finishing {
    /// The message.
    pub message: MessageId,
    /// In whose name.
    pub by: Actor,
    /// How far it is to go.
    pub end: End,
    /// In the sender's words.
    pub words: Option<String>,
    /// Who tells the coordinator.
    pub herald: Herald,
}

/// How far a finished task is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// It is closed.
    Completed,
    /// Its feature is handed in.
    Submitted,
}

impl Finishings {
    /// Takes an event in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::FinishAsked { task, finishing } => {
                self.open.insert(*task, (**finishing).clone());
            }
            Event::FinishEnded { task, .. } | Event::TaskCancelled { task, .. } => {
                self.open.remove(task);
            }
            _ => {}
        }
    }

    /// Whether the agent's own message tells its coordinator that the task is finished.
    pub fn is_told(&self, task: TaskId) -> bool {
        self.open.get(&task).is_some_and(|finishing| finishing.herald == Herald::Sender)
    }
}

impl Finishing {
    fn purpose(&self) -> Purpose {
        match self.end {
            End::Completed => Purpose::Complete { summary: self.words.clone() },
            End::Submitted => {
                Purpose::Submit(Offer { rationale: self.words.clone(), ..Offer::default() })
            }
        }
    }
}

/// Refuses what the command would refuse at once, and a second word while the first is looked into: it would take that
/// one's place, and nobody would answer it.
pub fn require(step: &Step<'_>, task: TaskId, end: End) -> Result<(), Refusal> {
    match end {
        End::Submitted => submissions::require_submittable(step, task)?,
        End::Completed if is_handed_over(step, task)? => {}
        End::Completed => require_completable(step, task)?,
    }
    let Some(open) = step.state().finishing.open.get(&task) else { return Ok(()) };
    let text = format!("`{task}` is being finished already, because of `{}`", open.message);
    Err(Refusal::new(RefusalKind::Conflict, "finishing", text)
        .with_hint("wait for the answer to that message"))
}

/// Finishes a task because a message says so.
pub fn begin(step: &mut Step<'_>, task: TaskId, finishing: Finishing) -> Result<(), Refusal> {
    require(step, task, finishing.end)?;
    let is_open = require_task(step, task)?.state.is_open();
    let purpose = finishing.purpose();
    if is_open {
        step.record(Event::FinishAsked { task, finishing: Box::new(finishing) });
    }
    match purpose {
        Purpose::Complete { summary } => complete_task(step, None, task, summary).map(|_| ()),
        Purpose::Submit(offer) => submissions::submit(step, None, task, offer).map(|_| ()),
    }
}

/// Tells whoever wanted a task finished how that went: the caller who waits, else the message's sender.
pub fn answer(
    step: &mut Step<'_>,
    ticket: Option<Ticket>,
    task: TaskId,
    answer: Result<Answer, Refusal>,
) {
    if let Some(ticket) = ticket {
        return step.reply(ticket, answer);
    }
    let Some(finishing) = step.state().finishing.open.get(&task).cloned() else { return };
    let refused = answer.err();
    let reason = refused.as_ref().map(|refusal| refusal.message.clone());
    step.record(Event::FinishEnded { task, refused: reason });
    // The agent has been told of a conflict, with what to do.
    if let Some(refusal) = refused.filter(|refusal| refusal.code != "merge_conflict") {
        tell(step, task, &finishing, &refusal);
    }
}

fn tell(step: &mut Step<'_>, task: TaskId, finishing: &Finishing, refusal: &Refusal) {
    let to = match &finishing.by {
        Actor::Agent(agent) => Address::Agent(agent.clone()),
        Actor::Operator | Actor::Supervisor | Actor::Outside(_) => Address::Operator,
    };
    let hint = refusal.hint.as_ref().map(|hint| format!(". {hint}")).unwrap_or_default();
    let text = format!("{task} is not finished: {}{hint}", refusal.message);
    let mut draft = Draft::new(MessageType::own(OwnType::Verdict), to, Value::String(text));
    draft.task = Some(task.to_string());
    draft.in_reply_to = Some(finishing.message);
    let actor = std::mem::replace(&mut step.actor, Actor::Supervisor);
    // It can only fail when there is nobody left to tell.
    let _ = mail::notice(step, draft);
    step.actor = actor;
}

/// What a task is integrated for that was under way when the last supervisor ended.
pub fn purpose_of(state: &State, task: TaskId) -> Purpose {
    let open = state.finishing.open.get(&task);
    open.map_or(Purpose::Complete { summary: None }, Finishing::purpose)
}

/// Looks again into what the last supervisor had not looked into.
pub fn resume(step: &mut Step<'_>) {
    let is_integrating =
        |task: &TaskId| step.state().tasks.tasks.get(task).is_some_and(|it| it.integrating);
    let open = step.state().finishing.open.iter().filter(|(task, _)| !is_integrating(task));
    let open: Vec<(TaskId, Purpose)> = open.map(|(task, it)| (*task, it.purpose())).collect();
    for (task, purpose) in open {
        step.perform(Effect::InspectWork { ticket: None, task, purpose });
    }
}
