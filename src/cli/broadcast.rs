//! `agency broadcast`: one message to many; who has got it, who has acknowledged it, who has not.
//!
//! Its text stands where its verbs do: `list` and `show` are verbs, everything else is a text (`-- list` too).
//! Who may broadcast is for the engine to say.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::ack::parse_message_id;
use crate::cli::desk::{DONE, Desk, Ending, Scene};
use crate::cli::send::{check_sender, parse_priority};
use crate::cli::style::Tone;
use crate::cli::table::{Cell, Table};
use crate::cli::when::{age, clock, moment_to_come, optional_age};
use crate::domain::id::MessageId;
use crate::domain::message::{Draft, MessageType, Priority};
use crate::domain::name::{Address, Name};
use crate::domain::refusal::{Refusal, RefusalKind};
use crate::domain::text::to_line;
use crate::service::query::Query;
use crate::service::views::{BroadcastView, RecipientView};
use crate::service::workbench::DraftOptions;

/// What `agency broadcast` takes.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "With `--action-required` everyone has to acknowledge it (`agency ack ID`, or a reply) by the time given: \
    who has not is reminded before and at the end, then the sender gets a report.\n\n\
    Examples:\n  agency broadcast \"Code freeze from 17:00\"\n  \
    agency broadcast \"New keys\" --action-required \"rotate yours\" --by 2h\n  \
    agency broadcast '{\"type\": \"alert\", \"message\": \"CI is down\"}' --to QAAgency\n  \
    agency broadcast \"Save your work\" --everyone\n  agency broadcast list\n  \
    agency broadcast show 0195f000-0000-7000-8000-000000000001"
)]
pub struct BroadcastArgs {
    /// What to look at, in place of sending
    #[command(subcommand)]
    pub verb: Option<BroadcastVerb>,
    /// Words or a JSON object; `-` reads standard input
    #[arg(value_name = "TEXT|JSON|-", required = true)]
    pub text: Option<String>,
    /// Whom it is from; the operator's to say
    #[arg(long, value_name = "A")]
    pub from: Option<Address>,
    /// What everyone has to do, and then to acknowledge
    #[arg(long, value_name = "TEXT")]
    pub action_required: Option<String>,
    /// By when: `2h` from now, or `2026-01-31T12:00:00Z` [default: as configured]
    #[arg(long, value_name = "TIME")]
    pub by: Option<String>,
    /// The coordinators of these agencies [default: of all others]
    #[arg(long, value_name = "AGENCY", num_args = 1.., conflicts_with = "everyone")]
    pub to: Vec<Name>,
    /// All agents, not only coordinators
    #[arg(long)]
    pub everyone: bool,
    /// low, normal, high or critical
    #[arg(long, value_name = "P", value_parser = parse_priority)]
    pub priority: Option<Priority>,
}

/// What can be looked at.
#[derive(Debug, Subcommand)]
pub enum BroadcastVerb {
    /// List broadcasts, oldest first
    List,
    /// Show one with everyone who gets it
    Show {
        /// Which; a copy's id will do
        #[arg(value_name = "ID", value_parser = parse_message_id)]
        id: MessageId,
    },
}

/// Longest text about one broadcast, in characters.
const MAX_LINE: usize = 200;

/// Sends, or does what the verb says.
pub fn run(args: &BroadcastArgs, desk: &mut Desk<'_>) -> Ending {
    match &args.verb {
        Some(BroadcastVerb::List) => {
            let views: Vec<BroadcastView> = desk.open()?.fetch(&Query::Broadcasts)?;
            desk.answer(views.as_slice(), render)
        }
        Some(BroadcastVerb::Show { id }) => {
            let view: BroadcastView = desk.open()?.fetch(&Query::Broadcast { id: *id })?;
            desk.answer(&view, render_one)
        }
        None => send(args, desk),
    }
}

fn send(args: &BroadcastArgs, desk: &mut Desk<'_>) -> Ending {
    let text = desk.text_argument(args.text.as_deref().unwrap_or_default())?;
    let workbench = desk.open()?;
    check_sender(workbench.identity(), args.from.as_ref())?;
    let options = DraftOptions {
        from: args.from.clone(),
        priority: args.priority,
        ..DraftOptions::default()
    };
    let draft = workbench.draft(&Address::Everyone, &text, &options)?;
    let draft = addressed(args, demanding(args, draft, desk.house.now())?);
    let id = workbench.send(draft)?;
    if !desk.is_json() {
        desk.output.line(&id.to_string());
        return Ok(DONE);
    }
    match workbench.query(&Query::Broadcast { id }) {
        Ok(view) => desk.output.json(&view),
        Err(_) => {
            desk.output.json(&json!({ "id": id, "state": null, "reason": "waits at the door" }))
        }
    }
    Ok(DONE)
}

