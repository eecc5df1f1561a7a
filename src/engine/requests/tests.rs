//! How somebody is made to answer, in virtual time: the clock is set as the engine asks for it.

mod announcing;
mod climbing;
mod property;
mod waiting;

use jiff::{SignedDuration, Timestamp};

use crate::domain::agency::AgentState;
use crate::domain::command::{Actor, Answer, Command};
use crate::domain::id::MessageId;
use crate::domain::message::{Draft, Message, Priority};
use crate::domain::refusal::Refusal;
use crate::engine::attention::{WaitingKind, waiting};
use crate::engine::effect::Effect;
use crate::engine::input::{Input, Timer};
use crate::engine::requests::{Level, Request};
use crate::engine::testing::{Turn, World, agent, answer_of, draft, id_of};

const MINUTE: i64 = 60;

/// A world with the one timer that matters here.
struct Bench {
    world: World,
    wake: Option<Timestamp>,
}

impl Bench {
    /// Nobody takes messages, so that they stay where they are.
    fn new() -> Self {
        let mut bench = Self { world: World::running(), wake: None };
        for who in ["Code/lead", "Code/dev", "Code/ops", "QA/head"] {
            bench.report(who, AgentState::Working);
        }
        bench
    }

    fn see(&mut self, turn: &Turn) {
        for effect in &turn.effects {
            if let Effect::WakeAt { at, timer: Timer::Requests } = effect {
                self.wake = Some(self.wake.map_or(*at, |wake| wake.min(*at)));
            }
        }
    }

    fn feed(&mut self, input: Input) -> Turn {
        let turn = self.world.feed(input);
        self.see(&turn);
        turn
    }

    fn ask(&mut self, actor: Actor, command: Command) -> Result<Answer, Refusal> {
        let turn = self.world.ask(actor, command);
        self.see(&turn);
        answer_of(turn)
    }

    fn agent(&mut self, who: &str, command: Command) -> Result<Answer, Refusal> {
        self.ask(Actor::Agent(agent(who)), command)
    }

    fn operator(&mut self, command: Command) -> Result<Answer, Refusal> {
        self.ask(Actor::Operator, command)
    }

    fn report(&mut self, who: &str, state: AgentState) {
        let turn = self.world.report(who, state);
        self.see(&turn);
    }

    /// A question of an agent's; returns its id.
    fn question(&mut self, from: &str, to: &str, priority: Priority) -> MessageId {
        let draft = Draft { priority, ..draft(to, "QUESTION which port?") };
        id_of(self.agent(from, Command::SendMessage { draft }))
    }

    /// A reply of an agent's, or of the operator's.
    fn reply(&mut self, from: Option<&str>, to: &str, reply: MessageId) -> MessageId {
        let draft = Draft { in_reply_to: Some(reply), ..draft(to, "8080") };
        let command = Command::SendMessage { draft };
        id_of(match from {
            Some(agent) => self.agent(agent, command),
            None => self.operator(command),
        })
    }

    /// Time passes, and the timer rings when it was set.
    fn pass(&mut self, seconds: i64) {
        let end = self.world.at + SignedDuration::from_secs(seconds);
        while let Some(at) = self.wake.filter(|at| *at <= end) {
            self.world.at = self.world.at.max(at);
            self.ring();
        }
        self.world.at = end;
    }

    fn ring(&mut self) {
        self.wake = None;
        self.feed(Input::Rang { timer: Timer::Requests });
    }

    fn request(&self, id: MessageId) -> &Request {
        self.world.state.requests.find(id).expect("a request")
    }

    fn level(&self, id: MessageId) -> Level {
        self.request(id).level
    }

    fn is_open(&self, id: MessageId) -> bool {
        self.world.state.requests.open.contains_key(&id)
    }

    /// Why it was closed, or who answered it.
    fn end(&self, id: MessageId) -> String {
        let end = self.request(id).end.clone().expect("ended");
        end.reason.or(end.by.map(|by| by.to_string())).expect("a reason")
    }

    /// What the workbench has sent of a type, with whom it went to.
    fn told(&self, kind: &str) -> Vec<(String, Message)> {
        let all = self.world.state.mail.messages.values();
        let own = all.filter(|record| record.message.kind.as_str() == kind);
        let to = |record: &crate::engine::mail::MessageRecord| {
            record.to.as_ref().map_or("operator".to_owned(), ToString::to_string)
        };
        own.map(|record| (to(record), record.message.clone())).collect()
    }

    fn recipients(&self, kind: &str) -> Vec<String> {
        self.told(kind).into_iter().map(|(to, _)| to).collect()
    }

    fn attention(&self) -> Vec<(WaitingKind, String)> {
        let list = waiting(&self.world.state, self.world.at).into_iter();
        let own = list.filter(|entry| {
            matches!(
                entry.kind,
                WaitingKind::Escalation | WaitingKind::Question | WaitingKind::BlockedTask
            )
        });
        own.map(|entry| (entry.kind, entry.subject)).collect()
    }
}

/// The text of a message.
fn text(message: &Message) -> String {
    message.body.as_str().expect("a text").to_owned()
}
