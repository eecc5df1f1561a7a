//! Answers: which messages answer a question.
//!
//! Anybody may name a question in a message of theirs. An answer is what comes from whoever was asked, or from
//! the operator, who may answer for everybody, or from whoever the question went up to; it goes to the asker,
//! and its sender is proven.

use crate::domain::id::MessageId;
use crate::domain::name::Address;
use crate::engine::mail::{Mail, MessageRecord};
use crate::service::board;
use crate::service::views::RepliesView;

/// What became of a question. `taken` is what its request was answered with, if that is known.
pub fn replies(mail: &Mail, question: MessageId, taken: Option<MessageId>) -> RepliesView {
    let Some(asked) = mail.messages.get(&question) else { return RepliesView::default() };
    let named = mail.messages.values();
    let named = named.filter(|record| record.message.in_reply_to == Some(question));
    // Whoever the question went up to may have answered what the workbench said about it.
    let is_taken = |record: &&MessageRecord| Some(record.message.id) == taken;
    let taken = taken.and_then(|id| mail.messages.get(&id));
    let direct = named.filter(|record| is_answer(asked, record) && !is_taken(record));
    let answers = taken.into_iter().chain(direct).map(board::message).collect();
    RepliesView { question: Some(board::message(asked)), answers }
}

fn is_answer(question: &MessageRecord, reply: &MessageRecord) -> bool {
    let from = &reply.message.from;
    let is_from_the_asked = match &question.to {
        Some(agent) => *from == Address::Agent(agent.clone()),
        None => *from == Address::Operator,
    };
    let asker = reply.to.clone().map_or(Address::Operator, Address::Agent);
    reply.message.verified
        && (is_from_the_asked || *from == Address::Operator)
        && asker == question.message.from
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::command::Command;
    use crate::engine::testing::{World, draft, id_of};

    fn reply(world: &mut World, who: Option<&str>, to: &str, question: MessageId) -> MessageId {
        let mut draft = draft(to, "8080");
        draft.in_reply_to = Some(question);
        let command = Command::SendMessage { draft };
        id_of(match who {
            Some(agent) => world.agent(agent, command),
            None => world.operator(command),
        })
    }

    fn answers(world: &World, question: MessageId) -> Vec<MessageId> {
        replies(&world.state.mail, question, None).answers.into_iter().map(|view| view.id).collect()
    }

    #[test]
    fn only_who_was_asked_or_the_operator_answers_a_question() {
        let mut world = World::running();
        let question =
            id_of(world.agent(
                "Code/dev",
                Command::SendMessage { draft: draft("Code/lead", "which port?") },
            ));
        reply(&mut world, Some("Code/ops"), "Code/dev", question);
        reply(&mut world, Some("Code/dev"), "Code/lead", question);
        reply(&mut world, Some("Code/lead"), "Code/ops", question);
        assert_eq!(answers(&world, question), Vec::<MessageId>::new());
        let first = reply(&mut world, Some("Code/lead"), "Code/dev", question);
        let second = reply(&mut world, None, "Code/dev", question);
        // Within one millisecond ids have no order.
        let found = answers(&world, question);
        assert!(found.len() == 2 && found.contains(&first) && found.contains(&second));
        let mut unproven = world.state.clone();
        unproven.mail.messages.get_mut(&first).expect("sent").message.verified = false;
        assert_eq!(
            replies(&unproven.mail, question, None).answers.len(),
            1,
            "anybody could have written it"
        );
        assert_eq!(
            replies(&world.state.mail, first, None).question.map(|view| view.id),
            Some(first)
        );
        assert_eq!(replies(&world.state.mail, uuid::Uuid::nil(), None), RepliesView::default());
    }
}
