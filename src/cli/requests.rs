//! `agency requests`: who owes an answer to whom, how far up it is, and what comes next.
//!
//! What climbs when is the engine's to say; here it is only shown.

use clap::{Args, Subcommand};

use crate::cli::ack::parse_message_id;
use crate::cli::desk::{Desk, Ending, Scene};
use crate::cli::style::Tone;
use crate::cli::table::{Cell, Table};
use crate::cli::when::{clock, span};
use crate::domain::command::Command;
use crate::domain::id::MessageId;
use crate::domain::request::Level;
use crate::domain::text::to_line;
use crate::service::query::Query;
use crate::service::views::{NextView, RequestView, StepView};

/// What `agency requests` takes.
#[derive(Debug, Args)]
#[command(
    after_help = "A question, a coordination request, a handoff, a blocker and a broadcast that asks for something are \
    requests: whoever owes the answer is reminded, then it goes up, from the agent to its coordinator, to that of \
    MetaOrchestrator, to you. Answering stops the clock: agency send ASKER \"…\" --in-reply-to ID.\n\n\
    Examples:\n  agency requests\n  agency requests list --all --json\n  \
    agency requests show 0195f000-0000-7000-8000-000000000001\n  \
    agency requests close 0195f000-0000-7000-8000-000000000001 --reason \"settled\""
)]
pub struct RequestsArgs {
    /// What to do [default: list]
    #[command(subcommand)]
    pub verb: Option<RequestsVerb>,
}

/// What can be done with requests.
#[derive(Debug, Subcommand)]
pub enum RequestsVerb {
    /// List open requests, oldest first
    List {
        /// The last ones that ended too
        #[arg(long)]
        all: bool,
    },
    /// Show one with all its steps
    Show {
        /// The message that must be answered, or one of the workbench's about it
        #[arg(value_name = "ID", value_parser = parse_message_id)]
        id: MessageId,
    },
    /// Let one be: nobody has to answer it any more
    Close {
        /// The message that was to be answered
        #[arg(value_name = "ID", value_parser = parse_message_id)]
        id: MessageId,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

/// Longest text about one request, in characters.
const MAX_LINE: usize = 200;

/// Does what the verb says.
pub fn run(args: &RequestsArgs, desk: &mut Desk<'_>) -> Ending {
    let workbench = desk.open()?;
    match args.verb.as_ref().unwrap_or(&RequestsVerb::List { all: false }) {
        RequestsVerb::List { all } => {
            let views: Vec<RequestView> = workbench.fetch(&Query::Requests { all: *all })?;
            desk.answer(views.as_slice(), render)
        }
        RequestsVerb::Show { id } => {
            let view: RequestView = workbench.fetch(&Query::Request { id: *id })?;
            desk.answer(&view, render_one)
        }
        RequestsVerb::Close { id, reason } => {
            // Closed, it is not found by a message of ours about it any more.
            let view: RequestView = workbench.fetch(&Query::Request { id: *id })?;
            workbench.ask(Command::CloseRequest { id: view.id, reason: reason.clone() })?;
            let view: RequestView = workbench.fetch(&Query::Request { id: view.id })?;
            desk.answer(&view, |view, _| format!("{} is closed\n", view.id))
        }
    }
}

/// Requests as a table.
pub fn render(views: &[RequestView], scene: &Scene) -> String {
    if views.is_empty() {
        return "no open requests; nobody owes an answer\n".to_owned();
    }
    let heading = ["ID", "AGE", "KIND", "FROM", "ASKED", "LEVEL", "WITH", "NEXT", "TEXT"];
    let mut table = Table::new(&heading);
    for view in views {
        let tone = if view.level == Level::Operator { Tone::Danger } else { Tone::Plain };
        table.row(vec![
            Cell::text(view.id.to_string()),
            Cell::number(span(view.age_s)),
            Cell::text(view.kind.as_str()),
            Cell::text(&view.asker),
            Cell::text(&view.asked),
            Cell::toned(tone, level(view)),
            Cell::text(&view.holder),
            Cell::text(next(view, scene)),
            Cell::text(to_line(&view.text, MAX_LINE)),
        ]);
    }
    table.render(scene.paint, scene.width)
}

fn level(view: &RequestView) -> String {
    format!("{} {}", view.level_number, view.level.as_str())
}

fn next(view: &RequestView, scene: &Scene) -> String {
    match (&view.next, view.state.as_str()) {
        (Some(next), _) => coming(next, scene),
        (None, "open") => "waits".to_owned(),
        (None, state) => state.to_owned(),
    }
}

/// `to operator 14:05:00`, `chase 13:30:00`.
fn coming(next: &NextView, scene: &Scene) -> String {
    let at = clock(next.at, scene.now);
    match next.step.as_str() {
        "escalate" => format!("to {} {at}", next.to),
        step => format!("{step} {at}"),
    }
}

/// One request with all its steps.
pub fn render_one(view: &RequestView, scene: &Scene) -> String {
    let heading = format!("{} {} ({})", view.kind.as_str(), view.id, view.state);
    let mut lines = vec![
        scene.paint.tone(Tone::Heading, &heading),
        format!("  from      {}", view.asker),
        format!("  asked     {}", view.asked),
        format!("  text      {}", to_line(&view.text, MAX_LINE)),
        format!("  priority  {}", view.priority.as_str()),
    ];
    lines.extend(view.task.map(|task| format!("  task      {task}")));
    lines.push(format!(
        "  opened    {}, {} ago",
        clock(view.opened_at, scene.now),
        span(view.age_s)
    ));
    lines.extend(view.due.map(|due| format!("  due       {}", clock(due, scene.now))));
    lines.extend(view.steps.iter().map(|step| taken(step, scene)));
    lines.extend(ending(view, scene));
    lines.join("\n") + "\n"
}

fn taken(step: &StepView, scene: &Scene) -> String {
    let at = clock(step.at, scene.now);
    let reason = step.reason.as_ref().map(|reason| format!(": {}", to_line(reason, MAX_LINE)));
    format!("  {:<9} {at} {}{}", step.step, step.to, reason.unwrap_or_default())
}

/// How it ended, or where it is and what comes.
fn ending(view: &RequestView, scene: &Scene) -> Vec<String> {
    if let Some(at) = view.closed_at {
        let at = clock(at, scene.now);
        return vec![match (&view.answered_by, view.answer, &view.reason) {
            (Some(by), Some(answer), _) => format!("  answered  {at} by {by}, message {answer}"),
            (Some(by), None, _) => format!("  answered  {at} by {by}"),
            (None, _, reason) => {
                let reason = reason.as_deref().unwrap_or("no reason is known");
                format!("  closed    {at} {}", to_line(reason, MAX_LINE))
            }
        }];
    }
    let (number, word) = (view.level_number, view.level.as_str());
    let place = format!("  level     {number} of {} ({word}), with {}", Level::COUNT, view.holder);
    let mut lines = vec![place];
    lines.extend(view.next.as_ref().map(|next| format!("  next      {}", coming(next, scene))));
    lines.push(format!("  answer    {}", view.answer_with));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing;

    #[test]
    fn requests_are_listed_with_who_has_them_and_what_comes_next() {
        insta::assert_snapshot!(render(&testing::requests(), &testing::scene()));
        assert_eq!(render(&[], &testing::scene()), "no open requests; nobody owes an answer\n");
    }

    #[test]
    fn one_is_shown_with_its_steps_and_its_end() {
        let shown = testing::requests();
        let texts: Vec<String> =
            shown.iter().map(|view| render_one(view, &testing::scene())).collect();
        insta::assert_snapshot!(texts.join("\n"));
    }
}
