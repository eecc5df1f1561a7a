//! What is decided about requests: what opens one, what answers it, what closes it.
//!
//! Everything here is idempotent: what is open or was closed is not opened a second time. When it is time for
//! the next step is looked at at the end of every decision, in [`crate::engine::requests::looking`].

use jiff::{SignedDuration, Timestamp};

use crate::domain::command::{Actor, Answer, Command};
use crate::domain::id::{MessageId, TaskId};
use crate::domain::message::{Draft, Message, MessageState, Priority};
use crate::domain::name::{Address, AgentAddress};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::text::to_line;
use crate::engine::event::Event;
use crate::engine::mail;
use crate::engine::requests::ladder::{level_of, resolved};
use crate::engine::requests::{Request, RequestKind, tending, waits};
use crate::engine::state::State;
use crate::engine::step::Step;
use crate::engine::wording;

/// Longest text that is kept of a request, in characters: enough to know it again.
const TEXT: usize = 160;

/// What somebody must answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The message.
    pub message: MessageId,
    /// What kind of answer is owed.
    pub kind: RequestKind,
    /// To whom.
    pub asker: Address,
    /// By whom.
    pub asked: Address,
    /// The task it is about.
    pub task: Option<TaskId>,
    /// How urgent.
    pub priority: Priority,
    /// By when; none: as configured for its priority.
    pub due: Option<Timestamp>,
    /// What is asked.
    pub text: String,
}

/// Carries out a command about requests.
pub fn asked(step: &mut Step<'_>, command: Command) -> Result<Answer, Refusal> {
    match command {
        Command::AskQuestion { draft, wait_s } => ask(step, draft, wait_s),
        Command::AwaitAnswer { question, wait_s } => {
            begin_wait(step, question, wait_s)?;
            Ok(Answer::Done)
        }
        Command::EndWait { question } => {
            end_wait(step, question);
            Ok(Answer::Done)
        }
        Command::CloseRequest { id, reason } => close(step, id, reason),
        _ => Ok(Answer::Done),
    }
}

/// Somebody must answer from now on. What is open or was closed is left as it is, and nobody asks themselves.
pub fn open(step: &mut Step<'_>, opening: Opening) {
    let Opening { message: id, kind, asker, asked, task, priority, due, text } = opening;
    let asked = resolved(step.state(), &asked);
    let is_for_somebody = matches!(asked, Address::Agent(_) | Address::Operator);
    let is_for_asker = resolved(step.state(), &asker) == asked;
    if !is_for_somebody || is_for_asker || step.state().requests.find(id).is_some() {
        return;
    }
    let level = level_of(step.state(), &asked);
    let text = to_line(&text, TEXT);
    step.record(Event::RequestOpened { id, kind, asker, asked, task, priority, due, text, level });
}

/// The same is asked again: what is new counts, but it is no more patient than before, and waits no longer.
pub fn renewed(step: &mut Step<'_>, id: MessageId, again: Opening) {
    let Some(open) = step.state().requests.open.get(&id) else { return };
    let Opening { message, priority, due, text, .. } = again;
    let priority = priority.max(open.priority);
    let due = [open.due, due].into_iter().flatten().min();
    let text = to_line(&text, TEXT);
    step.record(Event::RequestRenewed { id, message, priority, due, text });
}

/// A request is answered; `message` is the request or one of our own messages about it.
pub fn answered(step: &mut Step<'_>, message: MessageId, by: &Address, with: Option<MessageId>) {
    let Some(id) = request_of(step.state(), message) else { return };
    tending::take_back(step, id);
    step.record(Event::RequestAnswered { id, by: by.clone(), with });
    read_by_answering(step, id, by);
}

/// Nobody has to answer any more, for this reason.
pub fn withdrawn(step: &mut Step<'_>, message: MessageId, reason: &str) {
    let Some(id) = request_of(step.state(), message) else { return };
    tending::take_back(step, id);
    step.record(Event::RequestClosed { id, reason: reason.to_owned() });
}

/// The open request that a message is, or that a message of our own is about; none where that is about several.
pub fn request_of(state: &State, message: MessageId) -> Option<MessageId> {
    if state.requests.open.contains_key(&message) {
        return Some(message);
    }
    let about = state.requests.told.get(&message)?;
    about.first().copied().filter(|_| about.len() == 1)
}

