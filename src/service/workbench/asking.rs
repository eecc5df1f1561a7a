//! Asking: a question goes out as a message, and whoever asked waits for the message that answers it.
//!
//! The wait looks when something has changed, never in a busy loop. It ends with the answer, with the question's
//! death, with its time, or when nobody wants it any more; the question itself stays, so that an answer that
//! comes later is not lost. While an agent waits the engine knows it, so that no two wait for each other.

use std::time::Duration;

use crate::domain::command::Command;
use crate::domain::id::MessageId;
use crate::domain::message::{Draft, MessageState, MessageType, OwnType};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::query::Query;
use crate::service::views::{MessageView, RepliesView};
use crate::service::waiting::{Waited, wait_until};
use crate::service::workbench::{Identity, Workbench};

impl Workbench {
    /// Sends a question; `wait` says how long its asker does nothing else, zero that it goes on at once. Without a
    /// supervisor it waits at the door.
    ///
    /// # Errors
    /// `waiting_cycle` where whoever is asked already waits for whoever asks.
    pub fn ask_question(&self, mut draft: Draft, wait: Duration) -> Result<MessageId, Refusal> {
        draft.kind = MessageType::own(OwnType::Question);
        // With an id of its own it can be asked again when nobody heard the answer.
        draft.id = draft.id.or_else(|| Some(self.outside.clock.new_id()));
        let command = Command::AskQuestion { draft: draft.clone(), wait_s: seconds(wait) };
        self.hand_in(draft, command)
    }

    /// Sends a question and waits for its answer; none when the time is over or nobody wants it any more.
    pub fn ask_and_wait(
        &self,
        draft: Draft,
        limit: Duration,
        is_wanted: impl Fn() -> bool,
    ) -> Result<(MessageId, Option<MessageView>), Refusal> {
        let id = self.ask_question(draft, limit)?;
        Ok((id, self.look_for_answer(id, limit, is_wanted)?))
    }

    /// Goes on waiting for the answer to a question that was asked before.
    ///
    /// # Errors
    /// `not_your_question` where an agent names a question of somebody else's.
    pub fn await_answer(
        &self,
        id: MessageId,
        limit: Duration,
        is_wanted: impl Fn() -> bool,
    ) -> Result<Option<MessageView>, Refusal> {
        let question: MessageView = self.fetch(&Query::Message { id })?;
        if let Identity::Agent { address, .. } = self.identity() {
            if question.from != address.to_string() {
                let message = format!("message `{id}` is from `{}`, not from you", question.from);
                return Err(Refusal::new(RefusalKind::Usage, "not_your_question", message)
                    .with_hint("use the id that `ask` gave you"));
            }
            if !limit.is_zero() && self.supervisor_pid().is_some() {
                self.ask(Command::AwaitAnswer { question: id, wait_s: seconds(limit) })?;
            }
        }
        self.look_for_answer(id, limit, is_wanted)
    }

    fn look_for_answer(
        &self,
        id: MessageId,
        limit: Duration,
        is_wanted: impl Fn() -> bool,
    ) -> Result<Option<MessageView>, Refusal> {
        let found = wait_until(self, Some(limit), || {
            if !is_wanted() {
                return Ok(Some(None));
            }
            match self.answer_now(id) {
                Ok(answer) => Ok(answer.map(Some)),
                Err(refusal) if has_gone_away(&refusal) => Ok(None),
                Err(refusal) => Err(refusal),
            }
        });
        let found = match found {
            Ok(Waited::Seen(Some(answer))) => return self.take(&answer).map(Some),
            Ok(Waited::Seen(None) | Waited::TimedOut) => Ok(None),
            Err(refusal) => Err(refusal),
        };
        self.stop_waiting(id, limit);
        found
    }

    fn answer_now(&self, id: MessageId) -> Result<Option<MessageView>, Refusal> {
        let seen: RepliesView = self.fetch(&Query::Replies { question: id })?;
        match seen.answers.into_iter().next() {
            Some(answer) => Ok(Some(answer)),
            None => fate(seen.question.as_ref()).map(|()| None),
        }
    }

    /// Tells that nobody waits any more, if anybody was told of it. It ends by itself with its time.
    fn stop_waiting(&self, id: MessageId, limit: Duration) {
        let is_agent = matches!(self.identity(), Identity::Agent { .. });
        if is_agent && !limit.is_zero() && self.supervisor_pid().is_some() {
            let _ = self.ask(Command::EndWait { question: id });
        }
    }

    /// The answer is delivered by being given, and acknowledged by nobody but whoever reads it.
    fn take(&self, answer: &MessageView) -> Result<MessageView, Refusal> {
        if matches!(answer.state, MessageState::Accepted | MessageState::Routed) {
            self.ask(Command::FetchMessages { ids: vec![answer.id] })?;
        }
        self.fetch(&Query::Message { id: answer.id })
    }
}

fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

/// A supervisor that ends while it is asked is no answer: the next look finds the next one, or the ledger.
fn has_gone_away(refusal: &Refusal) -> bool {
    matches!(refusal.code.as_str(), "supervisor_ended" | "unheard" | "link")
}

/// Refuses to wait for what nobody will ever read. None: it waits at the door until a supervisor takes it.
fn fate(question: Option<&MessageView>) -> Result<(), Refusal> {
    let Some(view) = question else { return Ok(()) };
    if !matches!(view.state, MessageState::Dead | MessageState::Expired) {
        return Ok(());
    }
    let reason = view.reason.as_deref().unwrap_or("no reason is known");
    let message = format!("question `{}` is {}: {reason}", view.id, view.state.as_str());
    Err(Refusal::new(RefusalKind::Failed, view.state.as_str(), message)
        .with_hint("see who is there (`agency list`, the tool `who`) and ask somebody else"))
}
