//! The engine: an input and the state give events and effects; events give the state.
//!
//! ```text
//! decide(&mut State, Input, Now) -> Step { events, effects, replies }
//! State::apply(&Event, at)
//! ```
//!
//! It does no I/O, knows no clock and cannot fail. `decide` here only routes: each concern decides and
//! applies in its own file. Replaying the ledger gives the live state. Start reading at [`decide`].

pub mod input;

pub mod event;

pub mod effect;

pub mod step;

pub mod state;

pub mod answered;

pub mod sessions;

pub mod crew;

pub mod delivery;

pub mod mail;

pub mod traffic;

pub mod meaning;
pub mod pacing;
pub mod requests;

pub mod cadence;
pub mod locks;

pub mod wording;

pub mod tasks;

pub mod assignment;

pub mod handoffs;

pub mod submissions;

pub mod approvals;

pub mod keeping;

pub mod undoing;

pub mod recovery;

pub mod tracing;

pub mod attention;

pub mod explain;

#[cfg(test)]
pub mod testing;

#[cfg(test)]
mod tests;

use crate::domain::command::{Actor, Command};
use crate::domain::message::DeadReason;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::{Input, Ticket};
use crate::engine::state::State;
use crate::engine::step::{Now, Step};

/// Decides what follows from an input and applies its events.
///
/// The state is changed by [`State::apply`] alone: folding the events of the step gives the same state.
pub fn decide(state: &mut State, input: Input, now: Now) -> Step<'_> {
    let mut step = Step::new(state, now);
    let round = delivery::offering::round_of(&input);
    route(&mut step, input);
    crew::part_with_temporaries(&mut step);
    handoffs::follow(&mut step);
    requests::look(&mut step);
    keeping::reminding::follow(&mut step);
    locks::follow(&mut step);
    cadence::follow(&mut step);
    delivery::offering::go_round(&mut step, round);
    step
}

fn route(step: &mut Step<'_>, input: Input) {
    match input {
        Input::Woke { pid, version } => recovery::woke(step, pid, version),
        Input::OperatorKeySeen { key } => {
            if step.state().operator_key.is_none() {
                step.record(Event::OperatorKeyRegistered { key });
            }
        }
        Input::ConfigSeen { config } => {
            if step.state().config != *config {
                step.record(Event::WorkbenchConfigured { config });
            }
        }
        Input::DefinitionSeen { .. } | Input::RecipeSeen { .. } | Input::ProjectSeen { .. } => {
            route_agency(step, input);
        }
        Input::Asked { ticket, actor, command } => asked(step, ticket, actor, *command),
        Input::MessageAtDoor { file, message } => mail::message_at_door(step, file, *message),
        Input::RefusedAtDoor { file, reason } => refused_at_door(step, file, reason),
        Input::FilesHeld { hold, file } => mail::door::held(step, hold, file),
        Input::HeldReleased { hold, left } => mail::door::released(step, hold, left),
        Input::MailboxFilled { id } => mail::mailbox_filled(step, id),
        Input::Told { .. }
        | Input::ScreenRead { .. }
        | Input::Sighted { .. }
        | Input::Unseen { .. }
        | Input::SessionEnsured { .. }
        | Input::SessionFailed { .. }
        | Input::CrewWritten { .. }
        | Input::CrewUnwritten { .. }
        | Input::AgencyArchived { .. } => route_session(step, input),
        Input::MessageTyped { agent, spawn, id, outcome } => {
            delivery::message_typed(step, &agent, spawn, id, outcome);
        }
        Input::NudgeTyped { agent, spawn, outcome } => {
            delivery::nudge_typed(step, agent, spawn, outcome);
        }
        Input::WorkSeen { .. }
        | Input::WorkSaved { .. }
        | Input::WorkRestored { .. }
        | Input::CheckpointsDropped { .. }
        | Input::AgencyReturned { .. }
        | Input::WorktreeRevived { .. } => route_keeping(step, input),
        Input::WorktreePrepared { .. }
        | Input::HandedBranchMissing { .. }
        | Input::WorkInspected { .. }
        | Input::WorkIntegrated { .. }
        | Input::WorktreeMended { .. }
        | Input::WorktreeRetired { .. }
        | Input::BranchRetired { .. }
        | Input::ProofFinished { .. }
        | Input::MergeFinished { .. }
        | Input::Documented { .. } => route_work(step, input),
        Input::MeetingWritten { meeting, file } => cadence::meeting_written(step, meeting, file),
        Input::LeftUndone { what } => recovery::left_undone(step, what),
        Input::Rang { timer } => rang(step, timer),
    }
}

