//! What is decided about a message's way into its mailbox: addressing, copies, acknowledging, expiry.
//!
//! The id is the key: the same message twice has no second effect.

use serde_json::json;

use crate::domain::agency::COORDINATOR;
use crate::domain::command::{Actor, Answer, Command};
use crate::domain::id::MessageId;
use crate::domain::message::{DeadReason, Draft, Message, MessageState, MessageType};
use crate::domain::name::{Address, AgentAddress, Name};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::effect::Effect;
use crate::engine::event::{DeliveredBy, Event};
use crate::engine::input::Timer;
use crate::engine::sessions::Wanted;
use crate::engine::sessions::deciding::require_agency;
use crate::engine::step::Step;

/// The agency of the agent that steers the coordinators.
const LEAD: &str = "MetaOrchestrator";

/// Carries out a command about messages.
pub fn asked(step: &mut Step<'_>, command: Command) -> Result<Answer, Refusal> {
    match command {
        Command::SendMessage { draft } => send(step, draft).map(|id| Answer::Id(id.to_string())),
        Command::AcknowledgeMessages { ids } => acknowledge(step, &ids),
        Command::FetchMessages { ids } => fetch(step, &ids),
        Command::RetryDelivery { id } => retry(step, id),
        _ => Ok(Answer::Done),
    }
}

/// Accepts a message from the actor of this step; returns its id.
pub fn send(step: &mut Step<'_>, draft: Draft) -> Result<MessageId, Refusal> {
    let from = sender(step, draft.from.clone())?;
    let id = draft.id.unwrap_or_else(|| step.mint());
    if step.state().mail.messages.contains_key(&id) {
        return Ok(id);
    }
    let verified = !matches!(step.actor, Actor::Outside(_));
    let message = draft.settle(id, from, step.now.at, verified);
    accept(step, message, None)
}

/// The sender: an agent is always itself, the operator may speak for anyone.
fn sender(step: &Step<'_>, claimed: Option<Address>) -> Result<Address, Refusal> {
    match &step.actor {
        Actor::Agent(agent) => Ok(Address::Agent(agent.clone())),
        Actor::Supervisor => Ok(Address::Workbench),
        Actor::Outside(name) => Address::parse(name)
            .map_err(|error| Refusal::new(RefusalKind::Usage, "bad_address", error.to_string())),
        Actor::Operator => match claimed {
            None | Some(Address::Operator) => Ok(Address::Operator),
            // The lead's agency may speak before it is made: the operator speaks for it.
            Some(Address::Agency(agency)) if agency.as_str() == LEAD => Ok(Address::Agency(agency)),
            Some(Address::Agency(agency)) => {
                require_agency(step, &agency)?;
                Ok(Address::Agency(agency))
            }
            Some(Address::Agent(agent)) => resolve_agent(step, &agent).map(Address::Agent),
            Some(other @ (Address::Workbench | Address::Everyone)) => Err(Refusal::new(
                RefusalKind::Usage,
                "bad_sender",
                format!("a message cannot be from `{other}`"),
            )),
        },
    }
}

/// A good message lies at the door.
pub fn message_at_door(step: &mut Step<'_>, file: String, message: Message) {
    if let Some(known) = step.state().mail.messages.get(&message.id) {
        // Its file is still needed until the message is in its mailbox.
        if known.state == MessageState::Accepted {
            // Its mailbox could not be written the first time.
            let (id, to) = (message.id, known.to.clone());
            step.perform(Effect::FillMailbox { to, id, file: Some(file) });
        } else {
            step.perform(Effect::ClearDoor { file });
        }
        return;
    }
    if let Err(refusal) = accept(step, message, Some(file.clone())) {
        let reason = DeadReason {
            code: refusal.code,
            message: refusal.message,
            field: Some("to".to_owned()),
            at: step.now.at,
        };
        step.record(Event::MessageRefused { file: file.clone(), reason: reason.clone() });
        step.perform(Effect::BuryAtDoor { file, reason });
    }
}

fn accept(
    step: &mut Step<'_>,
    message: Message,
    file: Option<String>,
) -> Result<MessageId, Refusal> {
    let id = message.id;
    match &message.to {
        Address::Everyone => return broadcast(step, message, file),
        Address::Operator => deliver_to(step, message, None, file),
        Address::Workbench => {
            return Err(Refusal::new(
                RefusalKind::Usage,
                "bad_recipient",
                "`workbench` takes no messages".to_owned(),
            ));
        }
        Address::Agency(agency) => {
            require_agency(step, agency)?;
            let to =
                step.state().sessions.agency(agency).map(|a| a.definition.coordinator_address());
            deliver_to(step, message, to, file);
        }
        Address::Agent(agent) => {
            let to = resolve_agent(step, agent)?;
            let copy = copy_for_coordinator(step, &message, &to);
            deliver_to(step, message, Some(to), file);
            if let Some((copy, coordinator)) = copy {
                deliver_to(step, copy, Some(coordinator), None);
            }
        }
    }
    Ok(id)
}

