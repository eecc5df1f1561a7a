//! `agency queue`: what waits where and why, dead letters, and taking them once more.
//!
//! Nothing is dropped here: what is dead stays until somebody takes it once more or removes its file by hand.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::desk::{Desk, Ending, Scene};
use crate::cli::style::Tone;
use crate::cli::table::{Cell, Table};
use crate::cli::when::{optional_age, relative_seconds};
use crate::domain::command::Command;
use crate::domain::name::AgentAddress;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::query::Query;
use crate::service::views::queues::{DeadView, QueuesView};
use crate::service::workbench::Workbench;

/// What `agency queue` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "What is dead stays until it is taken once more. A file whose reason is mended (say by a line under \
    `[queue] open_from`) goes back to the door; a message begins its way anew under its id.\n\n\
    Examples:\n  agency queue\n  agency queue dead --code unauthenticated\n  agency queue retry note.json\n  \
    agency queue retry --all --code mailbox_full\n  agency queue retry 0195f000-0000-7000-8000-000000000001 --ttl 1h\n  \
    agency queue release CodeAgency/dev QAAgency/lead"
)]
pub struct QueueArgs {
    /// What to do [default: status]
    #[command(subcommand)]
    pub verb: Option<QueueVerb>,
}

/// What can be done with queues.
#[derive(Debug, Subcommand)]
pub enum QueueVerb {
    /// What waits where, and why
    Status,
    /// List dead letters, newest first
    Dead(DeadArgs),
    /// Show one dead letter
    Show(ShowArgs),
    /// Take dead letters once more
    Retry(RetryArgs),
    /// Let two agents write to each other again who went in circles
    Release(ReleaseArgs),
}

/// What `agency queue dead` takes.
#[derive(Debug, Args)]
pub struct DeadArgs {
    /// Only those with this reason: `mailbox_full`, `expired`, `not_json`, …
    #[arg(long, value_name = "CODE")]
    pub code: Option<String>,
}

/// What `agency queue show` takes.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The message, or the file at the door
    #[arg(value_name = "ID|FILE")]
    pub what: String,
}

/// What `agency queue retry` takes.
#[derive(Debug, Args)]
pub struct RetryArgs {
    /// Messages, or files at the door
    #[arg(value_name = "ID|FILE", required_unless_present = "all", conflicts_with = "all")]
    pub what: Vec<String>,
    /// Every dead letter
    #[arg(long)]
    pub all: bool,
    /// Of them those with this reason
    #[arg(long, value_name = "CODE", requires = "all")]
    pub code: Option<String>,
    /// Their new time to live: `10m`, `2h`, `3d`
    #[arg(long, value_name = "T", value_parser = parse_ttl)]
    pub ttl: Option<u64>,
}

/// What `agency queue release` takes.
#[derive(Debug, Args)]
pub struct ReleaseArgs {
    /// One of them
    #[arg(value_name = "AGENT")]
    pub one: AgentAddress,
    /// The other
    #[arg(value_name = "AGENT")]
    pub other: AgentAddress,
}

/// Reads a time to live, in seconds: more than none.
pub fn parse_ttl(text: &str) -> Result<u64, String> {
    let seconds = relative_seconds(text).and_then(|seconds| u64::try_from(seconds).ok());
    seconds
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| format!("`{text}` is not a time; write `90s`, `10m`, `2h` or `3d`"))
}

/// Shows queues, or takes dead letters once more.
pub fn run(args: &QueueArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    match &args.verb {
        None | Some(QueueVerb::Status) => {
            let view: QueuesView = workbench.fetch(&Query::Queues)?;
            desk.answer(&view, render)
        }
        Some(QueueVerb::Dead(args)) => {
            let views = dead(&workbench, args.code.as_deref())?;
            desk.answer(views.as_slice(), render_dead)
        }
        Some(QueueVerb::Show(args)) => {
            let views = dead(&workbench, None)?;
            let view = views.iter().find(|view| view.what == args.what);
            desk.answer(view.ok_or_else(|| unknown(&args.what))?, render_one)
        }
        Some(QueueVerb::Retry(args)) => retry(&workbench, args, desk),
        Some(QueueVerb::Release(args)) => {
            let (one, other) = (args.one.clone(), args.other.clone());
            workbench.ask(Command::ReleaseLoop { one, other })?;
            let released = json!({ "released": [args.one, args.other] });
            desk.answer(&released, |_, _| String::new())
        }
    }
}

fn dead(workbench: &Workbench, code: Option<&str>) -> Result<Vec<DeadView>, Refusal> {
    let mut views: Vec<DeadView> = workbench.fetch(&Query::Dead)?;
    views.retain(|view| code.is_none_or(|code| view.code == code));
    Ok(views)
}

fn unknown(what: &str) -> Refusal {
    let text = format!("there is no dead letter `{what}`");
    Refusal::new(RefusalKind::NotFound, "dead_letter_not_found", text)
        .with_hint("list them with `agency queue dead`")
}

