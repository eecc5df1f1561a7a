//! Dead letters, taken once more on the operator's word.
//!
//! A message keeps its id and begins its way anew; a file goes back to the door. Both are recorded, so that a
//! supervisor that dies in between goes on with it. Nothing is deleted.

use jiff::SignedDuration;

use crate::domain::command::{Answer, Recalled};
use crate::domain::id::MessageId;
use crate::domain::message::MessageState;
use crate::domain::name::{Address, AgentAddress};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::Timer;
use crate::engine::mail::{accepting, room};
use crate::engine::sessions::deciding::require_agency;
use crate::engine::step::Step;

/// Takes a dead or expired message once more. `recalled` is what the ledger knows of one that has left the state.
///
/// # Errors
/// It is unknown or not dead; its time ran out and it gets no new one; whom it is for is not there or has no room.
pub fn retry(
    step: &mut Step<'_>,
    id: MessageId,
    ttl_s: Option<u64>,
    recalled: Option<Recalled>,
) -> Result<Answer, Refusal> {
    crate::engine::require_operator(step, "have a dead message taken once more")?;
    let known = step.state().mail.messages.get(&id).map(|record| Recalled {
        message: Box::new(record.message.clone()),
        to: record.to.clone(),
        state: record.state,
    });
    let Some(Recalled { mut message, to, state }) = known.or(recalled) else {
        let text = format!("there is no message `{id}`");
        return Err(Refusal::new(RefusalKind::NotFound, "message_not_found", text)
            .with_hint("list dead letters with `agency queue dead`"));
    };
    match state {
        MessageState::Dead | MessageState::Expired => {}
        MessageState::Routed => return accepting::retry(step, id),
        MessageState::Accepted | MessageState::Delivered | MessageState::Acknowledged => {
            let text = format!("message `{id}` is {}, not dead", state.as_str());
            return Err(Refusal::new(RefusalKind::Conflict, "not_dead", text)
                .with_hint("list dead letters with `agency queue dead`"));
        }
    }
    if let Some(seconds) = ttl_s {
        let ttl = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        message.expires_at = step.now.at.saturating_add(ttl).ok();
    }
    if message.expires_at.is_some_and(|at| at <= step.now.at) {
        let text = format!("the time of message `{id}` has run out");
        return Err(Refusal::new(RefusalKind::Conflict, "needs_ttl", text)
            .with_hint(format!("give it a new one: agency queue retry {id} --ttl 1h")));
    }
    let to = recipient(step, to.as_ref(), &message.to)?;
    if let Some(to) = &to {
        room::require_room(step, to, &message)?;
    }
    if let Some(at) = message.expires_at {
        step.perform(Effect::WakeAt { at, timer: Timer::Expire });
    }
    step.record(Event::MessageRevived { message, to: to.clone(), was: state });
    step.perform(Effect::FillMailbox { to, id, file: None });
    Ok(Answer::Id(id.to_string()))
}

/// Whom it goes to now: whoever it was for, and of an agency whoever leads it by now.
fn recipient(
    step: &Step<'_>,
    to: Option<&AgentAddress>,
    addressed: &Address,
) -> Result<Option<AgentAddress>, Refusal> {
    match (to, addressed) {
        (None, _) => Ok(None),
        (Some(_), Address::Agency(agency)) => {
            require_agency(step, agency)?;
            let record = step.state().sessions.agency(agency);
            Ok(record.map(|record| record.definition.coordinator_address()))
        }
        (Some(to), _) => accepting::resolve_agent(step, to).map(Some),
    }
}

/// Takes a dead file once more: it goes back to the door.
pub fn retry_file(step: &mut Step<'_>, file: String) -> Result<Answer, Refusal> {
    crate::engine::require_operator(step, "have a dead file taken once more")?;
    step.record(Event::DoorRetried { file: file.clone() });
    step.perform(Effect::RetryAtDoor { file });
    Ok(Answer::Done)
}
