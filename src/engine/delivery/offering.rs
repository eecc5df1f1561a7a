//! Offering: who is offered something at the end of a decision.
//!
//! Only those whom the decision concerns: what happens to one agent, or to no agent's mail at all, costs nothing for
//! the others, however much waits for them. When time alone changes what can be given, a timer says so, and
//! everybody is looked at.

use std::collections::BTreeSet;

use super::offer;
use crate::domain::id::MessageId;
use crate::domain::name::AgentAddress;
use crate::engine::event::Event;
use crate::engine::input::{Input, Timer};
use crate::engine::step::Step;

/// Who is offered something after an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Everybody for whom something waits.
    Everybody,
    /// Those whom the events of the decision concern.
    Concerned,
}

/// The round that an input asks for.
pub fn round_of(input: &Input) -> Round {
    match input {
        Input::Rang { timer: Timer::Offer | Timer::Confirm { .. } } => Round::Everybody,
        _ => Round::Concerned,
    }
}

/// Offers agents with waiting messages their next one.
pub fn go_round(step: &mut Step<'_>, round: Round) {
    if step.state().mail.waiting.is_empty() {
        return;
    }
    let concerned = match round {
        Round::Everybody => None,
        Round::Concerned => concerned(step),
    };
    let agents = concerned.unwrap_or_else(|| step.state().mail.waiting.keys().cloned().collect());
    for agent in agents {
        offer(step, &agent);
    }
}

/// Whom the events concern; none: perhaps everybody.
fn concerned(step: &Step<'_>) -> Option<BTreeSet<AgentAddress>> {
    let mut agents = BTreeSet::new();
    for (_, event) in &step.events {
        match touches(event) {
            Touches::Everybody => return None,
            Touches::Nobody => {}
            Touches::Agent(agent) => {
                agents.insert(agent.clone());
            }
            Touches::Recipient(id) => agents.extend(recipient(step, id)),
            Touches::Mailbox(id) => {
                agents.extend(recipient(step, id).filter(|agent| has_pane(step, agent)));
            }
        }
    }
    agents.retain(|agent| step.state().mail.waiting.contains_key(agent));
    Some(agents)
}

fn recipient(step: &Step<'_>, id: MessageId) -> Option<AgentAddress> {
    step.state().mail.messages.get(&id)?.to.clone()
}

fn has_pane(step: &Step<'_>, agent: &AgentAddress) -> bool {
    step.state().sessions.agent(agent).is_some_and(|record| record.pane.is_some())
}

/// Whose mail an event may set in motion.
enum Touches<'e> {
    Nobody,
    Agent(&'e AgentAddress),
    /// Whoever this message is for.
    Recipient(MessageId),
    /// Whoever this message is for, if there is a pane to give it to: of an agent that does not run, what waits
    /// is not looked through for each one that arrives.
    Mailbox(MessageId),
    Everybody,
}

fn touches(event: &Event) -> Touches<'_> {
    match event {
        Event::AgentSpawned { agent, .. }
        | Event::AgentPaneOpened { agent, .. }
        | Event::AgentPaneLost { agent, .. }
        | Event::AgentStateChanged { agent, .. }
        | Event::AgentSignalled { agent, .. }
        | Event::ConversationSeen { agent, .. }
        | Event::DigestStarted { agent, .. }
        | Event::NudgeStarted { agent, .. }
        | Event::NudgeEnded { agent, .. } => Touches::Agent(agent),
        Event::MessageRouted { id } => Touches::Mailbox(*id),
        Event::DeliveryStarted { id, .. }
        | Event::DeliveryDeferred { id, .. }
        | Event::DeliverySubmitted { id, .. }
        | Event::DeliveryUncertain { id, .. }
        | Event::DeliveryRetried { id }
        | Event::MessageDelivered { id, .. }
        | Event::MessageAcknowledged { id }
        | Event::MessageExpired { id }
        | Event::MessageDied { id, .. } => Touches::Recipient(*id),
        // It is offered when it is in its mailbox.
        Event::MessageAccepted { .. } | Event::MessageRevived { .. } => Touches::Nobody,
        other if is_about_no_mail(other) => Touches::Nobody,
        _ => Touches::Everybody,
    }
}

