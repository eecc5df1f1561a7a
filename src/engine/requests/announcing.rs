//! Announcing: who gets a broadcast, what its copies are, and the report at its end.
//!
//! A broadcast names its audience in the field `audience`: `everyone` for all agents, or a list of
//! agencies; without it every coordinator gets it. Whoever sent it gets none.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::domain::id::MessageId;
use crate::domain::message::{Draft, Message, MessageType, OwnType};
use crate::domain::name::{Address, AgentAddress, Name};
use crate::domain::protocol::Protocol;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::text::to_line;
use crate::engine::event::Event;
use crate::engine::requests::broadcasts::Copied;
use crate::engine::requests::ladder::resolved;
use crate::engine::requests::{Opening, RequestKind, open, tending, words};
use crate::engine::sessions::Wanted;
use crate::engine::sessions::deciding::require_agency;
use crate::engine::state::State;
use crate::engine::step::Step;
use crate::engine::tracing;
use crate::engine::wording;

/// The field of a message that says for whom a broadcast is.
pub const AUDIENCE: &str = "audience";

/// The word for all agents in it.
pub const EVERYONE: &str = "everyone";

/// The field of a copy that names its broadcast.
pub const BROADCAST: &str = "broadcast";

/// How far away a broadcast's deadline may be, in days: it is open, and waited for, until then.
const DAYS: i64 = 30;

/// Longest text that is kept of a broadcast, in characters.
const TEXT: usize = 160;

/// Who gets a broadcast, in order; a broadcast that nobody would get is refused.
pub fn audience(step: &Step<'_>, message: &Message) -> Result<Vec<AgentAddress>, Refusal> {
    require_near(step, message)?;
    let state = step.state();
    let live = || state.sessions.live().filter(|(_, agency)| agency.wanted != Wanted::Removing);
    let own = message.from.agency();
    let sender = resolved(state, &message.from);
    let mut to: Vec<AgentAddress> = match message.extra.get(AUDIENCE) {
        None => {
            let others = live().filter(|(name, _)| Some(*name) != own);
            others.map(|(_, agency)| agency.definition.coordinator_address()).collect()
        }
        Some(Value::String(word)) if word == EVERYONE => live()
            .flat_map(|(name, agency)| {
                let agents = agency.definition.agents.iter();
                agents.map(|agent| AgentAddress::new(name.clone(), agent.name.clone()))
            })
            .collect(),
        Some(named) => named_agencies(step, named)?,
    };
    to.retain(|agent| sender != Address::Agent(agent.clone()));
    if to.is_empty() {
        let message = "there is nobody to hear a broadcast";
        return Err(Refusal::new(RefusalKind::NotFound, "nobody", message)
            .with_hint("make an agency with `agency create CodeAgency`"));
    }
    Ok(to)
}

fn require_near(step: &Step<'_>, message: &Message) -> Result<(), Refusal> {
    let Some(Ok(Protocol::Alert(alert))) = Protocol::of(message) else { return Ok(()) };
    let last = step.now.at.saturating_add(SignedDuration::from_hours(24 * DAYS));
    let last = last.unwrap_or(Timestamp::MAX);
    match alert.deadline {
        Some(deadline) if deadline > last => {
            let text = format!("`deadline`: {deadline} is more than {DAYS} days away");
            Err(Refusal::new(RefusalKind::Usage, "bad_deadline", text)
                .with_hint("tell them again later, or name an earlier time"))
        }
        _ => Ok(()),
    }
}

fn named_agencies(step: &Step<'_>, named: &Value) -> Result<Vec<AgentAddress>, Refusal> {
    let bad = || {
        let message = format!("`{AUDIENCE}` is `{EVERYONE}` or a list of agencies, not {named}");
        Refusal::new(RefusalKind::Usage, "bad_audience", message)
    };
    let names = named.as_array().ok_or_else(bad)?;
    let mut to: Vec<AgentAddress> = Vec::new();
    for name in names {
        let name = name.as_str().and_then(|name| Name::parse(name).ok()).ok_or_else(bad)?;
        require_agency(step, &name)?;
        let agency = step.state().sessions.agency(&name);
        let coordinator = agency.map(|agency| agency.definition.coordinator_address());
        to.extend(coordinator.filter(|coordinator| !to.contains(coordinator)));
    }
    Ok(to)
}

