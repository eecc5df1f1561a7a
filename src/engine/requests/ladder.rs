//! The ladder: what is done next about a request, and when. Pure rules, with nothing to decide.
//!
//! At each level whoever holds a request is reminded once, then it goes up; the operator is the end. Each
//! step counts from the one before, so that a machine that slept takes one step and not all of them at
//! once. Who cannot answer is left out at once, and so is whoever asks. Quiet hours hold back what is not critical.

use jiff::{SignedDuration, Timestamp};

use crate::domain::agency::AgentState;
use crate::domain::message::{MessageState, Priority};
use crate::domain::name::{Address, AgentAddress, Name};
use crate::engine::pacing::is_quiet;
use crate::engine::requests::{Level, Request, RequestKind};
use crate::engine::sessions::Wanted;
use crate::engine::state::State;

/// The agency of the agent that steers the coordinators.
pub const LEAD: &str = "MetaOrchestrator";

/// An agent is reminded at most once in this time, of everything at once, unless its requests are in more
/// of a hurry: then in half the time after which they are chased.
const QUIET: SignedDuration = SignedDuration::from_secs(60);

/// The part of the time of a broadcast after which those who have not acknowledged it are reminded.
const ACKNOWLEDGE_AFTER: (i32, i32) = (3, 4);

/// What is done about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// Whoever holds it is reminded.
    Chase,
    /// It goes up.
    Climb {
        /// Why.
        reason: String,
    },
    /// Its time is over: whoever holds it is told so, and nobody waits any more.
    Lapse,
    /// Nobody has to answer it any more.
    Close {
        /// Why.
        reason: String,
    },
}

/// The next move and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// When; in the past: now.
    pub at: Timestamp,
    /// What.
    pub what: Move,
}

/// A place on the ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// Which level.
    pub level: Level,
    /// Who holds it there.
    pub holder: Address,
    /// Levels that were left out below it, and why.
    pub skipped: Vec<String>,
}

/// The level at which somebody is asked.
pub fn level_of(state: &State, asked: &Address) -> Level {
    match asked {
        Address::Agent(agent) if !state.sessions.is_coordinator(agent) => Level::Agent,
        Address::Agent(agent) if agent.agency.as_str() == LEAD => Level::Lead,
        Address::Agent(_) | Address::Agency(_) => Level::Coordinator,
        Address::Operator | Address::Workbench | Address::Everyone => Level::Operator,
    }
}

/// The next move; none: it is with the operator, where it stays until it is answered. In quiet hours nobody is
/// reminded and nothing goes up but what is critical: it comes when they end.
pub fn next(state: &State, request: &Request, now: Timestamp) -> Option<Next> {
    let next = wanted(state, request, now)?;
    let is_held = match next.what {
        Move::Chase | Move::Climb { .. } => request.priority != Priority::Critical,
        Move::Lapse | Move::Close { .. } => false,
    };
    let until = is_quiet(&state.config, next.at.max(now)).filter(|_| is_held);
    Some(Next { at: until.unwrap_or(next.at), ..next })
}

/// The next move, whatever hour it is.
fn wanted(state: &State, request: &Request, now: Timestamp) -> Option<Next> {
    if is_gone(state, &request.asker) {
        let reason = format!("`{}`, who asked, is not there any more", request.asker);
        return Some(Next { at: now, what: Move::Close { reason } });
    }
    let Address::Agent(holder) = &request.holder else { return None };
    if request.kind == RequestKind::Acknowledgement {
        return Some(acknowledgement(state, request, holder, now));
    }
    if let Some(reason) = obstacle(state, holder, now).or_else(|| loss(state, request)) {
        return Some(Next { at: now, what: Move::Climb { reason } });
    }
    let (chase, climb) = times(state, request);
    if chase >= climb {
        return Some(climbing(request, climb));
    }
    Some(match request.chased_at() {
        None => Next { at: after_quiet(state, request, holder, chase), what: Move::Chase },
        // Whoever was reminded late still has the time that comes after a reminder.
        Some(chased) => climbing(request, climb.max(later(chased, climb.duration_since(chase)))),
    })
}

/// When whoever holds a request is reminded, and when it goes up, if nothing is late.
fn times(state: &State, request: &Request) -> (Timestamp, Timestamp) {
    let escalation = &state.config.escalation;
    let after = |seconds: u64| later(request.since, seconds_of(seconds));
    let chase = after(escalation.chase_s.of(request.priority));
    let climb = after(escalation.next_s.of(request.priority));
    match request.due.filter(|due| *due > request.since && *due < climb) {
        Some(due) => (chase.min(later(request.since, due.duration_since(request.since) / 2)), due),
        None => (chase, climb),
    }
}

fn climbing(request: &Request, at: Timestamp) -> Next {
    let holder = &request.holder;
    let reason = match request.due.filter(|due| *due <= at && *due > request.since) {
        Some(due) => format!("`{holder}` has not answered by {due:.0}"),
        None => format!("`{holder}` has not answered"),
    };
    Next { at, what: Move::Climb { reason } }
}

