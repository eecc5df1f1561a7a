//! `agency messages --follow`: what comes, from the ledger, position by position.
//!
//! Each look costs what is new since the last one, in memory as in time, and misses nothing while the supervisor
//! is away. It ends when nobody reads any more.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::Value;

use crate::cli::desk::{DONE, Desk, Ending};
use crate::cli::messages::{row, table};
use crate::cli::table::Table;
use crate::cli::when::clock;
use crate::domain::id::MessageId;
use crate::service::query::{MessageFilter, Query};
use crate::service::views::{MessageChangeView, MessageView, TalkPageView};
use crate::service::waiting::Ticker;
use crate::service::workbench::Workbench;

/// How long a follower waits before it looks anyway.
const LOOK: Duration = Duration::from_secs(1);

/// What has been shown already, where that matters.
struct Follower {
    filter: MessageFilter,
    changes: bool,
    /// Shown by the first list, and maybe met again in the first page.
    listed: HashSet<MessageId>,
    /// The conversation that is followed, if one is.
    conversation: Option<HashSet<MessageId>>,
}

/// Shows what is there, then what comes.
pub fn follow(
    workbench: &Workbench,
    filter: MessageFilter,
    changes: bool,
    desk: &mut Desk<'_>,
) -> Ending {
    // The position first: what comes in between is met again and known by its id.
    let here: TalkPageView = workbench.fetch(&Query::Talk { after: None, changes })?;
    let views: Vec<MessageView> = workbench.fetch(&Query::Messages(Box::new(filter.clone())))?;
    show(&views, desk);
    let listed: HashSet<MessageId> = views.iter().map(|view| view.id).collect();
    let conversation = filter.thread.map(|id| listed.iter().copied().chain([id]).collect());
    let mut follower = Follower { filter, changes, listed, conversation };
    let mut after = here.upto;
    let mut ticker = Ticker::new(workbench);
    while desk.is_heard() {
        let page: TalkPageView = workbench.fetch(&Query::Talk { after: Some(after), changes })?;
        after = page.upto;
        let new: Vec<&MessageChangeView> =
            page.changes.iter().filter(|change| follower.wants(change)).collect();
        show_changes(&new, changes, desk);
        if !page.is_more {
            // From here on nothing can be met again.
            follower.listed = HashSet::new();
            ticker.pause(LOOK);
        }
    }
    Ok(DONE)
}

impl Follower {
    fn wants(&mut self, change: &MessageChangeView) -> bool {
        let view = &change.message;
        let is_new = change.step.kind == "message_accepted";
        if is_new && self.listed.contains(&view.id) || !is_new && !self.changes {
            return false;
        }
        if let Some(known) = &mut self.conversation {
            let is_answer = view.in_reply_to.is_some_and(|parent| known.contains(&parent));
            if is_answer {
                known.insert(view.id);
            }
            if !known.contains(&view.id) {
                return false;
            }
        }
        self.filter.admits(view)
    }
}

fn show(views: &[MessageView], desk: &mut Desk<'_>) {
    if desk.is_json() {
        views.iter().for_each(|view| desk.output.json_line(view));
    } else if !views.is_empty() {
        let text = table(views, &desk.scene(), Table::bare(0));
        desk.output.text(&text);
    }
}

fn show_changes(changes: &[&MessageChangeView], with_changes: bool, desk: &mut Desk<'_>) {
    if desk.is_json() {
        changes.iter().for_each(|change| desk.output.json_line(&line(change, with_changes)));
        return;
    }
    if changes.is_empty() {
        return;
    }
    let scene = desk.scene();
    let mut table = Table::bare(0);
    for change in changes {
        let view = &change.message;
        let text = match change.step.kind.as_str() {
            "message_accepted" => view.summary(),
            _ => change.step.text.clone(),
        };
        table.row(row(view, clock(change.step.at, scene.now), &text));
    }
    let text = table.render(scene.paint, scene.width);
    desk.output.text(&text);
}

/// A message as a line of JSON; `change` says what has happened with it.
fn line(change: &MessageChangeView, with_change: bool) -> Value {
    let mut value = serde_json::to_value(&change.message).unwrap_or_default();
    if let (true, Value::Object(fields)) = (with_change, &mut value) {
        let step = serde_json::to_value(&change.step).unwrap_or_default();
        fields.insert("change".to_owned(), step);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;
    use crate::service::views::MessageStepView;

    fn change(kind: &str, message: MessageView) -> MessageChangeView {
        let at = testing::now();
        let step =
            MessageStepView { seq: 7, at, kind: kind.to_owned(), text: "dead: so".to_owned() };
        MessageChangeView { step, message }
    }

    fn follower(filter: MessageFilter, changes: bool) -> Follower {
        Follower { filter, changes, listed: HashSet::new(), conversation: None }
    }

    #[test]
    fn what_was_listed_is_not_shown_again_and_changes_only_when_asked_for() {
        let message = testing::message();
        let mut plain = follower(MessageFilter::default(), false);
        assert!(plain.wants(&change("message_accepted", message.clone())));
        assert!(!plain.wants(&change("message_delivered", message.clone())));
        plain.listed.insert(message.id);
        assert!(!plain.wants(&change("message_accepted", message.clone())));
        let mut all = follower(MessageFilter::default(), true);
        all.listed.insert(message.id);
        assert!(all.wants(&change("message_delivered", message)));
    }

    #[test]
    fn a_conversation_takes_answers_to_answers_in() {
        let mut first = testing::message();
        first.id = uuid::Uuid::from_u128(1);
        let known = HashSet::from([first.id]);
        let mut follower = follower(MessageFilter::default(), false);
        follower.conversation = Some(known);
        let answer = |id: u128, to: u128| {
            let mut view = testing::message();
            (view.id, view.in_reply_to) =
                (uuid::Uuid::from_u128(id), Some(uuid::Uuid::from_u128(to)));
            change("message_accepted", view)
        };
        assert!(follower.wants(&answer(2, 1)) && follower.wants(&answer(3, 2)));
        assert!(!follower.wants(&answer(9, 8)));
    }

    #[test]
    fn a_change_is_one_line_of_json_with_its_name() {
        let change = change("message_died", testing::message());
        assert_eq!(line(&change, true)["change"]["kind"], "message_died");
        assert_eq!(line(&change, true)["type"], "status");
        assert!(line(&change, false).get("change").is_none());
    }
}
