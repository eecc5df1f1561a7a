//! Performing effects: each becomes calls of ports, on a lane where it may block, and its outcome comes
//! back as an input.
//!
//! What is quick and must keep its order (mailboxes) is done at once, on the loop. Everything here can
//! be repeated with no second effect.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::id::SpawnId;
use crate::domain::name::{AgentAddress, Name};
use crate::engine::effect::{Effect, Target};
use crate::engine::event::Event;
use crate::engine::input::{Input, Saving};
use crate::engine::state::State;
use crate::failpoint;
use crate::ports::terminals::{TerminalError, Typed, TypingOrder};
use crate::service::gate::{Gate, Resident};
use crate::service::lanes::Lanes;
use crate::service::outside::Outside;
use crate::service::plans;
use crate::service::supervisor::Handle;

pub mod crew;

pub mod door;

pub mod handing;

pub mod keeping;

pub mod landing;

pub mod mail;

pub mod meeting;

pub mod proof;

pub mod work;

/// How long a typed text may take to be seen, in milliseconds: a busy machine draws late, a lost text never.
const TYPING_DEADLINE_MS: u32 = 5_000;

/// Performs an effect; returns what happened at once.
pub fn perform(
    state: &State,
    outside: &Outside,
    handle: &Handle,
    lanes: &Lanes,
    effect: Effect,
) -> Vec<Input> {
    match effect {
        Effect::EnsureSession { agency } => ensure_session(state, outside, handle, lanes, agency),
        Effect::CloseSession { agency } => close_session(outside, lanes, agency),
        Effect::CloseLife { agent, spawn } => close_life(outside, lanes, agent, spawn),
        Effect::WriteCrew { agency } => crew::write(state, outside, handle, lanes, agency),
        Effect::ArchiveAgency { agency, worktrees, stamp } => {
            work::archive(state, outside, handle, lanes, agency, worktrees, stamp);
        }
        Effect::FillMailbox { to, id, file } => return mail::fill(state, outside, to, id, file),
        Effect::ClearDoor { file } => mail::clear_door(outside, &file),
        Effect::BuryAtDoor { file, reason } => mail::bury_at_door(outside, &file, &reason),
        Effect::HoldAtDoor { file, hold } => return mail::hold_at_door(outside, file, hold),
        Effect::SeeHeld => return mail::see_held(outside),
        Effect::ReleaseHeld { hold, limit } => return mail::release_held(outside, hold, limit),
        Effect::RetryAtDoor { file } => mail::retry_at_door(outside, &file),
        Effect::MarkDelivered { to, id } => mail::mark_delivered(outside, &to, id),
        Effect::Bury { to, id, reason } => mail::bury(outside, &to, id, &reason),
        Effect::TypeMessage { id, target, text, short, token } => {
            let (agent, spawn) = (target.agent.clone(), target.spawn);
            let told = move |outcome| Input::MessageTyped { agent, spawn, id, outcome };
            type_into(outside, handle, lanes, &target, ([text, short], token, Vec::new()), told);
        }
        Effect::HandOver { id, target, text, .. } => {
            handing::hand_over(state, outside, handle, lanes, (id, target, text));
        }
        Effect::TypeNudge { target, text, token, left_over } => {
            let (agent, spawn) = (target.agent.clone(), target.spawn);
            let told = move |outcome| Input::NudgeTyped { agent, spawn, outcome };
            type_into(
                outside,
                handle,
                lanes,
                &target,
                ([text.clone(), text], token, left_over),
                told,
            );
        }
        Effect::LookAtWork { .. }
        | Effect::TakeCheckpoint { .. }
        | Effect::RestoreWork { .. }
        | Effect::DropCheckpoints { .. }
        | Effect::ReturnAgency { .. }
        | Effect::ReviveWorktree { .. } => keep(state, outside, handle, lanes, effect),
        Effect::PrepareWorktree { .. }
        | Effect::MendWorktree { .. }
        | Effect::InspectWork { .. }
        | Effect::IntegrateWork { .. }
        | Effect::RetireWorktree { .. }
        | Effect::RetireBranch { .. }
        | Effect::Prove { .. }
        | Effect::Merge { .. }
        | Effect::Document { .. } => forward(state, outside, handle, lanes, effect),
        Effect::WriteMeeting { meeting, text } => {
            meeting::write(outside, handle, lanes, meeting, text)
        }
        // The loop's own.
        Effect::LogActivity { .. } | Effect::Look | Effect::WakeAt { .. } | Effect::Quit => {}
    }
    Vec::new()
}