/// What happens often and changes nobody's mail, state, program or settings.
fn is_about_no_mail(event: &Event) -> bool {
    matches!(
        event,
        Event::CommandAnswered { .. }
            | Event::MessageRefused { .. }
            | Event::DoorHeld { .. }
            | Event::DoorReleased { .. }
            | Event::DoorRetried { .. }
            | Event::LoopStopped { .. }
            | Event::LoopReleased { .. }
            | Event::StatusAsked { .. }
            | Event::StuckTold { .. }
            | Event::CadenceRan { .. }
            | Event::RequestOpened { .. }
            | Event::RequestRenewed { .. }
            | Event::RequestChased { .. }
            | Event::RequestEscalated { .. }
            | Event::RequestAnswered { .. }
            | Event::RequestClosed { .. }
            | Event::WaitBegun { .. }
            | Event::WaitEnded { .. }
            | Event::BroadcastSent { .. }
            | Event::BroadcastEnded { .. }
            | Event::TaskStarted { .. }
            | Event::TaskProgressed { .. }
            | Event::TaskNoted { .. }
            | Event::TaskBlocked { .. }
            | Event::TaskUnblocked { .. }
            | Event::WorkChanged { .. }
            | Event::WorkReminded { .. }
            | Event::WorkFoundSafe { .. }
            | Event::CheckpointTaken { .. }
            | Event::LockRequested { .. }
            | Event::LockGranted { .. }
            | Event::LockDenied { .. }
            | Event::LockReleased { .. }
            | Event::LockExpired { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agency::{AgentState, StateSource};
    use crate::domain::command::Command;
    use crate::engine::step::Now;
    use crate::engine::testing::{World, agent, id, name};

    #[test]
    fn only_whom_a_decision_concerns_is_looked_at() {
        let mut world = World::running();
        for who in ["Code/dev", "Code/ops"] {
            world.report(who, AgentState::Working);
            world.send(who, "hello");
        }
        let now = Now { at: world.at, seed: id(77) };
        let mut step = Step::new(&mut world.state, now);
        assert_eq!(concerned(&step), Some(BTreeSet::new()));
        step.record(Event::RequestClosed { id: id(5), reason: "over".to_owned() });
        step.record(Event::LoopReleased {
            pair: crate::engine::traffic::Pair::of(&agent("Code/dev"), &agent("Code/ops")),
        });
        assert_eq!(concerned(&step), Some(BTreeSet::new()));
        step.record(Event::AgentStateChanged {
            agent: agent("Code/dev"),
            state: AgentState::Idle,
            source: StateSource::Hook,
            reason: None,
        });
        assert_eq!(concerned(&step), Some(BTreeSet::from([agent("Code/dev")])));
        let waiting = step.state().mail.waiting[&agent("Code/ops")][0];
        step.record(Event::DeliveryDeferred {
            id: waiting,
            reason: "busy".to_owned(),
            channel: false,
        });
        let both = BTreeSet::from([agent("Code/dev"), agent("Code/ops")]);
        assert_eq!(concerned(&step), Some(both));
        step.record(Event::AgencyStopped { agency: name("QA") });
        assert_eq!(concerned(&step), None);
    }

    #[test]
    fn mail_for_an_agent_that_does_not_run_is_not_looked_through_with_each_arrival() {
        let mut world = World::running();
        world.report("Code/dev", AgentState::Working);
        let arrived = |world: &mut World| {
            let id = world.send("Code/dev", "hello");
            let now = Now { at: world.at, seed: id };
            let mut step = Step::new(&mut world.state, now);
            step.record(Event::MessageRouted { id });
            concerned(&step)
        };
        assert_eq!(arrived(&mut world), Some(BTreeSet::from([agent("Code/dev")])));
        world.operator(Command::StopAgencies { names: Vec::new() }).expect("stopped");
        assert_eq!(arrived(&mut world), Some(BTreeSet::new()));
    }
}
