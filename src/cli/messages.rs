//! `agency messages`: what was said, oldest first; `--follow` goes on with what comes, `show` tells all of one.
//!
//! What is not proven about a message (its sender, its delivery) is said in its line. Everything that is asked
//! for must hold: two filters show what fits both.

use clap::{Args, Subcommand};

use crate::cli::desk::{Desk, Ending, Scene};
use crate::cli::style::{Tone, message_tone};
use crate::cli::table::{Cell, Table};
use crate::cli::when::{Since, clock};
use crate::domain::id::MessageId;
use crate::domain::name::{Address, Name};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::service::query::{MessageFilter, Query, Standing};
use crate::service::views::MessageView;
use crate::service::workbench::Workbench;

mod following;
mod story;
mod whole;

/// What `agency messages` takes.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Filters are joined: what is shown fits all of them. An agency stands for all its agents. \
    The first column is the end of a message's id, which `show` and `--thread` take too.\n\
    States are accepted, routed, delivered, acknowledged, expired, dead; `open` is the first three, `uncertain` \
    what may or may not have arrived.\n\
    With `--follow --json` each message is one line of JSON, with `--states` each change, named in `change`.\n\n\
    Examples:\n  agency messages --agency CodeAgency --since 1h\n  agency messages --to operator --state open\n  \
    agency messages --search \"login page\" --limit 20\n  agency messages --follow --states\n  \
    agency messages show 3f9c2a81\n  agency messages --trace TASK-001"
)]
pub struct MessagesArgs {
    /// What to do
    #[command(subcommand)]
    pub verb: Option<MessagesVerb>,
    /// Which messages
    #[command(flatten)]
    pub which: WhichArgs,
    /// The story of one request: everything with this trace, or with that of this message or task
    #[arg(
        long,
        value_name = "ID",
        conflicts_with_all = [
            "agency", "kind", "task", "state", "unverified", "thread", "search", "since", "limit", "follow"
        ]
    )]
    pub trace: Option<String>,
    /// Go on with what comes
    #[arg(short, long)]
    pub follow: bool,
    /// With `--follow`: each change of a message's state too
    #[arg(long, requires = "follow")]
    pub states: bool,
}

/// What can be done with messages.
#[derive(Debug, Subcommand)]
pub enum MessagesVerb {
    /// One message whole: its words, its way, its conversation
    Show {
        /// Which: its id, or the end of it
        #[arg(value_name = "ID")]
        id: String,
    },
}

/// Which messages.
#[derive(Debug, Clone, Default, Args)]
pub struct WhichArgs {
    /// From or to this agency
    #[arg(long, value_name = "A")]
    pub agency: Option<Name>,
    /// From `Agency/agent`, an agency, `operator` or `workbench`
    #[arg(long, value_name = "FROM")]
    pub from: Option<Address>,
    /// To `Agency/agent`, an agency or `operator`
    #[arg(long, value_name = "TO")]
    pub to: Option<Address>,
    /// Of this type
    #[arg(long = "type", value_name = "T")]
    pub kind: Option<String>,
    /// About this task
    #[arg(long, value_name = "ID")]
    pub task: Option<String>,
    /// In this state, or `open`, or `uncertain`
    #[arg(long, value_name = "STATE", value_parser = Standing::parse)]
    pub state: Option<Standing>,
    /// Whose sender is not proven
    #[arg(long)]
    pub unverified: bool,
    /// Of the conversation of this message
    #[arg(long, value_name = "ID")]
    pub thread: Option<String>,
    /// With all of these words in it, in whatever case
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// Sent since: `10m`, `2h`, `3d` or RFC 3339
    #[arg(long, value_name = "T")]
    pub since: Option<Since>,
    /// Sent before: the same
    #[arg(long, value_name = "T")]
    pub before: Option<Since>,
    /// Only the newest so many
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// Characters of an id's end that tell messages of one workbench apart; its beginning is the time.
const SHORT_ID: usize = 8;
/// Fewer characters of an id mean too many messages.
const LEAST_ID: usize = 4;

/// Lists messages, follows them, or shows one.
pub fn run(args: &MessagesArgs, desk: &mut Desk<'_>) -> Ending {
    if let Some(id) = &args.trace {
        return story::run(id, desk);
    }
    let workbench = desk.open()?;
    if let Some(MessagesVerb::Show { id }) = &args.verb {
        let id = find(&workbench, id)?;
        return whole::show(&workbench, id, desk);
    }
    let filter = filter(&args.which, &workbench, desk.house.now())?;
    if args.follow {
        // That a message is in a later state is a change of it.
        let changes = args.states || args.which.state.is_some();
        return following::follow(&workbench, filter, changes, desk);
    }
    let views: Vec<MessageView> = workbench.fetch(&Query::Messages(Box::new(filter)))?;
    desk.answer(views.as_slice(), render)
}

fn filter(
    args: &WhichArgs,
    workbench: &Workbench,
    now: jiff::Timestamp,
) -> Result<MessageFilter, Refusal> {
    let thread = args.thread.as_deref().map(|id| find(workbench, id)).transpose()?;
    Ok(MessageFilter {
        agency: args.agency.clone(),
        from: args.from.clone(),
        to: args.to.clone(),
        kind: args.kind.clone(),
        task: args.task.clone(),
        state: args.state,
        unverified: args.unverified,
        thread,
        search: args.search.clone(),
        since: args.since.map(|since| since.resolve(now)),
        before: args.before.map(|before| before.resolve(now)),
        limit: args.limit,
    })
}

/// The message that an id, its beginning or its end means.
fn find(workbench: &Workbench, text: &str) -> Result<MessageId, Refusal> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let wanted = text.to_lowercase();
    if wanted.len() < LEAST_ID || !wanted.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
        let message = format!("`{text}` is no message id");
        return Err(Refusal::new(RefusalKind::Usage, "bad_id", message)
            .with_hint("write the id, or at least its last 4 characters"));
    }
    let search = Some(wanted.clone());
    let query = Query::Messages(Box::new(MessageFilter { search, ..MessageFilter::default() }));
    let views: Vec<MessageView> = workbench.fetch(&query)?;
    one_of(&views, &wanted).map_err(|count| not_one(text, count))
}

