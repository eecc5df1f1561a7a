//! What is decided about a message's way into its mailbox: addressing, copies, acknowledging, expiry.
//!
//! The id is the key: the same message twice has no second effect.

use serde_json::json;

use crate::domain::agency::COORDINATOR;
use crate::domain::command::{Actor, Answer, Command};
use crate::domain::id::MessageId;
use crate::domain::message::{DeadReason, Draft, Message, MessageState, MessageType, Priority};
use crate::domain::name::{Address, AgentAddress, Name};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::engine::effect::Effect;
use crate::engine::event::{DeliveredBy, Event};
use crate::engine::input::Timer;
use crate::engine::mail::{dead, door, rights, room};
use crate::engine::meaning;
use crate::engine::requests::broadcasts::Copied;
use crate::engine::requests::ladder::LEAD;
use crate::engine::requests::{self, announcing};
use crate::engine::sessions::deciding::require_agency;
use crate::engine::step::Step;
use crate::engine::tracing;
use crate::engine::traffic;

/// Carries out a command about messages.
pub fn asked(step: &mut Step<'_>, command: Command) -> Result<Answer, Refusal> {
    match command {
        Command::SendMessage { draft } => send(step, draft).map(|id| Answer::Id(id.to_string())),
        Command::AcknowledgeMessages { ids } => acknowledge(step, &ids),
        Command::FetchMessages { ids } => fetch(step, &ids),
        Command::RetryDelivery { id } => retry(step, id),
        Command::RetryMessage { id, ttl_s, recalled } => dead::retry(step, id, ttl_s, recalled),
        Command::RetryFile { file } => dead::retry_file(step, file),
        Command::ReleaseLoop { one, other } => traffic::deciding::release(step, &one, &other),
        _ => Ok(Answer::Done),
    }
}

/// Accepts a message from the actor of this step, and does what it says; returns its id.
pub fn send(step: &mut Step<'_>, draft: Draft) -> Result<MessageId, Refusal> {
    write(step, draft, Weight::Meant)
}

/// Accepts a message that tells of what is decided already, in the actor's name; returns its id.
pub fn notice(step: &mut Step<'_>, draft: Draft) -> Result<MessageId, Refusal> {
    write(step, draft, Weight::Told)
}

/// Whether a message does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    /// It does what it says.
    Meant,
    /// It only tells.
    Told,
}

fn write(step: &mut Step<'_>, draft: Draft, weight: Weight) -> Result<MessageId, Refusal> {
    let from = sender(step, draft.from.clone())?;
    let id = draft.id.unwrap_or_else(|| step.mint());
    if step.state().mail.knows(id) {
        return Ok(id);
    }
    let verified = !matches!(step.actor, Actor::Outside(_));
    let message = draft.settle(id, from, step.now.at, verified);
    if step.state().mail.gone.is_stale(&message) {
        let text = format!("nobody knows any more whether message `{id}` was taken before");
        return Err(Refusal::new(RefusalKind::Conflict, "stale", text)
            .with_hint("leave its `id` out: it gets a new one"));
    }
    accept(step, message, None, weight)
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
    if step.state().mail.gone.contains(message.id) {
        step.perform(Effect::ClearDoor { file });
        return;
    }
    if let Some(reason) = door::stale(step.state(), &file, &message, step.now.at) {
        bury_at_door(step, file, reason);
        return;
    }
    let (from, to, berth) = (message.from.clone(), message.to.clone(), room::berth_of(&message));
    if let Err(refusal) = accept(step, message, Some(file.clone()), Weight::Meant) {
        if let Some(hold) = door::hold_of(step, (&from, &to, berth), &refusal) {
            door::hold(step, file, hold, refusal);
            return;
        }
        let field = meaning::field_of(&refusal.code).unwrap_or("to");
        let reason = DeadReason::new(&refusal.code, refusal.message, step.now.at).about(field);
        bury_at_door(step, file, reason);
    }
}

fn bury_at_door(step: &mut Step<'_>, file: String, reason: DeadReason) {
    step.record(Event::MessageRefused { file: file.clone(), reason: reason.clone() });
    step.perform(Effect::BuryAtDoor { file, reason });
}

fn accept(
    step: &mut Step<'_>,
    message: Message,
    file: Option<String>,
    weight: Weight,
) -> Result<MessageId, Refusal> {
    let mut message = addressed(step, message);
    if !message.verified {
        // Anybody could say that it is urgent.
        message.priority = message.priority.min(Priority::Normal);
    }
    rights::require(step, &message)?;
    message.trace = Some(tracing::of_message(step.state(), &message)?.to_string());
    if weight == Weight::Meant {
        meaning::check(step, &message)?;
    }
    let said = message.clone();
    let to = put(step, message, file, weight)?;
    if weight == Weight::Meant {
        meaning::follow(step, &said, to.as_ref());
        traffic::deciding::follow(step, &said, to.as_ref());
    }
    requests::follow(step, &said);
    Ok(said.id)
}

/// A message with whom it is really for: what answers the workbench goes to whoever asked.
fn addressed(step: &Step<'_>, mut message: Message) -> Message {
    if let Some(asker) = requests::redirect(step.state(), &message) {
        message.to = asker;
    }
    to_own_coordinator(step, to_other_coordinator(message))
}

/// Work goes from agency to agency: whoever of the other one it is for, its coordinator gets it.
fn to_other_coordinator(mut message: Message) -> Message {
    if let Address::Agent(agent) = &message.to
        && message.kind.as_str() == "handoff"
        && message.from.agency() != Some(&agent.agency)
    {
        message.to = Address::Agency(agent.agency.clone());
    }
    message
}

