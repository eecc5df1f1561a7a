//! Room: how much may wait for one recipient, and what its sender is told when that is full.
//!
//! Nothing is dropped silently: a command is refused, a file waits at the door, and a copy that nobody can be refused
//! for is a dead letter. What is critical has a reserve; the operator always hears of blockers.

use crate::domain::message::{Message, MessageState, Priority};
use crate::domain::name::{Address, AgentAddress};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::workbench::QueueConfig;
use crate::engine::keeping::reminding::age;
use crate::engine::state::State;
use crate::engine::step::Step;

/// The code of the refusal.
pub const MAILBOX_FULL: &str = "mailbox_full";

/// Types that always reach the operator: somebody cannot go on.
pub const ALWAYS: [&str; 2] = ["blocker", "blocked"];

/// Urgent messages of one agent that may wait for the operator: more than anybody reads, so the rest says nothing new.
const URGENT: usize = 200;

/// Which room a message takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Berth {
    /// A quarter of all: its sender did not prove who it is.
    Stranger,
    /// As all others.
    Usual,
    /// Also what is kept free for what cannot wait.
    Urgent,
}

/// The room that a message takes.
pub fn berth_of(message: &Message) -> Berth {
    if !message.verified {
        Berth::Stranger
    } else if message.priority == Priority::Critical || is_urgent_for_operator(message) {
        Berth::Urgent
    } else {
        Berth::Usual
    }
}

/// Whether a message is for the operator, and critical or says that somebody cannot go on.
pub fn is_urgent_for_operator(message: &Message) -> bool {
    let is_urgent =
        message.priority == Priority::Critical || ALWAYS.contains(&message.kind.as_str());
    message.to == Address::Operator && message.verified && is_urgent
}

/// Whether one more message may wait for an agent. The workbench's own always may: there are as many as things happen.
///
/// # Errors
/// `mailbox_full`, with how many wait and since when.
pub fn require_room(step: &Step<'_>, to: &AgentAddress, message: &Message) -> Result<(), Refusal> {
    let state = step.state();
    let left = match berth_of(message) {
        Berth::Stranger => left_for_strangers(state, Some(to)),
        Berth::Usual | Berth::Urgent => left_for(state, to, message.priority),
    };
    if message.from == Address::Workbench || left > 0 {
        return Ok(());
    }
    let oldest = oldest_for(state, to).map(|at| age(at, step.now.at)).unwrap_or_default();
    let text = format!(
        "the mailbox of `{to}` is full: {} messages wait, the oldest for {oldest}",
        state.mail.depth(to)
    );
    let hint = match (berth_of(message), message.priority) {
        (Berth::Stranger, _) => "whoever does not prove who it is has a quarter of it; see `agency queue`".to_owned(),
        (_, Priority::Critical) => format!("see what keeps it from reading: agency explain {to}"),
        _ => "wait until it has read some, or send what cannot wait with priority critical; see `agency queue`".to_owned(),
    };
    Err(Refusal::new(RefusalKind::Conflict, MAILBOX_FULL, text).with_hint(hint))
}

/// Whether one more message may wait for the operator.
///
/// # Errors
/// `mailbox_full`; for what is critical or says that somebody cannot go on only when very many of its sender's wait.
pub fn require_operator_room(step: &Step<'_>, message: &Message) -> Result<(), Refusal> {
    let state = step.state();
    let left = match (berth_of(message), &message.from) {
        (_, Address::Workbench) => return Ok(()),
        (Berth::Urgent, from) => left_for_urgent(state, from),
        (Berth::Stranger, _) => left_for_strangers(state, None),
        (Berth::Usual, _) => left_for_operator(state),
    };
    if left > 0 {
        return Ok(());
    }
    let text = format!(
        "the operator's list is full: {} messages wait that were not acknowledged",
        waiting_for_operator(state)
    );
    let hint = match berth_of(message) {
        Berth::Urgent => "the operator has enough urgent ones of yours: wait until some were read",
        Berth::Stranger | Berth::Usual => {
            "what is critical, and a blocker, is taken; leave the rest in your report"
        }
    };
    Err(Refusal::new(RefusalKind::Conflict, MAILBOX_FULL, text).with_hint(hint))
}

/// How many more of whoever did not prove who it is may wait for an agent; none: for the operator.
pub fn left_for_strangers(state: &State, to: Option<&AgentAddress>) -> u32 {
    let (left, waiting) = match to {
        Some(agent) => {
            (left_for(state, agent, Priority::Normal), state.mail.depth_of(agent, &None))
        }
        None => (left_for_operator(state), for_operator(state, |message| !message.verified)),
    };
    let share = (state.config.queue.mailbox_limit / 4).max(1);
    left.min(share.saturating_sub(u32::try_from(waiting).unwrap_or(u32::MAX)))
}

/// How many more urgent messages of this sender may wait for the operator.
pub fn left_for_urgent(state: &State, from: &Address) -> u32 {
    let is_its = |message: &Message| message.from == *from && is_urgent_for_operator(message);
    let waiting = for_operator(state, is_its);
    u32::try_from(URGENT.saturating_sub(waiting)).unwrap_or(u32::MAX)
}

fn for_operator(state: &State, is_so: impl Fn(&Message) -> bool) -> usize {
    let mail = &state.mail;
    let records = mail.for_operator.iter().chain(&mail.unrouted);
    let records = records.filter_map(|id| mail.messages.get(id));
    records.filter(|record| record.to.is_none() && is_so(&record.message)).count()
}

fn limit(config: &QueueConfig, priority: Priority) -> u32 {
    match priority {
        Priority::Critical => config.mailbox_limit.saturating_add(config.reserve()),
        _ => config.mailbox_limit,
    }
}

/// Whether the workbench may tell an agent, or the operator, what it may know but need not: a few such wait at most.
pub fn has_room_to_be_told(state: &State, to: &Address) -> bool {
    match to {
        Address::Agent(agent) => {
            state.mail.depth_of(agent, &Some(Address::Workbench))
                < usize::try_from(state.config.queue.reserve()).unwrap_or(usize::MAX)
        }
        _ => left_for_operator(state) > 0,
    }
}

/// How many more may wait for an agent. What the workbench said itself is in nobody's way.
pub fn left_for(state: &State, to: &AgentAddress, priority: Priority) -> u32 {
    let own = state.mail.depth_of(to, &Some(Address::Workbench));
    let waiting = u32::try_from(state.mail.depth(to).saturating_sub(own)).unwrap_or(u32::MAX);
    limit(&state.config.queue, priority).saturating_sub(waiting)
}

/// How many more may wait for the operator.
pub fn left_for_operator(state: &State) -> u32 {
    let waiting = u32::try_from(waiting_for_operator(state)).unwrap_or(u32::MAX);
    state.config.queue.mailbox_limit.saturating_sub(waiting)
}

/// How many the operator has not acknowledged.
pub fn waiting_for_operator(state: &State) -> usize {
    for_operator(state, |_| true)
}

/// Since when the oldest waits for an agent.
pub fn oldest_for(state: &State, to: &AgentAddress) -> Option<jiff::Timestamp> {
    let queue = state.mail.queues.get(to)?;
    let records = queue.ids().filter_map(|id| state.mail.messages.get(&id));
    records.filter_map(|record| record.accepted_at).min()
}

/// Since when the oldest waits for the operator.
pub fn oldest_for_operator(state: &State) -> Option<jiff::Timestamp> {
    let records = state.mail.for_operator.iter().filter_map(|id| state.mail.messages.get(id));
    let open = records.filter(|record| record.state != MessageState::Acknowledged);
    open.filter_map(|record| record.accepted_at).min()
}
