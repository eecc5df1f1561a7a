//! One decision in the making: the state it starts from, and what has been decided so far.
//!
//! [`Step::record`] applies an event at once, so that no concern reasons about stale state; nothing
//! else changes the state. A command is refused before it records anything.

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::command::{Actor, Answer};
use crate::domain::id::derived_id;
use crate::domain::refusal::Refusal;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::Ticket;
use crate::engine::state::State;
use crate::engine::undoing;

/// The moment of a decision, given from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The time.
    pub at: Timestamp,
    /// Drawn anew for each input; ids made in this decision follow from it.
    pub seed: Uuid,
}

/// A decision.
pub struct Step<'a> {
    state: &'a mut State,
    /// When.
    pub now: Now,
    /// Who caused it.
    pub actor: Actor,
    /// What happened, with who caused it.
    pub events: Vec<(Actor, Event)>,
    /// What is to be done.
    pub effects: Vec<Effect>,
    /// Answers to callers that wait.
    pub replies: Vec<(Ticket, Result<Answer, Refusal>)>,
    minted: u32,
}

impl<'a> Step<'a> {
    /// An empty decision.
    pub fn new(state: &'a mut State, now: Now) -> Self {
        Self {
            state,
            now,
            actor: Actor::Supervisor,
            events: Vec::new(),
            effects: Vec::new(),
            replies: Vec::new(),
            minted: 0,
        }
    }

    /// Decides that something happened.
    pub fn record(&mut self, event: Event) {
        let event = undoing::numbered(self.state, event);
        self.state.apply(&event, self.now.at);
        self.events.push((self.actor.clone(), event));
    }

    /// Decides that something is to be done.
    pub fn perform(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Answers a caller.
    pub fn reply(&mut self, ticket: Ticket, answer: Result<Answer, Refusal>) {
        self.replies.push((ticket, answer));
    }

    /// The state, with everything recorded so far applied.
    pub fn state(&self) -> &State {
        self.state
    }

    /// A new id that follows from this decision's seed.
    pub fn mint(&mut self) -> Uuid {
        self.minted += 1;
        let at_ms = u64::try_from(self.now.at.as_millisecond()).unwrap_or(0);
        derived_id(at_ms, self.now.seed, self.minted)
    }
}