/// Whom a reply to the workbench is meant for: what it said about a request is answered to whoever asks.
pub fn redirect(state: &State, message: &Message) -> Option<Address> {
    if message.to != Address::Workbench {
        return None;
    }
    let request = request_of(state, message.in_reply_to?)?;
    let asker = &state.requests.open.get(&request)?.asker;
    (*asker != Address::Workbench).then(|| asker.clone())
}

/// A message was accepted: it may answer a request, and a question opens one.
pub fn follow(step: &mut Step<'_>, message: &Message) {
    if !message.verified || message.from == Address::Workbench {
        return;
    }
    if let Some(id) = message.in_reply_to.and_then(|reply| answers(step.state(), message, reply)) {
        answered(step, id, &message.from, Some(message.id));
    }
    if message.kind.as_str() == "question" && message.to != Address::Everyone {
        open(
            step,
            Opening {
                message: message.id,
                kind: RequestKind::Question,
                asker: message.from.clone(),
                asked: message.to.clone(),
                task: message.task.as_deref().and_then(|task| task.parse().ok()),
                priority: message.priority,
                due: None,
                text: wording::body_line(&message.body),
            },
        );
    }
}

/// The request that a message answers.
fn answers(state: &State, message: &Message, reply: MessageId) -> Option<MessageId> {
    if let Some(copy) = own_copy(state, &message.from, reply) {
        return Some(copy);
    }
    let about = state.requests.told.get(&reply).into_iter().flatten();
    let mut open = std::iter::once(&reply)
        .chain(about)
        .filter_map(|id| state.requests.open.get(id))
        .filter(|request| is_answer(state, request, message));
    let found = open.next()?;
    // Of several nobody knows which one is meant.
    open.next().is_none().then_some(found.id)
}

/// The open copy of a broadcast that its own recipient replies to.
fn own_copy(state: &State, from: &Address, reply: MessageId) -> Option<MessageId> {
    let Address::Agent(agent) = from else { return None };
    let broadcast = state.requests.broadcasts.of_copy(reply)?;
    let own = broadcast.recipients.iter().find(|recipient| recipient.agent == *agent)?;
    state.requests.open.contains_key(&own.message).then_some(own.message)
}

/// Whether it comes from somebody who was asked, or from the operator, and goes to whoever asks.
fn is_answer(state: &State, request: &Request, message: &Message) -> bool {
    let from = resolved(state, &message.from);
    match request.kind {
        // It is taken or declined in so many words.
        RequestKind::Handoff => false,
        RequestKind::Acknowledgement => from == request.holder,
        RequestKind::Question | RequestKind::Coordination | RequestKind::Blocker => {
            (request.was_put_to(&from) || from == Address::Operator)
                && resolved(state, &message.to) == resolved(state, &request.asker)
        }
    }
}

/// Whoever answers has read what is answered: so the operator's list gets shorter, and a broadcast is acknowledged.
fn read_by_answering(step: &mut Step<'_>, id: MessageId, by: &Address) {
    let Some(record) = step.state().mail.messages.get(&id) else { return };
    let is_copy = step.state().requests.broadcasts.copies.contains_key(&id);
    let is_open = matches!(record.state, MessageState::Routed | MessageState::Delivered);
    let is_own = match &record.to {
        Some(agent) => is_copy && *by == Address::Agent(agent.clone()),
        None => *by == Address::Operator,
    };
    if is_open && is_own {
        mail::accepting::read(step, id);
    }
}

fn ask(step: &mut Step<'_>, draft: Draft, wait_s: u32) -> Result<Answer, Refusal> {
    require_one_other(step, &draft.to)?;
    if let Some((agent, on)) = would_wait(step, &draft.to, wait_s) {
        waits::require_no_cycle(step.state(), &agent, &on, step.now.at)?;
    }
    let id = mail::send(step, draft)?;
    begin_wait(step, id, wait_s)?;
    Ok(Answer::Id(id.to_string()))
}

/// A question that nobody owes an answer to would be waited for in vain.
fn require_one_other(step: &Step<'_>, to: &Address) -> Result<(), Refusal> {
    if *to == Address::Everyone {
        return Err(Refusal::new(RefusalKind::Usage, "asks_everyone", "one at a time is asked")
            .with_hint("tell everyone: agency broadcast \"…\" --action-required \"…\""));
    }
    let asker = match &step.actor {
        Actor::Operator => Address::Operator,
        Actor::Agent(agent) => Address::Agent(agent.clone()),
        Actor::Supervisor | Actor::Outside(_) => return Ok(()),
    };
    if resolved(step.state(), to) == asker {
        let text = format!("`{asker}` would ask itself");
        return Err(Refusal::new(RefusalKind::Usage, "asks_itself", text)
            .with_hint("ask somebody else: agency ask AGENCY \"…\""));
    }
    Ok(())
}

