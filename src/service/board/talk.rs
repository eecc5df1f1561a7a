//! From the mail to its views: a message, its conversation, who has how many waiting.
//!
//! What is looked at for every board costs the same with ten messages and with ten thousand: only what waits
//! is counted, and of a mailbox only its oldest.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::domain::id::MessageId;
use crate::domain::message::MessageState;
use crate::domain::name::{Address, AgentAddress};
use crate::engine::mail::{Mail, MessageRecord};
use crate::engine::state::State;
use crate::service::views::{MailboxView, MessageView, QueueView};

/// Answers to answers that are gone back through to find where a conversation began.
const DEPTH: usize = 100;

/// One message by itself.
pub fn message(record: &MessageRecord) -> MessageView {
    let message = &record.message;
    MessageView {
        id: message.id,
        kind: message.kind.to_string(),
        from: message.from.to_string(),
        to: record.to.as_ref().map_or_else(|| Address::OPERATOR.to_owned(), ToString::to_string),
        body: message.body.clone(),
        priority: message.priority,
        task: message.task.clone(),
        in_reply_to: message.in_reply_to,
        state: record.state,
        sent_at: message.sent_at,
        delivered_at: record.delivered_at,
        acknowledged_at: record.acknowledged_at,
        reason: record.reason.clone(),
        verified: message.verified,
        accepted_at: record.accepted_at,
        routed_at: record.waits_since,
        expires_at: message.expires_at,
        trace: message.trace.as_ref().map(ToString::to_string),
        thread: message.in_reply_to,
        uncertain: record.is_uncertain,
        under_way: record.attempt.is_some(),
        deferrals: record.deferrals,
    }
}

/// One message among the others: where its conversation began is known.
pub fn message_in(mail: &Mail, record: &MessageRecord) -> MessageView {
    let mut view = message(record);
    view.thread = view.in_reply_to.map(|parent| root_of(mail, parent));
    view
}

/// Where the conversation of a message began, as far as that is known.
fn root_of(mail: &Mail, id: MessageId) -> MessageId {
    let mut root = id;
    for _ in 0..DEPTH {
        match mail.messages.get(&root).and_then(|record| record.message.in_reply_to) {
            Some(parent) => root = parent,
            None => break,
        }
    }
    root
}

/// The conversation that a message belongs to, oldest first, itself in it.
pub fn conversation(mail: &Mail, id: MessageId) -> Vec<MessageView> {
    let mut answers: HashMap<MessageId, Vec<MessageId>> = HashMap::new();
    for record in mail.messages.values() {
        if let Some(parent) = record.message.in_reply_to {
            answers.entry(parent).or_default().push(record.message.id);
        }
    }
    let mut found = BTreeSet::from([root_of(mail, id)]);
    let mut open: Vec<MessageId> = found.iter().copied().collect();
    while let Some(next) = open.pop() {
        let answers = answers.get(&next).map(Vec::as_slice).unwrap_or_default();
        open.extend(answers.iter().filter(|answer| found.insert(**answer)));
    }
    let records = found.iter().filter_map(|id| mail.messages.get(id));
    let mut views: Vec<MessageView> = records.map(|record| message_in(mail, record)).collect();
    views.sort_by_key(|view| (view.arrived_at(), view.id));
    views
}

/// Who has messages waiting: the operator first, then whoever has waited longest.
pub fn mailboxes(state: &State) -> Vec<MailboxView> {
    let mail = &state.mail;
    let listed = mail.for_operator.iter();
    let open: Vec<MessageId> = listed
        .copied()
        .filter(|id| mail.messages.get(id).is_some_and(|r| r.state == MessageState::Routed))
        .collect();
    let mut views: Vec<MailboxView> = mail
        .waiting
        .iter()
        .map(|(agent, ids)| mailbox(mail, agent.to_string(), ids, Some(agent)))
        .collect();
    views.sort_by_key(|view| view.oldest_at);
    if !open.is_empty() {
        views.insert(0, mailbox(mail, Address::OPERATOR.to_owned(), &open, None));
    }
    views
}