/// Each is asked for by itself: what cannot be taken keeps no other back, and is said at the end.
fn retry(workbench: &Workbench, args: &RetryArgs, desk: &mut Desk<'_>) -> Ending {
    let wanted = match args.all {
        true => dead(workbench, args.code.as_deref())?.into_iter().map(|view| view.what).collect(),
        false => args.what.clone(),
    };
    let (mut retried, mut first) = (Vec::new(), None);
    for what in wanted {
        let command = match what.parse() {
            Ok(id) => Command::RetryMessage { id, ttl_s: args.ttl, recalled: None },
            Err(_) => Command::RetryFile { file: what.clone() },
        };
        match workbench.ask(command) {
            Ok(_) => retried.push(what),
            Err(refusal) => first = first.or(Some(refusal)),
        }
    }
    if let Some(refusal) = first {
        return Err(match retried.len() {
            0 => refusal,
            taken => Refusal {
                message: format!("{} (taken once more: {taken})", refusal.message),
                ..refusal
            },
        });
    }
    desk.answer(&json!({ "retried": retried }), |_, _| match retried.len() {
        0 => nothing_dead(args.code.as_deref()),
        _ => retried.iter().map(|what| format!("{what}\n")).collect(),
    })
}

/// Queues as text.
pub fn render(view: &QueuesView, scene: &Scene) -> String {
    let door = &view.door;
    let mut text = format!(
        "door: {} new, {} waiting, {} dead; messages that died: {}\n",
        door.new, door.waiting, door.dead, view.dead
    );
    for held in &door.held {
        let age = optional_age(Some(held.since), scene.now);
        let files = if held.files == 1 { "file waits" } else { "files wait" };
        text.push_str(&format!("  {} {files} since {age}: {}\n", held.files, held.reason));
    }
    for pair in &view.stopped {
        let names: Vec<String> = pair.agents.iter().map(ToString::to_string).collect();
        text.push_str(&format!(
            "kept apart until {:.0}: {} ({} turns without progress; agency queue release {})\n",
            pair.until,
            names.join(" and "),
            pair.turns,
            names.join(" ")
        ));
    }
    if !view.mailboxes.is_empty() {
        let mut table = Table::new(&["RECIPIENT", "WAITING", "LIMIT", "OLDEST"]);
        for depth in &view.mailboxes {
            let tone = if depth.waiting >= depth.limit { Tone::Danger } else { Tone::Plain };
            table.row(vec![
                Cell::text(&depth.address),
                Cell::toned(tone, depth.waiting.to_string()),
                Cell::number(depth.limit.to_string()),
                Cell::number(optional_age(depth.oldest_at, scene.now)),
            ]);
        }
        text.push_str(&table.render(scene.paint, scene.width));
    }
    let slow: Vec<String> = view
        .senders
        .iter()
        .filter(|sender| sender.left == 0)
        .map(|sender| format!("{} may send again in {} s\n", sender.agent, sender.wait_s))
        .collect();
    text.push_str(&slow.concat());
    if view.mailboxes.is_empty() {
        text.push_str("no message waits in a mailbox\n");
    }
    text
}

fn nothing_dead(code: Option<&str>) -> String {
    code.map_or_else(
        || "there is nothing dead\n".to_owned(),
        |code| format!("there is nothing dead with the code `{code}`\n"),
    )
}

/// Dead letters as a table.
pub fn render_dead(views: &[DeadView], scene: &Scene) -> String {
    if views.is_empty() {
        return "there is nothing dead\n".to_owned();
    }
    let mut table = Table::new(&["DEAD", "CODE", "FROM", "TO", "WHAT", "REASON"]);
    for view in views {
        table.row(vec![
            Cell::number(optional_age(Some(view.at), scene.now)),
            Cell::toned(Tone::Danger, &view.code),
            Cell::text(view.from.as_deref().unwrap_or("-")),
            Cell::text(view.to.as_deref().unwrap_or("door")),
            Cell::text(&view.what),
            Cell::text(&view.reason),
        ]);
    }
    table.render(scene.paint, scene.width)
}

fn render_one(view: &DeadView, _: &Scene) -> String {
    let mut lines = vec![
        format!("{} is dead since {:.0}", view.what, view.at),
        format!("{}: {}", view.code, view.reason),
    ];
    lines.extend(view.field.as_ref().map(|field| format!("field: {field}")));
    lines.extend(view.from.as_ref().map(|from| format!("from: {from}")));
    lines.extend(view.to.as_ref().map(|to| format!("to: {to}")));
    lines.push(match &view.path {
        Some(path) => format!("it lies at {}", path.display()),
        None => "it is in the ledger only".to_owned(),
    });
    lines.push(format!("take it once more: agency queue retry {}", view.what));
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn queues_are_shown_with_what_is_full_and_who_is_kept_apart() {
        insta::assert_snapshot!(render(&testing::queues(), &testing::scene()));
        let empty = render(&QueuesView::default(), &testing::scene());
        assert!(empty.ends_with("no message waits in a mailbox\n"), "{empty}");
    }

    #[test]
    fn dead_letters_are_listed_with_their_reasons() {
        let views = testing::dead_letters();
        let all = render_dead(&views, &testing::scene());
        let one = render_one(&views[0], &testing::scene());
        insta::assert_snapshot!(format!("{all}\n{one}"));
        assert_eq!(render_dead(&[], &testing::scene()), "there is nothing dead\n");
    }

    #[test]
    fn a_time_to_live_has_a_unit_and_is_more_than_none() {
        assert_eq!(parse_ttl("10m"), Ok(600));
        assert!(["", "0s", "10", "-5m", "soon"].iter().all(|text| parse_ttl(text).is_err()));
    }
}