/// `coordinator` alone is the coordinator of the sender's own agency.
fn to_own_coordinator(step: &Step<'_>, mut message: Message) -> Message {
    if let (Address::Agency(word), Some(own)) = (&message.to, message.from.agency())
        && word.as_str() == COORDINATOR
        && step.state().sessions.agency(word).is_none()
    {
        message.to = Address::Agency(own.clone());
    }
    message
}

/// Puts a message on its way; gives the agent it goes to.
fn put(
    step: &mut Step<'_>,
    message: Message,
    file: Option<String>,
    weight: Weight,
) -> Result<Option<AgentAddress>, Refusal> {
    match &message.to {
        Address::Everyone => {
            require_pace(step, &message, weight)?;
            broadcast(step, message, file).map(|()| None)
        }
        Address::Operator => {
            require_pace(step, &message, weight)?;
            if weight == Weight::Meant {
                room::require_operator_room(step, &message)?;
            }
            deliver_to(step, message, None, file);
            Ok(None)
        }
        Address::Workbench => Err(Refusal::new(
            RefusalKind::Usage,
            "bad_recipient",
            "`workbench` takes no messages".to_owned(),
        )),
        Address::Agency(agency) => {
            require_agency(step, agency)?;
            let to =
                step.state().sessions.agency(agency).map(|a| a.definition.coordinator_address());
            if let Some(to) = &to {
                require_way(step, &message, to, weight)?;
            }
            deliver_to(step, message, to.clone(), file);
            Ok(to)
        }
        Address::Agent(agent) => {
            let to = resolve_agent(step, agent)?;
            require_way(step, &message, &to, weight)?;
            let copy = copy_for_coordinator(step, &message, &to);
            deliver_to(step, message, Some(to.clone()), file);
            if let Some((copy, coordinator)) = copy {
                copy_to(step, copy, coordinator, None);
            }
            Ok(Some(to))
        }
    }
}

fn require_pace(step: &Step<'_>, message: &Message, weight: Weight) -> Result<(), Refusal> {
    match weight {
        Weight::Meant => traffic::deciding::require_pace(step, message),
        // What it tells of is decided already.
        Weight::Told => Ok(()),
    }
}

/// Whether the sender may write now, to this agent, and there is room.
fn require_way(
    step: &Step<'_>,
    message: &Message,
    to: &AgentAddress,
    weight: Weight,
) -> Result<(), Refusal> {
    require_pace(step, message, weight)?;
    match weight {
        Weight::Meant => {
            traffic::deciding::require_apart(step, message, to)?;
            room::require_room(step, to, message)
        }
        Weight::Told => Ok(()),
    }
}

/// A copy goes to one of several; nobody can be refused for it, so without room it is a dead letter.
fn copy_to(step: &mut Step<'_>, copy: Message, to: AgentAddress, file: Option<String>) {
    let room = room::require_room(step, &to, &copy);
    let Err(refusal) = room else { return deliver_to(step, copy, Some(to), file) };
    let id = copy.id;
    let message = Box::new(copy);
    step.record(Event::MessageAccepted { message, to: Some(to), file: file.clone() });
    let reason = DeadReason::new(&refusal.code, refusal.message, step.now.at).about("to");
    step.record(Event::MessageDied { id, reason });
    if let Some(file) = file {
        step.perform(Effect::ClearDoor { file });
    }
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
    let id = step.mint();
    let copy = Message {
        id,
        trace: tracing::of_copy(message, id),
        kind: MessageType::parse("copy").ok()?,
        to: Address::Agent(coordinator.clone()),
        body: json!({ "to": to.to_string(), "type": message.kind.as_str(), "body": message.body }),
        in_reply_to: Some(message.id),
        ..message.clone()
    };
    Some((copy, coordinator))
}

/// One copy for everyone who gets it; the first carries the message's own id.
fn broadcast(step: &mut Step<'_>, message: Message, file: Option<String>) -> Result<(), Refusal> {
    let to = announcing::audience(step, &message)?;
    let mut file = file;
    let mut sent = Vec::new();
    for (copy, agent) in announcing::copies(step, &message, to) {
        sent.push(Copied { message: copy.id, agent: agent.clone() });
        copy_to(step, copy, agent, file.take());
    }
    announcing::sent(step, &message, sent);
    Ok(())
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
    ids.iter().for_each(|id| read(step, *id));
    Ok(Answer::Done)
}

/// A message was read by whom it is for.
pub fn read(step: &mut Step<'_>, id: MessageId) {
    let Some(record) = step.state().mail.messages.get(&id) else {
        if step.state().mail.gone.unread.contains_key(&id) {
            step.record(Event::MessageAcknowledged { id });
        }
        return;
    };
    if record.state == MessageState::Routed {
        deliver_from_mailbox(step, id);
    }
    let is_open =
        step.state().mail.messages.get(&id).is_some_and(|r| r.state == MessageState::Delivered);
    if is_open {
        step.record(Event::MessageAcknowledged { id });
    }
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
    let gone = &step.state().mail.gone;
    let to = match gone.unread.get(&id) {
        Some(whose) => Some(whose),
        // It has left for long: there is nothing to do, and nobody is refused for it.
        None if gone.contains(id) && !step.state().mail.messages.contains_key(&id) => return Ok(()),
        None => require_message(step, id)?.to.as_ref(),
    };
    match &step.actor {
        Actor::Agent(agent) if to != Some(agent) => Err(Refusal::new(
            RefusalKind::NotAllowed,
            "not_yours",
            format!("message `{id}` is not for `{agent}`"),
        )),
        _ => Ok(()),
    }
}

/// Lets an uncertain delivery be tried again.
pub fn retry(step: &mut Step<'_>, id: MessageId) -> Result<Answer, Refusal> {
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