fn mailbox(
    mail: &Mail,
    address: String,
    ids: &[MessageId],
    agent: Option<&AgentAddress>,
) -> MailboxView {
    let is_uncertain = |id: &&MessageId| mail.messages.get(id).is_some_and(|r| r.is_uncertain);
    // Who has no hint about them has none of these.
    let is_any = agent.is_some_and(|agent| mail.nudges.contains_key(agent));
    let uncertain = if is_any { ids.iter().filter(is_uncertain).count() } else { 0 };
    MailboxView {
        address,
        waiting: super::count(ids.len()),
        oldest_at: oldest(mail, ids),
        uncertain: super::count(uncertain),
    }
}

/// Mailboxes are in order of arrival.
fn oldest(mail: &Mail, ids: &[MessageId]) -> Option<Timestamp> {
    let record = ids.iter().find_map(|id| mail.messages.get(id))?;
    record.accepted_at.or(Some(record.message.sent_at))
}

/// Since when the oldest message waits that an agent has not got.
pub fn unread_since(state: &State, agent: &AgentAddress) -> Option<Timestamp> {
    oldest(&state.mail, state.mail.waiting.get(agent)?)
}

/// How many messages are where.
pub fn queue(state: &State) -> QueueView {
    let mail = &state.mail;
    let waiting: usize = mail.waiting.values().map(Vec::len).sum();
    let is_open =
        |id: &&MessageId| mail.messages.get(id).is_some_and(|r| r.state == MessageState::Routed);
    let for_operator = mail.for_operator.iter().filter(is_open).count();
    QueueView {
        new: super::count(waiting + for_operator + mail.unrouted.len()),
        cur: mail.unacknowledged,
        dead: mail.dead + mail.refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::command::Command;
    use crate::engine::testing::{World, draft, id_of};

    fn say(world: &mut World, to: &str, answers: Option<MessageId>) -> MessageId {
        let mut draft = draft(to, "a word");
        draft.in_reply_to = answers;
        id_of(world.operator(Command::SendMessage { draft }))
    }

    #[test]
    fn a_conversation_is_whole_whoever_of_it_is_asked_for() {
        let mut world = World::running();
        let first = say(&mut world, "Code/dev", None);
        let answer = say(&mut world, "Code/lead", Some(first));
        let last = say(&mut world, "Code/dev", Some(answer));
        let beside = say(&mut world, "Code/ops", Some(first));
        say(&mut world, "Code/dev", None);
        for id in [first, answer, last, beside] {
            let all: BTreeSet<_> =
                conversation(&world.state.mail, id).into_iter().map(|view| view.id).collect();
            assert_eq!(all, BTreeSet::from([first, answer, last, beside]));
        }
        let record = &world.state.mail.messages[&last];
        assert_eq!(message_in(&world.state.mail, record).thread, Some(first));
    }

    #[test]
    fn messages_that_answer_each_other_in_a_ring_end() {
        let mut world = World::running();
        let first = say(&mut world, "Code/dev", None);
        let answer = say(&mut world, "Code/lead", Some(first));
        let mut mail = world.state.mail.clone();
        mail.messages.get_mut(&first).expect("sent").message.in_reply_to = Some(answer);
        assert_eq!(conversation(&mail, first).len(), 2);
    }

    #[test]
    fn mailboxes_tell_depth_and_age_and_the_operators_comes_first() {
        let mut world = World::running();
        let before = mailboxes(&world.state).len();
        say(&mut world, "operator", None);
        let views = mailboxes(&world.state);
        assert_eq!(views.len(), before + 1);
        assert_eq!((views[0].address.as_str(), views[0].waiting), ("operator", 1));
        assert!(views[0].oldest_at.is_some());
    }
}
