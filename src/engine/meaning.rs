//! Meaning: what follows from a message besides its delivery.
//!
//! Whoever reports a blocker in a message has blocked the task, as if `agency task block` had been run: each meaning is
//! the same decision as the command's, made in the sender's name. No rule of its own is here.
//!
//! Only a sender who proved who it is means anything, and the workbench's own messages never do: they tell of
//! what is decided already. What cannot be done is refused before the message is accepted.

use crate::domain::command::Actor;
use crate::domain::message::Message;
use crate::domain::name::{Address, AgentAddress};
use crate::domain::refusal::Refusal;
use crate::engine::assignment::{assign_task, require_assignment};
use crate::engine::handoffs;
use crate::engine::locks;
use crate::engine::mail::rights;
use crate::engine::meaning::finishing::Finishing;
use crate::engine::meaning::reading::{Blocking, Meaning, Progress, read};
use crate::engine::state::State;
use crate::engine::step::Step;
use crate::engine::tasks::deciding::{Herald, require_open};

pub mod finishing;

mod reading;

pub mod reporting;

/// Whether what the message says can be done.
///
/// # Errors
/// The refusal of the command that does the same.
pub fn check(step: &mut Step<'_>, message: &Message) -> Result<(), Refusal> {
    let Some(actor) = actor_of(step.state(), message) else { return Ok(()) };
    acting(step, actor, |step| match read(step, message)? {
        None => Ok(()),
        Some(meaning) => require(step, message, &meaning),
    })
}

/// Does what an accepted message says; `to` is the agent it went to, none for the operator and for everyone.
pub fn follow(step: &mut Step<'_>, message: &Message, to: Option<&AgentAddress>) {
    let Some(actor) = actor_of(step.state(), message) else { return };
    let herald = herald_of(step.state(), &actor, to);
    acting(step, actor, |step| {
        // It was refused before, if it cannot be done.
        if let Ok(Some(meaning)) = read(step, message) {
            let _ = carry_out(step, message, meaning, herald);
        }
    });
}

/// The field of a message that a refusal of what it says is about. None: it is about its way, not its meaning.
pub fn field_of(code: &str) -> Option<&'static str> {
    Some(match code {
        rights::CODE => "from",
        "not_yours_to_say" => "type",
        "invalid" => "body",
        "bad_path" => "resource",
        "bad_duration" => "estimated_duration",
        "lock_not_found" => "lock_id",
        "coordinator_only" | "already_assigned" | "dependency_open" | "other_agency" => {
            "assigned_to"
        }
        "task_not_found" | "not_yours" | "not_open" | "not_assigned" | "no_worktree"
        | "integrating" | "feature_open" | "already_submitted" | "nothing_to_submit" => "task_id",
        _ => return None,
    })
}

/// In whose name a message acts. None: it means nothing by itself.
fn actor_of(state: &State, message: &Message) -> Option<Actor> {
    match &message.from {
        _ if !message.verified => None,
        Address::Operator => Some(Actor::Operator),
        Address::Agent(agent) => Some(Actor::Agent(agent.clone())),
        // An agency speaks through its coordinator.
        Address::Agency(agency) => {
            let record = state.sessions.agency(agency)?;
            Some(Actor::Agent(record.definition.coordinator_address()))
        }
        Address::Workbench | Address::Everyone => None,
    }
}

/// Whether the coordinator hears of it by the message itself: it goes there, or a copy of it does.
fn herald_of(state: &State, actor: &Actor, to: Option<&AgentAddress>) -> Herald {
    let is_heard = match (actor, to) {
        (Actor::Agent(from), Some(to)) => {
            from.agency == to.agency && !state.sessions.is_coordinator(from)
        }
        _ => false,
    };
    if is_heard { Herald::Sender } else { Herald::Workbench }
}

/// Decides something in somebody's name.
fn acting<T>(step: &mut Step<'_>, actor: Actor, decide: impl FnOnce(&mut Step<'_>) -> T) -> T {
    let before = std::mem::replace(&mut step.actor, actor);
    let decided = decide(step);
    step.actor = before;
    decided
}

/// Refuses what its command would refuse.
fn require(step: &Step<'_>, message: &Message, meaning: &Meaning) -> Result<(), Refusal> {
    match meaning {
        Meaning::Progressed(Progress { task, .. }) | Meaning::Blocked(Blocking { task, .. }) => {
            require_open(step, *task).map(|_| ())
        }
        Meaning::Noted { .. } => Ok(()),
        Meaning::Finished { task, end, .. } => finishing::require(step, *task, *end),
        Meaning::Assigned { task, agent } => require_assignment(step, *task, agent).map(|_| ()),
        Meaning::LockAsked(request) => locks::check_request(step, request),
        Meaning::LockReleased(release) => locks::check_release(step, release),
        Meaning::Asked(_) => Ok(()),
        Meaning::Offered(terms) => handoffs::check_offer(step, message, terms),
        Meaning::Accepted(answer) => handoffs::check_answer(step, message, Ok(answer)),
        Meaning::Declined(answer) => handoffs::check_answer(step, message, Err(answer)),
        Meaning::Judged(results) => handoffs::check_results(step, message, results),
    }
}

fn carry_out(
    step: &mut Step<'_>,
    message: &Message,
    meaning: Meaning,
    herald: Herald,
) -> Result<(), Refusal> {
    match meaning {
        Meaning::Progressed(progress) => reporting::progress(step, progress),
        Meaning::Noted { task, note } => {
            reporting::note(step, task, note);
            Ok(())
        }
        Meaning::Blocked(blocking) => reporting::block(step, message, blocking, herald),
        Meaning::Finished { task, end, words } => {
            let by = step.actor.clone();
            let finishing = Finishing { message: message.id, by, end, words, herald };
            finishing::begin(step, task, finishing)
        }
        Meaning::Assigned { task, agent } => assign_task(step, task, agent).map(|_| ()),
        Meaning::LockAsked(request) => locks::requested(step, message, &request),
        Meaning::LockReleased(release) => locks::released(step, &release),
        Meaning::Asked(request) => {
            reporting::ask(step, message, &request);
            Ok(())
        }
        Meaning::Offered(_) | Meaning::Accepted(_) | Meaning::Declined(_) | Meaning::Judged(_) => {
            hand_over(step, message, &meaning);
            Ok(())
        }
    }
}

/// Work goes from one agency to another, and its answer comes back.
fn hand_over(step: &mut Step<'_>, message: &Message, meaning: &Meaning) {
    match meaning {
        Meaning::Offered(terms) => handoffs::offered(step, message, terms),
        Meaning::Accepted(answer) => handoffs::answered(step, message, Ok(answer)),
        Meaning::Declined(answer) => handoffs::answered(step, message, Err(answer)),
        Meaning::Judged(results) => handoffs::results(step, message, results),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