/// Makes the copies of a broadcast: the first carries the message's own id, all of them name it.
pub fn copies(
    step: &mut Step<'_>,
    message: &Message,
    to: Vec<AgentAddress>,
) -> Vec<(Message, AgentAddress)> {
    let mut copies = Vec::new();
    for agent in to {
        let id = if copies.is_empty() { message.id } else { step.mint() };
        let mut copy = Message { id, ..message.clone() };
        if id != message.id {
            copy.trace = tracing::of_copy(message, id);
        }
        copy.extra.insert(BROADCAST.to_owned(), json!(message.id));
        copies.push((copy, agent));
    }
    copies
}

/// The copies are on their way. Where everyone has to do something, everyone has to acknowledge it.
pub fn sent(step: &mut Step<'_>, message: &Message, copies: Vec<Copied>) {
    // What nobody vouches for obliges nobody.
    let alert = match Protocol::of(message) {
        Some(Ok(Protocol::Alert(alert))) if message.verified => Some(alert),
        _ => None,
    };
    let action_required = alert.as_ref().and_then(|alert| alert.action_required.clone());
    let text = match &alert {
        Some(alert) => to_line(&alert.message, TEXT),
        None => to_line(&wording::body_line(&message.body), TEXT),
    };
    let by = alert.as_ref().and_then(|alert| alert.deadline);
    let by = action_required.as_ref().map(|_| by.unwrap_or_else(|| usual_time(step)));
    let (id, from) = (message.id, message.from.clone());
    step.record(Event::BroadcastSent {
        id,
        from: from.clone(),
        text: text.clone(),
        action_required: action_required.clone(),
        by,
        copies: copies.clone(),
    });
    let Some(action) = action_required else { return };
    for copy in copies {
        open(
            step,
            Opening {
                message: copy.message,
                kind: RequestKind::Acknowledgement,
                asker: from.clone(),
                asked: Address::Agent(copy.agent),
                task: None,
                priority: message.priority,
                due: by,
                text: format!("{text} ({action})"),
            },
        );
    }
}

fn usual_time(step: &Step<'_>) -> Timestamp {
    let seconds = step.state().config.escalation.acknowledge_s;
    let after = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    step.now.at.saturating_add(after).unwrap_or(Timestamp::MAX)
}

/// Reports on the broadcasts of which this decision has ended the last open copy.
pub fn report_ended(step: &mut Step<'_>) {
    let broadcasts = &step.state().requests.broadcasts;
    let ended = step.events.iter().filter_map(|(_, event)| match event {
        Event::RequestAnswered { id, .. } | Event::RequestClosed { id, .. } => {
            broadcasts.copies.get(id).copied()
        }
        _ => None,
    });
    let touched: BTreeSet<MessageId> = ended.collect();
    for id in touched {
        if is_over(step.state(), id) {
            report(step, id);
        }
    }
}

/// Whether nothing of a broadcast is open any more, and nobody has been told so.
fn is_over(state: &State, id: MessageId) -> bool {
    let broadcast = state.requests.broadcasts.all.get(&id);
    broadcast.filter(|broadcast| broadcast.ended_at.is_none()).is_some_and(|broadcast| {
        let is_open = |copy: &MessageId| state.requests.open.contains_key(copy);
        !broadcast.recipients.iter().any(|one| is_open(&one.message))
    })
}

fn report(step: &mut Step<'_>, id: MessageId) {
    let Some(broadcast) = step.state().requests.broadcasts.all.get(&id) else { return };
    let names = |side: Vec<&super::broadcasts::Recipient>| -> Vec<AgentAddress> {
        side.into_iter().map(|recipient| recipient.agent.clone()).collect()
    };
    let (acknowledged, missing) = broadcast.sides();
    let (acknowledged, missing) = (names(acknowledged), names(missing));
    let text = words::report(broadcast, step.now.at);
    let kind = MessageType::own(OwnType::Report);
    let mut draft = Draft::new(kind, broadcast.from.clone(), Value::String(text));
    draft.in_reply_to = Some(id);
    let report = tending::send(step, draft);
    step.record(Event::BroadcastEnded { id, acknowledged, missing, report });
}
