//! Who may speak to whom: an agency speaks to others through its coordinator.
//!
//! A specialist writes to its own agency and to the operator, and answers whoever asked it. What it has to say to another
//! agency its coordinator says. Who it is was settled before; here is only whether it may.

use crate::domain::command::Actor;
use crate::domain::message::Message;
use crate::domain::name::{Address, AgentAddress};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::requests;
use crate::engine::step::Step;

/// The code of the refusal.
pub const CODE: &str = "speaks_for_agency";

/// Whether the sender may write to whom the message is for.
///
/// # Errors
/// A specialist speaks for its agency.
pub fn require(step: &Step<'_>, message: &Message) -> Result<(), Refusal> {
    let Address::Agent(from) = &message.from else { return Ok(()) };
    let is_inside = match &message.to {
        Address::Agent(to) => to.agency == from.agency,
        Address::Agency(agency) => *agency == from.agency,
        // What the workbench does not take it refuses itself.
        Address::Operator | Address::Workbench => true,
        Address::Everyone => false,
    };
    if is_inside || !is_specialist(step, from) || is_answer(step, message, from) {
        return Ok(());
    }
    let whom = match &message.to {
        Address::Everyone => "everyone".to_owned(),
        to => format!("`{to}`"),
    };
    let text = format!("`{from}` cannot speak for `{}` to {whom}", from.agency);
    let hint = match step.actor {
        Actor::Operator => format!("let its agency say it: --from {}", from.agency),
        _ => "tell your coordinator: agency send coordinator \"…\"".to_owned(),
    };
    Err(Refusal::new(RefusalKind::NotAllowed, CODE, text).with_hint(hint))
}

/// Whether the sender belongs to an agency that somebody else leads.
fn is_specialist(step: &Step<'_>, from: &AgentAddress) -> bool {
    let sessions = &step.state().sessions;
    sessions.agency(&from.agency).is_some() && !sessions.is_coordinator(from)
}

/// Whether it answers somebody outside who asked this very agent, in a message or in one about a request.
fn is_answer(step: &Step<'_>, message: &Message, from: &AgentAddress) -> bool {
    let Some(id) = message.in_reply_to else { return false };
    let state = step.state();
    let is_for = |asker: &Address| asker.agency() == message.to.agency();
    let question = state.mail.messages.get(&id);
    let asked = question.is_some_and(|question| {
        question.to.as_ref() == Some(from) && is_for(&question.message.from)
    });
    let request = requests::request_of(state, id).unwrap_or(id);
    let request = state.requests.find(request);
    let was_put = request.is_some_and(|request| {
        request.was_put_to(&Address::Agent(from.clone())) && is_for(&request.asker)
    });
    message.to.agency().is_some() && (asked || was_put)
}