/// Which agent would wait for which, if any would.
fn would_wait(step: &Step<'_>, to: &Address, wait_s: u32) -> Option<(AgentAddress, AgentAddress)> {
    let Actor::Agent(agent) = &step.actor else { return None };
    match to {
        _ if wait_s == 0 => None,
        Address::Agent(on) => Some((agent.clone(), mail::accepting::resolve_agent(step, on).ok()?)),
        other => match resolved(step.state(), other) {
            Address::Agent(on) => Some((agent.clone(), on)),
            _ => None,
        },
    }
}

/// An agent waits for the answer to its question. What is not open any more is not waited for.
fn begin_wait(step: &mut Step<'_>, question: MessageId, wait_s: u32) -> Result<(), Refusal> {
    let Some(request) = step.state().requests.open.get(&question) else { return Ok(()) };
    let is_own = matches!(&step.actor, Actor::Agent(agent) if request.asker == Address::Agent(agent.clone()));
    let asked = request.asked.clone();
    let Some((agent, on)) = would_wait(step, &asked, wait_s).filter(|_| is_own) else {
        return Ok(());
    };
    waits::require_no_cycle(step.state(), &agent, &on, step.now.at)?;
    let spawn = step.state().sessions.agent(&agent).and_then(|record| record.spawn);
    let until = step.now.at.saturating_add(SignedDuration::from_secs(i64::from(wait_s)));
    let until = until.unwrap_or(step.now.at);
    step.record(Event::WaitBegun { question, agent, on, spawn, until });
    Ok(())
}

fn end_wait(step: &mut Step<'_>, question: MessageId) {
    let wait = step.state().requests.waits.open.get(&question);
    let is_own = wait.is_some_and(|wait| match &step.actor {
        Actor::Agent(agent) => wait.agent == *agent,
        Actor::Operator | Actor::Supervisor => true,
        Actor::Outside(_) => false,
    });
    if is_own {
        step.record(Event::WaitEnded { question });
    }
}

fn close(step: &mut Step<'_>, id: MessageId, reason: Option<String>) -> Result<Answer, Refusal> {
    let Some(found) = request_of(step.state(), id) else {
        return Err(not_open(step.state(), id));
    };
    require_asker(step, found)?;
    let by = step.actor.to_string();
    let reason = match reason {
        Some(reason) => format!("closed by `{by}`: {}", to_line(&reason, TEXT)),
        None => format!("closed by `{by}`"),
    };
    withdrawn(step, found, &reason);
    Ok(Answer::Done)
}

fn not_open(state: &State, id: MessageId) -> Refusal {
    let list = "list them with `agency requests list`";
    match state.requests.find(id) {
        Some(_) => {
            let message = format!("request `{id}` is closed already");
            Refusal::new(RefusalKind::Conflict, "not_open", message)
                .with_hint(format!("see how it ended with `agency requests show {id}`"))
        }
        None => {
            let message = format!("there is no request `{id}`");
            Refusal::new(RefusalKind::NotFound, "request_not_found", message).with_hint(list)
        }
    }
}

/// Whoever asks may let it be, and so may that agent's coordinator and the operator.
fn require_asker(step: &Step<'_>, id: MessageId) -> Result<(), Refusal> {
    let asker = step.state().requests.open.get(&id).map(|request| request.asker.clone());
    let is_allowed = match (&step.actor, asker) {
        (Actor::Operator | Actor::Supervisor, _) => true,
        (Actor::Agent(agent), Some(asker)) => {
            let is_own = resolved(step.state(), &asker) == Address::Agent(agent.clone());
            let is_leader = step.state().sessions.is_coordinator(agent);
            is_own || (is_leader && asker.agency() == Some(&agent.agency))
        }
        _ => false,
    };
    if is_allowed {
        return Ok(());
    }
    let message = format!("`{}` did not ask `{id}`", step.actor);
    Err(Refusal::new(RefusalKind::NotAllowed, "not_yours", message)
        .with_hint("answer it, or let whoever asked close it"))
}