/// What brings a task from its worktree to the project's branch.
fn forward(state: &State, outside: &Outside, handle: &Handle, lanes: &Lanes, effect: Effect) {
    match effect {
        Effect::PrepareWorktree { task } => work::prepare(state, outside, handle, lanes, task),
        Effect::MendWorktree { task } => work::mend(state, outside, handle, lanes, task),
        Effect::InspectWork { ticket, task, purpose } => {
            work::inspect(state, outside, handle, lanes, ticket, task, purpose);
        }
        Effect::IntegrateWork { ticket, task, purpose, at } => {
            work::integrate(state, outside, handle, lanes, (ticket, task, purpose), at);
        }
        Effect::RetireWorktree { retirement } => {
            work::retire(state, outside, handle, lanes, retirement)
        }
        Effect::RetireBranch { feature, project, branch, keep_as } => {
            work::retire_branch(outside, handle, lanes, feature, project, (branch, keep_as));
        }
        Effect::Prove { submission } => proof::prove(state, outside, handle, lanes, submission),
        Effect::Merge { approval, signed } => {
            landing::merge(state, outside, handle, lanes, approval, *signed)
        }
        Effect::Document { approval } => landing::document(state, outside, handle, lanes, approval),
        _ => {}
    }
}

/// What saves worktrees, and brings back what was put away.
fn keep(state: &State, outside: &Outside, handle: &Handle, lanes: &Lanes, effect: Effect) {
    match effect {
        Effect::LookAtWork { task } => keeping::look(state, outside, handle, lanes, task),
        Effect::TakeCheckpoint { ticket, task, reason, note, by } => {
            let saving = Saving { task, reason, note, by };
            keeping::save(state, outside, handle, lanes, ticket, saving);
        }
        Effect::RestoreWork { ticket, task } => {
            keeping::restore(state, outside, handle, lanes, ticket, task);
        }
        Effect::DropCheckpoints { task, ids } => {
            keeping::drop_checkpoints(state, outside, handle, lanes, task, ids);
        }
        Effect::ReturnAgency { act, agency, folder } => {
            keeping::return_agency(outside, handle, lanes, act, agency, folder);
        }
        Effect::ReviveWorktree { act, task } => {
            keeping::revive(state, outside, handle, lanes, act, task);
        }
        _ => {}
    }
}

/// Types a text (in two lengths, with the token by which it is seen, and what may stand there instead) on the pane's
/// lane.
fn type_into(
    outside: &Outside,
    handle: &Handle,
    lanes: &Lanes,
    target: &Target,
    ([text, short], token, left_over): ([String; 2], String, Vec<String>),
    told: impl FnOnce(Typed) -> Input + Send + 'static,
) {
    let order = TypingOrder {
        agent: target.agent.clone(),
        spawn: target.spawn,
        pane: target.pane.clone(),
        input_line: target.input_line.clone(),
        text,
        short,
        token,
        left_over,
        deadline_ms: TYPING_DEADLINE_MS,
    };
    let (outside, handle) = (outside.clone(), handle.clone());
    let lane = format!("pane:{}", target.agent);
    lanes.push(&lane, Box::new(move || handle.input(told(type_text(&outside, &order)))));
}

/// An error before anything could be typed is a reason to wait; one in the middle leaves doubt.
fn type_text(outside: &Outside, order: &TypingOrder) -> Typed {
    match outside.terminals.type_text(order) {
        Ok(outcome) => outcome,
        Err(
            error @ (TerminalError::NotInstalled
            | TerminalError::TooOld { .. }
            | TerminalError::NoServer
            | TerminalError::Unbearable { .. }),
        ) => Typed::NotReady { reason: error.to_string() },
        Err(
            error @ (TerminalError::Hung { .. }
            | TerminalError::Died { .. }
            | TerminalError::Refused { .. }
            | TerminalError::Io { .. }),
        ) => Typed::Uncertain { reason: error.to_string() },
    }
}

/// How the names of these lanes begin.
pub const SESSION_LANES: &str = "session:";

/// The lane of everything that makes or closes a session.
pub fn session_lane(agency: &Name) -> String {
    format!("{SESSION_LANES}{agency}")
}

fn ensure_session(state: &State, outside: &Outside, handle: &Handle, lanes: &Lanes, agency: Name) {
    let plan = plans::session(state, outside, &agency);
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.push(
        &session_lane(&agency),
        Box::new(move || {
            let made = plan.map_err(|problem| ("plan".to_owned(), problem)).and_then(|plan| {
                outside
                    .terminals
                    .ensure(&plan)
                    .map_err(|error| (code_of(&error).to_owned(), error.to_string()))
            });
            handle.input(match made {
                Ok(panes) => Input::SessionEnsured { agency, panes },
                Err((code, problem)) => Input::SessionFailed { agency, code, problem },
            });
        }),
    );
}

/// A terminal's error as a stable word.
pub fn code_of(error: &TerminalError) -> &'static str {
    match error {
        TerminalError::NotInstalled => "tmux_missing",
        TerminalError::TooOld { .. } => "tmux_too_old",
        TerminalError::NoServer => "no_server",
        TerminalError::Hung { .. } => "server_hung",
        TerminalError::Died { .. } => "server_died",
        TerminalError::Unbearable { .. } => "tmux_settings",
        TerminalError::Refused { .. } => "refused",
        TerminalError::Io { .. } => "io",
    }
}

