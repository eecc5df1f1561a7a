//! A group of inputs on its way through the loop: what was decided for all of them, recorded as one.
//!
//! It neither records nor performs anything itself: until the loop has committed it, nobody may believe in it.

use std::collections::HashMap;

use uuid::Uuid;

use crate::domain::command::{Actor, Answer};
use crate::domain::refusal::Refusal;
use crate::engine::decide;
use crate::engine::effect::Effect;
use crate::engine::event::Event;
use crate::engine::input::{Input, Ticket};
use crate::engine::state::State;
use crate::engine::step::{Now, Step};
use crate::ports::ledger::Entry;
use crate::service::record;

/// One group of inputs on its way through the loop.
#[derive(Default)]
pub(super) struct Group {
    pub(super) entries: Vec<Entry>,
    pub(super) events: Vec<Event>,
    pub(super) effects: Vec<Effect>,
    pub(super) replies: Vec<(Ticket, Result<Answer, Refusal>)>,
}

impl Group {
    /// Decides what follows from an input; the answer to a numbered command is recorded with what it did.
    pub(super) fn take(
        &mut self,
        state: &mut State,
        input: Input,
        now: Now,
        requests: &HashMap<Ticket, Uuid>,
        mut new_id: impl FnMut() -> Uuid,
    ) {
        let Step { mut events, effects, replies, .. } = decide(state, input, now);
        let has_effect = !events.is_empty();
        self.effects.extend(effects);
        let answered = replies.iter().filter_map(|(ticket, answer)| {
            let (request, answer) = (requests.get(ticket)?, answer.as_ref().ok()?);
            Some(Event::CommandAnswered { request: *request, answer: answer.clone() })
        });
        for event in answered.filter(|_| has_effect) {
            state.apply(&event, now.at);
            events.push((Actor::Supervisor, event));
        }
        self.replies.extend(replies);
        for (actor, event) in events {
            self.entries.push(record::entry_of(&event, &actor, now.at, new_id()));
            self.events.push(event);
        }
    }

    /// The supervisor ends in order.
    pub(super) fn end(&mut self, state: &mut State, now: Now) {
        let event = Event::SupervisorStopped;
        state.apply(&event, now.at);
        self.entries.push(record::entry_of(&event, &Actor::Supervisor, now.at, now.seed));
        self.events.push(event);
    }
}