/// Words become an alert; what has to be done, and by when, stands in its body.
fn demanding(args: &BroadcastArgs, mut draft: Draft, now: Timestamp) -> Result<Draft, Refusal> {
    if let Value::String(text) = &draft.body {
        draft.body = json!({ "message": text });
        draft.kind = MessageType::parse("alert").unwrap_or(draft.kind);
    }
    let by = args.by.as_deref().map(|by| deadline(by, now)).transpose()?;
    let Value::Object(fields) = &mut draft.body else { return Ok(draft) };
    if let Some(action) = &args.action_required {
        fields.insert("action_required".to_owned(), Value::from(action.as_str()));
    }
    if let Some(by) = by {
        if !fields.contains_key("action_required") {
            let message =
                "`--by` says when something has to be acknowledged, and nothing has to be";
            return Err(Refusal::new(RefusalKind::Usage, "bad_arguments", message)
                .with_hint("say what everyone has to do with `--action-required`"));
        }
        fields.insert("deadline".to_owned(), Value::from(by.to_string()));
    }
    Ok(draft)
}

fn deadline(text: &str, now: Timestamp) -> Result<Timestamp, Refusal> {
    let to_come = moment_to_come(text, now).filter(|at| *at > now);
    to_come.ok_or_else(|| {
        let message = format!("`--by {text}` is no time to come");
        Refusal::new(RefusalKind::Usage, "bad_arguments", message)
            .with_hint("write `30m`, `2h`, `1d` or `2026-01-31T12:00:00Z`")
    })
}

/// For whom it is; see the field `audience` of a message to everyone.
fn addressed(args: &BroadcastArgs, mut draft: Draft) -> Draft {
    let audience = match (args.everyone, args.to.as_slice()) {
        (true, _) => Some(json!("everyone")),
        (false, []) => None,
        (false, names) => Some(json!(names)),
    };
    draft.extra.extend(audience.map(|audience| ("audience".to_owned(), audience)));
    draft
}

/// Broadcasts as a table.
pub fn render(views: &[BroadcastView], scene: &Scene) -> String {
    if views.is_empty() {
        return "no broadcasts; send one: agency broadcast \"…\"\n".to_owned();
    }
    let mut table = Table::new(&["ID", "AGE", "FROM", "STATE", "ACKNOWLEDGED", "BY", "TEXT"]);
    for view in views {
        let all = view.recipients.len();
        table.row(vec![
            Cell::text(view.id.to_string()),
            Cell::number(age(view.sent_at, scene.now)),
            Cell::text(&view.from),
            Cell::text(&view.state),
            Cell::number(format!("{}/{all}", view.acknowledged)),
            Cell::text(view.by.map(|by| clock(by, scene.now)).unwrap_or_default()),
            Cell::text(to_line(&view.text, MAX_LINE)),
        ]);
    }
    table.render(scene.paint, scene.width)
}

/// One broadcast with everyone who gets it.
pub fn render_one(view: &BroadcastView, scene: &Scene) -> String {
    let heading = format!("broadcast {} ({})", view.id, view.state);
    let mut lines = vec![
        scene.paint.tone(Tone::Heading, &heading),
        format!("  from      {}, {} ago", view.from, age(view.sent_at, scene.now)),
        format!("  text      {}", to_line(&view.text, MAX_LINE)),
    ];
    let action = view.action_required.as_ref();
    lines.extend(action.map(|action| format!("  action    {}", to_line(action, MAX_LINE))));
    lines.extend(view.by.map(|by| format!("  by        {}", clock(by, scene.now))));
    lines.push(format!("  report    {}", view.report.map_or("-".to_owned(), |id| id.to_string())));
    let mut table = Table::new(&["AGENT", "DELIVERED", "ACKNOWLEDGED", "REMINDED", "MESSAGE"]);
    for recipient in &view.recipients {
        table.row(vec![
            Cell::text(recipient.agent.to_string()),
            Cell::number(optional_age(recipient.delivered_at, scene.now)),
            acknowledged(recipient, scene),
            Cell::number(recipient.chases),
            Cell::text(recipient.message.to_string()),
        ]);
    }
    format!("{}\n{}", lines.join("\n"), table.render(scene.paint, scene.width))
}

fn acknowledged(recipient: &RecipientView, scene: &Scene) -> Cell {
    match (recipient.acknowledged_at, &recipient.reason) {
        (Some(at), _) if recipient.is_late => {
            Cell::toned(Tone::Warn, format!("{} (late)", age(at, scene.now)))
        }
        (Some(at), _) => Cell::toned(Tone::Good, age(at, scene.now)),
        (None, Some(reason)) => Cell::toned(Tone::Danger, to_line(reason, MAX_LINE)),
        (None, None) => Cell::text("-"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn a_broadcast_is_shown_with_everyone_who_gets_it() {
        let view = testing::broadcast();
        let list = render(std::slice::from_ref(&view), &testing::scene());
        let one = render_one(&view, &testing::scene());
        insta::assert_snapshot!(format!("{list}\n{one}"));
        assert!(render(&[], &testing::scene()).starts_with("no broadcasts"));
    }

    #[test]
    fn a_time_that_is_over_is_no_deadline() {
        let now = testing::now();
        assert_eq!(deadline("2h", now).expect("a time").to_string(), "2026-03-02T14:00:00Z");
        for text in ["0s", "soon", "2026-03-02T11:00:00Z"] {
            assert_eq!(deadline(text, now).map_err(|r| r.kind), Err(RefusalKind::Usage), "{text}");
        }
    }
}