fn close_session(outside: &Outside, lanes: &Lanes, agency: Name) {
    let outside = outside.clone();
    lanes.push(
        &session_lane(&agency),
        Box::new(move || {
            if let Err(error) = outside.terminals.close_session(&agency) {
                tracing::warn!(%agency, %error, "the session could not be closed");
            }
        }),
    );
}

/// Whether it worked is seen when the session is looked after again.
fn close_life(outside: &Outside, lanes: &Lanes, agent: AgentAddress, spawn: SpawnId) {
    let outside = outside.clone();
    lanes.push(
        &session_lane(&agent.agency),
        Box::new(move || {
            if let Err(error) = outside.terminals.close_agent(&agent, Some(spawn)) {
                tracing::warn!(%agent, %error, "the pane of an ended life could not be closed");
            }
        }),
    );
}

/// Lines for the agencies' logs: a group's are written at once, as many as they are.
#[derive(Default)]
pub struct Activity(BTreeMap<Name, Vec<String>>);

impl Activity {
    /// Another line.
    pub fn add(&mut self, agency: Name, line: &str, now: Timestamp) {
        self.0.entry(agency).or_default().push(format!("{now} {line}"));
    }

    /// Has them written.
    pub fn write(self, outside: &Outside, lanes: &Lanes) {
        if self.0.is_empty() {
            return;
        }
        let folder = std::sync::Arc::clone(&outside.folder);
        lanes.push(
            "activity",
            Box::new(move || {
                for (agency, lines) in self.0 {
                    if let Err(error) = folder.append_activity(&agency, &lines) {
                        tracing::warn!(%agency, %error, "the activity log could not be written");
                    }
                }
            }),
        );
    }
}

/// Looks at all panes, unless a look is waiting already.
pub fn look(outside: &Outside, handle: &Handle, lanes: &Lanes) {
    let (outside, handle) = (outside.clone(), handle.clone());
    lanes.refresh(
        "look",
        Box::new(move || match outside.terminals.look() {
            Ok(sighting) => handle.input(Input::Sighted { sighting }),
            Err(error) => handle.input(Input::Unseen { problem: error.to_string() }),
        }),
    );
}

/// Tells the gate what it must know.
pub fn update_gate(gate: &Gate, state: &State) {
    let (mut panes, mut lives) = (BTreeMap::new(), BTreeMap::new());
    for (name, agency) in state.sessions.live() {
        for (agent, record) in &agency.agents {
            let address = AgentAddress::new(name.clone(), agent.clone());
            if let Some(pid) = record.pid {
                let born = record.born.clone();
                panes.insert(pid, Resident { agent: address.clone(), born });
            }
            if let Some(spawn) = record.spawn {
                lives.insert(address, spawn);
            }
        }
    }
    gate.update(state.operator_key.clone(), panes);
    gate.update_lives(lives);
}

/// The fail point after an event was recorded.
pub fn fail_point_of(event: &Event) -> Option<&'static str> {
    let point = match event {
        Event::AgentSpawned { .. } => "start.recorded",
        Event::AgentPaneOpened { .. } => "start.seen",
        Event::AgencyStopped { .. } => "stop.recorded",
        Event::MessageAccepted { .. } => "message.accepted",
        Event::MessageRouted { .. } => "message.routed",
        Event::DeliveryStarted { .. } => "delivery.recorded",
        Event::MessageDelivered { .. } => "delivery.seen",
        Event::TaskAssigned { .. } => "assign.recorded",
        Event::WorktreeReady { .. } => "assign.seen",
        Event::FinishAsked { .. } => "finish.recorded",
        Event::TaskCompleted { .. } => "complete.recorded",
        Event::TaskIntegrated { .. } => "complete.integrated",
        Event::WorkSubmitted { .. } => "submit.recorded",
        Event::ProofFinished { .. } => "submit.seen",
        Event::ApprovalGiven { .. } => "approve.recorded",
        Event::MergeLanded { .. } => "merge.seen",
        Event::ApprovalDocumented { .. } => "merge.documented",
        Event::MeetingHeld { .. } => "meeting.recorded",
        Event::MeetingWritten { .. } => "meeting.seen",
        Event::AgentHired { .. } => "hire.recorded",
        Event::AgentDismissed { .. } => "dismiss.recorded",
        Event::CrewWritten { .. } => "crew.seen",
        Event::AgencyRemoving { .. } => "remove.recorded",
        Event::AgencyArchived { .. } => "remove.seen",
        Event::CheckpointTaken { .. } => "keep.seen",
        Event::RestoreBegun { .. } => "restore.recorded",
        Event::WorkRestored { .. } => "restore.seen",
        Event::UndoBegun { .. } => "undo.recorded",
        Event::AgencyReturned { .. } => "undo.folder_seen",
        Event::TaskRevived { .. } => "undo.task_seen",
        Event::ActUndone { .. } => "undo.seen",
        _ => return None,
    };
    debug_assert!(failpoint::ALL.contains(&point));
    Some(point)
}
