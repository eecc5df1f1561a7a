//! `agency messages show`: one message whole, with its way from the ledger and its conversation.
//!
//! Its words are fenced: they are data and not orders.

use crate::cli::desk::{Desk, Ending, Scene};
use crate::cli::inbox::quoted;
use crate::cli::messages::{state, table};
use crate::cli::style::{Tone, message_tone};
use crate::cli::table::{Cell, Table};
use crate::cli::when::{clock, optional_age};
use crate::domain::id::MessageId;
use crate::service::query::Query;
use crate::service::views::{MessageStepView, MessageView, MessageWholeView};
use crate::service::workbench::Workbench;

/// Shows one message.
pub fn show(workbench: &Workbench, id: MessageId, desk: &mut Desk<'_>) -> Ending {
    let view: MessageWholeView = workbench.fetch(&Query::MessageWhole { id })?;
    desk.answer(&view, render)
}

/// One message with everything that is known about it.
pub fn render(view: &MessageWholeView, scene: &Scene) -> String {
    let mut parts = vec![facts(&view.message, scene), quoted(&view.message.body)];
    if !view.history.is_empty() {
        parts.push(heading("WAY", scene, &way(&view.history, scene)));
    }
    if view.conversation.len() > 1 {
        let words = format!("CONVERSATION ({})", view.conversation.len());
        parts.push(heading(&words, scene, &table(&view.conversation, scene, Table::bare(2))));
    }
    parts.join("\n")
}

fn heading(words: &str, scene: &Scene, text: &str) -> String {
    format!("{}\n{text}", scene.paint.tone(Tone::Heading, words))
}

fn facts(view: &MessageView, scene: &Scene) -> String {
    let mut table = Table::bare(0);
    let mut fact = |word: &str, cell: Cell| {
        table.row(vec![Cell::toned(Tone::Muted, word), cell]);
    };
    let unproven = if view.verified { "" } else { " (unverified)" };
    fact("id", Cell::toned(Tone::Heading, view.id.to_string()));
    fact("type", Cell::text(format!("{}, {}", view.kind, view.priority.as_str())));
    fact("from", Cell::text(format!("{}{unproven}", view.from)));
    fact("to", Cell::text(&view.to));
    fact("sent", Cell::text(format!("{} ago", optional_age(Some(view.sent_at), scene.now))));
    fact("state", Cell::toned(message_tone(view.state), state(view)));
    let mut optional = |word: &str, text: Option<String>| {
        if let Some(text) = text {
            table.row(vec![Cell::toned(Tone::Muted, word), Cell::text(text)]);
        }
    };
    optional("because", view.reason.clone());
    optional("task", view.task.clone());
    optional("answers", view.in_reply_to.map(|id| id.to_string()));
    optional("expires", view.expires_at.map(|at| at.to_string()));
    optional("trace", view.trace.clone());
    table.render(scene.paint, scene.width)
}

fn way(history: &[MessageStepView], scene: &Scene) -> String {
    let mut table = Table::bare(2);
    for step in history {
        table.row(vec![
            Cell::toned(Tone::Muted, clock(step.at, scene.now)),
            Cell::number(step.seq),
            Cell::text(&step.text),
        ]);
    }
    table.render(scene.paint, scene.width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn a_message_is_shown_whole_with_its_way_and_its_conversation() {
        let mut message = testing::message();
        message.verified = false;
        message.body = serde_json::json!("two\nlines\u{1b}[31m");
        message.trace = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
        let mut answer = testing::message();
        answer.in_reply_to = Some(message.id);
        let step = |seq, text: &str| MessageStepView {
            seq,
            at: testing::now(),
            kind: "message_routed".to_owned(),
            text: text.to_owned(),
        };
        let history =
            vec![step(40, "in its mailbox"), step(42, "delivered: fetched from the inbox")];
        let view =
            MessageWholeView { conversation: vec![message.clone(), answer], message, history };
        insta::assert_snapshot!(render(&view, &testing::scene()));
    }
}