fn deliver_to(
    step: &mut Step<'_>,
    message: Message,
    to: Option<AgentAddress>,
    file: Option<String>,
) {
    let id = message.id;
    if let Some(at) = message.expires_at {
        step.perform(Effect::WakeAt { at, timer: Timer::Expire });
    }
    log_activity(step, &message, to.as_ref());
    step.record(Event::MessageAccepted {
        message: Box::new(message),
        to: to.clone(),
        file: file.clone(),
    });
    step.perform(Effect::FillMailbox { to, id, file });
}

fn log_activity(step: &mut Step<'_>, message: &Message, to: Option<&AgentAddress>) {
    let recipient = to.map_or_else(|| Address::OPERATOR.to_owned(), ToString::to_string);
    let line = format!(
        "{} -> {recipient} {}: {}",
        message.from,
        message.kind,
        super::super::wording::body_line(&message.body)
    );
    let mut agencies: Vec<Name> = message.from.agency().cloned().into_iter().collect();
    agencies.extend(to.map(|agent| agent.agency.clone()));
    agencies.dedup();
    for agency in agencies {
        step.perform(Effect::LogActivity { agency, line: line.clone() });
    }
}

/// Finds an agent; `coordinator` finds the coordinator.
pub fn resolve_agent(step: &Step<'_>, wanted: &AgentAddress) -> Result<AgentAddress, Refusal> {
    require_agency(step, &wanted.agency)?;
    let record = step.state().sessions.agency(&wanted.agency);
    let found = record.and_then(|record| record.definition.agent(&wanted.agent));
    if let Some(agent) = found {
        return Ok(AgentAddress::new(wanted.agency.clone(), agent.name.clone()));
    }
    let names: Vec<String> = record
        .map(|record| record.definition.agents.iter().map(|agent| agent.name.to_string()).collect())
        .unwrap_or_default();
    let message = format!("there is no agent `{}` in `{}`", wanted.agent, wanted.agency);
    let hint =
        format!("its agents are {}, and `{COORDINATOR}` finds the coordinator", names.join(", "));
    Err(Refusal::new(RefusalKind::NotFound, "agent_not_found", message).with_hint(hint))
}

/// Peers talk with the coordinator in copy.
fn copy_for_coordinator(
    step: &mut Step<'_>,
    message: &Message,
    to: &AgentAddress,
) -> Option<(Message, AgentAddress)> {
    let Address::Agent(from) = &message.from else { return None };
    let record = step.state().sessions.agency(&to.agency)?;
    let coordinator = record.definition.coordinator_address();
    if from.agency != to.agency || *from == coordinator || *to == coordinator {
        return None;
    }
    let copy = Message {
        id: step.mint(),
        kind: MessageType::parse("copy").ok()?,
        to: Address::Agent(coordinator.clone()),
        body: json!({ "to": to.to_string(), "type": message.kind.as_str(), "body": message.body }),
        in_reply_to: Some(message.id),
        ..message.clone()
    };
    Some((copy, coordinator))
}

/// One copy for every coordinator; the first carries the message's own id.
fn broadcast(
    step: &mut Step<'_>,
    message: Message,
    file: Option<String>,
) -> Result<MessageId, Refusal> {
    let sender = message.from.agency().cloned();
    let recipients: Vec<AgentAddress> = step
        .state()
        .sessions
        .live()
        .filter(|(name, agency)| {
            Some(*name) != sender.as_ref() && agency.wanted != Wanted::Removing
        })
        .map(|(_, agency)| agency.definition.coordinator_address())
        .collect();
    let id = message.id;
    if recipients.is_empty() {
        return Err(Refusal::new(
            RefusalKind::NotFound,
            "nobody",
            "there is nobody to hear a broadcast",
        )
        .with_hint("make an agency with `agency create CodeAgency`"));
    }
    let mut file = file;
    for (number, to) in recipients.into_iter().enumerate() {
        let id = if number == 0 { id } else { step.mint() };
        let copy = Message { id, ..message.clone() };
        deliver_to(step, copy, Some(to), file.take());
    }
    Ok(id)
}

/// A message is in its mailbox.
pub fn mailbox_filled(step: &mut Step<'_>, id: MessageId) {
    let is_new =
        step.state().mail.messages.get(&id).is_some_and(|r| r.state == MessageState::Accepted);
    if is_new {
        step.record(Event::MessageRouted { id });
    }
}

fn acknowledge(step: &mut Step<'_>, ids: &[MessageId]) -> Result<Answer, Refusal> {
    ids.iter().try_for_each(|id| require_own(step, *id))?;
    for id in ids {
        let Some(record) = step.state().mail.messages.get(id) else { continue };
        if record.state == MessageState::Routed {
            deliver_from_mailbox(step, *id);
        }
        let is_open =
            step.state().mail.messages.get(id).is_some_and(|r| r.state == MessageState::Delivered);
        if is_open {
            step.record(Event::MessageAcknowledged { id: *id });
        }
    }
    Ok(Answer::Done)
}

