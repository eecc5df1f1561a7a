//! `agency lock`: paths of the project are claimed and given back, and who has what is listed.
//!
//! A lock is a word between agents and keeps nobody's hands off a file; who gets one is the supervisor's to say.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::cli::desk::{DONE, Desk, Ending, Scene};
use crate::cli::send::parse_priority;
use crate::cli::style::Tone;
use crate::cli::table::{Cell, Table};
use crate::cli::when::optional_age;
use crate::domain::command::{Answer, Command};
use crate::domain::id::{LockId, TaskId};
use crate::domain::lock::{IfHeld, LockClaim, Resource, go_together, parse_length};
use crate::domain::message::Priority;
use crate::domain::name::{Address, Name};
use crate::domain::protocol::LockKind;
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::query::Query;
use crate::service::views::LockView;
use crate::service::waiting::{Waited, wait_until};
use crate::service::workbench::{Identity, Workbench};

/// What `agency lock` takes.
#[derive(Debug, Args)]
pub struct LockArgs {
    /// What to do
    #[command(subcommand)]
    pub verb: LockVerb,
}

/// What can be done with locks.
#[derive(Debug, Subcommand)]
pub enum LockVerb {
    /// Claim paths of the project
    Request(RequestArgs),
    /// Give a lock back, or take a request for one back
    Release {
        /// Which, as `agency lock list` shows it
        #[arg(value_name = "LOCK")]
        lock: LockId,
    },
    /// List the locks and who waits for them
    List,
    /// Say who has a path; status 5 if it could not be claimed
    Check(CheckArgs),
}

/// What `agency lock request` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "A path stands for itself and for all that lies below it; `*` and `?` stand for any characters of one \
    part of a path, `**` for any number of parts. `exclusive` goes together with `intent` only, `shared` with \
    `shared` and `intent`; `intent` tells others what is planned and hinders nobody. Prints the lock's id; status 5 \
    when others have the paths. Whoever reads alone may ask for the same paths as `exclusive`.\n\n\
    Examples:\n  agency lock request src/auth --type exclusive --reason \"new fields\" --for 2\n  \
    agency lock request 'src/**/*.ts' --type shared --task TASK-002\n  \
    agency lock request src/types/User.ts --type exclusive --wait"
)]
pub struct RequestArgs {
    /// A path from the project's root, or a pattern
    #[arg(value_name = "PATH")]
    pub path: Resource,
    /// How: exclusive, shared or intent
    #[arg(long = "type", value_name = "T", value_enum, hide_possible_values = true)]
    pub kind: KindWord,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// For how many hours, or as `30m` [default: 4]
    #[arg(long = "for", value_name = "HOURS", value_parser = parse_hours)]
    pub length_s: Option<i64>,
    /// The task it is for; the lock ends with it
    #[arg(long, value_name = "ID")]
    pub task: Option<TaskId>,
    /// Whose project, where that is not clear
    #[arg(long, value_name = "NAME")]
    pub agency: Option<Name>,
    /// low, normal, high or critical: the place among those who wait
    #[arg(long, value_name = "P", value_parser = parse_priority, default_value = "normal")]
    pub priority: Priority,
    /// Wait for your turn when others have it
    #[arg(long)]
    pub wait: bool,
    /// How long to wait, in seconds [default: until it is granted]
    #[arg(long, value_name = "SECONDS", requires = "wait")]
    pub timeout: Option<u64>,
}

/// What `agency lock check` takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  agency lock check src/types/User.ts\n  \
    agency lock check src --type shared || echo later")]
pub struct CheckArgs {
    /// A path from the project's root, or a pattern
    #[arg(value_name = "PATH")]
    pub path: Resource,
    /// As what it is to be claimed
    #[arg(
        long = "type",
        value_name = "T",
        value_enum,
        default_value = "exclusive",
        hide_possible_values = true
    )]
    pub kind: KindWord,
}

/// The kinds as they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KindWord {
    /// Nobody else may change or read it.
    Exclusive,
    /// Many read it, nobody changes it.
    Shared,
    /// It is planned to change it.
    Intent,
}

impl KindWord {
    fn kind(self) -> LockKind {
        match self {
            Self::Exclusive => LockKind::Exclusive,
            Self::Shared => LockKind::Shared,
            Self::Intent => LockKind::Intent,
        }
    }
}

/// Reads hours, or a length with its unit, as seconds.
fn parse_hours(text: &str) -> Result<i64, String> {
    let is_bare = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let text = if is_bare { format!("{text}h") } else { text.to_owned() };
    parse_length(&text).map(|length| length.as_secs()).map_err(|error| error.to_string())
}

/// Does what the verb says.
pub fn run(args: &LockArgs, desk: &mut Desk<'_>) -> Ending {
    match &args.verb {
        LockVerb::Request(args) => request(args, desk),
        LockVerb::Check(args) => check(args, desk),
        LockVerb::Release { lock } => {
            desk.open()?.ask(Command::ReleaseLock { lock: *lock })?;
            desk.answer(&json!({ "id": lock }), |_, _| format!("{lock} is given back\n"))
        }
        LockVerb::List => {
            let views: Vec<LockView> = desk.open()?.fetch(&Query::Locks)?;
            desk.answer(views.as_slice(), render)
        }
    }
}

