//! `agency messages`: what was said, oldest first; `--follow` goes on with what comes.
//!
//! What is not proven about a message (its sender, its delivery) is said in its line.

use std::collections::HashSet;
use std::time::Duration;

use clap::Args;

use crate::cli::desk::{DONE, Desk, Ending, Scene};
use crate::cli::style::{Tone, message_tone};
use crate::cli::table::{Cell, Table};
use crate::cli::when::{Since, clock};
use crate::domain::id::MessageId;
use crate::domain::name::Name;
use crate::service::query::{MessageFilter, Query};
use crate::service::views::MessageView;
use crate::service::waiting::Ticker;
use crate::service::workbench::Workbench;

/// What `agency messages` takes.
#[derive(Debug, Args)]
#[command(after_help = "With `--follow --json` each message is one line of JSON.\n\n\
    Examples:\n  agency messages --agency CodeAgency --since 1h\n  agency messages --type handoff --json")]
pub struct MessagesArgs {
    /// From or to this agency
    #[arg(long, value_name = "A")]
    pub agency: Option<Name>,
    /// Of this type
    #[arg(long = "type", value_name = "T")]
    pub kind: Option<String>,
    /// About this task
    #[arg(long, value_name = "ID")]
    pub task: Option<String>,
    /// Sent since: `10m`, `2h`, `3d` or RFC 3339
    #[arg(long, value_name = "T")]
    pub since: Option<Since>,
    /// Only the newest so many
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Go on with what comes
    #[arg(short, long)]
    pub follow: bool,
}

/// How long a follower waits before it looks anyway.
const LOOK: Duration = Duration::from_secs(1);

/// Lists messages.
pub fn run(args: &MessagesArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let filter = filter(args, desk.house.now());
    if args.follow {
        return follow(&workbench, filter, desk);
    }
    let views: Vec<MessageView> = workbench.fetch(&Query::Messages(filter))?;
    desk.answer(views.as_slice(), render)
}

/// Every message is asked for each time, because one that was written earlier may arrive later.
fn follow(workbench: &Workbench, mut filter: MessageFilter, desk: &mut Desk<'_>) -> Ending {
    let newest = filter.limit.take();
    let query = Query::Messages(filter);
    let views: Vec<MessageView> = workbench.fetch(&query)?;
    let skipped = newest.map_or(0, |newest| views.len().saturating_sub(newest));
    let mut seen = views.iter().take(skipped).map(|view| view.id).collect();
    show_new(&views, &mut seen, desk);
    let mut ticker = Ticker::new(workbench);
    while !desk.output.is_closed() {
        ticker.pause(LOOK);
        let views: Vec<MessageView> = workbench.fetch(&query)?;
        show_new(&views, &mut seen, desk);
    }
    Ok(DONE)
}

fn filter(args: &MessagesArgs, now: jiff::Timestamp) -> MessageFilter {
    MessageFilter {
        agency: args.agency.clone(),
        kind: args.kind.clone(),
        task: args.task.clone(),
        since: args.since.map(|since| since.resolve(now)),
        limit: args.limit,
    }
}

fn show_new(views: &[MessageView], seen: &mut HashSet<MessageId>, desk: &mut Desk<'_>) {
    let new: Vec<MessageView> = views.iter().filter(|view| seen.insert(view.id)).cloned().collect();
    if desk.is_json() {
        new.iter().for_each(|view| desk.output.json_line(view));
    } else if !new.is_empty() {
        let text = table(&new, &desk.scene(), Table::bare(0));
        desk.output.text(&text);
    }
}

/// Messages as a table.
pub fn render(views: &[MessageView], scene: &Scene) -> String {
    if views.is_empty() {
        return "no messages\n".to_owned();
    }
    table(views, scene, Table::new(&["SENT", "STATE", "TYPE", "FROM", "TO", "TEXT"]))
}

fn table(views: &[MessageView], scene: &Scene, mut table: Table) -> String {
    for view in views {
        let from =
            if view.verified { view.from.clone() } else { format!("{} (unverified)", view.from) };
        let text = match &view.reason {
            Some(reason) => format!("{} [{reason}]", view.summary()),
            None => view.summary(),
        };
        table.row(vec![
            Cell::toned(Tone::Muted, clock(view.sent_at, scene.now)),
            Cell::toned(message_tone(view.state), view.state.as_str()),
            Cell::text(&view.kind),
            Cell::text(from),
            Cell::text(&view.to),
            Cell::text(text),
        ]);
    }
    table.render(scene.paint, scene.width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn messages_are_listed_with_what_is_not_proven_about_them() {
        let mut unverified = testing::message();
        unverified.verified = false;
        unverified.reason = Some("someone is typing".to_owned());
        unverified.body = serde_json::json!({"type": "handoff", "notes": "a\u{1b}[31mb"});
        insta::assert_snapshot!(render(&[testing::message(), unverified], &testing::scene()));
        assert_eq!(render(&[], &testing::scene()), "no messages\n");
    }
}