fn fetch(step: &mut Step<'_>, ids: &[MessageId]) -> Result<Answer, Refusal> {
    ids.iter().try_for_each(|id| require_own(step, *id))?;
    for id in ids {
        let is_new =
            step.state().mail.messages.get(id).is_some_and(|r| r.state == MessageState::Routed);
        if is_new {
            deliver_from_mailbox(step, *id);
        }
    }
    Ok(Answer::Done)
}

fn deliver_from_mailbox(step: &mut Step<'_>, id: MessageId) {
    let to = step.state().mail.messages.get(&id).and_then(|record| record.to.clone());
    step.record(Event::MessageDelivered { id, by: DeliveredBy::Inbox });
    if let Some(to) = to {
        step.perform(Effect::MarkDelivered { to, id });
    }
}

fn require_message<'s>(
    step: &'s Step<'_>,
    id: MessageId,
) -> Result<&'s super::MessageRecord, Refusal> {
    step.state().mail.messages.get(&id).ok_or_else(|| {
        Refusal::new(
            RefusalKind::NotFound,
            "message_not_found",
            format!("there is no message `{id}`"),
        )
        .with_hint("list them with `agency messages`")
    })
}

/// An agent may only take what is for it; the operator may take anything.
fn require_own(step: &Step<'_>, id: MessageId) -> Result<(), Refusal> {
    let record = require_message(step, id)?;
    match &step.actor {
        Actor::Agent(agent) if record.to.as_ref() != Some(agent) => Err(Refusal::new(
            RefusalKind::NotAllowed,
            "not_yours",
            format!("message `{id}` is not for `{agent}`"),
        )),
        _ => Ok(()),
    }
}

fn retry(step: &mut Step<'_>, id: MessageId) -> Result<Answer, Refusal> {
    crate::engine::require_operator(step, "have a delivery tried again")?;
    let record = require_message(step, id)?;
    if record.state != MessageState::Routed {
        let message =
            format!("message `{id}` is {}, there is nothing to try again", record.state.as_str());
        return Err(Refusal::new(RefusalKind::Conflict, "not_waiting", message));
    }
    step.record(Event::DeliveryRetried { id });
    Ok(Answer::Done)
}

/// Lets the mail die that waits for an agent of this agency that is not there any more.
pub fn bury_orphans(step: &mut Step<'_>, agency: &Name) {
    let state = step.state();
    let is_orphan =
        |to: &AgentAddress| to.agency == *agency && state.sessions.definition(to).is_none();
    let unrouted = state.mail.unrouted.iter().filter_map(|id| {
        let to = state.mail.messages.get(id)?.to.clone()?;
        is_orphan(&to).then_some((to, *id))
    });
    let waiting = state.mail.waiting.iter().filter(|(to, _)| is_orphan(to));
    let waiting = waiting.flat_map(|(to, ids)| ids.iter().map(|id| (to.clone(), *id)));
    let orphans: Vec<(AgentAddress, MessageId)> = waiting.chain(unrouted).collect();
    let is_archived = state.sessions.agency(agency).is_none();
    for (to, id) in orphans {
        let reason = DeadReason {
            code: "recipient_gone".to_owned(),
            message: format!("`{to}` is not there any more"),
            field: Some("to".to_owned()),
            at: step.now.at,
        };
        step.record(Event::MessageDied { id, reason: reason.clone() });
        // With its agency the mailbox is in the archive, the message in it.
        if !is_archived {
            step.perform(Effect::Bury { to, id, reason });
        }
    }
}

/// Lets messages whose time has run out expire, and asks to be woken for the next.
pub fn expire(step: &mut Step<'_>) {
    let now = step.now.at;
    let mail = &step.state().mail;
    let waiting = mail.waiting.values().flatten().chain(&mail.for_operator);
    let timed: Vec<_> = waiting
        .filter_map(|id| mail.messages.get(id))
        .filter(|record| record.attempt.is_none())
        .filter_map(|record| {
            Some((record.message.id, record.to.clone(), record.message.expires_at?))
        })
        .collect();
    for (id, to, expires_at) in timed {
        if expires_at > now {
            step.perform(Effect::WakeAt { at: expires_at, timer: Timer::Expire });
            continue;
        }
        step.record(Event::MessageExpired { id });
        if let Some(to) = to {
            let message = format!("expired at {expires_at}");
            let reason = DeadReason {
                code: "expired".to_owned(),
                message,
                field: Some("expires_at".to_owned()),
                at: now,
            };
            step.perform(Effect::Bury { to, id, reason });
        }
    }
}