fn request(args: &RequestArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let claim = LockClaim {
        resource: args.path.clone(),
        kind: args.kind.kind(),
        reason: args.reason.clone(),
        length_s: args.length_s,
        task: args.task,
        agency: args.agency.clone(),
        priority: args.priority,
    };
    let if_held = if args.wait { IfHeld::Queue } else { IfHeld::Refuse };
    let answer = workbench.ask(Command::RequestLock { claim, if_held })?;
    let Answer::Id(id) = answer else { return Ok(DONE) };
    let kind = args.kind.kind();
    let view = match view_of(&workbench, &id)? {
        Some(view) if is_granted(&view, kind) => Some(view),
        _ if args.wait => Some(wait_for_it(&workbench, &id, kind, args.timeout)?),
        other => other,
    };
    match view {
        Some(view) => desk.answer(&view, |view, _| format!("{}\n", view.id)),
        None => desk.answer(&json!({ "id": id }), |_, _| format!("{id}\n")),
    }
}

/// Granted as that kind: one that is to become another kind is listed as what it is.
fn is_granted(view: &LockView, kind: LockKind) -> bool {
    view.granted_at.is_some() && view.kind == kind
}

fn view_of(workbench: &Workbench, id: &str) -> Result<Option<LockView>, Refusal> {
    let views: Vec<LockView> = workbench.fetch(&Query::Locks)?;
    Ok(views.into_iter().find(|view| view.id.to_string() == id))
}

fn wait_for_it(
    workbench: &Workbench,
    id: &str,
    kind: LockKind,
    timeout: Option<u64>,
) -> Result<LockView, Refusal> {
    let waited = wait_until(workbench, timeout.map(Duration::from_secs), || {
        match view_of(workbench, id)? {
            Some(view) if is_granted(&view, kind) => Ok(Some(view)),
            Some(_) => Ok(None),
            None => {
                let text = format!("`{id}` was taken back while it waited");
                Err(Refusal::new(RefusalKind::Conflict, "lock_gone", text))
            }
        }
    })?;
    match waited {
        Waited::Seen(view) => Ok(view),
        Waited::TimedOut => {
            let text = format!("`{id}` is not granted yet, and still waits");
            Err(Refusal::new(RefusalKind::Conflict, "lock_held", text)
                .with_hint(format!("take it back with: agency lock release {id}")))
        }
    }
}

fn check(args: &CheckArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    let views: Vec<LockView> = workbench.fetch(&Query::Locks)?;
    let asker = match workbench.identity() {
        Identity::Agent { address, .. } => Address::Agent(address.clone()),
        Identity::Operator => Address::Operator,
    };
    let views = about(views, &args.path);
    let is_held = views.iter().any(|view| is_in_the_way(view, &asker, args.kind.kind()));
    desk.answer(views.as_slice(), |views, scene| match views {
        [] => format!("nobody has `{}`\n", args.path),
        views => render(views, scene),
    })?;
    Ok(if is_held { RefusalKind::Conflict.exit_status() } else { DONE })
}

/// Those that are about a path.
fn about(views: Vec<LockView>, path: &Resource) -> Vec<LockView> {
    views.into_iter().filter(|view| view.resource.overlaps(path)).collect()
}

fn is_in_the_way(view: &LockView, asker: &Address, kind: LockKind) -> bool {
    !go_together(view.kind, kind) && view.holders.iter().any(|holder| holder != asker)
}

/// Locks as a table.
pub fn render(views: &[LockView], scene: &Scene) -> String {
    if views.is_empty() {
        return "no locks; claim paths with `agency lock request PATH --type exclusive`\n"
            .to_owned();
    }
    let mut table =
        Table::new(&["LOCK", "TYPE", "PATH", "HOLDER", "WAITING", "AGE", "UNTIL", "TASK", "WHY"]);
    for view in views {
        let names =
            |all: &[Address]| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let until = view.expires_at.map_or_else(|| "waits".to_owned(), |at| format!("{at:.0}"));
        let tone = if view.granted_at.is_some() { Tone::Plain } else { Tone::Warn };
        table.row(vec![
            Cell::text(view.id.to_string()),
            Cell::text(view.kind.as_str()),
            Cell::text(view.resource.as_str()),
            Cell::text(names(&view.holders)),
            Cell::text(names(&view.waiting)),
            Cell::number(optional_age(Some(view.granted_at.unwrap_or(view.asked_at)), scene.now)),
            Cell::toned(tone, until),
            Cell::text(view.task.map(|task| task.to_string()).unwrap_or_default()),
            Cell::text(view.reason.as_deref().unwrap_or("")),
        ]);
    }
    table.render(scene.paint, scene.width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn locks_are_listed_with_who_waits_for_them() {
        insta::assert_snapshot!(render(&testing::locks(), &testing::scene()));
        assert!(render(&[], &testing::scene()).contains("agency lock request"));
    }

    #[test]
    fn what_is_in_the_way_is_what_another_one_has_and_does_not_go_together() {
        let held = &testing::locks()[0];
        let own: Address = "CodeAgency/python-agent".parse().expect("an address");
        assert!(is_in_the_way(held, &Address::Operator, LockKind::Shared));
        assert!(!is_in_the_way(held, &Address::Operator, LockKind::Intent));
        assert!(!is_in_the_way(held, &own, LockKind::Exclusive));
        let path = "src/auth/jwt.rs".parse().expect("a path");
        assert_eq!(about(testing::locks(), &path).len(), 2);
        assert!(about(testing::locks(), &"docs".parse().expect("a path")).is_empty());
    }

    #[test]
    fn a_number_alone_is_hours() {
        assert_eq!(parse_hours("2"), Ok(7_200));
        assert_eq!(parse_hours("0.5"), Ok(1_800));
        assert_eq!(parse_hours("30m"), Ok(1_800));
        assert!(parse_hours("0").is_err() && parse_hours("long").is_err());
    }
}