fn refused_at_door(step: &mut Step<'_>, file: String, reason: DeadReason) {
    step.record(Event::MessageRefused { file: file.clone(), reason: reason.clone() });
    step.perform(Effect::BuryAtDoor { file, reason });
}

/// What came of worktrees, proofs and merges.
fn route_work(step: &mut Step<'_>, input: Input) {
    match input {
        Input::WorktreePrepared { task, result } => assignment::prepared(step, task, result),
        Input::HandedBranchMissing { task, branch } => {
            handoffs::branch_missed(step, task, branch);
        }
        Input::WorkInspected { ticket, task, purpose, result } => {
            tasks::work_inspected(step, ticket, task, purpose, result);
        }
        Input::WorkIntegrated { ticket, task, purpose, result } => {
            submissions::work_integrated(step, ticket, task, purpose, result);
        }
        Input::WorktreeMended { task, result } => assignment::mended(step, task, result),
        Input::WorktreeRetired { task, kept } => tasks::worktree_retired(step, task, kept),
        Input::BranchRetired { feature, kept } => approvals::branch_retired(step, feature, kept),
        Input::ProofFinished { submission, outcome } => {
            submissions::proof_finished(step, submission, *outcome);
        }
        Input::MergeFinished { approval, result } => {
            approvals::merge_finished(step, approval, result);
        }
        Input::Documented { approval } => step.record(Event::ApprovalDocumented { approval }),
        _ => {}
    }
}

/// What was read of an agency.
fn route_agency(step: &mut Step<'_>, input: Input) {
    match input {
        Input::DefinitionSeen { definition } => sessions::definition_seen(step, *definition),
        Input::RecipeSeen { agency, recipe } => sessions::recipe_seen(step, agency, recipe),
        Input::ProjectSeen { agency, project, target } => {
            sessions::project_seen(step, agency, project, target);
        }
        _ => {}
    }
}

/// What is seen and heard of agents and their panes.
fn route_session(step: &mut Step<'_>, input: Input) {
    match input {
        Input::Told { ticket, actor, spawn, told } => {
            sessions::told(step, ticket, actor, spawn, told);
        }
        Input::ScreenRead { agent, spawn, reading, is_settled } => {
            sessions::screen_read(step, agent, spawn, reading, is_settled);
        }
        Input::Sighted { sighting } => sessions::sighted(step, &sighting),
        Input::Unseen { problem } => sessions::unseen(step, &problem),
        Input::SessionEnsured { agency, panes } => sessions::session_ensured(step, &agency, &panes),
        Input::SessionFailed { agency, code, problem } => {
            sessions::session_failed(step, agency, code, problem);
        }
        Input::CrewWritten { agency, change } => crew::crew_written(step, agency, change),
        Input::CrewUnwritten { agency, problem } => crew::crew_unwritten(step, agency, problem),
        Input::AgencyArchived { agency, folder } => sessions::agency_archived(step, agency, folder),
        _ => {}
    }
}

/// What is saved of worktrees, and taken back.
fn route_keeping(step: &mut Step<'_>, input: Input) {
    match input {
        Input::WorkSeen { task, result } => keeping::reminding::work_seen(step, task, result),
        Input::WorkSaved { ticket, saving, result } => {
            keeping::deciding::work_saved(step, ticket, saving, result);
        }
        Input::WorkRestored { ticket, task, result } => {
            keeping::deciding::work_restored(step, ticket, task, result);
        }
        Input::CheckpointsDropped { ids } => keeping::deciding::checkpoints_dropped(step, ids),
        Input::AgencyReturned { act, result } => undoing::agency_returned(step, act, result),
        Input::WorktreeRevived { act, task, result } => {
            undoing::worktree_revived(step, act, task, result);
        }
        _ => {}
    }
}

