//! Talking to others, asking and waiting, and being a bad agent on purpose.
//!
//! What is sent carries an id that follows from message and step: sent twice, it arrives once.

use std::time::Duration;

use serde_json::Value;

use super::commands::{Outgoing, message_id};
use super::intake::is_from;
use super::progress::Current;
use super::runner::Runner;
use super::steps::fill_value;
use super::wire::{Kind, Mode, Order};
use super::worker::{Stop, Worker};
use crate::domain::message::MessageType;
use crate::domain::name::Address;
use crate::manifest::rehearsal::Misbehaviour;

impl<R: Runner> Worker<R> {
    pub(super) fn send(
        &mut self,
        to: &str,
        kind: &MessageType,
        body: &Value,
        current: &Current,
    ) -> Result<(), Stop> {
        let body = fill_value(body, current.task, &self.progress.names);
        self.dispatch(to, kind, &body, None, current)?;
        self.line(Kind::Doing, &format!("sent {kind} to {to}"));
        Ok(())
    }

    pub(super) fn reply(
        &mut self,
        body: &Value,
        kind: Option<&MessageType>,
        current: &Current,
    ) -> Result<(), Stop> {
        let body = fill_value(body, current.task, &self.progress.names);
        let kind = match kind {
            Some(kind) => kind.clone(),
            None => word(if current.kind == "question" { "answer" } else { "note" })?,
        };
        self.dispatch(&current.from, &kind, &body, Some(current.message), current)?;
        self.line(Kind::Doing, &format!("answered {}", current.from));
        Ok(())
    }

    /// Takes what the message hands over; taken twice it is taken once.
    pub(super) fn accept(&mut self, note: &str, name: &str, current: &Current) -> Result<(), Stop> {
        let task = self.commands().accept(current.message, note)?;
        self.progress.names.insert(name.to_owned(), task);
        self.line(Kind::Doing, &format!("accepted as {task}"));
        Ok(())
    }

    /// Sends with an id that follows from message and step: sent twice, it arrives once.
    pub(super) fn dispatch(
        &mut self,
        to: &str,
        kind: &MessageType,
        body: &Value,
        in_reply_to: Option<uuid::Uuid>,
        current: &Current,
    ) -> Result<(), Stop> {
        let id = message_id(&self.settings.agent, current.message, current.step);
        let message = Outgoing { id, to, kind, body, task: current.task, in_reply_to };
        self.commands().send(&message)
    }

    pub(super) fn ask(
        &mut self,
        question: &str,
        to: Option<&Address>,
        waits: bool,
        current: &Current,
    ) -> Result<(), Stop> {
        let agency = &self.settings.agent.agency;
        let from_coordinator = is_from(&current.from, agency.as_str());
        let to = match to {
            Some(to) => to.clone(),
            None if from_coordinator => Address::Agency(agency.clone()),
            None => Address::Operator,
        };
        self.line(Kind::Doing, &format!("{to}: {question}"));
        let body = Value::String(question.to_owned());
        self.dispatch(&to.to_string(), &word("question")?, &body, None, current)?;
        if waits {
            let answer = self.wait_for_answer(question, &to, current)?;
            self.line(Kind::Doing, &format!("The answer: {answer}"));
        }
        Ok(())
    }

    /// Waits for a typed answer, or for a message that answers; other messages stay in the inbox.
    pub(super) fn wait_for_answer(
        &mut self,
        question: &str,
        to: &Address,
        current: &Current,
    ) -> Result<String, Stop> {
        let id = message_id(&self.settings.agent, current.message, current.step);
        let to = to.to_string();
        loop {
            let messages = self.commands().inbox()?;
            let answer = messages.into_iter().find(|message| {
                let answers = message.in_reply_to == Some(id)
                    || (is_from(&message.from, &to)
                        && matches!(message.kind.as_str(), "answer" | "note"));
                answers && !self.progress.taken.contains(&message.id)
            });
            if let Some(answer) = answer {
                self.progress.note_taken(answer.id);
                self.save()?;
                self.commands().ack(answer.id)?;
                return Ok(answer.searched());
            }
            self.show(Mode::Waiting(question.to_owned()));
            match self.fresh_order() {
                Some(Order::Note(text)) => return Ok(text),
                Some(Order::Interrupt) => return Err(Stop::Interrupted),
                Some(Order::Look | Order::Permission { .. }) => {}
                None => return Err(Stop::Ended),
            }
        }
    }

    /// A bad deed is remembered as done before it is done: a new life does not do it again.
    pub(super) fn misbehave(&mut self, how: Misbehaviour, lasting: Duration) -> Result<(), Stop> {
        match how {
            Misbehaviour::Permission => return self.wait_for_permission(),
            Misbehaviour::Limit => {
                let seconds = lasting.as_secs_f32();
                self.show(Mode::Limited(format!("going on in {seconds:.0} s")));
                return self.pause(lasting);
            }
            Misbehaviour::Crash
            | Misbehaviour::Exit
            | Misbehaviour::Hang
            | Misbehaviour::Silent => {}
        }
        self.mark(|current| {
            current.step += 1;
            current.begun = false;
        })?;
        match how {
            Misbehaviour::Crash => {
                self.line(Kind::Problem, "fatal: rehearsed crash");
                // What a Rust program that panicked ends with.
                self.end(101);
            }
            Misbehaviour::Exit => self.end(0),
            Misbehaviour::Hang => {
                self.show(Mode::Hung("thinking".to_owned()));
                while self.fresh_order().is_some() {}
            }
            Misbehaviour::Silent | Misbehaviour::Permission | Misbehaviour::Limit => {
                self.is_silent = true;
                self.show(Mode::Idle);
            }
        }
        Err(Stop::Ended)
    }

    pub(super) fn wait_for_permission(&mut self) -> Result<(), Stop> {
        self.show(Mode::Permission("sh tests/run.sh".to_owned()));
        loop {
            match self.fresh_order() {
                Some(Order::Permission { allowed: true }) => return Ok(()),
                Some(Order::Permission { allowed: false }) => {
                    return Err(Stop::Problem("the permission was refused".to_owned()));
                }
                Some(other) => self.put_off(other),
                None => return Err(Stop::Ended),
            }
        }
    }
}

fn word(text: &str) -> Result<MessageType, Stop> {
    MessageType::parse(text).map_err(|error| Stop::Problem(error.to_string()))
}
