//! `agency log`: what happened, from the ledger; `--follow` goes on with what comes.
//!
//! Each event is a sentence where there is one; with `-v`, and where there is none, its payload as recorded, in
//! one line, without control characters.

use std::time::Duration;

use clap::Args;

use crate::cli::desk::{DONE, Desk, Ending, Scene};
use crate::cli::style::Tone;
use crate::cli::table::{Cell, Table};
use crate::cli::when::{Since, clock};
use crate::domain::refusal::Refusal;
use crate::service::describing::sentence_of;
use crate::service::query::{LogFilter, Query};
use crate::service::views::LogView;
use crate::service::waiting::Ticker;

/// What `agency log` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "With `-v` each event is shown with its payload. With `--follow --json` each event is one line of JSON.\n\n\
    Examples:\n  agency log --since 1h\n  agency log --subject TASK-042\n  agency log --follow"
)]
pub struct LogArgs {
    /// Go on with what comes
    #[arg(short, long)]
    pub follow: bool,
    /// Since: `10m`, `2h`, `3d` or RFC 3339
    #[arg(long, value_name = "T")]
    pub since: Option<Since>,
    /// About this agency, agent, task, message or approval
    #[arg(long, value_name = "S")]
    pub subject: Option<String>,
    /// Only the newest so many
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// How long a follower waits before it looks anyway.
const LOOK: Duration = Duration::from_secs(1);
/// Where a follower begins when nothing else is said: what fits on a screen.
const FOLLOW_FROM: usize = 20;

/// Shows events.
pub fn run(args: &LogArgs, desk: &mut Desk<'_>) -> Ending {
    let mut filter = filter(args, desk.house.now());
    if args.follow {
        return follow(&mut filter, desk);
    }
    let views: Vec<LogView> = desk.open()?.fetch(&Query::Log(filter))?;
    let words = words(desk);
    desk.answer(views.as_slice(), |views, scene| render(views, words, scene))
}

/// What is shown of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// Its sentence, or its payload where it has none.
    Sentence,
    /// Its payload.
    Payload,
}

fn words(desk: &Desk<'_>) -> Words {
    if desk.globals.verbose { Words::Payload } else { Words::Sentence }
}

fn filter(args: &LogArgs, now: jiff::Timestamp) -> LogFilter {
    let from_the_end = args.follow && args.since.is_none();
    LogFilter {
        after: 0,
        since: args.since.map(|since| since.resolve(now)),
        subject: args.subject.clone(),
        limit: args.limit.or(from_the_end.then_some(FOLLOW_FROM)),
    }
}

fn follow(filter: &mut LogFilter, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let mut ticker = Ticker::new(&workbench);
    loop {
        let views: Result<Vec<LogView>, Refusal> = workbench.fetch(&Query::Log(filter.clone()));
        let views = views?;
        if let Some(last) = views.last() {
            filter.after = last.seq;
        }
        // From here on nothing may be left out.
        filter.limit = None;
        show(&views, desk);
        if !desk.is_heard() {
            return Ok(DONE);
        }
        ticker.pause(LOOK);
    }
}

fn show(views: &[LogView], desk: &mut Desk<'_>) {
    if desk.is_json() {
        views.iter().for_each(|view| desk.output.json_line(view));
    } else if !views.is_empty() {
        let text = render(views, words(desk), &desk.scene());
        desk.output.text(&text);
    }
}

/// Events as a table without a heading, so that it can be followed.
pub fn render(views: &[LogView], words: Words, scene: &Scene) -> String {
    let mut table = Table::bare(0);
    for view in views {
        table.row(vec![
            Cell::number(view.seq),
            Cell::toned(Tone::Muted, clock(view.at, scene.now)),
            Cell::text(&view.actor),
            Cell::toned(Tone::Heading, &view.kind),
            Cell::text(&view.subject),
            said(view, words),
        ]);
    }
    table.render(scene.paint, scene.width)
}

fn said(view: &LogView, words: Words) -> Cell {
    let sentence = sentence_of(view).filter(|_| words == Words::Sentence);
    sentence.map_or_else(|| Cell::toned(Tone::Muted, payload(view)), Cell::text)
}

fn payload(view: &LogView) -> String {
    if view.payload.is_null() { String::new() } else { view.payload.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn events_are_one_line_each() {
        insta::assert_snapshot!(render(&testing::log(), Words::Sentence, &testing::scene()));
    }

    #[test]
    fn a_follower_begins_with_the_last_screenful() {
        let args = LogArgs { follow: true, since: None, subject: None, limit: None };
        assert_eq!(filter(&args, testing::now()).limit, Some(FOLLOW_FROM));
        let since = Some(Since::Ago(60));
        let args = LogArgs { since, ..args };
        assert_eq!(filter(&args, testing::now()).limit, None);
    }
}