/// A broadcast is not passed on to anybody: who has it is reminded before its time is over, and then it is.
fn acknowledgement(
    state: &State,
    request: &Request,
    holder: &AgentAddress,
    now: Timestamp,
) -> Next {
    let gone = is_gone(state, &request.holder).then(|| format!("`{holder}` is not there any more"));
    if let Some(reason) = gone.or_else(|| loss(state, request)) {
        return Next { at: now, what: Move::Close { reason } };
    }
    let due = request
        .due
        .unwrap_or_else(|| later(request.since, seconds_of(state.config.escalation.acknowledge_s)));
    let (part, of) = ACKNOWLEDGE_AFTER;
    let chase = later(request.since, due.duration_since(request.since) / of * part);
    let chase = after_quiet(state, request, holder, chase);
    if request.chased_at().is_none() && chase < due && now < due {
        return Next { at: chase, what: Move::Chase };
    }
    Next { at: due, what: Move::Lapse }
}

/// The pause between two messages that remind the same agent.
pub fn quiet(state: &State, request: &Request) -> SignedDuration {
    let chase = state.config.escalation.chase_s.of(request.priority);
    QUIET.min(seconds_of(chase) / 2)
}

fn after_quiet(
    state: &State,
    request: &Request,
    holder: &AgentAddress,
    at: Timestamp,
) -> Timestamp {
    let reminded = state.requests.reminded.get(holder);
    reminded.map_or(at, |reminded| at.max(later(*reminded, quiet(state, request))))
}

/// The next rung that can take a request; the operator always can.
pub fn above(state: &State, request: &Request, now: Timestamp) -> Rung {
    let mut skipped = Vec::new();
    let mut level = request.level;
    while let Some(above) = level.above() {
        level = above;
        match take_at(state, request, level, now) {
            Ok(holder) => return Rung { level, holder, skipped },
            Err(Some(reason)) => skipped.push(reason),
            Err(None) => {}
        }
    }
    Rung { level: Level::Operator, holder: Address::Operator, skipped }
}

/// Who takes a request at a level, or why nobody does; without a word where it has just come from there.
fn take_at(
    state: &State,
    request: &Request,
    level: Level,
    now: Timestamp,
) -> Result<Address, Option<String>> {
    let holder = match level {
        Level::Operator => return Ok(Address::Operator),
        Level::Lead => {
            let lead = lead(state);
            lead.ok_or_else(|| Some(format!("there is no `{LEAD}`")))?
        }
        Level::Agent | Level::Coordinator => {
            let agency = request.asked.agency().ok_or(None)?;
            let record = state.sessions.agency(agency);
            let gone = || Some(format!("`{agency}` is not there any more"));
            record.ok_or_else(gone)?.definition.coordinator_address()
        }
    };
    let address = Address::Agent(holder.clone());
    if resolved(state, &request.asker) == address {
        return Err(Some(format!("`{holder}` is the one who asks")));
    }
    if request.was_put_to(&address) {
        return Err(None);
    }
    match obstacle(state, &holder, now) {
        Some(reason) => Err(Some(reason)),
        None => Ok(address),
    }
}

fn lead(state: &State) -> Option<AgentAddress> {
    let name = Name::parse(LEAD).ok()?;
    state.sessions.agency(&name).map(|record| record.definition.coordinator_address())
}

/// The agent or person behind an address: an agency is its coordinator.
pub fn resolved(state: &State, address: &Address) -> Address {
    match address {
        Address::Agency(agency) => match state.sessions.agency(agency) {
            Some(record) => Address::Agent(record.definition.coordinator_address()),
            None => address.clone(),
        },
        Address::Agent(_) | Address::Operator | Address::Workbench | Address::Everyone => {
            address.clone()
        }
    }
}

/// Whether there is no such agent or agency any more. The lead's agency may speak before it is made.
fn is_gone(state: &State, address: &Address) -> bool {
    match address {
        Address::Agent(agent) => state.sessions.definition(agent).is_none(),
        Address::Agency(agency) => {
            agency.as_str() != LEAD && state.sessions.agency(agency).is_none()
        }
        Address::Operator | Address::Workbench | Address::Everyone => false,
    }
}

/// Why an agent cannot answer now, however long it is waited for.
pub fn obstacle(state: &State, agent: &AgentAddress, now: Timestamp) -> Option<String> {
    if is_gone(state, &Address::Agent(agent.clone())) {
        return Some(format!("`{agent}` is not there any more"));
    }
    let agency = state.sessions.agency(&agent.agency)?;
    if agency.wanted != Wanted::Running {
        return Some(format!("`{}` is stopped", agent.agency));
    }
    let record = state.sessions.agent(agent)?;
    match record.state {
        AgentState::Limited if !record.is_past_limit(now) => Some(match record.until {
            Some(until) => format!("`{agent}` is held back by its provider until {until:.0}"),
            None => format!("`{agent}` is held back by its provider"),
        }),
        AgentState::Exited => Some(format!("the program of `{agent}` has ended")),
        _ => None,
    }
}

/// Why whoever was asked has never got the request itself, if it is with that one still.
fn loss(state: &State, request: &Request) -> Option<String> {
    let record = state.mail.messages.get(&request.id)?;
    if record.state != MessageState::Dead || request.holder != request.asked {
        return None;
    }
    let reason = record.reason.as_deref().unwrap_or("no reason is known");
    Some(format!("its message is dead: {reason}"))
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

fn seconds_of(seconds: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
}
