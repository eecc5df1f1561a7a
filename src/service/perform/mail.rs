//! Performing what concerns mailboxes and the door: quick, in order, on the loop.
//!
//! A failure is logged and the message stays where it was, to be tried again.

use crate::domain::id::MessageId;
use crate::domain::message::DeadReason;
use crate::domain::name::AgentAddress;
use crate::engine::input::{Input, LeftUndone};
use crate::engine::mail::door::Hold;
use crate::engine::state::State;
use crate::failpoint;
use crate::manifest::message::render;
use crate::ports::mailboxes::MailboxError;
use crate::service::outside::Outside;

/// Puts a message into its mailbox, then clears its file from the door.
pub fn fill(
    state: &State,
    outside: &Outside,
    to: Option<AgentAddress>,
    id: MessageId,
    file: Option<String>,
) -> Vec<Input> {
    let Some(record) = state.mail.messages.get(&id) else { return Vec::new() };
    if let Some(to) = to
        && let Err(error) = outside.mailboxes.put(&to, id, &render(&record.message))
    {
        // Accepted and not routed: it is shown as such until it can be written.
        tracing::error!(%id, %error, "the mailbox could not be written");
        return vec![Input::LeftUndone { what: LeftUndone::Mailbox }];
    }
    failpoint::hit("message.in_mailbox");
    if let Some(file) = file {
        clear_door(outside, &file);
    }
    vec![Input::MailboxFilled { id }]
}

/// Clears a file from the door.
pub fn clear_door(outside: &Outside, file: &str) {
    warn(outside.mailboxes.clear_from_door(file), "the door could not be cleared");
}

/// Moves a file from the door to the dead ones.
pub fn bury_at_door(outside: &Outside, file: &str, reason: &DeadReason) {
    warn(
        outside.mailboxes.bury_from_door(file, reason),
        "the message could not be moved to the dead ones",
    );
}

/// Puts a file at the door aside until there is room for it.
pub fn hold_at_door(outside: &Outside, file: String, hold: Hold) -> Vec<Input> {
    let held = outside.mailboxes.hold_at_door(&file, &hold.folder());
    let is_held = held.is_ok();
    warn(held, "the file could not be put aside");
    // What was decided about it may be overtaken by now: that it lies there is told.
    if is_held { vec![Input::FilesHeld { hold, file }] } else { Vec::new() }
}

/// What is put aside at the door.
pub fn see_held(outside: &Outside) -> Vec<Input> {
    let folders = outside.mailboxes.held_at_door().unwrap_or_default();
    let holds = folders.into_keys().filter_map(|name| Some((Hold::of_folder(&name)?, name)));
    holds.map(|(hold, file)| Input::FilesHeld { hold, file }).collect()
}

/// Lets files that were put aside come back to the door.
pub fn release_held(outside: &Outside, hold: Hold, limit: u32) -> Vec<Input> {
    match outside.mailboxes.release_held(&hold.folder(), limit) {
        Ok(left) => vec![Input::HeldReleased { hold, left }],
        Err(error) => {
            tracing::warn!(%error, "what was put aside could not be put back to the door");
            Vec::new()
        }
    }
}

/// Moves a dead file back to the door.
pub fn retry_at_door(outside: &Outside, file: &str) {
    warn(outside.mailboxes.retry_at_door(file), "the dead file could not be put back to the door");
}

/// Moves a message to the delivered ones.
pub fn mark_delivered(outside: &Outside, to: &AgentAddress, id: MessageId) {
    warn(
        outside.mailboxes.mark_delivered(to, id),
        "the message could not be moved to the delivered ones",
    );
}

/// Moves a message to the dead ones.
pub fn bury(outside: &Outside, to: &AgentAddress, id: MessageId, reason: &DeadReason) {
    warn(outside.mailboxes.bury(to, id, reason), "the message could not be moved to the dead ones");
}

fn warn(result: Result<(), MailboxError>, what: &str) {
    if let Err(error) = result {
        tracing::warn!(%error, "{what}");
    }
}