fn asked(step: &mut Step<'_>, ticket: Ticket, actor: Actor, command: Command) {
    step.actor = actor;
    let answer = match command {
        Command::DefineAgency { .. }
        | Command::StartAgencies { .. }
        | Command::StopAgencies { .. }
        | Command::RestartAgency { .. }
        | Command::RemoveAgency { .. }
        | Command::ReportState { .. }
        | Command::ReportEvent { .. }
        | Command::StopSupervisor => sessions::asked(step, command).map(Some),
        Command::HireAgent { .. } | Command::DismissAgent { .. } => {
            crew::asked(step, command).map(Some)
        }
        Command::SendMessage { .. }
        | Command::AcknowledgeMessages { .. }
        | Command::FetchMessages { .. }
        | Command::RetryDelivery { .. }
        | Command::RetryMessage { .. }
        | Command::RetryFile { .. }
        | Command::ReleaseLoop { .. } => mail::asked(step, command).map(Some),
        Command::AskQuestion { .. }
        | Command::AwaitAnswer { .. }
        | Command::EndWait { .. }
        | Command::CloseRequest { .. } => requests::asked(step, command).map(Some),
        Command::SetGoal { .. }
        | Command::AddTask { .. }
        | Command::StartTask { .. }
        | Command::ReportProgress { .. }
        | Command::BlockTask { .. }
        | Command::UnblockTask { .. }
        | Command::CompleteTask { .. }
        | Command::CancelTask { .. } => tasks::asked(step, ticket, command),
        Command::RequestLock { .. } | Command::ReleaseLock { .. } => {
            locks::asked(step, command).map(Some)
        }
        Command::AssignTask { task, agent } => assignment::assign_task(step, task, agent).map(Some),
        Command::TakeCheckpoint { .. } | Command::RestoreCheckpoint { .. } => {
            keeping::deciding::asked(step, ticket, command)
        }
        Command::RunCadence { .. } => cadence::asked(step, command).map(Some),
        Command::Undo { .. } => undoing::asked(step, command).map(Some),
        Command::SubmitTask { .. } => submissions::submit_task(step, ticket, command),
        Command::ProveAgain { .. } | Command::Decide { .. } => {
            approvals::asked(step, command).map(Some)
        }
    };
    match answer {
        Ok(Some(answer)) => step.reply(ticket, Ok(answer)),
        Ok(None) => {}
        Err(refusal) => step.reply(ticket, Err(refusal)),
    }
}

fn rang(step: &mut Step<'_>, timer: input::Timer) {
    match timer {
        // Then everybody who waits is looked at, whatever happened.
        input::Timer::Offer | input::Timer::Confirm { .. } => {}
        input::Timer::Ensure { agency } => sessions::ensure_again(step, &agency),
        input::Timer::Crew { agency } => crew::resume(step, &agency),
        input::Timer::Merge { approval } => approvals::merge_again(step, approval),
        input::Timer::Work { task } => keeping::reminding::look(step, task),
        input::Timer::Locks => locks::rang(step),
        input::Timer::Expire => mail::expire(step),
        input::Timer::Cadence => cadence::rang(step),
        input::Timer::Door => mail::door::look(step),
        input::Timer::Traffic => traffic::deciding::lift(step),
        input::Timer::Requests => requests::rang(step),
        input::Timer::TakeUp => recovery::take_up(step),
    }
}

/// A refusal for an agent that asks for what only the operator may.
pub(crate) fn require_operator(step: &Step<'_>, what: &str) -> Result<(), Refusal> {
    match &step.actor {
        Actor::Operator => Ok(()),
        Actor::Agent(_) | Actor::Supervisor | Actor::Outside(_) => Err(Refusal::new(
            RefusalKind::NotAllowed,
            "operator_only",
            format!("only the operator may {what}, not `{}`", step.actor),
        )
        .with_hint("run it in a terminal of your own, outside of any agent's pane")),
    }
}