/// The only one whose id begins or ends so; else how many there are.
fn one_of(views: &[MessageView], wanted: &str) -> Result<MessageId, usize> {
    let is_meant = |id: &MessageId| {
        let id = id.to_string();
        id.ends_with(wanted) || id.starts_with(wanted)
    };
    let found: Vec<MessageId> = views.iter().map(|view| view.id).filter(is_meant).collect();
    match found.as_slice() {
        [one] => Ok(*one),
        many => Err(many.len()),
    }
}

fn not_one(text: &str, count: usize) -> Refusal {
    if count == 0 {
        let message = format!("there is no message `{text}`");
        return Refusal::new(RefusalKind::NotFound, "message_not_found", message)
            .with_hint("see what there is with `agency messages`");
    }
    let message = format!("`{text}` means {count} messages");
    Refusal::new(RefusalKind::Usage, "ambiguous_id", message).with_hint("write more of the id")
}

/// Messages as a table.
pub fn render(views: &[MessageView], scene: &Scene) -> String {
    if views.is_empty() {
        return "no messages\n".to_owned();
    }
    table(views, scene, Table::new(&["ID", "SENT", "STATE", "TYPE", "FROM", "TO", "TEXT"]))
}

fn table(views: &[MessageView], scene: &Scene, mut table: Table) -> String {
    for view in views {
        let text = match &view.reason {
            Some(reason) => format!("{} [{reason}]", view.summary()),
            None => view.summary(),
        };
        table.row(row(view, clock(view.sent_at, scene.now), &text));
    }
    table.render(scene.paint, scene.width)
}

fn row(view: &MessageView, time: String, text: &str) -> Vec<Cell> {
    let from =
        if view.verified { view.from.clone() } else { format!("{} (unverified)", view.from) };
    vec![
        Cell::toned(Tone::Muted, short_id(view.id)),
        Cell::toned(Tone::Muted, time),
        Cell::toned(message_tone(view.state), state(view)),
        Cell::text(&view.kind),
        Cell::text(from),
        Cell::text(&view.to),
        Cell::text(text),
    ]
}

/// Its state; that nobody knows whether it arrived counts more than that it lies in its mailbox.
fn state(view: &MessageView) -> &'static str {
    if view.uncertain { Standing::Uncertain.as_str() } else { view.state.as_str() }
}

/// The end of an id.
fn short_id(id: MessageId) -> String {
    let text = id.to_string();
    text.get(text.len().saturating_sub(SHORT_ID)..).unwrap_or_default().to_owned()
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

    #[test]
    fn the_end_of_an_id_is_enough_when_it_means_one_message() {
        let (one, mut other) = (testing::message(), testing::message());
        other.id = uuid::Uuid::from_u128(0x00ab_0001);
        let views = [one.clone(), other.clone()];
        assert_eq!(one_of(&views, "ab0001"), Ok(other.id));
        assert_eq!(one_of(&views, "0195f000"), Ok(one.id));
        assert_eq!(one_of(&views, "0001"), Err(2));
        assert_eq!(one_of(&views, "beef"), Err(0));
    }
}
